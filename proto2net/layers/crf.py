"""Conditional random fields as layers: CRF as RNN (Zheng et al., ICCV 2015), and DeepLab."""

from __future__ import annotations

from typing import ClassVar

from proto2net.frozen import dataclass
from proto2net.layers.base import IDENTITY, Filler, Layer, Learned, layer
from proto2net.layers.resize import check_image
from proto2net.shape import Shapes, count, dims, require

COLOURS = 3
"""The channels that the image must have, as multi_stage_meanfield.cpp reads three."""


@layer("MultiStageMeanfield", param="multi_stage_meanfield_param", bottoms=3, in_place=False)
@dataclass(frozen=True)
class MultiStageMeanfield(Layer):
    """Mean field iterations of a dense CRF: scores, those to start from, and the image.

    Messages pass between pixels that are near (theta_gamma), and between those that are near and
    of one colour (theta_alpha, theta_beta), by filters on permutohedral lattices; three learned
    matrices mix the classes. The top is not normalized (multi_stage_meanfield.cpp,
    meanfield_iteration.cpp and modified_permutohedral.cpp of torrvision's fork).
    """

    num_iterations: int = 1
    theta_alpha: float = 10.0
    theta_beta: float = 10.0
    theta_gamma: float = 10.0
    spatial_filter_weight: float = 1.0
    bilateral_filter_weight: float = 1.0
    """With the one above, how the matrices start; the fork reads two files (*.par) for that."""
    compatibility_mode: str = "POTTS"
    threshold: float = 0.0
    """No code of the fork reads it."""

    @property
    def settings(self) -> dict[str, float]:
        """What the iterations and their filters depend on."""
        names = ("num_iterations", "theta_alpha", "theta_beta", "theta_gamma")
        return {name: getattr(self, name) for name in names}

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        unary, start, image = bottoms
        require(
            self.num_iterations > 1,
            f"num_iterations is missing or {self.num_iterations}; it must be above 1",
        )
        for name in ("theta_alpha", "theta_beta", "theta_gamma"):
            value = getattr(self, name)
            require(value > 0, f"{name} is {value}; it must be above 0")
        require(
            len(unary) == 4 and unary == start,
            f"the first two bottoms must both be N, C, H, W, but they are "
            f"{dims(unary)} and {dims(start)}",
        )
        right = (unary[0], COLOURS, *unary[2:])
        require(
            image == right,
            f"the third bottom must be the image, {dims(right)}, but it is {dims(image)}",
        )
        return (unary,)

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        shape = (1, 1, bottoms[0][1], bottoms[0][1])
        starts = {
            "spatial": self.spatial_filter_weight,
            "bilateral": self.bilateral_filter_weight,
            "compatibility": -1.0,
        }
        return {name: Learned(shape, Filler(IDENTITY, value)) for name, value in starts.items()}

    def macs(self, bottoms: Shapes, tops: Shapes) -> int:
        number, classes, height, width = tops[0]
        return self.num_iterations * 3 * number * classes**2 * height * width


@layer("DenseCRF", param="dense_crf_param", bottoms=(2, 3), in_place=False)
@dataclass(frozen=True)
class DenseCRF(Layer):
    """A dense CRF behind the scores: these, the size of each image, and the images (DeepLab).

    Its kernels are fixed, so nothing is learned, and a network can be used up to the scores.
    """

    unrendered: ClassVar[str] = (
        "the normalisation of its filters has not been compared with DeepLab's code, so it is not "
        "supported"
    )

    max_iter: int = 10
    output_probability: bool = True
    pos_w: tuple[float, ...] = ()
    pos_xy_std: tuple[float, ...] = ()
    bi_w: tuple[float, ...] = ()
    bi_xy_std: tuple[float, ...] = ()
    bi_rgb_std: tuple[float, ...] = ()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        scores, sizes, *_ = bottoms
        check_image(scores)
        require(
            sizes[:1] == scores[:1] and count(sizes[1:]) == 2,
            f"the second bottom has the height and the width of each image, but it is "
            f"{dims(sizes)}",
            f"it must be {dims((scores[0], 1, 1, 2))}",
        )
        require(
            self.output_probability,
            "output_probability is false, which is not supported",
            "leave it out for the probabilities of the classes",
        )
        return (scores,)
