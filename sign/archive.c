#include "sign/archive.h"

#include <assert.h>

/* POSIX.1-2008, pax, "ustar Interchange Format". */
#define BLOCK 512
#define SIZE_DIGITS 11
#define CHECKSUM_OFFSET 148
#define CHECKSUM_SIZE 8
#define SIZE_OFFSET 124
#define MAGIC_OFFSET 257

static const char *const names[] = {
	[ARCHIVE_ATTESTATIONS] = "attestations.jsonl",
	[ARCHIVE_MANIFEST] = "manifest.jsonl",
	[ARCHIVE_PLAN] = "plan.json",
	[ARCHIVE_FINDINGS] = "findings.sarif",
	[ARCHIVE_SOURCE] = "source.bundle",
};
static_assert(countof(names) == ARCHIVE_COUNT, "a name for each member");

/* The fields that are the same in every header. */
static const struct {
	size_t offset;
	struct str text;
} fixed_fields[] = {
	{100, STR_INIT("0000644\0")}, /* mode */
	{108, STR_INIT("0000000\0")}, /* uid */
	{116, STR_INIT("0000000\0")}, /* gid */
	{136, STR_INIT("00000000000\0")}, /* mtime */
	{156, STR_INIT("0")}, /* typeflag: a regular file */
	{MAGIC_OFFSET,
		STR_INIT("ustar\0"
			 "00")},
	{329, STR_INIT("0000000\0")}, /* devmajor */
	{337, STR_INIT("0000000\0")}, /* devminor */
};

static const char zeros[2 * BLOCK];

const char *archive_name(enum archive_index index)
{
	return names[index];
}

static void put_octal(char *out, size_t digits, uint64_t value)
{
	for (size_t i = digits; i-- > 0; value >>= 3)
		out[i] = (char)('0' + (value & 7));
}

static void make_header(char out[BLOCK], const char *name, uint64_t size)
{
	memset(out, 0, BLOCK);
	memcpy(out, name, strlen(name));
	for (size_t i = 0; i < countof(fixed_fields); i++)
		memcpy(out + fixed_fields[i].offset, fixed_fields[i].text.p,
			fixed_fields[i].text.n);
	put_octal(out + SIZE_OFFSET, SIZE_DIGITS, size);
	memset(out + CHECKSUM_OFFSET, ' ', CHECKSUM_SIZE);
	unsigned sum = 0;
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)out[i];
	put_octal(out + CHECKSUM_OFFSET, CHECKSUM_SIZE - 2, sum);
	out[CHECKSUM_OFFSET + CHECKSUM_SIZE - 2] = '\0';
}

static size_t padding_of(size_t size)
{
	return (BLOCK - size % BLOCK) % BLOCK;
}

int archive_write(struct buf *out, const struct archive *in, struct error *err)
{
	for (size_t i = 0; i < ARCHIVE_COUNT; i++) {
		struct str member = in->members[i];
		char header[BLOCK];
		if (member.n > EVIDENCE_MAX)
			return error_set(err, ERROR_INPUT, "%s: larger than %zu bytes", names[i],
				EVIDENCE_MAX);
		make_header(header, names[i], member.n);
		buf_add(out, (struct str){header, BLOCK});
		buf_add(out, member);
		buf_add(out, (struct str){zeros, padding_of(member.n)});
	}
	buf_add(out, (struct str){zeros, sizeof(zeros)});
	return buf_check(out, err);
}

bool archive_is_likely(struct str bytes)
{
	struct str magic = str_sub(bytes, MAGIC_OFFSET, 5);
	return bytes.n >= BLOCK &&
		(str_is(magic, "ustar") || str_has_prefix(bytes, str_from(names[0])));
}

static bool take_size(const char *header, uint64_t *size)
{
	*size = 0;
	for (size_t i = 0; i < SIZE_DIGITS; i++) {
		char c = header[SIZE_OFFSET + i];
		if (c < '0' || c > '7')
			return false;
		*size = *size << 3 | (uint64_t)(c - '0');
	}
	return true;
}

static bool is_zero(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != 0)
			return false;
	}
	return true;
}

/* One member off the front of *rest. */
static int take_member(struct str *out, struct str *rest, const char *name, struct error *err)
{
	char expected[BLOCK];
	uint64_t size = 0;
	if (rest->n < BLOCK)
		return error_set(err, ERROR_INPUT, "%s: the archive ends before it", name);
	if (!take_size(rest->p, &size))
		return error_set(err, ERROR_INPUT, "%s: the header holds no size", name);
	make_header(expected, name, size);
	if (memcmp(rest->p, expected, BLOCK) != 0)
		return error_set(
			err, ERROR_INPUT, "%s: the header is not the one that belongs here", name);
	struct str body = str_from_index(*rest, BLOCK);
	if (size > body.n || padding_of((size_t)size) > body.n - size)
		return error_set(err, ERROR_INPUT, "%s: the archive ends inside it", name);
	struct str padding = str_sub(body, (size_t)size, padding_of((size_t)size));
	if (!is_zero(padding))
		return error_set(err, ERROR_INPUT, "%s: the padding is not zero", name);
	*out = str_sub(body, 0, (size_t)size);
	*rest = str_from_index(body, (size_t)size + padding.n);
	return 0;
}

int archive_read(struct archive *out, struct str bytes, struct error *err)
{
	struct archive a = {0};
	if (bytes.n > EVIDENCE_MAX)
		return error_set(err, ERROR_INPUT, "larger than %zu bytes", EVIDENCE_MAX);
	for (size_t i = 0; i < ARCHIVE_COUNT; i++) {
		if (take_member(&a.members[i], &bytes, names[i], err) < 0)
			return -1;
	}
	if (bytes.n != sizeof(zeros) || !is_zero(bytes))
		return error_set(err, ERROR_INPUT,
			"the archive does not end with two blocks of zeros and nothing behind");
	*out = a;
	return 0;
}

int evidence_member(struct str *out, struct str bytes, const char *name, struct error *err)
{
	struct archive a = {0};
	if (archive_read(&a, bytes, err) < 0)
		return error_wrap(err, "evidence");
	for (size_t i = 0; i < ARCHIVE_COUNT; i++) {
		if (strcmp(names[i], name) == 0) {
			*out = a.members[i];
			return 0;
		}
	}
	return error_set(err, ERROR_USAGE, "evidence: no member is called %s", name);
}
