/* Hex and base64 (RFC 4648). */
#ifndef BASE_ENCODE_H
#define BASE_ENCODE_H

#include "base/arena.h"
#include "base/buf.h"

/* Lower case. out takes 2 * n bytes and a NUL. */
void hex_encode(char *out, const void *bytes, size_t n);
/* Exactly n bytes from 2 * n digits of lower (or, with any_case, either) case; else -1. */
MUST_CHECK int hex_decode(void *out, size_t n, struct str hex, bool any_case);
bool hex_is_lower(struct str s);

struct str base64_encode(struct arena *a, struct str bytes);
/*
 * Accepts the standard and the URL-safe alphabet (not mixed), with full padding; refuses anything
 * else, line breaks and non-zero trailing bits included. False leaves out untouched.
 */
MUST_CHECK bool base64_decode(struct arena *a, struct str text, struct str *out);

#endif
