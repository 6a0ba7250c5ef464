#include "sign/bundle.h"

#include "base/encode.h"

#define BUNDLE_MAX ((size_t)32 << 20)
#define BUNDLE_DEPTH 32
#define MEDIA_TYPE "application/vnd.dev.sigstore.bundle.v0.3+json"

static const char *const media_types[] = {
	MEDIA_TYPE,
	"application/vnd.dev.sigstore.bundle+json;version=0.3",
};

/* Every member that bundles v0.3 have where we look, ended by NULL. */
static const char *const bundle_keys[] = {
	"mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope", NULL};
static const char *const material_keys[] = {"publicKey", "x509CertificateChain", "certificate",
	"tlogEntries", "timestampVerificationData", NULL};
static const char *const public_key_keys[] = {"hint", NULL};
static const char *const envelope_keys[] = {"payload", "payloadType", "signatures", NULL};
static const char *const signature_keys[] = {"sig", "keyid", NULL};

void dsse_pae(struct buf *out, struct str payload_type, struct str payload)
{
	buf_printf(out, "DSSEv1 %zu ", payload_type.n);
	buf_add(out, payload_type);
	buf_printf(out, " %zu ", payload.n);
	buf_add(out, payload);
}

/* ---- Writing --------------------------------------------------------------------------------- */

void bundle_encode(struct buf *out, const struct bundle *b)
{
	scoped(arena) a = {0};
	struct json *root = json_object(&a);
	json_set(&a, root, "mediaType", json_cstr(&a, MEDIA_TYPE));
	struct json *material = json_set(&a, root, "verificationMaterial", json_object(&a));
	struct json *key = json_set(&a, material, "publicKey", json_object(&a));
	json_set(&a, key, "hint", json_string(&a, b->key_id));
	json_set(&a, material, "tlogEntries", json_array(&a));
	struct json *envelope = json_set(&a, root, "dsseEnvelope", json_object(&a));
	json_set(&a, envelope, "payload", json_string(&a, base64_encode(&a, b->payload)));
	json_set(&a, envelope, "payloadType", json_cstr(&a, DSSE_INTOTO));
	struct json *list = json_set(&a, envelope, "signatures", json_array(&a));
	struct json *signature = json_append(&a, list, json_object(&a));
	json_set(&a, signature, "sig", json_string(&a, base64_encode(&a, b->signature)));
	json_set(&a, signature, "keyid", json_string(&a, b->key_id));
	json_write_canonical(out, root);
}

int bundle_write(
	struct buf *out, struct str payload, const struct private_key *k, struct error *err)
{
	scoped(arena) a = {0};
	scoped(buf) message = {0};
	scoped_ptr(public_key) public = NULL;
	struct bundle b = {.payload = payload};
	if (public_key_of(&public, k, err) < 0)
		return -1;
	b.key_id = public_key_id(public, &a);
	dsse_pae(&message, STR(DSSE_INTOTO), payload);
	if (buf_check(&message, err) < 0)
		return -1;
	if (private_key_sign(&b.signature, &a, k, buf_str(&message), err) < 0)
		return -1;
	bundle_encode(out, &b);
	return buf_check(out, err);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Equal when case and underscores do not count: what a lenient reader might take for the other. */
static bool looks_like(struct str key, const char *known)
{
	size_t i = 0;
	for (; *known; known++) {
		while (i < key.n && key.p[i] == '_')
			i++;
		if (i == key.n || fold(key.p[i]) != fold(*known))
			return false;
		i++;
	}
	while (i < key.n && key.p[i] == '_')
		i++;
	return i == key.n;
}

static int check_keys(const struct json *object, const char *const *known, struct error *err)
{
	for (size_t i = 0; i < object->object.n; i++) {
		struct str key = object->object.items[i].key;
		for (const char *const *k = known; *k; k++) {
			if (!str_is(key, *k) && looks_like(key, *k))
				return error_set(err, ERROR_INPUT,
					"bundle: member \"%.*s\" could be taken for \"%s\"",
					STR_ARG(key), *k);
		}
	}
	return 0;
}

static int get_base64(const struct json *object, const char *key, struct arena *a, struct str *out,
	struct error *err)
{
	struct str text = {0};
	if (json_get_str(object, key, &text, "bundle", err) < 0)
		return -1;
	if (!base64_decode(a, text, out))
		return error_set(err, ERROR_INPUT, "bundle: %s is not base64", key);
	return 0;
}

static int read_media_type(const struct json *root, struct error *err)
{
	struct str type = {0};
	if (json_get_str(root, "mediaType", &type, "bundle", err) < 0)
		return -1;
	for (size_t i = 0; i < countof(media_types); i++) {
		if (str_is(type, media_types[i]))
			return 0;
	}
	return error_set(
		err, ERROR_INPUT, "bundle: media type \"%.*s\" is not v0.3", STR_ARG(type));
}

static int read_hint(struct str *hint, const struct json *root, struct error *err)
{
	const struct json *material = NULL;
	const struct json *key = NULL;
	if (json_get_object(root, "verificationMaterial", &material, "bundle", err) < 0 ||
		check_keys(material, material_keys, err) < 0)
		return -1;
	if (json_find(material, "certificate") || json_find(material, "x509CertificateChain"))
		return error_set(err, ERROR_INPUT,
			"bundle: signed with a certificate; a public key is needed");
	if (json_get_object(material, "publicKey", &key, "bundle", err) < 0 ||
		check_keys(key, public_key_keys, err) < 0 ||
		json_get_str(key, "hint", hint, "bundle", err) < 0)
		return -1;
	const struct json *entries = json_find(material, "tlogEntries");
	if (entries && entries->type != JSON_ARRAY)
		return error_set(err, ERROR_INPUT, "bundle: tlogEntries is not an array");
	return 0;
}

static int read_signature(struct bundle *out, struct str *keyid, struct arena *a,
	const struct json *envelope, struct error *err)
{
	const struct json *list = NULL;
	if (json_get_array(envelope, "signatures", &list, "bundle", err) < 0)
		return -1;
	if (list->array.n != 1)
		return error_set(err, ERROR_INPUT, "bundle: %zu signatures; exactly one is allowed",
			list->array.n);
	const struct json *signature = list->array.items[0];
	if (signature->type != JSON_OBJECT)
		return error_set(err, ERROR_INPUT, "bundle: the signature is not an object");
	if (check_keys(signature, signature_keys, err) < 0 ||
		json_get_str(signature, "keyid", keyid, "bundle", err) < 0)
		return -1;
	return get_base64(signature, "sig", a, &out->signature, err);
}

static int read_envelope(struct bundle *out, struct str *keyid, struct arena *a,
	const struct json *root, struct error *err)
{
	const struct json *envelope = NULL;
	struct str type = {0};
	if (json_find(root, "messageSignature"))
		return error_set(err, ERROR_INPUT,
			"bundle: holds a messageSignature; only a dsseEnvelope is accepted");
	if (json_get_object(root, "dsseEnvelope", &envelope, "bundle", err) < 0 ||
		check_keys(envelope, envelope_keys, err) < 0 ||
		json_get_str(envelope, "payloadType", &type, "bundle", err) < 0)
		return -1;
	if (!str_is(type, DSSE_INTOTO))
		return error_set(err, ERROR_INPUT, "bundle: payload type \"%.*s\" is not %s",
			STR_ARG(type), DSSE_INTOTO);
	if (get_base64(envelope, "payload", a, &out->payload, err) < 0)
		return -1;
	return read_signature(out, keyid, a, envelope, err);
}

int bundle_parse(struct bundle *out, struct arena *a, struct str text, struct error *err)
{
	const struct json_limits limits = {.bytes = BUNDLE_MAX, .depth = BUNDLE_DEPTH};
	struct json *root = NULL;
	struct bundle b = {0};
	struct str keyid = {0};
	if (json_parse(&root, a, text, STR("bundle"), &limits, err) < 0)
		return -1;
	if (root->type != JSON_OBJECT)
		return error_set(err, ERROR_INPUT, "bundle: not an object");
	if (check_keys(root, bundle_keys, err) < 0 || read_media_type(root, err) < 0 ||
		read_hint(&b.key_id, root, err) < 0 || read_envelope(&b, &keyid, a, root, err) < 0)
		return -1;
	if (!str_eq(b.key_id, keyid))
		return error_set(err, ERROR_INPUT, "bundle: hint and keyid differ");
	*out = b;
	return 0;
}

int bundle_check(size_t *key_used, const struct bundle *b, const struct public_key *const *keys,
	size_t key_count, struct error *err)
{
	scoped(arena) a = {0};
	scoped(buf) message = {0};
	bool known = false;
	dsse_pae(&message, STR(DSSE_INTOTO), b->payload);
	if (buf_check(&message, err) < 0)
		return -1;
	for (size_t i = 0; i < key_count; i++) {
		/* The id only chooses which key is tried; it proves nothing. */
		if (!str_eq(public_key_id(keys[i], &a), b->key_id))
			continue;
		known = true;
		if (public_key_verify(keys[i], buf_str(&message), b->signature)) {
			*key_used = i;
			return 0;
		}
	}
	if (known)
		return error_set(err, ERROR_TRUST, "the signature does not verify with key %.*s",
			STR_ARG(b->key_id));
	return error_set(err, ERROR_TRUST, "signed by key %.*s, which is not one of the %zu given",
		STR_ARG(b->key_id), key_count);
}

/* NOLINT: two results, and the keys with their number. */
int bundle_open(struct str *payload, struct arena *a, struct str bundle,
	const struct public_key *const *keys, size_t key_count, size_t *key_used, struct error *err)
{
	struct bundle b = {0};
	size_t used = 0;
	if (bundle_parse(&b, a, bundle, err) < 0 ||
		bundle_check(&used, &b, keys, key_count, err) < 0)
		return -1;
	*payload = b.payload;
	if (key_used)
		*key_used = used;
	return 0;
}
