#include "record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "base/file.h"
#include "record/merkle.h"

#define MANIFEST_FORMAT "sealwright-manifest-v1"
#define LINE_MAX_BYTES ((size_t)16 << 20)
#define LINE_MAX_DEPTH 32

enum manifest_state { MANIFEST_OPEN = 0, MANIFEST_FINISHED, MANIFEST_BROKEN };

struct manifest {
	int fd;
	enum manifest_state state;
	uint64_t bytes;
	struct merkle tree;
	struct hasher hasher;
	/* Used for one line at a time, so that appending does not allocate anew for each. */
	struct buf line;
};

/* Types of the lines between header and footer: docs/manifest.md. */
static const char *const line_types[] = {
	"machine",
	"step",
	"fill",
	"exec",
	"exit",
	"gap",
	"step-end",
	"artifact",
	"post-process",
};

static bool line_type_known(struct str type)
{
	for (size_t i = 0; i < countof(line_types); i++) {
		if (str_is(type, line_types[i]))
			return true;
	}
	return false;
}

/* The members of `event` behind the ones that the manifest writes itself. */
static int line_members(
	struct json *line, struct arena *a, const struct json *event, struct error *err)
{
	if (!event)
		return 0;
	if (event->type != JSON_OBJECT)
		return error_set(err, ERROR_BUG, "manifest: a line must be an object");
	for (size_t i = 0; i < event->object.n; i++) {
		const struct json_member *member = &event->object.items[i];
		if (json_find_str(line, member->key)) {
			return error_set(err, ERROR_BUG,
				"manifest: member \"%.*s\" is written by the manifest itself",
				STR_ARG(member->key));
		}
		json_set_str(a, line, member->key, member->value);
	}
	return 0;
}

static int line_write(struct manifest *m, struct json *line, struct error *err)
{
	buf_reset(&m->line);
	json_write_canonical(&m->line, line);
	struct str text = buf_str(&m->line);
	struct digest leaf = merkle_leaf(text);
	buf_add_byte(&m->line, '\n');
	if (buf_check(&m->line, err) < 0)
		return error_wrap(err, "manifest line %" PRIu64, m->tree.count + 1);
	if (file_write_fd(m->fd, buf_str(&m->line), err) < 0) {
		/* Part of the line may be there: whatever followed would not be readable. */
		m->state = MANIFEST_BROKEN;
		return error_wrap(err, "manifest line %" PRIu64, m->tree.count + 1);
	}
	hasher_add(&m->hasher, buf_str(&m->line));
	m->bytes += m->line.n;
	merkle_add(&m->tree, &leaf);
	return 0;
}

static int line_append(
	struct manifest *m, const char *type, const struct json *event, struct error *err)
{
	if (m->state == MANIFEST_FINISHED)
		return error_set(err, ERROR_BUG, "manifest: %s line behind the footer", type);
	if (m->state == MANIFEST_BROKEN)
		return error_set(err, ERROR_SYSTEM, "manifest: an earlier line was not written");
	scoped(arena) a = {0};
	struct json *line = json_object(&a);
	json_set(&a, line, "seq", json_i64(&a, (int64_t)m->tree.count));
	json_set(&a, line, "type", json_cstr(&a, type));
	if (str_is(str_from(type), "header"))
		json_set(&a, line, "format", json_cstr(&a, MANIFEST_FORMAT));
	if (str_is(str_from(type), "footer"))
		json_set(&a, line, "count", json_i64(&a, (int64_t)m->tree.count + 1));
	if (line_members(line, &a, event, err) < 0)
		return -1;
	return line_write(m, line, err);
}

int manifest_create(struct manifest **out, int dirfd, const char *path, const struct json *header,
	struct error *err)
{
	int fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_sys(err, "%s", path);
	struct manifest *m = calloc(1, sizeof(*m));
	if (!m)
		error_out_of_memory();
	m->fd = fd;
	hasher_init(&m->hasher);
	buf_init(&m->line, LINE_MAX_BYTES + 1);
	if (line_append(m, "header", header, err) < 0) {
		error_wrap(err, "%s", path);
		manifest_free(m);
		unlinkat(dirfd, path, 0);
		return -1;
	}
	*out = m;
	return 0;
}

int manifest_append(
	struct manifest *m, const char *type, const struct json *event, struct error *err)
{
	if (!line_type_known(str_from(type)))
		return error_set(err, ERROR_BUG, "manifest: line type \"%s\" is not known", type);
	return line_append(m, type, event, err);
}

int manifest_finish(struct manifest *m, const struct json *footer, struct manifest_head *head,
	struct error *err)
{
	if (line_append(m, "footer", footer, err) < 0)
		return -1;
	if (fsync(m->fd) < 0) {
		m->state = MANIFEST_BROKEN;
		return error_sys(err, "manifest: fsync");
	}
	m->state = MANIFEST_FINISHED;
	head->count = m->tree.count;
	head->root = merkle_root(&m->tree);
	head->bytes = m->bytes;
	hasher_finish(&m->hasher, &head->sha256);
	return 0;
}

void manifest_free(struct manifest *m)
{
	if (!m)
		return;
	close(m->fd);
	hasher_clear(&m->hasher);
	buf_clear(&m->line);
	free(m);
}

/* ---- Reading -------------------------------------------------------------------------------- */

static int line_error(struct error *err, uint64_t seq, const char *what)
{
	return error_set(err, ERROR_INPUT, "manifest line %" PRIu64 ": %s", seq + 1, what);
}

/* One spelling per line: what is read must be written back byte for byte. */
static int line_parse(struct json **out, struct arena *a, struct str text, uint64_t seq,
	struct buf *scratch, struct error *err)
{
	const struct json_limits limits = {.bytes = LINE_MAX_BYTES, .depth = LINE_MAX_DEPTH};
	struct json *line = NULL;
	if (json_parse(&line, a, text, STR("line"), &limits, err) < 0)
		return error_wrap(err, "manifest line %" PRIu64, seq + 1);
	if (line->type != JSON_OBJECT)
		return line_error(err, seq, "not an object");
	buf_reset(scratch);
	json_write_canonical(scratch, line);
	if (buf_check(scratch, err) < 0)
		return error_wrap(err, "manifest line %" PRIu64, seq + 1);
	if (!str_eq(buf_str(scratch), text))
		return line_error(err, seq, "not in canonical form (RFC 8785)");
	*out = line;
	return 0;
}

static int header_check(const struct json *line, struct error *err)
{
	struct str format;
	if (json_get_str(line, "format", &format, "header", err) < 0)
		return error_wrap(err, "manifest line 1");
	if (!str_is(format, MANIFEST_FORMAT)) {
		return error_set(err, ERROR_INPUT,
			"manifest line 1: format is \"%.*s\", not \"" MANIFEST_FORMAT "\"",
			STR_ARG(format));
	}
	return 0;
}

static int footer_check(const struct json *line, uint64_t seq, struct error *err)
{
	int64_t count = 0;
	if (json_get_i64(line, "count", &count, "footer", err) < 0)
		return error_wrap(err, "manifest line %" PRIu64, seq + 1);
	if (count < 0 || (uint64_t)count != seq + 1)
		return line_error(err, seq, "the footer counts another number of lines");
	return 0;
}

static int line_check(const struct json *line, uint64_t seq, bool last, struct error *err)
{
	int64_t number = 0;
	struct str type;
	if (json_get_i64(line, "seq", &number, "line", err) < 0 ||
		json_get_str(line, "type", &type, "line", err) < 0)
		return error_wrap(err, "manifest line %" PRIu64, seq + 1);
	if (number < 0 || (uint64_t)number != seq) {
		return error_set(err, ERROR_INPUT,
			"manifest line %" PRIu64 ": seq is %" PRId64 ", expected %" PRIu64, seq + 1,
			number, seq);
	}
	bool is_header = str_is(type, "header");
	bool is_footer = str_is(type, "footer");
	if (is_header != (seq == 0))
		return line_error(
			err, seq, is_header ? "a second header" : "the header is missing");
	if (is_footer != last)
		return line_error(
			err, seq, is_footer ? "lines behind the footer" : "the footer is missing");
	if (is_header)
		return header_check(line, err);
	if (is_footer)
		return footer_check(line, seq, err);
	if (!line_type_known(type)) {
		return error_set(err, ERROR_INPUT,
			"manifest line %" PRIu64 ": type \"%.*s\" is not known", seq + 1,
			STR_ARG(type));
	}
	return 0;
}

int manifest_read(struct manifest_lines *out, struct manifest_head *head, struct arena *a,
	struct str bytes, struct error *err)
{
	if (bytes.n == 0)
		return error_set(err, ERROR_INPUT, "manifest: empty");
	struct manifest_lines lines = {0};
	struct merkle tree = {0};
	scoped(buf) scratch = {0};
	buf_init(&scratch, LINE_MAX_BYTES);
	struct str rest = bytes;
	while (rest.n > 0) {
		uint64_t seq = tree.count;
		size_t end = str_find_byte(rest, '\n');
		if (end == STR_NPOS)
			return line_error(err, seq, "does not end with a newline");
		struct str text = str_sub(rest, 0, end);
		rest = str_from_index(rest, end + 1);
		struct json *line = NULL;
		if (line_parse(&line, a, text, seq, &scratch, err) < 0 ||
			line_check(line, seq, rest.n == 0, err) < 0)
			return -1;
		struct digest leaf = merkle_leaf(text);
		merkle_add(&tree, &leaf);
		list_push(a, &lines) = line;
	}
	*out = lines;
	*head = (struct manifest_head){
		.count = tree.count,
		.root = merkle_root(&tree),
		.sha256 = digest_bytes(bytes),
		.bytes = bytes.n,
	};
	return 0;
}
