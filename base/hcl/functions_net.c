/* Networks in the notation of CIDR, of IPv4 and IPv6. */
#include "base/hcl/functions.h"

#include <arpa/inet.h>

/* bits: 32 or 128, of which the first `prefix` are the network's; the others are 0. */
struct network {
	uint8_t bytes[16];
	unsigned bits;
	unsigned prefix;
};

static bool get_bit(const struct network *net, unsigned i)
{
	return (net->bytes[i / 8] >> (7 - i % 8) & 1) != 0;
}

static void set_bit(struct network *net, unsigned i, bool on)
{
	uint8_t mask = (uint8_t)(1U << (7 - i % 8));
	net->bytes[i / 8] = on ? net->bytes[i / 8] | mask : net->bytes[i / 8] & (uint8_t)~mask;
}

/* Writes a number into the bits from first to end; a negative one in two's complement. */
static void set_number(struct network *net, unsigned first, unsigned end, int64_t number)
{
	uint64_t rest = (uint64_t)number;
	for (unsigned i = end; i-- > first;) {
		unsigned distance = end - 1 - i;
		bool on = distance < 64 ? (rest >> distance & 1) != 0 : number < 0;
		set_bit(net, i, on);
	}
}

static bool fits(int64_t number, unsigned bits)
{
	if (bits >= 63)
		return true;
	int64_t limit = (int64_t)1 << bits;
	return number >= 0 ? number < limit : number >= -limit;
}

/* ---- Text ---------------------------------------------------------------------------------- */

static int parse_network(
	struct network *net, struct hcl_eval *e, const struct hcl_value *args, struct error *err)
{
	struct str s = {0};
	uint64_t prefix = 0;
	if (hcl_arg_str(&s, e, args, 0, err) < 0)
		return -1;
	size_t slash = str_find_byte(s, '/');
	const char *address = arena_cstr(e->arena, str_sub(s, 0, slash));
	bool v6 = strchr(address, ':') != NULL;
	net->bits = v6 ? 128 : 32;
	bool good = slash != STR_NPOS && str_to_u64(str_from_index(s, slash + 1), &prefix) &&
		prefix <= net->bits && inet_pton(v6 ? AF_INET6 : AF_INET, address, net->bytes) == 1;
	if (!good)
		return error_set(
			err, ERROR_INPUT, "`%.*s` is no network, as 10.0.0.0/8 is", STR_ARG(s));
	net->prefix = (unsigned)prefix;
	set_number(net, net->prefix, net->bits, 0);
	return 0;
}

static struct str address_text(struct hcl_eval *e, const struct network *net)
{
	char text[INET6_ADDRSTRLEN] = "";
	int family = net->bits == 128 ? AF_INET6 : AF_INET;
	(void)inet_ntop(family, net->bytes, text, sizeof(text));
	return arena_str(e->arena, str_from(text));
}

static struct str network_text(struct hcl_eval *e, const struct network *net)
{
	struct str address = address_text(e, net);
	return arena_printf(e->arena, "%.*s/%u", STR_ARG(address), net->prefix);
}

/* ---- Functions ----------------------------------------------------------------------------- */

/* cidrhost(network, number); negative numbers count from the end. */
int hcl_fn_cidrhost(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct network net = {0};
	int64_t number = 0;
	(void)n;
	if (parse_network(&net, e, args, err) < 0 || hcl_arg_i64(&number, args, 1, err) < 0)
		return -1;
	if (!fits(number, net.bits - net.prefix))
		return error_set(err, ERROR_INPUT, "the network has no address of number %lld",
			(long long)number);
	set_number(&net, net.prefix, net.bits, number);
	*out = hcl_string(address_text(e, &net));
	return 0;
}

int hcl_fn_cidrnetmask(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct network net = {0};
	(void)n;
	if (parse_network(&net, e, args, err) < 0)
		return -1;
	set_number(&net, 0, net.prefix, -1);
	*out = hcl_string(address_text(e, &net));
	return 0;
}

/* The prefix grows by argument i. */
static int extend(struct network *net, const struct hcl_value *args, size_t i, int64_t least,
	struct error *err)
{
	int64_t bits = 0;
	if (hcl_arg_i64(&bits, args, i, err) < 0)
		return -1;
	if (bits < least || bits > (int64_t)(net->bits - net->prefix))
		return error_set(err, ERROR_INPUT, "a prefix of %u bits cannot grow by %lld",
			net->prefix, (long long)bits);
	net->prefix += (unsigned)bits;
	return 0;
}

/* cidrsubnet(network, new bits, number) */
int hcl_fn_cidrsubnet(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct network net = {0};
	int64_t number = 0;
	(void)n;
	if (parse_network(&net, e, args, err) < 0)
		return -1;
	unsigned first = net.prefix;
	if (extend(&net, args, 1, 0, err) < 0 || hcl_arg_i64(&number, args, 2, err) < 0)
		return -1;
	if (number < 0 || !fits(number, net.prefix - first))
		return error_set(err, ERROR_INPUT, "%u bits do not hold the number %lld",
			net.prefix - first, (long long)number);
	set_number(&net, first, net.prefix, number);
	*out = hcl_string(network_text(e, &net));
	return 0;
}

/* The first address behind the block that `net` lies in; false when all bits were set. */
static bool next_block(struct network *net)
{
	for (unsigned i = net->prefix; i-- > 0;) {
		bool was = get_bit(net, i);
		set_bit(net, i, !was);
		if (!was)
			return true;
	}
	return false;
}

static bool same_prefix(const struct network *a, const struct network *b, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++) {
		if (get_bit(a, i) != get_bit(b, i))
			return false;
	}
	return true;
}

static bool is_aligned(const struct network *net)
{
	for (unsigned i = net->prefix; i < net->bits; i++) {
		if (get_bit(net, i))
			return false;
	}
	return true;
}

/* Rounds up to a block of its own size. */
static bool align_block(struct network *net)
{
	if (is_aligned(net))
		return true;
	set_number(net, net->prefix, net->bits, 0);
	return next_block(net);
}

/* cidrsubnets(network, new bits...): one behind the other. */
int hcl_fn_cidrsubnets(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct network whole = {0};
	struct hcl_items subnets = {0};
	if (parse_network(&whole, e, args, err) < 0)
		return -1;
	struct network next = whole;
	bool room = true;
	for (size_t i = 1; i < n; i++) {
		struct network subnet = next;
		subnet.prefix = whole.prefix;
		if (extend(&subnet, args, i, 1, err) < 0)
			return -1;
		room = room && align_block(&subnet) && same_prefix(&subnet, &whole, whole.prefix);
		if (!room)
			return error_set(err, ERROR_INPUT, "no room for subnet %zu", i);
		hcl_push(e, &subnets, hcl_string(network_text(e, &subnet)));
		next = subnet;
		room = next_block(&next);
	}
	*out = hcl_items_list(&subnets);
	return 0;
}
