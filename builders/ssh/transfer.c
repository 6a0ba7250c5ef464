#include <libssh2_sftp.h>
#include <stdio.h>

#include "builders/ssh/link.h"

#define TRIES 3
#define READ_BYTES 65536

/* ---- scp ------------------------------------------------------------------------------------ */

/* The path is quoted by libssh2. */
static LIBSSH2_CHANNEL *scp_open(
	struct ssh_session *s, const char *path, struct str bytes, uint32_t mode, struct error *err)
{
	LIBSSH2_CHANNEL *channel;
	while (!(channel = libssh2_scp_send64(
			 s->handle, path, (int)(mode & 0777), (int64_t)bytes.n, 0, 0))) {
		if (libssh2_session_last_errno(s->handle) != LIBSSH2_ERROR_EAGAIN) {
			session_error(s, "scp", err);
			return NULL;
		}
		if (link_wait(s, 0, err) != 0)
			return NULL;
	}
	return channel;
}

static int scp_write(
	struct ssh_session *s, LIBSSH2_CHANNEL *channel, struct str bytes, struct error *err)
{
	while (bytes.n > 0) {
		ssize_t n = libssh2_channel_write(channel, bytes.p, bytes.n);
		if (n == LIBSSH2_ERROR_EAGAIN) {
			if (link_wait(s, 0, err) != 0)
				return -1;
			continue;
		}
		if (n < 0)
			return session_error(s, "scp", err);
		bytes = str_from_index(bytes, (size_t)n);
	}
	return 0;
}

/* The last word of scp: a byte of zero, or of one or two and a message. */
static int scp_answer(struct ssh_session *s, LIBSSH2_CHANNEL *channel, struct error *err)
{
	char text[512] = "";
	ssize_t n;
	while ((n = libssh2_channel_read(channel, text, sizeof(text) - 1)) ==
		LIBSSH2_ERROR_EAGAIN) {
		if (link_wait(s, 0, err) != 0)
			return -1;
	}
	if (n < 0)
		return session_error(s, "scp", err);
	if (n > 0 && text[0] == 0)
		return 0;
	struct str message =
		n > 1 ? str_trim((struct str){text + 1, (size_t)n - 1}) : STR("no answer");
	return error_set(err, ERROR_SYSTEM, "scp: %.*s", STR_ARG(message));
}

static int scp_close(struct ssh_session *s, LIBSSH2_CHANNEL *channel, struct error *err)
{
	int r;
	while ((r = libssh2_channel_send_eof(channel)) == LIBSSH2_ERROR_EAGAIN ||
		(r == 0 && (r = libssh2_channel_wait_eof(channel)) == LIBSSH2_ERROR_EAGAIN) ||
		(r == 0 && (r = libssh2_channel_wait_closed(channel)) == LIBSSH2_ERROR_EAGAIN)) {
		if (link_wait(s, 0, err) != 0)
			return -1;
	}
	if (r != 0)
		return session_error(s, "scp", err);
	int status = libssh2_channel_get_exit_status(channel);
	return status == 0 ? 0 : error_set(err, ERROR_SYSTEM, "scp: exit status %d", status);
}

static int scp_upload(
	struct ssh_session *s, const char *path, struct str bytes, uint32_t mode, struct error *err)
{
	LIBSSH2_CHANNEL *channel = scp_open(s, path, bytes, mode, err);
	if (!channel)
		return -1;
	/* The end of a file is a byte of zero too. */
	int r = scp_write(s, channel, bytes, err);
	if (r == 0)
		r = scp_write(s, channel, (struct str){"", 1}, err);
	if (r == 0)
		r = scp_answer(s, channel, err);
	if (r == 0)
		r = scp_close(s, channel, err);
	libssh2_channel_free(channel);
	return r;
}

static int read_channel(struct ssh_session *s, LIBSSH2_CHANNEL *channel, uint64_t left,
	struct buf *out, struct error *err)
{
	while (left > 0) {
		size_t want = left < READ_BYTES ? (size_t)left : READ_BYTES;
		char *p = buf_reserve(out, want);
		if (!p)
			return buf_check(out, err);
		ssize_t n = libssh2_channel_read(channel, p, want);
		if (n == LIBSSH2_ERROR_EAGAIN) {
			if (link_wait(s, 0, err) != 0)
				return -1;
			continue;
		}
		if (n <= 0)
			return n < 0 ? session_error(s, "scp", err)
				     : error_set(err, ERROR_SYSTEM, "scp: the file ended early");
		out->n += (size_t)n;
		left -= (uint64_t)n;
	}
	return 0;
}

static int scp_download(struct ssh_session *s, const char *path, struct buf *out, struct error *err)
{
	libssh2_struct_stat st = {0};
	LIBSSH2_CHANNEL *channel;
	while (!(channel = libssh2_scp_recv2(s->handle, path, &st))) {
		if (libssh2_session_last_errno(s->handle) != LIBSSH2_ERROR_EAGAIN)
			return session_error(s, "scp", err);
		if (link_wait(s, 0, err) != 0)
			return -1;
	}
	int r = st.st_size < 0 || (uint64_t)st.st_size > out->max
		? error_set(err, ERROR_INPUT, "scp: the file has %lld bytes, too many",
			  (long long)st.st_size)
		: read_channel(s, channel, (uint64_t)st.st_size, out, err);
	libssh2_channel_free(channel);
	return r;
}

/* ---- SFTP ----------------------------------------------------------------------------------- */

struct ssh_sftp {
	struct ssh_session *session;
	LIBSSH2_SFTP *sftp;
	LIBSSH2_SFTP_HANDLE *file;
};

/* Handles are closed as far as the connection still goes. */
static void ssh_sftp_clear(struct ssh_sftp *f)
{
	struct error ignored = {0};
	if (f->file) {
		while (!f->session->lost && libssh2_sftp_close(f->file) == LIBSSH2_ERROR_EAGAIN &&
			link_wait(f->session, 0, &ignored) == 0)
			;
	}
	if (f->sftp) {
		while (!f->session->lost &&
			libssh2_sftp_shutdown(f->sftp) == LIBSSH2_ERROR_EAGAIN &&
			link_wait(f->session, 0, &ignored) == 0)
			;
	}
	*f = (struct ssh_sftp){0};
}

static int sftp_error(struct ssh_sftp *f, const char *path, struct error *err)
{
	static const char *const texts[] = {
		[LIBSSH2_FX_NO_SUCH_FILE] = "no such file or directory",
		[LIBSSH2_FX_PERMISSION_DENIED] = "permission denied",
		[LIBSSH2_FX_FAILURE] = "the server could not do it",
	};
	int code = libssh2_session_last_errno(f->session->handle);
	if (code != LIBSSH2_ERROR_SFTP_PROTOCOL)
		return session_error(f->session, "sftp", err);
	unsigned long status = libssh2_sftp_last_error(f->sftp);
	const char *text = status < countof(texts) ? texts[status] : NULL;
	return text ? error_set(err, ERROR_SYSTEM, "sftp: %s: %s", path, text)
		    : error_set(err, ERROR_SYSTEM, "sftp: %s: status %lu", path, status);
}

static int sftp_open(
	struct ssh_sftp *f, const char *path, unsigned long flags, uint32_t mode, struct error *err)
{
	LIBSSH2_SESSION *handle = f->session->handle;
	while (!(f->sftp = libssh2_sftp_init(handle))) {
		if (libssh2_session_last_errno(handle) != LIBSSH2_ERROR_EAGAIN)
			return session_error(f->session, "sftp", err);
		if (link_wait(f->session, 0, err) != 0)
			return -1;
	}
	while (!(f->file = libssh2_sftp_open_ex(f->sftp, path, (unsigned)strlen(path), flags,
			 (long)(mode & 07777), LIBSSH2_SFTP_OPENFILE))) {
		if (libssh2_session_last_errno(handle) != LIBSSH2_ERROR_EAGAIN)
			return sftp_error(f, path, err);
		if (link_wait(f->session, 0, err) != 0)
			return -1;
	}
	return 0;
}

/* The mode of an open is cut by the server's umask. */
static int sftp_set_mode(struct ssh_sftp *f, const char *path, uint32_t mode, struct error *err)
{
	LIBSSH2_SFTP_ATTRIBUTES attributes = {
		.flags = LIBSSH2_SFTP_ATTR_PERMISSIONS, .permissions = mode & 07777};
	int r;
	while ((r = libssh2_sftp_fstat_ex(f->file, &attributes, 1)) == LIBSSH2_ERROR_EAGAIN) {
		if (link_wait(f->session, 0, err) != 0)
			return -1;
	}
	return r == 0 ? 0 : sftp_error(f, path, err);
}

static int sftp_finish(struct ssh_sftp *f, const char *path, struct error *err)
{
	int r;
	while ((r = libssh2_sftp_close(f->file)) == LIBSSH2_ERROR_EAGAIN) {
		if (link_wait(f->session, 0, err) != 0)
			return -1;
	}
	f->file = NULL;
	return r == 0 ? 0 : sftp_error(f, path, err);
}

static int sftp_write(struct ssh_sftp *f, const char *path, struct str bytes, struct error *err)
{
	while (bytes.n > 0) {
		ssize_t n = libssh2_sftp_write(f->file, bytes.p, bytes.n);
		if (n == LIBSSH2_ERROR_EAGAIN) {
			if (link_wait(f->session, 0, err) != 0)
				return -1;
			continue;
		}
		if (n < 0)
			return sftp_error(f, path, err);
		bytes = str_from_index(bytes, (size_t)n);
	}
	return 0;
}

static int sftp_upload(
	struct ssh_session *s, const char *path, struct str bytes, uint32_t mode, struct error *err)
{
	scoped(ssh_sftp) f = {.session = s};
	unsigned long flags = LIBSSH2_FXF_WRITE | LIBSSH2_FXF_CREAT | LIBSSH2_FXF_TRUNC;
	if (sftp_open(&f, path, flags, mode, err) != 0 || sftp_write(&f, path, bytes, err) != 0 ||
		sftp_set_mode(&f, path, mode, err) != 0)
		return -1;
	return sftp_finish(&f, path, err);
}

static int sftp_download(
	struct ssh_session *s, const char *path, struct buf *out, struct error *err)
{
	scoped(ssh_sftp) f = {.session = s};
	if (sftp_open(&f, path, LIBSSH2_FXF_READ, 0, err) != 0)
		return -1;
	for (;;) {
		char *p = buf_reserve(out, READ_BYTES);
		if (!p)
			return buf_check(out, err);
		ssize_t n = libssh2_sftp_read(f.file, p, READ_BYTES);
		if (n == 0)
			return sftp_finish(&f, path, err);
		if (n > 0)
			out->n += (size_t)n;
		else if (n != LIBSSH2_ERROR_EAGAIN)
			return sftp_error(&f, path, err);
		else if (link_wait(s, 0, err) != 0)
			return -1;
	}
}

/* ---- Either --------------------------------------------------------------------------------- */

/* Files are the same however often they are sent: a connection that was lost is made again. */
static bool try_again(
	struct ssh *s, const struct ssh_session *session, int tried, struct error *err)
{
	bool lost = session->lost;
	if (lost)
		ssh_drop(s);
	if (!lost || tried >= TRIES)
		return false;
	error_clear(err);
	return true;
}

int ssh_upload(struct ssh *s, const char *path, struct str bytes, uint32_t mode, struct error *err)
{
	bool sftp = ssh_settings_of(s)->sftp;
	for (int tried = 1;; tried++) {
		struct ssh_session *session;
		if (ssh_ready(s, &session, err) != 0)
			return -1;
		int r = sftp ? sftp_upload(session, path, bytes, mode, err)
			     : scp_upload(session, path, bytes, mode, err);
		if (r == 0)
			return 0;
		if (!try_again(s, session, tried, err))
			return error_wrap(err, "upload %s", path);
	}
}

int ssh_download(struct ssh *s, const char *path, struct buf *out, struct error *err)
{
	bool sftp = ssh_settings_of(s)->sftp;
	for (int tried = 1;; tried++) {
		struct ssh_session *session;
		if (ssh_ready(s, &session, err) != 0)
			return -1;
		buf_reset(out);
		int r = sftp ? sftp_download(session, path, out, err)
			     : scp_download(session, path, out, err);
		if (r == 0)
			return 0;
		if (!try_again(s, session, tried, err))
			return error_wrap(err, "download %s", path);
	}
}
