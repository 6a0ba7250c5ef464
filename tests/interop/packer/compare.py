#!/usr/bin/env python3
"""Templates as Packer reads them: compare.py SEALWRIGHT PACKER... [-- REPOSITORY...]

For each template that a Packer can judge: both accept it or both reject it (syntax, and all of it
where Packer has the plugins), and `inspect` shows the same variables, builders and provisioners.
What differs for a reason stands in ../packer-known.txt, one per line:

    NAME-GLOB | CHECK | VERSION-GLOB | PART OF THE DIFFERENCE  # the reason
"""
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import sys

import jobs
import mutate
import programs

KNOWN = pathlib.Path(__file__).resolve().parent.parent / "packer-known.txt"


# ---- inspect -------------------------------------------------------------------------------------

def compare_json(text, j):
    theirs = {name: (default, required == "1")
              for name, default, required in programs.machine(text, "template-variable")}
    own = {v["name"]: (v.get("default", v.get("value", "")), v["required"])
           for v in j["variables"]}
    if theirs.keys() != own.keys():
        return f"variables: {sorted(theirs.keys() ^ own.keys())}"
    for name, (default, required) in theirs.items():
        if own[name][1] != required:
            return f"variable {name}: required {required}, not {own[name][1]}"
        told = "{{" not in default and default != "<sensitive>" and not required
        if told and isinstance(own[name][0], str) and own[name][0] != default:
            return f"variable {name}: {default!r}, not {own[name][0]!r}"
    builders = sorted(f[0] for f in programs.machine(text, "template-builder"))
    if builders != sorted(b["name"] for b in j["builds"]):
        return f"builders: {builders}, not {sorted(b['name'] for b in j['builds'])}"
    provisioners = [f[0] for f in programs.machine(text, "template-provisioner")]
    for b in j["builds"]:
        rest = iter(provisioners)
        if not all(p in rest for p in b["provisioners"]):
            return f"provisioners of {b['name']}: not in the order of {provisioners}"
    used = {p for b in j["builds"] for p in b["provisioners"]}
    if j["builds"] and used != set(provisioners):
        return f"provisioners: {sorted(used ^ set(provisioners))}"
    return None


def compare_builds(theirs, own):
    for key in ("sources", "provisioners", "post-processors"):
        a = [(b["name"], b[key]) for b in theirs.builds]
        b = [(b["name"], b[key]) for b in own.builds]
        if key == "sources":
            a = sorted(x for _, l in a for x in l)
            b = sorted(x for _, l in b for x in l)
        if a != b:
            return f"{key}: {a}, not {b}"
    return None


def compare_sections(theirs, own, values):
    if theirs.masked:
        return None
    if theirs.variables.keys() != own.variables.keys():
        return f"variables: {sorted(theirs.variables.keys() ^ own.variables.keys())}"
    for kind in ("variables", "locals") if values else ():
        mine = getattr(own, kind)
        for name, value in getattr(theirs, kind).items():
            if name not in mine or "<sensitive" in value + mine[name] or \
                    "<unknown>" in value or "<hole" in mine[name]:
                continue
            if programs.plain(value) != programs.plain(mine[name]):
                return f"{kind} {name}: {value[:300]}, not {mine[name][:300]}"
    # Without plugins for its data sources it shows no builds.
    return compare_builds(theirs, own) if theirs.builds else None


# ---- Checks: what differs, None when nothing does, False when it cannot be told -------------------

def differ(theirs, own):
    if (theirs[0] == 0) == (own[0] == 0):
        return None
    word = "takes" if theirs[0] == 0 else "refuses"
    said = own[2] if theirs[0] == 0 else theirs[1]
    return f"Packer {word} it: {' '.join(said.split())[:500]}"


def check_syntax(ours, packer, job):
    verb = ["validate", "-syntax-only"]
    theirs = packer.run(job, verb, programs.given(job, "-"))
    if theirs[0] != 0 and programs.NOT_JUDGED.search(theirs[1]):
        return False
    return differ(theirs, ours.run(job, verb, programs.given(job, "-")))


def check_inspect(ours, packer, job):
    if not job.is_hcl:
        theirs = packer.run(job, ["inspect", "-machine-readable"])
        own = ours.run(job, ["inspect", "--json"])
        if theirs[0] != 0 or own[0] != 0:
            return differ(theirs, own)
        return compare_json(theirs[1], json.loads(own[1]))
    theirs = packer.run(job, ["inspect"])
    if theirs[0] != 0:
        return False
    own = ours.run(job, ["inspect"])
    if own[0] != 0:
        return differ(theirs, own)
    return compare_sections(programs.Sections(theirs[1]), programs.Sections(own[1]), False)


def check_values(ours, packer, job):
    if not job.is_hcl or packer.version.startswith("1.6."):
        return False
    options = programs.given(job, "-")
    theirs = packer.run(job, ["inspect"], options)
    own = ours.run(job, ["inspect"], options)
    if theirs[0] != 0 or own[0] != 0 or "this is what it declares" in own[2]:
        return False
    return compare_sections(programs.Sections(theirs[1]), programs.Sections(own[1]), True)


def check_validate(ours, packer, job):
    options = programs.given(job, "-") + programs.selected(job, "-")
    theirs = packer.run(job, ["validate"], options)
    if theirs[0] != 0 and programs.NOT_JUDGED.search(theirs[1]):
        return False
    return differ(theirs, ours.run(job, ["validate"], options))


CHECKS = {"syntax": check_syntax, "inspect": check_inspect, "values": check_values,
          "validate": check_validate}


# ---- What is known -------------------------------------------------------------------------------

class Known:
    def __init__(self):
        self.rows = []
        for line in KNOWN.read_text().splitlines():
            if line.strip() and not line.startswith("#"):
                row, _, reason = line.partition("  # ")
                fields = [f.strip() for f in row.split("|")]
                if len(fields) != 4 or not reason:
                    raise SystemExit(f"{KNOWN}: not of its form: {line}")
                self.rows.append(fields)
        self.used = set()

    def explains(self, job, check, version, why):
        for i, (name, of, versions, part) in enumerate(self.rows):
            if fnmatch.fnmatchcase(job.name, name) and of in ("*", check) and \
                    fnmatch.fnmatchcase(version, versions) and part in why:
                self.used.add(i)
                return True
        return False

    def unused(self, corpus):
        """Rows about a corpus that could not be had are no matter."""
        return [r for i, r in enumerate(self.rows) if i not in self.used and
                (corpus or r[0] == "*" or r[0].startswith("fixtures/"))]


def judge(ours, packers, job):
    out = []
    for check in job.checks:
        for packer in packers:
            why = CHECKS[check](ours, packer, job)
            if why is not False:
                out.append((check, packer.version, why))
    return out


def compare(ours, packers, all_jobs, known):
    """(how many were judged, how many differ for no reason)."""
    judged = wrong = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for job, results in pool.map(lambda j: (j, judge(ours, packers, j)), all_jobs):
            judged += len(results)
            for check, version, why in results:
                if why and not known.explains(job, check, version, why):
                    wrong += 1
                    print(f"FAILED {job.name} | {check} | {version} | {why}", flush=True)
    return judged, wrong


def main():
    arguments = sys.argv[1:]
    wanted = arguments[arguments.index("--") + 1:] if "--" in arguments else []
    paths = arguments[:arguments.index("--")] if "--" in arguments else arguments
    ours = programs.Sealwright(paths[0])
    packers = [programs.Packer(p) for p in paths[1:]]
    known = Known()
    total = 0
    sizes = {}
    with jobs.Scratch() as scratch:
        cases = list(jobs.of_cases(scratch / "cases"))
        sets = {
            "cases": lambda: cases,
            "mutations": lambda: list(mutate.of_jobs(cases, scratch / "mutations")),
            "corpus": lambda: list(jobs.of_corpus(set(wanted) - {"corpus"})),
        }
        chosen = [s for s in sets if s in wanted] or (["corpus"] if wanted else list(sets))
        for name in chosen:
            all_jobs = sets[name]()
            sizes[name] = len(all_jobs)
            judged, wrong = compare(ours, packers, all_jobs, known)
            total += wrong
            print(f"{name}: {len(all_jobs)} templates, {judged} answers of "
                  f"{' and '.join(p.version for p in packers)}: "
                  f"{wrong} differences that nothing explains", flush=True)
    if not wanted and len(packers) > 1:
        for row in known.unused(sizes["corpus"] > 0):
            print(f"FAILED {' | '.join(row)}: was to differ")
            total += 1
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
