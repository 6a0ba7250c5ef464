#include "record/backend.h"

#include <signal.h>

/* The first one that works is taken: the best first. */
static const struct tracer_backend *const backends[] = {
	&tracer_ptrace,
};

void tracer_emit(const struct tracer *t, struct trace_event *e)
{
	int64_t now = clock_wall(t->options.clock);
	if (e->type == TRACE_EXIT)
		e->end = now;
	else
		e->start = now;
	t->options.on_event(t->options.ctx, e);
}

void tracer_gap(
	const struct tracer *t, uint64_t tree, uint64_t id, pid_t pid, const struct error *why)
{
	struct trace_event e = {
		.type = TRACE_GAP,
		.tree = tree,
		.id = id,
		.pid = pid,
		.reason = str_from(why->text),
	};
	tracer_emit(t, &e);
}

static const struct tracer_backend *backend_named(const char *name, struct error *err)
{
	for (size_t i = 0; i < countof(backends); i++) {
		if (!str_eq(str_from(backends[i]->name), str_from(name)))
			continue;
		if (backends[i]->probe(err) == 0)
			return backends[i];
		error_wrap(err, "tracer: %s", name);
		return NULL;
	}
	error_set(err, ERROR_USAGE, "tracer: there is no backend \"%s\"", name);
	return NULL;
}

/* The error is that of the last backend that was asked. */
static const struct tracer_backend *backend_best(struct error *err)
{
	for (size_t i = 0; i < countof(backends); i++) {
		error_clear(err);
		if (backends[i]->probe(err) == 0)
			return backends[i];
		error_wrap(err, "tracer: %s", backends[i]->name);
	}
	return NULL;
}

/* With SIGCHLD ignored the kernel reaps children itself, and their ends would not be seen. */
static int sigchld_check(struct error *err)
{
	struct sigaction action;
	if (sigaction(SIGCHLD, NULL, &action) < 0)
		return error_sys(err, "tracer: SIGCHLD");
	if (action.sa_handler == SIG_IGN || (action.sa_flags & SA_NOCLDWAIT) != 0)
		return error_set(err, ERROR_BUG, "tracer: SIGCHLD is ignored");
	return 0;
}

int tracer_open(struct tracer **out, const struct tracer_options *o, struct error *err)
{
	if (!o->on_event || !o->on_exit || !o->clock)
		return error_set(err, ERROR_BUG, "tracer: on_event, on_exit and clock are needed");
	if (sigchld_check(err) < 0)
		return -1;
	const struct tracer_backend *backend =
		o->backend ? backend_named(o->backend, err) : backend_best(err);
	if (!backend)
		return -1;
	struct tracer *t = calloc(1, sizeof(*t));
	if (!t)
		error_out_of_memory();
	t->options = *o;
	if (t->options.argv_max == 0)
		t->options.argv_max = TRACER_ARGV_DEFAULT;
	if (t->options.argv_max > TRACER_ARGV_MAX)
		t->options.argv_max = TRACER_ARGV_MAX;
	if (backend->open(t, err) < 0) {
		free(t);
		return error_wrap(err, "tracer: %s", backend->name);
	}
	t->backend = backend;
	*out = t;
	return 0;
}

int tracer_attach(struct tracer *t, pid_t child, struct error *err)
{
	if (t->backend->attach(t, child, err) < 0)
		return error_wrap(err, "tracer: %s: process %d", t->backend->name, (int)child);
	return 0;
}

int tracer_drain(struct tracer *t, struct error *err)
{
	if (t->backend->drain(t, err) < 0)
		return error_wrap(err, "tracer: %s", t->backend->name);
	return 0;
}

void tracer_detach(struct tracer *t)
{
	t->backend->detach(t);
}

void tracer_signal(struct tracer *t, int signal)
{
	t->backend->signal(t, signal);
}

void tracer_free(struct tracer *t)
{
	if (!t)
		return;
	t->backend->close(t);
	free(t);
}

const char *tracer_backend_name(const struct tracer *t)
{
	return t->backend->name;
}

size_t tracer_running(const struct tracer *t)
{
	return t->running;
}
