/* Kickstart and preseed: the answers to Anaconda and debian-installer. And Dockerfiles. */
#include "audit/eval/guest.h"

#define WORDS_MAX 256

static struct str join(struct content *k, const char *before, struct str text, const char *after)
{
	return arena_printf(k->e->scratch, "%s%.*s%s", before, STR_ARG(text), after);
}

/* ---- Kickstart: commands -------------------------------------------------------------------- */

struct option_value {
	struct str name; /* with its dashes */
	struct str value; /* p NULL: none */
};

static struct str unquoted(struct str s)
{
	bool quoted = s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0];
	return quoted ? str_sub(s, 1, s.n - 2) : s;
}

/* Words of a line; quotes hold a word together and stay around it. */
static size_t cut_words(struct str line, struct str *words, size_t max)
{
	size_t n = 0;
	size_t i = 0;
	while (n < max) {
		while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
			i++;
		if (i == line.n || line.p[i] == '#')
			break;
		size_t start = i;
		char quote = 0;
		for (; i < line.n && (quote || (line.p[i] != ' ' && line.p[i] != '\t')); i++) {
			char c = line.p[i];
			if (quote && c == quote)
				quote = 0;
			else if (!quote && (c == '"' || c == '\''))
				quote = c;
		}
		words[n++] = str_sub(line, start, i - start);
	}
	return n;
}

/* The value of an option, as --name=value or as the next word; p NULL when it is not there. */
static struct str option(const struct str *words, size_t n, const char *name)
{
	struct str none = {0};
	struct str wanted = str_from(name);
	for (size_t i = 1; i < n; i++) {
		struct str rest = str_from_index(words[i], wanted.n);
		if (!str_has_prefix(words[i], wanted))
			continue;
		if (rest.n > 0 && rest.p[0] == '=')
			return unquoted(str_from_index(rest, 1));
		if (rest.n == 0 && i + 1 < n)
			return unquoted(words[i + 1]);
	}
	return none;
}

static bool has_option(const struct str *words, size_t n, const char *name)
{
	for (size_t i = 1; i < n; i++) {
		if (str_is(words[i], name))
			return true;
	}
	return false;
}

static struct str operand(const struct str *words, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		if (!str_has_prefix(words[i - 1], STR("--")))
			return unquoted(words[i - 1]);
	}
	return STR("");
}

struct line {
	struct content *k;
	struct span at;
	const struct str *words;
	size_t n;
};

/* A password for chpasswd, or the hash for usermod. */
static void set_password(const struct line *l, struct str user, struct str password, bool crypted)
{
	struct content *k = l->k;
	if (crypted) {
		const struct str words[] = {STR("usermod"), STR("-p"), password, user};
		content_command(k, &l->at, words, countof(words));
		return;
	}
	struct str pair[] = {user, password};
	content_feed(k, &l->at, "chpasswd", arena_join(k->e->scratch, pair, 2, STR(":")));
}

static void ks_rootpw(const struct line *l)
{
	const struct str lock[] = {STR("passwd"), STR("-l"), STR("root")};
	struct str password = operand(l->words, l->n);
	if (has_option(l->words, l->n, "--lock"))
		content_command(l->k, &l->at, lock, countof(lock));
	if (password.n > 0)
		set_password(l, STR("root"), password, has_option(l->words, l->n, "--iscrypted"));
}

static void ks_user(const struct line *l)
{
	struct str words[8] = {STR("useradd"), STR("-m")};
	size_t n = 2;
	struct str name = option(l->words, l->n, "--name");
	struct str groups = option(l->words, l->n, "--groups");
	struct str shell = option(l->words, l->n, "--shell");
	struct str password = option(l->words, l->n, "--password");
	if (!name.p)
		return;
	if (groups.p) {
		words[n++] = STR("-G");
		words[n++] = groups;
	}
	if (shell.p) {
		words[n++] = STR("-s");
		words[n++] = shell;
	}
	words[n++] = name;
	content_command(l->k, &l->at, words, n);
	if (password.p)
		set_password(l, name, password, has_option(l->words, l->n, "--iscrypted"));
}

static void ks_firewall(const struct line *l)
{
	const struct str words[] = {STR("systemctl"), STR("disable"), STR("firewalld")};
	if (has_option(l->words, l->n, "--disabled") || has_option(l->words, l->n, "--disable"))
		content_command(l->k, &l->at, words, countof(words));
}

static void ks_selinux(const struct line *l)
{
	static const char *const modes[] = {"disabled", "permissive", "enforcing"};
	for (size_t i = 0; i < countof(modes); i++) {
		struct str name = join(l->k, "--", str_from(modes[i]), "");
		struct content_file f = {.path = STR("/etc/selinux/config"),
			.content = join(l->k, "SELINUX=", str_from(modes[i]), "\n")};
		if (has_option(l->words, l->n, arena_cstr(l->k->e->scratch, name)))
			content_write(l->k, &l->at, &f);
	}
}

static void ks_services(const struct line *l)
{
	static const char *const actions[] = {"--enabled", "--disabled"};
	for (size_t i = 0; i < countof(actions); i++) {
		struct str names = option(l->words, l->n, actions[i]);
		struct str name;
		while (names.p && str_cut(&names, ',', &name)) {
			const struct str words[] = {STR("systemctl"),
				i == 0 ? STR("enable") : STR("disable"), str_trim(name)};
			if (str_trim(name).n > 0)
				content_command(l->k, &l->at, words, countof(words));
		}
	}
}

static void ks_sshkey(const struct line *l)
{
	struct str user = option(l->words, l->n, "--username");
	bool root = !user.p || str_is(user, "root");
	struct content_file f = {
		.path = root ? STR("/root/.ssh/authorized_keys")
			     : join(l->k, "/home/", user, "/.ssh/authorized_keys"),
		.content = join(l->k, "", operand(l->words, l->n), "\n"),
		.append = true,
	};
	content_write(l->k, &l->at, &f);
}

static void ks_repo(const struct line *l)
{
	struct str url = option(l->words, l->n, "--baseurl");
	struct str name = option(l->words, l->n, "--name");
	bool insecure = has_option(l->words, l->n, "--noverifyssl");
	if (!url.p || !has_option(l->words, l->n, "--install"))
		return;
	name = name.p ? name : STR("kickstart");
	struct content_file f = {
		.path = join(l->k, "/etc/yum.repos.d/", name, ".repo"),
		.content = arena_printf(l->k->e->scratch, "[%.*s]\nbaseurl=%.*s\nenabled=1\n%s",
			STR_ARG(name), STR_ARG(url), insecure ? "sslverify=0\n" : ""),
	};
	content_write(l->k, &l->at, &f);
}

static void ks_bootloader(const struct line *l)
{
	struct str words = option(l->words, l->n, "--append");
	struct content_file f = {.path = STR("/etc/default/grub"), .append = true};
	if (!words.p || words.n == 0)
		return;
	f.content = join(l->k, "GRUB_CMDLINE_LINUX=\"", words, "\"\n");
	content_write(l->k, &l->at, &f);
}

/* Lines of another file, which is fetched when the machine is installed. */
static void ks_include(const struct line *l)
{
	struct str from = operand(l->words, l->n);
	bool made = str_has_prefix(from, STR("/tmp/"));
	content_opaque(l->k, &l->at, "script",
		arena_printf(l->k->e->scratch, "%s: %.*s",
			made ? "a section makes the file that is included"
			     : "what is included is not in the commit",
			STR_ARG(from)));
}

static const struct ks_command {
	const char *name;
	void (*read)(const struct line *l);
} ks_commands[] = {
	{"rootpw", ks_rootpw},
	{"user", ks_user},
	{"firewall", ks_firewall},
	{"selinux", ks_selinux},
	{"services", ks_services},
	{"sshkey", ks_sshkey},
	{"repo", ks_repo},
	{"bootloader", ks_bootloader},
	{"%include", ks_include},
	{"%ksappend", ks_include},
};

static void ks_line(struct content *k, struct str text, uint32_t number)
{
	struct str words[WORDS_MAX];
	struct line l = {.k = k, .words = words};
	l.n = cut_words(text, words, WORDS_MAX);
	for (size_t i = 0; l.n > 0 && i < countof(ks_commands); i++) {
		size_t col = (size_t)(words[0].p - text.p);
		l.at = (struct span){
			.line = number, .col = (uint32_t)col + 1, .len = (uint32_t)text.n};
		if (str_is(words[0], ks_commands[i].name))
			ks_commands[i].read(&l);
	}
}

/* ---- Kickstart: sections -------------------------------------------------------------------- */

struct section {
	struct str header; /* p NULL: outside of all */
	size_t start;
	uint32_t first;
};

static void run_section(struct content *k, const struct section *s, size_t end)
{
	struct str words[WORDS_MAX];
	struct span at = {.off = (uint32_t)s->start, .line = s->first, .col = 1};
	struct str body =
		end > s->start ? str_sub(k->unit->text, s->start, end - s->start) : STR("");
	size_t n = cut_words(s->header, words, WORDS_MAX);
	struct str interpreter = option(words, n, "--interpreter");
	struct str name = interpreter.p ? base_name(interpreter) : STR("sh");
	if (n == 0 || !word_in(words[0], "%pre %post %pre-install %firstboot %onerror %traceback"))
		return;
	if (word_in(name, "sh bash dash busybox"))
		content_run(k, body, &at, true);
	else
		content_scan(k, &at, name, body);
}

/* Groups begin with "@", what is left out with "-". */
static void install_packages(struct content *k, const struct section *s, size_t end)
{
	struct str words[WORDS_MAX] = {STR("dnf"), STR("install"), STR("-y")};
	size_t n = 3;
	struct span at = {.line = s->first, .col = 1};
	struct str rest =
		end > s->start ? str_sub(k->unit->text, s->start, end - s->start) : STR("");
	struct str line;
	while (rest.p && str_cut(&rest, '\n', &line)) {
		line = str_trim(str_sub(line, 0, str_find_byte(line, '#')));
		bool package = line.n > 0 && !strchr("@-%", line.p[0]);
		if (package && n < WORDS_MAX)
			words[n++] = line;
	}
	if (n > 3)
		content_command(k, &at, words, n);
}

static void end_section(struct content *k, struct section *s, size_t end)
{
	if (str_has_prefix(s->header, STR("%packages")))
		install_packages(k, s, end);
	else
		run_section(k, s, end);
	*s = (struct section){0};
}

static bool begins_section(struct str line)
{
	return line.n > 1 && line.p[0] == '%' && line.p[1] >= 'a' && line.p[1] <= 'z' &&
		!str_has_prefix(line, STR("%include")) && !str_has_prefix(line, STR("%ksappend")) &&
		!str_has_prefix(line, STR("%end"));
}

void content_kickstart(struct content *k)
{
	struct str text = k->unit->text;
	struct str rest = text;
	struct str line;
	struct section s = {0};
	uint32_t number = 0;
	while (str_cut(&rest, '\n', &line) && charge(k->e, 4)) {
		number++;
		size_t at = (size_t)(line.p - text.p);
		/* Sections without an end are those of old, which the next one ends. */
		if (begins_section(line)) {
			if (s.header.p)
				end_section(k, &s, at);
			s = (struct section){line, at + line.n + 1, number + 1};
		} else if (s.header.p && str_has_prefix(line, STR("%end"))) {
			end_section(k, &s, at);
		} else if (!s.header.p) {
			ks_line(k, line, number);
		}
	}
	if (s.header.p)
		end_section(k, &s, text.n);
}

/* ---- Preseed -------------------------------------------------------------------------------- */

struct answer {
	struct content *k;
	struct str question;
	struct str value; /* with the backslashes at the ends of lines */
	struct span at; /* of the value */
};

static void answer_code(const struct answer *a)
{
	content_run(a->k, a->value, &a->at, true);
}

static void answer_remote(const struct answer *a)
{
	if (str_trim(a->value).n > 0)
		content_opaque(a->k, &a->at, "script",
			join(a->k, "what is loaded is not in the commit: ", str_trim(a->value),
				""));
}

static void answer_packages(const struct answer *a)
{
	struct str words[WORDS_MAX] = {STR("apt-get"), STR("install"), STR("-y")};
	size_t n = 3 + content_words(a->k, a->value, words + 3, WORDS_MAX - 3);
	size_t kept = 3;
	for (size_t i = 3; i < n; i++) {
		if (!str_is(words[i], "\\"))
			words[kept++] = words[i];
	}
	if (kept > 3)
		content_command(a->k, &a->at, words, kept);
}

static void answer_password(const struct answer *a)
{
	const struct line l = {.k = a->k, .at = a->at};
	bool root = str_contains(a->question, STR("root-password"));
	bool crypted = str_has_suffix(a->question, STR("-crypted"));
	if (a->value.n > 0 && !str_is(a->value, "!"))
		set_password(&l, root ? STR("root") : STR("user"), a->value, crypted);
}

static void answer_user(const struct answer *a)
{
	const struct str words[] = {STR("useradd"), STR("-m"), a->value};
	if (a->value.n > 0)
		content_command(a->k, &a->at, words, countof(words));
}

static void answer_unsigned(const struct answer *a)
{
	struct content_file f = {.path = STR("/etc/apt/apt.conf.d/99installer"),
		.content = STR("APT::Get::AllowUnauthenticated \"true\";\n")};
	if (str_is(a->value, "true"))
		content_write(a->k, &a->at, &f);
}

static void answer_repository(const struct answer *a)
{
	struct content_file f = {.path = STR("/etc/apt/sources.list"),
		.content = join(a->k, "deb ", a->value, "\n"),
		.append = true};
	bool whole = str_has_prefix(a->value, STR("deb"));
	if (whole)
		f.content = join(a->k, "", a->value, "\n");
	if (a->value.n > 0)
		content_write(a->k, &a->at, &f);
}

static void answer_kernel(const struct answer *a)
{
	struct content_file f = {.path = STR("/etc/default/grub"),
		.content = join(a->k, "GRUB_CMDLINE_LINUX_DEFAULT=\"", a->value, "\"\n"),
		.append = true};
	if (a->value.n > 0)
		content_write(a->k, &a->at, &f);
}

/* name: whole, or its end when it begins with '/'; "local0/repository" has any number. */
static const struct question {
	const char *name;
	void (*read)(const struct answer *a);
} questions[] = {
	{"preseed/early_command", answer_code},
	{"preseed/late_command", answer_code},
	{"partman/early_command", answer_code},
	{"partman/late_command", answer_code},
	{"preseed/include_command", answer_code},
	{"ubiquity/success_command", answer_code},
	{"ubiquity/failure_command", answer_code},
	{"preseed/run", answer_remote},
	{"preseed/include", answer_remote},
	{"preseed/url", answer_remote},
	{"pkgsel/include", answer_packages},
	{"base-installer/includes", answer_packages},
	{"passwd/root-password", answer_password},
	{"passwd/root-password-crypted", answer_password},
	{"passwd/username", answer_user},
	{"passwd/user-password", answer_password},
	{"passwd/user-password-crypted", answer_password},
	{"debian-installer/allow_unauthenticated", answer_unsigned},
	{"debian-installer/add-kernel-opts", answer_kernel},
	{"/repository", answer_repository},
};

static void read_answer(const struct answer *a)
{
	for (size_t i = 0; i < countof(questions); i++) {
		struct str name = str_from(questions[i].name);
		if (name.p[0] == '/' ? str_has_suffix(a->question, name)
				     : str_eq(a->question, name)) {
			questions[i].read(a);
			return;
		}
	}
}

/* Index behind the n-th word of the line and the white space behind it. */
static size_t behind(struct str line, size_t n)
{
	size_t i = 0;
	while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	for (; n > 0; n--) {
		while (i < line.n && line.p[i] != ' ' && line.p[i] != '\t')
			i++;
		/* The value begins behind one blank, but nobody means more of them. */
		while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
			i++;
	}
	return i;
}

static bool goes_on(struct str line)
{
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line.n > 0 && line.p[line.n - 1] == '\\';
}

/* "OWNER QUESTION TYPE VALUE" */
void content_preseed(struct content *k)
{
	struct str text = k->unit->text;
	struct str rest = text;
	struct str line;
	uint32_t number = 0;
	while (str_cut(&rest, '\n', &line) && charge(k->e, 4)) {
		uint32_t first = ++number;
		size_t start = (size_t)(line.p - text.p);
		size_t end = start + line.n;
		struct str words[3];
		size_t from = behind(line, 3);
		bool comment = str_has_prefix(str_trim(line), STR("#"));
		while (goes_on(line) && !comment && str_cut(&rest, '\n', &line)) {
			number++;
			end = (size_t)(line.p - text.p) + line.n;
		}
		struct str whole = str_sub(text, start, end - start);
		if (comment || content_words(k, whole, words, 3) < 3)
			continue;
		struct answer a = {
			.k = k,
			.question = words[1],
			.value = str_from_index(whole, from),
			.at = {.off = (uint32_t)(start + from),
				.line = first,
				.col = (uint32_t)from + 1},
		};
		read_answer(&a);
	}
}

/* ---- Other installers ----------------------------------------------------------------------- */

/* "Password for root account = x", "root_password = \"x\"", and what is fetched. */
static void answers_line(struct content *k, struct str line, uint32_t number)
{
	size_t eq = str_find_byte(line, '=');
	struct str key = str_trim(str_sub(line, 0, eq));
	struct str value = eq == STR_NPOS ? STR("") : str_trim(str_from_index(line, eq + 1));
	struct line l = {.k = k, .at = {.line = number, .col = 1, .len = (uint32_t)line.n}};
	if (eq == STR_NPOS || key.n == 0 || key.p[0] == '#' || value.n == 0)
		return;
	value = unquoted(value);
	bool hash = value.n > 0 && value.p[0] == '$';
	if (str_contains(key, STR("assword")))
		set_password(&l, str_contains(key, STR("root")) ? STR("root") : STR("user"), value,
			hash || str_contains(key, STR("hash")));
	else if (str_contains(value, STR("://")))
		content_opaque(k, &l.at, "script",
			join(k, "what is loaded is not in the commit: ", value, ""));
}

void content_answers(struct content *k)
{
	struct str rest = k->unit->text;
	struct str line;
	uint32_t number = 0;
	while (str_cut(&rest, '\n', &line) && charge(k->e, 4))
		answers_line(k, line, ++number);
}
