#include "record/ptrace.h"

#include "record/exec_image.h"

#define ID_UNKNOWN UINT32_MAX

static void event_from_stack(struct trace_event *e, const struct exec_stack *stack)
{
	e->uid = stack->uid;
	e->euid = stack->euid;
	e->gid = stack->gid;
	e->egid = stack->egid;
	e->secure = stack->secure;
	e->argv = stack->argv.items;
	e->argc = stack->argv.n;
	e->argv_cut = stack->argv_cut;
}

static void event_from_image(struct trace_event *e, const struct exec_image *image)
{
	e->cwd = image->cwd;
	e->exe = image->exe;
	e->exe_hashed = image->exe_hashed;
	e->exe_sha256 = image->exe_sha256;
	e->script = image->script;
	e->script_hashed = image->script_hashed;
	e->script_sha256 = image->script_sha256;
	e->interpreters = image->interpreters.items;
	e->interpreter_count = image->interpreters.n;
}

/* The exec happened, whatever of it could not be read: it is always reported, the losses behind. */
void ptrace_exec_report(struct tracer *t, struct task *task, uint64_t replaces)
{
	struct ptrace_state *s = t->state;
	scoped(arena) a = {0};
	struct exec_losses losses = {0};
	struct exec_stack stack = {
		.uid = ID_UNKNOWN,
		.euid = ID_UNKNOWN,
		.gid = ID_UNKNOWN,
		.egid = ID_UNKNOWN,
	};
	struct error err = {0};
	if (exec_stack_read(&stack, &a, task->tid, t->options.argv_max, &err) < 0) {
		error_wrap(&err, "arguments");
		*exec_losses_add(&losses) = err;
	}
	struct exec_image image;
	exec_image_read(&image, &a, &s->cache, task->tid, &stack, &losses);
	task->own = ++s->execs;
	struct trace_event e = {
		.type = TRACE_EXEC,
		.id = task->own,
		.parent = task->origin,
		.replaces = replaces,
		.tree = task->tree,
		.pid = task->tid,
	};
	event_from_stack(&e, &stack);
	event_from_image(&e, &image);
	tracer_emit(t, &e);
	for (size_t i = 0; i < losses.n; i++)
		tracer_gap(t, task->tree, task->own, task->tid, &losses.items[i]);
}
