#include "base/digest.h"

#include "base/encode.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static EVP_MD_CTX *start(const EVP_MD *algorithm)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (!ctx || EVP_DigestInit_ex(ctx, algorithm, NULL) != 1)
		error_out_of_memory();
	return ctx;
}

void hasher_init(struct hasher *h)
{
	h->ctx = start(EVP_sha256());
}

void hasher_add(struct hasher *h, struct str bytes)
{
	if (bytes.n > 0 && EVP_DigestUpdate(h->ctx, bytes.p, bytes.n) != 1)
		abort();
}

void hasher_finish(struct hasher *h, struct digest *out)
{
	if (EVP_DigestFinal_ex(h->ctx, out->bytes, NULL) != 1)
		abort();
	hasher_clear(h);
}

void hasher_clear(struct hasher *h)
{
	EVP_MD_CTX_free(h->ctx);
	h->ctx = NULL;
}

struct digest digest_bytes(struct str bytes)
{
	struct digest d;
	scoped(hasher) h = {0};
	hasher_init(&h);
	hasher_add(&h, bytes);
	hasher_finish(&h, &d);
	return d;
}

/* Feeds the whole file; pread leaves the descriptor's offset alone. */
static int update_from_fd(EVP_MD_CTX *ctx, uint64_t *size, int fd, struct error *err)
{
	enum { CHUNK = 128 << 10 };
	autofree char *chunk = malloc(CHUNK);
	if (!chunk)
		error_out_of_memory();
	off_t off = 0;
	for (;;) {
		ssize_t n = pread(fd, chunk, CHUNK, off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "read");
		if (n == 0)
			break;
		if (EVP_DigestUpdate(ctx, chunk, (size_t)n) != 1)
			abort();
		off += n;
	}
	*size = (uint64_t)off;
	return 0;
}

int digest_fd(struct digest *out, uint64_t *size_out, int fd, struct error *err)
{
	scoped(hasher) h = {0};
	hasher_init(&h);
	uint64_t size = 0;
	if (update_from_fd(h.ctx, &size, fd, err) < 0)
		return -1;
	hasher_finish(&h, out);
	if (size_out)
		*size_out = size;
	return 0;
}

void digest_hex(char out[DIGEST_HEX_SIZE], const struct digest *d)
{
	hex_encode(out, d->bytes, sizeof(d->bytes));
}

bool digest_parse(struct digest *out, struct str hex)
{
	return hex_decode(out->bytes, sizeof(out->bytes), hex, false) == 0;
}

bool digest_eq(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

struct digest digest_hmac(struct str key, struct str bytes)
{
	struct digest d;
	const char *p = key.n > 0 ? key.p : "";
	if (key.n > INT_MAX ||
		!HMAC(EVP_sha256(), p, (int)key.n, (const unsigned char *)bytes.p, bytes.n, d.bytes,
			NULL))
		abort();
	return d;
}

enum digest_algorithm digest_algorithm_find(struct str name)
{
	static const char *const names[] = {
		[DIGEST_MD5] = "md5",
		[DIGEST_SHA1] = "sha1",
		[DIGEST_SHA224] = "sha224",
		[DIGEST_SHA256] = "sha256",
		[DIGEST_SHA384] = "sha384",
		[DIGEST_SHA512] = "sha512",
	};
	static_assert(countof(names) == DIGEST_SHA512 + 1, "a name per algorithm");
	for (size_t i = DIGEST_MD5; i < countof(names); i++) {
		if (str_is(name, names[i]))
			return (enum digest_algorithm)i;
	}
	return DIGEST_NONE;
}

static const EVP_MD *algorithm_of(enum digest_algorithm algorithm)
{
	switch (algorithm) {
	case DIGEST_MD5:
		return EVP_md5();
	case DIGEST_SHA1:
		return EVP_sha1();
	case DIGEST_SHA224:
		return EVP_sha224();
	case DIGEST_SHA256:
		return EVP_sha256();
	case DIGEST_SHA384:
		return EVP_sha384();
	case DIGEST_SHA512:
		return EVP_sha512();
	case DIGEST_NONE:
		break;
	}
	abort();
}

static void finish_hex(char *out, struct hasher *h)
{
	uint8_t bytes[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	if (EVP_DigestFinal_ex(h->ctx, bytes, &n) != 1)
		abort();
	hex_encode(out, bytes, n);
}

void digest_any_hex(char *out, enum digest_algorithm algorithm, struct str bytes)
{
	scoped(hasher) h = {start(algorithm_of(algorithm))};
	hasher_add(&h, bytes);
	finish_hex(out, &h);
}

int digest_any_fd(char *out, enum digest_algorithm algorithm, int fd, struct error *err)
{
	scoped(hasher) h = {start(algorithm_of(algorithm))};
	uint64_t size = 0;
	if (update_from_fd(h.ctx, &size, fd, err) < 0)
		return -1;
	finish_hex(out, &h);
	return 0;
}
