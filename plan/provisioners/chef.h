/* What chef-solo and chef-client share. Private to plan/provisioners/. */
#ifndef PLAN_PROVISIONERS_CHEF_H
#define PLAN_PROVISIONERS_CHEF_H

#include "plan/provisioners/stage.h"

/* The options that both have, and how each calls its program. Windows second. */
struct chef_flavour {
	const char *execute;
	const char *staging;
	const char *knife;
};

struct chef {
	struct stage stage;
	const struct chef_flavour *flavour;
	struct text staging;
};

struct chef_options {
	struct str guest_os_type;
	struct text staging_directory;
	struct text execute_command;
	struct text install_command;
	struct text version;
	bool skip_install;
	struct text chef_license;
	struct str config_template;
	const struct conf *json;
	struct text json_string;
	struct text_list run_list;
};

MUST_CHECK int chef_begin(
	struct chef *chef, const struct chef_options *o, const struct chef_flavour *flavours);
/* The installer of the plugin pipes a script of Chef's into a shell. */
MUST_CHECK int chef_install(struct chef *chef, const struct chef_options *o);
/* What the plugin's own installation accepts in the author's name. */
struct text chef_license(const struct chef *chef, const struct chef_options *o);
/*
 * Uploads config_template, rendered, or the lines of `standard` whose condition is given: each is
 * "NAME TEMPLATE"; with NAME empty or "-" it is always there.
 */
MUST_CHECK int chef_config(struct chef *chef, const struct chef_options *o, const char *name,
	const char *const *standard, const struct template_field *fields, size_t n);
/* "json", "json_string" and "run_list" as one document. */
MUST_CHECK int chef_json(struct chef *chef, const struct chef_options *o, const char *name);
/* The rendered execute_command; *command: what is to be run. */
MUST_CHECK int chef_command(struct chef *chef, const struct chef_options *o, const char *config,
	const char *json, struct text *command);
struct text chef_path(const struct chef *chef, const char *name);

#endif
