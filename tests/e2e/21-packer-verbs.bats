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
