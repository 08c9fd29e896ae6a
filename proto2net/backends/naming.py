"""The names of a block's layers, as the one name that the block gets makes them: f"{name}/1x1".

A block gets what tells its names from others, with what stands before that in all: "inception_3a";
or that alone where names begin differently: "2a" of res2a_branch2a and bn2a_branch2a.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from string import Formatter
from typing import NamedTuple

from proto2net.backends.tree import Expression, Formatted, Literal, Variable

GIVEN = "name"
"""The parameter of a block from which its layers are named."""


class Naming:
    """How names that are made from these templates, with {} for a key, are said in a block."""

    def __init__(self, templates: Iterable[str], clean: Callable[[str], str] = str) -> None:
        """`clean` makes of a part of a name what the target admits."""
        self._clean = clean
        self._texts = {template: [*map(clean, texts(template))] for template in templates}
        self._head = _head([text for each in self._texts.values() for text in each[:-1]])

    def given(self, key: str) -> str:
        """What a block of this key gets."""
        return self._head + self._clean(key)

    def of(self, template: str) -> Expression:
        """A name in terms of what the block gets."""
        *before, last = self._texts[template]
        variable = Variable(GIVEN)
        pieces = [piece for text in before for piece in (text.removesuffix(self._head), variable)]
        return joined([*pieces, last])


def joined(pieces: Iterable[str | Variable]) -> Expression:
    """Text and variables as one string: f"{name}/1x1"."""
    parts = tuple(piece for piece in pieces if piece)
    match parts:
        case (Variable() as variable,):
            return variable
        case _ if all(isinstance(part, str) for part in parts):
            return Literal("".join(map(str, parts)))
    return Formatted(parts)


def texts(template: str) -> list[str]:
    """The text of a template before, between and behind the keys."""
    found = [""]
    for text, field, *_ in Formatter().parse(template):
        found[-1] += text
        if field is not None:
            found.append("")
    return found


def _head(before: Sequence[str]) -> str:
    """What stands before the key in all names: a whole word, or nothing."""
    head = min(before, key=len, default="")
    words = (text.endswith(head) and not text.removesuffix(head)[-1:].isalnum() for text in before)
    return head if all(words) else ""


# ---- names in terms of each other -----------------------------------------------------------

_TOKEN = re.compile(r"[^\W\d_]+|\d+|[\W_]")


class Related(NamedTuple):
    """Names that differ from the first of them in a part, as those of a layer and its ReLU do."""

    forms: tuple[tuple[str | int, ...], ...]
    """Each name as text, and as numbers for what it has of the first name."""
    parts: tuple[slice, ...]
    """Where in the first name these are: in "3a/1x1", of "3a/relu_1x1" too, "3a" and "1x1"."""


def related(names: Sequence[str]) -> Related | None:
    """The names in terms of the first; None if one has nothing of it at its begin or its end."""
    first = names[0]
    changes = [_change(first, name) for name in names]
    if any(changed == range(len(first)) for changed, _ in changes):
        return None
    cuts = {edge for changed, _ in changes[1:] for edge in (changed.start, changed.stop)}
    edges = {0, len(first), *(edge for cut in cuts for edge in _around(first, cut))}
    forms: list[list[str | int]] = [[] for _ in names]
    parts: list[slice] = []
    for start, stop in pairwise(sorted(edges)):
        text = first[start:stop]
        own = any(start in changed for changed, _ in changes) or not any(map(str.isalnum, text))
        for form, (changed, instead) in zip(forms, changes, strict=True):
            if start == changed.start:
                form.append(instead)
            if start not in changed:
                form.append(text if own else len(parts))
        if not own:
            parts.append(slice(start, stop))
    for form, (changed, instead) in zip(forms, changes, strict=True):
        if changed.start == len(first):
            form.append(instead)
    return Related(tuple(map(tuple, forms)), tuple(parts))


def _change(first: str, name: str) -> tuple[range, str]:
    """Where a name has something else than the first one, in whole words, and what it has there."""
    old, new = _TOKEN.findall(first), _TOKEN.findall(name)
    begin = _alike(old, new)
    end = _alike(old[begin:][::-1], new[begin:][::-1])
    start = len("".join(old[:begin]))
    stop = len("".join(old[: len(old) - end]))
    return range(start, stop), "".join(new[begin : len(new) - end])


def _alike(some: Sequence[str], others: Sequence[str]) -> int:
    """How many tokens are the same from the begin on."""
    pairs = enumerate(zip(some, others, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(some), len(others)))


def _around(text: str, cut: int) -> tuple[int, int, int]:
    """A cut, and where the separators before it and behind it begin and end."""
    start = len(text[:cut].rstrip(_SEPARATORS))
    stop = len(text) - len(text[cut:].lstrip(_SEPARATORS))
    return start, cut, stop


_SEPARATORS = "/_-. "
