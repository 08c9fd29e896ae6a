"""Layers that pool a feature map in regions of interest, those of Fast R-CNN and after it.

A region (RoI) is a row of image, x1, y1, x2, y2 in pixels of the network's input, both corners
inside. Where regions come from stands in rcnn.py.
"""

from __future__ import annotations

from typing import ClassVar

from proto2net.frozen import dataclass
from proto2net.layers.base import Layer, layer
from proto2net.shape import Shape, Shapes, count, dims, require

REGION = 5
"""The numbers of a region: image, x1, y1, x2, y2."""


@dataclass(frozen=True)
class RegionPooling(Layer):
    """What ROIPooling and ROIAlign share; `pad_ratio` widens a region on each side by that share.

    Only the forks MS-CNN and Cascade R-CNN have it.
    """

    region_bottom: ClassVar[int | None] = 1
    pooled_h: int = 0
    pooled_w: int = 0
    spatial_scale: float = 1.0
    pad_ratio: float = 0.0

    @property
    def pooled_size(self) -> tuple[int, int]:
        """How many bins a region has, down and across."""
        return (self.pooled_h, self.pooled_w)

    def check(self, feature: Shape, regions: Shape) -> None:
        """Refuse bottoms that cannot be pooled, and regions without bins."""
        check_pooled(feature, regions)
        require(self.pooled_h > 0, "pooled_h is missing or 0; it must be above 0")
        require(self.pooled_w > 0, "pooled_w is missing or 0; it must be above 0")


def check_pooled(feature: Shape, regions: Shape) -> None:
    """Refuse bottoms that are not a feature map and regions of it."""
    require(len(feature) == 4, f"needs a feature map of N, C, H, W, but it is {dims(feature)}")
    require(
        len(regions) > 0 and count(regions[1:]) == REGION,
        f"the regions (the second bottom) must be N x {REGION}, but they are {dims(regions)}",
        f"each is image, x1, y1, x2, y2; if they are an input, --input NAME=1,{REGION} states that",
    )


@layer("ROIPooling", param="roi_pooling_param", bottoms=2, in_place=False)
@dataclass(frozen=True)
class ROIPooling(RegionPooling):
    """The maximum of each bin of each region, 0 where a bin is empty (roi_pooling_layer.cpp)."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        feature, regions = bottoms
        self.check(feature, regions)
        return ((regions[0], feature[1], *self.pooled_size),)


@layer("PSROIPooling", param="psroi_pooling_param", bottoms=2, in_place=False)
@dataclass(frozen=True)
class PSROIPooling(Layer):
    """The mean of each bin of each region, each bin of other channels (psroi_pooling_layer.cu).

    Caffe has no CPU code for it.
    """

    region_bottom: ClassVar[int | None] = 1
    spatial_scale: float
    output_dim: int
    group_size: int

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        feature, regions = bottoms
        check_pooled(feature, regions)
        require(self.spatial_scale > 0, "spatial_scale is 0 or less; it must be above 0")
        require(self.output_dim > 0, "output_dim is 0 or less; it must be above 0")
        require(self.group_size > 0, "group_size is 0 or less; it must be above 0")
        needed = self.output_dim * self.group_size**2
        require(
            feature[1] == needed,
            f"output_dim {self.output_dim} and group_size {self.group_size} need {needed} "
            f"channels, but the bottom has {feature[1]}",
        )
        return ((regions[0], self.output_dim, self.group_size, self.group_size),)


@dataclass(frozen=True)
class ROIAlignParameter:
    """The parameters of other layers of the name ROIAlign than that of Cascade R-CNN."""

    pooled_h: int = 0
    pooled_w: int = 0
    spatial_scale: float = 1.0


@layer("ROIAlign", param="roi_pooling_param", bottoms=2, in_place=False)
@dataclass(frozen=True)
class ROIAlign(RegionPooling):
    """Interpolated values at a grid of points over each region, its border included.

    It is the layer of Cascade R-CNN (roi_align_layer.cpp), which is told by its
    roi_pooling_param: bins have a value at each of their corners, and a point outside of the
    feature map is 0. Several forks have others, with a roi_align_param and different rules.
    """

    roi_align_param: ROIAlignParameter | None = None

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        feature, regions = bottoms
        require(
            self.roi_align_param is None,
            "forks have different layers of this name, and roi_align_param does not tell which "
            "it is",
            "only that of Cascade R-CNN is supported, which has a roi_pooling_param",
        )
        self.check(feature, regions)
        return ((regions[0], feature[1], self.pooled_h + 1, self.pooled_w + 1),)
