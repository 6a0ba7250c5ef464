#include "record/record.h"

#include <sys/wait.h>

#define ID_UNKNOWN UINT32_MAX
/* Less of a value than this at the cut end of the arguments tells nothing. */
#define CUT_VALUE_MIN 3

struct event_json {
	struct arena *a;
	const struct redactor *r;
	struct json *object;
};

static void set_number(struct event_json *j, const char *key, uint64_t value)
{
	json_set(j->a, j->object, key, json_i64(j->a, (int64_t)value));
}

static void set_bool(struct event_json *j, const char *key, bool value)
{
	json_set(j->a, j->object, key, json_bool(j->a, value));
}

static void set_id(struct event_json *j, const char *key, uint32_t value)
{
	struct json *id = value == ID_UNKNOWN ? json_null(j->a) : json_i64(j->a, value);
	json_set(j->a, j->object, key, id);
}

static void set_bytes(struct event_json *j, const char *key, struct str value)
{
	json_set(j->a, j->object, key, json_bytes(j->a, redactor_str(j->r, j->a, value)));
}

static void set_time(struct event_json *j, const char *key, int64_t ns)
{
	json_set(j->a, j->object, key, json_string(j->a, time_rfc3339_nano(j->a, ns)));
}

static struct json *digest_json(struct arena *a, const struct digest *d, bool known)
{
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, d);
	return known ? json_cstr(a, hex) : json_null(a);
}

static void set_digest(struct event_json *j, const char *key, const struct digest *d, bool known)
{
	json_set(j->a, j->object, key, digest_json(j->a, d, known));
}

/*
 * The arguments may have been cut within a sensitive value, whose beginning no replacement would
 * recognise.
 */
static struct str without_cut_value(const struct event_json *j, struct str text)
{
	for (size_t i = 0; j->r && i < j->r->n; i++) {
		const struct redaction *item = &j->r->items[i];
		size_t n = item->value.n < text.n ? item->value.n : text.n;
		for (; n >= CUT_VALUE_MIN; n--) {
			struct str beginning = str_sub(item->value, 0, n);
			if (!str_has_suffix(text, beginning))
				continue;
			return arena_printf(j->a, "%.*s<sensitive:%.*s>", (int)(text.n - n), text.p,
				STR_ARG(item->name));
		}
	}
	return text;
}

static void set_argv(struct event_json *j, const struct trace_event *e)
{
	struct json *argv = json_array(j->a);
	for (size_t i = 0; i < e->argc; i++) {
		struct str text = e->argv[i];
		if (e->argv_cut && i + 1 == e->argc)
			text = without_cut_value(j, text);
		text = redactor_str(j->r, j->a, text);
		json_append(j->a, argv, json_bytes(j->a, text));
	}
	json_set(j->a, j->object, "argv", argv);
	set_bool(j, "argv_cut", e->argv_cut);
}

static void set_interpreters(struct event_json *j, const struct trace_event *e)
{
	struct json *list = json_array(j->a);
	for (size_t i = 0; i < e->interpreter_count; i++) {
		const struct trace_file *file = &e->interpreters[i];
		struct json *item = json_append(j->a, list, json_object(j->a));
		struct str path = redactor_str(j->r, j->a, file->path);
		json_set(j->a, item, "path", json_bytes(j->a, path));
		json_set(j->a, item, "sha256", digest_json(j->a, &file->sha256, file->hashed));
	}
	json_set(j->a, j->object, "interpreters", list);
}

static void exec_members(struct event_json *j, const struct trace_event *e)
{
	set_number(j, "id", e->id);
	set_number(j, "parent", e->parent);
	set_number(j, "replaces", e->replaces);
	set_id(j, "uid", e->uid);
	set_id(j, "euid", e->euid);
	set_id(j, "gid", e->gid);
	set_id(j, "egid", e->egid);
	set_bool(j, "secure", e->secure);
	set_argv(j, e);
	set_bytes(j, "cwd", e->cwd);
	set_bytes(j, "exe", e->exe);
	set_digest(j, "exe_sha256", &e->exe_sha256, e->exe_hashed);
	if (e->script.n > 0) {
		set_bytes(j, "script", e->script);
		set_digest(j, "script_sha256", &e->script_sha256, e->script_hashed);
	}
	if (e->interpreter_count > 0)
		set_interpreters(j, e);
	set_time(j, "start", e->start);
}

static void exit_members(struct event_json *j, const struct trace_event *e)
{
	set_number(j, "id", e->id);
	if (WIFSIGNALED(e->status)) {
		set_number(j, "signal", (uint64_t)WTERMSIG(e->status));
		set_bool(j, "core_dumped", WCOREDUMP(e->status));
	} else {
		set_number(j, "exit_code", (uint64_t)WEXITSTATUS(e->status));
	}
	set_time(j, "end", e->end);
}

static void gap_members(struct event_json *j, const struct trace_event *e)
{
	set_number(j, "id", e->id);
	set_bytes(j, "reason", e->reason);
	set_time(j, "start", e->start);
}

static const struct event_form {
	const char *type;
	void (*members)(struct event_json *j, const struct trace_event *e);
} event_forms[] = {
	[TRACE_EXEC] = {"exec", exec_members},
	[TRACE_EXIT] = {"exit", exit_members},
	[TRACE_GAP] = {"gap", gap_members},
};

struct json *trace_event_to_json(const struct trace_event *e, uint32_t step,
	const struct redactor *r, struct arena *a, const char **type)
{
	const struct event_form *form = &event_forms[e->type];
	struct event_json j = {.a = a, .r = r, .object = json_object(a)};
	set_number(&j, "step", step);
	set_number(&j, "pid", (uint64_t)e->pid);
	form->members(&j, e);
	*type = form->type;
	return j.object;
}
