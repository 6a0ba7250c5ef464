#include "builders/communicator_none.h"

static int refuse(const char *what, struct error *err)
{
	return error_set(err, ERROR_INPUT,
		"%s: the communicator is \"none\", so that nothing reaches the machine", what);
}

static int upload(struct communicator *c, const char *path, struct str bytes, uint32_t mode,
	struct error *err)
{
	(void)c;
	(void)bytes;
	(void)mode;
	return refuse(path, err);
}

static int download(struct communicator *c, const char *path, struct buf *out, struct error *err)
{
	(void)c;
	(void)out;
	return refuse(path, err);
}

static int exec(struct communicator *c, struct str command, const struct comm_output *out,
	int64_t deadline, struct comm_result *result, struct error *err)
{
	(void)c;
	(void)command;
	(void)out;
	(void)deadline;
	(void)result;
	return refuse("command", err);
}

const struct communicator_ops communicator_none = {
	.name = "none",
	.traced = true,
	.upload = upload,
	.download = download,
	.exec = exec,
};
