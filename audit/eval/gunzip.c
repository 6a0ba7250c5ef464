/*
 * gzip (RFC 1952) with DEFLATE (RFC 1951), for content that a configuration holds compressed: what
 * cannot be read would be opaque. No checksum is looked at.
 */
#include "audit/eval/guest.h"

#define OUT_MAX ((size_t)4 << 20)
#define BITS_MAX 15
#define LENGTHS_MAX 286
#define DISTANCES_MAX 30

struct bits {
	struct str in;
	size_t at;
	uint32_t hold;
	unsigned n;
	bool over; /* the input was used up */
};

/* Canonical codes: how many have each length, and the symbols in order. */
struct codes {
	uint16_t counts[BITS_MAX + 1];
	uint16_t symbols[LENGTHS_MAX + 2];
};

struct inflation {
	struct bits bits;
	struct buf out;
	struct codes lengths;
	struct codes distances;
};

static uint32_t take(struct bits *b, unsigned n)
{
	while (b->n < n) {
		b->over = b->over || b->at >= b->in.n;
		uint32_t byte = b->over ? 0 : (uint8_t)b->in.p[b->at++];
		b->hold |= byte << b->n;
		b->n += 8;
	}
	uint32_t value = b->hold & ((1u << n) - 1);
	b->hold >>= n;
	b->n -= n;
	return value;
}

/* False when there are more codes of a length than can be. */
static bool make_codes(struct codes *c, const uint8_t *lengths, size_t n)
{
	uint16_t offsets[BITS_MAX + 2] = {0};
	int left = 1;
	memset(c->counts, 0, sizeof(c->counts));
	for (size_t i = 0; i < n; i++)
		c->counts[lengths[i]]++;
	c->counts[0] = 0;
	for (unsigned i = 1; i <= BITS_MAX; i++) {
		left = left * 2 - c->counts[i];
		if (left < 0)
			return false;
		offsets[i + 1] = (uint16_t)(offsets[i] + c->counts[i]);
	}
	for (size_t i = 0; i < n; i++) {
		if (lengths[i] != 0)
			c->symbols[offsets[lengths[i]]++] = (uint16_t)i;
	}
	return true;
}

static int decode(struct bits *b, const struct codes *c)
{
	int code = 0;
	int first = 0;
	int index = 0;
	for (unsigned i = 1; i <= BITS_MAX && !b->over; i++) {
		code |= (int)take(b, 1);
		int n = c->counts[i];
		if (code - n < first)
			return c->symbols[index + (code - first)];
		index += n;
		first = (first + n) * 2;
		code *= 2;
	}
	return -1;
}

static bool stored(struct inflation *z)
{
	struct bits *b = &z->bits;
	b->hold = 0;
	b->n = 0;
	uint32_t n = take(b, 16);
	(void)take(b, 16); /* its complement */
	if (b->over || n > b->in.n - b->at)
		return false;
	buf_add(&z->out, str_sub(b->in, b->at, n));
	b->at += n;
	return !z->out.full;
}

static bool copy(struct inflation *z, size_t length, size_t distance)
{
	if (distance > z->out.n)
		return false;
	for (; length > 0; length--)
		buf_add_byte(&z->out, z->out.p[z->out.n - distance]);
	return !z->out.full;
}

static bool compressed(struct inflation *z)
{
	static const uint16_t bases[] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31,
		35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
	static const uint8_t extra[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3,
		4, 4, 4, 4, 5, 5, 5, 5, 0};
	static const uint16_t far[] = {1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193,
		257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
	static const uint8_t far_extra[] = {0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8,
		8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
	for (;;) {
		int symbol = decode(&z->bits, &z->lengths);
		if (symbol < 0 || symbol > 285 || z->out.full)
			return false;
		if (symbol == 256)
			return true;
		if (symbol < 256) {
			buf_add_byte(&z->out, (char)symbol);
			continue;
		}
		size_t length = bases[symbol - 257] + take(&z->bits, extra[symbol - 257]);
		int where = decode(&z->bits, &z->distances);
		if (where < 0 || where >= DISTANCES_MAX)
			return false;
		size_t distance = far[where] + take(&z->bits, far_extra[where]);
		if (!copy(z, length, distance))
			return false;
	}
}

static bool fixed(struct inflation *z)
{
	uint8_t lengths[LENGTHS_MAX + 2];
	for (size_t i = 0; i < countof(lengths); i++)
		lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	if (!make_codes(&z->lengths, lengths, countof(lengths)))
		return false;
	memset(lengths, 5, DISTANCES_MAX);
	return make_codes(&z->distances, lengths, DISTANCES_MAX) && compressed(z);
}

/* The lengths of the codes are compressed themselves. */
static bool read_lengths(struct inflation *z, uint8_t *lengths, size_t n)
{
	for (size_t i = 0; i < n;) {
		int symbol = decode(&z->bits, &z->lengths);
		if (symbol < 0 || symbol > 18 || (symbol == 16 && i == 0))
			return false;
		if (symbol < 16) {
			lengths[i++] = (uint8_t)symbol;
			continue;
		}
		uint8_t value = symbol == 16 ? lengths[i - 1] : 0;
		size_t times = symbol == 16 ? 3 + take(&z->bits, 2)
			: symbol == 17      ? 3 + take(&z->bits, 3)
					    : 11 + take(&z->bits, 7);
		for (; times > 0 && i < n; times--)
			lengths[i++] = value;
		if (times > 0)
			return false;
	}
	return true;
}

static bool dynamic(struct inflation *z)
{
	static const uint8_t order[] = {
		16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
	uint8_t lengths[LENGTHS_MAX + DISTANCES_MAX + 2] = {0};
	size_t literals = take(&z->bits, 5) + 257;
	size_t distances = take(&z->bits, 5) + 1;
	size_t n = take(&z->bits, 4) + 4;
	if (literals > LENGTHS_MAX || distances > DISTANCES_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		lengths[order[i]] = (uint8_t)take(&z->bits, 3);
	if (!make_codes(&z->lengths, lengths, countof(order)))
		return false;
	memset(lengths, 0, sizeof(lengths));
	return read_lengths(z, lengths, literals + distances) &&
		make_codes(&z->lengths, lengths, literals) &&
		make_codes(&z->distances, lengths + literals, distances) && compressed(z);
}

static bool inflate(struct inflation *z)
{
	for (;;) {
		uint32_t last = take(&z->bits, 1);
		uint32_t type = take(&z->bits, 2);
		bool ok = type == 0 ? stored(z) : type == 1 ? fixed(z) : type == 2 && dynamic(z);
		if (!ok || z->bits.over)
			return false;
		if (last)
			return true;
	}
}

/* Index behind the header, or STR_NPOS. */
static size_t skip_header(struct str s)
{
	if (s.n < 18 || !str_has_prefix(s, STR("\x1f\x8b\x08")))
		return STR_NPOS;
	unsigned flags = (uint8_t)s.p[3];
	size_t at = 10;
	if (flags & 4)
		at += 2 + (size_t)((uint8_t)s.p[10] | (unsigned)(uint8_t)s.p[11] << 8);
	/* A name and a comment, each with a NUL behind. */
	for (unsigned bit = 8; bit <= 16; bit *= 2) {
		size_t end = flags & bit ? str_find_byte(str_from_index(s, at), '\0') : 0;
		if (end == STR_NPOS)
			return STR_NPOS;
		at += flags & bit ? end + 1 : 0;
	}
	at += flags & 2 ? 2 : 0;
	return at < s.n ? at : STR_NPOS;
}

bool content_gunzip(struct content *k, struct str bytes, struct str *out)
{
	size_t at = skip_header(bytes);
	struct inflation *z = arena_new(k->e->scratch, struct inflation);
	if (at == STR_NPOS)
		return false;
	z->bits.in = str_from_index(bytes, at);
	buf_init(&z->out, OUT_MAX);
	bool ok = inflate(z);
	if (ok)
		*out = z->out.n > 0 ? arena_str(k->e->scratch, buf_str(&z->out)) : STR("");
	charge(k->e, z->out.n / 4);
	buf_clear(&z->out);
	return ok;
}
