/* Files that the audit writes for people to keep: baselines and waivers. */
#include "cmd/audit.h"

#include <errno.h>

#define FILE_MAX ((size_t)64 << 20)

static int keep_baseline(struct pipeline *p, const char *path, struct error *err)
{
	scoped(buf) out = {0};
	buf_init(&out, FILE_MAX);
	if (audit_baseline_write(&out, p->audit, err) < 0 ||
		file_replace(AT_FDCWD, path, buf_str(&out), 0644, err) < 0)
		return error_wrap(err, "--write-baseline");
	log_say(&p->cli->log, LOG_INFO, "wrote %s; give it with --baseline", path);
	return 0;
}

/* What is there stays as it is, byte for byte. */
static int read_existing(struct buf *out, const char *path, struct error *err)
{
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	if (file_read(out, AT_FDCWD, path, FILE_MAX, err) < 0)
		return -1;
	if (out->n > 0 && out->p[out->n - 1] != '\n')
		buf_add_byte(out, '\n');
	return 0;
}

static struct str or_empty(const char *s)
{
	return s ? str_from(s) : STR("");
}

static int keep_waivers(struct pipeline *p, const struct audit_verb *o, struct error *err)
{
	scoped(buf) out = {0};
	struct str_list only = {0};
	const struct audit_excuse excuse = {
		or_empty(o->reason), or_empty(o->owner), or_empty(o->expires), or_empty(o->ticket)};
	size_t n = 0;
	buf_init(&out, FILE_MAX);
	for (size_t i = 0; i < o->waive.n; i++)
		list_push(&p->arena, &only) = str_from(o->waive.items[i]);
	if (read_existing(&out, o->write_waivers, err) < 0 ||
		audit_waivers_write(&out, &n, p->audit, &only, &excuse, err) < 0)
		return -1;
	if (n == 0) {
		log_say(&p->cli->log, LOG_INFO, "no finding to waive; %s is as it was",
			o->write_waivers);
		return 0;
	}
	if (file_replace(AT_FDCWD, o->write_waivers, buf_str(&out), 0644, err) < 0)
		return -1;
	log_say(&p->cli->log, LOG_INFO, "added %zu waiver%s to %s", n, n == 1 ? "" : "s",
		o->write_waivers);
	return 0;
}

int audit_check_flags(const struct audit_verb *o, struct error *err)
{
	if (o->baseline && o->since)
		return error_set(err, ERROR_USAGE, "either --baseline or --since, not both");
	if (o->write_waivers && (!o->reason || !o->owner || !o->expires))
		return error_set(err, ERROR_USAGE,
			"--write-waivers needs --reason, --owner and --expires (a date like "
			"2026-12-31)");
	if (!o->write_waivers &&
		(o->waive.n > 0 || o->reason || o->owner || o->expires || o->ticket))
		return error_set(err, ERROR_USAGE,
			"--waive, --reason, --owner, --expires and --ticket go with "
			"--write-waivers FILE");
	return 0;
}

int audit_keep(struct pipeline *p, const struct audit_verb *o, struct error *err)
{
	if (o->write_baseline && keep_baseline(p, o->write_baseline, err) < 0)
		return -1;
	return o->write_waivers ? keep_waivers(p, o, err) : 0;
}
