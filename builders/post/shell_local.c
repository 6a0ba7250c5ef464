/* shell-local: commands on the build host, which are steps of the plan like all others. */
#include "builders/post/post.h"

static const struct step_group *group_of(const struct post *p)
{
	const struct plan *plan = p->run->o->plan;
	for (size_t i = 0; i < plan->groups.n; i++) {
		const struct step_group *g = &plan->groups.items[i];
		if (g->phase == GROUP_POST_PROCESS && g->sequence == p->sequence &&
			g->position == p->position)
			return g;
	}
	return NULL;
}

static int run(struct post *p, const struct post_artifact *in, struct post_artifact *out,
	struct error *err)
{
	const struct step_group *g = group_of(p);
	*out = *in;
	if (g)
		return run_group(p->run, g, err);
	log_say(&p->say, LOG_INFO, "Skipping shell-local due to runtime OS");
	return 0;
}

const struct post_processor post_shell_local = {
	.type = "shell-local",
	.builder_id = "packer.post-processor.shell-local",
	.keeps = true,
	.keeps_always = true,
	.run = run,
};
