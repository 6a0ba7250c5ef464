#!/bin/sh
# run.sh TARGET SEEDS CORPUS: fuzzes for a minute, from the seeds and what earlier runs found.
set -eu
mkdir -p "$3"
exec "$1" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 -max_len=65536 "$3" "$2"
