load lib

# Data sources of type http, asked at a server that is there.
suite_setup() {
	cd "$BATS_FILE_TMPDIR"
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
		-addext subjectAltName=DNS:localhost 2>/dev/null
	"$(dirname "$BATS_TEST_FILENAME")/https-server" cert.pem key.pem port 3>&- &
	echo $! >server
	for _ in $(seq 50); do
		[ -e port ] && break
		sleep 0.1
	done
	PORT=$(cat port)
	export PORT CURL_CA_BUNDLE=$PWD/cert.pem
}

teardown_file() {
	kill "$(cat "$BATS_FILE_TMPDIR/server")"
}

# template PATH [ARGUMENT...]: one that prints what PATH answers.
template() {
	path=$1
	shift
	cat >t.pkr.hcl <<-T
		variable "token" {
		  default   = "hush"
		  sensitive = true
		}
		data "http" "x" {
		  url = "https://localhost:$PORT/$path"
		  $*
		}
		source "null" "a" {
		  communicator = "none"
		}
		build {
		  sources = ["source.null.a"]
		  provisioner "shell-local" {
		    inline = ["echo \${trimspace(data.http.x.body)} \${lookup(data.http.x.request_headers, "Kind", "-")}"]
		  }
		}
	T
}

@test "a data source stays a hole until somebody asks it" {
	template release
	run sealwright plan --verbose t.pkr.hcl
	exits 0
	has "<hole:"
	lacks "12.1"
}

@test "what it returns is in the plan" {
	template release
	run sealwright plan --verbose --evaluate-datasources t.pkr.hcl
	exits 0
	has "echo 12.1 stable"
}

@test "redirects are followed, but not to http" {
	template moved
	run sealwright plan --verbose --evaluate-datasources t.pkr.hcl
	exits 0
	has "echo 12.1 stable"
	template plain
	run sealwright plan --evaluate-datasources t.pkr.hcl
	exits 3
	has "t.pkr.hcl:5:1"
}

@test "method, headers and body are sent" {
	template echo 'method = "POST"' '
		request_headers = { X-Token = "ours" }
		request_body = "q=1"'
	run sealwright plan --verbose --evaluate-datasources t.pkr.hcl
	exits 0
	has "echo POST ours q=1"
}

@test "a secret that is sent is shown neither in an answer nor in an error" {
	# shellcheck disable=SC2016 # for HCL
	template echo 'request_headers = { X-Token = var.token }'
	run sealwright plan --verbose --evaluate-datasources t.pkr.hcl
	exits 3
	has "repeats a sensitive value"
	lacks hush
	# shellcheck disable=SC2016 # for HCL
	template 'missing?${var.token}'
	run sealwright plan --verbose --evaluate-datasources t.pkr.hcl
	exits 3
	has "<sensitive:token>"
	lacks hush
}

@test "an answer that is none is an error with its place" {
	for path in missing binary large; do
		template "$path"
		run sealwright plan --evaluate-datasources t.pkr.hcl
		exits 3
		has "t.pkr.hcl:5:1"
	done
	template release
	CURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt run sealwright plan --evaluate-datasources t.pkr.hcl
	exits 3
	has "certificate"
	sed -i 's/https:/http:/' t.pkr.hcl
	run sealwright plan --evaluate-datasources t.pkr.hcl
	exits 3
	has "--data"
}

@test "a value that is given is not asked for" {
	template missing
	run sealwright plan --verbose --evaluate-datasources --data 'http.x={"body": "mine", "request_headers": {}}' t.pkr.hcl
	exits 0
	has "echo mine -"
}

@test "evidence holds what was returned, and verifies without the server" {
	"$BATS_TEST_DIRNAME/make-tiny-rootfs" tiny
	mkdir r
	tar -C tiny --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf r/base.tar .
	template release
	sed -e 's/source "null" "a"/source "rootfs" "a"/' -e 's/source.null.a/source.rootfs.a/' \
		-e 's/communicator = "none"/base = "base.tar"/' t.pkr.hcl >r/t.pkr.hcl
	commit=$(make_repo r)
	sealwright keygen --no-encryption --out key
	run sealwright build --key key.key --evaluate-datasources --threshold critical \
		--out out "git+file://$PWD/r@$commit#t.pkr.hcl"
	exits 0
	has "12.1 stable"
	image=$(sed -n 's/.*\(sha256:[0-9a-f]\{64\}\).*/\1/p' <<<"$output" | tail -n 1)
	CURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt run sealwright verify --key key.pub --image-id "$image" --commit "$commit" out/*.evidence
	exits 0
	has "verified"
}
