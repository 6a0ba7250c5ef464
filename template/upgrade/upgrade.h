/* What the files of template/upgrade/ share while a JSON template becomes HCL2. */
#ifndef TEMPLATE_UPGRADE_UPGRADE_H
#define TEMPLATE_UPGRADE_UPGRADE_H

#include "base/map.h"
#include "template/gotmpl/gotmpl.h"
#include "template/rewrite.h"

/* A variable of the template, or one that it uses without declaring it. */
struct upgrade_variable {
	struct str name; /* in the JSON template */
	struct str hcl_name;
	const struct json *value; /* NULL: not declared */
	bool local; /* made of other things than the environment: a local */
	bool sensitive;
};

struct upgrade_source {
	struct str json_name;
	struct str type;
	struct str name;
	const struct json *builder;
	struct str ami; /* an expression in place of source_ami_filter, or empty */
};

/* A secret of AWS, which becomes a data source. */
struct upgrade_secret {
	struct str name;
	struct str key;
};

/* Which part is being written: env() is for variables, source and build for what follows them. */
enum upgrade_stage { UPGRADE_VARIABLES = 1, UPGRADE_LOCALS, UPGRADE_SOURCES, UPGRADE_BUILD };

struct upgrade {
	struct arena *arena;
	const struct json *root;
	struct str file;
	struct diags *diags;
	bool annotations;
	enum upgrade_stage stage;
	struct map variables; /* of struct upgrade_variable, by the name in JSON */
	struct map names; /* of HCL variables and locals that are taken */
	struct map environment; /* names that locals ask for, with their variable's name */
	bool timestamp; /* local.timestamp is used */
	struct {
		struct upgrade_source *items;
		size_t n;
		size_t cap;
	} sources;
	struct {
		struct upgrade_secret *items;
		size_t n;
		size_t cap;
	} secrets;
};

/* ---- names.c --------------------------------------------------------------------------------- */

/* Letters, digits, '_' and '-', not beginning with a digit or '-'. */
bool upgrade_is_name(struct str s);
/* The nearest name that HCL takes and that is not in `taken`, where it is put. */
struct str upgrade_name(struct upgrade *u, struct map *taken, struct str wanted);
void upgrade_warning(struct upgrade *u, const struct json *at, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* ---- strings.c: what {{ }} becomes ----------------------------------------------------------- */

/* Appends a quoted string of HCL. at: the string, for messages; its text is not looked at. */
void upgrade_string(struct upgrade *u, struct buf *out, struct str s, const struct json *at);
/* The same for bytes that stand for themselves. */
void upgrade_literal(struct buf *out, struct str s);
/* Functions that a text calls, with their first argument where it is a literal. */
typedef void upgrade_call_fn(void *ctx, struct str function, struct str argument);
void upgrade_calls(struct upgrade *u, struct str s, upgrade_call_fn *fn, void *ctx);
/* True when HCL2 has the function, but not in the default of a variable. */
bool upgrade_makes_local(struct str function);

/* ---- body.c: objects become bodies ----------------------------------------------------------- */

/* An attribute that comes beside those of an object; the value is an expression of HCL. */
struct upgrade_attribute {
	const char *key;
	struct str value;
};
struct upgrade_attributes {
	struct upgrade_attribute *items;
	size_t n;
	size_t cap;
};

/* Attributes and blocks in the order of their keys. skip: NULL-ended; more: may be NULL. */
void upgrade_body(struct upgrade *u, struct buf *out, const struct json *object,
	const char *const *skip, const struct upgrade_attributes *more);
/* A value as an expression. */
void upgrade_value(struct upgrade *u, struct buf *out, const struct json *j);

/* ---- variables.c, sources.c, build.c, packer.c ----------------------------------------------- */

void upgrade_read_variables(struct upgrade *u);
/* locals goes behind the data sources, which come of it. */
void upgrade_variables(struct upgrade *u, struct buf *variables, struct buf *locals);
void upgrade_secrets(struct upgrade *u, struct buf *out);

void upgrade_read_sources(struct upgrade *u);
void upgrade_amis(struct upgrade *u, struct buf *out);
void upgrade_sources(struct upgrade *u, struct buf *out);

void upgrade_build(struct upgrade *u, struct buf *out);
void upgrade_packer(struct upgrade *u, struct buf *out);

#endif
