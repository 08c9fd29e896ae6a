"""Layers of forks that make pixels from channels, each by another name and in its own order."""

from __future__ import annotations

from math import isqrt
from typing import ClassVar

from proto2net.frozen import dataclass
from proto2net.layers.base import Layer, layer
from proto2net.layers.resize import check_image
from proto2net.layers.space import DepthToSpace, SpaceToDepth
from proto2net.shape import Shape, Shapes, require

CHANNEL_FIRST, PIXEL_FIRST = "CRD", "NCHW"
"""What comes first in the channels, as data_format of DepthToSpace says it."""


class _SubPixel(Layer):
    """What all of them share: each is a DepthToSpace, or the reverse of it."""

    keeps_signs: ClassVar[bool] = True

    def plain(self, bottom: Shape) -> DepthToSpace | SpaceToDepth:
        """The layer that computes it."""
        raise NotImplementedError

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        check_image(bottoms[0])
        return self.plain(bottoms[0]).infer(bottoms, tops)


@layer("Tiling", param="tiling_param", in_place=False)
@dataclass(frozen=True)
class Tiling(_SubPixel):
    """Make squares of tile_dim pixels from channels, the channel before the pixel in them."""

    tile_dim: int

    def plain(self, bottom: Shape) -> DepthToSpace:
        return DepthToSpace(self.tile_dim, CHANNEL_FIRST)


@layer("PixelShuffle", param="pixelshuffle_param", in_place=False)
@dataclass(frozen=True)
class PixelShuffle(_SubPixel):
    """PyTorch's pixel shuffle (brocolli)."""

    upscale_factor: int

    def plain(self, bottom: Shape) -> DepthToSpace:
        return DepthToSpace(self.upscale_factor, CHANNEL_FIRST)


@layer("Rearrange", param="rearrange_param", in_place=False)
@dataclass(frozen=True)
class Rearrange(_SubPixel):
    """Make squares of pixels so large that depth channels remain, the channel before the pixel."""

    depth: int

    def plain(self, bottom: Shape) -> DepthToSpace:
        channels = bottom[1]
        size = isqrt(channels // self.depth) if self.depth else 0
        require(
            size > 0 and size**2 * self.depth == channels,
            f"{channels} channels do not make squares of pixels in {self.depth} channels (depth)",
        )
        return DepthToSpace(size, CHANNEL_FIRST)


@layer("PeriodicShuffle", param="periodic_shuffle_param", in_place=False)
@dataclass(frozen=True)
class PeriodicShuffle(_SubPixel):
    """Make squares of group_size pixels from channels, the pixel before the channel in them."""

    group_size: int
    num_output: int

    def plain(self, bottom: Shape) -> DepthToSpace:
        needed = self.num_output * self.group_size**2
        require(
            bottom[1] == needed,
            f"num_output {self.num_output} with group_size {self.group_size} needs {needed} "
            f"channels, but the bottom has {bottom[1]}",
        )
        return DepthToSpace(self.group_size, PIXEL_FIRST)


@layer("GSTiling", param="gs_tiling_param", in_place=False)
@dataclass(frozen=True)
class GSTiling(_SubPixel):
    """Make channels from squares of stride pixels; `reverse` undoes it. The pixel comes first."""

    stride: int
    reverse: bool = False

    def plain(self, bottom: Shape) -> DepthToSpace | SpaceToDepth:
        kind = DepthToSpace if self.reverse else SpaceToDepth
        return kind(self.stride, PIXEL_FIRST)
