#include "base/utf8.h"

static bool is_tail(char c)
{
	return ((uint8_t)c & 0xc0) == 0x80;
}

/* Table 3-7 of the Unicode Standard: which second bytes keep a sequence well-formed. */
static bool second_is_valid(uint8_t first, uint8_t second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0;
	case 0xed:
		return second <= 0x9f;
	case 0xf0:
		return second >= 0x90;
	case 0xf4:
		return second <= 0x8f;
	default:
		return true;
	}
}

static size_t sequence_length(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

size_t utf8_decode(struct str s, uint32_t *code)
{
	if (s.n == 0)
		return 0;
	uint8_t first = (uint8_t)s.p[0];
	size_t n = sequence_length(first);
	if (n == 0 || n > s.n)
		return 0;
	if (n == 1) {
		*code = first;
		return 1;
	}
	uint32_t value = first & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if (!is_tail(s.p[i]))
			return 0;
		value = value << 6 | ((uint8_t)s.p[i] & 0x3f);
	}
	if (!second_is_valid(first, (uint8_t)s.p[1]))
		return 0;
	*code = value;
	return n;
}

size_t utf8_encode(uint32_t code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code >= 0xd800 && code <= 0xdfff)
		return 0;
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	if (code > 0x10ffff)
		return 0;
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

size_t utf8_find_invalid(struct str s)
{
	size_t i = 0;
	while (i < s.n) {
		if ((uint8_t)s.p[i] < 0x80) {
			i++;
			continue;
		}
		uint32_t code;
		size_t n = utf8_decode(str_from_index(s, i), &code);
		if (n == 0)
			return i;
		i += n;
	}
	return STR_NPOS;
}

bool utf8_is_bidi_control(uint32_t code)
{
	return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
		code == 0x200e || code == 0x200f || code == 0x061c;
}

bool utf8_is_invisible(uint32_t code)
{
	return (code >= 0x200b && code <= 0x200d) || code == 0x2060 || code == 0xfeff ||
		code == 0x00ad || code == 0x115f || code == 0x1160 || code == 0x3164 ||
		(code >= 0xfe00 && code <= 0xfe0f) || (code >= 0xe0000 && code <= 0xe01ef);
}

size_t utf8_find_deceptive(struct str s)
{
	size_t i = 0;
	while (i < s.n) {
		if ((uint8_t)s.p[i] < 0x80) {
			i++;
			continue;
		}
		uint32_t code;
		size_t n = utf8_decode(str_from_index(s, i), &code);
		if (n > 0 && (utf8_is_bidi_control(code) || utf8_is_invisible(code)))
			return i;
		i += n > 0 ? n : 1;
	}
	return STR_NPOS;
}
