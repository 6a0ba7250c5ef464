#include "audit/policy/rule.h"

static const char *const pack_attributes[] = {"version", "description", "attack_version", NULL};
static const char *const rule_attributes[] = {"title", "severity", "on", "when", "message", "fix",
	"why", "refs", "bad", "good", "locked", "params", NULL};
static const char *const none[] = {NULL};
static const char *const file_blocks[] = {"pack", "rule", "profile", "waiver", NULL};

static int one_label(const struct hcl_block *b, const char *what, struct error *err)
{
	if (b->label_count == 1 && b->labels[0].n > 0)
		return 0;
	return error_at(err, &b->origin, "%.*s takes one label, %s", STR_ARG(b->type), what);
}

static bool is_id_byte(char c, bool first)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
		return true;
	return !first && ((c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.');
}

static bool is_id(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_id_byte(s.p[i], i == 0))
			return false;
	}
	return s.n > 0 && s.n <= 64;
}

static struct policy_pack *find_pack(struct policy *p, struct str name)
{
	for (size_t i = 0; i < p->packs.n; i++) {
		if (str_eq(p->packs.items[i].name, name))
			return &p->packs.items[i];
	}
	return NULL;
}

static int read_pack(
	struct policy *p, const struct hcl_block *b, struct str *name, struct error *err)
{
	if (one_label(b, "its name", err) < 0 || hcl_only(&b->body, pack_attributes, none, err) < 0)
		return -1;
	struct policy_pack pack = {.name = b->labels[0], .origin = b->origin};
	if (!is_id(pack.name))
		return error_at(
			err, &b->origin, "\"%.*s\" is no name for a pack", STR_ARG(pack.name));
	if (str_is(pack.name, POLICY_OWN_PACK))
		return error_at(err, &b->origin, "the pack \"audit\" is the audit's own");
	struct arena *a = &p->arena;
	if (hcl_get_str(&b->body, "version", &pack.version, &policy_scope, a, err) < 0 ||
		hcl_get_str(&b->body, "description", &pack.description, &policy_scope, a, err) <
			0 ||
		hcl_get_str(&b->body, "attack_version", &pack.attack_version, &policy_scope, a,
			err) < 0)
		return -1;
	*name = pack.name;
	struct policy_pack *known = find_pack(p, pack.name);
	if (!known) {
		list_push(a, &p->packs) = pack;
		return 0;
	}
	if (b->body.attributes.n == 0)
		return 0;
	if (known->version.n > 0)
		return error_at(err, &b->origin, "pack \"%.*s\" is described already, at %.*s:%u",
			STR_ARG(pack.name), STR_ARG(known->origin.file),
			(unsigned)known->origin.span.line);
	*known = pack;
	return 0;
}

static int need(const struct hcl_block *b, const char *name, struct error *err)
{
	if (hcl_find(&b->body, name))
		return 0;
	return error_at(err, &b->origin, "%.*s \"%.*s\" has no %s", STR_ARG(b->type),
		STR_ARG(b->labels[0]), name);
}

static int attribute_error(const struct hcl_block *b, const char *name, struct error *err,
	const char *text, struct str value)
{
	return error_at(err, &hcl_find(&b->body, name)->origin, "%s: \"%.*s\" is no %s", name,
		STR_ARG(value), text);
}

static int read_rule_kind(
	struct rule *r, const struct hcl_block *b, struct arena *a, struct error *err)
{
	struct str severity = {0};
	struct str on = {0};
	if (hcl_get_str(&b->body, "severity", &severity, &policy_scope, a, err) < 0 ||
		hcl_get_str(&b->body, "on", &on, &policy_scope, a, err) < 0)
		return -1;
	if (!severity_parse(severity, &r->severity))
		return attribute_error(b, "severity", err,
			"severity (info, low, medium, high, critical)", severity);
	for (int kind = FACT_EXEC; kind < FACT_KIND_COUNT; kind++) {
		if (str_is(on, fact_kind_name((enum fact_kind)kind)))
			r->on = (enum fact_kind)kind;
	}
	if (r->on == FACT_NONE)
		return attribute_error(b, "on", err, "kind of fact", on);
	return 0;
}

static int read_rule_params(
	struct rule *r, const struct hcl_block *b, struct arena *a, struct error *err)
{
	r->params = hcl_object(a, NULL, NULL, 0);
	const struct hcl_attribute *params = hcl_find(&b->body, "params");
	if (!params)
		return 0;
	if (hcl_evaluate(&r->params, params->expr, &policy_scope, a, err) < 0)
		return -1;
	if (r->params.type != HCL_OBJECT)
		return error_at(err, &params->origin, "params must be an object");
	return 0;
}

static int read_rule_texts(
	struct rule *r, const struct hcl_block *b, struct arena *a, struct error *err)
{
	const struct hcl_scope *scope = &policy_scope;
	if (hcl_get_str(&b->body, "title", &r->title, scope, a, err) < 0 ||
		hcl_get_str(&b->body, "why", &r->why, scope, a, err) < 0 ||
		hcl_get_str(&b->body, "fix", &r->fix, scope, a, err) < 0 ||
		hcl_get_strs(&b->body, "refs", &r->refs, scope, a, err) < 0 ||
		hcl_get_strs(&b->body, "bad", &r->bad, scope, a, err) < 0 ||
		hcl_get_strs(&b->body, "good", &r->good, scope, a, err) < 0 ||
		hcl_get_bool(&b->body, "locked", &r->locked, scope, a, err) < 0)
		return -1;
	return 0;
}

static int read_rule(struct policy *p, const struct hcl_block *b, struct str pack, struct str text,
	struct error *err)
{
	static const char *const required[] = {"title", "severity", "on", "when", "message"};
	if (one_label(b, "its id", err) < 0 || hcl_only(&b->body, rule_attributes, none, err) < 0)
		return -1;
	if (!is_id(b->labels[0]))
		return error_at(
			err, &b->origin, "\"%.*s\" is no id for a rule", STR_ARG(b->labels[0]));
	for (size_t i = 0; i < countof(required); i++) {
		if (need(b, required[i], err) < 0)
			return -1;
	}
	if (p->rules.n >= POLICY_RULES_MAX)
		return error_at(err, &b->origin, "more than %d rules", POLICY_RULES_MAX);
	struct arena *a = &p->arena;
	const struct hcl_attribute *when = hcl_find(&b->body, "when");
	const struct hcl_attribute *message = hcl_find(&b->body, "message");
	struct rule r = {
		.id = b->labels[0],
		.when = when->expr,
		.message = message->expr,
		.condition = policy_canonical(a, text, when->origin.span.off),
		.message_text = policy_canonical(a, text, message->origin.span.off),
		.pack = pack,
		.origin = b->origin,
	};
	if (read_rule_kind(&r, b, a, err) < 0 || read_rule_texts(&r, b, a, err) < 0 ||
		read_rule_params(&r, b, a, err) < 0 || rule_check(&r, err) < 0)
		return -1;
	list_push(a, &p->rules) = r;
	return 0;
}

static int read_block(struct policy *p, const struct hcl_block *b, struct str pack, struct str text,
	struct error *err)
{
	if (str_is(b->type, "rule")) {
		if (pack.n == 0)
			return error_at(err, &b->origin,
				"a file with rules starts with the block of its pack");
		return read_rule(p, b, pack, text, err);
	}
	if (str_is(b->type, "profile"))
		return one_label(b, "its name", err) < 0 ? -1 : policy_read_profile(p, b, err);
	if (str_is(b->type, "waiver"))
		return policy_read_waiver(p, b, err);
	return error_at(err, &b->origin, "a file belongs to one pack");
}

/* Whoever reviews waivers must find all of them, so they never hide among rules. */
static int refuse_mixed(const struct hcl_body *body, struct error *err)
{
	const struct hcl_block *waiver = NULL;
	const struct hcl_block *other = NULL;
	for (size_t i = 0; i < body->blocks.n; i++) {
		const struct hcl_block *b = &body->blocks.items[i];
		if (str_is(b->type, "waiver"))
			waiver = waiver ? waiver : b;
		else
			other = other ? other : b;
	}
	if (waiver && other)
		return error_at(err, &waiver->origin, "waivers stand in a file of their own");
	return 0;
}

int policy_read(struct policy *p, const struct policy_file *file, struct error *err)
{
	struct hcl_body *body = NULL;
	if (hcl_parse(&body, &p->arena, file->text, file->name, err) < 0 ||
		hcl_only(body, none, file_blocks, err) < 0 || refuse_mixed(body, err) < 0)
		return -1;
	struct str pack = {0};
	for (size_t i = 0; i < body->blocks.n; i++) {
		const struct hcl_block *b = &body->blocks.items[i];
		bool names_pack = pack.n == 0 && str_is(b->type, "pack");
		int r = names_pack ? read_pack(p, b, &pack, err)
				   : read_block(p, b, pack, file->text, err);
		if (r < 0)
			return -1;
	}
	return 0;
}
