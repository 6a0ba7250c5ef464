#include "cmd/keys.h"
#include "cmd/verbs.h"

struct keygen_verb {
	const char *algorithm;
	const char *out;
	const char *password_file;
	bool no_password;
	bool force;
};

static const char *const algorithms[] = {"ecdsa-p256", "ed25519", "rsa-3072", "rsa-4096", NULL};

static const struct option own[] = {
	{.name = "algorithm",
		.letter = 'a',
		.kind = OPTION_CHOICE,
		.arg = "NAME",
		.help = "ecdsa-p256, the default, is what every client verifies",
		.choices = algorithms,
		.offset = offsetof(struct keygen_verb, algorithm)},
	{.name = "out",
		.letter = 'o',
		.kind = OPTION_STRING,
		.arg = "NAME",
		.help = "writes NAME.key and NAME.pub (default: sealwright)",
		.offset = offsetof(struct keygen_verb, out)},
	{.name = "password-file",
		.kind = OPTION_STRING,
		.arg = "FILE",
		.help = "encrypt with the first line of FILE",
		.offset = offsetof(struct keygen_verb, password_file)},
	{.name = "no-encryption",
		.kind = OPTION_FLAG,
		.help = "write the private key without a password",
		.offset = offsetof(struct keygen_verb, no_password)},
	{.name = "force",
		.kind = OPTION_FLAG,
		.help = "replace files that exist",
		.offset = offsetof(struct keygen_verb, force)},
	{0},
};

static const struct option_group groups[] = {{"Options", own, 0}, {0}};

static int generate(struct private_key **key, const char *name, struct error *err)
{
	if (strcmp(name, "ed25519") == 0)
		return private_key_generate(key, KEY_ED25519, 0, err);
	if (strcmp(name, "rsa-3072") == 0)
		return private_key_generate(key, KEY_RSA, 3072, err);
	if (strcmp(name, "rsa-4096") == 0)
		return private_key_generate(key, KEY_RSA, 4096, err);
	return private_key_generate(key, KEY_ECDSA_P256, 0, err);
}

static int put(const char *path, struct str bytes, mode_t mode, bool force, struct error *err)
{
	return force ? file_replace(AT_FDCWD, path, bytes, mode, err)
		     : file_create(AT_FDCWD, path, bytes, mode, err);
}

static int run(struct cli *cli, const void *options, struct error *err)
{
	const struct keygen_verb *o = options;
	scoped(secret) password = {0};
	if (!o->no_password && password_get(&password, cli, o->password_file, true, err) < 0)
		return -1;
	scoped_ptr(private_key) key = NULL;
	scoped_ptr(public_key) public = NULL;
	scoped(secret) pem = {0};
	scoped(buf) public_pem = {0};
	if (generate(&key, o->algorithm ? o->algorithm : algorithms[0], err) < 0 ||
		private_key_write(&pem, key, o->no_password ? NULL : &password, err) < 0 ||
		public_key_of(&public, key, err) < 0 ||
		public_key_write(&public_pem, public, err) < 0)
		return -1;
	const char *name = o->out ? o->out : "sealwright";
	struct str key_path = arena_printf(&cli->arena, "%s.key", name);
	struct str public_path = arena_printf(&cli->arena, "%s.pub", name);
	if (put(key_path.p, (struct str){pem.p, pem.n}, 0600, o->force, err) < 0 ||
		put(public_path.p, buf_str(&public_pem), 0644, o->force, err) < 0)
		return -1;
	scoped(buf) out = {0};
	buf_printf(&out, "private key  %s%s\npublic key   %s\nkey id       %.*s\n", key_path.p,
		o->no_password ? " (not encrypted)" : "", public_path.p,
		STR_ARG(public_key_id(public, &cli->arena)));
	return cli_print(&out, err) < 0 ? -1 : EXIT_YES;
}

const struct command command_keygen = {
	.name = "keygen",
	.summary = "make a key pair for signing",
	.synopsis = "[--out NAME]",
	.description =
		"Writes NAME.key (PKCS#8 PEM, mode 0600) and NAME.pub (SPKI PEM). The password\n"
		"comes from SEALWRIGHT_PASSWORD, --password-file or the terminal.",
	.examples = "  sealwright keygen --out publisher",
	.groups = groups,
	.options_size = sizeof(struct keygen_verb),
	.run = run,
};
