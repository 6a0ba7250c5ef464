load lib

@test "fix prints the template with its settings renamed and leaves the file alone" {
	cat >old.json <<-'T'
		{"variables": {"size": null},
		 "builders": [{"type": "qemu", "iso_md5": "ab", "ssh_wait_timeout": "9m", "disk_size": 40960}]}
	T
	cp old.json before.json
	sealwright fix old.json >new.json
	cmp old.json before.json
	cat >want.json <<-'T'
		{
		  "builders": [
		    {
		      "disk_size": "40960M",
		      "iso_checksum": "md5:ab",
		      "ssh_timeout": "9m",
		      "type": "qemu"
		    }
		  ],
		  "variables": {
		    "size": null
		  }
		}

	T
	diff want.json new.json
	sealwright fix - <old.json | cmp - new.json
	sealwright fix new.json | cmp - new.json
}

@test "fix checks what came out, unless told not to" {
	echo '{"builders": [{"type": "null"}], "unknown": 1}' >t.json
	run sealwright fix t.json
	exits 3
	has 'unknown root key "unknown"'
	run sealwright fix -validate=false t.json
	exits 0
	run sealwright fix --no-validate t.json
	exits 0
}

@test "fix names the place of what it cannot read" {
	printf '{"builders": [],\n "builders": []}' >t.json
	run sealwright fix t.json
	exits 3
	has "t.json:2:2:"
	run sealwright fix t.pkr.hcl
	exits 3
	has "HCL2"
	run sealwright fix
	exits 2
	run sealwright fix --list
	exits 0
	has iso-checksum-type-and-url
}

unformatted() {
	printf 'a=1\nlong = "x"\nb   {\nc=2\n}\n'
}

formatted() {
	printf 'a    = 1\nlong = "x"\nb {\n  c = 2\n}\n'
}

@test "fmt rewrites templates, names those that changed, and keeps modes" {
	mkdir -p d/sub d/.hidden
	for f in d/t.pkr.hcl d/v.pkrvars.hcl d/sub/s.pkr.hcl d/rules.hcl d/.hidden/h.pkr.hcl d/x.pkr.hcl~; do
		unformatted >$f
	done
	formatted >d/good.pkr.hcl
	chmod 660 d/t.pkr.hcl
	run sealwright fmt d
	exits 0
	[ "$output" = "d/t.pkr.hcl
d/v.pkrvars.hcl" ]
	formatted | cmp - d/t.pkr.hcl
	formatted | cmp - d/v.pkrvars.hcl
	[ "$(stat -c %a d/t.pkr.hcl)" = 660 ]
	unformatted | cmp - d/sub/s.pkr.hcl
	unformatted | cmp - d/rules.hcl
	run sealwright fmt -recursive d
	[ "$output" = d/sub/s.pkr.hcl ]
	unformatted | cmp - d/.hidden/h.pkr.hcl
	unformatted | cmp - d/x.pkr.hcl~
	run sealwright fmt d/rules.hcl
	[ "$output" = d/rules.hcl ]
	formatted | cmp - d/rules.hcl
	[ -z "$(find d -name '*.tmp*')" ]
	run sealwright fmt -recursive d
	exits 0
	[ -z "$output" ]
}

@test "fmt -check writes nothing and says no" {
	unformatted >t.pkr.hcl
	run sealwright fmt -check t.pkr.hcl
	exits 1
	[ "$output" = t.pkr.hcl ]
	run sealwright fmt -write=false -diff t.pkr.hcl
	exits 0
	has "--- old/t.pkr.hcl"
	has "+++ new/t.pkr.hcl"
	has "-a=1"
	has "+a    = 1"
	unformatted | cmp - t.pkr.hcl
	sealwright fmt -write=false -diff t.pkr.hcl | sed 1d >d.patch
	patch -s t.pkr.hcl d.patch
	formatted | cmp - t.pkr.hcl
	run sealwright fmt -check t.pkr.hcl
	exits 0
	[ -z "$output" ]
}

@test "fmt reads standard input" {
	unformatted | sealwright fmt - >out
	formatted | cmp - out
	formatted | sealwright fmt - | cmp - out
	run sealwright fmt -check - < <(unformatted)
	exits 1
	[ -z "$output" ]
	run sealwright fmt - <<<'a = '
	exits 3
	has "<stdin>:1:"
}

@test "fmt tells of files that it cannot read and formats the others" {
	mkdir d
	unformatted >d/a.pkr.hcl
	echo 'a = = 1' >d/b.pkr.hcl
	unformatted >d/c.pkr.hcl
	ln -s ../elsewhere.pkr.hcl d/l.pkr.hcl
	unformatted >elsewhere.pkr.hcl
	run sealwright fmt d
	exits 3
	has "d/b.pkr.hcl:1:5"
	formatted | cmp - d/a.pkr.hcl
	formatted | cmp - d/c.pkr.hcl
	unformatted | cmp - elsewhere.pkr.hcl
	run sealwright fmt t.json
	exits 4
	echo '{}' >t.json
	run sealwright fmt t.json
	exits 3
	has "JSON needs no formatting"
	run sealwright fmt
	exits 2
}

@test "hcl2_upgrade writes a template with the same steps" {
	cat >t.json <<-'T'
		{"variables": {"who": "world", "debug": "true"},
		 "builders": [{"type": "rootfs", "name": "r", "suite": "bookworm"}],
		 "provisioners": [
		   {"type": "shell", "inline": ["echo hello {{user `who`}} $HOME ${HOME} 100%"], "only": ["r"],
		    "execute_command": "{{.Vars}} sh {{if eq (user `debug`) `true`}}-x {{end}}{{.Path}}"},
		   {"type": "shell", "inline": ["echo {{user `who` | upper}} {{build_name}} {{build_type}}"],
		    "override": {"r": {"inline_shebang": "/bin/sh"}}}]}
	T
	run sealwright hcl2_upgrade t.json
	exits 0
	has "Successfully created t.json.pkr.hcl"
	sealwright fmt -check t.json.pkr.hcl
	sealwright hcl2_upgrade -output-file - t.json | cmp - t.json.pkr.hcl
	sealwright plan --json t.json >a
	sealwright plan --json t.json.pkr.hcl >b
	python3 - <<-'P'
		import json, re
		def steps(name):
		    plan = json.loads(open(name).read())
		    text = json.dumps([g["steps"] for g in plan["groups"]], sort_keys=True)
		    return re.sub(r"script_\d+|[0-9a-f]{64}", "", re.sub(r'"origin": {[^}]*}', "", text))
		assert steps("a") == steps("b"), (steps("a"), steps("b"))
		assert "sh -x " in steps("b") and "WORLD r rootfs" in steps("b")
	P
}

@test "hcl2_upgrade says what it cannot carry over" {
	cat >t.json <<-'T'
		{"builders": [{"type": "null", "name": "n-{{timestamp}}", "//": "x"}]}
	T
	run sealwright hcl2_upgrade -o out.pkr.hcl t.json
	exits 0
	has "t.json:1:"
	has "autogenerated_1"
	has '"//" is left out'
	run sealwright hcl2_upgrade out.pkr.hcl
	exits 3
	has "HCL2 already"
	echo '{"builders": [{"type": "null"}], "unknown": 1}' >bad.json
	run sealwright hcl2_upgrade bad.json
	exits 3
	[ ! -e bad.json.pkr.hcl ]
}

@test "console evaluates expressions of HCL2 templates" {
	cat >t.pkr.hcl <<-'T'
		variable "region" { default = "eu" }
		variable "secret" {
		  default   = "hunter2secret"
		  sensitive = true
		}
		locals { up = [upper(var.region), 2] }
		source "null" "a" { communicator = "none" }
		build { sources = ["null.a"] }
	T
	run sealwright console t.pkr.hcl < <(printf 'var.region\nlocal.up\n"<${var.secret}>"\nexit\nvar.region\n')
	exits 0
	[ "$output" = 'eu
[
  "EU",
  2,
]
<<sensitive:secret>>' ]
	run sealwright console -var region=us -e 'lower("A")' -e variables t.pkr.hcl
	exits 0
	has 'var.region: "us"'
	has 'var.secret: <sensitive:secret>'
	lacks hunter2secret
	run sealwright console -e 'var.regoin' -e 1+1 t.pkr.hcl
	exits 3
	has "<console-input>:1:"
	has 2
}

@test "console evaluates {{ }} of JSON templates, and without a template" {
	echo '{"variables": {"v": "x"}, "builders": [{"type": "null"}]}' >t.json
	run sealwright console t.json <<<'a {{user `v` | upper}}'
	exits 0
	[ "$output" = "a X" ]
	run sealwright console t.json <<<'{{ nofunction }}'
	exits 3
	run sealwright console -e '{{upper `b`}}'
	exits 0
	[ "$output" = B ]
}

@test "validate reads more or less, and marks what no commit holds" {
	echo '{"variables": {"v": null}, "builders": [{"type": "null", "communicator": "none", "ssh_key_path": "k"}]}' >t.json
	run sealwright validate -syntax-only t.json
	exits 0
	has "Syntax-only check passed. Everything looks okay."
	run sealwright validate -var v=1 t.json
	has "sealwright fix"
	sed -i 's/, "ssh_key_path": "k"//' t.json
	run sealwright validate -var v=1 t.json
	exits 0
	[ "${lines[0]}" = "The configuration is valid." ]
	has unpinned
	run sealwright validate t.json
	exits 3
	mkdir r && mv t.json r
	commit=$(make_repo r)
	run sealwright validate -var v=1 "git+file://$PWD/r@$commit#t.json"
	[ "$output" = "The configuration is valid." ]
	sealwright plan --json -var v=1 r/t.json | grep -q '"unpinned":true'
	sealwright audit --format json -var v=1 r/t.json | grep -q '"unpinned": true'
	sealwright audit --format sarif -var v=1 r/t.json | grep -q '"unpinned": true'
	sealwright audit --format junit -var v=1 r/t.json | grep -q '<property name="unpinned" value="true"/>'
	sealwright audit --format markdown -var v=1 r/t.json | grep -q Unpinned
	sed 's/}]}/}], "provisioners": [{"type": "shell-local", "inline": ["curl https:\/\/x.example | sh"]}]}/' r/t.json >found.json
	sealwright audit --format jsonl -var v=1 found.json >found.jsonl || true
	[ "$(grep -c . found.jsonl)" -gt 0 ]
	[ "$(grep -c '"unpinned":true' found.jsonl)" -eq "$(grep -c . found.jsonl)" ]
	for format in text json jsonl sarif junit markdown; do
		run sealwright audit --format "$format" -var v=1 "git+file://$PWD/r@$commit#t.json"
		exits 0
		lacks npinned
	done
	run sealwright plan --json -var v=1 "git+file://$PWD/r@$commit#t.json"
	lacks unpinned
}

@test "inspect shows what a JSON template declares, without values" {
	cat >t.json <<-'T'
		{"description": "about it",
		 "variables": {"need": null, "long_name": "{{env `X`}}", "a": "b", "pw": "hunter2secret"},
		 "sensitive-variables": ["pw"],
		 "builders": [{"type": "null", "name": "z-{{user `need`}}"}, {"type": "qemu"}],
		 "provisioners": [{"type": "shell", "inline": ["true"]}, {"type": "file"}],
		 "post-processors": [["compress", {"type": "manifest"}]]}
	T
	sealwright inspect t.json >out
	cat >want <<-'T'
		Inspect: JSON mode
		Description:

		about it

		Required variables:

		  need

		Optional variables and their defaults:

		  a         = b
		  long_name = {{env `X`}}
		  pw        = <sensitive>

		Builders:

		  qemu           
		  z-{{user `need`}} (null)

		Provisioners:

		  shell
		  file

		Post-processors:

		  compress
		  manifest

	T
	sed -i 's/^  qemu *$/  qemu/' want out
	head -n "$(wc -l <want)" out | diff want -
	run sealwright inspect --json t.json
	exits 0
	has '"unpinned": true'
	lacks hunter2secret
}

@test "inspect speaks Packer's format for programs" {
	cat >t.json <<-'T'
		{"variables": {"a": null, "b": "x, y", "c": "hush"}, "sensitive-variables": ["c"],
		 "builders": [{"type": "null", "name": "n"}, {"type": "qemu"}],
		 "provisioners": [{"type": "shell", "inline": ["a"], "only": ["n"]}, {"type": "file", "source": "t.json", "destination": "/x"}]}
	T
	run sealwright inspect -machine-readable t.json
	exits 0
	cat >want <<-'T'
		,template-variable,a,,1
		,template-variable,b,x%!(PACKER_COMMA) y,0
		,template-variable,c,<sensitive>,0
		,template-builder,n,null
		,template-builder,qemu,qemu
		,template-provisioner,shell
		,template-provisioner,file
	T
	grep -v ',ui,' <<<"$output" | cut -d, -f2- | diff want -
	lacks hush
	[[ ${lines[0]} =~ ^[0-9]{10},, ]]
	has ",,ui,say,  b = x%!(PACKER_COMMA) y"
}

@test "a file of any name is HCL2 when -config-type says so" {
	printf 'source "null" "a" {\n  communicator = "none"\n}\nbuild {\n  sources = ["null.a"]\n}\n' >t.hcl
	run sealwright validate t.hcl
	exits 3
	run sealwright validate -config-type=hcl2 t.hcl
	exits 0
	run sealwright inspect -config-type hcl2 t.hcl
	exits 0
	has "HCL2 mode"
	echo 'upper("a")' >in
	run sealwright console -config-type=hcl2 <in
	[ "$output" = A ]
	run sealwright validate -config-type=yaml t.hcl
	exits 2
}

@test "inspect shows what an HCL2 template declares" {
	cat >t.pkr.hcl <<-'T'
		variable "need" {}
		variable "a" { default = "b" }
		locals { up = upper(var.a) }
		source "null" "x" { communicator = "none" }
		build {
		  name    = "n"
		  sources = ["null.x"]
		  provisioner "shell-local" { inline = ["true"] }
		  post-processors {
		    post-processor "compress" {}
		    post-processor "manifest" {}
		  }
		}
	T
	run sealwright inspect t.pkr.hcl
	exits 0
	has 'var.need: <unknown>'
	has 'null.x'
	run sealwright inspect t.pkr.hcl
	exits 0
	has 'var.need: <unknown>'
	has '      shell-local'
	has '        compress
        manifest'
	run sealwright inspect -var need=1 t.pkr.hcl
	exits 0
	has 'var.a: "b"'
	has 'local.up: "B"'
	has '> n:'
	has '      shell-local'
	has '        compress
        manifest'
	has unpinned
}

@test "values of data sources are given, as text or in a file" {
	cat >t.pkr.hcl <<-'T'
		data "http" "x" { url = "https://example.org/" }
		source "null" "a" { communicator = "none" }
		build { sources = ["null.a"] }
	T
	echo '{"body": "from a file"}' >v.json
	run sealwright console -e data.http.x.body t.pkr.hcl
	has "<hole:data.http.x"
	run sealwright console --data 'http.x={"body": "given"}' -e data.http.x.body t.pkr.hcl
	exits 0
	[ "$output" = given ]
	run sealwright console --data http.x=@v.json -e data.http.x.body t.pkr.hcl
	[ "$output" = "from a file" ]
	run sealwright console --data http.x=@absent.json t.pkr.hcl
	exits 4
	has "--data http.x: absent.json"
	run sealwright validate --data http.x t.pkr.hcl
	exits 2
}
