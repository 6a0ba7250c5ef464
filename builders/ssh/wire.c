#include "builders/ssh/wire.h"

bool wire_u32(struct str *rest, uint32_t *out)
{
	if (rest->n < 4)
		return false;
	const unsigned char *p = (const unsigned char *)rest->p;
	*out = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	*rest = str_from_index(*rest, 4);
	return true;
}

bool wire_string(struct str *rest, struct str *out)
{
	struct str after = *rest;
	uint32_t n;
	if (!wire_u32(&after, &n) || n > after.n)
		return false;
	*out = str_sub(after, 0, n);
	*rest = str_from_index(after, n);
	return true;
}

void wire_add_u32(struct buf *out, uint32_t value)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_add_byte(out, (char)(value >> shift & 0xff));
}

void wire_add_string(struct buf *out, struct str bytes)
{
	wire_add_u32(out, (uint32_t)bytes.n);
	buf_add(out, bytes);
}

void wire_add_mpint(struct buf *out, struct str magnitude)
{
	while (magnitude.n > 0 && magnitude.p[0] == 0)
		magnitude = str_from_index(magnitude, 1);
	bool sign = magnitude.n > 0 && (magnitude.p[0] & 0x80);
	wire_add_u32(out, (uint32_t)magnitude.n + sign);
	if (sign)
		buf_add_byte(out, 0);
	buf_add(out, magnitude);
}
