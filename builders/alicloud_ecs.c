#include "builders/builders.h"

#include "builders/communicator_fields.h"
#include "builders/table.h"

#define NAME_MIN 2
#define NAME_MAX 128

/* What the checks look at; the rest is decoded for its type only. */
struct alicloud_config {
	struct text text;
	struct str str;
	struct str_list list;
	struct text_map map;
	bool flag;
	int64_t number;
	enum conf_trilean trilean;
	const struct conf *raw;
	struct text region;
	struct text image_name;
	struct text source_image;
	struct text image_family;
	struct text target_image_family;
	struct text instance_type;
	struct text user_data;
	struct text user_data_file;
	struct text ram_role_arn;
	struct text vswitch_id;
	struct text vpc_id;
	struct text eip_id;
	struct text boot_mode;
	struct str internet_charge_type;
	bool associate_public_ip_address;
	bool ssh_private_ip;
	int64_t wait_snapshot;
	int64_t wait_copying;
	int64_t bandwidth_out;
	const struct conf *system_disk;
	const struct conf *data_disks;
};

#define AT(member) offsetof(struct alicloud_config, member)

static const struct conf_field fields[] = {
	/* Access */
	{"access_key", CONF_KIND_TEXT, AT(text)},
	{"secret_key", CONF_KIND_TEXT, AT(text)},
	{"security_token", CONF_KIND_TEXT, AT(text)},
	{"profile", CONF_KIND_TEXT, AT(text)},
	{"shared_credentials_file", CONF_KIND_TEXT, AT(text)},
	{"ram_role_name", CONF_KIND_TEXT, AT(text)},
	{"ram_role_arn", CONF_KIND_TEXT, AT(ram_role_arn)},
	{"ram_session_name", CONF_KIND_TEXT, AT(text)},
	{"region", CONF_KIND_TEXT, AT(region)},
	{"skip_region_validation", CONF_KIND_BOOL, AT(flag)},
	{"skip_image_validation", CONF_KIND_BOOL, AT(flag)},
	{"custom_endpoint_ecs", CONF_KIND_TEXT, AT(text)},
	/* Image */
	{"image_name", CONF_KIND_TEXT, AT(image_name)},
	{"image_version", CONF_KIND_TEXT, AT(text)},
	{"image_description", CONF_KIND_TEXT, AT(text)},
	{"source_image", CONF_KIND_TEXT, AT(source_image)},
	{"image_family", CONF_KIND_TEXT, AT(image_family)},
	{"target_image_family", CONF_KIND_TEXT, AT(target_image_family)},
	{"boot_mode", CONF_KIND_TEXT, AT(boot_mode)},
	{"resource_group_id", CONF_KIND_TEXT, AT(text)},
	{"tags", CONF_KIND_TEXT_MAP, AT(map)},
	{"tag", CONF_KIND_RAW, AT(raw)},
	{"image_copy_regions", CONF_KIND_STR_LIST, AT(list)},
	{"image_copy_names", CONF_KIND_STR_LIST, AT(list)},
	{"kms_key_id", CONF_KIND_TEXT, AT(text)},
	{"kms_key_copy_ids", CONF_KIND_STR_LIST, AT(list)},
	{"image_encrypted", CONF_KIND_TRILEAN, AT(trilean)},
	{"image_share_account", CONF_KIND_STR_LIST, AT(list)},
	{"image_unshare_account", CONF_KIND_STR_LIST, AT(list)},
	{"image_force_delete", CONF_KIND_BOOL, AT(flag)},
	{"image_force_delete_snapshots", CONF_KIND_BOOL, AT(flag)},
	{"image_force_delete_instances", CONF_KIND_BOOL, AT(flag)},
	{"image_ignore_data_disks", CONF_KIND_BOOL, AT(flag)},
	{"skip_create_image", CONF_KIND_BOOL, AT(flag)},
	/* Disks */
	{"system_disk_mapping", CONF_KIND_RAW, AT(system_disk)},
	{"image_disk_mappings", CONF_KIND_RAW, AT(data_disks)},
	/* Instance */
	{"instance_type", CONF_KIND_TEXT, AT(instance_type), CONF_REQUIRED},
	{"instance_name", CONF_KIND_TEXT, AT(text)},
	{"description", CONF_KIND_TEXT, AT(text)},
	{"zone_id", CONF_KIND_TEXT, AT(text)},
	{"io_optimized", CONF_KIND_TRILEAN, AT(trilean)},
	{"vpc_id", CONF_KIND_TEXT, AT(vpc_id)},
	{"vpc_name", CONF_KIND_TEXT, AT(text)},
	{"vpc_cidr_block", CONF_KIND_TEXT, AT(text)},
	{"vswitch_id", CONF_KIND_TEXT, AT(vswitch_id)},
	{"vswitch_name", CONF_KIND_TEXT, AT(text)},
	{"cidr_block", CONF_KIND_TEXT, AT(text), CONF_DEPRECATED, "it is \"vpc_cidr_block\" now"},
	{"security_group_id", CONF_KIND_TEXT, AT(text)},
	{"security_group_name", CONF_KIND_TEXT, AT(text)},
	{"security_enhancement_strategy", CONF_KIND_TEXT, AT(text)},
	{"user_data", CONF_KIND_TEXT, AT(user_data)},
	{"user_data_file", CONF_KIND_TEXT, AT(user_data_file)},
	{"ecs_ram_role_name", CONF_KIND_TEXT, AT(text)},
	{"run_tags", CONF_KIND_TEXT_MAP, AT(map)},
	{"associate_public_ip_address", CONF_KIND_BOOL, AT(associate_public_ip_address)},
	{"eip_id", CONF_KIND_TEXT, AT(eip_id)},
	{"internet_charge_type", CONF_KIND_STR, AT(internet_charge_type)},
	{"internet_max_bandwidth_out", CONF_KIND_INT, AT(bandwidth_out)},
	{"ssh_private_ip", CONF_KIND_BOOL, AT(ssh_private_ip)},
	{"force_stop_instance", CONF_KIND_BOOL, AT(flag)},
	{"disable_stop_instance", CONF_KIND_BOOL, AT(flag)},
	{"wait_snapshot_ready_timeout", CONF_KIND_INT, AT(wait_snapshot)},
	{"wait_copying_image_ready_timeout", CONF_KIND_INT, AT(wait_copying)},
	/* Of Packer's SDK, understood by every builder of a cloud */
	{"run_command", CONF_KIND_RAW, AT(raw)},
	{0},
};

struct disk_config {
	struct text text;
	int64_t size;
	enum conf_trilean encrypted;
	bool flag;
};

#define DISK(member) offsetof(struct disk_config, member)

static const struct conf_field system_disk_fields[] = {
	{"disk_name", CONF_KIND_TEXT, DISK(text)},
	{"disk_category", CONF_KIND_TEXT, DISK(text)},
	{"disk_size", CONF_KIND_INT, DISK(size)},
	{"disk_description", CONF_KIND_TEXT, DISK(text)},
	{"disk_encrypted", CONF_KIND_TRILEAN, DISK(encrypted)},
	{0},
};

static const struct conf_field data_disk_fields[] = {
	{"disk_name", CONF_KIND_TEXT, DISK(text)},
	{"disk_category", CONF_KIND_TEXT, DISK(text)},
	{"disk_size", CONF_KIND_INT, DISK(size)},
	{"disk_description", CONF_KIND_TEXT, DISK(text)},
	{"disk_encrypted", CONF_KIND_TRILEAN, DISK(encrypted)},
	{"disk_snapshot_id", CONF_KIND_TEXT, DISK(text)},
	{"disk_device", CONF_KIND_TEXT, DISK(text)},
	{"disk_delete_with_instance", CONF_KIND_BOOL, DISK(flag)},
	{0},
};

static const char *const charge_types[] = {"PayByTraffic", "PayByBandwidth"};
static const char *const boot_modes[] = {"BIOS", "UEFI", "UEFI-Preferred"};

struct check {
	const struct conf *config;
	struct diags *d;
	struct arena *a;
	int status;
};

static void wrong(struct check *c, const char *key, const char *text)
{
	const struct conf *value = conf_find(c->config, str_from(key));
	const struct origin *o = value ? &value->origin : &c->config->origin;
	c->status = diag_error(c->d, c->a, o, "builder alicloud-ecs: \"%s\" %s", key, text);
}

/* Values with holes or secrets in them cannot be judged here. */
static bool known(struct check *c, const struct text *t, struct str *out)
{
	return t->n > 0 && text_is_literal(t) && text_value(t, c->a, out);
}

static bool is_one_of(struct str value, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_is(value, names[i]))
			return true;
	}
	return false;
}

static bool begins_with_address(struct str s)
{
	return str_has_prefix(s, STR("http://")) || str_has_prefix(s, STR("https://"));
}

static void check_image_name(struct check *c, const struct alicloud_config *config)
{
	struct str name;
	if (config->image_name.n == 0) {
		wrong(c, "image_name", "is required");
		return;
	}
	if (!known(c, &config->image_name, &name))
		return;
	if (name.n < NAME_MIN || name.n > NAME_MAX)
		wrong(c, "image_name", "must have from 2 to 128 characters");
	if (begins_with_address(name))
		wrong(c, "image_name", "must not begin with http:// or https://");
	if (str_find_byte(name, ' ') != STR_NPOS)
		wrong(c, "image_name", "must not hold spaces");
}

static void check_image(struct check *c, const struct alicloud_config *config)
{
	struct str value;
	check_image_name(c, config);
	if (config->source_image.n == 0 && config->image_family.n == 0)
		wrong(c, "source_image", "or \"image_family\" is required");
	if (config->source_image.n > 0 && config->image_family.n > 0)
		wrong(c, "source_image", "and \"image_family\" exclude each other");
	if (known(c, &config->source_image, &value) && str_find_byte(value, ' ') != STR_NPOS)
		wrong(c, "source_image", "must not hold spaces");
	if (known(c, &config->target_image_family, &value) &&
		(begins_with_address(value) || str_has_prefix(value, STR("aliyun")) ||
			str_has_prefix(value, STR("acs:"))))
		wrong(c, "target_image_family",
			"must not begin with aliyun, acs:, http:// or "
			"https://");
	if (known(c, &config->boot_mode, &value) &&
		!is_one_of(value, boot_modes, countof(boot_modes)))
		wrong(c, "boot_mode", "takes BIOS, UEFI or UEFI-Preferred");
}

static void check_run(struct check *c, const struct alicloud_config *config)
{
	if (config->user_data.n > 0 && config->user_data_file.n > 0)
		wrong(c, "user_data", "and \"user_data_file\" exclude each other");
	if (config->internet_charge_type.n > 0 &&
		!is_one_of(config->internet_charge_type, charge_types, countof(charge_types)))
		wrong(c, "internet_charge_type", "takes PayByTraffic or PayByBandwidth");
	if (config->bandwidth_out < 0 || config->bandwidth_out > 100)
		wrong(c, "internet_max_bandwidth_out", "takes a number from 0 to 100");
	if (config->wait_snapshot < 0)
		wrong(c, "wait_snapshot_ready_timeout", "takes a number of seconds");
	if (config->wait_copying < 0)
		wrong(c, "wait_copying_image_ready_timeout", "takes a number of seconds");
	if (config->ssh_private_ip && (config->associate_public_ip_address || config->eip_id.n > 0))
		wrong(c, "ssh_private_ip", "and a public address exclude each other");
}

/* One object or a list of them. */
static void check_disks(
	struct check *c, const struct conf *disks, const struct conf_field *table, const char *what)
{
	if (!disks)
		return;
	size_t n = disks->type == CONF_LIST ? disks->list.n : 1;
	for (size_t i = 0; i < n; i++) {
		const struct conf *one = disks->type == CONF_LIST ? disks->list.items[i] : disks;
		struct disk_config disk = {0};
		if (conf_decode(&disk, one, table, what, c->d, c->a) != 0) {
			c->status = -1;
			continue;
		}
		if (disk.size < 0)
			c->status = diag_error(
				c->d, c->a, &one->origin, "%s: \"disk_size\" is negative", what);
	}
}

/* `config` holds the builder's own keys only. */
static int alicloud_check(const struct conf *config, struct diags *d, struct arena *a)
{
	struct alicloud_config values = {0};
	if (conf_decode(&values, config, fields, "builder alicloud-ecs", d, a) != 0)
		return -1;
	struct check c = {config, d, a, 0};
	if (values.region.n == 0)
		diag_warning(d, a, &config->origin,
			"alicloud-ecs: no \"region\": a build takes it from ALICLOUD_REGION or the "
			"profile");
	check_image(&c, &values);
	check_run(&c, &values);
	check_disks(&c, values.system_disk, system_disk_fields, "system_disk_mapping");
	check_disks(&c, values.data_disks, data_disk_fields, "image_disk_mappings");
	return c.status;
}

const struct builder builder_alicloud_ecs = {
	.type = "alicloud-ecs",
	.summary = "an instance of Alibaba Cloud ECS (checked, planned and audited; not built yet)",
	.communicator_fields = communicator_field_names,
	.check = alicloud_check,
};
