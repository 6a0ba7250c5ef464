#include "fetch/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena) a = {0};
	struct error err = {0};
	struct gitmodules modules = {0};
	if (gitmodules_parse(&modules, &a, (struct str){(const char *)data, size}, &err) < 0)
		return 0;
	for (size_t i = 0; i < modules.n; i++) {
		struct str url = {0};
		struct error why = {0};
		(void)!url_resolve(&a, STR("https://git.example/group/images"),
			modules.items[i].url, &url, &why);
	}
	return 0;
}
