#!/bin/sh
# clang-tidy with the checks of .clang-tidy over the product's sources. tidy.sh BUILD_DIRECTORY
set -eu
cd "$(dirname "$0")/../.."
command -v clang-tidy-14 >/dev/null 2>&1 || {
	echo "skipped: no clang-tidy-14"
	exit 77
}
git ls-files 'base/*.c' 'fetch/*.c' 'template/*.c' 'plan/*.c' 'audit/*.c' 'builders/*.c' 'record/*.c' 'sign/*.c' 'cmd/*.c' |
	grep -v aarch64 | xargs -P 2 -n 8 clang-tidy-14 -p "$1" --quiet --warnings-as-errors='*' 2>/dev/null
