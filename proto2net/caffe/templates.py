"""Templates: definitions that have names in the place of values, such as `$ADAPTED_WIDTH$`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from proto2net import limits
from proto2net.caffe.tokens import STRING
from proto2net.errors import Issue, Location, Proto2NetError, closest

_NAME = "[A-Za-z_][A-Za-z0-9_]*"
_MARKS = re.compile(
    rf"\{{\{{\s*({_NAME}(?:\.{_NAME})*)\s*\}}\}}"  # {{ name }} of Jinja
    rf"|\$\{{({_NAME})\}}|\$({_NAME})\$?"  # ${NAME} and $NAME of shells, $NAME$ of FlowNet2
    rf"|%\(({_NAME})\)[0-9.]*[a-z]"  # %(name)s of Python
    rf"|@({_NAME})@"  # of CMake
)
_MARKS_AND_WORDS = re.compile(rf"{_MARKS.pattern}|\{{({_NAME})\}}|(?<=:)\s*(?P<word>{_NAME})")
"""Outside of strings {name} is a mark too, and a word where a value is may be one."""
_FORMATTED = re.compile(r"^[^#\n]*\{\{[ \t]*$", re.MULTILINE)
"""What tells a text for Python's `str.format`, in which the brackets of messages are doubled."""
_FORMAT_MARKS = re.compile(r"(?P<bracket>\{\{|\}\})|\{(\w+)(?::[^{}\n]*)?\}")
_KEPT = re.compile(rf"\#[^\n]* | (?P<string>{STRING.pattern})", re.VERBOSE)
"""Comments and strings."""

_VALUE = re.compile(r"[\w./\\:+~ -]+")
_BARE = re.compile(rf"-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|{_NAME}", re.ASCII)
"""Values without quotes: numbers and words."""


class _Place(NamedTuple):
    """Where a text has a name for a value, or a bracket that is doubled, which has no name."""

    name: str
    start: int
    end: int
    in_string: bool = False
    marked: bool = True
    """Whether it has a mark of a template, or is a word that may be a value itself."""


def checked(define: Mapping[str, object]) -> dict[str, str]:
    """The values by name as texts. Refuses what could change the structure of a file."""
    values = {name: str(value) for name, value in define.items()}
    for name, value in values.items():
        if not _VALUE.fullmatch(value) or not value.isprintable():
            raise Proto2NetError(
                f"{name} cannot be {value!r}",
                "it can be a number, a word or a path: letters, digits, blanks, _ . / \\ : + ~ -",
            )
    return values


def filled(text: str, values: Mapping[str, str]) -> tuple[str, set[str]]:
    """The text with these values, each in the line of its name, and the names that it has."""
    names: set[str] = set()
    parts: list[str] = []
    end = 0
    for place in _places(text) if values else ():
        names.add(place.name)
        if place.name in values or not place.name:
            parts += [text[end : place.start], _written(place, text, values)]
            end = place.end
    return "".join([*parts, text[end:]]), names - {""}


def unknown(values: Mapping[str, str], names: set[str], file: str) -> list[Issue]:
    """The messages about values for names that the file does not have."""
    return [
        Issue(
            f'the file has no "{name}" to fill in',
            closest(name, names),
            Location(file, 0),
        )
        for name in values
        if name not in names
    ]


def missing(text: str, file: str) -> list[Issue]:
    """The messages about a template: each name at its first place, and how to give values."""
    first: dict[str, _Place] = {}
    for place in _places(text):
        if place.name and place.marked:
            first.setdefault(place.name, place)
    issues = {
        name: told(
            text[place.start : place.end], Location(file, text.count("\n", 0, place.start) + 1)
        )
        for name, place in islice(first.items(), limits.PROBLEMS)
    }
    return asking(issues) if issues else []


def told(word: str, where: Location | None) -> Issue:
    """What is said of a text that has this word where a value goes."""
    what = f'this is a template, and no network: it has "{word}" to fill in'
    return Issue(what, "give the file that is made from it", where)


def asking(issues: Mapping[str, Issue]) -> list[Issue]:
    """What is told of each name; the last one says how all of them get values."""
    hint = " ".join(f"--define {name}=VALUE" for name in issues)
    *before, last = issues.values()
    return [*(replace(each, hint="") for each in before), replace(last, hint=hint)]


def _places(text: str) -> Iterator[_Place]:
    """The places in the order of the text; none is in a comment."""
    formatted = bool(_FORMATTED.search(text))
    outside = _FORMAT_MARKS if formatted else _MARKS_AND_WORDS
    inside = _FORMAT_MARKS if formatted else _MARKS
    end = 0
    for kept in _KEPT.finditer(text):
        yield from _matches(outside, text, end, kept.start())
        if kept["string"]:
            yield from _matches(inside, text, kept.start(), kept.end(), in_string=True)
        end = kept.end()
    yield from _matches(outside, text, end, len(text))


def _matches(
    marks: re.Pattern[str], text: str, start: int, end: int, *, in_string: bool = False
) -> Iterator[_Place]:
    for match in marks.finditer(text, start, end):
        groups = match.groupdict()
        if groups.get("bracket"):
            yield _Place("", match.start(), match.end())
            continue
        word = groups.get("word") is not None
        begin = match.start("word") if word else match.start()
        name = next(filter(None, match.groups()))
        yield _Place(name, begin, match.end(), in_string, not word)


def _written(place: _Place, text: str, values: Mapping[str, str]) -> str:
    """What stands at a place when it is filled in."""
    if not place.name:
        return text[place.start]
    value = values[place.name]
    if not place.in_string and _BARE.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\")
    return escaped if place.in_string else f'"{escaped}"'
