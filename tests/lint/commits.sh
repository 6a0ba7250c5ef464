#!/bin/sh
# Commit subjects: "folder: do the thing", at most 72 characters (60 is the aim).
set -eu
cd "$(dirname "$0")/../.."
git rev-parse --verify -q HEAD >/dev/null || exit 77
bad=$(git log --no-merges --format=%s | awk 'length($0) > 72 || !/^[a-z0-9._\/-]+(, [a-z0-9._\/-]+)*: [a-z0-9]/')
[ -z "$bad" ] || {
	printf 'these subjects are not of the form "folder: do the thing":\n%s\n' "$bad"
	exit 1
}
