"""Parameters as people write them, made into what a definition would hold."""

from __future__ import annotations

import dataclasses
from typing import Any

from proto2net.layers import Layer
from proto2net.layers.base import shortest


def settled(layer: Layer) -> Layer:
    """The layer as a definition would give it.

    A list is a tuple, one size stands for all sides of a window, and a float has 32 bits.
    """
    return _settled(layer)  # type: ignore[no-any-return]  # the same type comes back


def _settled(part: Any) -> Any:
    """A dataclass with its fields settled."""
    changed = {}
    for field in dataclasses.fields(part):
        old = getattr(part, field.name)
        new = _value(old, "float" in str(field.type))
        if "per_axis" in field.metadata and isinstance(new, int):
            new = (new,)
        if new is not old:
            changed[field.name] = new
    return dataclasses.replace(part, **changed) if changed else part


def _value(value: Any, is_float: bool) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_value(each, is_float) for each in value)
    if dataclasses.is_dataclass(value):
        return _settled(value)
    if is_float and isinstance(value, int | float):
        return shortest(float(value))
    return value


def sides(h: int, w: int) -> tuple[int, ...]:
    """The sides of a window as Caffe's files have them: once where they agree."""
    return (h,) if h == w else (h, w)
