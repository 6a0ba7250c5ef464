/* bcrypt, as PHP, Go and the shadow file know it: $2a$cost$salt, then the hash. */
#include "template/hcl2/functions_private.h"

#include <crypt.h>
#include <stdio.h>

#define COST_DEFAULT 10
#define COST_MIN 4
#define COST_MAX 15 /* 32 times as long as the default */
#define PASSWORD_MAX 72
#define SALT_SIZE 16
#define STEPS_PER_ROUND 256 /* what one of 2^cost rounds counts for */

/* The alphabet and order of bits are bcrypt's own. */
static void encode_salt(char *out, const uint8_t *salt)
{
	static const char digits[] =
		"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	uint32_t bits = 0;
	unsigned count = 0;
	for (size_t i = 0; i < SALT_SIZE; i++) {
		bits = bits << 8 | salt[i];
		for (count += 8; count >= 6; count -= 6)
			*out++ = digits[bits >> (count - 6) & 63];
	}
	*out++ = digits[bits << (6 - count) & 63];
	*out = '\0';
}

static int hash(struct str *out, struct hcl_eval *e, struct str password, unsigned cost,
	const uint8_t *salt, struct error *err)
{
	char setting[64];
	char text[32];
	struct crypt_data *state = arena_new(e->arena, struct crypt_data);
	encode_salt(text, salt);
	(void)snprintf(setting, sizeof(setting), "$2a$%02u$%s", cost, text);
	const char *made = crypt_r(arena_cstr(e->arena, password), setting, state);
	if (!made || made[0] == '*')
		return error_sys(err, "libcrypt refuses bcrypt");
	*out = arena_str(e->arena, str_from(made));
	explicit_bzero(state, sizeof(*state));
	return 0;
}

/*
 * bcrypt(string, cost). Packer takes a random salt; here it comes from the place in the template,
 * so that the same template gives the same plan. A salt is no secret.
 */
int hcl2_fn_bcrypt(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	const struct hcl2_context *c = hcl2_context_of(e, err);
	struct str password = {0};
	struct str text = {0};
	int64_t cost = COST_DEFAULT;
	if (!c || hcl2_arg_str(&password, e, args, 0, err) < 0)
		return -1;
	if (n > 1 && (hcl2_arg_str(&text, e, args, 1, err) < 0 || !str_to_i64(text, &cost)))
		return error_set(err, ERROR_INPUT, "the cost must be a whole number");
	if (cost < COST_MIN)
		cost = COST_DEFAULT;
	if (cost > COST_MAX)
		return error_set(err, ERROR_INPUT, "the cost is at most %d here", COST_MAX);
	if (password.n > PASSWORD_MAX)
		return error_set(err, ERROR_INPUT, "longer than %d bytes", PASSWORD_MAX);
	if (!str_is_cstr(password))
		return error_set(err, ERROR_INPUT, "a NUL in the string");
	struct digest salt = hcl2_chance(c, e, "bcrypt");
	struct str made = {0};
	e->steps += ((uint64_t)1 << cost) * STEPS_PER_ROUND;
	if (hash(&made, e, password, (unsigned)cost, salt.bytes, err) < 0)
		return -1;
	*out = hcl_string(made);
	return 0;
}
