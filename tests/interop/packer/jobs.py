"""What is compared: templates of the corpus, cases of fixtures/, and mutations of both."""
import dataclasses
import os
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "tests" / "corpus"))
import corpus  # noqa: E402


@dataclasses.dataclass
class Job:
    name: str
    root: pathlib.Path
    cwd: str  # relative to root; "": the root, and we are not told
    template: str  # relative to cwd
    variables: list = dataclasses.field(default_factory=list)
    var_files: list = dataclasses.field(default_factory=list)
    only: str = ""
    exclude: str = ""
    environment: dict = dataclasses.field(default_factory=dict)
    checks: tuple = ("syntax", "inspect", "values", "validate")

    @property
    def directory(self):
        return self.root / self.cwd

    @property
    def path(self):
        return self.directory / self.template

    @property
    def is_hcl(self):
        return self.path.is_dir() or self.path.name.endswith((".pkr.hcl", ".pkr.json"))


# ---- The corpus ----------------------------------------------------------------------------------

def of_corpus(wanted):
    """JSON templates once each: their variables do not matter here. Those of HCL2 with theirs."""
    seen = set()
    for entry in corpus.repositories(wanted):
        try:
            units = list(corpus.units(entry))
        except corpus.Unavailable as e:
            print(f"not had: {e}")
            continue
        for unit in units:
            place = os.path.normpath(os.path.join(unit.cwd, unit.template))
            job = Job(f"{unit.repository}/{place}", unit.root, unit.cwd, unit.template,
                      environment=unit.environment, checks=("syntax", "inspect"))
            if place not in seen:
                seen.add(place)
                yield job
            if unit.is_hcl and not unit.rejected:
                yield dataclasses.replace(
                    job, name=unit.name, var_files=unit.var_files,
                    variables=list(unit.variables.items()), only=unit.only, checks=("values",))
        seen.clear()


# ---- Cases ---------------------------------------------------------------------------------------

def sections(text):
    name, lines = None, []
    for line in text.splitlines(keepends=True):
        if line.startswith("==> "):
            if name is not None:
                yield name, "".join(lines)
            name, lines = line[4:].rstrip("\n"), []
        else:
            lines.append(line)
    if name is not None:
        yield name, "".join(lines)


def read_options(job, text):
    """False when Packer has nothing of the kind."""
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        name, _, value = rest.partition("=")
        if word == "var":
            job.variables.append((name, value))
        elif word == "env":
            job.environment[name] = value
        elif word == "var-file":
            job.var_files.append(rest)
        elif word == "template":
            job.template = rest
        elif word == "only":
            job.only = rest
        elif word == "except":
            job.exclude = rest
        elif word == "cwd":
            job.cwd = rest
        elif word in ("withheld", "data"):
            return False
    return True


def write_case(path, into):
    """The job of a case, with its files in a directory of their own; None when there is none."""
    job = Job(f"fixtures/{path.name}", into, "", "template.json")
    (into / ".git").mkdir(parents=True)
    for name, body in sections(path.read_text(encoding="utf-8", errors="surrogateescape")):
        if name == "options":
            if not read_options(job, body):
                return None
        elif not name.startswith("expect "):
            target = into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(body, encoding="utf-8", errors="surrogateescape")
            if body.startswith("#!"):
                target.chmod(0o755)
    if job.cwd:
        job.template = os.path.relpath(into / job.template, into / job.cwd)
        job.var_files = [os.path.relpath(into / f, into / job.cwd) for f in job.var_files]
    return job if job.path.exists() else None


def of_cases(into):
    for path in sorted((ROOT / "fixtures" / "templates").glob("*.case")):
        directory = into / path.name.removesuffix(".case")
        job = write_case(path, directory)
        if job:
            yield job


class Scratch:
    """A directory that goes away."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="sealwright-interop-"))
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)
