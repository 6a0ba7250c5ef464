#include "builders/builders.h"
#include "cmd/audit.h"

static const char *const formats[] = {"text", "json", "jsonl", "sarif", "junit", "markdown", NULL};

static const struct option own[] = {
	{.name = "format",
		.letter = 'f',
		.kind = OPTION_CHOICE,
		.arg = "FORMAT",
		.help = "how to print the findings",
		.choices = formats,
		.offset = offsetof(struct audit_verb, format)},
	{.name = "script",
		.kind = OPTION_FLAG,
		.help = "SOURCE is a script (of sh, or .ps1, .cmd, .bat), not a template",
		.offset = offsetof(struct audit_verb, script)},
	{.name = "partial",
		.kind = OPTION_FLAG,
		.help = "go on where the repository lacks a file: what is in it is unknown",
		.offset = offsetof(struct audit_verb, partial)},
	{0},
};

static const struct option living[] = {
	{.name = "since",
		.kind = OPTION_STRING,
		.arg = "COMMIT",
		.help = "only findings that were not there at this commit, branch or tag",
		.offset = offsetof(struct audit_verb, since)},
	{.name = "baseline",
		.kind = OPTION_STRING,
		.arg = "FILE",
		.help = "only findings that this file does not have",
		.offset = offsetof(struct audit_verb, baseline)},
	{.name = "write-baseline",
		.kind = OPTION_STRING,
		.arg = "FILE",
		.help = "write what is found, to go on from it with --baseline",
		.offset = offsetof(struct audit_verb, write_baseline)},
	{.name = "write-waivers",
		.kind = OPTION_STRING,
		.arg = "FILE",
		.help = "add a waiver for each finding that fails to this file",
		.offset = offsetof(struct audit_verb, write_waivers)},
	{.name = "waive",
		.kind = OPTION_LIST,
		.arg = "RULE[:FINGERPRINT]",
		.help = "only for these findings, whether they fail or not; may be repeated",
		.offset = offsetof(struct audit_verb, waive)},
	{.name = "reason",
		.kind = OPTION_STRING,
		.arg = "TEXT",
		.help = "why they are waived",
		.offset = offsetof(struct audit_verb, reason)},
	{.name = "owner",
		.kind = OPTION_STRING,
		.arg = "WHO",
		.help = "who answers for it",
		.offset = offsetof(struct audit_verb, owner)},
	{.name = "expires",
		.kind = OPTION_STRING,
		.arg = "DATE",
		.help = "the last day of the waivers, such as 2026-12-31",
		.offset = offsetof(struct audit_verb, expires)},
	{.name = "ticket",
		.kind = OPTION_STRING,
		.arg = "ID",
		.help = "where it was decided",
		.offset = offsetof(struct audit_verb, ticket)},
	{.name = "now",
		.kind = OPTION_STRING,
		.arg = "TIME",
		.help = "the time to judge waivers by, a date or RFC 3339, instead of the clock",
		.offset = offsetof(struct audit_verb, now)},
	{0},
};

static const struct option_group groups[] = {
	{"Options", own, 0},
	{"Findings that are known", living, 0},
	{"Policy", policy_option_table, offsetof(struct audit_verb, policy)},
	{"Template", template_option_table, offsetof(struct audit_verb, template)},
	{"Source", source_option_table, offsetof(struct audit_verb, source)},
	{0},
};

#define SCRIPT_MAX ((size_t)64 << 20)

/* The script's text, for excerpts. */
struct script {
	struct str name;
	struct str text;
};

static bool script_text(void *ctx, struct str file, struct str *text)
{
	const struct script *s = ctx;
	*text = s->text;
	return str_eq(file, s->name);
}

static int print(
	struct pipeline *p, struct audit_print *how, const struct audit_verb *o, struct error *err)
{
	how->format = AUDIT_TEXT;
	if (o->format && !audit_format_parse(str_from(o->format), &how->format))
		return error_set(err, ERROR_BUG, "format %s", o->format);
	how->colour = p->cli->colour;
	scoped(buf) out = {0};
	buf_init(&out, (size_t)1 << 30);
	if (audit_write(&out, p->audit, how, err) < 0 || audit_keep(p, o, err) < 0)
		return -1;
	if (how->format == AUDIT_TEXT)
		pipeline_mark_unpinned(p, &out);
	if (cli_print(&out, err) < 0)
		return -1;
	return p->audit->verdict == VERDICT_PASS ? EXIT_YES : EXIT_NO;
}

static int audit_one_script(struct cli *cli, const struct audit_verb *o, struct error *err)
{
	scoped(pipeline) p = {.cli = cli};
	scoped(buf) text = {0};
	struct audit_compare compare = {0};
	buf_init(&text, SCRIPT_MAX);
	const char *path = cli->args[0];
	if (!path)
		return error_set(err, ERROR_USAGE, "--script needs a file (or - for stdin)");
	bool standard_input = strcmp(path, "-") == 0;
	int status = standard_input ? file_read_fd(&text, STDIN_FILENO, SCRIPT_MAX, err)
				    : file_read(&text, AT_FDCWD, path, SCRIPT_MAX, err);
	if (status < 0 || pipeline_policy(&p, &o->policy, err) < 0 ||
		audit_compare_scripts(&compare, &p, o, path, err) < 0)
		return -1;
	struct script script = {str_from(standard_input ? "<stdin>" : path), buf_str(&text)};
	struct audit_options options = {
		.now = clock_wall(cli->clock),
		.source = script_text,
		.ctx = &script,
		.baseline = compare.given ? &compare.known : NULL,
		.baseline_locked = compare.locked,
		.findings_only = !o->format || strcmp(o->format, "sarif") != 0,
	};
	if (o->policy.threshold &&
		!severity_parse(str_from(o->policy.threshold), &options.threshold))
		return error_set(err, ERROR_USAGE, "--threshold: unknown severity \"%s\"",
			o->policy.threshold);
	if (audit_script(&p.audit, script.text, script.name, p.policy, &options, err) < 0)
		return -1;
	struct audit_print how = {.source = script_text, .ctx = &script};
	return print(&p, &how, o, err);
}

static int audit_template(struct cli *cli, const struct audit_verb *o, struct error *err)
{
	scoped(pipeline) p = {.cli = cli, .partial = o->partial};
	struct audit_compare compare = {0};
	if (pipeline_source(&p, cli->args[0], &o->source, false, err) < 0 ||
		pipeline_template(&p, &o->template, err) < 0 ||
		pipeline_check_builders(&p, err) < 0 || pipeline_plans(&p, err) < 0 ||
		pipeline_policy(&p, &o->policy, err) < 0 ||
		audit_compare_templates(&compare, &p, o, err) < 0)
		return -1;
	p.baseline = compare.given ? &compare.known : NULL;
	p.baseline_locked = compare.locked;
	if (pipeline_audit(&p, &o->policy, err) < 0)
		return -1;
	struct audit_print how = {.source = pipeline_text_of, .ctx = &p};
	return print(&p, &how, o, err);
}

/* A date means its first moment. */
static bool parse_now(struct arena *a, const char *text, int64_t *now)
{
	struct str s = str_from(text);
	if (s.n == STR("2026-12-31").n)
		s = arena_printf(a, "%sT00:00:00Z", text);
	return time_parse_rfc3339(s, now);
}

static int run(struct cli *cli, const void *options, struct error *err)
{
	const struct audit_verb *o = options;
	struct cli then = *cli;
	struct clock clock = clock_fixed(0);
	if (audit_check_flags(o, err) < 0)
		return -1;
	if (o->now) {
		if (!parse_now(&cli->arena, o->now, &clock.fixed))
			return error_set(err, ERROR_USAGE,
				"--now: \"%s\" is no time like 2026-12-31 or "
				"2026-12-31T12:00:00Z",
				o->now);
		then.clock = &clock;
	}
	return o->script ? audit_one_script(&then, o, err) : audit_template(&then, o, err);
}

const struct command command_audit = {
	.name = "audit",
	.summary = "check every command of a template against policy",
	.synopsis = "SOURCE | --script FILE",
	.description =
		"Findings and verdict over all code that the builds would run. Exit status 0:\n"
		"passed; 1: findings at or above the threshold; 2: wrong use; 3: bad input. Nothing\n"
		"runs. Findings can be waived one by one (--waivers, --write-waivers), and old ones\n"
		"left out (--since, --baseline), so that only new ones fail.",
	.examples =
		"  sealwright audit template.json\n"
		"  sealwright audit --script setup.sh --format jsonl\n"
		"  sealwright audit --since main --fail-on medium template.json\n"
		"  sealwright audit --format sarif git+https://example.org/images@COMMIT#t.json",
	.groups = groups,
	.options_size = sizeof(struct audit_verb),
	.run = run,
};
