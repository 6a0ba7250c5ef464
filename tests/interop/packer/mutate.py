"""Templates with one thing changed, always the same ones: what a slip of the hand makes of them."""
import copy
import dataclasses
import hashlib
import json
import random
import re
import shutil

PER_TEMPLATE = 6
TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[A-Za-z_][\w-]*|\d+|[^\s\w]')
WORDS = ["null", "true", "1", '""', '"x"', "[]", "{}", "var.nope", "local.nope", "x", "=", "}", "{",
         '"${', "//", "/*", "%", "<<E\n", "each.value", "build.ID", "source.name"]


def rng(*parts):
    return random.Random(hashlib.sha256("\0".join(parts).encode()).digest())


# ---- JSON ----------------------------------------------------------------------------------------

VALUES = [None, True, 0, -1, 1.5, "", "x", "{{", "{{user `nope`}}", "{{nope}}", [], ["x"], {},
          {"x": "y"}, [[]], [None], "1h", "never"]


def places(value, path=()):
    """Paths of all values, but that of the root."""
    items = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def mutate_json(text, r):
    try:
        j = json.loads(text)
    except ValueError:
        return None
    j = copy.deepcopy(j)
    all_places = list(places(j))
    if not all_places:
        return None
    path = r.choice(all_places)
    parent, key = at(j, path[:-1]), path[-1]
    kind = r.randrange(5)
    if kind == 0:
        del parent[key]
    elif kind == 1 and isinstance(parent, dict):
        parent[key + r.choice(["s", "_", "X"])] = parent.pop(key)
    elif kind == 2 and isinstance(parent, dict):
        parent[r.choice(["nope", "type", "name", "only", "override", "_comment"])] = \
            r.choice(VALUES)
    elif kind == 3 and isinstance(parent, list):
        parent.append(copy.deepcopy(parent[key]))
    else:
        parent[key] = r.choice(VALUES)
    return json.dumps(j, indent=2)


# ---- HCL -----------------------------------------------------------------------------------------

def mutate_hcl(text, r):
    tokens = list(TOKEN.finditer(text))
    if not tokens:
        return None
    t = r.choice(tokens)
    other = r.choice(tokens).group(0)
    kind = r.randrange(6)
    start, end = t.span()
    if kind == 0:
        return text[:start] + text[end:]
    if kind == 1:
        return text[:start] + other + text[end:]
    if kind == 2:
        return text[:start] + r.choice(WORDS) + text[end:]
    if kind == 3:
        return text[:end] + " " + r.choice(WORDS) + text[end:]
    lines = text.splitlines(keepends=True)
    i = r.randrange(len(lines))
    if kind == 4:
        return "".join(lines[:i] + lines[i + 1:])
    return "".join(lines[:i] + [lines[i]] + lines[i:])


# ---- Both ----------------------------------------------------------------------------------------

def of_jobs(all_jobs, into):
    """Mutations of templates that are one file, or the first of a directory."""
    for job in all_jobs:
        path = job.path
        if path.is_dir():
            found = sorted(p for p in path.iterdir() if p.name.endswith(".pkr.hcl"))
            if not found:
                continue
            path = found[0]
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        seen = {text}
        for i in range(PER_TEMPLATE):
            r = rng(job.name, str(i))
            change = mutate_hcl if path.name.endswith(".hcl") else mutate_json
            changed = change(text, r)
            if changed is None or changed in seen:
                continue
            seen.add(changed)
            root = into / f"{job.root.name}-{i}"
            shutil.copytree(job.root, root, symlinks=True)
            (root / path.relative_to(job.root)).write_text(
                changed, encoding="utf-8", errors="surrogateescape")
            yield dataclasses.replace(job, name=f"{job.name}~{i}", root=root)
