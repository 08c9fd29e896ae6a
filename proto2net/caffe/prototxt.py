"""Reads protobuf's text format: prototxt to message, as C++ TextFormat::Parse does for Caffe.

Unlike the runtime's own reader, this one finds all problems of a file in one run, and keeps the
line of every layer for what is said about it later.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import NoReturn

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from proto2net.caffe.schema import LINE, Message, is_repeated, is_required, message_class
from proto2net.errors import Issue, Location, ParseError, closest

_TOKEN = re.compile(
    r"""(?:\s+|\#[^\n]*)+
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<mark>[{}<>:\[\],;-])
      | (?P<number>0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fF]?)
      | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}|\{\{\s*$|\{%|<%|\$\{|\{\w+\}|\$\w+|@\w+@|%\(|%[sdf]\b")
"""What a template has where a network has a value."""
_NET = re.compile(r"^\s*(?:train_)?net\s*:\s*(\"[^\"\n]*\")", re.MULTILINE)
"""Where a solver names its net."""
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_BOOLS = dict.fromkeys(("true", "True", "t", "1"), True) | dict.fromkeys(
    ("false", "False", "f", "0"), False
)
_CLOSING = {"{": "}", "<": ">"}
_SHOWN = 40
"""Characters of the input that a message quotes at most."""


class TextError(ParseError):
    """The text has problems; `message` is what could be read of it."""

    def __init__(self, issues: Iterable[Issue], message: Message) -> None:
        super().__init__(issues)
        self.message = message


def read(
    text: str,
    file: str = "<text>",
    message: str = "NetParameter",
    *,
    ignore_unknown_fields: bool = False,
) -> tuple[Message, list[str]]:
    """The message that the text holds, and a note for each kind of field that was ignored.

    Raises TextError with every problem found.
    """
    reader = _Reader(text, file, ignore_unknown_fields)
    result = message_class(message)()
    with suppress(_SyntaxError):  # what follows it cannot be understood
        reader.body(result, end="")
    other = _no_network(result, reader) if message == "NetParameter" else None
    if other:
        raise TextError([other], message_class(message)())
    if reader.issues:
        raise TextError(reader.issues, result)
    return result, grouped(reader.ignored)


def by_line(issues: Iterable[Issue]) -> list[Issue]:
    """The issues of one file in its order."""
    return sorted(issues, key=lambda issue: issue.where.line if issue.where else 0)


def grouped(found: Iterable[tuple[str, Location]]) -> list[str]:
    """Notes: each sentence once, at the first of its places, with the number of the others."""
    places: dict[str, list[Location]] = {}
    for sentence, where in found:
        places.setdefault(sentence, []).append(where)
    return [
        f"{first}: {sentence}" + (f" (and {len(others)} more)" if others else "")
        for sentence, (first, *others) in places.items()
    ]


def _no_network(net: Message, reader: _Reader) -> Issue | None:
    """What the text is, if it is plainly something else than a network."""
    if reader.template:
        return reader.template
    if net.layer or net.layers:
        return None
    solver = _fields(message_class("SolverParameter").DESCRIPTOR)
    layer = _fields(message_class("LayerParameter").DESCRIPTOR)
    for name, where in reader.strangers:
        if name in solver and name not in layer:
            path = _NET.search(reader.text)
            hint = f"give its net, {path[1]}" if path else "give its net"
            return Issue("this is a solver, and no network", hint, where)
        if name in layer and name not in solver:
            what = f'this is a part of a network: "{name}" stands outside of any layer'
            return Issue(what, "write each layer as layer { … }", where)
    return None


class _SyntaxError(Exception):
    """The structure of the text is broken."""


class _Refused(Exception):
    """A value does not fit its field; the argument says what would."""


@dataclass(frozen=True)
class _Field:
    """What the reader needs of a field descriptor, looked up once a message type."""

    name: str
    repeated: bool
    required: bool
    message: Descriptor | None
    keeps_line: bool
    convert: Callable[[str, str], object]  # of a token's kind and text


@cache
def _fields(descriptor: Descriptor) -> dict[str, _Field]:
    return {
        field.name: _Field(
            field.name,
            is_repeated(field),
            is_required(field),
            field.message_type,
            field.message_type is not None and LINE in field.message_type.fields_by_name,
            _converter(field),
        )
        for field in descriptor.fields
        if field.name != LINE
    }


class _Reader:
    """A recursive descent over the tokens, filling messages as their descriptors say."""

    def __init__(self, text: str, file: str, ignore_unknown_fields: bool) -> None:
        self.text = text
        self.file = file
        self.issues: list[Issue] = []
        self.ignored: list[tuple[str, Location]] = []
        self.strangers: list[tuple[str, Location]] = []
        """The unknown fields of the outermost message."""
        self.template: Issue | None = None
        self._ignores = ignore_unknown_fields
        self._tokens = [
            (match.lastgroup, match.group(), match.start())
            for match in _TOKEN.finditer(text)
            if match.lastgroup
        ]
        self._tokens.append(("end", "", len(text)))
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        self._at = 0

    def body(self, message: Message, end: str) -> None:
        """Read fields into the message up to the closing mark; `end` is empty for the file."""
        fields = _fields(message.DESCRIPTOR)
        seen: set[str] = set()
        start = self._at
        while True:
            kind, name, offset = self._tokens[self._at]
            if kind == "mark" and name == end:
                self._at += 1
                break
            if kind == "end" and not end:
                break
            if kind != "name":
                self._stop("the name of a field" + (f' or "{end}"' if end else ""))
            self._at += 1
            field = fields.get(name)
            if field is None:
                if not end:
                    self.strangers.append((name, self._where(offset)))
                self._unknown(name, message.DESCRIPTOR.name, fields, offset)
            elif name in seen and not field.repeated:
                self._report(f'"{name}" is given twice; it takes one value', "", offset)
                self._skip_value()
            else:
                seen.add(name)
                self._field(message, field)
            if self._tokens[self._at][1] in (",", ";"):
                self._at += 1
        for field in fields.values():
            if field.required and field.name not in seen:
                offset = self._tokens[max(start - 1, 0)][2]
                self._report(f'{message.DESCRIPTOR.name} needs "{field.name}"', "", offset)

    def _unknown(self, name: str, message: str, fields: Iterable[str], offset: int) -> None:
        """Pass over a field that the message does not have, and tell it."""
        if self._ignores:
            self.ignored.append(
                (f'ignored unknown field "{name}" of {message}', self._where(offset))
            )
        else:
            self._report(f'"{name}" is not a field of {message}', closest(name, fields), offset)
        self._skip_value()

    def _field(self, message: Message, field: _Field) -> None:
        colon = self._accept(":")
        if field.repeated and self._accept("["):
            while not self._accept("]"):
                self._value(message, field, colon)
                if not self._accept(",") and self._tokens[self._at][1] != "]":
                    self._stop('"," or "]"')
        else:
            self._value(message, field, colon)

    def _value(self, message: Message, field: _Field, colon: bool) -> None:
        if field.message is not None:
            self._message(message, field)
            return
        if not colon:
            self._stop(f'":" after "{field.name}"')
        kind, text, offset = self._scalar()
        try:
            value = field.convert(kind, text)
        except _Refused as refused:
            shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
            self._report(f"{field.name} is {shown}", str(refused), offset)
            return
        if field.repeated:
            getattr(message, field.name).append(value)
        else:
            setattr(message, field.name, value)

    def _message(self, message: Message, field: _Field) -> None:
        kind, mark, offset = self._tokens[self._at]
        if kind != "mark" or mark not in _CLOSING:
            self._stop(f'"{{" after "{field.name}"')
        self._at += 1
        part = getattr(message, field.name)
        if field.repeated:
            part = part.add()
        else:
            part.SetInParent()
        if not field.keeps_line:
            self.body(part, _CLOSING[mark])
            return
        first = len(self.issues)
        setattr(part, LINE, self._line(offset))
        try:
            self.body(part, _CLOSING[mark])
        finally:  # the layer's name may come after its problems
            self.issues[first:] = [
                replace(issue, layer=_title(part)) for issue in self.issues[first:]
            ]

    def _scalar(self) -> tuple[str, str, int]:
        """The next scalar value: its token's kind, its text, and where it stands."""
        kind, text, offset = self._tokens[self._at]
        self._at += 1
        if text == "-" and kind == "mark":
            kind, text, _ = self._tokens[self._at]
            if kind not in ("number", "name"):
                self._stop('a number after "-"')
            self._at += 1
            return kind, "-" + text, offset
        if kind == "string":
            while self._tokens[self._at][0] == "string":  # adjacent literals are one
                text += self._tokens[self._at][1]
                self._at += 1
        elif kind not in ("number", "name"):
            self._at -= 1
            self._stop("a value")
        return kind or "", text, offset

    def _skip_value(self) -> None:
        """Pass over the value of a field that is not kept, whatever it is."""
        self._accept(":")
        kind, text, _ = self._tokens[self._at]
        if kind != "mark" or text not in "{<[":
            self._scalar()
            return
        depth = 0
        while True:
            kind, text, _ = self._tokens[self._at]
            if kind == "end":
                self._stop('a closing "}"')
            if kind == "other":
                self._stop("a value")
            if kind == "mark":
                depth += (text in "{<[") - (text in "}>]")
            self._at += 1
            if depth == 0:
                return

    def _accept(self, mark: str) -> bool:
        kind, text, _ = self._tokens[self._at]
        if kind == "mark" and text == mark:
            self._at += 1
            return True
        return False

    def _stop(self, expected: str) -> NoReturn:
        """Report a broken structure at the next token, and give up."""
        kind, text, offset = self._tokens[self._at]
        if kind == "end":
            found = "the end of the file"
        elif text in "\"'":
            found = "a string that is never closed"
        else:
            found = f'"{text[:_SHOWN]}"'
        self._report(f"expected {expected}, found {found}", self._open_string(), offset)
        self.template = self._placeholder(offset)
        raise _SyntaxError

    def _open_string(self) -> str:
        """A hint where a string just before went over lines, as one does that lacks a quote."""
        before = self._tokens[max(self._at - 2, 0) : self._at]
        for kind, text, offset in before:
            if kind == "string" and "\n" in text:
                return f"the string that begins in line {self._line(offset)} may lack a quote"
        return ""

    def _placeholder(self, offset: int) -> Issue | None:
        """What to say of a template, if this line has a placeholder."""
        line = self._line(offset)
        found = _PLACEHOLDER.search(self.text.split("\n")[line - 1].partition("#")[0])
        if not found:
            return None
        what = f'this is a template, and no network: it has "{found[0]}" to be filled in'
        return Issue(what, "give the file that is made from it", Location(self.file, line))

    def _report(self, message: str, hint: str, offset: int) -> None:
        self.issues.append(Issue(message, hint, self._where(offset)))

    def _where(self, offset: int) -> Location:
        return Location(self.file, self._line(offset))

    def _line(self, offset: int) -> int:
        return bisect_right(self._newlines, offset - 1) + 1


def _title(layer: Message) -> str:
    kind = layer.type if isinstance(layer.type, str) else ""
    return f'layer "{layer.name}"' + (f" ({kind})" if kind else "")


_INTEGER_BITS = {"INT32": 31, "INT64": 63, "UINT32": 32}


def _converter(field: FieldDescriptor) -> Callable[[str, str], object]:
    """The function from a token to the value of this field; it raises _Refused."""
    if field.enum_type is not None:
        numbers = {value.name: value.number for value in field.enum_type.values}
        return lambda kind, text: _enum(numbers, kind, text)
    for name, bits in _INTEGER_BITS.items():
        if field.type == getattr(FieldDescriptor, f"TYPE_{name}"):
            low, high = (0 if name == "UINT32" else -(2**bits)), 2**bits - 1
            return lambda kind, text: _integer(low, high, kind, text)
    if field.type in (FieldDescriptor.TYPE_FLOAT, FieldDescriptor.TYPE_DOUBLE):
        return _float
    if field.type == FieldDescriptor.TYPE_BOOL:
        return _bool
    if field.type == FieldDescriptor.TYPE_BYTES:
        return lambda kind, text: _string(kind, text).encode()
    return _string


def _enum(numbers: dict[str, int], kind: str, text: str) -> int:
    if kind == "name" and text in numbers:
        return numbers[text]
    if kind == "number" and text.isdigit() and int(text) in numbers.values():
        return int(text)
    hint = closest(text, numbers) if kind == "name" else ""
    raise _Refused("; ".join(filter(None, (f"it can be {', '.join(numbers)}", hint))))


def _integer(low: int, high: int, kind: str, text: str) -> int:
    wanted = _Refused(f"it must be a whole number from {low} to {high}")
    digits = text.removeprefix("-").lower()
    if kind != "number" or not digits.isalnum():
        raise wanted
    octal = len(digits) > 1 and digits[0] == "0" and digits[1] != "x"
    try:
        value = int(digits, 16 if digits[:2] == "0x" else 8 if octal else 10)
    except ValueError:
        raise wanted from None
    value = -value if text[0] == "-" else value
    if not low <= value <= high:
        raise wanted
    return value


def _float(kind: str, text: str) -> float:
    special = kind == "name" and text.removeprefix("-").lower() in ("inf", "infinity", "nan")
    try:
        if kind != "string" and (kind == "number" or special):
            return float(text if special else text.rstrip("fF"))
    except ValueError:
        pass
    raise _Refused("it must be a number")


def _bool(kind: str, text: str) -> bool:
    if kind == "string" or text not in _BOOLS:
        raise _Refused("it must be true or false")
    return _BOOLS[text]


def _string(kind: str, text: str) -> str:
    if kind != "string":
        raise _Refused('it must be a string, in quotes: "…"')
    literals = re.findall(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'', text)
    content = "".join(double or single for double, single in literals)
    if "\\" not in content:
        return content
    return _unescape(content)


def _unescape(content: str) -> str:
    """Resolve C escapes; \\ooo and \\xhh are bytes of UTF-8."""

    def byte(match: re.Match[str]) -> bytes:
        octal, digits, letter = match.groups()
        if octal:
            return bytes([int(octal, 8) & 255])
        if digits:
            return bytes([int(digits, 16)])
        return _ESCAPES.get(letter, letter).encode()

    parts, end = [], 0
    for match in _ESCAPE.finditer(content):
        parts += [content[end : match.start()].encode(), byte(match)]
        end = match.end()
    return b"".join([*parts, content[end:].encode()]).decode(errors="replace")
