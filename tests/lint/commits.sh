#!/bin/sh
# Commit subjects: "folder: do the thing", at most 72 characters (60 is the aim).
set -eu
cd "$(dirname "$0")/../.."
# The work tree may belong to somebody else, as when root runs the checks.
history() {
	git -c safe.directory='*' "$@"
}
history rev-parse --verify -q HEAD >/dev/null 2>&1 || {
	echo "skipped: there is no git history here"
	exit 77
}
subjects=$(history log --no-merges --format=%s)
bad=$(printf '%s\n' "$subjects" |
	awk 'length($0) > 72 || !/^[a-z0-9._\/-]+(, [a-z0-9._\/-]+)*: [A-Za-z0-9]/')
[ -z "$bad" ] || {
	printf 'these subjects are not of the form "folder: do the thing":\n%s\n' "$bad"
	exit 1
}
