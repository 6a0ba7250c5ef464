/* Private to sign: the tar of an evidence file. Every byte of it follows from its members. */
#ifndef SIGN_ARCHIVE_H
#define SIGN_ARCHIVE_H

#include "sign/sign.h"

enum archive_index {
	ARCHIVE_ATTESTATIONS = 0,
	ARCHIVE_MANIFEST,
	ARCHIVE_PLAN,
	ARCHIVE_FINDINGS,
	ARCHIVE_SOURCE,
	ARCHIVE_COUNT,
};

struct archive {
	struct str members[ARCHIVE_COUNT];
};

const char *archive_name(enum archive_index index);
MUST_CHECK int archive_write(struct buf *out, const struct archive *in, struct error *err);
/* True for what may be meant as evidence, broken or not. */
bool archive_is_likely(struct str bytes);
/* Members borrow bytes. Refuses every archive that archive_write would not have written. */
MUST_CHECK int archive_read(struct archive *out, struct str bytes, struct error *err);

#endif
