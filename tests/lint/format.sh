#!/bin/sh
# The layout that .clang-format describes.
set -eu
cd "$(dirname "$0")/../.."
command -v clang-format-14 >/dev/null 2>&1 || {
	echo "skipped: no clang-format-14"
	exit 77
}
find base fetch template plan audit builders record sign cmd tests -name '*.[ch]' \
	-exec clang-format-14 --dry-run -Werror {} +
