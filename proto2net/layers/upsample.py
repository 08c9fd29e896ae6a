"""Layers of forks that enlarge images by whole numbers, or to a size, or by a mask."""

from __future__ import annotations

from typing import ClassVar

from proto2net.frozen import dataclass
from proto2net.layers.base import Layer, layer, per_axis
from proto2net.layers.resize import (
    Resize,
    ResizeBilinear,
    ResizeNearestNeighbor,
    Unpooling,
    check_image,
)
from proto2net.shape import Shape, Shapes, dims, require

_SEGNETS = "SegNet's Upsample has the mask of a max pooling as its second bottom"


@layer("Upsample", param="upsample_param", bottoms=(1, 2), in_place=False)
@dataclass(frozen=True)
class Upsample(Layer):
    """Enlarge images: each pixel becomes a block, or goes to where a mask says.

    SegNet's second bottom is the mask that a max pooling has made: all other places become 0. In
    YOLOv5's fork the second bottom has the size of the top, and `mode` may be BILINEAR, by which
    corners stay. Without a second bottom the size is given, or is a multiple of the bottom's.
    """

    keeps_signs: ClassVar[bool] = True
    may_be_other: ClassVar[bool] = True

    forks: ClassVar[tuple[str, ...]] = ("mobilenet-yolo",)
    scale: float | None = None
    scale_h: int | None = None
    scale_w: int | None = None
    pad_out_h: bool = False
    """Whether one row less is made, as the pooled image had an odd height."""
    pad_out_w: bool = False
    upsample_h: int | None = None
    upsample_w: int | None = None
    mode: str | None = None
    """NEAREST or BILINEAR; this and the four below are of YOLOv5's fork."""
    height: int | None = None
    width: int | None = None
    height_scale: float | None = None
    width_scale: float | None = None
    stride: tuple[int, ...] = per_axis("stride", "stride_h", "stride_w", default=())
    """What Ascend calls the scale."""
    dims_num: int | None = None
    """How many axes the bottom has in brocolli's fork."""
    fork: str = ""

    # ---- what is given

    @property
    def bilinear(self) -> bool:
        """Whether what lies between pixels is interpolated."""
        return self.mode == "BILINEAR"

    @property
    def size(self) -> Shape | None:
        """The height and width of the top, if they are given."""
        for height, width in ((self.upsample_h, self.upsample_w), (self.height, self.width)):
            if height is not None and width is not None:
                return height, width
        return None

    @property
    def scales(self) -> Shape:
        """The factors of height and width."""
        if self.stride:
            return (*self.stride, *self.stride)[:2]
        if self.height_scale is not None and self.width_scale is not None:
            return int(self.height_scale), int(self.width_scale)
        if self.scale_h is not None and self.scale_w is not None:
            return self.scale_h, self.scale_w
        default = 1 if self.fork == "mobilenet-yolo" else 2
        scale = int(default if self.scale is None else self.scale)
        return scale, scale

    @property
    def less(self) -> Shape:
        """How much less than a multiple the height and width of the top are."""
        return int(self.pad_out_h), int(self.pad_out_w)

    def reads_mask(self, bottoms: Shapes) -> bool:
        """Whether there is a second bottom, and it is a mask; else the top has its size."""
        if len(bottoms) == 1 or self._of_yolov5:
            return False
        return bool(self.given()) or bottoms[0] == bottoms[1]

    @property
    def _of_yolov5(self) -> bool:
        sizes = (self.height, self.width, self.height_scale, self.width_scale)
        return self.mode is not None or sizes != (None,) * 4

    def disputed(self, bottoms: Shapes) -> str:
        if len(bottoms) == 1 or self.reads_mask(bottoms) or self.mode:
            return ""
        return "took the second bottom of Upsample for the size of the top, and mode for NEAREST"

    # ---- shapes

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        bottom = bottoms[0]
        check_image(bottom)
        self._check_pairs()
        if self.reads_mask(bottoms):
            return ((*bottom[:2], *self._unpooled(bottom, bottoms[1])),)
        self._check_unmasked()
        if len(bottoms) > 1:
            check_image(bottoms[1])
            return ((*bottom[:2], *bottoms[1][2:]),)
        self._check_alone()
        repeated = (n * scale for n, scale in zip(bottom[2:], self.scales, strict=True))
        size = self.size or tuple(repeated)
        require(min(size) > 0, f"the top would be {dims(size)}; each side must be above 0")
        return ((*bottom[:2], *size),)

    def _check_pairs(self) -> None:
        for height, width, instead in (
            ("upsample_h", "upsample_w", ", or scale"),
            ("scale_h", "scale_w", ", or scale"),
            ("height", "width", ""),
            ("height_scale", "width_scale", ""),
        ):
            require(
                (getattr(self, height) is None) == (getattr(self, width) is None),
                "only one of the sizes for height and width is given",
                f"give {height} and {width}{instead}",
            )

    def _unpooled(self, bottom: Shape, mask: Shape) -> Shape:
        """The size, by a mask."""
        require(
            mask == bottom,
            f"the mask must be as the bottom, {dims(bottom)}, but it is {dims(mask)}",
            "with mode: NEAREST or BILINEAR the second bottom has the size of the top",
        )
        require(
            not self.stride and self.dims_num is None,
            "stride and dims_num are for one bottom, but there are two",
        )
        if self.size:
            require(
                min(self.size) > 1,
                f"upsample_h and upsample_w are {dims(self.size)}; each must be above 1",
            )
            return self.size
        require(
            self.scale is None or self.scale_h is None,
            "scale is given, and scale_h and scale_w too",
            "give one or the other",
        )
        require(min(self.scales) > 1, f"scale is {dims(self.scales)}; it must be above 1")
        require(
            all(s == 2 for s, less in zip(self.scales, self.less, strict=True) if less),
            f"pad_out_h and pad_out_w are only for scale 2, but it is {dims(self.scales)}",
        )
        sizes = zip(bottom[2:], self.scales, self.less, strict=True)
        return tuple(n * scale - less for n, scale, less in sizes)

    def _check_unmasked(self) -> None:
        """Refuse what a layer has that reads no mask, and whose meaning is not known there."""
        require(
            self.scale_h is None and not any(self.less),
            "scale_h, scale_w, pad_out_h and pad_out_w are for a mask",
            _SEGNETS,
        )
        require(
            self.dims_num in (None, 4),
            f"dims_num is {self.dims_num}; only 4, for images, is supported",
        )

    def _check_alone(self) -> None:
        """Refuse sizes that contradict each other, or are missing, with one bottom."""
        ways = {
            "upsample_h and upsample_w": self.upsample_h is not None,
            "height and width": self.height is not None,
            "height_scale and width_scale": self.height_scale is not None,
            "stride": bool(self.stride),
        }
        given = [way for way, is_given in ways.items() if is_given]
        require(len(given) < 2, f"{' and also '.join(given)} say the size", "give one of them")
        require(
            not self.stride or self.scale in (None, 1),
            f"scale is {self.scale} beside stride; what is computed then is not known",
            "Ascend's Upsample has scale: 1 beside its stride",
        )
        require(
            not self.bilinear or self.height is not None or self.height_scale is not None,
            "mode is BILINEAR; it is only known with height and width, with height_scale and "
            "width_scale, or with a second bottom",
        )
        if not given:
            require(
                self.scale is not None or bool(self.fork),
                "scale is missing, and forks do not agree on what it is then",
                "give scale: 2, or name the fork: --fork mobilenet-yolo, where it is 1",
            )
        for name in ("scale", "height_scale", "width_scale"):
            scale = getattr(self, name)
            require(
                scale is None or (scale >= 1 and scale == int(scale)),
                f"{name} is {scale}; it must be a whole number above 0",
            )
        require(min(self.scales) > 0, f"stride is {dims(self.scales)}; each must be above 0")


@layer("UpsampleDarknet", param="upsample_darknet_param", in_place=False)
@dataclass(frozen=True)
class UpsampleDarknet(Layer):
    """Enlarge images: each pixel becomes a block of stride x stride pixels."""

    stride: int = 1

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        check_image(bottom)
        require(self.stride > 0, f"stride is {self.stride}; it must be above 0")
        return ((*bottom[:2], *(n * self.stride for n in bottom[2:])),)


@layer("MaxUnPool", param="max_unpool_param", bottoms=2, in_place=False)
@dataclass(frozen=True)
class MaxUnPool(Layer):
    """Put each value to where the mask of a max pooling says, among zeros (brocolli)."""

    keeps_signs: ClassVar[bool] = True
    dst_h: int
    dst_w: int

    @property
    def plain(self) -> Unpooling:
        """The layer of FuseNet that computes it."""
        return Unpooling(output_h=self.dst_h, output_w=self.dst_w)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return self.plain.infer(bottoms, tops)


@layer("BilinearInterpolate", param="bilinear_interpolate_param", in_place=False)
@dataclass(frozen=True)
class BilinearInterpolate(Layer):
    """Bring images to a size, or to a factor times their own, as PyTorch does (brocolli)."""

    keeps_signs: ClassVar[bool] = True
    align_corners: bool | None = None
    dst_h: int | None = None
    dst_w: int | None = None
    scale_factor: float | None = None

    @property
    def plain(self) -> Resize:
        """The layer of Synopsys' that computes it."""
        factor = 1.0 if self.scale_factor is None else self.scale_factor
        return ResizeBilinear(
            align_corners=bool(self.align_corners),
            half_pixel_centers=not self.align_corners,
            output_height=self.dst_h,
            output_width=self.dst_w,
            data_format="NCHW",
            scale_height=factor,
            scale_width=factor,
        )

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(self.align_corners is not None, "align_corners is missing", "say true or false")
        sized = self.dst_h is not None and self.dst_w is not None
        require(
            sized != (self.scale_factor is not None) and (sized or self.dst_h is self.dst_w),
            "the size must be said in one way",
            "give scale_factor, or dst_h and dst_w",
        )
        return self.plain.infer(bottoms, tops)


@layer("DeephiResize", param="deephi_resize_param", in_place=False)
@dataclass(frozen=True)
class DeephiResize(Layer):
    """Bring images to a size, or to factors times their own, as OpenCV does (Xilinx)."""

    keeps_signs: ClassVar[bool] = True
    new_height: int | None = None
    new_width: int | None = None
    resize_type: str = "NEAREST"
    scale_h: float | None = None
    scale_w: float | None = None

    @property
    def plain(self) -> Resize:
        """The layer of Synopsys' that computes it."""
        bilinear = self.resize_type == "BILINEAR"
        kind = ResizeBilinear if bilinear else ResizeNearestNeighbor
        return kind(
            half_pixel_centers=bilinear,
            output_height=self.new_height,
            output_width=self.new_width,
            data_format="NCHW",
            scale_height=1.0 if self.scale_h is None else self.scale_h,
            scale_width=1.0 if self.scale_w is None else self.scale_w,
        )

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        pairs = ((self.new_height, self.new_width), (self.scale_h, self.scale_w))
        complete = [all(side is not None for side in pair) for pair in pairs]
        partly = [any(side is not None for side in pair) for pair in pairs]
        require(
            sum(complete) == 1 and complete == partly,
            "the size must be said in one way",
            "give scale_h and scale_w, or new_height and new_width",
        )
        return self.plain.infer(bottoms, tops)
