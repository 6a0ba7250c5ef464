/*
 * Names for the compiler extensions that the project uses, and nothing else: attributes, scoped
 * cleanup, array length. Everything else in the tree is C17 and POSIX.1-2008.
 */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN _Noreturn

#define countof(array) (sizeof(array) / sizeof((array)[0]))

/* A local whose type has a `_clear` that accepts zeroed and cleared values: scoped(buf) b = {0}; */
#define scoped(type) __attribute__((cleanup(type##_clear))) struct type

/* A local that owns a heap object with a `_free`: scoped_ptr(plan) p = NULL; */
#define scoped_ptr(type) __attribute__((cleanup(type##_free_scope))) struct type *

/* Makes scoped_ptr(type) usable; stands in the header, after the declaration of type_free. */
#define DEFINE_SCOPED_PTR(type) \
	static inline void type##_free_scope(struct type **object) \
	{ \
		type##_free(*object); \
	}

#define autofree __attribute__((cleanup(autofree_scope)))
#define autoclose __attribute__((cleanup(autoclose_scope)))

static inline void autofree_scope(void *pointer)
{
	free(*(void **)pointer);
}

/* A descriptor below 0 is not open. */
static inline void autoclose_scope(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Hands over what a scoped local owns, and leaves the local empty. */
#define steal_ptr(pointer) \
	__extension__({ \
		__typeof__(pointer) stolen_ = (pointer); \
		(pointer) = NULL; \
		stolen_; \
	})

static inline int steal_fd(int *fd)
{
	int stolen = *fd;
	*fd = -1;
	return stolen;
}

#endif
