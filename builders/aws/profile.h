/* The files of AWS' command line: ~/.aws/credentials and ~/.aws/config. Private. */
#ifndef BUILDERS_AWS_PROFILE_H
#define BUILDERS_AWS_PROFILE_H

#include "base/arena.h"
#include "base/error.h"

/* One setting; section: "NAME", of "[NAME]" and "[profile NAME]" alike. */
struct aws_setting {
	struct str section;
	struct str key;
	struct str value;
};
struct aws_settings {
	struct aws_setting *items;
	size_t n;
	size_t cap;
};

/* Adds what the text says; later settings count. Errors name the line, never what stands there. */
MUST_CHECK int aws_settings_parse(
	struct aws_settings *out, struct arena *a, struct str text, struct error *err);
/* Adds what a file says; one that is not there says nothing, unless it is wanted. */
MUST_CHECK int aws_settings_load(struct aws_settings *out, struct arena *a, const char *path,
	bool wanted, struct error *err);
/* Empty when it is not set. */
struct str aws_setting_find(const struct aws_settings *s, struct str section, const char *key);
bool aws_settings_have(const struct aws_settings *s, struct str section);

#endif
