/*
 * From a Packer template to builds with every value resolved and traced to file:line:column.
 *
 * Two formats: HCL2 (a directory, or a file named *.pkr.hcl or *.pkr.json) and legacy JSON (every
 * other file). text/template actions ({{ }}) are evaluated here for both, as far as they can be
 * before anything runs. What is known only at run time stays a hole in the text, what comes from a
 * sensitive variable stays marked (base/text.h).
 */
#ifndef TEMPLATE_TEMPLATE_H
#define TEMPLATE_TEMPLATE_H

#include "base/clock.h"
#include "base/conf.h"
#include "base/tree.h"

/* A variable from the command line or from a file, in the order given; later ones win. */
struct template_var {
	struct str name;
	struct str value;
	bool withheld; /* sensitive, and not told to us: of the right type, but not known */
	bool expression; /* HCL2: value is one, whatever the type of the variable is */
};

/*
 * What a data source returned: an input from outside of the commit. value: the object as JSON;
 * empty when nobody asked for it, then what it would return are holes.
 */
struct template_data {
	struct str name; /* "http.example" */
	struct str value;
	struct origin origin;
	const struct conf *config;
};
/* Asks a data source; name is "type.name". */
typedef int template_resolve_fn(void *ctx, struct str name, const struct conf *config,
	struct arena *a, struct str *value, struct error *err);

/*
 * A template that was read, while expressions can be evaluated in it: of HCL2 with var, local,
 * data, path, packer and functions, of JSON text with {{ }}. `out` is as Packer's console prints
 * it; what is sensitive or a hole in it is a piece.
 */
struct template_console {
	const struct template *template;
	const struct str *locals; /* names of HCL2 */
	size_t local_count;
	void *loader;
	int (*eval)(void *loader, struct str line, struct text *out, struct error *err);
};
typedef void template_console_fn(void *ctx, const struct template_console *c);

struct template_input {
	const struct tree *tree;
	struct str path; /* of the template in the tree */
	bool hcl2; /* HCL2 whatever the name of the file is */
	/*
	 * Where relative paths start (Packer: where it was started), in the tree. Without it: the
	 * root of the tree, then the directory of the template.
	 */
	bool has_cwd;
	struct str cwd;
	const struct template_var *vars; /* -var */
	size_t var_count;
	const struct str *var_files; /* -var-file, paths in the tree */
	size_t var_file_count;
	const char *const *environment; /* for the env function; NULL-ended */
	int64_t now; /* ns; for timestamp and isotime */
	struct str only; /* comma-separated build names, globs for HCL2; empty: all */
	bool only_exact; /* `only` is one name, neither a list nor a glob */
	struct str except; /* build names, and names or types of post-processors */
	bool warn_undeclared;
	/*
	 * Only what the template declares: nothing is computed, so nothing has to be given. Values
	 * of variables are as written; builds have a name and a type.
	 */
	bool declared_only;
	/* For showing: a build has what "only" and "except" of a component leave out of it, too. */
	bool every_component;
	/* Called when all was read, errors or not; NULL: not. */
	template_console_fn *console;
	void *console_ctx;
	const struct template_data *data; /* values that are given, or were recorded */
	size_t data_count;
	template_resolve_fn *resolve; /* for the others; NULL: they stay holes */
	void *resolve_ctx;
	/*
	 * Variables that count as sensitive although the template does not say so: these, and, when
	 * guessing, those that are filled from outside and have the name of a secret ("api_token").
	 */
	const struct str *sensitive;
	size_t sensitive_count;
	bool guess_sensitive;
};

enum template_variable_source {
	TEMPLATE_VAR_DEFAULT = 1,
	TEMPLATE_VAR_FILE, /* -var-file, *.auto.pkrvars.hcl */
	TEMPLATE_VAR_FLAG,
	TEMPLATE_VAR_ENV, /* the env function, PKR_VAR_name */
};

struct template_variable {
	struct str name;
	struct text value; /* marked when sensitive */
	bool expression; /* HCL2: of anything but a string, value is an expression that gives it */
	bool sensitive;
	bool required; /* has no default */
	enum template_variable_source source;
	struct origin origin;
};

struct template_provisioner {
	struct str type;
	struct str name; /* HCL2; mostly empty */
	struct origin origin;
	const struct conf *config; /* without the keys below, override applied */
	int64_t pause_before; /* ns */
	int64_t timeout; /* ns, 0: none */
	uint32_t max_retries;
	bool continue_on_error; /* HCL2 only */
};

struct template_post_processor {
	struct str type;
	struct str name; /* defaults to type */
	struct origin origin;
	const struct conf *config;
	bool keep_input_artifact;
	bool keep_input_set;
};

struct template_sequence {
	struct template_post_processor *items;
	size_t n;
	size_t cap;
};

/*
 * Where relative paths of a template start. Packer starts them where it was started: that is cwd
 * when has_cwd, else it is not told, mostly the directory of the template (root) or one above it.
 */
struct template_paths {
	const struct tree *tree;
	struct str root;
	bool has_cwd;
	struct str cwd;
	/* For reading only: what the commit lacks is unknown in a plan, with a warning. */
	bool partial;
};

struct template_build {
	struct str name; /* HCL2: "build.type.name" or "type.name" */
	struct str source_name; /* what PACKER_BUILD_NAME and {{build_name}} say */
	struct str type; /* of the builder */
	struct {
		struct str name; /* mostly empty */
		struct str source; /* "type.name" of the source, as the block uses it */
		size_t index; /* of the block among all */
	} block; /* HCL2: the build block that it comes of */
	struct origin origin;
	const struct conf *config;
	struct template_paths paths;
	/* What the build is rehearsed on in place of its builder; empty and NULL: on that one. */
	struct str other_type;
	const struct conf *other_config;
	struct {
		struct template_provisioner *items;
		size_t n;
		size_t cap;
	} provisioners;
	struct template_provisioner *error_cleanup; /* or NULL */
	struct {
		struct template_sequence *items;
		size_t n;
		size_t cap;
	} post_processors;
};

/*
 * Everything lives in `arena`. Builds stand in the order of the template, filtered by -only and
 * -except. env_used: names that the env function asked for, with what it got (inputs to record).
 */
struct template_plugin {
	struct str name;
	struct str source; /* github.com/hashicorp/amazon */
	struct str version; /* the constraint */
};

enum template_format { TEMPLATE_NONE = 0, TEMPLATE_JSON, TEMPLATE_HCL2 };

struct template
{
	struct arena arena;
	enum template_format format;
	struct str path;
	struct str description;
	struct str min_packer_version; /* HCL2: required_version, a constraint */
	struct {
		struct template_variable *items;
		size_t n;
		size_t cap;
	} variables;
	struct {
		struct template_build *items;
		size_t n;
		size_t cap;
	} builds;
	struct {
		struct template_var *items;
		size_t n;
		size_t cap;
	} env_used;
	struct { /* in the order of their evaluation */
		struct template_data *items;
		size_t n;
		size_t cap;
	} data;
	struct { /* plugins that the template asks for: told, never run */
		struct template_plugin *items;
		size_t n;
		size_t cap;
	} plugins;
	struct redactor redactor;
	struct diags diags;
};

/*
 * On failure *out holds what could be read, with the messages in diags; the caller frees it in
 * both cases. Errors of the input are diags; err repeats the first.
 */
MUST_CHECK int template_load(
	struct template **out, const struct template_input *in, struct error *err);
void template_free(struct template *t);
DEFINE_SCOPED_PTR(template)

/*
 * Where a path leads; path is clean, in the tree ("" is its root). Without has_cwd, the nearest
 * directory from `root` upward in which there is something counts. entry.kind TREE_NONE, and the
 * first place that was looked at, when there is nothing. An absolute path, one that leaves the
 * tree or holds a NUL, or an empty one is an error.
 */
struct template_found {
	struct str path;
	struct tree_entry entry;
};
MUST_CHECK int template_find(struct template_found *out, const struct template_paths *p,
	struct str path, struct arena *a, struct error *err);

/* Names of values of the running build, which become holes of the same name. NULL-ended. */
extern const char *const template_build_names[];

/*
 * Renders text that holds {{ }} actions against names that a later stage knows (".Path", ".Vars"):
 * execute_command and its kind. A name is looked up in `fields`; the functions are those of
 * templates. An unknown name is an error at `origin`.
 */
struct template_field {
	struct str name; /* "Path", without the dot */
	struct text value;
};
struct template_fields {
	const struct template_field *items;
	size_t n;
};
MUST_CHECK int template_render(struct text *out, struct arena *a, const struct text *in,
	const struct template_fields *fields, const struct origin *origin, struct error *err);

#endif
