/* What a finding is known by when its line has moved. */
#include "audit/policy/verdict.h"

#include <stdio.h>

#define VALUE_DEPTH 16

void fingerprint_add(struct hasher *h, struct str s)
{
	char size[32];
	int n = snprintf(size, sizeof(size), "%zu:", s.n);
	hasher_add(h, (struct str){size, (size_t)n});
	hasher_add(h, s);
}

/* Names of temporary files are numbered through, so that another one before moves the number. */
static void hash_text(struct hasher *h, struct arena *a, struct str s)
{
	static const struct str stem = STR_INIT(".mktemp");
	scoped(buf) same = {0};
	size_t at = str_find(s, stem);
	if (at == STR_NPOS) {
		fingerprint_add(h, s);
		return;
	}
	buf_init(&same, s.n + 1);
	for (; at != STR_NPOS; at = str_find(s, stem)) {
		size_t end = at + stem.n;
		buf_add(&same, str_sub(s, 0, end));
		while (end < s.n && s.p[end] >= '0' && s.p[end] <= '9')
			end++;
		s = str_from_index(s, end);
	}
	buf_add(&same, s);
	fingerprint_add(h, arena_str(a, buf_str(&same)));
}

static void hash_number(struct hasher *h, const struct hcl_value *v)
{
	char text[32];
	int n = v->is_integer ? snprintf(text, sizeof(text), "%lld", (long long)v->integer)
			      : snprintf(text, sizeof(text), "%.17g", v->number);
	fingerprint_add(h, (struct str){text, (size_t)n});
}

static void hash_value(struct hasher *h, struct arena *a, const struct hcl_value *v, unsigned depth)
{
	fingerprint_add(h, str_from(hcl_type_name(v->type)));
	if (v->type == HCL_STRING)
		hash_text(h, a, v->string);
	else if (v->type == HCL_BOOL)
		fingerprint_add(h, v->boolean ? STR("true") : STR("false"));
	else if (v->type == HCL_NUMBER)
		hash_number(h, v);
	for (size_t i = 0; depth < VALUE_DEPTH && i < v->n; i++) {
		if (v->type == HCL_OBJECT)
			fingerprint_add(h, v->keys[i]);
		hash_value(h, a, &v->items[i], depth + 1);
	}
}

/* Members that tell where a command stands and not what it does. */
static bool is_context(struct str key)
{
	static const char *const keys[] = {"step", "script", "function", "conditional", "fatal",
		"ignored", "background", "reason", "via", "gate", "spelled", "upstream", "final",
		"effective"};
	for (size_t i = 0; i < countof(keys); i++) {
		if (str_is(key, keys[i]))
			return true;
	}
	return false;
}

/*
 * The command alone would be the same for every `… | sh`, and says nothing of here-documents or
 * uploaded bytes. So all that the fact knows of it counts.
 */
struct str fingerprint_of(struct arena *a, const struct finding *f)
{
	scoped(arena) scratch = {0};
	scoped(hasher) h = {0};
	hasher_init(&h);
	fingerprint_add(&h, f->id);
	hash_text(&h, &scratch, f->fact ? f->command : f->message);
	for (size_t i = 0; f->fact && i < f->fact->value->n; i++) {
		const struct hcl_value *value = f->fact->value;
		if (is_context(value->keys[i]))
			continue;
		fingerprint_add(&h, value->keys[i]);
		hash_value(&h, &scratch, &value->items[i], 0);
	}
	struct digest d;
	hasher_finish(&h, &d);
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, &d);
	return arena_str(a, str_sub(str_from(hex), 0, 16));
}
