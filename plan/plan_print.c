#include "plan/plan.h"

#include "base/clock.h"
#include "base/log.h"

#define BOLD "\033[1m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"

struct printer {
	struct buf *out;
	struct arena *arena;
	bool colour;
	bool verbose;
};

static void style(const struct printer *p, const char *code)
{
	if (p->colour)
		buf_add_cstr(p->out, code);
}

static void put_text(const struct printer *p, const struct text *t)
{
	log_escape(p->out, text_display(t, p->arena));
}

static void put_str(const struct printer *p, struct str s)
{
	log_escape(p->out, s);
}

/* "  12 upload    ", and the place at the end of the line. */
static void begin(const struct printer *p, const struct step *s)
{
	buf_printf(p->out, "  %3u  %-9s  ", s->id, step_type_name(s->type));
}

static void put_place(const struct printer *p, const struct origin *o)
{
	struct str place = origin_str(p->arena, o);
	style(p, DIM);
	buf_add_cstr(p->out, "  (");
	put_str(p, place);
	buf_add_cstr(p->out, ")");
	style(p, PLAIN);
}

/* Lines of a text, each behind a margin. */
static void put_block(const struct printer *p, const struct text *content)
{
	struct str rest = text_display(content, p->arena);
	struct str line;
	bool last_break = str_has_suffix(rest, STR("\n"));
	if (last_break)
		rest.n--;
	while (rest.p && str_cut(&rest, '\n', &line)) {
		buf_add_cstr(p->out, "       | ");
		put_str(p, line);
		buf_add_byte(p->out, '\n');
	}
}

static void put_digest(const struct printer *p, const struct digest *d)
{
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, d);
	buf_printf(p->out, "       sha256:%s\n", hex);
}

static void put_language(const struct printer *p, enum step_language language)
{
	const char *name = step_language_name(language);
	if (name)
		buf_printf(p->out, "  %s", name);
}

/* As it is shown, so that the length of what is sensitive stays unknown. */
static size_t shown_size(const struct printer *p, const struct text *t)
{
	return text_display(t, p->arena).n;
}

static void put_content(const struct printer *p, const struct text *content, const struct digest *d)
{
	if (!p->verbose)
		return;
	put_digest(p, d);
	put_block(p, content);
}

/* ---- Steps ---------------------------------------------------------------------------------- */

static void print_upload(const struct printer *p, const struct step *s)
{
	put_text(p, &s->upload.destination);
	buf_printf(p->out, "  %04o  %zu bytes", (unsigned)s->upload.mode,
		shown_size(p, &s->upload.content));
	if (s->upload.source.n > 0) {
		buf_add_cstr(p->out, "  from ");
		put_str(p, s->upload.source);
	}
	put_language(p, s->upload.language);
	put_place(p, &s->origin);
	buf_add_byte(p->out, '\n');
	/* What the template itself holds has no other place where a reader could look. */
	if (p->verbose)
		put_digest(p, &s->upload.sha256);
	if (p->verbose || s->upload.source.n == 0)
		put_block(p, &s->upload.content);
}

static void print_download(const struct printer *p, const struct step *s)
{
	put_text(p, &s->download.source);
	buf_add_cstr(p->out, "  to ");
	put_text(p, &s->download.destination);
	if (s->download.optional)
		buf_add_cstr(p->out, "  if it is there");
	put_place(p, &s->origin);
	buf_add_byte(p->out, '\n');
}

static void put_exec_options(const struct printer *p, const struct step *s)
{
	const struct int_list *codes = &s->exec.exit_codes;
	if (s->exec.any_exit_code) {
		buf_add_cstr(p->out, "       any exit code\n");
	} else if (codes->n != 1 || codes->items[0] != 0) {
		buf_add_cstr(p->out, "       exit codes:");
		for (size_t i = 0; i < codes->n; i++)
			buf_printf(p->out, " %lld", (long long)codes->items[i]);
		buf_add_byte(p->out, '\n');
	}
	if (s->exec.expect_disconnect)
		buf_add_cstr(p->out, "       may disconnect\n");
}

static void print_exec(const struct printer *p, const struct step *s)
{
	put_text(p, &s->exec.command);
	put_language(p, s->exec.language);
	put_place(p, &s->origin);
	buf_add_byte(p->out, '\n');
	put_exec_options(p, s);
}

static void put_inputs(const struct printer *p, const struct step *s)
{
	for (size_t i = 0; i < s->exec.variables.n; i++) {
		buf_add_cstr(p->out, "       with ");
		put_text(p, &s->exec.variables.items[i]);
		buf_add_byte(p->out, '\n');
	}
	for (size_t i = 0; i < s->exec.inputs.n; i++) {
		const struct step_input *input = &s->exec.inputs.items[i];
		buf_add_cstr(p->out, "       reads ");
		put_str(p, input->path);
		buf_printf(p->out, "  %zu bytes", input->content.n);
		put_language(p, input->language);
		buf_add_byte(p->out, '\n');
		if (p->verbose)
			put_digest(p, &input->sha256);
	}
}

static void print_exec_host(const struct printer *p, const struct step *s)
{
	for (size_t i = 0; i < s->exec.argv.n; i++) {
		buf_add_cstr(p->out, i > 0 ? " [" : "[");
		put_text(p, &s->exec.argv.items[i]);
		buf_add_cstr(p->out, "]");
	}
	if (s->exec.source.n > 0) {
		buf_add_cstr(p->out, "  script ");
		put_str(p, s->exec.source);
	}
	put_place(p, &s->origin);
	buf_add_byte(p->out, '\n');
	put_exec_options(p, s);
	put_inputs(p, s);
	if (s->exec.script.n > 0)
		put_content(p, &s->exec.script, &s->exec.sha256);
}

static void print_wait(const struct printer *p, const struct step *s)
{
	if (s->wait.duration > 0)
		put_str(p, duration_str(p->arena, s->wait.duration));
	else
		buf_add_cstr(p->out, "until a key is pressed");
	if (s->wait.note.n > 0) {
		buf_add_cstr(p->out, "  ");
		put_text(p, &s->wait.note);
	}
	put_place(p, &s->origin);
	buf_add_byte(p->out, '\n');
}

static void print_boot(const struct printer *p, const struct step *s)
{
	put_str(p, s->boot.what);
	if (s->boot.path.n > 0) {
		buf_add_cstr(p->out, "  ");
		put_str(p, s->boot.path);
	}
	if (s->boot.source.n > 0) {
		buf_add_cstr(p->out, "  from ");
		put_str(p, s->boot.source);
	}
	buf_printf(
		p->out, "  [%s%s]", boot_kind_name(s->boot.kind), s->boot.base64 ? ", base64" : "");
	put_place(p, &s->origin);
	buf_add_byte(p->out, '\n');
	put_content(p, &s->boot.content, &s->boot.sha256);
}

static void print_opaque(const struct printer *p, const struct step *s)
{
	if (s->opaque.why.n > 0)
		put_str(p, s->opaque.why);
	else
		buf_add_cstr(p->out, "not known, never runs");
	put_place(p, &s->origin);
	buf_add_byte(p->out, '\n');
}

static void print_step(const struct printer *p, const struct step *s)
{
	static void (*const printers[])(const struct printer *, const struct step *) = {
		[STEP_UPLOAD] = print_upload,
		[STEP_DOWNLOAD] = print_download,
		[STEP_EXEC] = print_exec,
		[STEP_EXEC_HOST] = print_exec_host,
		[STEP_WAIT] = print_wait,
		[STEP_BOOT] = print_boot,
		[STEP_OPAQUE] = print_opaque,
	};
	begin(p, s);
	if (s->type != STEP_NONE)
		printers[s->type](p, s);
}

/* ---- Groups --------------------------------------------------------------------------------- */

static void print_group(
	const struct printer *p, const struct plan *plan, const struct step_group *g)
{
	buf_add_byte(p->out, '\n');
	style(p, BOLD);
	put_str(p, g->label);
	style(p, PLAIN);
	if (g->phase == GROUP_ERROR_CLEANUP)
		buf_add_cstr(p->out, "  only after an error");
	if (g->phase == GROUP_FINISH)
		buf_add_cstr(p->out, "  at the end");
	if (g->phase == GROUP_POST_PROCESS)
		buf_add_cstr(p->out, "  after the image is captured");
	if (g->max_retries > 0)
		buf_printf(p->out, "  up to %u retr%s", g->max_retries,
			g->max_retries == 1 ? "y" : "ies");
	if (g->continue_on_error)
		buf_add_cstr(p->out, "  errors do not end the build");
	if (g->timeout > 0) {
		buf_add_cstr(p->out, "  within ");
		put_str(p, duration_str(p->arena, g->timeout));
	}
	buf_add_byte(p->out, '\n');
	for (uint32_t i = 0; i < g->count; i++)
		print_step(p, &plan->steps.items[g->first + i]);
}

static void print_media(const struct printer *p, const struct plan *plan)
{
	for (size_t i = 0; i < plan->media.n; i++) {
		const struct plan_medium *m = &plan->media.items[i];
		buf_add_cstr(p->out, i == 0 ? "\nstarts from\n  " : "  ");
		put_str(p, m->what);
		buf_add_cstr(p->out, "  ");
		put_text(p, &m->uri);
		buf_add_cstr(p->out, m->checksum.n > 0 ? "  " : "  without a checksum");
		put_text(p, &m->checksum);
		put_place(p, &m->origin);
		buf_add_byte(p->out, '\n');
	}
}

static void print_post_processors(const struct printer *p, const struct plan *plan)
{
	for (size_t i = 0; i < plan->post_processors.n; i++) {
		const struct template_sequence *s = &plan->post_processors.items[i];
		buf_add_cstr(p->out, i == 0 ? "\nafter the build\n  " : "  ");
		for (size_t k = 0; k < s->n; k++) {
			if (k > 0)
				buf_add_cstr(p->out, ", then ");
			put_str(p, s->items[k].name);
			if (!str_eq(s->items[k].name, s->items[k].type)) {
				buf_add_cstr(p->out, " (");
				put_str(p, s->items[k].type);
				buf_add_cstr(p->out, ")");
			}
		}
		buf_add_byte(p->out, '\n');
	}
}

void plan_print(struct buf *out, const struct plan *p, bool colour, bool verbose)
{
	struct arena scratch = {0};
	const struct printer printer = {out, &scratch, colour, verbose};
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, &p->digest);
	style(&printer, BOLD);
	buf_add_cstr(out, "build ");
	put_str(&printer, p->build);
	style(&printer, PLAIN);
	buf_add_cstr(out, "  (");
	put_str(&printer, p->builder);
	buf_printf(out, ")  %zu step%s  sha256:%s\n", p->steps.n, p->steps.n == 1 ? "" : "s", hex);
	for (size_t i = 0; i < p->groups.n; i++)
		print_group(&printer, p, &p->groups.items[i]);
	print_media(&printer, p);
	print_post_processors(&printer, p);
	arena_clear(&scratch);
}
