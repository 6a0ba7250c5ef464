/* Functions of rules over the words of a command. */
#include "audit/policy/rule.h"

/* Short options that take a value, so that the rest of a cluster is no option: -okay, -lp4444. */
struct tool {
	const char *name;
	const char *valued;
	bool abbreviates; /* getopt_long: a unique beginning of a long option is enough */
};

static const struct tool tools[] = {
	{"curl", "AbcCdDeEFHKmoPQrtTuUwxXyYz", true},
	{"wget", "aeoOtTPQwUDIRABilX", true},
	{"apt-get", "otca", false},
	{"apt", "otca", false},
	{"yum", "cdeRx", false},
	{"dnf", "cdeRx", false},
	{"useradd", "bcdegGkKpPRsuZ", true},
	{"usermod", "cdefgGlpPRsuvVwWZ", true},
	{"groupadd", "gKpPR", true},
	{"ssh", "bcDeEFIiJlLmOopQRSwW", false},
	{"scp", "cDFiJloPSX", false},
	{"nc", "ceghiIMOPpqsTVwXx", false},
	{"ncat", "cegimopsw", true},
	{"netcat", "ceghiIMOPpqsTVwXx", false},
	{"tar", "CfTXbFgHIKLNV", true},
	{"git", "cC", false},
	{"pip", "rceift", false},
	{"pip3", "rceift", false},
	{"mysql", "uhPDeSp", true},
	{"mysqladmin", "uhPSp", true},
	{"docker", "ecvpuwlhma", false},
	{"podman", "ecvpuwlhma", false},
	{"install", "mogtS", true},
	{"su", "cgGsw", true},
	{"sed", "efl", true},
	{"bash", "O", false},
	{"rsync", "efTBM", true},
	{"openssl", "", false},
};

#define ABBREVIATION_MIN 4

static const struct tool *find_tool(const struct hcl_value *name)
{
	if (!name || name->type != HCL_STRING)
		return NULL;
	for (size_t i = 0; i < countof(tools); i++) {
		if (str_is(name->string, tools[i].name))
			return &tools[i];
	}
	return NULL;
}

static bool is_value_of(const struct tool *tool, char c)
{
	return tool && c != '\0' && strchr(tool->valued, c);
}

static bool is_long(const struct tool *tool, struct str word, struct str name)
{
	struct str option = str_from_index(word, 2);
	size_t equals = str_find_byte(option, '=');
	if (equals != STR_NPOS)
		option = str_sub(option, 0, equals);
	if (str_eq(option, name))
		return true;
	return tool && tool->abbreviates && option.n >= ABBREVIATION_MIN &&
		str_has_prefix(name, option);
}

/* Index behind the letter in a cluster such as -fsSLk, or 0. */
static size_t find_in_cluster(const struct tool *tool, struct str word, char letter)
{
	for (size_t i = 1; i < word.n; i++) {
		if (word.p[i] == letter)
			return i + 1;
		if (is_value_of(tool, word.p[i]))
			return 0;
	}
	return 0;
}

static bool is_option(struct str word)
{
	return word.n > 1 && word.p[0] == '-';
}

/* `rest`: what follows in the same word, "=value" without its sign; p is NULL for nothing. */
static bool word_is(const struct tool *tool, struct str word, struct str name, struct str *rest)
{
	*rest = (struct str){0};
	if (!is_option(word))
		return false;
	if (str_has_prefix(word, STR("--"))) {
		size_t equals = str_find_byte(word, '=');
		if (equals != STR_NPOS)
			*rest = str_from_index(word, equals + 1);
		return name.n > 1 && is_long(tool, word, name);
	}
	if (name.n > 1) {
		size_t equals = str_find_byte(word, '=');
		struct str option = str_sub(word, 1, equals == STR_NPOS ? word.n : equals - 1);
		if (equals != STR_NPOS)
			*rest = str_from_index(word, equals + 1);
		return str_eq(option, name);
	}
	size_t behind = name.n == 1 ? find_in_cluster(tool, word, name.p[0]) : 0;
	if (behind > 0 && behind < word.n)
		*rest = str_from_index(word, behind);
	return behind > 0;
}

static const struct hcl_value *words_of(const struct hcl_value *fact, const char *member)
{
	const struct hcl_value *words = hcl_member(fact, str_from(member));
	return words && words->type == HCL_LIST ? words : NULL;
}

static int check_fact(const struct hcl_value *fact, struct error *err)
{
	if (fact->type == HCL_OBJECT && (words_of(fact, "argv") || words_of(fact, "flags")))
		return 0;
	return error_set(err, ERROR_INPUT, "the first argument must be an exec or a package");
}

static int check_strings(const struct hcl_value *args, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (args[i].type != HCL_STRING)
			return error_set(err, ERROR_INPUT, "argument %zu must be a string", i + 2);
	}
	return 0;
}

/*
 * Index of the word that is the option, from `start` on, or 0. Words behind "--" are operands. A
 * package has no argv, but its flags are spelled out already.
 */
static size_t find_flag(
	const struct hcl_value *fact, const struct hcl_value *name, size_t start, struct str *rest)
{
	const struct hcl_value *words = words_of(fact, "argv");
	const struct tool *tool = find_tool(hcl_member(fact, STR("name")));
	if (!words) {
		words = words_of(fact, "flags");
		start = 0;
	}
	for (size_t i = start; words && i < words->n; i++) {
		if (words->items[i].type != HCL_STRING)
			continue;
		if (str_is(words->items[i].string, "--"))
			return 0;
		if (word_is(tool, words->items[i].string, name->string, rest))
			return i + 1;
	}
	return 0;
}

static int call_has_flag(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)e;
	if (check_fact(&args[0], err) < 0 || check_strings(args + 1, n - 1, err) < 0)
		return -1;
	bool found = false;
	for (size_t i = 1; i < n; i++) {
		struct str rest;
		found = found || find_flag(&args[0], &args[i], 1, &rest) > 0;
	}
	*out = hcl_bool(found);
	return 0;
}

static int call_flag_value(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)e;
	if (check_fact(&args[0], err) < 0 || check_strings(args + 1, n - 1, err) < 0)
		return -1;
	*out = hcl_null();
	const struct hcl_value *words = words_of(&args[0], "argv");
	for (size_t i = 1; words && i < n; i++) {
		struct str rest;
		size_t behind = find_flag(&args[0], &args[i], 1, &rest);
		if (behind == 0)
			continue;
		if (rest.p)
			*out = hcl_string(rest);
		else if (behind < words->n)
			*out = words->items[behind];
		return 0;
	}
	return 0;
}

static int call_has_arg(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)e;
	if (check_fact(&args[0], err) < 0 || check_strings(args + 1, n - 1, err) < 0)
		return -1;
	const struct hcl_value *words = words_of(&args[0], "argv");
	bool found = false;
	for (size_t i = 1; words && i < words->n; i++) {
		for (size_t k = 1; k < n && words->items[i].type == HCL_STRING; k++)
			found = found || str_eq(words->items[i].string, args[k].string);
	}
	*out = hcl_bool(found);
	return 0;
}

static int match_word(bool *found, struct hcl_eval *e, struct str word,
	const struct hcl_value *patterns, size_t n, struct error *err)
{
	for (size_t i = 0; i < n && !*found; i++) {
		if (rule_regex_match(found, rule_run_of(e), word, patterns[i].string, err) < 0)
			return -1;
	}
	return 0;
}

static int call_any_arg(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	if (check_fact(&args[0], err) < 0 || check_strings(args + 1, n - 1, err) < 0)
		return -1;
	const struct hcl_value *words = words_of(&args[0], "argv");
	bool found = false;
	for (size_t i = 1; words && i < words->n; i++) {
		if (words->items[i].type == HCL_STRING &&
			match_word(&found, e, words->items[i].string, args + 1, n - 1, err) < 0)
			return -1;
	}
	*out = hcl_bool(found);
	return 0;
}

static const char *const shells[] = {
	"sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "fish", "csh", "tcsh", "rbash"};
static const char *const interpreters[] = {"python", "perl", "ruby", "node", "nodejs", "php", "lua",
	"tclsh", "pwsh", "awk", "gawk", "mawk", "deno", "bun", "osascript", "expect"};

static bool is_listed(struct str name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_is(name, names[i]))
			return true;
	}
	return false;
}

/* python3.11 is python. */
static struct str without_version(struct str name)
{
	size_t n = name.n;
	while (n > 0 && strchr("0123456789.", name.p[n - 1]))
		n--;
	return str_sub(name, 0, n > 0 && name.p[n - 1] == '-' ? n - 1 : n);
}

static struct str base_name(const struct hcl_value *v)
{
	if (v->type != HCL_STRING)
		return (struct str){0};
	size_t slash = str_rfind_byte(v->string, '/');
	return slash == STR_NPOS ? v->string : str_from_index(v->string, slash + 1);
}

static int call_is_shell(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)e;
	(void)n;
	(void)err;
	*out = hcl_bool(is_listed(base_name(&args[0]), shells, countof(shells)));
	return 0;
}

static int call_is_interpreter(struct hcl_value *out, struct hcl_eval *e,
	const struct hcl_value *args, size_t n, struct error *err)
{
	(void)e;
	(void)n;
	(void)err;
	struct str name = base_name(&args[0]);
	*out = hcl_bool(is_listed(name, shells, countof(shells)) ||
		is_listed(without_version(name), interpreters, countof(interpreters)));
	return 0;
}

static int call_base_name(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)e;
	(void)n;
	(void)err;
	*out = args[0].type == HCL_STRING ? hcl_string(base_name(&args[0])) : hcl_null();
	return 0;
}

const struct hcl_function rule_functions_exec[] = {
	{.name = "has_flag", .min_args = 2, .max_args = 255, .nulls = true, .call = call_has_flag},
	{.name = "flag_value",
		.min_args = 2,
		.max_args = 255,
		.nulls = true,
		.call = call_flag_value},
	{.name = "has_arg", .min_args = 2, .max_args = 255, .nulls = true, .call = call_has_arg},
	{.name = "any_arg", .min_args = 2, .max_args = 255, .nulls = true, .call = call_any_arg},
	{.name = "is_shell", .min_args = 1, .max_args = 1, .nulls = true, .call = call_is_shell},
	{.name = "is_interpreter",
		.min_args = 1,
		.max_args = 1,
		.nulls = true,
		.call = call_is_interpreter},
	{.name = "base_name", .min_args = 1, .max_args = 1, .nulls = true, .call = call_base_name},
	{.name = NULL},
};
