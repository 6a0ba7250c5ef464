/* What the files of template/ share while a template is read. */
#ifndef TEMPLATE_LOAD_H
#define TEMPLATE_LOAD_H

#include "base/map.h"
#include "template/deferred.h"
#include "template/functions.h"

#define TEMPLATE_BYTES_MAX ((size_t)8 << 20)
#define TEMPLATE_ARENA_MAX ((size_t)512 << 20)
#define TEMPLATE_VARIABLE_DEPTH 100
#define TEMPLATE_MEMBERS_MAX 10000
#define TEMPLATE_BUILDERS_MAX 1000

/* A file that was read. */
struct load_source {
	struct str file;
	struct str text;
};

enum load_state { LOAD_NEW = 0, LOAD_RUNNING, LOAD_DONE, LOAD_FAILED };

struct load_variable {
	size_t index; /* in template.variables */
	enum load_state state;
	bool deferred;
	bool declared;
	struct text raw; /* before interpolation */
	struct origin given; /* of raw */
	const struct load_source *source; /* of raw; NULL: command line */
	const struct json *json; /* in source; NULL likewise */
};

/* raw_name: before interpolation; only, except and override may use either. */
struct load_builder {
	size_t index; /* from 1, as messages count */
	struct str raw_name;
	struct str name;
	struct str type;
	const struct json *json;
	struct origin origin;
	bool selected;
};

struct load {
	struct template *t;
	struct arena *arena;
	const struct template_input *in;
	struct load_source source;
	const struct json *root;
	struct map variables; /* of struct load_variable */
	struct map undefined; /* names that were told */
	size_t variable_depth;
	size_t env_calls;
	size_t steps;
	bool warned; /* the newest message was new, and may get a hint */
	struct {
		struct load_builder *items;
		size_t n;
		size_t cap;
	} builders;
	struct str_list only;
	struct str_list except;
};

/* ---- render.c ------------------------------------------------------------------------------- */

/* What strings of one part of a template are rendered against. build: NULL outside of builds. */
struct render {
	struct load *load;
	const struct load_source *source;
	const struct load_builder *build;
	enum component component;
	struct str type;
	bool variables; /* env is allowed, fields are deferred */
	struct origin given; /* of strings that come from no file */
	const struct json *json; /* of the string at hand */
};

/* The place of a value, and of a byte of a decoded string in it. */
struct origin load_origin(const struct load_source *s, struct span span);
struct origin load_origin_in(const struct load_source *s, const struct json *string, size_t off);

/* An error that is told once, however many builds meet it. Returns -1. */
int load_error(struct load *l, const struct origin *o, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* An error, and true, when memory is used up: where input can ask for more than it brings. */
bool load_is_full(struct load *l);
int load_error_at(struct load *l, const struct json *j, const char *fmt, ...) PRINTF_LIKE(3, 4);
void load_warning(struct load *l, const struct origin *o, const char *fmt, ...) PRINTF_LIKE(3, 4);
void load_warning_at(struct load *l, const struct json *j, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* An error of another module about a file, as a message with its place when it begins with one. */
void load_tell(struct load *l, struct str file, const struct error *e);
void load_hint(struct load *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Renders raw, which stands at j (NULL: nowhere). *deferred: it stays a template for later. */
MUST_CHECK int render_text(const struct render *r, const struct text *raw, const struct json *j,
	bool defer, struct text *out, bool *deferred);
/* The same for a name: no holes, not sensitive. */
MUST_CHECK int render_name(const struct render *r, const struct json *j, struct str *out);
/* A whole value. skip: keys of the object that are left out, NULL-ended. */
MUST_CHECK int render_config(const struct render *r, const struct json *object,
	const char *const *skip, struct conf **out);

/* ---- weak.c: what Packer's weak decoding takes ---------------------------------------------- */

MUST_CHECK bool weak_str(const struct json *j, struct arena *a, struct str *out);
MUST_CHECK bool weak_bool(const struct json *j, bool *out);
/* Strings, or one string. */
MUST_CHECK bool weak_list(const struct json *j, struct arena *a, struct str_list *out);

/* ---- variables.c ---------------------------------------------------------------------------- */

void load_variables(struct load *l);
int load_user(struct function_context *f, const struct gotmpl_call *c, struct str name,
	struct text *out, bool *deferred);
void load_env_used(const void *owner, struct str name, struct str value);

/* ---- builders.c, provisioners.c, post_processors.c ------------------------------------------ */

void load_builders(struct load *l);
/* Whether a build is meant; an unknown name is an error at j. */
bool load_names_have(const struct str_list *names, const struct load_builder *b);
void load_check_names(
	struct load *l, const struct json *j, const struct str_list *names, const char *what);
/* only and except of a provisioner or post-processor: checks them once, or applies them. */
void load_check_only(struct load *l, const struct json *object, const char *what);
bool load_runs_for(struct load *l, const struct json *object, const struct load_builder *b);

void load_check_provisioners(struct load *l);
void load_provisioners(struct load *l, struct template_build *out, const struct load_builder *b);

void load_check_post_processors(struct load *l);
void load_post_processors(struct load *l, struct template_build *out, const struct load_builder *b);

#endif
