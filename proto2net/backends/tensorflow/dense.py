"""Keras renderers of proto2net/layers/dense.py."""

from __future__ import annotations

from proto2net.backends.base import (
    Code,
    Convert,
    Transposed,
    refuse_noise,
    refuse_normalizing,
    same_array,
)
from proto2net.backends.source import call
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import (
    FlattenedRows,
    channels_last,
    in_caffe_order,
    in_keras_order,
)
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import (
    Embed,
    InnerProduct,
    MarginInnerProduct,
    ReLU,
)
from proto2net.shape import Shape, canonical_axis, count


@renders(MarginInnerProduct)
@renders(InnerProduct)
def _inner_product(node: Node[InnerProduct]) -> Code:
    return _product(node)


@renders(InnerProduct, ReLU)
def _inner_product_and_relu(node: Node[InnerProduct], relu: Node[ReLU]) -> Code | None:
    if not relu.in_place or relu.layer.negative_slope:
        return None
    return _product(node, activation='"relu"')


def _product(node: Node[InnerProduct], activation: str | None = None) -> Code:
    refuse_noise(node)
    refuse_normalizing(node)
    layer, bottom = node.layer, node.bottoms[0].shape
    axis = canonical_axis(layer.axis, bottom)
    if not node.blobs:
        made = _by_rows(node, axis)
        return Code(f"ops.{activation[1:-1]}({made})" if activation else made)
    init = call(
        "UnitDense" if layer.normalize else "layers.Dense",
        layer.num_output,
        eps=(layer.unit_eps if layer.normalize else 1e-6, 1e-6),
        activation=(activation, None),
        use_bias=(layer.bias_term, True),
        name="{name}",
    )
    arrays = {"kernel": same_array(node, "weight", kernel(layer, bottom))}
    if layer.bias_term:
        arrays["bias"] = same_array(node, "bias")
    return Code(_with_axes(_on_vectors(bottom, axis), node), init, arrays)


def _by_rows(node: Node[InnerProduct], axis: int) -> str:
    """Vectors times the rows of the second bottom."""
    bottom, rows = (blob.shape for blob in node.bottoms)
    if axis != 1:
        raise UnsupportedError(
            "an axis other than 1 has no rendering", "use --to torch"
        )
    x, matrix = (
        in_caffe_order(f"{{{n}}}", len(s)) for n, s in enumerate((bottom, rows))
    )
    if len(bottom) > 2:
        x = f"layers.Flatten()({x})"
    if len(rows) != 2:
        matrix = f"ops.reshape({matrix}, (-1, {count(rows[1:])}))"
    return f"ops.matmul({x}, ops.transpose({matrix}))"


def _with_axes(value: str, node: Node[InnerProduct]) -> str:
    """The outputs with the axes of size 1 that min_top_axes adds behind them."""
    if not node.layer.added_axes(node.bottoms[0].shape):
        return value
    axes = len(node.layer.batch(node.bottoms[0].shape)) + 1
    added = list(range(axes, len(node.tops[0].shape)))
    full = f"ops.expand_dims({in_caffe_order(value, axes)}, {added})"
    return in_keras_order(full, len(node.tops[0].shape))


def _on_vectors(bottom: Shape, axis: int) -> str:
    """The layer called on the bottom with all axes from this one on merged."""
    axes = len(bottom)
    if axis == 1:
        return "{self}({0})" if axes == 2 else "{self}(layers.Flatten()({0}))"
    value = in_caffe_order("{0}", axes)
    if axis == 0:  # the whole batch is one vector
        return f"{{self}}(ops.reshape({value}, (1, {count(bottom)})))[0]"
    size = count(bottom[axis:])
    if axis == 2 < axes - 1:
        value = f"{call('layers.Reshape', (-1, size))}({value})"
    elif axis < axes - 1:
        value = f"{call('Reshape', (size,), axis=axis)}({value})"
    return in_keras_order(f"{{self}}({value})", axis + 1)


def kernel(layer: InnerProduct, bottom: Shape) -> Convert | None:
    """From Caffe's weights to Keras' kernel; images are flattened with their channels last."""
    image = channels_last(len(bottom)) and count(bottom[2:]) > 1
    if image and canonical_axis(layer.axis, bottom) == 1:
        return FlattenedRows(bottom[1], bottom[2:], layer.transpose)
    return None if layer.transpose else Transposed((1, 0))


@renders(Embed)
def _embed(node: Node[Embed]) -> Code:
    layer, axes = node.layer, len(node.bottoms[0].shape)
    init = call(
        "BiasedEmbedding" if layer.bias_term else "layers.Embedding",
        layer.input_dim,
        layer.num_output,
        name="{name}",
    )
    arrays = {"embeddings": same_array(node, "weight")}
    if layer.bias_term:
        arrays["bias"] = same_array(node, "bias")
    rows = f"{{self}}({in_caffe_order('{0}', axes)})"
    return Code(in_keras_order(rows, axes + 1), init, arrays)
