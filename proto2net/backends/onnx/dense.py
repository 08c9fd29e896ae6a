"""ONNX renderers of proto2net/layers/dense.py."""

from __future__ import annotations

from proto2net.backends.base import Transposed
from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.shapes import as_index, flattened, shaped, spread
from proto2net.backends.onnx.values import Bottom, Value, X, learned, op
from proto2net.graph import Node
from proto2net.layers import Embed, InnerProduct
from proto2net.shape import canonical_axis


@renders(InnerProduct)
def inner_product(node: Node[InnerProduct]) -> Value:
    """Render an InnerProduct, or a layer of a fork that is one when it is used."""
    layer, bottom = node.layer, node.bottoms[0].shape
    axis = canonical_axis(layer.axis, bottom)
    bias = learned(node, "bias") if layer.bias_term and node.blobs else None
    x = X if len(bottom) == axis + 1 else flattened(X, axis)
    if not node.blobs:
        top = x @ op("Transpose", flattened(Bottom(1)), perm=[1, 0])
    elif axis == 1 and not layer.normalize:
        top = op("Gemm", x, learned(node, "weight"), bias, transB=None if layer.transpose else 1)
        bias = None
    elif axis == 0:
        top = shaped(shaped(x, 1, -1) @ _columns(node), -1)
    else:
        top = x @ _columns(node)
    top = top if bias is None else top + bias
    return spread(top, axis + 1, layer.added_axes(bottom))


def _columns(node: Node[InnerProduct]) -> Value:
    """The matrix with a column for each output, of length 1 if the layer says so."""
    layer = node.layer
    if layer.transpose:
        return learned(node, "weight")
    weight = learned(node, "weight", Transposed((1, 0)))
    return of_length_1(weight, 0, layer.unit_eps) if layer.normalize else weight


def of_length_1(weight: Value, axis: int, eps: float) -> Value:
    """A matrix whose vectors along the axis are brought to length 1."""
    squares = op("ReduceSum", weight * weight, axes=[axis], keepdims=1)
    return weight / op("Sqrt", squares + eps)


@renders(Embed)
def _embed(node: Node[Embed]) -> Value:
    rows = op("Gather", learned(node, "weight"), as_index(X), axis=0)
    return rows + learned(node, "bias") if node.layer.bias_term else rows
