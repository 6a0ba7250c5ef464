#!/bin/sh
# Compares what we read with what others read: tests/interop/templates.sh KIND BUILD_DIR SEALWRIGHT
#
#   hcl         syntax and layout of HCL, with HashiCorp's library and with hcl2json
#   packer      templates, with packer: $PACKER, or Debian's 1.6.6
#
# The templates are those of the corpus (tests/corpus). What is missing comes from package
# registries, at fixed versions; without them this says so and exits with 77.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
kind=${1:?usage: templates.sh KIND BUILD_DIR SEALWRIGHT}
work=$2/interop/$kind
program=$3
mkdir -p "$work"

skip() {
	echo "skipped: $1"
	exit 77
}

need() {
	for name; do
		command -v "$name" >/dev/null 2>&1 || skip "$name is not installed"
	done
}

# A registry out of reach is no fault of ours; what it gives must have the digests in the lock files.
install_oracle() {
	need go
	cp "$here"/hcl/go.mod "$here"/hcl/go.sum "$here"/hcl/oracle.go "$work/"
	(cd "$work" && GOTOOLCHAIN=local GOFLAGS=-mod=readonly timeout 500 go build -o oracle . \
		>go.log 2>&1) && return
	cat "$work/go.log"
	grep -qE 'checksum mismatch|SECURITY ERROR|oracle\.go:' "$work/go.log" && exit 1
	skip 'HashiCorp'\''s library could not be built from the Go module proxy'
}

install_hcl2json() {
	need node npm
	cp "$here"/hcl/package.json "$here"/hcl/package-lock.json "$here"/hcl/hcl2json.mjs "$work/"
	cmp -s "$work/package-lock.json" "$work/installed-lock.json" && return
	(cd "$work" && timeout 240 npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 \
		--fetch-timeout=60000 >npm.log 2>&1) || {
		cat "$work/npm.log"
		grep -qE 'code (EINTEGRITY|EUSAGE|EJSONPARSE|ETARGET)' "$work/npm.log" && exit 1
		skip 'npm cannot reach its registry'
	}
	cp "$work/package-lock.json" "$work/installed-lock.json"
}

# Debian's package, unpacked and not installed. Another architecture has another digest.
install_packer() {
	version=1.6.6+ds2-1+b1
	sha256=7b690f62b30ba76e14769c4d40a2b883e1be6807c95f7fca22190c6f319c18c5
	packer=$work/root/usr/bin/packer
	[ -x "$packer" ] && return
	need apt-get dpkg-deb
	[ "$(dpkg --print-architecture)" = amd64 ] || skip 'the digest of packer is known for amd64'
	(cd "$work" && timeout 300 apt-get download "packer=$version" >apt.log 2>&1) || {
		cat "$work/apt.log"
		skip "apt has no packer $version"
	}
	deb=$(find "$work" -maxdepth 1 -name 'packer_*.deb' | head -n 1)
	echo "$sha256  $deb" | sha256sum -c --quiet - || exit 1
	rm -rf "$work/unpacked"
	dpkg-deb -x "$deb" "$work/unpacked"
	mv "$work/unpacked" "$work/root"
	rm -f "$deb"
}

case $kind in
hcl)
	install_oracle
	install_hcl2json
	exec python3 "$here/hcl/compare.py" "$program" "$work"
	;;
packer)
	packer=${PACKER-}
	[ -n "$packer" ] || install_packer
	exec python3 "$here/packer.py" "$program" "$packer"
	;;
*)
	echo "templates.sh: no such kind: $kind" >&2
	exit 2
	;;
esac
