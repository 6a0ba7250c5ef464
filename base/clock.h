/* Time as an argument, so that tests and signed data do not depend on when they run. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/arena.h"

/* Nanoseconds since the epoch (wall) and since an arbitrary start (steady). */
struct clock {
	int64_t (*wall)(const struct clock *c);
	int64_t (*steady)(const struct clock *c);
	int64_t fixed; /* for clocks that stand still */
};

extern const struct clock clock_system;
/* Both hands stand at `ns`. */
struct clock clock_fixed(int64_t ns);

static inline int64_t clock_wall(const struct clock *c)
{
	return c->wall(c);
}
static inline int64_t clock_steady(const struct clock *c)
{
	return c->steady(c);
}

/* RFC 3339, UTC: "2026-11-23T06:22:12Z", and with nine digits of fraction. */
struct str time_rfc3339(struct arena *a, int64_t ns);
struct str time_rfc3339_nano(struct arena *a, int64_t ns);
MUST_CHECK bool time_parse_rfc3339(struct str s, int64_t *ns);

/* A Go duration, as Packer templates write them: "1h2m3.5s", "300ms". */
MUST_CHECK bool duration_parse(struct str s, int64_t *ns);
/* "1m30s". */
struct str duration_str(struct arena *a, int64_t ns);

#endif
