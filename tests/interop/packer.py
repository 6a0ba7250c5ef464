#!/usr/bin/env python3
"""Templates as Packer reads them: packer.py SEALWRIGHT PACKER

For each template of the corpus that this Packer can judge: both accept it or both reject it, and
`inspect` shows the same variables, builders and provisioners. What differs for a reason stands in
packer-known.txt.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "corpus"))
import corpus  # noqa: E402

SECONDS = 120
KNOWN = HERE / "packer-known.txt"
# What a Packer says that cannot judge a template: plugins that it does not have, or that are newer.
NOT_JUDGED = re.compile(
    r"Unsupported block type|Missing plugins|was not found|Unknown (source|provisioner|"
    r"post-processor|data) type|Blocks of type .* are not expected|Call to unknown function|"
    r"There is no function named|unsupported attribute|Unsupported argument|"
    r"only supports|Unsupported Packer Core version", re.I)


def packer(program, unit, *arguments):
    environment = {"PATH": os.environ["PATH"], "HOME": tempfile.gettempdir(),
                   "CHECKPOINT_DISABLE": "1", "PACKER_NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    done = subprocess.run([program, *arguments, unit.template], cwd=unit.directory,
                          env=environment, capture_output=True, timeout=SECONDS,
                          stdin=subprocess.DEVNULL)
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


def ours(program, unit, *arguments):
    done = subprocess.run([program, *arguments, unit.template], cwd=unit.directory,
                          capture_output=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def machine(text, kind):
    """Fields of the machine-readable lines of a kind."""
    for line in text.splitlines():
        parts = line.split(",")
        if len(parts) > 3 and parts[2] == kind:
            yield [p.replace("%!(PACKER_COMMA)", ",").replace("\\n", "\n").replace("\\r", "\r")
                   for p in parts[3:]]


def compare_json(unit, text, j):
    theirs = {name: (default, required == "1")
              for name, default, required in machine(text, "template-variable")}
    own = {v["name"]: (v.get("default", v.get("value", "")), v["required"])
           for v in j["variables"]}
    if theirs.keys() != own.keys():
        return f"variables: {sorted(theirs.keys() ^ own.keys())}"
    for name, (default, required) in theirs.items():
        if own[name][1] != required:
            return f"variable {name}: required {required}, not {own[name][1]}"
        if "{{" not in default and default != "<sensitive>" and not required and isinstance(own[name][0], str) \
                and own[name][0] != default:
            return f"variable {name}: {default!r}, not {own[name][0]!r}"
    builders = sorted(f[0] for f in machine(text, "template-builder"))
    if builders != sorted(b["name"] for b in j["builds"]):
        return f"builders: {builders}"
    provisioners = [f[0] for f in machine(text, "template-provisioner")]
    for b in j["builds"]:
        rest = iter(provisioners)
        if not all(p in rest for p in b["provisioners"]):
            return f"provisioners of {b['name']}: not in the order of {provisioners}"
    used = {p for b in j["builds"] for p in b["provisioners"]}
    if not used <= set(provisioners):
        return f"provisioners: {sorted(used ^ set(provisioners))}"
    return None


def sections(text):
    """{variables: names, sources: names, provisioners: types} of `inspect` for HCL2."""
    out = {"variables": set(), "sources": [], "provisioners": [], "post-processors": []}
    part = None
    for line in text.splitlines():
        word = line.strip()
        if word.startswith("> "):
            part = "variables" if "input-variables" in word else None
        elif word.rstrip(":") in ("sources", "provisioners", "post-processors"):
            part = word.rstrip(":")
        elif part == "variables" and re.match(r"var\.[\w-]+:", word):
            out["variables"].add(word[4:].split(":")[0])
        elif part in ("sources", "provisioners", "post-processors") and word \
                and not word.startswith("<no "):
            out[part].append(word)
    return out


def compare_hcl(unit, text, j):
    theirs = sections(text)
    names = {v["name"] for v in j["variables"]}
    if theirs["variables"] != names:
        return f"variables: {sorted(theirs['variables'] ^ names)}"
    own = sorted(".".join(b["name"].split(".")[-2:]) for b in j["builds"])
    if sorted(theirs["sources"]) != own:
        return f"sources: {sorted(theirs['sources'])}, not {own}"
    used = {p for b in j["builds"] for p in b["provisioners"]}
    if not used <= set(theirs["provisioners"]):
        return f"provisioners: {sorted(used - set(theirs['provisioners']))}"
    return None


def compare(ours_program, packer_program, unit):
    """(judged, what differs or None)."""
    status, text = packer(packer_program, unit, "inspect", "-machine-readable") \
        if not unit.is_hcl else packer(packer_program, unit, "inspect")
    if status != 0 and unit.is_hcl and NOT_JUDGED.search(text):
        return False, None
    own_status, out, err = ours(ours_program, unit, "inspect", "--json")
    if (own_status == 0) != (status == 0):
        return True, f"packer: {status}, we: {own_status}: {(err if own_status else text)[-400:]}"
    if status != 0:
        return True, None
    if ours(ours_program, unit, "validate", "--syntax-only")[0] != 0:
        return True, "validate --syntax-only says no"
    return True, (compare_hcl if unit.is_hcl else compare_json)(unit, text, json.loads(out))


def templates(wanted):
    """One unit for each template: variables do not matter here."""
    seen = set()
    for entry in corpus.repositories(wanted):
        try:
            for unit in corpus.units(entry):
                path = os.path.realpath(unit.directory / unit.template)
                if path not in seen:
                    seen.add(path)
                    yield unit
        except corpus.Unavailable as e:
            print(f"not had: {e}")


def place(unit):
    return f"{unit.repository}/{os.path.normpath(os.path.join(unit.cwd, unit.template))}"


def main():
    ours_program, packer_program = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    known = dict(l.split("  # ", 1) for l in KNOWN.read_text().splitlines() if "  # " in l)
    units = list(templates(sys.argv[3:]))
    if not units:
        print("skipped: no repository of the corpus can be had")
        return 77
    wrong = judged = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() * 2) as pool:
        results = pool.map(lambda u: compare(ours_program, packer_program, u), units)
        for unit, (is_judged, why) in zip(units, results):
            judged += is_judged
            if (why is None) == (place(unit) not in known):
                continue
            wrong += 1
            print(f"FAILED {place(unit)}: {why or 'was to differ: ' + known[place(unit)]}")
    print(f"{len(units)} templates, {judged} judged by this packer: "
          f"{wrong} differences that nothing explains")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
