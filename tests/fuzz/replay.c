/* Runs a fuzz target once over each file of the directories that it is given. */
#include "base/file.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_directory(const char *path, size_t *count, struct error *err)
{
	scoped(arena) a = {0};
	struct str_list names = {0};
	autoclose int dir = dir_open(AT_FDCWD, path, err);
	if (dir < 0 || dir_list(&names, &a, dir, ".", 100000, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		scoped(buf) bytes = {0};
		if (file_read(&bytes, dir, names.items[i].p, (size_t)16 << 20, err) < 0)
			return -1;
		(void)LLVMFuzzerTestOneInput((const uint8_t *)bytes.p, bytes.n);
		(*count)++;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct error err = {0};
	size_t count = 0;
	for (int i = 1; i < argc; i++) {
		if (replay_directory(argv[i], &count, &err) < 0) {
			fprintf(stderr, "%s\n", err.text);
			return 1;
		}
	}
	printf("%zu inputs\n", count);
	return count == 0;
}
