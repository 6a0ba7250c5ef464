#include "sign/verify.h"

/*
 * What the manifest says was asked, held against the plan. A hole of the plan may have been filled
 * with anything; a sensitive value shows as its name in both.
 */

#define SENSITIVE STR("<sensitive:")

/* Texts that a step of each type asks with, and digests, by the same name in both. */
static const struct {
	const char *type;
	const char *texts[3];
	const char *exact[3];
} asked[] = {
	{"upload", {"destination"}, {"sha256"}},
	{"download", {"source", "destination"}, {0}},
	{"exec", {"command"}, {0}},
	{"boot", {0}, {"what", "path", "sha256"}},
};

/* One piece of a text: literal bytes, or a hole. */
static bool piece_of(const struct json *j, struct arena *a, struct str *literal, bool *is_hole)
{
	struct error ignored = {0};
	struct str name = json_str_or(j, "sensitive", STR(""));
	*is_hole = json_find(j, "hole") != NULL;
	if (*is_hole)
		return true;
	if (name.n > 0) {
		*literal = arena_printf(a, "<sensitive:%.*s>", STR_ARG(name));
		return true;
	}
	return json_to_bytes(j, a, literal, &ignored) == 0;
}

/* Whether a literal stands at the front of *rest, or anywhere in it behind a hole. */
static bool take_literal(struct str *rest, struct str literal, bool behind_hole)
{
	size_t at = behind_hole ? str_find(*rest, literal) : 0;
	if (at == STR_NPOS || !str_has_prefix(str_from_index(*rest, at), literal))
		return false;
	*rest = str_from_index(*rest, at + literal.n);
	return true;
}

static bool matches_pieces(const struct json *pieces, struct arena *a, struct str found)
{
	bool behind_hole = false;
	for (size_t i = 0; i < pieces->array.n; i++) {
		struct str literal = {0};
		bool is_hole = false;
		if (!piece_of(pieces->array.items[i], a, &literal, &is_hole))
			return false;
		bool is_last = i + 1 == pieces->array.n;
		if (!is_hole && is_last && behind_hole)
			return str_has_suffix(found, literal);
		if (!is_hole && !take_literal(&found, literal, behind_hole))
			return false;
		behind_hole = is_hole;
	}
	return behind_hole || found.n == 0;
}

static size_t count_of(struct str s, struct str needle)
{
	size_t n = 0;
	for (size_t at = str_find(s, needle); at != STR_NPOS; at = str_find(s, needle)) {
		s = str_from_index(s, at + needle.n);
		n++;
	}
	return n;
}

static size_t count_sensitive(const struct json *text)
{
	size_t n = 0;
	for (size_t i = 0; text->type == JSON_ARRAY && i < text->array.n; i++)
		n += json_find(text->array.items[i], "sensitive") != NULL;
	return n;
}

static bool matches(const struct json *planned, const struct json *recorded, struct arena *a)
{
	struct error ignored = {0};
	struct str literal = {0};
	struct str found = {0};
	if (!planned || !recorded || json_to_bytes(recorded, a, &found, &ignored) < 0)
		return false;
	/* A secret that happens to stand in a literal was removed there, too: no comparison. */
	if (count_of(found, SENSITIVE) > count_sensitive(planned))
		return true;
	if (planned->type == JSON_ARRAY)
		return matches_pieces(planned, a, found);
	return json_to_bytes(planned, a, &literal, &ignored) == 0 && str_eq(literal, found);
}

static bool matches_argv(const struct json *step, const struct json *line, struct arena *a)
{
	const struct json *planned = json_find(step, "argv");
	const struct json *recorded = json_find(line, "argv");
	if (!planned || !recorded || planned->type != JSON_ARRAY || recorded->type != JSON_ARRAY ||
		planned->array.n != recorded->array.n)
		return false;
	for (size_t i = 0; i < planned->array.n; i++) {
		if (!matches(planned->array.items[i], recorded->array.items[i], a))
			return false;
	}
	return true;
}

/* The name of the first member that differs, or NULL. */
static const char *difference(const struct json *step, const struct json *line, struct arena *a)
{
	struct str type = json_str_or(step, "type", STR(""));
	if (str_is(type, "exec-host"))
		return matches_argv(step, line, a) ? NULL : "argv";
	for (size_t i = 0; i < countof(asked); i++) {
		if (!str_is(type, asked[i].type))
			continue;
		for (size_t k = 0; k < countof(asked[i].texts) && asked[i].texts[k]; k++) {
			const char *key = asked[i].texts[k];
			if (!matches(json_find(step, key), json_find(line, key), a))
				return key;
		}
		for (size_t k = 0; k < countof(asked[i].exact) && asked[i].exact[k]; k++) {
			const char *key = asked[i].exact[k];
			if (!str_eq(json_str_or(step, key, STR("-")),
				    json_str_or(line, key, STR(""))))
				return key;
		}
	}
	return NULL;
}

void verify_asked(struct verifying *v, struct check *c)
{
	for (size_t i = 0; i < v->manifest.n; i++) {
		scoped(arena) a = {0};
		struct error ignored = {0};
		const struct json *line = v->manifest.items[i];
		int64_t id = 0;
		if (!line_is(line, "step"))
			continue;
		if (json_get_i64(line, "id", &id, "step", &ignored) < 0 || id < 1 ||
			(uint64_t)id > v->steps.n) {
			check_fail(v, c, "line %zu of the manifest: a step beyond the plan", i + 1);
			return;
		}
		const char *key = difference(v->steps.items[id - 1].step, line, &a);
		if (key) {
			check_fail(v, c,
				"line %zu of the manifest: %s of step %zu is not the plan's", i + 1,
				key, (size_t)id);
			return;
		}
	}
	check_pass(c);
}
