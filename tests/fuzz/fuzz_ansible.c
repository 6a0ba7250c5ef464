/* A playbook and the files that it names, to facts. "=== PATH" begins each of the others. */
#include "audit/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_file(struct arena *a, struct step *s, struct str path, struct str content)
{
	list_push(a, &s->exec.inputs) =
		(struct step_input){path, content, .language = LANGUAGE_ANSIBLE};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena) a = {0};
	struct facts facts = {0};
	struct error err = {0};
	struct plan plan = {0};
	struct step s = {.id = 1, .type = STEP_EXEC_HOST};
	struct str rest = {(const char *)data, size};
	struct str path = STR("site.yml");
	struct text argv[2] = {text_from(&a, STR("ansible-playbook")), {0}};
	text_add_hole(&argv[1], &a, STR(STEP_TREE_HOLE "site.yml"));
	s.exec.language = LANGUAGE_ANSIBLE;
	s.exec.argv.items = argv;
	s.exec.argv.n = 2;
	for (;;) {
		size_t end = str_find(rest, STR("\n=== "));
		add_file(&a, &s, path, str_sub(rest, 0, end == STR_NPOS ? end : end + 1));
		if (end == STR_NPOS)
			break;
		rest = str_from_index(rest, end + 5);
		if (!str_cut(&rest, '\n', &path) || !rest.p)
			break;
	}
	list_push(&a, &plan.steps) = s;
	return facts_of_plan(&facts, &a, &plan, 0, &err) < 0 ? -1 : 0;
}
