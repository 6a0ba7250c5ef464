/* What a machine starts from: ISOs, disk images, boxes, and whether anybody checks them. */
#include "audit/eval/guest.h"

static bool is_hex(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!strchr("0123456789abcdefABCDEF", s.p[i]) || !s.p[i])
			return false;
	}
	return s.n > 0;
}

static struct check judged(enum strength strength, const char *reason)
{
	return (struct check){
		.strength = strength,
		.reason = str_from(reason),
		.method = STR("checksum"),
		.fatal = true,
		.fact = SIZE_MAX,
	};
}

/* "file:URL": the digest comes over the network as well. */
static struct check judge_file(struct str at, const struct url *url)
{
	bool far = str_contains(at, STR("://")) && !str_has_prefix(at, STR("file://"));
	if (!far)
		return judged(STRENGTH_STRONG, "");
	bool same = url->host.n > 0 && str_contains(at, url->host);
	return judged(STRENGTH_WEAK, same ? "same-origin" : "unknown-digest");
}

/* As Packer reads it: none, HEX, TYPE:HEX, file:URL. */
static struct check judge(struct eval *e, const struct text *checksum, const struct url *url)
{
	struct str s = text_display(checksum, e->scratch);
	size_t colon = str_find_byte(s, ':');
	struct str type = colon == STR_NPOS ? STR("") : str_sub(s, 0, colon);
	struct str hex = colon == STR_NPOS ? s : str_from_index(s, colon + 1);
	if (s.n == 0 || str_is(s, "none") || str_is(hex, "none"))
		return judged(STRENGTH_NONE, "absent");
	if (str_is(type, "file"))
		return judge_file(hex, url);
	if (text_has_holes(checksum) || !is_hex(hex))
		return judged(STRENGTH_WEAK, "unknown-digest");
	if (str_is(type, "md5") || str_is(type, "sha1") || hex.n < 56)
		return judged(STRENGTH_WEAK, "weak-hash");
	return judged(STRENGTH_STRONG, "");
}

/* An address, in place of a path of the build host or a name in a registry. */
static bool is_address(const struct url *url)
{
	return url->scheme.n > 0 && !str_is(url->scheme, "file") &&
		str_contains(url->prefix, STR("://"));
}

static void tell_download(
	struct eval *e, const struct command *c, const struct url *url, const struct check *check)
{
	struct str file = base_name(url->path.n > 0 ? url->path : url->prefix);
	struct download d = {.tool = STR("packer"), .url = *url, .dest = file};
	struct source *source = download_emit(e, c, &d);
	struct sink sink = {
		.to = "executable", .name = STR("the machine of the build"), .file = file};
	if (check->strength != STRENGTH_NONE) {
		struct check *made = arena_new(e->scratch, struct check);
		*made = *check;
		made->object = file;
		made->origin = c->origin;
		made->label = STR("checksum");
		made->fact = emit_verify(e, c, made);
		cell_set(e, source->check, made);
	}
	flow_into(e, c, taint_of(e, source), &sink);
}

static void pull_image(struct eval *e, struct command *c, const struct value *image)
{
	struct value argv[] = {value_text(e, STR("docker")), value_text(e, STR("pull")), *image};
	run_argv(e, c, argv, countof(argv), STR(""));
}

static void tell_medium(struct eval *e, const struct plan_medium *m)
{
	struct value uri = value_from_text(e, &m->uri);
	struct url url = url_parse(e, &uri);
	struct command c = command_new(e, NULL, NULL, 0);
	c.origin = m->origin;
	c.text = arena_printf(
		e->scratch, "%.*s %.*s", STR_ARG(m->what), STR_ARG(value_display(e, &uri)));
	struct check check = judge(e, &m->checksum, &url);
	if (check.strength == STRENGTH_NONE && !str_is(m->what, "image"))
		emit_opaque(e, &c, "base",
			STR("the medium that the machine starts from has no checksum"),
			value_display(e, &uri));
	if (str_is(m->what, "image"))
		pull_image(e, &c, &uri);
	else if (is_address(&url))
		tell_download(e, &c, &url, &check);
	else if (check.strength == STRENGTH_NONE)
		emit_opaque(e, &c, "binary",
			STR("the machine starts from a medium that has no checksum"),
			value_display(e, &uri));
}

static bool is_true(const struct conf *c, struct arena *a)
{
	return c &&
		(c->type == CONF_BOOL ? c->boolean
				      : c->type == CONF_STRING &&
					str_is(text_display(&c->text, a), "true"));
}

/* The newest image of a name, whoever has published one of that name. */
static void tell_filter(struct eval *e, const struct conf *filter)
{
	const struct conf *owners = conf_find(filter, STR("owners"));
	bool owned = owners && (owners->type != CONF_LIST || owners->list.n > 0);
	if (!is_true(conf_find(filter, STR("most_recent")), e->scratch) || owned)
		return;
	struct command c = command_new(e, NULL, NULL, 0);
	c.origin = filter->origin;
	c.text = STR("source_ami_filter");
	emit_opaque(e, &c, "base", STR("the newest image of that name is taken, whoever owns it"),
		(struct str){0});
}

static void tell_filters(struct eval *e)
{
	const struct conf *filter =
		e->plan->config ? conf_find(e->plan->config, STR("source_ami_filter")) : NULL;
	if (filter && filter->type == CONF_OBJECT)
		tell_filter(e, filter);
	for (size_t i = 0; filter && filter->type == CONF_LIST && i < filter->list.n; i++)
		if (filter->list.items[i]->type == CONF_OBJECT)
			tell_filter(e, filter->list.items[i]);
}

void media_facts(struct eval *e)
{
	enum fact_phase phase = e->phase;
	e->phase = PHASE_BOOT;
	tell_filters(e);
	for (size_t i = 0; i < e->plan->media.n; i++)
		tell_medium(e, &e->plan->media.items[i]);
	e->phase = phase;
}
