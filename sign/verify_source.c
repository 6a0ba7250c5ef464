#include "sign/verify.h"

#include "base/encode.h"

static const struct provenance *provenance_of(const struct verifying *v)
{
	return &v->statements[STATEMENT_PROVENANCE].provenance;
}

/* Every parameter that a caller can set; one that is not known here could mean anything. */
static const char *const parameter_names[] = {"as", "audited", "build", "configType", "cwd", "data",
	"except", "files", "now", "profile", "source", "template", "threshold", "variableFiles",
	"variables"};

static bool is_parameter(struct str key)
{
	for (size_t i = 0; i < countof(parameter_names); i++) {
		if (str_is(key, parameter_names[i]))
			return true;
	}
	return false;
}

void verify_parameters(struct verifying *v, struct check *c)
{
	const struct json *external = provenance_of(v)->external;
	for (size_t i = 0; i < external->object.n; i++) {
		if (!is_parameter(external->object.items[i].key)) {
			check_fail(v, c, "parameter %.*s is not known",
				STR_ARG(external->object.items[i].key));
			return;
		}
	}
	check_pass(c);
}

bool source_split(const struct verifying *v, struct str *url, struct str *commit)
{
	const struct json *source = json_find(provenance_of(v)->external, "source");
	*url = json_str_or(source, "uri", STR(""));
	*commit = json_str_or(source, "commit", STR(""));
	return url->n > 0 && digest_value_is_good(STR("gitCommit"), *commit);
}

/* "git+URL" (SPDX), perhaps with "@" and a full reference or the commit behind. */
static bool is_uri_of(struct str uri, struct str url, struct str commit)
{
	const struct str scheme = STR("git+");
	if (!str_has_prefix(uri, scheme))
		return false;
	uri = str_from_index(uri, scheme.n);
	if (!str_has_prefix(uri, url))
		return false;
	uri = str_from_index(uri, url.n);
	return uri.n == 0 || str_has_prefix(uri, STR("@refs/")) ||
		(uri.p[0] == '@' && str_eq(str_from_index(uri, 1), commit));
}

void verify_source(struct verifying *v, struct check *c)
{
	const struct provenance *p = provenance_of(v);
	struct str url = {0};
	struct str commit = {0};
	if (!source_split(v, &url, &commit)) {
		check_fail(v, c, "externalParameters.source names no uri and commit");
		return;
	}
	if (p->materials.n == 0 || !str_is(p->materials.items[0].algorithm, "gitCommit")) {
		check_fail(v, c, "the first resolved dependency is not a commit");
		return;
	}
	const struct evidence_material *m = &p->materials.items[0];
	if (!check_same(v, c, commit, m->value))
		return;
	if (!is_uri_of(m->uri, url, commit))
		check_fail(v, c, "the commit was taken from %.*s, not from %.*s", STR_ARG(m->uri),
			STR_ARG(url));
}

void verify_repository(struct verifying *v, struct check *c)
{
	struct str url = {0};
	struct str commit = {0};
	struct str expected = v->o->repository;
	if (!source_split(v, &url, &commit)) {
		check_fail(v, c, "externalParameters.source names no uri and commit");
		return;
	}
	if (str_has_prefix(expected, STR("git+")))
		expected = str_from_index(expected, 4);
	check_same(v, c, expected, url);
}

void verify_commit(struct verifying *v, struct check *c)
{
	struct str url = {0};
	struct str commit = {0};
	if (!source_split(v, &url, &commit))
		check_fail(v, c, "externalParameters.source names no uri and commit");
	else
		check_same(v, c, v->o->commit, commit);
}

void verify_builder(struct verifying *v, struct check *c)
{
	check_same(v, c, v->o->builder_id, provenance_of(v)->builder_id);
}
