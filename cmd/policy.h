/* The parts of the verb policy. */
#ifndef CMD_POLICY_H
#define CMD_POLICY_H

#include "cmd/verbs.h"

struct policy_verb {
	struct policy_options_cli policy;
	bool json;
	const char *severity;
	const char *on;
	const char *ref;
	const char *pack;
	bool locked;
	bool own;
};

/* policy diff OLD NEW */
MUST_CHECK int policy_diff(struct cli *cli, const void *options, struct error *err);

#endif
