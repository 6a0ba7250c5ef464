#include "base/diff.h"
#include "base/file.h"
#include "base/hcl/hcl.h"
#include "cmd/verbs.h"

#define FILE_MAX ((size_t)16 << 20)
#define NAMES_MAX 100000
#define DEPTH_MAX 64

struct fmt_verb {
	bool check;
	bool diff;
	bool write;
	bool recursive;
};

static const struct option own[] = {
	{.name = "check",
		.kind = OPTION_FLAG,
		.help = "write nothing; exit status 1 when a file is not formatted",
		.offset = offsetof(struct fmt_verb, check)},
	{.name = "diff",
		.kind = OPTION_FLAG,
		.help = "show what changes",
		.offset = offsetof(struct fmt_verb, diff)},
	{.name = "write",
		.kind = OPTION_FLAG,
		.on = true,
		.help = "write nothing, only name the files that are not formatted",
		.offset = offsetof(struct fmt_verb, write)},
	{.name = "recursive",
		.letter = 'r',
		.kind = OPTION_FLAG,
		.help = "also the directories in a directory",
		.offset = offsetof(struct fmt_verb, recursive)},
	{0},
};

static const struct option_group groups[] = {
	{"Options", own, 0},
	{0},
};

/* changed: files that were not formatted; failed: that could not be. */
struct fmt {
	struct cli *cli;
	const struct fmt_verb *options;
	struct buf out;
	size_t changed;
	size_t failed;
};

static void fmt_clear(struct fmt *f)
{
	buf_clear(&f->out);
}

/* One bad file does not keep the others from being formatted. */
static void tell(struct fmt *f, const struct error *e)
{
	log_say(&f->cli->log, LOG_ERROR, "%s", e->text);
	f->failed++;
}

/* ---- One file -------------------------------------------------------------------------------- */

static int format_stdin(struct fmt *f, struct error *err)
{
	scoped(buf) text = {0};
	scoped(buf) formatted = {0};
	if (file_read_fd(&text, STDIN_FILENO, FILE_MAX, err) < 0 ||
		hcl_format(&formatted, buf_str(&text), STR("<stdin>"), err) < 0)
		return -1;
	f->changed += !str_eq(buf_str(&text), buf_str(&formatted));
	if (f->options->diff)
		diff_unified(&f->out, buf_str(&text), buf_str(&formatted), STR("old/<stdin>"),
			STR("new/<stdin>"));
	else if (!f->options->check)
		buf_add(&f->out, buf_str(&formatted));
	return 0;
}

static void show_change(struct fmt *f, const char *path, struct str text, struct str formatted)
{
	struct arena *a = &f->cli->arena;
	buf_printf(&f->out, "%s\n", path);
	if (f->options->diff)
		diff_unified(&f->out, text, formatted, arena_printf(a, "old/%s", path),
			arena_printf(a, "new/%s", path));
	f->changed++;
}

static int format_file(struct fmt *f, const char *path, struct error *err)
{
	scoped(buf) text = {0};
	scoped(buf) formatted = {0};
	struct stat st;
	autoclose int fd = file_open(AT_FDCWD, path, err);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return error_sys(err, "%s", path);
	if (file_read_fd(&text, fd, FILE_MAX, err) < 0)
		return error_wrap(err, "%s", path);
	if (hcl_format(&formatted, buf_str(&text), str_from(path), err) < 0)
		return -1;
	if (str_eq(buf_str(&text), buf_str(&formatted)))
		return 0;
	show_change(f, path, buf_str(&text), buf_str(&formatted));
	if (f->options->check || !f->options->write)
		return 0;
	const mode_t mask = umask(0);
	int status = file_replace(AT_FDCWD, path, buf_str(&formatted), st.st_mode & 07777, err);
	umask(mask);
	return status;
}

/* ---- Directories ----------------------------------------------------------------------------- */

/* Hidden files, and what editors leave behind. */
static bool is_ignored(struct str name)
{
	return str_has_prefix(name, STR(".")) || str_has_suffix(name, STR("~")) ||
		(str_has_prefix(name, STR("#")) && str_has_suffix(name, STR("#")));
}

static bool is_template(struct str name)
{
	return str_has_suffix(name, STR(".pkr.hcl")) || str_has_suffix(name, STR(".pkrvars.hcl"));
}

static int format_directory(struct fmt *f, const char *path, unsigned depth, struct error *err);

/* Links stay as they are: what they lead to may belong to somebody else. */
static void format_entry(struct fmt *f, const char *path, struct str name, unsigned depth)
{
	struct error err = {0};
	struct stat st;
	int status = lstat(path, &st) < 0 ? error_sys(&err, "%s", path) : 0;
	if (status == 0 && S_ISDIR(st.st_mode) && f->options->recursive)
		status = format_directory(f, path, depth + 1, &err);
	else if (status == 0 && S_ISREG(st.st_mode) && is_template(name))
		status = format_file(f, path, &err);
	if (status < 0)
		tell(f, &err);
}

static int format_directory(struct fmt *f, const char *path, unsigned depth, struct error *err)
{
	struct str_list names = {0};
	struct arena *a = &f->cli->arena;
	if (depth > DEPTH_MAX)
		return error_set(err, ERROR_INPUT, "%s: too deep", path);
	if (dir_list(&names, a, AT_FDCWD, path, NAMES_MAX, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		if (is_ignored(names.items[i]))
			continue;
		const char *slash = str_has_suffix(str_from(path), STR("/")) ? "" : "/";
		struct str entry = strcmp(path, ".") == 0
			? arena_str(a, names.items[i])
			: arena_printf(a, "%s%s%.*s", path, slash, STR_ARG(names.items[i]));
		format_entry(f, entry.p, names.items[i], depth);
	}
	return 0;
}

static int format_path(struct fmt *f, const char *path, struct error *err)
{
	struct stat st;
	if (strcmp(path, "-") == 0)
		return format_stdin(f, err);
	if (stat(path, &st) < 0)
		return error_sys(err, "%s", path);
	if (S_ISDIR(st.st_mode))
		return format_directory(f, path, 0, err);
	if (!str_has_suffix(str_from(path), STR(".hcl")))
		return error_set(
			err, ERROR_INPUT, "%s: is not named *.hcl; JSON needs no formatting", path);
	return format_file(f, path, err);
}

static int run(struct cli *cli, const void *options, struct error *err)
{
	scoped(fmt) f = {.cli = cli, .options = options};
	buf_init(&f.out, (size_t)1 << 30);
	if (cli->arg_count == 0)
		return error_set(err, ERROR_USAGE,
			"fmt takes files, directories (\".\" for this one), or - for standard input");
	for (size_t i = 0; i < cli->arg_count; i++) {
		struct error e = {0};
		if (format_path(&f, cli->args[i], &e) < 0) {
			tell(&f, &e);
			*err = e;
		}
	}
	if (cli_print(&f.out, err) < 0)
		return -1;
	if (f.failed > 0)
		return error_set(err, err->code ? err->code : ERROR_INPUT,
			"fmt: %zu file%s not formatted", f.failed, f.failed == 1 ? "" : "s");
	return f.options->check && f.changed > 0 ? EXIT_NO : EXIT_YES;
}

const struct command command_fmt = {
	.name = "fmt",
	.summary = "format HCL files in place, as packer fmt does",
	.synopsis = "PATH... | -",
	.description =
		"Rewrites files in HCL's canonical layout and names those that changed. In a\n"
		"directory: *.pkr.hcl and *.pkrvars.hcl; other *.hcl files when named. A file is\n"
		"replaced as a whole or not at all, and keeps its mode.",
	.examples = "  sealwright fmt .\n"
		    "  sealwright fmt -check -diff -recursive images/\n"
		    "  sealwright fmt - < template.pkr.hcl",
	.groups = groups,
	.options_size = sizeof(struct fmt_verb),
	.run = run,
};
