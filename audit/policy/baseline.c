/* Findings that a project lives with: a file of fingerprints, or another audit. */
#include "audit/policy/verdict.h"

#include "base/json.h"

#define FORMAT 1
#define ENTRIES_MAX 200000

static const char what[] = "baseline";

/* ---- Counting ------------------------------------------------------------------------------- */

/* How often a finding stands at different places; builds of one template share theirs. */
struct tally {
	uint32_t places;
	uint32_t allowed; /* by the baseline */
	bool seen;
	const struct finding *last;
};

static struct str key_of(struct arena *a, struct str rule, struct str fingerprint)
{
	return arena_printf(a, "%.*s %.*s", STR_ARG(rule), STR_ARG(fingerprint));
}

static struct tally *tally_at(struct map *m, struct arena *a, struct str key)
{
	struct tally *t = map_find(m, key);
	if (t)
		return t;
	t = arena_new(a, struct tally);
	map_put(m, a, key, t);
	return t;
}

static bool is_same_place(const struct finding *a, const struct finding *b)
{
	return str_eq(a->origin.file, b->origin.file) &&
		a->origin.span.line == b->origin.span.line &&
		a->origin.span.col == b->origin.span.col;
}

/* Findings of one rule come in the order of their places. */
static void tally_add(struct tally *t, const struct finding *f)
{
	t->places += !t->last || !is_same_place(t->last, f);
	t->last = f;
}

static int compare_known(const void *left, const void *right)
{
	const struct audit_known *a = left;
	const struct audit_known *b = right;
	int order = str_cmp(a->rule, b->rule);
	return order != 0 ? order : str_cmp(a->fingerprint, b->fingerprint);
}

/* One for each fingerprint, in the order of the findings. */
struct first {
	const struct finding *finding;
	const struct tally *tally;
};
struct first_list {
	struct first *items;
	size_t n;
	size_t cap;
};

static void count(struct first_list *out, struct arena *a, const struct audit *audit)
{
	struct map tallies = {0};
	for (size_t i = 0; i < audit->findings.n; i++) {
		const struct finding *f = &audit->findings.items[i];
		struct tally *t = tally_at(&tallies, a, key_of(a, f->id, f->fingerprint));
		if (!t->last)
			list_push(a, out) = (struct first){f, t};
		tally_add(t, f);
	}
}

void audit_baseline_of(struct audit_baseline *out, struct arena *a, const struct audit *audit)
{
	scoped(arena) scratch = {0};
	struct first_list all = {0};
	count(&all, &scratch, audit);
	for (size_t i = 0; i < all.n; i++) {
		const struct finding *f = all.items[i].finding;
		list_push(a, out) = (struct audit_known){arena_str(a, f->id),
			arena_str(a, f->fingerprint), all.items[i].tally->places};
	}
	if (out->n > 1)
		qsort(out->items, out->n, sizeof(*out->items), compare_known);
}

/* ---- Leaving out ---------------------------------------------------------------------------- */

/* At a place more than the baseline allows the finding is new, and then in every build. */
static bool is_known(struct map *tallies, struct arena *a, const struct finding *f, bool locked)
{
	struct tally *t = map_find(tallies, key_of(a, f->id, f->fingerprint));
	if (!t)
		return false;
	t->seen = true;
	tally_add(t, f);
	return t->places <= t->allowed && !f->waived && (locked || !f->rule->locked);
}

void baseline_apply(struct audit *a, const struct audit_baseline *baseline, bool locked)
{
	scoped(arena) scratch = {0};
	struct map tallies = {0};
	for (size_t i = 0; i < baseline->n; i++) {
		const struct audit_known *k = &baseline->items[i];
		tally_at(&tallies, &scratch, key_of(&scratch, k->rule, k->fingerprint))->allowed +=
			k->places;
	}
	/* What is compared with is read while findings move up, so it is a copy. */
	size_t n = a->findings.n;
	struct finding *all = arena_array(&scratch, struct finding, n);
	if (n > 0)
		memcpy(all, a->findings.items, n * sizeof(*all));
	a->findings.n = 0;
	for (size_t i = 0; i < n; i++) {
		if (is_known(&tallies, &scratch, &all[i], locked))
			a->known++;
		else
			a->findings.items[a->findings.n++] = all[i];
	}
	for (size_t i = 0; i < tallies.n; i++)
		a->gone += !((struct tally *)tallies.items[i].value)->seen;
	a->compared = true;
}

/* ---- The file ------------------------------------------------------------------------------- */

static struct json *entry_json(struct arena *a, const struct first *one)
{
	const struct finding *f = one->finding;
	struct json *j = json_object(a);
	json_set(a, j, "rule", json_bytes(a, f->id));
	json_set(a, j, "fingerprint", json_bytes(a, f->fingerprint));
	json_set(a, j, "places", json_i64(a, one->tally->places));
	json_set(a, j, "file", json_bytes(a, f->origin.file));
	json_set(a, j, "message", json_bytes(a, f->message));
	return j;
}

static int compare_first(const void *left, const void *right)
{
	const struct finding *a = ((const struct first *)left)->finding;
	const struct finding *b = ((const struct first *)right)->finding;
	int order = str_cmp(a->id, b->id);
	return order != 0 ? order : str_cmp(a->fingerprint, b->fingerprint);
}

/* One entry a line, sorted, so that a change of it can be read in a review. */
int audit_baseline_write(struct buf *out, const struct audit *audit, struct error *err)
{
	scoped(arena) a = {0};
	struct first_list all = {0};
	count(&all, &a, audit);
	if (all.n > 1)
		qsort(all.items, all.n, sizeof(*all.items), compare_first);
	buf_printf(out, "{\"format\": %d, \"findings\": [", FORMAT);
	bool first = true;
	for (size_t i = 0; i < all.n; i++) {
		const struct finding *f = all.items[i].finding;
		if (f->waived || f->rule->locked)
			continue;
		buf_add_cstr(out, first ? "\n" : ",\n");
		json_write_compact(out, entry_json(&a, &all.items[i]));
		first = false;
	}
	buf_add_cstr(out, "\n]}\n");
	return buf_check(out, err);
}

static int parse_entry(
	struct audit_baseline *out, struct arena *a, const struct json *j, struct error *err)
{
	struct audit_known k = {0};
	int64_t places = 0;
	if (json_get_str(j, "rule", &k.rule, what, err) < 0 ||
		json_get_str(j, "fingerprint", &k.fingerprint, what, err) < 0 ||
		json_get_i64(j, "places", &places, what, err) < 0)
		return -1;
	if (places < 1 || places > ENTRIES_MAX)
		return error_set(err, ERROR_INPUT, "%s: \"places\" of %.*s is no count", what,
			STR_ARG(k.fingerprint));
	k.places = (uint32_t)places;
	list_push(a, out) = k;
	return 0;
}

int audit_baseline_parse(struct audit_baseline *out, struct arena *a, struct str text,
	struct str name, struct error *err)
{
	struct json *j = NULL;
	const struct json *findings = NULL;
	int64_t format = 0;
	struct audit_baseline read = {0};
	if (json_parse(&j, a, text, name, NULL, err) < 0)
		return -1;
	if (json_get_i64(j, "format", &format, what, err) < 0 ||
		json_get_array(j, "findings", &findings, what, err) < 0)
		return error_wrap(err, "%.*s", STR_ARG(name));
	if (format != FORMAT)
		return error_set(err, ERROR_INPUT,
			"%.*s: format %lld, where this version knows %d; write it again with "
			"--write-baseline",
			STR_ARG(name), (long long)format, FORMAT);
	if (findings->array.n > ENTRIES_MAX)
		return error_set(err, ERROR_INPUT, "%.*s: more than %d findings", STR_ARG(name),
			ENTRIES_MAX);
	for (size_t i = 0; i < findings->array.n; i++) {
		const struct json *entry = findings->array.items[i];
		if (parse_entry(&read, a, entry, err) < 0)
			return error_wrap(
				err, "%.*s:%u", STR_ARG(name), (unsigned)entry->span.line);
	}
	*out = read;
	return 0;
}
