/* Dockerfiles: those that builders read, and those that commands build. */
#include "audit/eval/guest.h"
#include "audit/eval/yaml.h"

#define WORDS_MAX 64

struct docker {
	struct content *k;
	struct str rest; /* behind the line at hand */
	uint32_t number; /* of the last line that was read */
};

/* ["word", "word"] */
static void run_list(struct content *k, struct str list, const struct span *at)
{
	struct str words[WORDS_MAX];
	size_t n = 0;
	struct yaml_document d;
	yaml_parse(&d, k->e->scratch, list);
	for (size_t i = 0; d.root && d.root->type == YAML_LIST && i < d.root->n && n < WORDS_MAX;
		i++)
		words[n++] = d.root->items[i]->text;
	if (n > 0)
		content_command(k, at, words, n);
}

/* RUN <<EOF ... EOF: the lines are the script. */
static void run_heredoc(struct docker *d, struct str opening, const struct span *at)
{
	struct str word = str_from_index(opening, 2);
	struct str line;
	const char *start = d->rest.p;
	size_t n = 0;
	struct span code = {.line = d->number + 1, .col = 1};
	if (str_has_prefix(word, STR("-")))
		word = str_from_index(word, 1);
	word = str_sub(word, 0, str_find_byte(word, ' '));
	while (word.n > 0 && strchr("'\"", word.p[0]))
		word = str_from_index(word, 1);
	while (word.n > 0 && strchr("'\"", word.p[word.n - 1]))
		word.n--;
	(void)at;
	while (str_cut(&d->rest, '\n', &line) && charge(d->k->e, 2)) {
		d->number++;
		if (str_eq(str_trim(line), word))
			break;
		n = (size_t)(line.p - start) + line.n;
	}
	content_run(d->k, (struct str){start, n}, &code, true);
}

/* ENV A=b C=d, ENV A b, ARG A=b */
static void set_variables(struct content *k, struct str rest)
{
	struct str words[WORDS_MAX];
	size_t n = content_words(k, rest, words, WORDS_MAX);
	for (size_t i = 0; i < n; i++) {
		size_t eq = str_find_byte(words[i], '=');
		struct str value = str_from_index(words[i], eq == STR_NPOS ? words[i].n : eq + 1);
		if (eq == STR_NPOS && i == 0 && n > 1)
			value = str_from_index(rest, (size_t)(words[1].p - rest.p));
		if (value.n > 1 && strchr("'\"", value.p[0]) && value.p[value.n - 1] == value.p[0])
			value = str_sub(value, 1, value.n - 2);
		struct value v = content_value(k, value);
		if (value.n == 0)
			v = value_unknown(k->e, words[i], NULL);
		variable_set(k->e, str_sub(words[i], 0, eq), &v, false);
		variable_export(k->e, str_sub(words[i], 0, eq));
		if (eq == STR_NPOS)
			return;
	}
}

static void run_code_of(struct docker *d, struct str rest, const struct span *at)
{
	while (str_has_prefix(rest, STR("--"))) {
		size_t blank = str_find_byte(rest, ' ');
		if (blank == STR_NPOS)
			return;
		rest = str_from_index(rest, blank + 1);
	}
	if (rest.n > 0 && rest.p[0] == '[')
		run_list(d->k, rest, at);
	else if (str_has_prefix(rest, STR("<<")))
		run_heredoc(d, rest, at);
	else
		content_run(d->k, rest, at, true);
}

static void read_line(struct docker *d, struct str whole, const struct span *at)
{
	struct content *k = d->k;
	struct str words[4];
	size_t n = content_words(k, whole, words, countof(words));
	if (n < 2)
		return;
	size_t from = (size_t)(words[1].p - whole.p);
	struct span code = {
		.off = at->off + (uint32_t)from, .line = at->line, .col = at->col + (uint32_t)from};
	struct str rest = str_from_index(whole, from);
	enum fact_phase phase = k->e->phase;
	if (str_eq_nocase(words[0], STR("ONBUILD"))) {
		/* It is an instruction of images that are made of this one. */
		if (!str_eq_nocase(words[1], STR("ONBUILD")))
			read_line(d, rest, &code);
	} else if (str_eq_nocase(words[0], STR("RUN"))) {
		run_code_of(d, rest, &code);
	} else if (str_eq_nocase(words[0], STR("CMD")) ||
		str_eq_nocase(words[0], STR("ENTRYPOINT"))) {
		k->e->phase = PHASE_RUNTIME;
		run_code_of(d, rest, &code);
		k->e->phase = phase;
	} else if (str_eq_nocase(words[0], STR("ENV")) || str_eq_nocase(words[0], STR("ARG"))) {
		set_variables(k, rest);
	} else if (str_eq_nocase(words[0], STR("ADD")) && str_contains(rest, STR("://"))) {
		content_command(k, &code, (const struct str[]){STR("wget"), words[1]}, 2);
	} else if (str_eq_nocase(words[0], STR("FROM")) && !str_is(words[1], "scratch")) {
		bool platform = str_has_prefix(words[1], STR("--")) && n > 2;
		content_command(k, &code,
			(const struct str[]){STR("docker"), STR("pull"), words[platform ? 2 : 1]},
			3);
	}
}

static bool goes_on(struct str line)
{
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line.n > 0 && line.p[line.n - 1] == '\\';
}

void content_dockerfile(struct content *k)
{
	struct str text = k->unit->text;
	struct docker d = {.k = k, .rest = text};
	struct str line;
	while (str_cut(&d.rest, '\n', &line) && charge(k->e, 4)) {
		struct span at = {.off = (uint32_t)(line.p - text.p), .line = ++d.number, .col = 1};
		size_t end = at.off + line.n;
		while (goes_on(line) && str_cut(&d.rest, '\n', &line)) {
			d.number++;
			end = (size_t)(line.p - text.p) + line.n;
		}
		struct str whole = str_sub(text, at.off, end - at.off);
		if (str_trim(whole).n > 0 && str_trim(whole).p[0] != '#')
			read_line(&d, whole, &at);
	}
}

/* ---- docker build --------------------------------------------------------------------------- */

/* A machine of its own: what it changes is in no file of this one. */
static void build_file(struct eval *e, const struct command *c, struct str path)
{
	const struct file *f = guest_find(e, path);
	struct unit *u = arena_new(e->scratch, struct unit);
	struct command inner = command_new(e, NULL, NULL, 0);
	struct content k = {.e = e, .unit = u, .command = &inner, .path = guest_path(e, path)};
	struct chunks unknowns = {0};
	struct process *process = e->process;
	const struct shell_command *node = e->node;
	struct map files = e->files;
	if (!f || f->tree || f->binary || e->calls > 8)
		return;
	u->path = k.path;
	u->text = value_flatten(e, &f->content, &unknowns);
	u->unknowns = unknowns.items;
	u->unknown_count = unknowns.n;
	u->step = f->upload;
	u->depth = e->unit ? e->unit->depth + 1 : 1;
	if (!f->upload)
		u->place = f->place;
	inner.origin = c->origin;
	e->calls++;
	e->files = (struct map){0};
	e->process = process_new(e, NULL, SHELL_POSIX);
	e->node = NULL;
	content_dockerfile(&k);
	e->node = node;
	e->process = process;
	e->files = files;
	e->calls--;
}

static bool is_build(struct str word)
{
	return word.p && word_in(word, "build bud buildx image builder");
}

static void build(struct eval *e, const struct command *c)
{
	static const char *const longs[] = {"--file", "--tag", "--build-arg", "--target",
		"--platform", "--network", "--secret", "--label", "--cache-from", "--output",
		"--progress", "--volume", "--format", "--iidfile", NULL};
	static const struct optspec spec = {.shorts = "ftov", .longs = longs};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct str file = {0};
	struct str context = {0};
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-f --file"))
			file = opt.text;
		else if (opt.name.n == 0 && !is_build(opt.text))
			context = opt.text;
	}
	if (file.p) {
		build_file(e, c, file);
		return;
	}
	if (!context.p)
		return;
	build_file(e, c, arena_printf(e->scratch, "%.*s/Dockerfile", STR_ARG(context)));
	build_file(e, c, arena_printf(e->scratch, "%.*s/Containerfile", STR_ARG(context)));
}

/* The rest is the package manager's. */
static int run_docker(struct eval *e, const struct command *c, struct outcome *out)
{
	if (c->argc > 1 && is_build(c->words[1]) && has_word(c, "build bud"))
		build(e, c);
	*out = outcome_unknown();
	for (const struct command_entry *t = commands_package; t->names; t++) {
		if (word_in(STR("docker"), t->names))
			return t->run(e, c, out);
	}
	return 0;
}

const struct command_entry commands_docker[] = {
	{"docker podman nerdctl buildah", run_docker},
	{0},
};
