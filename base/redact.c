#include "base/redact.h"

#include "base/error.h"

/* Shorter lines of a value tell little, and stand in many other texts. */
#define LINE_MIN 8

void secret_wipe(void *p, size_t n)
{
	if (n > 0)
		explicit_bzero(p, n);
}

void secret_set(struct secret *s, struct str value)
{
	secret_clear(s);
	s->p = malloc(value.n + 1);
	if (!s->p)
		error_out_of_memory();
	if (value.n > 0)
		memcpy(s->p, value.p, value.n);
	s->p[value.n] = '\0';
	s->n = value.n;
}

void secret_clear(struct secret *s)
{
	if (s->p)
		secret_wipe(s->p, s->n);
	free(s->p);
	*s = (struct secret){0};
}

static bool known(const struct redactor *r, struct str value)
{
	for (size_t i = 0; i < r->n; i++) {
		if (str_eq(r->items[i].value, value))
			return true;
	}
	return false;
}

/* Kept longest first, so that a value that contains another one is removed as a whole. */
static void add(struct redactor *r, struct str name, struct str value)
{
	if (value.n == 0 || known(r, value))
		return;
	struct redaction item = {arena_str(&r->arena, name), arena_str(&r->arena, value)};
	list_push(&r->arena, r) = item;
	size_t i = r->n - 1;
	while (i > 0 && r->items[i - 1].value.n < value.n) {
		r->items[i] = r->items[i - 1];
		i--;
	}
	r->items[i] = item;
}

void redactor_add(struct redactor *r, struct str name, struct str value)
{
	struct str rest = value, line;
	add(r, name, value);
	if (str_find_byte(value, '\n') == STR_NPOS)
		return;
	while (rest.n > 0 && str_cut(&rest, '\n', &line)) {
		if (line.n >= LINE_MIN)
			add(r, name, line);
	}
}

void redactor_clear(struct redactor *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct str value = r->items[i].value;
		char *p;
		memcpy(&p, &value.p, sizeof(p));
		secret_wipe(p, value.n);
	}
	arena_clear(&r->arena);
	*r = (struct redactor){0};
}

static const struct redaction *match_at(const struct redactor *r, struct str rest)
{
	for (size_t i = 0; i < r->n; i++) {
		if (str_has_prefix(rest, r->items[i].value))
			return &r->items[i];
	}
	return NULL;
}

bool redactor_matches(const struct redactor *r, struct str text)
{
	if (!r)
		return false;
	for (size_t i = 0; i < r->n; i++) {
		if (str_contains(text, r->items[i].value))
			return true;
	}
	return false;
}

void redactor_apply(const struct redactor *r, struct buf *out, struct str text)
{
	if (!redactor_matches(r, text)) {
		buf_add(out, text);
		return;
	}
	size_t i = 0;
	while (i < text.n) {
		const struct redaction *item = match_at(r, str_from_index(text, i));
		if (!item) {
			buf_add_byte(out, text.p[i++]);
			continue;
		}
		buf_printf(out, "<sensitive:%.*s>", STR_ARG(item->name));
		i += item->value.n;
	}
}

struct str redactor_str(const struct redactor *r, struct arena *a, struct str text)
{
	if (!redactor_matches(r, text))
		return text;
	scoped(buf) out = {0};
	buf_init(&out, SIZE_MAX / 4);
	redactor_apply(r, &out, text);
	return arena_str(a, buf_str(&out));
}
