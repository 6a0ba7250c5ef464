#include "record/merkle.h"
#include "record/record.h"

#define LEAF_PREFIX STR("\x00")
#define NODE_PREFIX STR("\x01")

static struct str digest_str(const struct digest *d)
{
	return (struct str){(const char *)d->bytes, sizeof(d->bytes)};
}

static struct digest node_hash(const struct digest *left, const struct digest *right)
{
	scoped(hasher) h = {0};
	hasher_init(&h);
	hasher_add(&h, NODE_PREFIX);
	hasher_add(&h, digest_str(left));
	hasher_add(&h, digest_str(right));
	struct digest out;
	hasher_finish(&h, &out);
	return out;
}

/* The largest power of two below n; n is at least 2. */
static size_t split_point(size_t n)
{
	size_t k = 1;
	while (k < n - k)
		k *= 2;
	return k;
}

void merkle_add(struct merkle *m, const struct digest *leaf)
{
	struct digest d = *leaf;
	size_t level = 0;
	for (; (m->count >> level & 1) != 0; level++)
		d = node_hash(&m->roots[level], &d);
	m->roots[level] = d;
	m->count++;
}

struct digest merkle_root(const struct merkle *m)
{
	if (m->count == 0)
		return digest_bytes((struct str){0});
	size_t level = 0;
	while ((m->count >> level & 1) == 0)
		level++;
	struct digest d = m->roots[level];
	for (level++; level < countof(m->roots); level++) {
		if ((m->count >> level & 1) != 0)
			d = node_hash(&m->roots[level], &d);
	}
	return d;
}

struct digest merkle_leaf(struct str bytes)
{
	scoped(hasher) h = {0};
	hasher_init(&h);
	hasher_add(&h, LEAF_PREFIX);
	hasher_add(&h, bytes);
	struct digest out;
	hasher_finish(&h, &out);
	return out;
}

struct digest merkle_head(const struct digest *leaves, size_t n)
{
	struct merkle m = {0};
	for (size_t i = 0; i < n; i++)
		merkle_add(&m, &leaves[i]);
	return merkle_root(&m);
}

size_t merkle_proof(struct digest out[64], const struct digest *leaves, size_t n, size_t index)
{
	if (index >= n)
		return 0;
	size_t count = 0;
	while (n > 1) {
		size_t k = split_point(n);
		if (index < k) {
			out[count++] = merkle_head(leaves + k, n - k);
			n = k;
		} else {
			out[count++] = merkle_head(leaves, k);
			leaves += k;
			index -= k;
			n -= k;
		}
	}
	/* Collected from the root down; a proof is read from the leaf up. */
	for (size_t i = 0; i < count / 2; i++) {
		struct digest swap = out[i];
		out[i] = out[count - 1 - i];
		out[count - 1 - i] = swap;
	}
	return count;
}

/* RFC 9162 section 2.1.3.2: fn is the node's number in its level, sn that of the last one. */
bool merkle_proof_check(const struct digest *root, const struct digest *leaf, uint64_t index,
	uint64_t n, const struct digest *proof, size_t proof_count)
{
	if (index >= n)
		return false;
	uint64_t fn = index;
	uint64_t sn = n - 1;
	struct digest d = *leaf;
	for (size_t i = 0; i < proof_count; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) == 0 && fn != sn) {
			d = node_hash(&d, &proof[i]);
			fn >>= 1;
			sn >>= 1;
			continue;
		}
		d = node_hash(&proof[i], &d);
		/* The last node of a level without a sibling moves up as it is. */
		while ((fn & 1) == 0 && fn != 0) {
			fn >>= 1;
			sn >>= 1;
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && digest_eq(&d, root);
}
