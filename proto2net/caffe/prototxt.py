"""Reads protobuf's text format: prototxt to message, as C++ TextFormat::Parse does for Caffe.

Unlike the runtime's own reader, this one finds all problems of a file in one run, and keeps the
line of every layer for what is said about it later. tokens.py, scalars.py and reader.py are its
parts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from itertools import chain

from proto2net import limits
from proto2net.caffe.reader import BrokenText, Reader, Word
from proto2net.caffe.scalars import fields_of
from proto2net.caffe.schema import Message, message_class
from proto2net.errors import Issue, Location, ParseError
from proto2net.frozen import dataclass

_NET = re.compile(r"^[ \t]*(?:train_)?net\s*:\s*(\"[^\"\n]*\")", re.MULTILINE)
"""Where a solver names its net."""


class NoNetwork(ParseError):
    """The text is plainly something else than a network."""


class Solver(NoNetwork):
    """The text is a solver, which names its network or holds it."""


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
    reader = Reader(whole, file, ignore_unknown_fields, holes)
    result = message_class(message)()
    with suppress(BrokenText):  # what follows it cannot be understood
        reader.body(result)
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
        more = f"more than {limits.PROBLEMS:,} problems; the others are not shown"
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


def _check_is_network(net: Message, reader: Reader) -> None:
    """Raise what says what the text is, if it is plainly something else than a network."""
    if found := _template(reader):
        raise NoNetwork(found)
    if net.layer or net.layers:
        return
    solver = fields_of(message_class("SolverParameter").DESCRIPTOR)
    layer = fields_of(message_class("LayerParameter").DESCRIPTOR)
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


def _template(reader: Reader) -> list[Issue]:
    """What to say of a template; it may be one since its only problem are words for numbers."""
    if reader.template:
        from proto2net.caffe import templates  # which most files are not

        return templates.missing(reader.text, reader.file) or [reader.template]
    every = [*reader.issues, *chain(*reader.held)]
    words = [issue for issue in every if isinstance(issue, Word)]
    if len(words) < 2 or len(words) < len(every):
        return []
    from proto2net.caffe import templates

    first: dict[str, Issue] = {}
    for issue in words:
        word = issue.message.rpartition(" ")[2]
        first.setdefault(word, templates.told(word, issue.where))
    return templates.asking(first)
