"""Keras renderers of proto2net/layers/dense.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import (
    Code,
    Convert,
    Transposed,
    same_array,
)
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import (
    FlattenedRows,
    bottoms_in_order,
    channels_last,
    in_caffe_order,
    in_keras_order,
    widened,
)
from proto2net.backends.tensorflow.objects import activation_of, own
from proto2net.backends.tree import BOTTOM, SELF, Expression, call, code, indexed
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import Embed, InnerProduct, ReLU
from proto2net.shape import Shape, canonical_axis, count


@renders(InnerProduct)
def inner_product(node: Node[InnerProduct]) -> Code:
    """Render an InnerProduct, or a layer of a fork that is one when it is used."""
    return _product(node)


@renders(InnerProduct, ReLU)
def _inner_product_and_relu(node: Node[InnerProduct], relu: Node[ReLU]) -> Code | None:
    activation = activation_of(relu)
    return _product(node, activation) if activation else None


def _product(node: Node[InnerProduct], activation: str | None = None) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    axis = canonical_axis(layer.axis, bottom)
    if not node.blobs:
        made = _by_rows(node, axis)
        return Code(call(f"ops.{activation}", made) if activation else made)
    init = own(
        "UnitDense" if layer.normalize else "layers.Dense",
        layer.num_output,
        eps=(layer.unit_eps if layer.normalize else 1e-6, 1e-6),
        activation=(activation, None),
        use_bias=(layer.bias_term, True),
    )
    arrays = {"kernel": same_array(node, "weight", kernel(layer, bottom))}
    if layer.bias_term:
        arrays["bias"] = same_array(node, "bias")
    return Code(_with_axes(_on_vectors(bottom, axis), node), init, arrays)


def _by_rows(node: Node[InnerProduct], axis: int) -> Expression:
    """Vectors times the rows of the second bottom."""
    if axis != 1:
        raise UnsupportedError("an axis other than 1 is not supported", "use --to torch")
    return code("ops.matmul({x}, ops.transpose({rows}))", **vectors_and_rows(node))


def vectors_and_rows(node: Node[Any]) -> dict[str, Expression]:
    """The first bottom as vectors `x`, and the second as the `rows` of a matrix."""
    x, rows = bottoms_in_order(node)
    first, second = (blob.shape for blob in node.bottoms)
    if len(second) != 2:
        rows = call("ops.reshape", rows, (-1, count(second[1:])))
    return {"x": flattened(x, first), "rows": rows}


def flattened(x: Expression, shape: Shape) -> Expression:
    """What has this shape, as vectors."""
    return x if len(shape) == 2 else code("layers.Flatten()({x})", x=x)


def _with_axes(value: Expression, node: Node[InnerProduct]) -> Expression:
    """The outputs with the axes of size 1 that min_top_axes adds behind them."""
    if not node.layer.added_axes(node.bottoms[0].shape):
        return value
    axes = len(node.layer.batch(node.bottoms[0].shape)) + 1
    return widened(value, axes, len(node.tops[0].shape))


def _on_vectors(bottom: Shape, axis: int) -> Expression:
    """The layer called on the bottom with all axes from this one on merged."""
    axes = len(bottom)
    if axis == 1:
        return call(SELF, flattened(BOTTOM, bottom))
    value = in_caffe_order(BOTTOM, axes)
    if axis == 0:  # the whole batch is one vector
        return indexed(call(SELF, call("ops.reshape", value, (1, count(bottom)))), 0)
    size = count(bottom[axis:])
    if axis == 2 < axes - 1:
        value = call(call("layers.Reshape", (-1, size)), value)
    elif axis < axes - 1:
        value = call(call("Reshape", (size,), axis=axis), value)
    return in_keras_order(call(SELF, value), axis + 1)


def kernel(layer: InnerProduct, bottom: Shape) -> Convert | None:
    """From Caffe's weights to Keras' kernel; images are flattened with their channels last."""
    image = channels_last(len(bottom)) and count(bottom[2:]) > 1
    if image and canonical_axis(layer.axis, bottom) == 1:
        return FlattenedRows(bottom[1], bottom[2:], layer.transpose)
    return None if layer.transpose else Transposed((1, 0))


@renders(Embed)
def _embed(node: Node[Embed]) -> Code:
    layer, axes = node.layer, len(node.bottoms[0].shape)
    kind = "BiasedEmbedding" if layer.bias_term else "layers.Embedding"
    init = own(kind, layer.input_dim, layer.num_output)
    arrays = {"embeddings": same_array(node, "weight")}
    if layer.bias_term:
        arrays["bias"] = same_array(node, "bias")
    rows = call(SELF, in_caffe_order(BOTTOM, axes))
    return Code(in_keras_order(rows, axes + 1), init, arrays)
