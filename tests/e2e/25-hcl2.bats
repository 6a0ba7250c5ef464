load lib

# A directory of HCL2 files: typed and sensitive variables, locals, data, dynamic blocks.
suite_setup() {
	cd "$BATS_FILE_TMPDIR"
	root=$(dirname "$BATS_TEST_FILENAME")
	"$root/make-tiny-rootfs" tiny
	mkdir -p r/images/web/scripts
	tar -C tiny --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf r/images/web/base.tar .
	sum=$(sha256sum r/images/web/base.tar | cut -d' ' -f1)
	cat >r/images/web/variables.pkr.hcl <<-T
		packer {
		  required_version = ">= 1.7.0"
		}
		variable "motto" {
		  type = string
		}
		variable "password" {
		  type      = string
		  sensitive = true
		}
		variable "files" {
		  type    = map(string)
		  default = { a = "first", b = "second" }
		}
		variable "sizes" {
		  type    = list(number)
		  default = []
		  validation {
		    condition     = length(var.sizes) < 4
		    error_message = "At most three sizes."
		  }
		}
		variable "secrets" {
		  type      = list(string)
		  default   = []
		  sensitive = true
		}
		variable "checksum" {
		  default = "sha256:$sum"
		}
		variable "loud" {
		  type    = bool
		  default = false
		}
	T
	cat >r/images/web/build.pkr.hcl <<-'T'
		locals {
		  shout = var.loud ? upper(var.motto) : var.motto
		}
		data "http" "release" {
		  url = "https://example.org/release.json"
		}
		source "rootfs" "tiny" {
		  base          = "${path.root}/base.tar"
		  base_checksum = var.checksum
		  formats       = ["oci"]
		  image_name    = "tiny"
		  tag           = "1"
		}
		build {
		  name    = "web"
		  sources = ["source.rootfs.tiny"]

		  dynamic "provisioner" {
		    for_each = var.files
		    labels   = ["file"]
		    content {
		      content     = provisioner.value
		      destination = "/etc/${provisioner.key}.txt"
		    }
		  }
		  provisioner "shell" {
		    env = {
		      MOTTO    = local.shout
		      PASSWORD = var.password
		      SECRETS  = join(" ", var.secrets)
		    }
		    inline = [
		      "echo \"$MOTTO\" >/etc/motto; cat /etc/motto",
		      "echo ${join(" ", var.sizes)} {{build_type}} ${data.http.release.body}",
		      "echo the password is $PASSWORD >/dev/null",
		    ]
		  }
		  provisioner "shell" {
		    script = "${path.root}/scripts/setup.sh"
		    only   = ["rootfs.tiny"]
		  }
		}
	T
	echo 'motto = "ship it"' >r/images/web/site.auto.pkrvars.hcl
	printf '#!/bin/sh\nmkdir -p /srv/app\n' >r/images/web/scripts/setup.sh
	COMMIT=$(make_repo r)
	SOURCE="git+file://$PWD/r@$COMMIT#images/web"
	export COMMIT SOURCE
	export SEALWRIGHT_CACHE=$PWD/cache
	"$SEALWRIGHT" keygen --no-encryption --out key >/dev/null
	PKR_VAR_password=hunter2secret PKR_VAR_sizes='[1, 2, 3]' "$SEALWRIGHT" build --key key.key --out out \
		--var loud=true --var 'secrets=["s3cr3t-one", "s3cr3t-two"]' \
		--data 'http.release={"body": "v7"}' "$SOURCE" >stdout 2>stderr || {
		cat stdout stderr
		return 1
	}
	IMAGE=$(awk '$1 == "web.rootfs.tiny:" { print $2 }' stdout)
	export IMAGE
}

setup() {
	cd "$BATS_FILE_TMPDIR"
}

@test "an HCL2 template is built" {
	run cat stderr
	has "SHIP IT"
	has "1 2 3 rootfs v7"
	lacks "hunter2secret"
	lacks "s3cr3t"
}

@test "its evidence verifies, without the values that were withheld" {
	evidence=$(find out -name '*.evidence')
	run sealwright verify "$evidence" --key key.pub --image-id "$IMAGE" --commit "$COMMIT"
	exits 0
	mkdir -p opened
	tar -C opened -xf "$evidence"
	run grep -ra 'hunter2secret\|s3cr3t' opened out
	exits 1
}

@test "sensitive values of any type are withheld, and the plan is made again without them" {
	mkdir s
	"$BATS_TEST_DIRNAME/make-tiny-rootfs" s-tiny
	tar -C s-tiny --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf s/base.tar .
	cat >s/t.pkr.hcl <<-'T'
		variable "ports" {
		  type      = list(number)
		  sensitive = true
		}
		variable "flags" {
		  type      = map(bool)
		  sensitive = true
		}
		variable "both" {
		  type      = object({ n = number, names = list(string) })
		  sensitive = true
		}
		source "rootfs" "x" {
		  base = "base.tar"
		}
		build {
		  sources = ["rootfs.x"]
		  dynamic "provisioner" {
		    for_each = keys(var.flags)
		    labels   = ["shell"]
		    content {
		      inline = ["echo ${provisioner.value}"]
		    }
		  }
		  provisioner "shell" {
		    inline = [for p in var.ports : "echo ${p}"]
		  }
		  provisioner "shell" {
		    inline = concat(["echo ${var.both.n}"], [for n in var.both.names : "echo ${n}"])
		  }
		}
	T
	commit=$(make_repo s)
	run sealwright build --key key.key --threshold critical --out s-out -var 'ports=[4711, 4712]' \
		-var 'flags={a=true, b=false}' -var 'both={n=4713, names=["x1", "x2"]}' \
		"git+file://$PWD/s@$commit#t.pkr.hcl"
	exits 0
	image=$(sed -n 's/.*\(sha256:[0-9a-f]\{64\}\).*/\1/p' <<<"$output" | tail -n 1)
	run sealwright verify s-out/*.evidence --key key.pub --image-id "$image" --commit "$commit"
	exits 0
	has "verified"
}

@test "a directory of this machine is a template for the verbs that only read" {
	run sealwright validate --var password=x --data 'http.release={"body": "v7"}' r/images/web
	exits 0
	run sealwright plan --var password=x r/images/web
	exits 0
	has "<hole:data.http.release.body>"
	run sealwright plan --var password=x --cwd . r/images/web
	exits 0
	has "images/web/scripts/setup.sh"
}

@test "what is wrong is told with its place" {
	run sealwright plan --var pasword=x r/images/web
	exits 3
	has 'variable "pasword" is not declared'
	has 'did you mean "password"?'
	run sealwright plan --var password=x --var 'sizes=[1, 2, 3, 4]' r/images/web
	exits 3
	has "At most three sizes."
	run sealwright plan --var password=x --only 'web.qemu.*' r/images/web
	exits 3
	has 'no build is named "web.qemu.*"'
	run sealwright plan --var password=x --only 'web.*.tiny' r/images/web
	exits 0
}
