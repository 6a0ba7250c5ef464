/* What the files of HCL2's functions share. Private to template/hcl2. */
#ifndef TEMPLATE_HCL2_FUNCTIONS_PRIVATE_H
#define TEMPLATE_HCL2_FUNCTIONS_PRIVATE_H

#include "base/digest.h"
#include "template/hcl2/functions.h"

typedef int hcl2_fn(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err);

/* Of the nearest scope that has one. */
struct hcl2_context *hcl2_context_of(const struct hcl_eval *e, struct error *err);
MUST_CHECK int hcl2_arg_str(struct str *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t i, struct error *err);
/* Bytes that are the same for the same call in the same template. */
struct digest hcl2_chance(const struct hcl2_context *c, const struct hcl_eval *e, const char *what);

/* functions_bcrypt.c */
hcl2_fn hcl2_fn_bcrypt;
/* functions_file.c */
hcl2_fn hcl2_fn_abspath, hcl2_fn_file, hcl2_fn_filebase64, hcl2_fn_fileexists, hcl2_fn_pathexpand,
	hcl2_fn_templatefile;
/* functions_glob.c */
hcl2_fn hcl2_fn_fileset;

#endif
