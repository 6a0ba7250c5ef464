/*
 * The strict JSON reader. What it accepts must survive its own canonical form, and cJSON must
 * accept it too: we may refuse more than others, never accept more.
 */
#include "base/json.h"

#include <cjson/cJSON.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct json *j)
{
	scoped(arena) a = {0};
	scoped(buf) once = {0};
	scoped(buf) twice = {0};
	struct error err = {0};
	struct json *again = NULL;
	json_write_canonical(&once, j);
	if (once.full)
		return;
	if (json_parse(&again, &a, buf_str(&once), STR("again"), NULL, &err) < 0)
		abort();
	json_write_canonical(&twice, again);
	if (!str_eq(buf_str(&once), buf_str(&twice)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena) a = {0};
	struct error err = {0};
	struct json *j = NULL;
	struct str text = {(const char *)data, size};
	if (json_parse(&j, &a, text, STR("fuzz"), NULL, &err) < 0)
		return 0;
	check_again(j);
	cJSON *peer = cJSON_ParseWithLength(text.p, text.n);
	if (!peer)
		abort();
	cJSON_Delete(peer);
	return 0;
}
