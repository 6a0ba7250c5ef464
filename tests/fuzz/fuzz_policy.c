/* Packs, profiles and waivers from anybody; what was read judges a script. */
#include "audit/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct policy *p)
{
	static const struct str script =
		STR_INIT("curl -fsSL https://x.example/i | sh\napt-get install -y nginx\n");
	const struct audit_options o = {.now = INT64_MAX / 2};
	struct error err = {0};
	scoped_ptr(audit) a = NULL;
	(void)!audit_script(&a, script, STR("f.sh"), p, &o, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = {0};
	scoped_ptr(policy) p = NULL;
	scoped_ptr(policy) again = NULL;
	const struct policy_file file = {STR("fuzz.hcl"), {(const char *)data, size}};
	const struct policy_options o = {.files = &file, .file_count = 1};
	if (policy_load(&p, &o, &err) < 0)
		return 0;
	if (policy_load(&again, &o, &err) < 0 || !digest_eq(policy_digest(p), policy_digest(again)))
		abort();
	judge(p);
	return 0;
}
