/* A file that a machine reads while it boots, whatever it is, to facts. The first line is its name. */
#include "audit/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena) a = {0};
	struct facts facts = {0};
	struct error err = {0};
	struct plan plan = {0};
	struct str text = {(const char *)data, size};
	struct str name;
	struct step s = {.id = 1, .type = STEP_BOOT};
	if (!str_cut(&text, '\n', &name))
		return 0;
	s.boot.what = STR("http_directory");
	s.boot.path = s.boot.source = name;
	s.boot.kind = boot_kind_of(name, text);
	if (text.n > 0)
		s.boot.content = text_from(&a, text);
	list_push(&a, &plan.steps) = s;
	return facts_of_plan(&facts, &a, &plan, 0, &err) < 0 ? -1 : 0;
}
