#include "sign/verify.h"

#include <inttypes.h>

/*
 * The steps of the plan and where the manifest is among them. A group is tried again from its
 * first step when one of its steps failed and the plan allows it.
 */
struct walk {
	const struct json *steps;
	const struct json *groups;
	size_t next; /* index of the step that has to come */
	size_t current; /* index of the open step */
	size_t failed; /* index of the step that failed */
	uint64_t attempt; /* of the group */
	bool is_open;
	bool has_failed;
	bool captured; /* the artifact was made: no step may follow */
};

static bool get_number(const struct json *j, const char *key, uint64_t *out)
{
	struct error ignored = {0};
	int64_t value = 0;
	if (json_get_i64(j, key, &value, "line", &ignored) < 0 || value < 0)
		return false;
	*out = (uint64_t)value;
	return true;
}

static uint64_t number_or(const struct json *j, const char *key, uint64_t otherwise)
{
	uint64_t value = 0;
	return get_number(j, key, &value) ? value : otherwise;
}

static const struct json *step_at(const struct walk *w, size_t index)
{
	return w->steps->array.items[index];
}

static uint64_t group_of(const struct walk *w, size_t index)
{
	return number_or(step_at(w, index), "group", UINT64_MAX);
}

static const struct json *group_at(const struct walk *w, size_t index)
{
	uint64_t group = group_of(w, index);
	return group < w->groups->array.n ? w->groups->array.items[group] : NULL;
}

/* Steps that run only after something failed; then there is no image. */
static bool is_for_failure(const struct walk *w, size_t index)
{
	return json_bool_or(group_at(w, index), "error_cleanup", false);
}

static bool is_cleanup(const struct walk *w, size_t index)
{
	return json_bool_or(step_at(w, index), "cleanup", false);
}

/* ---- Start of a step -------------------------------------------------------------------------- */

static const char *retry_problem(struct walk *w, size_t index, uint64_t attempt)
{
	const struct json *group = group_at(w, w->failed);
	if (index > w->failed && is_cleanup(w, index) &&
		group_of(w, index) == group_of(w, w->failed))
		return NULL;
	if (attempt != w->attempt + 1 || group_of(w, index) != group_of(w, w->failed) ||
		(index > 0 && group_of(w, index - 1) == group_of(w, index)))
		return "comes after a step that failed";
	if (attempt > number_or(group, "max_retries", 0) + 1)
		return "is tried more often than the plan allows";
	w->attempt = attempt;
	w->has_failed = false;
	w->next = index;
	return NULL;
}

static const char *order_problem(struct walk *w, size_t index)
{
	size_t due = w->next;
	while (due < index && is_for_failure(w, due))
		due++;
	if (index != due)
		return index < due ? "comes again" : "comes before a step that has to precede it";
	if (is_for_failure(w, index))
		return "ran although nothing failed";
	return NULL;
}

static const char *start_problem(struct walk *w, const struct json *line)
{
	uint64_t id = number_or(line, "id", 0);
	uint64_t attempt = number_or(line, "attempt", 1);
	if (id == 0 || id > w->steps->array.n)
		return "is not in the plan";
	size_t index = (size_t)id - 1;
	if (w->is_open)
		return "begins inside another one";
	if (w->captured)
		return "comes after the image was captured";
	if (!str_eq(json_str_or(line, "kind", STR("")),
		    json_str_or(step_at(w, index), "type", STR("-"))))
		return "is of another kind than in the plan";
	const char *problem = NULL;
	if (w->has_failed) {
		problem = retry_problem(w, index, attempt);
	} else {
		problem = order_problem(w, index);
		if (!problem && (index == 0 || group_of(w, index) != group_of(w, index - 1)))
			w->attempt = 1;
		if (!problem && attempt != w->attempt)
			problem = "has another number of attempts than its group";
	}
	w->current = index;
	w->is_open = true;
	return problem;
}

/* ---- End of a step ---------------------------------------------------------------------------- */

static bool is_accepted(const struct walk *w, const struct json *line)
{
	uint64_t code = number_or(line, "exit_code", 0);
	const struct json *step = step_at(w, w->current);
	const struct json *codes = json_find(step, "exit_codes");
	if (json_bool_or(line, "disconnected", false))
		return json_bool_or(step, "expect_disconnect", false);
	if (!codes || codes->type != JSON_ARRAY)
		return code == 0;
	for (size_t i = 0; i < codes->array.n; i++) {
		uint64_t accepted = 0;
		if (codes->array.items[i]->type == JSON_NUMBER &&
			str_to_u64(codes->array.items[i]->text, &accepted) && accepted == code)
			return true;
	}
	return false;
}

static const char *end_problem(struct walk *w, const struct json *line)
{
	if (!w->is_open || number_or(line, "id", 0) != w->current + 1)
		return "ends without having begun";
	w->is_open = false;
	if (is_cleanup(w, w->current) || is_accepted(w, line)) {
		if (!w->has_failed)
			w->next = w->current + 1;
		return NULL;
	}
	w->has_failed = true;
	w->failed = w->current;
	return NULL;
}

/* ---- The whole -------------------------------------------------------------------------------- */

static const char *line_problem(struct walk *w, const struct json *line)
{
	if (line_is(line, "step"))
		return start_problem(w, line);
	if (line_is(line, "step-end"))
		return end_problem(w, line);
	if (line_is(line, "artifact")) {
		w->captured = true;
		return w->is_open ? "is captured inside of a step" : NULL;
	}
	return NULL;
}

/* Steps are numbered 1, 2, ... and say what they are. */
static bool is_readable(const struct walk *w)
{
	for (size_t i = 0; i < w->steps->array.n; i++) {
		const struct json *step = w->steps->array.items[i];
		if (number_or(step, "id", 0) != i + 1 || !group_at(w, i) ||
			json_str_or(step, "type", STR("")).n == 0)
			return false;
	}
	return true;
}

static void finish(struct verifying *v, struct check *c, const struct walk *w)
{
	size_t left = w->next;
	while (left < w->steps->array.n && is_for_failure(w, left))
		left++;
	if (w->is_open)
		check_fail(v, c, "step %zu has no end", w->current + 1);
	else if (w->has_failed)
		check_fail(v, c, "step %zu failed", w->failed + 1);
	else if (left < w->steps->array.n)
		check_fail(v, c, "step %zu did not run", left + 1);
	else
		check_pass(c);
}

void verify_steps(struct verifying *v, struct check *c)
{
	struct error why = {0};
	struct walk w = {0};
	if (json_get_array(v->plan, "steps", &w.steps, "plan.json", &why) < 0 ||
		json_get_array(v->plan, "groups", &w.groups, "plan.json", &why) < 0) {
		check_fail(v, c, "%s", why.text);
		return;
	}
	c->expected = arena_printf(&v->v->arena, "%zu steps", w.steps->array.n);
	if (!is_readable(&w)) {
		check_fail(v, c, "the steps of the plan are not numbered and grouped");
		return;
	}
	for (size_t i = 0; i < v->manifest.n; i++) {
		const struct json *line = v->manifest.items[i];
		const char *problem = line_problem(&w, line);
		if (problem) {
			check_fail(v, c, "line %zu of the manifest: step %" PRIu64 " %s", i + 1,
				number_or(line, "id", 0), problem);
			return;
		}
	}
	finish(v, c, &w);
}
