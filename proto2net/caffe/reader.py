"""The text format to a message: a reader that tells all problems of a file in one run."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import takewhile
from typing import NoReturn

from google.protobuf.descriptor import FieldDescriptor

from proto2net import limits
from proto2net.caffe import harmless
from proto2net.caffe.scalars import NUMBERS, Field, Refused, fields_of, required_of
from proto2net.caffe.schema import LINE, PROBLEMS, TEXT, Message
from proto2net.caffe.tokens import tokens
from proto2net.errors import Issue, Location, closest
from proto2net.frozen import dataclass
from proto2net.layers.holes import is_hole

_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}|\{\{\s*$|\{%|<%|\$\{|\{\w+\}|\$\w+|@\w+@|%\(|%[sdf]\b")
"""What a template has where a network has a value."""
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
"""The messages about a token of this kind as the value of a field of this kind."""
_TRUE = ("true", "True", "1")
_SHOWN = 40
"""Characters of the input that a message quotes at most."""


@dataclass(frozen=True)
class Setting(Issue):
    """A problem of a layer's parameters: none of a layer that is left out, or left as a hole."""


@dataclass(frozen=True)
class Unknown(Setting):
    """A field that the schema lacks."""

    @property
    def ignored(self) -> str:
        """What is told where it does not matter."""
        return f"ignored unknown field {self.message.partition(' ')[0]} of {self.of}"


@dataclass(frozen=True)
class UnknownStart(Unknown):
    """A field that the schema lacks, and that says how what is learned starts."""

    @property
    def ignored(self) -> str:
        return f"{super().ignored}, which says how training starts"


@dataclass(frozen=True)
class Word(Setting):
    """A word where a number should be."""


class BrokenText(Exception):
    """The structure of the text is broken."""


class Reader:
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
        self._tokens = tokens(text)
        self._next = next(self._tokens)
        self._messages = self._layers = self._problems = 0
        self._newlines = array("I", map(re.Match.start, re.finditer("\n", text)))

    def _advance(self) -> None:
        self._next = next(self._tokens)

    def body(self, message: Message, end: str = "", start: int = 0) -> int:
        """Read fields into the message, which starts here, up to the closing mark.

        `end` is empty for the file, as the text of its last token is. Returns where the message
        ends.
        """
        fields = fields_of(message.DESCRIPTOR)
        seen: set[str] = set()
        while True:
            kind, name, offset = self._next
            if kind != "name" and name != end:
                self._stop("the name of a field" + (f' or "{end}"' if end else ""))
            self._advance()
            if name == end:
                break
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
        for missing in required_of(message.DESCRIPTOR):
            if missing not in seen:
                self._report(f'{message.DESCRIPTOR.name} needs "{missing}"', "", start)
        return offset + len(end)

    def _unknown(self, name: str, message: str, fields: Iterable[str], offset: int) -> None:
        """Pass over a field that the message does not have, and tell it."""
        self._accept(":")
        value, always = self._next[1], harmless.is_always_on(message, name)
        if self._ignores:
            self._note(f'ignored unknown field "{name}" of {message}', offset)
        elif harmless.is_setting(name, message):
            self._note(f'ignored "{name}" of {message}, which changes no result', offset)
        elif harmless.is_rounding(name, message):
            what = "the rounding of a quantised network is left out"
            self._note(f'ignored "{name}" of {message}: {what}', offset)
        elif harmless.is_neutral(name, value) or (always and value in _TRUE):
            self._note(f'ignored "{name}: {value}" of {message}, which changes no result', offset)
        elif harmless.is_off(name, value) and not always:
            what = "an unknown field; false is taken for its default"
            self._note(f'ignored "{name}: false" of {message}, {what}', offset)
        else:
            hint = closest(name, fields) if self._problems < limits.PROBLEMS else ""
            if always:
                hint = f"what is computed is that of {name}: true; leave it out if that is right"
            starts = message == "FillerParameter" or name.endswith("_filler")
            kind = Issue if message == _RULES else UnknownStart if starts else Unknown
            self._report(f'"{name}" is not a field of {message}', hint, offset, kind, message)
        self._skip_value()

    def _field(self, message: Message, field: Field) -> None:
        colon = self._accept(":")
        if field.repeated and self._accept("["):
            while not self._accept("]"):
                self._value(message, field, colon)
                if not self._accept(",") and self._next[1] != "]":
                    self._stop('"," or "]"')
        else:
            self._value(message, field, colon)

    def _value(self, message: Message, field: Field, colon: bool) -> None:
        if field.message is not None:
            self._message(message, field)
            return
        if not colon:
            self._stop(f'":" after "{field.name}"')
        kind, text, offset = self._scalar()
        try:
            value = field.convert(kind, text)
        except Refused as refused:
            shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
            kind_of = _kind_of_issue(message, field.name)
            if kind == "name" and field.cpp_type in NUMBERS:
                kind_of = Word
            of = message.DESCRIPTOR.name
            self._report(f"{field.name} is {shown}", str(refused), offset, kind_of, of)
            return
        if told := _LENIENT.get((kind, field.cpp_type)):
            self._note(told, offset)
        if field.repeated:
            getattr(message, field.name).append(value)
        else:
            setattr(message, field.name, value)

    def _message(self, message: Message, field: Field) -> None:
        _, mark, offset = self._next
        if mark not in _CLOSING:
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
            self.body(part, _CLOSING[mark], offset)
            return
        self._layers += 1
        self._check_most(self._layers, limits.LAYERS, "layers", offset)
        first = len(self.issues)
        setattr(part, LINE, self._line(offset))
        try:
            end = self.body(part, _CLOSING[mark], offset)
            if is_hole(part, self._holes):
                setattr(part, TEXT, self.text[offset:end])
                self.issues[first:] = [i for i in self.issues[first:] if type(i) is Issue]
        finally:  # the layer's name may come after its problems
            if len(self.issues) > first:
                self._hold(part, first)

    def _hold(self, layer: Message, first: int) -> None:
        """Put what is wrong with a layer's own parameters aside: the layer may be left out."""
        found = [replace(each, layer=_title(layer)) for each in self.issues[first:]]
        own = tuple(issue for issue in found if isinstance(issue, Setting))
        self.issues[first:] = [issue for issue in found if not isinstance(issue, Setting)]
        if own:
            self.held.append(own)
            setattr(layer, PROBLEMS, len(self.held))

    def _scalar(self) -> tuple[str, str, int]:
        """The next scalar value: its token's kind, its text, and where it stands."""
        kind, text, offset = self._next
        if text == "-":
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
                self._check_most(depth, limits.DEPTH, "nested brackets", offset)
            self._advance()
            if depth == 0:
                return

    def _accept(self, mark: str) -> bool:
        if self._next[1] != mark:
            return False
        self._advance()
        return True

    def _stop(self, expected: str) -> NoReturn:
        """Report a broken structure at the next token, and give up."""
        kind, text, offset = self._next
        if kind == "end":
            found = "the end of the file"
        elif text in "\"'":
            found = "a string that is never closed"
        else:
            found = f'"{text[:_SHOWN]}"'
        self._report(f"expected {expected}, found {found}", self._open_string(offset), offset)
        self.template = self._placeholder(offset)
        raise BrokenText

    def _open_string(self, stop: int) -> str:
        """A hint where a string just before went over lines, as one does that lacks a quote."""
        before = takewhile(lambda token: token[2] < stop, tokens(self.text))
        for kind, text, offset in deque(before, maxlen=2):
            if kind == "string" and "\n" in text:
                return f"the string that begins in line {self._line(offset)} may lack a quote"
        return ""

    def _placeholder(self, offset: int) -> Issue | None:
        """What to say of a template, if this line has a placeholder."""
        line = self._line(offset)
        found = _PLACEHOLDER.search(self.text.split("\n")[line - 1].partition("#")[0])
        if not found:
            return None
        from proto2net.caffe import templates  # which most files are not

        return templates.told(found[0], Location(self.file, line))

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
            raise BrokenText

    def _where(self, offset: int) -> Location:
        return Location(self.file, self._line(offset))

    def _line(self, offset: int) -> int:
        return bisect_right(self._newlines, offset - 1) + 1


def _kind_of_issue(message: Message, field: str) -> type[Issue]:
    """Whether a problem is one of parameters, or of a layer's place in the network."""
    connects = field in _CONNECTIONS or message.DESCRIPTOR.name == _RULES
    return Issue if connects else Setting


def _title(layer: Message) -> str:
    kind = layer.type if isinstance(layer.type, str) else ""
    return f'layer "{layer.name}"' + (f" ({kind})" if kind else "")
