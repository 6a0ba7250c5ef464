/* What the files of template/hcl2/ share while an HCL2 template is read. */
#ifndef TEMPLATE_HCL2_HCL2_H
#define TEMPLATE_HCL2_HCL2_H

#include "base/map.h"
#include "template/hcl2/functions.h"
#include "template/load.h"

#define HCL2_FILES_LOADED_MAX 1000
#define HCL2_VARIABLES_MAX 10000
#define HCL2_NODES_MAX 10000 /* locals and data sources */
#define HCL2_GRAPH_DEPTH 1000
#define HCL2_SOURCES_MAX 1000
#define HCL2_BUILDS_MAX 1000
#define HCL2_BLOCKS_MAX 10000 /* of one body, after expansion */

/* A file that was read. */
struct hcl2_file {
	struct str path;
	struct hcl_body *body;
};

/* A block as it counts: one that is written, or one that a dynamic block makes. */
struct hcl2_block {
	struct str type;
	const struct str *labels;
	size_t label_count;
	struct origin origin;
	const struct hcl_body *body;
	const struct hcl_scope *scope; /* that its expressions are evaluated in */
};
struct hcl2_blocks {
	struct hcl2_block *items;
	size_t n;
	size_t cap;
};

struct hcl2_validation {
	const struct hcl_expr *condition;
	struct str message;
	struct origin origin;
};

struct hcl2_variable {
	size_t index; /* in template.variables */
	const struct hcl_expr *type; /* NULL: not told */
	struct hcl_value value; /* HCL_NONE: not set */
	struct hcl_value fallback; /* the default */
	struct origin given; /* of the value */
	bool failed; /* told already */
	bool withheld;
	struct {
		struct hcl2_validation *items;
		size_t n;
		size_t cap;
	} validations;
};

enum hcl2_state { HCL2_NEW = 0, HCL2_RUNNING, HCL2_DONE, HCL2_FAILED };

/* A local or a data source: "local.name", "data.type.name". */
struct hcl2_node {
	struct str name;
	struct origin origin;
	enum hcl2_state state;
	bool sensitive;
	const struct hcl_expr *expr; /* of a local */
	const struct hcl_block *block; /* of a data source */
	struct hcl_traversals needs;
	struct hcl_value value;
};

struct hcl2_source {
	struct str type;
	struct str name;
	struct hcl2_block block;
};

/* One use of a source by a build. */
struct hcl2_use {
	const struct hcl2_source *source;
	struct str name; /* of the use: the source's, or what the inner block says */
	const struct hcl2_block *inner; /* NULL: none */
	struct origin origin;
	struct str selector; /* "[build.]type.name" */
	struct str build_name; /* the same, and a number where others have that name */
	bool selected;
};

struct hcl2_build {
	struct str name;
	struct hcl2_block block;
	struct hcl2_blocks blocks; /* inside, after expansion */
	struct {
		struct hcl2_use *items;
		size_t n;
		size_t cap;
	} uses;
};

enum { SCOPE_VAR, SCOPE_LOCAL, SCOPE_DATA, SCOPE_SOURCE, SCOPE_BUILD, SCOPE_PATH, SCOPE_PACKER };
#define SCOPE_COUNT (SCOPE_PACKER + 1)

struct hcl2 {
	struct load load;
	struct arena *arena; /* the template's */
	struct str root; /* directory of the template */
	bool directory; /* all files of it are the template */
	struct hcl2_context context;
	struct hcl2_context default_context; /* with env() */
	struct {
		struct hcl2_file *items;
		size_t n;
		size_t cap;
	} files; /* of the template */
	struct {
		struct hcl2_file *items;
		size_t n;
		size_t cap;
	} var_files;
	struct map file_names; /* of all that were read, for messages */
	struct map variables; /* of struct hcl2_variable */
	struct map nodes; /* of struct hcl2_node */
	struct map sources; /* of struct hcl2_source, by "type.name" */
	struct {
		struct hcl2_build *items;
		size_t n;
		size_t cap;
	} builds;
	const char *const *use_names; /* "type.name" of every use; NULL: not asked yet */
	size_t use_name_count;
	struct hcl_value build; /* the newest value of "build", of the build of that name */
	struct str build_name;
	struct hcl_variable base[SCOPE_COUNT];
	struct hcl_scope scope; /* of base */
	struct hcl_scope default_scope; /* env() and nothing else */
	struct hcl_scope empty_scope;
	struct str_list only;
	struct str_list except;
	bool *only_used; /* per name of only and except */
	bool *except_used;
};

/* Messages about the template go to its diags; -1 only when it cannot be read at all. */
MUST_CHECK int hcl2_load(struct template *t, const struct template_input *in, struct error *err);

/* ---- files.c -------------------------------------------------------------------------------- */

/* The files of the template and those of its variables. */
void hcl2_files(struct hcl2 *h);

/* ---- messages.c ----------------------------------------------------------------------------- */

/* An error of the expression language as a message; `o` where it has no place. Returns -1. */
int hcl2_tell(struct hcl2 *h, const struct origin *o, const struct error *e);
/* Adds "did you mean" to the message just told, or the names that there are. */
void hcl2_hint_names(struct hcl2 *h, struct str name, const struct str_list *names);
/* Tells attributes and blocks that are not among the names (NULL-ended). -1 when there are any. */
int hcl2_only(struct hcl2 *h, const struct hcl_body *b, const char *const *attributes,
	const char *const *blocks, const char *what);
/* Tells a wrong number of labels: "source TYPE NAME". */
int hcl2_labels(struct hcl2 *h, const struct hcl2_block *b, size_t n, const char *form);
struct hcl2_block hcl2_block_of(const struct hcl_block *b, const struct hcl_scope *scope);
/* Letters, digits, '_' and '-', not beginning with a digit or '-'. */
bool hcl2_is_name(struct str s);

/* ---- scope.c -------------------------------------------------------------------------------- */

void hcl2_scope_init(struct hcl2 *h);
/* A scope like `outer` in which source is that of a use. */
const struct hcl_scope *hcl2_source_scope(
	struct hcl2 *h, const struct hcl_scope *outer, const struct hcl2_use *u);
/* A block's scope in which source and build are those of a use. */
const struct hcl_scope *hcl2_use_scope(
	struct hcl2 *h, const struct hcl2_block *b, const struct hcl2_use *u, struct str build);
/* Messages are told; -1 then. */
MUST_CHECK int hcl2_eval(struct hcl2 *h, const struct hcl_expr *e, const struct hcl_scope *scope,
	struct hcl_value *out);
/* Tells a reference to a local or data source that is not declared: -1. */
int hcl2_check_node(struct hcl2 *h, const struct hcl_traversal *t);
/* Warns of references to what is not declared, without evaluating: for what is not selected. */
void hcl2_check_expr(struct hcl2 *h, const struct hcl_expr *e);

/* ---- dynamic.c ------------------------------------------------------------------------------ */

/* The blocks of a body, with those that its dynamic blocks make in their places. */
MUST_CHECK int hcl2_expand(struct hcl2 *h, const struct hcl_body *body,
	const struct hcl_scope *scope, struct hcl2_blocks *out);

/* ---- values.c ------------------------------------------------------------------------------- */

/* The value as an expression that reads back the same; sensitive strings are pieces. */
void hcl2_write(struct arena *a, const struct hcl_value *v, struct text *out);
/* The same value, which tells nothing of where it or its parts are written. */
struct hcl_value hcl2_placeless(struct arena *a, const struct hcl_value *v);
/* All that is sensitive in it, to the redactor. */
void hcl2_redact(struct hcl2 *h, const struct hcl_value *v);
/* Places for what nobody knows: any value of that type. */
struct hcl_value hcl2_placeholder(struct arena *a, const struct hcl_expr *type);

/* ---- variables.c, values of variables: given.c ---------------------------------------------- */

void hcl2_declare_variables(struct hcl2 *h);
void hcl2_give_variables(struct hcl2 *h);
struct template_variable *hcl2_entry(struct hcl2 *h, const struct hcl2_variable *v);

/* ---- graph.c, data.c ------------------------------------------------------------------------ */

void hcl2_declare_nodes(struct hcl2 *h);
void hcl2_evaluate_nodes(struct hcl2 *h);
/* Everything that the expressions of a body refer to. */
void hcl2_references(struct hcl2 *h, const struct hcl_body *body, struct hcl_traversals *out);
/* The value of a data source. -1 when something was told. */
MUST_CHECK int hcl2_data(struct hcl2 *h, struct hcl2_node *node, const struct hcl_scope *scope);

/* ---- config.c ------------------------------------------------------------------------------- */

/* What the strings of a configuration are rendered for. */
struct hcl2_render {
	struct hcl2 *h;
	enum component component; /* COMPONENT_NONE: {{ }} is left alone */
	struct str type;
	const struct hcl2_use *use; /* NULL: outside of builds */
	bool nested; /* below a top-level key, which decided `defer` */
	bool defer; /* {{ }} with fields stays a template */
	bool absent; /* fields that are not known are "<no value>" */
};
/* A body as an object; skip: attributes that are left out, NULL-ended. */
MUST_CHECK int hcl2_config(const struct hcl2_render *r, const struct hcl2_block *b,
	const char *const *skip, struct conf **out);
/* Adds the members of `more`; lists of blocks grow, what else is there already is an error. */
MUST_CHECK int hcl2_merge(const struct hcl2_render *r, struct conf *into, const struct conf *more);
/* o: of a value that has no place of its own. */
MUST_CHECK int hcl2_conf(const struct hcl2_render *r, const struct hcl_value *v,
	const struct origin *o, struct conf **out);

/* ---- console.c ------------------------------------------------------------------------------ */

/* Hands what was read to whoever wants to evaluate expressions in it. */
void hcl2_console(struct hcl2 *h);

/* ---- packer.c ------------------------------------------------------------------------------- */

void hcl2_packer(struct hcl2 *h);

/* ---- builds.c, select.c --------------------------------------------------------------------- */

void hcl2_builds(struct hcl2 *h);
void hcl2_select(struct hcl2 *h);
void hcl2_warn_except(struct hcl2 *h);
/* Whether -except names this post-processor. */
bool hcl2_is_excepted(struct hcl2 *h, struct str name);
bool hcl2_glob(struct str pattern, struct str name);

/* ---- meta.c, provisioners.c, post_processors.c ---------------------------------------------- */

/* What a provisioner or post-processor says of itself, besides its configuration. */
struct hcl2_meta {
	struct hcl2 *h;
	const struct hcl2_block *block;
	const struct hcl_scope *scope;
	const char *what; /* "provisioner shell" */
};
/* Attributes by name, converted; absent and null leave `out` as it is. -1 when it was told. */
MUST_CHECK int hcl2_meta_str(const struct hcl2_meta *m, const char *name, struct str *out);
MUST_CHECK int hcl2_meta_bool(const struct hcl2_meta *m, const char *name, bool *out, bool *set);
MUST_CHECK int hcl2_meta_u32(
	const struct hcl2_meta *m, const char *name, uint32_t max, uint32_t *out);
MUST_CHECK int hcl2_meta_duration(const struct hcl2_meta *m, const char *name, int64_t *out);
/* only and except against "type.name" of a use. */
MUST_CHECK int hcl2_meta_runs(const struct hcl2_meta *m, const struct hcl2_use *u, bool *out);

void hcl2_provisioners(struct hcl2 *h, const struct hcl2_build *b, const struct hcl2_use *u,
	struct template_build *out);
void hcl2_post_processors(struct hcl2 *h, const struct hcl2_build *b, const struct hcl2_use *u,
	struct template_build *out);

#endif
