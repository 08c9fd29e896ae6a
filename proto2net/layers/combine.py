"""Layers that join, cut, rearrange, pick and reduce blobs without sliding over them."""

from __future__ import annotations

from typing import ClassVar

from proto2net import limits
from proto2net.layers.base import ANY, Filler, Layer, Learned, layer
from proto2net.layers.data import stated
from proto2net.layers.frozen import dataclass
from proto2net.shape import Shape, Shapes, canonical_axis, count, dims, require


def _along(bottom: Shape, axis: int | None, older_name: str, older: int | None) -> int:
    """The axis, by its name of today or its older one; the channels when neither is given.

    Caffe itself refuses both; MyCaffe, which writes both, takes the older one.
    """
    if older is None:
        return canonical_axis(1 if axis is None else axis, bottom)
    along = canonical_axis(older, bottom, older_name)
    require(
        axis is None or canonical_axis(axis, bottom) == along,
        f"axis is {axis}, but {older_name}, which means the same, is {older}",
        "give axis only",
    )
    return along


@layer("Concat", param="concat_param", bottoms=(1, ANY), in_place=False)
@dataclass(frozen=True)
class Concat(Layer):
    """Join the bottoms along one axis (concat_layer.cpp)."""

    axis: int | None = None
    concat_dim: int | None = None

    def along(self, bottom: Shape) -> int:
        """The axis along which the bottoms are joined, counted from the front."""
        return _along(bottom, self.axis, "concat_dim", self.concat_dim)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        axis = self.along(bottoms[0])
        require(
            len({(len(bottom), bottom[:axis], bottom[axis + 1 :]) for bottom in bottoms}) == 1,
            f"the bottoms must agree in all axes but axis {axis}, "
            f"but they are {', '.join(map(dims, bottoms))}",
        )
        joined = sum(bottom[axis] for bottom in bottoms)
        return ((*bottoms[0][:axis], joined, *bottoms[0][axis + 1 :]),)

    def shares_memory(self, bottoms: Shapes, tops: int) -> bool:
        return len(bottoms) == 1


@layer("Slice", param="slice_param", tops=(1, ANY), in_place=False)
@dataclass(frozen=True)
class Slice(Layer):
    """Cut the bottom along one axis, into equal pieces or at given points (slice_layer.cpp)."""

    axis: int | None = None
    slice_point: tuple[int, ...] = ()
    slice_dim: int | None = None

    def along(self, bottom: Shape) -> int:
        """The axis along which the bottom is cut, counted from the front."""
        return _along(bottom, self.axis, "slice_dim", self.slice_dim)

    def pieces(self, bottom: Shape, tops: int) -> tuple[int, ...]:
        """The size of each top along the axis."""
        axis = self.along(bottom)
        size = bottom[axis]
        if not self.slice_point:
            require(
                size % tops == 0,
                f"axis {axis} of {dims(bottom)} does not divide into {tops} equal tops",
                "give slice_point for unequal ones",
            )
            return (size // tops,) * tops
        points = f"slice_point {', '.join(map(str, self.slice_point))}"
        require(
            len(self.slice_point) == tops - 1,
            f"{tops} tops need {tops - 1} slice points, but {len(self.slice_point)} given",
        )
        require(tops <= size, f"{tops} tops are more than axis {axis} of {dims(bottom)} has")
        starts, ends = (0, *self.slice_point), (*self.slice_point, size)
        pieces = tuple(end - start for start, end in zip(starts, ends, strict=True))
        require(min(pieces[:-1]) > 0, f"{points} must be above 0 and increasing")
        require(pieces[-1] >= 0, f"{points} is beyond axis {axis} of {dims(bottom)}")
        return pieces

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        axis = self.along(bottom)
        sizes = self.pieces(bottom, tops)
        return tuple((*bottom[:axis], size, *bottom[axis + 1 :]) for size in sizes)

    def shares_memory(self, bottoms: Shapes, tops: int) -> bool:
        return tops == 1


@layer("Split", tops=(1, ANY), in_place=False)
@dataclass(frozen=True)
class Split(Layer):
    """Give the bottom several names; Caffe adds it where a blob is used twice (split_layer.cpp)."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return bottoms * tops

    def shares_memory(self, bottoms: Shapes, tops: int) -> bool:
        return True


@layer("Silence", bottoms=(1, ANY), tops=0)
@dataclass(frozen=True)
class Silence(Layer):
    """Use blobs up, so that they are no outputs of the network (silence_layer.cpp)."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return ()


@layer("Eltwise", param="eltwise_param", bottoms=(2, ANY))
@dataclass(frozen=True)
class Eltwise(Layer):
    """The weighted sum, the product or the maximum of the bottoms (eltwise_layer.cpp)."""

    operation: str = "SUM"
    coeff: tuple[float, ...] = ()
    stable_prod_grad: bool = True

    def check_in_place(self, blob: str) -> None:
        require(
            self.operation == "PROD",
            f'{self.operation} cannot run in place: Caffe clears "{blob}" before it reads it',
            "give its top a name of its own",
        )

    def gradient_in_place(self) -> bool:
        return False

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(
            len(bottoms) <= limits.TERMS,
            f"has {len(bottoms):,} bottoms; {limits.TERMS:,} are the most",
        )
        require(
            len(self.coeff) in (0, len(bottoms)),
            f"{len(bottoms)} bottoms need a coeff each or none, but {len(self.coeff)} given",
        )
        require(
            not self.coeff or self.operation != "PROD",
            "coeff is given, but a product (PROD) takes none",
        )
        require(
            len(set(bottoms)) == 1,
            f"all bottoms must have one shape, but they are {', '.join(map(dims, bottoms))}",
        )
        return (bottoms[0],)


@layer("Flatten", param="flatten_param", in_place=False)
@dataclass(frozen=True)
class Flatten(Layer):
    """Merge the axes from `axis` to `end_axis` into one (flatten_layer.cpp)."""

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

    shape: tuple[int, ...] = ()
    axis: int = 0
    num_axes: int = -1

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

    def shares_memory(self, bottoms: Shapes, tops: int) -> bool:
        return True


@layer("Permute", param="permute_param", in_place=False)
@dataclass(frozen=True)
class Permute(Layer):
    """The axes that `order` lists come first, and then the others (SSD's permute_layer.cpp)."""

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


@layer("Mul", bottoms=2, in_place=False)
@dataclass(frozen=True)
class Mul(Layer):
    """The product of two blobs, broadcast as in NumPy: the last axes lie on each other.

    It is of Synopsys' fork. An axis of size 1, or one that is not there, is repeated.
    """

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        axes = max(map(len, bottoms))
        first, second = ((1,) * (axes - len(bottom)) + bottom for bottom in bottoms)
        pairs = list(zip(first, second, strict=True))
        require(
            all(a == b or 1 in (a, b) for a, b in pairs),
            f"the bottoms are {dims(bottoms[0])} and {dims(bottoms[1])}, which do not fit together",
            "counted from the last, two axes must be alike, or one of them of size 1",
        )
        return (tuple(max(a, b) for a, b in pairs),)


@layer("Axpy", bottoms=3, in_place=False)
@dataclass(frozen=True)
class Axpy(Layer):
    """A factor for each channel times x, plus y: the bottoms in this order (SENet)."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        factor, x, y = bottoms
        require(
            len(x) >= 2 and factor in (x[:2], (*x[:2], 1, 1)) and (len(factor) == 2 or len(x) == 4),
            f"the first bottom must have one value for each channel of {dims(x)}, "
            f"but it is {dims(factor)}",
            f"it must be {dims((*x[:2], 1, 1))}" if len(x) == 4 else "",
        )
        require(x == y, f"the last two bottoms must be alike, but are {dims(x)} and {dims(y)}")
        return (x,)


@layer("Crop", param="crop_param", bottoms=2, in_place=False)
@dataclass(frozen=True)
class Crop(Layer):
    """Cut the first bottom to the second's size, from `axis` on (crop_layer.cpp).

    Of the fork "future", one without parameters starts where the layers before it tell.
    """

    forks: ClassVar[tuple[str, ...]] = ("future",)

    axis: int = 2
    offset: tuple[int, ...] = ()
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

    axis: int = 1
    tiles: int = 0

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        axis = canonical_axis(self.axis, bottom)
        require(self.tiles > 0, f"tiles is missing or {self.tiles}; it must be above 0")
        return ((*bottom[:axis], bottom[axis] * self.tiles, *bottom[axis + 1 :]),)


@layer("BatchReindex", bottoms=2, in_place=False)
@dataclass(frozen=True)
class BatchReindex(Layer):
    """The first bottom's rows in the order that the second lists (batch_reindex_layer.cpp)."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        rows, index = bottoms
        require(len(index) == 1, f"the indices must have 1 axis, but they are {dims(index)}")
        require(len(rows) > 0, "the first bottom is a scalar, and has no rows to pick")
        return ((*index, *rows[1:]),)


@layer("Filter", bottoms=(2, ANY), tops=(1, ANY), in_place=False)
@dataclass(frozen=True)
class Filter(Layer):
    """Those rows of the bottoms where the last bottom is not 0 (filter_layer.cpp).

    How many stay is known from the data alone; the inferred shape is that of all.
    """

    sizes_by_value: ClassVar[bool] = True

    def check_counts(self, bottoms: int, tops: int) -> None:
        super().check_counts(bottoms, tops)
        require(
            tops == bottoms - 1,
            f"needs a top for each bottom but the last (the selector), "
            f"but has {tops} tops for {bottoms} bottoms",
        )

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        *filtered, selector = bottoms
        require(
            len(selector) > 0 and count(selector[1:]) == 1,
            f"the selector (the last bottom) must be N or N x 1 x ..., but it is {dims(selector)}",
        )
        for bottom in filtered:
            require(
                bottom[:1] == selector[:1],
                f"the selector is {dims(selector)}, but a bottom with other rows is {dims(bottom)}",
            )
        return tuple(filtered)


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


@layer("Parameter", param="parameter_param", bottoms=0)
@dataclass(frozen=True)
class Parameter(Layer):
    """A learned blob by itself, without an input (parameter_layer.hpp); forks fill it."""

    shape: tuple[int, ...] = ()
    blob_filler: Filler = Filler()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return (stated(self.shape),)

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        return {"weight": Learned(self.shape, self.blob_filler)}
