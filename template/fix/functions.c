#include "template/fix/rules.h"

static struct json *find_typed(const struct fix_object *o, const char *key, enum json_type type)
{
	struct json *found = json_find(o->json, key);
	return found && found->type == type ? found : NULL;
}

static struct str text_of(const struct fix_object *o, const char *key)
{
	return json_str_or(o->json, key, STR(""));
}

static void set_text(const struct fix_object *o, const char *key, struct str value)
{
	json_set(o->arena, o->json, key, json_string(o->arena, value));
}

/* ---- Text ------------------------------------------------------------------------------------ */

/* Where the next piece to replace begins, and its length: 0 when there is none. */
typedef size_t find_fn(struct str s, size_t *length);

static size_t skip_blanks(struct str s, size_t i)
{
	while (i < s.n && strchr(" \t\n\r\f", s.p[i]))
		i++;
	return i;
}

/* {{ .CreateTime }} */
static size_t find_create_time(struct str s, size_t *length)
{
	const struct str name = STR(".CreateTime");
	for (size_t from = 0; from < s.n; from += 2) {
		size_t at = str_find(str_from_index(s, from), STR("{{"));
		if (at == STR_NPOS)
			return 0;
		from += at;
		size_t i = skip_blanks(s, from + 2);
		if (!str_has_prefix(str_from_index(s, i), name))
			continue;
		i = skip_blanks(s, i + name.n);
		if (!str_has_prefix(str_from_index(s, i), STR("}}")))
			continue;
		*length = i + 2 - from;
		return from;
	}
	return 0;
}

static size_t find_clean_name(struct str s, size_t *length)
{
	static const struct str names[] = {
		STR_INIT("clean_ami_name"), STR_INIT("clean_image_name")};
	size_t first = STR_NPOS;
	for (size_t i = 0; i < countof(names); i++) {
		size_t at = str_find(s, names[i]);
		if (at >= first)
			continue;
		first = at;
		*length = names[i].n;
	}
	return first == STR_NPOS ? 0 : first;
}

static struct str replace_all(
	const struct fix_object *o, struct str s, find_fn *find, struct str by)
{
	struct str_list parts = {0};
	for (;;) {
		size_t length = 0;
		size_t at = find(s, &length);
		if (length == 0)
			break;
		list_push(o->arena, &parts) = str_sub(s, 0, at);
		list_push(o->arena, &parts) = by;
		s = str_from_index(s, at + length);
	}
	list_push(o->arena, &parts) = s;
	return arena_join(o->arena, parts.items, parts.n, STR(""));
}

int fix_createtime(const struct fix_object *o, struct error *err)
{
	(void)err;
	static const char *const keys[] = {"ami_name", "bundle_prefix", "snapshot_name"};
	for (size_t i = 0; i < countof(keys); i++) {
		struct json *value = find_typed(o, keys[i], JSON_STRING);
		if (value)
			value->text =
				replace_all(o, value->text, find_create_time, STR("{{timestamp}}"));
	}
	return 0;
}

static void clean_name(const struct fix_object *o, struct json *value)
{
	if (value->type == JSON_STRING)
		value->text =
			replace_all(o, value->text, find_clean_name, STR("clean_resource_name"));
}

int fix_clean_image_name(const struct fix_object *o, struct error *err)
{
	(void)err;
	for (size_t i = 0; i < o->json->object.n; i++) {
		struct json *value = o->json->object.items[i].value;
		clean_name(o, value);
		for (size_t k = 0; k < value->object.n; k++)
			clean_name(o, value->object.items[k].value);
	}
	return 0;
}

/* PowerShell's escape character goes from before what it escaped. */
static void unescape(const struct fix_object *o, struct json *value)
{
	if (value->type != JSON_STRING)
		return;
	struct str s = value->text;
	char *out = arena_alloc(o->arena, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '`' && i + 1 < s.n && strchr("$\"`'", s.p[i + 1]))
			i++;
		out[n++] = s.p[i];
	}
	value->text = (struct str){out, n};
}

int fix_powershell_escapes(const struct fix_object *o, struct error *err)
{
	(void)err;
	static const char *const keys[] = {"elevated_user", "elevated_password"};
	for (size_t i = 0; i < countof(keys); i++) {
		struct json *value = json_find(o->json, keys[i]);
		if (value)
			unescape(o, value);
	}
	struct json *list = find_typed(o, "environment_vars", JSON_ARRAY);
	for (size_t i = 0; list && i < list->array.n; i++)
		unescape(o, list->array.items[i]);
	return 0;
}

/* ---- Types of builders ----------------------------------------------------------------------- */

int fix_to_virtualbox_iso(const struct fix_object *o, struct error *err)
{
	(void)err;
	set_text(o, "type", STR("virtualbox-iso"));
	return 0;
}

int fix_to_vmware_iso(const struct fix_object *o, struct error *err)
{
	(void)err;
	set_text(o, "type", STR("vmware-iso"));
	return 0;
}

int fix_to_proxmox_iso(const struct fix_object *o, struct error *err)
{
	(void)err;
	set_text(o, "type", STR("proxmox-iso"));
	return 0;
}

int fix_virtualbox_override(const struct fix_object *o, struct error *err)
{
	(void)err;
	struct json *override = find_typed(o, "override", JSON_OBJECT);
	struct json *old = json_find(override, "virtualbox");
	if (!old)
		return 0;
	json_remove(override, "virtualbox");
	json_set(o->arena, override, "virtualbox-iso", old);
	return 0;
}

/* ---- Builders -------------------------------------------------------------------------------- */

int fix_iso_md5(const struct fix_object *o, struct error *err)
{
	(void)err;
	struct json *md5 = find_typed(o, "iso_md5", JSON_STRING);
	if (!md5)
		return 0;
	json_remove(o->json, "iso_md5");
	json_set(o->arena, o->json, "iso_checksum", md5);
	set_text(o, "iso_checksum_type", STR("md5"));
	return 0;
}

/* iso_checksum names its own type, or the file that has it. */
int fix_iso_checksum(const struct fix_object *o, struct error *err)
{
	(void)err;
	struct str url = text_of(o, "iso_checksum_url");
	struct str type = text_of(o, "iso_checksum_type");
	struct str sum = text_of(o, "iso_checksum");
	json_remove(o->json, "iso_checksum_url");
	json_remove(o->json, "iso_checksum_type");
	if (url.n > 0)
		sum = arena_printf(o->arena, "file:%.*s", STR_ARG(url));
	else if (sum.n > 0 && type.n > 0)
		sum = arena_printf(o->arena, "%.*s:%.*s", STR_ARG(type), STR_ARG(sum));
	if (sum.n > 0)
		set_text(o, "iso_checksum", sum);
	return 0;
}

int fix_virtualbox_attach(const struct fix_object *o, struct error *err)
{
	(void)err;
	const struct json *attach = find_typed(o, "guest_additions_attach", JSON_BOOL);
	if (!attach)
		return 0;
	json_remove(o->json, "guest_additions_attach");
	set_text(o, "guest_additions_mode", attach->boolean ? STR("attach") : STR("upload"));
	return 0;
}

/* The words that Go reads as a bool. */
static bool bool_of(const struct json *j, bool *out)
{
	static const char *const words[2][6] = {{"0", "f", "F", "false", "False", "FALSE"},
		{"1", "t", "T", "true", "True", "TRUE"}};
	*out = j->boolean;
	if (j->type == JSON_BOOL)
		return true;
	for (size_t i = 0; i < countof(words[0]) && j->type == JSON_STRING; i++) {
		*out = str_is(j->text, words[1][i]);
		if (*out || str_is(j->text, words[0][i]))
			return true;
	}
	return false;
}

int fix_amazon_private_ip(const struct fix_object *o, struct error *err)
{
	const struct json *old = json_find(o->json, "ssh_private_ip");
	bool private = false;
	if (!old || json_find(o->json, "ssh_interface"))
		return 0;
	const struct origin at = {o->file, old->span};
	if (!bool_of(old, &private))
		return error_at(err, &at, "\"ssh_private_ip\" is neither true nor false");
	json_remove(o->json, "ssh_private_ip");
	set_text(o, "ssh_interface", private ? STR("private_ip") : STR("public_ip"));
	return 0;
}

int fix_amazon_cidrs(const struct fix_object *o, struct error *err)
{
	(void)err;
	static const char old[] = "temporary_security_group_source_cidr";
	struct json *one = find_typed(o, old, JSON_STRING);
	if (!one)
		return 0;
	json_remove(o->json, old);
	struct json *list = json_array(o->arena);
	json_append(o->arena, list, one);
	json_set(o->arena, o->json, "temporary_security_group_source_cidrs", list);
	return 0;
}

/* Disks that are not thin cannot be compacted on ESX; "zeroedthick" was the default there. */
int fix_vmware_compaction(const struct fix_object *o, struct error *err)
{
	(void)err;
	if (!str_is(text_of(o, "remote_type"), "esx5"))
		return 0;
	const struct json *disk = json_find(o->json, "disk_type_id");
	const struct json *skip = json_find(o->json, "skip_compaction");
	if (!disk)
		set_text(o, "disk_type_id", STR("zeroedthick"));
	if (disk && (disk->type != JSON_STRING || str_is(disk->text, "thin")))
		return 0;
	if (!skip || skip->type == JSON_BOOL)
		json_set(o->arena, o->json, "skip_compaction", json_bool(o->arena, true));
	return 0;
}

int fix_qemu_disk_size(const struct fix_object *o, struct error *err)
{
	(void)err;
	const struct json *size = find_typed(o, "disk_size", JSON_NUMBER);
	if (!size)
		return 0;
	struct str whole = str_sub(size->text, 0, str_find_byte(size->text, '.'));
	set_text(o, "disk_size", arena_printf(o->arena, "%.*sM", STR_ARG(whole)));
	return 0;
}

static bool move(const struct fix_object *o, struct json *into, const char *from, const char *to)
{
	struct json *value = json_find(o->json, from);
	if (!value)
		return false;
	json_remove(o->json, from);
	json_set(o->arena, into, to, value);
	return true;
}

/* `first` becomes the first element of the list `key`. */
static void put_first(const struct fix_object *o, const char *key, struct json *first)
{
	const struct json *others = find_typed(o, key, JSON_ARRAY);
	struct json *list = json_array(o->arena);
	json_append(o->arena, list, first);
	for (size_t i = 0; others && i < others->array.n; i++)
		json_append(o->arena, list, others->array.items[i]);
	json_set(o->arena, o->json, key, list);
}

int fix_vsphere_network(const struct fix_object *o, struct error *err)
{
	(void)err;
	struct json *card = json_object(o->arena);
	bool moved = move(o, card, "network", "network");
	moved = move(o, card, "networkCard", "network_card") || moved;
	moved = move(o, card, "network_card", "network_card") || moved;
	if (moved)
		put_first(o, "network_adapters", card);
	return 0;
}

int fix_vsphere_storage(const struct fix_object *o, struct error *err)
{
	(void)err;
	struct json *disk = json_object(o->arena);
	bool moved = move(o, disk, "disk_size", "disk_size");
	moved = move(o, disk, "disk_thin_provisioned", "disk_thin_provisioned") || moved;
	moved = move(o, disk, "disk_eagerly_scrub", "disk_eagerly_scrub") || moved;
	if (moved)
		put_first(o, "storage", disk);
	return 0;
}

int fix_azure_latest(const struct fix_object *o, struct error *err)
{
	(void)err;
	struct json *image = find_typed(o, "shared_image_destination", JSON_OBJECT);
	struct json *old = json_find(image, "exlude_from_latest");
	if (!old)
		return 0;
	json_remove(image, "exlude_from_latest");
	json_set(o->arena, image, "exclude_from_latest", old);
	return 0;
}

/* ---- Post-processors ------------------------------------------------------------------------- */

int fix_vagrant_override(const struct fix_object *o, struct error *err)
{
	(void)err;
	static const char *const providers[] = {"aws", "digitalocean", "virtualbox", "vmware"};
	struct json *override = json_object(o->arena);
	bool moved = false;
	for (size_t i = 0; i < countof(providers); i++)
		moved = move(o, override, providers[i], providers[i]) || moved;
	if (moved)
		json_set(o->arena, o->json, "override", override);
	return 0;
}

static void add_tag(const struct fix_object *o, struct json *tags, struct str tag)
{
	for (size_t i = 0; i < tags->array.n; i++) {
		if (str_eq(tags->array.items[i]->text, tag))
			return;
	}
	json_append(o->arena, tags, json_string(o->arena, tag));
}

/* A list, or one string with commas between. */
static int add_tags(
	const struct fix_object *o, struct json *tags, const char *key, struct error *err)
{
	const struct json *value = json_find(o->json, key);
	struct str rest = text_of(o, key);
	struct str tag = {0};
	while (rest.n > 0 && str_cut(&rest, ',', &tag))
		add_tag(o, tags, str_trim(tag));
	for (size_t i = 0; value && i < value->array.n; i++) {
		const struct json *item = value->array.items[i];
		const struct origin at = {o->file, item->span};
		if (item->type != JSON_STRING)
			return error_at(err, &at, "a tag is not a string");
		add_tag(o, tags, item->text);
	}
	return 0;
}

int fix_docker_tags(const struct fix_object *o, struct error *err)
{
	struct json *tags = json_array(o->arena);
	if (add_tags(o, tags, "tag", err) < 0 || add_tags(o, tags, "tags", err) < 0)
		return -1;
	json_remove(o->json, "tag");
	json_set(o->arena, o->json, "tags", tags);
	return 0;
}
