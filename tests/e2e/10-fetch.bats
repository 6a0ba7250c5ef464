load lib

# A tree object with one entry of any name and mode, and a commit of it, behind the main branch.
odd_repo() { # DIR MODE NAME CONTENT
	git init -q -b main "$1"
	blob=$(printf '%s' "$4" | git -C "$1" hash-object -w --stdin)
	raw=$(printf '%s' "$blob" | sed 's/../\\x&/g')
	tree=$( (printf '%s %s\0' "$2" "$3" && printf "$raw") |
		git -C "$1" hash-object -w -t tree --literally --stdin)
	commit=$(git -C "$1" commit-tree -m odd "$tree")
	git -C "$1" update-ref refs/heads/main "$commit"
	echo "$commit"
}

@test "a commit is listed with object ids" {
	mkdir -p r/sub && echo hello >r/sub/a.txt
	commit=$(make_repo r)
	run sealwright fetch "git+file://$PWD/r@$commit"
	exits 0
	has "commit      $commit"
	has "ce013625030ba8dba906f756967f9e9ca394464a  sub/a.txt"
}

@test "the same is there as JSON" {
	mkdir r && echo hello >r/a.txt
	commit=$(make_repo r)
	run sealwright fetch --json --repo r --commit "$commit"
	exits 0
	echo "$output" | python3 -c 'import json,sys; d=json.load(sys.stdin); assert d["files"][0]["path"]=="a.txt"'
}

@test "anything but a full commit id is refused" {
	mkdir r && echo x >r/a
	commit=$(make_repo r)
	for id in "${commit:0:12}" main HEAD "${commit^^}" ""; do
		run sealwright fetch "git+file://$PWD/r@$id"
		exits 3
	done
	run sealwright fetch "git+file://$PWD/r@${commit:0:12}"
	has "shortened commit id"
	run sealwright fetch "git+file://$PWD/r@main"
	has "a name can be moved"
	run sealwright fetch "git+file://$PWD/r"
	has "no commit"
}

@test "a tag and a branch are resolved on request, and recorded" {
	mkdir r && echo x >r/a
	commit=$(make_repo r)
	git -C r tag -a -m t v1
	run sealwright fetch --repo r --tag v1
	exits 0
	has "$commit"
	has "refs/tags/v1"
	run sealwright fetch --repo r --branch main
	has "refs/heads/main"
	run sealwright fetch --repo r --tag v2
	exits 3
	has 'no tag "v2"'
}

@test "a commit that no branch or tag leads to is refused" {
	mkdir r && echo x >r/a
	make_repo r
	lost=$(git -C r commit-tree -m lost 'HEAD^{tree}')
	run sealwright fetch "git+file://$PWD/r@$lost"
	exits 3
	has "no branch or tag leads to commit"
}

@test "names that are unsafe are refused" {
	i=0
	for name in .. .git .GIT 'a\nb' CON nul.txt 'COM1.log'; do
		i=$((i + 1))
		commit=$(odd_repo "r$i" 100644 "$(printf "$name")" x)
		run sealwright fetch "git+file://$PWD/r$i@$commit"
		exits 3 || { echo "name: $name"; false; }
	done
	commit=$(odd_repo slash 100644 /etc/passwd x)
	run sealwright fetch "git+file://$PWD/slash@$commit"
	exits 3
}

@test "links that leave the tree are refused, others are followed" {
	commit=$(odd_repo r1 120000 link /etc/passwd)
	run sealwright fetch "git+file://$PWD/r1@$commit"
	exits 3
	has "link: symbolic link to an absolute path"
	commit=$(odd_repo r2 120000 link ../x)
	run sealwright fetch "git+file://$PWD/r2@$commit"
	exits 3
	has "leaves the repository"
	mkdir r3 && echo x >r3/a && ln -s a r3/b
	commit=$(make_repo r3)
	run sealwright fetch "git+file://$PWD/r3@$commit"
	exits 0
}

@test "names that differ in case only are refused" {
	mkdir r && echo x >r/Makefile && echo y >r/makefile
	commit=$(make_repo r)
	run sealwright fetch "git+file://$PWD/r@$commit"
	exits 3
	has "differ in case only"
}

@test "git-LFS pointers are reported" {
	mkdir r
	printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 12345\n' 0 >r/big.bin
	commit=$(make_repo r)
	run sealwright fetch "git+file://$PWD/r@$commit"
	exits 0
	has "git-LFS pointer"
}

@test "submodules are pinned at their commits" {
	mkdir inner && echo data >inner/file
	inner=$(make_repo inner)
	mkdir outer && echo x >outer/a
	make_repo outer
	git -C outer -c protocol.file.allow=always submodule --quiet add "file://$PWD/inner" mod
	git -C outer commit -q -m submodule
	commit=$(git -C outer rev-parse HEAD)
	run sealwright fetch "git+file://$PWD/outer@$commit"
	exits 0
	has "submodule   mod at $inner"
	has "mod/file"
}

@test "a bundle of a snapshot is read by git" {
	mkdir r && echo x >r/a
	commit=$(make_repo r)
	sealwright fetch --bundle b.bundle "git+file://$PWD/r@$commit"
	git -C r bundle verify ../b.bundle
	git clone -q -b sealwright b.bundle clone
	[ "$(git -C clone rev-parse HEAD)" = "$commit" ]
}

@test "transports that can be tampered with are refused" {
	for url in http://example.org/r git://example.org/r ftp://x/y 'https://user:pw@example.org/r' 'ext::sh -c x'; do
		run sealwright fetch "git+$url@$(printf '%040d' 0)"
		exits 3
	done
}

@test "a cache serves a second fetch offline" {
	mkdir r && echo x >r/a
	commit=$(make_repo r)
	sealwright fetch --cache cache "git+file://$PWD/r@$commit"
	mv r gone
	run sealwright fetch --cache cache --offline "git+file://$PWD/r@$commit"
	exits 0
}

@test "a repository over ssh is fetched with a pinned host key" {
	command -v sshd >/dev/null || [ -x /usr/sbin/sshd ] || skip "no sshd"
	[ "$(id -u)" -eq 0 ] || skip "sshd needs root"
	mkdir r && echo x >r/a
	commit=$(make_repo r)
	ssh-keygen -q -t ecdsa -N '' -f host
	ssh-keygen -q -t ecdsa -N '' -m PEM -f user
	mkdir -p /run/sshd
	cat >config <<-CONFIG
		Port 2322
		ListenAddress 127.0.0.1
		HostKey $PWD/host
		AuthorizedKeysFile $PWD/user.pub
		StrictModes no
		PidFile $PWD/sshd.pid
		UsePAM no
	CONFIG
	/usr/sbin/sshd -f config
	eval "$(ssh-agent -s)" >/dev/null
	ssh-add -q user
	mkdir -p home/.ssh
	printf '[127.0.0.1]:2322 %s\n' "$(cut -d' ' -f1-2 host.pub)" >home/.ssh/known_hosts
	HOME=$PWD/home run sealwright fetch "git+ssh://root@127.0.0.1:2322$PWD/r@$commit"
	good=$status
	good_output=$output
	: >home/.ssh/known_hosts
	HOME=$PWD/home run sealwright fetch "git+ssh://root@127.0.0.1:2322$PWD/r@$commit"
	bad=$status
	kill "$(cat sshd.pid)" "$SSH_AGENT_PID"
	echo "$good_output"
	[ "$good" -eq 0 ]
	[ "$bad" -ne 0 ]
}

@test "a repository over https is fetched when its certificate is trusted" {
	command -v openssl >/dev/null || skip "no openssl"
	mkdir r && echo x >r/a
	commit=$(make_repo r)
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
		-addext subjectAltName=DNS:localhost 2>/dev/null
	"$BATS_TEST_DIRNAME/git-https-server" "$PWD" cert.pem key.pem port 3>&- &
	server=$!
	for _ in $(seq 50); do
		[ -e port ] && break
		sleep 0.1
	done
	GIT_SSL_CAINFO=$PWD/cert.pem run sealwright fetch "git+https://localhost:$(cat port)/r/.git@$commit"
	trusted=$status
	first=$output
	run sealwright fetch "git+https://localhost:$(cat port)/r/.git@$commit"
	kill "$server"
	echo "$first"
	[ "$trusted" -eq 0 ]
	exits 4
	has certificate
}
