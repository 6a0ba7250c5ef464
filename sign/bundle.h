/* Private to sign: a sigstore bundle v0.3 with a public key hint, taken apart. */
#ifndef SIGN_BUNDLE_H
#define SIGN_BUNDLE_H

#include "sign/sign.h"

struct bundle {
	struct str payload;
	struct str signature;
	struct str key_id; /* hint and keyid */
};

/* Form only: no signature is checked, no byte of the payload looked at. */
MUST_CHECK int bundle_parse(
	struct bundle *out, struct arena *a, struct str text, struct error *err);
/* Canonical JSON, without newline. */
void bundle_encode(struct buf *out, const struct bundle *b);
/* Index of the key whose signature it is; ERROR_TRUST when there is none. */
MUST_CHECK int bundle_check(size_t *key_used, const struct bundle *b,
	const struct public_key *const *keys, size_t key_count, struct error *err);

#endif
