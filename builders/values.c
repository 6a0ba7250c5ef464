#include "builders/values.h"

#include <sys/random.h>

#include "base/encode.h"

const struct build_value build_values_none[] = {
	{"Host", STR_INIT("")},
	{"Port", STR_INIT("0")},
	{"User", STR_INIT("")},
	{"Password", STR_INIT("")},
	{"ConnType", STR_INIT("none")},
	{"PackerHTTPIP", STR_INIT("")},
	{"PackerHTTPPort", STR_INIT("0")},
	{"PackerHTTPAddr", STR_INIT("")},
	{"SSHPublicKey", STR_INIT("")},
	{"SSHPrivateKey", STR_INIT("")},
	{"WinRMPassword", STR_INIT("")},
	{0},
};

bool build_value_find(const struct build_value *own, struct str name, struct str *value)
{
	const struct build_value *const tables[] = {own, build_values_none};
	for (size_t i = 0; i < countof(tables); i++) {
		for (const struct build_value *v = tables[i]; v && v->name; v++) {
			if (!str_is(name, v->name))
				continue;
			*value = v->value;
			return true;
		}
	}
	return false;
}

int build_machine_id(char out[33], struct error *err)
{
	unsigned char bytes[16];
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return error_sys(err, "getrandom");
	hex_encode(out, bytes, sizeof(bytes));
	return 0;
}
