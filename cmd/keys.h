/* Keys and passwords as the verbs take them. */
#ifndef CMD_KEYS_H
#define CMD_KEYS_H

#include "cmd/command.h"
#include "sign/sign.h"

/*
 * From `file` (its first line), else SEALWRIGHT_PASSWORD, else asked for on the terminal (twice
 * when `again`). ERROR_USAGE when there is none of them.
 */
MUST_CHECK int password_get(
	struct secret *out, struct cli *cli, const char *file, bool again, struct error *err);
/* A private key file; asks for a password only when the file is encrypted. */
MUST_CHECK int private_key_load(struct private_key **out, struct cli *cli, const char *path,
	const char *password_file, struct error *err);
MUST_CHECK int public_key_load(struct public_key **out, const char *path, struct error *err);

#endif
