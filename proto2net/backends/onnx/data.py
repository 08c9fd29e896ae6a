"""The ONNX renderer of proto2net/layers/data.py."""

from __future__ import annotations

from proto2net.backends.onnx.activation import RANDOM
from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.shapes import check_constant
from proto2net.backends.onnx.values import Value, op
from proto2net.backends.onnx.values import value as constant
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import DummyData, Filler
from proto2net.layers.base import DIAGONAL, IDENTITY
from proto2net.shape import Shape


@renders(DummyData)
def _dummy_data(node: Node[DummyData]) -> list[Value]:
    fillers = node.layer.fillers(len(node.tops))
    return [filled(each, top.shape) for each, top in zip(fillers, node.tops, strict=True)]


def filled(filler: Filler, shape: Shape) -> Value:
    """An array that is filled so."""
    from proto2net.backends.numpy.helpers import crf, fillers  # none of which most files need

    if filler.type == "constant":
        return op("Expand", float(filler.value), list(shape))
    check_constant(*shape)
    if filler.type == "bilinear":
        return constant(fillers.bilinear(shape))
    if filler.type == IDENTITY:
        return constant(crf.diagonal(shape, filler.value))
    if filler.type == DIAGONAL:
        return constant(fillers.channel_diagonal(shape, filler.diagonal(shape)))
    raise UnsupportedError(f"{filler.type} {RANDOM}")
