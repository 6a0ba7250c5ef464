/*
 * Legacy JSON templates, rewritten: to what later versions of Packer take (`packer fix`), and to
 * HCL2 (`packer hcl2_upgrade`).
 */
#ifndef TEMPLATE_REWRITE_H
#define TEMPLATE_REWRITE_H

#include "base/diag.h"
#include "base/json.h"

/* Names and summaries of the fixers in the order in which they run; ends with a NULL name. */
struct template_fixer {
	const char *name;
	const char *summary;
};
extern const struct template_fixer template_fixers[];

/*
 * Runs every fixer over a parsed template, in place; what is new lives in the arena, which the
 * template lives in too. Fails, with the place in `file`, where a fixer cannot know what is meant;
 * the tree is then half fixed and good for nothing.
 */
MUST_CHECK int template_fix(struct json *root, struct arena *a, struct str file, struct error *err);

/* Packer's layout: keys in byte order, two spaces, a newline behind; '&' as \u0026. */
void template_fix_write(struct buf *out, const struct json *root);

/*
 * The template in HCL2, formatted. `file` is its name in messages; what could not be carried over
 * is a warning. annotations: comments that explain the blocks.
 */
struct template_upgrade_options {
	struct str file;
	bool annotations;
	struct diags *diags; /* messages live in the arena */
};
MUST_CHECK int template_upgrade(struct buf *out, const struct json *root,
	const struct template_upgrade_options *options, struct arena *a, struct error *err);

#endif
