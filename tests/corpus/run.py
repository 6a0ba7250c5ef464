#!/usr/bin/env python3
"""How much of the corpus is read: tests/corpus/run.py [--list] SEALWRIGHT [REPOSITORY...]

Runs validate, plan and audit for every unit and reports, per repository, how many plan fully
resolved, with holes (which), partially (files are not in the commit), and fail (why). Fails for a crash, for a unit that is
rejected and should not be, and for one that should be and is not. Where a repository cannot be
had it says so; when none can be had it exits with 77.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys

import corpus

SECONDS = 300
# Values that exist only while a build runs: no template can say them.
RUN_TIME = {"ID", "Host", "Port", "User", "Password", "ConnType", "PackerRunUUID", "PackerHTTPIP",
            "PackerHTTPPort", "PackerHTTPAddr", "SSHPublicKey", "SSHPrivateKey",
            "SSHPrivateKeyFile", "WinRMPassword", "Script", "HTTPIP", "HTTPPort", "HTTPDir",
            "OutputDir", "SSHHostPort", "SSHTemporaryKeyPairName", "SourceAMI", "SourceAMIName",
            "Name", "tree", "AnsibleProxyKeyFile", "AnsibleProxyPort", "BuildHostUser"}
# Statuses of the verbs that are answers; anything else is a crash.
ANSWERS = {0, 1, 2, 3, 4, 5}


# The repository's own Makefile and the like make these, or a reader's machine has them.
ABSENT = re.compile(rb"not in the commit|leaves the repository|must be relative|matches no file")


class Result:
    def __init__(self, unit):
        self.unit = unit
        self.state = ""
        self.message = ""
        self.partial = []  # the option, when files are not in the commit
        self.holes = collections.Counter()
        self.opaque = collections.Counter()
        self.builds = self.steps = self.findings = 0


def environment(unit):
    e = {k: os.environ[k] for k in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
         if k in os.environ}
    return e | {"HOME": "/nonexistent", "LC_ALL": "C.UTF-8"} | unit.environment


def options(unit, verb):
    out = []
    for f in unit.var_files:
        out += ["--var-file", f]
    for name, value in unit.variables.items():
        out += ["--var", f"{name}={value}"]
    if unit.cwd:
        out += ["--cwd", unit.cwd]
    # Without values of variables the names of builds are not known, and Packer does not look.
    if unit.only and "--syntax-only" not in verb:
        out += ["--only", unit.only]
    return out


def run(program, unit, verb, *more):
    """(status, out, err); status None: too slow."""
    try:
        done = subprocess.run([program, *verb, *options(unit, verb), *more, unit.template],
                              cwd=unit.directory, env=environment(unit), capture_output=True,
                              timeout=SECONDS, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return None, b"", f"no answer in {SECONDS} s".encode()
    return done.returncode, done.stdout, done.stderr


def crashed(status, err):
    return status not in ANSWERS or b"Sanitizer" in err or b"runtime error:" in err


REQUIRED = re.compile(rb"required variable not set: (\S+)")
NOT_OF_TYPE = re.compile(rb'variable "([^"]+)": the value is not of its type')
# What is tried in turn, as a person would who is asked for a value.
PLACEHOLDERS = ["string", "1", "false", '["string"]', '{ name = "string" }']


def missing_values(program, unit):
    """-var for what is required and was not given, as a person would be asked for it."""
    tried = {}
    for _ in range(len(PLACEHOLDERS) + 3):
        extra = [x for name, i in tried.items()
                 for x in ("--var", f"{name}={unit.values.get(name, PLACEHOLDERS[i])}")]
        status, _, err = run(program, unit, ["plan", "--json"], *extra)
        if status not in (1, 3):
            break
        wanted = {n.decode(): 0 for n in REQUIRED.findall(err)}
        for name in NOT_OF_TYPE.findall(err):
            if name.decode() in tried and name.decode() not in unit.values:
                wanted[name.decode()] = tried[name.decode()] + 1
        if not wanted or max(wanted.values()) >= len(PLACEHOLDERS):
            break
        tried.update(wanted)
    return extra


def texts(value):
    """Every hole in a plan."""
    if isinstance(value, dict):
        if set(value) == {"hole"}:
            yield value["hole"]
        for v in value.values():
            yield from texts(v)
    elif isinstance(value, list):
        for v in value:
            yield from texts(v)


def read_plans(result, out):
    for line in out.splitlines():
        plan = json.loads(line)
        result.builds += 1
        for hole in texts(plan):
            if hole.split(":")[0] not in RUN_TIME:
                result.holes[hole.split(":")[0]] += 1
        for group in plan["groups"]:
            result.steps += len(group["steps"])
            if any(s["type"] == "opaque" for s in group["steps"]):
                result.opaque[group["type"]] += 1


def last_line(err):
    lines = [l for l in err.decode("utf-8", "replace").splitlines() if l.strip()]
    errors = [l for l in lines if "error" in l.lower()]
    return (errors or lines or ["no message"])[0].strip()


def judge(result, program):
    unit = result.unit
    more = missing_values(program, unit)
    for verb in (["validate", "--syntax-only"], ["plan", "--json"], ["audit", "--format", "json"]):
        status, out, err = run(program, unit, [*verb, *result.partial], *more)
        if verb[0] == "plan" and status == 3 and ABSENT.search(err):
            result.partial = ["--partial"]
            result.message = last_line(err)
            status, out, err = run(program, unit, [*verb, *result.partial], *more)
        if crashed(status, err):
            result.state = "crash"
            result.message = f"{verb[0]}: status {status}: {err.decode('utf-8', 'replace')[:2000]}"
            return result
        if status not in ((0, 1) if verb[0] == "audit" else (0,)):
            result.state = "rejected" if verb[0] == "validate" else f"no {verb[0]}"
            result.message = last_line(err)
            return result
        if verb[0] == "plan":
            read_plans(result, out)
        elif verb[0] == "audit":
            result.findings = out.count(b'"rule"')
    result.state = "partial" if result.partial else "holes" if result.holes else "resolved"
    return result


def surprise(result):
    """What is wrong with a result, or None."""
    unit = result.unit
    if result.state == "crash":
        return "crashes"
    if unit.rejected:
        if result.state != "rejected" and not result.state.startswith("no "):
            return f"was to be rejected ({unit.rejected}), but is: {result.state}"
        return None if unit.rejected in result.message else "is rejected for another reason"
    return "is rejected" if result.state == "rejected" else \
        f"has {result.state}" if result.state.startswith("no ") else None


def report(name, results, everything):
    states = collections.Counter(r.state for r in results)
    wrong = [(r, surprise(r)) for r in results if surprise(r)]
    print(f"{name}: {len(results)} units: " +
          ", ".join(f"{n} {s}" for s, n in sorted(states.items())) +
          f"; {sum(r.builds for r in results)} builds, {sum(r.steps for r in results)} steps")
    for title, key in (("holes", "holes"), ("opaque", "opaque")):
        total = collections.Counter()
        for r in results:
            total.update(getattr(r, key).keys())
        if total:
            print(f"  {title}: " + ", ".join(f"{k} ({n} units)" for k, n in total.most_common(12)))
    for r in results:
        if everything:
            print(f"    {r.state:9} {r.unit.name} {r.message}")
    for r, why in wrong:
        print(f"  FAILED {r.unit.name} {why}: {r.message}")
    sys.stdout.flush()
    return len(wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="show every unit")
    parser.add_argument("--limit", type=int, default=0, help="at most so many units of each")
    parser.add_argument("program")
    parser.add_argument("repository", nargs="*")
    args = parser.parse_args()
    program = os.path.abspath(args.program)
    wrong = total = 0
    unavailable = []
    states = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for entry in corpus.repositories(args.repository):
            try:
                units = list(corpus.units(entry))
            except corpus.Unavailable as e:
                unavailable.append(str(e))
                continue
            if args.limit:
                units = units[::max(1, len(units) // args.limit)]
            results = list(pool.map(lambda u: judge(Result(u), program), units))
            wrong += report(entry["name"], results, args.list)
            states.update(r.state for r in results)
            total += len(results)
            if not results:
                print(f"  FAILED {entry['name']}: no unit matches")
                wrong += 1
    for u in unavailable:
        print(f"not had: {u}")
    if not total:
        print("skipped: no repository can be had")
        return 77
    print(f"{total} units: " + ", ".join(f"{n} {s}" for s, n in sorted(states.items())) +
          f"; {wrong} not as they should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
