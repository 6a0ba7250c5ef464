/* What ansible and ansible-local share. Private to plan/provisioners/. */
#ifndef PLAN_PROVISIONERS_ANSIBLE_H
#define PLAN_PROVISIONERS_ANSIBLE_H

#include "plan/provisioners/stage.h"

/* A requirements file, and what it asks ansible-galaxy for. */
struct galaxy {
	struct str path; /* in the tree; "": the template names none */
	bool roles;
	bool roles_key; /* not the older form, a list of roles */
	bool collections;
};
/* Reads what "galaxy_file" names, if anything. */
MUST_CHECK int ansible_galaxy(struct galaxy *out, struct compiler *c,
	const struct template_provisioner *p, struct str galaxy_file);

#endif
