"""The two programs that are compared: how each is started, and what each tells."""
import json
import os
import re
import subprocess
import tempfile

SECONDS = 120
# What a Packer says that cannot judge a template: plugins that it does not have, or that are newer.
NOT_JUDGED = re.compile(
    r"Missing plugins|was not found|Unknown (source|provisioner|post-processor|data|builder)|"
    r"unknown by Packer|Blocks of type .* are not expected|Call to unknown function|"
    r"There is no function named|Unsupported (argument|attribute|block type)|only supports|"
    r"Unsupported Packer Core version|builder type not found|Failed to initialize build", re.I)


def environment(job):
    """No home, no plugins, no network; what the template asks of the environment as the job says."""
    out = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"} | job.environment
    nowhere = os.path.join(tempfile.gettempdir(), "sealwright-no-home")
    return out | {"HOME": nowhere, "PACKER_CONFIG_DIR": nowhere, "PACKER_PLUGIN_PATH": nowhere,
                  "PACKER_CACHE_DIR": nowhere, "CHECKPOINT_DISABLE": "1",
                  "PACKER_NO_COLOR": "1", "HTTP_PROXY": "http://127.0.0.1:9",
                  "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}


def run(program, job, verb, options):
    done = subprocess.run([program, *verb, *options, job.template], cwd=job.directory,
                          env=environment(job), capture_output=True, timeout=SECONDS,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout.decode("utf-8", "replace"), \
        done.stderr.decode("utf-8", "replace")


def given(job, dashes):
    out = []
    for f in job.var_files:
        out += [f"{dashes}var-file={f}"]
    for name, value in job.variables:
        out += [f"{dashes}var={name}={value}"]
    return out


def selected(job, dashes):
    return [f"{dashes}{k}={v}" for k, v in (("only", job.only), ("except", job.exclude)) if v]


class Packer:
    def __init__(self, path):
        self.path = os.path.abspath(path)
        done = subprocess.run([self.path, "version"], capture_output=True, text=True, timeout=60,
                              env={"CHECKPOINT_DISABLE": "1", "PATH": os.environ["PATH"],
                                   "HOME": tempfile.gettempdir()})
        found = re.search(r"\d+\.\d+\.\d+", done.stdout)
        if not found:
            raise SystemExit(f"{path}: tells no version: {done.stdout}{done.stderr}")
        self.version = found.group(0)

    def run(self, job, verb, options=()):
        status, out, err = run(self.path, job, verb, options)
        return status, out + err


class Sealwright:
    def __init__(self, path):
        self.path = os.path.abspath(path)

    def run(self, job, verb, options=()):
        more = ["--cwd", job.cwd] if job.cwd else []
        return run(self.path, job, verb, [*options, *more])


# ---- What `inspect` tells ------------------------------------------------------------------------

def machine(text, kind):
    """Fields of the machine-readable lines of a kind."""
    for line in text.splitlines():
        parts = line.split(",")
        if len(parts) > 3 and parts[2] == kind:
            yield [p.replace("%!(PACKER_COMMA)", ",").replace("\\n", "\n").replace("\\r", "\r")
                   for p in parts[3:]]


class Sections:
    """`inspect` of an HCL2 template: the same layout in both programs."""

    def __init__(self, text):
        self.variables = {}
        self.locals = {}
        self.builds = []
        # Packer hides values of sensitive variables wherever they stand, in other names, too.
        self.masked = re.search(r"^ *(var|local)\.\S*<sensitive>", text, re.M) is not None
        part = None
        for line in text.splitlines():
            word = line.strip()
            named = re.match(r"(var|local)\.([\w-]+): (.*)$", line)
            if named:
                kind = self.variables if named.group(1) == "var" else self.locals
                kind[named.group(2)] = named.group(3)
            elif re.match(r"  > .+:$", line):
                self.builds.append({"name": word[2:-1], "sources": [], "provisioners": [],
                                    "post-processors": []})
                part = None
            elif line.startswith("    ") and word.rstrip(":") in ("sources", "provisioners",
                                                                 "post-processors"):
                part = word.rstrip(":")
            elif self.builds and part and re.match(r" {6,}\S", line) and word[0] != "<":
                self.builds[-1][part].append(word)


def plain(value):
    """A value without the difference between an expression and its text, spaces and commas."""
    if value.startswith('"') and value.endswith('"'):
        try:
            value = json.loads(value)
        except ValueError:
            value = value[1:-1]
    return re.sub(r"\d{8,}", "#", re.sub(r"[\s,\"\\]", "", value))  # times
