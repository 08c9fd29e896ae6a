"""Keras renderers of proto2net/layers/data.py."""

from __future__ import annotations

from proto2net.backends.base import Code, as_tops
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.fillers import initializer
from proto2net.backends.tensorflow.layout import in_keras_order
from proto2net.backends.tree import BOTTOM, Expression, call
from proto2net.graph import Node
from proto2net.layers import DummyData, Filler
from proto2net.shape import Shape


@renders(DummyData)
def _dummy_data(node: Node[DummyData]) -> Code:
    fillers = node.layer.fillers(len(node.tops))
    tops = zip(node.tops, fillers, strict=True)
    return Code(as_tops([_drawn(top.shape, filler) for top, filler in tops]))


def _drawn(shape: Shape, filler: Filler) -> Expression:
    """An array of this shape in Caffe's order, drawn by the filler."""
    made = call("DummyData", shape, initializer(filler, shape))
    return in_keras_order(call(made, BOTTOM), len(shape))
