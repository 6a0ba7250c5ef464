/* What builders make run besides the provisioners. */
#ifndef PLAN_BOOT_BOOT_H
#define PLAN_BOOT_BOOT_H

#include "plan/compile.h"

/* A key of a configuration and what stands there. */
struct boot {
	struct compiler *c;
	const char *key;
	const struct conf *value;
	const struct template_field *fields; /* that text may name; NULL: it is rendered already */
	size_t field_count;
};

/* ---- boot.c --------------------------------------------------------------------------------- */

/* Messages say what the key takes. Returns -1. */
int boot_fail_type(const struct boot *b, const struct conf *value, const char *takes);
/* The builder's type is one of the patterns, which are separated by spaces: "qemu vmware-*". */
bool boot_is_type(struct str type, const char *patterns);
/* The string at a key of the configuration; empty when there is none. */
struct str boot_setting(const struct conf *config, const char *key, struct arena *a);
bool boot_is_on(const struct conf *config, const char *key);

/* A step with text of the template; path may be empty. */
MUST_CHECK int boot_add_text(
	const struct boot *b, const struct conf *value, struct str path, enum boot_kind kind);
/* A command on the build host, as `sh -c` runs it. */
MUST_CHECK int boot_add_host(const struct boot *b, const struct conf *value);
/* All keys of the builder, in the order of the table. last: those behind the provisioners. */
MUST_CHECK int boot_add_keys(struct compiler *c, bool last);
/* A group that ends when `boot_close` is called; an empty one is dropped. */
void boot_open(struct compiler *c, enum group_phase phase, struct str type,
	const struct origin *origin, const char *label);
void boot_close(struct compiler *c);

/* ---- files.c -------------------------------------------------------------------------------- */

enum boot_layout {
	BOOT_ROOTED = 1, /* what lies below a directory, by its path in it */
	BOOT_NAMED, /* the same below the directory's name, unless it was given with a slash */
	BOOT_FLAT, /* every file by its last name */
};

/* A file or directory; pattern: the last part may hold wildcards. */
MUST_CHECK int boot_add_files(
	const struct boot *b, const struct conf *value, enum boot_layout layout);
/* A file of the tree under another name; a path that is known only later is an opaque step. */
MUST_CHECK int boot_add_file(
	const struct boot *b, const struct conf *value, struct str name, bool may_miss);

/* ---- kind.c --------------------------------------------------------------------------------- */

/* Of a step, whose content may be in base64. Sets kind and base64. */
void boot_classify(struct step *s, struct arena *a);

#endif
