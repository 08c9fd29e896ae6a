"""Layers that change the axes of a blob: their sizes, their order, or what stands along them."""

from __future__ import annotations

from typing import ClassVar

from proto2net.frozen import dataclass
from proto2net.layers.base import Layer, layer, per_axis
from proto2net.shape import Shape, Shapes, canonical_axis, count, dims, require


@layer("Flatten", param="flatten_param", in_place=False)
@dataclass(frozen=True)
class Flatten(Layer):
    """Merge the axes from `axis` to `end_axis` into one (flatten_layer.cpp)."""

    keeps_signs: ClassVar[bool] = True

    axis: int = 1
    end_axis: int = -1

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        start = canonical_axis(self.axis, bottom)
        end = canonical_axis(self.end_axis, bottom, "end_axis") + 1
        # An end just before the start merges no axes, which gives a new one of size 1.
        require(
            start <= end,
            f"axis {self.axis} of {dims(bottom)} is behind end_axis {self.end_axis}",
        )
        return ((*bottom[:start], count(bottom[start:end]), *bottom[end:]),)

    def shares_memory(self, bottoms: Shapes, tops: int) -> bool:
        return True


@layer("Reshape", param="reshape_param", in_place=False)
@dataclass(frozen=True)
class Reshape(Layer):
    """Give `num_axes` axes from `axis` on another shape, keeping the order (reshape_layer.cpp).

    In `shape`, 0 copies the bottom's size at that place, and -1 is what the others leave over.
    """

    keeps_signs: ClassVar[bool] = True

    shape: tuple[int, ...] = ()
    axis: int = 0
    num_axes: int = -1
    pixelshuffler: int = 1
    """Above 1, in Synopsys' fork, the shape does not count: channels become so many times larger
    images, as in PyTorch's PixelShuffle."""

    def replaced(self, bottom: Shape) -> tuple[int, int]:
        """The first axis that is replaced, and the first behind it that stays."""
        axes = len(bottom)
        start = self.axis if self.axis >= 0 else axes + self.axis + 1
        require(
            0 <= start <= axes,
            f"axis is {self.axis}, but the bottom ({dims(bottom)}) has {axes} axes",
            f"use {-axes - 1} to {axes}",
        )
        require(
            self.num_axes >= -1,
            f"num_axes is {self.num_axes}; it must be -1 (all that follow), 0 or above",
        )
        end = axes if self.num_axes == -1 else start + self.num_axes
        require(
            end <= axes,
            f"num_axes is {self.num_axes}, but {dims(bottom)} has {axes - start} axes "
            f"from axis {start} on",
        )
        return start, end

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        if self.pixelshuffler != 1:
            return (self._shuffled(bottom),)
        start, end = self.replaced(bottom)
        require(
            min(self.shape, default=0) >= -1,
            f"the new shape is {dims(self.shape)}; a dim is a size, 0 (copy) or -1 (infer)",
        )
        require(
            self.shape.count(-1) <= 1,
            f"the new shape is {dims(self.shape)}; only one dim can be -1 (infer)",
        )
        for i, dim in enumerate(self.shape, start):
            require(
                dim != 0 or i < len(bottom),
                f"the new shape is {dims(self.shape)}, where a 0 copies axis {i}, "
                f"but the bottom ({dims(bottom)}) has {len(bottom)} axes",
            )
        new = [dim or bottom[i] for i, dim in enumerate(self.shape, start)]
        if -1 in new:
            others = [dim for dim in new if dim != -1]
            known = count(bottom[:start]) * count(others) * count(bottom[end:])
            require(
                known > 0 and count(bottom) % known == 0,
                f"{dims(bottom)} ({count(bottom)} elements) does not divide "
                f"by the {known} that the new shape {dims(self.shape)} leaves beside -1",
            )
            new[new.index(-1)] = count(bottom) // known
        top = (*bottom[:start], *new, *bottom[end:])
        require(
            count(top) == count(bottom),
            f"{dims(bottom)} ({count(bottom)} elements) cannot become "
            f"{dims(top)} ({count(top)} elements)",
        )
        return (top,)

    def _shuffled(self, bottom: Shape) -> Shape:
        factor = self.pixelshuffler
        require(factor > 0, f"pixelshuffler is {factor}; it must be above 0")
        require(len(bottom) == 4, f"needs 4 axes (N, C, H, W), but the bottom is {dims(bottom)}")
        batch, channels, height, width = bottom
        require(
            channels % factor**2 == 0,
            f"{channels} channels do not divide into images of {factor} x {factor} pixels",
        )
        return (batch, channels // factor**2, height * factor, width * factor)

    def shares_memory(self, bottoms: Shapes, tops: int) -> bool:
        return self.pixelshuffler == 1


@layer("Permute", param="permute_param", in_place=False)
@dataclass(frozen=True)
class Permute(Layer):
    """The axes that `order` lists come first, and then the others (SSD's permute_layer.cpp)."""

    keeps_signs: ClassVar[bool] = True

    order: tuple[int, ...] = ()

    def axes(self, bottom: Shape) -> tuple[int, ...]:
        """For each axis of the top, which one of the bottom it is."""
        listed = f"order {', '.join(map(str, self.order))}"
        require(
            max(self.order, default=0) < len(bottom),
            f"{listed} names an axis that the bottom ({dims(bottom)}) has not",
            f"its axes are 0 to {len(bottom) - 1}",
        )
        require(
            len(set(self.order)) == len(self.order),
            f"{listed} names an axis twice",
            "name each axis once; those that are not named follow by themselves",
        )
        others = (axis for axis in range(len(bottom)) if axis not in self.order)
        return (*self.order, *others)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        return (tuple(bottom[axis] for axis in self.axes(bottom)),)

    def shares_memory(self, bottoms: Shapes, tops: int) -> bool:
        return self.axes(bottoms[0]) == tuple(range(len(bottoms[0])))


@layer("Transpose", param="transpose_param", in_place=False)
@dataclass(frozen=True)
class Transpose(Layer):
    """The axes in the order that `dim` lists, all of them (CTPN's transpose_layer.cpp)."""

    dim: tuple[int, ...] = ()

    def axes(self, bottom: Shape) -> tuple[int, ...]:
        """For each axis of the top, which one of the bottom it is."""
        require(
            sorted(self.dim) == list(range(len(bottom))),
            f"dim {', '.join(map(str, self.dim))} does not name each axis of {dims(bottom)} once",
            f"the axes are 0 to {len(bottom) - 1}" if bottom else "",
        )
        return self.dim

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        return (tuple(bottom[axis] for axis in self.axes(bottom)),)


@layer("Reverse", param="reverse_param", in_place=False)
@dataclass(frozen=True)
class Reverse(Layer):
    """Turn the order along an axis, or several, around (CTPN's reverse_layer.cpp)."""

    axis: tuple[int, ...] = ()

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes that are turned around: the first, if none is given."""
        return self.axis or (0,)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        for axis in self.axes:
            require(
                0 <= axis < len(bottom),
                f"axis is {axis}, but the bottom ({dims(bottom)}) has {len(bottom)} axes",
                f"use 0 to {len(bottom) - 1}" if bottom else "",
            )
        require(
            len(set(self.axes)) == len(self.axes),
            f"axis {', '.join(map(str, self.axes))} names an axis twice",
            "name each axis once",
        )
        return bottoms


@layer("Flip", param="flip_param", in_place=False)
@dataclass(frozen=True)
class Flip(Layer):
    """Mirror images: by default left becomes right (happynear's flip_layer.cpp)."""

    flip_width: bool = True
    flip_height: bool = False

    def axes(self, bottom: Shape) -> tuple[int, ...]:
        """The axes that are turned around."""
        flipped = ((2, self.flip_height), (3, self.flip_width))
        return tuple(axis for axis, flip in flipped if flip and axis < len(bottom))

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        require(len(bottom) <= 4, f"knows 4 axes at most, but the bottom is {dims(bottom)}")
        return bottoms


@layer("ShuffleChannel", param="shuffle_channel_param", in_place=False)
@dataclass(frozen=True)
class ShuffleChannel(Layer):
    """Deal out the channels of each group in turn, as ShuffleNet does between convolutions."""

    keeps_signs: ClassVar[bool] = True

    group: int = 1

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        require(
            2 <= len(bottom) <= 4,
            f"needs 2 to 4 axes (N, C, H, W), but the bottom is {dims(bottom)}",
        )
        require(self.group > 0, "group is 0; it must be above 0")
        require(
            bottom[1] % self.group == 0,
            f"{bottom[1]} channels do not divide into {self.group} groups",
        )
        return bottoms


@layer("Squeeze", param="squeeze_param", in_place=False)
@dataclass(frozen=True)
class Squeeze(Layer):
    """Leave out axes of size 1: all of them, or those that are named (of Synopsys' fork)."""

    axis: tuple[int, ...] = ()

    def left_out(self, bottom: Shape) -> tuple[int, ...]:
        """The axes that the top lacks, in order."""
        if not self.axis:
            return tuple(axis for axis, size in enumerate(bottom) if size == 1)
        axes = sorted({canonical_axis(axis, bottom) for axis in self.axis})
        for axis in axes:
            require(
                bottom[axis] == 1,
                f"axis {axis} of the bottom ({dims(bottom)}) has {bottom[axis]} elements",
                "only axes of size 1 can be left out",
            )
        return tuple(axes)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        gone = self.left_out(bottom)
        return (tuple(size for axis, size in enumerate(bottom) if axis not in gone),)

    def shares_memory(self, bottoms: Shapes, tops: int) -> bool:
        return True


@layer("Gather", param="gather_param", in_place=False)
@dataclass(frozen=True)
class Gather(Layer):
    """Take the parts of an axis that are named by their numbers (of Synopsys' fork).

    In the place of the axis come those of `shape`, in which the numbers stand; a shape of 0 is that
    of a single number.
    """

    keeps_signs: ClassVar[bool] = True

    indices: tuple[int, ...] = ()
    shape: Shape = ()
    axis: int = 0

    @property
    def placed(self) -> Shape:
        """The axes that come in the place of one."""
        return () if self.shape == (0,) else self.shape

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        axis = canonical_axis(self.axis, bottom)
        require(
            len(self.indices) == count(self.placed),
            f"{len(self.indices)} indices are given, but their shape is {dims(self.placed)}",
            "give one for each place, and shape: 0 for a single one",
        )
        require(
            max(self.indices) < bottom[axis],
            f"the index {max(self.indices)} is behind the end of axis {axis} of {dims(bottom)}",
        )
        return ((*bottom[:axis], *self.placed, *bottom[axis + 1 :]),)


@layer("Crop", param="crop_param", bottoms=2, in_place=False)
@dataclass(frozen=True)
class Crop(Layer):
    """Cut the first bottom to the second's size, from `axis` on (crop_layer.cpp).

    Of the fork "future", one without parameters starts where the layers before it tell.
    """

    forks: ClassVar[tuple[str, ...]] = ("future",)

    axis: int = 2
    offset: tuple[int, ...] = per_axis(
        "offset", "offset_height", "offset_width", default=(), missing=0
    )
    fork: str = ""

    @property
    def automatic(self) -> bool:
        """Whether the layers before it tell the offset (proto2net/rewrites/align.py)."""
        return self.fork == "future" and not self.offset

    def disputed(self, bottoms: Shapes) -> str:
        if self.given() or bottoms[0][self.axis :] == bottoms[1][self.axis :]:
            return ""
        what = "forks disagree about Crop without crop_param"
        return f"{what}: this is Caffe's, of offset 0; --fork future finds the offset"

    def offsets(self, bottom: Shape) -> tuple[int, ...]:
        """Where the cut starts, for each axis of this bottom."""
        start = canonical_axis(self.axis, bottom)
        cropped = len(bottom) - start
        require(not self.automatic, "the offset has not been found", "give one")
        require(
            len(self.offset) in (0, 1, cropped),
            f"offset is given {len(self.offset)} times for {cropped} cropped axes",
            "give offset once, or once for each axis",
        )
        offset = self.offset or (0,)
        return (0,) * start + (offset if len(offset) == cropped else offset * cropped)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        bottom, reference = bottoms
        offsets = self.offsets(bottom)
        start = canonical_axis(self.axis, bottom)
        require(
            len(reference) >= len(bottom),
            f"the second bottom ({dims(reference)}) has fewer axes than the first ({dims(bottom)})",
        )
        for i in range(start, len(bottom)):
            require(
                offsets[i] + reference[i] <= bottom[i],
                f"axis {i} cannot be cropped from {bottom[i]} to {reference[i]} "
                f"at offset {offsets[i]}: {dims(bottom)} by {dims(reference)}",
            )
        return ((*bottom[:start], *reference[start : len(bottom)]),)


@layer("AutoCrop", bottoms=2, in_place=False)
@dataclass(frozen=True)
class AutoCrop(Layer):
    """V1's Crop, and RCF's fork's: one that finds its offset (auto_crop_layer.hpp)."""

    unrendered: ClassVar[str] = "a Crop takes its place, as soon as a definition is read"

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        bottom, reference = bottoms
        return ((*bottom[:2], *reference[2 : len(bottom)]),)


@layer("Tile", param="tile_param", in_place=False)
@dataclass(frozen=True)
class Tile(Layer):
    """Repeat the bottom along one axis (tile_layer.cpp)."""

    keeps_signs: ClassVar[bool] = True

    axis: int = 1
    tiles: int = 0

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        axis = canonical_axis(self.axis, bottom)
        require(self.tiles > 0, f"tiles is missing or {self.tiles}; it must be above 0")
        return ((*bottom[:axis], bottom[axis] * self.tiles, *bottom[axis + 1 :]),)


@layer("Reduction", param="reduction_param", in_place=False)
@dataclass(frozen=True)
class Reduction(Layer):
    """The sum, or the like, over all axes from `axis` on, times a factor (reduction_layer.cpp)."""

    operation: str = "SUM"
    axis: int = 0
    coeff: float = 1.0

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        return (bottom[: canonical_axis(self.axis, bottom)],)


@layer("ArgMax", param="argmax_param", in_place=False)
@dataclass(frozen=True)
class ArgMax(Layer):
    """Where the greatest values stand, along an axis or in a whole sample (argmax_layer.cpp).

    Without an axis, `out_max_val` adds the values as a second channel; with one, they stand in
    the indices' place.
    """

    out_max_val: bool = False
    top_k: int = 1
    axis: int | None = None

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        require(len(bottom) > 0, "the bottom is a scalar, and has no values to compare")
        axis = None if self.axis is None else canonical_axis(self.axis, bottom)
        values = count(bottom[1:]) if axis is None else bottom[axis]
        where = "a sample" if axis is None else f"axis {axis}"
        require(
            1 <= self.top_k <= values,
            f"top_k is {self.top_k}, but {where} of {dims(bottom)} has {values} values",
            f"use 1 to {values}" if values else "",
        )
        if axis is not None:
            return ((*bottom[:axis], self.top_k, *bottom[axis + 1 :]),)
        channels = 2 if self.out_max_val else 1
        return ((bottom[0], channels, self.top_k) + (1,) * (len(bottom) - 3),)
