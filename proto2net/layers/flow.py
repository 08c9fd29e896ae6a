"""Layers of forks for optical flow: FlowNet2, PWC-Net and LiteFlowNet.

A flow has two channels: how far each pixel moves to the right, and how far down.
"""

from __future__ import annotations

from math import exp, log
from typing import ClassVar, TypeVar

from proto2net.frozen import dataclass
from proto2net.layers.base import ANY, Layer, layer, named
from proto2net.layers.resize import check_image
from proto2net.shape import Shape, Shapes, dims, require

B = TypeVar("B")


def _check_flow(image: Shape, flow: Shape, what: str = "flow") -> None:
    """Refuse what is not two numbers for each pixel of the image."""
    check_image(image)
    right = (image[0], 2, *image[2:])
    require(
        flow == right,
        f"the {what} (the second bottom) is {dims(flow)}, but the image is {dims(image)}",
        f"it must be {dims(right)}",
    )


@layer("FlowWarp", param="flow_warp_param", bottoms=2, in_place=False)
@dataclass(frozen=True)
class FlowWarp(Layer):
    """What stands in an image where a flow points to (FlowNet2's flow_warp_layer.cpp).

    Outside of the image is `fill_value`; behind the middle of the last pixels these are repeated.
    """

    fill_value: str = "ZERO"

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        image, flow = bottoms
        _check_flow(image, flow)
        return (image,)


@layer("Warp", bottoms=2, in_place=False)
@dataclass(frozen=True)
class Warp(Layer):
    """What stands in an image elsewhere; two forks have different layers of this name.

    PWC-Net's reads a flow, as FlowWarp does; behind the middle of the last pixels it has 0.
    LiteFlowNet's reads the places themselves, x and y; around the image lie pixels of 0.
    """

    forks: ClassVar[tuple[str, ...]] = ("liteflownet", "pwc-net")
    fork: str = ""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        image, places = bottoms
        _check_flow(image, places, "places" if self.fork == "liteflownet" else "flow")
        require(
            bool(self.fork),
            "PWC-Net's Warp reads a flow, and LiteFlowNet's reads places; the file does not tell",
            "name the fork: --fork pwc-net or --fork liteflownet",
        )
        return (image,)


@layer("Grid", in_place=False)
@dataclass(frozen=True)
class Grid(Layer):
    """The column and the row of each pixel of the bottom, as two channels (LiteFlowNet)."""

    keeps_signs: ClassVar[bool] = True

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        check_image(bottom)
        return ((bottom[0], 2, *bottom[2:]),)


@layer("Correlation", param="correlation_param", bottoms=2, in_place=False)
@dataclass(frozen=True)
class Correlation(Layer):
    """How like each patch of the first bottom is to those of the second around it (FlowNet2).

    Each displacement is a channel: the mean of products, or of differences without their signs.
    """

    pad: int = 0
    kernel_size: int | None = None
    max_displacement: int | None = None
    stride_1: int = 1
    """The step from patch to patch."""
    stride_2: int = 1
    """The step from displacement to displacement."""
    do_abs: bool = False
    """It is not looked at."""
    correlation_type: str = "MULTIPLY"
    single_direction: int = 0
    """It is of Correlation1D."""

    @property
    def size(self) -> int:
        """The side of a patch."""
        require(self.kernel_size is not None, "kernel_size is missing", "give an odd number")
        size = self.kernel_size or 0
        require(size % 2 == 1, f"kernel_size is {size}; it must be odd")
        return size

    @property
    def reach(self) -> int:
        """How far away patches are looked for."""
        reach = self.max_displacement
        require(reach is not None, "max_displacement is missing", "give it, such as 4")
        return reach or 0

    @property
    def steps(self) -> int:
        """How many displacements there are to each side."""
        require(self.stride_2 > 0, f"stride_2 is {self.stride_2}; it must be above 0")
        return self.reach // self.stride_2

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        bottom = self._checked(bottoms)
        channels = (2 * self.steps + 1) ** 2
        size = (self._places(n, self.reach, self.pad) for n in bottom[2:])
        return ((bottom[0], channels, *size),)

    def _checked(self, bottoms: Shapes) -> Shape:
        """The shape of the bottoms, which are alike."""
        first, second = bottoms
        check_image(first)
        require(
            first == second,
            f"the bottoms are {dims(first)} and {dims(second)}; they must be of one size",
        )
        require(self.stride_1 > 0, f"stride_1 is {self.stride_1}; it must be above 0")
        return first

    def _places(self, n: int, reach: int, pad: int) -> int:
        """How many patches fit in an axis of this length."""
        left = n + 2 * pad - 2 * reach - (self.size - 1)
        require(
            left > 0,
            f"nothing is left of {n} pixels with pad {pad}, max_displacement {reach} "
            f"and kernel_size {self.size}",
            "give a greater pad or a smaller max_displacement",
        )
        return -(-left // self.stride_1)


@layer("Correlation1D", param="correlation_param", bottoms=2, in_place=False)
@dataclass(frozen=True)
class Correlation1D(Correlation):
    """Correlation with displacements to the left and right alone (FlowNet2, DispNet).

    `single_direction` 1 is to the right, and -1 to the left, one step further.
    """

    @property
    def overreach(self) -> int:
        """How far to the left of what is padded a displacement reaches."""
        return max((self.steps + 1) * self.stride_2 - self.reach, 0)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        bottom = self._checked(bottoms)
        one_way = self.single_direction
        require(
            one_way in (-1, 0, 1),
            f"single_direction is {one_way}; it must be -1 (left), 0 (both) or 1 (right)",
        )
        require(
            one_way != -1 or self.pad >= self.overreach,
            f"single_direction -1 reads {self.overreach} pixels of the row above, as pad is "
            f"{self.pad}",
            f"give pad {self.overreach} or more",
        )
        channels = self.steps + 1 if one_way else 2 * self.steps + 1
        rows, columns = bottom[2:]
        size = self._places(rows, 0, 0), self._places(columns, self.reach, self.pad)
        return ((bottom[0], channels, *size),)


@layer("Resample", param="resample_param", bottoms=(1, 2), in_place=False)
@dataclass(frozen=True)
class Resample(Layer):
    """Bring images to another size, that of the second bottom if there is one (FlowNet2).

    `antialias` has each pixel of a smaller image made of all that it covers.
    """

    width: int | None = None
    height: int | None = None
    interpolation: str = named("type", default="LINEAR")
    antialias: bool = True
    factor: float = 1.0
    """It is not looked at."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        bottom, *others = bottoms
        check_image(bottom)
        require(self.interpolation != "AREA", "type AREA is not supported by the fork either")
        size = _size_of(others, (self.height or 0, self.width or 0), "height and width")
        if self.interpolation == "NEAREST":
            self._check_nearest(bottom[2:], size)
        return ((*bottom[:2], *size),)

    def _check_nearest(self, bottom: Shape, top: Shape) -> None:
        """Refuse sizes with which pixels beside the image are read; the scales are swapped."""
        scales = [n / m for n, m in zip(bottom, top, strict=True)]
        last = [
            (m - 1) * scale + other / 2 - 0.5
            for m, scale, other in zip(top, scales, reversed(scales), strict=True)
        ]
        require(
            all(place < n - 0.5 for place, n in zip(last, bottom, strict=True)),
            f"type NEAREST reads beside the image from {dims(bottom)} to {dims(top)}",
            "scale height and width alike",
        )


def _size_of(others: list[Shape], given: Shape, names: str) -> Shape:
    """The size of the second bottom, or else the one that is given."""
    if others:
        check_image(others[0])
        return others[0][2:]
    require(min(given) > 0, f"{names} are missing, or 0", "give both, or a second bottom")
    return given


@layer("Downsample", param="downsample_param", bottoms=(1, 2), in_place=False)
@dataclass(frozen=True)
class Downsample(Layer):
    """Bring images to another size, in which the corners stay (FlowNet2's downsample_layer.cu).

    The size is that of the second bottom if there is one.
    """

    keeps_signs: ClassVar[bool] = True

    top_height: int = 0
    top_width: int = 0

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        bottom, *others = bottoms
        check_image(bottom)
        size = _size_of(others, (self.top_height, self.top_width), "top_height and top_width")
        require(
            size == bottom[2:] or min(*size, *bottom[2:]) > 1,
            f"from {dims(bottom[2:])} to {dims(size)} it divides by zero",
            "each size must be above 1",
        )
        return ((*bottom[:2], *size),)


@layer("Accum", param="accum_param", bottoms=(1, ANY), in_place=False)
@dataclass(frozen=True)
class Accum(Layer):
    """Bring images to one size, in which the corners stay, and join their channels (FlowNet2).

    It is the size of the last bottom, which is not joined, with `have_reference`; else the largest,
    or a larger one that is given.
    """

    keeps_signs: ClassVar[bool] = True

    have_reference: bool = False
    size_divisible_by: int | None = None
    top_height: int = 0
    top_width: int = 0

    def joined(self, bottoms: tuple[B, ...]) -> tuple[B, ...]:
        """The bottoms whose channels are joined."""
        return bottoms[:-1] if self.have_reference else bottoms

    def check_counts(self, bottoms: int, tops: int) -> None:
        super().check_counts(bottoms, tops)
        require(
            bottoms > 1 or not self.have_reference,
            "have_reference needs a second bottom, whose size is taken",
        )

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        for bottom in bottoms:
            check_image(bottom)
        images = self.joined(bottoms)
        require(
            len({image[0] for image in images}) == 1,
            f"the bottoms must have as many images, but they are {', '.join(map(dims, images))}",
        )
        size = bottoms[-1][2:] if self.have_reference else self._size(images)
        require(
            min(size) > 1,
            f"to {dims(size)} it divides by zero",
            "each size must be above 1",
        )
        return ((images[0][0], sum(image[1] for image in images), *size),)

    def _size(self, images: Shapes) -> Shape:
        """The largest height and width, or what is given if both are larger."""
        largest = tuple(max(image[axis] for image in images) for axis in (2, 3))
        given: Shape = (self.top_height, self.top_width)
        if self.size_divisible_by is not None:
            by = self.size_divisible_by
            require(by > 0, f"size_divisible_by is {by}; it must be above 0")
            given = tuple(-(-n // by) * by for n in largest)
        return given if all(a > b for a, b in zip(given, largest, strict=True)) else largest


@layer("ChannelNorm", in_place=False)
@dataclass(frozen=True)
class ChannelNorm(Layer):
    """The length of each pixel's vector of channels (FlowNet2's channel_norm_layer.cpp)."""

    def nonnegative(self, bottoms: object) -> bool:
        return True

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        check_image(bottom)
        return ((bottom[0], 1, *bottom[2:]),)


@layer("NegSquare")
@dataclass(frozen=True)
class NegSquare(Layer):
    """Minus the square (LiteFlowNet's negsquare_layer.cu)."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return bottoms


@layer("NegReLU", param="relu_param")
@dataclass(frozen=True)
class NegReLU(Layer):
    """What is above 0 is multiplied by a slope (FlowNet2's neg_relu_layer.cpp)."""

    negative_slope: float = 0.0

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return bottoms


@layer("ExpMax", param="expmax_param")
@dataclass(frozen=True)
class ExpMax(Layer):
    """base^(shift + scale * (x - the greatest of the pixel's channels)) (LiteFlowNet).

    It is a Softmax that is not yet divided. LiteFlowNet's GPU code looks for the greatest in the
    first image alone; here it is that of each.
    """

    base: float = -1.0
    """-1 stands for e."""
    scale: float = 1.0
    shift: float = 0.0

    @property
    def slope(self) -> float:
        """What the exponent of e is multiplied by."""
        return self.scale * (1.0 if self.base == -1 else log(self.base))

    @property
    def factor(self) -> float:
        """What the power of e is multiplied by."""
        return exp(self.shift) if self.base == -1 else self.base**self.shift

    def nonnegative(self, bottoms: object) -> bool:
        return True

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        check_image(bottom)
        right = self.base == -1 or self.base > 0
        require(right, f"base is {self.base}; it must be above 0, or -1 for e")
        return bottoms
