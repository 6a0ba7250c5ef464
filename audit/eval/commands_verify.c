/* Digests and signatures. */
#include "audit/eval/eval.h"

/* ---- Digests -------------------------------------------------------------------------------- */

static const char *const algorithms[] = {"sha256", "sha512", "sha384", "sha224", "sha1", "md5",
	"b2", "b3", "sha3-256", "sha3-512", "crc32"};

static struct str algorithm_named(struct str word)
{
	for (size_t i = 0; i < countof(algorithms); i++)
		if (str_contains(word, str_from(algorithms[i])))
			return str_from(algorithms[i]);
	return STR("");
}

static struct str shasum_algorithm(const struct command *c)
{
	for (size_t i = 1; i < c->argc; i++) {
		struct str w = c->words[i];
		if (!w.p)
			continue;
		if (str_contains(w, STR("256")))
			return STR("sha256");
		if (str_contains(w, STR("512")))
			return STR("sha512");
		if (str_contains(w, STR("384")))
			return STR("sha384");
		if (str_contains(w, STR("224")))
			return STR("sha224");
	}
	return STR("sha1");
}

/* The digest of the bytes, as a part that is not known but that a test can compare. */
static void out_digest(struct eval *e, const struct command *c, struct str algorithm,
	const struct value *content, struct str object)
{
	struct digest_of *d = arena_new(e->scratch, struct digest_of);
	d->algorithm = algorithm;
	d->taint = value_taint(e, content);
	d->object = object;
	struct chunk chunk = {.kind = CHUNK_UNKNOWN,
		.digest = d,
		.text = arena_printf(e->scratch, "$(%.*s …)", STR_ARG(base_name(c->words[0])))};
	out_value(e, &(struct value){&chunk, 1});
}

static int run_sum(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"--algorithm", NULL};
	struct str name = base_name(c->words[0]);
	struct optspec spec = {.shorts = str_is(name, "shasum") ? "a" : NULL, .longs = longs};
	struct str algorithm = str_is(name, "shasum") ? shasum_algorithm(c) : algorithm_named(name);
	const char *method = arena_cstr(e->scratch, name);
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	bool checks = has_word(c, "-c --check -sc -cs -wc -cw");
	bool any = false;
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt.name.n != 0 || (opt.text.p && str_is(opt.text, "-")))
			continue;
		any = true;
		struct value v =
			opt.text.p ? guest_read(e, opt.text) : value_unknown(e, STR("…"), NULL);
		if (checks)
			out->when[1] = credit_union(
				e, out->when[1], check_sums(e, c, method, algorithm, &v));
		else
			out_digest(e, c, algorithm, &v, opt.text);
	}
	if (any || !e->in)
		return 1;
	if (checks)
		out->when[1] = check_sums(e, c, method, algorithm, e->in);
	else
		out_digest(e, c, algorithm, e->in, (struct str){0});
	return 1;
}

/* ---- Keys ----------------------------------------------------------------------------------- */

#define KEYRING STR("/?keyring")

/* Why a key that stands in a file cannot be trusted; "" when the plan itself brought it. */
static const char *key_reason(struct eval *e, const struct file *f)
{
	if (!f)
		return "unknown-key";
	for (const struct taint *t = value_taint(e, &f->content); t; t = t->next) {
		const struct check *check = source_check(t->source);
		if (t->source->kind == SOURCE_NETWORK &&
			!(check && check->strength == STRENGTH_STRONG))
			return "same-origin";
	}
	return "";
}

const char *keyring_reason(struct eval *e)
{
	return key_reason(e, guest_find(e, KEYRING));
}

static bool is_fingerprint(struct str s)
{
	if (str_has_prefix(s, STR("0x")))
		s = str_from_index(s, 2);
	for (size_t i = 0; i < s.n; i++)
		if (!memchr("0123456789abcdefABCDEF", s.p[i], 22))
			return false;
	return s.n >= 40;
}

static void keyring_add(struct eval *e, const struct value *key)
{
	const struct file *old = guest_find(e, KEYRING);
	struct chunks both = {0};
	if (old)
		chunks_add_value(e, &both, &old->content);
	chunks_add_value(e, &both, key);
	struct file f = {.created = true, .content = chunks_value(e, &both)};
	guest_put(e, KEYRING, &f);
}

static void import_keys(struct eval *e, const struct command *c, const struct str_list *files)
{
	bool any = false;
	for (size_t i = 0; i < files->n; i++) {
		if (!files->items[i].p)
			continue;
		any = true;
		const struct file *f = guest_find(e, files->items[i]);
		if (f)
			keyring_add(e, &f->content);
	}
	if (!any && e->in)
		keyring_add(e, e->in);
	(void)c;
}

static void receive_keys(struct eval *e, const struct command *c, const struct str_list *ids)
{
	struct value known = value_text(e, STR("key"));
	for (size_t i = 0; i < ids->n; i++) {
		if (ids->items[i].p && is_fingerprint(ids->items[i])) {
			keyring_add(e, &known);
			continue;
		}
		struct source *s = source_new(e, c, SOURCE_NETWORK, STR("gpg"), NULL);
		struct value v = value_tainted(e, STR("…"), taint_of(e, s));
		keyring_add(e, &v);
	}
}

/* ---- Signatures ----------------------------------------------------------------------------- */

static struct str signed_name(struct str signature)
{
	static const char *const suffixes[] = {".asc", ".sig", ".gpg", ".sign", ".minisig"};
	for (size_t i = 0; i < countof(suffixes); i++)
		if (str_has_suffix(signature, str_from(suffixes[i])))
			return str_sub(signature, 0, signature.n - strlen(suffixes[i]));
	return signature;
}

static const struct credit *signature(struct eval *e, const struct command *c, struct str object,
	const char *method, const char *reason)
{
	const struct file *f = object.p ? guest_find(e, object) : NULL;
	struct checked k = {object, f ? value_taint(e, &f->content) : NULL, method, reason};
	return check_made(e, c, &k, NULL);
}

static int run_gpg(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"--keyring", "--homedir", "--keyserver",
		"--keyserver-options", "--output", "--recipient", "--local-user", "--trust-model",
		"--status-fd", "--logger-fd", "--passphrase", "--passphrase-fd",
		"--primary-keyring", "--options", "--pinentry-mode", "--status-file", NULL};
	static const struct optspec spec = {.shorts = "oru", .longs = longs};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct str_list operands = {0};
	const struct file *keyring = guest_find(e, KEYRING);
	struct str output = {0};
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "--keyring --primary-keyring") && opt.text.p)
			keyring = guest_find(e, opt.text);
		if (opt_is(&opt, "-o --output"))
			output = opt.text;
		if (opt.name.n == 0)
			list_push(e->scratch, &operands) = opt.text;
	}
	bool gpgv = str_has_prefix(base_name(c->words[0]), STR("gpgv"));
	if (gpgv || has_word(c, "--verify")) {
		struct str object = {0};
		if (operands.n > 1)
			object = operands.items[1];
		else if (operands.n == 1 && operands.items[0].p)
			object = signed_name(operands.items[0]);
		out->when[1] =
			signature(e, c, object, gpgv ? "gpgv" : "gpg", key_reason(e, keyring));
		return 1;
	}
	if (has_word(c, "--import")) {
		import_keys(e, c, &operands);
		return 1;
	}
	if (has_word(c, "--recv-keys --recv-key --recv --receive-keys")) {
		receive_keys(e, c, &operands);
		return 1;
	}
	struct value in = filter_input(e, c, &spec, 0);
	struct chunks *old = e->out;
	struct chunks collected = {0};
	if (output.p)
		e->out = &collected;
	out_filtered(e, c, &in);
	e->out = old;
	if (!output.p)
		return 1;
	struct value v = chunks_value(e, &collected);
	struct write w = {.path = output, .content = &v, .by = "redirect"};
	guest_write(e, c, &w);
	return 1;
}

static int run_minisign(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "mpPxscte"};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct str object = {0};
	const char *reason = "unknown-key";
	*out = outcome_unknown();
	bool verifies = false;
	while (opts_next(&o, &opt)) {
		verifies = verifies || opt_is(&opt, "-V -C");
		if (opt_is(&opt, "-m"))
			object = opt.text;
		if (opt_is(&opt, "-P"))
			reason = opt.text.p ? "" : (opt.value.n > 0 ? "unknown-key" : "");
		if (opt_is(&opt, "-p") && opt.text.p)
			reason = key_reason(e, guest_find(e, opt.text));
	}
	if (verifies)
		out->when[1] = signature(
			e, c, object, word_is(c, 0, "minisign") ? "minisign" : "signify", reason);
	return 1;
}

static int run_cosign(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"--key", "--signature", "--certificate", "--bundle",
		"--certificate-identity", "--certificate-oidc-issuer", "--cert", "--rekor-url",
		"--certificate-identity-regexp", "--certificate-oidc-issuer-regexp", NULL};
	static const struct optspec spec = {.longs = longs};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct str object = {0};
	const char *reason = "unknown-key";
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "--key") && opt.text.p)
			reason = key_reason(e, guest_find(e, opt.text));
		if (opt_is(&opt, "--certificate-identity") && opt.text.p)
			reason = "";
		if (opt.name.n == 0)
			object = opt.text;
	}
	if (has_word(c, "verify-blob verify verify-blob-attestation"))
		out->when[1] = signature(e, c, object, "cosign", reason);
	return 1;
}

static struct str in_option(const struct command *c, const char *name)
{
	for (size_t i = 1; i + 1 < c->argc; i++)
		if (word_is(c, i, name))
			return c->words[i + 1];
	return (struct str){0};
}

/* `openssl passwd -6 TEXT`: a hash of what stands in the script. */
static void out_hash(struct eval *e, const struct command *c, const struct opt *password)
{
	struct str s;
	bool literal = password->text.n > 0 || (e->in && value_const(e, e->in, &s) && s.n > 0);
	if (literal)
		out_text(e, STR("$6$<hash>\n"));
	else
		out_unknown(e, c, NULL);
}

static int run_openssl(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"-verify", "-signature", "-in", "-out", "-prverify",
		"-k", "-pass", "-inkey", "-sigfile", "-connect", "-passin", "-K", "-iv", "-md",
		"-iter", "-servername", "-CAfile", NULL};
	static const struct optspec spec = {.longs = longs, .words = true};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct opt in = {0};
	struct str output = {0};
	struct str verb = c->argc > 1 && c->words[1].p ? c->words[1] : STR("");
	struct str algorithm = algorithm_named(verb);
	const char *key = NULL;
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt.name.n != 0 && algorithm.n == 0)
			algorithm = algorithm_named(opt.name);
		if (opt_is(&opt, "-verify -prverify -inkey") && opt.text.p)
			key = key_reason(e, guest_find(e, opt.text));
		else if (opt_is(&opt, "-in") || (opt.name.n == 0 && opt.index > 1))
			in = opt;
		else if (opt_is(&opt, "-out"))
			output = opt.text;
	}
	struct value content = {0};
	if (in.text.p)
		content = guest_read(e, in.text);
	else if (e->in)
		content = *e->in;
	if (str_is(verb, "s_client")) {
		socket_output(e, c, in_option(c, "-connect"));
		return 1;
	}
	if (str_is(verb, "passwd")) {
		out_hash(e, c, &in);
		return 1;
	}
	bool digests = str_is(verb, "dgst") || algorithm_named(verb).n != 0;
	if (key && (digests || word_in(verb, "pkeyutl rsautl")))
		out->when[1] = signature(e, c, in.text, "openssl", key);
	else if (digests)
		out_digest(e, c, algorithm.n ? algorithm : STR("sha256"), &content, in.text);
	else if (word_in(verb, "enc base64 cms smime") || has_word(c, "-d -decrypt"))
		out_decrypted(e, c, &content, output);
	else
		out_filtered(e, c, &content);
	return 1;
}

/* ---- Comparisons of files ------------------------------------------------------------------- */

static int run_cmp(struct eval *e, const struct command *c, struct outcome *out)
{
	const struct file *files[2] = {NULL, NULL};
	struct str names[2] = {{0}, {0}};
	size_t n = 0;
	*out = outcome_unknown();
	for (size_t i = 1; i < c->argc && n < 2; i++) {
		if (!c->words[i].p || str_has_prefix(c->words[i], STR("-")))
			continue;
		names[n] = c->words[i];
		files[n++] = guest_find(e, c->words[i]);
	}
	for (size_t i = 0; i < 2; i++) {
		if (!files[i] || !files[!i])
			continue;
		const struct taint *t = value_taint(e, &files[i]->content);
		if (!t || value_taint(e, &files[!i]->content) || !files[!i]->created)
			continue;
		struct checked k = {names[i], t, "compare", ""};
		out->when[1] = check_made(e, c, &k, NULL);
	}
	return 1;
}

const struct command_entry commands_verify[] = {
	{"sha256sum sha512sum sha384sum sha224sum sha1sum md5sum b2sum b3sum shasum gsha256sum "
	 "gsha512sum sha256 sha512 md5 cksum",
		run_sum},
	{"gpg gpg2 gpgv gpgv2", run_gpg},
	{"minisign signify signify-openbsd", run_minisign},
	{"cosign", run_cosign},
	{"openssl", run_openssl},
	{"cmp diff", run_cmp},
	{0},
};
