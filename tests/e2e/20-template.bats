load lib

template() { # JSON
	mkdir -p r
	cat >r/t.json
}

@test "a sound template is valid" {
	template <<-'T'
		{"builders": [{"type": "rootfs", "suite": "bookworm"}],
		 "provisioners": [{"type": "shell", "inline": ["true"]}]}
	T
	run sealwright validate r/t.json
	exits 0
	has "The configuration is valid."
}

@test "a duplicate key is refused with its place" {
	template <<-'T'
		{"builders": [{"type": "rootfs",
		  "suite": "bookworm",
		  "suite": "trixie"}]}
	T
	run sealwright validate r/t.json
	exits 3
	has 't.json:3:3: '
	has 'duplicate key "suite"'
}

@test "an unknown configuration key is refused with its place and the likely one" {
	template <<-'T'
		{"builders": [{"type": "rootfs", "suite": "bookworm"}],
		 "provisioners": [{"type": "shell",
		   "inlin": ["true"]}]}
	T
	run sealwright validate r/t.json
	exits 3
	has "t.json:3:4: "
	has 'unknown configuration key "inlin"'
	has 'did you mean "inline"'
}

@test "a script that is not in the commit is refused with its place" {
	template <<-'T'
		{"builders": [{"type": "rootfs", "suite": "bookworm"}],
		 "provisioners": [{"type": "shell", "script": "setup.sh"}]}
	T
	commit=$(make_repo r)
	echo true >r/setup.sh
	run sealwright plan "git+file://$PWD/r@$commit#t.json"
	exits 3
	has "t.json:2:"
	has "setup.sh"
	has "not in the commit"
}

@test "a required variable that is not set is named" {
	template <<-'T'
		{"variables": {"region": null},
		 "builders": [{"type": "rootfs", "suite": "bookworm", "hostname": "{{user `region`}}"}]}
	T
	run sealwright validate r/t.json
	exits 3
	has region
	run sealwright validate -var region=x r/t.json
	exits 0
}

@test "plans are canonical and the same for the same commit" {
	mkdir r && cp -r "$FIXTURES/redis/tree/." r
	commit=$(make_repo r)
	cp -r r copy
	sealwright plan --json "git+file://$PWD/r@$commit#redis.json" >a
	TZ=Asia/Tokyo LC_ALL=C sealwright plan --json "git+file://$PWD/copy@$commit#redis.json" >b
	cmp a b
	python3 - <<-'P'
		import json
		lines = open("a").read().splitlines()
		assert len(lines) == 2, len(lines)
		for line in lines:
		    d = json.loads(line)
		    again = json.dumps(d, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
		    assert again == line
	P
}

@test "the article's template passes validate, plan and audit for the cloud it names" {
	mkdir r && cp -r "$FIXTURES/redis/tree/." r
	commit=$(make_repo r)
	for verb in validate plan audit inspect; do
		run sealwright $verb --only alicloud-ecs "git+file://$PWD/r@$commit#redis.json"
		exits 0
	done
	run sealwright plan --only alicloud-ecs "git+file://$PWD/r@$commit#redis.json"
	has "yum install redis.x86_64 -y"
	run sealwright build --unsigned --only alicloud-ecs "git+file://$PWD/r@$commit#redis.json"
	exits 3
	has "cannot be built yet"
	has "redis.json:9:"
}

@test "sensitive variables appear by name only" {
	template <<-'T'
		{"variables": {"password": "hunter2secret"}, "sensitive-variables": ["password"],
		 "builders": [{"type": "rootfs", "suite": "bookworm"}],
		 "provisioners": [{"type": "shell", "inline": ["echo {{user `password`}} >/dev/null"]}]}
	T
	for verb in inspect plan "plan --json" "plan -V" audit "audit --format sarif" "audit --format json"; do
		run sealwright $verb r/t.json
		lacks hunter2secret
	done
	run sealwright plan -V r/t.json
	has "<sensitive:password>"
}

@test "a file of variables is found from where the program runs" {
	mkdir -p r/.git r/vars r/images/a
	echo '{"variables": {"who": null}, "builders": [{"type": "null", "ssh_host": "{{user `who`}}"}]}' \
		>r/images/a/t.json
	echo '{"who": "it.example"}' >r/vars/who.json
	cd r/images
	run sealwright inspect --json --var-file ../vars/who.json a/t.json
	exits 0
	has 'it.example'
	run sealwright inspect --json --var-file "$PWD/../vars/who.json" a/t.json
	exits 0
	has 'it.example'
	cd ..
	run sealwright inspect --json --var-file vars/who.json images/a/t.json
	exits 0
	has 'it.example'
}

@test "with --partial, what is not in the commit is unknown and found" {
	template <<-'T'
		{"builders": [{"type": "null", "ssh_host": "h", "ssh_username": "u"}],
		 "provisioners": [{"type": "shell", "scripts": ["gone.sh"]},
		   {"type": "file", "source": "/etc/elsewhere", "destination": "/tmp/x"},
		   {"type": "ansible-local", "playbook_file": "gone.yml"}]}
	T
	commit=$(make_repo r)
	run sealwright plan "git+file://$PWD/r@$commit#t.json"
	exits 3
	run sealwright plan --partial "git+file://$PWD/r@$commit#t.json"
	exits 0
	has "<hole:host:gone.sh>"
	has "<hole:host:/etc/elsewhere>"
	has "opaque"
	run sealwright audit --partial "git+file://$PWD/r@$commit#t.json"
	exits 1
	has "gone.sh: not in the commit"
	has "code cannot be read"
	run sealwright build --partial "git+file://$PWD/r@$commit#t.json"
	exits 2
}
