"""A definition as it stands in its text: its layers, and which of its words may be shown."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from proto2net import limits
from proto2net.caffe.scalars import string_of
from proto2net.caffe.tokens import tokens
from proto2net.frozen import dataclass

HIDDEN = "(left out)"
"""What stands in the place of a text that nobody but its owner may read."""

_ENUM = re.compile(r"[A-Z0-9_]+|true|false|inf|nan")
"""Words that a number, a switch or a choice is given as."""
_TEMPLATE = "$@%"
"""Marks of templates, which Caffe does not read, and which hide nothing."""
_LAYERS = ("layer", "layers")
_OWN_NAME = (("layer", "name"), ("layers", "name"), ("layers", "layer", "name"))
_OWN_TYPE = (("layer", "type"), ("layers", "type"), ("layers", "layer", "type"))


class Word(NamedTuple):
    """A value of a text: a string, a number, a word, or what the format does not know."""

    fields: tuple[str, ...]
    """The field that it is the value of; those around come first."""
    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def content(self) -> str:
        """What the text says, without quotes and escapes."""
        return string_of(self.kind, self.text) if self.kind == "string" else self.text

    @property
    def role(self) -> str:
        """What it names: a layer, a blob, a parameter, or nothing."""
        if self.kind not in ("string", "name"):
            return ""
        if self.fields[-1] in ("bottom", "top", "input"):
            return "blob"
        if self.fields in _OWN_NAME:
            return "layer"
        return "parameter" if self.fields[-2:] == ("param", "name") else ""

    @property
    def is_hidden(self) -> bool:
        """Whether it may say something about its owner, such as where files lie."""
        if self.kind == "number" or self.role or self.text in _TEMPLATE:
            return False
        if self.kind == "name":
            return self.fields[-1] != "type" and not _ENUM.fullmatch(self.text)
        named = self.fields[-1] == "type" or self.fields[-2:] == ("python_param", "layer")
        return self.kind != "string" or not named


@dataclass(frozen=True)
class Entry:
    """A layer of a text, or another of its outermost fields."""

    field: str
    start: int
    end: int
    words: tuple[Word, ...]

    @property
    def is_layer(self) -> bool:
        return self.field in _LAYERS

    @property
    def name(self) -> str:
        return next((word.content for word in self.words if word.fields in _OWN_NAME), "")

    @property
    def type(self) -> str:
        return next((word.content for word in self.words if word.fields in _OWN_TYPE), "")

    @property
    def bottoms(self) -> tuple[str, ...]:
        return self._all("bottom")

    @property
    def tops(self) -> tuple[str, ...]:
        """The blobs that it makes, as an input too."""
        return self._all("input" if self.field == "input" else "top")

    def _all(self, field: str) -> tuple[str, ...]:
        return tuple(word.content for word in self.words if word.fields[-1] == field)


class Text:
    """The text of a definition, whatever is wrong with it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words: list[Word] = []
        self.entries: list[Entry] = []
        self._comments: list[tuple[int, int]] = []
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._scan()

    def line(self, offset: int) -> int:
        """The number of the line that has this place."""
        return bisect_right(self._starts, offset)

    def lines(self, first: int, last: int) -> tuple[int, int]:
        """Where these lines begin and end, as far as the text has them."""
        starts = self._starts
        begin = starts[min(max(first, 1), len(starts)) - 1]
        return begin, starts[last] - 1 if last < len(starts) else len(self.text)

    def quoted(self, start: int, end: int, shown: Callable[[Word], str]) -> str:
        """A part of the text without its comments, each word as `shown` has it."""
        edits = [(*each, "") for each in self._comments]
        edits += [(word.start, word.end, shown(word)) for word in self.words]
        parts, at = [], start
        for first, last, new in sorted(edits):
            if last <= at or first >= end:
                continue
            parts += [self.text[at : max(first, at)], new]
            at = last
        return "".join([*parts, self.text[at:end]])

    def _scan(self) -> None:
        stack: list[str] = []
        field, takes, listed, before = "", False, False, 0
        start = first = begun = 0  # of the field, of the entry, and of its words
        for kind, text, at in tokens(self.text):
            gap = re.finditer("#[^\n]*", self.text[before:at])
            self._comments += ((before + each.start(), before + each.end()) for each in gap)
            before = at + len(text)
            if kind == "end" or len(stack) > limits.DEPTH:
                break
            if kind == "name" and not takes and not listed:
                field, start = text, at
            elif kind != "mark":
                if kind == "other" and text not in _TEMPLATE:  # what follows may be anything
                    text = self.text[at : self.lines(1, self.line(at))[1]]
                self.words.append(Word((*stack, field), kind, text, at))
                takes = False
                if not stack:
                    self._add(Entry(field, start, at + len(text), (self.words[-1],)))
            elif text in "{<":
                if not stack:
                    first, begun = start, len(self.words)
                stack.append(field)
                takes = listed = False
            elif text in "}>":
                if len(stack) == 1:
                    self._add(Entry(stack[0], first, before, tuple(self.words[begun:])))
                del stack[-1:]
                takes = listed = False
            else:
                takes = text == ":" or (takes and text == "-")
                listed = text == "[" or (listed and text != "]")
        if stack:  # a bracket is missing
            self._add(Entry(stack[0], first, len(self.text), tuple(self.words[begun:])))

    def _add(self, entry: Entry) -> None:
        if self.entries and self.entries[-1].start == entry.start:  # one more value of a list
            words = (*self.entries.pop().words, *entry.words)
            entry = Entry(entry.field, entry.start, entry.end, words)
        self.entries.append(entry)


def feeding(entries: Sequence[Entry], entry: Entry) -> Iterator[Entry]:
    """What makes the bottoms of a layer: each maker, and what it works in place on."""
    before = entries[: entries.index(entry)]
    for bottom in entry.bottoms:
        for other in reversed(before):
            if bottom in other.tops:
                yield other
                if bottom not in other.bottoms:
                    break
