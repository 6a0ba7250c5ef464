#include "sign/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/encode.h"
#include "base/file.h"

#define PAYLOAD "{\"_type\":\"https://in-toto.io/Statement/v1\"}"

struct keys {
	struct arena arena;
	struct private_key *private;
	struct public_key *public;
	struct public_key *other;
	struct str bundle; /* over PAYLOAD */
	struct str id;
};

static struct str load(struct arena *a, const char *name)
{
	struct error err = {0};
	scoped(buf) b = {0};
	struct str path = arena_printf(a, "%s/keys/%s", FIXTURES, name);
	if (file_read(&b, AT_FDCWD, path.p, 1 << 20, &err) < 0)
		fail_msg("%s", err.text);
	return arena_str(a, buf_str(&b));
}

static int set_up(void **state)
{
	struct error err = {0};
	struct keys *k = calloc(1, sizeof(*k));
	scoped(buf) b = {0};
	if (!k ||
		private_key_parse(&k->private, load(&k->arena, "test-only-p256.pem"), NULL, &err) <
			0 ||
		public_key_parse(&k->public, load(&k->arena, "test-only-p256.pub"), &err) < 0 ||
		public_key_parse(&k->other, load(&k->arena, "test-only-other.pub"), &err) < 0 ||
		bundle_write(&b, STR(PAYLOAD), k->private, &err) < 0)
		fail_msg("%s", err.text);
	k->bundle = arena_str(&k->arena, buf_str(&b));
	k->id = public_key_id(k->public, &k->arena);
	*state = k;
	return 0;
}

static int tear_down(void **state)
{
	struct keys *k = *state;
	private_key_free(k->private);
	public_key_free(k->public);
	public_key_free(k->other);
	arena_clear(&k->arena);
	free(k);
	return 0;
}

static int open_with(struct keys *k, struct str bundle, struct str *payload, struct error *err)
{
	const struct public_key *keys[] = {k->other, k->public};
	size_t used = 99;
	int r = bundle_open(payload, &k->arena, bundle, keys, countof(keys), &used, err);
	if (r == 0)
		assert_int_equal(used, 1);
	return r;
}

static struct str replace(struct arena *a, struct str s, struct str from, struct str to)
{
	size_t at = str_find(s, from);
	assert_true(at != STR_NPOS);
	struct str parts[] = {str_sub(s, 0, at), to, str_from_index(s, at + from.n)};
	return arena_join(a, parts, countof(parts), STR(""));
}

static void assert_refused(
	struct keys *k, struct str bundle, enum error_code code, const char *reason)
{
	struct error err = {0};
	struct str payload = {0};
	assert_int_equal(open_with(k, bundle, &payload, &err), -1);
	if (err.code != code || !str_contains(str_from(err.text), str_from(reason)))
		fail_msg("%.*s: %s, not %s", STR_ARG(bundle), err.text, reason);
	assert_null(payload.p);
}

static void the_encoding_is_the_one_of_the_specification(void **state)
{
	(void)state;
	scoped(buf) b = {0};
	dsse_pae(&b, STR("http://example.com/HelloWorld"), STR("hello world"));
	assert_true(str_is(buf_str(&b), "DSSEv1 29 http://example.com/HelloWorld 11 hello world"));
}

static void the_very_bytes_of_the_payload_come_back(void **state)
{
	struct keys *k = *state;
	struct error err = {0};
	struct str payload = {0};
	assert_int_equal(open_with(k, k->bundle, &payload, &err), 0);
	assert_true(str_is(payload, PAYLOAD));
}

static void another_key_is_refused(void **state)
{
	struct keys *k = *state;
	const struct public_key *keys[] = {k->other};
	struct error err = {0};
	struct str payload = {0};
	assert_int_equal(bundle_open(&payload, &k->arena, k->bundle, keys, 1, NULL, &err), -1);
	assert_int_equal(err.code, ERROR_TRUST);
	assert_int_equal(bundle_open(&payload, &k->arena, k->bundle, NULL, 0, NULL, &err), -1);
	assert_int_equal(err.code, ERROR_TRUST);
}

static void the_id_of_a_trusted_key_on_another_signature_is_refused(void **state)
{
	struct keys *k = *state;
	struct str other = public_key_id(k->other, &k->arena);
	struct str swapped = replace(&k->arena, k->bundle, k->id, other);
	assert_refused(k, swapped, ERROR_INPUT, "hint and keyid differ");
	swapped = replace(&k->arena, swapped, k->id, other);
	assert_refused(k, swapped, ERROR_TRUST, "does not verify");
}

static void no_byte_can_be_changed_unnoticed(void **state)
{
	struct keys *k = *state;
	char *copy = arena_cstr(&k->arena, k->bundle);
	for (size_t i = 0; i < k->bundle.n; i++) {
		struct error err = {0};
		struct str payload = {0};
		copy[i] = (char)(copy[i] ^ 1);
		int r = open_with(k, (struct str){copy, k->bundle.n}, &payload, &err);
		copy[i] = (char)(copy[i] ^ 1);
		/* Only a member without meaning ("tlogEntries") can be called otherwise. */
		if (r == 0) {
			assert_true(str_is(payload, PAYLOAD));
			size_t at = str_find(k->bundle, STR("tlogEntries"));
			assert_in_range(i, at, at + STR("tlogEntries").n);
		}
	}
}

static void a_bundle_that_two_readers_could_read_differently_is_refused(void **state)
{
	struct keys *k = *state;
	struct arena *a = &k->arena;
	static const struct {
		struct str from;
		struct str to;
		const char *reason;
	} cases[] = {
		{STR_INIT("\"payload\":"), STR_INIT("\"payload\":\"AAAA\",\"payload\":"),
			"duplicate"},
		{STR_INIT("\"payload\":"), STR_INIT("\"PayLoad\":\"AAAA\",\"payload\":"),
			"could be taken"},
		{STR_INIT("\"payloadType\":"), STR_INIT("\"payload_type\":\"x\",\"payloadType\":"),
			"could be taken"},
		{STR_INIT("\"dsseEnvelope\":"), STR_INIT("\"dsse_envelope\":{},\"dsseEnvelope\":"),
			"could be taken"},
		{STR_INIT("\"dsseEnvelope\":"),
			STR_INIT("\"messageSignature\":{},\"dsseEnvelope\":"), "messageSignature"},
		{STR_INIT("\"publicKey\":"), STR_INIT("\"certificate\":{},\"publicKey\":"),
			"certificate"},
		{STR_INIT("bundle.v0.3+json"), STR_INIT("bundle.v0.9+json"), "media type"},
		{STR_INIT("bundle.v0.3+json"), STR_INIT("bundle.v0.3+jsonX"), "media type"},
		{STR_INIT("\"mediaType\":"), STR_INIT("\"other\":"), "mediaType"},
		{STR_INIT("vnd.in-toto+json"), STR_INIT("json"), "payload type"},
		{STR_INIT("\"signatures\":["), STR_INIT("\"signatures\":[{},"), "2 signatures"},
		{STR_INIT("\"sig\":\""), STR_INIT("\"sig\":\"\\n"), "not base64"},
		{STR_INIT("\"payload\":\""), STR_INIT("\"payload\":\"=\\u0020"), "not base64"},
		{STR_INIT("\"tlogEntries\":[]"), STR_INIT("\"tlogEntries\":{}"), "tlogEntries"},
		{STR_INIT("{\"dsse"), STR_INIT("\xef\xbb\xbf{\"dsse"), "byte order mark"},
	};
	for (size_t i = 0; i < countof(cases); i++)
		assert_refused(k, replace(a, k->bundle, cases[i].from, cases[i].to), ERROR_INPUT,
			cases[i].reason);
	struct str parts[] = {k->bundle, k->bundle};
	assert_refused(k, arena_join(a, parts, 2, STR("\n")), ERROR_INPUT, "bundle");
}

static void a_bundle_of_another_shape_is_refused(void **state)
{
	struct keys *k = *state;
	static const char *const cases[] = {"", "[]", "null", "{}", "\"x\"",
		"{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\"}"};
	for (size_t i = 0; i < countof(cases); i++)
		assert_refused(k, str_from(cases[i]), ERROR_INPUT, "bundle");
}

static void unknown_members_and_the_older_media_type_are_accepted(void **state)
{
	struct keys *k = *state;
	struct error err = {0};
	struct str payload = {0};
	struct str b = replace(&k->arena, k->bundle, STR("{\"dsse"), STR("{\"x\":1,\"dsse"));
	b = replace(&k->arena, b, STR("bundle.v0.3+json"), STR("bundle+json;version=0.3"));
	assert_int_equal(open_with(k, b, &payload, &err), 0);
}

static void a_signature_over_the_bare_payload_is_refused(void **state)
{
	struct keys *k = *state;
	struct error err = {0};
	struct str sig = {0};
	assert_int_equal(private_key_sign(&sig, &k->arena, k->private, STR(PAYLOAD), &err), 0);
	struct json *root = NULL;
	assert_int_equal(json_parse(&root, &k->arena, k->bundle, STR("b"), NULL, &err), 0);
	struct json *list = json_find(json_find(root, "dsseEnvelope"), "signatures");
	json_set(&k->arena, list->array.items[0], "sig",
		json_string(&k->arena, base64_encode(&k->arena, sig)));
	scoped(buf) out = {0};
	json_write_canonical(&out, root);
	assert_refused(k, buf_str(&out), ERROR_TRUST, "does not verify");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_encoding_is_the_one_of_the_specification),
		cmocka_unit_test(the_very_bytes_of_the_payload_come_back),
		cmocka_unit_test(another_key_is_refused),
		cmocka_unit_test(the_id_of_a_trusted_key_on_another_signature_is_refused),
		cmocka_unit_test(no_byte_can_be_changed_unnoticed),
		cmocka_unit_test(a_bundle_that_two_readers_could_read_differently_is_refused),
		cmocka_unit_test(a_bundle_of_another_shape_is_refused),
		cmocka_unit_test(unknown_members_and_the_older_media_type_are_accepted),
		cmocka_unit_test(a_signature_over_the_bare_payload_is_refused),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
