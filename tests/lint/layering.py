#!/usr/bin/env python3
"""Who may include whom, and which third-party headers belong to which folder.

The table stands in README.md between the markers "layers:begin" and "layers:end"; this lint reads
it there, so that what newcomers read is what holds.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
THIRD_PARTY = {
    "openssl/": {
        "base/digest.c",
        "base/hcl/functions_rsa.c",
        "builders/ssh/key.c",
        "builders/ssh/key_parts.h",
        "builders/ssh/key_read.c",
        "builders/ssh/known_hosts.c",
        "sign",
    },
    "git2": {"fetch"},
    "archive": {"builders", "sign"},
    "curl/": {"base/http.c"},
    "cjson/": set(),
    "libssh2": {"builders"},
    "zlib.h": {"builders"},
    "crypt.h": {"template/hcl2/functions_bcrypt.c"},
}
# Headers that others may include beside the one that is named like its folder.
PUBLIC = {"template/rewrite.h", "builders/aws/aws.h"}
# Rooms inside a folder, and which rooms they may include; "." is the folder's own private headers.
ROOMS = {
    # In the order in which a script goes through it.
    "audit": {
        "shell": {"shell"},
        "powershell": {"powershell"},
        "eval": {"eval", "shell", "powershell", "."},
        "policy": {"policy", "."},
        "report": {"report", "policy", "."},
    },
    "template": {
        "gotmpl": {"gotmpl"},
        "legacy": {"legacy", "gotmpl", "."},
        "hcl2": {"hcl2", "gotmpl", "."},
        "fix": {"fix", "."},
        "upgrade": {"upgrade", "gotmpl", "."},
    },
}


def table():
    text = (ROOT / "README.md").read_text()
    part = text.split("layers:begin", 1)[1].split("layers:end", 1)[0]
    rows = re.findall(r"^\| `(\w+)/` \|[^|]*\| ([^|]*) \|$", part, re.M)
    allowed = {}
    for folder, may in rows:
        allowed[folder] = {folder} | set(re.findall(r"\w+", may))
    for folder in allowed:
        if "all" in allowed[folder]:
            allowed[folder] |= set(allowed)
    return allowed


def closure(allowed):
    """What a folder may include, its own includes may bring along."""
    changed = True
    while changed:
        changed = False
        for folder, may in allowed.items():
            more = set().union(*(allowed.get(f, set()) for f in may)) | may
            if more != may:
                allowed[folder] = more
                changed = True
    return allowed


def room_may(path, name):
    folder = path.parts[0]
    rooms = ROOMS.get(folder, {})
    if len(path.parts) != 3 or path.parts[1] not in rooms or not name.startswith(f"{folder}/"):
        return True
    if name == f"{folder}/{folder}.h":
        return True
    room = name.split("/")[1] if name.count("/") == 2 else "."
    return room in rooms[path.parts[1]]


def check(path, allowed, errors):
    folder = path.parts[0]
    for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
        quoted = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        angled = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
        place = f"{path}:{number}"
        if quoted:
            name = quoted.group(1)
            target = name.split("/")[0]
            if "/" not in name:
                errors.append(f'{place}: "{name}" does not name its folder')
            elif target not in allowed[folder]:
                errors.append(f"{place}: {folder}/ may not include {target}/")
            elif target != folder and target != "base":
                public = {f"{target}/{target}.h"} | PUBLIC
                if name not in public and not name.startswith("audit/shell/"):
                    errors.append(f"{place}: {name} is private to {target}/")
        if quoted and not room_may(path, name):
            errors.append(f"{place}: {path.parent}/ may not include {name}")
        if angled:
            for prefix, homes in THIRD_PARTY.items():
                if not angled.group(1).startswith(prefix):
                    continue
                if folder not in homes and str(path) not in homes:
                    errors.append(f"{place}: <{angled.group(1)}> belongs to {sorted(homes)}")


def main():
    allowed = closure(table())
    errors = []
    count = 0
    for folder in sorted(allowed):
        for path in sorted((ROOT / folder).rglob("*.[ch]")):
            check(path.relative_to(ROOT), allowed, errors)
            count += 1
    print("\n".join(errors))
    print(f"{count} files, {len(errors)} wrong includes")
    return 1 if errors or count == 0 else 0


sys.exit(main())
