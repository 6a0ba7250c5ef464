/* Packer's functions of the outside world: files, environment, clock, chance, remote stores. */
#ifndef TEMPLATE_HCL2_FUNCTIONS_H
#define TEMPLATE_HCL2_FUNCTIONS_H

#include "base/hcl/hcl.h"
#include "template/template.h"

#define HCL2_FILE_BYTES_MAX ((size_t)8 << 20) /* of one file that a function reads */
#define HCL2_READ_BYTES_MAX ((size_t)64 << 20) /* of all of them together */
#define HCL2_FILES_MAX 100000 /* that a fileset looks at */

/*
 * The ctx of a hcl_scope of a template. Paths lead to files of the tree only and are found by
 * template_find, so that functions and provisioners agree; no path of this machine is ever given
 * out: what Packer makes absolute stays relative to where relative paths start.
 */
struct hcl2_context {
	struct template_paths paths;
	int64_t now; /* ns; the same for every call */
	const char *const *environment; /* NULL-ended */
	bool env_allowed; /* env(): in defaults of variables only */
	void (*env_used)(void *owner, struct str name, struct str value);
	void *owner; /* for env_used */
	struct str
		seed; /* of uuidv4 and bcrypt, together with the place of the call: no randomness */
	struct arena *arena; /* lives as long as the template */
	size_t read_bytes; /* so far, against HCL2_READ_BYTES_MAX */
	size_t template_depth; /* of templatefile, which calls none within */
};

/* Ends with a zeroed entry. A scope of a template has these and hcl_functions_core. */
extern const struct hcl_function hcl2_functions[];

#endif
