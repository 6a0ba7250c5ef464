#include "base/encode.h"

void hex_encode(char *out, const void *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *b = bytes;
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[b[i] >> 4];
		out[2 * i + 1] = digits[b[i] & 15];
	}
	out[2 * n] = '\0';
}

static int hex_value(char c, bool any_case)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (any_case && c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int hex_decode(void *out, size_t n, struct str hex, bool any_case)
{
	if (hex.n != 2 * n)
		return -1;
	for (size_t i = 0; i < hex.n; i++) {
		if (hex_value(hex.p[i], any_case) < 0)
			return -1;
	}
	uint8_t *b = out;
	for (size_t i = 0; i < n; i++) {
		int high = hex_value(hex.p[2 * i], any_case);
		int low = hex_value(hex.p[2 * i + 1], any_case);
		b[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
	}
	return 0;
}

bool hex_is_lower(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (hex_value(s.p[i], false) < 0)
			return false;
	}
	return true;
}

struct str base64_encode(struct arena *a, struct str bytes)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = (bytes.n + 2) / 3 * 4;
	char *out = arena_alloc(a, n + 1);
	const uint8_t *b = (const uint8_t *)bytes.p;
	size_t at = 0;
	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t left = bytes.n - i;
		uint32_t v = (uint32_t)b[i] << 16;
		v |= left > 1 ? (uint32_t)b[i + 1] << 8 : 0;
		v |= left > 2 ? b[i + 2] : 0;
		out[at++] = alphabet[v >> 18];
		out[at++] = alphabet[v >> 12 & 63];
		out[at++] = left > 1 ? alphabet[v >> 6 & 63] : '=';
		out[at++] = left > 2 ? alphabet[v & 63] : '=';
	}
	return (struct str){out, n};
}

/* One digit's value; the alphabets must not be mixed, so what was seen is kept. */
static int base64_value(char c, bool *standard, bool *url)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '/') {
		*standard = true;
		return c == '+' ? 62 : 63;
	}
	if (c == '-' || c == '_') {
		*url = true;
		return c == '-' ? 62 : 63;
	}
	return -1;
}

bool base64_decode(struct arena *a, struct str text, struct str *out)
{
	if (text.n % 4 != 0)
		return false;
	size_t padding = 0;
	while (padding < 2 && padding < text.n && text.p[text.n - 1 - padding] == '=')
		padding++;
	size_t digits = text.n - padding;
	uint8_t *bytes = arena_alloc(a, text.n / 4 * 3 + 1);
	size_t n = 0;
	uint32_t bits = 0;
	unsigned have = 0;
	bool standard = false;
	bool url = false;
	for (size_t i = 0; i < digits; i++) {
		int v = base64_value(text.p[i], &standard, &url);
		if (v < 0)
			return false;
		bits = (bits << 6 | (uint32_t)v) & 0xffffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			bytes[n++] = (uint8_t)(bits >> have);
		}
	}
	bool leftover = (bits & ((1u << have) - 1)) != 0;
	if ((standard && url) || leftover)
		return false;
	*out = (struct str){(const char *)bytes, n};
	return true;
}
