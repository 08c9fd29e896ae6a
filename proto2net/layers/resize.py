"""Layers of forks that enlarge and shrink images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from proto2net.frozen import dataclass
from proto2net.layers.base import Layer, layer, per_axis, shortest
from proto2net.shape import Shape, Shapes, dims, require


def check_image(bottom: Shape) -> None:
    """Refuse all but images, which have 4 axes."""
    require(len(bottom) == 4, f"needs 4 axes (N, C, H, W), but the bottom is {dims(bottom)}")


@layer("Interp", param="interp_param", bottoms=(1, 2), in_place=False)
@dataclass(frozen=True)
class Interp(Layer):
    """Bring images to another size, in which the corners stay (DeepLab's interp_layer.cpp).

    What lies between is interpolated bilinearly. The size is that of the second bottom if
    `use_blob_size` says so; else it comes of a factor, or is height and width. In OpenVINO's fork
    zoom_factor alone multiplies the size.
    """

    forks: ClassVar[tuple[str, ...]] = ("openvino",)
    fallback: ClassVar[str] = "openvino"
    height: int | None = None
    width: int | None = None
    zoom_factor: int | None = None
    shrink_factor: int | None = None
    full_zoom_factor: int | None = None
    pad_beg: int = 0
    """0 or less: how much is cut off at the top and on the left."""
    pad_end: int = 0
    use_blob_size: bool = False
    fork: str = ""

    @property
    def sized(self) -> bool:
        """Whether height and width are the size; one factor alone goes before them."""
        one_factor = (self.zoom_factor is None) != (self.shrink_factor is None)
        return not one_factor and self.height is not None and self.width is not None

    @property
    def factors(self) -> tuple[int, int, int]:
        """What shrinks and what enlarges the image, and what it is multiplied by after that."""
        shrink, zoom, times = (
            1 if factor is None else factor
            for factor in (self.shrink_factor, self.zoom_factor, self.full_zoom_factor)
        )
        if self.shrink_factor is None and self.fork == "openvino":
            return 1, 1, zoom if self.zoom_factor is not None else times
        alone = self.shrink_factor is None and self.zoom_factor is None
        return shrink, zoom, times if alone else 1

    @property
    def only_cuts(self) -> bool:
        """Whether what is left after cutting off keeps its size."""
        return not self.sized and not self.use_blob_size and self.factors == (1, 1, 1)

    def cut(self, size: Sequence[int]) -> Shape:
        """The size of what is read of an image of this size."""
        return tuple(n + self.pad_beg + self.pad_end for n in size)

    def check_counts(self, bottoms: int, tops: int) -> None:
        super().check_counts(bottoms, tops)
        right = 2 if self.use_blob_size else 1
        require(
            bottoms == right,
            f"takes {right} bottom{'s' * (right > 1)} with use_blob_size: "
            f"{str(self.use_blob_size).lower()}, but {bottoms} given",
        )

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        bottom = bottoms[0]
        check_image(bottom)
        require(
            max(self.pad_beg, self.pad_end) <= 0,
            f"pad_beg is {self.pad_beg} and pad_end {self.pad_end}; they only cut off",
            "use 0, or less than 0",
        )
        shrink, zoom, times = self.factors
        for name in ("shrink_factor", "zoom_factor", "full_zoom_factor"):
            factor = getattr(self, name)
            require(factor is None or factor > 0, f"{name} is {factor}; it must be above 0")
        inside = self.cut(bottom[2:])
        require(
            min(inside) > 0,
            f"pad_beg {self.pad_beg} and pad_end {self.pad_end} leave nothing of {dims(bottom)}",
        )
        if self.use_blob_size:
            check_image(bottoms[1])
            return ((*bottom[:2], *bottoms[1][2:]),)
        if self.sized:
            size = (self.height or 0, self.width or 0)
        else:
            given = (self.zoom_factor, self.shrink_factor, self.full_zoom_factor)
            require(
                given != (None, None, None),
                "the size is missing",
                "give height and width, zoom_factor or shrink_factor",
            )
            height, width = (((n - 1) // shrink * zoom + 1) * times for n in inside)
            size = (height, width)
        require(min(size) > 0, f"height and width are {dims(size)}; each must be above 0")
        return ((*bottom[:2], *size),)


@layer("BilinearInterpolation", bottoms=2, in_place=False)
@dataclass(frozen=True)
class BilinearInterpolation(Layer):
    """The Interp of another fork: the size is that of the second bottom."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return Interp(use_blob_size=True).infer(bottoms, tops)


@layer("Unpooling", param="unpooling_param", bottoms=(1, 2), in_place=False)
@dataclass(frozen=True)
class Unpooling(Layer):
    """Enlarge images, as the reverse of a Pooling by windows (DeconvNet's unpooling_layer.cpp).

    MAX puts each value to where the mask of a max pooling says, or without a mask into the upper
    left corner of its window. TILE repeats it all over its window, and AVE gives each place there
    an equal share. Where windows overlap, the places of TILE and AVE have the sum.
    """

    keeps_signs: ClassVar[bool] = True

    unpool: str = "MAX"
    kernel: tuple[int, ...] = per_axis("kernel_size", "kernel_h", "kernel_w", default=())
    stride: tuple[int, ...] = per_axis("stride", "stride_h", "stride_w", default=(1,))
    pad: tuple[int, ...] = per_axis("pad", "pad_h", "pad_w", default=(0,))
    unpool_size: int | None = None
    unpool_h: int | None = None
    unpool_w: int | None = None
    output_h: int | None = None
    """FuseNet's unpool_h: with a mask alone, and without a window."""
    output_w: int | None = None

    @property
    def method(self) -> str:
        """MAX, AVE or TILE."""
        return self.unpool

    @property
    def size(self) -> Shape | None:
        """The height and width of the top, if they are given."""
        if self.unpool_size is not None:
            return self.unpool_size, self.unpool_size
        if self.output_h is not None and self.output_w is not None:
            return self.output_h, self.output_w
        if self.unpool_h is None or self.unpool_w is None:
            return None
        return self.unpool_h, self.unpool_w

    @property
    def window(self) -> tuple[Shape, Shape]:
        """The kernel and the stride, along both axes."""
        kernel, stride = ((*sizes, *sizes)[:2] for sizes in (self.kernel, self.stride))
        return kernel, stride

    @property
    def scales(self) -> Shape:
        """How many times the height and width of the bottom a top has whose size is not given."""
        return self.window[0]

    @property
    def less(self) -> Shape:
        """How much less than that it has."""
        return tuple(s - k for k, s in zip(*self.window, strict=True))

    def check_counts(self, bottoms: int, tops: int) -> None:
        super().check_counts(bottoms, tops)
        require(
            bottoms == 1 or self.method == "MAX",
            f"only MAX unpooling reads a mask; this one is {self.method}",
        )

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        bottom, *mask = bottoms
        check_image(bottom)
        if (self.output_h, self.output_w) == (None, None):
            self._check_window()
        else:
            self._check_output(masked=bool(mask))
        require(
            mask in ([], [bottom]),
            f"the mask must be as the bottom, {dims(bottom)}, but it is {dims(bottoms[-1])}",
        )
        size = self.size
        if size is None:
            sizes = zip(bottom[2:], self.scales, self.less, strict=True)
            size = tuple(n * scale - less for n, scale, less in sizes)
        require(min(size) > 0, f"the top would be {dims(size)}; each side must be above 0")
        return ((*bottom[:2], *size),)

    def _check_output(self, *, masked: bool) -> None:
        """Refuse a size of FuseNet's layer but with a mask, and with nothing of the others'."""
        both = self.output_h is not None and self.output_w is not None
        require(both, "only one of output_h and output_w is given", "give both")
        others = (self.unpool_size, self.unpool_h, self.unpool_w)
        require(
            masked and self.method == "MAX" and others == (None,) * 3,
            "output_h and output_w are for a mask, and stand alone",
            "FuseNet's Unpooling has the mask of a max pooling as its second bottom",
        )

    def _check_window(self) -> None:
        require(
            self.method in ("MAX", "AVE", "TILE"),
            f"unpool is {self.method}; it can be MAX, AVE or TILE",
        )
        require(bool(self.kernel), "kernel_size is missing")
        kernel, stride = self.window
        require(min(kernel) > 0, f"a kernel of {dims(kernel)}; each side must be above 0")
        require(min(stride) > 0, f"a stride of {dims(stride)}; each must be above 0")
        require(not any(self.pad), f"pad is {dims(self.pad)}; unpooling has none", "leave it out")
        sides = (self.unpool_h, self.unpool_w)
        require(
            self.unpool_size is None or sides == (None, None),
            "unpool_size is given, and unpool_h or unpool_w too",
            "give one or the other",
        )
        require(
            (self.unpool_h is None) == (self.unpool_w is None),
            "only one of unpool_h and unpool_w is given",
            "give both, or unpool_size",
        )


@layer("UnPooling", param="unpooling_param", bottoms=(1, 2), in_place=False)
@dataclass(frozen=True)
class UnPooling(Unpooling):
    """The Unpooling by the name that other forks have for it."""

    pool: str | None = None
    """What MyCaffe calls unpool; without a size, its top is a little larger."""

    @property
    def method(self) -> str:
        return self.pool or self.unpool

    @property
    def scales(self) -> Shape:
        kernel, stride = self.window
        return stride if self.pool else kernel

    @property
    def less(self) -> Shape:
        more = tuple(max(k - s, 1) for k, s in zip(*self.window, strict=True))
        return tuple(-m for m in more) if self.pool else super().less


# ---- of Synopsys' fork ----------------------------------------------------------------------


@dataclass(frozen=True)
class Resize(Layer):
    """Bring images to a size that is given, or is a scale times their own, rounded down.

    By default the images lie as (N, H, W, C). Where a pixel of the top lies in the bottom is said
    by at most one flag; without any, pixel i lies at i times the ratio of the sizes.
    """

    keeps_signs: ClassVar[bool] = True

    align_corners: bool = False
    output_height: int | None = None
    output_width: int | None = None
    data_format: str = "NHWC"
    scale_height: float = 1.0
    scale_width: float = 1.0
    half_pixel_centers: bool = False

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes whose sizes change."""
        return (1, 2) if self.data_format == "NHWC" else (2, 3)

    @property
    def flags(self) -> dict[str, bool]:
        """What says how pixels lie, by ONNX's names of it."""
        return {"align_corners": self.align_corners, "half_pixel": self.half_pixel_centers}

    @property
    def coordinates(self) -> str:
        """How pixels lie, by ONNX's name of it (coordinate_transformation_mode)."""
        return next((name for name, given in self.flags.items() if given), "asymmetric")

    @property
    def sizes(self) -> tuple[tuple[int | None, float], ...]:
        """For each of the axes its new size, if given, and its scale."""
        return (
            (self.output_height, self.scale_height),
            (self.output_width, self.scale_width),
        )

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        axes = len(self.axes) + 2
        require(
            len(bottom) == axes,
            f"needs {axes} axes with data_format {self.data_format}, but the bottom is "
            f"{dims(bottom)}",
        )
        given = [name for name, flag in self.flags.items() if flag]
        require(
            len(given) <= 1,
            f"{' and '.join(given)} contradict each other",
            "give one of the flags that say how pixels lie",
        )
        top = list(bottom)
        for axis, (size, scale) in zip(self.axes, self.sizes, strict=True):
            top[axis] = _scaled(bottom[axis], scale) if size is None else size
            require(top[axis] > 0, f"the output would be {dims(top)}", "each size is above 0")
        return (tuple(top),)


def _scaled(size: int, scale: float) -> int:
    """A size times a scale, which is a float32 in C++, as their product is."""
    return int(shortest(shortest(scale) * size))


@layer("ResizeNearestNeighbor", param="resize_nearest_neighbor_param", in_place=False)
@dataclass(frozen=True)
class ResizeNearestNeighbor(Resize):
    """A Resize that takes the nearest pixel."""

    half_pixel_onnx: bool = False

    @property
    def flags(self) -> dict[str, bool]:
        return {**super().flags, "onnx": self.half_pixel_onnx}


@layer("ResizeBilinear", param="resize_bilinear_param", in_place=False)
@dataclass(frozen=True)
class ResizeBilinear(Resize):
    """A Resize that interpolates; of volumes (N, C, H, W, D) if data_format says neither order."""

    pytorch_half_pixel: bool = False
    output_depth: int | None = None
    scale_depth: float = 1.0

    @property
    def axes(self) -> tuple[int, ...]:
        return super().axes if self.data_format in ("NHWC", "NCHW") else (2, 3, 4)

    @property
    def flags(self) -> dict[str, bool]:
        return {**super().flags, "pytorch_half_pixel": self.pytorch_half_pixel}

    @property
    def sizes(self) -> tuple[tuple[int | None, float], ...]:
        depth = ((self.output_depth, self.scale_depth),) if len(self.axes) == 3 else ()
        return (*super().sizes, *depth)
