/*
 * The state in which the image is made: a setting that a later command takes back, and a file
 * that is removed again, are in no image.
 */
#include "audit/eval/eval.h"
#include "audit/sed.h"

#define LINES_MAX ((size_t)64 << 10)
#define LINKS_MAX 8

void final_note(struct eval *e, size_t fact, struct str path)
{
	if (fact != SIZE_MAX && path.p && e->phase == PHASE_BUILD)
		list_push(e->scratch, &e->writes) = (struct file_record){path, fact};
}

struct str final_lines(struct eval *e, const struct value *content, struct str expression)
{
	if (expression.n > 0) {
		scoped(buf) text = {0};
		sed_adds(&text, expression);
		return arena_str(e->scratch, str_sub(buf_str(&text), 0, LINES_MAX));
	}
	if (!content || content->n == 0)
		return STR("");
	return str_sub(value_display(e, content), 0, LINES_MAX);
}

/* ---- Lines of a file ------------------------------------------------------------------------ */

static void add_text(struct eval *e, struct map *lines, struct str text)
{
	struct str line;
	charge(e, text.n / 4);
	while (str_cut(&text, '\n', &line)) {
		line = str_trim(line);
		if (line.n > 0)
			map_put(lines, e->scratch, line, lines);
	}
}

static void add_value(struct eval *e, struct map *lines, const struct value *v, unsigned depth)
{
	for (size_t i = 0; i < v->n; i++)
		for (size_t k = 0; depth < 4 && k < v->items[i].alt_count; k++)
			add_value(e, lines, &v->items[i].alts[k], depth + 1);
	add_text(e, lines, value_display(e, v));
}

/* Parts of the content were given up, so what was in them may still be there. */
static bool is_lossy(const struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->items[i].lossy)
			return true;
	return false;
}

static const struct file *file_at(struct eval *e, struct str path)
{
	for (int i = 0; i < LINKS_MAX; i++) {
		const struct cell *c = map_find(&e->files, path);
		const struct file *f = c ? c->value : NULL;
		if (!f || f->link.n == 0)
			return f;
		path = f->link;
	}
	return NULL;
}

/* ---- Facts ---------------------------------------------------------------------------------- */

/* What is known of a path at the end; made once for all facts about it. */
struct ending {
	const struct file *file;
	struct map lines;
	bool lossy;
};

static const struct ending *ending_of(struct eval *e, struct map *endings, struct str path)
{
	struct ending *end = map_find(endings, path);
	if (end)
		return end;
	end = arena_new(e->scratch, struct ending);
	end->file = file_at(e, path);
	if (end->file && !end->file->deleted) {
		end->lossy = is_lossy(&end->file->content);
		add_value(e, &end->lines, &end->file->content, 0);
		add_text(e, &end->lines, end->file->edits);
	}
	map_put(endings, e->scratch, path, end);
	return end;
}

static struct str lines_left(struct eval *e, const struct ending *end, struct str lines)
{
	struct str_list left = {0};
	struct str line;
	charge(e, lines.n / 4);
	for (struct str rest = lines; str_cut(&rest, '\n', &line);)
		if (map_has(&end->lines, str_trim(line)))
			list_push(e->scratch, &left) = line;
	return arena_join(e->scratch, left.items, left.n, STR("\n"));
}

/* ---- sshd ----------------------------------------------------------------------------------- */

#define SSHD_DIR STR("/etc/ssh/sshd_config.d/")

static struct str sshd_keyword(struct str line)
{
	size_t n = 0;
	line = str_trim(line);
	while (n < line.n && !memchr(" \t=", line.p[n], 3))
		n++;
	return n > 0 && line.p[0] == '#' ? STR("") : str_sub(line, 0, n);
}

static bool same_keyword(struct str a, struct str b)
{
	bool same = a.n == b.n && a.n > 0;
	for (size_t i = 0; same && i < a.n; i++)
		same = (a.p[i] | 32) == (b.p[i] | 32);
	return same;
}

/* Whether the text gives the keyword a value for everybody before `until` (p NULL: at all). */
static bool sshd_gives(struct str text, struct str keyword, struct str until)
{
	struct str line;
	while (str_cut(&text, '\n', &line)) {
		struct str k = sshd_keyword(line);
		if (same_keyword(k, STR("Match")) || (until.p && str_eq(str_trim(line), until)))
			return false;
		if (same_keyword(k, keyword))
			return true;
	}
	return false;
}

/* sshd takes the first value that it reads, and reads drop-ins in the order of their names. */
static bool sshd_ignores(struct eval *e, struct str path, const struct ending *end, struct str line)
{
	struct str keyword = sshd_keyword(line);
	struct str text;
	line = str_trim(line);
	if (keyword.n == 0 || same_keyword(keyword, STR("Match")))
		return false;
	if (value_const(e, &end->file->content, &text)) {
		if (sshd_gives(text, keyword, line))
			return true;
		/* Inside of a Match block it is for some only, whatever else there is. */
		if (!sshd_gives(text, keyword, (struct str){0}))
			return false;
	}
	for (size_t i = 0; str_has_prefix(path, SSHD_DIR) && i < e->files.n && charge(e, 4); i++) {
		const struct cell *c = e->files.items[i].value;
		const struct file *f = c->value;
		size_t n = c->key.n < path.n ? c->key.n : path.n;
		bool before = str_has_prefix(c->key, SSHD_DIR) && memcmp(c->key.p, path.p, n) < 0 &&
			str_has_suffix(c->key, STR(".conf"));
		if (before && f && !f->deleted && value_const(e, &f->content, &text) &&
			sshd_gives(text, keyword, (struct str){0}))
			return true;
	}
	return false;
}

static struct str sshd_lines(
	struct eval *e, struct str path, const struct ending *end, struct str lines)
{
	struct str_list left = {0};
	struct str line;
	for (struct str rest = lines; str_cut(&rest, '\n', &line) && charge(e, 8);)
		if (!sshd_ignores(e, path, end, line))
			list_push(e->scratch, &left) = line;
	return arena_join(e->scratch, left.items, left.n, STR("\n"));
}

static void finish_write(struct eval *e, size_t fact, struct str path, const struct ending *end)
{
	const struct hcl_value *v = e->facts->items[fact].value;
	const struct hcl_value *lines = hcl_member(v, STR("effective"));
	if (!end->file || !lines || lines->type != HCL_STRING)
		return;
	if (end->file->deleted) {
		fact_replace(e, fact, "final", hcl_bool(false));
		fact_replace(e, fact, "effective", hcl_null());
		return;
	}
	if (end->lossy || end->file->binary || lines->string.n >= LINES_MAX)
		return;
	struct str left = lines_left(e, end, lines->string);
	if (str_is(path, "/etc/ssh/sshd_config") || str_has_prefix(path, SSHD_DIR))
		left = sshd_lines(e, path, end, left);
	if (left.n < lines->string.n)
		fact_replace(e, fact, "effective", hcl_string(left));
}

/* A file that was removed, or emptied, holds no secret any more. */
static void finish_secret(struct eval *e, size_t fact, const struct ending *end)
{
	if (!end->file)
		return;
	bool empty = value_empty(&end->file->content) && end->file->edits.n == 0 &&
		end->file->link.n == 0;
	if (end->file->deleted || (empty && !end->file->upload))
		fact_replace(e, fact, "persisted", hcl_bool(false));
}

void final_state(struct eval *e)
{
	struct map endings = {0};
	for (size_t i = 0; i < e->writes.n && charge(e, 8); i++) {
		const struct file_record *r = &e->writes.items[i];
		const struct ending *end = ending_of(e, &endings, r->path);
		if (e->facts->items[r->fact].kind == FACT_WRITE)
			finish_write(e, r->fact, r->path, end);
		else
			finish_secret(e, r->fact, end);
	}
}
