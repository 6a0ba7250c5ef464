load lib

# What is made of an image after it is captured, held against the programs that read such files.

# template NAME: stdin is the list of post-processors; the build is called "one".
template() {
	{
		printf '{"variables": {"pw": "hunter2-hunter2"}, "sensitive-variables": ["pw"],\n'
		printf '"builders": [%s],\n' "${builders:-{$rootfs, \"name\": \"one\"\}}"
		printf '"provisioners": [%s],\n' "${provisioners:-{\"type\": \"shell\", \"inline\": [\"echo made >/made\"]\}}"
		printf '"post-processors":\n'
		cat
		printf '}\n'
	} >"r/$1.json"
}

write_templates() {
	template manifest <<-'T'
		[{"type": "manifest", "custom_data": {"z": "<last & \"quoted\">", "a": "{{build `PackerRunUUID`}}",
		  "secret": "{{user `pw`}}", "name": "{{build_name}} é"}},
		 {"type": "manifest", "output": "sub/stripped.json", "strip_path": true, "strip_time": true}]
	T
	template oracle <<-'T'
		[{"type": "manifest", "custom_data": {"b": "<x> & \"y\" \u2028 é", "a": "1"}},
		 {"type": "manifest", "output": "stripped.json", "strip_path": true, "strip_time": true},
		 {"type": "checksum", "checksum_types": ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"], "output": "{{.ChecksumType}}"},
		 {"type": "compress", "output": "plain.tar", "keep_input_artifact": true},
		 {"type": "compress", "output": "one.gz", "keep_input_artifact": true},
		 {"type": "compress", "output": "one.zip", "keep_input_artifact": true},
		 {"type": "shell-local", "inline": ["echo \"$PACKER_BUILD_NAME\" >ran; pwd >where"], "execute_command": "{{.Vars}} {{.Script}}"}]
	T
	template checksum <<-'T'
		[{"type": "checksum", "checksum_types": ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]},
		 {"type": "checksum", "checksum_types": ["sha256"], "output": "sums/{{.BuildName}}-{{ .BuilderType }}.{{.ChecksumType}}"},
		 {"type": "checksum", "checksum_types": ["sha256", "md5"], "output": "ALL"},
		 {"type": "checksum"}]
	T
	template compress <<-'T'
		[[{"type": "compress", "keep_input_artifact": true}],
		 [{"type": "compress", "output": "c/{{.BuildName}}.tar", "keep_input_artifact": true}],
		 [{"type": "compress", "output": "c/one.zip", "keep_input_artifact": true}],
		 [{"type": "compress", "output": "c/one.gz", "compression_level": 9}],
		 [{"type": "compress", "output": "c/one.bz2", "keep_input_artifact": true}],
		 [{"type": "compress", "output": "c/one.xz", "keep_input_artifact": true}],
		 [{"type": "compress", "output": "c/one.lz4", "keep_input_artifact": true}],
		 [{"type": "compress", "output": "c/one.zst", "keep_input_artifact": true}],
		 [{"type": "compress", "output": "c/noname", "format": "tar.xz", "keep_input_artifact": true}],
		 [{"type": "compress", "output": "c/other.tgz", "compression_level": 1, "keep_input_artifact": true}]]
	T
	template gone <<-'T'
		[[{"type": "compress", "output": "only.tar.gz"}, {"type": "checksum", "checksum_types": ["sha256"], "output": "only.sha256"}]]
	T
	template chain <<-'T'
		[[{"type": "compress", "output": "first.tar"}, {"type": "compress", "output": "second.gz"},
		  {"type": "checksum", "name": "sums", "checksum_types": ["sha1"], "output": "second.sha1", "keep_input_artifact": false}]]
	T
	template both <<-'T'
		[[{"type": "checksum", "checksum_types": ["sha256"], "output": "both.sha256"}, {"type": "compress", "output": "both.tar.gz"}]]
	T
	provisioners='{"type": "shell-local", "inline": ["echo host >made-here; mkdir -p d; echo a >d/a.out; echo b >d/.b.out"]},
		{"type": "shell", "inline": ["echo from the guest >/f"]},
		{"type": "file", "direction": "download", "source": "/f", "destination": "got/f"}' template artifice <<-'T'
		[[{"type": "artifice", "files": ["made-here", "d/*.out", "got/?"]},
		  {"type": "manifest", "output": "artifice.json", "strip_time": true},
		  {"type": "compress", "output": "artifice.zip", "keep_input_artifact": true}]]
	T
	template shell <<-'T'
		[{"type": "manifest"},
		 {"type": "shell-local", "inline": ["pwd >where", "cp packer-manifest.json seen.json", "echo \"$A $PACKER_BUILD_NAME $PACKER_BUILDER_TYPE\"",
		   "echo '{{build `ConnType`}}' >conn"], "environment_vars": ["A=it's {{build_name}}"]},
		 {"type": "shell-local", "script": "after.sh", "execute_command": "A=old {{.Script}}"},
		 {"type": "shell-local", "inline": ["exit 3"], "valid_exit_codes": [3]},
		 {"type": "shell-local", "inline": ["touch never"], "only_on": ["windows"]},
		 {"type": "shell-local", "name": "named", "inline": ["echo only >named"], "only": ["one"]},
		 {"type": "shell-local", "inline": ["touch never"], "except": ["one"]}]
	T
	printf '#!/bin/sh\necho "script $A" >script-ran\n' >r/after.sh
	template fails <<-'T'
		[[{"type": "compress", "output": "f/left.tar"}, {"type": "checksum", "output": "f/left.md5"},
		  {"type": "shell-local", "inline": ["echo begun; exit 9"]}], "manifest"]
	T
	builders="{$both, \"name\": \"one\"}" template vagrant <<-'T'
		[{"type": "vagrant", "include": ["included.txt"], "vagrantfile_template": "Vagrantfile.tpl", "keep_input_artifact": true},
		 [{"type": "docker-tag", "repository": "example/one", "tags": ["1.2", "x"]},
		  {"type": "vagrant", "output": "docker-{{.Provider}}-{{.Architecture}}.box", "architecture": "arm64", "compression_level": 0,
		   "override": {"docker": {"output": "over-docker.box"}}}]]
	T
	printf 'Vagrant.configure("2") { |c| c.vm.hostname = "{{.BuildName}}-{{.Provider}}" }\n' >r/Vagrantfile.tpl
	echo along >r/included.txt
	provisioners='{"type": "shell-local", "inline": ["printf QFI\\\\373rest >disk.qcow2", "printf \"<x><Adapter slot=\\\"0\\\" a=\\\"1\\\" MACAddress=\\\"080027AABBCC\\\"></x>\" >vm.ovf; echo disk >vm-disk1.vmdk"]}' \
		template boxes <<-'T'
		[[{"type": "artifice", "files": ["disk.qcow2"]}, {"type": "vagrant", "provider_override": "libvirt", "output": "libvirt.box"}],
		 [{"type": "artifice", "files": ["vm*"]}, {"type": "vagrant", "provider_override": "virtualbox", "output": "virtualbox.box"}]]
	T
	builders="{$both, \"name\": \"one\"}" template docker <<-'T'
		[[{"type": "docker-tag", "repository": "registry.example:5000/team/one", "tags": ["1.0", "stable"]},
		  {"type": "docker-save", "path": "saved.tar"}],
		 {"type": "docker-save", "path": "bare.tar"}]
	T
	template secret-name <<-'T'
		[{"type": "compress", "output": "{{user `pw`}}.tar"}]
	T
	builders="{$rootfs, \"name\": \"a\"}, {$rootfs, \"name\": \"b\"}" template twice <<-'T'
		[{"type": "checksum", "checksum_type": ["md5"]}]
	T
	template no-oci <<-'T'
		["manifest", {"type": "docker-save", "path": "x.tar"}]
	T
	template no-disk <<-'T'
		[["checksum", {"type": "vagrant", "provider_override": "libvirt"}]]
	T
	template changes <<-'T'
		[{"type": "shell-local", "inline": ["echo more >>out/one/one.tar"]}, {"type": "checksum", "checksum_types": ["sha256"], "output": "sums"}]
	T
	provisioners='{"type": "shell", "inline": ["head -c 60000000 /dev/urandom >/big"]}' template slow <<-'T'
		[{"type": "checksum", "output": "slow.md5"}, {"type": "compress", "output": "d/slow.tar.xz"}]
	T
	template unknown <<-'T'
		[["manifest", {"type": "vagrant-cloud", "name": "upload", "box_tag": "a/b"}], {"type": "chekcsum"}]
	T
	template outside <<-'T'
		[{"type": "compress", "output": "../out-of-here.tar"}]
	T
	template absolute <<-'T'
		[{"type": "manifest", "output": "/etc/manifest.json"}]
	T
	template keys <<-'T'
		[{"type": "checksum", "checksum_type": ["md5"]}, {"type": "checksum", "checksum_types": ["sha265"]},
		 {"type": "compress", "compression_level": -2}, {"type": "artifice"}, {"type": "docker-tag", "repository": "UPPER"},
		 {"type": "vagrant", "provider_override": "virtualbx"}]
	T
	template field <<-'T'
		[{"type": "compress", "output": "{{.Nonsense}}.tar"}]
	T
	template force <<-'T'
		["manifest"]
	T
	builders="{$rootfs, \"name\": \"a\"}, {$rootfs, \"name\": \"b\"}, {$rootfs, \"name\": \"c\"}" template three <<-'T'
		[{"type": "manifest", "output": "three.json"}, {"type": "checksum", "output": "three.md5"},
		 {"type": "shell-local", "inline": ["exit 1"], "only": ["b"]}]
	T
}

suite_setup() {
	root=$PWD/tests/e2e
	command -v newuidmap >/dev/null || [ "$(id -u)" -eq 0 ] || skip "no newuidmap"
	cd "$BATS_FILE_TMPDIR"
	"$root/make-tiny-rootfs" tiny sh rm chmod cat mkdir head
	tar -C tiny --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf base.tar .
	sum=$(sha256sum base.tar | cut -d' ' -f1)
	rootfs="\"type\": \"rootfs\", \"base\": \"$PWD/base.tar\", \"base_checksum\": \"sha256:$sum\",
		\"network\": \"none\", \"formats\": [\"tar\"]"
	both=${rootfs/\[\"tar\"\]/[\"oci\", \"tar\"]}
	mkdir r
	write_templates
	make_repo r >commit
	S="git+file://$PWD/r@$(cat commit)#"
	export S SEALWRIGHT_CACHE=$PWD/cache
	"$SEALWRIGHT" keygen --no-encryption --out key >/dev/null
}

setup() {
	mkdir "$BATS_TEST_TMPDIR/w"
	cd "$BATS_TEST_TMPDIR/w"
}

build() {
	name=$1
	shift
	run sealwright build --unsigned "$@" "$S$name.json"
}

# signed TEMPLATE OPTION...: signed, and the evidence verified
signed() {
	name=$1
	shift
	run sealwright build --key "$BATS_FILE_TMPDIR/key.key" "$@" "$S$name.json"
	exits 0
	built=$output
	image=$(awk '$2 ~ /^sha256:/ { print $2; exit }' <<<"$built")
	run sealwright verify out/one.evidence --key "$BATS_FILE_TMPDIR/key.pub" --image-id "$image" --coverage processes
	exits 0
	output=$built
}

# subjects: names and digests of the provenance's subjects, as sha256sum prints them
subjects() {
	tar -xOf out/one.evidence attestations.jsonl | head -1 | python3 -c '
import base64, json, sys
bundle = json.loads(sys.stdin.read())
for s in json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))["subject"]:
    print(s["digest"]["sha256"] + "  " + s["name"])'
}

# no_partial: nothing half-written is left
no_partial() {
	[ -z "$(find . -name '.sealwright-partial-*' -o -name '*.lock')" ]
}

@test "manifest: Packer's file, with what the template adds and no secret" {
	signed manifest
	python3 - <<-'P'
		import json, os, re
		text = open("packer-manifest.json").read()
		m = json.loads(text)
		b = m["builds"][0]
		assert list(m) == ["builds", "last_run_uuid"]
		assert list(b) == ["name", "builder_type", "build_time", "files", "artifact_id", "packer_run_uuid", "custom_data"]
		assert b["name"] == "one" and b["builder_type"] == "rootfs"
		assert b["files"] == [{"name": "out/one/one.tar", "size": os.path.getsize("out/one/one.tar")}]
		assert b["artifact_id"].startswith("sha256:")
		assert b["packer_run_uuid"] == m["last_run_uuid"] == b["custom_data"]["a"]
		assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", m["last_run_uuid"])
		assert list(b["custom_data"]) == ["a", "name", "secret", "z"]
		assert b["custom_data"]["secret"] == "<sensitive:pw>" and b["custom_data"]["name"] == "one é"
		assert '"z": "\\u003clast \\u0026 \\"quoted\\"\\u003e"' in text
		assert not text.endswith("\n")
		s = json.load(open("sub/stripped.json"))["builds"][0]
		assert s["files"][0]["name"] == "one.tar" and "build_time" not in s and s["custom_data"] is None
	P
	run grep -r hunter2 .
	exits 1
	no_partial
}

@test "manifest: runs are appended, with --force they begin anew" {
	build force
	exits 0
	build force --out second
	exits 0
	[ "$(grep -c packer_run_uuid packer-manifest.json)" -eq 2 ]
	build force --force
	exits 0
	[ "$(grep -c packer_run_uuid packer-manifest.json)" -eq 1 ]
	echo '{"builds": {}}' >packer-manifest.json
	build force --out third
	exits 1
	has "packer-manifest.json: not a manifest of Packer"
	[ ! -e third/one ]
	[ "$(cat packer-manifest.json)" = '{"builds": {}}' ]
}

@test "manifest: builds side by side share one file, and one that fails is not in it" {
	build three
	exits 1
	has "b: failed: Post-processor failed: shell-local"
	python3 - <<-'P'
		import json
		m = json.load(open("three.json"))
		assert sorted(b["name"] for b in m["builds"]) == ["a", "c"], m
		assert len({b["packer_run_uuid"] for b in m["builds"]}) == 1
	P
	[ -e out/a/a.tar ] && [ -e out/c/c.tar ] && [ ! -e out/b ]
	no_partial
}

# same FILE: Packer and we wrote the same, but for what names the builder, the image and the run
same() {
	for side in ours theirs; do
		sed -E 's/"(builder_type|artifact_id|packer_run_uuid|last_run_uuid)": "[^"]*"/"\1": ""/; s/"build_time": [0-9]+/"build_time": 0/' \
			"$side/$1" >"$side.normal"
	done
	cmp ours.normal theirs.normal
}

@test "manifest, checksum, compress: the same files as Packer's, byte for byte where it can be" {
	command -v packer >/dev/null || skip "no packer"
	mkdir ours theirs
	cd ours
	build oracle
	exits 0
	cd ../theirs
	python3 - "$BATS_FILE_TMPDIR/r/oracle.json" <<-'P'
		import json, sys
		t = json.load(open(sys.argv[1]))
		t["builders"] = [{"type": "file", "name": "one", "source": "../ours/out/one/one.tar", "target": "out/one/one.tar"}]
		del t["provisioners"]
		json.dump(t, open("t.json", "w"))
	P
	mkdir -p out/one
	CHECKPOINT_DISABLE=1 PACKER_CONFIG_DIR=$PWD HOME=$PWD packer build t.json >log 2>&1
	cd ..
	same packer-manifest.json
	same stripped.json
	for type in md5 sha1 sha224 sha256 sha384 sha512; do
		cmp "ours/$type" "theirs/$type"
	done
	for side in ours theirs; do
		tar -xOf "$side/plain.tar" one.tar | cmp - ours/out/one/one.tar
		gzip -dc "$side/one.gz" | cmp - ours/out/one/one.tar
		python3 -m zipfile -t "$side/one.zip"
		[ "$(cat "$side/ran")" = one ]
		[ "$(cat "$side/where")" = "$PWD/$side" ]
		[ -e "$side/out/one/one.tar" ]
	done
}

@test "checksum: the tools of the system accept each file" {
	signed checksum
	cd out/one
	for type in md5 sha1 sha224 sha256 sha384 sha512; do
		grep -qP '^[0-9a-f]+\tone.tar$' "../../packer_one_rootfs_$type.checksum"
		"${type}sum" -c "../../packer_one_rootfs_$type.checksum"
	done
	sha256sum -c ../../sums/one-rootfs.sha256
	[ "$(wc -l <../../ALL)" -eq 2 ]
	cd ../..
	[ "$(wc -l <packer_one_rootfs_md5.checksum)" -eq 1 ]
	subjects | grep -q "$(sha256sum <packer_one_rootfs_sha512.checksum | cut -d' ' -f1)  packer_one_rootfs_sha512.checksum"
	echo "0123	other" >>ALL
	build checksum --force
	exits 0
	[ "$(wc -l <ALL)" -eq 3 ]
	grep -q other ALL
}

@test "compress: every format is read by its program, and is the same each time" {
	signed compress
	tar -xOf packer_one_rootfs one.tar | cmp - out/one/one.tar
	gzip -t <packer_one_rootfs
	tar -xOf c/one.tar one.tar | cmp - out/one/one.tar
	python3 -m zipfile -t c/one.zip
	gzip -dc c/one.gz | cmp - out/one/one.tar
	bzip2 -dc c/one.bz2 | cmp - out/one/one.tar
	xz -dc c/one.xz | cmp - out/one/one.tar
	tar -xJOf c/noname one.tar | cmp - out/one/one.tar
	tar -xzOf c/other.tgz one.tar | cmp - out/one/one.tar
	if command -v zstd; then zstd -dc c/one.zst | cmp - out/one/one.tar; fi
	if command -v lz4; then lz4 -dc c/one.lz4 | cmp - out/one/one.tar; fi
	sha256sum c/* packer_one_rootfs >before
	TZ=Asia/Shanghai build compress --force
	exits 0
	sha256sum -c before
	no_partial
}

@test "what no post-processor keeps is removed, and stays recorded" {
	signed gone
	has "(removed: no post-processor kept it)"
	[ ! -e out/one/one.tar ] && [ -e only.tar.gz ]
	sha256sum -c only.sha256
	subjects | grep -q '  one.tar\|  one$'
	subjects | grep -q "$(sha256sum <only.tar.gz | cut -d' ' -f1)  only.tar.gz"
	signed chain --force
	[ ! -e first.tar ] && [ -e second.gz ] && [ ! -e out/one/one.tar ]
	sha1sum -c second.sha1
	gzip -dc second.gz | tar -xOf - one.tar >/dev/null
}

@test "the image stays when one post-processor keeps it" {
	signed both
	[ -e out/one/one.tar ] && [ ! -e both.sha256 ]
	tar -tzf both.tar.gz | grep -q '^both.sha256$'
}

@test "artifice: files of the host and of the guest, by patterns" {
	signed artifice
	python3 - <<-'P'
		import json, zipfile
		files = [f["name"] for f in json.load(open("artifice.json"))["builds"][0]["files"]]
		assert files == ["out/one/made-here", "out/one/d/.b.out", "out/one/d/a.out", "out/one/got/f"], files
		assert zipfile.ZipFile("artifice.zip").namelist() == ["made-here", "d/.b.out", "d/a.out", "got/f"]
	P
	subjects | grep -q "$(sha256sum <out/one/got/f | cut -d' ' -f1)  got/f"
	[ -e out/one/one.tar ]
}

@test "shell-local: steps of the plan, traced, where the build was started" {
	signed shell
	has "it's one one rootfs"
	has "==> one: Running post-processor: named (type shell-local)"
	[ "$(cat where)" = "$PWD" ]
	cmp seen.json packer-manifest.json
	[ "$(cat conn)" = container ]
	[ "$(cat script-ran)" = "script old" ]
	[ -e named ] && [ ! -e never ]
	python3 - <<-'P'
		import json
		lines = [json.loads(l) for l in open("out/one.manifest.jsonl")]
		artifact = next(l["seq"] for l in lines if l["type"] == "artifact")
		post = [l for l in lines if l["type"] == "step" and l["seq"] > artifact]
		assert [l["kind"] for l in post] == ["exec-host"] * 4, post
		steps = {l["id"] for l in post}
		argv = [l["argv"] for l in lines if l["type"] == "exec" and l["step"] in steps]
		assert ["cp", "packer-manifest.json", "seen.json"] in argv, argv
		ran = [(l["processor"], l["name"]) for l in lines if l["type"] == "post-process"]
		assert len(ran) == 6 and ("shell-local", "named") in ran, ran
	P
	run sealwright plan "${S}shell.json"
	has "shell-local: after.sh  after the image is captured"
}

@test "a post-processor that fails takes back what was written" {
	build fails
	exits 1
	has "Post-processor failed: shell-local"
	has "non-zero exit status: 9"
	[ ! -e out/one ] && [ ! -e f/left.tar ] && [ ! -e f/left.md5 ] && [ ! -e packer-manifest.json ]
	tail -1 out/one.manifest.jsonl | grep -q '"ok":false'
	grep '"type":"post-process"' out/one.manifest.jsonl | tail -1 | grep -q '"error":'
	run sealwright cleanup
	has "0 leftovers"
	no_partial
	build fails --force --except shell-local
	exits 0
	[ ! -e f/left.tar ] || [ -e f/left.md5 ]
	[ -e packer-manifest.json ]
}

@test "vagrant: boxes of what our builders make" {
	signed vagrant
	arch=amd64
	[ "$(uname -m)" != aarch64 ] || arch=arm64
	tar -tzf "packer_one_lxc_$arch.box" | sort >names
	printf '%s\n' Vagrantfile included.txt metadata.json rootfs.tar.gz | sort | cmp - names
	tar -xzf "packer_one_lxc_$arch.box"
	[ "$(cat metadata.json)" = "{\"architecture\":\"$arch\",\"provider\":\"lxc\",\"template-opts\":{\"--strip-components\":\"0\"},\"version\":\"1.0.0\"}" ]
	gzip -dc rootfs.tar.gz | cmp - out/one/one.tar
	grep -q 'c.vm.hostname = "one-lxc"' Vagrantfile
	[ "$(cat included.txt)" = along ]
	tar -xf over-docker.box
	grep -q 'docker.image = "example/one:x"' Vagrantfile
	[ "$(cat metadata.json)" = '{"architecture":"arm64","provider":"docker"}' ]
	grep -q '"what":"vagrantfile_template"' out/one.manifest.jsonl
	subjects | grep -q "  over-docker.box"
	run sealwright audit "${S}vagrant.json"
	has "Vagrantfile"
}

@test "vagrant: boxes of disks that artifice brings" {
	signed boxes
	tar -xzf libvirt.box
	head -c 3 box_0.img | grep -q QFI
	python3 -c 'import json; m = json.load(open("metadata.json")); assert m["provider"] == "libvirt" and m["disks"] == [{"format": "qcow2", "path": "box_0.img"}], m'
	tar -xzf virtualbox.box
	grep -q 'config.vm.base_mac = "080027AABBCC"' Vagrantfile
	[ -e box.ovf ] && [ -e vm-disk1.vmdk ]
}

@test "docker-tag and docker-save: other programs find the image under its names" {
	command -v skopeo >/dev/null || skip "no skopeo"
	signed docker
	id=$(awk '$2 ~ /^sha256:/ { print $2; exit }' <<<"$built")
	for name in latest registry.example:5000/team/one:1.0 registry.example:5000/team/one:stable; do
		skopeo inspect --config "oci:out/one/oci:$name" >/dev/null
	done
	for name in saved bare; do
		skopeo inspect --config "docker-archive:$name.tar" | python3 -c 'import json, sys; assert json.load(sys.stdin)["os"] == "linux"'
		[ "sha256:$(tar -xOf "$name.tar" "blobs/sha256/${id#sha256:}" | sha256sum | cut -d' ' -f1)" = "$id" ]
	done
	skopeo inspect "docker-archive:saved.tar:registry.example:5000/team/one:1.0" >/dev/null
	tar -xOf bare.tar manifest.json | grep -q '"RepoTags":null'
	skopeo copy "oci-archive:saved.tar:registry.example:5000/team/one:1.0" dir:copied >/dev/null
	subjects | grep -q "$(sha256sum <out/one/oci/index.json | cut -d' ' -f1)  oci/index.json"
}

@test "an image that a command changes is recorded as it was left" {
	signed changes
	has "out/one/one.tar was changed"
	subjects | grep -q "$(sha256sum <out/one/one.tar | cut -d' ' -f1)  one.tar"
	(cd out/one && sha256sum -c ../../sums)
	[ "$image" != "sha256:$(sha256sum <out/one/one.tar | cut -d' ' -f1)" ]
}

@test "output directories of every spelling" {
	for out in ./a "$PWD/b" ../w/c d/; do
		build changes --force --out "$out" --except shell-local
		exits 0
		(cd "$out/one" && sha256sum -c "$BATS_TEST_TMPDIR/w/sums")
	done
	build manifest --out ./a --force
	exits 0
	grep -q '"name": "./a/one/one.tar"' packer-manifest.json
}

# start_slow: a build in the background, seen when it compresses
start_slow() {
	"$SEALWRIGHT" build --unsigned "${S}slow.json" >log 2>&1 3>&- &
	pid=$!
	for _ in $(seq 300); do
		compgen -G 'd/.sealwright-partial-*' >/dev/null && return
		sleep 0.1
	done
	cat log
	return 1
}

@test "a build that is interrupted leaves nothing of its post-processors" {
	start_slow
	kill -INT "$pid"
	wait "$pid" && status=0 || status=$?
	output=$(cat log)
	exits 1
	has "cancelled"
	no_partial
	[ ! -e slow.md5 ] && [ ! -e d/slow.tar.xz ] && [ ! -e out/one ]
	run sealwright cleanup
	has "0 leftovers"
}

@test "what a build that was killed was writing, cleanup removes" {
	start_slow
	pkill -KILL -P "$pid"
	wait "$pid" && status=0 || status=$?
	[ "$status" -ne 0 ]
	compgen -G 'd/.sealwright-partial-*' >/dev/null
	run sealwright cleanup
	has "1 leftover of"
	no_partial
	[ ! -e d/slow.tar.xz ]
}

@test "what cannot be run is planned and audited, and refused before anything starts" {
	run sealwright plan "${S}unknown.json"
	exits 0
	has 'post-processor type "vagrant-cloud": it needs a registry'
	has 'did you mean "checksum"?'
	run sealwright audit "${S}unknown.json"
	has "opaque"
	build unknown
	exits 3
	has 'post-processor "vagrant-cloud" cannot be run'
	has "--except=upload"
	[ ! -e out ] && [ ! -e packer-manifest.json ]
	build unknown --except upload,chekcsum
	exits 0
	[ -e packer-manifest.json ]
}

@test "paths outside, wrong keys and fields are refused before anything starts" {
	build outside
	exits 3
	has "below the directory where the build is started"
	build absolute
	exits 3
	has "/etc/manifest.json"
	build field
	exits 3
	has Nonsense
	build no-oci
	exits 3
	has '"formats" of the builder needs "oci"'
	build no-disk
	exits 3
	has "a box for libvirt needs a disk"
	build secret-name
	exits 3
	has "a sensitive value in the name of a file"
	lacks hunter2
	[ ! -e out ]
	run sealwright validate "${S}twice.json"
	exits 3
	has "twice.json: 1 error"
	run sealwright validate "${S}keys.json"
	exits 3
	has 'unknown configuration key "checksum_type"'
	has 'did you mean "checksum_types"?'
	has 'did you mean "sha256"?'
	has 'did you mean "virtualbox"?'
	has '"UPPER" is no name of a repository'
	has '"compression_level" goes from -1 to 9'
	has '"files"'
}
