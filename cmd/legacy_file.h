/* A legacy JSON template that is rewritten: read from a file of this machine or standard input. */
#ifndef CMD_LEGACY_FILE_H
#define CMD_LEGACY_FILE_H

#include "cmd/verbs.h"

struct legacy_file {
	struct str name; /* in messages */
	struct str text;
	struct json *root;
};

/* path: "-" for standard input. HCL2 is refused. Everything lives in cli's arena. */
MUST_CHECK int legacy_file_read(
	struct legacy_file *out, struct cli *cli, const char *path, struct error *err);

/* Reads text as a template, without values; tells what is wrong on stderr, -1 then. */
MUST_CHECK int legacy_file_check(
	struct cli *cli, struct str name, struct str text, struct error *err);

#endif
