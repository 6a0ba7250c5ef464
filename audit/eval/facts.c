/* From a plan's steps to facts, in the order in which they run. */
#include "audit/eval/guest.h"
#include "audit/eval/image.h"

#include <assert.h>

#define WORK_MIN 30000000u
#define WORK_PER_BYTE 400u
#define SCRATCH_MIN ((size_t)192 << 20)
#define SCRATCH_PER_BYTE 100u

static const char *const kind_names[] = {
	[FACT_NONE] = "none",
	[FACT_EXEC] = "exec",
	[FACT_DOWNLOAD] = "download",
	[FACT_VERIFY] = "verify",
	[FACT_WRITE] = "write",
	[FACT_PACKAGE] = "package",
	[FACT_SERVICE] = "service",
	[FACT_ACCOUNT] = "account",
	[FACT_FIREWALL] = "firewall",
	[FACT_KERNEL] = "kernel",
	[FACT_ENV] = "env",
	[FACT_SECRET] = "secret",
	[FACT_OPAQUE] = "opaque",
	[FACT_FLOW] = "flow",
	[FACT_IMAGE] = "image",
};
static_assert(countof(kind_names) == FACT_KIND_COUNT, "a name for each kind");

const char *fact_kind_name(enum fact_kind kind)
{
	return (size_t)kind < countof(kind_names) ? kind_names[kind] : kind_names[FACT_NONE];
}

/* ---- Set-up --------------------------------------------------------------------------------- */

static void eval_open(struct eval *e, struct facts *out, struct arena *a, struct arena *scratch)
{
	e->arena = a;
	e->scratch = scratch;
	e->facts = out;
	e->facts_first = out->n;
	e->phase = PHASE_BUILD;
	e->work_max = WORK_MIN;
	e->scratch_max = SCRATCH_MIN;
	commands_load(e);
	e->process = process_new(e, NULL, SHELL_BASH);
}

/* The bounds grow with the code that there is. */
static void allow(struct eval *e, size_t bytes)
{
	e->work_max += (uint64_t)WORK_PER_BYTE * bytes;
	e->scratch_max += SCRATCH_PER_BYTE * bytes;
}

static size_t text_bytes(const struct text *t)
{
	size_t n = 0;
	for (size_t i = 0; i < t->n; i++)
		n += t->items[i].value.n;
	return n;
}

static size_t input_bytes(const struct step *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->exec.inputs.n; i++)
		n += s->exec.inputs.items[i].content.n;
	return n;
}

static size_t step_bytes(const struct step *s)
{
	switch (s->type) {
	case STEP_UPLOAD:
		return text_bytes(&s->upload.content);
	case STEP_EXEC:
	case STEP_EXEC_HOST:
		return text_bytes(&s->exec.command) + text_bytes(&s->exec.script) + input_bytes(s);
	case STEP_BOOT:
		return text_bytes(&s->boot.content);
	case STEP_NONE:
	case STEP_DOWNLOAD:
	case STEP_WAIT:
	case STEP_OPAQUE:
		break;
	}
	return 0;
}

static struct command step_command(struct eval *e, const struct step *s, struct str text)
{
	struct command c = command_new(e, NULL, NULL, 0);
	c.origin = s->origin;
	c.text = text;
	return c;
}

/* ---- Steps ---------------------------------------------------------------------------------- */

static bool is_binary(struct str s)
{
	struct str head = str_sub(s, 0, 4096);
	return str_find_byte(head, '\0') != STR_NPOS;
}

/* A binary of the repository: its bytes are pinned, but nobody reads them. */
static void make_binary(struct eval *e, const struct command *c, struct file *f, struct str path)
{
	struct source *s = source_new(e, c, SOURCE_FILE, STR("upload"), NULL);
	f->binary = true;
	f->content = value_tainted(e, STR("…"), taint_of(e, s));
	emit_opaque(e, c, "binary", STR("the content of a binary file cannot be read"), path);
}

static void run_upload(struct eval *e, const struct step *s)
{
	struct value destination = value_from_text(e, &s->upload.destination);
	struct value content = value_from_text(e, &s->upload.content);
	struct str path = {0};
	bool known = value_const(e, &destination, &path);
	struct command c = step_command(e, s,
		arena_printf(e->scratch, "upload %.*s", STR_ARG(value_display(e, &destination))));
	struct file f = {.content = content, .upload = s, .created = true};
	struct write w = {
		.path = known ? path : (struct str){0},
		.content = &content,
		.by = "upload",
		.source = s->upload.source,
		.executable = (s->upload.mode & 0111) != 0,
	};
	if (s->upload.mode != 0)
		w.mode = arena_printf(e->scratch, "%04o", s->upload.mode & 07777);
	f.mode = w.mode;
	if (is_binary(value_prefix(e, &content))) {
		make_binary(e, &c, &f, known ? path : STR(""));
		w.content = NULL;
	}
	guest_write(e, &c, &w);
	language_upload(e, s, &c);
	if (known)
		guest_put(e, path, &f);
}

/* Whether the build ends when the command does not succeed. */
static bool needs_success(const struct eval *e, const struct step *s)
{
	const struct plan *p = e->plan;
	bool ignored = s->group < p->groups.n && p->groups.items[s->group].continue_on_error;
	if (ignored || s->exec.cleanup || s->exec.any_exit_code)
		return false;
	for (size_t i = 0; i < s->exec.exit_codes.n; i++)
		if (s->exec.exit_codes.items[i] != 0)
			return false;
	return true;
}

static void run_exec(struct eval *e, const struct step *s)
{
	struct command c = step_command(e, s, STR("sh -c"));
	run_front *front = language_front(s->exec.language);
	if (!front && !language_is_shell(s->exec.language)) {
		language_command(e, s, &c);
		return;
	}
	struct run r = {
		.to = "interpreter",
		.text = value_from_text(e, &s->exec.command),
		.command = &c,
		.dialect = SHELL_BASH,
		.child = true,
		.front = front,
	};
	struct file origin = {.upload = s};
	r.file = &origin;
	struct outcome o = run_code(e, &r);
	if (needs_success(e, s))
		credit_apply(e, o.when[1], true);
}

static void host_variables(struct eval *e, const struct step *s, const struct command *c)
{
	for (size_t i = 0; i < s->exec.variables.n; i++) {
		struct value v = value_from_text(e, &s->exec.variables.items[i]);
		struct str pair = value_display(e, &v);
		size_t equals = str_find_byte(pair, '=');
		struct value value = value_text(e, str_from_index(pair, equals + 1));
		if (equals != STR_NPOS)
			emit_env(e, c, str_sub(pair, 0, equals), &value, "template");
	}
}

/* The build host has files of its own. */
static void run_host(struct eval *e, const struct step *s)
{
	struct map files = e->files;
	struct process *process = e->process;
	size_t argc = s->exec.argv.n;
	struct value *argv = arena_array(e->scratch, struct value, argc + 1);
	struct str script = STR("/tmp/packer-shell");
	struct file f = {.content = value_from_text(e, &s->exec.script),
		.upload = s,
		.created = true,
		.mode = STR("0700")};
	e->image_files = &files;
	e->files = (struct map){0};
	e->process = process_new(e, NULL, SHELL_BASH);
	e->phase = PHASE_HOST;
	guest_put(e, script, &f);
	for (size_t i = 0; i < argc; i++) {
		struct chunks chunks = {0};
		struct value v = value_from_text(e, &s->exec.argv.items[i]);
		for (size_t k = 0; k < v.n; k++) {
			if (str_is(v.items[k].text, "<hole:" STEP_SCRIPT_HOLE ">"))
				chunks_add_text(e, &chunks, script);
			else
				chunks_add(e, &chunks, &v.items[k]);
		}
		argv[i] = chunks_value(e, &chunks);
	}
	struct command base = step_command(e, s, STR(""));
	struct command c = command_new(e, &base, argv, argc);
	host_variables(e, s, &c);
	language_inputs(e, s, &c);
	if (argc > 0)
		run_command(e, &c);
	if (s->exec.language == LANGUAGE_ANSIBLE)
		ansible_on_host(e, s, &c);
	e->phase = PHASE_BUILD;
	e->process = process;
	e->files = files;
	e->image_files = NULL;
}

static void run_step(struct eval *e, const struct step *s)
{
	struct command c;
	e->step = s;
	e->unit = NULL;
	e->node = NULL;
	switch (s->type) {
	case STEP_UPLOAD:
		run_upload(e, s);
		break;
	case STEP_EXEC:
		run_exec(e, s);
		break;
	case STEP_EXEC_HOST:
		run_host(e, s);
		break;
	case STEP_BOOT:
		guest_boot_content(e, s);
		break;
	case STEP_OPAQUE:
		c = step_command(e, s, STR("provisioner"));
		emit_opaque(e, &c, "step",
			s->opaque.why.n > 0 ? s->opaque.why
					    : STR("the type of this provisioner is not known"),
			STR(""));
		e->facts->opaque++;
		break;
	case STEP_NONE:
	case STEP_DOWNLOAD:
	case STEP_WAIT:
		break;
	}
}

static void run_plan(struct eval *e)
{
	const struct plan *p = e->plan;
	for (size_t i = 0; i < p->steps.n; i++)
		allow(e, step_bytes(&p->steps.items[i]));
	media_facts(e);
	for (size_t i = 0; i < p->steps.n; i++) {
		const struct step *s = &p->steps.items[i];
		bool maybe = s->group < p->groups.n &&
			p->groups.items[s->group].phase == GROUP_ERROR_CLEANUP;
		e->conditional += maybe;
		run_step(e, s);
		e->conditional -= maybe;
	}
	e->step = NULL;
	e->unit = NULL;
	e->node = NULL;
	final_state(e);
	guest_at_boot(e);
	image_state(e);
	size_t first = e->facts->n;
	image_scripts(e);
	size_t end = e->facts->n;
	e->step = NULL;
	flow_finish(e);
	image_scripts_keep(e, first, end);
}

int facts_of_plan(struct facts *out, struct arena *a, const struct plan *p, uint32_t plan_index,
	struct error *err)
{
	struct arena scratch = {0};
	struct eval e = {.plan = p, .plan_index = plan_index};
	(void)err;
	eval_open(&e, out, a, &scratch);
	run_plan(&e);
	arena_clear(&scratch);
	return 0;
}

/* ---- A script by itself --------------------------------------------------------------------- */

int facts_of_script(
	struct facts *out, struct arena *a, struct str text, struct str file, struct error *err)
{
	struct arena scratch = {0};
	struct eval e = {0};
	(void)err;
	eval_open(&e, out, a, &scratch);
	allow(&e, text.n);
	run_script(&e, text, file);
	final_state(&e);
	guest_at_boot(&e);
	size_t first = out->n;
	image_scripts(&e);
	size_t end = out->n;
	flow_finish(&e);
	image_scripts_keep(&e, first, end);
	arena_clear(&scratch);
	return 0;
}
