#include "builders/post/post.h"

/* Callbacks cannot fail; the step that runs does it for them. */
static void keep_error(struct run *r, const struct error *err)
{
	if (r->record_error.code == ERROR_NONE)
		r->record_error = *err;
}

static void set_time(struct json *j, struct arena *a, const char *key, int64_t ns)
{
	json_set(a, j, key, json_string(a, time_rfc3339_nano(a, ns)));
}

static void set_digest(struct json *j, struct arena *a, const char *key, const struct digest *d)
{
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, d);
	json_set(a, j, key, json_cstr(a, hex));
}

static void set_bytes(struct run *r, struct json *j, struct arena *a, const char *key, struct str s)
{
	json_set(a, j, key, json_bytes(a, redactor_str(r->o->redactor, a, s)));
}

static void set_count(struct json *j, struct arena *a, const char *key, uint64_t n)
{
	json_set(a, j, key, json_i64(a, (int64_t)n));
}

void run_on_event(void *ctx, const struct trace_event *e)
{
	struct run *r = ctx;
	scoped(arena) a = {0};
	const char *type = NULL;
	uint32_t step = watch_step(&r->watch, e->tree);
	struct json *line = trace_event_to_json(e, step, r->o->redactor, &a, &type);
	struct error err = {0};
	r->execs += e->type == TRACE_EXEC;
	if (e->type == TRACE_GAP) {
		r->gaps++;
		r->step_gaps++;
	}
	if (manifest_append(r->o->manifest, type, line, &err) != 0)
		keep_error(r, &err);
}

void run_on_exit(void *ctx, pid_t pid, int status)
{
	struct run *r = ctx;
	watch_exited(&r->watch, pid, status);
}

int record_gap(struct run *r, uint32_t step, const char *reason, struct error *err)
{
	scoped(arena) a = {0};
	struct json *j = json_object(&a);
	json_set(&a, j, "step", json_i64(&a, step));
	json_set(&a, j, "id", json_i64(&a, 0));
	json_set(&a, j, "pid", json_i64(&a, 0));
	json_set(&a, j, "reason", json_cstr(&a, reason));
	set_time(j, &a, "start", clock_wall(r->o->clock));
	r->gaps++;
	r->step_gaps++;
	return manifest_append(r->o->manifest, "gap", j, err);
}

int record_machine(struct run *r, struct error *err)
{
	scoped(arena) a = {0};
	struct json *j = json_object(&a), *tracer = json_object(&a);
	json_set(&a, j, "machine", r->builder->describe(r->machine, &a));
	json_set(&a, j, "communicator", json_cstr(&a, r->communicator->ops->name));
	if (r->tracer)
		json_set(&a, tracer, "backend", json_cstr(&a, tracer_backend_name(r->tracer)));
	else
		json_set(&a, tracer, "reason", json_cstr(&a, r->no_tracer.text));
	json_set(&a, j, "tracer", tracer);
	return manifest_append(r->o->manifest, "machine", j, err);
}

int record_fill(struct run *r, struct str name, struct str value, struct error *err)
{
	scoped(arena) a = {0};
	struct json *j = json_object(&a);
	json_set(&a, j, "step", json_i64(&a, r->watch.step));
	set_bytes(r, j, &a, "name", name);
	set_bytes(r, j, &a, "value", value);
	return manifest_append(r->o->manifest, "fill", j, err);
}

/* ---- step ----------------------------------------------------------------------------------- */

static void set_text(
	struct run *r, struct json *j, struct arena *a, const char *key, const struct text *t)
{
	set_bytes(r, j, a, key, run_display(r, a, t));
}

static void ask_upload(struct run *r, const struct step *s, struct json *j, struct arena *a)
{
	set_text(r, j, a, "destination", &s->upload.destination);
	set_digest(j, a, "sha256", &s->upload.sha256);
	json_set(a, j, "mode", json_i64(a, s->upload.mode));
	if (s->upload.source.n > 0)
		set_bytes(r, j, a, "source", s->upload.source);
}

static void ask_download(struct run *r, const struct step *s, struct json *j, struct arena *a)
{
	set_text(r, j, a, "source", &s->download.source);
	set_text(r, j, a, "destination", &s->download.destination);
}

static void ask_exec(struct run *r, const struct step *s, struct json *j, struct arena *a)
{
	set_text(r, j, a, "command", &s->exec.command);
	if (s->exec.cleanup)
		json_set(a, j, "cleanup", json_bool(a, true));
}

static void ask_exec_host(struct run *r, const struct step *s, struct json *j, struct arena *a)
{
	struct json *argv = json_array(a);
	for (size_t i = 0; i < s->exec.argv.n; i++) {
		struct str shown = run_display(r, a, &s->exec.argv.items[i]);
		json_append(a, argv, json_bytes(a, redactor_str(r->o->redactor, a, shown)));
	}
	json_set(a, j, "argv", argv);
	struct json *variables = json_array(a);
	for (size_t i = 0; i < s->exec.variables.n; i++) {
		struct str shown = run_display(r, a, &s->exec.variables.items[i]);
		json_append(a, variables, json_bytes(a, redactor_str(r->o->redactor, a, shown)));
	}
	if (s->exec.variables.n > 0)
		json_set(a, j, "variables", variables);
	if (s->exec.script.n > 0)
		set_digest(j, a, "script_sha256", &s->exec.sha256);
	if (s->exec.source.n > 0)
		set_bytes(r, j, a, "source", s->exec.source);
}

static void ask_wait(struct run *r, const struct step *s, struct json *j, struct arena *a)
{
	json_set(a, j, "duration", json_string(a, duration_str(a, s->wait.duration)));
	if (s->wait.note.n > 0)
		set_text(r, j, a, "note", &s->wait.note);
}

static void ask_boot(struct run *r, const struct step *s, struct json *j, struct arena *a)
{
	set_bytes(r, j, a, "what", s->boot.what);
	set_bytes(r, j, a, "path", s->boot.path);
	set_digest(j, a, "sha256", &s->boot.sha256);
}

typedef void ask_fn(struct run *r, const struct step *s, struct json *j, struct arena *a);
static ask_fn *const asks[] = {
	[STEP_NONE] = NULL,
	[STEP_UPLOAD] = ask_upload,
	[STEP_DOWNLOAD] = ask_download,
	[STEP_EXEC] = ask_exec,
	[STEP_EXEC_HOST] = ask_exec_host,
	[STEP_WAIT] = ask_wait,
	[STEP_BOOT] = ask_boot,
	[STEP_OPAQUE] = NULL,
};

int record_step(struct run *r, const struct step *s, uint32_t attempt, struct error *err)
{
	scoped(arena) a = {0};
	struct json *j = json_object(&a);
	json_set(&a, j, "id", json_i64(&a, s->id));
	json_set(&a, j, "kind", json_cstr(&a, step_type_name(s->type)));
	json_set(&a, j, "group", json_i64(&a, s->group));
	set_time(j, &a, "start", clock_wall(r->o->clock));
	if (attempt > 1)
		json_set(&a, j, "attempt", json_i64(&a, attempt));
	if (asks[s->type])
		asks[s->type](r, s, j, &a);
	return manifest_append(r->o->manifest, "step", j, err);
}

/* Why the processes of a step are not in the record; NULL: they are. */
static const char *no_processes(const struct run *r, const struct step *s)
{
	bool in_machine =
		s->type == STEP_EXEC || s->type == STEP_UPLOAD || s->type == STEP_DOWNLOAD;
	if (!r->tracer)
		return r->no_tracer.text;
	if (in_machine && !r->communicator->ops->traced)
		return "nothing watches processes inside the machine";
	return r->step_gaps > 0 ? "gaps" : NULL;
}

int record_step_end(struct run *r, const struct step *s, const struct step_result *result,
	uint32_t attempt, const struct error *failure, struct error *err)
{
	scoped(arena) a = {0};
	struct json *j = json_object(&a);
	const char *why =
		result->skipped.n > 0 && r->tracer && r->step_gaps == 0 ? NULL : no_processes(r, s);
	json_set(&a, j, "id", json_i64(&a, s->id));
	json_set(&a, j, "exit_code", json_i64(&a, result->comm.exit_code));
	json_set(&a, j, "disconnected", json_bool(&a, result->comm.disconnected));
	set_digest(j, &a, "stdout_sha256", &result->sha256[0]);
	set_count(j, &a, "stdout_bytes", result->bytes[0]);
	set_digest(j, &a, "stderr_sha256", &result->sha256[1]);
	set_count(j, &a, "stderr_bytes", result->bytes[1]);
	set_time(j, &a, "start", result->start);
	set_time(j, &a, "end", result->end);
	json_set(&a, j, "coverage", json_cstr(&a, why ? "steps" : "processes"));
	if (why)
		json_set(&a, j, "reason", json_cstr(&a, why));
	if (result->has_content) {
		set_digest(j, &a, "content_sha256", &result->content);
		set_count(j, &a, "content_bytes", result->content_bytes);
	}
	if (result->note.n > 0)
		set_bytes(r, j, &a, "note", result->note);
	if (result->skipped.n > 0)
		json_set(&a, j, "skipped", json_string(&a, result->skipped));
	if (failure)
		set_bytes(r, j, &a, "error", str_from(failure->text));
	if (attempt > 1)
		json_set(&a, j, "attempt", json_i64(&a, attempt));
	r->steps_only = r->steps_only || why;
	return manifest_append(r->o->manifest, "step-end", j, err);
}

/* ---- artifact and footer -------------------------------------------------------------------- */

static struct json *files_json(const struct artifact_file *list, size_t n, struct arena *a)
{
	struct json *files = json_array(a);
	for (size_t i = 0; i < n; i++) {
		const struct artifact_file *f = &list[i];
		struct json *j = json_object(a);
		json_set(a, j, "path", json_bytes(a, f->path));
		json_set(a, j, "media_type", json_string(a, f->media_type));
		set_count(j, a, "size", f->size);
		set_digest(j, a, "sha256", &f->sha256);
		if (f->outside)
			json_set(a, j, "outside", json_bool(a, true));
		json_append(a, files, j);
	}
	return files;
}

static struct json *inputs_json(const struct artifact *artifact, struct arena *a)
{
	struct json *inputs = json_array(a);
	for (size_t i = 0; i < artifact->inputs.n; i++) {
		const struct artifact_input *in = &artifact->inputs.items[i];
		struct json *j = json_object(a);
		json_set(a, j, "name", json_bytes(a, in->name));
		json_set(a, j, "uri", json_bytes(a, in->uri));
		set_digest(j, a, "sha256", &in->sha256);
		json_set(a, j, "pinned", json_bool(a, in->pinned));
		json_append(a, inputs, j);
	}
	return inputs;
}

int record_artifact(struct run *r, const struct artifact *artifact, struct error *err)
{
	scoped(arena) a = {0};
	struct json *j = json_object(&a);
	json_set(&a, j, "builder_id", json_string(&a, artifact->builder_id));
	json_set(&a, j, "image_id", json_string(&a, artifact->image_id));
	json_set(&a, j, "image_algorithm", json_string(&a, artifact->image_algorithm));
	json_set(&a, j, "image_name", json_string(&a, artifact->image_name));
	json_set(&a, j, "files", files_json(artifact->files.items, artifact->files.n, &a));
	json_set(&a, j, "inputs", inputs_json(artifact, &a));
	return manifest_append(r->o->manifest, "artifact", j, err);
}

int record_post(struct run *r, const struct post *p, int64_t start, const struct error *failure,
	struct error *err)
{
	scoped(arena) a = {0};
	struct json *j = json_object(&a);
	json_set(&a, j, "sequence", json_i64(&a, p->sequence));
	json_set(&a, j, "position", json_i64(&a, p->position));
	json_set(&a, j, "name", json_string(&a, p->p->name));
	json_set(&a, j, "processor", json_string(&a, p->p->type));
	set_time(j, &a, "start", start);
	set_time(j, &a, "end", clock_wall(r->o->clock));
	json_set(&a, j, "files", files_json(p->made.items, p->made.n, &a));
	if (failure)
		set_bytes(r, j, &a, "error", str_from(failure->text));
	return manifest_append(r->o->manifest, "post-process", j, err);
}

int record_footer(struct run *r, struct build_result *result, struct error *err)
{
	scoped(arena) a = {0};
	struct json *j = json_object(&a);
	result->coverage = r->steps_only ? "steps" : "processes";
	result->execs = r->execs;
	result->gaps = r->gaps;
	set_time(j, &a, "end", clock_wall(r->o->clock));
	json_set(&a, j, "ok", json_bool(&a, result->ok));
	json_set(&a, j, "coverage", json_cstr(&a, result->coverage));
	set_count(j, &a, "execs", r->execs);
	set_count(j, &a, "gaps", r->gaps);
	if (result->cancelled)
		json_set(&a, j, "cancelled", json_bool(&a, true));
	if (!result->ok)
		set_bytes(r, j, &a, "error", str_from(result->error.text));
	return manifest_finish(r->o->manifest, j, &result->head, err);
}
