"""NumPy renderers of what forks have added to the families of Caffe's own layers."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms, refuse_bounds, refuse_normalizing
from proto2net.backends.numpy.backend import renders, says
from proto2net.backends.numpy.fillers import ARRAYS, RNG, learned
from proto2net.backends.tree import BOTTOM, Expression, call, code, span, tree
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
from proto2net.shape import canonical_axis

# ---- images ---------------------------------------------------------------------------------


@renders(Interp)
def _interp(node: Node[Interp]) -> Code:
    layer = node.layer
    x: Expression = BOTTOM
    if layer.pad_beg or layer.pad_end:
        cut = span(-layer.pad_beg or None, layer.pad_end or None)
        x = code("{0}[:, :, {cut}, {cut}]", cut=cut)
    if layer.use_blob_size:
        return Code(call("interp", x, code("{1}.shape[2:]")))
    if layer.sized:
        return Code(call("interp", x, node.tops[0].shape[2:]))
    shrink, zoom, times = layer.factors
    size = call(
        "interp_size",
        code("{x}.shape[2:]", x=x),
        shrink_factor=(shrink, 1),
        zoom_factor=(zoom, 1),
        full_zoom_factor=(times, 1),
    )
    return Code(call("interp", x, size))


@renders(Upsample)
def _upsample(node: Node[Upsample]) -> Code:
    layer = node.layer
    if len(node.bottoms) == 1:
        return Code(call("upsample", BOTTOM, layer.scales[0]))
    if layer.size:
        return Code(call("max_unpool", *bottoms(node), layer.size))
    sizes = tuple(
        code("{0}.shape[{axis}] * {scale} - {less}", axis=axis, scale=scale, less=less)
        if less
        else code("{0}.shape[{axis}] * {scale}", axis=axis, scale=scale)
        for axis, scale, less in zip((2, 3), layer.scales, layer.less, strict=True)
    )
    return Code(call("max_unpool", *bottoms(node), sizes))


# ---- channels and axes ----------------------------------------------------------------------


@renders(ShuffleChannel)
def _shuffle_channel(node: Node[ShuffleChannel]) -> Code:
    return Code(call("shuffle_channel", BOTTOM, node.layer.group))


@renders(Axpy)
def _axpy(node: Node[Axpy]) -> Code:
    factor, x, _ = (bottom.shape for bottom in node.bottoms)
    missing = len(x) - len(factor)
    factors = call("spread", BOTTOM, missing) if missing else BOTTOM
    return Code(code("{factors} * {1} + {2}", factors=factors))


@renders(ChannelScale)
def _channel_scale(node: Node[ChannelScale]) -> Code:
    if not node.layer.do_forward:
        return Code(BOTTOM)
    return Code(code("{0} * {1}.reshape(-1, 1, *{0}.shape[2:])"))


@renders(GlobalLSEMargin)
def _global_lse_margin(node: Node[GlobalLSEMargin]) -> Code:
    refuse_bounds(node)
    layer = node.layer
    forward = code(
        '{0} * np.clip({self}["scale"], {low}, {high})',
        low=layer.min_value,
        high=layer.max_value,
    )
    return Code(forward, *learned(node))


@renders(InnerDistance)
def _inner_distance(node: Node[InnerDistance]) -> Code:
    refuse_normalizing(node)
    layer = node.layer
    rows = code("{1}") if len(node.bottoms) > 1 else code('{self}["weight"]')
    if layer.normalize and len(node.bottoms) == 1:
        rows = call("unit_rows", rows)
    forward = call(
        "inner_distance",
        BOTTOM,
        rows,
        axis=(canonical_axis(layer.axis, node.bottoms[0].shape), 1),
        squared=(layer.distance_type == "L2", True),
    )
    return Code(forward, *learned(node))


@renders(Reverse)
def _reverse(node: Node[Reverse]) -> Code:
    return Code(call("np.flip", BOTTOM, node.layer.axes))


# ---- activations ----------------------------------------------------------------------------


says({SeLu: "1.050700987 * elu({0}, alpha=1.67326324)"})


@renders(SeLuDropout)
def _selu_dropout(node: Node[SeLuDropout]) -> Code:
    if node.phase == "TEST":
        return Code(BOTTOM)
    ratio = (node.layer.dropout_ratio, 0.1)
    return Code(call("alpha_dropout", BOTTOM, RNG, dropout_ratio=ratio))


# ---- normalisation --------------------------------------------------------------------------


@renders(BN)
def _bn(node: Node[BN]) -> Code:
    layer = node.layer
    if len(node.tops) > 1:
        raise UnsupportedError(
            "the batch's mean and variance as tops have no rendering",
            "leave out all tops but the first",
        )
    if not layer.normalizes:
        return Code(call("affine", BOTTOM, ARRAYS), *learned(node))
    function, options = "bn", {"eps": (layer.epsilon, 1e-5)}
    if layer.batch_statistics(node.phase):
        function = "bn_of_batch"
        if node.phase == "TRAIN" and "mean" in node.blobs:
            options["momentum"] = (layer.share, 1.0)
    return Code(call(function, BOTTOM, ARRAYS, **options), *learned(node))


# ---- sequences ------------------------------------------------------------------------------


@renders(Lstm)
def _lstm(node: Node[Lstm]) -> Code:
    layer, x = node.layer, node.bottoms[0].shape
    continued = len(node.bottoms) > 1
    forward = call(
        "lstm_of_caffe_lstm",
        BOTTOM,
        ARRAYS,
        cont=code("{1}") if continued else None,
        sequences=(layer.sequences if layer.merged(x) else 0, 0),
    )
    kept = {"states": tree([])} if continued else {}
    return Code(forward, *learned(node, **kept), state=continued)


@renders(ContinuationIndicator)
def _continuation_indicator(node: Node[ContinuationIndicator]) -> Code:
    layer = node.layer
    sequences = tree(layer.batch_size)
    if node.bottoms:
        axis = canonical_axis(layer.axis, node.bottoms[0].shape)
        sequences = code("{0}.shape[{axis}]", axis=axis)
    return Code(call("continuation_indicator", layer.time_step, sequences))
