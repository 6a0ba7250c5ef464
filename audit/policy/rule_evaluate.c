#include "audit/policy/rule.h"

#include <regex.h>

#define SCRATCH_MAX ((size_t)32 << 20)
#define SCRATCH_KEEP ((size_t)1 << 20)
#define PATTERN_MAX 4096
#define NULLS_DEPTH 16

struct pattern {
	struct str text;
	regex_t regex;
	struct rule_literals literals;
};

static const char *const phase_names[] = {
	[PHASE_NONE] = "none",
	[PHASE_BUILD] = "build",
	[PHASE_FIRSTBOOT] = "firstboot",
	[PHASE_RUNTIME] = "runtime",
	[PHASE_HOST] = "host",
	[PHASE_BOOT] = "boot",
};

/* Those that rules call most come first, because they are looked up in this order. */
static const struct hcl_function *const tables[] = {rule_functions_exec, rule_functions_text,
	rule_functions_net, rule_functions_sed, hcl_functions_core};

void rule_run_clear(struct rule_run *run)
{
	for (size_t i = 0; i < run->patterns.n; i++) {
		struct pattern *p = run->patterns.items[i].value;
		regfree(&p->regex);
	}
	run->patterns = (struct map){0};
	memset(run->recent, 0, sizeof(run->recent));
	arena_clear(&run->arena);
	arena_clear(&run->scratch);
}

void rule_run_trim(struct rule_run *run)
{
	if (run->scratch.used > SCRATCH_KEEP)
		arena_clear(&run->scratch);
}

struct rule_run *rule_run_of(const struct hcl_eval *e)
{
	const struct hcl_scope *scope = e->scope;
	while (scope && !scope->ctx)
		scope = scope->parent;
	return scope ? scope->ctx : NULL;
}

static int compile(struct pattern **out, struct rule_run *run, struct str text, struct error *err)
{
	/* Texts of rules lie where they lie; any other may take the place of one that is gone. */
	struct pattern **recent = &run->recent[((uintptr_t)text.p >> 4) % countof(run->recent)];
	if (!*recent || !str_eq((*recent)->text, text))
		*recent = map_find(&run->patterns, text);
	*out = *recent;
	if (*out)
		return 0;
	if (text.n > PATTERN_MAX || !str_is_cstr(text))
		return error_set(err, ERROR_INPUT, "the pattern is too long or holds a NUL");
	struct pattern *p = arena_new(&run->arena, struct pattern);
	char *cstr = arena_cstr(&run->arena, text);
	int r = regcomp(&p->regex, cstr, REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
	if (r != 0) {
		char reason[128];
		regerror(r, &p->regex, reason, sizeof(reason));
		return error_set(err, ERROR_INPUT, "pattern \"%.*s\": %s", STR_ARG(text), reason);
	}
	p->text = (struct str){cstr, text.n};
	rule_literals_read(&p->literals, &run->arena, p->text);
	map_put(&run->patterns, &run->arena, p->text, p);
	*out = *recent = p;
	return 0;
}

/* REG_STARTEND takes any bytes, so a NUL in the text hides nothing behind it. */
int rule_regex_match(
	bool *out, struct rule_run *run, struct str text, struct str pattern, struct error *err)
{
	struct pattern *p = NULL;
	if (!run)
		return error_set(err, ERROR_BUG, "no run of rules");
	if (compile(&p, run, pattern, err) < 0)
		return -1;
	if (text.n > INT32_MAX)
		return error_set(err, ERROR_INPUT, "a text of %zu bytes is too long", text.n);
	*out = false;
	if (!rule_literals_in(&p->literals, text))
		return 0;
	regmatch_t whole = {.rm_so = 0, .rm_eo = (regoff_t)text.n};
	int r = regexec(&p->regex, text.p ? text.p : "", 1, &whole, REG_STARTEND);
	if (r != 0 && r != REG_NOMATCH)
		return error_set(
			err, ERROR_INPUT, "pattern \"%.*s\": out of memory", STR_ARG(pattern));
	*out = r == 0;
	return 0;
}

/* In a message what is not known reads "?"; in a condition it is null. */
static struct hcl_value without_nulls(struct arena *a, const struct hcl_value *v, unsigned depth)
{
	if (v->type == HCL_NULL || depth > NULLS_DEPTH)
		return hcl_string(STR("?"));
	if (v->type != HCL_LIST && v->type != HCL_OBJECT)
		return *v;
	struct hcl_value *items = arena_array(a, struct hcl_value, v->n + 1);
	for (size_t i = 0; i < v->n; i++)
		items[i] = without_nulls(a, &v->items[i], depth + 1);
	return v->type == HCL_LIST ? hcl_list(items, v->n) : hcl_object(a, v->keys, items, v->n);
}

static int rule_error(
	const struct rule *r, const struct fact *f, const char *what, struct error *err)
{
	scoped(arena) a = {0};
	struct str at = origin_str(&a, &f->origin);
	return error_wrap(err, "rule %.*s: %s, for %.*s", STR_ARG(r->id), what, STR_ARG(at));
}

/* What the names in an expression stand for. */
struct view {
	const struct rule *rule;
	struct hcl_value fact;
	struct hcl_value phase;
	struct hcl_value command;
};

static struct view view_of(const struct rule *r, const struct fact *f)
{
	return (struct view){
		.rule = r,
		.fact = *f->value,
		.phase = hcl_string(str_from(phase_names[f->phase])),
		.command = hcl_string(f->command),
	};
}

enum { VIEW_FACT, VIEW_PARAM, VIEW_PHASE, VIEW_COMMAND, VIEW_COUNT };

static void name_variables(struct hcl_variable *variables, const struct view *view)
{
	variables[VIEW_FACT].name = str_from(fact_kind_name(view->rule->on));
	variables[VIEW_FACT].value = view->fact;
	variables[VIEW_PARAM].name = STR("param");
	variables[VIEW_PARAM].value = view->rule->params;
	variables[VIEW_PHASE].name = STR("phase");
	variables[VIEW_PHASE].value = view->phase;
	variables[VIEW_COMMAND].name = STR("command");
	variables[VIEW_COMMAND].value = view->command;
}

static struct hcl_scope scope_of(struct rule_run *run, const struct hcl_variable *variables)
{
	return (struct hcl_scope){
		.variables = variables,
		.variable_count = VIEW_COUNT,
		.functions = tables,
		.function_tables = countof(tables),
		.ctx = run,
	};
}

static int evaluate(struct hcl_value *out, struct rule_run *run, const struct view *view,
	const struct hcl_expr *expr, struct error *err)
{
	struct hcl_variable variables[VIEW_COUNT];
	name_variables(variables, view);
	const struct hcl_scope scope = scope_of(run, variables);
	run->scratch.max = SCRATCH_MAX;
	return hcl_evaluate(out, expr, &scope, &run->scratch, err);
}

static enum hcl_truth ask(
	struct rule_run *run, const struct rule_ref *r, const struct view *view, bool lenient)
{
	struct hcl_variable variables[VIEW_COUNT];
	name_variables(variables, view);
	const struct hcl_scope scope = scope_of(run, variables);
	run->scratch.max = SCRATCH_MAX;
	return hcl_condition_ask(r->condition, &scope, &run->scratch, lenient);
}

/*
 * With an unknown fact an expression gives an unknown value, but a name or a function that does
 * not exist is found before any fact is there.
 */
int rule_check(const struct rule *r, struct error *err)
{
	scoped(rule_run) run = {0};
	const struct view view = {r, hcl_unknown(), hcl_unknown(), hcl_unknown()};
	struct hcl_value v = {0};
	if (evaluate(&v, &run, &view, r->when, err) < 0)
		return error_wrap(err, "rule %.*s: when", STR_ARG(r->id));
	if (v.type != HCL_BOOL && v.type != HCL_UNKNOWN)
		return error_at(err, hcl_expr_origin(r->when),
			"rule %.*s: when: %s is neither true nor false", STR_ARG(r->id),
			hcl_type_name(v.type));
	if (evaluate(&v, &run, &view, r->message, err) < 0)
		return error_wrap(err, "rule %.*s: message", STR_ARG(r->id));
	return 0;
}

/* Only what a function with a run would need is left to the time when it is asked. */
struct hcl_condition *rule_condition(struct arena *a, const struct rule *r)
{
	scoped(rule_run) run = {0};
	const struct view view = {r, hcl_unknown(), hcl_unknown(), hcl_unknown()};
	struct hcl_variable variables[VIEW_COUNT];
	name_variables(variables, &view);
	const struct hcl_scope scope = scope_of(&run, variables);
	return hcl_condition_new(a, r->when, &scope);
}

static int make_message(struct rule_run *run, struct str *message, struct arena *a,
	const struct rule *r, const struct fact *f, struct error *err)
{
	struct view view = view_of(r, f);
	view.fact = without_nulls(&run->scratch, f->value, 0);
	struct hcl_value v = {0};
	if (evaluate(&v, run, &view, r->message, err) < 0)
		return rule_error(r, f, "message", err);
	struct str text = {0};
	if (!hcl_to_string(&run->scratch, &v, &text)) {
		error_at(err, hcl_expr_origin(r->message), "%s is no text", hcl_type_name(v.type));
		return rule_error(r, f, "message", err);
	}
	*message = arena_str(a, text);
	return 1;
}

static int match(struct rule_run *run, struct str *message, struct arena *a,
	const struct rule_ref *ref, const struct fact *f, struct error *err)
{
	const struct rule *r = ref->rule;
	const struct view view = view_of(r, f);
	enum hcl_truth truth = ask(run, ref, &view, false);
	if (truth != HCL_UNSURE)
		return truth == HCL_TRUE ? make_message(run, message, a, r, f, err) : 0;
	struct hcl_value v = {0};
	if (evaluate(&v, run, &view, r->when, err) < 0)
		return rule_error(r, f, "when", err);
	if (v.type != HCL_BOOL) {
		error_at(err, hcl_expr_origin(r->when), "%s is neither true nor false",
			hcl_type_name(v.type));
		return rule_error(r, f, "when", err);
	}
	return v.boolean ? make_message(run, message, a, r, f, err) : 0;
}

int rule_match(struct rule_run *run, struct str *message, struct arena *a, const struct rule_ref *r,
	const struct fact *f, struct error *err)
{
	int result = match(run, message, a, r, f, err);
	rule_run_trim(run);
	return result;
}

static bool is_common(const struct rule_common *common, struct str key)
{
	for (size_t i = 0; i < common->n; i++)
		if (str_eq(common->members[i], key))
			return true;
	return false;
}

struct hcl_value rule_common_value(
	struct rule_run *run, const struct fact *f, const struct rule_common *common)
{
	size_t n = f->value->n;
	struct hcl_value *values = arena_array(&run->scratch, struct hcl_value, n + 1);
	for (size_t i = 0; i < n; i++)
		values[i] =
			is_common(common, f->value->keys[i]) ? f->value->items[i] : hcl_unknown();
	return hcl_object_sorted(f->value->keys, values, n);
}

bool rule_may_match(struct rule_run *run, const struct rule_ref *r, const struct hcl_value *common)
{
	const struct view view = {r->rule, *common, hcl_unknown(), hcl_unknown()};
	return ask(run, r, &view, true) != HCL_FALSE;
}
