"""The corpus: public template repositories at fixed commits, and the units in them.

A unit is one way to start Packer: a template, the directory in which to start, variables. They
are listed by rule in corpus.toml; nothing of the repositories is kept in ours. A repository comes
from https://github.com by git, or from a directory of mirrors, and is taken by its commit id, so
that it cannot be another one; what of it is written to the cache is checked by its tree id.
"""
import dataclasses
import fnmatch
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
LIST = HERE / "corpus.toml"
FETCH_SECONDS = 600
LINK = "120000"
GIT = ["git", "-c", "core.hooksPath=/dev/null", "-c", "safe.directory=*", "-c", "gc.auto=0"]


class Unavailable(Exception):
    """A repository that cannot be had here and now."""


@dataclasses.dataclass
class Unit:
    repository: str
    root: pathlib.Path
    template: str  # relative to cwd
    cwd: str  # relative to root
    var_files: list  # relative to cwd
    variables: dict
    values: dict  # for variables that are required and have no value else
    environment: dict
    only: str
    rejected: str  # why it is to be rejected: a part of the message, or ""

    @property
    def directory(self):
        return self.root / self.cwd

    @property
    def is_hcl(self):
        path = self.directory / self.template
        return path.is_dir() or path.name.endswith((".pkr.hcl", ".pkr.json"))

    @property
    def name(self):
        place = os.path.normpath(os.path.join(self.cwd, self.template))
        own = [os.path.basename(f) for f in self.var_files[-1:]]
        return " ".join([f"{self.repository}/{place}", *own, *([self.only] if self.only else [])])


def git(*arguments, cwd=None, timeout=FETCH_SECONDS):
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_TERMINAL_PROMPT": "0",
                   "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}
    for name in ("https_proxy", "HTTPS_PROXY", "GIT_SSL_CAINFO", "SSL_CERT_FILE"):
        if name in os.environ:
            environment[name] = os.environ[name]
    return subprocess.run([*GIT, *arguments], cwd=cwd, env=environment, capture_output=True,
                          timeout=timeout, check=True, stdin=subprocess.DEVNULL).stdout


def cache_directory():
    given = os.environ.get("SEALWRIGHT_CORPUS")
    if given:
        return pathlib.Path(given).resolve()
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return pathlib.Path(base) / "sealwright-corpus"


def mirrors(name):
    """Where it lies on this machine: SEALWRIGHT_CORPUS_MIRROR is a directory of repositories."""
    directory = os.environ.get("SEALWRIGHT_CORPUS_MIRROR")
    for form in ("{0}/{1}.git", "{0}/{1}/.git", "{0}+{1}/repo", "{0}+{1}/repo/.git"):
        path = pathlib.Path(directory or "/nonexistent") / form.format(*name.split("/"))
        if (path / "objects").is_dir():
            yield path


def has_commit(store, commit):
    try:
        git("-C", str(store), "cat-file", "-e", f"{commit}^{{commit}}")
    except subprocess.CalledProcessError:
        return False
    return True


def find_store(scratch, name, commit):
    """A repository with the commit: a mirror, which is read as it lies, or what git fetches."""
    for mirror in mirrors(name):
        if has_commit(mirror, commit):
            return mirror
    url = f"https://github.com/{name}"
    try:
        git("init", "-q", "--bare", str(scratch))
        git("-C", str(scratch), "fetch", "-q", "--depth=1", "--no-tags", url, commit)
    except subprocess.CalledProcessError as e:
        last = e.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise Unavailable(f"{name}: {' '.join(last)}") from e
    except subprocess.TimeoutExpired as e:
        raise Unavailable(f"{url}: no answer in time") from e
    return scratch


def write_blob(path, mode, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    if mode == LINK:
        os.symlink(content, path)
        return
    path.write_bytes(content)
    path.chmod(0o755 if mode == "100755" else 0o644)


def blobs(store, oids):
    """The contents of blobs, in order, each checked against its id; None for one that is absent."""
    wanted = "".join(f"{oid}\n" for oid in oids).encode()
    out = subprocess.run([*GIT, "-C", str(store), "cat-file", "--batch"], input=wanted,
                         capture_output=True, check=True).stdout
    at = 0
    for oid in oids:
        end = out.index(b"\n", at)
        head = out[at:end].split()
        at = end + 1
        if head[1] == b"missing":
            yield None
            continue
        content = out[at:at + int(head[2])]
        at += len(content) + 1
        if hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() != oid:
            raise SystemExit(f"{store}: {oid} has other content")
        yield content


def write_tree(store, entry, target):
    """Every file as the commit has it: no filter, no end-of-line conversion, no submodule."""
    paths = entry.get("paths", [])
    listing = git("-C", str(store), "ls-tree", "-r", "-z", entry["tree"], *paths)
    files = []
    for line in listing.split(b"\0")[:-1]:
        meta, path = line.split(b"\t", 1)
        mode, kind, oid = meta.decode().split()
        if kind == "blob":
            files.append((mode, oid, os.fsdecode(path)))
    if "only" in entry:
        files = [f for f in files if fnmatch.fnmatchcase(f[2], entry["only"])]
    # Links last, so that no file is written through one.
    files.sort(key=lambda f: f[0] == LINK)
    for (mode, _, path), content in zip(files, blobs(store, [f[1] for f in files])):
        if content is None:
            raise Unavailable(f"{entry['name']}: {path} is not in the mirror")
        write_blob(target / path, mode, content)
    # Programs take the directory with this entry for the root of the repository.
    (target / ".git").mkdir()


def fetch(entry):
    """The directory of a repository's files, from the cache or else from where it may be had."""
    name, commit = entry["name"], entry["commit"]
    target = cache_directory() / f"{name.replace('/', '+')}@{commit[:12]}"
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=".fetch-", dir=target.parent))
    try:
        store = find_store(scratch / "store", name, commit)
        tree = git("-C", str(store), "rev-parse", f"{commit}^{{tree}}").decode().strip()
        if tree != entry["tree"]:
            raise SystemExit(f"{name}: the tree of {commit} is {tree}, not {entry['tree']}")
        write_tree(store, entry, scratch / "files")
        os.rename(scratch / "files", target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target


def is_json_template(path):
    """Variable files, profiles and such have the suffix of a template, too."""
    try:
        text = path.read_bytes()
    except OSError:
        return False
    return b'"builders"' in text


def has_hcl(directory):
    return any(p.name.endswith((".pkr.hcl", ".pkr.json")) for p in directory.iterdir())


def matches(root, pattern):
    """Paths below root: with a slash at the end directories that hold HCL2, else templates."""
    if pattern.endswith("/"):
        found = [root] if pattern == "./" else sorted(root.glob(pattern[:-1]))
        return [p for p in found if p.is_dir() and has_hcl(p)]
    return [p for p in sorted(root.glob(pattern)) if p.is_file() and
            (p.name.endswith(".pkr.hcl") or is_json_template(p))]


def reason(table, name):
    """The reason that stands for a unit: by its path, or by a glob over paths."""
    for pattern, why in table.items():
        if fnmatch.fnmatchcase(name, pattern):
            return why
    return ""


def units_of_rule(entry, rule, root):
    seen = set()
    for pattern in rule["templates"]:
        for path in matches(root, pattern):
            place = os.path.relpath(path, root)
            if place in seen or reason({p: p for p in rule.get("except", [])}, place):
                continue
            seen.add(place)
            # "@" stands for the directory of the template.
            above = place if path.is_dir() else os.path.dirname(place)
            cwd = rule.get("cwd", "@").replace("@", above or ".")
            here = lambda p: os.path.relpath(root / p, root / cwd)
            own = [here(p.relative_to(root)) for g in rule.get("each_var_file", [])
                   for p in sorted(root.glob(g.replace("@", above or ".")))]
            for var_file in own or [None]:
                files = [here(f.replace("@", above or "."))
                         for f in rule.get("var_files", [])]
                files += [var_file] if var_file else []
                key = " ".join([place, *([os.path.basename(var_file)] if var_file else []),
                                *([rule["only"]] if "only" in rule else [])])
                yield Unit(entry["name"], root, here(place), cwd, files,
                           rule.get("variables", {}),
                           entry.get("values", {}) | rule.get("values", {}),
                           rule.get("environment", {}), rule.get("only", ""),
                           reason(entry.get("rejected", {}), key))


def repositories(wanted=()):
    with open(LIST, "rb") as f:
        entries = tomllib.load(f)["repository"]
    return [e for e in entries if not wanted or any(w in e["name"] for w in wanted)]


def copies(entry, root):
    """Examples of variable files that people are told to copy and fill in."""
    for source, target in entry.get("copies", {}).items():
        for path in sorted(root.glob(source)):
            name = path.name.removesuffix(".example").removesuffix(".sample")
            destination = root / target / name if target else path.parent / name
            destination.parent.mkdir(parents=True, exist_ok=True)
            if not destination.exists():
                shutil.copyfile(path, destination)


def units(entry):
    root = fetch(entry)
    copies(entry, root)
    for rule in entry["unit"]:
        yield from units_of_rule(entry, rule, root)
