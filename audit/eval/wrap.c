/* Commands that run other commands. */
#include "audit/eval/eval.h"

/* ---- The regular ones ----------------------------------------------------------------------- */

struct wrap {
	const char *names;
	const char *label;
	struct optspec spec;
	const char *user_options; /* whose argument is the user */
	const char *query; /* options with which nothing is run */
	unsigned operands; /* words before the command */
	bool assigns; /* NAME=VALUE words stand before the command */
	bool root; /* as root unless a user is named */
	bool user_operand; /* the first operand is the user */
};

static const char *const sudo_longs[] = {"--user", "--group", "--chdir", "--host", "--prompt",
	"--role", "--type", "--other-user", "--close-from", "--chroot", "--command-timeout", NULL};
static const char *const env_longs[] = {"--unset", "--chdir", "--split-string", NULL};
static const char *const timeout_longs[] = {"--kill-after", "--signal", NULL};
static const char *const nice_longs[] = {"--adjustment", NULL};
static const char *const ionice_longs[] = {"--class", "--classdata", "--pid", NULL};
static const char *const time_longs[] = {"--format", "--output", NULL};
static const char *const stdbuf_longs[] = {"--input", "--output", "--error", NULL};
static const char *const unshare_longs[] = {
	"--root", "--wd", "--setuid", "--setgid", "--propagation", NULL};
static const char *const flock_longs[] = {"--timeout", "--wait", "--conflict-exit-code", NULL};
static const char *const run_longs[] = {"--unit", "--property", "--description", "--slice", "--uid",
	"--gid", "--nice", "--working-directory", "--setenv", "--service-type", "--machine",
	"--on-active", "--on-calendar", "--on-boot", NULL};

static const struct wrap wraps[] = {
	{"sudo", "sudo", {"ugCDhprtTUR", sudo_longs, true}, "-u --user",
		"-v -k -K -l -V --validate --list --version", 0, true, true},
	{"doas", "doas", {"uC", NULL, true}, "-u", "-L", 0, true, true},
	{"env", "env", {"uCS", env_longs, true}, NULL, NULL, 0, true},
	{"timeout gtimeout", "timeout", {"ks", timeout_longs, true}, NULL, NULL, 1},
	{"nohup", "nohup", {NULL, NULL, true}},
	{"nice", "nice", {"n", nice_longs, true}},
	{"ionice", "ionice", {"cnpPu", ionice_longs, true}},
	{"time", "time", {"fo", time_longs, true}},
	{"setsid", "setsid", {NULL, NULL, true}},
	{"stdbuf", "stdbuf", {"ioe", stdbuf_longs, true}},
	{"chroot", "chroot", {NULL, NULL, true}, NULL, NULL, 1},
	{"unshare", "unshare", {"RwSG", unshare_longs, true}},
	{"nsenter", "unshare", {"tSG", NULL, true}},
	{"flock", "flock", {"wE", flock_longs, true}, NULL, NULL, 1},
	{"systemd-run", "systemd-run", {"puHM", run_longs, true}},
	{"systemd-inhibit", "systemd-run", {NULL, NULL, true}},
	{"chrt taskset cpulimit numactl prlimit choom runcon aa-exec cgexec", "nice",
		{"cglLnpN", NULL, true}, NULL, NULL, 1},
	{"pkexec", "sudo", {NULL, NULL, true}, NULL, NULL, 0, false, true},
	{"firejail proot unbuffer daemonize valgrind faketime", "command", {NULL, NULL, true}},
	{"gosu su-exec", "su", {NULL, NULL, true}, NULL, NULL, 1, false, false, true},
	{"setpriv capsh-exec", "su", {NULL, NULL, true}},
	{"eatmydata fakeroot dumb-init tini catchsegv linux32 linux64 proxychains proxychains4 "
	 "torsocks torify dbus-run-session softlimit chpst strace ltrace",
		"command", {"eopsSuI", NULL, true}},
	{"builtin", "builtin", {NULL, NULL, true}},
};

static const struct wrap *wrap_find(struct str name)
{
	for (size_t i = 0; i < countof(wraps); i++)
		if (word_in(name, wraps[i].names))
			return &wraps[i];
	return NULL;
}

static bool is_assignment(struct str w)
{
	size_t eq = str_find_byte(w, '=');
	for (size_t i = 0; eq != STR_NPOS && i < eq; i++) {
		char b = w.p[i];
		bool word =
			b == '_' || (b >= '0' && b <= '9') || ((b | 32) >= 'a' && (b | 32) <= 'z');
		if (!word)
			return false;
	}
	return eq != STR_NPOS && eq > 0;
}

struct scoped_variables {
	struct trail_entry *items;
	size_t n;
	size_t cap;
};

/* NAME=VALUE words before the command; returns the index of the word behind them. */
static size_t take_assigns(
	struct eval *e, const struct command *c, size_t i, struct scoped_variables *old)
{
	for (; i < c->argc; i++) {
		struct str w = c->words[i].p ? c->words[i] : value_prefix(e, &c->argv[i]);
		if (!is_assignment(w))
			break;
		struct str name = str_sub(w, 0, str_find_byte(w, '='));
		struct cell *cell = cell_of(e, &e->process->variables, name, CELL_VARIABLE);
		list_push(e->scratch, old) = (struct trail_entry){cell, cell->value};
		struct value v = c->words[i].p
			? value_text(e, str_from_index(w, name.n + 1))
			: value_unknown(e, arena_printf(e->scratch, "${%.*s}", STR_ARG(name)),
				  value_taint(e, &c->argv[i]));
		variable_set(e, name, &v, false);
		variable_export(e, name);
		emit_env(e, c, name, &v, "command");
	}
	return i;
}

/* `sudo -i`, `sudo -s`: the words are joined for a shell; without words it reads its input. */
static struct outcome run_login(
	struct eval *e, const struct command *c, size_t from, struct str wrapper)
{
	struct chunks text = {0};
	for (size_t i = from; i < c->argc; i++) {
		if (i > from)
			chunks_add_text(e, &text, STR(" "));
		chunks_add_value(e, &text, &c->argv[i]);
	}
	struct value v = chunks_value(e, &text);
	if (from >= c->argc && e->in)
		return run_shell_text(e, c, e->in, wrapper, e->in_place);
	if (from >= c->argc) {
		emit_exec(e, c);
		return outcome_unknown();
	}
	return run_shell_text(e, c, &v, wrapper, word_place(e, c, from));
}

/* env -S 'NAME=VALUE command words': env itself takes the string apart, as a shell would. */
static struct outcome run_split(
	struct eval *e, const struct command *c, const struct value *text, struct str wrapper)
{
	struct chunks code = {0};
	chunks_add_value(e, &code, text);
	struct opts o = opts_of(e, c, &(struct optspec){.shorts = "uCS", .stop = true});
	struct opt opt;
	while (opts_next(&o, &opt) && opt.name.n != 0)
		continue;
	for (size_t i = opt.name.n == 0 && opt.value.n > 0 ? opt.index : c->argc; i < c->argc;
		i++) {
		chunks_add_text(e, &code, STR(" "));
		chunks_add_value(e, &code, &c->argv[i]);
	}
	struct value all = chunks_value(e, &code);
	return run_shell_text(e, c, &all, wrapper, (struct place){0});
}

static int run_wrap(struct eval *e, const struct command *c, struct outcome *out)
{
	const struct wrap *w = wrap_find(base_name(c->words[0]));
	struct opts o = opts_of(e, c, &w->spec);
	struct opt opt;
	struct scoped_variables old = {0};
	struct str user = e->user;
	struct value split = {0};
	bool query = false;
	bool login = false;
	unsigned operands = w->operands;
	size_t command = c->argc;
	*out = outcome_unknown();
	e->user = w->root ? STR("root") : e->user;
	while (opts_next(&o, &opt)) {
		query = query || (w->query && opt_is(&opt, w->query));
		login = login || (w->root && opt_is(&opt, "-i -s --login --shell"));
		if (w->assigns && opt_is(&opt, "-S --split-string"))
			split = opt.value;
		if (w->user_options && opt_is(&opt, w->user_options))
			e->user = opt.text;
		if (opt.name.n != 0)
			continue;
		if (w->user_operand && operands == w->operands)
			e->user = opt.text;
		if (operands > 0) {
			operands--;
			o.ended = false;
			continue;
		}
		command = opt.index;
		break;
	}
	if (w->assigns && split.n > 0)
		command = c->argc;
	else if (w->assigns)
		command = take_assigns(e, c, command, &old);
	struct command inner = *c;
	inner.external = !word_in(base_name(c->words[0]), "builtin time");
	if (split.n > 0)
		*out = run_split(e, c, &split, str_from(w->label));
	else if (login)
		*out = run_login(e, c, command, str_from(w->label));
	else if (command >= c->argc || query)
		emit_exec(e, c);
	else if (word_is(c, command, "-c") && command + 1 < c->argc) /* flock FILE -c TEXT */
		*out = run_shell_text(e, c, &c->argv[command + 1], str_from(w->label),
			word_place(e, c, command + 1));
	else
		*out = run_argv(
			e, &inner, c->argv + command, c->argc - command, str_from(w->label));
	for (size_t i = old.n; i-- > 0;)
		cell_set(e, old.items[i].cell, old.items[i].old);
	e->user = user;
	return 1;
}

/* ---- command, busybox ----------------------------------------------------------------------- */

static int run_command_builtin(struct eval *e, const struct command *c, struct outcome *out)
{
	size_t i = 1;
	*out = outcome_unknown();
	if (has_word(c, "-v -V") && c->words[1].p && str_has_prefix(c->words[1], STR("-"))) {
		emit_exec(e, c);
		if (word_is(c, 1, "-v"))
			return run_which(e, c, out);
		out_unknown(e, c, NULL);
		return 1;
	}
	while (i < c->argc && (word_is(c, i, "-p") || word_is(c, i, "--")))
		i++;
	struct command inner = *c;
	inner.external = true;
	*out = run_argv(e, &inner, c->argv + i, c->argc - i, STR("command"));
	return 1;
}

static int run_busybox(struct eval *e, const struct command *c, struct outcome *out)
{
	*out = outcome_unknown();
	if (c->argc < 2 || (c->words[1].p && str_has_prefix(c->words[1], STR("-")))) {
		emit_exec(e, c);
		return 1;
	}
	struct command inner = *c;
	inner.external = true;
	*out = run_argv(e, &inner, c->argv + 1, c->argc - 1, STR("busybox"));
	return 1;
}

/* The loader starts the program that it is given: /lib64/ld-linux-x86-64.so.2 FILE. */
static int run_loader(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {
		"--library-path", "--preload", "--audit", "--argv0", "--inhibit-rpath", NULL};
	static const struct optspec spec = {.longs = longs, .stop = true};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	*out = outcome_unknown();
	while (opts_next(&o, &opt) && opt.name.n != 0)
		continue;
	if (opt.value.n == 0 || opt.name.n != 0 || has_word(c, "--list --verify --help")) {
		emit_exec(e, c);
		return 1;
	}
	struct command inner = *c;
	inner.external = true;
	*out = run_argv(e, &inner, c->argv + opt.index, c->argc - opt.index, STR("command"));
	return 1;
}

/* ---- su, runuser ---------------------------------------------------------------------------- */

static int run_su(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"--command", "--session-command", "--shell", "--group",
		"--supp-group", "--user", "--whitelist-environment", NULL};
	static const struct optspec spec = {.shorts = "csgGwu", .longs = longs};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct opt text = {0};
	size_t command = 0;
	struct str user = e->user;
	bool direct = false;
	e->user = STR("root");
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-c --command --session-command"))
			text = opt;
		if (opt_is(&opt, "-u --user")) {
			e->user = opt.text;
			direct = true;
		}
		if (opt.name.n != 0 || str_is(opt.text, "-"))
			continue;
		if (direct) {
			command = opt.index;
			break;
		}
		e->user = opt.text;
	}
	struct str label = word_is(c, 0, "runuser") ? STR("runuser") : STR("su");
	struct command inner = *c;
	inner.external = true;
	if (command)
		*out = run_argv(e, &inner, c->argv + command, c->argc - command, label);
	else if (text.value.n > 0)
		*out = run_shell_text(e, c, &text.value, label, word_place(e, c, text.index));
	else
		*out = run_login(e, c, c->argc, label);
	e->user = user;
	return 1;
}

/* ---- xargs, parallel, find ------------------------------------------------------------------ */

#define XARGS_WORDS_MAX 32

/* The words of the template with each `mark` in them replaced. */
static struct value replace_mark(
	struct eval *e, const struct value *v, struct str mark, const struct value *with)
{
	struct str s;
	struct chunks out = {0};
	if (!value_const(e, v, &s))
		return *v;
	size_t at;
	while (mark.n > 0 && (at = str_find(s, mark)) != STR_NPOS && charge(e, 4)) {
		chunks_add_text(e, &out, str_sub(s, 0, at));
		chunks_add_value(e, &out, with);
		s = str_from_index(s, at + mark.n);
	}
	chunks_add_text(e, &out, s);
	if (out.n == 0)
		chunks_add(e, &out, &(struct chunk){.kind = CHUNK_TEXT, .text = STR("")});
	return chunks_value(e, &out);
}

struct fed {
	const struct command *c;
	size_t first; /* of the command's words */
	size_t n;
	struct str mark; /* empty: words go behind */
	struct str label;
};

static struct outcome run_fed(
	struct eval *e, const struct fed *f, const struct value *words, size_t n)
{
	struct value *argv = arena_array(e->scratch, struct value, f->n + n + 1);
	size_t argc = 0;
	bool marked = false;
	for (size_t i = 0; i < f->n; i++) {
		argv[argc] = f->c->argv[f->first + i];
		struct str s;
		if (f->mark.n > 0 && n > 0 && value_const(e, &argv[argc], &s) &&
			str_contains(s, f->mark)) {
			marked = true;
			argv[argc] = replace_mark(e, &argv[argc], f->mark, &words[0]);
		}
		argc++;
	}
	for (size_t i = 0; i < n && !marked && f->mark.n == 0; i++)
		argv[argc++] = words[i];
	struct command inner = *f->c;
	inner.external = true;
	const struct value *in = e->in;
	e->in = NULL;
	struct outcome o = run_argv(e, &inner, argv, argc, f->label);
	e->in = in;
	return o;
}

static struct outcome feed(struct eval *e, const struct fed *f, const struct value *in)
{
	struct str text;
	struct outcome o = {0};
	struct value unknown = value_unknown(e, STR("…"), in ? value_taint(e, in) : NULL);
	if (!in || !value_const(e, in, &text))
		return run_fed(e, f, &unknown, 1);
	struct value_list words = {0};
	struct str line;
	if (f->mark.n > 0) {
		while (str_cut(&text, '\n', &line) && words.n < XARGS_WORDS_MAX)
			if (str_trim(line).n > 0)
				list_push(e->scratch, &words) = value_text(e, str_trim(line));
		for (size_t i = 0; i < words.n; i++)
			o = run_fed(e, f, &words.items[i], 1);
		return o;
	}
	struct chunk all = {.kind = CHUNK_TEXT, .text = text, .split = true};
	struct value raw = {&all, 1};
	split_fields(e, &raw, &words);
	return run_fed(e, f, words.items, words.n);
}

static int run_xargs(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"--arg-file", "--delimiter", "--max-args",
		"--max-procs", "--max-lines", "--max-chars", "--replace", NULL};
	static const struct optspec spec = {.shorts = "aEILnPsd", .longs = longs, .stop = true};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct fed f = {.c = c, .first = c->argc, .label = STR("xargs")};
	const struct value *in = e->in;
	struct value file;
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-I --replace") && opt.text.p)
			f.mark = opt.text;
		if (opt_is(&opt, "-i"))
			f.mark = STR("{}");
		if (opt_is(&opt, "-a --arg-file") && opt.text.p) {
			file = guest_read(e, opt.text);
			in = &file;
		}
		if (opt.name.n == 0) {
			f.first = opt.index;
			break;
		}
	}
	f.n = c->argc - f.first;
	*out = outcome_unknown();
	if (f.n > 0)
		*out = feed(e, &f, in);
	else
		emit_exec(e, c);
	out->when[0] = out->when[1] = NULL;
	return 1;
}

static int run_parallel(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "jNnLSa", .stop = true};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct fed f = {.c = c, .first = c->argc, .label = STR("parallel"), .mark = STR("")};
	while (opts_next(&o, &opt) && opt.name.n != 0)
		continue;
	*out = outcome_unknown();
	if (opt.value.n == 0)
		return 1;
	f.first = opt.index;
	size_t end = f.first;
	while (end < c->argc && !word_is(c, end, ":::"))
		end++;
	f.n = end - f.first;
	for (size_t i = f.first; i < end; i++)
		if (c->words[i].p && str_contains(c->words[i], STR("{}")))
			f.mark = STR("{}");
	if (f.n == 1 && c->words[f.first].p && str_find_byte(c->words[f.first], ' ') != STR_NPOS) {
		*out = run_shell_text(
			e, c, &c->argv[f.first], STR("parallel"), word_place(e, c, f.first));
		return 1;
	}
	if (end == c->argc) {
		*out = feed(e, &f, e->in);
		return 1;
	}
	for (size_t i = end + 1; i < c->argc && i < end + XARGS_WORDS_MAX; i++)
		*out = run_fed(e, &f, &c->argv[i], 1);
	return 1;
}

/* DIR/PATTERN stands for what is found, when both are known. */
static struct str find_label(struct eval *e, const struct command *c)
{
	struct str label = STR("{}");
	for (size_t i = 1; i + 1 < c->argc; i++) {
		struct str pattern = c->words[i + 1];
		if (!word_is(c, i, "-name") || !pattern.p || !c->words[1].p)
			continue;
		label = arena_printf(
			e->scratch, "%.*s/%.*s", STR_ARG(c->words[1]), STR_ARG(pattern));
	}
	return label;
}

static int run_find(struct eval *e, const struct command *c, struct outcome *out)
{
	const struct taint *t = NULL;
	emit_exec(e, c);
	*out = outcome_unknown();
	for (size_t i = 1; i < c->argc; i++) {
		if (!c->words[i].p || str_has_prefix(c->words[i], STR("-")))
			break;
		t = taint_union(e, t, guest_below(e, c->words[i]));
	}
	for (size_t i = 1; i < c->argc; i++) {
		if (!c->words[i].p || !word_in(c->words[i], "-exec -execdir -ok -okdir"))
			continue;
		struct fed f = {.c = c, .first = i + 1, .mark = STR("{}"), .label = STR("find")};
		while (f.first + f.n < c->argc && !word_is(c, f.first + f.n, ";") &&
			!word_is(c, f.first + f.n, "+"))
			f.n++;
		struct value path = value_text(e, STR("{}"));
		struct chunks unknown = {0};
		struct chunk chunk = {.kind = CHUNK_UNKNOWN, .text = find_label(e, c), .taint = t};
		chunks_add(e, &unknown, &chunk);
		path = chunks_value(e, &unknown);
		run_fed(e, &f, &path, 1);
		i = f.first + f.n;
	}
	out_unknown(e, c, NULL);
	return 1;
}

/* ---- Shells elsewhere ----------------------------------------------------------------------- */

static int run_ssh(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "BbcDEeFIiJLlmOopQRSWw", .stop = true};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	emit_exec(e, c);
	*out = outcome_unknown();
	while (opts_next(&o, &opt) && opt.name.n != 0)
		continue;
	struct str host = opt.text;
	size_t at = host.p ? str_rfind_byte(host, '@') : STR_NPOS;
	if (at != STR_NPOS)
		host = str_from_index(host, at + 1);
	bool here = host.p && word_in(host, "localhost 127.0.0.1 ::1");
	if (here && (opt.index + 1 < c->argc || e->in))
		*out = run_login(e, c, opt.index + 1, STR("ssh"));
	else
		out_unknown(e, c, e->in ? value_taint(e, e->in) : NULL);
	return 1;
}

static int run_typescript(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"--command", NULL};
	static const struct optspec spec = {.shorts = "cETtoIOB", .longs = longs};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	*out = outcome_unknown();
	emit_exec(e, c);
	while (opts_next(&o, &opt))
		if (opt_is(&opt, "-c --command"))
			*out = run_shell_text(
				e, c, &opt.value, STR("script"), word_place(e, c, opt.index));
	return 1;
}

/* watch and sg -c hand their words to a shell. */
static int run_watch(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "nc", .stop = true};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	bool any = false;
	while (opts_next(&o, &opt) && opt.name.n != 0)
		if (opt_is(&opt, "-c"))
			any = true;
	*out = outcome_unknown();
	if (any || opt.name.n != 0 || opt.value.n == 0)
		emit_exec(e, c);
	else
		*out = run_login(e, c, opt.index, STR("watch"));
	return 1;
}

/* at and batch: standard input is a script for later. */
static int run_at(struct eval *e, const struct command *c, struct outcome *out)
{
	emit_exec(e, c);
	*out = outcome_unknown();
	if (e->in)
		run_shell_text(e, c, e->in, STR("sh"), e->in_place);
	return 1;
}

const struct command_entry commands_wrap[] = {
	{"sudo doas env timeout gtimeout nohup nice ionice time setsid stdbuf chroot unshare nsenter "
	 "flock systemd-run systemd-inhibit chrt taskset cpulimit numactl prlimit choom runcon "
	 "aa-exec cgexec pkexec firejail proot unbuffer daemonize valgrind faketime gosu su-exec setpriv eatmydata "
	 "fakeroot dumb-init tini catchsegv linux32 linux64 proxychains proxychains4 torsocks "
	 "torify dbus-run-session softlimit chpst strace ltrace builtin",
		run_wrap, true},
	{"watch", run_watch, true},
	{"at batch", run_at, true},
	{"command", run_command_builtin, true},
	{"busybox toybox", run_busybox, true},
	{"ld.so ld-linux.so.2 ld-linux-x86-64.so.2 ld-linux-aarch64.so.1 ld-musl-x86_64.so.1 "
	 "ld-musl-aarch64.so.1",
		run_loader, true},
	{"su runuser", run_su, true},
	{"xargs", run_xargs, true},
	{"parallel", run_parallel, true},
	{"find", run_find, true},
	{"ssh", run_ssh, true},
	{"script", run_typescript, true},
	{0},
};
