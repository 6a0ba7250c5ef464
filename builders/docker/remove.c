#include "builders/docker/remove.h"

#include "base/encode.h"

#define PREFIX "sealwright-"
#define ID_DIGITS 32

int container_remove(struct engine *e, const char *name, struct error *err)
{
	scoped(arena) a = {0};
	bool missing = false;
	struct engine_call call = {
		.method = "DELETE",
		.path = arena_printf(&a, "/containers/%s?force=true&v=true", name).p,
		.missing = &missing,
	};
	return engine_json(e, &call, &a, NULL, err);
}

int container_cleanup(struct str entry, struct error *err)
{
	scoped(arena) a = {0};
	struct engine e;
	size_t at = str_rfind_byte(entry, '#');
	struct str name = at == STR_NPOS ? STR("") : str_from_index(entry, at + 1);
	struct str id = str_from_index(name, sizeof(PREFIX) - 1);
	if (!str_has_prefix(entry, STR("/")) || !str_has_prefix(name, STR(PREFIX)) ||
		id.n != ID_DIGITS || !hex_is_lower(id) || !str_is_cstr(entry))
		return error_set(err, ERROR_INPUT, "journal: a container that no build made");
	if (engine_at(&e, arena_cstr(&a, str_sub(entry, 0, at)), err) != 0)
		return -1;
	return container_remove(&e, arena_cstr(&a, name), err);
}
