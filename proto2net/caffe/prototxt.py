"""Reads protobuf's text format: prototxt to message, as C++ TextFormat::Parse does for Caffe.

Unlike the runtime's own reader, this one finds all problems of a file in one run, and keeps the
line of every layer for what is said about it later.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from typing import NoReturn

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from proto2net import limits
from proto2net.caffe import harmless
from proto2net.caffe.schema import (
    LINE,
    PRIVATE,
    PROBLEMS,
    TEXT,
    Message,
    is_repeated,
    is_required,
    message_class,
)
from proto2net.caffe.upgrade import V1_TYPES
from proto2net.errors import Issue, Location, ParseError, closest
from proto2net.layers.holes import is_hole

_STRING = re.compile(
    rf"""  "[^"\\]*(?:\\.[^"\\]*){{0,{limits.STRING}}}"
         | '[^'\\]*(?:\\.[^'\\]*){{0,{limits.STRING}}}'  """,
    re.VERBOSE | re.DOTALL,
)
_TOKEN = re.compile(
    rf"""\s+ | \#[^\n]*
      | (?P<path>[A-Za-z]:\\[^\s{{}}"']*)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<mark>[{{}}<>:\[\],;-])
      | (?P<number>0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fF]?)
      | (?P<string>{_STRING.pattern})
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}|\{\{\s*$|\{%|<%|\$\{|\{\w+\}|\$\w+|@\w+@|%\(|%[sdf]\b")
"""What a template has where a network has a value."""
_IS_TEMPLATE = 'this is a template, and no network: it has "{}" to be filled in'
_FILLED_IN = "give the file that is made from it"
_NET = re.compile(r"^[ \t]*(?:train_)?net\s*:\s*(\"[^\"\n]*\")", re.MULTILINE)
"""Where a solver names its net."""
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_V1_NAMES = {current: v1 for v1, current in V1_TYPES.items() if current}
_BOOLS = dict.fromkeys(("true", "True", "t", "1"), True) | dict.fromkeys(
    ("false", "False", "f", "0"), False
)
_CLOSING = {"{": "}", "<": ">"}
_CONNECTIONS = ("name", "bottom", "top")
"""What a layer says of its place in the network, even one that is left as a hole."""
_RULES = "NetStateRule"
"""The message that says whether a layer has a place at all."""
_BARE = "read a text without quotes, as MyCaffe writes it; Caffe refuses it"
_LENIENT = {
    ("path", FieldDescriptor.CPPTYPE_STRING): _BARE,
    ("name", FieldDescriptor.CPPTYPE_STRING): _BARE,
    ("string", FieldDescriptor.CPPTYPE_ENUM): (
        "read the name of a current type among `layers` (V1 format); Caffe refuses it"
    ),
}
"""What is to be said of a token of this kind as the value of a field of this kind."""
_SHOWN = 40
"""Characters of the input that a message quotes at most."""
_DIGITS = 1000
"""Of a number; a longer one takes long to be read."""


class NoNetwork(ParseError):
    """The text is plainly something else than a network."""


class Solver(NoNetwork):
    """The text is a solver, which names its network or holds it."""


@dataclass(frozen=True)
class _Setting(Issue):
    """A problem of a layer's parameters: none of a layer that is left out, or left as a hole."""


@dataclass(frozen=True)
class Unknown(_Setting):
    """A field that the schema lacks."""

    @property
    def ignored(self) -> str:
        """What is told where it does not matter."""
        return f"ignored unknown field {self.message.partition(' ')[0]} of {self.of}"


@dataclass(frozen=True)
class _Word(_Setting):
    """A word where a number should be."""


@dataclass(frozen=True)
class Parsed:
    """What a text holds, as far as it could be read."""

    message: Message
    notes: list[str]
    """What was ignored, and what Caffe would refuse."""
    problems: tuple[Issue, ...]
    held: tuple[tuple[Issue, ...], ...]
    """What is wrong with the parameters of layers alone, which count if these are not left out:
    each layer that has any says in PROBLEMS which of these, counted from 1."""

    @property
    def every(self) -> list[Issue]:
        """All that is wrong, in the order of the file."""
        return by_line([*chain(*self.held), *self.problems])


def read(
    text: str,
    file: str = "<text>",
    message: str = "NetParameter",
    *,
    ignore_unknown_fields: bool = False,
    holes: Collection[str] = (),
) -> tuple[Message, list[str]]:
    """The message that the text holds, and notes: what was ignored, and what Caffe would refuse.

    Raises ParseError with every problem found.
    """
    found = parse(text, file, message, ignore_unknown_fields=ignore_unknown_fields, holes=holes)
    if found.every:
        raise ParseError(found.every)
    return found.message, found.notes


def parse(
    text: str,
    file: str = "<text>",
    message: str = "NetParameter",
    *,
    ignore_unknown_fields: bool = False,
    holes: Collection[str] = (),
) -> Parsed:
    """What the text holds, and all that is wrong with it.

    Of layers that are left as holes the text is kept, and parameters may be what they will.
    Raises NoNetwork for what is plainly something else.
    """
    if len(text) > limits.TEXT_BYTES:
        raise ParseError([too_long(file)])
    whole = text.encode(errors="replace").decode()  # no message can hold half a character
    reader = _Reader(whole, file, ignore_unknown_fields, holes)
    result = message_class(message)()
    with suppress(_SyntaxError):  # what follows it cannot be understood
        reader.body(result, end="")
    if message == "NetParameter":
        _check_is_network(result, reader)
    return Parsed(result, grouped(reader.notes), tuple(reader.issues), tuple(reader.held))


def too_long(file: str) -> Issue:
    """What is said of a text that is longer than any network."""
    most = f"a definition has {limits.TEXT_BYTES:,} bytes at most"
    return Issue("this is too long for a definition", most, Location(file, 0))


def by_line(issues: Iterable[Issue]) -> list[Issue]:
    """The issues of one file in its order, as many as are told."""
    every = sorted(issues, key=lambda issue: issue.where.line if issue.where else 0)
    if len(every) > limits.PROBLEMS + 2:  # that they are too many may be told already
        more = f"more than {limits.PROBLEMS:,} problems; the others are not told"
        every[limits.PROBLEMS :] = [Issue(more, "", every[limits.PROBLEMS].where)]
    return every


def grouped(found: Iterable[tuple[str, Location]]) -> list[str]:
    """Notes: each sentence once, at the first of its places, with the number of the others."""
    places: dict[str, list[Location]] = {}
    for sentence, where in found:
        places.setdefault(sentence, []).append(where)
    return [
        f"{first}: {sentence}" + (f" (and {len(others)} more)" if others else "")
        for sentence, (first, *others) in places.items()
    ]


def _check_is_network(net: Message, reader: _Reader) -> None:
    """Raise what says what the text is, if it is plainly something else than a network."""
    if template := reader.template or _template(reader):
        raise NoNetwork([template])
    if net.layer or net.layers:
        return
    solver = _fields(message_class("SolverParameter").DESCRIPTOR)
    layer = _fields(message_class("LayerParameter").DESCRIPTOR)
    for name, where in reader.strangers:
        if name in solver and name not in layer:
            path = _NET.search(reader.text)
            hint = f"give its net, {path[1]}" if path else "give its net"
            raise Solver([Issue("this is a solver, and no network", hint, where)])
        if name == "item":
            what = "this is a label map, which names classes, and no network"
            raise NoNetwork([Issue(what, "give the prototxt of the network", where)])
        if name in layer and name not in solver:
            what = f'this is a part of a network: "{name}" stands outside of any layer'
            raise NoNetwork([Issue(what, "write each layer as layer { … }", where)])


def _template(reader: _Reader) -> Issue | None:
    """What to say of a template whose only problem is that some numbers are still words."""
    every = [*reader.issues, *chain(*reader.held)]
    words = [issue for issue in every if isinstance(issue, _Word)]
    if len(words) < 2 or len(words) < len(every):
        return None
    word = words[0].message.rpartition(" ")[2]
    return Issue(_IS_TEMPLATE.format(word), _FILLED_IN, words[0].where)


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
    cpp_type: int
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
            field.cpp_type,
            field.message_type,
            field.message_type is not None and LINE in field.message_type.fields_by_name,
            _converter(field, of_layer=LINE in descriptor.fields_by_name),
        )
        for field in descriptor.fields
        if field.name not in PRIVATE
    }


_Token = tuple[str, str, int]
"""Its kind, its text, and where it begins."""


def _tokens(text: str) -> Iterator[_Token]:
    """The tokens of a text, made as they are asked for, and then its end again and again."""
    for match in _TOKEN.finditer(text):
        if match.lastgroup:
            yield match.lastgroup, match.group(), match.start()
    while True:
        yield "end", "", len(text)


class _Reader:
    """A recursive descent over the tokens, filling messages as their descriptors say."""

    def __init__(
        self, text: str, file: str, ignore_unknown_fields: bool, holes: Collection[str]
    ) -> None:
        self.text = text
        self.file = file
        self.issues: list[Issue] = []
        self.held: list[tuple[Issue, ...]] = []
        self.notes: list[tuple[str, Location]] = []
        self.strangers: list[tuple[str, Location]] = []
        """The unknown fields of the outermost message."""
        self.template: Issue | None = None
        self._ignores = ignore_unknown_fields
        self._holes = holes
        self._tokens = _tokens(text)
        self._next = next(self._tokens)
        self._before: deque[_Token] = deque([("", "", 0)], maxlen=2)
        self._messages = self._layers = self._problems = 0
        self._newlines = array("I", (match.start() for match in re.finditer("\n", text)))

    def _advance(self) -> None:
        self._before.append(self._next)
        self._next = next(self._tokens)

    def body(self, message: Message, end: str) -> None:
        """Read fields into the message up to the closing mark; `end` is empty for the file."""
        fields = _fields(message.DESCRIPTOR)
        seen: set[str] = set()
        start = self._before[-1]
        while True:
            kind, name, offset = self._next
            if kind == "mark" and name == end:
                self._advance()
                break
            if kind == "end" and not end:
                break
            if kind != "name":
                self._stop("the name of a field" + (f' or "{end}"' if end else ""))
            self._advance()
            field = fields.get(name)
            if field is None:
                if not end:
                    self.strangers.append((name, self._where(offset)))
                self._unknown(name, message.DESCRIPTOR.name, fields, offset)
            elif name in seen and not field.repeated:
                kind_of = _kind_of_issue(message, name)
                what = f'"{name}" is given twice; it takes one value'
                self._report(what, "", offset, kind_of, message.DESCRIPTOR.name)
                self._skip_value()
            else:
                seen.add(name)
                self._field(message, field)
            if self._next[1] in (",", ";"):
                self._advance()
        for field in fields.values():
            if field.required and field.name not in seen:
                self._report(f'{message.DESCRIPTOR.name} needs "{field.name}"', "", start[2])

    def _unknown(self, name: str, message: str, fields: Iterable[str], offset: int) -> None:
        """Pass over a field that the message does not have, and tell it."""
        self._accept(":")
        if self._ignores:
            self._note(f'ignored unknown field "{name}" of {message}', offset)
        elif harmless.is_setting(name):
            self._note(f'ignored "{name}" of {message}, which changes no result', offset)
        elif harmless.is_off(name, self._next[1]):
            what = "a field that is not known, for whose default false is taken"
            self._note(f'ignored "{name}: false" of {message}, {what}', offset)
        else:
            hint = closest(name, fields) if self._problems < limits.PROBLEMS else ""
            kind = Issue if message == _RULES else Unknown
            self._report(f'"{name}" is not a field of {message}', hint, offset, kind, message)
        self._skip_value()

    def _field(self, message: Message, field: _Field) -> None:
        colon = self._accept(":")
        if field.repeated and self._accept("["):
            while not self._accept("]"):
                self._value(message, field, colon)
                if not self._accept(",") and self._next[1] != "]":
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
            kind_of = _kind_of_issue(message, field.name)
            if kind == "name" and field.cpp_type in _NUMBERS:
                kind_of = _Word
            of = message.DESCRIPTOR.name
            self._report(f"{field.name} is {shown}", str(refused), offset, kind_of, of)
            return
        if told := _LENIENT.get((kind, field.cpp_type)):
            self._note(told, offset)
        if field.repeated:
            getattr(message, field.name).append(value)
        else:
            setattr(message, field.name, value)

    def _message(self, message: Message, field: _Field) -> None:
        kind, mark, offset = self._next
        if kind != "mark" or mark not in _CLOSING:
            self._stop(f'"{{" after "{field.name}"')
        self._advance()
        self._messages += 1
        self._check_most(self._messages, limits.MESSAGES, "messages", offset)
        part = getattr(message, field.name)
        if field.repeated:
            part = part.add()
        else:
            part.SetInParent()
        if not field.keeps_line:
            self.body(part, _CLOSING[mark])
            return
        self._layers += 1
        self._check_most(self._layers, limits.LAYERS, "layers", offset)
        first = len(self.issues)
        setattr(part, LINE, self._line(offset))
        try:
            self.body(part, _CLOSING[mark])
            if is_hole(part, self._holes):
                setattr(part, TEXT, self.text[offset : self._before[-1][2] + 1])
                self.issues[first:] = [i for i in self.issues[first:] if type(i) is Issue]
        finally:  # the layer's name may come after its problems
            self._hold(part, [replace(each, layer=_title(part)) for each in self.issues[first:]])

    def _hold(self, layer: Message, found: list[Issue]) -> None:
        """Put what is wrong with a layer's own parameters aside: the layer may be left out."""
        own = tuple(issue for issue in found if isinstance(issue, _Setting))
        others = [issue for issue in found if not isinstance(issue, _Setting)]
        self.issues[len(self.issues) - len(found) :] = others
        if own:
            self.held.append(own)
            setattr(layer, PROBLEMS, len(self.held))

    def _scalar(self) -> tuple[str, str, int]:
        """The next scalar value: its token's kind, its text, and where it stands."""
        kind, text, offset = self._next
        if text == "-" and kind == "mark":
            self._advance()
            kind, text, _ = self._next
            if kind not in ("number", "name"):
                self._stop('a number after "-"')
            self._advance()
            return kind, "-" + text, offset
        if kind not in ("number", "name", "string", "path"):
            self._stop("a value")
        self._advance()
        while kind == self._next[0] == "string" and len(text) <= limits.STRING:
            text += self._next[1]  # adjacent literals are one
            self._advance()
        if kind != "number":
            self._check_most(len(text), limits.STRING, "characters in a string", offset)
        return kind, text, offset

    def _skip_value(self) -> None:
        """Pass over the value of a field that is not kept, whatever it is."""
        self._accept(":")
        kind, text, _ = self._next
        if kind != "mark" or text not in "{<[":
            self._scalar()
            return
        depth = 0
        while True:
            kind, text, offset = self._next
            if kind == "end":
                self._stop('a closing "}"')
            if kind == "other":
                self._stop("a value")
            if kind == "mark":
                depth += (text in "{<[") - (text in "}>]")
                self._check_most(depth, limits.DEPTH, "brackets in each other", offset)
            self._advance()
            if depth == 0:
                return

    def _accept(self, mark: str) -> bool:
        kind, text, _ = self._next
        if kind == "mark" and text == mark:
            self._advance()
            return True
        return False

    def _stop(self, expected: str) -> NoReturn:
        """Report a broken structure at the next token, and give up."""
        kind, text, offset = self._next
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
        for kind, text, offset in self._before:
            if kind == "string" and "\n" in text:
                return f"the string that begins in line {self._line(offset)} may lack a quote"
        return ""

    def _placeholder(self, offset: int) -> Issue | None:
        """What to say of a template, if this line has a placeholder."""
        line = self._line(offset)
        found = _PLACEHOLDER.search(self.text.split("\n")[line - 1].partition("#")[0])
        if not found:
            return None
        return Issue(_IS_TEMPLATE.format(found[0]), _FILLED_IN, Location(self.file, line))

    def _report(
        self, message: str, hint: str, offset: int, kind: type[Issue] = Issue, of: str = ""
    ) -> None:
        self.issues.append(kind(message, hint, self._where(offset), of=of))
        self._problems += 1
        self._check_most(len(self.issues), limits.PROBLEMS, "problems", offset)
        self._check_most(self._problems, limits.SKIPPED, "problems", offset)

    def _note(self, sentence: str, offset: int) -> None:
        self.notes.append((sentence, self._where(offset)))
        self._check_most(len(self.notes), limits.SKIPPED, "fields to ignore", offset)

    def _check_most(self, number: int, most: int, what: str, offset: int) -> None:
        """Give up where there are too many of something."""
        if number > most:
            message = f"more than {most:,} {what}; the rest of the file was not read"
            self.issues.append(Issue(message, "", self._where(offset)))
            raise _SyntaxError

    def _where(self, offset: int) -> Location:
        return Location(self.file, self._line(offset))

    def _line(self, offset: int) -> int:
        return bisect_right(self._newlines, offset - 1) + 1


def _kind_of_issue(message: Message, field: str) -> type[Issue]:
    """Whether a problem is one of parameters, or of a layer's place in the network."""
    connects = field in _CONNECTIONS or message.DESCRIPTOR.name == _RULES
    return Issue if connects else _Setting


def _title(layer: Message) -> str:
    kind = layer.type if isinstance(layer.type, str) else ""
    return f'layer "{layer.name}"' + (f" ({kind})" if kind else "")


_NUMBERS = (
    FieldDescriptor.CPPTYPE_INT32,
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT32,
    FieldDescriptor.CPPTYPE_FLOAT,
    FieldDescriptor.CPPTYPE_DOUBLE,
)
_INTEGER_BITS = {"INT32": 31, "INT64": 63, "UINT32": 32}


def _converter(field: FieldDescriptor, *, of_layer: bool) -> Callable[[str, str], object]:
    """The function from a token to the value of this field; it raises _Refused."""
    if field.enum_type is not None:
        numbers = {value.name: value.number for value in field.enum_type.values}
        if field.enum_type.name == "LayerType":
            return lambda kind, text: _v1_type(numbers, kind, text)
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
    return _string if of_layer else _bare_string


def _enum(numbers: dict[str, int], kind: str, text: str) -> int:
    if kind == "name" and text in numbers:
        return numbers[text]
    if kind == "number" and text in map(str, numbers.values()):
        return int(text)
    hint = closest(text, numbers) if kind == "name" else ""
    raise _Refused("; ".join(filter(None, (f"it can be {', '.join(numbers)}", hint))))


def _v1_type(numbers: dict[str, int], kind: str, text: str) -> int:
    """The number of a type of the V1 format, which some call by its current name, in quotes."""
    if kind == "string" and (v1 := _V1_NAMES.get(_string(kind, text))):
        return numbers[v1]
    return _enum(numbers, kind, text)


def _integer(low: int, high: int, kind: str, text: str) -> int:
    wanted = _Refused(f"it must be a whole number from {low} to {high}")
    digits = text.removeprefix("-").lower()
    if kind != "number" or not digits.isalnum() or len(digits) > _DIGITS:
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
        if len(text) <= _DIGITS and (kind == "number" or special):
            return float(text if special else text.rstrip("fF"))
    except ValueError:
        pass
    raise _Refused("it must be a number")


def _bool(kind: str, text: str) -> bool:
    if kind == "string" or text not in _BOOLS:
        raise _Refused("it must be true or false")
    return _BOOLS[text]


def _bare_string(kind: str, text: str) -> str:
    """A string that may lack its quotes, as those of parameters do in MyCaffe's files."""
    return text if kind in ("name", "path") else _string(kind, text)


def _string(kind: str, text: str) -> str:
    if kind != "string":
        raise _Refused('it must be a string, in quotes: "…"')
    content = "".join(literal[0][1:-1] for literal in _STRING.finditer(text))
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
