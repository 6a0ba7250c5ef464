#!/usr/bin/env python3
"""How much of what is known to be an attack is found: tests/corpus/attack.py SEALWRIGHT [SOURCE...]

Audits public collections of attacks, pairs of dangerous and harmless settings, and scripts of people
who mean no harm. Prints recall by source, by group of rules and by label, and for harmless scripts
the findings by severity per 1,000 simple commands.

An attack is found when a finding of a fitting group has the source's least severity (medium). What
is out of scope is counted by itself, never as found. Collections are taken at fixed commits (see
corpus.py for where from); one that cannot be had is named and left out. With --check the figures of
attack_guard.toml must hold; exits with 77 when nothing of what they are about can be had.
"""
import argparse
import collections
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import tomllib

import attack_readers
import corpus

HERE = pathlib.Path(__file__).resolve().parent
SEVERITIES = ["info", "low", "medium", "high", "critical"]
SECONDS = 120
# A library that sits below commands of the audit itself, not of the case.
OPAQUE = {"OBF003", "OBF010", "OBF012", "OBF013", "META001", "META004"}


@dataclasses.dataclass
class Result:
    source: str
    case: attack_readers.Case
    groups: tuple[str, ...]
    least: str
    findings: list[dict]
    commands: int
    error: str = ""

    @property
    def hits(self) -> list[dict]:
        """Findings that answer the attack."""
        least = SEVERITIES.index(self.least)
        return [f for f in self.findings
                if f["rule"].rstrip("0123456789") in self.groups and f["rule"] not in OPAQUE and
                SEVERITIES.index(f["severity"]) >= least]

    @property
    def in_scope(self) -> bool:
        return bool(self.groups)


def audit(program: str, options: list[str], directory: pathlib.Path,
          case: attack_readers.Case) -> tuple[list[dict], int, str]:
    handle, name = tempfile.mkstemp(suffix=".sh", dir=directory)
    with os.fdopen(handle, "wb") as f:
        f.write(case.text.encode("utf-8", "replace"))
    try:
        done = subprocess.run([program, "audit", "--format", "json", *options, "--script", name],
                              capture_output=True, timeout=SECONDS, cwd=directory)
    except subprocess.TimeoutExpired:
        return [], 0, f"no answer in {SECONDS} s"
    finally:
        os.unlink(name)
    if done.returncode not in (0, 1):
        return [], 0, done.stderr.decode("utf-8", "replace").strip()[:300] or "no message"
    report = json.loads(done.stdout)
    return report["findings"], report["commands"], ""


def place(source: dict) -> pathlib.Path:
    """Where the files of a source lie."""
    if "root" in source:
        root = pathlib.Path(source["root"])
        if not root.is_dir():
            raise corpus.Unavailable(f"{source['name']}: {root} is not here")
        return root
    if "commit" not in source:
        return HERE
    return corpus.fetch(source)


def groups_of(source: dict, case: attack_readers.Case) -> tuple[str, ...]:
    if case.groups:
        return case.groups
    if any(case.name.startswith(p) or p in case.name for p in source.get("except", {})):
        return ()
    labels = source.get("labels", {})
    label = case.label
    while label and label not in labels and "." in label:
        label = label.rpartition(".")[0]
    return tuple(labels.get(label, source.get("groups", [])))


def cases_of(source: dict) -> list[attack_readers.Case]:
    root = place(source)
    files = sorted({p for pattern in source["files"] for p in root.glob(pattern) if p.is_file()})
    cases = list(attack_readers.READERS[source["reader"]](root, files))
    if not cases:
        raise SystemExit(f"{source['name']}: the reader found nothing")
    return cases[::source.get("every", 1)]


def judge(program: str, options: list[str], source: dict,
          pool: concurrent.futures.Executor) -> list[Result]:
    cases = cases_of(source)
    groups = [groups_of(source, case) for case in cases]
    wanted = [(c, g) for c, g in zip(cases, groups) if g or source["kind"] == "benign"]
    left = [(c, g) for c, g in zip(cases, groups) if not g and source["kind"] != "benign"]
    with tempfile.TemporaryDirectory(prefix="attack-") as directory:
        answers = list(pool.map(
            lambda c: audit(program, options, pathlib.Path(directory), c[0]), wanted))
    least = source.get("least", "medium")
    return [Result(source["name"], c, g, least, *a) for (c, g), a in zip(wanted, answers)] + \
        [Result(source["name"], c, g, least, [], 0) for c, g in left]


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:5.1f} %" if whole else "    -  "


def table(title: str, rows: dict[str, list[Result]]) -> None:
    print(title)
    for key, results in sorted(rows.items()):
        found = sum(bool(r.hits) for r in results)
        print(f"  {key:44} {found:5} of {len(results):5} {percent(found, len(results))}")


def by(results: list[Result], key) -> dict[str, list[Result]]:
    out: dict[str, list[Result]] = collections.defaultdict(list)
    for r in results:
        for k in key(r):
            out[k].append(r)
    return out


def report_attacks(results: list[Result], labels: bool) -> None:
    wanted = [r for r in results if r.in_scope and r.case.attack]
    if not wanted:
        return
    table("found, by source", by(wanted, lambda r: [r.source]))
    table("found, by the group that fits first", by(wanted, lambda r: [r.groups[0]]))
    if labels:
        table("found, by label", by(wanted, lambda r: [f"{r.source.split('/')[-1]} {r.case.label}"]))
    table("found, of all", {"": wanted})
    out = [r for r in results if r.case.attack and not r.in_scope]
    print(f"  out of scope: {len(out)}")


def report_twins(results: list[Result]) -> None:
    """Of pairs: harmless twins that get the finding of the dangerous one."""
    twins = [r for r in results if not r.case.attack and r.in_scope]
    rows = by(twins, lambda r: [r.source])
    if rows:
        table("harmless twins with a finding of that group", rows)


def report_benign(results: list[Result], rules: bool) -> None:
    benign = [r for r in results if not r.case.attack and not r.in_scope and r.commands]
    if not benign:
        return
    print("harmless scripts: findings per 1,000 simple commands")
    print(f"  {'':44} {'commands':>9}" + "".join(f"{s:>10}" for s in reversed(SEVERITIES)))
    for source, own in sorted(by(benign, lambda r: [r.source]).items()):
        commands = sum(r.commands for r in own)
        count = collections.Counter(f["severity"] for r in own for f in r.findings)
        print(f"  {source:44} {commands:9}" +
              "".join(f"{1000 * count[s] / commands:10.2f}" for s in reversed(SEVERITIES)))
        if rules:
            every = collections.Counter((f["rule"], f["severity"]) for r in own for f in r.findings)
            for (rule, severity), n in sorted(every.items(), key=lambda x: (-x[1], x[0])):
                if severity != "info":
                    print(f"    {rule:8} {severity:9} {n:5}")


def list_misses(results: list[Result], whole: bool) -> None:
    for r in results:
        if not (r.in_scope and r.case.attack) or r.hits:
            continue
        others = " ".join(sorted({f["rule"] for f in r.findings if f["severity"] != "info"}))
        print(f"MISS {r.source} [{r.case.label}] wants {','.join(r.groups)}; has {others or '-'}: "
              f"{r.case.name}")
        if whole:
            print("    | " + r.case.script.strip()[-1500:].replace("\n", "\n    | "))


def list_alarms(results: list[Result], least: str) -> None:
    """What harmless scripts get, and what harmless twins get of the group they show."""
    for r in results:
        if r.case.attack:
            continue
        for f in r.hits if r.in_scope else r.findings:
            if SEVERITIES.index(f["severity"]) >= SEVERITIES.index(least):
                line = r.case.text.split("\n")[f["line"] - 1:f["line"]]
                print(f"ALARM {f['rule']} {f['severity']} {r.source} {r.case.name}:{f['line']}: "
                      f"{f['command'][:160]} | {''.join(line).strip()[:160]}")


def figure(results: list[Result], row: dict) -> float | None:
    """What a row of the guard is about, or None when its source was not had."""
    own = [r for r in results if r.source == row["source"]]
    if "group" in row:
        own = [r for r in own if row["group"] in r.groups]
    if row["measure"] == "found":
        own = [r for r in own if r.in_scope and r.case.attack]
        return 100 * sum(bool(r.hits) for r in own) / len(own) if own else None
    if row["measure"] == "twins":
        own = [r for r in own if r.in_scope and not r.case.attack]
        return 100 * sum(bool(r.hits) for r in own) / len(own) if own else None
    own = [r for r in own if not r.case.attack and not r.in_scope]
    commands = sum(r.commands for r in own)
    least = SEVERITIES.index(row["severity"])
    alarms = sum(SEVERITIES.index(f["severity"]) >= least for r in own for f in r.findings)
    return 1000 * alarms / commands if commands else None


def check(results: list[Result]) -> int:
    """0 when each figure is as good as it was, 77 when none can be had."""
    with open(HERE / "attack_guard.toml", "rb") as f:
        rows = tomllib.load(f)["row"]
    had = bad = 0
    for row in rows:
        value = figure(results, row)
        if value is None:
            continue
        had += 1
        name = f"{row['source']} {row.get('group', '')} {row['measure']} {row.get('severity', '')}"
        low, high = row.get("least", float("-inf")), row.get("most", float("inf"))
        if not low <= value <= high:
            bad += 1
            print(f"FAILED {' '.join(name.split())}: {value:.2f}, and was to be "
                  f"{f'at least {low}' if value < low else f'at most {high}'}")
    print(f"{had} figures held against the guard, {bad} worse")
    if not had:
        print("skipped: none of the collections can be had")
    return 1 if bad else 0 if had else 77


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", action="store_true", help="recall by label, too")
    parser.add_argument("--rules", action="store_true", help="alarms by rule, too")
    parser.add_argument("--list", action="store_true", help="name what is missed")
    parser.add_argument("--show", action="store_true", help="with --list: the scripts, too")
    parser.add_argument("--alarms", metavar="SEVERITY", choices=SEVERITIES,
                        help="list findings in harmless scripts from this severity on")
    parser.add_argument("--check", action="store_true", help="hold the figures of the guard")
    parser.add_argument("--policy", help="rules of this directory in place of the program's own")
    parser.add_argument("program")
    parser.add_argument("source", nargs="*", help="a part of a source's name")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    program = os.path.abspath(args.program)
    options = ["--no-builtin-policy", "--policy", os.path.abspath(args.policy)] if args.policy else []
    with open(HERE / "attack.toml", "rb") as f:
        sources = tomllib.load(f)["source"]
    results: list[Result] = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for source in sources:
            if args.source and not any(w in source["name"] for w in args.source):
                continue
            try:
                results += judge(program, options, source, pool)
            except corpus.Unavailable as e:
                print(f"not had: {e}")
    report_attacks(results, args.labels)
    report_twins(results)
    report_benign(results, args.rules)
    if args.list:
        list_misses(results, args.show)
    if args.alarms:
        list_alarms(results, args.alarms)
    broken = [r for r in results if r.error]
    for r in broken:
        print(f"FAILED {r.source} {r.case.name}: {r.error}")
    status = check(results) if args.check else 0
    return 1 if broken else status


if __name__ == "__main__":
    sys.exit(main())
