"""Layers that slide filters over the image: convolutions and their like."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from proto2net.errors import ShapeError
from proto2net.frozen import dataclass
from proto2net.layers.base import ANY, Filler, Layer, Learned, Unstated, as_type, layer, per_axis
from proto2net.layers.windows import check_volume, nd_window, padded_same, spread, window_of
from proto2net.shape import Shape, Shapes, Window, canonical_axis, count, dims, require


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
        kernel = spread("kernel_size", self.kernel, axes, default=None)
        return window_of(self, kernel, spread("dilation", self.dilation, axes, default=1))

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


@layer("Convolution", param="convolution_param", bottoms=(1, ANY), tops=(1, ANY), in_place=False)
@dataclass(frozen=True)
class Convolution(ConvolutionParameter):
    """Cross-correlate each bottom with learned filters, and add a bias to each channel."""

    pad_type: int = 0
    """1 pads as TensorFlow's SAME does, by the image's size (of Synopsys' fork)."""

    def window(self, bottom: Shape) -> Window:
        return padded_same(self, super().window(bottom), self.split(bottom)[2])

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
        given = self.num_output if multiple and self.num_output else channels
        return as_type(Convolution, self, num_output=given, group=channels)

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
        return nd_window(self, bottom, len(self.split(bottom)[2]))


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
        check_volume(bottoms[0])
        for name in ("kernel_size", "kernel_depth"):
            require(getattr(self, name) > 0, f"{name} is missing or 0; it must be above 0")
        return self.plain().infer(bottoms, tops)

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        return self.plain().blobs(bottoms)

    def macs(self, bottoms: Shapes, tops: Shapes) -> int:
        return self.plain().macs(bottoms, tops)


P = TypeVar("P", bound=ConvolutionParameter)


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
