/*
 * What the provisioners that run scripts share: their configuration, the variables that Packer puts
 * in front of commands, and scripts as lines of the template or as files. Private to
 * plan/provisioners/.
 */
#ifndef PLAN_PROVISIONERS_SCRIPTS_H
#define PLAN_PROVISIONERS_SCRIPTS_H

#include "plan/compile.h"

/* ---- environment.c: what Packer puts in front of commands ----------------------------------- */

struct environment {
	struct {
		struct environment_entry {
			struct str name;
			struct text value;
		} * items;
		size_t n;
		size_t cap;
	} entries; /* sorted by name, without doubles */
};

struct environment_spec {
	const struct text_list *list; /* "K=V" */
	const struct text_map *map; /* comes later and wins */
	const struct escape *escape; /* of the values */
};

extern const struct escape escape_quotes[]; /* within '' of sh */
extern const struct escape escape_powershell[]; /* within "" of PowerShell */

MUST_CHECK int environment_make(struct environment *out, struct compiler *c,
	const struct template_provisioner *p, const struct environment_spec *spec);
/* format: a printf format with two %s, name and value. */
MUST_CHECK int environment_render(struct text *out, const struct environment *e, struct compiler *c,
	const struct text *format, const struct origin *o);
void environment_names(struct str_list *out, const struct environment *e, struct compiler *c);

/* ---- scripts.c: what they run, and with what ------------------------------------------------- */

struct script_config {
	struct text_list inline_;
	struct str script;
	struct str_list scripts;
	struct text_list environment_vars;
	struct text_map env;
	struct text env_var_format;
	struct int_list valid_exit_codes;
};

/* Its rows in the table of fields of a type that has one as `member`. */
/* NOLINTNEXTLINE(bugprone-macro-parentheses): names of members take none. */
#define SCRIPT_FIELD(type, member, field, kind) CONF_KIND_##kind, offsetof(type, member.field)
#define SCRIPT_FIELDS(type, member) \
	{"inline", SCRIPT_FIELD(type, member, inline_, TEXT_LIST), 0, NULL}, \
		{"script", SCRIPT_FIELD(type, member, script, STR), 0, NULL}, \
		{"scripts", SCRIPT_FIELD(type, member, scripts, STR_LIST), 0, NULL}, \
		{"environment_vars", SCRIPT_FIELD(type, member, environment_vars, TEXT_LIST), 0, \
			NULL}, \
		{"env", SCRIPT_FIELD(type, member, env, TEXT_MAP), 0, NULL}, \
		{"env_var_format", SCRIPT_FIELD(type, member, env_var_format, TEXT), 0, NULL}, \
	{ \
		"valid_exit_codes", SCRIPT_FIELD(type, member, valid_exit_codes, INT_LIST), 0, \
			NULL \
	}

#define SCRIPT_RETRY_DEFAULT (INT64_C(300) * 1000000000) /* start_retry_timeout */

struct scripts {
	struct compiler *c;
	const struct template_provisioner *p;
	const struct script_config *config;
	const char *type;
	const char *key; /* where the lines stand: "inline" or "command" */
	const struct text *shebang; /* of lines; NULL: none; empty: /bin/sh -e */
	bool own_shebang; /* lines that begin with "#!" need no other */
	/* What stands around the lines; may be NULL. */
	void (*before)(void *ctx, struct content *content);
	void (*after)(void *ctx, struct content *content);
	/* Set by scripts_variables. */
	struct environment environment;
	struct text vars;
};

/* There is something to run, from one of the keys only. */
MUST_CHECK int scripts_check(const struct scripts *s);
/* format: of each variable, where "env_var_format" (or what stands for it: key) is not given. */
MUST_CHECK int scripts_variables(
	struct scripts *s, const struct escape *escape, const char *key, const char *format);
/* Tells a step of the variables, and of the exit codes that are none but 0 by default. */
void scripts_expect(const struct scripts *s, struct step *step);
typedef int script_add_fn(
	void *ctx, const struct origin *o, const struct content *content, struct str source);
MUST_CHECK int scripts_compile(const struct scripts *s, script_add_fn *add, void *ctx);

#endif
