#include "sign/key.h"

/* Order of P-256 (FIPS 186-4, D.1.2.3) and its half, rounded down. */
static const uint8_t order[ECDSA_HALF] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
	0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
static const uint8_t half_order[ECDSA_HALF] = {0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42,
	0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8};
static const uint8_t zero[ECDSA_HALF] = {0};

#define DER_SEQUENCE 0x30
#define DER_INTEGER 0x02

static bool in_range(const uint8_t number[ECDSA_HALF])
{
	return memcmp(number, zero, ECDSA_HALF) != 0 && memcmp(number, order, ECDSA_HALF) < 0;
}

static bool take_byte(struct str *rest, uint8_t *out)
{
	if (rest->n == 0)
		return false;
	*out = (uint8_t)rest->p[0];
	*rest = str_from_index(*rest, 1);
	return true;
}

/* A positive INTEGER of at most 32 bytes in its shortest form. */
static bool take_integer(struct str *rest, uint8_t out[ECDSA_HALF])
{
	uint8_t tag = 0;
	uint8_t length = 0;
	if (!take_byte(rest, &tag) || tag != DER_INTEGER || !take_byte(rest, &length))
		return false;
	if (length == 0 || length > ECDSA_HALF + 1 || length > rest->n)
		return false;
	struct str digits = str_sub(*rest, 0, length);
	*rest = str_from_index(*rest, length);
	if ((uint8_t)digits.p[0] >= 0x80)
		return false;
	if (digits.p[0] == 0) {
		if (digits.n == 1 || (uint8_t)digits.p[1] < 0x80)
			return false;
		digits = str_from_index(digits, 1);
	}
	if (digits.n > ECDSA_HALF)
		return false;
	memset(out, 0, ECDSA_HALF);
	memcpy(out + ECDSA_HALF - digits.n, digits.p, digits.n);
	return true;
}

bool ecdsa_from_der(struct ecdsa_signature *out, struct str der)
{
	struct ecdsa_signature sig = {0};
	uint8_t tag = 0;
	uint8_t length = 0;
	if (der.n > ECDSA_DER_MAX || !take_byte(&der, &tag) || tag != DER_SEQUENCE)
		return false;
	if (!take_byte(&der, &length) || length != der.n)
		return false;
	if (!take_integer(&der, sig.r) || !take_integer(&der, sig.s) || der.n != 0)
		return false;
	if (!in_range(sig.r) || !in_range(sig.s))
		return false;
	*out = sig;
	return true;
}

bool ecdsa_from_raw(struct ecdsa_signature *out, struct str raw)
{
	struct ecdsa_signature sig = {0};
	if (raw.n != sizeof(sig.r) + sizeof(sig.s))
		return false;
	memcpy(sig.r, raw.p, ECDSA_HALF);
	memcpy(sig.s, raw.p + ECDSA_HALF, ECDSA_HALF);
	if (!in_range(sig.r) || !in_range(sig.s))
		return false;
	*out = sig;
	return true;
}

static size_t put_integer(uint8_t *out, const uint8_t number[ECDSA_HALF])
{
	size_t skip = 0;
	while (skip < ECDSA_HALF - 1 && number[skip] == 0)
		skip++;
	size_t sign = number[skip] >= 0x80 ? 1 : 0;
	size_t length = ECDSA_HALF - skip;
	out[0] = DER_INTEGER;
	out[1] = (uint8_t)(length + sign);
	out[2] = 0;
	memcpy(out + 2 + sign, number + skip, length);
	return 2 + sign + length;
}

size_t ecdsa_to_der(uint8_t out[ECDSA_DER_MAX], const struct ecdsa_signature *sig)
{
	size_t n = put_integer(out + 2, sig->r);
	n += put_integer(out + 2 + n, sig->s);
	out[0] = DER_SEQUENCE;
	out[1] = (uint8_t)n;
	return n + 2;
}

bool ecdsa_is_low(const struct ecdsa_signature *sig)
{
	return memcmp(sig->s, half_order, ECDSA_HALF) <= 0;
}

void ecdsa_make_low(struct ecdsa_signature *sig)
{
	if (ecdsa_is_low(sig))
		return;
	unsigned borrow = 0;
	for (size_t i = ECDSA_HALF; i-- > 0;) {
		unsigned take = (unsigned)sig->s[i] + borrow;
		borrow = order[i] < take ? 1 : 0;
		sig->s[i] = (uint8_t)(order[i] + (borrow << 8) - take);
	}
}
