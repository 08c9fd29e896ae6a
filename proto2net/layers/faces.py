"""Layers of forks that learn to tell faces: distances to a center of each class, and margins.

Margins are for training: they make the scores of the right class worse. Where the labels are gone,
what remains are the scores (happynear's caffe-windows, wy1iu's SphereFace).
"""

from __future__ import annotations

from typing import ClassVar

from proto2net.errors import UnsupportedError
from proto2net.frozen import dataclass
from proto2net.layers.base import Filler, Layer, Learned, Unstated, layer, named
from proto2net.layers.combine import Split
from proto2net.layers.dense import InnerProduct, check_lengths
from proto2net.layers.normalize import check_bounds
from proto2net.shape import Shape, Shapes, canonical_axis, count, dims, require

MARGIN = "a margin, which only training needs, is not supported"


def check_no_margin(bottoms: int) -> None:
    """Refuse labels beside the scores."""
    if bottoms > 1:
        raise UnsupportedError(MARGIN)


@layer("InnerDistance", param="inner_distance_param", bottoms=(1, 2), in_place=False)
@dataclass(frozen=True)
class InnerDistance(Layer):
    """The distance of each vector to each row of a matrix (inner_distance_layer.cpp).

    It is the sum of squares (L2) or of magnitudes (L1). The matrix is the second bottom, or
    learned; `normalize` first brings each learned row to length 1.
    """

    num_output: int = 0
    weight_filler: Filler = Unstated()
    axis: int = 1
    distance_type: str = "L2"
    normalize: bool = False
    bias_term: bool = True

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        bottom, *centers = bottoms
        axis = canonical_axis(self.axis, bottom)
        require(
            self.distance_type in ("L1", "L2"),
            f'distance_type is "{self.distance_type}"; it is "L1" or "L2"',
        )
        if not centers:
            require(self.num_output > 0, "num_output is missing or 0; it must be above 0")
            require(
                not self.bias_term,
                "bias_term is true, which versions of the fork do not agree on",
                "give bias_term: false",
            )
            return ((*bottom[:axis], self.num_output),)
        size = count(bottom[axis:])
        require(
            len(centers[0]) > 0 and count(centers[0][1:]) == size,
            f"the rows of the second bottom ({dims(centers[0])}) must have as many values as the "
            f"vectors of the first, {size}",
        )
        return ((*bottom[:axis], centers[0][0]),)

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        if len(bottoms) > 1:
            return {}
        size = count(bottoms[0][canonical_axis(self.axis, bottoms[0]) :])
        return {"weight": Learned((self.num_output, size), self.weight_filler)}

    def check_rendered(self, bottoms: int, tops: int, *, training: bool) -> None:
        check_lengths(self.normalize and bottoms == 1, training)


@layer("ChannelScale", param="channel_scale_param", bottoms=2)
@dataclass(frozen=True)
class ChannelScale(Layer):
    """Multiply the channels of each pixel by the second bottom (channel_scale_layer.cpp)."""

    do_forward: bool = True
    do_backward_feature: bool = True
    do_backward_scale: bool = True

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        x, factors = bottoms
        require(2 <= len(x) <= 4, f"needs 2 to 4 axes (N, C, H, W), but the bottom is {dims(x)}")
        require(
            len(factors) > 0 and factors[0] == x[0] and count(x) == x[1] * count(factors),
            f"needs a factor for each pixel of {dims(x)}, but the factors are {dims(factors)}",
        )
        require(
            self.do_backward_feature and self.do_backward_scale,
            "leaving out a gradient (do_backward_feature, do_backward_scale) is not supported",
            "leave it out",
        )
        return (x,)


class Margin(Layer):
    """What changes the scores of the right class, in training."""

    unrendered: ClassVar[str] = MARGIN
    labels: ClassVar[tuple[int, ...]] = (1,)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return (bottoms[0], (1,))[:tops]


@layer("LabelSpecificAdd", param="label_specific_add_param", bottoms=2, tops=(1, 2))
@dataclass(frozen=True)
class LabelSpecificAdd(Margin):
    """Add a bias to the score of the right class, in training only (label_specific_add.cpp)."""

    bias: float = 0.0
    bias_base: float | None = None
    bias_gamma: float = 0.0
    bias_max: float = 0.0
    bias_min: float = 0.0
    bias_power: float = 1.0
    iteration: int = 0
    transform_test: bool = False

    def prediction(self) -> Layer:
        return Split()


@layer("LabelSpecificRescale", param="label_specific_rescale_param", bottoms=2, tops=(1, 2))
@dataclass(frozen=True)
class LabelSpecificRescale(Margin):
    """Rescale the score of the right class, and the others (label_specific_rescale.cpp)."""

    positive_weight: float = 1.0
    negative_weight: float = 1.0
    positive_lower_bound: float = 0.0
    negative_upper_bound: float = 0.0
    rescale_test: bool = False
    """Whether it does so in testing too."""
    for_ip: bool = False
    bias_fix: bool = False
    gamma: float = 0.0
    power: float = 1.0
    iteration: int = 0
    positive_weight_base: float = 0.0
    positive_weight_max: float = 0.0
    positive_weight_min: float = 0.0
    power_on_positive: bool = False

    def prediction(self) -> Layer | None:
        return None if self.rescale_test else Split()


@layer("GlobalLSEMargin", param="scale_param", bottoms=(1, 2), tops=(1, 2))
@dataclass(frozen=True)
class GlobalLSEMargin(Layer):
    """Take a margin from the scores of the right class, then scale all scores.

    The margin is how far these were above the others so far. Without labels it has 1 bottom, and
    gives what Caffe gives to all classes but the right one. The second top is for watching
    (global_lse_margin_layer.cu).
    """

    labels: ClassVar[tuple[int, ...]] = (1,)
    filler: Filler | None = None
    min_value: float = 0.0
    max_value: float | None = None

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(
            len(bottoms) == 2 or tops == 1,
            "without labels (the second bottom) it has nothing to watch",
            "leave the second top out",
        )
        return (bottoms[0], (5,))[:tops]

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        return {"scale": Learned((1,), self.filler or Filler(value=30.0)), "margin": Learned((1,))}

    def check_rendered(self, bottoms: int, tops: int, *, training: bool) -> None:
        check_no_margin(bottoms)
        check_bounds(bounded=True, training=training)

    def prediction(self) -> Layer:
        return self


@layer(
    "MarginInnerProduct",
    param="margin_inner_product_param",
    bottoms=(1, 2),
    tops=(1, 2),
    in_place=False,
)
@dataclass(frozen=True)
class MarginInnerProduct(Layer):
    """SphereFace's product with rows of length 1, with a margin (margin_inner_product_layer.cpp).

    Without labels it has 1 bottom, and gives what Caffe gives to all classes but the right one.
    """

    labels: ClassVar[tuple[int, ...]] = (1,)
    bias_term: ClassVar[bool] = False
    enable_noise: ClassVar[bool] = False
    normalize: ClassVar[bool] = True
    transpose: ClassVar[bool] = False
    unit_eps: ClassVar[float] = 0.0
    num_output: int = 0
    weight_filler: Filler = Unstated()
    axis: int = 1
    base: float = 1.0
    gamma: float = 0.0
    iteration: int = 0
    lambda_min: float = 0.0
    power: float = 1.0
    margin: str = named("type", default="SINGLE")

    @property
    def product(self) -> InnerProduct:
        """The product, without a margin."""
        return InnerProduct(self.num_output, False, self.weight_filler, axis=self.axis)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return (*self.product.infer(bottoms[:1], 1), (1,))[:tops]

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        return self.product.blobs(bottoms[:1])

    def check_rendered(self, bottoms: int, tops: int, *, training: bool) -> None:
        check_no_margin(bottoms)
        check_lengths(normalize=True, training=training)

    def macs(self, bottoms: Shapes, tops: Shapes) -> int:
        return self.product.macs(bottoms[:1], tops)

    def batch(self, bottom: Shape) -> Shape:
        """The axes of the bottom that stay; the outputs become one more."""
        return self.product.batch(bottom)

    def added_axes(self, bottom: Shape) -> int:
        """How many axes of size 1 come behind the outputs."""
        return 0

    def prediction(self) -> Layer:
        return self
