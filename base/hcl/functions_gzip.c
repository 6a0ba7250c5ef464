/*
 * base64gzip: DEFLATE (RFC 1951) in the frame of gzip (RFC 1952), as one block of the fixed
 * Huffman code. Of our own, so that the bytes never change with a version of a library.
 */
#include "base/hcl/functions.h"

#include "base/encode.h"

#define WINDOW 32768
#define MATCH_MIN 3
#define MATCH_MAX 258
#define HASH_BITS 15
#define CHAIN_MAX 64 /* earlier places that are tried for a match */

struct deflater {
	struct buf *out;
	struct str in;
	uint64_t bits;
	unsigned bit_count;
	uint32_t *head; /* by hash: the newest place, plus 1 */
	uint32_t *previous; /* by place in the window: the one before it, plus 1 */
};

/* ---- Bits ---------------------------------------------------------------------------------- */

static void put_bits(struct deflater *d, uint32_t bits, unsigned n)
{
	d->bits |= (uint64_t)bits << d->bit_count;
	d->bit_count += n;
	while (d->bit_count >= 8) {
		buf_add_byte(d->out, (char)(d->bits & 0xff));
		d->bits >>= 8;
		d->bit_count -= 8;
	}
}

/* Huffman codes stand with their highest bit first. */
static void put_code(struct deflater *d, uint32_t code, unsigned n)
{
	uint32_t reversed = 0;
	for (unsigned i = 0; i < n; i++)
		reversed |= (code >> i & 1) << (n - 1 - i);
	put_bits(d, reversed, n);
}

/* RFC 1951, section 3.2.6. */
static void put_symbol(struct deflater *d, uint32_t symbol)
{
	if (symbol < 144)
		put_code(d, 0x30 + symbol, 8);
	else if (symbol < 256)
		put_code(d, 0x190 + symbol - 144, 9);
	else if (symbol < 280)
		put_code(d, symbol - 256, 7);
	else
		put_code(d, 0xc0 + symbol - 280, 8);
}

/* Lengths and distances that share a symbol and differ in `extra` bits behind it. */
static const struct range {
	uint16_t base;
	uint8_t extra;
} lengths[] = {{3, 0}, {4, 0}, {5, 0}, {6, 0}, {7, 0}, {8, 0}, {9, 0}, {10, 0}, {11, 1}, {13, 1},
	{15, 1}, {17, 1}, {19, 2}, {23, 2}, {27, 2}, {31, 2}, {35, 3}, {43, 3}, {51, 3}, {59, 3},
	{67, 4}, {83, 4}, {99, 4}, {115, 4}, {131, 5}, {163, 5}, {195, 5}, {227, 5}, {258, 0}},
  distances[] = {{1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 1}, {7, 1}, {9, 2}, {13, 2}, {17, 3}, {25, 3},
	  {33, 4}, {49, 4}, {65, 5}, {97, 5}, {129, 6}, {193, 6}, {257, 7}, {385, 7}, {513, 8},
	  {769, 8}, {1025, 9}, {1537, 9}, {2049, 10}, {3073, 10}, {4097, 11}, {6145, 11},
	  {8193, 12}, {12289, 12}, {16385, 13}, {24577, 13}};

static size_t find_range(const struct range *ranges, size_t n, size_t value)
{
	while (n > 1 && ranges[n - 1].base > value)
		n--;
	return n - 1;
}

static void put_match(struct deflater *d, size_t length, size_t distance)
{
	size_t i = find_range(lengths, countof(lengths), length);
	put_symbol(d, (uint32_t)(257 + i));
	put_bits(d, (uint32_t)(length - lengths[i].base), lengths[i].extra);
	i = find_range(distances, countof(distances), distance);
	put_code(d, (uint32_t)i, 5);
	put_bits(d, (uint32_t)(distance - distances[i].base), distances[i].extra);
}

/* ---- Matches ------------------------------------------------------------------------------- */

static uint32_t hash_at(const struct deflater *d, size_t at)
{
	const unsigned char *p = (const unsigned char *)d->in.p + at;
	uint32_t three = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
	return three * 2654435761u >> (32 - HASH_BITS);
}

static void remember(struct deflater *d, size_t at)
{
	if (at + MATCH_MIN > d->in.n)
		return;
	uint32_t hash = hash_at(d, at);
	d->previous[at % WINDOW] = d->head[hash];
	d->head[hash] = (uint32_t)at + 1;
}

static size_t common_length(const struct deflater *d, size_t a, size_t b)
{
	size_t n = 0;
	while (n < MATCH_MAX && b + n < d->in.n && d->in.p[a + n] == d->in.p[b + n])
		n++;
	return n;
}

static size_t find_match(const struct deflater *d, size_t at, size_t *distance)
{
	size_t best = 0;
	if (at + MATCH_MIN > d->in.n)
		return 0;
	uint32_t next = d->head[hash_at(d, at)];
	for (int i = 0; i < CHAIN_MAX && next > 0; i++) {
		size_t from = next - 1;
		if (at - from >= WINDOW)
			break;
		size_t length = common_length(d, from, at);
		if (length > best) {
			best = length;
			*distance = at - from;
		}
		next = d->previous[from % WINDOW];
	}
	return best;
}

static void deflate(struct deflater *d)
{
	put_bits(d, 1, 1); /* the last block */
	put_bits(d, 1, 2); /* with the fixed code */
	for (size_t at = 0; at < d->in.n;) {
		size_t distance = 0;
		size_t length = find_match(d, at, &distance);
		bool match = length >= MATCH_MIN;
		if (match)
			put_match(d, length, distance);
		else
			put_symbol(d, (unsigned char)d->in.p[at]);
		for (size_t end = at + (match ? length : 1); at < end; at++)
			remember(d, at);
	}
	put_symbol(d, 256);
	put_bits(d, 0, 7);
}

/* ---- gzip ---------------------------------------------------------------------------------- */

static uint32_t crc32(struct str s)
{
	uint32_t crc = 0xffffffff;
	for (size_t i = 0; i < s.n; i++) {
		crc ^= (unsigned char)s.p[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (0xedb88320 & (0 - (crc & 1)));
	}
	return ~crc;
}

static void put_u32(struct buf *b, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		buf_add_byte(b, (char)(value >> 8 * i & 0xff));
}

int hcl_fn_base64gzip(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	static const char header[] = "\x1f\x8b\x08\0\0\0\0\0\0\xff"; /* no time, no system */
	scoped(buf) b = {0};
	struct deflater d = {.out = &b};
	(void)n;
	if (hcl_arg_str(&d.in, e, args, 0, err) < 0 || hcl_room(e, 4 * (uint64_t)d.in.n, err) < 0 ||
		hcl_charge(e, d.in.n, err) < 0)
		return -1;
	buf_init(&b, 4 * HCL_MAX_VALUE_SIZE);
	d.head = arena_array(e->arena, uint32_t, (size_t)1 << HASH_BITS);
	d.previous = arena_array(e->arena, uint32_t, WINDOW);
	buf_add(&b, (struct str){header, sizeof(header) - 1});
	deflate(&d);
	put_u32(&b, crc32(d.in));
	put_u32(&b, (uint32_t)d.in.n);
	*out = hcl_string(base64_encode(e->arena, buf_str(&b)));
	return 0;
}
