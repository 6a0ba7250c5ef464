#include "builders/rootfs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/encode.h"
#include "base/file.h"
#include "builders/tool.h"

#define RAW_SLACK (UINT64_C(64) << 20)
#define RAW_ALIGN (UINT64_C(4) << 20)
#define INODES_MAX 20000000

/* Of ext4's superblock: https://docs.kernel.org/filesystems/ext4/super.html */
#define SUPERBLOCK_OFFSET 1024
#define ROOT_INODE 2
#define FIRST_INODE 11

/* An id that depends on the content of the image alone: version 8 of RFC 9562. */
static void uuid_of(char out[37], const struct digest *d, const char *use)
{
	scoped(buf) text = {0};
	buf_add_cstr(&text, use);
	buf_add(&text, (struct str){(const char *)d->bytes, sizeof(d->bytes)});
	struct digest mixed = digest_bytes(buf_str(&text));
	mixed.bytes[6] = (uint8_t)((mixed.bytes[6] & 0x0f) | 0x80);
	mixed.bytes[8] = (uint8_t)((mixed.bytes[8] & 0x3f) | 0x80);
	char hex[33];
	hex_encode(hex, mixed.bytes, 16);
	snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

/* The tree as a tar in the work directory: its digest and size decide id and size of the disk. */
static int measure(struct machine *m, struct digest *sha256, uint64_t *size, struct error *err)
{
	scoped(arena) a = {0};
	struct str path = arena_printf(&a, "%s/tree.tar", m->dir.p);
	autoclose int fd = open(path.p, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_sys(err, "%s", path.p);
	unlink(path.p);
	return rootfs_write_tree(m, false, fd, sha256, size, err);
}

static int run_mke2fs(
	struct machine *m, const char *path, const struct digest *content, struct error *err)
{
	scoped(arena) a = {0};
	char id[37], seed[37];
	uuid_of(id, content, "id");
	uuid_of(seed, content, "hash seed");
	struct str options = arena_printf(&a, "hash_seed=%s,root_owner=0:0,nodiscard", seed);
	const char *argv[] = {"mke2fs", "-q", "-F", "-t", "ext4", "-U", id, "-E", options.p, "-m",
		"1", "-d", ".", path, NULL};
	const char *envp[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		"LC_ALL=C.UTF-8",
		"MKE2FS_SYNC=0",
		arena_printf(&a, "E2FSPROGS_FAKE_TIME=%" PRId64, m->options->epoch).p,
		arena_printf(&a, "SOURCE_DATE_EPOCH=%" PRId64, m->options->epoch).p,
		NULL,
	};
	autoclose int root = dir_open(AT_FDCWD, m->root.p, err);
	if (root < 0)
		return -1;
	struct tool tool = {argv, envp, root, m->options->cancel_fd, m->options->log};
	return tool_run(&tool, err);
}

/* ---- Time stamps ---------------------------------------------------------------------------- */

/* What is needed of an ext4 file system to find an inode. */
struct inode_tables {
	int disk;
	uint32_t inodes;
	uint32_t unused;
	uint32_t block_size;
	uint32_t first_block;
	uint32_t per_group;
	uint32_t inode_size;
	uint32_t descriptor_size;
};

/* n: 2 or 4 bytes, little-endian. */
static bool read_number(int disk, uint64_t offset, size_t n, uint32_t *out)
{
	uint8_t bytes[4] = {0};
	if (offset > INT64_MAX || pread(disk, bytes, n, (off_t)offset) != (ssize_t)n)
		return false;
	*out = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
		(uint32_t)bytes[3] << 24;
	return true;
}

static int read_superblock(struct inode_tables *t, int disk, struct error *err)
{
	struct inode_tables made = {.disk = disk};
	uint32_t log_size = 0;
	const struct {
		uint32_t offset;
		size_t n;
		uint32_t *out;
	} fields[] = {
		{0x00, 4, &made.inodes},
		{0x10, 4, &made.unused},
		{0x14, 4, &made.first_block},
		{0x18, 4, &log_size},
		{0x28, 4, &made.per_group},
		{0x58, 2, &made.inode_size},
		{0xfe, 2, &made.descriptor_size},
	};
	bool ok = true;
	for (size_t i = 0; i < countof(fields); i++)
		ok = ok &&
			read_number(disk, SUPERBLOCK_OFFSET + fields[i].offset, fields[i].n,
				fields[i].out);
	ok = ok && made.unused <= made.inodes && made.inodes - made.unused <= INODES_MAX &&
		made.per_group > 0 && made.inode_size >= 128 && log_size <= 6;
	if (!ok)
		return error_set(err, ERROR_SYSTEM, "mke2fs made no ext4 file system");
	made.block_size = UINT32_C(1024) << log_size;
	if (made.descriptor_size < 32)
		made.descriptor_size = 32;
	*t = made;
	return 0;
}

static bool read_mtime(const struct inode_tables *t, uint32_t inode, uint32_t *mtime)
{
	uint32_t group = (inode - 1) / t->per_group, index = (inode - 1) % t->per_group;
	uint64_t descriptor = ((uint64_t)t->first_block + 1) * t->block_size +
		(uint64_t)group * t->descriptor_size;
	uint32_t low = 0, high = 0;
	if (!read_number(t->disk, descriptor + 0x08, 4, &low))
		return false;
	if (t->descriptor_size >= 64 && !read_number(t->disk, descriptor + 0x28, 4, &high))
		return false;
	uint64_t table = ((uint64_t)high << 32 | low) * t->block_size;
	return read_number(t->disk, table + (uint64_t)index * t->inode_size + 0x10, 4, mtime);
}

static void set_field(struct buf *script, uint32_t inode, const char *field, int64_t epoch)
{
	buf_printf(script, "set_inode_field <%u> %s @%" PRId64 "\n", inode, field, epoch);
}

/*
 * mke2fs takes all time stamps from the tree. Access and change times are those of the build;
 * modification times are cut, as in the other formats.
 */
static int write_inode_script(
	const struct inode_tables *t, int64_t epoch, const char *path, struct error *err)
{
	scoped(buf) script = {0};
	buf_init(&script, (size_t)2 << 30);
	for (uint32_t i = ROOT_INODE; i <= t->inodes - t->unused; i++) {
		/* Those between belong to the file system. It gives the others out in order. */
		if (i > ROOT_INODE && i < FIRST_INODE)
			continue;
		uint32_t mtime = 0;
		if (!read_mtime(t, i, &mtime))
			return error_sys(err, "inode %u", i);
		set_field(&script, i, "atime", epoch);
		set_field(&script, i, "ctime", epoch);
		if (mtime > epoch)
			set_field(&script, i, "mtime", epoch);
	}
	if (buf_check(&script, err) != 0)
		return -1;
	return file_replace(AT_FDCWD, path, buf_str(&script), 0600, err);
}

static int set_disk_times(struct machine *m, int disk, const char *path, struct error *err)
{
	struct str script = arena_printf(&m->arena, "%s/inodes", m->dir.p);
	struct inode_tables tables = {0};
	if (read_superblock(&tables, disk, err) != 0 ||
		write_inode_script(&tables, m->options->epoch, script.p, err) != 0)
		return -1;
	const char *argv[] = {"debugfs", "-w", "-f", script.p, path, NULL};
	const char *envp[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		"LC_ALL=C.UTF-8",
		arena_printf(&m->arena, "E2FSPROGS_FAKE_TIME=%" PRId64, m->options->epoch).p,
		NULL,
	};
	struct tool tool = {argv, envp, AT_FDCWD, m->options->cancel_fd, NULL};
	return tool_run(&tool, err);
}

int rootfs_capture_disk(
	struct machine *m, int out, const char *name, struct digest *sha256, struct error *err)
{
	struct digest content;
	uint64_t used = 0;
	if (measure(m, &content, &used, err) != 0)
		return -1;
	uint64_t size = m->settings.disk_bytes;
	if (size == 0)
		size = (used + used / 4 + RAW_SLACK + RAW_ALIGN - 1) / RAW_ALIGN * RAW_ALIGN;
	autoclose int fd = rootfs_open_output(out, name, err);
	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)size) != 0)
		return error_sys(err, "output: %s", name);
	scoped(arena) a = {0};
	struct str path = arena_printf(&a, "/proc/%d/fd/%d", (int)getpid(), fd);
	if (run_mke2fs(m, path.p, &content, err) != 0 || set_disk_times(m, fd, path.p, err) != 0)
		return error_wrap(err, "raw");
	return digest_fd(sha256, NULL, fd, err);
}
