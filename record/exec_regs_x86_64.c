#include "record/exec_stack.h"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

/* A 32-bit program has the registers of i386: ebx ecx edx ... eip cs eflags esp ss. */
#define I386_WORDS 17
#define I386_ESP 15

union registers {
	struct user_regs_struct wide;
	uint32_t narrow[I386_WORDS];
};

int exec_regs_read(struct exec_regs *out, pid_t tid, struct error *err)
{
	union registers regs = {0};
	struct iovec iov = {.iov_base = &regs, .iov_len = sizeof(regs)};
	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov) < 0)
		return error_sys(err, "registers");
	if (iov.iov_len == sizeof(regs.wide)) {
		*out = (struct exec_regs){.sp = regs.wide.rsp, .word = 8};
		return 0;
	}
	if (iov.iov_len == sizeof(regs.narrow)) {
		*out = (struct exec_regs){.sp = regs.narrow[I386_ESP], .word = 4};
		return 0;
	}
	return error_set(err, ERROR_SYSTEM, "registers: unexpected size %zu", iov.iov_len);
}
