#include "builders/watch.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define READ_BYTES 65536
#define MILLISECOND INT64_C(1000000)

int watch_open(struct watch *w, const struct clock *clock, int cancel_fd, struct error *err)
{
	*w = (struct watch){.clock = clock, .cancel_fd = cancel_fd, .signal_fd = -1};
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	w->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (w->signal_fd < 0)
		return error_sys(err, "signalfd");
	if (sigprocmask(SIG_BLOCK, &mask, &w->old_mask) != 0) {
		close(w->signal_fd);
		w->signal_fd = -1;
		return error_sys(err, "sigprocmask");
	}
	return 0;
}

void watch_close(struct watch *w)
{
	if (w->signal_fd < 0)
		return;
	close(w->signal_fd);
	w->signal_fd = -1;
	sigprocmask(SIG_SETMASK, &w->old_mask, NULL);
	arena_clear(&w->arena);
}

uint32_t watch_step(const struct watch *w, uint64_t tree)
{
	return tree > 0 && tree <= w->steps.n ? w->steps.items[tree - 1] : w->step;
}

static struct watch_child *find_child(struct watch *w, pid_t pid)
{
	for (size_t i = 0; i < WATCH_CHILDREN; i++) {
		if (w->children[i].pid == pid)
			return &w->children[i];
	}
	return NULL;
}

static struct watch_child *add_child(struct watch *w, pid_t pid, struct error *err)
{
	struct watch_child *slot = find_child(w, 0);
	if (slot)
		*slot = (struct watch_child){.pid = pid};
	else
		error_set(err, ERROR_BUG, "too many children are watched");
	return slot;
}

int watch_add(struct watch *w, pid_t pid, struct error *err)
{
	return add_child(w, pid, err) ? 0 : -1;
}

void watch_exited(struct watch *w, pid_t pid, int status)
{
	struct watch_child *child = pid > 0 ? find_child(w, pid) : NULL;
	if (!child || child->ended)
		return;
	child->ended = true;
	child->status = status;
}

static void forget(struct watch *w, pid_t pid)
{
	struct watch_child *child = find_child(w, pid);
	if (child)
		*child = (struct watch_child){0};
}

int watch_drain(struct watch *w, struct error *err)
{
	struct signalfd_siginfo ignored;
	while (read(w->signal_fd, &ignored, sizeof(ignored)) > 0)
		;
	if (w->tracer)
		return tracer_drain(w->tracer, err);
	for (size_t i = 0; i < WATCH_CHILDREN; i++) {
		struct watch_child *child = &w->children[i];
		if (child->pid == 0 || child->ended)
			continue;
		if (waitpid(child->pid, &child->status, WNOHANG) == child->pid)
			child->ended = true;
	}
	return 0;
}

/* For poll: -1 without a deadline, else the milliseconds left, rounded up. */
static int time_left(const struct watch *w, int64_t deadline)
{
	if (deadline == 0)
		return -1;
	int64_t left = deadline - clock_steady(w->clock);
	if (left <= 0)
		return 0;
	int64_t ms = (left + MILLISECOND - 1) / MILLISECOND;
	return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

/* At most `max` bytes; false at the end of the stream. */
static bool read_stream(int fd, int stream, const struct comm_output *out, size_t *max)
{
	char bytes[READ_BYTES];
	ssize_t n = read(fd, bytes, *max < sizeof(bytes) ? *max : sizeof(bytes));
	if (n > 0 && out && out->write)
		out->write(out->ctx, stream, (struct str){bytes, (size_t)n});
	*max -= n > 0 ? (size_t)n : 0;
	return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

/*
 * What the command left in the pipe before it ended. Processes that it left behind may write into
 * it for ever, so that an empty pipe is not waited for.
 */
static void drain_stream(int fd, int stream, const struct comm_output *out)
{
	int left = 0;
	if (ioctl(fd, FIONREAD, &left) != 0 || left < 0)
		return;
	for (size_t max = (size_t)left; max > 0;) {
		struct pollfd one = {fd, POLLIN, 0};
		if (poll(&one, 1, 0) <= 0 || !read_stream(fd, stream, out, &max))
			return;
	}
}

/* One round of waiting: 0 go on, 1 the deadline has passed, -1 error or cancelled. */
static int serve(struct watch *w, int streams[2], const struct comm_output *out, int64_t deadline,
	struct error *err)
{
	struct pollfd fds[] = {
		{w->signal_fd, POLLIN, 0},
		{w->cancel_fd, POLLIN, 0},
		{streams[0], POLLIN, 0},
		{streams[1], POLLIN, 0},
	};
	int n = poll(fds, countof(fds), time_left(w, deadline));
	if (n < 0)
		return errno == EINTR ? 0 : error_sys(err, "poll");
	for (int i = 0; i < 2; i++) {
		size_t max = READ_BYTES;
		if (fds[2 + i].revents && !read_stream(streams[i], i + 1, out, &max))
			streams[i] = -1;
	}
	if (fds[0].revents && watch_drain(w, err) != 0)
		return -1;
	if (fds[1].revents) {
		w->cancelled = true;
		return error_set(err, ERROR_SYSTEM, "cancelled");
	}
	return n == 0 ? 1 : 0;
}

static void end_group(struct watch *w, pid_t pid)
{
	/* The group exists when the child has got that far; the child itself does in any case. */
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	struct error ignored = {0};
	bool ended = false;
	int64_t deadline = clock_steady(w->clock) + 5000 * MILLISECOND;
	int cancel_fd = w->cancel_fd;
	w->cancel_fd = -1;
	(void)!watch_wait(w, pid, deadline, &ended, &ignored);
	w->cancel_fd = cancel_fd;
}

/* After the child ended: an errno when its exec failed. */
static int exec_error(const struct watch_run *run)
{
	int error = 0;
	if (run->failed < 0 || read(run->failed, &error, sizeof(error)) != (ssize_t)sizeof(error))
		return 0;
	return error;
}

static int child_result(struct watch_child *child, const struct watch_run *run,
	struct comm_result *result, struct error *err)
{
	int status = child->status;
	*child = (struct watch_child){0};
	int error = exec_error(run);
	if (error != 0) {
		errno = error;
		return error_sys(err, "start the command");
	}
	*result = (struct comm_result){
		.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
	};
	return 0;
}

int watch_child(struct watch *w, const struct watch_run *run, const struct comm_output *out,
	int64_t deadline, struct comm_result *result, struct error *err)
{
	struct watch_child *child = add_child(w, run->pid, err);
	if (!child) {
		kill(run->pid, SIGKILL);
		return -1;
	}
	if (w->tracer && tracer_attach(w->tracer, run->pid, err) != 0) {
		end_group(w, run->pid);
		return error_wrap(err, "trace the command");
	}
	if (w->tracer)
		list_push(&w->arena, &w->steps) = w->step;
	int streams[2] = {run->streams[0], run->streams[1]};
	/* One that died before it was let go has left its errno. */
	int r = 0;
	if (send(run->go, "g", 1, MSG_NOSIGNAL) != 1 && errno != EPIPE)
		r = error_sys(err, "start the command");
	while (r == 0 && !child->ended)
		r = serve(w, streams, out, deadline, err);
	for (int i = 0; i < 2; i++) {
		if (streams[i] >= 0)
			drain_stream(streams[i], i + 1, out);
	}
	if (r == 0 || child->ended)
		return child_result(child, run, result, err);
	end_group(w, run->pid);
	return r < 0 ? -1 : error_set(err, ERROR_SYSTEM, "timed out");
}

int watch_wait(struct watch *w, pid_t pid, int64_t deadline, bool *ended, struct error *err)
{
	int streams[2] = {-1, -1};
	*ended = true;
	if (watch_drain(w, err) != 0)
		return -1;
	for (;;) {
		struct watch_child *child = find_child(w, pid);
		if (!child || child->ended)
			break;
		int r = serve(w, streams, NULL, deadline, err);
		if (r < 0)
			return -1;
		if (r > 0) {
			*ended = false;
			return 0;
		}
	}
	forget(w, pid);
	return 0;
}

int watch_sleep(struct watch *w, int64_t deadline, struct error *err)
{
	int streams[2] = {-1, -1};
	for (;;) {
		int r = serve(w, streams, NULL, deadline, err);
		if (r != 0)
			return r < 0 ? -1 : 0;
	}
}
