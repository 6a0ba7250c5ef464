#include "sign/verify.h"

#include <stdio.h>

#include "sign/bundle.h"
#include "sign/key.h"

/* More lines than that are not looked at: three are right. */
#define LINES_MAX 16

static struct arena *arena_of(struct verifying *v)
{
	return &v->v->arena;
}

/* ---- Lines ----------------------------------------------------------------------------------- */

/* Whether our own writer makes this very line of the bundle: no byte may mean nothing. */
static bool is_own_form(const struct bundle *b, enum key_algorithm algorithm, struct str line)
{
	scoped(buf) again = {0};
	struct ecdsa_signature sig = {0};
	if (algorithm == KEY_ECDSA_P256 &&
		(!ecdsa_from_der(&sig, b->signature) || !ecdsa_is_low(&sig)))
		return false;
	bundle_encode(&again, b);
	return !again.full && str_eq(buf_str(&again), line);
}

static void open_line(struct verifying *v, struct attestation *line)
{
	struct bundle b = {0};
	struct error why = {0};
	const struct verify_options *o = v->o;
	if (bundle_parse(&b, arena_of(v), line->line, &why) < 0 ||
		bundle_check(&line->key, &b, o->keys, o->key_count, &why) < 0) {
		line->problem = arena_str(arena_of(v), str_from(why.text));
		return;
	}
	if (!is_own_form(&b, public_key_algorithm(o->keys[line->key]), line->line)) {
		line->problem = STR("the bundle is not in its canonical form");
		return;
	}
	line->payload = b.payload;
	if (statement_kind_of(&line->kind, b.payload, &why) == 0)
		line->known = true;
	else
		line->problem = arena_str(arena_of(v), str_from(why.text));
}

static void split_lines(struct verifying *v)
{
	struct str rest = v->archive.members[ARCHIVE_ATTESTATIONS];
	if (!str_has_suffix(rest, STR("\n"))) {
		v->lines_problem = STR("the last line has no end");
		return;
	}
	rest = str_sub(rest, 0, rest.n - 1);
	struct str line = {0};
	while (str_cut(&rest, '\n', &line)) {
		if (v->lines.n == LINES_MAX) {
			v->lines_problem = STR("far too many lines");
			return;
		}
		list_push(arena_of(v), &v->lines) = (struct attestation){.line = line};
	}
}

void verify_attestations(struct verifying *v, struct check *c)
{
	split_lines(v);
	for (size_t i = 0; i < v->lines.n; i++)
		open_line(v, &v->lines.items[i]);
	if (v->lines_problem.n > 0) {
		check_fail(v, c, "%.*s", STR_ARG(v->lines_problem));
		return;
	}
	if (v->lines.n != STATEMENT_COUNT) {
		check_fail(v, c, "%zu lines; %d are needed", v->lines.n, STATEMENT_COUNT);
		return;
	}
	for (size_t i = 0; i < v->lines.n; i++) {
		const struct attestation *line = &v->lines.items[i];
		if (!line->known) {
			check_fail(v, c, "line %zu: %.*s", i + 1, STR_ARG(line->problem));
			return;
		}
		if (line->kind != (enum statement_kind)i) {
			check_fail(v, c, "line %zu holds the %s, not the %s", i + 1,
				statement_name(line->kind), statement_name((enum statement_kind)i));
			return;
		}
	}
	check_pass(c);
}

/* ---- Signatures ------------------------------------------------------------------------------ */

/* The line of a statement: one that verified as such, or the broken one in its place. */
static const struct attestation *line_of(
	const struct verifying *v, enum statement_kind kind, size_t *count)
{
	const struct attestation *found = NULL;
	*count = 0;
	for (size_t i = 0; i < v->lines.n; i++) {
		const struct attestation *line = &v->lines.items[i];
		if (line->known && line->kind == kind) {
			found = found ? found : line;
			(*count)++;
		}
	}
	if (!found && kind < v->lines.n && !v->lines.items[kind].known)
		found = &v->lines.items[kind];
	return found;
}

static void verify_signature(struct verifying *v, struct check *c, enum statement_kind kind)
{
	size_t count = 0;
	const struct attestation *line = line_of(v, kind, &count);
	if (!line) {
		check_fail(v, c, "attestations.jsonl holds no %s", statement_name(kind));
	} else if (count == 0) {
		check_fail(v, c, "%.*s", STR_ARG(line->problem));
	} else if (count > 1) {
		check_fail(v, c, "attestations.jsonl holds %zu of them", count);
	} else {
		const struct public_key *key = v->o->keys[line->key];
		v->keys_used[kind] = line->key;
		c->found = arena_printf(arena_of(v), "%s %.*s",
			key_algorithm_name(public_key_algorithm(key)),
			STR_ARG(public_key_id(key, arena_of(v))));
		check_pass(c);
	}
}

void verify_signature_provenance(struct verifying *v, struct check *c)
{
	verify_signature(v, c, STATEMENT_PROVENANCE);
}

void verify_signature_trace(struct verifying *v, struct check *c)
{
	verify_signature(v, c, STATEMENT_TRACE);
}

void verify_signature_test(struct verifying *v, struct check *c)
{
	verify_signature(v, c, STATEMENT_TEST);
}

void verify_one_key(struct verifying *v, struct check *c)
{
	struct str first = {0};
	check_pass(c);
	for (size_t i = 0; i < STATEMENT_COUNT && c->result == CHECK_PASSED; i++) {
		struct str id = public_key_id(v->o->keys[v->keys_used[i]], arena_of(v));
		if (i == 0)
			first = id;
		check_same(v, c, first, id);
	}
}

/* ---- Statements ------------------------------------------------------------------------------ */

static void verify_statement(struct verifying *v, struct check *c, enum statement_kind kind)
{
	size_t count = 0;
	struct error why = {0};
	const struct attestation *line = line_of(v, kind, &count);
	if (!line || count != 1) {
		check_unknown(v, c, "needs a %s that verifies", statement_name(kind));
		return;
	}
	if (statement_read(&v->statements[kind], arena_of(v), kind, line->payload, &why) < 0) {
		check_fail(v, c, "%s", why.text);
		return;
	}
	/* NEED_PROVENANCE, NEED_TRACE and NEED_TEST are in the order of the kinds. */
	v->have |= 1u << kind;
	check_pass(c);
}

void verify_statement_provenance(struct verifying *v, struct check *c)
{
	verify_statement(v, c, STATEMENT_PROVENANCE);
}

void verify_statement_trace(struct verifying *v, struct check *c)
{
	verify_statement(v, c, STATEMENT_TRACE);
}

void verify_statement_test(struct verifying *v, struct check *c)
{
	verify_statement(v, c, STATEMENT_TEST);
}

static bool subject_eq(const struct evidence_subject *a, const struct evidence_subject *b)
{
	return str_eq(a->name, b->name) && str_eq(a->uri, b->uri) &&
		str_eq(a->algorithm, b->algorithm) && str_eq(a->value, b->value);
}

static bool subjects_eq(const struct subject_list *a, const struct subject_list *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		if (!subject_eq(&a->items[i], &b->items[i]))
			return false;
	}
	return a->n == b->n;
}

/* The first name that stands there twice, or empty. */
static struct str repeated_name(const struct subject_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		for (size_t j = 0; j < i; j++) {
			if (str_eq(list->items[i].name, list->items[j].name))
				return list->items[i].name;
		}
	}
	return STR("");
}

void verify_same_subjects(struct verifying *v, struct check *c)
{
	const struct subject_list *first = &v->statements[STATEMENT_PROVENANCE].subjects;
	struct str repeated = repeated_name(first);
	for (size_t i = STATEMENT_TRACE; i < STATEMENT_COUNT; i++) {
		if (!subjects_eq(first, &v->statements[i].subjects)) {
			check_fail(v, c, "those of the %s differ from those of the provenance",
				statement_name((enum statement_kind)i));
			return;
		}
	}
	/* The manifest and at least one that was made. */
	if (first->n < 2)
		check_fail(v, c, "there is no subject beside the manifest");
	else if (repeated.n > 0)
		check_fail(v, c, "two subjects are called %.*s", STR_ARG(repeated));
	else
		check_pass(c);
}

void verify_same_build(struct verifying *v, struct check *c)
{
	const struct provenance *p = &v->statements[STATEMENT_PROVENANCE].provenance;
	const struct trace *t = &v->statements[STATEMENT_TRACE].trace;
	if (check_same(v, c, p->invocation_id, t->invocation_id) &&
		check_same(v, c, p->builder_id, t->builder_id) &&
		check_same(v, c, p->started, t->started) &&
		check_same(v, c, p->finished, t->finished))
		check_same(v, c, p->invocation_id, t->invocation_id);
}

/* ---- Times ----------------------------------------------------------------------------------- */

/* The member is a time of the manifest that lies within the build. */
static bool is_within(const struct json *line, const char *key, int64_t from, int64_t to)
{
	struct str text = json_str_or(line, key, STR(""));
	int64_t at = 0;
	return text.n == 0 || (time_parse_rfc3339(text, &at) && at >= from && at <= to);
}

void verify_times(struct verifying *v, struct check *c)
{
	const struct provenance *p = &v->statements[STATEMENT_PROVENANCE].provenance;
	int64_t started = 0;
	int64_t finished = 0;
	c->found = arena_printf(arena_of(v), "%.*s to %.*s", STR_ARG(check_text(v, p->started)),
		STR_ARG(check_text(v, p->finished)));
	if (!time_parse_rfc3339(p->started, &started) ||
		!time_parse_rfc3339(p->finished, &finished)) {
		check_fail(v, c, "not in RFC 3339");
		return;
	}
	if (started > finished) {
		check_fail(v, c, "the build ended before it began");
		return;
	}
	if (finished > v->o->now) {
		check_fail(v, c, "the build ends in the future; it is %.*s now",
			STR_ARG(time_rfc3339(arena_of(v), v->o->now)));
		return;
	}
	for (size_t i = 0; i < v->manifest.n; i++) {
		const struct json *line = v->manifest.items[i];
		if (!is_within(line, "start", started, finished) ||
			!is_within(line, "end", started, finished)) {
			check_fail(
				v, c, "line %zu of the manifest lies outside of the build", i + 1);
			return;
		}
	}
	check_pass(c);
}
