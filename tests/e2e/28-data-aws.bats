load lib

# Data sources of the plugin "amazon", asked at a server that checks signatures.
suite_setup() {
	cd "$BATS_FILE_TMPDIR" || return
	"$(dirname "$BATS_TEST_FILENAME")/aws-server" "$PWD/log" port 3>&- &
	echo $! >server
	for _ in $(seq 50); do
		[ -e port ] && break
		sleep 0.1
	done
	PORT=$(cat port)
	export PORT AWS_ENDPOINT_URL=http://127.0.0.1:$PORT LOG=$PWD/log
	export AWS_CONFIG_FILE=$PWD/config AWS_SHARED_CREDENTIALS_FILE=$PWD/credentials
	cat >config <<-C
		[default]
		region = eu-west-1
		[profile team]
		region = eu-west-1
		role_arn = arn:aws:iam::123456789012:role/images
		source_profile = base
		external_id = x
		[profile wrong]
		region = eu-west-1
	C
	cat >credentials <<-C
		[base]
		aws_access_key_id = AKIDEXAMPLE
		aws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
		[wrong]
		aws_access_key_id = AKIDEXAMPLE
		aws_secret_access_key = not-this-one
	C
	unset AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
}

teardown_file() {
	kill "$(cat "$BATS_FILE_TMPDIR/server")"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export AWS_PROFILE=base
	: >"$LOG"
}

# template FILTERS [LINE...]: one that prints the image which is found.
template() {
	filters=$1
	shift
	cat >t.pkr.hcl <<-T
		variable "key" {
		  default   = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
		  sensitive = true
		}
		data "amazon-ami" "x" {
		  filters = { $filters }
		  owners  = ["self"]
		  region  = "eu-west-1"
		$(printf '  %s\n' "$@")
		}
		source "null" "a" {
		  communicator = "none"
		}
		build {
		  sources = ["source.null.a"]
		  provisioner "shell-local" {
		    inline = [
		      "echo \${data.amazon-ami.x.id} \${data.amazon-ami.x.name} \${data.amazon-ami.x.creation_date}",
		      "echo \${data.amazon-ami.x.owner} \${data.amazon-ami.x.owner_name} \${jsonencode(data.amazon-ami.x.tags)}",
		    ]
		  }
		}
	T
}

asked() {
	run sealwright plan --verbose --evaluate-datasources "$@" t.pkr.hcl
}

@test "an image is a hole until somebody asks" {
	template 'name = "web-2"'
	run sealwright plan --verbose t.pkr.hcl
	exits 0
	has "<hole:"
	[ ! -s "$LOG" ]
}

@test "the image that the filters leave is in the plan" {
	template 'name = "web-2"'
	asked
	exits 0
	has "echo ami-2 web-2 2026-03-01T00:00:00.000Z"
	has 'echo 123456789012 self {"os":"a \u0026 b","sp ace":" x "}'
}

@test "pages are read to the end, and the newest image counts" {
	template 'name = "web*"' 'most_recent = true'
	asked
	exits 0
	has "echo ami-2 "
	[ "$(cat "$LOG")" = "$(printf 'ec2 eu-west-1 DescribeImages %s\n' - 2)" ]
	template 'name = "web*"'
	asked
	exits 3
	has "t.pkr.hcl:5:1: error: data.amazon-ami.x: 3 images pass the filters"
}

@test "a filter takes several values, in quotes with commas" {
	template 'name = "db-2, \"web,3\""'
	asked
	exits 0
	has "echo ami-4 web,3"
}

@test "deprecated images are found when they are asked for" {
	template 'name = "old"'
	asked
	exits 3
	has "no image of these owners passes the filters"
	template 'name = "old"' 'include_deprecated = true'
	asked
	exits 0
	has "echo ami-5 old"
}

@test "keys come from the template, the environment and profiles" {
	unset AWS_PROFILE
	template 'name = "web-2"' 'access_key = "AKIDEXAMPLE"' 'secret_key = var.key'
	asked
	exits 0
	has "echo ami-2"
	template 'name = "web-2"' 'profile = "base"'
	asked
	exits 0
	template 'name = "web-2"'
	asked
	exits 3
	has "profile default: has no keys"
	AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null asked
	exits 3
	has "is not a regular file"
	: >none
	AWS_CONFIG_FILE=none AWS_SHARED_CREDENTIALS_FILE=none asked
	exits 3
	has "no credentials"
	AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY asked
	exits 0
	AWS_PROFILE=wrong asked
	exits 3
	has "SignatureDoesNotMatch"
	lacks "not-this-one"
}

@test "a role is assumed with the keys of another profile, or as the template says" {
	template 'name = "web-2"'
	AWS_PROFILE=team asked
	exits 0
	has "echo ami-2"
	[ "$(head -n 1 "$LOG")" = "sts eu-west-1 AssumeRole -" ]
	template 'name = "web-2"' 'assume_role {' 'role_arn = "arn:aws:iam::123456789012:role/images"' \
		'session_name = "s"' 'tags = { a = "b" }' '}'
	asked
	exits 0
	has "echo ami-2"
	template 'name = "web-2"' 'assume_role {' 'role_arn = "arn:aws:iam::123456789012:role/other"' '}'
	asked
	exits 3
	has "sts AssumeRole: AccessDenied"
}

@test "throttled requests are sent again, but not for ever" {
	template 'name = "web-2"'
	sed -i 's/eu-west-1/busy-3/' t.pkr.hcl
	asked
	exits 0
	has "echo ami-2"
	[ "$(wc -l <"$LOG")" -eq 4 ]
	template 'name = "web-2"' 'max_retries = 2'
	sed -i 's/eu-west-1/busy-9/' t.pkr.hcl
	asked
	exits 3
	has "after 2 attempts: RequestLimitExceeded: Request limit exceeded."
}

@test "what the service says is told as it said it, on one line" {
	template 'name = "web-2"'
	sed -i 's/eu-west-1/denied-1/' t.pkr.hcl
	asked
	exits 3
	has "ec2 DescribeImages: UnauthorizedOperation: You are not authorized to perform this operation."
	lacks $'\x1b'
	[ "$(grep -c error: <<<"$output")" -eq 1 ]
	[ "$(wc -l <"$LOG")" -eq 1 ]
}

@test "an answer that is cut is no answer" {
	template 'name = "web-2"'
	sed -i 's/eu-west-1/broken-1/' t.pkr.hcl
	asked
	exits 3
	has "an element without its end"
}

@test "what cannot be as it is said is an error with a way out" {
	template 'name = "web-2"' 'custom_endpoint_ec2 = "http://ec2.example.org"'
	asked
	exits 3
	has "only leads to this machine"
	template 'name = "web-2"' 'insecure_skip_tls_verify = true'
	asked
	exits 3
	has "AWS_CA_BUNDLE"
	template 'name = "web-2"' 'custom_endpoint_ec2 = "http://127.0.0.1:1"'
	asked
	exits 3
	has "after 3 attempts"
	template 'name = "web-2"' 'ownrs = ["self"]'
	asked
	exits 3
	has "ownrs"
	template 'name = "web-2"'
	sed -i '/owners/d' t.pkr.hcl
	asked
	exits 3
	has '"owners" is required'
}

@test "an endpoint of its own is asked" {
	template 'name = "web-2"' "custom_endpoint_ec2 = \"http://localhost:$PORT\""
	AWS_ENDPOINT_URL=http://127.0.0.1:1 asked
	exits 0
	has "echo ami-2"
}

@test "secrets are neither in an answer nor in an error" {
	# shellcheck disable=SC2016 # for HCL
	template 'name = var.key'
	sed -i 's/"wJal.*KEY"/"web-2"/' t.pkr.hcl
	asked
	exits 3
	has "repeats a sensitive value"
	lacks "web-2"
}

# parameter TYPE NAME [LINE...]
parameter() {
	cat >t.pkr.hcl <<-T
		data "$1" "p" {
		  name   = "$2"
		  region = "eu-west-1"
		  ${3:-}
		}
		source "null" "a" {
		  communicator = "none"
		}
		build {
		  sources = ["source.null.a"]
		  provisioner "shell-local" {
		    inline = ["echo \${data.$1.p.value}"]
		  }
		}
	T
}

@test "parameters are asked for, but for secrets" {
	parameter amazon-parameterstore /plain
	asked
	exits 0
	has "echo v1"
	parameter amazon-parameterstore /list
	asked
	has "echo a,b"
	parameter amazon-parameterstore /none
	asked
	exits 3
	has "ssm GetParameter: ParameterNotFound"
	parameter amazon-parameterstore /secret 'with_decryption = true'
	asked
	exits 0
	has "the parameter is a secret"
	has "<hole:data.amazon-parameterstore.p.value>"
	parameter amazon-secretsmanager s
	asked
	exits 0
	has "its values are secrets"
	has "--data amazon-secretsmanager.p=JSON"
	asked --data 'amazon-secretsmanager.p={"value": "mine"}'
	exits 0
	has "echo mine"
}

@test "types that nobody knows are told" {
	parameter hcp-packer-image s
	sed -i 's/name .*//; s/region.*//' t.pkr.hcl
	asked
	exits 0
	has "data.hcp-packer-image.p: warning: data sources of this type are not asked"
	has "--data hcp-packer-image.p=JSON"
}
