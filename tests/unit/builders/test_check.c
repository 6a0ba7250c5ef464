/* Configurations: what is accepted, what is refused and why. */
#include "build_fixture.h"

#define ALICLOUD \
	"\"region\": \"cn-beijing\", \"image_name\": \"packer_basic\", \"ssh_username\": \"root\", " \
	"\"source_image\": \"centos_7_2_64_40G_base_20170222.vhd\", \"instance_type\": \"ecs.n1.tiny\", " \
	"\"io_optimized\": \"true\", \"access_key\": \"k\", \"secret_key\": \"s\""

/* All messages of a check, one per line. */
static const char *messages(struct arena *a, const char *type, const char *config)
{
	struct diags d = {0};
	int status = builder_check(conf_of_text(a, config), str_from(type), &d, a);
	scoped(buf) out = {0};
	size_t errors = 0;
	for (size_t i = 0; i < d.n; i++) {
		errors += d.items[i].severity == DIAG_ERROR;
		buf_printf(&out, "%.*s\n", STR_ARG(d.items[i].text));
	}
	assert_int_equal(status != 0, errors > 0);
	return arena_cstr(a, out.n > 0 ? buf_str(&out) : STR(""));
}

static void the_configuration_of_the_article_is_accepted(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	assert_string_equal(messages(&a, "alicloud-ecs", "{" ALICLOUD "}"), "");
}

static void every_key_of_public_templates_is_known(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	assert_string_equal(
		messages(&a, "alicloud-ecs",
			"{" ALICLOUD ", \"image_version\": \"1\", \"tags\": {\"a\": \"b\"}, "
			"\"internet_charge_type\": \"PayByTraffic\", "
			"\"image_force_delete\": \"true\", \"image_ignore_data_disks\": true, "
			"\"associate_public_ip_address\": true, "
			"\"skip_image_validation\": \"false\", "
			"\"image_copy_regions\": [\"cn-hangzhou\"], "
			"\"image_copy_names\": [\"copy\"], "
			"\"system_disk_mapping\": {\"disk_size\": 50, \"disk_category\": "
			"\"cloud_efficiency\"}, \"image_disk_mappings\": [{\"disk_name\": "
			"\"data\", \"disk_size\": 20}], \"run_tags\": {\"x\": \"y\"}, "
			"\"communicator\": \"winrm\", \"winrm_username\": \"Administrator\", "
			"\"winrm_port\": 5985, \"winrm_password\": \"p\", "
			"\"user_data_file\": \"winrm_enable_userdata.ps1\"}"),
		"");
}

static void wrong_values_of_alicloud_are_refused(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	static const struct {
		const char *config;
		const char *message;
	} cases[] = {
		{"{\"image_name\": \"x\"}", "\"image_name\" must have from 2 to 128 characters"},
		{"{\"image_name\": \"http://x\"}", "must not begin with http://"},
		{"{\"image_name\": \"a b\"}", "must not hold spaces"},
		{"{\"instance_type\": \"t\"}",
			"no \"region\": a build takes it from ALICLOUD_REGION"},
		{"{}", "\"instance_type\" is required"},
		{"{\"source_image\": \"m\", \"image_family\": \"f\"}", "exclude each other"},
		{"{\"instance_type\": \"t\"}", "\"source_image\" or \"image_family\" is required"},
		{"{\"target_image_family\": \"acs:x\"}", "\"target_image_family\" must not begin"},
		{"{\"boot_mode\": \"BOIS\"}", "takes BIOS, UEFI"},
		{"{\"user_data\": \"a\", \"user_data_file\": \"b\"}", "exclude each other"},
		{"{\"ssh_port\": 70000}", "takes a port"},
		{"{\"ssh_usrname\": \"root\"}", "unknown configuration key \"ssh_usrname\""},
		{"{\"regoin\": \"x\"}", "unknown configuration key \"regoin\""},
		{"{}", "\"ssh_username\" is required"},
		{"{\"communicator\": \"telnet\"}", "\"telnet\" is not known"},
		{"{\"communicator\": \"winrm\"}", "\"winrm_username\" is required"},
		{"{\"image_disk_mappings\": [{\"disk_sise\": 1}]}", "unknown configuration key"},
		{"{\"system_disk_mapping\": 5}", "takes an object"},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		bool needs_type = !strstr(cases[i].config, "instance_type") &&
			!strstr(cases[i].message, "instance_type");
		const char *config = cases[i].config;
		if (needs_type)
			config = arena_printf(&a, "{\"instance_type\": \"t\"%s%s",
				config[1] == '}' ? "" : ", ", config + 1)
					 .p;
		const char *found = messages(&a, "alicloud-ecs", config);
		if (!strstr(found, cases[i].message))
			fail_msg("%s: %s", cases[i].config, found);
	}
}

static void wrong_values_of_rootfs_are_refused(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	static const struct {
		const char *config;
		const char *message;
	} cases[] = {
		{"{}", "either \"base\" or \"suite\""},
		{"{\"base\": \"/x\", \"suite\": \"y\"}", "either \"base\" or \"suite\""},
		{"{\"base\": \"/x\", \"base_checksum\": \"sha256:12\"}", "\"base_checksum\""},
		{"{\"base\": \"/x\"}", "pin it with \"base_checksum\""},
		{"{\"suite\": \"--help\"}", "takes the name of a release"},
		{"{\"suite\": \"x\", \"variant\": \"tiny\"}", "takes a variant"},
		{"{\"suite\": \"x\", \"include\": [\"a b\"]}", "takes names of packages"},
		{"{\"suite\": \"x\", \"mirror\": \"--hook=x\"}", "takes addresses"},
		{"{\"suite\": \"x\", \"formats\": [\"iso\"]}", "not \"iso\""},
		{"{\"suite\": \"x\", \"disk_size\": \"1K\"}", "takes a size"},
		{"{\"suite\": \"x\", \"network\": \"bridge\"}", "takes \"host\" or \"none\""},
		{"{\"suite\": \"x\", \"image_name\": \"../x\"}", "\"image_name\""},
		{"{\"suite\": \"x\", \"tag\": \"a/b\"}", "\"tag\""},
		{"{\"suite\": \"x\", \"hostname\": \"a b\"}", "takes a host name"},
		{"{\"suite\": \"x\", \"workdir\": \"a\"}", "takes an absolute path"},
		{"{\"suite\": \"x\", \"env\": {\"A=B\": \"c\"}}", "takes names of variables"},
		{"{\"suite\": \"x\", \"suites\": \"y\"}", "unknown configuration key"},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		const char *found = messages(&a, "rootfs", cases[i].config);
		if (!strstr(found, cases[i].message))
			fail_msg("%s: %s", cases[i].config, found);
	}
	assert_string_equal(
		messages(&a, "rootfs",
			"{\"suite\": \"bookworm\", \"mirror\": [\"http://m/\"], \"include\": "
			"\"ca-certificates\", \"formats\": [\"oci\", \"tar\", \"raw\"], \"disk_size\": "
			"\"2G\", \"network\": \"none\", \"tag\": \"v1.0\", \"env\": {\"A\": \"b\"}, "
			"\"cmd\": [\"/bin/sh\"], \"user\": \"1000\", \"workdir\": \"/srv\"}"),
		"");
}

static void a_builder_that_is_not_there_is_said_to_be_so(void **state)
{
	struct build_fixture f = {0};
	(void)state;
	struct error err = {0};
	if (temp_dir_make(&f.dir, NULL, &err) != 0)
		fail_msg("%s", err.text);
	struct plan *p = plan_new(&f.arena, "{" ALICLOUD "}");
	p->builder = STR("alicloud-ecs");
	struct outcome out = build_here(&f, fixture_options(&f, p));
	assert_false(out.ok);
	assert_non_null(strstr(out.error, "builder \"alicloud-ecs\": cannot build yet"));
	struct manifest_lines lines = read_manifest(&f);
	assert_int_equal(lines.n, 2);
	fixture_close(&f);
}

static void a_type_that_nobody_knows_is_a_warning(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	assert_non_null(strstr(messages(&a, "vmware-iso", "{}"), "not known"));
	assert_null(builder_find(STR("vmware-iso")));
	assert_non_null(builder_find(STR("rootfs")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_configuration_of_the_article_is_accepted),
		cmocka_unit_test(every_key_of_public_templates_is_known),
		cmocka_unit_test(wrong_values_of_alicloud_are_refused),
		cmocka_unit_test(wrong_values_of_rootfs_are_refused),
		cmocka_unit_test(a_builder_that_is_not_there_is_said_to_be_so),
		cmocka_unit_test(a_type_that_nobody_knows_is_a_warning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
