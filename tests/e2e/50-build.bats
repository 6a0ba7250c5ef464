load lib

# One build for the whole suite: a tiny root file system, a script, a few programs.
suite_setup() {
	cd "$BATS_FILE_TMPDIR"
	root=$(dirname "$BATS_TEST_FILENAME")
	"$root/make-tiny-rootfs" tiny
	mkdir -p r/scripts
	tar -C tiny --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf r/base.tar .
	sum=$(sha256sum r/base.tar | cut -d' ' -f1)
	cat >r/t.json <<-T
		{
		  "variables": {"motto": "ship it", "password": "hunter2secret"},
		  "sensitive-variables": ["password"],
		  "builders": [
		    {"type": "rootfs", "name": "one", "base": "base.tar", "base_checksum": "sha256:$sum",
		     "formats": ["oci", "tar"], "image_name": "tiny", "tag": "1"},
		    {"type": "rootfs", "name": "two", "base": "base.tar", "base_checksum": "sha256:$sum",
		     "formats": ["tar"], "image_name": "tiny", "tag": "2", "network": "none"}
		  ],
		  "provisioners": [
		    {"type": "file", "source": "scripts/data.txt", "destination": "/etc/data.txt"},
		    {"type": "shell", "script": "scripts/setup.sh",
		     "environment_vars": ["MOTTO={{user \`motto\`}}", "PASSWORD={{user \`password\`}}"]},
		    {"type": "shell", "inline": ["cat /etc/motto", "hostname", "sleep 0"]}
		  ]
		}
	T
	echo data >r/scripts/data.txt
	cat >r/scripts/setup.sh <<-'S'
		#!/bin/sh
		set -e
		echo "$MOTTO" >/etc/motto
		mkdir -p /srv/app
		ln -s /etc/motto /srv/app/link
		rm /etc/issue
		echo "the password is $PASSWORD" >/dev/null
		sh -c 'id; exit 0'
	S
	git init -q -b main r
	git -C r add -A
	git -C r commit -q -m tiny
	COMMIT=$(git -C r rev-parse HEAD)
	SOURCE="git+file://$PWD/r@$COMMIT#t.json"
	export COMMIT SOURCE
	export SEALWRIGHT_CACHE=$PWD/cache
	"$SEALWRIGHT" keygen --no-encryption --out key >/dev/null
	"$SEALWRIGHT" keygen --no-encryption --out other >/dev/null
	"$SEALWRIGHT" build --key key.key --out out "$SOURCE" >stdout 2>stderr || {
		cat stdout stderr
		return 1
	}
	IMAGE=$(awk '$1 == "one:" { print $2 }' stdout)
	export IMAGE
}

setup() {
	cd "$BATS_FILE_TMPDIR"
}

@test "both builds ran side by side and say where things lie" {
	run cat stdout
	has "one: sha256:"
	has "two: sha256:"
	has "out/one.evidence"
	has "coverage processes"
	run cat stderr
	has "one"
	has "ship it"
}

@test "the evidence verifies" {
	run sealwright verify out/one.evidence --key key.pub --image-id "$IMAGE" --coverage processes --commit "$COMMIT"
	exits 0
	has verified
	has " 0 failed, 0 could not be told"
	run sealwright verify --json out/one.evidence --key key.pub --image-id "$IMAGE"
	exits 0
	echo "$output" | python3 -c 'import json,sys; d=json.load(sys.stdin); assert d["passed"] is True'
}

@test "the image id is what independent tools compute" {
	command -v skopeo >/dev/null || skip "no skopeo"
	run skopeo inspect --config --raw oci:out/one/oci:1
	exits 0
	[ "sha256:$(printf '%s' "$output" | sha256sum | cut -d' ' -f1)" = "$IMAGE" ] ||
		[ "sha256:$(skopeo inspect --config --raw oci:out/one/oci:1 | sha256sum | cut -d' ' -f1)" = "$IMAGE" ]
	skopeo copy oci:out/one/oci:1 dir:copied >/dev/null
	python3 -c '
import json, sys
m = json.load(open("copied/manifest.json"))
assert m["config"]["digest"] == sys.argv[1], m["config"]["digest"]' "$IMAGE"
}

@test "the image holds what the steps made, and nothing of the build" {
	command -v umoci >/dev/null || skip "no umoci"
	rootless=
	[ "$(id -u)" -eq 0 ] || rootless=--rootless
	umoci unpack $rootless --image out/one/oci:1 bundle >/dev/null
	[ "$(cat bundle/rootfs/etc/motto)" = "ship it" ]
	[ "$(cat bundle/rootfs/etc/data.txt)" = data ]
	[ "$(readlink bundle/rootfs/srv/app/link)" = /etc/motto ]
	[ ! -e bundle/rootfs/etc/issue ]
	[ -z "$(ls -A bundle/rootfs/tmp bundle/rootfs/proc bundle/rootfs/sys | grep -v ':$' | tr -d '\n')" ]
	[ ! -e bundle/rootfs/etc/resolv.conf ]
}

@test "the manifest holds every program with its digest" {
	python3 - out/one.manifest.jsonl tiny <<-'P'
		import hashlib, json, sys
		lines = [json.loads(l) for l in open(sys.argv[1])]
		assert [l["seq"] for l in lines] == list(range(len(lines)))
		assert lines[0]["type"] == "header" and lines[-1]["type"] == "footer"
		execs = [l for l in lines if l["type"] == "exec"]
		names = {e["argv"][0].split("/")[-1] for e in execs}
		for want in ("sh", "mkdir", "ln", "rm", "id", "cat", "hostname", "sleep", "chmod"):
		    assert want in names, (want, names)
		digest = lambda p: hashlib.sha256(open(p, "rb").read()).hexdigest()
		for e in execs:
		    assert e["exe"].startswith("/bin/"), e["exe"]
		    assert e["exe_sha256"] == digest(sys.argv[2] + e["exe"]), e
		script = [e for e in execs if e.get("script")]
		assert any(e["script_sha256"] == digest("r/scripts/setup.sh") for e in script), script
		assert not [l for l in lines if l["type"] == "gap"]
		ends = {l["id"] for l in lines if l["type"] == "exit"}
		assert ends, "no exits"
	P
}

@test "sensitive values are nowhere" {
	! grep -ra hunter2secret stdout stderr out
}

@test "one build of the same commit gives the same image" {
	"$SEALWRIGHT" build --unsigned --only one --out again "$SOURCE" >again.txt 2>again.err
	[ "$(awk '$1 == "one:" { print $2 }' again.txt)" = "$IMAGE" ]
}

@test "what was built before is not replaced unless asked" {
	run sealwright build --unsigned --only one --out again "$SOURCE"
	exits 3
	has "--force"
	run sealwright build --unsigned --only one --force --out again "$SOURCE"
	exits 0
}

@test "a step that fails ends the build, and nothing is left" {
	cp -r r bad
	sed -i 's/"sleep 0"/"exit 3"/' bad/t.json
	git -C bad commit -qam bad
	run sealwright build --key key.key --only one --out badout --repo "file://$PWD/bad" \
		--commit "$(git -C bad rev-parse HEAD)" --template t.json
	[ "$status" -ne 0 ]
	has "non-zero exit status: 3"
	[ ! -e badout/one.evidence ]
	[ ! -e badout/one ]
	run sealwright cleanup
	exits 0
	has "0 leftovers"
}

@test "a signal cancels the build and cleans up" {
	cp -r r slow
	sed -i 's/"sleep 0"/"sleep 100"/' slow/t.json
	git -C slow commit -qam slow
	"$SEALWRIGHT" build --unsigned --only one --out slowout --repo "file://$PWD/slow" \
		--commit "$(git -C slow rev-parse HEAD)" --template t.json >slow.out 2>slow.err 3>&- &
	pid=$!
	for _ in $(seq 100); do
		grep -q '"argv":\["sleep","100"\]' slowout/one.manifest.jsonl 2>/dev/null && break
		sleep 0.1
	done
	kill -INT "$pid"
	wait "$pid" && status=0 || status=$?
	[ "$status" -ne 0 ]
	grep -q -i cancel slow.out slow.err
	[ ! -e slowout/one ]
	! pgrep -f 'sleep 100$'
}

@test "a changed work tree is not built by mistake" {
	cp -r r dirty
	echo changed >>dirty/scripts/setup.sh
	run sealwright build --unsigned --only one --out dirtyout --repo dirty --commit "$COMMIT" --template t.json
	exits 3
	has "scripts/setup.sh is changed"
	[ ! -e dirtyout ]
}

@test "any template is rehearsed on another machine" {
	mkdir -p cloud
	cat >cloud/t.json <<-'T'
		{"builders": [{"type": "alicloud-ecs", "region": "cn-beijing", "image_name": "demo",
		  "source_image": "x.vhd", "instance_type": "ecs.n1.tiny", "ssh_username": "root",
		  "access_key": "a", "secret_key": "b", "io_optimized": "true"}],
		 "provisioners": [{"type": "shell", "inline": ["touch /etc/rehearsed"]}]}
	T
	commit=$(make_repo cloud)
	run sealwright build --key key.key --out rehearsal --as rootfs --base "$PWD/r/base.tar" \
		"git+file://$PWD/cloud@$commit#t.json"
	exits 0
	image=$(echo "$output" | awk '$1 == "alicloud-ecs:" && $2 ~ /^sha256/ { print $2 }')
	run sealwright verify rehearsal/alicloud-ecs.evidence --key key.pub --image-id "$image"
	exits 0
}

@test "events come as JSON lines on request" {
	sealwright build --unsigned --json --only two --out json "$SOURCE" 2>/dev/null | python3 -c '
import json, sys
events = [json.loads(l) for l in sys.stdin]
kinds = {e["type"] for e in events}
assert {"audit", "ui", "build-end"} <= kinds, kinds
assert [e for e in events if e["type"] == "build-end"][0]["ok"] is True'
}

@test "without root the same image comes out" {
	[ "$(id -u)" -eq 0 ] || skip "runs as root, to become somebody else"
	command -v newuidmap >/dev/null || skip "no newuidmap"
	id rootless >/dev/null 2>&1 || useradd -m rootless
	grep -q '^rootless:' /etc/subuid || echo 'rootless:200000:65536' >>/etc/subuid
	grep -q '^rootless:' /etc/subgid || echo 'rootless:200000:65536' >>/etc/subgid
	mkdir -p less && chown rootless less
	chmod 755 "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	chmod -R a+rX r "$(dirname "$SEALWRIGHT")" || true
	cp "$SEALWRIGHT" less/sealwright
	run setpriv --reuid rootless --regid rootless --init-groups env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin \
		HOME=/home/rootless less/sealwright build --unsigned --only one --out less/out --cache less/cache "$SOURCE"
	exits 0
	has "$IMAGE"
	has "coverage processes"
}

# ---- What a reviewer must not be told ---------------------------------------------------------

refused() { # FILE CHECK OPTION...: verification says no, naming the check
	file=$1 check=$2
	shift 2
	run sealwright verify "$file" --key key.pub --image-id "$IMAGE" "$@"
	[ "$status" -eq 1 ] || [ "$status" -eq 3 ] || [ "$status" -eq 5 ] || exits 1
	has "$check"
	lacks ": verified"
}

# Changes a member with a Python expression over `data`; headers and padding stay as they have to be.
edit() { # MEMBER EXPRESSION
	python3 - "$1" "$2" <<-'P'
		import sys
		member, code = sys.argv[1].encode(), sys.argv[2]
		raw = open("out/one.evidence", "rb").read()
		out, at = b"", 0
		while raw[at:at + 1] != b"\0":
		    header, size = raw[at:at + 512], int(raw[at + 124:at + 135], 8)
		    data = raw[at + 512:at + 512 + size]
		    at += 512 + -(-size // 512) * 512
		    if header.startswith(member + b"\0"):
		        before, data = data, eval(code)
		        assert data != before
		        header = header[:124] + b"%011o\0" % len(data) + header[136:]
		        summed = header[:148] + b" " * 8 + header[156:]
		        header = header[:148] + b"%06o\0 " % sum(summed) + header[156:]
		    out += header + data + b"\0" * (-len(data) % 512)
		open("edited.evidence", "wb").write(out + b"\0" * 1024)
	P
}

@test "another image id, another key" {
	run sealwright verify out/one.evidence --key key.pub --image-id "sha256:$(printf '%064d' 1)"
	exits 1
	has "image.id"
	run sealwright verify out/one.evidence --key other.pub --image-id "$IMAGE"
	exits 1
	has "signature.provenance"
	run sealwright verify out/two.evidence --key key.pub --image-id "$IMAGE"
	exits 1
	has "image.id"
	run sealwright verify out/one.evidence --image-id "$IMAGE"
	exits 2
}

@test "without an image id the verdict is not verified" {
	run sealwright verify out/one.evidence --key key.pub
	exits 1
}

@test "manifest lines exchanged, removed, changed" {
	edit manifest.jsonl 'b"\n".join((lambda l: l[:3] + [l[4], l[3]] + l[5:])(data.split(b"\n")))'
	refused edited.evidence manifest.digest
	edit manifest.jsonl 'b"\n".join((lambda l: l[:3] + l[4:])(data.split(b"\n")))'
	refused edited.evidence manifest.digest
	edit manifest.jsonl 'data.replace(b"ship it", b"ship me")'
	refused edited.evidence manifest.digest
}

@test "statements removed, exchanged, repeated" {
	for drop in 0 1 2; do
		edit attestations.jsonl "b''.join(l for i, l in enumerate(data.splitlines(True)) if i != $drop)"
		refused edited.evidence FAILED
	done
	edit attestations.jsonl 'b"".join(reversed(data.splitlines(True)))'
	refused edited.evidence FAILED
	edit attestations.jsonl 'data + data.splitlines(True)[0]'
	refused edited.evidence FAILED
}

@test "plan, findings and source of another build" {
	edit plan.json 'data.replace(b"0755", b"0777")'
	refused edited.evidence plan.digest
	edit findings.sarif 'data.replace(b"2.1.0", b"2.1.1", 1)'
	refused edited.evidence findings.digest
	edit source.bundle 'data[:-1] + bytes([data[-1] ^ 1])'
	refused edited.evidence source.digest
}

@test "one flipped byte anywhere" {
	size=$(stat -c %s out/one.evidence)
	for i in $(seq 40); do
		at=$((i * 7919 * 4099 % size))
		python3 - "$at" <<-'P'
			import sys
			b = bytearray(open("out/one.evidence", "rb").read())
			b[int(sys.argv[1])] ^= 1 << (int(sys.argv[1]) % 8)
			open("flipped.evidence", "wb").write(b)
		P
		run sealwright verify flipped.evidence --key key.pub --image-id "$IMAGE"
		[ "$status" -ne 0 ] || { echo "flipped at $at"; false; }
	done
}

@test "a policy that the reviewer does not have leaves the question open" {
	cat >stricter.hcl <<-'P'
		pack {
		  name    = "stricter"
		  version = "1.0.0"
		}
		rule "STR001" {
		  title    = "no touching of /srv"
		  severity = "info"
		  on       = "write"
		  when     = startswith(write.path, "/nowhere")
		  message  = "writes below /nowhere"
		  why      = "to differ"
		  fix      = "do not"
		  bad      = ["echo x > /nowhere/x"]
		  good     = ["echo x > /tmp/x"]
		}
	P
	run sealwright verify out/one.evidence --key key.pub --image-id "$IMAGE" --policy stricter.hcl
	exits 1
	has "replay.findings"
}
