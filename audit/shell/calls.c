#include "audit/shell/calls.h"

struct calls {
	struct arena *arena;
	struct json *array;
};

static void add_call(void *ctx, const struct shell_command *c)
{
	const struct calls *calls = ctx;
	struct arena *a = calls->arena;
	if (c->word_count == 0)
		return;
	struct json *argv = json_array(a);
	for (size_t i = 0; i < c->word_count; i++) {
		struct str text;
		bool is_static = shell_word_static(c->words[i], a, &text);
		json_append(a, argv, is_static ? json_bytes(a, text) : json_null(a));
	}
	struct json *call = json_object(a);
	json_set(a, call, "line", json_i64(a, c->words[0]->span.line));
	json_set(a, call, "argv", argv);
	json_append(a, calls->array, call);
}

struct json *shell_calls(const struct shell_script *s, struct arena *a)
{
	struct calls calls = {a, json_array(a)};
	shell_visit(s->body, add_call, &calls);
	return calls.array;
}
