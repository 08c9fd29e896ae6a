"""Layers that take the maximum or the mean of each window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from typing import ClassVar

from proto2net.frozen import dataclass
from proto2net.layers.base import Layer, layer, per_axis
from proto2net.layers.windows import check_volume, nd_window, padded_same, spread, window_of
from proto2net.shape import Shape, Shapes, Window, count, dims, require


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
            else spread("kernel_size", self.kernel, 2, default=None)
        )
        return padded_same(self, window_of(self, kernel, (1, 1)), bottom[2:])

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
        return nd_window(self, bottom, len(bottom) - 2)

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
            (depth or 0, *spread(name, size, 2, default=None))
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
        check_volume(bottom)
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


@layer("Maxout", param="maxout_param", in_place=False)
@dataclass(frozen=True)
class Maxout(Layer):
    """The greatest of the channels beside each other that make one of the top's; of forks."""

    keeps_signs: ClassVar[bool] = True

    num_output: int = 0

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        require(len(bottom) > 1, f"needs 2 axes or more, but the bottom is {dims(bottom)}")
        require(self.num_output > 0, "num_output is missing or 0; it must be above 0")
        require(
            bottom[1] % self.num_output == 0,
            f"{bottom[1]} channels do not divide into {self.num_output} outputs",
        )
        return ((bottom[0], self.num_output, *bottom[2:]),)
