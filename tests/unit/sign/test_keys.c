#include "sign/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/file.h"

#define KEY_FIXTURES FIXTURES "/keys/"

static struct str load(struct arena *a, const char *name)
{
	struct error err = {0};
	scoped(buf) b = {0};
	struct str path = arena_printf(a, "%s%s", KEY_FIXTURES, name);
	if (file_read(&b, AT_FDCWD, path.p, 1 << 20, &err) < 0)
		fail_msg("%s", err.text);
	return arena_str(a, buf_str(&b));
}

static struct private_key *load_private(const char *name, const char *password)
{
	scoped(arena) a = {0};
	struct error err = {0};
	struct private_key *k = NULL;
	scoped(secret) secret = {0};
	secret_set(&secret, str_from(password));
	if (private_key_parse(&k, load(&a, name), password ? &secret : NULL, &err) < 0)
		fail_msg("%s: %s", name, err.text);
	return k;
}

static struct public_key *load_public(const char *name)
{
	scoped(arena) a = {0};
	struct error err = {0};
	struct public_key *k = NULL;
	if (public_key_parse(&k, load(&a, name), &err) < 0)
		fail_msg("%s: %s", name, err.text);
	return k;
}

static void assert_pair(const struct private_key *private, const struct public_key *public)
{
	scoped(arena) a = {0};
	struct error err = {0};
	struct str sig = {0};
	assert_int_equal(private_key_sign(&sig, &a, private, STR("message"), &err), 0);
	assert_true(public_key_verify(public, STR("message"), sig));
	assert_false(public_key_verify(public, STR("massage"), sig));
	assert_false(public_key_verify(public, STR("message"), str_sub(sig, 0, sig.n - 1)));
	assert_false(public_key_verify(public, STR("message"), STR("")));
	struct str longer = arena_printf(&a, "%.*s", STR_ARG(STR("x")));
	struct str parts[] = {sig, longer};
	assert_false(public_key_verify(public, STR("message"), arena_join(&a, parts, 2, STR(""))));
}

static void every_form_of_a_private_key_is_read(void **state)
{
	(void)state;
	static const struct {
		const char *private;
		const char *password;
		const char *public;
	} cases[] = {
		{"test-only-p256.pem", NULL, "test-only-p256.pub"},
		{"test-only-p256.sec1.pem", NULL, "test-only-p256.pub"},
		{"test-only-p256.with-parameters.pem", NULL, "test-only-p256.pub"},
		{"test-only-p256.pbkdf2.pem", "open", "test-only-p256.pub"},
		{"test-only-p256.scrypt.pem", "open", "test-only-p256.pub"},
		{"test-only-ed25519.pem", NULL, "test-only-ed25519.pub"},
		{"test-only-rsa3072.pem", NULL, "test-only-rsa3072.pub"},
		{"test-only-rsa3072.pkcs1.pem", NULL, "test-only-rsa3072.pub"},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		scoped_ptr(private_key) private = load_private(cases[i].private, cases[i].password);
		scoped_ptr(public_key) public = load_public(cases[i].public);
		assert_pair(private, public);
	}
}

static void a_weak_or_ambiguous_public_key_is_refused_with_a_reason(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		const char *reason;
	} cases[] = {
		{"refused-rsa1024.pub", "RSA of 1024 bits"},
		{"refused-rsa-e3.pub", "exponent"},
		{"refused-rsa-pss.pub", "RSA-PSS"},
		{"refused-secp384r1.pub", "secp384r1"},
		{"refused-secp256k1.pub", "secp256k1"},
		{"refused-explicit-parameters.pub", "explicit parameters"},
		{"refused-compressed-point.pub", "canonical"},
		{"refused-ed448.pub", "ED448"},
		{"refused-ed25519-small-order.pub", "small order"},
		{"refused-ed25519-identity.pub", "small order"},
		{"refused-ed25519-out-of-range.pub", "out of range"},
		{"refused-off-curve.pub", "SubjectPublicKeyInfo"},
		{"refused-trailing-der.pub", "canonical"},
		{"refused-trailing-text.pub", "behind the key"},
		{"refused-two-keys.pub", "behind the key"},
		{"test-only-p256.pem", "PUBLIC KEY is needed"},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		scoped(arena) a = {0};
		struct error err = {0};
		struct public_key *k = NULL;
		assert_int_equal(public_key_parse(&k, load(&a, cases[i].name), &err), -1);
		assert_null(k);
		assert_int_equal(err.code, ERROR_INPUT);
		if (!str_contains(str_from(err.text), str_from(cases[i].reason)))
			fail_msg("%s: %s", cases[i].name, err.text);
	}
}

static void private_keys_in_old_or_broken_containers_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		const char *password;
		const char *reason;
	} cases[] = {
		{"refused-pbes1.pem", "open", "PBES2"},
		{"refused-legacy-encryption.pem", "open", "old encryption"},
		{"test-only-p256.scrypt.pem", "wrong", "password does not open"},
		{"test-only-p256.scrypt.pem", NULL, "no password was given"},
		{"test-only-p256.pub", NULL, "PRIVATE KEY"},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		scoped(arena) a = {0};
		scoped(secret) secret = {0};
		struct error err = {0};
		struct private_key *k = NULL;
		secret_set(&secret, str_from(cases[i].password));
		const struct secret *password = cases[i].password ? &secret : NULL;
		assert_int_equal(
			private_key_parse(&k, load(&a, cases[i].name), password, &err), -1);
		if (!str_contains(str_from(err.text), str_from(cases[i].reason)))
			fail_msg("%s: %s", cases[i].name, err.text);
	}
}

static void broken_pem_is_refused(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"",
		"\n",
		"-----BEGIN PUBLIC KEY-----",
		"-----BEGIN PUBLIC KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\nAA*A\n-----END PUBLIC KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
		"-----BEGIN -----\nAAAA\n-----END -----\n",
		"----------BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
		"x-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct error err = {0};
		struct public_key *k = NULL;
		assert_int_equal(public_key_parse(&k, str_from(cases[i]), &err), -1);
		assert_int_equal(err.code, ERROR_INPUT);
	}
}

static void a_generated_key_survives_writing_and_reading(void **state)
{
	(void)state;
	static const enum key_algorithm algorithms[] = {KEY_ECDSA_P256, KEY_ED25519, KEY_RSA};
	for (size_t i = 0; i < countof(algorithms); i++) {
		scoped_ptr(private_key) made = NULL;
		scoped_ptr(private_key) again = NULL;
		scoped_ptr(public_key) public = NULL;
		scoped(secret) pem = {0};
		scoped(secret) password = {0};
		struct error err = {0};
		secret_set(&password, STR("correct horse"));
		assert_int_equal(private_key_generate(&made, algorithms[i], 3072, &err), 0);
		assert_int_equal(private_key_write(&pem, made, &password, &err), 0);
		struct str text = {pem.p, pem.n};
		assert_true(private_key_is_encrypted(text));
		assert_int_equal(private_key_parse(&again, text, &password, &err), 0);
		assert_int_equal(public_key_of(&public, made, &err), 0);
		assert_int_equal(public_key_algorithm(public), algorithms[i]);
		assert_pair(again, public);
	}
}

static void a_key_without_password_is_written_as_plain_pkcs8(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct error err = {0};
	scoped(secret) pem = {0};
	scoped_ptr(private_key) k = load_private("test-only-p256.sec1.pem", NULL);
	assert_int_equal(private_key_write(&pem, k, NULL, &err), 0);
	struct str text = {pem.p, pem.n};
	assert_false(private_key_is_encrypted(text));
	assert_true(str_eq(text, load(&a, "test-only-p256.pem")));
}

static void a_public_key_is_written_as_openssl_writes_it(void **state)
{
	(void)state;
	static const char *const names[] = {
		"test-only-p256.pub", "test-only-ed25519.pub", "test-only-rsa3072.pub"};
	for (size_t i = 0; i < countof(names); i++) {
		scoped(arena) a = {0};
		scoped(buf) out = {0};
		struct error err = {0};
		scoped_ptr(public_key) k = load_public(names[i]);
		assert_int_equal(public_key_write(&out, k, &err), 0);
		assert_true(str_eq(buf_str(&out), load(&a, names[i])));
	}
}

static void a_small_rsa_key_is_not_generated(void **state)
{
	(void)state;
	struct error err = {0};
	struct private_key *k = NULL;
	assert_int_equal(private_key_generate(&k, KEY_RSA, 2048, &err), -1);
	assert_int_equal(err.code, ERROR_USAGE);
	assert_int_equal(private_key_generate(&k, KEY_NONE, 0, &err), -1);
}

/* ---- ECDSA forms ----------------------------------------------------------------------------- */

/* Of a DER signature both numbers at full width. */
static void split_der(struct str der, uint8_t r[32], uint8_t s[32])
{
	const uint8_t *p = (const uint8_t *)der.p + 2;
	uint8_t *outs[] = {r, s};
	for (size_t i = 0; i < 2; i++) {
		size_t n = p[1];
		const uint8_t *digits = p + 2;
		p += 2 + n;
		if (n == 33) {
			digits++;
			n--;
		}
		memset(outs[i], 0, 32);
		memcpy(outs[i] + 32 - n, digits, n);
	}
}

static void raw_ecdsa_signatures_are_accepted(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct error err = {0};
	struct str der = {0};
	uint8_t raw[64] = {0};
	scoped_ptr(private_key) private = load_private("test-only-p256.pem", NULL);
	scoped_ptr(public_key) public = load_public("test-only-p256.pub");
	assert_int_equal(private_key_sign(&der, &a, private, STR("m"), &err), 0);
	split_der(der, raw, raw + 32);
	assert_true(public_key_verify(public, STR("m"), (struct str){(char *)raw, 64}));
	raw[63] ^= 1;
	assert_false(public_key_verify(public, STR("m"), (struct str){(char *)raw, 64}));
	memset(raw, 0, 32);
	assert_false(public_key_verify(public, STR("m"), (struct str){(char *)raw, 64}));
}

static void signatures_have_the_low_s(void **state)
{
	(void)state;
	scoped_ptr(private_key) private = load_private("test-only-p256.pem", NULL);
	for (size_t i = 0; i < 64; i++) {
		scoped(arena) a = {0};
		struct error err = {0};
		struct str der = {0};
		uint8_t r[32], s[32];
		assert_int_equal(
			private_key_sign(&der, &a, private, arena_printf(&a, "%zu", i), &err), 0);
		split_der(der, r, s);
		assert_true(s[0] < 0x80);
	}
}

static void loose_der_is_refused(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct error err = {0};
	struct str der = {0};
	scoped_ptr(private_key) private = load_private("test-only-p256.pem", NULL);
	scoped_ptr(public_key) public = load_public("test-only-p256.pub");
	assert_int_equal(private_key_sign(&der, &a, private, STR("m"), &err), 0);
	assert_true(public_key_verify(public, STR("m"), der));

	/* A long length, a zero in front of r, a byte behind. */
	char loose[80] = {0};
	size_t n = der.n;
	loose[0] = der.p[0];
	loose[1] = (char)0x81;
	memcpy(loose + 2, der.p + 1, n - 1);
	assert_false(public_key_verify(public, STR("m"), (struct str){loose, n + 1}));
	if ((uint8_t)der.p[4] != 0) {
		memcpy(loose, der.p, 4);
		loose[1] = (char)(der.p[1] + 1);
		loose[3] = (char)(der.p[3] + 1);
		loose[4] = 0;
		memcpy(loose + 5, der.p + 4, n - 4);
		assert_false(public_key_verify(public, STR("m"), (struct str){loose, n + 1}));
	}
	memcpy(loose, der.p, n);
	loose[n] = 0;
	assert_false(public_key_verify(public, STR("m"), (struct str){loose, n + 1}));
	loose[1] = (char)(loose[1] + 1);
	assert_false(public_key_verify(public, STR("m"), (struct str){loose, n + 1}));
}

static void the_id_is_the_hash_of_the_public_key(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	scoped_ptr(public_key) k = load_public("test-only-p256.pub");
	/* openssl pkey -pubin -in F -outform DER | openssl dgst -sha256 -binary | base64 */
	assert_true(str_is(public_key_id(k, &a), "B9WvZrIDIj4keWxoy4/r2QfWg8U32/8w9Km7wV5R5co="));
	assert_string_equal(key_algorithm_name(KEY_ECDSA_P256), "ecdsa-p256");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_private_key_is_read),
		cmocka_unit_test(a_weak_or_ambiguous_public_key_is_refused_with_a_reason),
		cmocka_unit_test(private_keys_in_old_or_broken_containers_are_refused),
		cmocka_unit_test(broken_pem_is_refused),
		cmocka_unit_test(a_generated_key_survives_writing_and_reading),
		cmocka_unit_test(a_key_without_password_is_written_as_plain_pkcs8),
		cmocka_unit_test(a_public_key_is_written_as_openssl_writes_it),
		cmocka_unit_test(a_small_rsa_key_is_not_generated),
		cmocka_unit_test(raw_ecdsa_signatures_are_accepted),
		cmocka_unit_test(signatures_have_the_low_s),
		cmocka_unit_test(loose_der_is_refused),
		cmocka_unit_test(the_id_is_the_hash_of_the_public_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
