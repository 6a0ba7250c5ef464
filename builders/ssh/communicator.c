#include "builders/ssh/ssh.h"

static struct ssh *ssh_of(struct communicator *c)
{
	return ((struct ssh_communicator *)(void *)c)->ssh;
}

/* Packer's mode of a file that it sends, when nothing else is asked for. */
static int upload(struct communicator *c, const char *path, struct str bytes, uint32_t mode,
	struct error *err)
{
	return ssh_upload(ssh_of(c), path, bytes, mode ? mode : 0644, err);
}

static int download(struct communicator *c, const char *path, struct buf *out, struct error *err)
{
	return ssh_download(ssh_of(c), path, out, err);
}

static int exec(struct communicator *c, struct str command, const struct comm_output *out,
	int64_t deadline, struct comm_result *result, struct error *err)
{
	return ssh_exec(ssh_of(c), command, out, deadline, result, err);
}

static const struct communicator_ops ops = {
	.name = "ssh",
	.remote = true,
	.upload = upload,
	.download = download,
	.exec = exec,
};

void ssh_communicator_init(struct ssh_communicator *c, struct ssh *ssh)
{
	*c = (struct ssh_communicator){{&ops}, ssh};
}
