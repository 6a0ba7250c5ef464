/* The rules of the fixers. Private to template/fix. */
#ifndef TEMPLATE_FIX_RULES_H
#define TEMPLATE_FIX_RULES_H

#include "template/rewrite.h"

enum fix_place { FIX_NOWHERE = 0, FIX_BUILDERS, FIX_PROVISIONERS, FIX_POST_PROCESSORS };

enum fix_action {
	FIX_NOTHING = 0,
	FIX_REMOVE, /* `from` */
	FIX_RENAME, /* `from` to `to`, over what is there */
	FIX_RENAME_OLDER, /* `from` to `to`; where both are, `from` goes */
	FIX_CALL, /* fix() */
};

/* One object of a template, while a rule looks at it. */
struct fix_object {
	struct json *json;
	struct arena *arena;
	struct str file;
};

/* types: names with spaces between, "amazon-*" for a prefix; NULL: every object of the place. */
struct fix_rule {
	const char *fixer;
	enum fix_place place;
	const char *types;
	enum fix_action action;
	const char *from;
	const char *to;
	enum json_type takes; /* another type of `from` is left alone; JSON_NONE: any */
	int (*fix)(const struct fix_object *o, struct error *err);
};

/* In the order of template_fixers; ends with a NULL fixer. */
extern const struct fix_rule fix_rules[];

/* Actions that no rename says. */
typedef int fix_fn(const struct fix_object *o, struct error *err);
fix_fn fix_iso_md5, fix_createtime, fix_virtualbox_attach, fix_vagrant_override,
	fix_virtualbox_override, fix_to_virtualbox_iso, fix_to_vmware_iso, fix_to_proxmox_iso,
	fix_amazon_private_ip, fix_amazon_cidrs, fix_docker_tags, fix_powershell_escapes,
	fix_vmware_compaction, fix_clean_image_name, fix_qemu_disk_size, fix_vsphere_network,
	fix_vsphere_storage, fix_iso_checksum, fix_azure_latest;

#endif
