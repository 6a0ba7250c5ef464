#include "sign/key.h"

#include "base/encode.h"

#define PEM_MAX ((size_t)64 << 10)
#define PEM_LINE 64

void pem_block_clear(struct pem_block *b)
{
	secret_clear(&b->der);
	b->label = STR("");
}

static bool is_label_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ';
}

/* "-----BEGIN LABEL-----" or the END of it; the slice borrows the line. */
static bool boundary_label(struct str line, struct str word, struct str *label)
{
	const struct str dashes = STR("-----");
	if (!str_has_prefix(line, dashes))
		return false;
	line = str_from_index(line, dashes.n);
	if (!str_has_prefix(line, word) || !str_has_suffix(line, dashes))
		return false;
	line = str_from_index(line, word.n);
	if (line.n < dashes.n)
		return false;
	*label = str_sub(line, 0, line.n - dashes.n);
	for (size_t i = 0; i < label->n; i++) {
		if (!is_label_byte(label->p[i]))
			return false;
	}
	return label->n > 0;
}

static struct str cut_line(struct str *rest)
{
	struct str line = {0};
	if (!str_cut(rest, '\n', &line))
		return STR("");
	if (str_has_suffix(line, STR("\r")))
		line = str_sub(line, 0, line.n - 1);
	return line;
}

/* The arena's copies are wiped, since the block may hold a private key. */
static int decode_body(struct secret *der, struct str body, struct error *err)
{
	scoped(arena) a = {0};
	struct str bytes = {0};
	if (body.n == 0 || !base64_decode(&a, body, &bytes))
		return error_set(err, ERROR_INPUT, "PEM: the body is not base64");
	secret_set(der, bytes);
	secret_wipe((void *)(uintptr_t)bytes.p, bytes.n);
	return 0;
}

/* The base64 lines up to END, moved together in place: what they become is never longer. */
static int collect_body(
	struct secret *body, size_t *n, struct str *rest, struct str label, struct error *err)
{
	*n = 0;
	while (rest->n > 0) {
		struct str line = cut_line(rest);
		struct str end = {0};
		if (boundary_label(line, STR("END "), &end)) {
			if (!str_eq(end, label))
				return error_set(err, ERROR_INPUT, "PEM: BEGIN and END differ");
			return 0;
		}
		if (str_find_byte(line, ':') != STR_NPOS)
			return error_set(err, ERROR_INPUT,
				"PEM: header lines (the old encryption of OpenSSL) are not "
				"accepted; convert the key with `openssl pkcs8 -topk8`");
		memcpy(body->p + *n, line.p, line.n);
		*n += line.n;
	}
	return error_set(err, ERROR_INPUT, "PEM: no END line");
}

static int read_body(struct secret *der, struct str *rest, struct str label, struct error *err)
{
	if (rest->n == 0)
		return error_set(err, ERROR_INPUT, "PEM: no END line");
	scoped(secret) body = {0};
	secret_set(&body, *rest);
	size_t n = 0;
	if (collect_body(&body, &n, rest, label, err) < 0)
		return -1;
	return decode_body(der, (struct str){body.p, n}, err);
}

int pem_read(struct pem_block *out, struct str *rest, struct error *err)
{
	if (rest->n > PEM_MAX)
		return error_set(err, ERROR_INPUT, "PEM: larger than %zu bytes", PEM_MAX);
	struct str text = str_trim(*rest);
	struct str label = {0};
	if (!boundary_label(cut_line(&text), STR("BEGIN "), &label))
		return error_set(err, ERROR_INPUT, "PEM: does not start with a BEGIN line");
	struct secret der = {0};
	if (read_body(&der, &text, label, err) < 0)
		return -1;
	*out = (struct pem_block){.label = label, .der = der};
	*rest = str_trim(text);
	return 0;
}

void pem_write(struct buf *out, const char *label, struct str der)
{
	scoped(arena) a = {0};
	struct str body = base64_encode(&a, der);
	buf_printf(out, "-----BEGIN %s-----\n", label);
	for (size_t i = 0; i < body.n; i += PEM_LINE) {
		buf_add(out, str_sub(body, i, PEM_LINE));
		buf_add_byte(out, '\n');
	}
	buf_printf(out, "-----END %s-----\n", label);
}
