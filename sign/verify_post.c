#include "sign/verify.h"

#include <inttypes.h>

/* Where the manifest is among the post-processors of the plan. */
struct walk {
	const struct json *sequences;
	uint64_t sequence; /* of the one that has to come */
	uint64_t position;
	bool captured;
};

static uint64_t number_of(const struct json *j, const char *key)
{
	struct error ignored = {0};
	int64_t value = 0;
	if (json_get_i64(j, key, &value, "line", &ignored) < 0 || value < 0)
		return UINT64_MAX;
	return (uint64_t)value;
}

/* Past the ends of sequences; NULL behind the last one. */
static const struct json *due(struct walk *w)
{
	while (w->sequences && w->sequence < w->sequences->array.n) {
		const struct json *s = w->sequences->array.items[w->sequence];
		if (s->type == JSON_ARRAY && w->position < s->array.n)
			return s->array.items[w->position];
		w->sequence++;
		w->position = 0;
	}
	return NULL;
}

static bool is_same(
	const struct json *one, const char *key, const struct json *line, const char *as)
{
	return str_eq(json_str_or(one, key, STR("-")), json_str_or(line, as, STR("")));
}

static const char *line_problem(struct walk *w, const struct json *line)
{
	const struct json *one = due(w);
	if (!w->captured)
		return "ran before the image was captured";
	if (!one)
		return "is not in the plan";
	if (number_of(line, "sequence") != w->sequence ||
		number_of(line, "position") != w->position ||
		!is_same(one, "type", line, "processor") || !is_same(one, "name", line, "name"))
		return "is not the one that has to come";
	if (json_find(line, "error"))
		return "failed";
	w->position++;
	return NULL;
}

/* A step belongs to the one that runs, whose line comes when it has ended. */
static const char *step_problem(const struct verifying *v, struct walk *w, const struct json *line)
{
	uint64_t id = number_of(line, "id");
	if (id == 0 || id > v->steps.n)
		return NULL;
	const struct json *group = v->steps.items[id - 1].group;
	if (!str_is(json_str_or(group, "phase", STR("")), "post-process"))
		return NULL;
	if (!due(w) || number_of(group, "sequence") != w->sequence ||
		number_of(group, "position") != w->position)
		return "has a step at another one's time";
	return NULL;
}

void verify_post_processors(struct verifying *v, struct check *c)
{
	struct walk w = {.sequences = json_find(v->plan, "post_processors")};
	size_t n = 0;
	for (size_t i = 0; i < v->manifest.n; i++) {
		const struct json *line = v->manifest.items[i];
		const char *problem = NULL;
		w.captured = w.captured || line_is(line, "artifact");
		if (line_is(line, "step"))
			problem = step_problem(v, &w, line);
		else if (line_is(line, "post-process"))
			problem = line_problem(&w, line);
		n += line_is(line, "post-process");
		if (problem) {
			check_fail(v, c, "line %zu of the manifest: post-processor %.*s %s", i + 1,
				STR_ARG(json_str_or(line, "name", STR(""))), problem);
			return;
		}
	}
	const struct json *left = due(&w);
	c->found = arena_printf(&v->v->arena, "%zu post-processors", n);
	if (left)
		check_fail(v, c, "%.*s did not run", STR_ARG(json_str_or(left, "name", STR(""))));
	else
		check_pass(c);
}
