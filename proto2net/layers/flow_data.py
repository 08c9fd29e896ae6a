"""Layers of FlowNet2 around its network: what is done to images before, and what writes files."""

from __future__ import annotations

from typing import ClassVar

from proto2net.errors import UnsupportedError
from proto2net.frozen import dataclass
from proto2net.layers.base import ANY, Layer, Learned, layer
from proto2net.layers.data import Writer
from proto2net.layers.resize import check_image
from proto2net.shape import Shape, Shapes, dims, require


@layer("Mean", param="mean_param", bottoms=(1, ANY), tops=(1, ANY))
@dataclass(frozen=True)
class Mean(Layer):
    """Add or subtract a number for each channel, which come again and again (FlowNet's Mean)."""

    operation: str
    value: tuple[float, ...] = ()
    file: str | None = None
    input_scale: float = 1.0
    mean_scale: float = 1.0
    output_scale: float = 1.0

    @property
    def factor(self) -> float:
        """What the bottom is multiplied by."""
        return self.input_scale * self.output_scale

    def shifts(self, channels: int) -> tuple[float, ...]:
        """What is added to each channel; one number for all that are alike."""
        sign = -1 if self.operation == "SUBTRACT" else 1
        scale = sign * self.mean_scale * self.output_scale
        every = tuple(scale * self.value[c % len(self.value)] for c in range(channels))
        return every[:1] if len(set(every)) == 1 else every

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(
            self.file is None,
            "its mean is in a file, which is not read",
            "give a value for each channel",
        )
        require(
            tops == len(bottoms),
            f"needs a top for each bottom, but has {tops} for {len(bottoms)} bottoms",
        )
        for bottom in bottoms:
            check_image(bottom)
            require(
                bool(self.value) and bottom[1] % len(self.value) == 0,
                f"value is given {len(self.value)} times for {bottom[1]} channels",
                "give it once, or once for each channel",
            )
        return bottoms


@layer("DataAugmentation", param="augmentation_param", bottoms=(1, 2), tops=(1, 2), in_place=False)
@dataclass(frozen=True)
class DataAugmentation(Layer):
    """The middle of images, less the mean of what training has seen (FlowNet2).

    In training it changes images at random, which is not rendered.
    """

    statistics: ClassVar[tuple[str, ...]] = ("iterations", "mean_picture", "mean")

    augment_during_test: bool = False
    recompute_mean: int = 0
    """How many images have made the mean; 0: there is no learned mean."""
    mean_per_pixel: bool = True
    mean: tuple[float, ...] = ()
    crop_width: int | None = None
    crop_height: int | None = None
    max_multiplier: float = 255.0
    """It is for what changes at random."""
    write_augmented: str | None = None
    write_mean: str | None = None

    @property
    def cropped(self) -> Shape:
        """The height and width that are cut out; () if all is kept."""
        if self.crop_height is None or self.crop_width is None:
            return ()
        return self.crop_height, self.crop_width

    @property
    def constant(self) -> Mean | None:
        """What stands in the file to be subtracted, if anything does."""
        stated = len(self.mean) == 3 and not self.mean_per_pixel and not self.recompute_mean
        return Mean("SUBTRACT", self.mean) if stated else None

    def check_rendered(self, bottoms: int, tops: int, *, training: bool) -> None:
        if training:
            raise UnsupportedError("in training it changes images at random, and learns their mean")
        if bottoms > 1 or tops > 1:
            raise UnsupportedError(
                "random numbers that another layer draws, or gets, are not supported",
                "for use, leave its second bottom or top out",
            )

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        bottom = bottoms[0]
        check_image(bottom)
        size = self.cropped or bottom[2:]
        require(
            min(size) > 0 and all(n <= m for n, m in zip(size, bottom[2:], strict=True)),
            f"crop_height and crop_width are {dims(size)}, but the images are {dims(bottom[2:])}",
            "they must be above 0, and no larger than the image",
        )
        top = (*bottom[:2], *size)
        if self.constant:
            self.constant.infer((top,), 1)
        return (top, (bottom[0], 1, 1, 1))[:tops]

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        one = {"iterations": Learned((1, 1, 1, 1))}
        if not self.recompute_mean:
            return one
        channels = (1, bottoms[0][1])
        size = (self.cropped or bottoms[0][2:]) if self.mean_per_pixel else (1, 1)
        picture, mean = Learned((*channels, *size)), Learned((*channels, 1, 1))
        return {**one, "mean_picture": picture, "mean": mean}


@layer("FLOWriter", bottoms=(1, ANY), tops=0)
@dataclass(frozen=True)
class FLOWriter(Writer):
    """Writes flows as .flo files (FlowNet2)."""


@layer("FloatWriter", bottoms=(1, ANY), tops=0)
@dataclass(frozen=True)
class FloatWriter(Writer):
    """Writes numbers as .float3 files (FlowNet2)."""


@layer("ImgWriter", bottoms=(1, ANY), tops=0)
@dataclass(frozen=True)
class ImgWriter(Writer):
    """Writes images (FlowNet2)."""


@layer("PFMWriter", bottoms=(1, ANY), tops=0)
@dataclass(frozen=True)
class PFMWriter(Writer):
    """Writes disparities as .pfm files (DispNet)."""


class Augmentation(Layer):
    """What training alone does to images and flows."""

    unrendered: ClassVar[str] = "random changes of images in training are not supported"


@layer("GenerateAugmentationParameters", bottoms=(1, 3), tops=1)
@dataclass(frozen=True)
class GenerateAugmentationParameters(Augmentation):
    """Draws how an image is changed (FlowNet2)."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return bottoms[:1]


@layer("FlowAugmentation", param="augmentation_param", bottoms=3)
@dataclass(frozen=True)
class FlowAugmentation(Augmentation):
    """Changes a flow as its two images are changed (FlowNet2)."""

    crop_width: int = 0
    crop_height: int = 0

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return ((*bottoms[0][:2], self.crop_height, self.crop_width),)
