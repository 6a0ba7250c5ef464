/* A script from anybody: what it does, and what the built-in packs say of it, in every format. */
#include "audit/audit.h"

/* Reading the packs takes longer than most scripts do, so that they are read once. */
static struct policy *builtin;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct policy *packs(void)
{
	struct error err = {0};
	size_t n = 0;
	const struct policy_file *files = policy_builtin(&n);
	const struct policy_options o = {.files = files, .file_count = n};
	if (!builtin && policy_load(&builtin, &o, &err) < 0)
		abort();
	return builtin;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str text = {(const char *)data, size};
	const struct audit_options o = {0};
	struct error err = {0};
	scoped_ptr(audit) a = NULL;
	if (audit_script(&a, text, STR("f.sh"), packs(), &o, &err) < 0)
		abort();
	for (enum audit_format f = AUDIT_TEXT; f <= AUDIT_MARKDOWN; f++) {
		scoped(buf) out = {0};
		const struct audit_print how = {.format = f};
		if (audit_write(&out, a, &how, &err) < 0)
			abort();
	}
	return 0;
}
