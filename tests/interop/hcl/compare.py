#!/usr/bin/env python3
"""HCL as others read it: compare.py SEALWRIGHT WORK

Every HCL file of the corpus is accepted by us if and only if HashiCorp's library and hcl2json
accept it, and is laid out byte for byte as the library does it. WORK holds the other programs.
"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "corpus"))
import corpus  # noqa: E402

SECONDS = 60


def ask(command, lines, cwd):
    """One JSON answer for each line."""
    done = subprocess.run(command, input="".join(f"{l}\n" for l in lines), cwd=cwd, text=True,
                          stdout=subprocess.PIPE, check=True)
    answers = [json.loads(l) for l in done.stdout.split("\n")[:-1]]
    if len(answers) != len(lines):
        raise SystemExit(f"{command[0]}: {len(answers)} answers to {len(lines)} questions")
    return answers


def files():
    for entry in corpus.repositories():
        try:
            root = corpus.fetch(entry)
        except corpus.Unavailable as e:
            print(f"not had: {e}")
            continue
        for path in sorted(root.rglob("*")):
            if path.suffix in (".hcl", ".tf") and path.is_file() and not path.is_symlink():
                yield path


def layout(program, path):
    """(status, text) of fmt."""
    with open(path, "rb") as f:
        done = subprocess.run([program, "fmt", "-"], stdin=f, capture_output=True, timeout=SECONDS)
    return done.returncode, done.stdout


def compare_files(program, work, pool):
    paths = list(files())
    library = ask([str(work / "oracle"), "files"], paths, work)
    converter = ask(["node", "hcl2json.mjs"], paths, work)
    wrong = accepted = 0
    ours = pool.map(lambda p: layout(program, p), paths)
    for path, a, b, (status, text) in zip(paths, library, converter, ours):
        accepted += a["ok"]
        if status not in (0, 3):
            why = f"status {status}"
        elif (status == 0) != a["ok"]:
            why = f"we: {status == 0}, the library: {a['ok']} {a.get('error', '')[:200]}"
        elif (status == 0) != b["ok"]:
            why = f"we: {status == 0}, hcl2json: {b['ok']} {b.get('error', '')[:200]}"
        elif status == 0 and text != a.get("formatted", "").encode():
            why = "is laid out otherwise"
        else:
            continue
        wrong += 1
        print(f"FAILED {path}: {why}")
    print(f"{len(paths)} files, {accepted} accepted, {len(paths) - accepted} rejected: "
          f"{wrong} differences")
    return wrong, len(paths)


def main():
    program, work = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        wrong, count = compare_files(program, work, pool)
    if not count:
        print("skipped: no repository of the corpus can be had")
        return 77
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
