"""The rules by which layer types are others of Caffe.

Most layers of forks are a layer of Caffe under another name, and have one part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import (
    BNLL,
    ELU,
    Axpy,
    AxpyFast,
    BatchToSpaceND,
    BilinearInterpolate,
    BilinearInterpolation,
    BReLU,
    Clip,
    Concat,
    Convolution,
    Convolution3D,
    ConvolutionDepthwise,
    ConvolutionRistretto,
    CReLU,
    CropCenter,
    DarknetReorg,
    Deconvolution,
    Deconvolution3D,
    DeconvolutionRistretto,
    DeephiResize,
    DepthToSpace,
    DepthwiseConvolution,
    Dropout,
    Eltwise,
    FcRistretto,
    Flip,
    GradientReversal,
    GradientScaler,
    GSTiling,
    HardSigmoid,
    HardSwish,
    Im2col,
    InnerProduct,
    Interp,
    Layer,
    Maxout,
    MaxUnPool,
    MirrorPad,
    Mish,
    NdConvolution,
    NdPooling,
    NegReLU,
    Pad,
    Padding,
    PeriodicShuffle,
    Permute,
    PixelShuffle,
    Power,
    Rearrange,
    ReLU,
    ReLU6,
    Reorg,
    Reshape,
    ResizeBilinear,
    ResizeNearestNeighbor,
    Reverse,
    Scale,
    SeLu,
    ShuffleChannel,
    SpaceToDepth,
    SparseInnerProduct,
    SpatialDropoutLayer,
    Split,
    Squeeze,
    TanH,
    Tiling,
    Transpose,
    Unpooling,
    Unsqueeze,
    Upsample,
    UpsampleDarknet,
)
from proto2net.layers.base import as_type
from proto2net.layers.space import Sides
from proto2net.lowering import Lowering, Part, Rule
from proto2net.shape import Shape

LOWERINGS: dict[type[Layer], Lowering] = {}
"""The rules by layer type."""


def lowers(layer: type[Layer], *types: type[Layer]) -> Callable[[Rule], Rule]:
    """Register the rule of a layer type, which gives layers of these types.

    A rule that gives one layer gives it the bottoms, tops and learned blobs of the node.
    """

    def register(rule: Rule) -> Rule:
        LOWERINGS[layer] = Lowering(rule, types)
        return rule

    return register


# ---- other names ----------------------------------------------------------------------------


@lowers(ConvolutionDepthwise, Convolution)
def _convolution_depthwise(node: Node[ConvolutionDepthwise]) -> Layer:
    return node.layer.plain(node.bottoms[0].shape)


@lowers(DepthwiseConvolution, Convolution)
def _depthwise_convolution(node: Node[DepthwiseConvolution]) -> Layer:
    return as_type(Convolution, node.layer, group=node.layer.groups(node.bottoms[0].shape))


@lowers(NdConvolution, Convolution)
def _nd_convolution(node: Node[NdConvolution]) -> Layer:
    window = node.layer.window(node.bottoms[0].shape)
    sizes = {"kernel": window.kernel, "stride": window.stride, "pad": window.pad}
    return as_type(Convolution, node.layer, **sizes)


@lowers(Convolution3D, Convolution)
@lowers(Deconvolution3D, Deconvolution)
def _convolution_3d(node: Node[Convolution3D | Deconvolution3D]) -> Layer:
    return node.layer.plain()


@lowers(ConvolutionRistretto, Convolution)
def _convolution_ristretto(node: Node[ConvolutionRistretto]) -> Layer:
    _check_rounding(node)
    return as_type(Convolution, node.layer)


@lowers(DeconvolutionRistretto, Deconvolution)
def _deconvolution_ristretto(node: Node[DeconvolutionRistretto]) -> Layer:
    _check_rounding(node)
    return as_type(Deconvolution, node.layer)


@lowers(FcRistretto, InnerProduct)
def _fc_ristretto(node: Node[FcRistretto]) -> Layer:
    _check_rounding(node)
    return as_type(InnerProduct, node.layer)


def _check_rounding(node: Node[Any]) -> None:
    """Refuse training, in which Ristretto rounds; else it is done when the weights are read."""
    if node.phase == "TRAIN":
        raise UnsupportedError("rounds at random in training, which is not supported")


@lowers(SparseInnerProduct, InnerProduct)
def _sparse_inner_product(node: Node[SparseInnerProduct]) -> Layer:
    return as_type(InnerProduct, node.layer)


@lowers(ReLU6, ReLU)
def _relu6(node: Node[ReLU6]) -> Layer:
    layer = node.layer
    if layer.threshold == 6:
        return ReLU(layer.negative_slope, relu6=True)
    return ReLU(layer.negative_slope, maximum=layer.threshold)


@lowers(BReLU, Clip)
def _brelu(node: Node[BReLU]) -> Layer:
    return Clip(node.layer.minval, node.layer.maxval)


@lowers(Transpose, Permute)
def _transpose(node: Node[Transpose]) -> Layer:
    return Permute(node.layer.dim)


@lowers(Flip, Reverse, Split)
def _flip(node: Node[Flip]) -> Layer:
    axes = node.layer.axes(node.bottoms[0].shape)
    return Reverse(axes) if axes else Split()


@lowers(BilinearInterpolation, Interp)
def _bilinear_interpolation(node: Node[BilinearInterpolation]) -> Layer:
    return Interp(use_blob_size=True)


@lowers(UpsampleDarknet, Upsample)
def _upsample_darknet(node: Node[UpsampleDarknet]) -> Layer:
    return Upsample(scale=node.layer.stride)


@lowers(Upsample, Interp, ResizeBilinear, ResizeNearestNeighbor)
def _upsample(node: Node[Upsample]) -> Layer:
    """The layer itself where each pixel becomes a square, or goes to where a mask says."""
    layer, (bottom, *second) = node.layer, [blob.shape for blob in node.bottoms]
    if layer.reads_mask((bottom, *second)):
        return layer
    if not layer.bilinear:
        _check_nearest(bottom, node.tops[0].shape)
    if second:
        return Interp(use_blob_size=True) if layer.bilinear else layer
    if layer.size:
        height, width = layer.size
        if layer.bilinear:
            return Interp(height, width)
        return ResizeNearestNeighbor(False, height, width, "NCHW")
    height, width = layer.scales
    if height == width:
        return Interp(zoom_factor=height, fork="openvino") if layer.bilinear else layer
    kind = ResizeBilinear if layer.bilinear else ResizeNearestNeighbor
    return kind(
        align_corners=layer.bilinear,
        data_format="NCHW",
        scale_height=float(height),
        scale_width=float(width),
    )


def _check_nearest(bottom: Shape, top: Shape) -> None:
    """Refuse sizes with which targets, which compute in 32 bits, would take another pixel."""
    import numpy as np

    for n, size in zip(bottom[2:], top[2:], strict=True):
        places = np.arange(size)
        taken = np.floor(places.astype(np.float32) * np.float32(n / size))
        if (taken != places * n // size).any():
            told = f"pixel i is i * {n} / {size}, rounded down"
            raise UnsupportedError(f"{told}, which no target computes exactly")


@lowers(MaxUnPool, Unpooling)
def _max_un_pool(node: Node[MaxUnPool]) -> Layer:
    return node.layer.plain


@lowers(BilinearInterpolate, ResizeBilinear)
def _bilinear_interpolate(node: Node[BilinearInterpolate]) -> Layer:
    return node.layer.plain


@lowers(DeephiResize, ResizeBilinear, ResizeNearestNeighbor)
def _deephi_resize(node: Node[DeephiResize]) -> Layer:
    if node.layer.resize_type == "NEAREST":
        _check_nearest(node.bottoms[0].shape, node.tops[0].shape)
    return node.layer.plain


@lowers(GSTiling, DepthToSpace, SpaceToDepth)
@lowers(PeriodicShuffle, DepthToSpace)
@lowers(PixelShuffle, DepthToSpace)
@lowers(Rearrange, DepthToSpace)
@lowers(Tiling, DepthToSpace)
def _sub_pixel(node: Node[Any]) -> Layer:
    layer: Layer = node.layer.plain(node.bottoms[0].shape)
    return layer


@lowers(AxpyFast, Axpy)
def _axpy_fast(node: Node[AxpyFast]) -> Layer:
    return Axpy()


@lowers(Unsqueeze, Reshape)
def _unsqueeze(node: Node[Unsqueeze]) -> Layer:
    return Reshape((1,), axis=node.layer.place(node.bottoms[0].shape), num_axes=0)


@lowers(Pad, MirrorPad, Interp, BatchToSpaceND)
def _pad(node: Node[Pad]) -> Layer:
    layer = node.layer
    if not layer.of_images:
        return layer
    sides = layer.sides(node.bottoms[0].shape)
    return _cut(sides) if min(map(min, sides)) < 0 else layer.plain


@lowers(Padding, Interp, Pad)
def _padding(node: Node[Padding]) -> Sequence[Part]:
    """What is below 0 is cut off, and then zeros come around."""
    before, behind = node.layer.pad_beg, node.layer.pad_end
    cut = (min(before, 0), min(behind, 0))
    more = (0, 0, 0, 0, *(max(before, 0), max(behind, 0)) * 2)
    parts = [Part(_cut(((0, 0), (0, 0), cut, cut)))] if any(cut) else []
    return [*parts, Part(Pad(more))] if any(more) or not parts else parts


@lowers(CropCenter, Interp, BatchToSpaceND)
def _crop_center(node: Node[CropCenter]) -> Layer:
    return _cut(node.layer.sides(node.bottoms[0].shape))


def _cut(sides: Sides) -> Layer:
    """What cuts off as much as these numbers are below 0: an Interp that leaves the size."""
    if len(sides) == 4 and not any(sides[0] + sides[1]) and sides[2] == sides[3]:
        before, behind = sides[2]
        return Interp(full_zoom_factor=1, pad_beg=before, pad_end=behind)
    if any(sides[0]):
        raise UnsupportedError("cuts off images of the batch, which is not supported")
    others = sides[1:]
    return BatchToSpaceND((1,) * len(others), tuple(-n for pair in others for n in pair))


@lowers(Dropout, Split, Power)
def _dropout(node: Node[Dropout]) -> Layer:
    if node.layer.samples(node.phase):
        raise UnsupportedError("draws at random, which no other layer does")
    return Power(scale=node.layer.factor) if node.layer.factor != 1 else Split()


# ---- one in several -------------------------------------------------------------------------


@lowers(ShuffleChannel, Reshape, Permute)
def _shuffle_channel(node: Node[ShuffleChannel]) -> Sequence[Part]:
    """Channels as groups of channels, both turned, and as channels again."""
    (_, channels, *size), group = node.bottoms[0].shape, node.layer.group
    axes = (0, 2, 1, *range(3, len(size) + 3))
    return [
        Part(Reshape((group, channels // group), axis=1, num_axes=1)),
        Part(Permute(axes)),
        Part(Reshape((channels,), axis=1, num_axes=2)),
    ]


@lowers(Maxout, Reshape, NdPooling)
def _maxout(node: Node[Maxout]) -> Sequence[Part]:
    """The channels of each output are an axis of their own, of which the maximum is taken."""
    (_, channels, *size), outputs = node.bottoms[0].shape, node.layer.num_output
    rows, last = channels // outputs, (1,) * (not size)  # a pooling has two axes at least
    ones = last or (1,) * len(size)
    return [
        Part(Reshape((outputs, rows, *last), axis=1, num_axes=1)),
        Part(NdPooling(kernel_shape=(rows, *ones), stride_shape=(1, *ones))),
        Part(Reshape((outputs,), axis=1, num_axes=2 + len(last))),
    ]


@lowers(Axpy, Reshape, Scale, Eltwise)
def _axpy(node: Node[Axpy]) -> Sequence[Part]:
    factor, x, y = node.bottoms
    return [
        Part(Reshape((0, 0)), (factor,)),
        Part(Scale(axis=0), (x, None)),
        Part(Eltwise(), (None, y)),
    ]


@lowers(Squeeze, Reshape, Split)
def _squeeze(node: Node[Squeeze]) -> Sequence[Part]:
    """Axes beside each other at once, from the last on, so that those before stay in place."""
    runs: list[list[int]] = []
    for axis in reversed(node.layer.left_out(node.bottoms[0].shape)):
        if runs and runs[-1][0] == axis + 1:
            runs[-1].insert(0, axis)
        else:
            runs.append([axis])
    parts = [Part(Reshape((), axis=run[0], num_axes=len(run))) for run in runs]
    return parts or [Part(Split())]


@lowers(HardSigmoid, Power, Clip)
def _hard_sigmoid(node: Node[HardSigmoid]) -> Sequence[Part]:
    layer = node.layer
    return [Part(Power(scale=layer.alpha, shift=layer.beta)), Part(Clip(0.0, 1.0))]


@lowers(DarknetReorg, Reorg)
def _darknet_reorg(node: Node[DarknetReorg]) -> Layer:
    return node.layer.reorg


@lowers(DepthToSpace, Permute, ShuffleChannel, Reshape)
def _depth_to_space(node: Node[DepthToSpace]) -> Sequence[Part]:
    """A pixel shuffle, which has the channel before the pixel in the channels."""
    size = node.layer.block_size
    parts = [Part(ShuffleChannel(size**2))] * (node.layer.data_format != "CRD")
    return _of_channels(node, [*parts, Part(Reshape(pixelshuffler=size))])


@lowers(SpaceToDepth, Permute, ShuffleChannel, Im2col)
def _space_to_depth(node: Node[SpaceToDepth]) -> Sequence[Part]:
    """The windows of Im2col, which have the channel before the pixel in the channels."""
    size = node.layer.block_size
    channels, _, _ = node.layer.sizes(node.bottoms[0].shape)
    windows = Part(Im2col(kernel=(size,), stride=(size,)))
    return _of_channels(node, [windows, Part(ShuffleChannel(channels))])


def _of_channels(node: Node[Any], parts: list[Part]) -> list[Part]:
    """The parts on images, whose channels may be the last axis."""
    if not node.layer.channels_last:
        return parts
    return [Part(Permute((0, 3, 1, 2))), *parts, Part(Permute((0, 2, 3, 1)))]


@lowers(NegReLU, Power, ReLU)
def _neg_relu(node: Node[NegReLU]) -> Sequence[Part]:
    turned = Part(Power(scale=-1.0))
    return [turned, Part(ReLU(node.layer.negative_slope)), turned]


@lowers(CReLU, Power, Concat, ReLU)
def _crelu(node: Node[CReLU]) -> Sequence[Part]:
    (x,) = node.bottoms
    return [
        Part(Power(scale=-1.0)),
        Part(Concat(axis=node.layer.concat_axis), (x, None)),
        Part(ReLU()),
    ]


@lowers(GradientReversal, Split)
@lowers(GradientScaler, Split)
@lowers(SpatialDropoutLayer, Split)
def _unchanged(node: Node[Any]) -> Layer:
    if node.phase == "TRAIN":
        raise UnsupportedError("what it does in training is not supported", "convert for tests")
    return Split()


@lowers(HardSwish, Power, ReLU, Eltwise)
def _hard_swish(node: Node[HardSwish]) -> Sequence[Part]:
    (x,) = node.bottoms
    return [
        Part(Power(shift=3.0)),
        Part(ReLU(relu6=True)),
        Part(Power(scale=1 / 6)),
        Part(Eltwise("PROD"), (x, None)),
    ]


@lowers(Mish, BNLL, TanH, Eltwise)
def _mish(node: Node[Mish]) -> Sequence[Part]:
    (x,) = node.bottoms
    return [Part(BNLL()), Part(TanH()), Part(Eltwise("PROD"), (x, None))]


@lowers(SeLu, ELU, Power)
def _selu(node: Node[SeLu]) -> Sequence[Part]:
    return [Part(ELU(alpha=1.67326324)), Part(Power(scale=1.050700987))]
