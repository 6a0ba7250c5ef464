/* What the loaders of both formats share. */
#ifndef TEMPLATE_LOAD_H
#define TEMPLATE_LOAD_H

#include "template/deferred.h"
#include "template/functions.h"

#define TEMPLATE_BYTES_MAX ((size_t)8 << 20)
#define TEMPLATE_ARENA_MAX ((size_t)512 << 20)
#define TEMPLATE_RETRIES_MAX 1000

/* arena: the template's. */
struct load {
	struct template *t;
	struct arena *arena;
	const struct template_input *in;
	size_t env_calls;
	size_t steps; /* of {{ }} */
	bool warned; /* the newest message was new, and may get a hint */
};

/* An error that is told once, however many builds meet it. Returns -1. */
int load_error(struct load *l, const struct origin *o, const char *fmt, ...) PRINTF_LIKE(3, 4);
void load_warning(struct load *l, const struct origin *o, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Adds a way out to the message that was just told, if it was new. */
void load_hint(struct load *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* An error of another module about a file, as a message with its place when it begins with one. */
void load_tell(struct load *l, struct str file, const struct error *e);
/* An error, and true, when memory is used up: where input can ask for more than it brings. */
bool load_is_full(struct load *l);

/* Records that the environment was asked. */
void load_env_used(struct load *l, struct str name, struct str value);
/* True for a name under which people keep secrets. */
bool load_names_a_secret(struct load *l, struct str name);
/* The names of -only. */
void load_only_names(struct load *l, struct str_list *out);
/* The names of a comma-separated list. */
void load_split_names(struct load *l, struct str list, struct str_list *out);

/*
 * Rendering of {{ }} in a text, independent of the format that it stands in. place: the origin of
 * a byte of the text (gotmpl.h says how they count). defer: with fields, it stays a template.
 */
struct load_rendering {
	struct function_context *functions;
	struct origin (*place)(const void *ctx, size_t off);
	const void *place_ctx;
	bool defer;
	bool absent; /* a field that is not known is "<no value>", with a warning */
};
MUST_CHECK int load_render(struct load *l, const struct text *raw, const struct load_rendering *r,
	struct text *out, bool *deferred);

/* ---- version.c ------------------------------------------------------------------------------ */

/* Up to three numbers; what follows a '-' or '+' does not count. */
MUST_CHECK bool version_parse(struct str s, uint64_t out[3]);
/* <0, 0, >0. */
int version_cmp(const uint64_t a[3], const uint64_t b[3]);

#endif
