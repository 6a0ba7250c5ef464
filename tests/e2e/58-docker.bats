bats_require_minimum_version 1.5.0
load lib

# podman's service on a socket of its own, with storage of its own; stopped with the suite.
suite_setup() {
	export ENGINE=no D=$BATS_FILE_TMPDIR/podman
	if [ "$(id -u)" -ne 0 ] || ! command -v podman >/dev/null || ! command -v runc >/dev/null; then
		return
	fi
	mkdir -p "$D"/{root,run,tmp,net}
	cat >"$D/containers.conf" <<-CONFIG
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		runtime = "runc"
		[network]
		network_backend = "netavark"
		network_config_dir = "$D/net"
		[containers]
		default_ulimits = ["nofile=1024:4096", "nproc=4096:8192"]
		log_driver = "k8s-file"
		netns = "host"
	CONFIG
	printf '[storage]\ndriver = "vfs"\ngraphroot = "%s/root"\nrunroot = "%s/run"\n' "$D" "$D" \
		>"$D/storage.conf"
	export CONTAINERS_CONF=$D/containers.conf CONTAINERS_STORAGE_CONF=$D/storage.conf
	TMPDIR=$D/tmp podman --root "$D/root" --runroot "$D/run" --tmpdir "$D/tmp" \
		system service --time=0 "unix://$D/socket" >"$D/log" 2>&1 3>&- &
	echo $! >"$D/pid"
	export DOCKER_HOST=unix://$D/socket
	local i
	for ((i = 0; i < 200; i++)); do
		if engine GET /_ping >/dev/null 2>&1; then
			break
		fi
		sleep 0.05
	done
	"$BATS_TEST_DIRNAME/make-tiny-rootfs" "$D/tiny"
	tar -C "$D/tiny" -cf "$D/tiny.tar" .
	engine POST '/images/create?fromSrc=-&repo=localhost/tiny&tag=1&changes=WORKDIR%20%2Ftmp' \
		-H 'Content-Type: application/x-tar' -T "$D/tiny.tar" >"$D/import" || return 0
	# podman takes no tag with it.
	engine POST "/images/$(sed -n 's/.*"id":"\([^"]*\)".*/\1/p' "$D/import")/tag?repo=localhost/tiny&tag=1" || true
	if engine GET /images/localhost%2Ftiny:1/json >/dev/null; then
		export ENGINE=yes
	fi
}

teardown_file() {
	if [ -s "$D/pid" ]; then
		podman --root "$D/root" --runroot "$D/run" --tmpdir "$D/tmp" rm -af >/dev/null 2>&1 || true
		kill "$(cat "$D/pid")" || true
		wait
		umount "$D/root/overlay" 2>/dev/null || true
	fi
}

# engine METHOD PATH [CURL-OPTION...]
engine() {
	curl -fsS --unix-socket "$D/socket" -X "$1" "http://engine/v1.41$2" "${@:3}"
}

need_engine() {
	[ "$ENGINE" = yes ] || skip "no podman with runc, or it does not run here"
}

# Not every machine lets the engine raise limits to its own defaults.
limits='"--ulimit", "nofile=1024:4096", "--ulimit=nproc=4096:8192"'
run="run_command = [\"-d\", \"-i\", \"-t\", $limits, \"--entrypoint=/bin/sh\", \"--\", \"{{.Image}}\"]"

# template DIR RESULT PROVISIONERS [LINE...]
template() {
	mkdir -p "$1"
	cat >"$1/t.pkr.hcl" <<-T
		source "docker" "m" {
		  image = "localhost/tiny:1"
		  pull  = false
		  $2
		  ${RUN:-$run}
		  $(printf '%s\n  ' "${@:4}")
		}
		build {
		  sources = ["docker.m"]
		  $3
		}
	T
}

# build DIR [OPTION...]: of what DIR holds now.
build() {
	local commit
	rm -rf "$1/.git" "$1.out"
	commit=$(make_repo "$1")
	run sealwright build --repo "$1" --commit "$commit" --template . --out "$1.out" "${@:2}"
}

hello='provisioner "shell" { inline = ["echo made > /etc/made", "echo aside >&2"] }'

containers() {
	engine GET '/containers/json?all=1' | grep -o 'sealwright-[0-9a-f]*' | sort -u
}

@test "an image of the engine is made, named by its id, signed and verified" {
	need_engine
	sealwright keygen --no-encryption --out k
	template t "commit = true" "$hello" 'changes = ["ENV MADE=yes", "CMD [\"/bin/sh\"]"]' \
		'author = "somebody"' 'message = "a message"'
	build t --key k.key
	exits 0
	has "Using Podman Engine"
	has "aside"
	tar -xf t.out/docker.m.evidence manifest.jsonl
	id=$(sed -n 's/.*"image_id":"sha256:\([0-9a-f]*\)".*/\1/p' manifest.jsonl)
	engine GET "/images/$id/json" >image
	grep -q '"MADE=yes"' image
	grep -q '"Author":"somebody"' image
	run sealwright verify t.out/docker.m.evidence --key k.pub --image-id "sha256:$id"
	exits 0
	# The engine's name of it is the digest of its configuration.
	engine GET "/images/$id/get" >saved.tar
	config=$(tar -xOf saved.tar manifest.json | sed -n 's/.*"Config":"\([^"]*\)".*/\1/p')
	[ "$(tar -xOf saved.tar "$config" | sha256sum | cut -d' ' -f1)" = "$id" ]
	[ -z "$(containers)" ]
}

@test "the file system of the container is exported" {
	need_engine
	template t 'export_path = "images/fs.tar"' "$hello"
	build t --unsigned
	exits 0
	[ "$(tar -xOf t.out/docker.m/images/fs.tar etc/made)" = made ]
	has "sha256:$(sha256sum t.out/docker.m/images/fs.tar | cut -d' ' -f1)"
	[ -z "$(containers)" ]
}

@test "files go in and come out, below the image's directory when their paths are relative" {
	need_engine
	mkdir t
	head -c 200000 /dev/urandom >t/big
	template t "discard = true" '
		provisioner "file" {
		  source      = "big"
		  destination = "here"
		}
		provisioner "shell" {
		  inline = ["sha256sum /tmp/here", "stat -c %u:%g:%a /tmp/here"]
		}
		provisioner "file" {
		  direction   = "download"
		  source      = "/tmp/here"
		  destination = "back"
		}'
	build t --unsigned
	exits 0
	has "$(sha256sum t/big | cut -d' ' -f1)"
	has "0:0:644"
	cmp t/big t.out/docker.m/back
}

@test "a command that fails, fails the build, and nothing is left" {
	need_engine
	template t "commit = true" 'provisioner "shell" { inline = ["exit 9"] }'
	build t --unsigned
	exits 1
	has "non-zero exit status: 9"
	[ -z "$(containers)" ]
}

@test "a command that takes too long is given up" {
	need_engine
	template t "discard = true" 'provisioner "shell" {
		  inline  = ["sleep 60"]
		  timeout = "2s"
		}'
	build t --unsigned
	exits 1
	has "timed out"
	[ -z "$(containers)" ]
}

@test "what is run instead of a shell, and how, is the template's" {
	need_engine
	local RUN="run_command = [\"-dit\", \"--hostname=box\", $limits, \"-e\", \"E=from outside\", \"--entrypoint\", \"/bin/cat\", \"--\", \"{{.Image}}\"]"
	template t "discard = true" 'provisioner "shell" { inline = ["hostname", "echo $E"] }'
	build t --unsigned
	exits 0
	has "box"
	has "from outside"
	RUN='run_command = ["--gpus=all", "{{.Image}}"]'
	template u "discard = true" "$hello"
	build u --unsigned
	exits 1
	has '"run_command": --gpus=all is not supported'
}

@test "an error of the engine does not show what is secret" {
	need_engine
	template t "commit = true" "$hello" 'author = var.secret' 'changes = ["NONSENSE x"]'
	printf 'variable "secret" {\n  sensitive = true\n}\n' >t/v.pkr.hcl
	build t --unsigned -var "secret=s3cret phrase"
	exits 1
	has "container engine: /commit: "
	lacks "s3cret phrase"
	lacks "s3cret%20phrase"
}

@test "an image that is not there is named" {
	need_engine
	template t "discard = true" "$hello"
	sed -i 's|localhost/tiny:1|localhost/none:1|' t/t.pkr.hcl
	build t --unsigned
	exits 1
	has "image localhost/none:1: the engine does not have it"
}

@test "a build that was killed is cleaned up" {
	need_engine
	template t "discard = true" 'provisioner "shell" { inline = ["echo begun", "sleep 60"] }'
	commit=$(make_repo t)
	export XDG_CACHE_HOME=$PWD/cache
	"$SEALWRIGHT" build --repo t --commit "$commit" --template . --out out --unsigned >log 2>&1 3>&- &
	for ((i = 0; i < 600; i++)); do
		if grep -q "docker.m: begun" log; then
			break
		fi
		sleep 0.05
	done
	pkill -KILL -f -- "--commit $commit"
	wait $! || true
	[ -n "$(containers)" ]
	run sealwright cleanup
	exits 0
	echo "$output"
	[ -z "$(containers)" ]
}

@test "without an engine the way to one is told" {
	template t "discard = true" "$hello"
	DOCKER_HOST=unix://$PWD/none build t --unsigned
	exits 1
	has "container engine at $PWD/none"
	DOCKER_HOST=tcp://127.0.0.1:1 build t --unsigned
	exits 1
	has "only unix:// sockets are used"
}

@test "what becomes of the container must be said" {
	template t "" "$hello"
	run sealwright validate --template . --cwd t
	template t "" "$hello" 'commit = true' 'discard = true'
	commit=$(make_repo t)
	run sealwright validate --repo t --commit "$commit" --template .
	exits 3
	has '"discard" and "export_path" exclude each other'
}
