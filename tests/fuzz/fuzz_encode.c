/* Base64 and UTF-8 from anybody: what is read is written as it was. */
#include "base/encode.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_base64(struct str text)
{
	scoped(arena) a = {0};
	struct str bytes = {0};
	struct str again = {0};
	if (!base64_decode(&a, text, &bytes))
		return;
	struct str standard = base64_encode(&a, bytes);
	if (standard.n != text.n || !base64_decode(&a, standard, &again) || !str_eq(again, bytes))
		abort();
}

static void check_utf8(struct str text)
{
	size_t bad = utf8_find_invalid(text);
	size_t i = 0;
	while (i < text.n && i != bad) {
		char bytes[4];
		uint32_t code = 0;
		size_t n = utf8_decode(str_from_index(text, i), &code);
		if (n == 0 || utf8_encode(code, bytes) != n || memcmp(bytes, text.p + i, n) != 0)
			abort();
		i += n;
	}
	(void)utf8_find_deceptive(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	check_base64(text);
	check_utf8(text);
	return 0;
}
