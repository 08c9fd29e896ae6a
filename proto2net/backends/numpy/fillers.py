"""Expressions that make learned arrays as Caffe's fillers would (filler.hpp)."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Array, same_array
from proto2net.backends.tree import (
    SELF,
    Display,
    Expression,
    Pair,
    Star,
    call,
    code,
    dotted,
    tree,
)
from proto2net.graph import Node
from proto2net.layers import Filler
from proto2net.shape import Shape

ARRAYS = Star("**", SELF)
"""A layer's learned arrays, as arguments of these names."""

RNG = code("self.rng")
"""The generator that the forward draws from."""


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
    if filler.type == "diagonal":
        return call("diagonal", shape, filler.value)
    return call(filler.type, rng, shape)


def same_size(shape: Shape) -> int | Shape:
    """A shape as NumPy takes it: 20 for one axis, else a tuple."""
    return shape[0] if len(shape) == 1 else shape
