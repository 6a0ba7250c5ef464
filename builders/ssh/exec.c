#include "builders/ssh/link.h"

#define READ_BYTES 65536

/* A channel of a session, freed without waiting for the other side. */
struct ssh_channel {
	struct ssh_session *session;
	LIBSSH2_CHANNEL *handle;
};

static void ssh_channel_clear(struct ssh_channel *c)
{
	/* On a lost connection only the memory is given back. */
	if (c->handle)
		libssh2_channel_free(c->handle);
	c->handle = NULL;
}

static int channel_open(struct ssh_channel *c, int64_t deadline, struct error *err)
{
	LIBSSH2_SESSION *handle = c->session->handle;
	while (!(c->handle = libssh2_channel_open_session(handle))) {
		if (libssh2_session_last_errno(handle) != LIBSSH2_ERROR_EAGAIN)
			return session_error(c->session, "open a channel", err);
		if (link_wait(c->session, deadline, err) != 0)
			return -1;
	}
	return 0;
}

static int channel_pty(struct ssh_channel *c, int64_t deadline, struct error *err)
{
	int r;
	while ((r = libssh2_channel_request_pty(c->handle, "xterm")) == LIBSSH2_ERROR_EAGAIN) {
		if (link_wait(c->session, deadline, err) != 0)
			return -1;
	}
	return r == 0 ? 0 : session_error(c->session, "ask for a terminal", err);
}

static int channel_start(
	struct ssh_channel *c, struct str command, int64_t deadline, struct error *err)
{
	int r;
	while ((r = libssh2_channel_process_startup(c->handle, "exec", 4, command.p,
			(unsigned)command.n)) == LIBSSH2_ERROR_EAGAIN) {
		if (link_wait(c->session, deadline, err) != 0)
			return -1;
	}
	return r == 0 ? 0 : session_error(c->session, "start the command", err);
}

/* Commands read nothing. An end that cannot be told is met when the connection is used next. */
static int channel_end_input(struct ssh_channel *c, int64_t deadline, struct error *err)
{
	while (libssh2_channel_send_eof(c->handle) == LIBSSH2_ERROR_EAGAIN) {
		if (link_wait(c->session, deadline, err) != 0)
			return -1;
	}
	return 0;
}

struct reading {
	struct ssh_channel *channel;
	const struct comm_output *out;
	char bytes[READ_BYTES];
	bool any; /* of this round */
};

/* Everything that has come on one stream; false on an error of the connection. */
static bool read_stream(struct reading *r, int stream)
{
	ssize_t n;
	while ((n = libssh2_channel_read_ex(
			r->channel->handle, stream, r->bytes, sizeof(r->bytes))) > 0) {
		r->any = true;
		if (r->out && r->out->write)
			r->out->write(r->out->ctx, stream == 0 ? 1 : 2,
				(struct str){r->bytes, (size_t)n});
	}
	return n == 0 || n == LIBSSH2_ERROR_EAGAIN;
}

/* Until the other side has closed the channel: 0, or 1 when the connection went away before. */
static int read_all(struct reading *r, int64_t deadline, int64_t idle, struct error *err)
{
	struct ssh_session *session = r->channel->session;
	const struct clock *clock = session->around->clock;
	int64_t last = clock_steady(clock);
	for (;;) {
		r->any = false;
		if (!read_stream(r, 0) || !read_stream(r, SSH_EXTENDED_DATA_STDERR))
			return 1;
		if (libssh2_channel_eof(r->channel->handle) == 1)
			return 0;
		if (r->any) {
			last = clock_steady(clock);
			continue;
		}
		int64_t wake = idle > 0 && (deadline == 0 || last + idle < deadline) ? last + idle
										     : deadline;
		if (link_wait(session, wake, err) != 0)
			return -1;
	}
}

/* The status comes after the end of the output, and before the channel is closed. */
static int wait_closed(struct ssh_channel *c, int64_t deadline, struct error *err)
{
	int r;
	while ((r = libssh2_channel_wait_closed(c->handle)) == LIBSSH2_ERROR_EAGAIN) {
		if (link_wait(c->session, deadline, err) != 0)
			return -1;
	}
	return r == 0 ? 0 : 1;
}

static const struct {
	const char *name;
	int number;
} signals[] = {
	{"HUP", 1},
	{"INT", 2},
	{"QUIT", 3},
	{"ILL", 4},
	{"ABRT", 6},
	{"FPE", 8},
	{"KILL", 9},
	{"USR1", 10},
	{"SEGV", 11},
	{"USR2", 12},
	{"PIPE", 13},
	{"ALRM", 14},
	{"TERM", 15},
};

static int exit_code(struct ssh_channel *c)
{
	char *name = NULL;
	size_t n = 0;
	int code = libssh2_channel_get_exit_status(c->handle);
	if (libssh2_channel_get_exit_signal(c->handle, &name, &n, NULL, NULL, NULL, NULL) != 0 ||
		!name)
		return code;
	code = 128;
	for (size_t i = 0; i < countof(signals); i++) {
		if (str_is((struct str){name, n}, signals[i].name))
			code = 128 + signals[i].number;
	}
	libssh2_free(c->session->handle, name);
	return code;
}

static int channel_run(struct ssh_channel *c, const struct comm_output *out, int64_t deadline,
	int64_t idle, struct comm_result *result, struct error *err)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	if (!reading)
		error_out_of_memory();
	reading->channel = c;
	reading->out = out;
	int r = channel_end_input(c, deadline, err);
	if (r == 0)
		r = read_all(reading, deadline, idle, err);
	if (r == 0)
		r = wait_closed(c, deadline, err);
	free(reading);
	if (r < 0)
		return -1;
	*result = (struct comm_result){
		.exit_code = r == 0 ? exit_code(c) : -1, .disconnected = r == 1};
	return 0;
}

/* A command is sent once: whether one that met a lost connection has run nobody knows. */
int ssh_exec(struct ssh *s, struct str command, const struct comm_output *out, int64_t deadline,
	struct comm_result *result, struct error *err)
{
	const struct ssh_settings *settings = ssh_settings_of(s);
	struct ssh_session *session;
	struct ssh_channel channel = {0};
	if (ssh_ready(s, &session, err) != 0)
		return -1;
	channel.session = session;
	int r = channel_open(&channel, deadline, err);
	if (r != 0 && session->lost) {
		/* It was gone before anything was asked of it. */
		ssh_drop(s);
		error_clear(err);
		if (ssh_ready(s, &session, err) != 0)
			return -1;
		channel.session = session;
		r = channel_open(&channel, deadline, err);
	}
	if (r == 0 && settings->pty)
		r = channel_pty(&channel, deadline, err);
	if (r == 0)
		r = channel_start(&channel, command, deadline, err);
	if (r == 0)
		r = channel_run(&channel, out, deadline, settings->idle, result, err);
	bool gone = session->lost || (r == 0 && result->disconnected) || r != 0;
	ssh_channel_clear(&channel);
	if (gone)
		ssh_drop(s);
	return r;
}
