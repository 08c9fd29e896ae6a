"""Expressions that make learned arrays as Caffe's fillers would (filler.hpp)."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Array, same_array
from proto2net.backends.source import call, literal
from proto2net.graph import Node
from proto2net.layers import Filler
from proto2net.shape import Shape


def learned(node: Node[Any], **more: str) -> tuple[str, dict[str, Array]]:
    """The dictionary that holds a layer's learned arrays and what `more` names; the arrays."""
    values = {name: filled(blob.start, blob.shape) for name, blob in node.blobs.items()}
    items = [f'"{name}": {value}' for name, value in (values | more).items()]
    init = f"{{{', '.join(items)}}}" if items else ""
    return init, {name: same_array(node, name) for name in node.blobs}


def filled(filler: Filler, shape: Shape, rng: str = "rng") -> str:
    """The expression of an array of this shape that is filled so."""
    if filler.type == "constant":
        size = same_size(shape)
        if filler.value in (0, 1):
            return f"np.{'ones' if filler.value else 'zeros'}({size}, np.float32)"
        return f"np.full({size}, {literal(filler.value)}, np.float32)"
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
        norm = (literal(filler.variance_norm), '"FAN_IN"')
        return call(filler.type, rng, shape, variance_norm=norm)
    if filler.type == "bilinear":
        return call("bilinear", shape)
    if filler.type == "diagonal":
        return call("diagonal", shape, filler.value)
    return call(filler.type, rng, shape)


def same_size(shape: Shape) -> str:
    """A shape as NumPy takes it: 20 for one axis, else a tuple."""
    return literal(shape[0] if len(shape) == 1 else shape)
