"""ONNX renderers of proto2net/layers/normalize.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Reshaped, choose
from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.shapes import reshaped, spread
from proto2net.backends.onnx.values import Bottom, Learned, Value, X, learned, op, value
from proto2net.backends.onnx.windows import Pooled
from proto2net.backends.statistics import eps_of, running_statistics
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import (
    BN,
    LRN,
    MVN,
    BatchNorm,
    Bias,
    L2Normalize,
    LayerNorm,
    Normalization,
    Pooling,
    Scale,
    Softmax,
)
from proto2net.shape import canonical_axis

PER_CHANNEL = Reshaped((-1,))


@renders(BatchNorm, Scale)
def _batch_norm_scale(norm: Node[BatchNorm], scale: Node[Scale]) -> Value | None:
    """One operator, where the factors are learned for each channel."""
    layer = scale.layer
    shape = norm.bottoms[0].shape
    by_channel = canonical_axis(layer.axis, shape) == 1 and layer.num_axes == 1
    batch = norm.layer.batch_statistics(norm.phase)
    if not by_channel or "weight" not in scale.blobs or layer.bounded or batch:
        return None
    channels = shape[1]
    bias = learned(scale, "bias") if layer.bias_term else _all(channels, 0.0)
    return _stored(norm, learned(scale, "weight"), bias)


@renders(BatchNorm)
def _batch_norm(node: Node[BatchNorm]) -> Value:
    if node.layer.batch_statistics(node.phase):
        _check_kept(node)
        return _normalized(X, _but_channels(node), eps_of(node))
    channels = node.bottoms[0].shape[1]
    return _stored(node, _all(channels, 1.0), _all(channels, 0.0))


def _stored(node: Node[BatchNorm], scale: Value, bias: Value) -> Value:
    arrays = running_statistics(node)
    mean, variance = (Learned(name, array) for name, array in arrays.items())
    eps = eps_of(node)
    return op("BatchNormalization", X, scale, bias, mean, variance, epsilon=eps)


def _all(channels: int, each: float) -> Value:
    return value([each] * channels)


def _check_kept(node: Node[Any]) -> None:
    """Refuse what a training keeps of each batch."""
    if node.phase == "TRAIN":
        raise UnsupportedError("the statistics that training keeps are not supported")


def _but_channels(node: Node[Any]) -> list[int]:
    """The axes over which each channel of a batch has its statistics."""
    return [0, *range(2, len(node.bottoms[0].shape))]


def _normalized(x: Value, axes: list[int], eps: float) -> Value:
    """Mean 0 and variance 1 over these axes."""
    centred, deviation = _statistics(x, axes, eps)
    return centred / deviation


def _statistics(x: Value, axes: list[int], eps: float) -> tuple[Value, Value]:
    """The value less its mean over these axes, and the root of its variance and eps."""
    centred = x - _mean(x, axes)
    return centred, op("Sqrt", _mean(centred * centred, axes) + eps)


def _mean(x: Value, axes: list[int]) -> Value:
    if axes[0] == 0 and len(axes) > 1:  # OpenCV 5 has another mean over axes that lie apart
        return op("ReduceMean", _mean(x, axes[1:]), axes=[0], keepdims=1)
    return op("ReduceMean", x, axes=axes, keepdims=1)


@renders(LRN)
def _lrn(node: Node[LRN]) -> Value:
    layer = node.layer
    region = choose(node, "norm_region", ACROSS_CHANNELS="across", WITHIN_CHANNEL="within")
    if region == "across":
        size, alpha, beta = layer.local_size, layer.alpha, layer.beta
        return op("LRN", X, size=size, alpha=alpha, beta=beta, bias=layer.k)
    shape = node.bottoms[0].shape
    window = Pooling("AVE", (layer.local_size,), pad=(layer.local_size // 2,)).window(shape)
    squares = Pooled(X * X, window, shape[2:]).mean()
    return X * op("Pow", 1.0 + squares * layer.alpha, -layer.beta)


@renders(MVN)
def _mvn(node: Node[MVN]) -> Value:
    layer = node.layer
    axes = [1, 2, 3] if layer.across_channels else [2, 3]
    x = reshaped(X, node.bottoms[0].shape, node.tops[0].shape)
    x = x - _mean(x, axes)
    if not layer.normalize_variance:
        return x
    return x / (op("Sqrt", _mean(x * x, axes)) + layer.eps)


@renders(Scale)
def _scale(node: Node[Scale]) -> Value:
    layer = node.layer
    factor = _operand(node, "weight")
    if layer.bounded:
        factor = op("Clip", factor, layer.min_value, layer.max_value)
    x = X * factor
    return x + _operand(node, "bias") if layer.bias_term else x


@renders(Bias)
def _bias(node: Node[Bias]) -> Value:
    return X + _operand(node, "bias")


def _operand(node: Node[Any], blob: str) -> Value:
    """What is learned, or the second bottom, with its axes below those of the first."""
    bottom = node.bottoms[0].shape
    shape = node.blobs[blob].shape if blob in node.blobs else node.bottoms[1].shape
    if not shape:
        return learned(node, blob) if blob in node.blobs else Bottom(1)
    behind = len(bottom) - canonical_axis(node.layer.axis, bottom) - len(shape)
    if blob in node.blobs:
        return learned(node, blob, Reshaped((*shape, *[1] * behind)) if behind else None)
    return spread(Bottom(1), len(shape), behind)


@renders(Softmax)
def _softmax(node: Node[Softmax]) -> Value:
    return op("Softmax", X, axis=canonical_axis(node.layer.axis, node.bottoms[0].shape))


@renders(BN)
def _bn(node: Node[BN]) -> Value:
    layer = node.layer
    slope, bias = (learned(node, name, PER_CHANNEL) for name in ("slope", "bias"))
    if layer.normalizes and not layer.batch_statistics(node.phase):
        mean, variance = (learned(node, name, PER_CHANNEL) for name in ("mean", "variance"))
        return op("BatchNormalization", X, slope, bias, mean, variance, epsilon=layer.epsilon)
    over = Reshaped((-1, *[1] * (len(node.bottoms[0].shape) - 2)))
    slope, bias = (learned(node, name, over) for name in ("slope", "bias"))
    if not layer.normalizes:
        return X * slope + bias
    _check_kept(node)
    centred, deviation = _statistics(X, _but_channels(node), layer.epsilon)
    return centred * (slope / deviation) + bias


@renders(LayerNorm)
def _layer_norm(node: Node[LayerNorm]) -> Value:
    layer, shape = node.layer, node.bottoms[0].shape
    x = _normalized(X, list(range(layer.start(shape), len(shape))), layer.added)
    return x * learned(node, "weight") + learned(node, "bias") if node.blobs else x


@renders(Normalization)
@renders(L2Normalize)
def _l2_normalize(node: Node[L2Normalize]) -> Value:
    x = reshaped(X, node.bottoms[0].shape, node.tops[0].shape)
    squares = op("ReduceSum", x * x, axes=[1, 2, 3], keepdims=1)
    return x / op("Sqrt", squares + node.layer.eps if node.layer.eps else squares)
