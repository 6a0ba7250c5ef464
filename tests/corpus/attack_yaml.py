"""The part of YAML in which collections of attacks are kept: block maps and sequences, scalars of
all five styles. No anchors, tags or flow collections with anything but scalars in them; scalars stay
text. A file that has more is read wrongly or not at all, and the caller counts what it got.
"""
import re
import typing

Value = typing.Union[None, str, list, dict]

KEY = re.compile(r"^((?:\"[^\"]*\"|'[^']*'|[^\s\"'\[\]{}#&*!|>%@`-][^#]*?|-[^\s#][^#]*?)):(?:\s+(.*))?$")
BLOCK = re.compile(r"^[|>]([+-]?[1-9]?|[1-9][+-])\s*(?:#.*)?$")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "e": "\x1b", "a": "\a", "b": "\b",
           "\\": "\\", '"': '"', "/": "/", " ": " "}


class NotRead(Exception):
    """The document has what this reader does not know."""


def indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def is_blank(line: str) -> bool:
    text = line.strip()
    return not text or text.startswith("#")


def unescape(text: str) -> str:
    def one(match: re.Match) -> str:
        if match.group(1):
            return chr(int(match.group(1)[1:], 16))
        return ESCAPES.get(match.group(2), match.group(2))
    return re.sub(r"\\(?:(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})|(.))", one, text)


def fold(lines: list[str]) -> str:
    """Lines of a flow scalar: one break is a space, more are breaks."""
    out = lines[0]
    breaks = 0
    for line in lines[1:]:
        if not line.strip():
            breaks += 1
            continue
        joint = "\n" * breaks if breaks else " "
        out = out[:-1] + line.strip() if out.endswith("\\") else out.rstrip() + joint + line.strip()
        breaks = 0
    return out


def fold_block(lines: list[str]) -> str:
    out = ""
    for i, line in enumerate(lines):
        if i and lines[i - 1] and line and not line.startswith(" "):
            out += " "
        elif i:
            out += "\n"
        out += line
    return out


class Reader:
    def __init__(self, text: str) -> None:
        self.lines = text.replace("\r\n", "\n").expandtabs(8).split("\n")
        self.at = 0

    def skip(self) -> None:
        while self.at < len(self.lines) and (is_blank(self.lines[self.at]) or
                                             self.lines[self.at].startswith(("---", "..."))):
            self.at += 1

    def block_scalar(self, head: str, least: int) -> str:
        lines = []
        depth = 0
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.strip() and indent(line) < least:
                break
            if line.strip() and not depth:
                depth = indent(line)
            lines.append(line[depth:] if line.strip() else "")
            self.at += 1
        while lines and not lines[-1]:
            lines.pop()
        body = "\n".join(lines) if head[0] == "|" else fold_block(lines)
        return body if "-" in head else body + "\n"

    def quoted(self, text: str) -> str:
        """A quoted scalar that may go on over lines; what follows its end must be a comment."""
        mark = text[0]
        pattern = re.compile(r'^"((?:[^"\\]|\\.)*)"' if mark == '"' else r"^'((?:[^']|'')*)'", re.S)
        lines = [text]
        while not (match := pattern.match("\n".join(lines))):
            if self.at >= len(self.lines):
                raise NotRead("a quoted scalar has no end")
            lines.append(self.lines[self.at])
            self.at += 1
        body = fold(match.group(1).split("\n"))
        return unescape(body) if mark == '"' else body.replace("''", "'")

    def scalar(self, text: str, least: int) -> Value:
        if BLOCK.match(text):
            return self.block_scalar(text, least)
        if text[0] in "\"'":
            return self.quoted(text)
        if text[0] in "[{":
            return [w.strip().strip("\"'") for w in text.strip("[]{}").split(",") if w.strip()]
        lines = [re.sub(r"\s+#.*$", "", text)]
        while self.at < len(self.lines) and not is_blank(self.lines[self.at]) and \
                indent(self.lines[self.at]) >= least:
            lines.append(self.lines[self.at])
            self.at += 1
        return fold(lines)

    def nested(self, depth: int, in_map: bool) -> Value:
        """What stands below a key or a dash without text."""
        self.skip()
        if self.at >= len(self.lines):
            return None
        line = self.lines[self.at]
        own = indent(line)
        dash = line[own:].startswith("- ") or line[own:] == "-"
        if own > depth or (in_map and dash and own == depth):
            return self.block(own)
        return None

    def sequence(self, depth: int) -> list:
        out = []
        while True:
            self.skip()
            if self.at >= len(self.lines) or indent(self.lines[self.at]) != depth or \
                    not re.match(r"-(\s|$)", self.lines[self.at][depth:]):
                return out
            rest = self.lines[self.at][depth + 1:]
            if not rest.strip() or rest.strip().startswith("#"):
                self.at += 1
                out.append(self.nested(depth, False))
            elif KEY.match(rest.strip()) or re.match(r"-\s", rest.strip()):
                # The rest is a map of its own, at its own depth.
                self.lines[self.at] = " " * (depth + 1) + rest
                out.append(self.block(indent(self.lines[self.at])))
            else:
                self.at += 1
                out.append(self.scalar(rest.strip(), depth + 1))

    def mapping(self, depth: int) -> dict:
        out: dict = {}
        while True:
            self.skip()
            if self.at >= len(self.lines) or indent(self.lines[self.at]) != depth:
                return out
            match = KEY.match(self.lines[self.at][depth:].rstrip())
            if not match:
                raise NotRead(f"line {self.at + 1} is no key")
            self.at += 1
            rest = (match.group(2) or "").strip()
            bare = not rest or rest.startswith("#")
            key = match.group(1).strip("\"'")
            out[key] = self.nested(depth, True) if bare else self.scalar(rest, depth + 1)

    def block(self, depth: int) -> Value:
        text = self.lines[self.at][depth:]
        if re.match(r"-(\s|$)", text):
            return self.sequence(depth)
        if KEY.match(text.rstrip()):
            return self.mapping(depth)
        self.at += 1
        return self.scalar(text.strip(), depth)


def read(text: str) -> Value:
    reader = Reader(text)
    reader.skip()
    if reader.at >= len(reader.lines):
        return None
    return reader.block(indent(reader.lines[reader.at]))
