"""Keras renderers of what forks have added to the families of Caffe's own layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proto2net.backends.base import (
    Array,
    Code,
    Reshaped,
    Transposed,
    bottoms,
    refuse_bounds,
    refuse_normalizing,
    same_array,
)
from proto2net.backends.tensorflow.activation import activation
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.dense import flattened, vectors_and_rows
from proto2net.backends.tensorflow.layout import (
    Broadcast,
    in_caffe_order,
    moved_axis,
    place,
)
from proto2net.backends.tensorflow.objects import CALLED, called_on, own
from proto2net.backends.tensorflow.recurrent import in_order
from proto2net.backends.tree import (
    BOTTOM,
    SELF,
    Placeholder,
    call,
    code,
)
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import (
    BN,
    Axpy,
    ChannelScale,
    ContinuationIndicator,
    GlobalLSEMargin,
    InnerDistance,
    Interp,
    Lstm,
    Reverse,
    SeLu,
    SeLuDropout,
    ShuffleChannel,
    Upsample,
)
from proto2net.shape import canonical_axis, count, dims

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

# ---- images ---------------------------------------------------------------------------------


@renders(Interp)
def _interp(node: Node[Interp]) -> Code:
    layer = node.layer
    x = BOTTOM
    if layer.pad_beg or layer.pad_end:
        sides = (-layer.pad_beg, -layer.pad_end)
        even = sides[0] if sides[0] == sides[1] else (sides, sides)
        x = call(call("layers.Cropping2D", even), BOTTOM)
    shrink, zoom, times = (1, 1, 1) if layer.use_blob_size else layer.factors
    sized = layer.sized and not layer.use_blob_size
    if sized:
        shrink, zoom, times = 1, 1, 1
    init = own(
        "Interp",
        *([node.tops[0].shape[2:]] if sized else []),
        shrink_factor=(shrink, 1),
        zoom_factor=(zoom, 1),
        full_zoom_factor=(times, 1),
    )
    both = called_on([x, Placeholder(1)])
    return Code(both if layer.use_blob_size else call(SELF, x), init)


@renders(Upsample)
def _upsample(node: Node[Upsample]) -> Code:
    layer = node.layer
    if len(node.bottoms) == 1:
        return Code(CALLED, own("layers.UpSampling2D", layer.scales[0]))
    size = layer.size
    init = own(
        "MaxUnpooling",
        scale=((2, 2) if size else layer.scales, (2, 2)),
        less=((0, 0) if size else layer.less, (0, 0)),
        size=(size, None),
    )
    return Code(called_on(bottoms(node)), init)


# ---- channels and axes ----------------------------------------------------------------------


@renders(ShuffleChannel)
def _shuffle_channel(node: Node[ShuffleChannel]) -> Code:
    if node.layer.group == 1:
        return Code(BOTTOM)
    axis = moved_axis(1, len(node.bottoms[0].shape))
    return Code(CALLED, own("ShuffleChannel", node.layer.group, axis=(axis, -1)))


@renders(Axpy)
def _axpy(node: Node[Axpy]) -> Code:
    factor, x, _ = (len(bottom.shape) for bottom in node.bottoms)
    missing = [place(axis, x) for axis in range(factor, x)]
    scale = call("ops.expand_dims", BOTTOM, missing) if missing else BOTTOM
    return Code(code("{scale} * {1} + {2}", scale=scale))


@renders(ChannelScale)
def _channel_scale(node: Node[ChannelScale]) -> Code:
    x, factors = (bottom.shape for bottom in node.bottoms)
    if not node.layer.do_forward:
        return Code(BOTTOM)
    if len(x) == 4 and factors == (x[0], 1, *x[2:]):
        return Code(code("{0} * {1}"))
    if count(x[2:]) > 1:
        raise UnsupportedError(
            f"factors of {dims(factors)} for {dims(x)} have no rendering",
            f"make them {dims((x[0], 1, *x[2:]))}",
        )
    shape = (-1, *[1] * (len(x) - 1))
    return Code(code("{0} * ops.reshape({1}, {shape})", shape=shape))


@renders(GlobalLSEMargin)
def _global_lse_margin(node: Node[GlobalLSEMargin]) -> Code:
    refuse_bounds(node)
    layer = node.layer
    low, high = layer.min_value, (layer.max_value, None)
    init = own("BoundedScale", (1,), low=low, high=high)
    return Code(CALLED, init, {"gamma": same_array(node, "scale")})


@renders(InnerDistance)
def _inner_distance(node: Node[InnerDistance]) -> Code:
    refuse_normalizing(node)
    layer, bottom = node.layer, node.bottoms[0].shape
    if canonical_axis(layer.axis, bottom) != 1:
        raise UnsupportedError(
            "an axis other than 1 has no rendering", "use --to torch"
        )
    squared = (layer.distance_type == "L2", True)
    if len(node.bottoms) > 1:
        both = vectors_and_rows(node).values()
        return Code(called_on(both), own("InnerDistance", squared=squared))
    x = flattened(in_caffe_order(BOTTOM, len(bottom)), bottom)
    normalize = (layer.normalize, False)
    init = own("InnerDistance", layer.num_output, normalize=normalize, squared=squared)
    return Code(call(SELF, x), init, {"weight": same_array(node, "weight")})


@renders(Reverse)
def _reverse(node: Node[Reverse]) -> Code:
    axes = len(node.bottoms[0].shape)
    placed = [place(axis, axes) for axis in node.layer.axes]
    return Code(call("ops.flip", BOTTOM, axis=placed) if placed else BOTTOM)


# ---- activations ----------------------------------------------------------------------------


@renders(SeLu)
def _selu(node: Node[SeLu]) -> Code:
    return activation("selu")


@renders(SeLuDropout)
def _selu_dropout(node: Node[SeLuDropout]) -> Code:
    if node.phase == "TEST":
        return Code(BOTTOM)
    return Code(CALLED, own("layers.AlphaDropout", node.layer.dropout_ratio))


# ---- normalisation --------------------------------------------------------------------------


@dataclass(frozen=True)
class PerChannel:
    """Converts a blob of one value a channel, to be broadcast over bottoms of so many axes."""

    axes: int

    def __call__(self, array: Ndarray) -> Ndarray:
        return Broadcast(1, self.axes)(array.reshape(-1))


@renders(BN)
def _bn(node: Node[BN]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    if len(node.tops) > 1:
        raise UnsupportedError(
            "the batch's mean and variance as tops are not possible",
            "leave out all tops but the first",
        )
    if not layer.normalizes:
        convert = PerChannel(len(bottom))
        shape = Broadcast(1, len(bottom)).shape(bottom[1:2])
        arrays = {
            "gamma": same_array(node, "slope", convert),
            "beta": same_array(node, "bias", convert),
        }
        return Code(CALLED, own("Scale", shape, use_bias=True), arrays)
    axis = (moved_axis(1, len(bottom)), -1)
    affine = _of_channels(node, gamma="slope", beta="bias")
    by_batch = layer.batch_statistics("TEST")
    if by_batch and (node.phase == "TEST" or "mean" not in node.blobs):
        epsilon = (layer.epsilon, 1e-5)
        return Code(CALLED, own("BatchStatistics", axis=axis, epsilon=epsilon), affine)
    init = own(
        "layers.BatchNormalization",
        axis=axis,
        momentum=(0.99 if node.phase == "TEST" else layer.share, 0.99),
        epsilon=(layer.epsilon, 1e-3),
        trainable=(node.phase == "TEST" or layer.batch_statistics("TRAIN"), True),
    )
    stored = _of_channels(node, moving_mean="mean", moving_variance="variance")
    return Code(CALLED, init, affine | stored)


def _of_channels(node: Node[BN], **names: str) -> dict[str, Array]:
    """Keras' variables of one value a channel; the blobs have axes of 1 around."""
    one_axis = Reshaped((node.bottoms[0].shape[1],))
    return {name: same_array(node, blob, one_axis) for name, blob in names.items()}


# ---- sequences ------------------------------------------------------------------------------


@renders(Lstm)
def _lstm(node: Node[Lstm]) -> Code:
    layer = node.layer
    if layer.clipping_threshold and node.phase == "TRAIN":
        raise UnsupportedError(
            "clipping_threshold, which bounds gradients inside of the layer, "
            "is not possible",
            "leave it out, and give the optimizer clipvalue",
        )
    sequences = layer.sequences if layer.merged(node.bottoms[0].shape) else 0
    init = own("Lstm", layer.num_output, sequences=(sequences, 0))
    arrays = {
        "kernel": same_array(node, "W_xc", Transposed((1, 0))),
        "recurrent_kernel": same_array(node, "W_hc", Transposed((1, 0))),
        "bias": same_array(node, "b_c"),
    }
    forward = called_on(in_order(node))
    return Code(forward, init, arrays, state=len(node.bottoms) > 1)


@renders(ContinuationIndicator)
def _continuation_indicator(node: Node[ContinuationIndicator]) -> Code:
    layer = node.layer
    options: dict[str, object] = {"sequences": layer.batch_size}
    if node.bottoms:
        bottom = node.bottoms[0].shape
        axis = place(canonical_axis(layer.axis, bottom), len(bottom))
        options = {"axis": (axis, 0)}
    made = call("ContinuationIndicator", layer.time_step, **options)
    return Code(call(made, BOTTOM))
