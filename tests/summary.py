#!/usr/bin/env python3
"""Reads `ctest -V` from stdin, says what happened test by test, and adds to the counts in a file.

    summary.py COUNTS

What cmocka and bats run inside one test of ctest counts one by one. A skip is printed with the
reason that the test gave, a failure with all that it printed.
"""
import collections
import pathlib
import re
import sys

OUTPUT = re.compile(r"^(\d+): ?(.*)$")
RESULT = re.compile(r"^ *\d+/\d+ Test +#(\d+): (\S+) \.*\s*(.*?) +([0-9.]+) sec$")
CMOCKA = re.compile(r"\[ +(RUN|OK|FAILED|SKIPPED) +\] (\S+)")
TAP = re.compile(r"^(ok|not ok) \d+ (.*?)(?: # skip ?(.*))?$")
PREAMBLE_END = "Test timeout computed to be"
REASON = re.compile(r"skipped: (.*)")


def cmocka(lines):
    """Results of unit tests; the list of failures that cmocka repeats at its end does not count."""
    open_test, reason = None, None
    for line in lines:
        said = REASON.search(line)
        if said:
            reason = said.group(1)
        match = CMOCKA.search(line)
        if match and match.group(1) == "RUN":
            open_test, reason = match.group(2), None
        elif match and match.group(2) == open_test:
            yield match.group(1), open_test, reason
            open_test = None


def tap(lines):
    for line in lines:
        match = TAP.match(line)
        if match and match.group(3) is not None:
            yield "SKIPPED", match.group(2), match.group(3)
        elif match:
            yield ("OK" if match.group(1) == "ok" else "FAILED"), match.group(2), None


def whole(status, name, lines):
    """A test that says nothing of what is in it: the status that ctest gives counts."""
    if "Skipped" in status:
        reasons = [m.group(1) for m in map(REASON.search, lines) if m]
        return "SKIPPED", name, reasons[-1] if reasons else None
    return ("OK" if status == "Passed" else "FAILED"), name, None


def report(name, status, seconds, lines, counts):
    parts = list(tap(lines) if name.startswith("e2e.") else cmocka(lines))
    parts = parts or [whole(status, name, lines)]
    fine = status == "Passed" or "Skipped" in status
    if not fine and not any(kind == "FAILED" for kind, _, _ in parts):
        parts.append(("FAILED", name, None))
    here = collections.Counter(kind for kind, _, _ in parts)
    counts.update(here)
    word = "FAILED" if here["FAILED"] else "skipped" if not here["OK"] else "passed"
    print(f"{word:8}{name}  {len(parts)} in {float(seconds):.1f} s", flush=True)
    for kind, part, reason in parts:
        if kind == "SKIPPED":
            print(f"        skipped: {part}: {reason or 'it does not say why'}")
    if here["FAILED"]:
        print("\n".join("        | " + line for line in [status, *lines]), flush=True)


def main():
    path = pathlib.Path(sys.argv[1])
    counts = collections.Counter(OK=0, FAILED=0, SKIPPED=0)
    output = collections.defaultdict(list)
    other = collections.deque(maxlen=40)
    for line in sys.stdin.buffer:
        line = line.decode("utf-8", "backslashreplace").rstrip("\r\n")
        said, result = OUTPUT.match(line), RESULT.match(line)
        if said and said.group(2).startswith(PREAMBLE_END):
            output[said.group(1)] = []
        elif said:
            output[said.group(1)].append(said.group(2))
        elif result:
            number, name, status, seconds = result.groups()
            report(name, status, seconds, output.pop(number, []), counts)
        else:
            other.append(line)
    if not counts.total():
        print("\n".join(["FAILED  no test ran", *other]))
        counts["FAILED"] += 1
    before = [int(n) for n in path.read_text().split()]
    now = [counts["OK"], counts["FAILED"], counts["SKIPPED"]]
    path.write_text(" ".join(str(a + b) for a, b in zip(before, now)) + "\n")


main()
