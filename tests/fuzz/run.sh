#!/bin/sh
# run.sh TARGET SEEDS CORPUS: fuzzes for a minute, from the seeds and what earlier runs found.
set -eu
name=$(basename "$2")
dict=$(dirname "$0")/dict/$name.dict
mkdir -p "$3"
if [ -f "$dict" ]; then
	set -- "$@" -dict="$dict"
fi
target=$1
shift
seeds=$1
corpus=$2
shift 2
# libFuzzer exits with 77 after a crash, which would count as a test that was skipped.
mkdir -p "$corpus-found"
"$target" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 \
	-max_len=65536 -artifact_prefix="$corpus-found/" "$@" "$corpus" "$seeds" || exit 1
