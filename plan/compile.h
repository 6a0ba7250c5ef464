/* What provisioners compile with. */
#ifndef PLAN_COMPILE_H
#define PLAN_COMPILE_H

#include "plan/plan.h"

#define PLAN_STEPS_MAX 100000
#define PLAN_ENVIRONMENT_MAX 10000
#define PLAN_LINES_MAX 1000000

/* A provisioner type: its configuration as a table, and what it compiles to. */
struct compiler;
struct provisioner {
	const char *type;
	const struct conf_field *fields;
	size_t size; /* of the struct that fields describe */
	void (*defaults)(void *config);
	int (*compile)(
		struct compiler *c, const struct template_provisioner *p, const void *config);
};

/* In the order a user meets them; NULL-ended. */
extern const struct provisioner *const provisioner_table[];
extern const struct provisioner provisioner_shell;
extern const struct provisioner provisioner_file;
extern const struct provisioner provisioner_shell_local;
extern const struct provisioner provisioner_powershell;
extern const struct provisioner provisioner_windows_shell;
extern const struct provisioner provisioner_windows_restart;
extern const struct provisioner provisioner_ansible;
extern const struct provisioner provisioner_ansible_local;
extern const struct provisioner provisioner_puppet_masterless;
extern const struct provisioner provisioner_puppet_server;
extern const struct provisioner provisioner_chef_solo;
extern const struct provisioner provisioner_chef_client;
extern const struct provisioner provisioner_salt_masterless;
extern const struct provisioner provisioner_hcp_sbom;
extern const struct provisioner provisioner_sleep;
extern const struct provisioner provisioner_breakpoint;

struct compiler {
	struct plan *plan;
	struct arena *arena; /* the plan's */
	const struct template_build *build;
	const struct tree *tree;
	struct template_paths paths;
	struct diags *diags;
	struct arena *diag_arena;
	uint32_t group; /* index of the one that grows */
	bool absent; /* it needs what compile_missing told of */
	struct { /* the file that was looked at last */
		struct str path;
		struct str text;
	} file;
};

/* ---- compile.c ------------------------------------------------------------------------------ */

/* Decodes the configuration by the type's table, and compiles. what: "provisioner". */
MUST_CHECK int compile_configured(struct compiler *c, const struct template_provisioner *p,
	const struct provisioner *type, const char *what);

/* Returns -1. */
int compile_error(struct compiler *c, const struct origin *o, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* A new step at the end of the group; NULL, and an error, when there are too many. */
struct step *compile_step(struct compiler *c, enum step_type type, const struct origin *o);
MUST_CHECK int compile_wait(
	struct compiler *c, const struct origin *o, int64_t duration, const char *note);

/* Origin of a member of the configuration, or of the provisioner. */
struct origin compile_origin(const struct template_provisioner *p, const char *key);
/* The i-th element of a list member, or the member. */
struct origin compile_element(const struct template_provisioner *p, const char *key, size_t i);

void compile_label(struct compiler *c, struct str label);
struct digest compile_digest(struct compiler *c, const struct text *content);

/* A file or directory of the tree, from a path of the template. */
struct compile_path {
	struct str path; /* clean, in the tree; "" is its root */
	bool slash; /* as the template wrote it: with a slash at its end */
	struct tree_entry entry;
};
/* kind TREE_NONE is no error here; a path that leaves the tree is. */
MUST_CHECK int compile_find(
	struct compiler *c, struct str path, const struct origin *o, struct compile_path *out);
/*
 * What a plan needs is not in the commit. Returns -1: an error, or, where plans may be partial, a
 * warning, and the provisioner becomes opaque when its compile function fails, too.
 */
int compile_missing(struct compiler *c, const struct origin *o, struct str path);
/* The same for a file whose content may be a hole: true when it is to be. */
MUST_CHECK bool compile_absent(struct compiler *c, const struct origin *o, struct str path);
/* A file that must be there. */
MUST_CHECK int compile_read(struct compiler *c, struct str path, const struct origin *o,
	struct compile_path *out, struct str *bytes);

/* Everything below a directory, each path relative to it; "" is the first directory. */
struct compile_listing {
	struct str_list directories;
	struct str_list files;
};
MUST_CHECK int compile_list(
	struct compiler *c, struct str root, const struct origin *o, struct compile_listing *out);
struct str compile_below(struct compiler *c, struct str directory, struct str name);

/* Adds without joining, for texts of many parts; text_joined does that, once. */
void text_push(struct text *t, struct arena *a, struct str literal);
void text_push_text(struct text *t, struct arena *a, const struct text *other);
struct text text_joined(const struct text *t, struct arena *a);

/* What stands for a byte where it would mean something else. A table ends with a zeroed entry. */
struct escape {
	char from;
	const char *to;
};
struct text text_escaped(struct arena *a, const struct text *t, const struct escape *table);

/* Renders a command against `n` fields and all values of the running build. */
#define COMPILE_FIELDS_MAX 64
MUST_CHECK int compile_render(struct compiler *c, struct text *out, const struct text *in,
	const struct template_field *fields, size_t n, const struct origin *o);

/* ---- content.c: text with a place per line -------------------------------------------------- */

/* text: its literals are pieces of their own until content_text joins them. */
struct content {
	struct text text;
	struct {
		struct origin *items;
		size_t n;
		size_t cap;
	} lines;
};

/* A line that no place of the template holds by itself. */
void content_add_line(
	struct content *t, struct compiler *c, struct str line, const struct origin *o);
/* A string of the template at `o`; its lines are found behind its escape sequences. */
void content_add(
	struct content *t, struct compiler *c, const struct text *text, const struct origin *o);
/* The same for the text of a value that may know where each of its lines is written. */
void content_add_value(
	struct content *t, struct compiler *c, const struct text *text, const struct conf *value);
/* The end of a line. */
void content_end_line(struct content *t, struct compiler *c);
/* What was added, with neighbouring literals joined. */
struct text content_text(const struct content *t, struct compiler *c);
/* LF for CRLF, and an LF behind the last line, as Packer sends scripts. */
struct text content_unix(struct compiler *c, const struct text *text);
/* Hands the lines to a step. */
void content_give_lines(const struct content *t, struct step *s);

/* ---- post.c --------------------------------------------------------------------------------- */

/* Groups of the post-processors that run or deliver code, in their order, behind all others. */
MUST_CHECK int compile_post_processors(struct compiler *c);
/* The known type with the nearest name, or NULL. */
const char *post_processor_nearest(struct str type);

/* ---- boot/ ---------------------------------------------------------------------------------- */

/* What the builder makes run before the provisioners, if anything: GROUP_BOOT. */
MUST_CHECK int compile_boot(struct compiler *c);
/* What it makes run after them: GROUP_FINISH. */
MUST_CHECK int compile_finish(struct compiler *c);

#endif
