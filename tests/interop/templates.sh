#!/bin/sh
# Compares what we read with what others read: tests/interop/templates.sh KIND BUILD_DIR SEALWRIGHT
#
#   hcl         syntax and layout of HCL, with HashiCorp's library and with hcl2json
#   packer      templates, with $PACKER, or with Debian's 1.6.6 and with a current one, which is
#               built of the module that packer/go.mod names
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
	if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
		packer=
		echo 'not had: packer of apt: this is no Debian'
		return
	fi
	[ "$(dpkg --print-architecture)" = amd64 ] || {
		packer=
		echo 'not had: the digest of packer is known for amd64'
		return
	}
	(cd "$work" && timeout 300 apt-get download "packer=$version" >apt.log 2>&1) || {
		packer=
		echo "not had: packer $version of apt: $(tail -n 1 "$work/apt.log")"
		return
	}
	deb=$(find "$work" -maxdepth 1 -name 'packer_*.deb' | head -n 1)
	echo "$sha256  $deb" | sha256sum -c --quiet - || exit 1
	rm -rf "$work/unpacked"
	dpkg-deb -x "$deb" "$work/unpacked"
	mv "$work/unpacked" "$work/root"
	rm -f "$deb"
}

# go checks each module against go.sum, so no checksum database is asked. Plugins are not part of it.
install_current() {
	current=$work/packer-current
	command -v go >/dev/null || {
		current=
		echo 'not had: a current packer: go is not installed'
		return
	}
	mkdir -p "$work/module"
	cp "$here"/packer/go.mod "$here"/packer/go.sum "$work/module/"
	(cd "$work/module" && GOTOOLCHAIN=local GOFLAGS='-mod=readonly -trimpath -buildvcs=false' \
		timeout 1200 go build -o "$current" github.com/hashicorp/packer >go.log 2>&1) && return
	cat "$work/module/go.log"
	grep -qE 'checksum mismatch|SECURITY ERROR|missing go.sum entry|updates to go.mod' \
		"$work/module/go.log" && exit 1
	current=
	echo 'not had: a current packer could not be built from the Go module proxy'
}

case $kind in
hcl)
	install_oracle
	install_hcl2json
	exec python3 "$here/hcl/compare.py" "$program" "$work"
	;;
packer)
	packer=${PACKER-}
	current=
	[ -n "$packer" ] || {
		install_packer
		install_current
	}
	[ -n "$packer$current" ] || skip 'there is no packer to compare with'
	exec python3 "$here/packer/compare.py" "$program" ${packer:+"$packer"} ${current:+"$current"}
	;;
*)
	echo "templates.sh: no such kind: $kind" >&2
	exit 2
	;;
esac
