#!/bin/sh
# Has sigstore's own client verify what we signed: tests/interop/run.sh BUILD_DIR
#
# Needs node, npm and, the first time, a package registry; without them it says so and exits with 77.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: run.sh BUILD_DIR}
work=$build/interop
maker=$build/tests/sign_test_interop

skip() {
	echo "skipped: $1"
	exit 77
}

# A registry out of reach is no fault of ours; what it gives must be what the lock file says.
not_installed() {
	cat "$work/npm.log"
	code=$(sed -nE 's/.*npm (ERR!|error) code //p' "$work/npm.log" | head -n 1)
	case $code in
	EINTEGRITY | EUSAGE | EJSONPARSE | ETARGET | EBADENGINE) exit 1 ;;
	esac
	skip "npm cannot reach its registry (${code:-no answer in time})"
}

for program in node npm tar; do
	command -v "$program" >/dev/null 2>&1 || skip "$program is not installed"
done
if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 18 ]; then
	skip "node 18 is needed, this is $(node --version)"
fi

mkdir -p "$work"
cp "$here/package.json" "$here/package-lock.json" "$here/verify.mjs" "$work/"
if ! cmp -s "$work/package-lock.json" "$work/installed-lock.json"; then
	(cd "$work" && timeout 240 npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 \
		--fetch-timeout=60000 >npm.log 2>&1) || not_installed
	cp "$work/package-lock.json" "$work/installed-lock.json"
fi

# Evidence of each kind of key, taken apart by an independent tar.
rm -rf "$work/evidence"
mkdir "$work/evidence"
"$maker" "$work/evidence"
status=0
for evidence in "$work"/evidence/*.evidence; do
	name=${evidence%.evidence}
	mkdir "$name"
	tar -xf "$evidence" -C "$name"
	(cd "$work" && node verify.mjs "$name/attestations.jsonl" "$name.pub") || status=1
done
exit "$status"
