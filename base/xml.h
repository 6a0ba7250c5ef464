/*
 * XML 1.0, as far as profiles and answers of services use it: elements, text, CDATA, references to
 * characters. Attributes, comments, instructions and the document type are passed over; one that
 * declares entities is refused, and so is every entity that XML does not define itself.
 */
#ifndef BASE_XML_H
#define BASE_XML_H

#include "base/arena.h"
#include "base/span.h"

struct xml {
	struct str name; /* without its name space */
	struct str text; /* what stands directly in it, with white space */
	struct span at; /* of the first byte of the text that is no white space */
	bool by_line; /* the text stands in the file as it is here */
	bool ended;
	struct xml *parent;
	struct {
		struct xml **items;
		size_t n;
		size_t cap;
	} children;
};

struct xml_problem {
	const char *text; /* NULL: none */
	struct span at;
};

#define XML_DEPTH_MAX 64

/*
 * The document, without a name of its own, with its elements below; it has what was read before
 * the problem. In the arena. max: elements at the most.
 */
struct xml *xml_read(struct arena *a, struct str text, size_t max, struct xml_problem *problem);

/* The first child of that name; NULL when there is none, or no element. */
const struct xml *xml_find(const struct xml *x, const char *name);
/* The text of that child, without white space around it; empty when there is none. */
struct str xml_text(const struct xml *x, const char *name);
/* The element, or one above it, has the name, whatever its case. */
bool xml_is_in(const struct xml *x, const char *name);

#endif
