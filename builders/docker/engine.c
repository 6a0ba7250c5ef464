#include "builders/docker/engine.h"

#include <stdio.h>

#include "base/http.h"
#include "base/process.h"

#define API "http://engine/v1.41"
#define ANSWER_MAX ((uint64_t)64 << 20)
#define OUTPUT_MAX UINT64_MAX
#define LINE_MAX_BYTES ((size_t)1 << 20)
#define FRAME_HEAD 8

/* ---- Requests ------------------------------------------------------------------------------- */

struct answer {
	struct buf bytes; /* of the answer, or of the error */
	int status;
	engine_sink_fn *sink; /* NULL: into bytes */
	void *ctx;
	bool good; /* the status line said so */
};

static void answer_clear(struct answer *n)
{
	buf_clear(&n->bytes);
}

static int on_header(void *ctx, struct str line, struct error *err)
{
	struct answer *n = ctx;
	struct str version;
	(void)err;
	if (!str_has_prefix(line, STR("HTTP/")))
		return 0;
	n->good = str_cut(&line, ' ', &version) && line.n > 0 && line.p[0] == '2';
	return 0;
}

static int on_body(void *ctx, struct str bytes, struct error *err)
{
	struct answer *n = ctx;
	if (n->good && n->sink)
		return n->sink(n->ctx, bytes, err);
	buf_add(&n->bytes, bytes);
	return buf_check(&n->bytes, err);
}

/* Of a path without its query, which may hold values that are secret. */
static const char *plain_path(struct arena *a, const char *path)
{
	return arena_printf(a, "%.*s", (int)strcspn(path, "?"), path).p;
}

/* {"message": "..."}, or whatever it is. */
static int refused(const struct answer *n, const char *path, struct error *err)
{
	scoped(arena) a = {0};
	struct json *j = NULL;
	struct error ignored = {0};
	struct str text = str_trim(buf_str(&n->bytes));
	if (json_parse(&j, &a, text, STR("answer"), NULL, &ignored) == 0) {
		struct str message = json_str_or(j, "message", STR(""));
		text = message.n > 0 ? message : text;
	}
	return error_set(err, ERROR_SYSTEM, "container engine: %s: %.*s (status %d)",
		plain_path(&a, path), STR_ARG(text), n->status);
}

static int send_request(struct engine *e, struct http_request *r, struct answer *n,
	const char *path, struct error *err)
{
	scoped(arena) a = {0};
	r->url = arena_printf(&a, API "%s", path).p;
	r->shown = plain_path(&a, path);
	r->unix_socket = e->socket;
	r->plain_http = true;
	r->no_redirects = true;
	r->cancel_fd = e->cancel_fd;
	r->status = &n->status;
	r->body_sink = on_body;
	r->header_sink = on_header;
	r->ctx = n;
	buf_init(&n->bytes, ANSWER_MAX);
	if (http_send(r, err) != 0)
		return error_wrap(err, "container engine at %s", e->socket);
	return 0;
}

int engine_json(struct engine *e, const struct engine_call *call, struct arena *a,
	struct json **answer, struct error *err)
{
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	scoped(answer) n = {0};
	scoped(buf) body = {0};
	if (call->body)
		json_write_canonical(&body, call->body);
	struct http_request r = {
		.method = call->method,
		.headers = headers,
		.body = buf_str(&body),
		.max_bytes = ANSWER_MAX,
		.patient = true,
	};
	if (send_request(e, &r, &n, call->path, err) != 0)
		return -1;
	if (call->missing)
		*call->missing = n.status == 404;
	if (n.status == 404 && call->missing)
		return 0;
	if (n.status >= 300 && n.status != 304)
		return refused(&n, call->path, err);
	if (!answer)
		return 0;
	*answer = NULL;
	struct str text = str_trim(buf_str(&n.bytes));
	if (text.n == 0)
		return 0;
	/* The tree borrows from the text. */
	return json_parse(answer, a, arena_str(a, text), STR("container engine"), NULL, err);
}

int engine_put(struct engine *e, const char *path, struct str tar, struct error *err)
{
	static const char *const headers[] = {"Content-Type: application/x-tar", NULL};
	scoped(answer) n = {0};
	struct http_request r = {
		.method = "PUT",
		.headers = headers,
		.body = tar,
		.max_bytes = ANSWER_MAX,
		.patient = true,
	};
	if (send_request(e, &r, &n, path, err) != 0)
		return -1;
	return n.status < 300 ? 0 : refused(&n, path, err);
}

int engine_get(struct engine *e, const char *path, uint64_t limit, engine_sink_fn *sink, void *ctx,
	struct error *err)
{
	scoped(answer) n = {.sink = sink, .ctx = ctx};
	struct http_request r = {.max_bytes = limit, .patient = true};
	if (send_request(e, &r, &n, path, err) != 0)
		return -1;
	return n.status < 300 ? 0 : refused(&n, path, err);
}

/* ---- Progress ------------------------------------------------------------------------------- */

struct progress {
	const struct log *log;
	struct buf line;
	struct error failed; /* what the engine said went wrong */
};

static void progress_clear(struct progress *p)
{
	buf_clear(&p->line);
}

static void show_line(struct progress *p)
{
	scoped(arena) a = {0};
	struct json *j = NULL;
	struct error ignored = {0};
	if (json_parse(&j, &a, str_trim(buf_str(&p->line)), STR("progress"), NULL, &ignored) != 0)
		return;
	struct str wrong = json_str_or(j, "error", STR(""));
	struct str status = json_str_or(j, "status", STR(""));
	if (wrong.n > 0)
		error_set(&p->failed, ERROR_SYSTEM, "container engine: %.*s", STR_ARG(wrong));
	/* A layer's bytes come by in hundreds of lines. */
	else if (status.n > 0 && !json_find(j, "progressDetail"))
		log_text(p->log, LOG_INFO, status);
}

static int on_progress(void *ctx, struct str bytes, struct error *err)
{
	struct progress *p = ctx;
	for (size_t i = 0; i < bytes.n; i++) {
		if (bytes.p[i] != '\n') {
			buf_add_byte(&p->line, bytes.p[i]);
			continue;
		}
		show_line(p);
		buf_reset(&p->line);
	}
	return buf_check(&p->line, err);
}

int engine_progress(struct engine *e, const char *path, const struct log *log, struct error *err)
{
	scoped(progress) p = {.log = log};
	scoped(answer) n = {.sink = on_progress, .ctx = &p};
	struct http_request r = {.method = "POST", .max_bytes = ANSWER_MAX, .patient = true};
	buf_init(&p.line, LINE_MAX_BYTES);
	if (send_request(e, &r, &n, path, err) != 0)
		return -1;
	show_line(&p);
	if (n.status >= 300)
		return refused(&n, path, err);
	if (p.failed.code == ERROR_NONE)
		return 0;
	*err = p.failed;
	return -1;
}

/* ---- Commands ------------------------------------------------------------------------------- */

/* Both streams come in frames: the stream's number, three bytes of zero, the length, the bytes. */
struct frames {
	const struct comm_output *out;
	bool raw; /* with a terminal there are none */
	unsigned char head[FRAME_HEAD];
	size_t head_n;
	uint32_t left;
};

static void take_head(struct frames *f, char byte)
{
	f->head[f->head_n++] = (unsigned char)byte;
	if (f->head_n < FRAME_HEAD)
		return;
	f->left = (uint32_t)f->head[4] << 24 | (uint32_t)f->head[5] << 16 |
		(uint32_t)f->head[6] << 8 | f->head[7];
	if (f->left == 0)
		f->head_n = 0;
}

static int on_output(void *ctx, struct str bytes, struct error *err)
{
	struct frames *f = ctx;
	(void)err;
	if (f->raw) {
		f->out->write(f->out->ctx, 1, bytes);
		return 0;
	}
	while (bytes.n > 0) {
		if (f->left == 0) {
			take_head(f, bytes.p[0]);
			bytes = str_from_index(bytes, 1);
			continue;
		}
		struct str part = str_sub(bytes, 0, f->left);
		f->out->write(f->out->ctx, f->head[0] == 2 ? 2 : 1, part);
		f->left -= (uint32_t)part.n;
		f->head_n = f->left == 0 ? 0 : f->head_n;
		bytes = str_from_index(bytes, part.n);
	}
	return 0;
}

static int exec_create(struct engine *e, const struct engine_exec *x, struct arena *a,
	struct str *id, struct error *err)
{
	struct json *body = json_object(a), *argv = json_array(a), *answer = NULL;
	json_set(a, body, "AttachStdout", json_bool(a, true));
	json_set(a, body, "AttachStderr", json_bool(a, true));
	json_set(a, body, "Tty", json_bool(a, x->tty));
	for (size_t i = 0; x->argv[i]; i++)
		json_append(a, argv, json_bytes(a, str_from(x->argv[i])));
	json_set(a, body, "Cmd", argv);
	if (x->user)
		json_set(a, body, "User", json_cstr(a, x->user));
	struct engine_call call = {
		.method = "POST",
		.path = arena_printf(a, "/containers/%s/exec", x->container).p,
		.body = body,
	};
	if (engine_json(e, &call, a, &answer, err) != 0)
		return -1;
	return answer ? json_get_str(answer, "Id", id, "container engine", err)
		      : error_set(err, ERROR_SYSTEM, "container engine: no id of an exec");
}

static void write_nothing(void *ctx, int stream, struct str bytes)
{
	(void)ctx;
	(void)stream;
	(void)bytes;
}

static int exec_start(struct engine *e, const struct engine_exec *x, struct str id,
	const struct comm_output *out, struct error *err)
{
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	static const struct comm_output nowhere = {.write = write_nothing};
	scoped(arena) a = {0};
	struct frames f = {.out = out && out->write ? out : &nowhere, .raw = x->tty};
	scoped(answer) n = {.sink = on_output, .ctx = &f};
	const char *path = arena_printf(&a, "/exec/%.*s/start", STR_ARG(id)).p;
	struct http_request r = {
		.method = "POST",
		.headers = headers,
		.body = x->tty ? STR("{\"Detach\":false,\"Tty\":true}")
			       : STR("{\"Detach\":false,\"Tty\":false}"),
		.max_bytes = OUTPUT_MAX,
		.patient = true,
		.time_limit = x->time_limit,
	};
	if (send_request(e, &r, &n, path, err) != 0)
		return -1;
	return n.status < 300 ? 0 : refused(&n, path, err);
}

int engine_exec(struct engine *e, const struct engine_exec *x, const struct comm_output *out,
	int *exit_code, struct error *err)
{
	scoped(arena) a = {0};
	struct str id = {0};
	struct json *answer = NULL;
	int64_t code = -1;
	if (exec_create(e, x, &a, &id, err) != 0 || exec_start(e, x, id, out, err) != 0)
		return -1;
	struct engine_call call = {
		.method = "GET", .path = arena_printf(&a, "/exec/%.*s/json", STR_ARG(id)).p};
	if (engine_json(e, &call, &a, &answer, err) != 0)
		return -1;
	struct error none = {0};
	if (!answer || json_get_i64(answer, "ExitCode", &code, "exec", &none) != 0)
		code = -1;
	*exit_code = (int)code;
	return 0;
}

/* ---- Finding one ---------------------------------------------------------------------------- */

struct str engine_escape(struct str text, struct arena *a)
{
	scoped(buf) out = {0};
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
		if (plain)
			buf_add_byte(&out, c);
		else
			buf_printf(&out, "%%%02X", (unsigned char)c);
	}
	return arena_str(a, out.n > 0 ? buf_str(&out) : STR(""));
}

int engine_at(struct engine *e, const char *path, struct error *err)
{
	*e = (struct engine){.cancel_fd = -1};
	if (strlen(path) >= sizeof(e->socket))
		return error_set(
			err, ERROR_INPUT, "container engine: %s: too long for a socket", path);
	memcpy(e->socket, path, strlen(path));
	return 0;
}

static int greet(struct engine *e, struct error *err)
{
	scoped(arena) a = {0};
	struct json *answer = NULL;
	struct engine_call call = {.method = "GET", .path = "/version"};
	if (engine_json(e, &call, &a, &answer, err) != 0)
		return -1;
	const struct json *components = answer ? json_find(answer, "Components") : NULL;
	struct str name = STR("Docker Engine");
	if (components && components->type == JSON_ARRAY && components->array.n > 0)
		name = json_str_or(components->array.items[0], "Name", name);
	struct str version = answer ? json_str_or(answer, "Version", STR("?")) : STR("?");
	snprintf(e->name, sizeof(e->name), "%.*s %.*s", STR_ARG(name), STR_ARG(version));
	return 0;
}

static int try_socket(
	struct engine *e, const char *path, int cancel_fd, bool must, struct error *err)
{
	if (engine_at(e, path, err) != 0)
		return -1;
	e->cancel_fd = cancel_fd;
	if (must || access(path, F_OK) == 0)
		return greet(e, err);
	return error_set(err, ERROR_SYSTEM, "%s: no such socket", path);
}

int engine_open(struct engine *e, const char *const *environment, int cancel_fd, struct error *err)
{
	static const char *const usual[] = {"/var/run/docker.sock", "/run/podman/podman.sock"};
	scoped(arena) a = {0};
	const char *host = env_find(environment, "DOCKER_HOST");
	const char *runtime = env_find(environment, "XDG_RUNTIME_DIR");
	if (host && host[0]) {
		if (!str_has_prefix(str_from(host), STR("unix://")))
			return error_set(err, ERROR_USAGE,
				"DOCKER_HOST=%s: only unix:// sockets are used", host);
		return try_socket(e, host + strlen("unix://"), cancel_fd, true, err);
	}
	for (size_t i = 0; i < countof(usual); i++) {
		if (try_socket(e, usual[i], cancel_fd, false, err) == 0)
			return 0;
		error_clear(err);
	}
	if (runtime) {
		const char *path = arena_printf(&a, "%s/podman/podman.sock", runtime).p;
		if (try_socket(e, path, cancel_fd, false, err) == 0)
			return 0;
		error_clear(err);
	}
	return error_set(err, ERROR_SYSTEM,
		"no container engine answers: start Docker, or \"podman system service\", and set "
		"DOCKER_HOST=unix://PATH where its socket is elsewhere");
}
