#include "cmd/policy.h"

static const char *const severities[] = {"info", "low", "medium", "high", "critical", NULL};

static const struct option own[] = {
	{.name = "json",
		.kind = OPTION_FLAG,
		.help = "for machines",
		.offset = offsetof(struct policy_verb, json)},
	{0},
};

static const struct option filters[] = {
	{.name = "severity",
		.kind = OPTION_CHOICE,
		.arg = "SEVERITY",
		.help = "only rules of this severity or above",
		.choices = severities,
		.offset = offsetof(struct policy_verb, severity)},
	{.name = "on",
		.kind = OPTION_STRING,
		.arg = "KIND",
		.help = "only rules about this kind of fact",
		.offset = offsetof(struct policy_verb, on)},
	{.name = "ref",
		.kind = OPTION_STRING,
		.arg = "TEXT",
		.help = "only rules with a reference that holds this, such as CWE-494 or T1105",
		.offset = offsetof(struct policy_verb, ref)},
	{.name = "pack",
		.kind = OPTION_STRING,
		.arg = "NAME",
		.help = "only rules of this pack",
		.offset = offsetof(struct policy_verb, pack)},
	{.name = "locked",
		.kind = OPTION_FLAG,
		.help = "only rules that no waiver may excuse",
		.offset = offsetof(struct policy_verb, locked)},
	{.name = "own",
		.kind = OPTION_FLAG,
		.help = "the audit's own rules too",
		.offset = offsetof(struct policy_verb, own)},
	{0},
};

static const struct option_group groups[] = {
	{"Options", own, 0},
	{"Policy", policy_option_table, offsetof(struct policy_verb, policy)},
	{0},
};
static const struct option_group diff_groups[] = {
	{"Options", own, 0},
	{0},
};
static const struct option_group list_groups[] = {
	{"Options", own, 0},
	{"Which", filters, 0},
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
	json_set(a, j, "when", json_string(a, r->condition));
	json_set(a, j, "params", hcl_to_json(a, &r->params));
	json_set(a, j, "locked", json_bool(a, r->locked));
	return j;
}

/* Ids on the command line may be beginnings: RX is the whole group. */
static bool is_named(const struct cli *cli, struct str id)
{
	for (size_t i = 0; i < cli->arg_count; i++) {
		if (str_has_prefix(id, str_from(cli->args[i])))
			return true;
	}
	return cli->arg_count == 0;
}

static bool has_ref(const struct rule *r, const char *ref)
{
	for (size_t i = 0; i < r->refs.n; i++) {
		if (str_contains(r->refs.items[i], str_from(ref)))
			return true;
	}
	return false;
}

static bool is_wanted(const struct cli *cli, const struct policy_verb *o, const struct rule *r)
{
	enum severity least = SEVERITY_NONE;
	if (o->severity && !severity_parse(str_from(o->severity), &least))
		return false;
	return r->severity >= least && is_named(cli, r->id) && (!o->locked || r->locked) &&
		(!o->on || str_is(str_from(fact_kind_name(r->on)), o->on)) &&
		(!o->pack || str_is(r->pack, o->pack)) && (!o->ref || has_ref(r, o->ref));
}

struct listing {
	const struct cli *cli;
	const struct policy_verb *options;
	struct buf text;
	struct json *all;
};

static void list_rules(struct listing *l, struct arena *a, const struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct rule *r = &rules[i];
		if (!is_wanted(l->cli, l->options, r))
			continue;
		json_append(a, l->all, rule_to_json(r, a));
		buf_printf(&l->text, "%-8.*s %-8s %.*s%s\n", STR_ARG(r->id),
			severity_name(r->severity), STR_ARG(r->title),
			r->locked ? " (locked)" : "");
	}
}

static int list(struct cli *cli, const void *options, struct error *err)
{
	const struct policy_verb *o = options;
	scoped(pipeline) p = {.cli = cli};
	if (pipeline_policy(&p, &o->policy, err) < 0)
		return -1;
	struct listing l = {.cli = cli, .options = o, .all = json_array(&p.arena)};
	size_t n = 0;
	const struct rule *rules = policy_rules(p.policy, &n);
	list_rules(&l, &p.arena, rules, n);
	if (o->own || o->pack) {
		rules = policy_own_rules(p.policy, &n);
		list_rules(&l, &p.arena, rules, n);
	}
	if (o->json) {
		buf_reset(&l.text);
		json_write_pretty(&l.text, l.all);
		buf_add_byte(&l.text, '\n');
	}
	int status = cli_print(&l.text, err);
	buf_clear(&l.text);
	return status < 0 ? -1 : EXIT_YES;
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

static void add_params(struct buf *out, const struct rule *r)
{
	for (size_t i = 0; i < r->params.n; i++) {
		scoped(arena) a = {0};
		buf_printf(
			out, "%s  %.*s = ", i == 0 ? "\nParams\n" : "", STR_ARG(r->params.keys[i]));
		json_write_compact(out, hcl_to_json(&a, &r->params.items[i]));
		buf_add_byte(out, '\n');
	}
}

/* Where a profile makes something else of the rule. */
static int add_profiles(struct buf *out, struct pipeline *p, const struct policy_options_cli *o,
	const struct rule *r, struct error *err)
{
	size_t n = 0;
	const struct policy_profile_name *names = policy_profiles(p->policy, &n);
	bool first = true;
	for (size_t i = 0; i < n; i++) {
		scoped(pipeline) other = {.cli = p->cli};
		struct policy_options_cli options = *o;
		options.profile = arena_cstr(&p->arena, names[i].name);
		if (pipeline_policy(&other, &options, err) < 0)
			return -1;
		const struct rule *there = policy_find(other.policy, r->id);
		if (there && there->severity == r->severity && there->locked == r->locked)
			continue;
		buf_printf(out, "%s  %-26.*s %s%s\n", first ? "\nProfiles\n" : "",
			STR_ARG(names[i].name), there ? severity_name(there->severity) : "off",
			there && there->locked ? ", locked" : "");
		first = false;
	}
	return 0;
}

static int explain_rule(struct buf *out, struct pipeline *p, const struct policy_options_cli *o,
	const struct rule *r, struct error *err)
{
	buf_printf(out, "%.*s  %.*s  (%s, pack %.*s%s)\n", STR_ARG(r->id), STR_ARG(r->title),
		severity_name(r->severity), STR_ARG(r->pack), r->locked ? ", locked" : "");
	add_section(out, "Why", r->why);
	add_section(out, "Fix", r->fix);
	if (r->condition.n > 0)
		buf_printf(out, "\nFires on %s when\n  %.*s\n", fact_kind_name(r->on),
			STR_ARG(r->condition));
	add_params(out, r);
	add_examples(out, "Fires for", &r->bad);
	add_examples(out, "Does not fire for", &r->good);
	add_section(out, "References", arena_join(&p->arena, r->refs.items, r->refs.n, STR(", ")));
	return add_profiles(out, p, o, r, err);
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
		if (i > 0)
			buf_add_byte(&out, '\n');
		if (explain_rule(&out, &p, &o->policy, r, err) < 0)
			return -1;
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
	.summary = "list the rules, or those that begin with a name",
	.synopsis = "[RULE...]",
	.examples = "  sealwright policy list RX --severity high\n"
		    "  sealwright policy list --locked --profile aws-marketplace",
	.groups = list_groups,
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
static const struct command verb_diff = {
	.name = "diff",
	.summary = "say what one policy has that another has not",
	.synopsis = "OLD NEW",
	.description =
		"OLD and NEW are files or directories of packs and profiles, or \"builtin\";\n"
		"behind an @ stands a profile. Exit status 0: the same; 1: not the same.",
	.examples = "  sealwright policy diff rules-1.0/ rules-1.1/\n"
		    "  sealwright policy diff builtin@aws-marketplace builtin@oci-marketplace",
	.groups = diff_groups,
	.options_size = sizeof(struct policy_verb),
	.run = policy_diff,
};
static const struct command *const verbs[] = {
	&verb_list, &verb_profiles, &verb_explain, &verb_test, &verb_diff, &verb_digest, NULL};

const struct command command_policy = {
	.name = "policy",
	.summary = "list, explain, test and compare the rules",
	.synopsis = "VERB",
	.description =
		"Rule packs are HCL; the ones under policies/ are built in, --policy adds more.",
	.examples =
		"  sealwright policy explain RX001\n  sealwright policy test --policy my-rules/",
	.verbs = verbs,
};
