#!/usr/bin/env python3
"""Functions of at most 60 lines, 6 parameters and 4 levels; files of at most 800 lines.

Beyond that stands a comment with NOLINT and why, in the line before the function.
"""
import json
import pathlib
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = "base fetch template plan audit builders record sign cmd tests".split()
LINES, PARAMETERS, NESTING, FILE = 60, 6, 4, 800


def functions(paths):
    run = subprocess.run(
        ["ctags", "--output-format=json", "--fields=+neS", "--kinds-C=f", "-f", "-", *paths],
        cwd=ROOT, capture_output=True, text=True, check=True)
    for line in run.stdout.splitlines():
        tag = json.loads(line)
        if tag.get("kind") == "function" and "end" in tag:
            yield tag


def parameters(signature):
    inside = signature.strip()[1:-1]
    if inside.strip() in ("", "void"):
        return 0
    depth = count = 0
    for c in inside:
        depth += (c in "([") - (c in ")]")
        count += c == "," and depth == 0
    return count + 1


def nesting(lines):
    depth = deepest = 0
    text = "\n".join(lines)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)
    text = re.sub(r"'(?:\\.|[^'\\\n])'", "' '", text)
    # Initialisers are data, not control flow.
    for match in re.finditer(r"([=)\]]\s*)?\{|\}", text):
        if match.group(0) == "}":
            depth -= 1
        else:
            depth += 1
        deepest = max(deepest, depth)
    return deepest - 1


def main():
    paths = [str(p.relative_to(ROOT)) for f in FOLDERS for p in sorted((ROOT / f).rglob("*.[ch]"))]
    errors = []
    sources = {p: (ROOT / p).read_text().splitlines() for p in paths}
    for path, lines in sources.items():
        if len(lines) > FILE and "NOLINT" not in "\n".join(lines[:12]):
            errors.append(f"{path}: {len(lines)} lines")
    sizes = []
    for tag in functions([p for p in paths if p.endswith(".c")]):
        lines = sources[tag["path"]]
        size = tag["end"] - tag["line"] + 1
        sizes.append(size)
        above = " ".join(lines[max(0, tag["line"] - 8):tag["line"]])
        if "NOLINT" in above:
            continue
        place = f"{tag['path']}:{tag['line']}: {tag['name']}"
        if size > LINES:
            errors.append(f"{place}: {size} lines")
        if parameters(tag.get("signature", "()")) > PARAMETERS:
            errors.append(f"{place}: {parameters(tag['signature'])} parameters")
        if nesting(lines[tag["line"] - 1:tag["end"]]) > NESTING:
            errors.append(f"{place}: nested {nesting(lines[tag['line'] - 1:tag['end']])} deep")
    print("\n".join(errors))
    print(f"{len(paths)} files, {len(sizes)} functions (median {statistics.median(sizes):.0f} lines, "
          f"95 % below {sorted(sizes)[int(len(sizes) * 0.95)]}), {len(errors)} too large")
    return 1 if errors else 0


sys.exit(main())
