#!/bin/sh
# clang-tidy with the checks of .clang-tidy over the product's sources. tidy.sh BUILD_DIRECTORY
set -eu
cd "$(dirname "$0")/../.."
command -v clang-tidy-14 >/dev/null 2>&1 || {
	echo "skipped: no clang-tidy-14"
	exit 77
}
[ -e "$1/compile_commands.json" ] || {
	echo "no compile_commands.json in $1"
	exit 1
}

# What clang-tidy says on stderr is only how many warnings of the system's headers it left out. The
# commands are those of gcc, which knows some warnings more.
tidy() {
	xargs -0 -P "$(nproc)" -n 8 clang-tidy-14 -p "$build" --quiet --warnings-as-errors='*' \
		--extra-arg=-Wno-unknown-warning-option "$@" 2>/dev/null
}

build=$1
printf '%s\0' base/error.c base/span.c | tidy
find base fetch template plan audit builders record sign cmd -name '*.c' ! -name '*aarch64*' \
	! -path base/error.c ! -path base/span.c -print0 |
	tidy --extra-arg=-include --extra-arg="$PWD/tests/lint/analyzer.h"
