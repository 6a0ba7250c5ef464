/*
 * What the tracer costs: the same workload untraced and traced, by turns, medians and their ratio.
 *
 *	bench_trace [ROUNDS]
 */
#include "record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "base/file.h"

#define STORM 600
#define SOURCES 16
#define ROUNDS_DEFAULT 5
#define ROUNDS_MAX 99

extern char **environ;

struct bench {
	struct temp_dir dir;
	int signal_fd;
	uint64_t execs;
	uint64_t gaps;
	pid_t command;
	int status; /* -1: still running */
};

struct workload {
	const char *name;
	int (*run)(const struct bench *b); /* in a child; its exit status */
};

/* ---- Workloads ------------------------------------------------------------------------------ */

static int spawn_and_wait(const char *path, char *const *argv)
{
	pid_t pid = 0;
	int status = -1;
	if (posix_spawn(&pid, path, NULL, NULL, argv, environ) != 0)
		return 1;
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return 1;
	return 0;
}

/* Nothing but creating processes: the worst case. */
static int exec_storm(const struct bench *b)
{
	(void)b;
	char *const argv[] = {(char[]){"true"}, NULL};
	for (int i = 0; i < STORM; i++) {
		if (spawn_and_wait("/bin/true", argv) != 0)
			return 1;
	}
	return 0;
}

/* A driver, a compiler and an assembler per file, two at a time, and a link. */
static int compile(const struct bench *b)
{
	if (fchdir(b->dir.fd) < 0)
		return 1;
	char *const argv[] = {(char[]){"sh"}, (char[]){"-ec"},
		(char[]){"ls *.c | xargs -P 2 -n 1 cc -O1 -c; cc -o program *.o; ./program"}, NULL};
	return spawn_and_wait("/bin/sh", argv);
}

static const struct workload workloads[] = {
	{"exec storm", exec_storm},
	{"compile", compile},
};

static int write_sources(struct bench *b, struct error *err)
{
	for (int i = 0; i < SOURCES; i++) {
		char name[32];
		scoped(buf) text = {0};
		snprintf(name, sizeof(name), "f%d.c", i);
		buf_add_cstr(
			&text, "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n");
		for (int k = 0; k < 40; k++) {
			buf_printf(&text,
				"int f%d_%d(int n) { int s = 0; for (int i = 0; i < n; i++) s += i ^ %d; "
				"return s; }\n",
				i, k, k);
		}
		if (i == 0)
			buf_add_cstr(&text, "int main(void) { return f0_1(0); }\n");
		if (file_create(b->dir.fd, name, buf_str(&text), 0644, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- Running -------------------------------------------------------------------------------- */

static void on_event(void *ctx, const struct trace_event *e)
{
	struct bench *b = ctx;
	b->execs += e->type == TRACE_EXEC;
	b->gaps += e->type == TRACE_GAP;
}

static void on_exit_of(void *ctx, pid_t pid, int status)
{
	struct bench *b = ctx;
	if (pid == b->command)
		b->status = status;
}

static pid_t start(const struct bench *b, const struct workload *w, int gate[2])
{
	if (pipe2(gate, O_CLOEXEC) < 0)
		return -1;
	pid_t pid = fork();
	if (pid != 0) {
		close(gate[0]);
		return pid;
	}
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close(gate[1]);
	char byte;
	if (read(gate[0], &byte, 1) < 0)
		_exit(1);
	_exit(w->run(b));
}

static int run_untraced(struct bench *b, const struct workload *w, struct error *err)
{
	int gate[2];
	pid_t pid = start(b, w, gate);
	if (pid < 0)
		return error_sys(err, "%s", w->name);
	close(gate[1]);
	if (waitpid(pid, &b->status, 0) != pid)
		return error_sys(err, "%s", w->name);
	return 0;
}

static int run_traced(struct bench *b, const struct workload *w, struct error *err)
{
	const struct tracer_options o = {
		.clock = &clock_system,
		.on_event = on_event,
		.on_exit = on_exit_of,
		.ctx = b,
	};
	scoped_ptr(tracer) t = NULL;
	if (tracer_open(&t, &o, err) < 0)
		return -1;
	int gate[2];
	b->status = -1;
	b->command = start(b, w, gate);
	if (b->command < 0)
		return error_sys(err, "%s", w->name);
	int r = tracer_attach(t, b->command, err);
	close(gate[1]);
	while (r == 0 && b->status == -1) {
		struct pollfd p = {.fd = b->signal_fd, .events = POLLIN};
		poll(&p, 1, -1);
		struct signalfd_siginfo info;
		while (read(b->signal_fd, &info, sizeof(info)) > 0)
			;
		r = tracer_drain(t, err);
	}
	return r;
}

static int timed(
	struct bench *b, const struct workload *w, bool traced, double *seconds, struct error *err)
{
	b->execs = 0;
	b->gaps = 0;
	int64_t before = clock_steady(&clock_system);
	int r = traced ? run_traced(b, w, err) : run_untraced(b, w, err);
	*seconds = (double)(clock_steady(&clock_system) - before) / 1e9;
	if (r == 0 && b->status != 0)
		return error_set(err, ERROR_SYSTEM, "%s: the workload failed", w->name);
	return r;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return n % 2 != 0 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static int measure(struct bench *b, const struct workload *w, size_t rounds, struct error *err)
{
	double times[2][ROUNDS_MAX];
	double ratios[ROUNDS_MAX];
	double warm = 0;
	if (timed(b, w, false, &warm, err) < 0)
		return -1;
	for (size_t i = 0; i < rounds; i++) {
		/* Who goes first alternates, so that a trend does not favour one of them. */
		for (size_t k = 0; k < 2; k++) {
			bool traced = (i + k) % 2 != 0;
			if (timed(b, w, traced, &times[traced][i], err) < 0)
				return -1;
			if (traced && b->gaps > 0)
				return error_set(err, ERROR_SYSTEM, "%s: gaps", w->name);
		}
		ratios[i] = times[1][i] / times[0][i];
	}
	if (timed(b, w, true, &warm, err) < 0)
		return -1;
	printf("trace: %-10s  untraced %.3f s  traced %.3f s  ratio %.2f  (%" PRIu64
	       " execs, %zu rounds)\n",
		w->name, median(times[0], rounds), median(times[1], rounds), median(ratios, rounds),
		b->execs, rounds);
	return 0;
}

static int bench(struct bench *b, size_t rounds, struct error *err)
{
	if (temp_dir_make(&b->dir, NULL, err) < 0 || write_sources(b, err) < 0)
		return -1;
	for (size_t i = 0; i < countof(workloads); i++) {
		if (measure(b, &workloads[i], rounds, err) < 0)
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t rounds = ROUNDS_DEFAULT;
	if (argc > 2 ||
		(argc == 2 &&
			(!str_to_u64(str_from(argv[1]), &rounds) || rounds == 0 ||
				rounds > ROUNDS_MAX))) {
		fprintf(stderr, "usage: bench_trace [ROUNDS]\n");
		return 2;
	}
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	struct bench b = {.signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK)};
	struct error err = {0};
	int r = bench(&b, (size_t)rounds, &err);
	if (r < 0)
		fprintf(stderr, "bench_trace: %s\n", err.text);
	temp_dir_clear(&b.dir);
	close(b.signal_fd);
	return r < 0 ? error_exit_status(err.code) : 0;
}
