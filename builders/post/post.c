#include "builders/post/post.h"

#include "base/file.h"

const struct post_processor *const post_table[] = {
	&post_manifest,
	&post_checksum,
	&post_compress,
	&post_artifice,
	&post_shell_local,
	&post_vagrant,
	&post_docker_tag,
	&post_docker_save,
	NULL,
};

static const struct post_processor *find_type(struct str type)
{
	for (size_t i = 0; post_table[i]; i++) {
		if (str_is(type, post_table[i]->type))
			return post_table[i];
	}
	return NULL;
}

/* ---- Configuration -------------------------------------------------------------------------- */

static const struct conf *config_of(const struct template_post_processor *p, struct arena *a)
{
	if (p->config)
		return p->config;
	struct conf *empty = arena_new(a, struct conf);
	empty->type = CONF_OBJECT;
	empty->origin = p->origin;
	return empty;
}

/* *out is NULL for a type without a table. */
static int decode(const void **out, const struct post_processor *type,
	const struct template_post_processor *p, struct diags *d, struct arena *a)
{
	const struct conf *from = config_of(p, a);
	*out = NULL;
	if (!type->fields)
		return 0;
	void *config = arena_alloc(a, type->size);
	const char *what = arena_printf(a, "post-processor %s", type->type).p;
	if (type->defaults)
		type->defaults(config, a);
	if (conf_decode(config, from, type->fields, what, d, a) != 0 ||
		(type->check && type->check(config, from, d, a) != 0))
		return -1;
	*out = config;
	return 0;
}

/* Builds share post-processors: what was told for one is not told again for the next. */
static void tell(struct diags *d, struct arena *a, const struct diags *found)
{
	for (size_t i = 0; i < found->n; i++) {
		const struct diag *m = &found->items[i];
		bool told = false;
		for (size_t k = 0; k < d->n && !told; k++)
			told = str_eq(d->items[k].text, m->text) &&
				str_eq(d->items[k].origin.file, m->origin.file) &&
				d->items[k].origin.span.off == m->origin.span.off;
		if (told)
			continue;
		if (m->severity == DIAG_ERROR)
			diag_error(d, a, &m->origin, "%.*s", STR_ARG(m->text));
		else
			diag_warning(d, a, &m->origin, "%.*s", STR_ARG(m->text));
		if (m->hint.n > 0)
			diag_hint(d, a, "%.*s", STR_ARG(m->hint));
	}
}

int post_processors_check(const struct template_build *build, struct diags *d, struct arena *a)
{
	int status = 0;
	struct diags found = {0};
	for (size_t i = 0; i < build->post_processors.n; i++) {
		const struct template_sequence *s = &build->post_processors.items[i];
		for (size_t k = 0; k < s->n; k++) {
			const struct post_processor *type = find_type(s->items[k].type);
			const void *config = NULL;
			if (type)
				status |= decode(&config, type, &s->items[k], &found, a);
		}
	}
	tell(d, a, &found);
	return status;
}

static int check_output(const struct post_processor *type, const void *config,
	const struct plan *plan, struct arena *a, struct error *err)
{
	struct str path = {0};
	if (!type->output)
		return 0;
	struct text output = type->output(config, a);
	if (post_render_check(type, &output, plan, a, &path, err) != 0)
		return -1;
	return post_path(&path, a, path, err);
}

/* is_image: it gets the image of the builder; for those behind it to be told. */
static int check_one(const struct template_post_processor *p, const struct plan *plan,
	bool *is_image, struct error *err)
{
	scoped(arena) a = {0};
	struct diags d = {0};
	struct error why = {0};
	const struct post_processor *type = find_type(p->type);
	const char *reason = NULL;
	const void *config = NULL;
	if (!post_processor_runs(p->type, &reason) || !type)
		return error_at(err, &p->origin,
			"post-processor \"%.*s\" cannot be run: %s; leave it out with --except=%.*s",
			STR_ARG(p->type), reason ? reason : "it is not built in", STR_ARG(p->name));
	int status = decode(&config, type, p, &d, &a);
	if (diags_check(&d, err) != 0)
		return -1;
	bool fits = !*is_image || !type->needs || type->needs(config, plan, &why) == 0;
	*is_image = *is_image && type->passes_on;
	if (status == 0 && (!fits || check_output(type, config, plan, &a, &why) != 0))
		return error_at(
			err, &p->origin, "post-processor %.*s: %s", STR_ARG(p->type), why.text);
	return status;
}

int post_processors_ready(const struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->post_processors.n; i++) {
		const struct template_sequence *s = &plan->post_processors.items[i];
		bool is_image = true;
		for (size_t k = 0; k < s->n; k++) {
			if (check_one(&s->items[k], plan, &is_image, err) != 0)
				return -1;
		}
	}
	return 0;
}

/* ---- One post-processor --------------------------------------------------------------------- */

/* All of a build's. */
struct sequences {
	struct run *run;
	struct artifact *artifact;
	struct arena *arena;
	struct post_artifact original;
	bool keep_original;
	struct str_list unwanted; /* paths of files that nobody keeps */
	struct str_list written; /* paths of files that a build that fails takes back */
	struct {
		struct post **items;
		size_t n;
		size_t cap;
	} undone; /* in another way */
};

static void set_log(struct post *p)
{
	const struct run *r = p->run;
	p->say = r->say;
	p->say.prefix = arena_printf(
		p->arena, "==> %.*s (%.*s): ", STR_ARG(r->o->plan->build), STR_ARG(p->p->type));
}

static void say_running(const struct run *r, const struct template_post_processor *p)
{
	if (str_eq(p->name, p->type))
		log_say(&r->say, LOG_INFO, "Running post-processor: %.*s", STR_ARG(p->type));
	else
		log_say(&r->say, LOG_INFO, "Running post-processor: %.*s (type %.*s)",
			STR_ARG(p->name), STR_ARG(p->type));
}

/* Each path stands once in the artifact, as it was left by the last one that wrote it. */
static void add_made(struct sequences *s, struct post *p)
{
	if (p->type->undo)
		list_push(s->arena, &s->undone) = p;
	for (size_t i = 0; i < p->written.n && !p->type->undo; i++)
		list_push(s->arena, &s->written) = p->written.items[i];
	for (size_t i = 0; i < p->made.n && !p->type->is_log; i++) {
		const struct artifact_file *made = &p->made.items[i];
		struct artifact_file *old = NULL;
		for (size_t k = 0; k < s->artifact->made.n; k++) {
			struct artifact_file *f = &s->artifact->made.items[k];
			if (f->outside == made->outside && str_eq(f->path, made->path))
				old = f;
		}
		if (!old)
			old = &list_push(s->arena, &s->artifact->made);
		*old = *made;
	}
}

static int run_one(struct sequences *s, struct post *p, const struct post_artifact *in,
	struct post_artifact *out, struct error *err)
{
	struct run *r = s->run;
	struct diags d = {0};
	struct error failure = {0};
	int64_t start = clock_wall(r->o->clock);
	if (!p->type)
		return error_set(err, ERROR_BUG, "post-processor of a type that is not known");
	if (post_cancelled(r))
		return error_set(err, ERROR_SYSTEM, "cancelled");
	set_log(p);
	say_running(r, p->p);
	r->watch.step = 0;
	*out = (struct post_artifact){.builder_id = str_from(p->type->builder_id)};
	int status = decode(&p->config, p->type, p->p, &d, s->arena);
	if (status == 0)
		status = p->type->run(p, in, out, &failure);
	else if (diags_check(&d, &failure) == 0)
		error_set(&failure, ERROR_BUG, "its configuration cannot be read");
	add_made(s, p);
	if (record_post(r, p, start, status != 0 ? &failure : NULL, err) != 0)
		return -1;
	if (status == 0)
		return 0;
	*err = failure;
	return error_wrap(err, "Post-processor failed: %.*s", STR_ARG(p->p->name));
}

/* ---- What stays ----------------------------------------------------------------------------- */

static bool keeps_input(const struct post *p)
{
	const struct post_processor *type = p->type;
	if (!p->p->keep_input_set)
		return type->keeps;
	return p->p->keep_input_artifact || (type->keeps && type->keeps_always);
}

static void give_up(struct sequences *s, const struct post_artifact *artifact)
{
	for (size_t i = 0; i < artifact->files.n; i++) {
		if (artifact->files.items[i].owned)
			list_push(s->arena, &s->unwanted) = artifact->files.items[i].path;
	}
}

static int run_sequence(struct sequences *s, uint32_t index, struct error *err)
{
	const struct template_sequence *sequence = &s->run->o->plan->post_processors.items[index];
	struct post_artifact prior = s->original;
	for (size_t i = 0; i < sequence->n; i++) {
		struct post *p = arena_new(s->arena, struct post);
		*p = (struct post){
			.run = s->run,
			.arena = s->arena,
			.p = &sequence->items[i],
			.type = find_type(sequence->items[i].type),
			.sequence = index,
			.position = (uint32_t)i,
		};
		struct post_artifact next = {0};
		if (run_one(s, p, &prior, &next, err) != 0)
			return -1;
		if (i == 0)
			s->keep_original = s->keep_original || keeps_input(p);
		else if (!keeps_input(p))
			give_up(s, &prior);
		prior = next;
	}
	return 0;
}

/* Directories of the image that are empty now, up to that of the build. */
static void remove_parents(int dir, struct arena *a, struct str path)
{
	for (path = path_dir(path); path.n > 0; path = path_dir(path)) {
		if (unlinkat(dir, arena_cstr(a, path), AT_REMOVEDIR) != 0)
			return;
	}
}

static void mark_removed(struct sequences *s, struct str path)
{
	struct str name = post_inside(s->run, s->arena, path);
	struct artifact *f = s->artifact;
	for (size_t i = 0; i < s->original.files.n && i < f->files.n; i++)
		f->files.items[i].removed |= str_eq(s->original.files.items[i].path, path);
	for (size_t i = 0; i < f->made.n; i++) {
		struct artifact_file *made = &f->made.items[i];
		made->removed |= str_eq(made->path, made->outside ? path : name);
	}
}

/* The image stays when one post-processor keeps it, whatever others think of its files. */
static bool is_kept(const struct sequences *s, struct str path)
{
	for (size_t i = 0; s->keep_original && i < s->original.files.n; i++) {
		if (str_eq(s->original.files.items[i].path, path))
			return true;
	}
	return false;
}

static int remove_unwanted(struct sequences *s, struct error *err)
{
	struct run *r = s->run;
	autoclose int dir = dir_open(AT_FDCWD, r->o->output_dir, err);
	if (dir < 0)
		return -1;
	for (size_t i = 0; i < s->unwanted.n; i++) {
		struct str path = s->unwanted.items[i];
		struct stat st;
		if (is_kept(s, path) || lstat(path.p, &st) != 0)
			continue;
		log_say(&r->say, LOG_INFO, "Removing %s", path.p);
		if (unlink(path.p) != 0)
			return error_sys(err, "%s", path.p);
		mark_removed(s, path);
		struct str name = post_inside(r, s->arena, path);
		if (name.n > 0)
			remove_parents(dir, s->arena, name);
	}
	return 0;
}

/* What a build that failed has made is of no use to anybody. */
static void undo(struct sequences *s)
{
	for (size_t i = 0; i < s->written.n; i++)
		(void)unlink(s->written.items[i].p);
	for (size_t i = s->undone.n; i > 0; i--)
		s->undone.items[i - 1]->type->undo(s->undone.items[i - 1]);
}

/* ---- All of them ---------------------------------------------------------------------------- */

static void set_original(struct sequences *s)
{
	const struct artifact *f = s->artifact;
	const char *dir = s->run->o->output_dir;
	s->original.builder_id = f->builder_id;
	s->original.id = f->image_id;
	for (size_t i = 0; i < f->files.n; i++) {
		struct str name = f->files.items[i].path;
		list_push(s->arena, &s->original.files) = (struct post_file){
			.path = arena_printf(s->arena, "%s/%.*s", dir, STR_ARG(name)),
			.name = name,
			.owned = true,
		};
		if (str_is(name, "oci/index.json"))
			s->original.layout = arena_printf(s->arena, "%s/oci", dir);
	}
}

int post_process(struct run *r, struct artifact *artifact, struct arena *a, struct error *err)
{
	struct sequences s = {.run = r, .artifact = artifact, .arena = a};
	size_t n = r->o->plan->post_processors.n;
	if (n == 0)
		return 0;
	set_original(&s);
	int status = 0;
	for (size_t i = 0; i < n && status == 0; i++)
		status = run_sequence(&s, (uint32_t)i, err);
	if (status == 0 && !s.keep_original)
		give_up(&s, &s.original);
	if (status == 0)
		status = remove_unwanted(&s, err);
	bool leave = r->o->on_error == ON_ERROR_ABORT || r->o->on_error == ON_ERROR_RUN_CLEANUP;
	if (status != 0 && !leave)
		undo(&s);
	return status;
}
