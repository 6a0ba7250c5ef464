#include "fetch/snapshot.h"

#include "base/encode.h"

#include <limits.h>

static bool is_commit_id(struct str s)
{
	return (s.n == 40 || s.n == 64) && hex_is_lower(s);
}

static int explain_commit(struct str commit, struct error *err)
{
	if (commit.n == 0)
		return error_set(err, ERROR_INPUT,
			"no commit: write git+URL@COMMIT#path with all 40 (or 64) hex digits");
	if (commit.n >= 4 && commit.n < 64 && hex_is_lower(commit))
		return error_set(err, ERROR_INPUT,
			"\"%.*s\" is a shortened commit id: all 40 (or 64) hex digits are needed",
			STR_ARG(commit));
	return error_set(err, ERROR_INPUT,
		"\"%.*s\" is not a full commit id (40 or 64 lower-case hex digits); a name can be "
		"moved, so it is taken only with --tag or --branch",
		STR_ARG(commit));
}

int fetch_source_parse(struct fetch_source *out, struct str text, struct error *err)
{
	const struct str prefix = STR("git+");
	if (!str_has_prefix(text, prefix))
		return error_set(
			err, ERROR_INPUT, "%.*s: a source is git+URL@COMMIT#path", STR_ARG(text));
	struct fetch_source source = {0};
	struct str rest = str_from_index(text, prefix.n);
	size_t hash = str_find_byte(rest, '#');
	if (hash != STR_NPOS) {
		source.path = str_from_index(rest, hash + 1);
		rest = str_sub(rest, 0, hash);
		if (!path_is_clean(source.path))
			return error_set(err, ERROR_INPUT,
				"\"%.*s\" is not a clean path inside the repository",
				STR_ARG(source.path));
	}
	/* The last "@" may be that of user@host: then what follows is no commit. */
	size_t at = str_rfind_byte(rest, '@');
	struct str commit = at == STR_NPOS ? STR("") : str_from_index(rest, at + 1);
	if (str_find_byte(commit, '/') != STR_NPOS || str_find_byte(commit, ':') != STR_NPOS)
		commit = STR("");
	if (!is_commit_id(commit)) {
		explain_commit(commit, err);
		return error_wrap(err, "%.*s", STR_ARG(text));
	}
	source.url = str_sub(rest, 0, at);
	source.commit = commit;
	if (url_check(source.url, err) < 0)
		return -1;
	*out = source;
	return 0;
}

struct str fetch_source_str(struct arena *a, const struct fetch_source *s, struct str commit)
{
	bool path = s->path.n > 0;
	return arena_printf(a, "git+%.*s@%.*s%s%.*s", STR_ARG(s->url), STR_ARG(commit),
		path ? "#" : "", STR_ARG(s->path));
}

static bool is_scheme(struct str url, const char *scheme)
{
	struct str s = str_from(scheme);
	return str_has_prefix(url, s) && url.n > s.n;
}

bool url_is_local(struct str url)
{
	return is_scheme(url, "file://") || str_has_prefix(url, STR("/")) ||
		str_has_prefix(url, STR("./")) || str_has_prefix(url, STR("../")) ||
		str_eq(url, STR("."));
}

/* user@host:path, as scp writes it. */
static bool is_scp_like(struct str url)
{
	size_t colon = str_find_byte(url, ':');
	if (colon == STR_NPOS || str_contains(url, STR("://")))
		return false;
	return str_find_byte(str_sub(url, 0, colon), '/') == STR_NPOS && colon > 0;
}

int url_check(struct str url, struct error *err)
{
	if (url.n == 0 || url.n > 4096 || !str_is_cstr(url) || url.p[0] == '-')
		return error_set(
			err, ERROR_INPUT, "\"%.*s\" is not a repository URL", STR_ARG(url));
	for (size_t i = 0; i < url.n; i++) {
		if ((uint8_t)url.p[i] <= 0x20 || url.p[i] == 0x7f)
			return error_set(err, ERROR_INPUT,
				"white space or a control character in a repository URL");
	}
	if (url_is_local(url) || is_scheme(url, "ssh://") || is_scp_like(url))
		return 0;
	if (!is_scheme(url, "https://"))
		return error_set(err, ERROR_INPUT,
			"\"%.*s\": repositories are taken from https://, ssh:// and file:// URLs",
			STR_ARG(url));
	struct str host = str_from_index(url, strlen("https://"));
	host = str_sub(host, 0, str_find_byte(host, '/'));
	if (str_find_byte(host, '@') != STR_NPOS)
		return error_set(err, ERROR_INPUT,
			"a user name or password in an https URL would end up in records; "
			"use a credential helper or ssh");
	return 0;
}

int url_public(struct arena *a, struct str url, struct str *out, struct error *err)
{
	if (!url_is_local(url) || is_scheme(url, "file://")) {
		*out = arena_str(a, url);
		return 0;
	}
	char path[PATH_MAX];
	if (!realpath(arena_cstr(a, url), path))
		return error_sys(err, "%.*s", STR_ARG(url));
	*out = arena_printf(a, "file://%s", path);
	return 0;
}

/* Also what was relative: below a host that is named "file", as scp writes it, it may be local. */
static int check_submodule(struct str parent, struct str url, struct error *err)
{
	if (url_is_local(url) && !url_is_local(parent))
		return error_set(err, ERROR_INPUT,
			"submodule of a remote repository points to the local path %.*s",
			STR_ARG(url));
	return url_check(url, err);
}

int url_resolve(
	struct arena *a, struct str parent, struct str url, struct str *out, struct error *err)
{
	if (!str_has_prefix(url, STR("./")) && !str_has_prefix(url, STR("../"))) {
		*out = arena_str(a, url);
		return check_submodule(parent, url, err);
	}
	struct str base = parent;
	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	while (str_has_prefix(url, STR("./")) || str_has_prefix(url, STR("../"))) {
		bool up = url.p[1] == '.';
		url = str_from_index(url, up ? 3 : 2);
		size_t slash = str_rfind_byte(base, '/');
		if (!up)
			continue;
		if (slash == STR_NPOS || slash == 0 || base.p[slash - 1] == '/')
			return error_set(err, ERROR_INPUT, "submodule URL leaves its host");
		base = str_sub(base, 0, slash);
	}
	*out = arena_printf(a, "%.*s/%.*s", STR_ARG(base), STR_ARG(url));
	return check_submodule(parent, *out, err);
}
