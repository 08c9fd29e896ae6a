"""Names: what tells a block from the others of its kind, and what its layers are called without it.

"inception_3a/1x1" without the key "3a" is the pattern ("inception_", "/1x1"): the name is what
`"3a".join` makes of it. A key is made of whole words, so 1 is not in 10.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

Pattern = tuple[str, ...]
"""A layer's name without the key that stood between its parts."""

_WORD = re.compile(r"[^\W\d_]+|\d+")
_NUMBER = re.compile(r"\d{1,18}")
_NUMBERS = re.compile(rf"({_NUMBER.pattern})")
_LAST = re.compile(rf"{_NUMBER.pattern}(?=\D*$)")
_MOST_WORDS = 24
_LONGEST_KEY = 5
_ENDS = re.compile(r"^[\W_]+|[\W_]+$")


def keys(name: str) -> dict[str, list[int]]:
    """Each run of words that may be a key, and where in the name it begins."""
    words = []
    for word in islice(_WORD.finditer(name), _MOST_WORDS):
        start, end = word.span()
        number = name[start].isdigit()
        words.append((start, end, number, number or not name[end : end + 1].isdigit()))
    found: dict[str, list[int]] = {}
    for index, (start, first, _, _) in enumerate(words):
        numbered = first - start == 1
        for _, end, number, is_end in words[index : index + _LONGEST_KEY]:
            numbered = numbered or number
            if numbered and is_end:
                found.setdefault(name[start:end], []).append(start)
    return found


def leading(name: str, found: Mapping[str, list[int]]) -> dict[str, list[int]]:
    """The keys that begin no later than the first number: in res2b_branch2a not the latter 2a."""
    number = _NUMBER.search(name)
    last = number.start() if number else len(name)
    return {key: starts for key, starts in found.items() if starts[0] <= last}


def patterns(
    names: Sequence[str], found: Sequence[dict[str, list[int]]], key: str
) -> Iterator[tuple[Pattern, ...]]:
    """The patterns of a block's names: without the key where it is first, last, and everywhere."""
    starts = [places[key] for places in found]
    yield _without_one(names, key, [places[0] for places in starts])
    if max(map(len, starts)) > 1:
        yield _without_one(names, key, [places[-1] for places in starts])
        yield tuple([_without(name, key, at) for name, at in zip(names, starts, strict=True)])


def _without_one(names: Sequence[str], key: str, starts: Sequence[int]) -> tuple[Pattern, ...]:
    behind = len(key)
    pairs = zip(names, starts, strict=True)
    return tuple([(name[:start], name[start + behind :]) for name, start in pairs])


def _without(name: str, key: str, starts: Sequence[int]) -> Pattern:
    parts, end = [], 0
    for start in starts:
        if start >= end:
            parts.append(name[end:start])
            end = start + len(key)
    return (*parts, name[end:])


def numberless(name: str) -> Pattern:
    """What is left of a name without its numbers."""
    return tuple(_NUMBER.split(name))


class Counted(NamedTuple):
    """What names of one structure are that differ in their numbers."""

    patterns: tuple[Pattern, ...]
    keys: list[str]
    steps: tuple[int, ...] | None
    """How far each name's number is ahead of the key's; None: that differs from block to block."""


def counted(table: Sequence[Sequence[str | None]]) -> Counted:
    """The keys of blocks, whose names, one a column, are equal but for their numbers."""
    columns = [_Column.of(names) for names in zip(*table, strict=True)]
    first = next(column for column in columns if None not in column.holes)
    keys = [hole or "" for hole in first.holes]
    steps = [column.step(keys) for column in columns]
    known = tuple(step for step in steps if step is not None)
    return Counted(
        tuple(column.pattern for column in columns),
        keys,
        known if len(known) == len(steps) else None,
    )


class _Column(NamedTuple):
    """The names of a layer in all blocks: what is the same in all, and what is in between."""

    pattern: Pattern
    holes: list[str | None]

    @classmethod
    def of(cls, names: Sequence[str | None]) -> _Column:
        parts = [name and _NUMBERS.split(name) for name in names]
        known = [each for each in parts if each]
        differing = [i for i, same in enumerate(zip(*known, strict=True)) if len(set(same)) > 1]
        numbers = differing or [i for i, _ in enumerate(known[0]) if i % 2]
        start, end = numbers[0], numbers[-1] + 1
        pattern = "".join(known[0][:start]), "".join(known[0][end:])
        return cls(pattern, ["".join(each[start:end]) if each else None for each in parts])

    def step(self, keys: Sequence[str]) -> int | None:
        """How far the last number of each name is ahead of its key's."""
        pairs = [(hole, key) for hole, key in zip(self.holes, keys, strict=True) if hole]
        number, start = (int(_NUMBER.findall(text)[-1]) for text in pairs[0])
        found = number - start
        return found if all(hole == counted_on(key, found) for hole, key in pairs) else None


def counted_on(key: str, step: int) -> str:
    """The key with its last number so much higher."""
    return _LAST.sub(lambda number: str(int(number[0]) + step), key) if step else key


def key_of(name: str, pattern: Pattern) -> str:
    """The key with which the pattern is this name; empty: none is."""
    length = (len(name) - sum(map(len, pattern))) // (len(pattern) - 1)
    key = name[len(pattern[0]) :][: max(length, 0)]
    return key if key.join(pattern) == name else ""


def template(pattern: Pattern) -> str:
    """The pattern for str.format."""
    return "{}".join(part.replace("{", "{{").replace("}", "}}") for part in pattern)


def shared(found: Sequence[str]) -> str:
    """What all keys begin with, in whole words, so that each keeps a word."""
    starts = [{word.start() for word in _WORD.finditer(key)} for key in found]
    length = 0
    for start in sorted(starts[0]):
        alike = all(key[:start] == found[0][:start] for key in found)
        if not alike or not all(start in each for each in starts):
            break
        length = start
    return found[0][:length]


def with_start(pattern: Pattern, start: str) -> Pattern:
    """The pattern for keys that no longer begin so."""
    return (*(part + start for part in pattern[:-1]), pattern[-1])


def head(names: Sequence[Pattern]) -> str:
    """What stands before the key: in all names, or else in most."""
    heads = [pattern[0] for pattern in names]
    shortest = min(heads, key=len)
    for word in _WORD.finditer(shortest):
        common = shortest[word.start() :]
        if all(_ends_with_words(each, common) for each in heads):
            return common
    return max(heads, key=Counter(heads).__getitem__)


def _ends_with_words(text: str, end: str) -> bool:
    """Whether a text ends so, not within a word."""
    return text.endswith(end) and not text[: len(text) - len(end)][-1:].isalpha()


_SHORT = {
    "Convolution": "conv",
    "ConvolutionDepthwise": "conv",
    "DepthwiseConvolution": "conv",
    "Deconvolution": "deconv",
    "InnerProduct": "fc",
    "BatchNorm": "bn",
    "Pooling": "pool",
}
"""What layers are mostly called whose type has a long name."""


def roles(patterns: Sequence[Pattern], types: Sequence[str], head: str) -> list[str]:
    """What each layer is called within the block; its type where nothing is left of its name."""
    found: list[str] = []
    for pattern, kind in zip(patterns, types, strict=True):
        before = pattern[0].removesuffix(head)
        parts = (_ENDS.sub("", part) for part in (before, *pattern[1:]))
        role = "_".join(filter(None, parts)) or _SHORT.get(kind, kind.lower())
        number = 2
        unique = role
        while unique in found:
            unique, number = f"{role}_{number}", number + 1
        found.append(unique)
    return found
