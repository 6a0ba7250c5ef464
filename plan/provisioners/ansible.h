/* What ansible and ansible-local share. Private to plan/provisioners/. */
#ifndef PLAN_PROVISIONERS_ANSIBLE_H
#define PLAN_PROVISIONERS_ANSIBLE_H

#include "plan/provisioners/stage.h"

/* What a requirements file asks ansible-galaxy for. */
struct galaxy {
	bool roles;
	bool collections;
};
/* True when there is a line that begins with the key and a colon. */
bool ansible_has_key(struct str text, const char *key);
struct galaxy ansible_galaxy(struct str text);

#endif
