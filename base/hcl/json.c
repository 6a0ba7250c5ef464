/* HCL's JSON syntax (hashicorp/hcl, json/spec.md): the same trees, out of objects and arrays. */
#include "base/hcl/ast.h"

#include "base/map.h"
#include "base/utf8.h"

struct json_reader {
	struct arena *arena;
	struct str text;
	struct str file;
	struct error *err;
};

static struct origin place_of(const struct json_reader *r, struct span span)
{
	return (struct origin){r->file, span};
}

static int fail(const struct json_reader *r, struct span span, const char *what)
{
	struct origin o = place_of(r, span);
	return error_at(r->err, &o, "%s", what);
}

static struct hcl_expr *node(
	const struct json_reader *r, enum hcl_expr_kind kind, const struct span *span)
{
	struct hcl_expr *e = arena_new(r->arena, struct hcl_expr);
	e->kind = kind;
	e->height = 1;
	e->origin = place_of(r, *span);
	return e;
}

static const struct hcl_expr *literal(
	const struct json_reader *r, struct hcl_value v, const struct span *span)
{
	struct hcl_expr *e = node(r, HCL_EXPR_LITERAL, span);
	struct hcl_value *value = arena_new(r->arena, struct hcl_value);
	*value = v;
	e->u.literal = value;
	return e;
}

/* ---- Strings ------------------------------------------------------------------------------- */

/* Bytes that an escape sequence takes in the file, and that it stands for. */
static size_t escape_len(struct str raw, size_t *decoded)
{
	uint32_t code = 0;
	if (raw.p[0] != '\\') {
		*decoded = 1;
		return 1;
	}
	*decoded = 1;
	if (raw.p[1] != 'u')
		return 2;
	for (size_t i = 2; i < 6; i++) {
		char c = raw.p[i];
		code = code * 16 + (uint32_t)(c <= '9' ? c - '0' : (c & 0x5f) - 'A' + 10);
	}
	bool pair = code >= 0xd800 && code <= 0xdfff;
	*decoded = code < 0x80 ? 1 : code < 0x800 ? 2 : pair ? 4 : 3;
	return pair ? 12 : 6;
}

/* Where each byte of the decoded text stands behind the opening quote; NULL: at its own index. */
static const uint32_t *offsets_of(
	const struct json_reader *r, const struct span *span, struct str decoded)
{
	struct str raw = str_sub(r->text, span->off + 1, span->len - 2);
	if (raw.n == decoded.n)
		return NULL;
	uint32_t *offsets = arena_array(r->arena, uint32_t, decoded.n + 1);
	size_t at = 0;
	for (size_t i = 0; i < decoded.n;) {
		size_t n = 0;
		size_t taken = escape_len(str_from_index(raw, at), &n);
		for (size_t k = 0; k < n && i < decoded.n; k++)
			offsets[i++] = (uint32_t)at;
		at += taken;
	}
	offsets[decoded.n] = (uint32_t)raw.n;
	return offsets;
}

static int check_string(const struct json_reader *r, struct str s, const struct span *span)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t code = 0;
		size_t n = utf8_decode(str_from_index(s, i), &code);
		if (utf8_is_bidi_control(code))
			return fail(r, *span, "a character that changes the direction of the text");
		i += n > 0 ? n : 1;
	}
	return 0;
}

static int read_string(const struct json_reader *r, const struct hcl_expr **out, struct str s,
	const struct span *span)
{
	struct hcl_parser p;
	struct hcl_shift *shift = arena_new(r->arena, struct hcl_shift);
	const struct hcl_expr *inner = NULL;
	if (check_string(r, s, span) < 0)
		return -1;
	*shift = (struct hcl_shift){s, *span, offsets_of(r, span, s)};
	bool plain = !str_contains(s, STR("${")) && !str_contains(s, STR("%{"));
	if (plain) {
		inner = literal(r, hcl_string(s), span);
	} else {
		if (hcl_parser_init(&p, r->arena, HCL_MODE_BARE, s, r->file, r->err) < 0)
			return -1;
		p.lexer.shift = shift;
		if (hcl_read_template(&p, &inner, HCL_TOKEN_EOF, false) < 0)
			return -1;
	}
	struct hcl_expr *e = node(r, inner->kind, span);
	*e = *inner;
	e->origin = place_of(r, *span);
	e->json = shift;
	*out = e;
	return 0;
}

int hcl_expr_bare(
	const struct hcl_expr **out, const struct hcl_expr *e, struct arena *a, struct error *err)
{
	struct hcl_parser p;
	const struct hcl_expr *inner = NULL;
	if (!e->json) {
		*out = e;
		return 0;
	}
	if (hcl_parser_init(&p, a, HCL_MODE_NORMAL, e->json->text, e->origin.file, err) < 0)
		return -1;
	p.lexer.shift = e->json;
	if (hcl_read_expr(&p, &inner) < 0)
		return -1;
	if (!hcl_at(&p, HCL_TOKEN_EOF))
		return hcl_fail_expected(&p, "the end of the expression");
	*out = inner;
	return 0;
}

/* ---- Expressions --------------------------------------------------------------------------- */

static int read_expr(
	const struct json_reader *r, const struct hcl_expr **out, const struct json *j);

static int read_tuple(
	const struct json_reader *r, const struct hcl_expr **out, const struct json *j)
{
	struct hcl_expr *e = node(r, HCL_EXPR_TUPLE, &j->span);
	for (size_t i = 0; i < j->array.n; i++) {
		const struct hcl_expr *item = NULL;
		if (read_expr(r, &item, j->array.items[i]) < 0)
			return -1;
		list_push(r->arena, &e->u.parts) = item;
		hcl_adopt(e, item);
	}
	*out = e;
	return 0;
}

static int read_object(
	const struct json_reader *r, const struct hcl_expr **out, const struct json *j)
{
	struct hcl_expr *e = node(r, HCL_EXPR_OBJECT, &j->span);
	struct map keys = {0};
	e->u.object = arena_new(r->arena, struct hcl_pairs);
	for (size_t i = 0; i < j->object.n; i++) {
		struct json_member *m = &j->object.items[i];
		struct hcl_pair pair = {0};
		if (map_has(&keys, m->key))
			return fail(r, m->key_span, "duplicate key");
		map_put(&keys, r->arena, m->key, m);
		if (read_string(r, &pair.key, m->key, &m->key_span) < 0 ||
			read_expr(r, &pair.value, m->value) < 0)
			return -1;
		list_push(r->arena, e->u.object) = pair;
		hcl_adopt(e, pair.key);
		hcl_adopt(e, pair.value);
	}
	*out = e;
	return 0;
}

/* Recursion ends with the depth of JSON, which is bounded. */
static int read_expr(const struct json_reader *r, const struct hcl_expr **out, const struct json *j)
{
	struct hcl_value v = hcl_null();
	switch (j->type) {
	case JSON_STRING:
		return read_string(r, out, j->text, &j->span);
	case JSON_ARRAY:
		return read_tuple(r, out, j);
	case JSON_OBJECT:
		return read_object(r, out, j);
	case JSON_BOOL:
		v = hcl_bool(j->boolean);
		break;
	case JSON_NUMBER:
		if (!hcl_parse_number(j->text, &v))
			return fail(r, j->span, "this number is too large");
		break;
	case JSON_NONE:
	case JSON_NULL:
		break;
	}
	*out = literal(r, v, &j->span);
	return 0;
}

/* ---- Bodies -------------------------------------------------------------------------------- */

static int read_body(struct hcl_body *body, const struct json_reader *r, const struct json *j,
	const struct hcl_block_schema *schema);

/* A block whose labels are read one by one. */
struct opening {
	const struct hcl_block_schema *schema;
	struct str_list labels;
	struct origin origin;
};

static int add_block(struct hcl_body *body, const struct json_reader *r, const struct json *j,
	const struct opening *open)
{
	struct hcl_block block = {
		.type = str_from(open->schema->type),
		.label_count = open->labels.n,
		.labels = arena_array(r->arena, struct str, open->labels.n),
		.origin = open->origin,
	};
	for (size_t i = 0; i < open->labels.n; i++)
		block.labels[i] = open->labels.items[i];
	if (read_body(&block.body, r, j, open->schema->body) < 0)
		return -1;
	list_push(r->arena, &body->blocks) = block;
	return 0;
}

static int read_blocks(struct hcl_body *body, const struct json_reader *r, const struct json *j,
	struct opening *open)
{
	if (j->type == JSON_NULL)
		return 0;
	if (j->type == JSON_OBJECT)
		return add_block(body, r, j, open);
	if (j->type != JSON_ARRAY)
		return fail(r, j->span, "a block is an object, or an array of objects");
	for (size_t i = 0; i < j->array.n; i++) {
		if (add_block(body, r, j->array.items[i], open) < 0)
			return -1;
	}
	return 0;
}

static int read_labels(struct hcl_body *body, const struct json_reader *r, const struct json *j,
	struct opening *open);

static int read_label(struct hcl_body *body, const struct json_reader *r, const struct json *j,
	struct opening *open)
{
	if (j->type != JSON_OBJECT)
		return fail(r, j->span, "an object is needed, whose key is the block's label");
	for (size_t i = 0; i < j->object.n; i++) {
		const struct json_member *m = &j->object.items[i];
		list_push(r->arena, &open->labels) = m->key;
		if (read_labels(body, r, m->value, open) < 0)
			return -1;
		open->labels.n--;
	}
	return 0;
}

/* Recursion ends with the number of labels. */
static int read_labels(struct hcl_body *body, const struct json_reader *r, const struct json *j,
	struct opening *open)
{
	if (open->labels.n == open->schema->labels)
		return read_blocks(body, r, j, open);
	if (j->type != JSON_ARRAY)
		return read_label(body, r, j, open);
	for (size_t i = 0; i < j->array.n; i++) {
		if (read_label(body, r, j->array.items[i], open) < 0)
			return -1;
	}
	return 0;
}

static const struct hcl_block_schema *find_block(
	const struct hcl_block_schema *schema, struct str name)
{
	for (; schema && schema->type; schema++) {
		if (str_is(name, schema->type))
			return schema;
	}
	return NULL;
}

/* Objects of an array that are one body may say the same twice; one object cannot. */
static int read_attribute(struct hcl_body *body, const struct json_reader *r, struct json_member *m,
	struct map *names)
{
	struct hcl_attribute attribute = {.name = m->key, .origin = place_of(r, m->key_span)};
	const struct json_member *first = map_find(names, m->key);
	if (first) {
		struct origin o = place_of(r, first->key_span);
		return error_at(r->err, &attribute.origin, "`%.*s` is set twice; first at %s",
			STR_ARG(m->key), origin_str(r->arena, &o).p);
	}
	map_put(names, r->arena, m->key, m);
	if (read_expr(r, &attribute.expr, m->value) < 0)
		return -1;
	list_push(r->arena, &body->attributes) = attribute;
	return 0;
}

static int read_members(struct hcl_body *body, const struct json_reader *r, const struct json *j,
	const struct hcl_block_schema *schema, struct map *names)
{
	if (j->type != JSON_OBJECT)
		return fail(r, j->span, "an object is needed, with arguments and blocks");
	for (size_t i = 0; i < j->object.n; i++) {
		struct json_member *m = &j->object.items[i];
		struct opening open = {find_block(schema, m->key), {0}, place_of(r, m->key_span)};
		if (str_is(m->key, "//"))
			continue;
		int status = open.schema ? read_labels(body, r, m->value, &open)
					 : read_attribute(body, r, m, names);
		if (status < 0)
			return -1;
	}
	return 0;
}

/* Several objects in an array are one body. */
static int read_body(struct hcl_body *body, const struct json_reader *r, const struct json *j,
	const struct hcl_block_schema *schema)
{
	struct map names = {0};
	body->origin = place_of(r, j->span);
	if (j->type != JSON_ARRAY)
		return read_members(body, r, j, schema, &names);
	for (size_t i = 0; i < j->array.n; i++) {
		if (read_members(body, r, j->array.items[i], schema, &names) < 0)
			return -1;
	}
	return 0;
}

int hcl_parse_json(struct hcl_body **out, struct arena *a, struct str text, struct str file,
	const struct hcl_block_schema *schema, struct error *err)
{
	struct json *root = NULL;
	/* Two blocks of a kind may be written as two members. */
	struct json_limits limits = {.bytes = HCL_MAX_TEXT, .repeated = true};
	struct json_reader r = {a, {0}, arena_str(a, file), err};
	if (json_parse(&root, a, text, r.file, &limits, err) < 0)
		return -1;
	r.text = arena_str(a, text);
	struct hcl_body *body = arena_new(a, struct hcl_body);
	if (read_body(body, &r, root, schema) < 0)
		return -1;
	*out = body;
	return 0;
}
