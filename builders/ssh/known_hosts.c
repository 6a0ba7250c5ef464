#include "builders/ssh/known_hosts.h"

#include <openssl/evp.h>

#include "base/encode.h"
#include "base/file.h"

#define FILE_BYTES_MAX ((size_t)16 << 20)
#define HASHED "|1|" /* the only kind there is: HMAC-SHA1 */

struct entry {
	struct str hosts;
	struct str type;
	struct str key; /* base64 */
	bool revoked;
};

/* As ssh(1) writes it: the port only when it is not the usual one. */
static struct str host_name(struct str host, uint16_t port, struct arena *a)
{
	if (port == 22)
		return host;
	return arena_printf(a, "[%.*s]:%u", STR_ARG(host), port);
}

/* ---- Names ---------------------------------------------------------------------------------- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* "*" and "?". Goes back to the last "*" only, so that the time is at most n times m. */
static bool matches(struct str pattern, struct str name)
{
	size_t p = 0, n = 0, star = STR_NPOS, from = 0;
	while (n < name.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			from = n;
		} else if (p < pattern.n &&
			(pattern.p[p] == '?' || lower(pattern.p[p]) == lower(name.p[n]))) {
			p++;
			n++;
		} else if (star != STR_NPOS) {
			p = star + 1;
			n = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

static bool is_hash_of(struct str hashed, struct str name)
{
	scoped(arena) a = {0};
	struct str rest = str_from_index(hashed, sizeof(HASHED) - 1);
	struct str part, salt, want;
	unsigned char made[EVP_MAX_MD_SIZE];
	size_t n = 0;
	if (!str_cut(&rest, '|', &part) || !base64_decode(&a, part, &salt) || !rest.p ||
		!base64_decode(&a, rest, &want))
		return false;
	if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA1", NULL, salt.p, salt.n,
		    (const unsigned char *)name.p, name.n, made, sizeof(made), &n))
		return false;
	return str_eq(want, (struct str){(const char *)made, n});
}

/* One that is excluded is no host of the line, whatever else the line says. */
static bool is_host(struct str hosts, struct str name)
{
	bool found = false;
	struct str pattern;
	if (str_has_prefix(hosts, STR(HASHED)))
		return is_hash_of(hosts, name);
	while (str_cut(&hosts, ',', &pattern)) {
		bool excluded = pattern.n > 0 && pattern.p[0] == '!';
		if (!matches(excluded ? str_from_index(pattern, 1) : pattern, name))
			continue;
		if (excluded)
			return false;
		found = true;
	}
	return found;
}

/* ---- Lines ---------------------------------------------------------------------------------- */

static struct str next_word(struct str *line)
{
	size_t n = 0;
	*line = str_trim(*line);
	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	struct str word = str_sub(*line, 0, n);
	*line = str_from_index(*line, n);
	return word;
}

/* False for what names no key of a host. Certificate authorities sign nothing here. */
static bool read_entry(struct str line, struct entry *out)
{
	*out = (struct entry){.hosts = next_word(&line)};
	if (str_is(out->hosts, "@revoked")) {
		out->revoked = true;
		out->hosts = next_word(&line);
	}
	out->type = next_word(&line);
	out->key = next_word(&line);
	return out->key.n > 0 && out->hosts.p[0] != '#' && out->hosts.p[0] != '@';
}

static int read_file(struct buf *text, const char *path, struct error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "%s", path);
	if (file_read_fd(text, fd, FILE_BYTES_MAX, err) != 0)
		return error_wrap(err, "%s", path);
	return 0;
}

int known_hosts_types(struct str_list *out, const char *path, struct str host, uint16_t port,
	struct arena *a, struct error *err)
{
	scoped(buf) text = {0};
	struct str name = host_name(host, port, a);
	struct str line;
	struct entry entry;
	if (read_file(&text, path, err) != 0)
		return -1;
	struct str rest = buf_str(&text);
	while (str_cut(&rest, '\n', &line)) {
		if (read_entry(line, &entry) && !entry.revoked && is_host(entry.hosts, name))
			list_push(a, out) = arena_str(a, entry.type);
	}
	return 0;
}

int known_hosts_check(const char *path, struct str host, uint16_t port, struct str type,
	struct str key, struct error *err)
{
	scoped(arena) a = {0};
	scoped(buf) text = {0};
	struct str name = host_name(host, port, &a), encoded = base64_encode(&a, key);
	struct str print = ssh_fingerprint(key, &a);
	struct str line;
	struct entry entry;
	bool same = false, other = false;
	if (read_file(&text, path, err) != 0)
		return -1;
	struct str rest = buf_str(&text);
	while (str_cut(&rest, '\n', &line)) {
		if (!read_entry(line, &entry) || !is_host(entry.hosts, name))
			continue;
		bool equal = str_eq(entry.type, type) && str_eq(entry.key, encoded);
		if (equal && entry.revoked)
			return error_set(err, ERROR_TRUST,
				"%.*s shows the key %.*s, which %s revokes", STR_ARG(name),
				STR_ARG(print), path);
		same = same || equal;
		other = other || (!equal && !entry.revoked);
	}
	if (same)
		return 0;
	return error_set(err, ERROR_TRUST,
		other ? "%.*s shows the key %.*s, and %s has another one for it"
		      : "%.*s shows the key %.*s, and %s has none for it",
		STR_ARG(name), STR_ARG(print), path);
}
