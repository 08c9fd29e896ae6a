"""Parameters as people write them, made into what a definition would hold."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any

from proto2net.errors import Issue, ShapeError
from proto2net.layers import Layer
from proto2net.layers.base import shortest


def settled(layer: Layer) -> Layer:
    """The layer as a definition would give it.

    A list is a tuple, one size stands for all sides of a window, a float has 32 bits, and a number
    of numpy is one of Python. Raises ShapeError for each value that no definition could hold.
    """
    fields = dataclasses.fields(layer)  # type: ignore[arg-type]  # every layer type is one
    issues = [issue for field in fields for issue in _problems(layer, field)]
    if issues:
        raise ShapeError(issues)
    return _settled(layer)  # type: ignore[no-any-return]  # the same type comes back


def _settled(part: Any) -> Any:
    """A dataclass with its fields settled."""
    changed = {}
    for field in dataclasses.fields(part):
        old = getattr(part, field.name)
        new = _value(old, _word(field))
        if _is_repeated(field) and new is not None and not isinstance(new, tuple):
            new = (new,)
        if new is not old:
            changed[field.name] = new
    return dataclasses.replace(part, **changed) if changed else part


def _value(value: Any, word: str) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_value(each, word) for each in value)
    if dataclasses.is_dataclass(value):
        return _settled(value)
    if word == "float" and isinstance(value, Real):
        return shortest(float(value))
    if isinstance(value, Integral) and not isinstance(value, int):
        return int(value)
    return bool(value) if type(value).__name__ == "bool_" else value


# ---- what no definition could hold ----------------------------------------------------------

_RIGHT = {
    "int": "a whole number",
    "Shape": "whole numbers",
    "float": "a number",
    "bool": "True or False",
    "str": "a string",
}
_SHOWN = 60
"""Characters of a value that a message shows at most."""


def _word(field: dataclasses.Field[Any]) -> str:
    """The type of a field, or of each of its values: "int" for "tuple[int, ...] | None"."""
    found = re.search(r"\w+", _annotation(field).removeprefix("tuple["))
    return found[0] if found else ""


def _annotation(field: dataclasses.Field[Any]) -> str:
    return field.type if isinstance(field.type, str) else getattr(field.type, "__name__", "")


def _is_repeated(field: dataclasses.Field[Any]) -> bool:
    return _annotation(field).startswith(("tuple[", "Shape"))


def _problems(layer: Layer, field: dataclasses.Field[Any]) -> Iterator[Issue]:
    """What is wrong with the value of a field."""
    value, word = getattr(layer, field.name), _word(field)
    if value is None and field.default is None:
        return
    values = _values(value, _annotation(field))
    shown = repr(value) if len(repr(value)) <= _SHOWN else repr(value)[:_SHOWN] + "…"
    if not all(_is(each, word) for each in values):
        yield Issue(f"{field.name} is {shown}", f"it must be {_RIGHT.get(word, f'a {word}')}")
    elif word == "str" and value != field.default:
        from proto2net.caffe.fields import choices

        known = choices(layer.type, field.name)
        if known and value not in known:
            yield Issue(f'{field.name} is "{value}"', f"it can be {', '.join(known)}")
    elif word in ("int", "Shape"):
        if all(0 <= each < 2**31 for each in values):  # as nearly all are: spares the schema
            return
        from proto2net.caffe.fields import bounds

        low, high = bounds(layer.type, field.name)
        if not all(low <= each <= high for each in values):
            yield Issue(f"{field.name} is {shown}", f"it can be from {low} to {high:,}")


def _values(value: Any, annotation: str) -> list[Any]:
    """The values of a field, one by one."""
    if not annotation.startswith(("tuple[", "Shape")) or not isinstance(value, list | tuple):
        return [value]
    inner = annotation.removeprefix("tuple[") if annotation.startswith("tuple[") else ""
    return [each for part in value for each in _values(part, inner)]


def _is(value: Any, word: str) -> bool:
    """Whether a value is of the type that a word of an annotation names."""
    if word == "bool":
        return type(value).__name__ in ("bool", "bool_")
    if word in ("int", "Shape"):
        return is_whole(value)
    if word == "float":
        return isinstance(value, Real) and not isinstance(value, bool)
    if word == "str":
        return isinstance(value, str)
    return type(value).__name__ == word


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number, of Python or of numpy."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def whole(name: str, value: Any, least: int = 0) -> int:
    """A value as a whole number. Raises ShapeError if it is none, or less than `least`."""
    if not is_whole(value) or value < least:
        raise ShapeError(f"{name} is {value!r}", f"it must be a whole number of at least {least}")
    return int(value)


def number(name: str, value: Any) -> float:
    """A value as a number. Raises ShapeError if it is none."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise ShapeError(f"{name} is {value!r}", "it must be a number")
    return float(value)


def several(values: Any) -> Any:
    """A sequence as a tuple; what is none stays, to be refused."""
    return tuple(values) if isinstance(values, list | tuple | range) else values


def sides(h: int, w: int) -> tuple[int, ...]:
    """The sides of a window as Caffe's files have them: once where they agree."""
    return (h,) if h == w else (h, w)
