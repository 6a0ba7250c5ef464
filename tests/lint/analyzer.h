/*
 * For clang-tidy, which sees one file at a time: these functions never return 0, so that what
 * stands behind `if (f(&out) < 0) return -1;` has its outs.
 */
#include "base/error.h"
#include "base/span.h"

#define error_set(...) (error_set(__VA_ARGS__), -1)
#define error_sys(...) (error_sys(__VA_ARGS__), -1)
#define error_wrap(...) (error_wrap(__VA_ARGS__), -1)
#define error_at(...) (error_at(__VA_ARGS__), -1)
