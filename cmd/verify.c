#include "cmd/keys.h"
#include "cmd/verbs.h"

#define EVIDENCE_BYTES_MAX ((size_t)2 << 30)

struct verify_verb {
	struct option_list keys;
	const char *image_id;
	const char *repository;
	const char *commit;
	const char *builder_id;
	const char *coverage;
	bool replay_off;
	bool json;
	struct policy_options_cli policy;
};

static const char *const coverages[] = {"steps", "processes", NULL};

static const struct option own[] = {
	{.name = "key",
		.letter = 'k',
		.kind = OPTION_LIST,
		.arg = "FILE",
		.help = "public key of whoever may sign; may be repeated",
		.offset = offsetof(struct verify_verb, keys)},
	{.name = "image-id",
		.letter = 'i',
		.kind = OPTION_STRING,
		.arg = "ID",
		.help = "the image that the evidence must be about",
		.offset = offsetof(struct verify_verb, image_id)},
	{.name = "repository",
		.kind = OPTION_STRING,
		.arg = "URL",
		.help = "the repository that it must come from",
		.offset = offsetof(struct verify_verb, repository)},
	{.name = "commit",
		.kind = OPTION_STRING,
		.arg = "ID",
		.help = "the commit that it must come from",
		.offset = offsetof(struct verify_verb, commit)},
	{.name = "builder-id",
		.kind = OPTION_STRING,
		.arg = "URI",
		.help = "the service that must have built it",
		.offset = offsetof(struct verify_verb, builder_id)},
	{.name = "coverage",
		.kind = OPTION_CHOICE,
		.arg = "LEVEL",
		.help = "how much must have been recorded",
		.choices = coverages,
		.offset = offsetof(struct verify_verb, coverage)},
	{.name = "no-replay-audit",
		.kind = OPTION_FLAG,
		.help = "do not repeat the audit from the embedded source\n"
			"(then the verdict cannot be \"verified\")",
		.offset = offsetof(struct verify_verb, replay_off)},
	{.name = "json",
		.kind = OPTION_FLAG,
		.help = "the same facts for machines",
		.offset = offsetof(struct verify_verb, json)},
	{0},
};

static const struct option_group groups[] = {
	{"Options", own, 0},
	{"Policy of the repeated audit", policy_option_table, offsetof(struct verify_verb, policy)},
	{0},
};

static void add_shown(struct buf *out, const char *label, struct str text)
{
	if (text.n == 0)
		return;
	buf_printf(out, "          %-9s", label);
	log_escape(out, text);
	buf_add_byte(out, '\n');
}

static void add_check(struct buf *out, const struct check *c, bool colour)
{
	static const char *const words[] = {
		[CHECK_NONE] = "?",
		[CHECK_PASSED] = "passed",
		[CHECK_FAILED] = "FAILED",
		[CHECK_UNKNOWN] = "unknown",
	};
	static const char *const colours[] = {
		[CHECK_NONE] = "",
		[CHECK_PASSED] = "\033[32m",
		[CHECK_FAILED] = "\033[31m",
		[CHECK_UNKNOWN] = "\033[33m",
	};
	buf_printf(out, "%s%-8s%s  ", colour ? colours[c->result] : "", words[c->result],
		colour ? "\033[0m" : "");
	log_escape(out, c->title);
	buf_add_cstr(out, "  [");
	log_escape(out, c->id);
	buf_add_cstr(out, "]\n");
	if (c->result == CHECK_PASSED)
		return;
	add_shown(out, "expected", c->expected);
	add_shown(out, "found", c->found);
	add_shown(out, "reason", c->reason);
}

static void print_text(struct buf *out, const struct verification *v, const char *path, bool colour)
{
	size_t counts[4] = {0};
	for (size_t i = 0; i < v->checks.n; i++) {
		add_check(out, &v->checks.items[i], colour);
		counts[v->checks.items[i].result]++;
	}
	buf_printf(out, "\n%zu checks passed, %zu failed, %zu could not be told\n",
		counts[CHECK_PASSED], counts[CHECK_FAILED], counts[CHECK_UNKNOWN]);
	if (v->image_id.n > 0) {
		buf_add_cstr(out, "image ");
		log_escape(out, v->image_id);
		buf_add_byte(out, '\n');
	}
	buf_printf(out, "%s: %s\n", path, v->passed ? "verified" : "NOT verified");
}

static int load_keys(const struct public_key ***out, struct cli *cli, const struct verify_verb *o,
	struct error *err)
{
	const struct public_key **keys =
		arena_array(&cli->arena, const struct public_key *, o->keys.n + 1);
	*out = keys;
	for (size_t i = 0; i < o->keys.n; i++) {
		struct public_key *key = NULL;
		if (public_key_load(&key, o->keys.items[i], err) < 0)
			return -1;
		keys[i] = key;
	}
	return 0;
}

static void free_keys(const struct public_key **keys)
{
	for (size_t i = 0; keys && keys[i]; i++) {
		struct public_key *key;
		memcpy(&key, &keys[i], sizeof(key));
		public_key_free(key);
	}
}

static struct str or_empty(const char *s)
{
	return s ? str_from(s) : STR("");
}

static int verify(struct cli *cli, const struct verify_verb *o,
	const struct public_key *const *keys, struct error *err)
{
	scoped(buf) bytes = {0};
	buf_init(&bytes, EVIDENCE_BYTES_MAX);
	struct pipeline_replay replay = {.cli = cli, .policy = &o->policy};
	const struct verify_options options = {
		.keys = keys,
		.key_count = o->keys.n,
		.image_id = or_empty(o->image_id),
		.repository = or_empty(o->repository),
		.commit = or_empty(o->commit),
		.builder_id = or_empty(o->builder_id),
		.coverage = or_empty(o->coverage),
		.now = clock_wall(cli->clock),
		.replay = o->replay_off ? NULL : pipeline_replay,
		.ctx = &replay,
	};
	scoped_ptr(verification) v = NULL;
	if (file_read(&bytes, AT_FDCWD, cli->args[0], EVIDENCE_BYTES_MAX, err) < 0)
		return -1;
	if (evidence_verify(&v, buf_str(&bytes), &options, err) < 0)
		return error_wrap(err, "%s", cli->args[0]);
	scoped(buf) out = {0};
	if (o->json) {
		json_write_pretty(&out, verification_to_json(v, &cli->arena));
		buf_add_byte(&out, '\n');
	} else {
		print_text(&out, v, cli->args[0], cli->colour);
	}
	if (cli_print(&out, err) < 0)
		return -1;
	return v->passed ? EXIT_YES : EXIT_NO;
}

static int run(struct cli *cli, const void *options, struct error *err)
{
	const struct verify_verb *o = options;
	if (cli->arg_count != 1)
		return error_set(err, ERROR_USAGE, "verify takes one EVIDENCE file");
	if (o->keys.n == 0)
		return error_set(err, ERROR_USAGE,
			"--key FILE: whose signature counts? A policy without signer verifies "
			"nothing");
	const struct public_key **keys = NULL;
	int status = load_keys(&keys, cli, o, err);
	if (status == 0)
		status = verify(cli, o, keys, err);
	free_keys(keys);
	return status;
}

const struct command command_verify = {
	.name = "verify",
	.summary = "check evidence: the reviewer's verdict",
	.synopsis = "EVIDENCE --key FILE --image-id ID",
	.description = "Checks the signatures, that plan, manifest, findings and image fit each\n"
		       "other, and repeats the audit from the embedded source. Offline.\n"
		       "Exit status 0: verified; 1: not.",
	.examples =
		"  sealwright verify out/redis.evidence --key publisher.pub --image-id sha256:...",
	.groups = groups,
	.options_size = sizeof(struct verify_verb),
	.run = run,
};
