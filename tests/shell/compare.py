#!/usr/bin/env python3
"""Holds the shell parser against other parsers: tests/shell/compare.py [--list] SEALWRIGHT [GROUP...]

Over the scripts of this machine, and over public scripts and test suites at fixed commits
(repositories.toml) as far as they can be had: what the shells accept is accepted, what they reject
is rejected, and each simple command that shfmt sees is seen. No shell is the judge alone: a script
of bash counts as right when bash accepts it, and as wrong when bash (with extended patterns, too)
and most of the others reject it; one of sh likewise with dash.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "corpus"))
import corpus  # noqa: E402

SECONDS = 60
SIZE_MAX = 1 << 20
DIRECTORIES = ["/usr/bin", "/usr/sbin", "/etc", "/usr/lib", "/var/lib/dpkg/info", "/usr/share"]
OTHERS = [["mksh", "-n"], ["yash", "-n"], ["busybox", "sh", "-n"], ["ksh93", "-n"]]
SHEBANG = re.compile(rb"#! *(/[^ \t\n]*/)?(env +(-S *)?)?(ba|da|a)?sh(\s|$)")
FEW = {"valid": 0.995, "invalid": 0.98}
RECALL = 0.999


class Script:
    def __init__(self, group, name, text, dialect):
        self.group, self.name, self.text, self.dialect = group, name, text, dialect


def dialect_of(text):
    """"bash", "posix", or "" for what is no script of either."""
    found = SHEBANG.match(text.split(b"\n", 1)[0])
    if not found:
        return ""
    return "bash" if found[4] == b"ba" else "posix"


# ---- Where scripts come from -------------------------------------------------------------------

def of_machine():
    seen = set()
    for directory in DIRECTORIES:
        for root, _, names in os.walk(directory):
            for name in sorted(names):
                path = os.path.join(root, name)
                real = os.path.realpath(path)
                if real in seen or not os.path.isfile(real) or os.path.getsize(real) > SIZE_MAX:
                    continue
                seen.add(real)
                with open(real, "rb") as f:
                    text = f.read()
                dialect = dialect_of(text)
                if not dialect and (name.endswith(".bash") or "bash-completion" in root):
                    dialect = "" if text[:2] == b"#!" else "bash"
                if dialect:
                    yield Script("machine", path, text, dialect)


def whole(text, name):
    dialect = dialect_of(text)
    if not dialect and name.endswith((".bash", ".tests", ".sub", "bash_completion")):
        dialect = "bash"
    if dialect:
        yield "", text, dialect


def of_oils(text, name):
    if not name.endswith(".test.sh"):
        return
    for part in re.split(rb"(?m)^#### ", text)[1:]:
        title, _, code = part.partition(b"\n")
        code = re.split(rb"(?m)^## ", code, maxsplit=1)[0]
        yield title.decode("utf-8", "replace"), code, "bash"


def of_yash(text, name):
    """The bodies of test_oE and its like: here-documents with a quoted delimiter."""
    if not name.endswith("-p.tst"):
        return
    for found in re.finditer(rb"(?m)^test_\w+ .*<<\\?'?(\w+)'?(?:[ \t].*)?\n((?s:.*?))^\1$", text):
        line = text.count(b"\n", 0, found.start()) + 1
        yield f"line {line}", found[2], "posix"


def of_brush(text, name):
    if not name.endswith(".yaml"):
        return
    for found in re.finditer(rb"(?m)^( +)stdin: \|-?\n((?:\1 +.*\n|[ \t]*\n)*)", text):
        line = text.count(b"\n", 0, found.start()) + 1
        indent = len(found[1]) + 2
        yield f"line {line}", b"".join(
            l[indent:] or b"\n" for l in found[2].splitlines(keepends=True)), "bash"


READERS = {"": whole, "oils": of_oils, "yash": of_yash, "brush": of_brush}


def of_repositories(groups):
    with open(HERE / "repositories.toml", "rb") as f:
        entries = tomllib.load(f)["repository"]
    for entry in entries:
        if groups and entry["name"] not in groups:
            continue
        try:
            root = corpus.fetch(entry)
        except (corpus.Unavailable, subprocess.SubprocessError, OSError) as e:
            print(f"{entry['name']}: left out: {e}")
            continue
        for path in sorted(root.rglob("*")):
            if path.is_symlink() or not path.is_file() or path.stat().st_size > SIZE_MAX:
                continue
            text = path.read_bytes()
            place = str(path.relative_to(root))
            for title, code, dialect in READERS[entry.get("cases", "")](text, path.name):
                yield Script(entry["name"], f"{place} {title}".strip(), code, dialect)


# ---- What the parsers say ----------------------------------------------------------------------

def run(command, path):
    try:
        return subprocess.run([*command, path], capture_output=True, timeout=SECONDS,
                              stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"],
                                                             "LC_ALL": "C.UTF-8"})
    except subprocess.TimeoutExpired:
        return None


def accepts(command, path):
    done = run(command, path)
    # bash -n says of some errors what they are and goes on.
    return done is not None and done.returncode == 0 and not any(
        b"warning:" not in line for line in done.stderr.splitlines())


def verdict(script, path):
    """True: right; False: wrong; None: the shells do not agree."""
    own = [["dash", "-n"]] if script.dialect == "posix" else [["bash", "-n"],
                                                             ["bash", "-O", "extglob", "-n"]]
    if accepts(own[0], path):
        return True
    if any(accepts(c, path) for c in own[1:]):
        return None
    others = [c for c in OTHERS if shutil.which(c[0])]
    others += [["bash", "-n"]] if script.dialect == "posix" else []
    against = sum(not accepts(c, path) for c in others)
    return False if others and against * 3 >= len(others) * 2 else None


def static(word):
    """The text of a word that is nothing but plain characters, or None."""
    parts = word.get("Parts", [])
    if len(parts) != 1 or parts[0].get("Type") != "Lit":
        return None
    text = parts[0]["Value"]
    return None if re.search(r"[\\~*?\[{\n]", text) else text


def shfmt_calls(node, out):
    if isinstance(node, list):
        for n in node:
            shfmt_calls(n, out)
    if not isinstance(node, dict):
        return
    if node.get("Type") == "CallExpr" and node.get("Args"):
        args = node["Args"]
        out.append((args[0]["Pos"]["Line"], tuple(static(a) for a in args)))
    for value in node.values():
        shfmt_calls(value, out)


def fits(ours, theirs):
    return len(ours) == len(theirs) and all(t is None or o == t for o, t in zip(ours, theirs))


def missed_calls(program, script, path):
    """(calls that shfmt sees, those that we do not see)"""
    language = ["-ln", "posix" if script.dialect == "posix" else "bash"]
    with open(path, "rb") as f:
        theirs = subprocess.run(["shfmt", *language, "--to-json"], stdin=f, capture_output=True)
    if theirs.returncode != 0:
        return 0, []
    calls = []
    shfmt_calls(json.loads(theirs.stdout), calls)
    ours = collections.defaultdict(list)
    done = run([program, "shell", "calls", "--dialect", script.dialect], path)
    for line in done.stdout.splitlines() if done else []:
        call = json.loads(line)
        ours[call["line"]].append(call["argv"])
    missed = []
    for line, argv in calls:
        found = next((a for a in ours[line] if fits(a, argv)), None)
        if found is None:
            missed.append((line, argv))
        else:
            ours[line].remove(found)
    return len(calls), missed


def compare(program, script):
    with tempfile.NamedTemporaryFile(suffix=".sh") as f:
        f.write(script.text)
        f.flush()
        right = verdict(script, f.name)
        done = run([program, "shell", "check", "--dialect", script.dialect], f.name)
        if done is None or done.returncode not in (0, 1):
            return script, right, None, 0, [], b"no answer"
        ours = done.returncode == 0
        calls, missed = missed_calls(program, script, f.name) if right and ours else (0, [])
        message = done.stderr.replace(f.name.encode(), b"").strip().splitlines()[-1:]
        return script, right, ours, calls, missed, b"".join(message)


# ---- The tally ---------------------------------------------------------------------------------

def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="each disagreement")
    parser.add_argument("program")
    parser.add_argument("group", nargs="*", help="\"machine\" or names of repositories; else all")
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    for tool in ("bash", "dash", "shfmt"):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not installed")
            return 77
    groups = options.group
    scripts = [*of_machine()] if not groups or "machine" in groups else []
    scripts += of_repositories(groups)
    tally = collections.defaultdict(collections.Counter)
    bad = False
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for script, right, ours, calls, missed, message in pool.map(
                lambda s: compare(program, s), scripts):
            t = tally[script.group]
            t["calls"] += calls
            t["missed"] += len(missed)
            if right is None and ours is not None:
                t["disputed"] += 1
                continue
            kind = "valid" if right else "invalid"
            t[kind] += 1
            t["agreed " + kind] += ours == right
            bad = bad or ours is None
            if options.list and ours != right:
                text = message.decode("utf-8", "replace")
                print(f"{kind}: {script.group}: {script.name} ({script.dialect}): {text}")
            for line, argv in missed if options.list else []:
                print(f"missed: {script.group}: {script.name}:{line}: {argv}")
    for group, t in tally.items():
        print(f"{group}: accepted {t['agreed valid']} of {t['valid']} valid, rejected "
              f"{t['agreed invalid']} of {t['invalid']} invalid ({t['disputed']} disputed), "
              f"saw {t['calls'] - t['missed']} of {t['calls']} simple commands")
    total = sum(tally.values(), collections.Counter())
    for kind, least in FEW.items():
        bad = bad or total["agreed " + kind] < least * total[kind]
    # A script that is installed here works, so there is no doubt about it.
    bad = bad or tally["machine"]["agreed valid"] < tally["machine"]["valid"]
    bad = bad or total["calls"] - total["missed"] < RECALL * total["calls"]
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
