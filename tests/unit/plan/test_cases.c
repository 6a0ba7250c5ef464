/*
 * fixtures/templates: per case the files of a commit, options, and what must come of it.
 *
 *   ==> path             a file; template.json is the one that is loaded
 *   ==> options          var NAME=VALUE, var-file PATH, env NAME=VALUE, only LIST, except LIST,
 *                        template PATH (a directory too; "." is the root), cwd PATH, guess,
 *                        withheld NAME=VALUE, data TYPE.NAME=JSON, warn-undeclared, declared-only, hcl2
 *   ==> expect messages  "severity place: text" and "  hint"; always compared, none if absent
 *   ==> expect variables, builds, plan, lines   compared when there
 */
#include "plan/plan.h"
#include "tests/unit/test.h"

#include "base/file.h"

#define NOW ((int64_t)1764000000 * 1000000000 + 123456789) /* 2025-11-24T16:00:00Z */

/* ---- A tree in memory ----------------------------------------------------------------------- */

struct case_file {
	struct str path;
	struct str text;
};

struct case_tree {
	struct tree tree;
	struct case_file *items;
	size_t n;
	size_t cap;
};

static const struct case_tree *tree_of(const struct tree *t)
{
	return (const struct case_tree *)(const void *)t;
}

static const struct case_file *find_file(const struct case_tree *t, struct str path)
{
	for (size_t i = 0; i < t->n; i++) {
		if (str_eq(t->items[i].path, path))
			return &t->items[i];
	}
	return NULL;
}

static int case_read(const struct tree *t, struct str path, struct str *out, struct error *err)
{
	const struct case_file *f = find_file(tree_of(t), path);
	if (!f)
		return error_set(err, ERROR_INPUT, "%.*s: no such file", STR_ARG(path));
	*out = f->text;
	return 0;
}

static bool is_below(struct str path, struct str directory)
{
	if (directory.n == 0)
		return true;
	return path.n > directory.n && path.p[directory.n] == '/' &&
		str_has_prefix(path, directory);
}

static int case_stat(
	const struct tree *t, struct str path, struct tree_entry *out, struct error *err)
{
	const struct case_file *f = find_file(tree_of(t), path);
	(void)err;
	*out = (struct tree_entry){.path = path};
	if (f) {
		out->kind = TREE_FILE;
		out->size = f->text.n;
		out->executable = str_has_prefix(f->text, STR("#!"));
		return 0;
	}
	for (size_t i = 0; i < tree_of(t)->n; i++) {
		if (is_below(tree_of(t)->items[i].path, path))
			out->kind = TREE_DIR;
	}
	return 0;
}

static bool has_name(const struct str_list *names, struct str name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (str_eq(names->items[i], name))
			return true;
	}
	return false;
}

static int case_list(const struct tree *t, struct str path, struct arena *a, struct str_list *out,
	struct error *err)
{
	(void)err;
	for (size_t i = 0; i < tree_of(t)->n; i++) {
		struct str rest = tree_of(t)->items[i].path;
		if (!is_below(rest, path))
			continue;
		rest = str_from_index(rest, path.n > 0 ? path.n + 1 : 0);
		struct str name = str_sub(rest, 0, str_find_byte(rest, '/'));
		if (!has_name(out, name))
			list_push(a, out) = name;
	}
	if (out->n > 0)
		qsort(out->items, out->n, sizeof(out->items[0]), str_cmp_qsort);
	return 0;
}

static const struct tree_ops case_ops = {case_read, case_stat, case_list};

/* ---- A case --------------------------------------------------------------------------------- */

struct case_run {
	struct arena arena;
	struct case_tree tree;
	struct template_input in;
	struct template_var vars[16];
	struct template_data data[4];
	struct str var_files[4];
	const char *environment[16];
	struct str expected[5];
	struct buf got[5];
};

enum { MESSAGES, VARIABLES, BUILDS, PLAN, LINES };
static const char *const sections[] = {"messages", "variables", "builds", "plan", "lines"};

static void read_var(struct case_run *c, struct str line, bool withheld)
{
	assert_true(c->in.var_count < countof(c->vars));
	struct template_var *v = &c->vars[c->in.var_count++];
	v->value = line;
	v->withheld = withheld;
	assert_true(str_cut(&v->value, '=', &v->name));
}

static void read_data(struct case_run *c, struct str line)
{
	assert_true(c->in.data_count < countof(c->data));
	struct template_data *d = &c->data[c->in.data_count++];
	d->value = line;
	assert_true(str_cut(&d->value, '=', &d->name));
}

static void read_env(struct case_run *c, struct str line)
{
	size_t n = 0;
	while (c->environment[n])
		n++;
	assert_true(n + 1 < countof(c->environment));
	c->environment[n] = arena_cstr(&c->arena, line);
}

static struct str path_of(struct str line)
{
	return str_is(line, ".") ? STR("") : line;
}

static void read_option(struct case_run *c, struct str line)
{
	struct str word;
	if (!str_cut(&line, ' ', &word))
		return;
	if (str_is(word, "var") || str_is(word, "withheld")) {
		read_var(c, line, str_is(word, "withheld"));
	} else if (str_is(word, "var-file")) {
		assert_true(c->in.var_file_count < countof(c->var_files));
		c->var_files[c->in.var_file_count++] = line;
	} else if (str_is(word, "data")) {
		read_data(c, line);
	} else if (str_is(word, "env")) {
		read_env(c, line);
	} else if (str_is(word, "only")) {
		c->in.only = line;
	} else if (str_is(word, "except")) {
		c->in.except = line;
	} else if (str_is(word, "template")) {
		c->in.path = path_of(line);
	} else if (str_is(word, "cwd")) {
		c->in.has_cwd = true;
		c->in.cwd = path_of(line);
	} else if (str_is(word, "warn-undeclared")) {
		c->in.warn_undeclared = true;
	} else if (str_is(word, "guess")) {
		c->in.guess_sensitive = true;
	} else if (str_is(word, "hcl2")) {
		c->in.hcl2 = true;
	} else if (str_is(word, "declared-only")) {
		c->in.declared_only = true;
	} else {
		fail_msg("unknown option \"%.*s\"", STR_ARG(word));
	}
}

static void read_section(struct case_run *c, struct str name, struct str body)
{
	struct str line;
	if (str_is(name, "options")) {
		while (body.n > 0 && str_cut(&body, '\n', &line))
			read_option(c, line);
		return;
	}
	for (size_t i = 0; i < countof(sections); i++) {
		struct str title = arena_printf(&c->arena, "expect %s", sections[i]);
		if (str_eq(name, title)) {
			c->expected[i] = body;
			return;
		}
	}
	list_push(&c->arena, &c->tree) = (struct case_file){name, body};
}

static void read_case(struct case_run *c, struct str text)
{
	size_t at = str_find(text, STR("==> "));
	while (at != STR_NPOS) {
		struct str rest = str_from_index(text, at + 4);
		struct str name;
		assert_true(str_cut(&rest, '\n', &name));
		size_t next = str_find(rest, STR("\n==> "));
		struct str body = next == STR_NPOS ? rest : str_sub(rest, 0, next + 1);
		if (str_has_prefix(rest, STR("==> "))) {
			next = 0;
			body = STR("");
		} else if (next != STR_NPOS) {
			next++;
		}
		read_section(c, name, body);
		text = rest;
		at = next;
	}
}

/* ---- What came of it ------------------------------------------------------------------------ */

static void add_text(struct case_run *c, struct buf *out, const struct text *t)
{
	struct json *j = text_to_json(t, &c->arena);
	if (j->type == JSON_STRING)
		buf_add(out, j->text);
	else
		json_write_compact(out, j);
}

static void show_messages(struct case_run *c, const struct diags *d)
{
	struct buf *out = &c->got[MESSAGES];
	for (size_t i = 0; i < d->n; i++) {
		struct str place = origin_str(&c->arena, &d->items[i].origin);
		buf_printf(out, "%s %.*s: %.*s\n",
			d->items[i].severity == DIAG_ERROR ? "error" : "warning", STR_ARG(place),
			STR_ARG(d->items[i].text));
		if (d->items[i].hint.n > 0)
			buf_printf(out, "  %.*s\n", STR_ARG(d->items[i].hint));
	}
}

static void show_variables(struct case_run *c, const struct template *t)
{
	static const char *const sources[] = {
		[TEMPLATE_VAR_DEFAULT] = "default",
		[TEMPLATE_VAR_FILE] = "file",
		[TEMPLATE_VAR_FLAG] = "flag",
		[TEMPLATE_VAR_ENV] = "env",
	};
	struct buf *out = &c->got[VARIABLES];
	for (size_t i = 0; i < t->variables.n; i++) {
		const struct template_variable *v = &t->variables.items[i];
		struct str place = origin_str(&c->arena, &v->origin);
		buf_printf(out, "%.*s (%s%s, %.*s) = ", STR_ARG(v->name), sources[v->source],
			v->sensitive ? ", sensitive" : "", STR_ARG(place));
		add_text(c, out, &v->value);
		buf_add_byte(out, '\n');
	}
	for (size_t i = 0; i < t->env_used.n; i++)
		buf_printf(out, "env %.*s=%.*s\n", STR_ARG(t->env_used.items[i].name),
			STR_ARG(t->env_used.items[i].value));
}

static void show_data(struct case_run *c, const struct template *t)
{
	for (size_t i = 0; i < t->data.n; i++) {
		const struct template_data *d = &t->data.items[i];
		struct str place = origin_str(&c->arena, &d->origin);
		buf_printf(&c->got[VARIABLES], "data %.*s (%.*s) = %.*s\n", STR_ARG(d->name),
			STR_ARG(place), STR_ARG(d->value));
	}
}

static void show_config(struct case_run *c, const char *indent, const struct conf *config)
{
	struct buf *out = &c->got[BUILDS];
	for (size_t i = 0; config && i < config->object.n; i++) {
		const struct conf_member *m = &config->object.items[i];
		struct str place = origin_str(&c->arena, &m->value->origin);
		buf_printf(out, "%s%.*s (%.*s): ", indent, STR_ARG(m->key), STR_ARG(place));
		json_write_compact(out, conf_to_json(m->value, &c->arena));
		buf_add_byte(out, '\n');
	}
}

static void show_provisioner(
	struct case_run *c, const char *what, const struct template_provisioner *p)
{
	struct buf *out = &c->got[BUILDS];
	struct str place = origin_str(&c->arena, &p->origin);
	buf_printf(out, "  %s %.*s (%.*s)", what, STR_ARG(p->type), STR_ARG(place));
	if (p->pause_before > 0)
		buf_printf(out, " pause %lld", (long long)(p->pause_before / 1000000));
	if (p->timeout > 0)
		buf_printf(out, " timeout %lld", (long long)(p->timeout / 1000000));
	if (p->max_retries > 0)
		buf_printf(out, " retries %u", p->max_retries);
	buf_add_byte(out, '\n');
	show_config(c, "    ", p->config);
}

static void show_sequences(struct case_run *c, const struct template_build *b)
{
	struct buf *out = &c->got[BUILDS];
	for (size_t i = 0; i < b->post_processors.n; i++) {
		const struct template_sequence *s = &b->post_processors.items[i];
		buf_add_cstr(out, "  then\n");
		for (size_t k = 0; k < s->n; k++) {
			buf_printf(out, "    %.*s \"%.*s\"%s\n", STR_ARG(s->items[k].type),
				STR_ARG(s->items[k].name),
				!s->items[k].keep_input_set               ? ""
					: s->items[k].keep_input_artifact ? " keep"
									  : " drop");
			show_config(c, "      ", s->items[k].config);
		}
	}
}

static void show_build(struct case_run *c, const struct template_build *b)
{
	struct buf *out = &c->got[BUILDS];
	struct str place = origin_str(&c->arena, &b->origin);
	buf_printf(out, "build %.*s: %.*s (%.*s)\n", STR_ARG(b->name), STR_ARG(b->type),
		STR_ARG(place));
	show_config(c, "  ", b->config);
	for (size_t i = 0; i < b->provisioners.n; i++)
		show_provisioner(c, "provisioner", &b->provisioners.items[i]);
	if (b->error_cleanup)
		show_provisioner(c, "cleanup", b->error_cleanup);
	show_sequences(c, b);
}

static void show_lines(struct case_run *c, const struct plan *p)
{
	for (size_t i = 0; i < p->steps.n; i++) {
		const struct step *s = &p->steps.items[i];
		for (uint32_t k = 0; k < s->lines.n; k++) {
			struct origin o = plan_line(s, k + 1, 1);
			struct str place = origin_str(&c->arena, &o);
			buf_printf(&c->got[LINES], "%u:%u %.*s\n", s->id, k + 1, STR_ARG(place));
		}
	}
}

/* The digest stands in the first line; it is tested elsewhere. */
static void show_plan(struct case_run *c, const struct plan *p)
{
	scoped(buf) printed = {0};
	plan_print(&printed, p, false, true);
	struct str rest = buf_str(&printed);
	struct str line;
	while (rest.n > 0 && str_cut(&rest, '\n', &line)) {
		size_t digest = str_find(line, STR("sha256:"));
		bool only = str_has_prefix(str_trim(line), STR("sha256:"));
		if (only)
			continue;
		buf_add(&c->got[PLAN], str_sub(line, 0, digest == STR_NPOS ? digest : digest - 2));
		buf_add_byte(&c->got[PLAN], '\n');
	}
	show_lines(c, p);
}

static void run_plans(struct case_run *c, struct template *t)
{
	for (size_t i = 0; i < t->builds.n; i++) {
		scoped_ptr(plan) p = NULL;
		struct error err = {0};
		size_t errors = t->diags.errors;
		int status =
			plan_make(&p, &t->builds.items[i], c->in.tree, &t->diags, &t->arena, &err);
		if (status == 0)
			show_plan(c, p);
		else
			assert_true(err.text[0] != '\0');
		assert_true(status < 0 || t->diags.errors == errors);
	}
}

static bool check_sections(struct case_run *c, struct str name)
{
	bool good = true;
	for (size_t i = 0; i < countof(sections); i++) {
		if ((c->expected[i].p || i == MESSAGES) &&
			!str_eq(c->expected[i], buf_str(&c->got[i]))) {
			print_error("%.*s: %s: want\n%.*s\ngot\n%.*s\n", STR_ARG(name), sections[i],
				STR_ARG(c->expected[i]), STR_ARG(buf_str(&c->got[i])));
			good = false;
		}
	}
	return good;
}

static bool run_case(struct str name, struct str text)
{
	struct case_run c = {.tree.tree.ops = &case_ops};
	scoped_ptr(template) t = NULL;
	struct error err = {0};
	c.in = (struct template_input){
		.tree = &c.tree.tree,
		.path = STR("template.json"),
		.vars = c.vars,
		.data = c.data,
		.var_files = c.var_files,
		.environment = c.environment,
		.now = NOW,
	};
	read_case(&c, text);
	int status = template_load(&t, &c.in, &err);
	assert_int_equal(status<0, t->diags.errors> 0);
	show_variables(&c, t);
	show_data(&c, t);
	for (size_t i = 0; i < t->builds.n; i++)
		show_build(&c, &t->builds.items[i]);
	if (status == 0 && !c.in.declared_only)
		run_plans(&c, t);
	show_messages(&c, &t->diags);
	bool good = check_sections(&c, name);
	for (size_t i = 0; i < countof(sections); i++)
		buf_clear(&c.got[i]);
	arena_clear(&c.arena);
	return good;
}

static void every_case_gives_what_it_says(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct str_list names = {0};
	struct error err = {0};
	const char *directory = FIXTURES "/templates";
	size_t wrong = 0;
	assert_int_equal(dir_list(&names, &a, AT_FDCWD, directory, 1000, &err), 0);
	assert_true(names.n > 0);
	for (size_t i = 0; i < names.n; i++) {
		scoped(buf) text = {0};
		if (!str_has_suffix(names.items[i], STR(".case")))
			continue;
		struct str path = arena_printf(&a, "%s/%.*s", directory, STR_ARG(names.items[i]));
		assert_int_equal(file_read(&text, AT_FDCWD, path.p, 1 << 20, &err), 0);
		wrong += !run_case(names.items[i], buf_str(&text));
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_gives_what_it_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
