/* The simple commands of a script as JSON, for `shell calls` and for comparisons with others. */
#ifndef AUDIT_SHELL_CALLS_H
#define AUDIT_SHELL_CALLS_H

#include "audit/shell/shell.h"
#include "base/json.h"

/*
 * An array with one {"line": L, "argv": ["apt-get", "install", null]} per simple command that has
 * a word, in the order of the text, also inside of substitutions: null where a word is not
 * static, bytes that are not UTF-8 as json_bytes writes them. L is the line of the first word.
 */
struct json *shell_calls(const struct shell_script *s, struct arena *a);

#endif
