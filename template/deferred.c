#include "template/deferred.h"

/* type: whole, or with a '*' at its end. keys: separated by spaces; "*" is every key. */
struct deferred_rule {
	const char *type;
	const char *keys;
};

#define TAGS \
	"run_tags run_tag run_volume_tags run_volume_tag spot_tags spot_tag snapshot_tags " \
	"snapshot_tag tags tag"
#define CHROOT \
	"command_wrapper pre_mount_commands post_mount_commands pre_unmount_commands " \
	"manual_mount_command mount_path"

static const struct deferred_rule builders[] = {
	{"rootfs", ""},
	{"null", ""},
	{"file", ""},
	{"alicloud-ecs", "run_command"},
	{"amazon-chroot", "ami_description root_volume_tags root_volume_tag " TAGS " " CHROOT},
	{"amazon-instance", "ami_description bundle_upload_command bundle_vol_command " TAGS},
	{"amazon-*", "ami_description " TAGS},
	{"azure-chroot", CHROOT},
	{"docker", "run_command"},
	{"openstack", "run_command"},
	{"digitalocean", "run_command"},
	{"googlecompute", "run_command"},
	{"hcloud", "run_command"},
	{"linode", "run_command"},
	{"scaleway", "run_command"},
	{"hyperv-*", "boot_command"},
	{"parallels-*", "boot_command prlctl prlctl_post parallels_tools_guest_path"},
	{"proxmox*", "boot_command"},
	{"qemu", "boot_command boot_steps qemuargs"},
	{"virtualbox-*",
		"boot_command guest_additions_path guest_additions_url vboxmanage "
		"vboxmanage_post"},
	{"vmware-*", "boot_command tools_upload_path"},
	{"vsphere-*", "boot_command"},
	{0},
};

static const struct deferred_rule provisioners[] = {
	{"shell", "execute_command"},
	{"shell-local", "execute_command"},
	{"file", ""},
	{"sleep", ""},
	{"breakpoint", ""},
	{"powershell",
		"execute_command elevated_execute_command elevated_password environment_vars env"},
	{"windows-shell", "execute_command"},
	{"windows-restart", "execute_command"},
	{"ansible", "inventory_file_template ansible_env_vars extra_arguments"},
	{"ansible-local", ""},
	{"puppet-masterless", "execute_command extra_arguments elevated_password"},
	{"puppet-server", "execute_command extra_arguments elevated_password"},
	{"chef-solo", "execute_command install_command"},
	{"chef-client", "execute_command install_command knife_command elevated_password"},
	{"salt-masterless", ""},
	{"hcp-sbom", "execute_command elevated_password"},
	{0},
};

static const struct deferred_rule post_processors[] = {
	{"shell-local", "execute_command"},
	{"checksum", "output"},
	{"compress", "output"},
	{"manifest", ""},
	{"artifice", ""},
	{"vagrant", "output"},
	{"docker-import", ""},
	{"docker-push", ""},
	{"docker-save", ""},
	{"docker-tag", ""},
	{0},
};

static const struct deferred_rule *const tables[] = {
	[COMPONENT_BUILDER] = builders,
	[COMPONENT_PROVISIONER] = provisioners,
	[COMPONENT_POST] = post_processors,
};

static bool matches(const char *pattern, struct str type)
{
	struct str p = str_from(pattern);
	if (p.n > 0 && p.p[p.n - 1] == '*')
		return str_has_prefix(type, str_sub(p, 0, p.n - 1));
	return str_eq(p, type);
}

bool deferred_key(enum component component, struct str type, struct str key)
{
	const struct deferred_rule *rule = tables[component];
	while (rule->type && !matches(rule->type, type))
		rule++;
	if (!rule->type)
		return true;
	struct str keys = str_from(rule->keys);
	struct str one;
	while (str_cut(&keys, ' ', &one)) {
		if (str_eq(one, key))
			return true;
	}
	return false;
}

bool plain_key(enum component component, struct str type, struct str key)
{
	return component == COMPONENT_BUILDER && str_is(type, "file") && str_is(key, "content");
}
