#include "cmd/build.h"

static struct json *digest_json(const struct digest *d, struct arena *a)
{
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, d);
	return json_cstr(a, hex);
}

static struct json *files_to_json(const struct artifact_files *files, struct arena *a)
{
	struct json *list = json_array(a);
	for (size_t i = 0; i < files->n; i++) {
		const struct artifact_file *file = &files->items[i];
		struct json *one = json_append(a, list, json_object(a));
		json_set(a, one, "path", json_string(a, file->path));
		json_set(a, one, "media_type", json_string(a, file->media_type));
		json_set(a, one, "size", json_i64(a, (int64_t)file->size));
		json_set(a, one, "sha256", digest_json(&file->sha256, a));
		json_set(a, one, "outside", json_bool(a, file->outside));
		json_set(a, one, "removed", json_bool(a, file->removed));
	}
	return list;
}

static struct json *artifact_to_json(const struct artifact *f, struct arena *a)
{
	struct json *j = json_object(a);
	json_set(a, j, "builder_id", json_string(a, f->builder_id));
	json_set(a, j, "image_id", json_string(a, f->image_id));
	json_set(a, j, "image_algorithm", json_string(a, f->image_algorithm));
	json_set(a, j, "image_name", json_string(a, f->image_name));
	json_set(a, j, "files", files_to_json(&f->files, a));
	json_set(a, j, "made", files_to_json(&f->made, a));
	struct json *inputs = json_set(a, j, "inputs", json_array(a));
	for (size_t i = 0; i < f->inputs.n; i++) {
		struct json *one = json_append(a, inputs, json_object(a));
		json_set(a, one, "name", json_string(a, f->inputs.items[i].name));
		json_set(a, one, "uri", json_string(a, f->inputs.items[i].uri));
		json_set(a, one, "sha256", digest_json(&f->inputs.items[i].sha256, a));
		json_set(a, one, "pinned", json_bool(a, f->inputs.items[i].pinned));
	}
	return j;
}

struct json *build_result_to_json(const struct build_result *r, struct arena *a)
{
	struct json *j = json_object(a);
	json_set(a, j, "ok", json_bool(a, r->ok));
	json_set(a, j, "cancelled", json_bool(a, r->cancelled));
	json_set(a, j, "artifact", artifact_to_json(&r->artifact, a));
	json_set(a, j, "manifest_lines", json_i64(a, (int64_t)r->head.count));
	json_set(a, j, "manifest_root", digest_json(&r->head.root, a));
	json_set(a, j, "manifest_sha256", digest_json(&r->head.sha256, a));
	json_set(a, j, "manifest_bytes", json_i64(a, (int64_t)r->head.bytes));
	json_set(a, j, "coverage", json_cstr(a, r->coverage ? r->coverage : "steps"));
	json_set(a, j, "execs", json_i64(a, (int64_t)r->execs));
	json_set(a, j, "gaps", json_i64(a, (int64_t)r->gaps));
	json_set(a, j, "error_code", json_i64(a, r->error.code));
	json_set(a, j, "error", json_bytes(a, str_from(r->error.text)));
	return j;
}

static const char what[] = "result of the build process";

static int get_u64(const struct json *j, const char *key, uint64_t *out, struct error *err)
{
	int64_t value = 0;
	if (json_get_i64(j, key, &value, what, err) < 0)
		return -1;
	if (value < 0)
		return error_set(err, ERROR_BUG, "%s: negative %s", what, key);
	*out = (uint64_t)value;
	return 0;
}

static int get_digest(const struct json *j, const char *key, struct digest *out, struct error *err)
{
	struct str hex = {0};
	if (json_get_str(j, key, &hex, what, err) < 0)
		return -1;
	if (!digest_parse(out, hex))
		return error_set(err, ERROR_BUG, "%s: %s is no digest", what, key);
	return 0;
}

static int parse_files(
	struct artifact_files *out, struct arena *a, const struct json *files, struct error *err)
{
	for (size_t i = 0; i < files->array.n; i++) {
		const struct json *j = files->array.items[i];
		struct artifact_file f = {
			.outside = json_bool_or(j, "outside", false),
			.removed = json_bool_or(j, "removed", false),
		};
		if (json_get_str(j, "path", &f.path, what, err) < 0 ||
			json_get_str(j, "media_type", &f.media_type, what, err) < 0 ||
			get_u64(j, "size", &f.size, err) < 0 ||
			get_digest(j, "sha256", &f.sha256, err) < 0)
			return -1;
		list_push(a, out) = f;
	}
	return 0;
}

static int parse_inputs(
	struct artifact *out, struct arena *a, const struct json *inputs, struct error *err)
{
	for (size_t i = 0; i < inputs->array.n; i++) {
		const struct json *j = inputs->array.items[i];
		struct artifact_input in = {.pinned = json_bool_or(j, "pinned", false)};
		if (json_get_str(j, "name", &in.name, what, err) < 0 ||
			json_get_str(j, "uri", &in.uri, what, err) < 0 ||
			get_digest(j, "sha256", &in.sha256, err) < 0)
			return -1;
		list_push(a, &out->inputs) = in;
	}
	return 0;
}

static int parse_artifact(
	struct artifact *out, struct arena *a, const struct json *j, struct error *err)
{
	const struct json *files = NULL;
	const struct json *made = NULL;
	const struct json *inputs = NULL;
	if (json_get_str(j, "builder_id", &out->builder_id, what, err) < 0 ||
		json_get_str(j, "image_id", &out->image_id, what, err) < 0 ||
		json_get_str(j, "image_algorithm", &out->image_algorithm, what, err) < 0 ||
		json_get_str(j, "image_name", &out->image_name, what, err) < 0 ||
		json_get_array(j, "files", &files, what, err) < 0 ||
		json_get_array(j, "made", &made, what, err) < 0 ||
		json_get_array(j, "inputs", &inputs, what, err) < 0)
		return -1;
	if (parse_files(&out->files, a, files, err) < 0 ||
		parse_files(&out->made, a, made, err) < 0)
		return -1;
	return parse_inputs(out, a, inputs, err);
}

int build_result_parse(
	struct build_result *out, struct arena *a, struct str text, struct error *err)
{
	struct json *j = NULL;
	struct build_result r = {0};
	const struct json *artifact = NULL;
	int64_t code = 0;
	struct str coverage = {0};
	if (json_parse(&j, a, text, STR("result"), NULL, err) < 0 ||
		json_get_object(j, "artifact", &artifact, what, err) < 0 ||
		parse_artifact(&r.artifact, a, artifact, err) < 0 ||
		get_u64(j, "manifest_lines", &r.head.count, err) < 0 ||
		get_u64(j, "manifest_bytes", &r.head.bytes, err) < 0 ||
		get_digest(j, "manifest_root", &r.head.root, err) < 0 ||
		get_digest(j, "manifest_sha256", &r.head.sha256, err) < 0 ||
		get_u64(j, "execs", &r.execs, err) < 0 || get_u64(j, "gaps", &r.gaps, err) < 0 ||
		json_get_str(j, "coverage", &coverage, what, err) < 0 ||
		json_get_i64(j, "error_code", &code, what, err) < 0)
		return -1;
	r.ok = json_bool_or(j, "ok", false);
	r.cancelled = json_bool_or(j, "cancelled", false);
	r.coverage = coverage.p;
	if (code > ERROR_NONE && code <= ERROR_BUG)
		error_set(&r.error, (enum error_code)code, "%.*s",
			STR_ARG(json_str_or(j, "error", STR("unknown error"))));
	*out = r;
	return 0;
}
