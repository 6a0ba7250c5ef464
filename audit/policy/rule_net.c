/* Functions of rules over hosts, addresses and file modes. */
#include "audit/policy/rule.h"

#include <arpa/inet.h>

static int want_string(const struct hcl_value *v, struct error *err)
{
	if (v->type == HCL_STRING || v->type == HCL_NULL)
		return 0;
	return error_set(err, ERROR_INPUT, "the first argument must be a string");
}

/* A host as URLs have it: brackets of IPv6, the last dot and a port do not count. */
static struct str bare_host(const struct hcl_value *v)
{
	struct str s = v->type == HCL_STRING ? v->string : (struct str){0};
	if (s.n > 0 && s.p[0] == '[') {
		size_t close = str_find_byte(s, ']');
		return str_sub(s, 1, close == STR_NPOS ? s.n : close - 1);
	}
	size_t colon = str_find_byte(s, ':');
	if (colon != STR_NPOS && str_rfind_byte(s, ':') == colon)
		s = str_sub(s, 0, colon);
	if (s.n > 0 && s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

/* Dotted, or one of the other forms that inet_aton takes: 0x7f.1, 2130706433. */
static bool parse_ipv4(struct str s, uint32_t *out)
{
	char text[64];
	struct in_addr address;
	if (s.n == 0 || s.n >= sizeof(text) || !strchr("0123456789", s.p[0]))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (strlen(text) != s.n || strchr(text, ' ') || inet_aton(text, &address) == 0)
		return false;
	*out = ntohl(address.s_addr);
	return true;
}

static bool parse_ipv6(struct str s, uint8_t out[16])
{
	char text[64];
	size_t zone = str_find_byte(s, '%');
	s = str_sub(s, 0, zone == STR_NPOS ? s.n : zone);
	if (s.n < 2 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return inet_pton(AF_INET6, text, out) == 1;
}

struct ipv4_range {
	uint32_t network;
	uint32_t mask;
	bool loopback;
};

static const struct ipv4_range local_ranges[] = {
	{0x7f000000, 0xff000000, true}, /* 127.0.0.0/8 */
	{0x0a000000, 0xff000000, false}, /* 10.0.0.0/8 */
	{0xac100000, 0xfff00000, false}, /* 172.16.0.0/12 */
	{0xc0a80000, 0xffff0000, false}, /* 192.168.0.0/16 */
	{0xa9fe0000, 0xffff0000, false}, /* 169.254.0.0/16 */
	{0x6464c8c8, 0xffffffff, false}, /* 100.100.200.200, metadata of Alibaba Cloud's ECS */
};

static bool is_local_ipv4(uint32_t address, bool loopback_only)
{
	for (size_t i = 0; i < countof(local_ranges); i++) {
		if ((address & local_ranges[i].mask) == local_ranges[i].network &&
			(local_ranges[i].loopback || !loopback_only))
			return true;
	}
	return false;
}

static bool is_local_ipv6(const uint8_t address[16], bool loopback_only)
{
	static const uint8_t loopback[16] = {[15] = 1};
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	if (memcmp(address, loopback, 16) == 0)
		return true;
	if (memcmp(address, mapped, 12) == 0) {
		uint32_t ipv4 = (uint32_t)address[12] << 24 | (uint32_t)address[13] << 16 |
			(uint32_t)address[14] << 8 | address[15];
		return is_local_ipv4(ipv4, loopback_only);
	}
	bool link_local = address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
	bool unique_local = (address[0] & 0xfe) == 0xfc;
	return !loopback_only && (link_local || unique_local);
}

static bool is_local(struct str host, bool loopback_only)
{
	uint32_t ipv4;
	uint8_t ipv6[16];
	if (str_eq_nocase(host, STR("localhost")))
		return true;
	if (host.n > 10 && str_eq_nocase(str_from_index(host, host.n - 10), STR(".localhost")))
		return true;
	if (parse_ipv4(host, &ipv4))
		return is_local_ipv4(ipv4, loopback_only);
	return parse_ipv6(host, ipv6) && is_local_ipv6(ipv6, loopback_only);
}

static int call_is_ip(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)e;
	(void)n;
	uint32_t ipv4;
	uint8_t ipv6[16];
	if (want_string(&args[0], err) < 0)
		return -1;
	struct str host = bare_host(&args[0]);
	*out = hcl_bool(parse_ipv4(host, &ipv4) || parse_ipv6(host, ipv6));
	return 0;
}

static int call_is_loopback(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)e;
	(void)n;
	if (want_string(&args[0], err) < 0)
		return -1;
	*out = hcl_bool(is_local(bare_host(&args[0]), true));
	return 0;
}

static int call_is_private(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)e;
	(void)n;
	if (want_string(&args[0], err) < 0)
		return -1;
	*out = hcl_bool(is_local(bare_host(&args[0]), false));
	return 0;
}

/* "example.org" is that host, ".example.org" and "*.example.org" what lies below it. */
static bool is_host(struct str host, struct str pattern)
{
	if (pattern.n > 1 && pattern.p[0] == '*' && pattern.p[1] == '.')
		pattern = str_from_index(pattern, 1);
	if (pattern.n == 0 || pattern.p[0] != '.')
		return str_eq_nocase(host, pattern);
	return host.n > pattern.n &&
		str_eq_nocase(str_from_index(host, host.n - pattern.n), pattern);
}

static int call_host_in(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)e;
	bool found = false;
	if (want_string(&args[0], err) < 0)
		return -1;
	struct str host = bare_host(&args[0]);
	for (size_t i = 1; host.n > 0 && i < n; i++) {
		bool list = args[i].type == HCL_LIST;
		const struct hcl_value *hosts = list ? args[i].items : &args[i];
		for (size_t k = 0; k < (list ? args[i].n : 1); k++) {
			if (hosts[k].type != HCL_STRING)
				return error_set(err, ERROR_INPUT, "a host must be a string");
			found = found || is_host(host, hosts[k].string);
		}
	}
	*out = hcl_bool(found);
	return 0;
}

static const struct {
	const char *name;
	unsigned bits;
} mode_parts[] = {
	{"setuid", 04000},
	{"setgid", 02000},
	{"sticky", 01000},
	{"group-write", 0020},
	{"world-write", 0002},
	{"world-read", 0004},
	{"executable", 0111},
};

static bool octal_mode(struct str s, unsigned *bits)
{
	*bits = 0;
	if (s.n > 0 && strchr("=+", s.p[0]))
		s = str_from_index(s, 1);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '7' || *bits > 07777)
			return false;
		*bits = *bits * 8 + (unsigned)(s.p[i] - '0');
	}
	return s.n > 0;
}

/* Bits that one clause of a symbolic mode ("u+s", "o=rw", "+x") sets. */
static unsigned clause_bits(struct str clause)
{
	static const struct {
		char letter;
		unsigned user, group, other;
	} letters[] = {
		{'r', 0400, 0040, 0004},
		{'w', 0200, 0020, 0002},
		{'x', 0100, 0010, 0001},
		{'X', 0100, 0010, 0001},
		{'s', 04000, 02000, 0},
		{'t', 0, 0, 01000},
	};
	bool user = false, group = false, other = false, adds = false;
	unsigned bits = 0;
	for (size_t i = 0; i < clause.n; i++) {
		char c = clause.p[i];
		user = user || (!adds && (c == 'u' || c == 'a'));
		group = group || (!adds && (c == 'g' || c == 'a'));
		other = other || (!adds && (c == 'o' || c == 'a'));
		bool sign = c == '+' || c == '=' || c == '-';
		if (sign && !user && !group && !other)
			user = group = other = true;
		adds = sign ? c != '-' : adds;
		for (size_t k = 0; adds && !sign && k < countof(letters); k++) {
			if (c == letters[k].letter)
				bits |= (user ? letters[k].user : 0) |
					(group ? letters[k].group : 0) |
					(other || c == 't' ? letters[k].other : 0);
		}
	}
	return bits;
}

static unsigned mode_bits(struct str mode)
{
	unsigned bits;
	if (octal_mode(mode, &bits))
		return bits;
	bits = 0;
	struct str rest = mode;
	struct str clause;
	while (str_cut(&rest, ',', &clause))
		bits |= clause_bits(clause);
	return bits;
}

/* mode_sets("4755" or "u+s", "setuid"...): any of them; false for null. */
static int call_mode_sets(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)e;
	if (want_string(&args[0], err) < 0)
		return -1;
	unsigned bits = args[0].type == HCL_STRING ? mode_bits(args[0].string) : 0;
	unsigned wanted = 0;
	for (size_t i = 1; i < n; i++) {
		unsigned part = 0;
		for (size_t k = 0; k < countof(mode_parts) && args[i].type == HCL_STRING; k++)
			part |= str_is(args[i].string, mode_parts[k].name) ? mode_parts[k].bits : 0;
		if (part == 0)
			return error_set(
				err, ERROR_INPUT, "argument %zu names no part of a mode", i + 1);
		wanted |= part;
	}
	*out = hcl_bool((bits & wanted) != 0);
	return 0;
}

const struct hcl_function rule_functions_net[] = {
	{.name = "host_in", .min_args = 2, .max_args = 255, .nulls = true, .call = call_host_in},
	{.name = "is_ip", .min_args = 1, .max_args = 1, .nulls = true, .call = call_is_ip},
	{.name = "is_loopback",
		.min_args = 1,
		.max_args = 1,
		.nulls = true,
		.call = call_is_loopback},
	{.name = "is_private",
		.min_args = 1,
		.max_args = 1,
		.nulls = true,
		.call = call_is_private},
	{.name = "mode_sets",
		.min_args = 2,
		.max_args = 255,
		.nulls = true,
		.call = call_mode_sets},
	{.name = NULL},
};
