#include "cmd/keys.h"

#include "base/file.h"
#include "base/process.h"

#include <stdio.h>
#include <termios.h>

#define KEY_MAX ((size_t)64 << 10)

static int first_line(struct secret *out, const char *file, struct error *err)
{
	scoped(buf) bytes = {0};
	if (file_read(&bytes, AT_FDCWD, file, 4096, err) < 0)
		return error_wrap(err, "password");
	struct str text = buf_str(&bytes);
	secret_set(out, str_sub(text, 0, str_find_byte(text, '\n')));
	if (bytes.p)
		secret_wipe(bytes.p, bytes.cap);
	if (out->n == 0)
		return error_set(err, ERROR_INPUT, "%s: the password is empty", file);
	return 0;
}

/* One line from the terminal without echo. */
static int ask(struct secret *out, const char *question, struct error *err)
{
	autoclose int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0)
		return error_set(err, ERROR_USAGE,
			"no password: set SEALWRIGHT_PASSWORD, give --password-file, or run on a "
			"terminal");
	struct termios before;
	if (tcgetattr(tty, &before) < 0)
		return error_sys(err, "terminal");
	struct termios quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (file_write_fd(tty, str_from(question), err) < 0)
		return -1;
	(void)tcsetattr(tty, TCSAFLUSH, &quiet);
	char line[1024];
	ssize_t n = read(tty, line, sizeof(line));
	(void)tcsetattr(tty, TCSAFLUSH, &before);
	(void)!file_write_fd(tty, STR("\n"), err);
	if (n < 0)
		return error_sys(err, "terminal");
	struct str text = {line, (size_t)n};
	secret_set(out, str_sub(text, 0, str_find_byte(text, '\n')));
	secret_wipe(line, sizeof(line));
	if (out->n == 0)
		return error_set(err, ERROR_USAGE, "the password is empty");
	return 0;
}

int password_get(
	struct secret *out, struct cli *cli, const char *file, bool again, struct error *err)
{
	if (file)
		return first_line(out, file, err);
	const char *value = env_find(cli->environment, "SEALWRIGHT_PASSWORD");
	if (value && *value) {
		secret_set(out, str_from(value));
		return 0;
	}
	if (ask(out, "Password of the key: ", err) < 0)
		return -1;
	if (!again)
		return 0;
	scoped(secret) second = {0};
	if (ask(&second, "Once more: ", err) < 0)
		return -1;
	if (!str_eq((struct str){out->p, out->n}, (struct str){second.p, second.n}))
		return error_set(err, ERROR_USAGE, "the two passwords differ");
	return 0;
}

int private_key_load(struct private_key **out, struct cli *cli, const char *path,
	const char *password_file, struct error *err)
{
	scoped(buf) bytes = {0};
	if (file_read(&bytes, AT_FDCWD, path, KEY_MAX, err) < 0)
		return -1;
	scoped(secret) password = {0};
	struct str pem = buf_str(&bytes);
	bool encrypted = private_key_is_encrypted(pem);
	int status = encrypted ? password_get(&password, cli, password_file, false, err) : 0;
	if (status == 0)
		status = private_key_parse(out, pem, encrypted ? &password : NULL, err);
	secret_wipe(bytes.p, bytes.cap);
	return status < 0 ? error_wrap(err, "%s", path) : 0;
}

int public_key_load(struct public_key **out, const char *path, struct error *err)
{
	scoped(buf) bytes = {0};
	if (file_read(&bytes, AT_FDCWD, path, KEY_MAX, err) < 0)
		return -1;
	if (public_key_parse(out, buf_str(&bytes), err) < 0)
		return error_wrap(err, "%s", path);
	return 0;
}
