/* Attributes of a node: the template's object, sorted and written as Go writes it. */
#include "plan/provisioners/chef.h"

/*
 * What is no literal text passes through JSON as a mark, its index in `pieces` and the end of the
 * mark, because JSON is made of bytes.
 */
struct attributes {
	struct chef *chef;
	struct {
		struct text_piece *items;
		size_t n;
		size_t cap;
	} pieces;
};

static struct str marked(struct attributes *t, const struct text *text, const char *format)
{
	struct arena *a = t->chef->stage.c->arena;
	struct str_list parts = {0};
	for (size_t i = 0; i < text->n; i++) {
		const struct text_piece *piece = &text->items[i];
		if (piece->kind == TEXT_LITERAL) {
			list_push(a, &parts) = piece->value;
			continue;
		}
		list_push(a, &parts) = arena_printf(a, "%s%zu.", format, t->pieces.n);
		list_push(a, &t->pieces) = *piece;
	}
	return arena_join(a, parts.items, parts.n, STR(""));
}

/* In the private use area of Unicode, so that JSON has it as it is. */
#define MARK "\xee\x80\x81"

/* Depth is bounded by that of the document that the value comes from. */
static struct json *tree_of(struct attributes *t, const struct conf *c)
{
	struct arena *a = t->chef->stage.c->arena;
	struct json *j;
	switch (c->type) {
	case CONF_STRING:
		return json_bytes(a, marked(t, &c->text, MARK));
	case CONF_LIST:
		j = json_array(a);
		for (size_t i = 0; i < c->list.n; i++)
			json_append(a, j, tree_of(t, c->list.items[i]));
		return j;
	case CONF_OBJECT:
		j = json_object(a);
		for (size_t i = 0; i < c->object.n; i++)
			json_set_str(
				a, j, c->object.items[i].key, tree_of(t, c->object.items[i].value));
		return j;
	case CONF_NONE:
	case CONF_NULL:
	case CONF_BOOL:
	case CONF_NUMBER:
		break;
	}
	return conf_to_json(c, a);
}

static int compare_members(const void *x, const void *y)
{
	const struct json_member *a = x;
	const struct json_member *b = y;
	return str_cmp(a->key, b->key);
}

/* As deep as the document is. */
static void sort(struct json *j)
{
	for (size_t i = 0; j->type == JSON_ARRAY && i < j->array.n; i++)
		sort(j->array.items[i]);
	if (j->type != JSON_OBJECT || j->object.n == 0)
		return;
	qsort(j->object.items, j->object.n, sizeof(j->object.items[0]), compare_members);
	for (size_t i = 0; i < j->object.n; i++)
		sort(j->object.items[i].value);
}

static struct str json_escaped(struct arena *a, struct str s)
{
	scoped(buf) out = {0};
	json_write_string(&out, s);
	struct str quoted = buf_str(&out);
	return arena_str(a, str_sub(quoted, 1, quoted.n - 2));
}

/* The document with its pieces in their places. */
static struct text unmarked(struct attributes *t, struct str document)
{
	struct arena *a = t->chef->stage.c->arena;
	struct text out = {0};
	size_t at;
	while ((at = str_find(document, STR(MARK))) != STR_NPOS) {
		uint64_t index = 0;
		struct str rest = str_from_index(document, at + strlen(MARK));
		size_t dot = str_find_byte(rest, '.');
		bool known = dot != STR_NPOS && str_to_u64(str_sub(rest, 0, dot), &index) &&
			index < t->pieces.n;
		text_push(&out, a, str_sub(document, 0, at));
		document = known ? str_from_index(rest, dot + 1) : rest;
		if (!known)
			continue;
		struct text_piece piece = t->pieces.items[index];
		if (piece.kind == TEXT_SENSITIVE)
			piece.value = json_escaped(a, piece.value);
		list_push(a, &out) = piece;
	}
	text_push(&out, a, document);
	return text_joined(&out, a);
}

static int add_string(struct attributes *t, const struct chef_options *o, struct json *document)
{
	struct compiler *c = t->chef->stage.c;
	struct origin place = compile_origin(t->chef->stage.p, "json_string");
	struct json *parsed = NULL;
	struct error e = {0};
	if (o->json_string.n == 0)
		return 0;
	struct str text = marked(t, &o->json_string, MARK);
	if (json_parse(&parsed, c->arena, text, STR("json_string"), NULL, &e) < 0)
		return compile_error(c, &place, "%s", e.text);
	if (parsed->type != JSON_OBJECT)
		return compile_error(c, &place, "\"json_string\" holds an object");
	for (size_t i = 0; i < parsed->object.n; i++)
		json_set_str(c->arena, document, parsed->object.items[i].key,
			parsed->object.items[i].value);
	return 0;
}

static int add_object(struct attributes *t, const struct chef_options *o, struct json *document)
{
	struct compiler *c = t->chef->stage.c;
	struct origin place = compile_origin(t->chef->stage.p, "json");
	if (!o->json || o->json->type == CONF_NULL)
		return 0;
	if (o->json->type != CONF_OBJECT)
		return compile_error(c, &place, "\"json\" is an object");
	for (size_t i = 0; i < o->json->object.n; i++)
		json_set_str(c->arena, document, o->json->object.items[i].key,
			tree_of(t, o->json->object.items[i].value));
	return 0;
}

int chef_json(struct chef *chef, const struct chef_options *o, const char *name)
{
	struct arena *a = chef->stage.c->arena;
	struct attributes t = {.chef = chef};
	struct json *document = json_object(a);
	struct origin place = compile_origin(chef->stage.p, o->json ? "json" : "json_string");
	if (add_object(&t, o, document) < 0 || add_string(&t, o, document) < 0)
		return -1;
	struct json *list = json_array(a);
	for (size_t i = 0; i < o->run_list.n; i++)
		json_append(a, list, json_bytes(a, marked(&t, &o->run_list.items[i], MARK)));
	if (o->run_list.n > 0)
		json_set(a, document, "run_list", list);
	sort(document);
	scoped(buf) out = {0};
	json_write_pretty(&out, document);
	struct content content = {.text = unmarked(&t, arena_str(a, buf_str(&out)))};
	struct text to = chef_path(chef, name);
	struct stage plain = chef->stage;
	plain.language = LANGUAGE_NONE;
	list_push(a, &content.lines) = place;
	return stage_content(&plain, &place, &content, &to);
}
