/* SSH's data types (RFC 4251, section 5) in bytes. Private to builders/ssh/. */
#ifndef BUILDERS_SSH_WIRE_H
#define BUILDERS_SSH_WIRE_H

#include "base/buf.h"

/* Each takes from the front of `rest`; false, and nothing taken, when it holds too little. */
MUST_CHECK bool wire_u32(struct str *rest, uint32_t *out);
MUST_CHECK bool wire_string(struct str *rest, struct str *out);

void wire_add_u32(struct buf *out, uint32_t value);
void wire_add_string(struct buf *out, struct str bytes);
/* A number without a sign, big end first, as an mpint. */
void wire_add_mpint(struct buf *out, struct str magnitude);

#endif
