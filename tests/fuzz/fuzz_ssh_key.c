/* A private key of SSH from anybody. */
#include "builders/ssh/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = {0};
	scoped_ptr(ssh_key) key = NULL;
	(void)!ssh_key_parse(&key, (struct str){(const char *)data, size}, &err);
	return 0;
}
