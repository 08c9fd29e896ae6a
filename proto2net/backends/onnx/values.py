"""Values of an ONNX graph: what a renderer returns, as operators on what the layer reads.

A renderer writes `op("Conv", X, learned(node, "weight"), strides=[2, 2])`, or `X * 0.5 + 1.0`.
A value that is used twice is computed once. Names come when a file is made of them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from proto2net.backends.base import Array, Convert
from proto2net.backends.tree import Expression
from proto2net.frozen import dataclass
from proto2net.graph import Node
from proto2net.shape import Shape
from proto2net.unread import little, outline

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

FLOAT, INT32, INT64, BOOL = 1, 6, 7, 9
"""Types of elements (TensorProto.DataType)."""

Attribute = int | float | str | list[int] | list[float]
"""The attributes of an operator."""


class Value:
    """What an operator reads."""

    def __add__(self, other: Operand) -> Value:
        return op("Add", self, other)

    def __radd__(self, other: Operand) -> Value:
        return op("Add", other, self)

    def __sub__(self, other: Operand) -> Value:
        return op("Sub", self, other)

    def __rsub__(self, other: Operand) -> Value:
        return op("Sub", other, self)

    def __mul__(self, other: Operand) -> Value:
        return op("Mul", self, other)

    def __rmul__(self, other: Operand) -> Value:
        return op("Mul", other, self)

    def __truediv__(self, other: Operand) -> Value:
        return op("Div", self, other)

    def __rtruediv__(self, other: Operand) -> Value:
        return op("Div", other, self)

    def __matmul__(self, other: Operand) -> Value:
        return op("MatMul", self, other)

    def __neg__(self) -> Value:
        return op("Neg", self)


@dataclass(frozen=True, eq=False)
class Bottom(Value):
    """What the layer reads at this place."""

    index: int


@dataclass(frozen=True, eq=False)
class Constant(Value):
    """An array that is known."""

    type: str
    """That of its elements, as numpy has it: one of file.TYPES."""
    shape: Shape
    content: bytes
    """Its elements, in little-endian order."""

    @property
    def key(self) -> tuple[str, Shape, bytes]:
        """What tells it from other constants."""
        return self.type, self.shape, self.content


@dataclass(frozen=True, eq=False)
class Learned(Value):
    """An array that is made from learned blobs."""

    name: str
    """What it is called beside the layer's name."""
    array: Array

    @cached_property
    def shape(self) -> Shape:
        """Its shape in the file, found without any data."""
        outlines = [outline(node.blobs[blob].shape) for node, blob in self.array.sources]
        shape: Shape = (self.array.convert(*outlines) if self.array.convert else outlines[0]).shape
        return shape


@dataclass(frozen=True, eq=False)
class Operator:
    """An operator with its inputs, None for one that is left out, and its attributes."""

    type: str
    inputs: tuple[Value | None, ...]
    attributes: Mapping[str, Attribute]
    outputs: int = 1


@dataclass(frozen=True, eq=False)
class Result(Value):
    """An output of an operator."""

    operator: Operator
    index: int = 0


Operand = Value | float | Sequence[int] | Sequence[float] | Any
"""A value, or what becomes a constant: an array, a float, a list of whole numbers (INT64)."""

X: Value = Bottom(0)
"""The first bottom, which is all that most layers read."""


def op(type: str, *inputs: Operand | None, **attributes: Any) -> Value:
    """The result of an operator; inputs and attributes that are None are left out."""
    return ops(1, type, *inputs, **attributes)[0]


def ops(outputs: int, type: str, *inputs: Operand | None, **attributes: Any) -> tuple[Value, ...]:
    """The results of an operator that has so many."""
    given = tuple(None if each is None else value(each) for each in inputs)
    told = {key: _attribute(each) for key, each in attributes.items() if each is not None}
    made = Operator(type, given, told, outputs)
    return tuple(Result(made, index) for index in range(outputs))


def tanh(x: Value) -> Value:
    """The hyperbolic tangent, which OpenCV 5 has as NaN from 45 on; it is 1 long before."""
    return op("Tanh", op("Clip", x, -20.0, 20.0))


@dataclass(frozen=True)
class Either:
    """A layer's top, or tops, said for the sizes that are known, and for any of an image."""

    known: Value | Sequence[Value]
    of_any_size: Value | Sequence[Value]


def value(given: Operand) -> Value:
    """The value itself, or a constant: of floats (FLOAT), or a list of whole numbers (INT64)."""
    return given if isinstance(given, Value) else constant(given)


def constant(given: Any) -> Constant:
    """What is known, as floats (FLOAT) or whole numbers (INT64)."""
    numbers = given if isinstance(given, list | tuple) else [given]
    kinds = set(map(type, numbers))
    if kinds <= {int, float}:  # it needs no numpy
        kind, code = ("float32", "f") if float in kinds else ("int64", "q")
        shape = () if numbers is not given else (len(numbers),)
        return Constant(kind, shape, little(array(code, numbers)).tobytes())
    import numpy as np

    found = np.asarray(given)
    if found.dtype.kind == "f" and found.size:
        found = found.astype(np.float32)
    elif found.dtype.kind in "iu" or not found.size:
        found = found.astype(np.int64)
    return known(found)


def known(found: Ndarray) -> Constant:
    """An array as a constant of the same type."""
    content = found.astype(found.dtype.newbyteorder("<"), copy=False).tobytes()
    return Constant(found.dtype.name, found.shape, content)


def _attribute(given: Any) -> Attribute:
    return list(given) if isinstance(given, tuple) else given


def bottoms(node: Node[Any]) -> tuple[Value, ...]:
    """What the layer reads."""
    return tuple(map(Bottom, range(len(node.bottoms))))


def learned(node: Node[Any], blob: str, convert: Convert | None = None) -> Value:
    """A learned blob of the layer, converted if need be."""
    return Learned(blob, Array(((node, blob),), convert))


class Rendered(Expression):
    """The tops of a layer, as values of what it reads."""

    def __init__(self, tops: Sequence[Value]) -> None:
        self.tops = tuple(tops)

    @cached_property
    def operators(self) -> tuple[Operator, ...]:
        """The operators that the tops need, each behind those that it reads."""
        found: dict[Operator, None] = {}
        pending = [(top, False) for top in reversed(self.tops)]
        while pending:  # a layer that is unrolled nests deeper than Python's stack
            each, read = pending.pop()
            if not isinstance(each, Result) or each.operator in found:
                continue
            if read:
                found[each.operator] = None
                continue
            pending.append((each, True))
            pending += [(one, False) for one in reversed(each.operator.inputs) if one is not None]
        return tuple(found)

    @property
    def values(self) -> Iterator[Value]:
        """All that the operators read, and the tops."""
        for each in self.operators:
            yield from (one for one in each.inputs if one is not None)
        yield from self.tops

    @cached_property
    def arrays(self) -> dict[str, Array]:
        """The learned arrays by what each is called beside the layer's name."""
        return {each.name: each.array for each in self.values if isinstance(each, Learned)}

    @cached_property
    def _said(self) -> tuple[object, ...]:
        """All of it as plain values: two that say the same are equal."""
        places = {each: index for index, each in enumerate(self.operators)}

        def told(each: Value | None) -> object:
            match each:
                case Result(operator, index):
                    return places[operator], index
                case Constant():
                    return each.key
                case Learned(name, array):
                    return name, array.convert
                case Bottom(index):
                    return index
            return None

        said = [
            (each.type, *map(told, each.inputs), *map(repr, sorted(each.attributes.items())))
            for each in self.operators
        ]
        return (*said, tuple(map(told, self.tops)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rendered) and self._said == other._said

    def __hash__(self) -> int:
        return hash(len(self.tops))
