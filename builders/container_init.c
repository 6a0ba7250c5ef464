#include "builders/container.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/file.h"

#define PROCESSES_MAX_BYTES 4096

static const char *const init_name = "sealwright-init";

/* What a package's maintainer scripts need; the same set that container engines give by default. */
static const int kept_capabilities[] = {
	CAP_CHOWN,
	CAP_DAC_OVERRIDE,
	CAP_FOWNER,
	CAP_FSETID,
	CAP_KILL,
	CAP_SETGID,
	CAP_SETUID,
	CAP_SETPCAP,
	CAP_NET_BIND_SERVICE,
	CAP_NET_RAW,
	CAP_SYS_CHROOT,
	CAP_MKNOD,
	CAP_AUDIT_WRITE,
	CAP_SETFCAP,
};

int container_drop_capabilities(struct error *err)
{
	uint64_t keep = 0;
	for (size_t i = 0; i < countof(kept_capabilities); i++)
		keep |= UINT64_C(1) << kept_capabilities[i];
	for (int i = 0; i < 64; i++) {
		if (prctl(PR_CAPBSET_READ, i) < 0)
			break;
		if (!(keep >> i & 1) && prctl(PR_CAPBSET_DROP, i) != 0)
			return error_sys(err, "capabilities");
	}
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {0};
	if (syscall(SYS_capget, &header, sets) != 0)
		return error_sys(err, "capabilities");
	for (int i = 0; i < 2; i++) {
		sets[i].effective &= (uint32_t)(keep >> (32 * i));
		sets[i].permitted &= (uint32_t)(keep >> (32 * i));
		sets[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, sets) != 0)
		return error_sys(err, "capabilities");
	return 0;
}

/* A new net namespace has lo, but down. */
static int raise_loopback(struct error *err)
{
	autoclose int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_name = "lo"};
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) != 0)
		return error_sys(err, "network: lo");
	return 0;
}

static int set_up(const struct container_spec *spec, struct error *err)
{
	if (sethostname(spec->hostname, strlen(spec->hostname)) != 0)
		return error_sys(err, "hostname");
	if (spec->no_network && raise_loopback(err) != 0)
		return -1;
	return container_mount_all(spec, err);
}

static void process_name(struct buf *out, DIR *proc, const char *pid)
{
	char path[300], name[64];
	snprintf(path, sizeof(path), "%s/comm", pid);
	autoclose int fd = openat(dirfd(proc), path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, name, sizeof(name));
	if (n > 0)
		buf_add(out, (struct str){name, (size_t)n});
}

static void answer_processes(int control)
{
	scoped(buf) names = {0};
	buf_init(&names, PROCESSES_MAX_BYTES);
	DIR *proc = opendir("/proc");
	struct dirent *entry = NULL;
	while (proc && (entry = readdir(proc)) != NULL) {
		uint64_t pid = 0;
		if (str_to_u64(str_from(entry->d_name), &pid) && pid > 1)
			process_name(&names, proc, entry->d_name);
	}
	if (proc)
		closedir(proc);
	uint32_t size = (uint32_t)names.n;
	if (send(control, &size, sizeof(size), MSG_NOSIGNAL) < 0 ||
		send(control, names.p, size, MSG_NOSIGNAL) < 0)
		_exit(1);
}

static void serve(int control)
{
	char request = 0;
	if (recv(control, &request, 1, 0) != 1)
		_exit(0);
	if (request == 'p')
		answer_processes(control);
	if (request == 't')
		kill(-1, SIGTERM);
}

static void reap(int signals)
{
	struct signalfd_siginfo ignored;
	if (read(signals, &ignored, sizeof(ignored)) < 0)
		return;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* Field of proc_pid_stat(5), counted from 1; those behind the name, which may hold anything. */
static uint64_t stat_field(struct str stat, unsigned number)
{
	struct str field = {0};
	uint64_t value = 0;
	for (size_t i = 0; i < stat.n; i++) {
		if (stat.p[i] == ')')
			field = str_from_index(stat, i + 2);
	}
	struct str rest = field;
	for (unsigned i = 3; i <= number; i++) {
		if (!str_cut(&rest, ' ', &field))
			return 0;
	}
	return str_to_u64(field, &value) ? value : 0;
}

/* Every command inside can read how the first process was called: with our options and paths. */
static void hide_arguments(void)
{
	char bytes[1024];
	autoclose int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
	if (n <= 0)
		return;
	struct str stat = {bytes, (size_t)n};
	uintptr_t start = (uintptr_t)stat_field(stat, 48), end = (uintptr_t)stat_field(stat, 49);
	if (start == 0 || end <= start)
		return;
	memset((void *)start, 0, end - start);
	snprintf((char *)start, end - start, "%s", init_name);
}

static void close_others(int control)
{
	if (control > 3)
		syscall(SYS_close_range, 3U, (unsigned)control - 1, 0U);
	syscall(SYS_close_range, (unsigned)control + 1, ~0U, 0U);
}

void container_init_main(const struct container_spec *spec, int control)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, init_name);
	hide_arguments();
	close_others(control);
	sigset_t children;
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_SETMASK, &children, NULL);
	struct error report = {0};
	int signals = signalfd(-1, &children, SFD_CLOEXEC);
	if (signals < 0)
		error_sys(&report, "signalfd");
	else
		(void)!set_up(spec, &report);
	if (send(control, &report, sizeof(report), MSG_NOSIGNAL) < 0 || report.code != ERROR_NONE)
		_exit(1);
	char go = 0;
	if (recv(control, &go, 1, 0) != 1 || container_drop_capabilities(&report) != 0)
		_exit(1);
	/* Its memory is the builder's. */
	prctl(PR_SET_DUMPABLE, 0);
	for (;;) {
		struct pollfd fds[] = {{control, POLLIN, 0}, {signals, POLLIN, 0}};
		if (poll(fds, countof(fds), -1) < 0 && errno != EINTR)
			_exit(1);
		if (fds[1].revents)
			reap(signals);
		if (fds[0].revents)
			serve(control);
	}
}
