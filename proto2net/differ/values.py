"""Values and names in as few words as tell them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from itertools import islice
from typing import Any

from proto2net.layers.base import Unstated
from proto2net.output import printable
from proto2net.shape import ANY_SIZE

_NAME = 40
_VALUE = 80
"""How many characters of a name and of a value are shown."""
_FEW = 4
"""How many names stand in a line."""
_DIMS = 8
"""How many sizes of a value are shown."""


def cut(text: str, most: int = _NAME) -> str:
    """The text without its middle, if it is too long, and with nothing that steers a terminal."""
    shown = printable(text)
    return shown if len(shown) <= most else f"{shown[: most // 2]}…{shown[-(most // 2) + 1 :]}"


def listed(names: Iterable[str], number: int = 0, *, row: bool = False) -> str:
    """Names, of which there are as many; not all, if that is too long. A row tells its ends."""
    every = [*names]
    shown = list(map(cut, dict.fromkeys(every)))
    if row and len(shown) > 2:
        return f"{shown[0]} … {shown[-1]}"
    if len(shown) <= _FEW:
        return ", ".join(shown)
    return f"{', '.join(shown[: _FEW - 1])} … {shown[-1]}" + f" ({number})" * (number > 0)


def words(value: Any) -> str:
    """A value of a definition as people write it."""
    if value is None or isinstance(value, Unstated):
        return "not given"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    if isinstance(value, list | tuple):
        return _several(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _message(value)
    return cut(str(value), _VALUE) or '""'


def _several(values: list[Any] | tuple[Any, ...]) -> str:
    if len(values) == 1:
        return words(values[0])
    shown = list(map(words, islice(values, _DIMS)))
    more = [f"… ({len(values)})"] if len(values) > len(shown) else []
    numbers = all(type(each) is int or each == ANY_SIZE for each in values)
    return " x ".join(shown + more) if numbers and values else f"[{', '.join(shown + more)}]"


def _message(message: Any) -> str:
    """A message: its type, if it has one, and what is not the default."""
    fields = {
        each.metadata.get("named", each.name): value
        for each in dataclasses.fields(message)
        if (value := getattr(message, each.name)) != each.default and each.name != "type"
    }
    kind = [words(message.type)] if hasattr(message, "type") else []
    inside = ", ".join(f"{name}: {words(value)}" for name, value in fields.items())
    return " ".join([*kind, f"{{{inside}}}"] if inside or not kind else kind)
