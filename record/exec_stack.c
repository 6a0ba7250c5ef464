#include "record/exec_stack.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/uio.h>

/*
 * Nearly every initial stack fits the first window. The kernel limits arguments and environment
 * together to 6 MiB, so the second one fits all of them.
 */
#define WINDOW_FIRST ((size_t)128 << 10)
#define WINDOW_ALL ((size_t)8 << 20)

struct stack_view {
	uint64_t base;
	size_t word;
	struct str bytes;
};

static bool view_word(const struct stack_view *v, size_t index, uint64_t *out)
{
	size_t off = index * v->word;
	if (off > v->bytes.n || v->bytes.n - off < v->word)
		return false;
	if (v->word == 4) {
		uint32_t narrow;
		memcpy(&narrow, v->bytes.p + off, sizeof(narrow));
		*out = narrow;
		return true;
	}
	memcpy(out, v->bytes.p + off, sizeof(*out));
	return true;
}

/*
 * The string at an address, `max` bytes of it at the most. `whole` says whether its end was seen.
 */
static enum stack_result view_string(
	const struct stack_view *v, uint64_t address, size_t max, struct str *out, bool *whole)
{
	if (address < v->base || address - v->base >= WINDOW_ALL)
		return STACK_BAD;
	size_t off = (size_t)(address - v->base);
	struct str there = str_from_index(v->bytes, off);
	struct str part = str_sub(there, 0, max);
	size_t end = str_find_byte(part, '\0');
	*whole = end != STR_NPOS;
	*out = *whole ? str_sub(part, 0, end) : part;
	return *whole || part.n == max ? STACK_READ : STACK_SHORT;
}

static enum stack_result parse_argv(struct exec_stack *out, struct arena *a,
	const struct stack_view *v, uint64_t argc, uint32_t argv_max)
{
	size_t left = argv_max;
	for (uint64_t i = 0; i < argc; i++) {
		uint64_t address = 0;
		if (!view_word(v, (size_t)i + 1, &address))
			return STACK_SHORT;
		struct str text;
		bool whole = false;
		enum stack_result r = view_string(v, address, left, &text, &whole);
		if (r != STACK_READ)
			return r;
		if (!whole) {
			out->argv_cut = true;
			if (text.n > 0)
				list_push(a, &out->argv) = arena_str(a, text);
			return STACK_READ;
		}
		left -= text.n + 1;
		list_push(a, &out->argv) = arena_str(a, text);
	}
	return STACK_READ;
}

static enum stack_result parse_execfn(
	struct exec_stack *out, struct arena *a, const struct stack_view *v, uint64_t address)
{
	struct str text;
	bool whole = false;
	enum stack_result r = view_string(v, address, PATH_MAX, &text, &whole);
	if (r == STACK_READ)
		out->execfn = arena_str(a, text);
	return r;
}

/* Without the four ids it is not an auxiliary vector. */
#define IDS_ALL 0xfu

static enum stack_result parse_auxv(
	struct exec_stack *out, struct arena *a, const struct stack_view *v, size_t index)
{
	const struct {
		uint64_t type;
		uint32_t *value;
	} ids[] = {
		{AT_UID, &out->uid},
		{AT_EUID, &out->euid},
		{AT_GID, &out->gid},
		{AT_EGID, &out->egid},
	};
	unsigned seen = 0;
	for (;; index += 2) {
		uint64_t type = 0;
		uint64_t value = 0;
		if (!view_word(v, index, &type) || !view_word(v, index + 1, &value))
			return STACK_SHORT;
		if (type == AT_NULL)
			return seen == IDS_ALL ? STACK_READ : STACK_BAD;
		for (size_t i = 0; i < countof(ids); i++) {
			if (ids[i].type != type)
				continue;
			*ids[i].value = (uint32_t)value;
			seen |= 1u << i;
		}
		if (type == AT_SECURE)
			out->secure = value != 0;
		if (type == AT_EXECFN) {
			enum stack_result r = parse_execfn(out, a, v, value);
			if (r != STACK_READ)
				return r;
		}
	}
}

enum stack_result exec_stack_parse(struct exec_stack *out, struct arena *a,
	const struct exec_regs *regs, struct str bytes, uint32_t argv_max)
{
	struct stack_view v = {.base = regs->sp, .word = regs->word, .bytes = bytes};
	*out = (struct exec_stack){0};
	uint64_t argc = 0;
	if (!view_word(&v, 0, &argc))
		return STACK_SHORT;
	if (argc >= WINDOW_ALL / v.word)
		return STACK_BAD;
	size_t index = (size_t)argc + 1;
	uint64_t end = 0;
	if (!view_word(&v, index, &end))
		return STACK_SHORT;
	if (end != 0)
		return STACK_BAD;
	uint64_t variable = 1;
	for (index++; variable != 0; index++) {
		if (!view_word(&v, index, &variable))
			return STACK_SHORT;
	}
	enum stack_result r = parse_auxv(out, a, &v, index);
	if (r != STACK_READ)
		return r;
	return parse_argv(out, a, &v, argc, argv_max);
}

/* process_vm_readv can be filtered away where ptrace is not; the file is the slower way. */
static ssize_t read_memory_file(pid_t tid, uint64_t address, char *out, size_t n)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)tid);
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	size_t done = 0;
	while (done < n) {
		ssize_t r = pread(fd, out + done, n - done, (off_t)(address + done));
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			break;
		done += (size_t)r;
	}
	return done > 0 ? (ssize_t)done : -1;
}

/* Reads until `n` bytes or the end of the stack. */
static ssize_t read_memory(pid_t tid, uint64_t address, char *out, size_t n)
{
	struct iovec local = {.iov_base = out, .iov_len = n};
	/* An address of another process, which is never used as a pointer here. */
	struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = n};
	ssize_t r = process_vm_readv(tid, &local, 1, &remote, 1, 0);
	return r > 0 ? r : read_memory_file(tid, address, out, n);
}

static enum stack_result read_window(struct exec_stack *out, struct arena *a, pid_t tid,
	const struct exec_regs *regs, size_t window, uint32_t argv_max)
{
	autofree char *bytes = malloc(window);
	if (!bytes)
		error_out_of_memory();
	ssize_t n = read_memory(tid, regs->sp, bytes, window);
	if (n < 0)
		return STACK_NONE;
	return exec_stack_parse(out, a, regs, (struct str){bytes, (size_t)n}, argv_max);
}

int exec_stack_read(
	struct exec_stack *out, struct arena *a, pid_t tid, uint32_t argv_max, struct error *err)
{
	struct exec_regs regs;
	if (exec_regs_read(&regs, tid, err) < 0)
		return -1;
	struct exec_stack stack = {0};
	enum stack_result r = read_window(&stack, a, tid, &regs, WINDOW_FIRST, argv_max);
	if (r == STACK_SHORT)
		r = read_window(&stack, a, tid, &regs, WINDOW_ALL, argv_max);
	if (r == STACK_NONE)
		return error_sys(err, "memory");
	if (r != STACK_READ)
		return error_set(err, ERROR_SYSTEM, "the stack does not look like a new program's");
	*out = stack;
	return 0;
}
