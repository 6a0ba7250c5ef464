#include "template/upgrade/upgrade.h"

/* Whose types begin with `prefix`. */
static const struct plugin {
	const char *prefix;
	const char *name;
	const char *source;
} plugins[] = {
	{"alicloud", "alicloud", "github.com/hashicorp/alicloud"},
	{"amazon", "amazon", "github.com/hashicorp/amazon"},
	{"ansible", "ansible", "github.com/hashicorp/ansible"},
	{"azure", "azure", "github.com/hashicorp/azure"},
	{"docker", "docker", "github.com/hashicorp/docker"},
	{"googlecompute", "googlecompute", "github.com/hashicorp/googlecompute"},
	{"hyperv", "hyperv", "github.com/hashicorp/hyperv"},
	{"openstack", "openstack", "github.com/hashicorp/openstack"},
	{"parallels", "parallels", "github.com/Parallels/parallels"},
	{"proxmox", "proxmox", "github.com/hashicorp/proxmox"},
	{"puppet", "puppet", "github.com/hashicorp/puppet"},
	{"qemu", "qemu", "github.com/hashicorp/qemu"},
	{"vagrant", "vagrant", "github.com/hashicorp/vagrant"},
	{"virtualbox", "virtualbox", "github.com/hashicorp/virtualbox"},
	{"vmware", "vmware", "github.com/hashicorp/vmware"},
	{"vsphere", "vsphere", "github.com/hashicorp/vsphere"},
};

struct uses {
	bool plugin[countof(plugins)];
	bool any;
};

static void note(struct uses *uses, struct str type)
{
	for (size_t i = 0; i < countof(plugins); i++) {
		if (!str_has_prefix(type, str_from(plugins[i].prefix)))
			continue;
		uses->plugin[i] = true;
		uses->any = true;
	}
}

/* Components stand in lists, sequences of post-processors in lists of lists. */
static void note_list(struct uses *uses, const struct json *list, bool nested)
{
	for (size_t i = 0; list && i < list->array.n; i++) {
		const struct json *j = list->array.items[i];
		note(uses, j->type == JSON_STRING ? j->text : json_str_or(j, "type", STR("")));
		if (nested)
			note_list(uses, j, false);
	}
}

void upgrade_packer(struct upgrade *u, struct buf *out)
{
	struct uses uses = {0};
	struct str version = json_str_or(u->root, "min_packer_version", STR(""));
	note_list(&uses, json_find(u->root, "builders"), false);
	note_list(&uses, json_find(u->root, "provisioners"), false);
	note_list(&uses, json_find(u->root, "post-processors"), true);
	if (version.n == 0 && !uses.any)
		return;
	buf_add(out, STR("packer {\n"));
	if (version.n > 0) {
		buf_add(out, STR("required_version = "));
		upgrade_literal(out, arena_printf(u->arena, ">= %.*s", STR_ARG(version)));
		buf_add_byte(out, '\n');
	}
	buf_add_cstr(out, uses.any ? "required_plugins {\n" : "");
	for (size_t i = 0; i < countof(plugins); i++) {
		if (uses.plugin[i])
			buf_printf(out, "%s = {\nsource = \"%s\"\nversion = \"~> 1\"\n}\n",
				plugins[i].name, plugins[i].source);
	}
	buf_add_cstr(out, uses.any ? "}\n}\n" : "}\n");
}
