/* Head of a growing Merkle tree (RFC 6962 section 2.1) in O(log n) memory. */
#ifndef RECORD_MERKLE_H
#define RECORD_MERKLE_H

#include "base/digest.h"

/* roots[k] is the root of a full subtree of 2^k leaves when bit k of count is set. */
struct merkle {
	uint64_t count;
	struct digest roots[64];
};

void merkle_add(struct merkle *m, const struct digest *leaf);
/* Of all leaves so far; may be asked at any time. */
struct digest merkle_root(const struct merkle *m);

#endif
