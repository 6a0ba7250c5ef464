#include "builders/tar.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/file.h"

#define BLOCK 512
#define FLUSH_BYTES ((size_t)1 << 20)
#define NAME_MAX_USTAR 100
#define ID_MAX_USTAR 07777777u
#define SIZE_MAX_USTAR 077777777777u
#define XATTR_PREFIX "SCHILY.xattr."

struct ustar_header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char user[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char padding[12];
};
static_assert(sizeof(struct ustar_header) == BLOCK, "a header is one block");

void tar_init(struct tar *t, int fd)
{
	*t = (struct tar){.fd = fd};
	hasher_init(&t->hasher);
	buf_init(&t->pending, 4 * FLUSH_BYTES);
}

void tar_clear(struct tar *t)
{
	hasher_clear(&t->hasher);
	buf_clear(&t->pending);
}

static int flush(struct tar *t, struct error *err)
{
	struct str bytes = buf_str(&t->pending);
	if (bytes.n == 0)
		return 0;
	hasher_add(&t->hasher, bytes);
	t->bytes += bytes.n;
	if (file_write_fd(t->fd, bytes, err) != 0)
		return error_wrap(err, "tar");
	buf_reset(&t->pending);
	return 0;
}

static int put(struct tar *t, struct str bytes, struct error *err)
{
	while (bytes.n > 0) {
		struct str part = str_sub(bytes, 0, FLUSH_BYTES);
		buf_add(&t->pending, part);
		bytes = str_from_index(bytes, part.n);
		if (t->pending.n >= FLUSH_BYTES && flush(t, err) != 0)
			return -1;
	}
	return 0;
}

static int pad(struct tar *t, uint64_t size, struct error *err)
{
	static const char zeros[BLOCK];
	size_t rest = (size_t)(size % BLOCK);
	return rest ? put(t, (struct str){zeros, BLOCK - rest}, err) : 0;
}

/* Octal with leading zeros and a NUL; values that do not fit stand in a pax record as well. */
static void octal(char *field, size_t size, uint64_t value)
{
	uint64_t limit = (UINT64_C(1) << (3 * (size - 1))) - 1;
	if (value > limit)
		value = 0;
	field[size - 1] = '\0';
	for (size_t i = size - 1; i > 0; i--) {
		field[i - 1] = (char)('0' + (value & 7));
		value >>= 3;
	}
}

static void copy_name(char *field, size_t size, struct str name)
{
	struct str cut = str_sub(name, 0, size);
	if (cut.n > 0)
		memcpy(field, cut.p, cut.n);
}

static int put_header(struct tar *t, const struct tar_entry *e, char type, struct error *err)
{
	struct ustar_header h = {.type = type, .magic = "ustar", .version = {'0', '0'}};
	copy_name(h.name, sizeof(h.name), e->path);
	copy_name(h.link, sizeof(h.link), e->link);
	octal(h.mode, sizeof(h.mode), e->mode & 07777);
	octal(h.uid, sizeof(h.uid), e->uid);
	octal(h.gid, sizeof(h.gid), e->gid);
	octal(h.size, sizeof(h.size), e->size);
	octal(h.mtime, sizeof(h.mtime), e->mtime < 0 ? 0 : (uint64_t)e->mtime);
	octal(h.major, sizeof(h.major), e->major);
	octal(h.minor, sizeof(h.minor), e->minor);
	memset(h.checksum, ' ', sizeof(h.checksum));
	unsigned sum = 0;
	const unsigned char *bytes = (const unsigned char *)&h;
	for (size_t i = 0; i < sizeof(h); i++)
		sum += bytes[i];
	octal(h.checksum, 7, sum);
	return put(t, (struct str){(const char *)&h, sizeof(h)}, err);
}

/* "LENGTH key=value\n", where LENGTH counts itself. */
static void pax_record(struct buf *out, struct str key, struct str value)
{
	size_t body = 1 + key.n + 1 + value.n + 1;
	size_t digits = 1;
	for (size_t power = 10; body + digits >= power; power *= 10)
		digits++;
	buf_printf(out, "%zu %.*s=", body + digits, STR_ARG(key));
	buf_add(out, value);
	buf_add_byte(out, '\n');
}

static void pax_number(struct buf *out, struct str key, int64_t value)
{
	char text[32];
	snprintf(text, sizeof(text), "%" PRId64, value);
	pax_record(out, key, str_from(text));
}

static void pax_records(struct buf *out, const struct tar_entry *e, struct str path)
{
	if (path.n > NAME_MAX_USTAR)
		pax_record(out, STR("path"), path);
	if (e->link.n > NAME_MAX_USTAR)
		pax_record(out, STR("linkpath"), e->link);
	if (e->size > SIZE_MAX_USTAR)
		pax_number(out, STR("size"), (int64_t)e->size);
	if (e->uid > ID_MAX_USTAR)
		pax_number(out, STR("uid"), (int64_t)e->uid);
	if (e->gid > ID_MAX_USTAR)
		pax_number(out, STR("gid"), (int64_t)e->gid);
	if (e->mtime < 0 || e->mtime > (int64_t)SIZE_MAX_USTAR)
		pax_number(out, STR("mtime"), e->mtime);
	for (size_t i = 0; i < e->xattr_count; i++) {
		scoped(buf) key = {0};
		buf_add(&key, STR(XATTR_PREFIX));
		buf_add(&key, e->xattrs[i].name);
		pax_record(out, buf_str(&key), e->xattrs[i].value);
	}
}

static int put_pax(struct tar *t, const struct tar_entry *e, struct str path, struct error *err)
{
	scoped(buf) records = {0};
	pax_records(&records, e, path);
	if (buf_check(&records, err) != 0)
		return -1;
	if (records.n == 0)
		return 0;
	struct tar_entry pax = {.path = STR("PaxHeaders"), .mode = 0644, .size = records.n};
	if (put_header(t, &pax, 'x', err) != 0 || put(t, buf_str(&records), err) != 0)
		return -1;
	return pad(t, records.n, err);
}

static int put_fd(struct tar *t, int fd, uint64_t size, struct error *err)
{
	uint64_t left = size;
	while (left > 0) {
		size_t want = left < FLUSH_BYTES ? (size_t)left : FLUSH_BYTES;
		char *p = buf_reserve(&t->pending, want);
		if (!p)
			return buf_check(&t->pending, err);
		ssize_t n = read(fd, p, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "tar: read");
		if (n == 0)
			return error_set(err, ERROR_SYSTEM, "tar: a file became shorter");
		t->pending.n += (size_t)n;
		left -= (uint64_t)n;
		if (t->pending.n >= FLUSH_BYTES && flush(t, err) != 0)
			return -1;
	}
	return 0;
}

int tar_add(struct tar *t, const struct tar_entry *e, struct str content, int content_fd,
	struct error *err)
{
	scoped(buf) path = {0};
	buf_add(&path, e->path);
	if (e->type == TAR_DIR)
		buf_add_byte(&path, '/');
	struct tar_entry entry = *e;
	entry.path = buf_str(&path);
	if (put_pax(t, &entry, entry.path, err) != 0)
		return -1;
	if (put_header(t, &entry, (char)e->type, err) != 0)
		return -1;
	if (e->type != TAR_FILE)
		return 0;
	int r = content_fd >= 0 ? put_fd(t, content_fd, e->size, err) : put(t, content, err);
	return r != 0 ? -1 : pad(t, e->size, err);
}

int tar_finish(struct tar *t, struct digest *sha256, uint64_t *size, struct error *err)
{
	static const char end[2 * BLOCK];
	if (put(t, (struct str){end, sizeof(end)}, err) != 0 || flush(t, err) != 0)
		return -1;
	hasher_finish(&t->hasher, sha256);
	*size = t->bytes;
	return 0;
}
