"""Keras renderers of proto2net/layers/dense.py."""

from __future__ import annotations

from proto2net.backends.base import Code, Convert, Transposed, same_array
from proto2net.backends.source import call
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import FlattenedRows
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import InnerProduct, ReLU
from proto2net.shape import Shape, canonical_axis, count


@renders(InnerProduct)
def _inner_product(node: Node[InnerProduct]) -> Code:
    return _product(node)


@renders(InnerProduct, ReLU)
def _inner_product_and_relu(node: Node[InnerProduct], relu: Node[ReLU]) -> Code | None:
    if not relu.in_place or relu.layer.negative_slope:
        return None
    return _product(node, activation='"relu"')


def _product(node: Node[InnerProduct], activation: str | None = None) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    if canonical_axis(layer.axis, bottom) != 1:
        raise UnsupportedError("only axis 1 is rendered so far")
    init = call(
        "layers.Dense",
        layer.num_output,
        activation=(activation, None),
        use_bias=(layer.bias_term, True),
        name="{name}",
    )
    arrays = {
        "kernel": same_array(
            node, "weight", _kernel(bottom, transposed=layer.transpose)
        )
    }
    if layer.bias_term:
        arrays["bias"] = same_array(node, "bias")
    flat = "{0}" if len(bottom) == 2 else "layers.Flatten()({0})"
    return Code(f"{{self}}({flat})", init, arrays)


def _kernel(bottom: Shape, *, transposed: bool) -> Convert | None:
    """From Caffe's weights to Keras' kernel for a bottom that is flattened channels last."""
    if len(bottom) in (4, 5) and count(bottom[2:]) > 1:
        return FlattenedRows(bottom[1], bottom[2:], transposed)
    return None if transposed else Transposed((1, 0))
