/* What the verb `inspect` shows, for its formats. */
#ifndef CMD_INSPECT_H
#define CMD_INSPECT_H

#include "template/template.h"

struct inspect_facts {
	const struct template *template;
	const struct template_variable *const *variables; /* in their order */
	size_t variable_count;
	struct str_list provisioners; /* types, as the template lists them */
	struct str text; /* the format for people */
	int64_t now; /* ns */
};

/* Lines of Packer's -machine-readable. */
void inspect_machine(struct buf *out, const struct inspect_facts *f, struct arena *a);

#endif
