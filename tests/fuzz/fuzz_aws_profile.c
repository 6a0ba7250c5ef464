/* Files of AWS' command line. */
#include "builders/aws/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena) a = {0};
	struct error err = {0};
	struct aws_settings s = {0};
	if (aws_settings_parse(&s, &a, (struct str){(const char *)data, size}, &err) == 0)
		(void)aws_setting_find(&s, STR("default"), "region");
	return 0;
}
