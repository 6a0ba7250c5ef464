/* What rules ask of sed scripts. */
#include "audit/sed.h"
#include "audit/policy/rule.h"

/* sed_adds(expression): a line for each text that the script puts in. Null gives "". */
static int call_sed_adds(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)n;
	if (args[0].type != HCL_STRING && args[0].type != HCL_NULL)
		return error_set(err, ERROR_INPUT, "a sed script must be a string");
	scoped(buf) text = {0};
	if (args[0].type == HCL_STRING)
		sed_adds(&text, args[0].string);
	if (buf_check(&text, err) < 0)
		return -1;
	*out = hcl_string(arena_str(e->arena, buf_str(&text)));
	return 0;
}

const struct hcl_function rule_functions_sed[] = {
	{.name = "sed_adds", .min_args = 1, .max_args = 1, .nulls = true, .call = call_sed_adds},
	{.name = NULL},
};
