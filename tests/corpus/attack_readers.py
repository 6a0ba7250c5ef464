"""Readers of collections: each takes what a source has and yields cases.

A case is a script, what it shows (the label), and whether it is an attack. The scripts are what the
collections give to be typed into a shell; nothing of them is ever run.
"""
import collections.abc
import dataclasses
import pathlib
import re
import subprocess
import typing

import attack_yaml


@dataclasses.dataclass
class Case:
    name: str
    label: str
    script: str
    attack: bool
    shell: str = "bash"
    groups: tuple[str, ...] = ()  # when the case names them itself

    @property
    def text(self) -> str:
        if self.script.startswith("#!"):
            return self.script
        return f"#!/bin/{self.shell}\n{self.script.rstrip()}\n"


Cases = collections.abc.Iterator[Case]


def read_text(path: pathlib.Path) -> str:
    return path.read_bytes().decode("utf-8", "replace").replace("\0", "")


def is_shell(text: str) -> bool:
    """Whether bash reads it: collections hold listings and code of other languages, too."""
    done = subprocess.run(["bash", "-n"], input=text.encode("utf-8", "replace"),
                          capture_output=True, timeout=20)
    return done.returncode == 0


# Atomic Red Team: YAML with tests, arguments as #{name}.

def fill(text: str, arguments: dict[str, str]) -> str:
    text = re.sub(r"#\{([^}]*)\}", lambda m: arguments.get(m.group(1), m.group(0)), text)
    return re.sub(r"\$?PathToAtomicsFolder", "/opt/atomics", text)


def atomic(root: pathlib.Path, files: list[pathlib.Path]) -> Cases:
    for path in files:
        document = attack_yaml.read(read_text(path))
        if not isinstance(document, dict):
            continue
        technique = str(document["attack_technique"])
        for test in document.get("atomic_tests") or []:
            executor = test.get("executor") or {}
            shell = executor.get("name")
            if "linux" not in (test.get("supported_platforms") or []) or \
                    shell not in ("sh", "bash") or not executor.get("command"):
                continue
            arguments = {name: str((value or {}).get("default") or "")
                         for name, value in (test.get("input_arguments") or {}).items()}
            # An argument may name another one.
            script = fill(fill(executor["command"], arguments), arguments)
            yield Case(f"{technique} {test['name']}", technique, script, True, shell)


# PANIX: one module for each way to stay; main.sh says which option calls which function.

def panix(root: pathlib.Path, files: list[pathlib.Path]) -> Cases:
    calls = dict(re.findall(r"^\s*--([a-z-]+) ?\)\s*\n\s*shift\s*\n\s*(setup_\w+)",
                            read_text(root / "main.sh"), re.M))
    common = read_text(root / "modules/common.sh")
    modules = {}
    for path in files:
        text = read_text(path)
        for function in re.findall(r"^(setup_\w+)\s*\(\)", text, re.M):
            modules[function] = text
    for option, function in sorted(calls.items()):
        if function not in modules:
            continue
        module = modules[function]
        uses = re.findall(rf"panix\.sh --{option} (--.*?)\"?$", module, re.M)
        for number, use in enumerate(dict.fromkeys(uses)):
            use = re.sub(r"\\(.)", r"\1", use)
            for part, one in enumerate(alternatives(use)):
                script = f"{common}\n{module}\n{function} {one}\n"
                if is_shell(script):
                    yield Case(f"{option} {number}.{part}: {one}", option, script, True)


def alternatives(use: str) -> list[str]:
    """`--a | --b` in a description of options stands for one of them."""
    match = re.search(r"(--[a-z-]+)(\s*\|\s*--[a-z-]+)+", use)
    use = re.sub(r"<[a-z_ -]+>", "example", use) if not match else use
    if not match:
        return [use]
    return [use[:match.start()] + one.strip() + use[match.end():]
            for one in match.group(0).split("|")]


# GTFOBins: YAML with functions of programs, and the rights with which they let out a shell.

def gtfobins(root: pathlib.Path, files: list[pathlib.Path]) -> Cases:
    for path in files:
        document = attack_yaml.read(read_text(path))
        functions = (document or {}).get("functions") if isinstance(document, dict) else None
        name = path.name
        rights: set[str] = set()
        for function, entries in (functions or {}).items():
            for number, entry in enumerate(entries or []):
                if not isinstance(entry, dict):
                    continue
                if function in ("shell", "command", "privilege-escalation"):
                    rights.update(entry.get("contexts") or [])
                elif function in ("reverse-shell", "bind-shell", "upload", "download") and \
                        entry.get("code"):
                    yield Case(f"{function} {name} {number}", function, entry["code"], True)
        if "suid" in rights:
            yield Case(f"suid {name}", "suid", f"chmod u+s /usr/bin/{name}", True)
        if "sudo" in rights:
            yield Case(f"sudo {name}", "sudo", "echo 'app ALL=(root) NOPASSWD: "
                       f"/usr/bin/{name}' > /etc/sudoers.d/app", True)
        if "capabilities" in rights:
            yield Case(f"capabilities {name}", "capabilities",
                       f"setcap cap_setuid+ep /usr/bin/{name}", True)


# Markdown: blocks of code, by paragraph where each is whole.

FENCE = re.compile(r"^```(\w*)\s*\n(.*?)^```", re.M | re.S)
HEADING = re.compile(r"^#+ +(.*)$", re.M)
SHELL_BLOCKS = {"", "bash", "sh", "shell", "powershell", "python", "perl", "ruby", "awk"}
COMMAND = re.compile(r"^(sudo +)?[\w./$(:~-]+( |$|=|<|\()")
NOT_SHELL = re.compile(r"^(import|from|require|use|def|class|function|var|let|const|String|public|"
                       r"package|socket|print|os\.|Listener|Victim|Attacker|NOTE|Windows)\b|"
                       r"^[\w.]+\(|msfvenom|^nc -(n?lv|u -lv|lnv)[^e]*$|[A-Z]:\\\\|\.exe\b", re.M)


def markdown(root: pathlib.Path, files: list[pathlib.Path]) -> Cases:
    for path in files:
        text = read_text(path)
        headings = [(m.start(), m.group(1)) for m in HEADING.finditer(text)]
        for match in FENCE.finditer(text):
            if match.group(1).lower() not in SHELL_BLOCKS:
                continue
            heading = [h for at, h in headings if at < match.start()][-1:] or [""]
            body = re.sub(r"^user@victim\$ ", "", match.group(2), flags=re.M)
            body = "\n".join(l for l in body.split("\n") if not l.startswith("user@attack"))
            parts = re.split(r"\n\s*\n", body)
            for part in parts:
                part = re.sub(r"^[$#] (?=\w)", "", part.strip(), flags=re.M)
                if COMMAND.match(part) and not NOT_SHELL.search(part) and is_shell(part):
                    line = text[:match.start()].count("\n") + 1
                    yield Case(f"{path.stem}:{line} {heading[0]}: {part[:60]!r}", path.stem, part,
                               True)


# Semgrep: rules' own tests, `# ruleid: X` before a command to be found, `# ok: X` before another.

def semgrep(root: pathlib.Path, files: list[pathlib.Path]) -> Cases:
    for path in files:
        text = read_text(path)
        marks = list(re.finditer(r"^# (ruleid|ok): ([\w-]+)\n(.*)$", text, re.M))
        for match in marks:
            attack = match.group(1) == "ruleid"
            # What stands before may give variables their values; other marked commands may not.
            before = re.sub(r"^# (?:ruleid|ok): .*\n.*$", "", text[:match.start()], flags=re.M)
            line = text[:match.start(3)].count("\n") + 1
            yield Case(f"{match.group(2)} {path.name}:{line}", match.group(2),
                       f"{before}\n{match.group(3)}", attack)


# Dockerfiles: RUN as commands, ENV and ARG as exports.

def dockerfile_script(text: str) -> str:
    lines = re.sub(r"\\\s*\n(\s*#.*\n)*", " ", text).split("\n")
    out = []
    for line in lines:
        word, _, rest = line.strip().partition(" ")
        rest = rest.strip()
        while rest.startswith("--"):
            rest = rest.partition(" ")[2].strip()
        if word.upper() == "RUN" and rest.startswith("["):
            out.append(" ".join(f"'{w}'" for w in re.findall(r'"([^"]*)"', rest)))
        elif word.upper() == "RUN":
            out.append(rest)
        elif word.upper() in ("ENV", "ARG"):
            pairs = re.match(r"^(\w+)\s+([^=].*)$", rest)
            out.append(f"export {pairs.group(1)}={pairs.group(2)}" if pairs else f"export {rest}")
    return "\n".join(out)


def checkov(root: pathlib.Path, files: list[pathlib.Path]) -> Cases:
    for path in files:
        check, kind = path.parts[-3], path.parts[-2]
        text = read_text(path)
        if kind == "fail":
            # Each instruction is a case of its own: the file is a list of ways to be wrong.
            body = re.sub(r"\\\s*\n", " ", text)
            for number, line in enumerate(l for l in body.split("\n") if re.match(r"\s*RUN\s", l)):
                script = dockerfile_script(line)
                if is_shell(script):
                    yield Case(f"{check}/{path.name}.{number}", check, script, True, "sh")
        elif kind == "pass" and is_shell(dockerfile_script(text)):
            yield Case(f"{check}/pass/{path.name}", check, dockerfile_script(text), False, "sh")


HASKELL_STRING = r"\"((?:[^\"\\]|\\.)*)\""


def haskell(text: str) -> str:
    text = re.sub(r"\\\s*\n\s*\\", "", text)
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t", "r": "\r"}.get(m[1], m[1]), text)


def hadolint(root: pathlib.Path, files: list[pathlib.Path]) -> Cases:
    pattern = re.compile(rf"^\s*ruleCatches(Not)?\s+\"(DL\d+)\"\s+{HASKELL_STRING}", re.M)
    for path in files:
        for number, match in enumerate(pattern.finditer(read_text(path))):
            script = dockerfile_script(haskell(match.group(3)))
            if script and is_shell(script):
                yield Case(f"{match.group(2)} {number}: {script[:60]!r}", match.group(2), script,
                           not match.group(1), "sh")


# ShellCheck: the snippets of its own tests.

def shellcheck(root: pathlib.Path, files: list[pathlib.Path]) -> Cases:
    pattern = re.compile(rf"^(prop_\w+)\s*=\s*verify\w*\s+(?:\w+|\([^)]*\))\s+{HASKELL_STRING}", re.M)
    for path in files:
        for match in pattern.finditer(read_text(path)):
            script = haskell(match.group(2))
            if is_shell(script):
                yield Case(f"{path.stem} {match.group(1)}", "", script, False)


# ComplianceAsCode: scripts that make a machine break a rule, or keep it.

def compliance(root: pathlib.Path, files: list[pathlib.Path]) -> Cases:
    for path in files:
        match = re.match(r"(.*)\.(fail|pass)\.sh$", path.name)
        text = read_text(path)
        # Templates are rendered by the collection's own build system.
        if not match or "{{" in text or "{%" in text:
            continue
        rule = path.parts[-3]
        yield Case(f"{rule}/{path.name}", rule, text, match.group(2) == "fail")


# Plain files: one script each, or one command per line.

def scripts(root: pathlib.Path, files: list[pathlib.Path]) -> Cases:
    for path in files:
        text = read_text(path)
        first = text.split("\n", 1)[0]
        if not first.startswith("#!") or re.search(r"\b(ba|da|k)?sh\b", first):
            yield Case(str(path.relative_to(root)), "", text, False)


def lines(root: pathlib.Path, files: list[pathlib.Path]) -> Cases:
    for path in files:
        for number, line in enumerate(read_text(path).split("\n")):
            if line.strip() and is_plain(line):
                yield Case(f"{path.name}:{number + 1}", "", line, False)


def is_plain(line: str) -> bool:
    """Placeholders such as <file> make other commands of what was meant."""
    return not re.search(r"<[a-z_ -]+>|[\[{(<]?(YOUR|your)[_-]", line)


# Our own: === attack|benign GROUP[,GROUP...] LABEL title.

def own(root: pathlib.Path, files: list[pathlib.Path]) -> Cases:
    pattern = re.compile(r"^=== (attack|benign) ([A-Z,]+) (\S+) (.*)\n((?:(?!=== ).*\n?)*)", re.M)
    for path in files:
        for match in pattern.finditer(read_text(path)):
            kind, groups, label, title, script = match.groups()
            yield Case(f"{label} {title}", label, script, kind == "attack",
                       groups=tuple(groups.split(",")))


READERS: dict[str, typing.Callable[[pathlib.Path, list[pathlib.Path]], Cases]] = {
    reader.__name__: reader for reader in (
        atomic, panix, gtfobins, markdown, semgrep, checkov, hadolint, shellcheck, compliance,
        scripts, lines, own)
}
