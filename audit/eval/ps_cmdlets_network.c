/* Cmdlets that bring bytes from the network, and checks of them. */
#include "audit/eval/ps.h"

static bool checks_are_off(struct ps_call *c)
{
	struct ps_value v = ps_get(c->p, STR("?insecure"));
	return v.type == PSV_NUMBER || ps_has(c, "skipcertificatecheck");
}

static void web_request(struct ps_call *c)
{
	const struct ps_value *uri = ps_arg(c, "uri");
	const struct ps_value *file = ps_arg(c, "outfile");
	struct str method = ps_text_arg(c, "method");
	struct ps_value in;
	struct value out;
	if (!uri && ps_input(c, "uri", &in))
		uri = &in;
	if (!uri)
		return;
	if (method.p && win_is_word(method, "head put delete patch")) {
		struct ps_value v = ps_object(STR("response"), (struct value){0});
		ps_call_out(c, &v);
		return;
	}
	struct value url = ps_value_text(c->p, uri);
	struct download d = {.tool = str_from(c->cmdlet->names), .dest = STR("-")};
	d.url = url_parse(c->e, &url);
	d.insecure = checks_are_off(c);
	if (file)
		d.dest = ps_path_arg(c, "outfile");
	if (d.dest.p && is_dir_name(d.dest))
		d.dest = arena_printf(c->e->scratch, "%.*s/%.*s", STR_ARG(d.dest),
			STR_ARG(base_name(d.url.path)));
	win_download(c->e, c->c, &d, &out);
	if (file && !ps_has(c, "passthru"))
		return;
	struct ps_value v = ps_object(STR("response"), out);
	ps_call_out(c, &v);
}

static void bits_transfer(struct ps_call *c)
{
	const struct ps_value *source = ps_arg(c, "source");
	struct value out;
	if (!source)
		return;
	struct value url = ps_value_text(c->p, source);
	struct download d = {.tool = STR("Start-BitsTransfer")};
	d.url = url_parse(c->e, &url);
	d.dest = ps_path_arg(c, "destination");
	if (d.url.text.p && str_is(d.url.scheme, "http") && !str_contains(d.url.text, STR("://")))
		return; /* a file of a share or a disk */
	if (!ps_arg(c, "destination") || (d.dest.p && is_dir_name(d.dest)))
		d.dest = d.url.path.p ? base_name(d.url.path) : (struct str){0};
	win_download(c->e, c->c, &d, &out);
}

/* ---- Checks --------------------------------------------------------------------------------- */

static struct value digest_value(
	struct eval *e, struct str algorithm, const struct taint *t, struct str object)
{
	struct digest_of *d = arena_new(e->scratch, struct digest_of);
	struct chunk *c = arena_new(e->scratch, struct chunk);
	*d = (struct digest_of){.algorithm = algorithm, .taint = t, .object = object};
	*c = (struct chunk){.kind = CHUNK_UNKNOWN,
		.digest = d,
		.text = arena_printf(e->scratch, "$(%.*s …)", STR_ARG(algorithm))};
	return (struct value){c, 1};
}

static const struct taint *file_taint(struct ps_call *c, const char *names, struct str *path)
{
	struct ps_value in;
	*path = ps_path_arg(c, names);
	if (!path->p && ps_input(c, names, &in)) {
		struct str s;
		if (ps_const(c->p, &in, &s))
			*path = win_path(c->e, s);
	}
	const struct file *f = path->p ? guest_find(c->e, *path) : NULL;
	return f ? value_taint(c->e, &f->content) : NULL;
}

static void file_hash(struct ps_call *c)
{
	struct str path;
	const struct taint *t = file_taint(c, "path literalpath inputstream", &path);
	struct str algorithm = ps_text_arg(c, "algorithm");
	const struct ps_value *stream = ps_arg(c, "inputstream");
	if (stream)
		t = ps_taint(c->p, stream);
	algorithm = algorithm.p ? ps_lower_str(c->e, algorithm) : STR("sha256");
	struct ps_value v = ps_object(STR("filehash"), (struct value){0});
	struct ps_value hash = ps_text(digest_value(c->e, algorithm, t, path));
	v = ps_with(c->p, &v, STR("hash"), &hash);
	v.text = hash.text;
	ps_call_out(c, &v);
}

static void signature(struct ps_call *c)
{
	struct str path;
	const struct taint *t = file_taint(c, "filepath literalpath", &path);
	struct ps_value v = ps_object(STR("signature"), (struct value){0});
	struct ps_value certificate = ps_object(STR("certificate"), (struct value){0});
	struct ps_value status = ps_text(digest_value(c->e, STR("authenticode"), t, path));
	struct ps_value signer = ps_text(digest_value(c->e, STR("authenticode-signer"), t, path));
	static const char *const names[] = {"subject", "thumbprint", "issuer", "subjectname"};
	for (size_t i = 0; i < countof(names); i++)
		certificate = ps_with(c->p, &certificate, str_from(names[i]), &signer);
	v = ps_with(c->p, &v, STR("status"), &status);
	v = ps_with(c->p, &v, STR("signercertificate"), &certificate);
	ps_call_out(c, &v);
}

const struct ps_cmdlet ps_cmdlets_network[] = {
	{"Invoke-WebRequest Invoke-RestMethod", web_request, "uri"},
	{"Start-BitsTransfer", bits_transfer, "source destination"},
	{"Get-FileHash", file_hash, "path"},
	{"Get-AuthenticodeSignature", signature, "filepath"},
	{0},
};
