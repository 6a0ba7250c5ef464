#!/bin/sh
# Asks moto, which plays AWS, for images and parameters: tests/interop/aws.sh BUILD_DIR SEALWRIGHT
#
# Needs python3 with venv and, the first time, a package registry; without them it says so and exits
# with 77.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=${1:?usage: aws.sh BUILD_DIR SEALWRIGHT}/interop/aws
program=$2

skip() {
	echo "skipped: $1"
	exit 77
}

mkdir -p "$work"
command -v python3 >/dev/null 2>&1 || skip "python3 is not installed"
[ "$(python3 -c 'import sys; print(sys.version_info[:2])') $(uname -m)" = "(3, 11) x86_64" ] ||
	skip "the packages are pinned for python 3.11 on x86_64"
if ! cmp -s "$here/aws-requirements.txt" "$work/installed.txt"; then
	rm -rf "$work/venv"
	python3 -m venv "$work/venv" >"$work/venv.log" 2>&1 || skip "python3 has no venv"
	timeout 240 "$work/venv/bin/pip" install -q --retries 1 --no-deps --only-binary :all: --require-hashes \
		-r "$here/aws-requirements.txt" >"$work/pip.log" 2>&1 || {
		cat "$work/pip.log"
		grep -q "HASHES" "$work/pip.log" && exit 1
		skip "pip cannot reach its registry"
	}
	cp "$here/aws-requirements.txt" "$work/installed.txt"
fi
exec "$work/venv/bin/python" "$here/aws.py" "$program" "$work"
