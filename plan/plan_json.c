#include "plan/plan.h"

/* docs/plan.md describes what is written here. Members that hold their default are left out. */

static struct json *origin_json(const struct origin *o, struct arena *a)
{
	struct json *j = json_object(a);
	json_set(a, j, "file", json_string(a, o->file));
	json_set(a, j, "line", json_i64(a, o->span.line));
	json_set(a, j, "column", json_i64(a, o->span.col));
	return j;
}

static struct json *digest_json(const struct digest *d, struct arena *a)
{
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, d);
	return json_cstr(a, hex);
}

static void set_text(struct json *j, struct arena *a, const char *key, const struct text *t)
{
	json_set(a, j, key, text_to_json(t, a));
}

static void set_duration(struct json *j, struct arena *a, const char *key, int64_t ns)
{
	if (ns > 0)
		json_set(a, j, key, json_i64(a, ns));
}

static void set_true(struct json *j, struct arena *a, const char *key, bool b)
{
	if (b)
		json_set(a, j, key, json_bool(a, true));
}

static void set_language(struct json *j, struct arena *a, enum step_language language)
{
	const char *name = step_language_name(language);
	if (name)
		json_set(a, j, "language", json_cstr(a, name));
}

static struct json *texts_json(const struct text_list *list, struct arena *a)
{
	struct json *j = json_array(a);
	for (size_t i = 0; i < list->n; i++)
		json_append(a, j, text_to_json(&list->items[i], a));
	return j;
}

/* Content that lies in the tree is named by path and digest; the rest is written out. */
static void set_content(
	struct json *j, struct arena *a, struct str source, const struct text *content)
{
	if (source.n > 0)
		json_set(a, j, "source", json_string(a, source));
	else
		set_text(j, a, "content", content);
}

static void write_upload(struct json *j, struct arena *a, const struct step *s)
{
	set_text(j, a, "destination", &s->upload.destination);
	json_set(a, j, "mode", json_string(a, arena_printf(a, "%04o", (unsigned)s->upload.mode)));
	json_set(a, j, "sha256", digest_json(&s->upload.sha256, a));
	set_content(j, a, s->upload.source, &s->upload.content);
	set_language(j, a, s->upload.language);
}

static void write_download(struct json *j, struct arena *a, const struct step *s)
{
	set_text(j, a, "source", &s->download.source);
	set_text(j, a, "destination", &s->download.destination);
	set_true(j, a, "optional", s->download.optional);
}

static void write_exec(struct json *j, struct arena *a, const struct step *s)
{
	struct json *names = json_array(a);
	struct json *codes = json_array(a);
	for (size_t i = 0; i < s->exec.environment.n; i++)
		json_append(a, names, json_string(a, s->exec.environment.items[i]));
	for (size_t i = 0; i < s->exec.exit_codes.n; i++)
		json_append(a, codes, json_i64(a, s->exec.exit_codes.items[i]));
	json_set(a, j, "environment", names);
	json_set(a, j, "exit_codes", codes);
	set_true(j, a, "any_exit_code", s->exec.any_exit_code);
	set_true(j, a, "expect_disconnect", s->exec.expect_disconnect);
	set_true(j, a, "cleanup", s->exec.cleanup);
	set_duration(j, a, "start_retry_timeout", s->exec.start_retry_timeout);
	set_duration(j, a, "pause_after", s->exec.pause_after);
	set_language(j, a, s->exec.language);
}

static void write_guest(struct json *j, struct arena *a, const struct step *s)
{
	set_text(j, a, "command", &s->exec.command);
	write_exec(j, a, s);
}

static struct json *inputs_json(const struct step *s, struct arena *a)
{
	struct json *all = json_array(a);
	for (size_t i = 0; i < s->exec.inputs.n; i++) {
		const struct step_input *input = &s->exec.inputs.items[i];
		struct json *j = json_append(a, all, json_object(a));
		json_set(a, j, "path", json_string(a, input->path));
		json_set(a, j, "sha256", digest_json(&input->sha256, a));
		set_language(j, a, input->language);
	}
	return all;
}

static void write_host(struct json *j, struct arena *a, const struct step *s)
{
	json_set(a, j, "argv", texts_json(&s->exec.argv, a));
	if (s->exec.variables.n > 0)
		json_set(a, j, "variables", texts_json(&s->exec.variables, a));
	if (s->exec.inputs.n > 0)
		json_set(a, j, "inputs", inputs_json(s, a));
	if (s->exec.script.n > 0) {
		json_set(a, j, "sha256", digest_json(&s->exec.sha256, a));
		set_content(j, a, s->exec.source, &s->exec.script);
	}
	if (s->exec.extension.n > 0)
		json_set(a, j, "extension", json_string(a, s->exec.extension));
	write_exec(j, a, s);
}

static void write_wait(struct json *j, struct arena *a, const struct step *s)
{
	set_duration(j, a, "duration", s->wait.duration);
	set_text(j, a, "note", &s->wait.note);
}

static void write_boot(struct json *j, struct arena *a, const struct step *s)
{
	json_set(a, j, "what", json_string(a, s->boot.what));
	json_set(a, j, "path", json_string(a, s->boot.path));
	json_set(a, j, "kind", json_cstr(a, boot_kind_name(s->boot.kind)));
	if (s->boot.base64)
		json_set(a, j, "encoding", json_cstr(a, "base64"));
	json_set(a, j, "sha256", digest_json(&s->boot.sha256, a));
	set_content(j, a, s->boot.source, &s->boot.content);
}

static void write_opaque(struct json *j, struct arena *a, const struct step *s)
{
	if (s->opaque.why.n > 0)
		json_set(a, j, "why", json_string(a, s->opaque.why));
}

static struct json *step_json(const struct step *s, struct arena *a)
{
	static void (*const writers[])(struct json *, struct arena *, const struct step *) = {
		[STEP_UPLOAD] = write_upload,
		[STEP_DOWNLOAD] = write_download,
		[STEP_EXEC] = write_guest,
		[STEP_EXEC_HOST] = write_host,
		[STEP_WAIT] = write_wait,
		[STEP_BOOT] = write_boot,
		[STEP_OPAQUE] = write_opaque,
	};
	struct json *j = json_object(a);
	json_set(a, j, "id", json_i64(a, s->id));
	json_set(a, j, "type", json_cstr(a, step_type_name(s->type)));
	json_set(a, j, "origin", origin_json(&s->origin, a));
	if (writers[s->type])
		writers[s->type](j, a, s);
	return j;
}

static struct json *group_json(const struct plan *p, const struct step_group *g, struct arena *a)
{
	struct json *j = json_object(a);
	struct json *steps = json_array(a);
	json_set(a, j, "type", json_string(a, g->type));
	json_set(a, j, "label", json_string(a, g->label));
	json_set(a, j, "origin", origin_json(&g->origin, a));
	if (g->max_retries > 0)
		json_set(a, j, "max_retries", json_i64(a, g->max_retries));
	set_duration(j, a, "timeout", g->timeout);
	set_true(j, a, "continue_on_error", g->continue_on_error);
	if (g->phase != GROUP_PROVISION)
		json_set(a, j, "phase", json_cstr(a, group_phase_name(g->phase)));
	if (g->phase == GROUP_POST_PROCESS) {
		json_set(a, j, "sequence", json_i64(a, g->sequence));
		json_set(a, j, "position", json_i64(a, g->position));
	}
	for (uint32_t i = 0; i < g->count; i++)
		json_append(a, steps, step_json(&p->steps.items[g->first + i], a));
	json_set(a, j, "steps", steps);
	return j;
}

static struct json *post_processor_json(const struct template_post_processor *pp, struct arena *a)
{
	struct json *j = json_object(a);
	json_set(a, j, "type", json_string(a, pp->type));
	json_set(a, j, "name", json_string(a, pp->name));
	json_set(a, j, "origin", origin_json(&pp->origin, a));
	json_set(a, j, "config", pp->config ? conf_to_json(pp->config, a) : json_object(a));
	if (pp->keep_input_set)
		json_set(a, j, "keep_input_artifact", json_bool(a, pp->keep_input_artifact));
	return j;
}

static struct json *sequences_json(const struct plan *p, struct arena *a)
{
	struct json *all = json_array(a);
	for (size_t i = 0; i < p->post_processors.n; i++) {
		const struct template_sequence *s = &p->post_processors.items[i];
		struct json *sequence = json_append(a, all, json_array(a));
		for (size_t k = 0; k < s->n; k++)
			json_append(a, sequence, post_processor_json(&s->items[k], a));
	}
	return all;
}

static struct json *media_json(const struct plan *p, struct arena *a)
{
	struct json *all = json_array(a);
	for (size_t i = 0; i < p->media.n; i++) {
		const struct plan_medium *m = &p->media.items[i];
		struct json *j = json_append(a, all, json_object(a));
		json_set(a, j, "what", json_string(a, m->what));
		set_text(j, a, "uri", &m->uri);
		if (m->checksum.n > 0)
			set_text(j, a, "checksum", &m->checksum);
		json_set(a, j, "origin", origin_json(&m->origin, a));
	}
	return all;
}

struct json *plan_to_json(const struct plan *p, struct arena *a)
{
	struct json *j = json_object(a);
	struct json *groups = json_array(a);
	json_set(a, j, "format", json_cstr(a, "sealwright-plan-v1"));
	json_set(a, j, "build", json_string(a, p->build));
	json_set(a, j, "builder", json_string(a, p->builder));
	json_set(a, j, "origin", origin_json(&p->origin, a));
	json_set(a, j, "config", p->config ? conf_to_json(p->config, a) : json_object(a));
	for (size_t i = 0; i < p->groups.n; i++)
		json_append(a, groups, group_json(p, &p->groups.items[i], a));
	json_set(a, j, "groups", groups);
	if (p->media.n > 0)
		json_set(a, j, "media", media_json(p, a));
	json_set(a, j, "post_processors", sequences_json(p, a));
	return j;
}
