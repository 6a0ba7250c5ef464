load lib

# One repository with many templates: what provisioners may say, what scripts may do to a machine,
# and what builds may do to each other. All start from one tiny root file system.

programs="sh bash cat rm mkdir chmod ln ls touch sleep hostname chown mv env sha256sum setsid mkfifo stat
	cp sed find grep mknod head seq sort truncate tr yes od readlink dirname"

# template NAME BUILDERS-OR-EMPTY: stdin is the rest of the template behind its builders.
template() {
	builders=${2:-"[{$rootfs, \"name\": \"one\"}]"}
	{
		printf '{"builders": %s,\n' "$builders"
		cat
		printf '}\n'
	} >"r/$1.json"
}

write_shell_template() {
	template shell '[{'"$rootfs"', "name": "one", "hostname": "tiny-host"}]' <<-'T'
		"provisioners": [
		  {"type": "shell", "inline": ["mkdir -p /out"]},
		  {"type": "shell", "scripts": ["scripts/first.sh", "scripts/second.sh"]},
		  {"type": "shell", "script": "scripts/crlf.sh"},
		  {"type": "shell", "inline": ["echo \"$BASH_VERSION\" >/out/shebang", "echo $- >/out/flags"],
		   "inline_shebang": "/bin/bash -eu"},
		  {"type": "shell", "inline": ["#!/bin/bash", "echo ${BASH_VERSION:+bash} >/out/own-shebang"]},
		  {"type": "shell", "inline": ["echo \"$A\" >/out/sh-c"], "environment_vars": ["A=plain"],
		   "execute_command": "chmod +x {{ .Path }}; sh -c '{{ .Vars }} {{ .Path }}'"},
		  {"type": "shell", "inline": ["env -0 >/out/values"],
		   "execute_command": "{{.Vars}} bash -x {{.Path}}",
		   "environment_vars": ["SINGLE=it's", "DOUBLE=a\"b", "LINES=x\ny", "DOLLAR=$HOME `hostname` ${A}",
		     "BACKSLASH=a\\b\\", "EMPTY=", "EQUALS=a=b", "SPACES=  two  ", "PERCENT=%s%d", "STAR=*"],
		   "env": {"EQUALS": "the map wins"}},
		  {"type": "shell", "inline": ["env -0 >/out/file-values"], "use_env_var_file": true,
		   "env": {"ALL": "it's \"$HOME\" \\ `x`\nend"}},
		  {"type": "shell", "inline": ["env -0 >/out/format"], "env_var_format": "PRE_%s=\"%s\" ",
		   "env": {"A": "b c"}},
		  {"type": "shell", "inline": ["echo $0 >/out/folder"], "remote_folder": "/var/lib",
		   "remote_file": "given.sh"},
		  {"type": "shell", "inline": ["echo $0 >/out/path"], "remote_path": "/srv/given.sh",
		   "skip_clean": true},
		  {"type": "shell", "script": "scripts/crlf.sh", "binary": true, "remote_path": "/srv/crlf.sh",
		   "skip_clean": true, "execute_command": "true {{.Path}}"},
		  {"type": "shell", "inline": ["exit 42"], "valid_exit_codes": [0, 42]},
		  {"type": "shell", "inline": ["exit 0"], "expect_disconnect": true, "start_retry_timeout": "1s",
		   "pause_before": "10ms", "pause_after": "10ms"},
		  {"type": "sleep", "duration": "10ms"},
		  {"type": "breakpoint", "disable": true, "note": "never"},
		  {"type": "breakpoint", "note": "look here"},
		  {"type": "shell", "inline": ["echo common >/out/override"],
		   "override": {"one": {"inline": ["echo special >/out/override"]}}},
		  {"type": "shell", "inline": ["echo only >/out/only"], "only": ["one"]},
		  {"type": "shell", "inline": ["echo except >/out/except"], "except": ["one"]},
		  {"type": "shell", "inline": ["echo '{{build `ID`}} {{build `Host`}} {{build `User`}} {{build `ConnType`}}' >/out/build",
		    "echo '{{build_name}} {{build_type}} {{template_dir}} {{upper `abc`}} {{user `composed`}}' >/out/functions",
		    "echo '{{isotime `2006-01-02`}} {{if eq (user `mode`) `fast`}}quick{{else}}slow{{end}}' >>/out/functions"]},
		  {"type": "shell", "inline": ["readlink /proc/self/fd/0 >/out/stdin", "cat >/out/stdin-bytes",
		    "hostname >/out/hostname", "ls /sys/class/net >/out/networks", "umask >/out/umask",
		    "tr '\\0' ' ' </proc/1/cmdline >/out/init", "(: </dev/tcp/127.0.0.1/9) 2>/dev/null || true"]}
		],
		"variables": {"mode": "fast", "composed": "{{user `mode`}}-{{isotime `2006`}}"}
	T
	printf '#!/bin/sh\necho first >>/out/scripts\necho "$0" >>/out/names\n' >r/scripts/first.sh
	printf '#!/bin/sh\necho second >>/out/scripts\necho "$0" >>/out/names' >r/scripts/second.sh
	printf '#!/bin/sh\r\necho ran >/out/crlf\r\n' >r/scripts/crlf.sh
}

write_file_template() {
	template file <<-'T'
		"provisioners": [
		  {"type": "shell", "inline": ["mkdir -p /out /srv/in /srv/real",
		    "ln -s /srv/real /out/absolute; ln -s ../../../../../../../srv/real /out/dots",
		    "ln -s /srv/real/made /out/link; ln -s /etc/passwd /out/passwd"]},
		  {"type": "file", "content": "héllo {{build_name}}\n", "destination": "/out/content"},
		  {"type": "file", "source": "files/one", "destination": "/out/file"},
		  {"type": "file", "source": "files/program", "destination": "/out/program"},
		  {"type": "file", "source": "files", "destination": "/out/whole"},
		  {"type": "file", "source": "files/", "destination": "/out/inside"},
		  {"type": "file", "sources": ["files/one", "files/sub/two", "files/sub"], "destination": "/srv/in/"},
		  {"type": "file", "source": "link", "destination": "/out/behind-link"},
		  {"type": "file", "source": "files/one", "destination": "/out/absolute/a"},
		  {"type": "file", "source": "files/one", "destination": "/out/dots/b"},
		  {"type": "file", "source": "files/one", "destination": "/out/link"},
		  {"type": "shell-local", "inline": ["echo \"on the host: $WORD\"; echo local >made-here; pwd >where",
		     "setsid sleep 6789 >/dev/null 2>&1 &"],
		   "environment_vars": ["WORD=it's {{build_name}}"]},
		  {"type": "shell-local", "inline": ["touch never"], "only_on": ["windows"]},
		  {"type": "file", "source": "made-here", "generated": true, "destination": "/out/generated"},
		  {"type": "file", "source": "/out/content", "destination": "got/", "direction": "download"},
		  {"type": "file", "source": "/out/passwd", "destination": "got/passwd", "direction": "download"},
		  {"type": "file", "sources": ["/out/file", "/out/program"], "destination": "got/more/",
		   "direction": "download"}
		]
	T
	mkdir -p r/files/sub
	echo one >r/files/one
	echo two >r/files/sub/two
	printf '#!/bin/sh\n' >r/files/program
	chmod 755 r/files/program
	ln -s files/one r/link
}

write_nofile_template() {
	template nofile <<-'T'
		"variables": {"place": null},
		"provisioners": [{"type": "file", "content": "x", "destination": "{{user `place`}}"}]
	T
}

write_tree_template() {
	template tree '[{'"$machine"', "name": "one", "formats": ["oci", "tar", "raw"], "image_name": "odd"}]' <<-'T'
		"provisioners": [
		  {"type": "shell", "script": "scripts/odd.sh"},
		  {"type": "shell", "script": "scripts/list.sh"},
		  {"type": "file", "source": "/run/list", "destination": "list", "direction": "download"},
		  {"type": "file", "source": "/run/sums", "destination": "sums", "direction": "download"}
		]
	T
	cat >r/scripts/odd.sh <<-'S'
		#!/bin/bash
		set -e
		cd /opt
		rm -r deep && echo a file now >deep
		rm file && mkdir file && echo in >file/in
		rm -r dir && mkdir dir && echo new >dir/new
		rm gone && odd socket gone
		rm b && ln a c && ln a d
		mkdir odd && cd odd
		touch $'new\nline' $'not\xffutf8' $'tab\t' ' space' '*' $'\xc3\xa9' ./-rf "$(printf 'l%.0s' {1..255})"
		way=$(printf 'abcdefghij%.0s/' {1..30})
		mkdir -p "$way" && touch "${way}leaf"
		ln -s $'\xff\nx' bad-link
		ln -s "$(printf 'k%.0s' {1..300})" long-link
		cp /bin/sleep setuid && chmod 6755 setuid
		mkdir sticky setgid && chmod 1777 sticky && chmod 2755 setgid
		mknod null c 1 3 && mknod loop b 7 200 && mkfifo pipe
		touch owned && chown 1234:4321 owned
		touch high && chown 3000000:3000001 high
		echo x >attribute && odd xattr attribute user.test hello
		cp /bin/sleep capable && odd capability capable
		truncate -s 20M sparse && echo end >>sparse
		touch -d 1975-01-01 old && touch -d 2100-01-01 future
		echo secret >closed && chmod 000 closed
	S
	cat >r/scripts/list.sh <<-'S'
		#!/bin/sh
		# What the image shall hold: type, mode, owner, size and names of each file, links, digests.
		cd /
		find . \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path './tmp/*' -o \
			-path ./usr/sbin/policy-rc.d \) -prune -o ! -type s -printf '%y %m %U %G %s %n %l %p\0' |
			sed -z 's/^\([dbc] [0-9]* [0-9]* [0-9]*\) [0-9]* [0-9]*/\1/' | sort -z >/run/list
		find . \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path './tmp/*' -o \
			-path ./usr/sbin/policy-rc.d \) -prune -o -type f -exec sha256sum -z {} + | sort -z >/run/sums
	S
	template large <<-'T'
		"provisioners": [
		  {"type": "shell", "inline": ["mkdir /many; cd /many; for i in $(seq 10000); do echo $i >f$i; done",
		    "yes abcdefghijklmnopqrstuvwxyz | head -c 300000000 >/big"]}
		]
	T
	template whiteout <<-'T'
		"provisioners": [{"type": "shell", "inline": ["touch /etc/.wh.passwd"]}]
	T
}

write_process_templates() {
	template output <<-'T'
		"provisioners": [
		  {"type": "shell", "inline": ["printf 'no line end'; printf 'none here' >&2"]},
		  {"type": "shell", "inline": ["head -c 100000 /dev/urandom"]},
		  {"type": "shell", "inline": ["head -c 5000000 /dev/zero | tr '\\0' x"]},
		  {"type": "shell", "inline": ["yes $(head -c 999 /dev/zero | tr '\\0' y) | head -c 50000000"]},
		  {"type": "shell", "inline": ["printf '\\033[2J\\033]0;title\\007\\roverwrite\\n'"]},
		  {"type": "shell", "inline": ["yes 'left behind' & sleep 0.1"]},
		  {"type": "shell", "inline": ["sleep 300 & echo goes on"]},
		  {"type": "shell", "inline": ["echo at the end"]}
		]
	T
	template process <<-'T'
		"provisioners": [
		  {"type": "shell", "inline": ["rm -f $0; echo deleted >/deleted"]},
		  {"type": "shell", "inline": ["exec sleep 0"]},
		  {"type": "shell", "inline": ["kill -9 $PPID; sleep 1"], "valid_exit_codes": [137]},
		  {"type": "shell", "inline": ["kill -9 -1"], "valid_exit_codes": [137]},
		  {"type": "shell", "inline": ["i=0; while [ $i -lt 1000 ]; do sleep 0.3 & i=$((i+1)); done; wait"]},
		  {"type": "shell", "inline": ["chmod 000 /tmp"]},
		  {"type": "shell", "inline": ["chmod 1777 /tmp; head -c 50000000 /dev/zero >/tmp/fill"]},
		  {"type": "shell", "inline": ["rm /tmp/fill; setsid sleep 1234 >/dev/null 2>&1 & echo daemon"]}
		]
	T
	template retry <<-'T'
		"provisioners": [
		  {"type": "shell", "max_retries": 2,
		   "inline": ["if [ -e /tried ]; then echo second >/second; else touch /tried; exit 9; fi"]}
		]
	T
	template timeout <<-'T'
		"provisioners": [
		  {"type": "shell", "timeout": "1s", "inline": ["setsid sleep 4321 & sleep 4322"]},
		  {"type": "shell", "inline": ["echo must not run"]}
		],
		"error-cleanup-provisioner": {"type": "shell", "inline": ["echo cleaning up {{build_name}}"]}
	T
	template wait <<-'T'
		"provisioners": [{"type": "shell", "inline": ["trap '' TERM INT; sleep 5432; sleep 5433"]}]
	T
}

write_build_templates() {
	template three "[{$rootfs, \"name\": \"a\"}, {$rootfs, \"name\": \"b\"}, {$rootfs, \"name\": \"c\"}]" <<-'T'
		"provisioners": [
		  {"type": "shell", "inline": ["echo begin {{build_name}}; sleep 0.5"]},
		  {"type": "shell", "inline": ["exit 7"], "only": ["b"]},
		  {"type": "shell", "inline": ["echo end {{build_name}}"]}
		],
		"error-cleanup-provisioner": {"type": "shell", "inline": ["echo cleaning up {{build_name}}"]}
	T
	template same "[{$rootfs, \"name\": \"x y\"}, {$rootfs, \"name\": \"x_y\"}]" <<-'T'
		"provisioners": [{"type": "shell", "inline": ["true"]}]
	T
	template config '[{'"$machine"', "name": "one", "formats": ["oci"], "image_name": "Im.age_1", "tag": "v1.2-rc",
		"env": {"MODE": "a=b", "PATH": "/bin"}, "labels": {"org.example.team": "it is {{user `team`}}"},
		"entrypoint": ["/bin/sh", "-c"], "cmd": ["exec sleep 1"], "user": "1000:1000", "workdir": "/srv"}]' <<-'T'
		"variables": {"team": "ours"},
		"provisioners": [{"type": "shell", "inline": ["true"]}]
	T
	template amazon '[{"type": "amazon-ebs", "name": "one", "ami_name": "x", "region": "us-east-1", "source_ami": "ami-1",
		"instance_type": "t3.micro", "ssh_username": "admin", "user_data": "#!/bin/sh\ntouch /booted",
		"ssh_clear_authorized_keys": true}]' <<-'T'
		"provisioners": [{"type": "shell", "inline": ["echo \"<{{build `SourceAMI`}}>\" >/ami"]}]
	T
	template resolver '[{"type": "null", "name": "one", "communicator": "none"}]' <<-'T'
		"variables": {"command": null},
		"provisioners": [{"type": "shell", "inline": ["grep . /etc/resolv.conf", "{{user `command`}}"]}]
	T
	template unknown-value <<-'T'
		"provisioners": [{"type": "shell", "inline": ["echo {{build `SourceAMI`}}"]}]
	T
	template cloud '[{"type": "alicloud-ecs", "region": "cn-beijing", "image_name": "demo", "source_image": "x.vhd",
		"instance_type": "ecs.n1.tiny", "ssh_username": "root", "access_key": "a", "secret_key": "b",
		"io_optimized": "true"},
		{"type": "docker", "image": "debian:12", "commit": true},
		{"type": "qemu", "iso_url": "https://example.org/x.iso", "iso_checksum": "none", "ssh_username": "root",
		 "boot_command": ["<enter>"], "shutdown_command": "poweroff", "ssh_clear_authorized_keys": true}]' <<-'T'
		"provisioners": [{"type": "shell", "inline": ["echo '{{build_type}}' $PACKER_BUILDER_TYPE >/kind"]}]
	T
}

make_base() {
	"$root/make-tiny-rootfs" tiny $programs odd
	mkdir -p tiny/opt/deep/a/b tiny/opt/dir tiny/srv/f
	echo x >tiny/opt/deep/a/b/c
	echo y | tee tiny/opt/file tiny/opt/dir/y tiny/opt/gone tiny/opt/a >tiny/opt/kept
	ln tiny/opt/a tiny/opt/b
	tar -C tiny --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf base.tar .
}

# What a shell cannot do by itself.
make_odd() {
	cat >odd.c <<-'C'
		#include <stdio.h>
		#include <string.h>
		#include <sys/socket.h>
		#include <sys/un.h>
		#include <sys/xattr.h>

		int main(int argc, char **argv)
		{
			static const unsigned char capability[20] = {1, 0, 0, 2, 0, 4};
			struct sockaddr_un address = {.sun_family = AF_UNIX};
			int r = -1;
			if (argc == 5 && strcmp(argv[1], "xattr") == 0)
				r = setxattr(argv[2], argv[3], argv[4], strlen(argv[4]), 0);
			if (argc == 3 && strcmp(argv[1], "capability") == 0)
				r = setxattr(argv[2], "security.capability", capability, sizeof(capability), 0);
			if (argc == 3 && strcmp(argv[1], "socket") == 0) {
				snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[2]);
				int fd = socket(AF_UNIX, SOCK_STREAM, 0);
				r = bind(fd, (struct sockaddr *)&address, sizeof(address));
			}
			if (r != 0)
				perror("odd");
			return r != 0;
		}
	C
	mkdir -p bin
	"${CC:-cc}" -o bin/odd odd.c
	PATH=$PWD/bin:$PATH
}

suite_setup() {
	cd "$BATS_FILE_TMPDIR"
	root=$(dirname "$BATS_TEST_FILENAME")
	make_odd
	make_base
	machine='"type": "rootfs", "network": "none", "base": "'$PWD/base.tar'", "base_checksum": "sha256:'
	machine+=$(sha256sum base.tar | cut -d' ' -f1)\"
	rootfs="$machine, \"formats\": [\"tar\"]"
	mkdir -p r/scripts
	write_shell_template
	write_file_template
	write_nofile_template
	write_tree_template
	write_process_templates
	write_build_templates
	make_repo r >commit
	S="git+file://$PWD/r@$(cat commit)#"
	export S SEALWRIGHT_CACHE=$PWD/cache
	"$SEALWRIGHT" keygen --no-encryption --out key >/dev/null
}

setup() {
	cd "$BATS_FILE_TMPDIR"
}

# build TEMPLATE OUT OPTION...: not signed
build() {
	name=$1 out=$2
	shift 2
	run sealwright build --unsigned --out "$out" "$@" "$S$name.json"
}

# signed TEMPLATE OUT OPTION...: signed, and the evidence of its first build verified
signed() {
	name=$1 out=$2
	shift 2
	run sealwright build --key key.key --out "$out" "$@" "$S$name.json"
	exits 0
	built=$output
	image=$(awk '$2 ~ /^sha256:/ { print $2; exit }' <<<"$built")
	run sealwright verify "$out/one.evidence" --key key.pub --image-id "$image" --coverage processes
	exits 0
	output=$built
}

# unpack OUT: its tar becomes the directory OUT/tree.
unpack() {
	mkdir -p "$1/tree"
	tar -C "$1/tree" -xpf "$1/one/one.tar"
}

# holds FILE TEXT: byte for byte, but for line breaks at the end
holds() {
	[ "$(cat "$1")" = "$2" ] || {
		printf '%s holds:\n' "$1"
		od -c "$1"
		return 1
	}
}

# layers OUT: per layer of its OCI image, a line with the names in it
layers() {
	python3 - "$1/one/oci" <<-'P'
		import json, sys, tarfile
		blob = lambda d: f"{sys.argv[1]}/blobs/sha256/{d['digest'][7:]}"
		index = json.load(open(f"{sys.argv[1]}/index.json"))
		for layer in json.load(open(blob(index["manifests"][0])))["layers"]:
		    names = [e.name + "/" * e.isdir() for e in tarfile.open(blob(layer))]
		    print(" ".join(names))
	P
}

# fails COMMAND...: for "!" alone ends no test
fails() {
	if "$@"; then
		printf 'should fail: %s\n' "$*"
		return 1
	fi
}

# value FILE NAME TEXT: of a variable in the output of env -0
value() {
	python3 - "$@" <<-'P'
		import sys
		found = dict(v.split("=", 1) for v in open(sys.argv[1]).read().split("\0") if v)
		assert found[sys.argv[2]] == sys.argv[3], found
	P
}

@test "shell: every option does what Packer's does" {
	signed shell shell
	has 'note "look here"'
	lacks never
	unpack shell
	cd shell/tree/out
	holds scripts $'first\nsecond'
	[ "$(sort -u names | wc -l)" -eq 1 ]
	holds crlf ran
	[ -s shebang ]
	[[ $(cat flags) == *e*u* ]]
	holds own-shebang bash
	holds sh-c plain
	value values SINGLE "it's"
	value values DOUBLE 'a"b'
	value values LINES $'x\ny'
	value values DOLLAR '$HOME `hostname` ${A}'
	value values BACKSLASH 'a\b\'
	value values EMPTY ""
	value values EQUALS "the map wins"
	value values SPACES "  two  "
	value values PERCENT %s%d
	value values STAR '*'
	value values PACKER_BUILD_NAME one
	value values PACKER_BUILDER_TYPE rootfs
	value file-values ALL $'it\'s "$HOME" \\ `x`\nend'
	value format PRE_A "b c"
	holds folder /var/lib/given.sh
	holds path /srv/given.sh
	[ -e ../srv/given.sh ]
	cmp "$BATS_FILE_TMPDIR/r/scripts/crlf.sh" ../srv/crlf.sh
	holds override special
	holds only only
	[ ! -e except ]
	[[ $(cat build) =~ ^[0-9a-f]{32}\ localhost\ root\ container$ ]]
	holds functions $'one rootfs . ABC fast-2026\n2026-01-15 quick'
	holds stdin /dev/null
	[ ! -s stdin-bytes ]
	holds hostname tiny-host
	holds networks lo
	holds umask 0022
	[[ $(cat init) == sealwright-init* ]]
	[ -z "$(ls -A ../tmp)$(ls -A ../var/lib)" ]
}

@test "file: every form of source and destination, inside of the guest only" {
	signed file file
	has "[META007]"
	has "on the host: it's one"
	unpack file
	cd file/tree
	holds out/content "héllo one"
	[ "$(stat -c %a out/content out/file out/program)" = $'600\n644\n755' ]
	holds out/whole/files/sub/two two
	holds out/inside/sub/two two
	[ -x out/inside/program ]
	holds srv/in/one one
	holds srv/in/two two
	holds srv/in/sub/two two
	holds out/behind-link one
	holds srv/real/a one
	holds srv/real/b one
	holds srv/real/made one
	[ ! -e /srv/real ]
	holds out/generated local
	cd ../one
	holds got/content "héllo one"
	holds got/passwd "$(cat "$BATS_FILE_TMPDIR/tiny/etc/passwd")"
	holds got/more/file one
	holds where "$PWD"
	[ ! -e never ]
	grep -q '"name":"file:made-here".*"value":"sha256:'"$(echo local | sha256sum | cut -d' ' -f1)" ../one.manifest.jsonl
	fails grep -q '"argv":\["touch","never"\]' ../one.manifest.jsonl
	fails pgrep -f 'sleep 6789$'
	grep -q '"signal":15,"step":.*"type":"exit"' ../one.manifest.jsonl
	grep '"kind":"exec-host"' ../one.manifest.jsonl | grep -q '"script_sha256"'
}

@test "files of the kernel and things that are no files are no destinations" {
	for place in /proc/1/mem /proc/mtrr /dev/null /srv/f /nowhere/file; do
		build nofile nofile --force --var "place=$place"
		exits 1
		has "upload: $place: "
	done
}

# listing DIRECTORY: as scripts/list.sh makes it in the guest
listing() {
	(cd "$1" && find . \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path './tmp/*' -o \
		-path ./lost+found \) -prune -o ! -type s -printf '%y %m %U %G %s %n %l %p\0' |
		sed -z 's/^\([dbc] [0-9]* [0-9]* [0-9]*\) [0-9]* [0-9]*/\1/') | LC_ALL=C sort -z | tr '\0' '\n'
	(cd "$1" && find . \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path './tmp/*' -o \
		-path ./lost+found \) -prune -o -type f -exec sha256sum -z {} +) | LC_ALL=C sort -z | tr '\0' '\n'
}

@test "images hold what the script left: OCI, tar and disk, odd files and all" {
	[ "$(id -u)" -eq 0 ] || skip "makes devices"
	signed tree tree --threshold critical
	for list in list sums; do
		LC_ALL=C sort -z "tree/one/$list" | tr '\0' '\n'
	done >tree/left
	grep -qx 'f 6755 0 0 [0-9]* 1  ./opt/odd/setuid' tree/left
	mkdir -p tree/tar
	tar --xattrs --xattrs-include='*' -C tree/tar -xpf tree/one/odd.tar 2>/dev/null
	listing tree/tar | diff -a tree/left -
	umoci unpack --image tree/one/oci:latest tree/bundle >/dev/null
	listing tree/bundle/rootfs | diff -a tree/left -
	python3 - <<-'P'
		import os
		for root in "tree/tar", "tree/bundle/rootfs":
		    odd = os.path.join(root, "opt/odd")
		    assert os.getxattr(odd + "/attribute", "user.test") == b"hello"
		    assert os.getxattr(odd + "/capable", "security.capability")
		    assert os.stat(odd + "/null").st_rdev == os.makedev(1, 3)
		    assert os.stat(odd + "/old").st_mtime == 157766400
		    assert os.stat(odd + "/future").st_mtime < 2e9
	P
	e2fsck -fn tree/one/odd.raw
	debugfs -R "stat /opt/odd/setuid" tree/one/odd.raw 2>/dev/null | grep -q 'Mode: *06755'
	debugfs -R "stat /opt/odd/high" tree/one/odd.raw 2>/dev/null | grep -q 'User: 3000000'
	[ "$(debugfs -R "cat /opt/file/in" tree/one/odd.raw 2>/dev/null)" = in ]
	[ "$(debugfs -R "ea_get /opt/odd/attribute user.test" tree/one/odd.raw 2>/dev/null)" = 'user.test (5) = "hello"' ]
}

@test "10,000 files and one of 300 MB" {
	build large large
	exits 0
	[ "$(tar -tf large/one/one.tar | grep -c '^many/f\|^\./many/f')" -eq 10000 ]
	tar -tvf large/one/one.tar | grep -q ' 300000000 .*big$'
}

@test "a file whose name would remove another one from the image is refused" {
	sed 's/"formats": \["tar"\]/"formats": ["oci"]/' r/whiteout.json >whiteout.json
	build whiteout plain
	exits 0
	cp -r r w
	cp whiteout.json w/whiteout.json
	git -C w commit -qam oci
	run sealwright build --unsigned --out oci "git+file://$PWD/w@$(git -C w rev-parse HEAD)#whiteout.json"
	exits 1
	has "/etc/.wh.passwd"
	[ ! -e oci/one ]
}

@test "output of every kind is recorded, shown safely, and never waited for" {
	sealwright build --unsigned --out output "${S}output.json" >output.txt 2>output.err
	grep -q 'one: no line end$' output.err
	grep -q 'one: none here$' output.err
	grep -q 'one: goes on$' output.err
	grep -q 'one: at the end$' output.err
	fails grep -q $'\033\|\007' output.err
	python3 - <<-'P'
		import json
		ends = [json.loads(l) for l in open("output/one.manifest.jsonl")]
		sizes = {e["stdout_bytes"] for e in ends if e["type"] == "step-end"}
		assert {11, 100000, 5000000, 50000000} <= sizes, sizes
	P
}

@test "scripts that fight their machine end as they should" {
	build process process
	exits 0
	has "0 gaps, coverage processes"
	unpack process
	holds process/tree/deleted deleted
	[ -z "$(ls -A process/tree/tmp)" ]
	python3 - <<-'P'
		import json
		lines = [json.loads(l) for l in open("process/one.manifest.jsonl")]
		daemon = [l["id"] for l in lines if l["type"] == "exec" and l["argv"] == ["sleep", "1234"]]
		assert len(daemon) == 1, daemon
		end = [l for l in lines if l["type"] == "exit" and l["id"] == daemon[0]]
		assert end and end[0]["signal"] == 15, end
		artifact = [l["seq"] for l in lines if l["type"] == "artifact"]
		assert end[0]["seq"] < artifact[0]
		assert sum(l["type"] == "exec" and l["argv"] == ["sleep", "0.3"] for l in lines) == 1000
	P
	fails pgrep -f 'sleep 1234$'
}

@test "a second try is recorded as such, and verifies" {
	signed retry retry
	has "retrying with"
	python3 - <<-'P'
		import json
		lines = [json.loads(l) for l in open("retry/one.manifest.jsonl")]
		tries = [l.get("attempt", 1) for l in lines if l["type"] == "step-end"]
		assert tries[0] == 1 and tries[-1] == 2, tries
		codes = [l["exit_code"] for l in lines if l["type"] == "step-end"]
		assert 9 in codes and codes[-1] == 0, codes
	P
}

@test "a step that takes too long is killed with all that it started" {
	before=$SECONDS
	build timeout timeout
	exits 1
	has "timed out"
	has "cleaning up one"
	lacks ": must not run"
	[ $((SECONDS - before)) -lt 60 ]
	fails pgrep -f 'sleep 432[12]$'
	[ ! -e timeout/one ] && [ ! -e timeout/one.evidence ]
	grep -q '"command":.*"kind":"exec"' timeout/one.manifest.jsonl
	tail -1 timeout/one.manifest.jsonl | grep -q '"ok":false'
}

@test "of builds side by side one fails, and the others finish" {
	run sealwright build --key key.key --out three "${S}three.json"
	exits 1
	has "b: failed: Script exited with non-zero exit status: 7"
	has "cleaning up b"
	lacks "cleaning up a"
	lacks "end b"
	[ -e three/a.evidence ] && [ -e three/c.evidence ] && [ ! -e three/b.evidence ]
	[ -e three/a/a.tar ] && [ ! -e three/b ]
	for name in a c; do
		image=$(awk -v name="$name:" '$1 == name && $2 ~ /^sha256:/ { print $2 }' <<<"$output" | tail -1)
		sealwright verify "three/$name.evidence" --key key.pub --image-id "$image"
	done
}

@test "one after the other, only some, all but some" {
	build three serial --parallel-builds 1 --except b
	exits 0
	begin=$(grep -n 'begin c' <<<"$output" | cut -d: -f1)
	end=$(grep -n 'end a' <<<"$output" | cut -d: -f1)
	[ "$end" -lt "$begin" ]
	[ ! -e serial/b.manifest.jsonl ]
	build three serial --only a
	exits 3
	has "--force"
	build three serial --only a --force
	exits 0
	build three serial --only a,nobody
	exits 3
	has "the builds are: a, b, c"
}

@test "what is done after an error is what was asked for" {
	build three left --only b --on-error abort
	exits 1
	lacks ": cleaning up"
	run sealwright cleanup
	has "1 leftover of"
	build three left --force --only b --on-error run-cleanup-provisioner
	exits 1
	has "cleaning up b"
	run sealwright cleanup
	has "1 leftover of"
	build three left --force --only b --on-error cleanup
	exits 1
	run sealwright cleanup
	has "0 leftovers"
}

@test "builds that would write to one place are refused" {
	build same same
	exits 3
	has '"x y" and "x_y"'
	[ ! -e same/x_y.manifest.jsonl ]
}

@test "the second signal ends a build at once, and cleanup removes the rest" {
	"$SEALWRIGHT" build --unsigned --out killed "${S}wait.json" >killed.out 2>killed.err 3>&- &
	pid=$!
	for _ in $(seq 100); do
		grep -q '"argv":\["sleep","5432"\]' killed/one.manifest.jsonl 2>/dev/null && break
		sleep 0.1
	done
	kill -INT "$pid"
	for _ in $(seq 100); do
		grep -q Cancelling killed.err && break
		sleep 0.01
	done
	kill -INT "$pid" 2>/dev/null || true
	wait "$pid" && status=0 || status=$?
	[ "$status" -ne 0 ]
	fails pgrep -f 'sleep 543[23]$'
	[ ! -e killed/one.evidence ]
	run sealwright cleanup
	exits 0
	run sealwright cleanup
	has "0 leftovers"
}

@test "paths may hold spaces and be relative" {
	mkdir -p "a b"
	cd "a b"
	run sealwright build --unsigned --cache "my cache" --out "my out" "${S}file.json"
	exits 0
	has "on the host: it's one"
	[ -e "my out/one/one.tar" ]
	holds "my out/one/where" "$PWD/my out/one"
}

@test "an output directory may be there already, with files of others" {
	mkdir -p there/one
	echo mine >there/one/notes
	build retry there
	exits 0
	holds there/one/notes mine
	[ -e there/one/one.tar ]
}

@test "the image's configuration is the template's" {
	command -v skopeo >/dev/null || skip "no skopeo"
	signed config config
	skopeo inspect --config oci:config/one/oci:v1.2-rc >config.out
	skopeo inspect oci:config/one/oci:v1.2-rc >/dev/null
	python3 - "$(cat commit)" "file://$PWD/r" <<-'P'
		import json, sys
		c = json.load(open("config.out"))
		d = c["config"]
		assert d["Env"] == ["MODE=a=b", "PATH=/bin"], d
		assert d["Entrypoint"] == ["/bin/sh", "-c"] and d["Cmd"] == ["exec sleep 1"], d
		assert d["User"] == "1000:1000" and d["WorkingDir"] == "/srv", d
		l = d["Labels"]
		assert l["org.example.team"] == "it is ours"
		assert l["org.opencontainers.image.title"] == "Im.age_1"
		assert l["org.opencontainers.image.revision"] == sys.argv[1], l
		assert l["org.opencontainers.image.source"] == sys.argv[2], l
		assert c["created"] == "2026-01-15T12:00:00Z"
		assert len(c["rootfs"]["diff_ids"]) == 2
	P
}

@test "templates of other builders are rehearsed from a tarball and from a directory" {
	build cloud no
	exits 3
	has "rehearse with --as rootfs"
	for base in base.tar "$PWD/tiny"; do
		build cloud rehearsal --force --as rootfs --base "$base"
		exits 0
		for name in alicloud-ecs docker qemu; do
			has "$name: sha256:"
			umoci unpack $([ "$(id -u)" -eq 0 ] || echo --rootless) --image "rehearsal/$name/oci:latest" "b-$name"
			holds "b-$name/rootfs/kind" "$name $name"
			rm -rf "b-$name"
		done
	done
	has "Not done, because this machine does not boot: boot_command"
	has "Not done, because this machine does not shut down: builder qemu"
	grep -q '"type":"gap"' rehearsal/qemu.manifest.jsonl
	[ "$(grep -c '"skipped":"this machine is not shut down"' rehearsal/qemu.manifest.jsonl)" -eq 3 ]
}

@test "what only a cloud knows is empty in a rehearsal, and an error elsewhere" {
	run sealwright build --key key.key --out amazon --as rootfs --base base.tar "${S}amazon.json"
	exits 0
	has "SourceAMI is empty"
	has "does not boot: user_data"
	has "does not shut down: builder amazon-ebs"
	image=$(awk '$2 ~ /^sha256:/ { print $2; exit }' <<<"$output")
	umoci unpack $([ "$(id -u)" -eq 0 ] || echo --rootless) --image amazon/one/oci:latest b-amazon
	holds b-amazon/rootfs/ami "<>"
	run sealwright verify amazon/one.evidence --key key.pub --image-id "$image"
	exits 0
	run sealwright verify amazon/one.evidence --key key.pub --image-id "$image" --coverage processes
	exits 1
	build unknown-value unknown-value
	exits 3
	has "needs SourceAMI, which a machine of builder rootfs does not have"
}

@test "the resolver is the host's while the steps run, and the image's afterwards" {
	[ -s /etc/resolv.conf ] || skip "no resolver here"
	cp -a tiny with-link
	chmod 711 with-link
	ln -s ../run/systemd/resolve/stub-resolv.conf with-link/etc/resolv.conf
	run sealwright build --unsigned --out resolver --as rootfs --base ./with-link --var "command=true" "${S}resolver.json"
	exits 0
	has "$(grep -m 1 . /etc/resolv.conf)"
	[ "$(layers resolver | wc -l)" -eq 2 ] && [ -z "$(layers resolver | tail -1)" ]
	command="rm /etc/resolv.conf; echo nameserver 192.0.2.1 >/etc/resolv.conf"
	run sealwright build --unsigned --out resolver --force --as rootfs --base ./with-link --var "command=$command" \
		"${S}resolver.json"
	exits 0
	[ "$(layers resolver | tail -1)" = etc/resolv.conf ]
}

@test "flags of rehearsals that do not fit are refused" {
	build amazon no --base base.tar
	exits 2
	build amazon no --as rootfs
	exits 2
	build amazon no --as null --base base.tar
	exits 2
	build amazon no --as rootfs --base ./none.tar
	[ "$status" -ne 0 ]
	has "./none.tar: No such file"
	build amazon no --as rootfs --base base.tar --base-checksum "sha256:$(printf '%064d' 1)"
	exits 1
	has "its checksum is sha256:"
}
