/* The state in which an image is made. Private to audit/eval/. */
#ifndef AUDIT_IMAGE_H
#define AUDIT_IMAGE_H

#include "audit/eval/eval.h"

/* Member `sshd`: what the plan's own lines make of sshd_config and its drop-ins. */
void image_sshd(struct eval *e, struct members *m);

/* Shell scripts that stay in the image and that nothing has run: their flows, phase "runtime". */
void image_scripts(struct eval *e);
/* Of the facts from first to end, which they gave, only the flows stay. No index holds after. */
void image_scripts_keep(struct eval *e, size_t first, size_t end);

#endif
