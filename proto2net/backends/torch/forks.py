"""PyTorch renderers of what forks have added to the families of Caffe's own layers."""

from __future__ import annotations

from proto2net.backends.base import (
    Array,
    Code,
    Reshaped,
    bottoms,
    refuse_bounds,
    refuse_normalizing,
    same_array,
)
from proto2net.backends.source import same
from proto2net.backends.torch.backend import backend, renders
from proto2net.backends.torch.dense import rows, vectors
from proto2net.backends.torch.normalize import refuse_no_eps
from proto2net.backends.tree import (
    BOTTOM,
    SELF,
    Expression,
    call,
    code,
    expanded,
    indexed,
    span,
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
from proto2net.shape import canonical_axis, count

# ---- images ---------------------------------------------------------------------------------


@renders(Interp)
def _interp(node: Node[Interp]) -> Code:
    layer = node.layer
    x = BOTTOM
    if layer.pad_beg or layer.pad_end:
        cut = span(-layer.pad_beg or None, layer.pad_end or None)
        x = code("{0}[:, :, {cut}, {cut}]", cut=cut)
    if layer.use_blob_size or layer.sized:
        given = code("{1}.shape[2:]")
        size = given if layer.use_blob_size else node.tops[0].shape[2:]
        options = {"mode": "bilinear", "align_corners": True}
        return Code(call("F.interpolate", x, size, **options))
    shrink, zoom, times = layer.factors
    return Code(
        call(
            "interp",
            x,
            shrink_factor=(shrink, 1),
            zoom_factor=(zoom, 1),
            full_zoom_factor=(times, 1),
        )
    )


@renders(Upsample)
def _upsample(node: Node[Upsample]) -> Code:
    layer = node.layer
    if len(node.bottoms) == 1:
        return Code(call("F.interpolate", BOTTOM, scale_factor=layer.scales[0]))
    if layer.size:
        return Code(call("max_unpool", *bottoms(node), layer.size))
    if not any(layer.less):
        places = code("{1}.long()")
        return Code(call("F.max_unpool2d", BOTTOM, places, same(layer.scales)))
    sizes = [
        _unpooled(code("{0}.shape[{axis}]", axis=axis), scale, less)
        for axis, scale, less in zip((2, 3), layer.scales, layer.less, strict=True)
    ]
    return Code(call("max_unpool", *bottoms(node), tuple(sizes)))


def _unpooled(size: Expression, scale: int, less: int) -> Expression:
    """A size times a scale, and less what rounding up had added."""
    size = code("{size} * {scale}", size=size, scale=scale)
    return code("{size} - {less}", size=size, less=less) if less else size


# ---- channels and axes ----------------------------------------------------------------------


@renders(ShuffleChannel)
def _shuffle_channel(node: Node[ShuffleChannel]) -> Code:
    if node.layer.group == 1:
        return Code(BOTTOM)
    return Code(call("shuffle_channel", BOTTOM, node.layer.group))


@renders(Axpy)
def _axpy(node: Node[Axpy]) -> Code:
    factor, x, _ = (bottom.shape for bottom in node.bottoms)
    scale = expanded(BOTTOM, len(x) - len(factor))
    return Code(code("{scale} * {1} + {2}", scale=scale))


@renders(ChannelScale)
def _channel_scale(node: Node[ChannelScale]) -> Code:
    x = node.bottoms[0].shape
    if not node.layer.do_forward:
        return Code(BOTTOM)
    if len(x) == 2:
        return Code(code("{0} * {1}.reshape(-1, 1)"))
    return Code(code("{0} * {1}.reshape(-1, 1, *{0}.shape[2:])"))


@renders(GlobalLSEMargin)
def _global_lse_margin(node: Node[GlobalLSEMargin]) -> Code:
    refuse_bounds(node)
    layer = node.layer
    init = call(
        "BoundedScale",
        1,
        bias=False,
        low=layer.min_value,
        high=(layer.max_value, None),
    )
    return Code(call(SELF, BOTTOM), init, {"weight": same_array(node, "scale")})


@renders(InnerDistance)
def _inner_distance(node: Node[InnerDistance]) -> Code:
    """By helpers, to which the first bottom is a list of vectors."""
    refuse_normalizing(node)
    layer, bottom = node.layer, node.bottoms[0].shape
    axis = canonical_axis(layer.axis, bottom)
    x, single = vectors(node, axis), axis == 0
    x = indexed(x, None) if single else x
    p = (2 if layer.distance_type == "L2" else 1, 2)
    if len(node.bottoms) > 1:
        made = call("distances", x, rows(node), p=p)
        return Code(indexed(made, 0) if single else made)
    init = call(
        "InnerDistance",
        count(bottom[axis:]),
        layer.num_output,
        p=p,
        normalize=(layer.normalize, False),
    )
    made = call(SELF, x)
    arrays = {"weight": same_array(node, "weight")}
    return Code(indexed(made, 0) if single else made, init, arrays)


@renders(Reverse)
def _reverse(node: Node[Reverse]) -> Code:
    return Code(call("torch.flip", BOTTOM, node.layer.axes))


# ---- activations ----------------------------------------------------------------------------


backend.says({SeLu: "F.selu({0})"})


@renders(SeLuDropout)
def _selu_dropout(node: Node[SeLuDropout]) -> Code:
    if node.phase == "TEST":
        return Code(BOTTOM)
    return Code(call(SELF, BOTTOM), call("nn.AlphaDropout", node.layer.dropout_ratio))


# ---- normalisation --------------------------------------------------------------------------


@renders(BN)
def _bn(node: Node[BN]) -> Code:
    """The module that PyTorch has where it is exact: it corrects what it gathers in training."""
    layer, bottom = node.layer, node.bottoms[0].shape
    if len(node.tops) > 1:
        raise UnsupportedError(
            "the batch's mean and variance as tops have no rendering",
            "leave out all tops but the first",
        )
    refuse_no_eps(node, layer.epsilon)
    channels = bottom[1]
    affine = _of_channels(node, weight="slope", bias="bias")
    stored = {"running_mean": "mean", "running_var": "variance"}
    if not layer.normalizes:
        return Code(call(SELF, BOTTOM), call("Scale", channels), affine)
    eps = (layer.epsilon, 1e-5)
    module = f"nn.BatchNorm{max(len(bottom) - 2, 1)}d"
    if layer.batch_statistics("TEST"):
        if node.phase == "TEST" or "mean" not in node.blobs:
            init = call(module, channels, eps=eps, track_running_stats=False)
            return Code(call(SELF, BOTTOM), init, affine)
    elif node.phase == "TEST":
        init = call(module, channels, eps=eps)
        return Code(call(SELF, BOTTOM), init, affine | _of_channels(node, **stored))
    init = call(
        "BN",
        channels,
        eps=eps,
        momentum=(layer.share, 0.9),
        frozen=(layer.frozen, False),
    )
    return Code(call(SELF, BOTTOM), init, affine | _of_channels(node, **stored))


def _of_channels(node: Node[BN], **names: str) -> dict[str, Array]:
    """PyTorch's arrays of one value a channel; the blobs have axes of 1 around."""
    one_axis = Reshaped((node.bottoms[0].shape[1],))
    return {name: same_array(node, blob, one_axis) for name, blob in names.items()}


# ---- sequences ------------------------------------------------------------------------------


@renders(Lstm)
def _lstm(node: Node[Lstm]) -> Code:
    layer, x = node.layer, node.bottoms[0].shape
    if layer.clipping_threshold and node.phase == "TRAIN":
        raise UnsupportedError(
            "clipping_threshold, which bounds gradients inside of the layer, "
            "has no rendering",
            "leave it out, and clip the gradients of the parameters",
        )
    init = call(
        "Lstm",
        count(x[len(layer.batch(x)) :]),
        layer.num_output,
        sequences=(layer.sequences if layer.merged(x) else 0, 0),
    )
    arrays = {name: same_array(node, name) for name in node.blobs}
    return Code(call(SELF, *bottoms(node)), init, arrays, state=len(node.bottoms) > 1)


@renders(ContinuationIndicator)
def _continuation_indicator(node: Node[ContinuationIndicator]) -> Code:
    layer = node.layer
    sequences: object = layer.batch_size
    if node.bottoms:
        axis = canonical_axis(layer.axis, node.bottoms[0].shape)
        sequences = code("{0}.shape[{axis}]", axis=axis)
    init = call("ContinuationIndicator", layer.time_step)
    return Code(call(SELF, sequences), init)
