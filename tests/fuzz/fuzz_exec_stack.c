#include "record/exec_stack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the size of the words and where the stack lies. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	scoped(arena) a = {0};
	struct exec_stack stack;
	const struct exec_regs regs = {
		.sp = (uint64_t)(data[0] >> 1) << 4,
		.word = (data[0] & 1) != 0 ? 4 : 8,
	};
	struct str bytes = {(const char *)data + 1, size - 1};
	if (exec_stack_parse(&stack, &a, &regs, bytes, 64) == STACK_READ && stack.argv.n > 65)
		abort();
	return 0;
}
