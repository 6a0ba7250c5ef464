/* A base from anybody: whatever it is, nothing is written outside of its directory. */
#include <fcntl.h>
#include <sys/mman.h>

#include "base/file.h"
#include "builders/extract.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void unpack(int root, int tar)
{
	struct error err = {0};
	struct digest digest;
	uint64_t bytes = 0;
	autoclose int plain = memfd_create("plain", MFD_CLOEXEC);
	if (extract_plain(plain, &digest, &bytes, tar, &err) == 0 && lseek(plain, 0, SEEK_SET) == 0)
		(void)!extract_tar(root, plain, false, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = {0};
	scoped(temp_dir) dir = {.fd = -1};
	scoped(arena) a = {0};
	struct str_list names = {0};
	autoclose int tar = memfd_create("tar", MFD_CLOEXEC);
	if (size > 65536 || temp_dir_make(&dir, NULL, &err) != 0)
		return 0;
	if (file_write_fd(tar, (struct str){(const char *)data, size}, &err) != 0 ||
		lseek(tar, 0, SEEK_SET) != 0 || mkdirat(dir.fd, "root", 0700) != 0)
		return 0;
	autoclose int root = dir_open(dir.fd, "root", &err);
	unpack(root, tar);
	if (dir_list(&names, &a, dir.fd, ".", 10, &err) != 0 || names.n != 1)
		abort();
	return 0;
}
