#include "template/upgrade/upgrade.h"

/* One member of a body: of the object, or an expression that comes beside it. */
struct entry {
	struct str key;
	const struct json *json;
	struct str value;
};

struct entries {
	struct entry *items;
	size_t n;
	size_t cap;
};

static int entry_order(const void *a, const void *b)
{
	return str_cmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

static bool is_listed(const char *const *names, struct str name)
{
	for (size_t i = 0; names && names[i]; i++) {
		if (str_is(name, names[i]))
			return true;
	}
	return false;
}

static struct entries sorted(struct upgrade *u, const struct json *object, const char *const *skip,
	const struct upgrade_attributes *more)
{
	struct entries e = {0};
	for (size_t i = 0; i < object->object.n; i++) {
		const struct json_member *m = &object->object.items[i];
		if (!is_listed(skip, m->key))
			list_push(u->arena, &e) = (struct entry){.key = m->key, .json = m->value};
	}
	for (size_t i = 0; more && i < more->n; i++)
		list_push(u->arena, &e) = (struct entry){
			.key = str_from(more->items[i].key), .value = more->items[i].value};
	if (e.n > 0)
		qsort(e.items, e.n, sizeof(e.items[0]), entry_order);
	return e;
}

/* ---- Values ---------------------------------------------------------------------------------- */

static void write_list(struct upgrade *u, struct buf *out, const struct json *j)
{
	buf_add_byte(out, '[');
	for (size_t i = 0; i < j->array.n; i++) {
		if (i > 0)
			buf_add(out, STR(", "));
		upgrade_value(u, out, j->array.items[i]);
	}
	buf_add_byte(out, ']');
}

static void write_object(struct upgrade *u, struct buf *out, const struct json *j)
{
	struct entries e = sorted(u, j, NULL, NULL);
	buf_add_cstr(out, e.n > 0 ? "{\n" : "{}");
	for (size_t i = 0; i < e.n; i++) {
		if (upgrade_is_name(e.items[i].key))
			buf_add(out, e.items[i].key);
		else
			upgrade_string(u, out, e.items[i].key, j);
		buf_add(out, STR(" = "));
		upgrade_value(u, out, e.items[i].json);
		buf_add_byte(out, '\n');
	}
	if (e.n > 0)
		buf_add_byte(out, '}');
}

/* The parser of JSON limits how deep they are. */
void upgrade_value(struct upgrade *u, struct buf *out, const struct json *j)
{
	switch (j->type) {
	case JSON_NONE:
	case JSON_NULL:
		buf_add(out, STR("null"));
		break;
	case JSON_BOOL:
		buf_add_cstr(out, j->boolean ? "true" : "false");
		break;
	case JSON_NUMBER:
		buf_add(out, j->text);
		break;
	case JSON_STRING:
		upgrade_string(u, out, j->text, j);
		break;
	case JSON_ARRAY:
		write_list(u, out, j);
		break;
	case JSON_OBJECT:
		write_object(u, out, j);
		break;
	}
}

/* ---- Bodies ---------------------------------------------------------------------------------- */

/* Objects of plain values that are blocks all the same. */
static const char *const always_blocks[] = {
	"linux_options", "network_interface", "shared_image_gallery", NULL};

static bool is_plain(const struct json *j)
{
	return j->type == JSON_BOOL || j->type == JSON_NUMBER || j->type == JSON_STRING;
}

static bool keys_are_names(const struct json *j)
{
	for (size_t i = 0; i < j->object.n; i++) {
		if (!upgrade_is_name(j->object.items[i].key))
			return false;
	}
	return true;
}

/* JSON does not tell blocks from maps: what holds more than plain values is taken for a block. */
static bool is_block(const struct entry *e)
{
	const struct json *j = e->json;
	if (!keys_are_names(j))
		return false;
	if (j->object.n == 0 || is_listed(always_blocks, e->key))
		return true;
	for (size_t i = 0; i < j->object.n; i++) {
		if (!is_plain(j->object.items[i].value))
			return true;
	}
	return false;
}

static bool is_list_of_blocks(const struct json *j)
{
	for (size_t i = 0; i < j->array.n; i++) {
		if (j->array.items[i]->type != JSON_OBJECT || !keys_are_names(j->array.items[i]))
			return false;
	}
	return j->array.n > 0;
}

static void write_block(
	struct upgrade *u, struct buf *out, struct str type, const struct json *object)
{
	buf_printf(out, "%.*s {\n", STR_ARG(type));
	upgrade_body(u, out, object, NULL, NULL);
	buf_add(out, STR("}\n"));
}

static void write_entry(struct upgrade *u, struct buf *out, const struct entry *e)
{
	const struct json *j = e->json;
	if (j && j->type == JSON_OBJECT && is_block(e)) {
		write_block(u, out, e->key, j);
		return;
	}
	if (j && j->type == JSON_ARRAY && is_list_of_blocks(j)) {
		for (size_t i = 0; i < j->array.n; i++)
			write_block(u, out, e->key, j->array.items[i]);
		return;
	}
	if (j && j->type == JSON_ARRAY && j->array.n == 0)
		return;
	buf_printf(out, "%.*s = ", STR_ARG(e->key));
	if (j)
		upgrade_value(u, out, j);
	else
		buf_add(out, e->value);
	buf_add_byte(out, '\n');
}

void upgrade_body(struct upgrade *u, struct buf *out, const struct json *object,
	const char *const *skip, const struct upgrade_attributes *more)
{
	struct entries e = sorted(u, object, skip, more);
	for (size_t i = 0; i < e.n; i++) {
		if (upgrade_is_name(e.items[i].key))
			write_entry(u, out, &e.items[i]);
		else
			upgrade_warning(u, e.items[i].json,
				"\"%.*s\" is left out: HCL2 takes no such name",
				STR_ARG(e.items[i].key));
	}
}
