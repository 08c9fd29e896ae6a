"""Layers that slide a window over the image: convolutions and pooling."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import field, replace
from functools import lru_cache
from typing import ClassVar, TypeVar

from proto2net.errors import ShapeError
from proto2net.frozen import dataclass
from proto2net.layers.base import ANY, Filler, Layer, Learned, Unstated, layer, per_axis
from proto2net.shape import MAX_COUNT, Shape, Shapes, Window, canonical_axis, count, dims, require


@dataclass(frozen=True)
class ConvolutionParameter(Layer):
    """The parameters that Convolution, Deconvolution and Im2col share (base_conv_layer.cpp)."""

    num_output: int = 0
    kernel: tuple[int, ...] = per_axis("kernel_size", "kernel_h", "kernel_w", default=(), missing=0)
    stride: tuple[int, ...] = per_axis("stride", "stride_h", "stride_w", default=(1,), missing=0)
    pad: tuple[int, ...] = per_axis("pad", "pad_h", "pad_w", default=(0,), missing=0)
    dilation: tuple[int, ...] = per_axis(
        "dilation", "dilation_h", "dilation_w", default=(1,), missing=1
    )
    group: int = 1
    bias_term: bool = True
    axis: int = 1
    weight_filler: Filler = Unstated()
    bias_filler: Filler = Unstated()
    force_nd_im2col: bool = False
    engine: str = "DEFAULT"
    pad_l: int = 0
    pad_r: int = 0
    pad_t: int = 0
    pad_b: int = 0

    def split(self, bottom: Shape) -> tuple[Shape, int, Shape]:
        """A bottom's shape as (batch axes, channels, spatial axes)."""
        axis = canonical_axis(self.axis, bottom)
        return bottom[:axis], bottom[axis], bottom[axis + 1 :]

    def groups(self, bottom: Shape) -> int:
        """In how many groups the channels are, each of which knows nothing of the others."""
        return self.group

    def window(self, bottom: Shape) -> Window:
        """The window over this bottom, with one value for each spatial axis."""
        axes = len(self.split(bottom)[2])
        kernel = _spread("kernel_size", self.kernel, axes, default=None)
        return _window(self, kernel, _spread("dilation", self.dilation, axes, default=1))

    def check_counts(self, bottoms: int, tops: int) -> None:
        super().check_counts(bottoms, tops)
        require(bottoms == tops, f"needs one top for each bottom, but has {bottoms} and {tops}")

    def check(self, bottoms: Shapes) -> None:
        """Refuse what both kinds of convolution refuse."""
        channels = self.split(bottoms[0])[1]
        if len(set(bottoms)) > 1:  # no require: most of its time is the sentence
            shapes = ", ".join(map(dims, bottoms))
            raise ShapeError(f"all bottoms must have one shape, but they are {shapes}")
        require(self.num_output > 0, "num_output is missing or 0; it must be above 0")
        require(self.group > 0, "group is 0; it must be above 0")
        groups = self.groups(bottoms[0])
        require(
            channels % groups == 0,
            f"{channels} input channels do not divide into {groups} groups",
        )
        require(
            self.num_output % groups == 0,
            f"num_output {self.num_output} does not divide into {groups} groups",
        )

    def learned(self, weight: Shape) -> dict[str, Learned]:
        blobs = {"weight": Learned(weight, self.weight_filler)}
        if self.bias_term:
            blobs["bias"] = Learned((self.num_output,), self.bias_filler)
        return blobs


def _spread(
    name: str, values: tuple[int, ...], axes: int, *, default: int | None
) -> tuple[int, ...]:
    """One value an axis from none (the default), one, or one an axis."""
    if not values and default is not None:
        return (default,) * axes
    if len(values) == axes:
        return values
    if len(values) != 1:
        raise ShapeError(
            f"{name} is given {len(values)} times for {axes} spatial axes",
            f"give {name} once, or once for each axis",
        )
    return values * axes


@lru_cache(maxsize=256)  # a network has many layers with the same window
def _window(
    layer: ConvolutionParameter | Pooling, kernel: tuple[int, ...], dilation: tuple[int, ...]
) -> Window:
    """The window of this kernel, with its layer's stride and padding."""
    axes = len(kernel)
    stride = _spread("stride", layer.stride, axes, default=1)
    require(min(kernel, default=1) > 0, f"a kernel of {dims(kernel)}; each side must be above 0")
    require(min(stride, default=1) > 0, f"a stride of {dims(stride)}; each must be above 0")
    require(min(dilation, default=1) > 0, f"a dilation of {dims(dilation)}; each must be above 0")
    pads = _pads(layer, axes)
    largest = max((*kernel, *stride, *dilation, *pads[0], *pads[1]), default=0)
    require(
        largest <= MAX_COUNT,
        f"a kernel, stride, dilation or pad is {largest}; Caffe's limit is {MAX_COUNT}",
    )
    return Window(kernel, stride, *pads, dilation)


def _pads(layer: ConvolutionParameter | Pooling, axes: int) -> tuple[Shape, Shape]:
    """The padding before and after each axis; some forks have one for each side of an image."""
    pad = _spread("pad", layer.pad, axes, default=0)
    before, after = (layer.pad_t, layer.pad_l), (layer.pad_b, layer.pad_r)
    if not any(before + after):
        return pad, pad
    names = "pad_l, pad_r, pad_t or pad_b"
    require(axes == 2, f"{names} needs 2 spatial axes, but there are {axes}", "give pad")
    require(not any(pad), f"pad is given, and {names} too", "give one or the other")
    require(min(before + after) >= 0, f"{names} is below 0; each must be 0 or more")
    return before, after


def _padded(layer: Convolution | Pooling, window: Window, size: Shape) -> Window:
    """The window, padded for an image of this size if `pad_type` says so."""
    if not layer.pad_type:
        return window
    require(
        layer.pad_type == 1,
        f"pad_type is {layer.pad_type}; it can only be 0, or 1 for TensorFlow's SAME",
    )
    require(not window.padded, "pad_type is 1, and a pad is given too", "give one or the other")
    require(
        max(window.stride) == 1 or max(window.dilation) == 1,
        "pad_type 1 is not possible with a stride and a dilation",
        "give pad_l, pad_r, pad_t and pad_b",
    )
    return window.same(size)


@layer("Convolution", param="convolution_param", bottoms=(1, ANY), tops=(1, ANY), in_place=False)
@dataclass(frozen=True)
class Convolution(ConvolutionParameter):
    """Cross-correlate each bottom with learned filters, and add a bias to each channel."""

    pad_type: int = 0
    """1 pads as TensorFlow's SAME does, by the image's size (of Synopsys' fork)."""

    def window(self, bottom: Shape) -> Window:
        return _padded(self, super().window(bottom), self.split(bottom)[2])

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        self.check(bottoms)
        batch, _, size = self.split(bottoms[0])
        top = (*batch, self.num_output, *self.window(bottoms[0]).convolved(size))
        return (top,) * tops

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        channels = self.split(bottoms[0])[1] // self.groups(bottoms[0])
        return self.learned((self.num_output, channels, *self.window(bottoms[0]).kernel))

    def macs(self, bottoms: Shapes, tops: Shapes) -> int:
        weight = self.blobs(bottoms)["weight"].shape
        return sum(map(count, tops)) * count(weight[1:])


@layer(
    "DepthwiseConvolution",
    param="convolution_param",
    bottoms=(1, ANY),
    tops=(1, ANY),
    in_place=False,
)
@dataclass(frozen=True)
class DepthwiseConvolution(Convolution):
    """A Convolution with a group for each channel, which `group` may leave unsaid; of forks."""

    def groups(self, bottom: Shape) -> int:
        return self.split(bottom)[1]

    def check(self, bottoms: Shapes) -> None:
        channels = self.groups(bottoms[0])
        require(channels > 0, "the bottom has no channels")
        require(
            self.group in (1, channels),
            f"group is {self.group}, but a depthwise convolution of {channels} channels has as "
            "many groups",
            "leave group out, or use a Convolution",
        )
        super().check(bottoms)


@layer(
    "ConvolutionDepthwise",
    param="convolution_param",
    bottoms=(1, ANY),
    tops=(1, ANY),
    in_place=False,
)
@dataclass(frozen=True)
class ConvolutionDepthwise(Convolution):
    """A Convolution with a group for each channel, whatever `group` says.

    Two forks have it. In Synopsys' num_output can be a multiple of the channels. The other
    (conv_dw_layer.cpp, of MobileNet's repositories and OpenVINO's) does not look at num_output: the
    top has the channels of the bottom.
    """

    forks: ClassVar[tuple[str, ...]] = ("openvino",)
    fallback: ClassVar[str] = "openvino"
    fork: str = ""

    def groups(self, bottom: Shape) -> int:
        return self.split(bottom)[1]

    def plain(self, bottom: Shape) -> Convolution:
        """The Convolution that computes the same."""
        channels = self.groups(bottom)
        require(channels > 0, "the bottom has no channels")
        multiple = self.fork != "openvino" and self.num_output % channels == 0
        fields = {each.name: getattr(self, each.name) for each in dataclasses.fields(Convolution)}
        given = self.num_output if multiple and self.num_output else channels
        return Convolution(**{**fields, "num_output": given, "group": channels})

    def disputed(self, bottoms: Shapes) -> str:
        if self.fork or self.plain(bottoms[0]).num_output in (0, self.groups(bottoms[0])):
            return ""
        return (
            "forks disagree about ConvolutionDepthwise with num_output above the channels: this is "
            "synopsys'; --fork openvino gives as many as the bottom has"
        )

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return self.plain(bottoms[0]).infer(bottoms, tops)

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        return self.plain(bottoms[0]).blobs(bottoms)


@layer("NdConvolution", param="convolution_param", bottoms=(1, ANY), tops=(1, ANY), in_place=False)
@dataclass(frozen=True)
class NdConvolution(Convolution):
    """A Convolution whose window is given as shapes (cudnn_ndconv_layer.cpp of video-caffe)."""

    kernel_shape: Shape = ()
    stride_shape: Shape = ()
    pad_shape: Shape = ()

    def window(self, bottom: Shape) -> Window:
        return _nd_window(self, bottom, len(self.split(bottom)[2]))


@layer("Deconvolution", param="convolution_param", bottoms=(1, ANY), tops=(1, ANY), in_place=False)
@dataclass(frozen=True)
class Deconvolution(ConvolutionParameter):
    """Spread each bottom through learned filters: the adjoint of the convolution, and a bias."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        self.check(bottoms)
        batch, _, size = self.split(bottoms[0])
        top = (*batch, self.num_output, *self.window(bottoms[0]).deconvolved(size))
        return (top,) * tops

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        channels = self.split(bottoms[0])[1]
        kernel = self.window(bottoms[0]).kernel
        return self.learned((channels, self.num_output // self.group, *kernel))

    def macs(self, bottoms: Shapes, tops: Shapes) -> int:
        weight = self.blobs(bottoms)["weight"].shape
        return sum(map(count, bottoms)) * count(weight[1:])


@layer("Im2col", param="convolution_param", in_place=False)
@dataclass(frozen=True)
class Im2col(ConvolutionParameter):
    """Lay out each window as a column: channels times kernel, over the window positions."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        batch, channels, size = self.split(bottoms[0])
        require(len(size) > 0, f"needs spatial axes, but the bottom is {dims(bottoms[0])}")
        window = self.window(bottoms[0])
        return ((*batch, channels * count(window.kernel), *window.convolved(size)),)


@layer("Pooling", param="pooling_param", tops=(1, 2), in_place=False)
@dataclass(frozen=True)
class Pooling(Layer):
    """Reduce each window of each channel to its maximum or its mean (pooling_layer.cpp).

    A second top of a MAX pooling holds where each maximum stood, as h * W + w in its plane.
    In the mean of AVE padding counts; in that of AVE_EXC_PAD, of Synopsys' fork, it does not.
    """

    pool: str = "MAX"
    kernel: tuple[int, ...] = per_axis("kernel_size", "kernel_h", "kernel_w", default=())
    stride: tuple[int, ...] = per_axis("stride", "stride_h", "stride_w", default=(1,))
    pad: tuple[int, ...] = per_axis("pad", "pad_h", "pad_w", default=(0,))
    global_pooling: bool = False
    round_mode: str | None = None
    engine: str = field(default="DEFAULT")
    ceil_mode: bool = True
    """False is what some forks have for round_mode: FLOOR, which decides where it is given."""
    pad_l: int = 0
    pad_r: int = 0
    pad_t: int = 0
    pad_b: int = 0
    pad_type: int = 0
    """1 pads as TensorFlow's SAME does, by the image's size (of Synopsys' fork)."""

    @property
    def ceil(self) -> bool:
        """Whether a last window may hang over the end; of SAME none does, as it is padded so."""
        given = self.round_mode == "CEIL" if self.round_mode else self.ceil_mode
        return given and not self.pad_type

    def window(self, bottom: Shape) -> Window:
        """The window over this bottom; the whole plane when global."""
        kernel = (
            bottom[2:]
            if self.global_pooling
            else _spread("kernel_size", self.kernel, 2, default=None)
        )
        return _padded(self, _window(self, kernel, (1, 1)), bottom[2:])

    def nonnegative(self, bottoms: Sequence[bool]) -> bool:
        """A window that is empty has the lowest float as its maximum."""
        empty = max(self.stride, default=1) > min(self.kernel, default=1)
        return all(bottoms) and not empty

    def check_counts(self, bottoms: int, tops: int) -> None:
        super().check_counts(bottoms, tops)
        require(
            tops == 1 or self.pool == "MAX",
            f"only MAX pooling has a second top (the mask); this one is {self.pool}",
        )
        require(tops == 1 or not self.pad_type, "with pad_type there is no second top")

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        require(len(bottom) == 4, f"needs 4 axes (N, C, H, W), but the bottom is {dims(bottom)}")
        if self.global_pooling:
            require(
                not self.kernel,
                "global_pooling takes the whole plane, but a kernel of "
                f"{dims(self.kernel)} is given too",
                "give one or the other",
            )
        else:
            require(bool(self.kernel), "kernel_size is missing", "or give global_pooling: true")
        window = self.window(bottom)
        padded = window.padded or bool(self.pad_type)
        require(
            not self.global_pooling or (not padded and set(window.stride) == {1}),
            "global_pooling needs pad 0 and stride 1",
        )
        if padded:
            require(self.pool != "STOCHASTIC", "STOCHASTIC pooling cannot be padded")
            pad = tuple(map(max, window.sides))
            require(
                all(p < k for p, k in zip(pad, window.kernel, strict=True)),
                f"pad {dims(pad)} must be smaller than the kernel {dims(window.kernel)}",
            )
        size = window.pooled(bottom[2:], ceil=self.ceil)
        return ((*bottom[:2], *size),) * tops


@layer("NdPooling", param="pooling_param", in_place=False)
@dataclass(frozen=True)
class NdPooling(Layer):
    """The maximum or mean of each window over any axes (video-caffe's cudnn_ndpooling_layer.cpp).

    It rounds up, as Pooling does. A mean counts all of the window, be it behind the padding too.
    """

    keeps_signs: ClassVar[bool] = True

    pool: str = "MAX"
    kernel_shape: Shape = ()
    stride_shape: Shape = ()
    pad_shape: Shape = ()
    global_pooling: bool = False
    engine: str = "DEFAULT"

    def window(self, bottom: Shape) -> Window:
        """The window over this bottom; all of it when global."""
        if self.global_pooling:
            ones, zeros = (1,) * len(bottom[2:]), (0,) * len(bottom[2:])
            return Window(bottom[2:], ones, zeros, zeros, ones)
        return _nd_window(self, bottom, len(bottom) - 2)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        require(len(bottom) > 2, f"needs spatial axes, but the bottom is {dims(bottom)}")
        require(self.pool in ("MAX", "AVE"), f"pool is {self.pool}; it can be MAX or AVE")
        window = self.window(bottom)
        axes = zip(window.kernel, window.stride, window.pad, strict=True)
        require(
            all(max(s, 2 * p) <= k for k, s, p in axes),
            f"a kernel of {dims(window.kernel)} is smaller than its stride "
            f"{dims(window.stride)}, or than two pads of {dims(window.pad)}",
            "windows must leave no gaps, and no more than half of one may be padding",
        )
        size = window.pooled(bottom[2:])
        require(
            min(size) > 0,
            f"a kernel of {dims(window.kernel)} with pad {dims(window.pad)} does not fit into an "
            f"input of {dims(bottom[2:])}, and cuDNN makes nothing without elements",
        )
        return ((*bottom[:2], *size),)


def _nd_window(layer: NdConvolution | NdPooling, bottom: Shape, axes: int) -> Window:
    """The window of a layer that gives it as shapes, one value for each of the spatial axes."""
    require(axes > 0, f"the bottom ({dims(bottom)}) has no spatial axes")
    shapes = {
        "kernel_shape": layer.kernel_shape,
        "stride_shape": layer.stride_shape or (1,) * axes,
        "pad_shape": layer.pad_shape or (0,) * axes,
    }
    for name, shape in shapes.items():
        require(
            len(shape) == axes,
            f"{name} has {len(shape)} values, but the bottom ({dims(bottom)}) has {axes} "
            "spatial axes",
            "give one dim for each of them",
        )
    kernel, stride, pad = shapes.values()
    require(min(kernel) > 0, f"a kernel of {dims(kernel)}; each side must be above 0")
    require(min(stride) > 0, f"a stride of {dims(stride)}; each must be above 0")
    require(min(pad) >= 0, f"a pad of {dims(pad)}; each must be 0 or more")
    return Window(kernel, stride, pad, pad, (1,) * axes)


@dataclass(frozen=True)
class Convolution3DParameter(Layer):
    """The parameters that C3D's convolutions of volumes (N, C, L, H, W) share."""

    num_output: int = 0
    kernel_size: int = 0
    """Of height and width."""
    kernel_depth: int = 0
    stride: int = 1
    temporal_stride: int = 1
    pad: int = 0
    temporal_pad: int = 0
    group: int = 1
    """Nobody reads it: there is one group."""
    filter_group: int = 1
    """In how many parts the filters are taken, for less memory and with the same result."""
    bias_term: bool = True
    weight_filler: Filler = Unstated()
    bias_filler: Filler = Unstated()

    def plain(self) -> Convolution | Deconvolution:
        """The layer over any axes that computes the same."""
        raise NotImplementedError

    def _as(self, kind: type[P], *, bias_term: bool) -> P:
        return kind(
            self.num_output,
            (self.kernel_depth, self.kernel_size, self.kernel_size),
            (self.temporal_stride, self.stride, self.stride),
            (self.temporal_pad, self.pad, self.pad),
            bias_term=bias_term,
            weight_filler=self.weight_filler,
            bias_filler=self.bias_filler,
        )

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        _check_volume(bottoms[0])
        for name in ("kernel_size", "kernel_depth"):
            require(getattr(self, name) > 0, f"{name} is missing or 0; it must be above 0")
        return self.plain().infer(bottoms, tops)

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        return self.plain().blobs(bottoms)

    def macs(self, bottoms: Shapes, tops: Shapes) -> int:
        return self.plain().macs(bottoms, tops)


P = TypeVar("P", bound=ConvolutionParameter)


def _check_volume(bottom: Shape) -> None:
    """Refuse all but volumes, which have 5 axes."""
    require(len(bottom) == 5, f"needs 5 axes (N, C, L, H, W), but the bottom is {dims(bottom)}")


@layer("Convolution3D", param="convolution3d_param", in_place=False)
@dataclass(frozen=True)
class Convolution3D(Convolution3DParameter):
    """A Convolution of volumes (C3D's convolution3d_layer.cpp)."""

    def plain(self) -> Convolution:
        return self._as(Convolution, bias_term=self.bias_term)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(
            self.filter_group > 0 and self.num_output % self.filter_group == 0,
            f"num_output {self.num_output} does not divide into filter_group {self.filter_group}",
        )
        return super().infer(bottoms, tops)


@dataclass(frozen=True)
class BiasTerm:
    """What C3D's Deconvolution3D reads of convolution_param."""

    bias_term: bool = True


@layer("Deconvolution3D", param="convolution3d_param", in_place=False)
@dataclass(frozen=True)
class Deconvolution3D(Convolution3DParameter):
    """A Deconvolution of volumes (C3D's deconvolution3d_layer.cpp).

    It looks for bias_term in convolution_param, and passes over that of its own parameters.
    """

    convolution_param: BiasTerm = BiasTerm()

    def plain(self) -> Deconvolution:
        return self._as(Deconvolution, bias_term=self.convolution_param.bias_term)


@layer("Pooling3D", param="pooling3d_param", tops=(1, 2), in_place=False)
@dataclass(frozen=True)
class Pooling3D(Layer):
    """A Pooling of volumes (N, C, L, H, W): two forks have different layers of this name.

    C3D's (pool3d_layer.cpp), which is told by kernel_depth or temporal_stride, pads before it
    pools: a last window may start in the padding. That of P3D (pooling3d_layer.cpp), with kernel_l,
    drops such a window as Caffe's Pooling does.
    """

    pool: str = "MAX"
    kernel: tuple[int, ...] = per_axis("kernel_size", "kernel_h", "kernel_w", default=())
    stride: tuple[int, ...] = per_axis("stride", "stride_h", "stride_w", default=(1,))
    pad: tuple[int, ...] = per_axis("pad", "pad_h", "pad_w", default=(0,))
    kernel_depth: int | None = None
    temporal_stride: int | None = None
    kernel_l: int | None = None
    stride_l: int | None = None
    pad_l: int | None = None
    global_pooling: bool = False
    engine: str = "DEFAULT"

    @property
    def of_c3d(self) -> bool:
        """Whether it is C3D's."""
        return self.kernel_depth is not None or self.temporal_stride is not None

    def window(self, bottom: Shape) -> Window:
        """The window over this bottom; the whole volume when global."""
        ones = (1, 1, 1)
        if self.global_pooling:
            return Window(bottom[2:], ones, (0, 0, 0), (0, 0, 0), ones)
        kernel, stride, pad = (
            (depth or 0, *_spread(name, size, 2, default=None))
            for name, depth, size in (
                ("kernel_size", self.kernel_depth or self.kernel_l, self.kernel),
                ("stride", self.temporal_stride or self.stride_l or 1, self.stride),
                ("pad", self.pad_l, self.pad),
            )
        )
        return Window(kernel, stride, pad, pad, ones)

    def nonnegative(self, bottoms: Sequence[bool]) -> bool:
        """A window that is empty has the lowest float as its maximum."""
        strides = (*self.stride, self.temporal_stride or self.stride_l or 1)
        kernels = (*self.kernel, self.kernel_depth or self.kernel_l or 1)
        return all(bottoms) and max(strides) <= min(kernels)

    def check_counts(self, bottoms: int, tops: int) -> None:
        super().check_counts(bottoms, tops)
        require(
            tops == 1 or self.pool == "MAX",
            f"only MAX pooling has a second top (the mask); this one is {self.pool}",
        )
        require(tops == 1 or not self.of_c3d, "with kernel_depth, which is C3D's, there is one top")

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        _check_volume(bottom)
        self._check()
        window = self.window(bottom)
        require(
            min(*window.kernel, *window.stride) > 0,
            f"a kernel of {dims(window.kernel)} with stride {dims(window.stride)}; each must be "
            "above 0",
        )
        if not self.of_c3d:
            require(
                all(p < k for p, k in zip(window.pad, window.kernel, strict=True)),
                f"pad {dims(window.pad)} must be smaller than the kernel {dims(window.kernel)}",
            )
            return ((*bottom[:2], *window.pooled(bottom[2:])),) * tops
        padded = tuple(n + 2 * p for n, p in zip(bottom[2:], window.pad, strict=True))
        window = replace(window, pad=(0, 0, 0), pad_end=(0, 0, 0))
        return ((*bottom[:2], *window.pooled(padded)),)

    def _check(self) -> None:
        require(self.pool in ("MAX", "AVE"), f"pool is {self.pool}; it can be MAX or AVE")
        depths = (self.kernel_l, self.stride_l, self.pad_l)
        require(
            not self.of_c3d or (depths == (None,) * 3 and not self.global_pooling),
            "kernel_depth and temporal_stride are C3D's; kernel_l, stride_l, pad_l and "
            "global_pooling are of another fork",
            "give those of one",
        )
        if self.global_pooling:
            given = (self.kernel, self.stride, self.pad, *depths)
            require(
                given == ((), (1,), (0,), None, None, None),
                "global_pooling takes the whole volume, but a kernel, stride or pad is given too",
                "give one or the other",
            )
            return
        require(bool(self.kernel), "kernel_size is missing")
        require(
            bool(self.kernel_depth or self.kernel_l),
            "the kernel's depth is missing or 0",
            "give kernel_depth, as C3D has it, or kernel_l, as P3D does",
        )
        require(
            not self.of_c3d or self.pool == "AVE" or not any(self.pad),
            f"pad is {dims(self.pad)}, but C3D's MAX pooling cannot be padded",
        )


@layer("Local", param="local_param", in_place=False)
@dataclass(frozen=True)
class Local(Layer):
    """A Convolution with filters of its own at each place (local_layer.cpp of a pull request)."""

    num_output: int = 0
    kernel_size: int = 0
    stride: int = 1
    pad: int = 0
    bias_term: bool = True
    weight_filler: Filler = Unstated()
    bias_filler: Filler = Unstated()

    @property
    def window(self) -> Window:
        """The window over height and width."""
        kernel, stride, pad = ((n, n) for n in (self.kernel_size, self.stride, self.pad))
        return Window(kernel, stride, pad, pad, (1, 1))

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        require(len(bottom) == 4, f"needs 4 axes (N, C, H, W), but the bottom is {dims(bottom)}")
        for name in ("num_output", "kernel_size", "stride"):
            require(getattr(self, name) > 0, f"{name} is missing or 0; it must be above 0")
        require(
            self.kernel_size <= min(bottom[2:]),
            f"a kernel of {dims(self.window.kernel)} is larger than the input, {dims(bottom[2:])}",
        )
        return ((bottom[0], self.num_output, *self.window.convolved(bottom[2:])),)

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        (_, channels, *size) = bottoms[0]
        places = count(self.window.convolved(size))
        shape = (self.num_output, 1, channels * self.kernel_size**2, places)
        blobs = {"weight": Learned(shape, self.weight_filler)}
        if self.bias_term:
            blobs["bias"] = Learned((1, 1, self.num_output, places), self.bias_filler)
        return blobs

    def macs(self, bottoms: Shapes, tops: Shapes) -> int:
        return count(self.blobs(bottoms)["weight"].shape) * tops[0][0]


@layer("SPP", param="spp_param", in_place=False)
@dataclass(frozen=True)
class SPP(Layer):
    """Pool into 1, 4, 16, ... bins whatever the image's size, and join them (spp_layer.cpp)."""

    pyramid_height: int = 0
    pool: str = "MAX"
    engine: str = "DEFAULT"

    def levels(self, bottom: Shape) -> list[Pooling]:
        """The pooling of each level, from one bin to 2^(height-1) a side."""
        return [self._level(2**level, bottom) for level in range(self.pyramid_height)]

    def _level(self, bins: int, bottom: Shape) -> Pooling:
        kernel = tuple(-(-n // bins) for n in bottom[2:])
        pad = tuple((k * bins - n + 1) // 2 for k, n in zip(kernel, bottom[2:], strict=True))
        return Pooling(self.pool, kernel, kernel, pad)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        require(len(bottom) == 4, f"needs 4 axes (N, C, H, W), but the bottom is {dims(bottom)}")
        require(self.pyramid_height > 0, "pyramid_height is missing or 0; it must be above 0")
        require(
            self.pyramid_height <= max(bottom[2:]).bit_length(),  # 2^(height - 1) <= the size
            f"pyramid_height {self.pyramid_height} is too high for an input of {dims(bottom[2:])}",
        )
        tops_of_levels = [level.infer(bottoms, 1)[0] for level in self.levels(bottom)]
        if self.pyramid_height == 1:
            return (tops_of_levels[0],)
        return ((bottom[0], sum(count(top[1:]) for top in tops_of_levels)),)
