#include "sign/verify.h"

#include <inttypes.h>

#include "base/map.h"

bool line_is(const struct json *line, const char *type)
{
	return str_is(json_str_or(line, "type", STR("")), type);
}

static uint64_t number_or(const struct json *line, const char *key, uint64_t otherwise)
{
	struct error ignored = {0};
	int64_t value = 0;
	if (json_get_i64(line, key, &value, "line", &ignored) < 0 || value < 0)
		return otherwise;
	return (uint64_t)value;
}

static uint64_t count_lines(const struct verifying *v, const char *type)
{
	uint64_t n = 0;
	for (size_t i = 0; i < v->manifest.n; i++)
		n += line_is(v->manifest.items[i], type);
	return n;
}

/* ---- Header and footer ----------------------------------------------------------------------- */

void verify_header(struct verifying *v, struct check *c)
{
	const struct json *header = v->manifest.items[0];
	const struct json *external = v->statements[STATEMENT_PROVENANCE].provenance.external;
	struct digest plan = digest_bytes(v->archive.members[ARCHIVE_PLAN]);
	struct str url = {0};
	struct str commit = {0};
	struct str build = json_str_or(v->plan, "build", STR(""));
	source_split(v, &url, &commit);
	const struct {
		struct str expected;
		struct str found;
	} pairs[] = {
		{build, json_str_or(external, "build", STR(""))},
		{build, json_str_or(header, "build", STR(""))},
		{json_str_or(v->plan, "builder", STR("")), json_str_or(header, "builder", STR(""))},
		{commit, json_str_or(header, "commit", STR(""))},
		{check_hex(v, &plan), json_str_or(header, "plan_sha256", STR(""))},
	};
	for (size_t i = 0; i < countof(pairs); i++) {
		if (!check_same(v, c, pairs[i].expected, pairs[i].found))
			return;
	}
}

void verify_footer(struct verifying *v, struct check *c)
{
	struct arena *a = &v->v->arena;
	const struct json *footer = v->manifest.items[v->manifest.n - 1];
	check_same(v, c,
		arena_printf(a, "ok, %" PRIu64 " processes, %" PRIu64 " gaps",
			count_lines(v, "exec"), count_lines(v, "gap")),
		arena_printf(a, "%s, %" PRIu64 " processes, %" PRIu64 " gaps",
			json_bool_or(footer, "ok", false) ? "ok" : "not ok",
			number_or(footer, "execs", UINT64_MAX),
			number_or(footer, "gaps", UINT64_MAX)));
}

/* ---- Artifact -------------------------------------------------------------------------------- */

/* An image id in the form in which people give it: "sha256:HEX", "ami-0123". */
static bool is_image(const struct evidence_subject *s, struct str id)
{
	if (!algorithm_is_hash(s->algorithm))
		return str_eq(s->value, id);
	return id.n == s->algorithm.n + 1 + s->value.n && str_has_prefix(id, s->algorithm) &&
		id.p[s->algorithm.n] == ':' && str_has_suffix(id, s->value);
}

/* All files that a build made, as they were left. */
struct made {
	const struct json **items;
	size_t n;
	size_t cap;
};

static struct str path_of(const struct json *file)
{
	return json_str_or(file, "path", STR(""));
}

static bool is_outside(const struct json *file)
{
	return json_bool_or(file, "outside", false);
}

/* A file that is written again takes the place of what it was. */
static void add_made(struct made *m, struct arena *a, const struct json *files)
{
	for (size_t i = 0; files && files->type == JSON_ARRAY && i < files->array.n; i++) {
		const struct json *file = files->array.items[i];
		size_t k = 0;
		while (k < m->n &&
			(is_outside(m->items[k]) != is_outside(file) ||
				!str_eq(path_of(m->items[k]), path_of(file))))
			k++;
		if (k == m->n)
			list_push(a, m) = file;
		else
			m->items[k] = file;
	}
}

/* The file of the post-processor `manifest` is a log to which later builds append. */
static struct made list_made(
	const struct verifying *v, const struct json *artifact, struct arena *a)
{
	struct made m = {0};
	add_made(&m, a, json_find(artifact, "files"));
	for (size_t i = 0; i < v->manifest.n; i++) {
		const struct json *line = v->manifest.items[i];
		if (line_is(line, "post-process") &&
			!str_is(json_str_or(line, "processor", STR("")), "manifest"))
			add_made(&m, a, json_find(line, "files"));
	}
	return m;
}

/* "./" in front tells a file outside of the output directory from one of the same name in it. */
static bool is_file(const struct evidence_subject *s, const struct json *file)
{
	struct str name = s->name;
	if (is_outside(file) && str_has_prefix(name, STR("./")))
		name = str_from_index(name, 2);
	return str_eq(name, path_of(file)) && str_is(s->algorithm, "sha256") &&
		str_eq(s->value, json_str_or(file, "sha256", STR("")));
}

enum part { PART_NONE = 0, PART_IMAGE, PART_FILE };

/* What the subject is of the artifact. A file may be the image, too; its name tells which. */
static enum part part_of(
	const struct json *artifact, const struct made *made, const struct evidence_subject *s)
{
	for (size_t i = 0; i < made->n; i++) {
		if (is_file(s, made->items[i]))
			return PART_FILE;
	}
	return is_image(s, json_str_or(artifact, "image_id", STR(""))) ? PART_IMAGE : PART_NONE;
}

static const struct json *find_artifact(const struct verifying *v, uint64_t *count)
{
	const struct json *artifact = NULL;
	*count = 0;
	for (size_t i = 0; i < v->manifest.n; i++) {
		if (line_is(v->manifest.items[i], "artifact")) {
			artifact = v->manifest.items[i];
			(*count)++;
		}
	}
	return *count == 1 ? artifact : NULL;
}

static bool is_manifest(const struct evidence_subject *s)
{
	return str_is(s->name, archive_name(ARCHIVE_MANIFEST));
}

/* A file that is the image itself needs no subject of its own. */
static bool is_covered(const struct subject_list *subjects, const struct json *artifact,
	const struct made *made, const struct json *file)
{
	struct str sha256 = json_str_or(file, "sha256", STR(""));
	for (size_t i = 0; i < subjects->n; i++) {
		const struct evidence_subject *s = &subjects->items[i];
		if (is_file(s, file))
			return true;
		if (!is_manifest(s) && part_of(artifact, made, s) == PART_IMAGE &&
			str_is(s->algorithm, "sha256") && str_eq(s->value, sha256))
			return true;
	}
	return false;
}

/* The first file that no subject stands for, or NULL. */
static const struct json *first_uncovered(
	const struct subject_list *subjects, const struct json *artifact, const struct made *made)
{
	for (size_t i = 0; i < made->n; i++) {
		if (!is_covered(subjects, artifact, made, made->items[i]))
			return made->items[i];
	}
	return NULL;
}

void verify_artifact(struct verifying *v, struct check *c)
{
	const struct subject_list *subjects = &v->statements[STATEMENT_PROVENANCE].subjects;
	uint64_t count = 0;
	size_t parts[PART_FILE + 1] = {0};
	const struct json *artifact = find_artifact(v, &count);
	if (!artifact) {
		check_fail(v, c, "the manifest has %" PRIu64 " artifacts; one is needed", count);
		return;
	}
	struct made made = list_made(v, artifact, &v->v->arena);
	for (size_t i = 0; i < subjects->n; i++) {
		const struct evidence_subject *s = &subjects->items[i];
		enum part part = is_manifest(s) ? PART_NONE : part_of(artifact, &made, s);
		parts[part]++;
		if (part == PART_NONE && !is_manifest(s)) {
			check_fail(
				v, c, "subject %.*s is not what the build made", STR_ARG(s->name));
			return;
		}
	}
	const struct json *file = first_uncovered(subjects, artifact, &made);
	c->found = arena_printf(
		&v->v->arena, "%zu image, %zu other files", parts[PART_IMAGE], parts[PART_FILE]);
	if (parts[PART_IMAGE] != 1)
		check_fail(v, c, "%zu subjects are the image; one is needed", parts[PART_IMAGE]);
	else if (file)
		check_fail(v, c, "file %.*s is no subject",
			STR_ARG(json_str_or(file, "path", STR("without path"))));
	else
		check_pass(c);
}

static bool has_material(const struct verifying *v, struct str sha256)
{
	const struct material_list *list =
		&v->statements[STATEMENT_PROVENANCE].provenance.materials;
	for (size_t i = 0; i < list->n; i++) {
		if (str_is(list->items[i].algorithm, "sha256") &&
			str_eq(list->items[i].value, sha256))
			return true;
	}
	return false;
}

void verify_inputs(struct verifying *v, struct check *c)
{
	uint64_t count = 0;
	const struct json *inputs = json_find(find_artifact(v, &count), "inputs");
	size_t n = inputs && inputs->type == JSON_ARRAY ? inputs->array.n : 0;
	for (size_t i = 0; i < n; i++) {
		const struct json *input = inputs->array.items[i];
		if (!has_material(v, json_str_or(input, "sha256", STR("")))) {
			check_fail(v, c, "%.*s is not a resolved dependency",
				STR_ARG(json_str_or(input, "name", STR("an input"))));
			return;
		}
	}
	c->found = arena_printf(&v->v->arena, "%zu inputs", n);
	check_pass(c);
}

/* Only an image counts: the manifest or a file beside it is none, whatever its digest. */
static bool is_subject_image(const struct verifying *v, struct str id)
{
	const struct subject_list *subjects = &v->statements[STATEMENT_PROVENANCE].subjects;
	for (size_t i = 0; i < subjects->n; i++) {
		const struct evidence_subject *s = &subjects->items[i];
		if (!is_manifest(s) && is_image(s, id))
			return true;
	}
	return false;
}

void verify_image(struct verifying *v, struct check *c)
{
	uint64_t count = 0;
	const struct json *artifact = find_artifact(v, &count);
	struct str id = json_str_or(artifact, "image_id", STR(""));
	if (id.n == 0 || !is_subject_image(v, id)) {
		check_fail(v, c, "the manifest's image is not a subject");
		return;
	}
	v->v->image_id = check_text(v, id);
	if (v->o->image_id.n > 0) {
		check_same(v, c, v->o->image_id, id);
		return;
	}
	c->found = v->v->image_id;
	check_unknown(v, c, "no image id was given to compare with");
}

/* ---- Processes ------------------------------------------------------------------------------- */

/* Ids of steps that began and of execs, as they come by. */
struct seen {
	struct arena *a;
	struct map steps;
	struct map execs; /* to the id of the step */
	struct map ended;
};

static struct str number_key(struct arena *a, uint64_t n)
{
	return arena_printf(a, "%" PRIu64, n);
}

/* 0 is "none"; else an exec that was seen, of the same step. */
static bool is_relative(
	const struct seen *s, const struct json *line, const char *key, struct str step)
{
	uint64_t id = number_or(line, key, UINT64_MAX);
	if (id == 0)
		return true;
	const struct str *of = map_find(&s->execs, number_key(s->a, id));
	return of && str_eq(*of, step);
}

static const char *exec_problem(struct seen *s, const struct json *line)
{
	uint64_t id = number_or(line, "id", 0);
	struct str key = number_key(s->a, id);
	struct str step = number_key(s->a, number_or(line, "step", 0));
	const struct json *argv = json_find(line, "argv");
	if (!map_has(&s->steps, step))
		return "a process outside of every step";
	if (id == 0 || map_has(&s->execs, key))
		return "a process with an id that is taken";
	if (!argv || argv->type != JSON_ARRAY)
		return "a process without argv";
	if (!is_relative(s, line, "parent", step) || !is_relative(s, line, "replaces", step))
		return "a process that descends from one that is not there";
	struct str *of = arena_new(s->a, struct str);
	*of = step;
	map_put(&s->execs, s->a, key, of);
	return NULL;
}

static const char *exit_problem(struct seen *s, const struct json *line)
{
	struct str key = number_key(s->a, number_or(line, "id", 0));
	if (!map_has(&s->execs, key))
		return "the end of a process that did not start";
	if (map_has(&s->ended, key))
		return "a second end of a process";
	map_put(&s->ended, s->a, key, s);
	return NULL;
}

static const char *step_problem(struct seen *s, const struct json *line)
{
	uint64_t id = number_or(line, "id", 0);
	if (id == 0)
		return "a step without number";
	map_put(&s->steps, s->a, number_key(s->a, id), s);
	return NULL;
}

static const char *process_problem(struct seen *s, const struct json *line)
{
	if (line_is(line, "step"))
		return step_problem(s, line);
	if (line_is(line, "exec"))
		return exec_problem(s, line);
	if (line_is(line, "exit"))
		return exit_problem(s, line);
	return NULL;
}

void verify_processes(struct verifying *v, struct check *c)
{
	scoped(arena) a = {0};
	struct seen s = {.a = &a};
	for (size_t i = 0; i < v->manifest.n; i++) {
		const char *problem = process_problem(&s, v->manifest.items[i]);
		if (problem) {
			check_fail(v, c, "line %zu: %s", i + 1, problem);
			return;
		}
	}
	c->found = arena_printf(&v->v->arena, "%zu processes", s.execs.n);
	check_pass(c);
}

/* ---- Coverage -------------------------------------------------------------------------------- */

/* Commands of the guest whose processes were not all seen. */
static uint64_t count_uncovered(const struct verifying *v)
{
	uint64_t n = 0;
	bool is_exec = false;
	for (size_t i = 0; i < v->manifest.n; i++) {
		const struct json *line = v->manifest.items[i];
		if (line_is(line, "step"))
			is_exec = str_is(json_str_or(line, "kind", STR("")), "exec");
		if (line_is(line, "step-end") && is_exec)
			n += !str_is(json_str_or(line, "coverage", STR("")), "processes");
	}
	return n;
}

void verify_coverage(struct verifying *v, struct check *c)
{
	struct arena *a = &v->v->arena;
	struct str claimed = v->statements[STATEMENT_TRACE].trace.coverage;
	uint64_t gaps = count_lines(v, "gap");
	uint64_t uncovered = count_uncovered(v);
	c->expected = check_text(v, v->o->coverage.n > 0 ? v->o->coverage : claimed);
	c->found = arena_printf(a, "%.*s, %" PRIu64 " gaps, %" PRIu64 " steps without processes",
		STR_ARG(check_text(v, claimed)), gaps, uncovered);
	struct str recorded =
		json_str_or(v->manifest.items[v->manifest.n - 1], "coverage", claimed);
	if (v->o->coverage.n > 0 && !str_eq(claimed, v->o->coverage))
		check_fail(v, c, "less was recorded than is demanded");
	else if (!str_is(claimed, "processes") && !str_is(claimed, "steps"))
		check_fail(v, c, "this coverage is not known");
	else if (!str_eq(claimed, recorded))
		check_fail(v, c, "the footer of the manifest claims another one");
	else if (str_is(claimed, "processes") && (gaps > 0 || uncovered > 0))
		check_fail(v, c, "less was recorded than is claimed");
	else
		check_pass(c);
}
