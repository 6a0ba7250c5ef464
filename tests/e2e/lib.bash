# What every suite loads: a clean environment, a temporary directory, and repositories with fixed ids.

setup_file() {
	export SEALWRIGHT=${SEALWRIGHT:-$PWD/build/release/cmd/sealwright}
	export GIT_AUTHOR_NAME=Author GIT_AUTHOR_EMAIL=author@example.org
	export GIT_COMMITTER_NAME=Author GIT_COMMITTER_EMAIL=author@example.org
	export GIT_AUTHOR_DATE=2026-01-15T12:00:00Z GIT_COMMITTER_DATE=2026-01-15T12:00:00Z
	export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
	export FIXTURES=$PWD/fixtures
	unset SEALWRIGHT_CACHE SEALWRIGHT_PASSWORD
	if declare -F suite_setup >/dev/null; then suite_setup; fi
}

setup() {
	cd "$BATS_TEST_TMPDIR"
}

sealwright() {
	"$SEALWRIGHT" "$@"
}

# make_repo DIR: everything below DIR becomes one commit; its id is printed.
make_repo() {
	git init -q -b main "$1"
	git -C "$1" add -A
	git -C "$1" commit -q -m "$1"
	git -C "$1" rev-parse HEAD
}

# has TEXT: the output of the last run holds it.
has() {
	[[ $output == *"$1"* ]] || {
		printf 'no "%s" in:\n%s\n' "$1" "$output"
		return 1
	}
}

# lacks TEXT: it does not.
lacks() {
	[[ $output != *"$1"* ]] || {
		printf '"%s" is in:\n%s\n' "$1" "$output"
		return 1
	}
}

# exits N: with that status.
exits() {
	[ "$status" -eq "$1" ] || {
		printf 'status %s, not %s:\n%s\n' "$status" "$1" "$output"
		return 1
	}
}
