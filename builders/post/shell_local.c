/* shell-local: commands on the build host, which are steps of the plan like all others. */
#include "builders/post/post.h"

#include "base/file.h"

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

/* A command may change the image that was captured; its record must not say that it did not. */
static bool is_changed(const struct stat *before, const struct post_file *f)
{
	struct stat now;
	if (stat(f->path.p, &now) != 0)
		return false;
	return now.st_ino != before->st_ino || now.st_size != before->st_size ||
		now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != before->st_mtim.tv_nsec ||
		now.st_ctim.tv_sec != before->st_ctim.tv_sec ||
		now.st_ctim.tv_nsec != before->st_ctim.tv_nsec;
}

static int take_changed(struct post *p, const struct post_artifact *in, const struct stat *before,
	struct error *err)
{
	for (size_t i = 0; i < in->files.n; i++) {
		const struct post_file *f = &in->files.items[i];
		if (!is_changed(&before[i], f))
			continue;
		log_say(&p->say, LOG_WARNING, "%s was changed", f->path.p);
		if (post_take_file(p, f->path, "application/octet-stream", NULL, false, err) != 0)
			return -1;
	}
	return 0;
}

static int run(struct post *p, const struct post_artifact *in, struct post_artifact *out,
	struct error *err)
{
	const struct step_group *g = group_of(p);
	struct stat *before = arena_array(p->arena, struct stat, in->files.n + 1);
	*out = *in;
	if (!g) {
		log_say(&p->say, LOG_INFO, "Skipping shell-local due to runtime OS");
		return 0;
	}
	for (size_t i = 0; i < in->files.n; i++) {
		if (stat(in->files.items[i].path.p, &before[i]) != 0)
			before[i] = (struct stat){0};
	}
	if (run_group(p->run, g, err) != 0)
		return -1;
	return take_changed(p, in, before, err);
}

const struct post_processor post_shell_local = {
	.type = "shell-local",
	.builder_id = "packer.post-processor.shell-local",
	.keeps = true,
	.keeps_always = true,
	.passes_on = true,
	.run = run,
};
