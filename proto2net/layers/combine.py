"""Layers that put blobs together or take them apart, and blobs by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from proto2net import limits
from proto2net.frozen import dataclass
from proto2net.layers.base import ANY, Filler, Layer, Learned, Unstated, layer
from proto2net.layers.data import stated
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

    keeps_signs: ClassVar[bool] = True

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

    keeps_signs: ClassVar[bool] = True

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

    keeps_signs: ClassVar[bool] = True

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

    def nonnegative(self, bottoms: Sequence[bool]) -> bool:
        if self.operation == "MAX":
            return any(bottoms)
        return all(bottoms) and min(self.coeff, default=0) >= 0

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


@dataclass(frozen=True)
class Arithmetic(Layer):
    """Two blobs by an operation, broadcast as in NumPy: the last axes lie on each other.

    It is of Synopsys' fork. An axis of size 1, or one that is not there, is repeated. The second
    may be learned, and then has the shape `mul_shape`.
    """

    mul_shape: tuple[int, ...] = ()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        both = (*bottoms, self.mul_shape)[:2]
        require(
            len(bottoms) == 2 or bool(self.mul_shape),
            "the second bottom is missing, and so is the shape of a learned one",
            "give two bottoms, or mul_shape",
        )
        axes = max(map(len, both))
        first, second = ((1,) * (axes - len(each)) + each for each in both)
        pairs = list(zip(first, second, strict=True))
        require(
            all(a == b or 1 in (a, b) for a, b in pairs),
            f"{dims(both[0])} and {dims(both[1])} do not fit together",
            "counted from the last, two axes must be alike, or one of them of size 1",
        )
        return (tuple(max(a, b) for a, b in pairs),)

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        return {} if len(bottoms) == 2 else {"weight": Learned(self.mul_shape, Unstated())}


@layer("Add", param="mul_param", bottoms=(1, 2), in_place=False)
@dataclass(frozen=True)
class Add(Arithmetic):
    """The sum of two blobs."""


@layer("Sub", param="mul_param", bottoms=(1, 2), in_place=False)
@dataclass(frozen=True)
class Sub(Arithmetic):
    """The first blob less the second."""


@layer("Mul", param="mul_param", bottoms=(1, 2), in_place=False)
@dataclass(frozen=True)
class Mul(Arithmetic):
    """The product of two blobs."""


@layer("Div", param="mul_param", bottoms=(1, 2), in_place=False)
@dataclass(frozen=True)
class Div(Arithmetic):
    """The first blob divided by the second."""


@layer("Maximum", param="mul_param", bottoms=(1, 2), in_place=False)
@dataclass(frozen=True)
class Maximum(Arithmetic):
    """The greater one of two values."""


@layer("Minimum", param="mul_param", bottoms=(1, 2), in_place=False)
@dataclass(frozen=True)
class Minimum(Arithmetic):
    """The smaller one of two values."""


@layer("CompactBilinear", param="compact_bilinear_param", bottoms=2, in_place=False)
@dataclass(frozen=True)
class CompactBilinear(Layer):
    """Products of all pairs of channels at each pixel, hashed to few (compact_bilinear_layer.cpp).

    To which place and with which sign is drawn by C's rand(), always from the same start.
    """

    num_output: int = 0
    sum_pool: bool = True
    """Whether the pixels are added up."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        one, other = bottoms
        require(self.num_output > 0, "num_output is missing or 0; it must be above 0")
        require(
            len(one) == len(other) == 4,
            f"needs 4 axes (N, C, H, W), but the bottoms are {dims(one)} and {dims(other)}",
        )
        require(
            (one[0], *one[2:]) == (other[0], *other[2:]),
            f"the bottoms may differ in channels alone, but are {dims(one)} and {dims(other)}",
        )
        return ((one[0], self.num_output, *((1, 1) if self.sum_pool else one[2:])),)


@layer("Axpy", bottoms=3, in_place=False)
@dataclass(frozen=True)
class Axpy(Layer):
    """A factor for each channel times x, plus y: the bottoms in this order (SENet)."""

    keeps_signs: ClassVar[bool] = True

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


@layer("AxpyFast", bottoms=3, in_place=False)
@dataclass(frozen=True)
class AxpyFast(Axpy):
    """The Axpy by another name, whose factors are N x C."""


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
