"""NumPy renderers of what forks have added to the families of Caffe's own layers."""

from __future__ import annotations

from proto2net.backends import tree
from proto2net.backends.base import Code, refuse_bounds, refuse_normalizing
from proto2net.backends.numpy.backend import renders
from proto2net.backends.numpy.fillers import learned
from proto2net.backends.source import call
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import (
    BN,
    Axpy,
    BilinearInterpolation,
    ChannelScale,
    ContinuationIndicator,
    Flip,
    GlobalLSEMargin,
    InnerDistance,
    Interp,
    Lstm,
    Reverse,
    SeLu,
    SeLuDropout,
    ShuffleChannel,
    Upsample,
    UpsampleDarknet,
)
from proto2net.shape import canonical_axis

# ---- images ---------------------------------------------------------------------------------


@renders(BilinearInterpolation)
@renders(Interp)
def _interp(node: Node[Interp]) -> Code:
    layer = node.layer
    x, size = "{0}", "{0}.shape[2:]"
    if layer.pad_beg or layer.pad_end:
        cut = f"{-layer.pad_beg or ''}:{layer.pad_end or ''}"
        x = f"{{0}}[:, :, {cut}, {cut}]"
        size = f"{x}.shape[2:]"
    if layer.use_blob_size:
        return Code(call("interp", x, "{1}.shape[2:]"))
    if layer.sized:
        return Code(call("interp", x, node.tops[0].shape[2:]))
    shrink, zoom, times = layer.factors
    size = call(
        "interp_size",
        size,
        shrink_factor=(shrink, 1),
        zoom_factor=(zoom, 1),
        full_zoom_factor=(times, 1),
    )
    return Code(call("interp", x, size))


@renders(Upsample)
def _upsample(node: Node[Upsample]) -> Code:
    layer = node.layer
    if len(node.bottoms) == 1:
        return Code(call("upsample", "{0}", layer.scales[0]))
    if layer.size:
        return Code(call("max_unpool", "{0}", "{1}", layer.size))
    sizes = [
        f"{{0}}.shape[{axis}] * {scale}" + (f" - {less}" if less else "")
        for axis, scale, less in zip((2, 3), layer.scales, layer.less, strict=True)
    ]
    return Code(call("max_unpool", "{0}", "{1}", f"({', '.join(sizes)})"))


@renders(UpsampleDarknet)
def _upsample_darknet(node: Node[UpsampleDarknet]) -> Code:
    return Code(call("upsample", "{0}", node.layer.stride))


# ---- channels and axes ----------------------------------------------------------------------


@renders(ShuffleChannel)
def _shuffle_channel(node: Node[ShuffleChannel]) -> Code:
    return Code(call("shuffle_channel", "{0}", node.layer.group))


@renders(Axpy)
def _axpy(node: Node[Axpy]) -> Code:
    factor, x, _ = (bottom.shape for bottom in node.bottoms)
    missing = len(x) - len(factor)
    expanded = call("spread", "{0}", missing) if missing else "{0}"
    return Code(f"{expanded} * {{1}} + {{2}}")


@renders(ChannelScale)
def _channel_scale(node: Node[ChannelScale]) -> Code:
    if not node.layer.do_forward:
        return Code("{0}")
    return Code("{0} * {1}.reshape(-1, 1, *{0}.shape[2:])")


@renders(GlobalLSEMargin)
def _global_lse_margin(node: Node[GlobalLSEMargin]) -> Code:
    refuse_bounds(node)
    layer = node.layer
    factor = call("np.clip", '{self}["scale"]', layer.min_value, layer.max_value)
    return Code(f"{{0}} * {factor}", *learned(node))


@renders(InnerDistance)
def _inner_distance(node: Node[InnerDistance]) -> Code:
    refuse_normalizing(node)
    layer = node.layer
    rows = "{1}" if len(node.bottoms) > 1 else '{self}["weight"]'
    if layer.normalize and len(node.bottoms) == 1:
        rows = f"unit_rows({rows})"
    forward = call(
        "inner_distance",
        "{0}",
        rows,
        axis=(canonical_axis(layer.axis, node.bottoms[0].shape), 1),
        squared=(layer.distance_type == "L2", True),
    )
    return Code(forward, *learned(node))


@renders(Reverse)
def _reverse(node: Node[Reverse]) -> Code:
    return Code(call("np.flip", "{0}", node.layer.axes))


@renders(Flip)
def _flip(node: Node[Flip]) -> Code:
    axes = node.layer.axes(node.bottoms[0].shape)
    return Code(call("np.flip", "{0}", axes) if axes else "{0}")


# ---- activations ----------------------------------------------------------------------------


@renders(SeLu)
def _selu(node: Node[SeLu]) -> Code:
    return Code("1.050700987 * elu({0}, alpha=1.67326324)")


@renders(SeLuDropout)
def _selu_dropout(node: Node[SeLuDropout]) -> Code:
    if node.phase == "TEST":
        return Code("{0}")
    ratio = (node.layer.dropout_ratio, 0.1)
    return Code(call("alpha_dropout", "{0}", "self.rng", dropout_ratio=ratio))


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
        return Code("affine({0}, **{self})", *learned(node))
    function, options = "bn", {"eps": (layer.epsilon, 1e-5)}
    if layer.batch_statistics(node.phase):
        function = "bn_of_batch"
        if node.phase == "TRAIN" and "mean" in node.blobs:
            options["momentum"] = (layer.share, 1.0)
    return Code(call(function, "{0}", "**{self}", **options), *learned(node))


# ---- sequences ------------------------------------------------------------------------------


@renders(Lstm)
def _lstm(node: Node[Lstm]) -> Code:
    layer, x = node.layer, node.bottoms[0].shape
    sequences = (layer.sequences if layer.merged(x) else 0, 0)
    cont = "{1}" if len(node.bottoms) > 1 else "None"
    forward = call(
        "lstm_of_caffe_lstm",
        "{0}",
        "**{self}",
        cont=(cont, "None"),
        sequences=sequences,
    )
    return Code(
        forward,
        *learned(node, **({"states": tree.code("[]")} if cont == "{1}" else {})),
    )


@renders(ContinuationIndicator)
def _continuation_indicator(node: Node[ContinuationIndicator]) -> Code:
    layer = node.layer
    sequences = str(layer.batch_size)
    if node.bottoms:
        axis = canonical_axis(layer.axis, node.bottoms[0].shape)
        sequences = f"{{0}}.shape[{axis}]"
    return Code(call("continuation_indicator", layer.time_step, sequences))
