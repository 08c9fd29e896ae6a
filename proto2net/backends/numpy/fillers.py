"""Expressions that make learned arrays as Caffe's fillers would (filler.hpp)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import groupby
from typing import Any

from proto2net.backends.base import Array, Step, same_array
from proto2net.backends.statements import names_in
from proto2net.backends.tree import (
    SELF,
    Attribute,
    Call,
    Display,
    Expression,
    Literal,
    Pair,
    Star,
    call,
    code,
    dotted,
    joined,
    parts_of,
    tree,
)
from proto2net.graph import Node
from proto2net.layers import Filler
from proto2net.layers.base import DIAGONAL, IDENTITY
from proto2net.shape import Shape

ARRAYS = Star("**", SELF)
"""A layer's learned arrays, as arguments of these names."""

RNG = code("self.rng")
"""The generator that the forward draws from."""

RANDOM = ("uniform", "gaussian", "positive_unitball", "xavier", "msra")
"""The fillers that draw from a generator, which they take before the shape."""

AXES = ("out_channels", "in_channels", "kernel_size")
"""What the axes of most learned arrays count."""


def fills(steps: Iterable[Step]) -> bool:
    """Whether learned arrays start with random numbers."""
    return any("rng" in names_in(step.code.init) for step in steps)


def draws(steps: Iterable[Step]) -> bool:
    """Whether the forward pass needs random numbers."""
    return any(step.code.forward and RNG in parts_of(step.code.forward) for step in steps)


def random(steps: Collection[Step]) -> bool:
    """Whether anything is random."""
    return fills(steps) or draws(steps)


def learned(node: Node[Any], **more: Expression) -> tuple[Expression | None, dict[str, Array]]:
    """The dictionary that holds a layer's learned arrays and what `more` names; the arrays."""
    rng = dotted("rng")
    values = {name: filled(blob.start, blob.shape, rng) for name, blob in node.blobs.items()}
    items = tuple(Pair(tree(name), value) for name, value in (values | more).items())
    init = Display("{}", items) if items else None
    return init, {name: same_array(node, name) for name in node.blobs}


def filled(filler: Filler, shape: Shape, rng: Expression) -> Expression:
    """The expression of an array of this shape that is filled so."""
    if filler.type == "constant":
        size, kind = same_size(shape), dotted("np.float32")
        if filler.value in (0, 1):
            return call("np.ones" if filler.value else "np.zeros", size, kind)
        return call("np.full", size, filler.value, kind)
    if filler.type == "uniform":
        return call("uniform", rng, shape, filler.min, filler.max)
    if filler.type == "gaussian":
        return call(
            "gaussian",
            rng,
            shape,
            mean=(filler.mean, 0.0),
            std=(filler.std, 1.0),
            sparse=(filler.sparse, -1),
        )
    if filler.type in ("xavier", "msra"):
        norm = (filler.variance_norm, "FAN_IN")
        return call(filler.type, rng, shape, variance_norm=norm)
    if filler.type == "bilinear":
        return call("bilinear", shape)
    if filler.type == IDENTITY:
        return call("diagonal", shape, filler.value)
    if filler.type == DIAGONAL:
        return call("channel_diagonal", shape, filler.diagonal(shape))
    return call(filler.type, rng, shape)


def in_short(made: Expression) -> Expression:
    """A layer's arrays in few words where all start as ones or zeros: `zeros(mean=64)`."""
    items = made.items if isinstance(made, Display) else ()
    starts = [_start(item) for item in items]
    together = groupby(filter(None, starts), key=lambda start: start[0])
    calls = [call(how, **{name: size for _, name, size in alike}) for how, alike in together]
    return joined("|", calls) if all(starts) and calls else made


def _start(item: Expression) -> tuple[str, str, Expression] | None:
    """What an array is full of, its name and its shape, if it is full of ones or zeros."""
    match item:
        case Pair(Literal(str(name)), Call(Attribute(_, "zeros" | "ones" as how), (shape, _))):
            return how, name, shape
    return None


def same_size(shape: Shape) -> int | Shape:
    """A shape as NumPy takes it: 20 for one axis, else a tuple."""
    return shape[0] if len(shape) == 1 else shape
