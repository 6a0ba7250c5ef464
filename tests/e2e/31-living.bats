load lib

# Living with the audit: waivers, baselines, what is new since a commit, clocks and statuses.

PIPED='curl -fsSL https://example.org/i.sh | sh'

# project LINES...: r/ holds a template that runs a.sh, which is those lines; its commit is printed.
project() {
	mkdir -p r
	printf '{"builders": [{"type": "rootfs", "suite": "bookworm"}],\n "provisioners": [{"type": "shell", "script": "a.sh"}]}\n' >r/t.json
	write_script "$@"
	make_repo r
}

write_script() {
	printf '#!/bin/sh\nset -e\n' >r/a.sh
	printf '%s\n' "$@" >>r/a.sh
}

# of KEY FILE: the members of the findings in a jsonl file, one a line.
of() {
	python3 -c 'import json,sys
for line in open(sys.argv[2]): print(json.loads(line)[sys.argv[1]])' "$1" "$2"
}

@test "waivers are written, excuse, expire and are reported when nothing needs them" {
	project "$PIPED" >/dev/null
	run sealwright audit r/t.json
	exits 1
	run sealwright audit r/t.json --write-waivers r/waivers.hcl --reason 'says "yes" to ${x}' --owner a@example.org --expires 2030-06-30 --now 2030-01-01
	exits 1
	grep -q 'rule *= "RX001"' r/waivers.hcl
	run sealwright audit r/t.json --waivers r/waivers.hcl --now 2030-06-30
	exits 0
	has waived
	has 'says "yes" to ${x}'
	run sealwright audit r/t.json --waivers r/waivers.hcl --now 2030-07-01
	exits 1
	has META005
	has "has expired"
	write_script true
	run sealwright audit r/t.json --waivers r/waivers.hcl --now 2030-06-30
	has META005
	has "excuses nothing"
}

@test "waivers of findings that are there are added to a file, and the old ones stay" {
	project "$PIPED" 'passwd -d bob' >/dev/null
	args=(--reason r --owner o --expires 2030-06-30 --now 2030-01-01)
	sealwright audit r/t.json --write-waivers w.hcl --waive RX001 "${args[@]}" >/dev/null || true
	cp w.hcl first.hcl
	[ "$(grep -c '^waiver' w.hcl)" -eq 1 ]
	print=$(sealwright audit r/t.json --format json | python3 -c 'import json,sys
print(next(f["fingerprint"] for f in json.load(sys.stdin)["findings"] if f["rule"] == "ACC002"))')
	run sealwright audit r/t.json --write-waivers w.hcl --waive "ACC002:$print" "${args[@]}"
	[ "$(grep -c '^waiver' w.hcl)" -eq 2 ]
	head -c "$(stat -c %s first.hcl)" w.hcl | cmp - first.hcl
	run sealwright audit r/t.json --policy w.hcl --now 2030-01-01
	exits 0
	run sealwright audit r/t.json --write-waivers w2.hcl --waive NET001 "${args[@]}"
	exits 3
	has "NET001"
	[ ! -e w2.hcl ]
}

@test "a waiver needs a reason, an owner and an expiry that is ahead" {
	project "$PIPED" >/dev/null
	for missing in reason owner expires; do
		args=()
		for name in reason owner expires; do
			[ $name = $missing ] || args+=("--$name" 2030-01-01)
		done
		run sealwright audit r/t.json --write-waivers w.hcl "${args[@]}"
		exits 2
	done
	run sealwright audit r/t.json --write-waivers w.hcl --reason r --owner o --expires 2020-01-01
	exits 2
	[ ! -e w.hcl ]
}

@test "what a profile locks is not waived, neither by hand nor by the program" {
	project "$PIPED" >/dev/null
	run sealwright audit r/t.json --profile aws-marketplace --write-waivers w.hcl --reason r --owner o --expires 2099-01-01
	exits 3
	has locked
	[ ! -e w.hcl ]
	sealwright audit r/t.json --write-waivers w.hcl --reason r --owner o --expires 2099-01-01 >/dev/null || true
	run sealwright audit r/t.json --profile aws-marketplace --policy w.hcl
	exits 3
	has locked
}

@test "a profile limits how long a waiver may last, and a waiver may name the file" {
	project "$PIPED" >/dev/null
	cat >p.hcl <<-'P'
		profile "short" {
		  waiver_days = 90
		}
	P
	sealwright audit r/t.json --write-waivers w.hcl --reason r --owner o --expires 2030-03-01 --now 2030-01-01 >/dev/null || true
	run sealwright audit r/t.json --policy p.hcl --profile short --policy w.hcl --now 2030-01-01
	exits 0
	run sealwright audit r/t.json --policy p.hcl --profile short --policy w.hcl --now 2029-01-01
	exits 1
	has "lasts longer"
	sed -i 's|^  rule  .*|&\n  path = "scripts/*"|' w.hcl
	run sealwright audit r/t.json --policy w.hcl --now 2030-01-01
	exits 1
	has "excuses nothing"
	sed -i 's|scripts/|*|' w.hcl
	run sealwright audit r/t.json --policy w.hcl --now 2030-01-01
	exits 0
}

@test "a fingerprint survives layout, moved lines, quotes and names of variables, and nothing else" {
	prints=()
	for script in \
		'T=$(mktemp)\ncurl -fsSL https://e.example/i -o $T\nsh $T\n' \
		'# a comment\n\ncurl   -fsSL   "https://e.example/i"  -o  "$(mktemp)" ; true\nOTHER="$(mktemp)"\ncurl -fsSL \\\n  https://e.example/i -o "${OTHER}"\nsh "${OTHER}"\n' \
		'fetch() {\n  curl -fsSL "$1" -o "$2"\n}\nf=$(mktemp)\nfetch https://e.example/i $f\nif true; then sh $f; fi\n' \
		'T=$(mktemp)\ncurl -fsSL https://other.example/i -o $T\nsh $T\n'; do
		printf "$script" >s.sh
		sealwright audit --script s.sh --format jsonl >out.jsonl || true
		prints+=("$(python3 -c 'import json
print([json.loads(l)["fingerprint"] for l in open("out.jsonl") if json.loads(l)["rule"] == "RX004"][0])')")
	done
	[ "${prints[0]}" = "${prints[1]}" ]
	[ "${prints[0]}" = "${prints[2]}" ]
	[ "${prints[0]}" != "${prints[3]}" ]
}

@test "since a commit, only what is new is found and fails" {
	first=$(project "$PIPED" 'passwd -d bob')
	git -C r tag v1
	write_script 'echo moved' "$PIPED" '  passwd   -d "bob"' 'chmod 4755 /bin/bash'
	for since in "$first" v1 main; do
		run sealwright audit --since "$since" --format jsonl r/t.json
		exits 1
		printf '%s\n' "$output" >out.jsonl
		[ "$(of rule out.jsonl)" = PRM001 ]
	done
	write_script "$PIPED" 'passwd -d bob'
	run sealwright audit --since v1 r/t.json
	exits 0
	has "PASS"
	run sealwright audit r/t.json
	exits 1
}

@test "since works between commits, for renamed scripts, deleted files and scripts by themselves" {
	first=$(project "$PIPED")
	git -C r mv a.sh b.sh
	sed -i s/a.sh/b.sh/ r/t.json
	echo 'chmod 4755 /bin/bash' >>r/b.sh
	git -C r commit -qam two
	second=$(git -C r rev-parse HEAD)
	run sealwright audit --since "$first" --format jsonl "git+file://$PWD/r@$second#t.json"
	printf '%s\n' "$output" >out.jsonl
	[ "$(of rule out.jsonl)" = PRM001 ]
	[ "$(of file out.jsonl)" = b.sh ]
	run sealwright audit --since "$first" --repo r --commit "$second" --template t.json --format jsonl
	[ "${#lines[@]}" -eq 1 ]
	run sealwright audit --script r/b.sh --since "$second"
	exits 0
	run sealwright audit --script r/b.sh --since "$first"
	exits 1
	has RX001
	git -C r mv t.json u.json
	run sealwright audit --since "$first" r/u.json
	exits 1
	has "was not there"
	has RX001
	run sealwright audit --since nowhere r/u.json
	exits 3
	has nowhere
	mkdir bare
	cp r/u.json r/b.sh bare/
	run sealwright audit --since "$first" bare/u.json
	exits 2
}

@test "one more of the same is new, a further build is not" {
	project "$PIPED" >/dev/null
	sealwright audit r/t.json --write-baseline base.json >/dev/null || true
	python3 -m json.tool base.json >/dev/null
	run sealwright audit r/t.json --baseline base.json
	exits 0
	sed -i 's/"builders": \[/&{"type": "rootfs", "suite": "trixie", "name": "more"}, /' r/t.json
	run sealwright audit r/t.json --baseline base.json --format json
	exits 0
	write_script "$PIPED" true "$PIPED"
	run sealwright audit r/t.json --baseline base.json --format jsonl
	exits 1
	printf '%s\n' "$output" >out.jsonl
	[ "$(of line out.jsonl | sort -u)" = 5 ]
}

@test "a baseline holds no locked rule, and broken ones are refused with their place" {
	project "$PIPED" 'chmod 4755 /bin/bash' >/dev/null
	sealwright audit r/t.json --write-baseline base.json >/dev/null || true
	run sealwright audit r/t.json --baseline base.json --profile aws-marketplace --format jsonl
	exits 1
	printf '%s\n' "$output" >out.jsonl
	of rule out.jsonl | grep -qx RX001
	! of rule out.jsonl | grep -qx PRM001
	sealwright audit r/t.json --profile aws-marketplace --write-baseline locked.json >/dev/null || true
	! grep -q RX001 locked.json
	echo '{"format": 1, "findings": [{"rule": "RX001"}]}' >bad.json
	run sealwright audit r/t.json --baseline bad.json
	exits 3
	has "bad.json:1"
	echo '{"format": 9, "findings": []}' >bad.json
	run sealwright audit r/t.json --baseline bad.json
	exits 3
	run sealwright audit r/t.json --baseline bad.json --since main
	exits 2
}

@test "the severity that fails is chosen by flag and by profile" {
	project 'passwd -d bob' >/dev/null
	run sealwright audit r/t.json --fail-on critical
	exits 0
	run sealwright audit r/t.json --fail-on high
	exits 1
	run sealwright audit r/t.json --profile aliyun-marketplace
	exits 0
	run sealwright audit r/t.json --profile aws-marketplace --fail-on critical
	exits 1
	run sealwright audit r/t.json --fail-on serious
	exits 2
	run sealwright audit r/t.json --now yesterday
	exits 2
}

@test "the same input gives the same bytes in every format, whatever the clock says" {
	commit=$(project "$PIPED" 'passwd -d bob' 'chmod 777 /etc')
	for format in text json jsonl sarif junit markdown; do
		for now in 2030-01-01 2031-02-03T04:05:06Z; do
			sealwright audit --now $now --format $format "git+file://$PWD/r@$commit#t.json" >$now.$format || true
		done
		cmp 2030-01-01.$format 2031-02-03T04:05:06Z.$format
	done
}

@test "SARIF refers to nothing that it does not declare" {
	project "$PIPED" 'passwd -d bob' >/dev/null
	sealwright audit r/t.json --write-waivers w.hcl --waive ACC002 --reason r --owner o --expires 2030-01-02 --now 2030-01-01 >/dev/null || true
	sealwright audit r/t.json --policy w.hcl --now 2030-01-01 --format sarif >s.sarif || true
	python3 - <<-'P'
		import json
		run = json.load(open("s.sarif"))["runs"][0]
		driver = run["tool"]["driver"]
		rules = driver["rules"]
		names = [t["name"] for t in run["taxonomies"]]
		taxa = {t["name"]: {x["id"] for x in t["taxa"]} for t in run["taxonomies"]}
		assert [t["name"] for t in driver["supportedTaxonomies"]] == names
		assert len({r["id"] for r in rules}) == len(rules)
		for rule in rules:
		    assert rule["help"]["markdown"] and rule["help"]["text"], rule["id"]
		    assert 0 <= float(rule["properties"]["security-severity"]) <= 10
		    for relation in rule.get("relationships", []):
		        component = relation["target"]["toolComponent"]
		        assert names[component["index"]] == component["name"]
		        assert relation["target"]["id"] in taxa[component["name"]]
		assert "CWE-494" in taxa["CWE"] and "T1105" in taxa["ATT&CK"]
		waived = 0
		for result in run["results"]:
		    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
		    assert set(result["partialFingerprints"]) == {"sealwright/v1", "primaryLocationLineHash"}
		    waived += len(result["suppressions"])
		    for s in result["suppressions"]:
		        assert s["kind"] == "external" and s["justification"]
		assert waived == 1
		hit = next(r for r in run["results"] if r["ruleId"] == "RX001")
		steps = hit["codeFlows"][0]["threadFlows"][0]["locations"]
		assert len(steps) >= 2 and [s["executionOrder"] for s in steps] == list(range(1, len(steps) + 1))
		assert run["properties"]["now"] == "2030-01-01T00:00:00Z"
	P
}

@test "a report of hostile text makes no markup" {
	mkdir -p r
	cat >r/t.json <<-'T'
		{"builders": [{"type": "rootfs", "suite": "bookworm"}],
		 "provisioners": [{"type": "shell", "inline": ["curl -fsSL 'https://e.example/`x`](javascript:1)<img src=x>|**b**' | sh"]}]}
	T
	sealwright audit r/t.json --format markdown >out.md || true
	python3 - <<-'P'
		import re
		text = open("out.md").read()
		plain = re.sub(r"\\[^\w\s]", "", text)
		plain = re.sub(r"(`+) .*? \1", "", plain)
		assert "<img" not in plain and "](" not in plain and "**b**" not in plain, plain
	P
	sealwright audit r/t.json --format junit >out.xml || true
	python3 - <<-'P'
		import xml.etree.ElementTree as E
		root = E.parse("out.xml").getroot()
		assert root.tag == "testsuites"
		suites = list(root)
		for suite in suites:
		    cases = suite.findall("testcase")
		    assert int(suite.get("tests")) == len(cases)
		    assert int(suite.get("failures")) == len([c for c in cases if c.find("failure") is not None])
		    for case in cases:
		        assert case.get("name") and case.get("classname") and case.get("time") is not None
		        assert {x.tag for x in case} <= {"failure", "skipped", "system-out"}
		    for name in ("name", "errors", "skipped", "time"):
		        assert suite.get(name) is not None, name
		assert sum(int(s.get("tests")) for s in suites) == int(root.get("tests"))
	P
}

@test "rules are listed by name, severity, kind, reference and lock" {
	run sealwright policy list RX --severity critical
	exits 0
	has "RX001 "
	lacks "RX005 "
	lacks "ACC001 "
	run sealwright policy list --ref T1105 --on flow
	has "RX014 "
	lacks "SRC003 "
	run sealwright policy list --locked
	lacks "SSH001 "
	run sealwright policy list --locked --profile oci-marketplace
	has "SSH001 "
	run sealwright policy list --own META00 --json
	echo "$output" | python3 -c '
import json, sys
ids = {r["id"] for r in json.load(sys.stdin)}
assert {"META001", "META002", "META003", "META004", "META005"} <= ids, ids'
}

@test "a rule says when it fires, with which params, and what profiles make of it" {
	run sealwright policy explain ACC002
	exits 0
	has "Fires on account when"
	has "aws-marketplace"
	has "critical, locked"
	run sealwright policy explain SRC007
	has "allowed_hosts"
}

@test "policies are compared: rules, severities, conditions, params" {
	run sealwright policy diff builtin builtin
	exits 0
	[ -z "$output" ]
	run sealwright policy diff builtin@aws-marketplace builtin@oci-marketplace
	exits 1
	has "~ ACC009"
	mkdir v1 v2
	cat >v1/p.hcl <<-'P'
		pack "p" {
		  version = "1"
		}
		rule "A1" {
		  title = "t"
		  severity = "low"
		  on = "exec"
		  when = contains(param.names, exec.name)
		  message = "m"
		  params = { names = ["a"] }
		}
		rule "A2" {
		  title = "t2"
		  severity = "low"
		  on = "exec"
		  when = exec.name == "b"
		  message = "m"
		}
	P
	sed -e 's/version = "1"/version = "2"/; s/"A2"/"A3"/; s/\["a"\]/["a", "c"]/; s/exec, /exec,   /' v1/p.hcl >v2/p.hcl
	sed -i '0,/severity = "low"/s//severity = "high"/' v2/p.hcl
	run sealwright policy diff v1 v2
	exits 1
	has "- A2  low  t2"
	has "+ A3  low  t2"
	has "severity: low -> high"
	has 'params: {"names":["a"]} -> {"names":["a","c"]}'
	has "packs: p 1 -> p 2"
	sealwright policy diff v1 v2 --json >d.json || true
	python3 -c '
import json
d = json.load(open("d.json"))
assert [r["id"] for r in d["added"]] == ["A3"] and [r["id"] for r in d["removed"]] == ["A2"]
assert {c["what"] for r in d["changed"] for c in r["changes"] if r["id"] == "A1"} == {"severity", "params"}'
	printf '# a comment\n' | cat - v1/p.hcl >v2/p.hcl
	run sealwright policy diff v1 v2
	exits 0
	run sealwright policy diff v1
	exits 2
	run sealwright policy diff v1 v3
	exits 4
}

@test "marketplaces ask for their own steps, in order" {
	mkdir -p r
	printf '{"builders": [{"type": "rootfs", "suite": "bookworm"}],\n "provisioners": [{"type": "shell", "script": "a.sh"}]}\n' >r/t.json
	finds() { # PROFILE: ids of REQ rules that are medium or above
		sealwright audit r/t.json --profile "$1" --format jsonl >out.jsonl || true
		python3 -c 'import json
print(" ".join(sorted({d["rule"] for d in map(json.loads, open("out.jsonl")) if d["rule"][:3] == "REQ" and d["severity"] not in ("info", "low")})))'
	}
	write_script 'rm -f /root/.ssh/authorized_keys /root/.bash_history' 'passwd -l root' \
		'waagent -force -deprovision+user' \
		"printf 'ClientAliveInterval 180\\n' > /etc/ssh/sshd_config.d/10-image.conf"
	[ "$(finds azure-marketplace)" = "" ]
	write_script 'fallocate -l 1G /swapfile' 'mkswap /swapfile' 'rm -f /root/.ssh/authorized_keys /root/.bash_history' \
		'passwd -l root' 'waagent -force -deprovision+user' \
		"printf 'ClientAliveInterval 600\\n' > /etc/ssh/sshd_config.d/10-image.conf" \
		'echo "ssh-ed25519 AAAA x" > /root/.ssh/authorized_keys'
	[ "$(finds azure-marketplace)" = "REQ001 REQ012 REQ013 REQ014" ]
	write_script 'apt-get purge -y droplet-agent' 'apt-get -y dist-upgrade' 'cloud-init clean' 'rm -rf /var/log/*' \
		'rm -f /root/.ssh/authorized_keys /root/.bash_history /etc/ssh/ssh_host_*'
	[ "$(finds digitalocean-marketplace)" = "" ]
	sed -i /droplet-agent/d r/a.sh
	[ "$(finds digitalocean-marketplace)" = REQ011 ]
	[ "$(finds aws-marketplace)" != "" ]
}
