#include "audit/policy/verdict.h"

#include "audit/policy/rule.h"

#include <stdio.h>

#define FINDINGS_MAX 100000
#define SNIPPET_MAX 4096
#define SHOWN_MAX 2000

struct judge {
	struct audit *audit;
	const struct policy *policy;
	const struct audit_options *options;
	struct rule_run *run;
	struct rule_index *index;
};

struct audit_cache *audit_cache_new(const struct policy *p)
{
	struct audit_cache *c = calloc(1, sizeof(*c));
	if (!c)
		error_out_of_memory();
	c->policy = p;
	rule_index_fill(&c->index, p);
	return c;
}

void audit_cache_free(struct audit_cache *c)
{
	if (!c)
		return;
	rule_run_clear(&c->run);
	rule_index_clear(&c->index);
	arena_clear(&c->arena);
	free(c);
}

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {
		[VERDICT_NONE] = "NONE",
		[VERDICT_PASS] = "PASS",
		[VERDICT_FAIL] = "FAIL",
	};
	return names[v];
}

/* A command of many pages is shown by its beginning; its fingerprint is made of all of it. */
static struct str shorten(struct arena *a, struct str s)
{
	if (s.n <= SHOWN_MAX)
		return s;
	size_t n = SHOWN_MAX;
	while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return arena_printf(a, "%.*s…", (int)n, s.p);
}

static int add_finding(struct judge *j, struct finding f, struct error *err)
{
	struct audit *a = j->audit;
	if (a->findings.n >= FINDINGS_MAX)
		return error_at(err, &f.origin, "more than %d findings", FINDINGS_MAX);
	f.id = f.rule->id;
	f.title = f.rule->title;
	f.severity = f.rule->severity;
	f.fix = f.rule->fix;
	if (f.fact) {
		f.origin = f.fact->origin;
		f.plan = f.fact->plan;
		f.step = f.fact->step;
		f.command = f.fact->command;
	}
	if (f.fingerprint.n == 0)
		f.fingerprint = fingerprint_of(&a->arena, &f);
	f.command = shorten(&a->arena, f.command);
	f.message = shorten(&a->arena, f.message);
	list_push(&a->arena, &a->findings) = f;
	return 0;
}

static struct str fact_text(const struct fact *f, const char *member)
{
	const struct hcl_value *v = hcl_member(f->value, str_from(member));
	return v && v->type == HCL_STRING ? v->string : (struct str){0};
}

/* What could not be read is a finding even when no pack has a rule about it. */
static int judge_opaque(struct judge *j, const struct fact *f, struct error *err)
{
	const struct rule *r = policy_opaque_rule(j->policy, fact_text(f, "what"));
	if (!r)
		return 0; /* the profile has switched it off */
	struct str why = fact_text(f, "why");
	struct str name = fact_text(f, "name");
	struct str message = name.n > 0
		? arena_printf(&j->audit->arena, "%.*s: %.*s: %.*s", STR_ARG(r->title),
			  STR_ARG(name), STR_ARG(why))
		: arena_printf(&j->audit->arena, "%.*s: %.*s", STR_ARG(r->title), STR_ARG(why));
	return add_finding(j, (struct finding){.rule = r, .message = message, .fact = f}, err);
}

static int judge_fact(struct judge *j, const struct fact *f, struct error *err)
{
	const struct rule_refs *rules = rule_index_find(j->index, j->run, f);
	for (size_t i = 0; i < rules->n; i++) {
		const struct rule_ref *r = &rules->items[i];
		struct str message = {0};
		int hit = rule_match(j->run, &message, &j->audit->arena, r, f, err);
		if (hit < 0)
			return -1;
		if (hit == 0)
			continue;
		struct finding found = {.rule = r->rule, .message = message, .fact = f};
		if (add_finding(j, found, err) < 0)
			return -1;
	}
	return f->kind == FACT_OPAQUE ? judge_opaque(j, f, err) : 0;
}

static int judge_share(struct judge *j, struct error *err)
{
	const struct facts *facts = &j->audit->facts;
	const struct rule *r = policy_find(j->policy, STR(POLICY_ID_SHARE));
	uint64_t all = facts->commands > facts->opaque ? facts->commands : facts->opaque;
	if (!r || facts->opaque == 0 ||
		facts->opaque * 100 <= (uint64_t)j->policy->opaque_limit * all)
		return 0;
	struct finding f = {.rule = r};
	f.message = arena_printf(&j->audit->arena,
		"%llu of %llu commands could not be resolved, more than the %lld %% that profile "
		"%.*s allows",
		(unsigned long long)facts->opaque, (unsigned long long)all,
		(long long)j->policy->opaque_limit, STR_ARG(j->policy->profile));
	for (size_t i = 0; i < facts->n && f.origin.file.n == 0; i++) {
		if (facts->items[i].kind == FACT_OPAQUE)
			f.origin = facts->items[i].origin;
	}
	/* The numbers change with every command; waivers and baselines hold up to the next ten. */
	struct finding named = {.id = r->id};
	unsigned long long tens = facts->opaque * 100 / all / 10;
	named.message = arena_printf(&j->audit->arena, "up to %llu %%", tens * 10 + 10);
	f.fingerprint = fingerprint_of(&j->audit->arena, &named);
	return add_finding(j, f, err);
}

/* Short, and another one for another script or another way to call it; no byte of either. */
static struct str host_command_id(struct arena *a, const struct step *s)
{
	scoped(hasher) h = {0};
	hasher_init(&h);
	for (size_t i = 0; i < s->exec.argv.n; i++)
		fingerprint_add(&h, text_display(&s->exec.argv.items[i], a));
	hasher_add(&h, (struct str){(const char *)s->exec.sha256.bytes, DIGEST_SIZE});
	struct digest d;
	hasher_finish(&h, &d);
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, &d);
	return arena_str(a, str_sub(str_from(hex), 0, 12));
}

/* A finding per step, whatever its commands are: rules see those. */
static int judge_host(struct judge *j, uint32_t index, const struct plan *p, struct error *err)
{
	struct arena *a = &j->audit->arena;
	const struct rule *r = policy_find(j->policy, STR(POLICY_ID_HOST));
	for (size_t i = 0; r && i < p->steps.n; i++) {
		const struct step *s = &p->steps.items[i];
		if (s->type != STEP_EXEC_HOST)
			continue;
		struct str what = s->exec.source.n > 0 ? s->exec.source : STR("a script");
		if (s->exec.script.n == 0 && s->exec.argv.n > 0)
			what = text_display(&s->exec.argv.items[0], a);
		struct str command = host_command_id(a, s);
		struct finding f = {.rule = r, .origin = s->origin, .plan = index, .step = s->id};
		f.message = arena_printf(a, "%.*s runs on the machine that builds (command %.*s)",
			STR_ARG(what), STR_ARG(command));
		if (add_finding(j, f, err) < 0)
			return -1;
	}
	return 0;
}

/* Who writes a date far ahead has not looked for an end. */
static bool lasts_too_long(const struct judge *j, const struct waiver *w)
{
	static const int64_t day = 86400LL * 1000000000LL;
	int64_t days = j->policy->waiver_days;
	return days > 0 && w->until > j->options->now && (w->until - j->options->now) / day > days;
}

static void apply_waiver(struct judge *j, const struct waiver *w, bool *used)
{
	struct audit *a = j->audit;
	for (size_t i = 0; i < a->findings.n; i++) {
		struct finding *f = &a->findings.items[i];
		if (!waiver_fits(w, f))
			continue;
		*used = true;
		if (j->options->now >= w->until || lasts_too_long(j, w))
			continue;
		f->waived = true;
		f->waiver = arena_printf(&a->arena, "%.*s (owner %.*s, expires %.*s%s%.*s)",
			STR_ARG(w->reason), STR_ARG(w->owner), STR_ARG(w->expires),
			w->ticket.n > 0 ? ", ticket " : "", STR_ARG(w->ticket));
	}
}

static int report_waiver(struct judge *j, const struct waiver *w, bool used, struct error *err)
{
	const struct rule *r = policy_find(j->policy, STR(POLICY_ID_WAIVER));
	bool expired = j->options->now >= w->until;
	bool too_long = lasts_too_long(j, w);
	if (!r || (used && !expired && !too_long))
		return 0;
	struct finding f = {.rule = r, .origin = w->origin};
	const char *what = expired ? "has expired"
		: too_long         ? "lasts longer than the profile allows"
				   : "excuses nothing";
	f.message = arena_printf(&j->audit->arena,
		"waiver of %.*s for %.*s, owner %.*s, expires %.*s: %s", STR_ARG(w->rule),
		STR_ARG(w->fingerprint), STR_ARG(w->owner), STR_ARG(w->expires), what);
	return add_finding(j, f, err);
}

static int judge_waivers(struct judge *j, struct error *err)
{
	size_t n = j->policy->waivers.n;
	bool *used = arena_array(&j->audit->arena, bool, n);
	for (size_t i = 0; i < n; i++)
		apply_waiver(j, &j->policy->waivers.items[i], &used[i]);
	for (size_t i = 0; i < n; i++) {
		if (report_waiver(j, &j->policy->waivers.items[i], used[i], err) < 0)
			return -1;
	}
	return 0;
}

static int order_of(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_places(const struct finding *a, const struct finding *b)
{
	int order = str_cmp(a->origin.file, b->origin.file);
	if (order == 0)
		order = order_of(a->origin.span.line, b->origin.span.line);
	if (order == 0)
		order = order_of(a->origin.span.col, b->origin.span.col);
	return order;
}

static int compare_findings(const void *left, const void *right)
{
	const struct finding *a = left;
	const struct finding *b = right;
	int order = order_of(b->severity, a->severity);
	if (order == 0)
		order = compare_places(a, b);
	if (order == 0)
		order = str_cmp(a->id, b->id);
	if (order == 0)
		order = str_cmp(a->message, b->message);
	if (order == 0)
		order = order_of(a->waived, b->waived);
	if (order == 0)
		order = order_of(a->plan, b->plan);
	if (order == 0)
		order = str_cmp(a->fingerprint, b->fingerprint);
	if (order == 0)
		order = order_of(a->step, b->step);
	return order;
}

/* Two facts of one command may say the same. One that is waived stands for no other. */
static bool is_same(const struct finding *a, const struct finding *b)
{
	return a->rule == b->rule && a->plan == b->plan && a->waived == b->waived &&
		compare_places(a, b) == 0 && str_eq(a->message, b->message);
}

static void sort_findings(struct audit *a)
{
	if (a->findings.n < 2)
		return;
	qsort(a->findings.items, a->findings.n, sizeof(*a->findings.items), compare_findings);
	size_t kept = 1;
	for (size_t i = 1; i < a->findings.n; i++) {
		if (!is_same(&a->findings.items[kept - 1], &a->findings.items[i]))
			a->findings.items[kept++] = a->findings.items[i];
	}
	a->findings.n = kept;
}

static bool upload_text(const struct step *s, struct str file, struct arena *a, struct str *text)
{
	if (s->type != STEP_UPLOAD || !str_eq(s->upload.source, file) || s->lines.n > 0)
		return false;
	*text = text_display(&s->upload.content, a);
	return true;
}

static bool find_text(
	const struct audit_sources *s, struct arena *a, struct str file, struct str *text)
{
	if (s->source && s->source(s->ctx, file, text))
		return true;
	if (s->file.n > 0 && str_eq(s->file, file)) {
		*text = s->text;
		return true;
	}
	for (size_t i = 0; i < s->plan_count; i++) {
		const struct plan *p = s->plans[i];
		for (size_t k = 0; k < p->steps.n; k++) {
			if (upload_text(&p->steps.items[k], file, a, text))
				return true;
		}
	}
	return false;
}

/* Lines of the file whose findings are looked at. */
struct file_lines {
	struct arena arena;
	struct str file;
	struct str text;
	bool known;
	struct str_list lines;
};

static void file_lines_clear(struct file_lines *l)
{
	arena_clear(&l->arena);
}

static void load_lines(struct file_lines *l, const struct audit_sources *sources, struct str file)
{
	arena_clear(&l->arena);
	*l = (struct file_lines){.file = file};
	l->known = find_text(sources, &l->arena, file, &l->text);
	struct str rest = l->known ? l->text : (struct str){0};
	struct str line;
	while (rest.p && str_cut(&rest, '\n', &line)) {
		if (str_has_suffix(line, STR("\r")))
			line.n--;
		list_push(&l->arena, &l->lines) = line;
	}
}

/* A part that goes over several lines is shown in full only when it is short. */
static struct str cut_snippet(struct str text, struct str line, const struct span *span)
{
	struct str tail = str_from_index(line, span->col > 0 ? span->col - 1 : 0);
	if (tail.n == 0)
		return tail;
	struct str part = str_sub(text, (size_t)(tail.p - text.p), span->len);
	bool lines = str_find_byte(part, '\n') != STR_NPOS;
	if (part.n == 0 || (lines && part.n > SNIPPET_MAX))
		part = tail;
	return str_sub(part, 0, SNIPPET_MAX);
}

static struct str place_key(struct arena *a, const struct origin *o, uint32_t line)
{
	return arena_printf(a, "%u:%.*s", (unsigned)line, STR_ARG(o->file));
}

/* Excerpts are copied out of the author's files, where secrets stand as they are. */
static void list_secrets(struct map *secrets, struct arena *a, const struct facts *facts)
{
	for (size_t i = 0; i < facts->n; i++) {
		const struct fact *f = &facts->items[i];
		if (f->kind != FACT_SECRET)
			continue;
		map_put(secrets, a, place_key(a, &f->origin, f->origin.span.line), secrets);
		map_put(secrets, a, f->origin.file, secrets);
	}
}

static void add_snippet(
	struct finding *f, const struct file_lines *l, const struct map *secrets, struct arena *a)
{
	const struct span *span = &f->origin.span;
	scoped(arena) scratch = {0};
	f->concealed = map_has(secrets, place_key(&scratch, &f->origin, span->line));
	if (f->concealed || !l->known || span->line == 0 || span->line > l->lines.n)
		return;
	struct str line = l->lines.items[span->line - 1];
	struct span part = *span;
	if (map_has(secrets, f->origin.file))
		part.len = 0;
	f->snippet = arena_str(a, cut_snippet(l->text, line, &part));
	f->line = arena_str(a, str_sub(line, 0, SNIPPET_MAX));
}

static void add_snippets(struct audit *a, const struct audit_sources *sources)
{
	scoped(file_lines) lines = {0};
	struct map secrets = {0};
	scoped(arena) scratch = {0};
	list_secrets(&secrets, &scratch, &a->facts);
	for (size_t i = 0; i < a->findings.n; i++) {
		struct finding *f = &a->findings.items[i];
		if (f->origin.file.n == 0)
			continue;
		if (!str_eq(lines.file, f->origin.file))
			load_lines(&lines, sources, f->origin.file);
		add_snippet(f, &lines, &secrets, &a->arena);
	}
}

static void decide(struct audit *a)
{
	a->verdict = VERDICT_PASS;
	for (size_t i = 0; i < a->findings.n; i++) {
		const struct finding *f = &a->findings.items[i];
		if (!f->waived && f->severity >= a->threshold)
			a->verdict = VERDICT_FAIL;
	}
}

int audit_judge(struct audit *a, struct audit_cache *cache, const struct audit_options *o,
	const struct audit_sources *sources, struct error *err)
{
	const struct policy *p = cache->policy;
	struct judge j = {
		.audit = a, .policy = p, .options = o, .run = &cache->run, .index = &cache->index};
	for (size_t i = 0; i < a->facts.n; i++) {
		if (judge_fact(&j, &a->facts.items[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < sources->plan_count; i++) {
		if (judge_host(&j, (uint32_t)i, sources->plans[i], err) < 0)
			return -1;
	}
	if (judge_share(&j, err) < 0 || judge_waivers(&j, err) < 0)
		return -1;
	sort_findings(a);
	if (o->baseline)
		baseline_apply(a, o->baseline, o->baseline_locked);
	add_snippets(a, sources);
	a->now = o->now;
	a->timed = p->waivers.n > 0;
	a->unpinned = o->unpinned;
	a->policy = *policy_digest(p);
	a->profile = policy_profile(p);
	a->threshold = o->threshold != SEVERITY_NONE ? o->threshold : policy_threshold(p);
	decide(a);
	return 0;
}
