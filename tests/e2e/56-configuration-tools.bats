load lib

# Provisioners that stage files and run tools of the guest. The tools are stand-ins that tell how
# they were called; the files, directories and commands around them are the real ones.

programs="sh cat rm mkdir chmod ls mv stat touch find sort env"

write_tools() {
	mkdir -p r/tools
	for tool in chef-solo puppet salt-call ansible-playbook ansible-galaxy; do
		cat >"r/tools/$tool" <<-'S'
			#!/bin/sh
			echo "${0##*/} $*" >>/calls
		S
	done
	cat >>r/tools/puppet <<-'S'
		echo "facts $FACTER_packer_build_name $FACTER_role" >>/calls
		exit 2
	S
	printf '#!/bin/sh\n[ "$1" != -E ] || shift\nexec "$@"\n' >r/tools/sudo
	chmod 755 r/tools/*
}

write_sources() {
	mkdir -p r/cookbooks/web/recipes r/roles r/modules/m/manifests r/states/web r/play/roles/r/tasks
	echo 'package "nginx"' >r/cookbooks/web/recipes/default.rb
	echo '{}' >r/roles/r.json
	echo 'class m {}' >r/modules/m/manifests/init.pp
	echo 'include m' >r/site.pp
	echo 'base:' >r/states/top.sls
	echo 'nginx:' >r/states/web/init.sls
	echo 'id: x' >r/minion
	echo '- hosts: all' >r/play/site.yml
	echo '- debug:' >r/play/roles/r/tasks/main.yml
	printf 'roles:\n- src: a\n' >r/requirements.yml
}

# template NAME: stdin is the list of provisioners.
template() {
	{
		printf '{"builders": [{%s, "name": "one"}], "provisioners": [\n' "$rootfs"
		cat
		printf '\n]}\n'
	} >"r/$1.json"
}

write_templates() {
	template tools <<-'T'
		{"type": "file", "source": "tools/", "destination": "/bin/"},
		{"type": "chef-solo", "skip_install": true, "cookbook_paths": ["cookbooks"], "roles_path": "roles",
		 "run_list": ["recipe[web]"], "json": {"b": 1, "a": "{{build `ID`}}"}},
		{"type": "shell", "inline": ["find /tmp/packer-chef-solo | sort >/chef-files",
		  "cat /tmp/packer-chef-solo/solo.rb >/solo.rb"]},
		{"type": "puppet-masterless", "manifest_file": "site.pp", "module_paths": ["modules"],
		 "facter": {"role": "web"}, "extra_arguments": ["--verbose"], "clean_staging_directory": true},
		{"type": "salt-masterless", "skip_bootstrap": true, "local_state_tree": "states", "minion_config": "minion"},
		{"type": "ansible-local", "playbook_file": "play/site.yml", "playbook_dir": "play",
		 "galaxy_file": "requirements.yml", "staging_directory": "/staging", "inventory_groups": ["web"]},
		{"type": "hcp-sbom", "source": "/solo.rb", "destination": "sboms/x.json"},
		{"type": "hcp-sbom", "source": "/absent"},
		{"type": "shell", "inline": ["cat /calls", "ls -R /srv /etc/salt /staging"]},
		{"type": "file", "sources": ["/calls", "/chef-files", "/solo.rb", "/etc/salt/minion"], "destination": "got/",
		 "direction": "download"}
	T
	template windows <<-'T'
		{"type": "shell", "inline": ["true"]},
		{"type": "powershell", "inline": ["Get-Date"]}
	T
	template proxy <<-'T'
		{"type": "shell", "inline": ["true"]},
		{"type": "ansible", "playbook_file": "play/site.yml", "skip_version_check": true}
	T
	template secret <<-'T'
		{"type": "chef-solo", "skip_install": true, "encrypted_data_bag_secret_path": "/etc/chef/secret"}
	T
	template unknown <<-'T'
		{"type": "shell", "inline": ["true"]},
		{"type": "goss", "tests": ["x"]}
	T
	template formula <<-'T'
		{"type": "salt-masterless", "local_state_tree": "states", "skip_bootstrap": true, "formulas": ["git::https://example.org/f.git//x"]}
	T
	cat >r/goes-on.pkr.hcl <<-T
		source "rootfs" "one" {
		  base          = "$PWD/base.tar"
		  base_checksum = "sha256:$(sha256sum base.tar | cut -d' ' -f1)"
		  network       = "none"
		  formats       = ["tar"]
		}
		build {
		  sources = ["source.rootfs.one"]
		  provisioner "shell" {
		    inline            = ["echo before", "exit 9"]
		    max_retries       = 1
		    continue_on_error = true
		  }
		  provisioner "shell" {
		    inline = ["echo goes on"]
		  }
		}
	T
}

suite_setup() {
	cd "$BATS_FILE_TMPDIR"
	root=$(dirname "$BATS_TEST_FILENAME")
	"$root/make-tiny-rootfs" tiny $programs
	mkdir tiny/srv
	tar -C tiny --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf base.tar .
	rootfs='"type": "rootfs", "network": "none", "formats": ["tar"], "base": "'$PWD/base.tar'", '
	rootfs+='"base_checksum": "sha256:'$(sha256sum base.tar | cut -d' ' -f1)\"
	mkdir r
	write_tools
	write_sources
	write_templates
	make_repo r >commit
	S="git+file://$PWD/r@$(cat commit)#"
	export S SEALWRIGHT_CACHE=$PWD/cache
	"$SEALWRIGHT" keygen --no-encryption --out key >/dev/null
}

setup() {
	cd "$BATS_FILE_TMPDIR"
}

# refused TEMPLATE: a build that ends before anything is made.
refused() {
	run sealwright build --unsigned --threshold critical --out "refused-$1" "${S}$1.json"
	exits 3
	lacks "Starting the machine"
	[ -z "$(ls -A "refused-$1" 2>/dev/null)" ]
}

@test "configuration tools find what was staged for them, in Packer's order" {
	printf 'profile "here" {\n  opaque_limit = 100\n  threshold = "critical"\n}\n' >here.hcl
	run sealwright build --key key.key --policy here.hcl --profile here --out tools "${S}tools.json"
	exits 0
	image=$(awk '$2 ~ /^sha256:/ { print $2; exit }' <<<"$output")
	has "going on without it"
	got=tools/one/got
	diff <(printf '%s\n' \
		"chef-solo --no-color -c /tmp/packer-chef-solo/solo.rb -j /tmp/packer-chef-solo/node.json" \
		"puppet apply --detailed-exitcodes --modulepath=/tmp/packer-puppet-masterless/module-0 --verbose /tmp/packer-puppet-masterless/manifests/site.pp" \
		"facts one web" \
		"salt-call --local state.highstate --retcode-passthrough -l info" \
		"ansible-galaxy install -r /staging/requirements.yml -p /staging/galaxy_roles") <(head -5 "$got/calls")
	grep -q '^ansible-playbook /staging/site.yml --extra-vars packer_build_name=one packer_builder_type=rootfs' "$got/calls"
	grep -qx /tmp/packer-chef-solo/cookbooks-0/web/recipes/default.rb "$got/chef-files"
	grep -qx 'cookbook_path \["/tmp/packer-chef-solo/cookbooks-0"\]' "$got/solo.rb"
	grep -qx 'id: x' "$got/minion"
	cmp "$got/solo.rb" tools/one/sboms/x.json
	has "/srv/salt/web"
	run sealwright verify tools/one.evidence --key key.pub --image-id "$image" --policy-threshold critical
	[ "$status" -le 2 ]
}

@test "commands of Windows are refused before a Linux machine is made" {
	refused windows
	has "windows.json:3:"
	has "is a command of Windows"
}

@test "a value that nobody has is refused before the machine is made, with its place" {
	refused proxy
	has "proxy.json:3:"
	has "AnsibleProxyKeyFile"
	refused secret
	has "host:/etc/chef/secret"
}

@test "provisioner types that are not known are planned, audited and not built" {
	run sealwright plan "${S}unknown.json"
	exits 0
	has "not known, never runs"
	run sealwright audit "${S}unknown.json"
	exits 1
	has OBF010
	refused unknown
	has "unknown.json:3:"
	has 'provisioner type "goss" is not known'
	refused formula
	has "formula git::https://example.org/f.git//x"
}

@test "with continue_on_error a provisioner may fail, and the evidence still holds" {
	run sealwright build --key key.key --out goes-on "${S}goes-on.pkr.hcl"
	exits 0
	has "but continue_on_error is set; continuing the build."
	has "goes on"
	image=$(awk '$2 ~ /^sha256:/ { print $2; exit }' <<<"$output")
	evidence=$(find goes-on -name '*.evidence')
	run sealwright verify "$evidence" --key key.pub --image-id "$image"
	exits 0
}
