load lib

# The real input: the Redis repository, built on Debian's own mirror, as ./quickstart does it.
suite_setup() {
	cd "$BATS_FILE_TMPDIR"
	git clone -q --bare "$FIXTURES/redis/redis.bundle" redis.git
	COMMIT=$(cat "$FIXTURES/redis/COMMIT")
	SOURCE="git+file://$PWD/redis.git@$COMMIT#redis.json"
	export COMMIT SOURCE
	"$SEALWRIGHT" keygen --no-encryption --out key >/dev/null
	if "$SEALWRIGHT" build --key key.key --cache cache --except alicloud-ecs "$SOURCE" >stdout 2>stderr; then
		IMAGE=$(awk '$1 == "redis:" { print $2 }' stdout)
	elif grep -qE 'mmdebstrap|Temporary failure|Could not resolve|Unable to fetch' stderr stdout; then
		IMAGE=
	else
		cat stdout stderr
		return 1
	fi
	export IMAGE
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	[ -n "$IMAGE" ] || skip "no Debian mirror: $(tail -n 1 stderr)"
}

@test "the Redis image is built, signed and verified" {
	run sealwright verify out/redis.evidence --key key.pub --image-id "$IMAGE" --coverage processes \
		--commit "$COMMIT" --repository "file://$PWD/redis.git"
	exits 0
	has ": verified"
}

@test "the manifest holds apt-get, dpkg and every maintainer script, with digests" {
	python3 - <<-'P'
		import json
		lines = [json.loads(l) for l in open("out/redis.manifest.jsonl")]
		execs = [l for l in lines if l["type"] == "exec"]
		exes = {e["exe"].split("/")[-1] for e in execs}
		assert {"apt-get", "dpkg", "dpkg-deb"} <= exes, exes
		scripts = {e["script"].split("/")[-1] for e in execs if e.get("script")}
		for want in ("redis-server.postinst", "redis-tools.postinst", "libc-bin.postinst"):
		    assert want in scripts, (want, scripts)
		for e in execs:
		    assert len(e["exe_sha256"]) == 64, e
		    assert not e.get("script") or len(e["script_sha256"]) == 64, e
		assert not [l for l in lines if l["type"] == "gap"]
		by_id = {e["id"]: e for e in execs}
		script = next(e for e in execs if str(e.get("script", "")).endswith("redis-server.postinst"))
		chain = []
		while script:
		    chain.append(script["exe"].split("/")[-1])
		    script = by_id.get(script["parent"])
		assert "dpkg" in chain and "apt-get" in chain, chain
	P
}

@test "redis-server is in the image, and its id is what skopeo computes" {
	command -v skopeo >/dev/null || skip "no skopeo"
	layout=$PWD/out/redis/oci
	[ "sha256:$(skopeo inspect --config --raw "oci:$layout:bookworm" | sha256sum | cut -d' ' -f1)" = "$IMAGE" ]
	tar -tf out/redis/redis.tar | grep -q '^\(\./\)\?usr/bin/redis-server$'
}
