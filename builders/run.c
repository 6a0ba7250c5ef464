#include "builders/run.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/random.h>

#include "base/encode.h"
#include "base/file.h"
#include "builders/post/post.h"

#define HOST_END_NS INT64_C(5000000000)

/* What Packer says when the steps of a provisioner begin; others get their type. */
static const struct {
	const char *type;
	const char *text;
} headings[] = {
	{"shell", "Provisioning with shell script"},
	{"shell-local", "Running local shell script"},
	{"file", "Uploading"},
	{"powershell", "Provisioning with powershell script"},
	{"windows-shell", "Provisioning with shell script"},
};

/* ---- Starting ------------------------------------------------------------------------------- */

/* The same log with a prefix of Packer's form before each line. */
static struct log prefixed(struct run *r, struct str *prefix, const char *mark)
{
	struct log log = {0};
	if (r->o->log)
		log = *r->o->log;
	*prefix = arena_printf(&r->arena, "%s %.*s: ", mark, STR_ARG(r->o->plan->build));
	log.prefix = *prefix;
	return log;
}

static void set_logs(struct run *r, const struct build_options *o)
{
	r->inner = *o;
	r->o = &r->inner;
	r->say = prefixed(r, &r->prefixes[0], "==>");
	r->message = prefixed(r, &r->prefixes[1], "   ");
	r->errors = r->message;
	r->errors.tint = LOG_RED;
	r->message.tint = LOG_PLAIN;
	r->inner.log = &r->message;
}

/* Without a tracer a build goes on, and its record says so, unless one was asked for by name. */
static int open_tracer(struct run *r, struct error *err)
{
	struct tracer_options options = {
		.backend = r->o->trace_backend,
		.clock = r->o->clock,
		.on_event = run_on_event,
		.on_exit = run_on_exit,
		.ctx = r,
	};
	if (tracer_open(&r->tracer, &options, &r->no_tracer) == 0) {
		r->watch.tracer = r->tracer;
		return 0;
	}
	if (r->o->trace_backend) {
		*err = r->no_tracer;
		return -1;
	}
	log_say(&r->say, LOG_WARNING, "Processes are not recorded: %s", r->no_tracer.text);
	return record_gap(r, 0, r->no_tracer.text, err);
}

/* Version 4 of RFC 9562. */
int build_run_id(char out[37], struct error *err)
{
	unsigned char id[16];
	char hex[33];
	if (getrandom(id, sizeof(id), 0) != (ssize_t)sizeof(id))
		return error_sys(err, "getrandom");
	id[6] = (unsigned char)((id[6] & 0x0f) | 0x40);
	id[8] = (unsigned char)((id[8] & 0x3f) | 0x80);
	hex_encode(hex, id, sizeof(id));
	snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
	return 0;
}

static int start(struct run *r, struct error *err)
{
	if (r->o->run_id.n == sizeof(r->run_id) - 1)
		memcpy(r->run_id, r->o->run_id.p, sizeof(r->run_id) - 1);
	else if (build_run_id(r->run_id, err) != 0)
		return -1;
	if (builder_check_plan(r->o->plan, err) != 0)
		return -1;
	r->builder = builder_find(r->o->plan->builder);
	log_say(&r->say, LOG_INFO, "Starting the machine (%s)", r->builder->type);
	if (r->builder->start(&r->machine, r->o, err) != 0)
		return error_wrap(err, "%s", r->builder->type);
	r->communicator = r->builder->communicator(r->machine);
	if (watch_open(&r->watch, r->o->clock, r->o->cancel_fd, err) != 0)
		return -1;
	if (r->builder->watch)
		r->builder->watch(r->machine, &r->watch);
	if (open_tracer(r, err) != 0)
		return -1;
	return record_machine(r, err);
}

/* ---- Groups --------------------------------------------------------------------------------- */

static void say_heading(const struct run *r, const struct step_group *g)
{
	struct str label = g->label.n > 0 ? g->label : g->type;
	struct str what = label;
	if (str_has_prefix(label, g->type) &&
		str_has_prefix(str_from_index(label, g->type.n), STR(": ")))
		what = str_from_index(label, g->type.n + 2);
	for (size_t i = 0; i < countof(headings); i++) {
		if (str_is(g->type, headings[i].type)) {
			log_say(&r->say, LOG_INFO, "%s: %.*s", headings[i].text, STR_ARG(what));
			return;
		}
	}
	if (g->phase != GROUP_POST_PROCESS)
		log_say(&r->say, LOG_INFO, "Provisioning with %.*s", STR_ARG(label));
}

/* The time-out counts from behind the pauses that stand in front of a provisioner. */
static void start_timeout(struct run *r, const struct step_group *g, const struct step *s)
{
	if (g->timeout > 0 && r->deadline == 0 && s->type != STEP_WAIT)
		r->deadline = clock_steady(r->o->clock) + g->timeout;
}

static int run_group_once(
	struct run *r, const struct step_group *g, uint32_t attempt, struct error *err)
{
	r->deadline = 0;
	for (uint32_t i = 0; i < g->count; i++) {
		const struct step *s = &r->o->plan->steps.items[g->first + i];
		start_timeout(r, g, s);
		if (run_step(r, s, attempt, err) != 0)
			return -1;
	}
	return 0;
}

/* What a machine runs by itself when it boots, and what is done to shut it down. */
static bool is_skipped(const struct run *r, const struct step_group *g)
{
	bool boots = (r->builder->flags & BUILDER_BOOTS) != 0;
	return !boots && (g->phase == GROUP_BOOT || g->phase == GROUP_FINISH);
}

static int skip_group(struct run *r, const struct step_group *g, struct error *err)
{
	struct str told = STR("");
	for (uint32_t i = 0; i < g->count; i++) {
		const struct step *s = &r->o->plan->steps.items[g->first + i];
		struct str what = s->type == STEP_BOOT ? s->boot.what : g->label;
		if (!str_eq(what, told))
			log_say(&r->say, LOG_WARNING,
				"Not done, because this machine does not %s: %.*s",
				g->phase == GROUP_BOOT ? "boot" : "shut down", STR_ARG(what));
		told = what;
		if (run_skip(r, s, g->phase, err) != 0)
			return -1;
	}
	return 0;
}

/* In Packer's words. What could not be recorded is no failure of the provisioner. */
static int go_on(struct run *r, struct error *err)
{
	if (r->record_error.code != ERROR_NONE)
		return -1;
	log_say(&r->errors, LOG_WARNING,
		"Warning: Provisioner failed with \"%s\", but continue_on_error is set; continuing "
		"the build.",
		err->text);
	error_clear(err);
	return 0;
}

int run_group(struct run *r, const struct step_group *g, struct error *err)
{
	if (is_skipped(r, g))
		return skip_group(r, g, err);
	say_heading(r, g);
	for (uint32_t attempt = 1;; attempt++) {
		if (run_group_once(r, g, attempt, err) == 0)
			return 0;
		bool final = err->code == ERROR_BUG || r->watch.cancelled;
		if (!final && attempt > g->max_retries && g->continue_on_error)
			return go_on(r, err);
		if (final || attempt > g->max_retries)
			return -1;
		log_say(&r->say, LOG_WARNING,
			"Provisioner failed with \"%s\", retrying with %u "
			"trie(s) left",
			err->text, g->max_retries - attempt);
		error_clear(err);
	}
}

enum answer { ANSWER_CLEAN_UP = 0, ANSWER_ABORT, ANSWER_RETRY };

/* -on-error=ask, in Packer's words; without a terminal the answer is to clean up. */
static enum answer ask(struct run *r)
{
	if (!isatty(STDIN_FILENO))
		return ANSWER_CLEAN_UP;
	for (;;) {
		log_say(&r->say, LOG_ERROR,
			"[c] Clean up and exit, [a] abort without cleanup, or "
			"[r] retry step (build may fail even if retry succeeds)");
		struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {r->o->cancel_fd, POLLIN, 0}};
		char line[256] = {0};
		if (poll(fds, countof(fds), -1) <= 0 || fds[1].revents ||
			read(STDIN_FILENO, line, sizeof(line) - 1) <= 0)
			return ANSWER_CLEAN_UP;
		if (line[0] == 'c' || line[0] == 'C')
			return ANSWER_CLEAN_UP;
		if (line[0] == 'a' || line[0] == 'A')
			return ANSWER_ABORT;
		if (line[0] == 'r' || line[0] == 'R')
			return ANSWER_RETRY;
	}
}

/* *leave: nothing is to be cleaned up. */
static int run_groups(struct run *r, bool *leave, struct error *err)
{
	const struct plan *p = r->o->plan;
	for (size_t i = 0; i < p->groups.n; i++) {
		const struct step_group *g = &p->groups.items[i];
		if (g->phase != GROUP_BOOT && g->phase != GROUP_PROVISION &&
			g->phase != GROUP_FINISH)
			continue;
		while (run_group(r, g, err) != 0) {
			if (r->watch.cancelled || r->o->on_error != ON_ERROR_ASK)
				return -1;
			log_say(&r->errors, LOG_ERROR, "%s", err->text);
			enum answer answer = ask(r);
			*leave = answer == ANSWER_ABORT;
			if (answer != ANSWER_RETRY)
				return -1;
			error_clear(err);
		}
	}
	return 0;
}

static void run_error_cleanup(struct run *r)
{
	const struct plan *p = r->o->plan;
	for (size_t i = 0; i < p->groups.n; i++) {
		if (p->groups.items[i].phase != GROUP_ERROR_CLEANUP)
			continue;
		log_say(&r->say, LOG_INFO,
			"Provisioning step had errors: Running the cleanup "
			"provisioner, if present...");
		struct error err = {0};
		if (run_group(r, &p->groups.items[i], &err) != 0)
			log_say(&r->errors, LOG_ERROR, "%s", err.text);
	}
}

/* ---- Ending --------------------------------------------------------------------------------- */

/*
 * The machine ends what runs in it. What host steps left is asked to end here, and then made to, so
 * that the record has its end and nothing of a build outlives it.
 */
static int end_host(struct run *r, struct error *err)
{
	if (!r->tracer || tracer_running(r->tracer) == 0)
		return 0;
	int64_t start = clock_steady(r->o->clock), now = start;
	log_say(&r->say, LOG_INFO, "Ending what still runs on the build host");
	while (tracer_running(r->tracer) > 0 && now - start < 2 * HOST_END_NS) {
		tracer_signal(r->tracer, now - start < HOST_END_NS ? SIGTERM : SIGKILL);
		if (watch_sleep(&r->watch, now + HOST_END_NS / 100, err) != 0)
			return -1;
		now = clock_steady(r->o->clock);
	}
	return 0;
}

static int build(
	struct run *r, struct build_result *out, struct arena *a, bool *leave, struct error *err)
{
	if (start(r, err) != 0)
		return -1;
	if (run_groups(r, leave, err) != 0) {
		enum on_error mode = r->o->on_error;
		bool clean = mode != ON_ERROR_ABORT && !*leave && !r->watch.cancelled;
		*leave = *leave || mode == ON_ERROR_ABORT || mode == ON_ERROR_RUN_CLEANUP;
		if (clean)
			run_error_cleanup(r);
		return -1;
	}
	if (!(r->builder->flags & BUILDER_KEEPS))
		log_say(&r->say, LOG_INFO, "Capturing the image");
	if (r->builder->capture(r->machine, &out->artifact, a, err) != 0 || end_host(r, err) != 0)
		return -1;
	if (r->record_error.code != ERROR_NONE) {
		*err = r->record_error;
		return error_wrap(err, "record");
	}
	if (record_artifact(r, &out->artifact, err) != 0)
		return -1;
	if (post_process(r, &out->artifact, a, err) != 0) {
		*leave = r->o->on_error == ON_ERROR_ABORT || r->o->on_error == ON_ERROR_RUN_CLEANUP;
		return -1;
	}
	return end_host(r, err);
}

/* Once a build is cancelled, what ends it must not be cancelled as well. */
static int end(struct run *r, bool keep_output, bool leave, struct error *err)
{
	int status = 0;
	r->watch.cancel_fd = -1;
	r->inner.cancel_fd = -1;
	if (r->machine && leave && r->builder->leave)
		r->builder->leave(r->machine);
	else if (r->machine)
		status = r->builder->stop(r->machine, keep_output, err);
	r->machine = NULL;
	struct error ignored = {0};
	(void)!end_host(r, &ignored);
	tracer_free(r->tracer);
	r->tracer = NULL;
	watch_close(&r->watch);
	return status;
}

/* As Packer does: when it happens, in red, and by the caller once more at the end. */
static void say_error(const struct run *r, const struct error *err)
{
	struct log log = r->say;
	log.tint = LOG_RED;
	log_say(&log, LOG_ERROR, "%s", err->text);
}

static bool is_readable(int fd)
{
	struct pollfd one = {fd, POLLIN, 0};
	return fd >= 0 && poll(&one, 1, 0) > 0;
}

int build_run(
	struct build_result *out, const struct build_options *o, struct arena *a, struct error *err)
{
	struct build_result result = {0};
	struct run r = {.watch = {.signal_fd = -1}};
	bool leave = false;
	set_logs(&r, o);
	result.ok = build(&r, &result, a, &leave, &result.error) == 0;
	if (!result.ok)
		say_error(&r, &result.error);
	result.cancelled = !result.ok && is_readable(o->cancel_fd);
	if (result.cancelled)
		leave = false;
	bool traced = r.tracer != NULL;
	struct error end_error = {0};
	if (end(&r, result.ok, leave, &end_error) != 0) {
		log_say(&r.errors, LOG_ERROR, "%s", end_error.text);
		if (result.ok)
			result.error = end_error;
		result.ok = false;
	}
	r.steps_only = r.steps_only || !traced;
	int status = record_footer(&r, &result, err);
	arena_clear(&r.arena);
	if (status != 0)
		return error_wrap(err, "record");
	*out = result;
	return 0;
}
