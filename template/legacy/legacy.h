/* What the files of template/legacy/ share while a JSON template is read. */
#ifndef TEMPLATE_LEGACY_LEGACY_H
#define TEMPLATE_LEGACY_LEGACY_H

#include "base/map.h"
#include "template/load.h"

#define TEMPLATE_VARIABLE_DEPTH 100
#define TEMPLATE_MEMBERS_MAX 10000
#define TEMPLATE_BUILDERS_MAX 1000

/* A file that was read. */
struct legacy_source {
	struct str file;
	struct str text;
};

enum legacy_state { LEGACY_NEW = 0, LEGACY_RUNNING, LEGACY_DONE, LEGACY_FAILED };

struct legacy_variable {
	size_t index; /* in template.variables */
	enum legacy_state state;
	bool deferred;
	bool declared;
	bool incomplete; /* refers to what is not defined */
	struct text raw; /* before interpolation */
	struct origin given; /* of raw */
	const struct legacy_source *source; /* of raw; NULL: command line */
	const struct json *json; /* in source; NULL likewise */
};

/* raw_name: before interpolation; only, except and override may use either. */
struct legacy_builder {
	size_t index; /* from 1, as messages count */
	struct str raw_name;
	struct str name;
	struct str type;
	const struct json *json;
	struct origin origin;
	bool selected;
};

struct legacy {
	struct load load;
	struct legacy_source source;
	const struct json *root;
	struct map variables; /* of struct legacy_variable */
	struct map undefined; /* names that were told */
	/* A variable refers to another, and to none that is not there: see legacy_variables. */
	bool lenient;
	struct legacy_variable *current; /* the one that is rendered, or NULL */
	size_t variable_depth;
	struct {
		struct legacy_builder *items;
		size_t n;
		size_t cap;
	} builders;
	struct str_list only;
	struct str_list except;
};

/* Messages about the template go to its diags; -1 only when it cannot be read at all. */
MUST_CHECK int legacy_load(struct template *t, const struct template_input *in, struct error *err);

/* ---- render.c ------------------------------------------------------------------------------- */

/* What strings of one part of a template are rendered against. build: NULL outside of builds. */
struct render {
	struct legacy *legacy;
	const struct legacy_source *source;
	const struct legacy_builder *build;
	enum component component;
	struct str type;
	bool variables; /* env is allowed, fields are deferred */
	bool absent; /* fields that are not known are "<no value>" */
	struct origin given; /* of strings that come from no file */
	const struct json *json; /* of the string at hand */
};

/* The place of a value, and of a byte of a decoded string in it. */
struct origin legacy_origin(const struct legacy_source *s, struct span span);
struct origin legacy_origin_in(
	const struct legacy_source *s, const struct json *string, size_t off);

int legacy_error_at(struct legacy *l, const struct json *j, const char *fmt, ...) PRINTF_LIKE(3, 4);
void legacy_warning_at(struct legacy *l, const struct json *j, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
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

void legacy_variables(struct legacy *l);
int legacy_user(struct function_context *f, const struct gotmpl_call *c, struct str name,
	struct text *out, bool *deferred);

/* ---- builders.c, provisioners.c, post_processors.c ------------------------------------------ */

void legacy_builders(struct legacy *l);
/* Whether a build is meant; an unknown name is an error at j. */
bool legacy_names_have(const struct str_list *names, const struct legacy_builder *b);
void legacy_check_names(
	struct legacy *l, const struct json *j, const struct str_list *names, const char *what);
/* only and except of a provisioner or post-processor: checks them once, or applies them. */
void legacy_check_only(struct legacy *l, const struct json *object, const char *what);
bool legacy_runs_for(struct legacy *l, const struct json *object, const struct legacy_builder *b);

void legacy_check_provisioners(struct legacy *l);
void legacy_provisioners(
	struct legacy *l, struct template_build *out, const struct legacy_builder *b);

void legacy_check_post_processors(struct legacy *l);
void legacy_post_processors(
	struct legacy *l, struct template_build *out, const struct legacy_builder *b);

#endif
