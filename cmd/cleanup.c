#include "builders/builders.h"
#include "cmd/verbs.h"

struct cleanup_verb {
	struct source_options source;
};

static const struct option own[] = {
	{.name = "cache",
		.kind = OPTION_STRING,
		.arg = "DIR",
		.help = "the cache directory that the builds were given",
		.offset = offsetof(struct cleanup_verb, source) +
			offsetof(struct source_options, cache)},
	{0},
};

static const struct option_group groups[] = {{"Options", own, 0}, {0}};

static int run(struct cli *cli, const void *options, struct error *err)
{
	const struct cleanup_verb *o = options;
	scoped(pipeline) p = {.cli = cli};
	const char *cache = NULL;
	size_t removed = 0;
	if (pipeline_cache_dir(&p, &o->source, &cache, err) < 0)
		return -1;
	struct str work = arena_printf(&p.arena, "%s/work", cache);
	if (access(work.p, F_OK) == 0 && builders_cleanup(work.p, &cli->log, &removed, err) < 0)
		return -1;
	scoped(buf) out = {0};
	buf_printf(
		&out, "%zu leftover%s of dead builds removed\n", removed, removed == 1 ? "" : "s");
	return cli_print(&out, err) < 0 ? -1 : EXIT_YES;
}

const struct command command_cleanup = {
	.name = "cleanup",
	.summary = "remove what builds that died left behind",
	.synopsis = "",
	.description =
		"Reads the journals of builds that are not running any more and removes every\n"
		"resource that they list.",
	.groups = groups,
	.options_size = sizeof(struct cleanup_verb),
	.run = run,
};
