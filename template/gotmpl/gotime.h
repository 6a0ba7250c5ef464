/* Times as templates write them, in UTC. */
#ifndef TEMPLATE_GOTIME_H
#define TEMPLATE_GOTIME_H

#include "base/buf.h"

/* By a layout of Go's time package ("2006-01-02"). */
void gotime_format(struct buf *out, int64_t ns, struct str layout);
/* By strftime's letters. False at a letter that is not known; *letter is that one. */
MUST_CHECK bool gotime_strftime(struct buf *out, int64_t ns, struct str format, char *letter);

#endif
