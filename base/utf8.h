/* UTF-8 (RFC 3629). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/str.h"

/* Length of the valid sequence at the start (1-4) and its code point, or 0. */
size_t utf8_decode(struct str s, uint32_t *code);
/* Bytes written (1-4); 0 for a surrogate or a code beyond U+10FFFF. */
size_t utf8_encode(uint32_t code, char out[4]);
/* Index of the first byte that is not valid UTF-8, or STR_NPOS. */
size_t utf8_find_invalid(struct str s);
static inline bool utf8_is_valid(struct str s)
{
	return utf8_find_invalid(s) == STR_NPOS;
}

/* Code points that make a reader see something else than what stands there. */
bool utf8_is_bidi_control(uint32_t code);
bool utf8_is_invisible(uint32_t code); /* zero-width, soft hyphen, tags, variation selectors */
/* Index of the first bidi control or invisible character, or STR_NPOS. */
size_t utf8_find_deceptive(struct str s);

#endif
