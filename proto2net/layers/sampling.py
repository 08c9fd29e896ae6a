"""Layers of forks that read an image at places that are computed."""

from __future__ import annotations

from proto2net.frozen import dataclass
from proto2net.layers.base import Filler, Layer, Learned, Unstated, layer, per_axis
from proto2net.layers.resize import check_image
from proto2net.layers.vision import Convolution
from proto2net.shape import Shape, Shapes, count, dims, require


@layer("SpatialTransformer", param="st_param", bottoms=2, in_place=False)
@dataclass(frozen=True)
class SpatialTransformer(Layer):
    """An image read where an affine map puts the points of a grid (daerduoCarey's st_layer.cu).

    The grid and the map count rows first, from -1 to 1. The second bottom has the map, row by row,
    but for the numbers of it that the file has. Outside of the image is 0.
    """

    output_H: int | None = None
    output_W: int | None = None
    theta_1_1: float | None = None
    theta_1_2: float | None = None
    theta_1_3: float | None = None
    theta_2_1: float | None = None
    theta_2_2: float | None = None
    theta_2_3: float | None = None
    transform_type: str = "affine"
    sampler_type: str = "bilinear"
    to_compute_dU: bool = True
    """Whether the image gets a gradient."""

    @property
    def preset(self) -> tuple[float | None, ...]:
        """The map, row by row; None stands for what the second bottom has."""
        first = (self.theta_1_1, self.theta_1_2, self.theta_1_3)
        return (*first, self.theta_2_1, self.theta_2_2, self.theta_2_3)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        image, theta = bottoms
        check_image(image)
        self._check()
        wanted = self.preset.count(None)
        require(wanted > 0, "all six numbers of theta are given, and none is left to compute")
        require(
            theta[:1] == image[:1] and len(theta) > 1 and count(theta[1:]) == wanted,
            f"theta (the second bottom) is {dims(theta)}, but {wanted} of its 6 numbers are not "
            "given by theta_1_1 to theta_2_3",
            f"it must be {dims((image[0], wanted))}",
        )
        height, width = self.output_H or image[2], self.output_W or image[3]
        return ((*image[:2], height, width),)

    def _check(self) -> None:
        """Refuse other transformers, and one that can be of another fork."""
        require(
            bool(self.given()),
            "forks have different layers of this name: without st_param it is XiaoxiaoGuo's, whose "
            "grid is another, and which is not supported",
            "if it is daerduoCarey's, give st_param with output_H and output_W",
        )
        for name, right in {"transform_type": "affine", "sampler_type": "bilinear"}.items():
            found = getattr(self, name)
            require(found == right, f'{name} is "{found}"; the fork has "{right}" alone')
        for name in ("output_H", "output_W"):
            size = getattr(self, name)
            require(size is None or size > 0, f"{name} is {size}; it must be above 0")


@layer("DeformableConvolution", param="deformable_convolution_param", bottoms=2, in_place=False)
@dataclass(frozen=True)
class DeformableConvolution(Layer):
    """A Convolution that reads each pixel of a window elsewhere (deformable_conv_layer.cpp).

    The second bottom has for each pixel of the window how far down and to the right that is, for
    each of `deformable_group` groups of channels. Up to a pixel behind the last ones these are
    repeated; all else outside of the image is 0.
    """

    num_output: int = 0
    kernel: tuple[int, ...] = per_axis("kernel_size", "kernel_h", "kernel_w", default=(), missing=0)
    stride: tuple[int, ...] = per_axis("stride", "stride_h", "stride_w", default=(1,), missing=0)
    pad: tuple[int, ...] = per_axis("pad", "pad_h", "pad_w", default=(0,), missing=0)
    dilation: tuple[int, ...] = (1,)
    group: int = 1
    deformable_group: int | None = None
    """None: what the second bottom has; the default of forks differs."""
    bias_term: bool = True
    axis: int = 1
    weight_filler: Filler = Unstated()
    bias_filler: Filler = Unstated()
    force_nd_im2col: bool = False
    engine: str = "DEFAULT"

    @property
    def plain(self) -> Convolution:
        """The Convolution that it is where no pixel is moved."""
        return Convolution(
            num_output=self.num_output,
            kernel=self.kernel,
            stride=self.stride,
            pad=self.pad,
            dilation=self.dilation,
            group=self.group,
            bias_term=self.bias_term,
            weight_filler=self.weight_filler,
            bias_filler=self.bias_filler,
        )

    def groups(self, bottoms: Shapes) -> int:
        """How many groups of channels are moved apart from each other."""
        return bottoms[1][1] // (2 * self._taps(bottoms[0]))

    def _taps(self, image: Shape) -> int:
        """How many pixels a window has."""
        return count(self.plain.window(image).kernel)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        image, offset = bottoms
        check_image(image)
        require(self.axis in (1, -3), f"axis is {self.axis}; the fork has 1 alone")
        (top,) = self.plain.infer((image,), 1)
        self._check_offset(offset, image, top)
        groups = self.groups(bottoms)
        require(
            image[1] % groups == 0,
            f"{image[1]} input channels do not divide into {groups} deformable groups",
        )
        return (top,)

    def _check_offset(self, offset: Shape, image: Shape, top: Shape) -> None:
        """Refuse offsets that are not two for each pixel of each window."""
        check_image(offset)
        each = 2 * self._taps(image)
        given = self.deformable_group
        groups = max(offset[1] // each, 1) if given is None else given
        require(groups > 0, "deformable_group is 0; it must be above 0")
        right = (image[0], groups * each, *top[2:])
        require(
            offset == right,
            f"the offsets (the second bottom) are {dims(offset)}, but there must be {each} for "
            f"each place of {dims(top[2:])} and each deformable group",
            f"with {groups} deformable group{'s' * (groups > 1)} it must be {dims(right)}",
        )

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        return self.plain.blobs(bottoms[:1])

    def macs(self, bottoms: Shapes, tops: Shapes) -> int:
        return self.plain.macs(bottoms[:1], tops)
