#!/bin/sh
# The project's own shell scripts: shellcheck finds nothing in them.
set -eu
cd "$(dirname "$0")/../.."
command -v shellcheck >/dev/null 2>&1 || {
	echo "skipped: no shellcheck"
	exit 77
}
shellcheck quickstart check .ci/run cmake/install-packages fixtures/redis/make tests/e2e/make-tiny-rootfs \
	tests/fuzz/run.sh tests/interop/aws.sh tests/interop/run.sh tests/interop/templates.sh tests/lint/*.sh
