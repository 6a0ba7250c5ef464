/* The formats of an audit. Private to audit/. */
#ifndef AUDIT_REPORT_H
#define AUDIT_REPORT_H

#include "audit/audit.h"

struct audit_cache;
MUST_CHECK int report_sarif(
	struct buf *out, const struct audit *a, struct audit_cache *cache, struct error *err);
void report_text(struct buf *out, const struct audit *a, const struct audit_print *p);
void report_json(struct buf *out, const struct audit *a);
void report_jsonl(struct buf *out, const struct audit *a);
void report_junit(struct buf *out, const struct audit *a);
void report_markdown(struct buf *out, const struct audit *a);

struct report_counts {
	size_t by_severity[SEVERITY_CRITICAL + 1]; /* not waived */
	size_t waived;
	size_t failing; /* not waived, at the threshold or above */
};
struct report_counts report_count(const struct audit *a);
bool report_fails(const struct audit *a, const struct finding *f);

/* Text in which no character makes markup. */
void report_add_markdown(struct buf *out, struct str text);
/* The text itself when it is UTF-8 without deception, else with those bytes escaped. */
struct str report_utf8(struct arena *arena, struct str s);
/* Name of the build, or an empty str. */
struct str report_build(const struct audit *a, const struct finding *f);
/* Number of code points in the first n bytes. */
size_t report_code_points(struct str s, size_t n);
/* Number of the findings from i on that differ only in the build. */
size_t report_group(const struct audit *a, size_t i);
/* "2 critical, 0 high, …; 1 waived". */
void report_add_counts(struct buf *out, const struct audit *a);

#endif
