bats_require_minimum_version 1.5.0
load lib

# server NAME [LINE...]: the configuration of a server on a free port, which comes in PORT_NAME.
server() {
	local name=$1 port
	shift
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	{
		printf '%s\n' "$@"
		cat <<-CONFIG
			Port $port
			ListenAddress 127.0.0.1
			HostKey $BATS_FILE_TMPDIR/$name.host
			PidFile $BATS_FILE_TMPDIR/$name.pid
			AuthorizedKeysFile $BATS_FILE_TMPDIR/authorized_keys
			StrictModes no
			UsePAM no
			PermitRootLogin yes
			PasswordAuthentication no
			KbdInteractiveAuthentication no
			Subsystem sftp internal-sftp
			LogLevel VERBOSE
		CONFIG
	} >"$BATS_FILE_TMPDIR/$name.config"
	ssh-keygen -q -t ed25519 -N "" -f "$BATS_FILE_TMPDIR/$name.host"
	export "PORT_$name=$port"
}

# start NAME [COMMAND...]: runs it, below a command if one is given.
start() {
	local i
	"${@:2}" /usr/sbin/sshd -f "$BATS_FILE_TMPDIR/$1.config" -E "$BATS_FILE_TMPDIR/$1.log"
	for ((i = 0; i < 100; i++)); do
		if [ -s "$BATS_FILE_TMPDIR/$1.pid" ]; then
			return
		fi
		sleep 0.05
	done
	return 1
}

suite_setup() {
	export SERVERS=no
	if [ ! -x /usr/sbin/sshd ] || [ "$(id -u)" -ne 0 ]; then
		return
	fi
	mkdir -p /run/sshd
	local kind
	for kind in ed25519 rsa ecdsa stranger; do
		ssh-keygen -q -t "${kind/stranger/ed25519}" -N "" -f "$BATS_FILE_TMPDIR/$kind"
	done
	ssh-keygen -q -t rsa -m PEM -N "" -f "$BATS_FILE_TMPDIR/pem"
	cat "$BATS_FILE_TMPDIR"/{ed25519,rsa,ecdsa,pem}.pub >"$BATS_FILE_TMPDIR/authorized_keys"
	server main
	server gate
	start main
	start gate
	export SERVERS=yes
}

teardown_file() {
	local pid
	for pid in "$BATS_FILE_TMPDIR"/*.pid; do
		if [ -s "$pid" ]; then
			kill "$(cat "$pid")" || true
		fi
	done
}

need_servers() {
	[ "$SERVERS" = yes ] || skip "sshd needs root"
}

# template DIR PROVISIONERS [LINE...]: a template of a machine that is reached over SSH.
template() {
	mkdir -p "$1"
	cat >"$1/t.pkr.hcl" <<-T
		source "null" "m" {
		  ssh_host               = "127.0.0.1"
		  ssh_port               = $PORT_main
		  ssh_username           = "root"
		  ssh_handshake_attempts = 1
		  $(printf '%s\n  ' "${@:3}")
		}
		build {
		  sources = ["null.m"]
		  $2
		}
	T
}

ours() {
	printf 'ssh_private_key_file = "%s/%s"' "$BATS_FILE_TMPDIR" "$1"
}

# build DIR [OPTION...]: of what DIR holds now.
build() {
	local commit
	rm -rf "$1/.git" "$1.out"
	commit=$(make_repo "$1")
	run sealwright build --repo "$1" --commit "$commit" --template . --out "$1.out" "${@:2}"
}

hello='provisioner "shell" { inline = ["echo hello from $(id -un)", "echo aside >&2"] }'

@test "keys of every kind let us in" {
	need_servers
	local kind
	for kind in ed25519 rsa ecdsa pem; do
		template "$kind" "$hello" "$(ours "$kind")"
		build "$kind" --unsigned
		exits 0
		has "hello from root"
		has "aside"
	done
}

@test "what ran over ssh is recorded, signed and verified, without the processes" {
	need_servers
	template t "$hello" "$(ours ed25519)"
	sealwright keygen --no-encryption --out k
	build t --key k.key
	exits 0
	has "coverage steps"
	print=$(ssh-keygen -lf "$BATS_FILE_TMPDIR/main.host.pub" | cut -d' ' -f2)
	tar -xf t.out/null.m.evidence manifest.jsonl
	grep '"type":"machine"' manifest.jsonl | grep -qF "\"fingerprint\":\"$print\",\"pinned\":false"
	grep '"type":"step-end"' manifest.jsonl | grep -q 'nothing watches processes inside the machine'
	run sealwright verify t.out/null.m.evidence --key k.pub \
		--image-id "$(cut -d' ' -f2 "$BATS_FILE_TMPDIR/main.host.pub" | base64 -d | sha256sum | cut -d' ' -f1)"
	exits 0
}

@test "a key that the machine does not know is told, with what was tried" {
	need_servers
	template t "$hello" "$(ours stranger)"
	build t --unsigned
	exits 1
	has "root is not let in by 127.0.0.1, which takes publickey; tried: the private key"
}

@test "the host's key is held against known_hosts" {
	need_servers
	template t "$hello" "$(ours ed25519)"
	printf '[127.0.0.1]:%s %s\n' "$PORT_main" \
		"$(cut -d' ' -f1,2 "$BATS_FILE_TMPDIR/main.host.pub")" >right
	printf '[127.0.0.1]:%s %s\n' "$PORT_main" \
		"$(cut -d' ' -f1,2 "$BATS_FILE_TMPDIR/gate.host.pub")" >wrong
	cp right hashed
	ssh-keygen -q -H -f hashed
	: >none
	printf '@revoked * %s\n' "$(cut -d' ' -f1,2 "$BATS_FILE_TMPDIR/main.host.pub")" >revoked
	cat right >>revoked
	for file in right hashed; do
		build t --unsigned --ssh-known-hosts "$file"
		exits 0
		lacks "taken as found"
	done
	build t --unsigned --ssh-known-hosts wrong
	exits 1
	has "wrong has another one for it"
	lacks "hello from root"
	build t --unsigned --ssh-known-hosts none
	exits 1
	has "none has none for it"
	lacks "hello from root"
	build t --unsigned --ssh-known-hosts revoked
	exits 1
	has "which revoked revokes"
}

@test "files go up and come down, by scp and by sftp" {
	need_servers
	local method
	for method in scp sftp; do
		mkdir "$method"
		head -c 300000 /dev/urandom >"$method/big file"
		: >"$method/empty"
		template "$method" "
			provisioner \"file\" {
			  source      = \"big file\"
			  destination = \"$PWD/$method.big file\"
			}
			provisioner \"file\" {
			  source      = \"empty\"
			  destination = \"$PWD/$method.empty\"
			}
			provisioner \"file\" {
			  direction   = \"download\"
			  source      = \"$PWD/$method.big file\"
			  destination = \"back\"
			}" "$(ours ed25519)" "ssh_file_transfer_method = \"$method\""
		build "$method" --unsigned
		exits 0
		cmp "$method/big file" "$method.big file"
		cmp "$method/empty" "$method.empty"
		cmp "$method/big file" "$method.out/null.m/back"
	done
}

@test "a file that cannot be written is an error with its path" {
	need_servers
	local method
	for method in scp sftp; do
		template "$method" 'provisioner "file" {
			  content     = "x"
			  destination = "/nowhere/at/all"
			}' "$(ours ed25519)" "ssh_file_transfer_method = \"$method\""
		build "$method" --unsigned
		exits 1
		has "upload /nowhere/at/all"
	done
}

# hang DIR: a script that kills the server's process of its connection.
hang() {
	cat >"$1/hang.sh" <<-'H'
		#!/bin/sh
		p=$PPID
		until [ "$(ps -o comm= -p "$p")" = sshd ]; do
		  p=$(ps -o ppid= -p "$p" | tr -d ' ')
		done
		kill -9 "$p"
		sleep 30
	H
}

@test "a machine that hangs up is met again, when that was expected" {
	need_servers
	template t "
		provisioner \"shell\" {
		  script            = \"hang.sh\"
		  expect_disconnect = true
		  skip_clean        = true
		}
		$hello" "$(ours ed25519)"
	hang t
	build t --unsigned
	exits 0
	has "Connected to SSH again"
	has "hello from root"
}

@test "a machine that hangs up is an error, when that was not expected" {
	need_servers
	template t 'provisioner "shell" { script = "hang.sh" }' "$(ours ed25519)"
	hang t
	build t --unsigned
	exits 1
	has "Script disconnected unexpectedly"
}

@test "exit codes and signals are those of the command" {
	need_servers
	template t 'provisioner "shell" { inline = ["exit 42"] }' "$(ours ed25519)"
	build t --unsigned
	exits 1
	has "non-zero exit status: 42"
	template u 'provisioner "shell" {
		  inline           = ["kill -TERM $$"]
		  valid_exit_codes = [143]
		}' "$(ours ed25519)"
	build u --unsigned
	exits 0
}

@test "an agent signs, also for RSA" {
	need_servers
	local kind
	eval "$(ssh-agent)" >/dev/null
	for kind in rsa ed25519; do
		ssh-add -q -D
		ssh-add -q "$BATS_FILE_TMPDIR/$kind"
		template "$kind" "$hello" "ssh_agent_auth = true"
		build "$kind" --unsigned
		exits 0
		has "hello from root"
	done
	kill "$SSH_AGENT_PID"
	unset SSH_AUTH_SOCK
	build rsa --unsigned
	exits 1
	has "SSH_AUTH_SOCK does not name"
}

@test "a bastion stands between" {
	need_servers
	template t "$hello" "$(ours ed25519)" 'ssh_bastion_host = "127.0.0.1"' \
		"ssh_bastion_port = $PORT_gate"
	build t --unsigned
	exits 0
	has "hello from root"
	grep -q "Accepted publickey" "$BATS_FILE_TMPDIR/gate.log"
}

@test "a password lets us in, and is nowhere to be read" {
	need_servers
	unshare -m true 2>/dev/null || skip "no mount namespaces"
	sed "s|^root:[^:]*:|root:$(openssl passwd -6 'correct horse'):|" /etc/shadow >shadow
	chmod 600 shadow
	server words "PasswordAuthentication yes"
	# shellcheck disable=SC2016 # The inner shell expands them.
	start words unshare -m sh -c 'mount --bind "$0" /etc/shadow && exec "$@"' "$PWD/shadow"
	export PORT_main=$PORT_words
	template t "$hello" 'ssh_password = var.secret'
	cat >t/v.pkr.hcl <<-'V'
		variable "secret" {
		  sensitive = true
		}
	V
	build t --unsigned -var 'secret=correct horse'
	exits 0
	has "hello from root"
	lacks "correct horse"
	run ! grep -r "correct horse" t.out
	build t --unsigned -var 'secret=wrong horse'
	exits 1
	has "tried: the password"
	lacks "wrong horse"
}

@test "a slow machine is waited for until the time-out" {
	need_servers
	server late
	export PORT_main=$PORT_late
	template t "$hello" "$(ours ed25519)" 'ssh_timeout = "20s"'
	(sleep 2 && start late) 3>&- &
	build t --unsigned
	exits 0
	has "hello from root"
	wait
	server never
	export PORT_main=$PORT_never
	template u "$hello" "$(ours ed25519)" 'ssh_timeout = "2s"'
	build u --unsigned
	exits 1
	has "no login before the time-out"
	has "Connection refused"
}

@test "nothing is asked of a machine when the communicator is none" {
	mkdir t
	cat >t/t.pkr.hcl <<-'T'
		source "null" "m" {
		  communicator = "none"
		}
		build {
		  sources = ["null.m"]
		  provisioner "shell-local" {
		    inline = ["echo on the host"]
		  }
		}
	T
	build t --unsigned
	exits 0
	has "on the host"
	has "coverage processes"
	sealwright keygen --no-encryption --out k
	build t --key k.key
	exits 1
	has "the build made no image that evidence could be about"
}

@test "what is not supported is named" {
	need_servers
	template t "$hello" "$(ours ed25519)" 'ssh_remote_tunnels = ["3128:localhost:3128"]'
	build t --unsigned
	exits 1
	has '"ssh_remote_tunnels" is not supported'
}
