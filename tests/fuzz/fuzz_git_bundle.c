/* A git bundle out of an evidence file: header, pack, tree. */
#include "fetch/fetch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = {0};
	scoped_ptr(snapshot) s = NULL;
	struct str bytes = {(const char *)data, size};
	(void)!snapshot_from_bundle(&s, bytes, STR("87da497c9454747165e72e28fab88f5cdcfd3d89"),
		STR("redis.json"), &err);
	return 0;
}
