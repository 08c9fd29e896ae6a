"""Layers of forks that pad blobs, and move places to other axes, as TensorFlow does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from proto2net.frozen import dataclass
from proto2net.layers.base import Layer, layer, named
from proto2net.layers.resize import check_image
from proto2net.shape import Shape, Shapes, dims, require

Sides = tuple[tuple[int, int], ...]
"""How much comes before and behind each axis, or goes there."""


def _sides(name: str, values: tuple[int, ...], axes: int, what: str) -> Sides:
    """Two values for each axis, as they stand in a row."""
    require(
        len(values) == 2 * axes,
        f"{name} is given {len(values)} times for {axes} {what}",
        f"give it twice for each: {2 * axes} times",
    )
    return tuple(zip(values[::2], values[1::2], strict=True))


@dataclass(frozen=True)
class _Pad(Layer):
    """What Pad and MirrorPad share."""

    paddings: tuple[int, ...] = ()
    constant_values: float = 0.0

    def nonnegative(self, bottoms: Sequence[bool]) -> bool:
        return all(bottoms) and self.constant_values >= 0

    def sides(self, bottom: Shape) -> Sides:
        """What comes before and behind each axis."""
        return _sides("paddings", self.paddings, len(bottom), "axes")

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        sizes = zip(bottom, self.sides(bottom), strict=True)
        return (tuple(n + before + behind for n, (before, behind) in sizes),)


@layer("Pad", param="pad_param", in_place=False)
@dataclass(frozen=True)
class Pad(_Pad):
    """Put a number around a blob: so often before and behind each axis (pad_layer.cpp).

    brocolli and EfficientDet's exporters say it by the sides of an image, brocolli also with what
    is near in the place of a number. Sides that are all below 0 are cut off.
    """

    may_be_other: ClassVar[bool] = True

    pad_u: int | None = None
    pad_d: int | None = None
    pad_t: int | None = None
    """What EfficientDet calls pad_u, and pad_b for pad_d."""
    pad_b: int | None = None
    pad_l: int | None = None
    pad_r: int | None = None
    pad_type: str = "CONSTANT"
    pad_value: float = 0.0
    filled: str = named("type", "ZERO")

    @property
    def of_images(self) -> bool:
        """Whether it is said by the sides of an image."""
        sides = (self.pad_u, self.pad_d, self.pad_t, self.pad_b, self.pad_l, self.pad_r)
        return any(side is not None for side in sides)

    def nonnegative(self, bottoms: Sequence[bool]) -> bool:
        return super().nonnegative(bottoms) and self.pad_value >= 0

    def sides(self, bottom: Shape) -> Sides:
        if not self.of_images:
            return super().sides(bottom)
        upper = self.pad_t if self.pad_u is None else self.pad_u
        lower = self.pad_b if self.pad_d is None else self.pad_d
        return (0, 0), (0, 0), (upper or 0, lower or 0), (self.pad_l or 0, self.pad_r or 0)

    @property
    def plain(self) -> _Pad:
        """The layer of Synopsys' that computes what is said by sides, if none is below 0."""
        around = tuple(n for pair in self.sides(()) for n in pair)
        if self.pad_type == "CONSTANT":
            return Pad(around, self.pad_value)
        return MirrorPad(around, mode={"REPLICATE": "EDGE"}.get(self.pad_type, self.pad_type))

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        if not self.of_images:
            given = self.pad_type != "CONSTANT" or self.pad_value
            require(not given, "pad_type and pad_value are for pad_u, pad_d, pad_l and pad_r")
            return super().infer(bottoms, tops)
        check_image(bottom)
        twice = (self.pad_u, self.pad_t), (self.pad_d, self.pad_b)
        require(
            not self.paddings and not self.constant_values and all(None in pair for pair in twice),
            "the padding of a side is given twice, by different names",
            "give pad_u, pad_d, pad_l and pad_r",
        )
        sides = self.sides(bottom)
        least = min(map(min, sides[2:]))
        if least >= 0:
            return self.plain.infer(bottoms, tops)
        require(
            max(map(max, sides[2:])) < 0 and self.pad_type == "CONSTANT",
            f"a padding is {least}, and not all are below 0",
            "what is computed then is not known",
        )
        return (_grown(bottom, sides),)


def _grown(bottom: Shape, sides: Sides) -> Shape:
    """The shape with more on both sides of each axis, or less."""
    sizes = zip(bottom, sides, strict=True)
    top = tuple(n + before + behind for n, (before, behind) in sizes)
    require(min(top, default=1) > 0, f"nothing is left of {dims(bottom)}")
    return top


@layer("Padding", param="padding_param", in_place=False)
@dataclass(frozen=True)
class Padding(Layer):
    """Put zeros around images, or cut off: above and on the left, and below and on the right."""

    keeps_signs: ClassVar[bool] = True

    pad_beg: int = 0
    """Below 0: how much is cut off."""
    pad_end: int = 0

    def sides(self, bottom: Shape) -> Sides:
        """What comes before and behind each axis; below 0: what is cut off there."""
        around = (self.pad_beg, self.pad_end)
        return (0, 0), (0, 0), around, around

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        check_image(bottom)
        return (_grown(bottom, self.sides(bottom)),)


@layer("CropCenter", param="crop_center_param", in_place=False)
@dataclass(frozen=True)
class CropCenter(Layer):
    """Cut off as much at both ends of an axis as crop_size says for it."""

    keeps_signs: ClassVar[bool] = True

    crop_size: tuple[int, ...] = ()

    def sides(self, bottom: Shape) -> Sides:
        """What is cut off before and behind each axis, as numbers below 0."""
        return tuple((-n, -n) for n in self.crop_size)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        require(
            len(self.crop_size) == len(bottom),
            f"crop_size is given {len(self.crop_size)} times for {len(bottom)} axes",
            "give it once for each axis",
        )
        return (_grown(bottom, self.sides(bottom)),)


@layer("MirrorPad", param="mirror_pad_param", in_place=False)
@dataclass(frozen=True)
class MirrorPad(_Pad):
    """Pad with what is near: REFLECT, SYMMETRIC, EDGE; any other mode pads with a number."""

    mode: str = "CONSTANT"

    @property
    def mirrors(self) -> bool:
        """Whether no number is put there."""
        return self.mode in ("REFLECT", "SYMMETRIC", "EDGE")

    def nonnegative(self, bottoms: Sequence[bool]) -> bool:
        return all(bottoms) and (self.mirrors or self.constant_values >= 0)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        for axis, (n, sides) in enumerate(zip(bottom, self.sides(bottom), strict=True)):
            most = {"REFLECT": n - 1, "SYMMETRIC": n}.get(self.mode, max(sides))
            require(
                max(sides) <= most,
                f"paddings of axis {axis} are {sides[0]} and {sides[1]}, but {self.mode} of {n} "
                f"has {most} at most",
            )
        return super().infer(bottoms, tops)


@layer("SpaceToBatchND", param="space_to_batch_nd_param", in_place=False)
@dataclass(frozen=True)
class SpaceToBatchND(Layer):
    """Make an image of each place in blocks of the axes behind the first (TensorFlow)."""

    keeps_signs: ClassVar[bool] = True

    block_shape: tuple[int, ...] = ()
    paddings: tuple[int, ...] = ()

    @property
    def sides(self) -> Sides:
        """With how many zeros each axis of a block is padded before."""
        return _sides("paddings", self.paddings, len(self.block_shape), "axes of block_shape")

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        batch, *sizes = bottom
        _check_blocks(self.block_shape, bottom)
        for axis, (block, sides) in enumerate(zip(self.block_shape, self.sides, strict=True)):
            padded = sizes[axis] + sum(sides)
            require(
                padded % block == 0,
                f"block_shape {block} does not divide axis {axis + 1} of {dims(bottom)}, which is "
                f"{padded} with its paddings",
            )
            sizes[axis], batch = padded // block, batch * block
        return ((batch, *sizes),)


@layer("BatchToSpaceND", param="batch_to_space_nd_param", in_place=False)
@dataclass(frozen=True)
class BatchToSpaceND(Layer):
    """Undo SpaceToBatchND, and crop (TensorFlow)."""

    keeps_signs: ClassVar[bool] = True

    block_shape: tuple[int, ...] = ()
    crops: tuple[int, ...] = ()

    @property
    def sides(self) -> Sides:
        """How much of each axis of a block is cut off at last."""
        return _sides("crops", self.crops, len(self.block_shape), "axes of block_shape")

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        batch, *sizes = bottom
        _check_blocks(self.block_shape, bottom)
        for axis, (block, sides) in enumerate(zip(self.block_shape, self.sides, strict=True)):
            require(
                batch % block == 0,
                f"block_shape {dims(self.block_shape)} does not divide the {bottom[0]} images",
            )
            sizes[axis], batch = sizes[axis] * block - sum(sides), batch // block
            require(
                sizes[axis] > 0,
                f"crops {sides[0]} and {sides[1]} leave nothing of axis {axis + 1}",
            )
        return ((batch, *sizes),)


def _check_blocks(blocks: Shape, bottom: Shape) -> None:
    require(
        0 < len(blocks) < len(bottom) and min(blocks) > 0,
        f"block_shape is {dims(blocks)} for {dims(bottom)}",
        "give a size above 0 for each axis behind the first that is cut into blocks",
    )


class _Depth(Layer):
    """What DepthToSpace and SpaceToDepth share: images of squares of channels."""

    keeps_signs: ClassVar[bool] = True

    block_size: int
    data_format: str
    formats: ClassVar[tuple[str, ...]]

    @property
    def channels_last(self) -> bool:
        """Whether the last axis is taken for the channels."""
        return self.data_format == "NHWC"

    def sizes(self, bottom: Shape) -> tuple[int, int, int]:
        """The channels, the height and the width."""
        check_image(bottom)
        known = ", ".join(self.formats)
        what = f'data_format is "{self.data_format}"'
        require(self.data_format in self.formats, what, f"it can be {known}")
        require(self.block_size > 0, f"block_size is {self.block_size}; it must be above 0")
        _, first, second, last = bottom
        return (last, first, second) if self.channels_last else (first, second, last)

    def top(self, bottom: Shape, channels: int, height: int, width: int) -> Shapes:
        """The shape of a top of these sizes."""
        size = (height, width, channels) if self.channels_last else (channels, height, width)
        return ((bottom[0], *size),)


@layer("DepthToSpace", param="depth_to_space_param", in_place=False)
@dataclass(frozen=True)
class DepthToSpace(_Depth):
    """Make squares of block_size pixels from channels (TensorFlow, ONNX).

    The pixel comes before the channel in the channels, but with CRD, as PyTorch's pixel shuffle.
    """

    formats: ClassVar[tuple[str, ...]] = ("NHWC", "NCHW", "DCR", "CRD")
    block_size: int
    data_format: str = "NHWC"

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        channels, height, width = self.sizes(bottom)
        size = self.block_size
        require(
            channels % size**2 == 0,
            f"{channels} channels do not make squares of {size} x {size} pixels",
        )
        return self.top(bottom, channels // size**2, height * size, width * size)


@layer("SpaceToDepth", param="space_to_depth_param", in_place=False)
@dataclass(frozen=True)
class SpaceToDepth(_Depth):
    """Undo DepthToSpace: the pixels of squares become channels (TensorFlow)."""

    formats: ClassVar[tuple[str, ...]] = ("NHWC", "NCHW")
    block_size: int
    data_format: str = "NHWC"

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        channels, height, width = self.sizes(bottom)
        size = self.block_size
        require(
            height % size == 0 and width % size == 0,
            f"images of {height} x {width} do not divide into squares of {size} x {size} pixels",
        )
        return self.top(bottom, channels * size**2, height // size, width // size)


@layer("Unsqueeze", param="unsqueeze_param", in_place=False)
@dataclass(frozen=True)
class Unsqueeze(Layer):
    """Insert an axis of size 1 before `dim`; below 0 it counts from behind the last (brocolli)."""

    keeps_signs: ClassVar[bool] = True

    dim: int

    def place(self, bottom: Shape) -> int:
        """The axis of the top that is new."""
        axes = len(bottom)
        require(
            -axes - 1 <= self.dim <= axes,
            f"dim is {self.dim}; the bottom is {dims(bottom)}",
            f"it can be {-axes - 1} to {axes}",
        )
        return self.dim if self.dim >= 0 else self.dim + axes + 1

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        place = self.place(bottom)
        return ((*bottom[:place], 1, *bottom[place:]),)
