#include "sign/verify.h"

#include <inttypes.h>

/*
 * Where the manifest is among the steps of the plan. A group is tried again from its first step
 * when one of its steps failed and the plan allows it.
 */
struct walk {
	const struct plan_step *steps;
	size_t n;
	size_t next; /* index of the step that has to come */
	size_t current; /* index of the open step */
	size_t failed; /* index of the step that failed */
	size_t skipped; /* steps that the machine had no use for */
	uint64_t attempt; /* of the group */
	bool is_open;
	bool has_failed;
	bool captured; /* the artifact was made: only steps of post-processors may follow */
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

static bool is_same_group(const struct walk *w, size_t one, size_t other)
{
	return w->steps[one].group == w->steps[other].group;
}

static bool is_first_of_group(const struct walk *w, size_t index)
{
	return index == 0 || !is_same_group(w, index, index - 1);
}

/* Steps that run only after something failed; then there is no image. */
static bool is_for_failure(const struct walk *w, size_t index)
{
	return str_is(json_str_or(w->steps[index].group, "phase", STR("")), "error-cleanup");
}

/*
 * What runs by itself when a machine boots, and what shuts it down: a rehearsal has neither. Every
 * other step has to be run.
 */
static bool may_be_skipped(const struct walk *w, size_t index)
{
	struct str phase = json_str_or(w->steps[index].group, "phase", STR(""));
	return str_is(phase, "boot") || str_is(phase, "finish");
}

/* Steps on the build host, of what is done with the image. */
static bool is_for_image(const struct walk *w, size_t index)
{
	return str_is(json_str_or(w->steps[index].group, "phase", STR("")), "post-process");
}

static bool is_cleanup(const struct walk *w, size_t index)
{
	return json_bool_or(w->steps[index].step, "cleanup", false);
}

/* ---- Start of a step ------------------------------------------------------------------------- */

static const char *retry_problem(struct walk *w, size_t index, uint64_t attempt)
{
	if (attempt != w->attempt + 1 || !is_same_group(w, index, w->failed) ||
		!is_first_of_group(w, index))
		return "comes after a step that failed";
	if (attempt > number_or(w->steps[index].group, "max_retries", 0) + 1)
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

/* The plan says that the build goes on behind a group that failed. */
static void go_on(struct walk *w)
{
	if (!w->has_failed || !json_bool_or(w->steps[w->failed].group, "continue_on_error", false))
		return;
	w->has_failed = false;
	w->next = w->failed + 1;
	while (w->next < w->n && is_same_group(w, w->next, w->failed))
		w->next++;
}

static const char *start_problem(struct walk *w, const struct json *line)
{
	uint64_t id = number_or(line, "id", 0);
	uint64_t attempt = number_or(line, "attempt", 1);
	if (id == 0 || id > w->n)
		return "is not in the plan";
	size_t index = (size_t)id - 1;
	if (w->is_open)
		return "begins inside another one";
	if (w->captured && !is_for_image(w, index))
		return "comes after the image was captured";
	if (!w->captured && is_for_image(w, index))
		return "comes before the image was captured";
	if (!str_eq(json_str_or(line, "kind", STR("")),
		    json_str_or(w->steps[index].step, "type", STR("-"))))
		return "is of another kind than in the plan";
	const char *problem = NULL;
	if (w->has_failed && !is_same_group(w, index, w->failed))
		go_on(w);
	if (w->has_failed) {
		problem = retry_problem(w, index, attempt);
	} else {
		problem = order_problem(w, index);
		if (!problem && is_first_of_group(w, index))
			w->attempt = 1;
		if (!problem && attempt != w->attempt)
			problem = "has another number of attempts than its group";
	}
	w->current = index;
	w->is_open = true;
	return problem;
}

/* ---- End of a step --------------------------------------------------------------------------- */

static bool has_number(const struct json *list, uint64_t number)
{
	uint64_t item = 0;
	for (size_t i = 0; i < list->array.n; i++) {
		if (list->array.items[i]->type == JSON_NUMBER &&
			str_to_u64(list->array.items[i]->text, &item) && item == number)
			return true;
	}
	return false;
}

/* An exec ends with a code that the plan accepts; every kind of step without an error. */
static bool is_accepted(const struct walk *w, const struct json *line)
{
	uint64_t code = UINT64_MAX;
	const struct json *step = w->steps[w->current].step;
	const struct json *codes = json_find(step, "exit_codes");
	if (json_find(line, "error"))
		return false;
	if (!codes || json_bool_or(step, "any_exit_code", false))
		return true;
	if (json_bool_or(line, "disconnected", false) &&
		json_bool_or(step, "expect_disconnect", false))
		return true;
	return codes->type == JSON_ARRAY && get_number(line, "exit_code", &code) &&
		has_number(codes, code);
}

static const char *end_problem(struct walk *w, const struct json *line)
{
	if (!w->is_open || number_or(line, "id", 0) != w->current + 1)
		return "ends without having begun";
	w->is_open = false;
	if (json_find(line, "skipped")) {
		if (!may_be_skipped(w, w->current))
			return "was not run";
		w->skipped++;
	}
	if (is_cleanup(w, w->current) || is_accepted(w, line)) {
		if (!w->has_failed)
			w->next = w->current + 1;
		return NULL;
	}
	w->has_failed = true;
	w->failed = w->current;
	return NULL;
}

/* ---- The whole ------------------------------------------------------------------------------- */

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

static void finish(struct verifying *v, struct check *c, struct walk *w)
{
	go_on(w);
	size_t left = w->next;
	while (left < w->n && is_for_failure(w, left))
		left++;
	if (w->is_open)
		check_fail(v, c, "step %zu has no end", w->current + 1);
	else if (w->has_failed)
		check_fail(v, c, "step %zu failed", w->failed + 1);
	else if (left < w->n)
		check_fail(v, c, "step %zu did not run", left + 1);
	else
		check_pass(c);
}

void verify_steps(struct verifying *v, struct check *c)
{
	struct walk w = {.steps = v->steps.items, .n = v->steps.n};
	for (size_t i = 0; i < v->manifest.n; i++) {
		const struct json *line = v->manifest.items[i];
		const char *problem = line_problem(&w, line);
		if (problem) {
			check_fail(v, c, "line %zu of the manifest: step %" PRIu64 " %s", i + 1,
				number_or(line, "id", 0), problem);
			return;
		}
	}
	c->found = arena_printf(&v->v->arena, "%zu steps", w.n);
	if (w.skipped > 0)
		c->found = arena_printf(&v->v->arena,
			"%zu steps; of those for the boot and the end of a machine, %zu were not "
			"run",
			w.n, w.skipped);
	finish(v, c, &w);
}
