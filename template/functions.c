#include "template/functions.h"

#include "base/digest.h"
#include "base/process.h"
#include "base/utf8.h"
#include "template/gotmpl/gotime.h"

const char *const template_build_names[] = {
	"ID",
	"Host",
	"Port",
	"User",
	"Password",
	"ConnType",
	"PackerRunUUID",
	"PackerHTTPIP",
	"PackerHTTPPort",
	"PackerHTTPAddr",
	"SSHPublicKey",
	"SSHPrivateKey",
	"SSHPrivateKeyFile",
	"WinRMPassword",
	"BuildRegion",
	"SourceAMI",
	"SourceAMICreationDate",
	"SourceAMIName",
	"SourceAMIOwner",
	"SourceAMIOwnerName",
	"SourceImageName",
	"SourceImage",
	NULL,
};

/* NULL, and a fault, where nothing of the template is known. */
static struct function_context *context(const struct gotmpl_call *c)
{
	struct function_context *f = c->run->scope->ctx;
	if (!f)
		gotmpl_fault(c->run, c->off, "%s is not known at this stage", c->name);
	return f;
}

static int fail(const struct gotmpl_call *c, const char *what)
{
	return gotmpl_fault(c->run, c->off, "%s: %s", c->name, what);
}

/* ---- Of the template ------------------------------------------------------------------------ */

static int call_user(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	struct function_context *f = context(c);
	struct str name;
	struct text value = {0};
	bool deferred = false;
	if (!f || gotmpl_arg_str(c, 0, &name) < 0)
		return -1;
	if (f->user(f, c, name, &value, &deferred) < 0)
		return -1;
	c->run->deferred |= deferred;
	*out = gotmpl_text(value);
	return 0;
}

static const char env_in_json[] = "allowed in the defaults of variables only; define a variable "
				  "with it and use {{user `NAME`}} here";

static int call_env(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	struct function_context *f = context(c);
	struct str name;
	if (!f || gotmpl_arg_str(c, 0, &name) < 0)
		return -1;
	if (!f->environment)
		return fail(c, f->env_instead ? f->env_instead : env_in_json);
	const char *found = str_is_cstr(name)
		? env_find(f->environment, arena_cstr(c->run->arena, name))
		: NULL;
	struct str value = str_from(found);
	f->env_used(f->owner, name, value);
	*out = gotmpl_string(c->run->arena, value);
	return 0;
}

static int call_build_name(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	struct function_context *f = context(c);
	if (!f)
		return -1;
	if (f->build_name.n == 0)
		return fail(c, "not available here");
	*out = gotmpl_string(c->run->arena, f->build_name);
	return 0;
}

static int call_build_type(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	struct function_context *f = context(c);
	if (!f)
		return -1;
	if (f->build_type.n == 0)
		return fail(c, "not available here");
	*out = gotmpl_string(c->run->arena, f->build_type);
	return 0;
}

static int call_build(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	struct function_context *f = context(c);
	struct str name;
	size_t n = 0;
	if (!f || gotmpl_arg_str(c, 0, &name) < 0)
		return -1;
	if (!f->build)
		return fail(c, "available in provisioners and post-processors only");
	for (; template_build_names[n]; n++) {
		if (!str_is(name, template_build_names[n]))
			continue;
		*out = gotmpl_text((struct text){0});
		text_add_hole(&out->text, c->run->arena, name);
		return 0;
	}
	const char *near = conf_nearest(name, template_build_names, n);
	if (near)
		return gotmpl_fault(c->run, c->off,
			"build: no value is named \"%.*s\"; did you mean \"%s\"?", STR_ARG(name),
			near);
	return gotmpl_fault(c->run, c->off, "build: no value is named \"%.*s\"", STR_ARG(name));
}

static int call_packer_version(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	*out = gotmpl_string(c->run->arena, STR(TEMPLATE_PACKER_VERSION));
	return 0;
}

/* Relative paths of a template start at its own directory, so this is it. */
static int call_directory(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	*out = gotmpl_string(c->run->arena, STR("."));
	return 0;
}

/* ---- Time and chance ------------------------------------------------------------------------ */

static int call_timestamp(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	struct function_context *f = context(c);
	if (!f)
		return -1;
	*out = gotmpl_string(c->run->arena,
		arena_printf(c->run->arena, "%lld", (long long)(f->now / 1000000000)));
	return 0;
}

static int call_isotime(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	struct function_context *f = context(c);
	struct str layout = STR("2006-01-02T15:04:05Z07:00");
	if (!f || (c->n > 0 && gotmpl_arg_str(c, 0, &layout) < 0))
		return -1;
	scoped(buf) made = {0};
	gotime_format(&made, f->now, layout);
	*out = gotmpl_derived(c, buf_str(&made));
	return 0;
}

static int call_strftime(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	struct function_context *f = context(c);
	struct str format;
	char letter = '\0';
	if (!f || gotmpl_arg_str(c, 0, &format) < 0)
		return -1;
	scoped(buf) made = {0};
	if (!gotime_strftime(&made, f->now, format, &letter))
		return gotmpl_fault(c->run, c->off, "strftime: %%%c is not known", letter);
	*out = gotmpl_derived(c, buf_str(&made));
	return 0;
}

/*
 * The same template must give the same plan, so this is no random UUID: it is made from the place
 * where it stands, in the form of version 4.
 */
static int call_uuid(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	struct function_context *f = context(c);
	if (!f)
		return -1;
	struct str seed = arena_printf(c->run->arena, "uuid %.*s %zu", STR_ARG(f->seed), c->off);
	struct digest d = digest_bytes(seed);
	uint8_t *b = d.bytes;
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	*out = gotmpl_string(c->run->arena,
		arena_printf(c->run->arena,
			"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
			b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
			b[12], b[13], b[14], b[15]));
	return 0;
}

/* ---- Elsewhere ------------------------------------------------------------------------------ */

static int call_remote_secret(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	(void)out;
	struct function_context *f = context(c);
	if (!f)
		return -1;
	if (!f->environment)
		return fail(c, "allowed in the defaults of variables only");
	return fail(c,
		"not asked for while a template is read; give the variable with -var or "
		"-var-file");
}

static int call_sed(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	(void)out;
	return fail(c, "removed from Packer; use replace or replace_all");
}

/* ---- Strings -------------------------------------------------------------------------------- */

typedef void map_fn(struct buf *out, struct str s);

/* Piece by piece, so that what is sensitive and what is not stay apart. */
static int map_pieces(const struct gotmpl_call *c, map_fn *map, struct gotmpl_value *out)
{
	struct arena *a = c->run->arena;
	struct text in;
	struct str whole;
	if (gotmpl_arg_text(c, 0, &in) < 0 || gotmpl_arg_str(c, 0, &whole) < 0)
		return -1;
	*out = gotmpl_text((struct text){0});
	for (size_t i = 0; i < in.n; i++) {
		scoped(buf) made = {0};
		map(&made, in.items[i].value);
		if (in.items[i].kind == TEXT_SENSITIVE)
			text_add_sensitive(&out->text, a, in.items[i].name, buf_str(&made));
		else
			text_add_literal(&out->text, a, buf_str(&made));
	}
	return 0;
}

/*
 * Letters that differ in case by a fixed distance: from..to are the small ones. step 2: small and
 * capital letters alternate. Scripts that names and words of templates are written in.
 */
static const struct case_range {
	uint32_t from;
	uint32_t to;
	uint32_t distance;
	uint32_t step;
} case_ranges[] = {
	{'a', 'z', 32, 1},
	{0xe0, 0xf6, 32, 1},
	{0xf8, 0xfe, 32, 1},
	{0x101, 0x12f, 1, 2},
	{0x133, 0x137, 1, 2},
	{0x13a, 0x148, 1, 2},
	{0x14b, 0x177, 1, 2},
	{0x17a, 0x17e, 1, 2},
	{0x3b1, 0x3c1, 32, 1},
	{0x3c3, 0x3cb, 32, 1},
	{0x430, 0x44f, 32, 1},
	{0x450, 0x45f, 80, 1},
	{0x461, 0x481, 1, 2},
};

static uint32_t change_case(uint32_t code, bool upper)
{
	for (size_t i = 0; i < countof(case_ranges); i++) {
		const struct case_range *r = &case_ranges[i];
		uint32_t small = upper ? code : code + r->distance;
		if (small >= r->from && small <= r->to && (small - r->from) % r->step == 0)
			return upper ? code - r->distance : small;
	}
	return code;
}

static void map_case(struct buf *out, struct str s, bool upper)
{
	while (s.n > 0) {
		uint32_t code = 0;
		char bytes[4];
		size_t used = utf8_decode(s, &code);
		if (used > 0)
			buf_add(out,
				(struct str){bytes, utf8_encode(change_case(code, upper), bytes)});
		else
			buf_add_byte(out, s.p[0]);
		s = str_from_index(s, used > 0 ? used : 1);
	}
}

static void map_upper(struct buf *out, struct str s)
{
	map_case(out, s, true);
}

static void map_lower(struct buf *out, struct str s)
{
	map_case(out, s, false);
}

static int call_upper(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	return map_pieces(c, map_upper, out);
}

static int call_lower(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	return map_pieces(c, map_lower, out);
}

/* An empty `old` matches before each character and at the end, as in Go; bytes suffice here. */
static void replace(struct buf *out, struct str s, struct str old, struct str new, int64_t max)
{
	while (max != 0) {
		size_t at = old.n > 0 ? str_find(s, old) : 0;
		if (at == STR_NPOS)
			break;
		buf_add(out, str_sub(s, 0, at));
		buf_add(out, new);
		if (old.n == 0 && s.n == 0)
			return;
		if (old.n == 0)
			buf_add_byte(out, s.p[0]);
		s = str_from_index(s, at + (old.n > 0 ? old.n : 1));
		max -= max > 0;
	}
	buf_add(out, s);
}

static int replace_with(
	const struct gotmpl_call *c, size_t in, int64_t max, struct gotmpl_value *out)
{
	struct str old;
	struct str new;
	struct str s;
	if (gotmpl_arg_str(c, 0, &old) < 0 || gotmpl_arg_str(c, 1, &new) < 0 ||
		gotmpl_arg_str(c, in, &s) < 0)
		return -1;
	scoped(buf) made = {0};
	buf_init(&made, GOTMPL_OUTPUT_MAX);
	replace(&made, s, old, new, max);
	struct error ignored;
	if (buf_check(&made, &ignored) < 0)
		return fail(c, "makes too many bytes");
	*out = gotmpl_derived(c, buf_str(&made));
	return 0;
}

static int call_replace_all(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	return replace_with(c, 2, -1, out);
}

static int call_replace(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	int64_t max = 0;
	if (gotmpl_arg_int(c, 2, &max) < 0)
		return -1;
	return replace_with(c, 3, max, out);
}

/* False when there are too many parts. */
static bool split(struct str_list *parts, struct arena *a, struct str s, struct str sep)
{
	while (parts->n < GOTMPL_LIST_MAX) {
		size_t at = sep.n > 0 ? str_find(s, sep) : (s.n > 1 ? 1 : STR_NPOS);
		list_push(a, parts) = str_sub(s, 0, at);
		if (at == STR_NPOS)
			return true;
		s = str_from_index(s, at + sep.n);
	}
	return false;
}

/* split STRING SEPARATOR INDEX gives one part; without an index, all of them, for range. */
static int call_split(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	struct str s;
	struct str sep;
	int64_t index = 0;
	if (gotmpl_arg_str(c, 0, &s) < 0 || gotmpl_arg_str(c, 1, &sep) < 0)
		return -1;
	if (c->n == 3 && gotmpl_arg_int(c, 2, &index) < 0)
		return -1;
	struct str_list parts = {0};
	if (!split(&parts, c->run->arena, s, sep))
		return gotmpl_fault(c->run, c->off, "split: more than %d parts", GOTMPL_LIST_MAX);
	if (c->n == 3) {
		if (index < 0 || (uint64_t)index >= parts.n)
			return gotmpl_fault(c->run, c->off,
				"split: no part %lld: the separator \"%.*s\" gives %zu",
				(long long)index, STR_ARG(sep), parts.n);
		*out = gotmpl_derived(c, parts.items[index]);
		return 0;
	}
	*out = (struct gotmpl_value){.kind = GOTMPL_LIST};
	for (size_t i = 0; i < parts.n; i++)
		list_push(c->run->arena, &out->list) = gotmpl_derived(c, parts.items[i]);
	return 0;
}

/* ---- Names that a platform accepts ---------------------------------------------------------- */

/* also: bytes that are kept besides letters and digits; the rest becomes '-'. */
static const struct name_rule {
	struct str builder; /* prefix of the builder's type */
	const char *also;
	bool lower;
	const char *trim; /* not at the end */
} name_rules[] = {
	{STR_INIT("azure-"), "._-", false, "-_."},
	{STR_INIT("googlecompute"), "-", true, ""},
	{STR_INIT("yandex"), "-", true, ""},
	{STR_INIT(""), "()[] ./-'@_", false, ""},
};

static int call_clean_name(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	struct function_context *f = context(c);
	struct str s;
	if (!f || gotmpl_arg_str(c, 0, &s) < 0)
		return -1;
	const struct name_rule *rule = name_rules;
	while (!str_has_prefix(f->build_type, rule->builder))
		rule++;
	scoped(buf) made = {0};
	for (size_t i = 0; i < s.n; i++) {
		char b = s.p[i];
		bool upper = b >= 'A' && b <= 'Z';
		bool keep = upper || (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') ||
			(b != '\0' && strchr(rule->also, b));
		if (upper && rule->lower)
			b = (char)(b - 'A' + 'a');
		buf_add_byte(&made, keep ? b : '-');
	}
	struct str name = buf_str(&made);
	while (name.n > 0 && strchr(rule->trim, name.p[name.n - 1]))
		name.n--;
	*out = gotmpl_derived(c, name);
	return 0;
}

const struct gotmpl_function template_functions[] = {
	{"user", 1, 1, call_user},
	{"env", 1, 1, call_env},
	{"build", 1, 1, call_build},
	{"build_name", 0, 0, call_build_name},
	{"build_type", 0, 0, call_build_type},
	{"packer_version", 0, 0, call_packer_version},
	{"template_dir", 0, 0, call_directory},
	{"pwd", 0, 0, call_directory},
	{"timestamp", 0, 0, call_timestamp},
	{"isotime", 0, 1, call_isotime},
	{"strftime", 1, 1, call_strftime},
	{"uuid", 0, 0, call_uuid},
	{"consul_key", 1, 1, call_remote_secret},
	{"vault", 2, 2, call_remote_secret},
	{"aws_secretsmanager", 1, 2, call_remote_secret},
	{"aws_secretsmanager_raw", 1, 1, call_remote_secret},
	{"replace", 4, 4, call_replace},
	{"replace_all", 3, 3, call_replace_all},
	{"upper", 1, 1, call_upper},
	{"lower", 1, 1, call_lower},
	{"split", 2, 3, call_split},
	{"clean_resource_name", 1, 1, call_clean_name},
	{"clean_image_name", 1, 1, call_clean_name},
	{"clean_ami_name", 1, 1, call_clean_name},
	{"sed", 2, 2, call_sed},
	{0},
};
