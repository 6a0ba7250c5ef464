#include "sign/verify.h"

#include "base/encode.h"

static const struct provenance *provenance_of(const struct verifying *v)
{
	return &v->statements[STATEMENT_PROVENANCE].provenance;
}

/* Cuts "git+URL@COMMIT#path"; the commit is what stands behind the last @ before the #. */
static bool split_spdx(struct str text, struct str *url, struct str *commit)
{
	const struct str scheme = STR("git+");
	if (!str_has_prefix(text, scheme))
		return false;
	text = str_from_index(text, scheme.n);
	size_t hash = str_find_byte(text, '#');
	if (hash != STR_NPOS)
		text = str_sub(text, 0, hash);
	size_t at = str_rfind_byte(text, '@');
	if (at == STR_NPOS || at == 0)
		return false;
	*url = str_sub(text, 0, at);
	*commit = str_from_index(text, at + 1);
	return digest_value_is_good(STR("gitCommit"), *commit);
}

bool source_split(const struct verifying *v, struct str *url, struct str *commit)
{
	return split_spdx(json_str_or(provenance_of(v)->external, "source", STR("")), url, commit);
}

/* "git+URL", perhaps with "@refs/..." behind. */
static bool is_uri_of(struct str uri, struct str url)
{
	if (!str_has_prefix(uri, STR("git+")))
		return false;
	uri = str_from_index(uri, 4);
	if (!str_has_prefix(uri, url))
		return false;
	uri = str_from_index(uri, url.n);
	return uri.n == 0 || str_has_prefix(uri, STR("@refs/"));
}

void verify_source(struct verifying *v, struct check *c)
{
	const struct provenance *p = provenance_of(v);
	struct str url = {0};
	struct str commit = {0};
	if (!source_split(v, &url, &commit)) {
		check_fail(v, c, "externalParameters.source is not git+URL@COMMIT");
		return;
	}
	if (p->materials.n == 0 || !str_is(p->materials.items[0].algorithm, "gitCommit")) {
		check_fail(v, c, "the first resolved dependency is not a commit");
		return;
	}
	const struct evidence_material *m = &p->materials.items[0];
	if (!check_same(v, c, commit, m->value))
		return;
	if (!is_uri_of(m->uri, url))
		check_fail(v, c, "the commit was taken from %.*s, not from %.*s", STR_ARG(m->uri),
			STR_ARG(url));
}

void verify_repository(struct verifying *v, struct check *c)
{
	struct str url = {0};
	struct str commit = {0};
	struct str expected = v->o->repository;
	if (!source_split(v, &url, &commit)) {
		check_fail(v, c, "externalParameters.source is not git+URL@COMMIT");
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
		check_fail(v, c, "externalParameters.source is not git+URL@COMMIT");
	else
		check_same(v, c, v->o->commit, commit);
}

void verify_builder(struct verifying *v, struct check *c)
{
	check_same(v, c, v->o->builder_id, provenance_of(v)->builder_id);
}
