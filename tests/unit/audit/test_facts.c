/*
 * Cases of fixtures/audit/: code in, facts out, as text.
 *
 * The first line says what the case shows. "=== script", "=== upload PATH", "=== exec",
 * "=== host", "=== boot WHAT [FILE]" begin the code of a script by itself or of the steps of a plan,
 * "=== ansible PATH" is a playbook that the build host runs, with those that "=== file PATH" begin;
 * "=== medium WHAT URI [CHECKSUM]" stands for itself (the first at line 100 of the template);
 * "=== facts" begins what is wanted: `kind member=value member~part @line` for a fact that must be
 * there, the same behind `!` for one that must not be.
 */
#include "audit/audit.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define CASES_MAX 512

struct loaded {
	struct arena arena;
	struct facts facts;
	struct str wanted;
	struct str title;
};

/* ---- Reading -------------------------------------------------------------------------------- */

static struct str read_all(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	char *bytes = arena_alloc(a, 1 << 20);
	size_t n = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	return (struct str){bytes, n};
}

/* <sensitive:NAME> and <hole:NAME> stand for what the template knows of them. */
static struct text make_text(struct arena *a, struct str s)
{
	struct text t = {0};
	while (s.n > 0) {
		size_t hole = str_find(s, STR("<hole:"));
		size_t sensitive = str_find(s, STR("<sensitive:"));
		size_t at = hole < sensitive ? hole : sensitive;
		text_add_literal(&t, a, str_sub(s, 0, at));
		if (at == STR_NPOS)
			break;
		s = str_from_index(s, at);
		size_t colon = str_find_byte(s, ':');
		size_t end = str_find_byte(s, '>');
		struct str name = str_sub(s, colon + 1, end - colon - 1);
		if (at == hole)
			text_add_hole(&t, a, name);
		else
			text_add_sensitive(&t, a, name, STR("s3cr3t-value"));
		s = str_from_index(s, end + 1);
	}
	return t;
}

static void add_input(struct step *s, struct arena *a, struct str path, struct str body)
{
	list_push(a, &s->exec.inputs) =
		(struct step_input){.path = path, .content = body, .language = LANGUAGE_ANSIBLE};
}

static void make_ansible(struct step *s, struct arena *a, struct str path, struct str body)
{
	s->type = STEP_EXEC_HOST;
	s->exec.language = LANGUAGE_ANSIBLE;
	s->exec.argv.items = arena_array(a, struct text, 4);
	s->exec.argv.items[0] = text_from(a, STR("ansible-playbook"));
	s->exec.argv.items[1] = text_from(a, STR("-e"));
	s->exec.argv.items[2] = text_from(a, STR("packer_builder_type=qemu"));
	text_add_hole(&s->exec.argv.items[3], a,
		arena_printf(a, "%s%.*s", STEP_TREE_HOLE, STR_ARG(path)));
	s->exec.argv.n = 4;
	add_input(s, a, path, body);
}

static void add_step(struct plan *p, struct arena *a, struct str header, struct str body)
{
	struct str kind = header;
	struct str rest = STR("");
	size_t space = str_find_byte(header, ' ');
	if (space != STR_NPOS) {
		kind = str_sub(header, 0, space);
		rest = str_trim(str_from_index(header, space));
	}
	struct step s = {.id = (uint32_t)p->steps.n + 1, .origin = {STR("template"), {0}}};
	s.origin.span = (struct span){.line = s.id, .col = 1};
	if (str_is(kind, "upload")) {
		s.type = STEP_UPLOAD;
		s.upload.content = make_text(a, body);
		s.upload.destination = make_text(a, rest);
		s.upload.source = rest;
	} else if (str_is(kind, "exec")) {
		s.type = STEP_EXEC;
		s.exec.command = make_text(a, str_trim(body));
		list_push(a, &s.exec.exit_codes) = 0;
	} else if (str_is(kind, "host")) {
		s.type = STEP_EXEC_HOST;
		s.exec.script = make_text(a, body);
		s.exec.source = STR("local.sh");
		s.exec.argv.items = arena_array(a, struct text, 3);
		s.exec.argv.items[0] = text_from(a, STR("/bin/sh"));
		s.exec.argv.items[1] = text_from(a, STR("-c"));
		text_add_hole(&s.exec.argv.items[2], a, STR(STEP_SCRIPT_HOLE));
		s.exec.argv.n = 3;
		list_push(a, &s.exec.exit_codes) = 0;
	} else if (str_is(kind, "ansible")) {
		make_ansible(&s, a, rest, body);
	} else {
		assert_true(str_is(kind, "boot"));
		s.type = STEP_BOOT;
		size_t path = str_find_byte(rest, ' ');
		s.boot.what = str_sub(rest, 0, path);
		s.boot.path = path == STR_NPOS ? STR("") : str_trim(str_from_index(rest, path));
		s.boot.source = s.boot.path;
		s.boot.kind = str_is(s.boot.what, "boot_command") ? BOOT_KEYS : BOOT_NONE;
		s.boot.content = make_text(a, body);
	}
	list_push(a, &p->steps) = s;
}

/* "WHAT URI CHECKSUM" */
static void add_medium(struct plan *p, struct arena *a, struct str rest)
{
	struct plan_medium m = {.origin = {STR("template"), {.col = 1}}};
	struct str uri = STR("");
	assert_true(str_cut(&rest, ' ', &m.what));
	m.origin.span.line = 100 + (uint32_t)p->media.n;
	if (rest.p && str_cut(&rest, ' ', &uri))
		m.uri = make_text(a, uri);
	if (rest.p)
		m.checksum = make_text(a, rest);
	list_push(a, &p->media) = m;
}

static void load_case(struct loaded *l, const char *path)
{
	struct str text = read_all(&l->arena, path);
	struct error err = {0};
	struct plan plan = {0};
	struct str line;
	assert_true(str_cut(&text, '\n', &l->title));
	while (text.n > 0) {
		assert_true(str_cut(&text, '\n', &line));
		assert_true(str_has_prefix(line, STR("=== ")));
		struct str header = str_trim(str_from_index(line, 4));
		size_t end = str_find(text, STR("\n=== "));
		struct str body = end == STR_NPOS ? text : str_sub(text, 0, end + 1);
		if (str_has_prefix(text, STR("=== ")))
			body = STR("");
		text = str_from_index(text, body.n);
		if (str_is(header, "facts"))
			l->wanted = body;
		else if (str_has_prefix(header, STR("file ")))
			add_input(&plan.steps.items[plan.steps.n - 1], &l->arena,
				str_trim(str_from_index(header, 5)), body);
		else if (str_has_prefix(header, STR("medium ")))
			add_medium(&plan, &l->arena, str_from_index(header, 7));
		else if (str_is(header, "script"))
			assert_int_equal(
				facts_of_script(&l->facts, &l->arena, body, STR("script"), &err),
				0);
		else
			add_step(&plan, &l->arena, header, body);
	}
	if (plan.steps.n > 0 || plan.media.n > 0)
		assert_int_equal(facts_of_plan(&l->facts, &l->arena, &plan, 0, &err), 0);
}

/* ---- Comparing ------------------------------------------------------------------------------ */

static void show_value(struct buf *b, const struct hcl_value *v)
{
	switch (v->type) {
	case HCL_BOOL:
		buf_add_cstr(b, v->boolean ? "true" : "false");
		break;
	case HCL_NUMBER:
		buf_printf(b, "%lld", (long long)v->integer);
		break;
	case HCL_STRING:
		buf_add(b, v->string);
		break;
	case HCL_LIST:
		for (size_t i = 0; i < v->n; i++) {
			buf_add_cstr(b, i > 0 ? "," : "");
			show_value(b, &v->items[i]);
		}
		break;
	case HCL_OBJECT:
		for (size_t i = 0; i < v->n; i++) {
			buf_printf(b, "%.*s:", STR_ARG(v->keys[i]));
			show_value(b, &v->items[i]);
			buf_add_byte(b, ';');
		}
		break;
	case HCL_NULL:
	case HCL_NONE:
	case HCL_UNKNOWN:
		buf_add_cstr(b, "null");
		break;
	}
}

/* One word of the line; a value may stand in double quotes, with \n in it. */
static bool next_word(struct str *rest, struct buf *word)
{
	buf_reset(word);
	*rest = str_trim(*rest);
	bool quoted = false;
	size_t i = 0;
	for (; i < rest->n && (quoted || rest->p[i] != ' '); i++) {
		if (rest->p[i] == '"') {
			quoted = !quoted;
		} else if (quoted && rest->p[i] == '\\' && i + 1 < rest->n) {
			i++;
			buf_add_byte(word, rest->p[i] == 'n' ? '\n' : rest->p[i]);
		} else {
			buf_add_byte(word, rest->p[i]);
		}
	}
	bool any = i > 0;
	*rest = str_from_index(*rest, i);
	return any;
}

static bool member_matches(const struct fact *f, struct str word)
{
	size_t at = 0;
	while (at < word.n && word.p[at] != '=' && word.p[at] != '~')
		at++;
	assert_true(at < word.n);
	const struct hcl_value *v = hcl_member(f->value, str_sub(word, 0, at));
	if (!v)
		fail_msg("no member %.*s", STR_ARG(word));
	scoped(buf) shown = {0};
	show_value(&shown, v);
	struct str want = str_from_index(word, at + 1);
	if (word.p[at] == '~')
		return str_contains(buf_str(&shown), want);
	return str_eq(buf_str(&shown), want);
}

static bool fact_matches(const struct fact *f, struct str line)
{
	scoped(buf) word = {0};
	next_word(&line, &word);
	if (!str_is(buf_str(&word), fact_kind_name(f->kind)))
		return false;
	while (next_word(&line, &word)) {
		struct str w = buf_str(&word);
		uint64_t number = 0;
		if (str_has_prefix(w, STR("@"))) {
			struct str place = str_from_index(w, 1);
			size_t colon = str_rfind_byte(place, ':');
			struct str digits =
				colon == STR_NPOS ? place : str_from_index(place, colon + 1);
			assert_true(str_to_u64(digits, &number));
			if (f->origin.span.line != number)
				return false;
			if (colon != STR_NPOS && !str_eq(f->origin.file, str_sub(place, 0, colon)))
				return false;
		} else if (!member_matches(f, w)) {
			return false;
		}
	}
	return true;
}

static void print_facts(const struct facts *facts)
{
	for (size_t i = 0; i < facts->n; i++) {
		const struct fact *f = &facts->items[i];
		scoped(buf) b = {0};
		show_value(&b, f->value);
		print_message("  %s @%.*s:%u %.*s\n", fact_kind_name(f->kind),
			STR_ARG(f->origin.file), f->origin.span.line, STR_ARG(buf_str(&b)));
	}
}

static void run_case(void **state)
{
	struct loaded l = {0};
	load_case(&l, *state);
	struct str wanted = l.wanted;
	struct str line;
	size_t lines = 0;
	size_t wrong = 0;
	while (str_cut(&wanted, '\n', &line)) {
		bool absent = str_has_prefix(line, STR("!"));
		struct str pattern = absent ? str_from_index(line, 1) : line;
		bool found = false;
		if (str_trim(line).n == 0)
			continue;
		lines++;
		for (size_t i = 0; i < l.facts.n && !found; i++)
			found = fact_matches(&l.facts.items[i], pattern);
		if (found != absent)
			continue;
		wrong++;
		print_message("%s: %s: %.*s\n", (const char *)*state,
			absent ? "not wanted" : "missing", STR_ARG(line));
	}
	if (wrong > 0)
		print_facts(&l.facts);
	arena_clear(&l.arena);
	assert_int_equal(wrong, 0);
	assert_true(lines > 0);
}

/* ---- The list ------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct CMUnitTest *)a)->name, ((const struct CMUnitTest *)b)->name);
}

int main(void)
{
	struct arena arena = {0};
	struct CMUnitTest tests[CASES_MAX];
	size_t n = 0;
	DIR *dir = opendir(FIXTURES "/audit");
	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		struct str name = str_from(entry->d_name);
		if (!str_has_suffix(name, STR(".case")) || n == CASES_MAX)
			continue;
		struct str path = arena_printf(&arena, "%s/audit/%s", FIXTURES, entry->d_name);
		tests[n++] = (struct CMUnitTest){
			.name = arena_cstr(&arena, name),
			.test_func = run_case,
			.initial_state = arena_cstr(&arena, path),
		};
	}
	closedir(dir);
	qsort(tests, n, sizeof(*tests), compare_names);
	int failed = n == 0 ? 1 : _cmocka_run_group_tests("facts", tests, n, NULL, NULL);
	arena_clear(&arena);
	return failed;
}
