#include "template/hcl2/functions.h"

#include "base/digest.h"
#include "base/process.h"
#include "template/gotmpl/gotime.h"
#include "template/hcl2/functions_private.h"

#include <stdio.h>

#define RFC3339 "2006-01-02T15:04:05Z07:00"

struct hcl2_context *hcl2_context_of(const struct hcl_eval *e, struct error *err)
{
	for (const struct hcl_scope *s = e->scope; s; s = s->parent) {
		if (s->ctx)
			return s->ctx;
	}
	(void)error_set(err, ERROR_INPUT, "not available here");
	return NULL;
}

int hcl2_arg_str(struct str *out, struct hcl_eval *e, const struct hcl_value *args, size_t i,
	struct error *err)
{
	if (hcl_to_string(e->arena, &args[i], out))
		return 0;
	return error_set(err, ERROR_INPUT, "argument %zu must be a string, not %s", i + 1,
		hcl_type_name(args[i].type));
}

/* ---- Environment --------------------------------------------------------------------------- */

static int call_env(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct hcl2_context *c = hcl2_context_of(e, err);
	struct str name = {0};
	(void)n;
	if (!c || hcl2_arg_str(&name, e, args, 0, err) < 0)
		return -1;
	if (!c->env_allowed)
		return error_set(err, ERROR_INPUT,
			"the environment is read in defaults of variables only; define a variable "
			"with this default");
	const char *found = c->environment && str_is_cstr(name)
		? env_find(c->environment, arena_cstr(e->arena, name))
		: NULL;
	struct str value = arena_str(e->arena, str_from(found));
	if (c->env_used)
		c->env_used(c->owner, name, value);
	*out = hcl_string(value);
	return 0;
}

/* ---- Time ---------------------------------------------------------------------------------- */

static int format_now(
	struct hcl_value *out, struct hcl_eval *e, struct str layout, struct error *err)
{
	scoped(buf) made = {0};
	const struct hcl2_context *c = hcl2_context_of(e, err);
	if (!c)
		return -1;
	gotime_format(&made, c->now, layout);
	if (buf_check(&made, err) < 0)
		return -1;
	*out = hcl_string(arena_str(e->arena, buf_str(&made)));
	return 0;
}

static int call_timestamp(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)args;
	(void)n;
	return format_now(out, e, STR(RFC3339), err);
}

static int call_isotime(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str layout = STR(RFC3339);
	if (n > 0 && hcl2_arg_str(&layout, e, args, 0, err) < 0)
		return -1;
	return format_now(out, e, layout, err);
}

/* What HCL2's strftime knows; {{ strftime }} knows more. */
static const struct {
	char letter;
	const char *layout;
} letters[] = {
	{'a', "Mon"},
	{'A', "Monday"},
	{'b', "Jan"},
	{'B', "January"},
	{'d', "02"},
	{'H', "15"},
	{'I', "03"},
	{'L', ".000"},
	{'m', "01"},
	{'M', "04"},
	{'p', "PM"},
	{'S', "05"},
	{'y', "06"},
	{'Y', "2006"},
	{'z', "-0700"},
	{'Z', "MST"},
};

/* A letter that is not known stays as it is written. */
static void add_letter(struct buf *out, int64_t now, char letter)
{
	for (size_t i = 0; i < countof(letters); i++) {
		if (letters[i].letter == letter) {
			gotime_format(out, now, str_from(letters[i].layout));
			return;
		}
	}
	if (letter != '%')
		buf_add_byte(out, '%');
	buf_add_byte(out, letter);
}

static int call_strftime(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	scoped(buf) made = {0};
	struct str format = {0};
	const struct hcl2_context *c = hcl2_context_of(e, err);
	if (!c)
		return -1;
	if (n == 0)
		return format_now(out, e, STR(RFC3339), err);
	if (hcl2_arg_str(&format, e, args, 0, err) < 0)
		return -1;
	for (size_t i = 0; i < format.n; i++) {
		bool letter = format.p[i] == '%' && i + 1 < format.n;
		if (letter)
			add_letter(&made, c->now, format.p[++i]);
		else
			buf_add_byte(&made, format.p[i]);
	}
	if (buf_check(&made, err) < 0)
		return -1;
	*out = hcl_string(arena_str(e->arena, buf_str(&made)));
	return 0;
}

/* ---- Chance -------------------------------------------------------------------------------- */

struct digest hcl2_chance(const struct hcl2_context *c, const struct hcl_eval *e, const char *what)
{
	scoped(arena) a = {0};
	struct str place = origin_str(&a, &e->origin);
	return digest_bytes(arena_printf(&a, "%s %.*s %.*s %llu", what, STR_ARG(c->seed),
		STR_ARG(place), (unsigned long long)e->steps));
}

/*
 * The same template must give the same plan, so this is no random UUID: it is made from the place
 * of the call, and how far the evaluation has come, in the form of version 4.
 */
static int call_uuidv4(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	const struct hcl2_context *c = hcl2_context_of(e, err);
	(void)args;
	(void)n;
	if (!c)
		return -1;
	struct digest d = hcl2_chance(c, e, "uuid");
	uint8_t *b = d.bytes;
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	*out = hcl_string(arena_printf(e->arena,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		b[15]));
	return 0;
}

/* ---- Remote stores ------------------------------------------------------------------------- */

/* Nobody is asked while a template is read: a sensitive hole, named like the question. */
static int remote(struct hcl_value *out, const char *function, struct hcl_eval *e,
	const struct hcl_value *args, size_t n, struct error *err)
{
	struct str_list parts = {0};
	for (size_t i = 0; i < n; i++) {
		if (hcl2_arg_str(&list_push(e->arena, &parts), e, args, i, err) < 0)
			return -1;
	}
	struct str all = arena_join(e->arena, parts.items, parts.n, STR(","));
	*out = hcl_hole(e->arena, arena_printf(e->arena, "%s(%.*s)", function, STR_ARG(all)));
	out->marks = HCL_SENSITIVE;
	return 0;
}

static int call_vault(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	return remote(out, "vault", e, args, n, err);
}

static int call_consul_key(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	return remote(out, "consul_key", e, args, n, err);
}

static int call_secret(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	return remote(out, "aws_secretsmanager", e, args, n, err);
}

static int call_raw_secret(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	return remote(out, "aws_secretsmanager_raw", e, args, n, err);
}

/* ---- The table ----------------------------------------------------------------------------- */

const struct hcl_function hcl2_functions[] = {
	{.name = "abspath", .min_args = 1, .max_args = 1, .call = hcl2_fn_abspath},
	{.name = "aws_secretsmanager", .min_args = 1, .max_args = 2, .call = call_secret},
	{.name = "aws_secretsmanager_raw", .min_args = 1, .max_args = 1, .call = call_raw_secret},
	{.name = "bcrypt", .min_args = 1, .max_args = 2, .call = hcl2_fn_bcrypt},
	{.name = "consul_key", .min_args = 1, .max_args = 1, .call = call_consul_key},
	{.name = "env", .min_args = 1, .max_args = 1, .call = call_env},
	{.name = "file", .min_args = 1, .max_args = 1, .call = hcl2_fn_file},
	{.name = "filebase64", .min_args = 1, .max_args = 1, .call = hcl2_fn_filebase64},
	{.name = "fileexists", .min_args = 1, .max_args = 1, .call = hcl2_fn_fileexists},
	{.name = "fileset", .min_args = 2, .max_args = 2, .call = hcl2_fn_fileset},
	{.name = "legacy_isotime", .min_args = 0, .max_args = 1, .call = call_isotime},
	{.name = "legacy_strftime", .min_args = 0, .max_args = 1, .call = call_strftime},
	{.name = "pathexpand", .min_args = 1, .max_args = 1, .call = hcl2_fn_pathexpand},
	{.name = "templatefile",
		.min_args = 2,
		.max_args = 2,
		.raw = true,
		.call = hcl2_fn_templatefile},
	{.name = "timestamp", .min_args = 0, .max_args = 0, .call = call_timestamp},
	{.name = "uuidv4", .min_args = 0, .max_args = 0, .call = call_uuidv4},
	{.name = "vault", .min_args = 2, .max_args = 2, .call = call_vault},
	{0},
};
