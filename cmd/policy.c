#include "cmd/verbs.h"

struct policy_verb {
	struct policy_options_cli policy;
	bool json;
};

static const struct option own[] = {
	{.name = "json",
		.kind = OPTION_FLAG,
		.help = "for machines",
		.offset = offsetof(struct policy_verb, json)},
	{0},
};

static const struct option_group groups[] = {
	{"Options", own, 0},
	{"Policy", policy_option_table, offsetof(struct policy_verb, policy)},
	{0},
};

static struct json *strings(const struct str_list *list, struct arena *a)
{
	struct json *j = json_array(a);
	for (size_t i = 0; i < list->n; i++)
		json_append(a, j, json_string(a, list->items[i]));
	return j;
}

static struct json *rule_to_json(const struct rule *r, struct arena *a)
{
	struct json *j = json_object(a);
	json_set(a, j, "id", json_string(a, r->id));
	json_set(a, j, "severity", json_cstr(a, severity_name(r->severity)));
	json_set(a, j, "title", json_string(a, r->title));
	json_set(a, j, "pack", json_string(a, r->pack));
	json_set(a, j, "on", json_cstr(a, fact_kind_name(r->on)));
	json_set(a, j, "why", json_string(a, r->why));
	json_set(a, j, "fix", json_string(a, r->fix));
	json_set(a, j, "refs", strings(&r->refs, a));
	json_set(a, j, "bad", strings(&r->bad, a));
	json_set(a, j, "good", strings(&r->good, a));
	return j;
}

static int list(struct cli *cli, const void *options, struct error *err)
{
	const struct policy_verb *o = options;
	scoped(pipeline) p = {.cli = cli};
	if (pipeline_policy(&p, &o->policy, err) < 0)
		return -1;
	size_t n = 0;
	const struct rule *rules = policy_rules(p.policy, &n);
	scoped(buf) out = {0};
	struct json *all = json_array(&p.arena);
	for (size_t i = 0; i < n; i++) {
		if (o->json)
			json_append(&p.arena, all, rule_to_json(&rules[i], &p.arena));
		else
			buf_printf(&out, "%-8.*s %-8s %.*s\n", STR_ARG(rules[i].id),
				severity_name(rules[i].severity), STR_ARG(rules[i].title));
	}
	if (o->json) {
		json_write_pretty(&out, all);
		buf_add_byte(&out, '\n');
	}
	return cli_print(&out, err) < 0 ? -1 : EXIT_YES;
}

/* Which packs are loaded, and which profiles there are to judge by. */
static int profiles(struct cli *cli, const void *options, struct error *err)
{
	const struct policy_verb *o = options;
	scoped(pipeline) p = {.cli = cli};
	if (pipeline_policy(&p, &o->policy, err) < 0)
		return -1;
	scoped(buf) out = {0};
	struct json *all = json_array(&p.arena);
	size_t n = 0;
	const struct policy_profile_name *names = policy_profiles(p.policy, &n);
	for (size_t i = 0; i < n; i++) {
		buf_printf(&out, "%-14.*s %.*s\n", STR_ARG(names[i].name),
			STR_ARG(names[i].description));
		struct json *one = json_append(&p.arena, all, json_object(&p.arena));
		json_set(&p.arena, one, "name", json_string(&p.arena, names[i].name));
		json_set(&p.arena, one, "description", json_string(&p.arena, names[i].description));
	}
	if (o->json) {
		buf_reset(&out);
		json_write_pretty(&out, all);
		buf_add_byte(&out, '\n');
	}
	return cli_print(&out, err) < 0 ? -1 : EXIT_YES;
}

static void add_section(struct buf *out, const char *title, struct str text)
{
	if (text.n > 0)
		buf_printf(out, "\n%s\n  %.*s\n", title, STR_ARG(str_trim(text)));
}

static void add_examples(struct buf *out, const char *title, const struct str_list *examples)
{
	if (examples->n == 0)
		return;
	buf_printf(out, "\n%s\n", title);
	for (size_t i = 0; i < examples->n; i++) {
		struct str rest = str_trim(examples->items[i]);
		struct str line;
		while (str_cut(&rest, '\n', &line))
			buf_printf(out, "  | %.*s\n", STR_ARG(line));
		if (i + 1 < examples->n)
			buf_add_byte(out, '\n');
	}
}

static int explain(struct cli *cli, const void *options, struct error *err)
{
	const struct policy_verb *o = options;
	scoped(pipeline) p = {.cli = cli};
	if (cli->arg_count == 0)
		return error_set(err, ERROR_USAGE, "policy explain takes the id of a rule");
	if (pipeline_policy(&p, &o->policy, err) < 0)
		return -1;
	scoped(buf) out = {0};
	for (size_t i = 0; i < cli->arg_count; i++) {
		const struct rule *r = policy_find(p.policy, str_from(cli->args[i]));
		if (!r)
			return error_set(err, ERROR_INPUT, "no rule \"%s\"", cli->args[i]);
		if (o->json) {
			json_write_pretty(&out, rule_to_json(r, &p.arena));
			buf_add_byte(&out, '\n');
			continue;
		}
		buf_printf(&out, "%.*s  %.*s  (%s, pack %.*s)\n", STR_ARG(r->id), STR_ARG(r->title),
			severity_name(r->severity), STR_ARG(r->pack));
		add_section(&out, "Why", r->why);
		add_section(&out, "Fix", r->fix);
		add_examples(&out, "Fires for", &r->bad);
		add_examples(&out, "Does not fire for", &r->good);
		add_section(&out, "References",
			arena_join(&p.arena, r->refs.items, r->refs.n, STR(", ")));
	}
	return cli_print(&out, err) < 0 ? -1 : EXIT_YES;
}

static int test(struct cli *cli, const void *options, struct error *err)
{
	const struct policy_verb *o = options;
	scoped(pipeline) p = {.cli = cli};
	scoped(buf) out = {0};
	size_t examples = 0;
	size_t wrong = 0;
	size_t rules = 0;
	if (pipeline_policy(&p, &o->policy, err) < 0 ||
		policy_test(p.policy, &out, &examples, &wrong, err) < 0)
		return -1;
	(void)policy_rules(p.policy, &rules);
	buf_printf(&out, "%zu rules, %zu examples, %zu wrong\n", rules, examples, wrong);
	if (cli_print(&out, err) < 0)
		return -1;
	return wrong == 0 ? EXIT_YES : EXIT_NO;
}

static int digest(struct cli *cli, const void *options, struct error *err)
{
	const struct policy_verb *o = options;
	scoped(pipeline) p = {.cli = cli};
	if (pipeline_policy(&p, &o->policy, err) < 0)
		return -1;
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, policy_digest(p.policy));
	scoped(buf) out = {0};
	buf_printf(&out, "sha256:%s\n", hex);
	return cli_print(&out, err) < 0 ? -1 : EXIT_YES;
}

static const struct command verb_list = {
	.name = "list",
	.summary = "list the rules",
	.synopsis = "",
	.groups = groups,
	.options_size = sizeof(struct policy_verb),
	.run = list,
};
static const struct command verb_profiles = {
	.name = "profiles",
	.summary = "list the profiles to judge by",
	.synopsis = "",
	.groups = groups,
	.options_size = sizeof(struct policy_verb),
	.run = profiles,
};
static const struct command verb_explain = {
	.name = "explain",
	.summary = "say what a rule finds, why, and what to do",
	.synopsis = "RULE...",
	.groups = groups,
	.options_size = sizeof(struct policy_verb),
	.run = explain,
};
static const struct command verb_test = {
	.name = "test",
	.summary = "run the examples that the rules bring",
	.synopsis = "",
	.groups = groups,
	.options_size = sizeof(struct policy_verb),
	.run = test,
};
static const struct command verb_digest = {
	.name = "digest",
	.summary = "print the digest that goes into evidence",
	.synopsis = "",
	.groups = groups,
	.options_size = sizeof(struct policy_verb),
	.run = digest,
};
static const struct command *const verbs[] = {
	&verb_list, &verb_profiles, &verb_explain, &verb_test, &verb_digest, NULL};

const struct command command_policy = {
	.name = "policy",
	.summary = "list, explain and test the rules",
	.synopsis = "VERB",
	.description =
		"Rule packs are HCL; the ones under policies/ are built in, --policy adds more.",
	.examples =
		"  sealwright policy explain RX001\n  sealwright policy test --policy my-rules/",
	.verbs = verbs,
};
