"""Parameters as people write them, made into what a definition would hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cache
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from proto2net.errors import Issue, ShapeError
from proto2net.layers import Layer
from proto2net.layers.base import field_types, shortest


def settled(layer: Layer) -> Layer:
    """The layer as a definition would give it.

    A list is a tuple, one size stands for all sides of a window, a float has 32 bits, and a number
    of numpy is one of Python. Raises ShapeError for each value that no definition could hold.
    """
    fields = dataclasses.fields(layer)  # type: ignore[arg-type]  # every layer type is one
    issues = [issue for field in fields for issue in _problems(layer, field)]
    if issues:
        raise ShapeError(issues)
    return settled_part(layer)  # type: ignore[no-any-return]  # the same type comes back


def settled_part(part: Any) -> Any:
    """A dataclass with its fields settled."""
    changed = {}
    for name, kind in _kinds(part).items():
        old = getattr(part, name)
        new = _value(old, kind.plain)
        if kind.depth and new is not None and not isinstance(new, tuple):
            new = (new,)
        if new is not old:
            changed[name] = new
    return dataclasses.replace(part, **changed) if changed else part


def _value(value: Any, plain: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_value(each, plain) for each in value)
    if dataclasses.is_dataclass(value):
        return settled_part(value)
    if plain is float and isinstance(value, Real):
        return shortest(float(value))
    if isinstance(value, Integral) and not isinstance(value, int):
        return int(value)
    return bool(value) if type(value).__name__ == "bool_" else value


# ---- what fields hold -----------------------------------------------------------------------


class _Kind(NamedTuple):
    """What a field holds: values of a `plain` type, in a tuple or, if `depth` is 2, in tuples."""

    plain: Any
    depth: int
    optional: bool


def _kinds(part: Any) -> dict[str, _Kind]:
    """The kind of each field of a dataclass."""
    cls: Any = type(part)  # mypy holds that a class has no hash
    return _kinds_of(cls)


@cache
def _kinds_of(cls: Any) -> dict[str, _Kind]:
    types = field_types(cls)
    return {field.name: _kind(types[field.name]) for field in dataclasses.fields(cls)}


def _kind(hint: Any) -> _Kind:
    """The kind of a field of this type; of several types it may hold anything."""
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    types = [each for each in parts if each is not NoneType]
    plain, depth = types[0] if len(types) == 1 else object, 0
    while get_origin(plain) is tuple:
        plain, depth = get_args(plain)[0], depth + 1
    return _Kind(plain, depth, NoneType in parts)


# ---- what no definition could hold ----------------------------------------------------------

_RIGHT = {int: "a whole number", float: "a number", bool: "True or False", str: "a string"}
_SHOWN = 60
"""Characters of a value that a message shows at most."""


def _problems(layer: Layer, field: dataclasses.Field[Any]) -> Iterator[Issue]:
    """What is wrong with the value of a field."""
    value, kind = getattr(layer, field.name), _kinds(layer)[field.name]
    if value is None and (kind.optional or field.default is None):
        return
    values = _values(value, kind.depth)
    shown = repr(value) if len(repr(value)) <= _SHOWN else repr(value)[:_SHOWN] + "…"
    if not all(_is(each, kind.plain) for each in values):
        yield Issue(f"{field.name} is {shown}", _right(kind))
    elif kind.plain is str and value != field.default:
        from proto2net.caffe.fields import choices

        known = choices(layer.type, field.name)
        if known and value not in known:
            yield Issue(f'{field.name} is "{value}"', f"it can be {', '.join(known)}")
    elif kind.plain is int:
        if all(0 <= each < 2**31 for each in values):  # as nearly all are: spares the schema
            return
        from proto2net.caffe.fields import bounds

        low, high = bounds(layer.type, field.name)
        if not all(low <= each <= high for each in values):
            yield Issue(f"{field.name} is {shown}", f"it can be from {low} to {high:,}")


def _values(value: Any, depth: int) -> list[Any]:
    """The values of a field, one by one."""
    if not depth or not isinstance(value, list | tuple):
        return [value]
    return [each for part in value for each in _values(part, depth - 1)]


def _is(value: Any, plain: Any) -> bool:
    """Whether a value is of the type of a field."""
    if get_origin(plain) is Literal:
        return value in get_args(plain)
    if plain is bool:
        return type(value).__name__ in ("bool", "bool_")
    if plain is int:
        return is_whole(value)
    if plain is float:
        return isinstance(value, Real) and not isinstance(value, bool)
    return not isinstance(plain, type) or isinstance(value, plain)


def _right(kind: _Kind) -> str:
    """What a field of this kind can hold, as a hint says it."""
    if get_origin(kind.plain) is Literal:
        return f"it can be {', '.join(map(str, get_args(kind.plain)))}"
    if kind.plain is int and kind.depth > 1:
        return "it must be whole numbers"
    return f"it must be {_RIGHT.get(kind.plain, f'a {kind.plain.__name__}')}"


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
