/* Commands that change files. */
#include "audit/eval/eval.h"
#include "audit/sed.h"

#define SED_WORK_MAX 2000000u

/* ---- cp, mv, install, ln -------------------------------------------------------------------- */

struct copying {
	struct str_list sources; /* p NULL: not known */
	struct str target; /* -t DIR, or the last operand */
	struct str mode;
	bool directory; /* the target is one */
	bool makes_directories;
	bool symbolic;
	bool executable;
};

static const char *const copy_longs[] = {
	"--target-directory", "--mode", "--owner", "--group", "--suffix", "--strip-program", NULL};
static const struct optspec cp_spec = {.shorts = "tS", .longs = copy_longs};
static const struct optspec install_spec = {.shorts = "tSmog", .longs = copy_longs};
static const struct optspec plain_spec = {0};

static struct str octal_mode(struct eval *e, struct str mode)
{
	for (size_t i = 0; i < mode.n; i++)
		if (mode.p[i] < '0' || mode.p[i] > '7')
			return STR("");
	if (mode.n == 0 || mode.n > 4)
		return STR("");
	return arena_printf(e->scratch, "%.*s%.*s", (int)(4 - mode.n), "0000", STR_ARG(mode));
}

static bool mode_executes(struct str mode)
{
	for (size_t i = mode.n > 3 ? mode.n - 3 : 0; i < mode.n; i++)
		if ((mode.p[i] - '0') & 1)
			return true;
	return false;
}

static bool is_directory(struct eval *e, struct str path)
{
	if (path.n == 0 || path.p[path.n - 1] == '/' || str_is(path, ".") || str_is(path, ".."))
		return true;
	const struct file *f = guest_find(e, path);
	if (f)
		return f->tree;
	return str_has_suffix(path, STR("bin")) ||
		word_in(path,
			"/tmp /etc /opt /root /usr/lib "
			"/etc/cron.d /etc/profile.d "
			"/etc/systemd/system");
}

static struct copying copying_of(
	struct eval *e, const struct command *c, const struct optspec *spec)
{
	struct copying k = {0};
	struct opts o = opts_of(e, c, spec);
	struct opt opt;
	bool target = false;
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-t --target-directory")) {
			k.target = opt.text;
			k.directory = target = true;
		} else if (opt_is(&opt, "-m --mode")) {
			k.mode = octal_mode(e, opt.text.p ? opt.text : STR(""));
			k.executable = mode_executes(k.mode) ||
				(opt.text.p && str_find_byte(opt.text, 'x') != STR_NPOS);
		} else if (opt_is(&opt, "-d --directory")) {
			k.makes_directories = true;
		} else if (opt_is(&opt, "-s --symbolic")) {
			k.symbolic = true;
		} else if (opt.name.n == 0) {
			list_push(e->scratch, &k.sources) = opt.text;
		}
	}
	if (!target && k.sources.n > 1)
		k.target = k.sources.items[--k.sources.n];
	if (!target && k.target.p)
		k.directory = is_directory(e, k.target);
	return k;
}

static struct str target_of(struct eval *e, const struct copying *k, struct str source)
{
	if (!k->target.p || !k->directory)
		return k->target;
	struct str dir = k->target;
	while (dir.n > 1 && dir.p[dir.n - 1] == '/')
		dir.n--;
	return arena_printf(e->scratch, "%.*s/%.*s", STR_ARG(dir), STR_ARG(base_name(source)));
}

static void copy_one(struct eval *e, const struct command *c, const struct copying *k,
	struct str source, const char *by)
{
	struct str target = source.p ? target_of(e, k, source) : k->target;
	const struct file *f = source.p ? guest_find(e, source) : NULL;
	struct value unknown = value_unknown(e, STR("…"), NULL);
	struct write w = {
		.path = target,
		.content = f ? &f->content : &unknown,
		.by = by,
		.mode = k->mode,
		.executable = k->executable,
		.source = source.p ? source : STR(""),
	};
	if (f)
		w.place = f->place;
	guest_write(e, c, &w);
	if (!source.p || !target.p || str_has_prefix(target, STR("/dev/")))
		return;
	struct file copy = {.copy_of = guest_path(e, source), .content = unknown};
	if (f)
		copy = *f;
	if (!copy.place.unit && e->unit && e->node)
		copy.place = (struct place){e->unit, e->node->span, false};
	copy.boot_done = false;
	copy.mode = k->mode.n != 0 || !f ? k->mode : f->mode;
	guest_put(e, target, &copy);
}

/* The file, what lies below it, and what a pattern means. */
static void remove_path(struct eval *e, struct str path)
{
	struct file gone = {.deleted = true};
	if (!path.p)
		return;
	guest_put(e, path, &gone);
	struct str full = guest_path(e, path);
	bool pattern = str_find_byte(full, '*') != STR_NPOS || str_find_byte(full, '?') != STR_NPOS;
	charge(e, 4 * e->files.n);
	for (size_t i = 0; i < e->files.n; i++) {
		const struct cell *c = e->files.items[i].value;
		const struct file *f = c->value;
		bool below = str_has_prefix(c->key, full) && c->key.n > full.n &&
			(c->key.p[full.n] == '/' || str_is(full, "/"));
		if (f && !f->deleted && (below || (pattern && pattern_match(full, c->key, true))))
			guest_put(e, c->key, &gone);
	}
}

static int run_cp(struct eval *e, const struct command *c, struct outcome *out)
{
	struct copying k = copying_of(e, c, &cp_spec);
	bool moves = word_is(c, 0, "mv") || str_is(base_name(c->words[0]), "mv");
	*out = outcome_unknown();
	for (size_t i = 0; i < k.sources.n && charge(e, 4); i++) {
		copy_one(e, c, &k, k.sources.items[i], moves ? "mv" : "cp");
		if (moves)
			remove_path(e, k.sources.items[i]);
	}
	return 1;
}

static int run_install(struct eval *e, const struct command *c, struct outcome *out)
{
	struct copying k = copying_of(e, c, &install_spec);
	*out = outcome_unknown();
	if (k.mode.n == 0) {
		k.mode = STR("0755");
		k.executable = true;
	}
	for (size_t i = 0; !k.makes_directories && i < k.sources.n && charge(e, 4); i++)
		copy_one(e, c, &k, k.sources.items[i], "install");
	return 1;
}

static int run_ln(struct eval *e, const struct command *c, struct outcome *out)
{
	struct copying k = copying_of(e, c, &cp_spec);
	*out = outcome_unknown();
	for (size_t i = 0; i < k.sources.n && charge(e, 4); i++) {
		struct str source = k.sources.items[i];
		struct str target = source.p ? target_of(e, &k, source) : k.target;
		struct write w = {
			.path = target, .by = "ln", .source = source.p ? source : STR("")};
		guest_write(e, c, &w);
		if (!source.p || !target.p)
			continue;
		struct str to = guest_path(e, target);
		/* What systemctl mask does. */
		if (str_is(source, "/dev/null") && str_has_suffix(to, STR(".service")) &&
			str_contains(to, STR("/systemd/system/")))
			emit_service(e, c, base_name(to), "mask");
		struct str from = source;
		size_t slash = str_rfind_byte(to, '/');
		if (from.n > 0 && from.p[0] != '/' && slash != STR_NPOS)
			from = arena_printf(
				e->scratch, "%.*s/%.*s", (int)slash, to.p, STR_ARG(source));
		struct file link = {.link = guest_path(e, from), .created = true};
		if (!str_eq(link.link, to))
			guest_put(e, to, &link);
	}
	return 1;
}

/* ---- rm, truncate, touch, chmod ------------------------------------------------------------- */

static int run_rm(struct eval *e, const struct command *c, struct outcome *out)
{
	struct opts o = opts_of(e, c, &plain_spec);
	struct opt opt;
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt.name.n != 0)
			continue;
		struct write w = {.path = opt.text, .by = "rm", .deleted = true};
		guest_write(e, c, &w);
		remove_path(e, opt.text);
	}
	return 1;
}

static int run_truncate(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"--size", "--reference", NULL};
	static const struct optspec spec = {.shorts = "sr", .longs = longs};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct value empty = {0};
	bool zero = false;
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-s --size"))
			zero = opt.text.p && str_is(opt.text, "0");
		if (opt.name.n != 0)
			continue;
		struct write w = {.path = opt.text,
			.by = "truncate",
			.deleted = zero,
			.content = zero ? &empty : NULL};
		guest_write(e, c, &w);
	}
	return 1;
}

static int run_touch(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"--date", "--reference", "--time", NULL};
	static const struct optspec spec = {.shorts = "drt", .longs = longs};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt.name.n != 0)
			continue;
		struct value empty = {0};
		struct write w = {
			.path = opt.text, .by = "touch", .append = true, .content = &empty};
		guest_write(e, c, &w);
	}
	return 1;
}

static int run_chmod(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str mode = {0};
	*out = outcome_unknown();
	for (size_t i = 1; i < c->argc; i++) {
		struct str w = c->words[i];
		if (!w.p || str_has_prefix(w, STR("--")) || (w.n == 2 && word_in(w, "-R -v -c -f")))
			continue;
		if (!mode.p) {
			mode = w;
			continue;
		}
		const struct file *f = guest_find(e, w);
		struct str octal = octal_mode(e, mode);
		if (!f || f->tree || octal.n == 0)
			continue;
		struct file changed = *f;
		changed.mode = octal;
		guest_put(e, w, &changed);
	}
	return 1;
}

static int run_dd(struct eval *e, const struct command *c, struct outcome *out)
{
	struct value content = {0};
	struct str target = {0};
	*out = outcome_unknown();
	if (e->in)
		content = *e->in;
	for (size_t i = 1; i < c->argc; i++) {
		struct str w = c->words[i];
		if (w.p && str_has_prefix(w, STR("if=")))
			content = guest_read(e, str_from_index(w, 3));
		if (w.p && str_has_prefix(w, STR("of=")))
			target = str_from_index(w, 3);
	}
	if (!target.p) {
		out_value(e, &content);
		return 1;
	}
	struct write w = {.path = target, .content = &content, .by = "dd"};
	guest_write(e, c, &w);
	return 1;
}

/* ---- Editors -------------------------------------------------------------------------------- */

/* The rest of the word of -i is a suffix. */
static void skip_suffix(struct opts *o, const struct opt *opt)
{
	o->pos = 0;
	o->i = opt->index + 1;
}

/* The content behind the edit, when all of it can be known. */
static bool edit_known(
	struct eval *e, const struct edit *edit, const struct value *content, struct value *out)
{
	struct str text;
	struct str made;
	struct sed_script script = {edit->script, edit->extended, edit->silent};
	uint64_t budget = SED_WORK_MAX;
	if (!value_const(e, content, &text) ||
		!sed_apply(&made, e->scratch, &script, text, &budget))
		return false;
	charge(e, (SED_WORK_MAX - budget) / 8 + text.n / 8);
	struct chunk chunk = {.kind = CHUNK_TEXT, .text = made, .taint = value_taint(e, content)};
	struct chunks one = {0};
	chunks_add(e, &one, &chunk);
	*out = chunks_value(e, &one);
	return true;
}

/* Lines that edits have put into what is not known; a later edit may change them again. */
static struct str edit_lines(struct eval *e, const struct edit *edit, struct str lines)
{
	struct value v = value_text(e, lines);
	struct value made;
	struct str text;
	if (lines.n == 0 || !edit_known(e, edit, &v, &made) || !value_const(e, &made, &text))
		return lines;
	return text;
}

void edit_file(struct eval *e, const struct command *c, struct str path, const struct edit *edit)
{
	const struct file *f = path.p ? guest_find(e, path) : NULL;
	struct value content = value_unknown(e, STR("…"), f ? value_taint(e, &f->content) : NULL);
	struct file edited = {.created = true};
	bool plain = f && !f->tree && !f->binary;
	if (f)
		edited = *f;
	if (f)
		edited.edits = edit_lines(e, edit, f->edits);
	if (!plain || !edit_known(e, edit, &f->content, &edited.content)) {
		struct str old = plain ? value_display(e, &f->content) : STR("");
		struct str parts[] = {
			edited.edits, edit_lines(e, edit, old), final_lines(e, NULL, edit->script)};
		edited.edits = arena_join(e->scratch, parts, 3, STR("\n"));
		edited.content = content;
		edited.place = (struct place){0};
		edited.upload = NULL;
	}
	struct write w = {
		.path = path, .content = &content, .by = "sed", .expression = edit->script};
	guest_write(e, c, &w);
	if (!path.p)
		return;
	if (!f || !f->tree)
		guest_put(e, path, &edited);
	config_edited(e, c, guest_path(e, path), edit->script);
}

/* sed -i: the script is the fact; the file keeps its taint, its text is not known. */
static int run_sed(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"--expression", "--file", "--line-length", NULL};
	static const struct optspec spec = {.shorts = "efl", .longs = longs};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct str_list scripts = {0};
	struct str_list files = {0};
	bool in_place = false;
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-i --in-place")) {
			in_place = true;
			skip_suffix(&o, &opt);
		} else if (opt_is(&opt, "-e --expression")) {
			list_push(e->scratch, &scripts) = value_display(e, &opt.value);
		} else if (opt.name.n == 0) {
			list_push(e->scratch, &files) = opt.text.p ? opt.text : (struct str){0};
		}
	}
	size_t first = 0;
	if (scripts.n == 0 && files.n > 0 && !has_word(c, "-f --file")) {
		struct opts again = opts_of(e, c, &spec);
		while (opts_next(&again, &opt) && opt.name.n != 0)
			if (opt_is(&opt, "-i --in-place"))
				skip_suffix(&again, &opt);
		list_push(e->scratch, &scripts) = value_display(e, &opt.value);
		first = 1;
	}
	if (!in_place) {
		struct value in = filter_input(e, c, &spec, first);
		out_filtered(e, c, &in);
		return 1;
	}
	struct edit edit = {
		.script = arena_join(e->scratch, scripts.items, scripts.n, STR("\n")),
		.extended = has_word(c, "-E -r --regexp-extended -ri -Ei -re -Ee"),
		.silent = has_word(c, "-n --quiet --silent -ni"),
	};
	for (size_t i = first; i < files.n && charge(e, 4); i++)
		edit_file(e, c, files.items[i], &edit);
	return 1;
}

/* ---- Archives ------------------------------------------------------------------------------- */

static void extract(struct eval *e, const struct command *c, struct str dir,
	const struct value *archive, const char *by)
{
	const struct taint *t =
		taint_via(e, value_taint(e, archive), base_name(c->words[0]), false);
	struct value content = value_unknown(e, STR("…"), t);
	struct write w = {.path = dir, .content = &content, .by = by};
	if (!t) {
		w.content = NULL;
		return;
	}
	const struct file *old = dir.p ? guest_find(e, dir) : NULL;
	guest_write(e, c, &w);
	if (!dir.p)
		return;
	guest_put(e, dir, guest_tree(e, old, &content));
}

static bool is_archive_word(struct str w)
{
	return w.n > 0 && w.p[0] != '-' && str_find_byte(w, '/') == STR_NPOS &&
		str_find_byte(w, '.') == STR_NPOS;
}

struct tar_words {
	bool extracts;
	bool has_file;
	bool to_stdout;
	struct value archive;
	struct str dir;
	struct str_list members;
};

/* The old form: the first word is a cluster without dash, its arguments follow in order. */
static size_t tar_cluster(struct eval *e, const struct command *c, struct tar_words *t)
{
	size_t next = 2;
	for (size_t i = 0; i < c->words[1].n; i++) {
		char letter = c->words[1].p[i];
		t->extracts = t->extracts || letter == 'x';
		t->to_stdout = t->to_stdout || letter == 'O';
		if (letter == 'f' && next < c->argc) {
			t->has_file = !word_is(c, next, "-");
			t->archive = c->words[next].p ? guest_read(e, c->words[next])
						      : value_unknown(e, STR("…"), NULL);
			next++;
		} else if (letter == 'C' && next < c->argc) {
			t->dir = c->words[next++];
		}
	}
	return next;
}

static int run_tar(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"--file", "--directory", "--strip-components",
		"--exclude", "--transform", "--wildcards-match", "--owner", "--group", "--xform",
		"--files-from", NULL};
	static const struct optspec spec = {.shorts = "fCTXbKNVIHg", .longs = longs};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct tar_words t = {.dir = STR(".")};
	*out = outcome_unknown();
	if (c->argc > 1 && c->words[1].p && is_archive_word(c->words[1]))
		o.i = tar_cluster(e, c, &t);
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-x --extract --get"))
			t.extracts = true;
		else if (opt_is(&opt, "-f --file")) {
			t.has_file = !opt.text.p || !str_is(opt.text, "-");
			t.archive = opt.text.p ? guest_read(e, opt.text)
					       : value_unknown(e, STR("…"), NULL);
		} else if (opt_is(&opt, "-C --directory"))
			t.dir = opt.text;
		else if (opt_is(&opt, "-O --to-stdout"))
			t.to_stdout = true;
	}
	if (!t.has_file && e->in)
		t.archive = *e->in;
	if (!t.extracts || t.to_stdout)
		out_filtered(e, c, &t.archive);
	else
		extract(e, c, t.dir, &t.archive, "archive");
	return 1;
}

static int run_unzip(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "dxP"};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct str dir = STR(".");
	struct value archive = {0};
	bool found = false;
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-d"))
			dir = opt.text;
		if (opt.name.n != 0 || found)
			continue;
		found = true;
		archive = opt.text.p ? guest_read(e, opt.text)
				     : value_unknown(e, STR("…"), value_taint(e, &opt.value));
	}
	if (has_word(c, "-p -c"))
		out_filtered(e, c, &archive);
	else
		extract(e, c, dir, &archive, "archive");
	return 1;
}

/* 7z x, cpio -i, ar x, bsdtar, unsquashfs, rpm2cpio: what they unpack lands here. */
static int run_unpack(struct eval *e, const struct command *c, struct outcome *out)
{
	struct value in = {0};
	*out = outcome_unknown();
	if (e->in)
		in = *e->in;
	for (size_t i = 1; i < c->argc; i++) {
		const struct file *f = c->words[i].p ? guest_find(e, c->words[i]) : NULL;
		if (f && !f->tree)
			in = f->content;
	}
	if (word_in(base_name(c->words[0]), "rpm2cpio dpkg-deb") && !has_word(c, "-x -X -R"))
		out_filtered(e, c, &in);
	else
		extract(e, c, STR("."), &in, "archive");
	return 1;
}

static struct str without_suffix(struct str path)
{
	static const char *const suffixes[] = {".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".Z"};
	for (size_t i = 0; i < countof(suffixes); i++)
		if (str_has_suffix(path, str_from(suffixes[i])))
			return str_sub(path, 0, path.n - strlen(suffixes[i]));
	return path;
}

static int run_gunzip(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "SoT"};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct str name = base_name(c->words[0]);
	bool to_stdout = str_has_suffix(name, STR("cat")) ||
		has_word(c, "-c --stdout --to-stdout -dc -cd -dkc -kdc");
	bool any = false;
	*out = outcome_unknown();
	while (!to_stdout && opts_next(&o, &opt)) {
		const struct file *f =
			opt.name.n == 0 && opt.text.p ? guest_find(e, opt.text) : NULL;
		any = any || opt.name.n == 0;
		if (!f)
			continue;
		struct file plain = {
			.content = value_unknown(e, STR("…"),
				taint_via(e, value_taint(e, &f->content), name, false))};
		guest_put(e, without_suffix(opt.text), &plain);
	}
	if (any)
		return 1;
	struct value in = filter_input(e, c, &spec, 0);
	bool packs = str_is(name, "gzip") || str_is(name, "bzip2") || str_is(name, "xz") ||
		str_is(name, "zstd") || str_is(name, "lz4") || str_is(name, "lzma");
	bool unpacks = !packs || has_word(c, "-d -dc -cd -dkc -kdc --decompress --uncompress");
	if (unpacks && e->out && !value_taint(e, &in) && in.n > 0)
		out_unknown(e, c, taint_of(e, source_new(e, c, SOURCE_DECODER, name, NULL)));
	else
		out_filtered(e, c, &in);
	return 1;
}

/* ---- crontab -------------------------------------------------------------------------------- */

static int run_crontab(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "u"};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct str user = e->user.n != 0 ? e->user : STR("root");
	struct value content = {0};
	bool reads = e->in != NULL;
	*out = outcome_unknown();
	if (e->in)
		content = *e->in;
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-u") && opt.text.p)
			user = opt.text;
		if (opt_is(&opt, "-l")) {
			out_unknown(e, c, NULL);
			return 1;
		}
		if (opt_is(&opt, "-r -e"))
			return 1;
		if (opt.name.n == 0 && opt.text.p && !str_is(opt.text, "-")) {
			content = guest_read(e, opt.text);
			reads = true;
		}
	}
	if (!reads)
		return 1;
	struct write w = {.content = &content, .by = "redirect", .place = e->in_place};
	w.path = arena_printf(e->scratch, "/var/spool/cron/crontabs/%.*s", STR_ARG(user));
	guest_write(e, c, &w);
	return 1;
}

/* ---- Directories of programs ---------------------------------------------------------------- */

/* Runs every program of a directory. */
static int run_parts(struct eval *e, const struct command *c, struct outcome *out)
{
	*out = outcome_unknown();
	for (size_t i = 1; i < c->argc && !has_word(c, "--test --list"); i++) {
		if (!c->words[i].p || str_has_prefix(c->words[i], STR("-")))
			continue;
		flow_into(e, c, guest_below(e, c->words[i]),
			&(struct sink){
				.to = "executable", .name = STR("run-parts"), .file = c->words[i]});
	}
	return 1;
}

const struct command_entry commands_file[] = {
	{"cp mv gcp gmv", run_cp},
	{"install ginstall", run_install},
	{"ln", run_ln},
	{"rm unlink shred srm", run_rm},
	{"truncate", run_truncate},
	{"touch", run_touch},
	{"chmod", run_chmod},
	{"dd", run_dd},
	{"sed gsed", run_sed},
	{"tar gtar bsdtar", run_tar},
	{"unzip", run_unzip},
	{"7z 7za 7zr cpio ar unsquashfs rpm2cpio dpkg-deb unar", run_unpack},
	{"gunzip zcat gzip bunzip2 bzcat bzip2 xzcat unxz xz zstd zstdcat unzstd lz4 lz4cat lzma "
	 "unlzma pigz unpigz uncompress gzcat",
		run_gunzip},
	{"crontab", run_crontab},
	{"run-parts", run_parts},
	{0},
};
