load lib

# Data sources of the plugin "git", answered from the template's own repository.
suite_setup() {
	cd "$BATS_FILE_TMPDIR"
	git init -q -b main r
	cd r
	mkdir -p images/web
	echo one >first
	git add -A
	git commit -q -m first
	git tag v1
	git branch old
	cat >images/web/t.pkr.hcl <<-'T'
		variable "at" {
		  default = "HEAD"
		}
		data "git-repository" "r" {}
		data "git-commit" "c" {
		  path       = path.root
		  commit_ish = var.at
		}
		data "git-tree" "f" {
		  commit_ish = var.at
		}
		source "null" "a" {
		  communicator = "none"
		}
		build {
		  sources = ["source.null.a"]
		  provisioner "shell-local" {
		    inline = [
		      "echo head ${data.git-repository.r.head} of ${join(",", data.git-repository.r.branches)}",
		      "echo tags ${join(",", data.git-repository.r.tags)} clean ${data.git-repository.r.is_clean}",
		      "echo commit ${data.git-commit.c.hash} tree ${data.git-commit.c.tree_hash}",
		      "echo 'by ${data.git-commit.c.author} and ${data.git-commit.c.committer} at ${data.git-commit.c.timestamp}'",
		      "echo parents ${join(",", data.git-commit.c.parent_hashes)} in ${join(",", data.git-commit.c.branches)}",
		      "echo says ${jsonencode(data.git-commit.c.message)} signed '${data.git-commit.c.pgp_signature}'",
		      "echo files ${join(",", data.git-tree.f.files)} of ${data.git-tree.f.hash}",
		    ]
		  }
		}
	T
	git add -A
	git commit -q -m "second

with a body"
	COMMIT=$(git rev-parse HEAD)
	FIRST=$(git rev-parse v1)
	TREE=$(git rev-parse 'HEAD^{tree}')
	export COMMIT FIRST TREE
}

asked() {
	run sealwright plan --verbose --evaluate-datasources "$@"
	exits 0
}

shows_second() {
	has "head main of main,old"
	has "tags v1 clean true"
	has "commit $COMMIT tree $TREE"
	has "by Author <author@example.org> and Author <author@example.org> at 2026-01-15T12:00:00Z"
	has "parents $FIRST in main"
	has 'says "second\n\nwith a body\n" signed '
	has "files first,images/web/t.pkr.hcl of $COMMIT"
}

# inline script of a plan.
script() {
	sed -n '/echo head/,/echo files/p' <<<"$output"
}

@test "they stay holes until somebody asks" {
	run sealwright plan --verbose "$BATS_FILE_TMPDIR/r/images/web/t.pkr.hcl"
	exits 0
	has "<hole:"
	lacks "$COMMIT"
}

@test "the same by URL, by path and in the working directory" {
	r=$BATS_FILE_TMPDIR/r
	asked "git+file://$r@$COMMIT#images/web/t.pkr.hcl"
	shows_second
	first=$(script)
	asked --repo "$r" --commit "$COMMIT" --template images/web/t.pkr.hcl
	shows_second
	[ "$(script)" = "$first" ]
	asked --repo "$r" --branch main --template images/web/t.pkr.hcl --cwd .
	shows_second
	[ "$(script)" = "$first" ]
	asked "$r/images/web"
	shows_second
	[ "$(script)" = "$first" ]
	cd "$r"
	asked --cwd images/web images/web/t.pkr.hcl
	shows_second
	[ "$(script)" = "$first" ]
}

@test "the repository of a pinned template is the pinned commit, whatever lies around it" {
	cp -r "$BATS_FILE_TMPDIR/r" r
	echo changed >r/first
	git -C r checkout -q old
	asked --allow-dirty --repo r --commit "$COMMIT" --template images/web/t.pkr.hcl
	shows_second
	asked "git+file://$PWD/r@$COMMIT#images/web/t.pkr.hcl"
	shows_second
}

@test "a changed work tree is not clean" {
	cp -r "$BATS_FILE_TMPDIR/r" r
	touch r/new
	asked r/images/web
	has "clean false"
	git -C r checkout -q --detach
	asked r/images/web
	has "head HEAD of main,old"
}

@test "other commits are found by name, by id and by way" {
	r=$BATS_FILE_TMPDIR/r
	for at in v1 old refs/heads/old HEAD~1 "HEAD^" "${FIRST:0:9}" "$FIRST" main~1; do
		for source in "$r/images/web" "git+file://$r@$COMMIT#images/web"; do
			asked -var "at=$at" "$source"
			has "commit $FIRST tree"
			has "files first of $FIRST"
			has "parents  in old"
		done
	done
}

@test "what the repository does not know stays a hole, and is told" {
	for at in v2 HEAD~7 "HEAD@{1}" ":/first" v1..main --all; do
		asked -var "at=$at" "$BATS_FILE_TMPDIR/r/images/web"
		has "data.git-commit.c: warning"
		has "--data git-commit.c=JSON"
		has "<hole:data.git-commit.c.hash>"
	done
	# What is given is taken as it is.
	run sealwright plan --verbose --evaluate-datasources -var at=v2 --data 'git-commit.c={"hash": "mine"}' \
		--data 'git-tree.f={"hash": "", "files": []}' "$BATS_FILE_TMPDIR/r/images/web"
	exits 3
	has "tree_hash"
}

@test "a path out of the repository, and no repository, are told" {
	mkdir plain
	sed 's/path.root/"..\/..\/..\/.."/' "$BATS_FILE_TMPDIR/r/images/web/t.pkr.hcl" >plain/t.pkr.hcl
	asked plain/t.pkr.hcl
	has "data.git-commit.c: warning: \"../../../..\" leads out"
	has "data.git-tree.f: warning: the template is in no repository"
}

@test "a signature is told as the commit has it" {
	cp -r "$BATS_FILE_TMPDIR/r" r
	cat >object <<-O
		tree $TREE
		parent $COMMIT
		author A <a@example.org> 1768478400 +0100
		committer C <c@example.org> 1768478460 +0000
		gpgsig -----BEGIN PGP SIGNATURE-----
		 
		 abc
		 -----END PGP SIGNATURE-----

		third
	O
	commit=$(git -C r hash-object -t commit -w --stdin <object)
	git -C r update-ref refs/heads/signed "$commit"
	run sealwright plan --json --evaluate-datasources "git+file://$PWD/r@$commit#images/web/t.pkr.hcl"
	exits 0
	has 'signed '"'"'-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n'"'"
	has "head signed of main,old,signed"
	has "by A <a@example.org> and C <c@example.org> at 2026-01-15T12:01:00Z"
}

@test "a submodule answers for itself" {
	git init -q -b trunk inner
	echo x >inner/x
	git -C inner add -A
	git -C inner commit -q -m inner
	cp -r "$BATS_FILE_TMPDIR/r" r
	git -C r -c protocol.file.allow=always submodule --quiet add "file://$PWD/inner" images/inner 2>/dev/null
	sed -i 's/path.root/"..\/inner"/' r/images/web/t.pkr.hcl
	git -C r add -A
	git -C r commit -q -m outer
	asked "git+file://$PWD/r@$(git -C r rev-parse HEAD)#images/web/t.pkr.hcl"
	has "commit $(git -C inner rev-parse HEAD) tree"
	has "files .gitmodules,first,images/web/t.pkr.hcl of"
	has "in trunk"
}

@test "evidence holds what was told, and verifies without the repository" {
	cp -r "$BATS_FILE_TMPDIR/r" r
	"$BATS_TEST_DIRNAME/make-tiny-rootfs" tiny
	tar -C tiny --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf r/base.tar .
	sed -i -e 's/source "null" "a"/source "rootfs" "a"/' -e 's/source.null.a/source.rootfs.a/' \
		-e 's/communicator = "none"/base = "base.tar"/' -e 's/shell-local/shell/' r/images/web/t.pkr.hcl
	git -C r add -A
	git -C r commit -q -m base
	commit=$(git -C r rev-parse HEAD)
	sealwright keygen --no-encryption --out key
	run sealwright build --key key.key --evaluate-datasources --threshold critical \
		--out out "git+file://$PWD/r@$commit#images/web/t.pkr.hcl"
	exits 0
	has "head main of main,old"
	image=$(sed -n 's/.*\(sha256:[0-9a-f]\{64\}\).*/\1/p' <<<"$output" | tail -n 1)
	rm -rf r
	run sealwright verify --key key.pub --image-id "$image" --commit "$commit" out/*.evidence
	exits 0
	has "verified"
}
