#include "record/exec_stack.h"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

/* A 32-bit program has the registers of ARM: r0 ... r15 cpsr orig_r0. */
#define ARM_WORDS 18
#define ARM_SP 13

union registers {
	struct user_regs_struct wide;
	uint32_t narrow[ARM_WORDS];
};

int exec_regs_read(struct exec_regs *out, pid_t tid, struct error *err)
{
	union registers regs = {0};
	struct iovec iov = {.iov_base = &regs, .iov_len = sizeof(regs)};
	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov) < 0)
		return error_sys(err, "registers");
	if (iov.iov_len == sizeof(regs.wide)) {
		*out = (struct exec_regs){.sp = regs.wide.sp, .word = 8};
		return 0;
	}
	if (iov.iov_len == sizeof(regs.narrow)) {
		*out = (struct exec_regs){.sp = regs.narrow[ARM_SP], .word = 4};
		return 0;
	}
	return error_set(err, ERROR_SYSTEM, "registers: unexpected size %zu", iov.iov_len);
}
