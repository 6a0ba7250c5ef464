/* Builder features that put code into the machine without a provisioner. */
#include "plan/boot/boot.h"

#define DEPTH_MAX 8

enum form {
	FORM_NONE = 0,
	FORM_KEYS, /* strings that follow each other */
	FORM_STEPS, /* key strokes and a note each */
	FORM_TEXT, /* a string, or strings that are lines */
	FORM_HOST, /* commands on the build host */
	FORM_FILE,
	FORM_FILES, /* files, directories and patterns */
	FORM_FLAT_FILES,
	FORM_TREE, /* all of a directory */
	FORM_MAP, /* contents by path */
	FORM_FILE_MAP, /* files by path */
	FORM_METADATA, /* values by name, some of which are code */
	FORM_MACHINE, /* settings, made on the build host */
	FORM_REMOTE, /* names of code that the platform holds */
	FORM_MEDIUM, /* addresses of what the machine starts from */
};

#define LOCAL "qemu virtualbox-* vmware-* hyperv-* parallels-* "
#define TYPED LOCAL "vsphere-iso vsphere-clone proxmox* vagrant tart-cli utm-* "
#define USER_DATA \
	"amazon-ebs amazon-ebssurrogate amazon-ebsvolume amazon-instance alicloud-ecs openstack " \
	"digitalocean hcloud oracle-* tencentcloud-cvm ucloud-uhost ncloud outscale-* upcloud " \
	"vultr scaleway azure-arm jdcloud huaweicloud-ecs volcengine-* ksyun-* exoscale "

/* Types whose keys are all listed here. Others may have any of them. */
#define KNOWN \
	LOCAL "vsphere-iso vsphere-clone proxmox* amazon-* alicloud-ecs azure-* digitalocean " \
	      "docker googlecompute hcloud openstack rootfs null file "

enum key_flag {
	KEY_LAST = 1 << 0, /* happens after the provisioners */
	KEY_OWN = 1 << 1, /* for other builders the key means something else */
};

/*
 * builders: the types that have the key, all when NULL. block: the key of the object in which it
 * stands.
 */
static const struct boot_key {
	const char *key;
	enum form form;
	const char *builders;
	const char *block;
	unsigned flags;
	enum boot_kind kind; /* BOOT_NONE: by the content */
} boot_keys[] = {
	{"iso_url", FORM_MEDIUM, LOCAL "vsphere-iso proxmox* vagrant ", NULL, 0},
	{"iso_urls", FORM_MEDIUM, LOCAL "vsphere-iso proxmox* vagrant ", NULL, 0},
	{"image", FORM_MEDIUM, "docker ", NULL, KEY_OWN},
	{"source_path", FORM_MEDIUM, "virtualbox-ovf vmware-vmx parallels-* vagrant ", NULL,
		KEY_OWN},
	{"guest_additions_url", FORM_MEDIUM, "virtualbox-* ", NULL, 0},
	{"qemuargs", FORM_MACHINE, "qemu ", NULL, 0},
	{"vboxmanage", FORM_MACHINE, "virtualbox-* ", NULL, 0},
	{"prlctl", FORM_MACHINE, "parallels-* ", NULL, 0},
	{"vmx_data", FORM_METADATA, "vmware-* ", NULL, 0},
	{"configuration_parameters", FORM_METADATA, "vsphere-* ", NULL, 0},
	{"properties", FORM_METADATA, NULL, "vapp", 0},
	{"run_command", FORM_MACHINE, "docker ", NULL, KEY_OWN},
	{"path", FORM_FILE, "docker ", "build", KEY_OWN},
	{"from_scratch_commands", FORM_HOST, NULL, NULL, 0},
	{"pre_mount_commands", FORM_HOST, "amazon-chroot azure-chroot ", NULL, 0},
	{"manual_mount_command", FORM_HOST, "azure-chroot amazon-chroot ", NULL, 0},
	{"post_mount_commands", FORM_HOST, "amazon-chroot azure-chroot ", NULL, 0},
	{"template", FORM_FILE, "vagrant ", NULL, KEY_OWN},
	{"http_directory", FORM_TREE, TYPED "null nutanix cloudstack ", NULL, 0},
	{"http_content", FORM_MAP, TYPED "null nutanix cloudstack ", NULL, 0},
	{"floppy_files", FORM_FLAT_FILES, LOCAL "vsphere-* vagrant ", NULL, 0},
	{"floppy_dirs", FORM_FILES, LOCAL "vsphere-* vagrant ", NULL, 0},
	{"floppy_content", FORM_MAP, LOCAL "vsphere-* vagrant ", NULL, 0},
	{"cd_files", FORM_FILES, LOCAL "vsphere-* proxmox* nutanix ", NULL, 0},
	{"cd_content", FORM_MAP, LOCAL "vsphere-* proxmox* nutanix ", NULL, 0},
	{"user_data", FORM_TEXT, USER_DATA, NULL, 0},
	{"user_data_file", FORM_FILE, USER_DATA, NULL, 0},
	{"userdata", FORM_TEXT, NULL, NULL, 0},
	{"userdata_file", FORM_FILE, NULL, NULL, 0},
	{"user_data_base64", FORM_TEXT, NULL, NULL, 0},
	{"vendor_data", FORM_TEXT, NULL, NULL, 0},
	{"custom_data", FORM_TEXT, "azure-arm ", NULL, 0},
	{"custom_data_file", FORM_FILE, "azure-arm ", NULL, 0},
	{"custom_script", FORM_TEXT, "azure-arm ", NULL, 0, BOOT_SHELL},
	{"startup_script_file", FORM_FILE, "googlecompute ", NULL, 0},
	{"metadata", FORM_METADATA, "googlecompute oracle-* yandex openstack linode ", NULL, 0},
	{"metadata_files", FORM_FILE_MAP, "googlecompute ", NULL, 0},
	{"metadata_from_file", FORM_FILE_MAP, NULL, NULL, 0},
	{"source_machine_metadata", FORM_METADATA, NULL, NULL, 0},
	{"launch_config", FORM_METADATA, NULL, NULL, 0},
	{"bootstrap_data_file", FORM_FILE, NULL, NULL, 0},
	{"windows_sysprep_file", FORM_FILE, "vsphere-clone ", NULL, 0},
	{"windows_sysprep_text", FORM_TEXT, "vsphere-clone ", NULL, 0},
	{"run_once_command_list", FORM_TEXT, "vsphere-clone ", NULL, 0, BOOT_BATCH},
	{"stackscript_id", FORM_REMOTE, NULL, NULL, 0},
	{"script_id", FORM_REMOTE, NULL, NULL, 0},
	{"startup_script_id", FORM_REMOTE, NULL, NULL, 0},
	{"boot_command", FORM_KEYS, TYPED "nutanix xenserver-iso ", NULL, 0},
	{"boot_steps", FORM_STEPS, "qemu ", NULL, 0},
	{"pre_unmount_commands", FORM_HOST, "azure-chroot ", NULL, KEY_LAST},
	{"vboxmanage_post", FORM_MACHINE, "virtualbox-* ", NULL, KEY_LAST},
	{"prlctl_post", FORM_MACHINE, "parallels-* ", NULL, KEY_LAST},
	{"vmx_data_post", FORM_METADATA, "vmware-* ", NULL, KEY_LAST},
	{"changes", FORM_MACHINE, "docker ", NULL, KEY_LAST | KEY_OWN},
	{"output_vagrantfile", FORM_FILE, "vagrant ", NULL, KEY_LAST},
};

/* What builders fill in when they type, or call a program of the host. */
static const char *const field_names[] = {"HTTPIP", "HTTPPort", "Name", "SSHPublicKey",
	"EncodedSSHPublicKey", "Device", "MountPath", "SSHHostPort", "OutputDir", "HTTPDir"};

bool boot_is_type(struct str type, const char *patterns)
{
	struct str rest = str_from(patterns);
	struct str one;
	while (str_cut(&rest, ' ', &one)) {
		bool open = str_has_suffix(one, STR("*"));
		if (open ? str_has_prefix(type, str_sub(one, 0, one.n - 1))
			 : one.n > 0 && str_eq(type, one))
			return true;
	}
	return false;
}

struct str boot_setting(const struct conf *config, const char *key, struct arena *a)
{
	const struct conf *value = config ? conf_find(config, str_from(key)) : NULL;
	return value && value->type == CONF_STRING ? text_display(&value->text, a) : STR("");
}

bool boot_is_on(const struct conf *config, const char *key)
{
	const struct conf *value = config ? conf_find(config, str_from(key)) : NULL;
	if (!value)
		return false;
	if (value->type == CONF_STRING && value->text.n == 1)
		return str_is(value->text.items[0].value, "true") ||
			str_is(value->text.items[0].value, "1");
	return value->type == CONF_BOOL && value->boolean;
}

int boot_fail_type(const struct boot *b, const struct conf *value, const char *takes)
{
	return compile_error(b->c, &value->origin, "\"%s\" takes %s", b->key, takes);
}

/* ---- Groups --------------------------------------------------------------------------------- */

void boot_open(struct compiler *c, enum group_phase phase, struct str type,
	const struct origin *origin, const char *label)
{
	struct plan *p = c->plan;
	c->group = (uint32_t)p->groups.n;
	list_push(c->arena, &p->groups) = (struct step_group){
		.phase = phase,
		.type = type,
		.label = arena_str(c->arena, str_from(label)),
		.origin = *origin,
		.first = (uint32_t)p->steps.n,
	};
}

void boot_close(struct compiler *c)
{
	if (c->plan->groups.items[c->group].count == 0)
		c->plan->groups.n--;
}

/* ---- Text ----------------------------------------------------------------------------------- */

static struct step *add_step(const struct boot *b, const struct origin *o, struct str path)
{
	struct step *s = compile_step(b->c, STEP_BOOT, o);
	if (!s)
		return NULL;
	s->boot.what = str_from(b->key);
	s->boot.path = arena_str(b->c->arena, path);
	return s;
}

/* kind BOOT_NONE: by the content. */
static int give_content(
	const struct boot *b, struct step *s, const struct content *content, enum boot_kind kind)
{
	if (!s)
		return -1;
	s->boot.content = content_text(content, b->c);
	s->boot.sha256 = compile_digest(b->c, &s->boot.content);
	content_give_lines(content, s);
	if (kind == BOOT_NONE)
		boot_classify(s, b->c->arena);
	else
		s->boot.kind = kind;
	return 0;
}

/*
 * Fields become holes. Where that cannot be, because the text asks what a value is that nobody
 * knows yet, it stays as the template has it.
 */
static struct text render(const struct boot *b, const struct conf *value)
{
	struct error e = {0};
	struct text out = {0};
	const struct template_fields known = {b->fields, b->field_count};
	const struct origin nowhere = {0};
	if (b->field_count == 0 ||
		template_render(&out, b->c->arena, &value->text, &known, &nowhere, &e) < 0)
		return value->text;
	return out;
}

static int add_string(const struct boot *b, struct content *content, const struct conf *value)
{
	if (value->type != CONF_STRING)
		return boot_fail_type(b, value, "strings");
	struct text text = render(b, value);
	content_add_value(content, b->c, &text, value);
	return 0;
}

int boot_add_text(
	const struct boot *b, const struct conf *value, struct str path, enum boot_kind kind)
{
	struct content content = {0};
	if (add_string(b, &content, value) < 0)
		return -1;
	return give_content(b, add_step(b, &value->origin, path), &content, kind);
}

static int add_strings(const struct boot *b, bool lines, enum boot_kind kind)
{
	struct content content = {0};
	if (b->value->type != CONF_LIST)
		return boot_add_text(b, b->value, STR(""), kind);
	for (size_t i = 0; i < b->value->list.n; i++) {
		if (add_string(b, &content, b->value->list.items[i]) < 0)
			return -1;
		if (lines)
			content_end_line(&content, b->c);
	}
	if (b->value->list.n == 0)
		return 0;
	return give_content(b, add_step(b, &b->value->origin, STR("")), &content, kind);
}

/* [["<enter>", "what it is for"], ...] */
static int add_steps(const struct boot *b)
{
	struct content content = {0};
	if (b->value->type != CONF_LIST)
		return boot_fail_type(b, b->value, "pairs of keys and a note");
	for (size_t i = 0; i < b->value->list.n; i++) {
		const struct conf *pair = b->value->list.items[i];
		bool listed = pair->type == CONF_LIST && pair->list.n > 0;
		if (!listed && pair->type == CONF_LIST)
			continue;
		if (add_string(b, &content, listed ? pair->list.items[0] : pair) < 0)
			return -1;
	}
	if (b->value->list.n == 0)
		return 0;
	return give_content(b, add_step(b, &b->value->origin, STR("")), &content, BOOT_KEYS);
}

/* ---- Maps ----------------------------------------------------------------------------------- */

static int add_map(const struct boot *b)
{
	int status = 0;
	if (b->value->type != CONF_OBJECT)
		return boot_fail_type(b, b->value, "an object of contents by path");
	for (size_t i = 0; i < b->value->object.n; i++) {
		const struct conf_member *m = &b->value->object.items[i];
		status |= boot_add_text(b, m->value, m->key, BOOT_NONE);
	}
	return status;
}

static int add_file_map(const struct boot *b)
{
	int status = 0;
	if (b->value->type != CONF_OBJECT)
		return boot_fail_type(b, b->value, "an object of paths by name");
	for (size_t i = 0; i < b->value->object.n; i++) {
		const struct conf_member *m = &b->value->object.items[i];
		status |= boot_add_file(b, m->value, m->key, true);
	}
	return status;
}

/* Names under which agents in the machine look for something that they run. */
static bool is_code_name(struct str name)
{
	static const char *const parts[] = {"script", "user-data", "user_data", "userdata",
		"vendor-data", "vendor_data", "vendordata", "cloud-config", "cloud-init",
		"ignition", "gce-container-declaration"};
	for (size_t i = 0; i < countof(parts); i++) {
		if (str_contains(name, str_from(parts[i])))
			return true;
	}
	return false;
}

static bool is_setting(const struct boot *b, const struct conf_member *m)
{
	enum boot_kind kind = boot_kind_of(STR(""), text_display(&m->value->text, b->c->arena));
	bool code = is_code_name(m->key) && !str_has_suffix(m->key, STR(".encoding"));
	return !code && (kind == BOOT_TEXT || kind == BOOT_DATA);
}

static void add_setting(const struct boot *b, struct content *all, const struct conf_member *m)
{
	struct text text = {0};
	text_add_literal(&text, b->c->arena, m->key);
	text_add_literal(&text, b->c->arena, STR(" = "));
	text_add(&text, b->c->arena, &m->value->text);
	content_add(all, b->c, &text, &m->value->origin);
	content_end_line(all, b->c);
}

/* Values that are code are steps of their own; the rest is one. */
static int add_metadata(const struct boot *b, const struct conf *object)
{
	int status = 0;
	struct content settings = {0};
	if (object->type != CONF_OBJECT)
		return boot_fail_type(b, object, "an object of values by name");
	for (size_t i = 0; i < object->object.n; i++) {
		const struct conf_member *m = &object->object.items[i];
		if (m->value->type != CONF_STRING)
			continue;
		if (is_setting(b, m))
			add_setting(b, &settings, m);
		else if (str_has_suffix(m->key, STR("-url")))
			status |= boot_add_text(b, m->value, m->key, BOOT_REMOTE);
		else
			status |= boot_add_text(b, m->value, m->key, BOOT_NONE);
	}
	if (settings.lines.n == 0)
		return status;
	bool machine = str_has_prefix(str_from(b->key), STR("vmx_data"));
	status |= give_content(b, add_step(b, &object->origin, STR("")), &settings,
		machine ? BOOT_MACHINE : BOOT_SETTING);
	return status;
}

/* One object, or the blocks of HCL. */
static int add_metadata_blocks(const struct boot *b)
{
	int status = 0;
	if (b->value->type != CONF_LIST)
		return add_metadata(b, b->value);
	for (size_t i = 0; i < b->value->list.n; i++)
		status |= add_metadata(b, b->value->list.items[i]);
	return status;
}

/* ---- The machine and its host --------------------------------------------------------------- */

static void add_words(const struct boot *b, struct content *content, const struct conf *value)
{
	struct arena *a = b->c->arena;
	struct text text = {0};
	if (value->type == CONF_STRING || value->type == CONF_NUMBER)
		text_add(&text, a, &value->text);
	for (size_t i = 0; value->type == CONF_LIST && i < value->list.n; i++) {
		const struct conf *item = value->list.items[i];
		if (i > 0)
			text_add_literal(&text, a, STR(" "));
		if (item->type == CONF_STRING || item->type == CONF_NUMBER)
			text_add(&text, a, &item->text);
	}
	content_add(content, b->c, &text, &value->origin);
	content_end_line(content, b->c);
}

static int add_machine(const struct boot *b)
{
	struct content content = {0};
	const struct conf *value = b->value;
	bool one = str_is(str_from(b->key), "run_command");
	if (value->type == CONF_OBJECT)
		return boot_fail_type(b, value, "a list");
	if (value->type == CONF_LIST && value->list.n == 0)
		return 0;
	if (value->type != CONF_LIST || one)
		add_words(b, &content, value);
	for (size_t i = 0; value->type == CONF_LIST && !one && i < value->list.n; i++)
		add_words(b, &content, value->list.items[i]);
	bool docker = str_is(str_from(b->key), "changes");
	return give_content(b, add_step(b, &value->origin, STR("")), &content,
		docker ? BOOT_DOCKERFILE : BOOT_MACHINE);
}

/* "sudo {{.Command}}" */
static int wrap(const struct boot *b, struct text *command)
{
	const struct conf *wrapper = conf_find(b->c->build->config, STR("command_wrapper"));
	const struct template_field field = {STR("Command"), *command};
	if (!wrapper || wrapper->type != CONF_STRING || wrapper->text.n == 0)
		return 0;
	return compile_render(b->c, command, &wrapper->text, &field, 1, &wrapper->origin);
}

int boot_add_host(const struct boot *b, const struct conf *value)
{
	struct arena *a = b->c->arena;
	if (value->type != CONF_STRING)
		return boot_fail_type(b, value, "strings");
	if (value->text.n == 0)
		return 0;
	struct text command = render(b, value);
	if (wrap(b, &command) < 0)
		return -1;
	struct step *s = compile_step(b->c, STEP_EXEC_HOST, &value->origin);
	if (!s)
		return -1;
	s->exec.argv.n = 3;
	s->exec.argv.items = arena_array(a, struct text, 3);
	s->exec.argv.origins = arena_array(a, struct origin, 3);
	for (size_t i = 0; i < 3; i++)
		s->exec.argv.origins[i] = value->origin;
	s->exec.argv.items[0] = text_from(a, STR("/bin/sh"));
	s->exec.argv.items[1] = text_from(a, STR("-c"));
	s->exec.argv.items[2] = command;
	s->exec.sha256 = digest_bytes(STR(""));
	list_push(a, &s->exec.exit_codes) = 0;
	return 0;
}

static int add_host(const struct boot *b)
{
	int status = 0;
	if (b->value->type != CONF_LIST)
		return boot_add_host(b, b->value);
	for (size_t i = 0; i < b->value->list.n; i++)
		status |= boot_add_host(b, b->value->list.items[i]);
	return status;
}

/* ---- Media ---------------------------------------------------------------------------------- */

/* object: in which the address stands, with its checksum beside it. */
static struct text checksum_of(const struct boot *b, const struct conf *object)
{
	static const char *const keys[] = {
		"iso_checksum", "checksum", "guest_additions_sha256", NULL};
	bool additions = str_is(str_from(b->key), "guest_additions_url");
	struct text none = {0};
	for (size_t i = additions ? 2 : 0; keys[i] && (additions || i < 2); i++) {
		const struct conf *value = conf_find(object, str_from(keys[i]));
		if (!value || value->type != CONF_STRING || value->text.n == 0)
			continue;
		/* JSON templates of old name the algorithm beside it. */
		struct str type = boot_setting(object, "iso_checksum_type", b->c->arena);
		struct str bytes = text_display(&value->text, b->c->arena);
		if (i > 0 || type.n == 0 || str_find_byte(bytes, ':') != STR_NPOS)
			return value->text;
		struct text typed = {0};
		bool no = str_is(type, "none");
		text_add_literal(&typed, b->c->arena, type);
		text_add_literal(&typed, b->c->arena, no ? STR("") : STR(":"));
		if (!no)
			text_add(&typed, b->c->arena, &value->text);
		return typed;
	}
	return none;
}

static int add_medium(const struct boot *b, const struct conf *object)
{
	bool listed = b->value->type == CONF_LIST;
	/* A rehearsal starts from something else. */
	if (b->c->build->other_config)
		return 0;
	size_t n = listed ? b->value->list.n : 1;
	for (size_t i = 0; i < n; i++) {
		const struct conf *item = listed ? b->value->list.items[i] : b->value;
		if (item->type != CONF_STRING)
			return boot_fail_type(b, item, "addresses");
		if (item->text.n == 0)
			continue;
		list_push(b->c->arena, &b->c->plan->media) = (struct plan_medium){
			.what = str_from(b->key),
			.uri = item->text,
			.checksum = checksum_of(b, object),
			.origin = item->origin,
		};
	}
	return 0;
}

/* ---- The builder ---------------------------------------------------------------------------- */

static int add_form(const struct boot *b, const struct boot_key *key, const struct conf *object)
{
	switch (key->form) {
	case FORM_NONE:
		break;
	case FORM_KEYS:
		return add_strings(b, false, BOOT_KEYS);
	case FORM_STEPS:
		return add_steps(b);
	case FORM_TEXT:
		return b->value->type == CONF_OBJECT ? add_map(b) : add_strings(b, true, key->kind);
	case FORM_HOST:
		return add_host(b);
	case FORM_FILE:
		return boot_add_file(b, b->value, STR(""), false);
	case FORM_FILES:
		return boot_add_files(b, b->value, BOOT_NAMED);
	case FORM_FLAT_FILES:
		return boot_add_files(b, b->value, BOOT_FLAT);
	case FORM_TREE:
		return boot_add_files(b, b->value, BOOT_ROOTED);
	case FORM_MAP:
		return add_map(b);
	case FORM_FILE_MAP:
		return add_file_map(b);
	case FORM_METADATA:
		return add_metadata_blocks(b);
	case FORM_MACHINE:
		return add_machine(b);
	case FORM_REMOTE:
		return add_strings(b, true, BOOT_REMOTE);
	case FORM_MEDIUM:
		return add_medium(b, object);
	}
	return 0;
}

static bool has_fields(enum form form)
{
	return form == FORM_KEYS || form == FORM_STEPS || form == FORM_HOST;
}

struct walk {
	struct compiler *c;
	const struct template_field *fields;
	size_t field_count;
	bool last;
	unsigned depth;
};

/* Packer stops at a key that the builder does not take; here it is audited all the same. */
static void warn_key(const struct walk *w, const struct boot_key *key, const struct conf *value)
{
	struct compiler *c = w->c;
	struct str type = c->build->type;
	bool known = boot_is_type(type, KNOWN);
	if (w->depth > 0 || !known || !key->builders || boot_is_type(type, key->builders))
		return;
	diag_warning(c->diags, c->diag_arena, &value->origin,
		"a builder of type %.*s takes no \"%s\"", STR_ARG(type), key->key);
}

static int add_key(const struct walk *w, const struct boot_key *key, const struct conf *object)
{
	struct boot b = {
		.c = w->c,
		.key = key->key,
		.value = conf_find(object, str_from(key->key)),
		.fields = w->fields,
		.field_count = has_fields(key->form) ? w->field_count : 0,
	};
	if (!b.value || b.value->type == CONF_NULL)
		return 0;
	warn_key(w, key, b.value);
	return add_form(&b, key, object);
}

static bool applies(const struct walk *w, const struct boot_key *key, struct str block)
{
	bool last = (key->flags & KEY_LAST) != 0;
	bool own = (key->flags & KEY_OWN) != 0;
	if (last != w->last || (key->block && !str_is(block, key->block)))
		return false;
	return !own || boot_is_type(w->c->build->type, key->builders);
}

static bool is_boot_key(const struct walk *w, struct str name)
{
	for (size_t i = 0; i < countof(boot_keys); i++) {
		const struct boot_key *key = &boot_keys[i];
		bool own = (key->flags & KEY_OWN) != 0;
		if (str_is(name, key->key) &&
			(!own || boot_is_type(w->c->build->type, key->builders)))
			return true;
	}
	return false;
}

static int walk_object(struct walk *w, const struct conf *object, struct str block);

/* Blocks inside of the configuration, such as additional_iso_files. */
static int walk_value(struct walk *w, const struct conf *value, struct str block)
{
	int status = 0;
	if (value->type == CONF_OBJECT)
		return walk_object(w, value, block);
	for (size_t i = 0; value->type == CONF_LIST && i < value->list.n; i++) {
		if (value->list.items[i]->type == CONF_OBJECT)
			status |= walk_object(w, value->list.items[i], block);
	}
	return status;
}

static int walk_object(struct walk *w, const struct conf *object, struct str block)
{
	int status = 0;
	for (size_t i = 0; i < countof(boot_keys); i++) {
		if (applies(w, &boot_keys[i], block))
			status |= add_key(w, &boot_keys[i], object);
	}
	if (w->depth == DEPTH_MAX)
		return compile_error(
			w->c, &object->origin, "more than %d blocks in each other", DEPTH_MAX);
	w->depth++;
	for (size_t i = 0; i < object->object.n; i++) {
		const struct conf_member *m = &object->object.items[i];
		bool tags = str_contains(m->key, STR("tag")) || str_contains(m->key, STR("label"));
		if (!tags && !is_boot_key(w, m->key))
			status |= walk_value(w, m->value, m->key);
	}
	w->depth--;
	return status;
}

static bool is_name(struct str field)
{
	return str_is(field, "Name");
}

int boot_add_keys(struct compiler *c, bool last)
{
	struct template_field fields[countof(field_names)];
	const struct conf *config = c->build->config;
	for (size_t i = 0; i < countof(field_names); i++) {
		fields[i] = (struct template_field){.name = str_from(field_names[i])};
		const struct conf *name = is_name(fields[i].name) && config
			? conf_find(config, STR("vm_name"))
			: NULL;
		if (name && name->type == CONF_STRING && name->text.n > 0)
			fields[i].value = name->text;
		else
			text_add_hole(&fields[i].value, c->arena, fields[i].name);
	}
	struct walk w = {c, fields, countof(field_names), last, 0};
	return config && config->type == CONF_OBJECT ? walk_object(&w, config, STR("")) : 0;
}

int compile_boot(struct compiler *c)
{
	struct str label = arena_printf(c->arena, "builder %.*s", STR_ARG(c->build->type));
	boot_open(c, GROUP_BOOT, STR("builder"), &c->build->origin, label.p);
	int status = boot_add_keys(c, false);
	boot_close(c);
	return status;
}
