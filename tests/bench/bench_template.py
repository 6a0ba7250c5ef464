#!/usr/bin/env python3
"""How fast templates are read: bench_template.py SEALWRIGHT [PACKER]

Times `validate -syntax-only` and `inspect` next to packer's on the same templates, in turn, as
medians of processor time, so that what else the machine does does not count; then load and plan of templates of n, 2n and 4n provisioners, in both formats, which must
grow linearly. PACKER defaults to $PACKER, or the packer on the path, and may be missing.
"""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = 15
GROWTH_MAX = 1.6  # of the time per provisioner, from n to 4n


def seconds(command, cwd):
    environment = {"PATH": os.environ["PATH"], "HOME": tempfile.gettempdir(),
                   "CHECKPOINT_DISABLE": "1"}
    child = subprocess.Popen(command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: status {child.returncode}")
    return usage.ru_utime + usage.ru_stime


def medians(commands, cwd):
    """In turn, so that what else the machine does falls on all of them."""
    times = [[] for _ in commands]
    for _ in range(ROUNDS):
        for i, command in enumerate(commands):
            times[i].append(seconds(command, cwd))
    return [statistics.median(t) * 1000 for t in times]


def script(n):
    return "".join(f"echo step {n} of many\ninstall -d /srv/{n}/{i}\n" for i in range(20))


def write_json(directory, n):
    (directory / "scripts").mkdir(parents=True)
    for i in range(n):
        (directory / "scripts" / f"{i}.sh").write_text(script(i))
    (directory / "template.json").write_text(json.dumps({
        "variables": {f"v{i}": f"value {i}" for i in range(n)},
        "builders": [{"type": "null", "ssh_host": "localhost", "ssh_username": "u",
                      "ssh_password": "p"}],
        "provisioners": [{"type": "shell", "script": f"scripts/{i}.sh",
                          "environment_vars": ["A={{user `v%d`}}" % i]} for i in range(n)],
    }))
    return "template.json"


def write_hcl(directory, n):
    (directory / "scripts").mkdir(parents=True)
    for i in range(n):
        (directory / "scripts" / f"{i}.sh").write_text(script(i))
    variables = "".join(f'variable "v{i}" {{\n  default = "value {i}"\n}}\n' for i in range(n))
    steps = "".join(f'  provisioner "shell" {{\n    script = "${{path.root}}/scripts/{i}.sh"\n'
                    f'    environment_vars = ["A=${{upper(var.v{i})}}"]\n  }}\n' for i in range(n))
    (directory / "t.pkr.hcl").write_text(
        variables + 'source "null" "x" {\n  ssh_host = "localhost"\n  ssh_username = "u"\n'
        '  ssh_password = "p"\n}\nbuild {\n  sources = ["source.null.x"]\n' + steps + "}\n")
    return "t.pkr.hcl"


def compare(program, packer, scratch):
    for write, n in ((write_json, 5), (write_json, 200), (write_hcl, 5), (write_hcl, 200)):
        directory = scratch / f"compare-{write.__name__}-{n}"
        template = write(directory, n)
        for verb, other in ((["validate", "--syntax-only"], ["validate", "-syntax-only"]),
                            (["inspect"], ["inspect"])):
            commands = [[program, *verb, template]]
            if packer:
                commands.append([packer, *other, template])
            times = medians(commands, directory)
            line = f"{template:14} {n:4} provisioners  {verb[0]:9} {times[0]:7.2f} ms"
            if packer:
                line += f"   packer {times[1]:8.2f} ms   {times[1] / times[0]:6.1f} times"
            print(line)


def growth(program, scratch):
    """Whether the time for each provisioner stays what it is."""
    linear = True
    for write in (write_json, write_hcl):
        per_item = []
        for n in (500, 1000, 2000):
            directory = scratch / f"growth-{write.__name__}-{n}"
            template = write(directory, n)
            load, plan = medians([[program, "inspect", template],
                                  [program, "plan", template]], directory)
            per_item.append(plan / n)
            print(f"{template:14} {n:4} provisioners  load {load:7.2f} ms   load and plan "
                  f"{plan:7.2f} ms   {1000 * plan / n:6.1f} us each")
        factor = per_item[-1] / per_item[0]
        linear &= factor <= GROWTH_MAX
        print(f"{template:14} each takes {factor:.2f} times as long among four times as many")
    return linear


def repositories(program):
    """Load and plan of what people have, from the cache of the corpus."""
    sys.path.insert(0, str(HERE.parent / "corpus"))
    import corpus
    for entry in corpus.repositories(["chef/bento", "boxcutter/ubuntu", "robox"]):
        try:
            units = [u for u in corpus.units(entry) if not u.rejected]
        except corpus.Unavailable as e:
            print(f"not had: {e}")
            continue
        unit = units[0]
        arguments = [x for f in unit.var_files for x in ("--var-file", f)]
        arguments += ["--cwd", unit.cwd, unit.template]
        load, plan = medians([[program, "inspect", *arguments], [program, "plan", *arguments]],
                             unit.directory)
        print(f"{unit.name}: load {load:.2f} ms, load and plan {plan:.2f} ms")


def main():
    program = os.path.abspath(sys.argv[1])
    packer = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("PACKER") or shutil.which("packer")
    with tempfile.TemporaryDirectory() as scratch:
        compare(program, packer and os.path.abspath(packer), pathlib.Path(scratch))
        linear = growth(program, pathlib.Path(scratch))
    repositories(program)
    return 0 if linear else 1


if __name__ == "__main__":
    sys.exit(main())
