#!/usr/bin/env python3
"""Functions and habits that have no place in the tree."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = "base fetch template plan audit builders record sign cmd".split()
BANNED = {
    "strcpy strcat sprintf vsprintf gets strtok strncpy strncat": "use slices and struct buf",
    "system popen execlp execvp": "use base/process.h",
    "atoi atol atoll atof sscanf scanf fscanf": "use str_to_u64 and friends",
    "alloca tmpnam tempnam mktemp": "unsafe",
    "rand srand random": "use getentropy",
    "exit": "libraries never exit",
    "printf puts putchar": "libraries never print",
}
MARKS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
FORBIDDEN_NAMES = re.compile(r"^(?:struct|enum)\s+\w*(?:manager|helper|handler|util)\w*\b", re.M)
STATIC_LOCAL = re.compile(r"^\t+static (?!const\b|inline\b)\w[\w *]*\w+(?:\[[^\]]*\])?\s*(?:=|;)")


def strip(text):
    """Comments and string contents are blanked; lines stay."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    text = re.sub(r"/\*.*?\*/", blank, text, flags=re.S)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', lambda m: '"' + " " * (len(m.group(0)) - 2) + '"', text)


def check(path, errors):
    raw = (ROOT / path).read_text()
    text = strip(raw)
    for number, line in enumerate(text.splitlines(), 1):
        place = f"{path}:{number}"
        for names, why in BANNED.items():
            for name in names.split():
                if name in ("exit",) and path.parts[0] == "cmd":
                    continue
                if re.search(rf"(?<![\w.>]){name}\s*\(", line):
                    errors.append(f"{place}: {name}(): {why}")
        if STATIC_LOCAL.match(line):
            errors.append(f"{place}: mutable static local")
        if line.startswith("//") or re.search(r"(?<!:)//", line):
            errors.append(f"{place}: // comment")
        if len(raw.splitlines()[number - 1].expandtabs(8)) > 100:
            # A string is not broken up: a message must be found with grep.
            if '"' not in line:
                errors.append(f"{place}: longer than 100 columns")
    for number, line in enumerate(raw.splitlines(), 1):
        if MARKS.search(line):
            errors.append(f"{path}:{number}: unfinished mark")
    if FORBIDDEN_NAMES.search(text):
        errors.append(f"{path}: a type is called manager, helper, handler or util")


def main():
    errors = []
    count = 0
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.[ch]")):
            check(path.relative_to(ROOT), errors)
            count += 1
    print("\n".join(errors))
    print(f"{count} files, {len(errors)} errors")
    return 1 if errors or count == 0 else 0


sys.exit(main())
