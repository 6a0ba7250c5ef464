/*
 * Named pipes. Their reader mostly starts before their writer: what it does with what it reads is
 * kept, and told when somebody writes bytes of the network into the pipe.
 */
#include "audit/eval/eval.h"

void fifo_make(struct eval *e, const struct command *c, struct str path)
{
	struct source *s = source_new(e, c, SOURCE_PIPE, STR("mkfifo"), NULL);
	struct file f = {.created = true,
		.fifo = true,
		.content = value_tainted(e, STR("…"), taint_of(e, s))};
	guest_put(e, path, &f);
}

void fifo_wait(
	struct eval *e, const struct command *c, struct source *source, const struct sink *sink)
{
	if (!c)
		return;
	struct pending_flow p = {source, *c, *sink};
	list_push(e->scratch, &e->pending) = p;
}

static const struct taint *without_pipes(struct eval *e, const struct taint *t)
{
	const struct taint *out = NULL;
	for (; t; t = t->next) {
		if (t->source->kind == SOURCE_PIPE)
			continue;
		struct taint *one = arena_new(e->scratch, struct taint);
		*one = *t;
		one->next = NULL;
		out = taint_union(e, out, one);
	}
	return out;
}

void fifo_write(struct eval *e, struct str path, const struct file *f, const struct value *content)
{
	const struct taint *t = without_pipes(e, value_taint(e, content));
	const struct taint *pipe = value_taint(e, &f->content);
	struct file next = *f;
	for (size_t i = 0; t && i < e->pending.n; i++) {
		const struct pending_flow *p = &e->pending.items[i];
		for (const struct taint *own = pipe; own; own = own->next)
			if (own->source == p->source)
				flow_into(e, &p->command, t, &p->sink);
	}
	next.content = value_tainted(e, STR("…"), taint_union(e, t, pipe));
	guest_put(e, path, &next);
}

static int run_mkfifo(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "mZ"};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	bool node = word_is(c, 0, "mknod");
	*out = outcome_unknown();
	if (node && !has_word(c, "p"))
		return 1;
	while (opts_next(&o, &opt)) {
		if (opt.name.n != 0 || opt.text.n == 0)
			continue;
		fifo_make(e, c, opt.text);
		if (node)
			break;
	}
	return 1;
}

const struct command_entry commands_fifo[] = {
	{"mkfifo mknod", run_mkfifo},
	{0},
};
