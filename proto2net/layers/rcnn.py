"""Layers of Fast and Faster R-CNN, R-FCN and Cascade R-CNN: proposals, losses and training.

Proposals are regions as roi.py pools them. How many there are is known from the data alone; the
inferred shapes have as many as the layer has in Caffe before the first forward pass.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from math import floor, sqrt
from typing import Any, ClassVar

from proto2net import limits
from proto2net.frozen import dataclass
from proto2net.layers.base import Layer, layer
from proto2net.layers.columns import PIXELS, REGIONS, SCORES, Rows
from proto2net.layers.combine import Split
from proto2net.layers.data import GIVE_IT, DataLayer, Python
from proto2net.layers.loss import Loss, LossParameter, SoftmaxParameter
from proto2net.layers.python import parameters, python_layer
from proto2net.layers.roi import REGION
from proto2net.shape import MAX_COUNT, Shapes, count, dims, require

CORNERS = 4
"""The numbers of a box."""

Box = tuple[float, ...]


# ---- proposals ------------------------------------------------------------------------------


def base_anchors(
    base_size: int,
    ratios: tuple[float, ...],
    scales: tuple[float, ...],
    rounded: Callable[[float], float],
) -> tuple[Box, ...]:
    """The boxes around the first place of a feature map, ratio by ratio, in pixels.

    The square of base_size is given each ratio of height to width at about the same area, in
    whole pixels, and each of those is scaled around its centre.
    """
    require(
        len(ratios) * len(scales) <= limits.BOXES,
        f"there are {len(ratios):,} ratios and {len(scales):,} scales; "
        f"{limits.BOXES:,} anchors are the most",
    )
    require(
        all(1 / MAX_COUNT <= ratio <= MAX_COUNT for ratio in ratios)
        and all(abs(scale) <= MAX_COUNT for scale in scales),
        f"the ratios are {ratios}, the scales {scales}, of which one is too small or too large",
    )
    center = (base_size - 1) / 2
    anchors = []
    for ratio in ratios:
        width = rounded(sqrt(base_size**2 / ratio))
        height = rounded(width * ratio)
        for scale in scales:
            x, y = (width * scale - 1) / 2, (height * scale - 1) / 2
            anchors.append((center - x, center - y, center + x, center + y))
    return tuple(anchors)


@dataclass(frozen=True)
class Proposing:
    """How regions are proposed: what Caffe's Proposal and the Python layer have in common."""

    anchors: tuple[Box, ...]
    feat_stride: int
    min_size: float
    pre_nms_topn: int
    post_nms_topn: int
    nms_thresh: float
    keep_small: bool
    """Whether a box that is too small stays, with a score of 0."""

    def check(self, bottoms: Shapes) -> None:
        """Refuse all but scores, shifts and the image's size that fit the anchors."""
        scores, shifts, im_info = bottoms
        boxes = len(self.anchors)
        require(boxes > 0, "there are no anchors", "give a ratio and a scale at least")
        for what, shape, each in (("scores", scores, 2), ("box shifts", shifts, 4)):
            require(
                len(shape) == 4 and shape[1] == each * boxes,
                f"{boxes} anchors need {each * boxes} channels of {what} (1 x "
                f"{each * boxes} x H x W), but there are {dims(shape)}",
                "there is an anchor for each ratio and scale",
            )
        require(
            scores[0] == shifts[0] == 1,
            f"takes one image at a time, but the batch is {scores[0]}",
            "set the batch size to 1",
        )
        require(
            scores[2:] == shifts[2:],
            f"scores and box shifts must be of one size, but they are {dims(scores)} "
            f"and {dims(shifts)}",
        )
        require(
            count(im_info) >= 3,
            f"the third bottom must hold the image's height, width and scale, "
            f"but it is {dims(im_info)}",
        )


@layer("Proposal", param="proposal_param", bottoms=3, tops=(1, 2), in_place=False)
@dataclass(frozen=True)
class Proposal(Layer):
    """The regions that are most likely objects, and their scores (PVANET's proposal_layer.cpp).

    The third bottom is the image's height, width and scale, or the scales of both axes.
    """

    sizes_by_value: ClassVar[bool] = True
    feat_stride: int = 16
    base_size: int = 16
    min_size: int = 16
    ratio: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    pre_nms_topn: int = 6000
    post_nms_topn: int = 300
    nms_thresh: float = 0.7

    def proposing(self, phase: str) -> Proposing:
        """How the layer proposes regions, which is the same in both phases."""
        require(
            min(self.ratio, default=1) > 0,
            f"ratio is {min(self.ratio, default=1)}; it must be above 0",
        )
        return Proposing(
            base_anchors(self.base_size, self.ratio, self.scale, lambda x: floor(x + 0.5)),
            self.feat_stride,
            self.min_size,
            self.pre_nms_topn,
            self.post_nms_topn,
            self.nms_thresh,
            keep_small=True,
        )

    def columns(self, bottoms: Shapes) -> tuple[Rows, ...]:
        return (REGIONS, SCORES)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        self.proposing("TEST").check(bottoms)
        return ((self.post_nms_topn, REGION), (self.post_nms_topn,))[:tops]


@python_layer("rpn.proposal_layer", "ProposalLayer", bottoms=3, tops=(1, 2))
@dataclass(frozen=True)
class ProposalLayer(Python):
    """Faster R-CNN's Proposal in Python, with the settings of its configuration file.

    Its param_str has feat_stride, and may have scales and ratios (lib/rpn/proposal_layer.py).
    """

    sizes_by_value: ClassVar[bool] = True
    known: ClassVar[set[str]] = {"feat_stride", "scales", "ratios"}
    """What may stand in param_str."""

    @cached_property
    def _values(self) -> dict[str, Any]:
        return parameters(self.param_str)

    def proposing(self, phase: str) -> Proposing:
        """How the layer proposes regions: 300 of the best 6000 in tests, 2000 of 12000 in training.

        What in a configuration differs from these defaults is not in the definition.
        """
        best, proposed = (12000, 2000) if phase == "TRAIN" else (6000, 300)
        return self._proposing(16, best, proposed, 0.7)

    def _proposing(self, min_size: int, best: int, proposed: int, nms_thresh: float) -> Proposing:
        """Proposing with the anchors of param_str."""
        unknown = sorted(self._values.keys() - self.known)
        require(
            not unknown, f"param_str has {', '.join(unknown)}, which this layer is not known with"
        )
        require("feat_stride" in self._values, "param_str lacks feat_stride")
        ratios, scales = self._numbers("ratios", (0.5, 1, 2)), self._numbers("scales", (8, 16, 32))
        (stride,) = self._numbers("feat_stride", ())
        (base_size,) = self._numbers("base_size", (16,))
        require(min(ratios, default=1) > 0, f"ratios are {ratios}; each must be above 0")
        # NumPy, as Python, rounds a half to the even number.
        anchors = base_anchors(int(base_size), ratios, scales, round)
        return Proposing(
            anchors, int(stride), min_size, best, proposed, nms_thresh, keep_small=False
        )

    def _numbers(self, name: str, default: tuple[float, ...]) -> tuple[float, ...]:
        value = self._values.get(name, default)
        values = value if isinstance(value, tuple) else (value,)
        require(
            all(isinstance(v, int | float) and abs(v) <= MAX_COUNT for v in values)
            and (name not in ("feat_stride", "base_size") or len(values) == 1),
            f"param_str has {name}: {value}, which is not a number",
        )
        return values

    def columns(self, bottoms: Shapes) -> tuple[Rows, ...]:
        return (REGIONS, SCORES)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        self.proposing("TEST").check(bottoms)
        return ((1, REGION), (1, 1))[:tops]


@python_layer("SSH.layers.proposal_layer", "ProposalLayer", bottoms=3, tops=(1, 2))
@dataclass(frozen=True)
class SSHProposalLayer(ProposalLayer):
    """The boxes that SSH's detection modules find in an image, those that overlap too in tests.

    The settings are those of its configuration file (SSH/layers/proposal_layer.py).
    """

    known: ClassVar[set[str]] = ProposalLayer.known | {"base_size"}

    def proposing(self, phase: str) -> Proposing:
        if phase == "TRAIN":
            return self._proposing(4, 1000, 300, 0.3)
        return self._proposing(0, 1000, 1000, 1.0)  # no two boxes share more than all


@python_layer("layers.text_proposal_layer", "ProposalLayer", bottoms=3, tops=2)
@dataclass(frozen=True)
class TextProposalLayer(Python):
    """All of CTPN's boxes of text, of a fixed width, and their scores (text_proposal_layer.py).

    A box of a place is moved and scaled in height alone; none is left out.
    """

    heights: ClassVar[tuple[int, ...]] = (11, 16, 23, 33, 48, 68, 97, 139, 198, 283)

    @property
    def feat_stride(self) -> int:
        """The pixels between two places."""
        given = parameters(self.param_str)
        require(
            given.keys() == {"feat_stride"} and isinstance(given["feat_stride"], int),
            "param_str must give a whole number as feat_stride, and nothing else",
        )
        return int(given["feat_stride"])

    @property
    def anchors(self) -> tuple[Box, ...]:
        """The boxes around the first place, in whole pixels, rounded towards 0."""
        halves = (height // 2 for height in self.heights)
        return tuple((0, int(7.5 - half), 15, int(7.5 + half)) for half in halves)

    def columns(self, bottoms: Shapes) -> tuple[Rows, ...]:
        return (Rows(REGIONS.columns[1:], PIXELS), SCORES)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        scores, shifts, im_info = bottoms
        channels = 2 * len(self.heights)
        for what, shape in (("scores", scores), ("box shifts", shifts)):
            require(
                len(shape) == 4 and shape[:2] == (1, channels) and shape[2:] == scores[2:],
                f"{what} must be 1 x {channels} x H x W, of one size, but they are {dims(shape)}",
            )
        require(
            count(im_info) >= 2,
            f"the third bottom must hold the image's height and width, but it is {dims(im_info)}",
        )
        require(self.feat_stride > 0, "feat_stride must be above 0")
        boxes = len(self.heights) * count(scores[2:])
        return ((boxes, CORNERS), (boxes, 1))


# ---- losses ---------------------------------------------------------------------------------


@layer("SmoothL1Loss", param="smooth_l1_loss_param", bottoms=(2, 4))
@dataclass(frozen=True)
class SmoothL1Loss(Loss):
    """Half of the square of small differences, the magnitude of others, summed, a sample.

    A third bottom weighs the differences, a fourth the losses (smooth_L1_loss_layer.cu).
    """

    labels: ClassVar[tuple[int, ...]] = (1, 2, 3)
    sigma: float = 1.0

    def check(self, bottoms: Shapes) -> None:
        super().check(bottoms)
        require(self.sigma != 0, "sigma is 0, by which differences are divided")
        first = bottoms[0]
        for other in bottoms[1:]:
            require(
                (*first, 1, 1, 1)[:4] == (*other, 1, 1, 1)[:4],
                f"all bottoms must have one shape, but they are {', '.join(map(dims, bottoms))}",
            )


@layer("SmoothL1LossOHEM", param="smooth_l1_loss_param", bottoms=3, tops=(1, 2))
@dataclass(frozen=True)
class SmoothL1LossOHEM(Loss):
    """SmoothL1Loss, and as a second top the loss of each region (R-FCN's fork)."""

    unrendered: ClassVar[str] = "mining hard examples in training is not supported"
    labels: ClassVar[tuple[int, ...]] = (1, 2)
    sigma: float = 1.0
    loss_param: LossParameter = LossParameter()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        self.check(bottoms)
        shape = (*bottoms[0], 1, 1)[:4]
        return ((), (shape[0], 1, *shape[2:]))[:tops]


@layer("SoftmaxWithLossOHEM", bottoms=2, tops=(1, 3))
@dataclass(frozen=True)
class SoftmaxWithLossOHEM(Loss):
    """SoftmaxWithLoss; its other tops are the probabilities, and each region's loss (R-FCN)."""

    unrendered: ClassVar[str] = "mining hard examples in training is not supported"
    softmax_param: SoftmaxParameter = SoftmaxParameter()
    loss_param: LossParameter = LossParameter()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        self.check(bottoms)
        scores, _ = bottoms
        shape = (*scores, 1, 1)[:4]
        return ((), scores, (shape[0], 1, *shape[2:]))[:tops]


# ---- training -------------------------------------------------------------------------------


@layer("BoxAnnotatorOHEM", param="box_annotator_ohem_param", bottoms=4, tops=2)
@dataclass(frozen=True)
class BoxAnnotatorOHEM(Layer):
    """The labels and weights of the regions with the greatest loss; others are ignored (R-FCN)."""

    unrendered: ClassVar[str] = "mining hard examples in training is not supported"
    labels: ClassVar[tuple[int, ...]] = (1, 2, 3)
    roi_per_img: int
    ignore_label: int = -1

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        regions, _, _, weights = bottoms
        require(self.roi_per_img > 0, "roi_per_img is 0; it must be above 0")
        _, _, *size = (*regions, 1, 1)[:4]
        return ((regions[0], 1, *size), (regions[0], *weights[1:2], *size))


@python_layer("roi_data_layer.layer", "RoIDataLayer", bottoms=0, tops=(1, 6))
@dataclass(frozen=True)
class RoIDataLayer(Python, DataLayer):
    """Images with the size of each and its objects, or for Fast R-CNN with regions.

    Its tops are told by their names, and images have the size that the configuration file of
    Faster R-CNN asks for (lib/roi_data_layer/layer.py).
    """

    label_per_image: ClassVar[bool] = False

    def assumption(self) -> str:
        return "images of 3 x 600 x 1000 assumed, as Faster R-CNN is configured"

    def named(self, tops: tuple[str, ...]) -> Shapes:
        known = {"data": (1, 3, 600, 1000), "im_info": (1, 3), "gt_boxes": (1, REGION)}
        known |= {"rois": (1, REGION), "labels": (1,)}
        if any(top.startswith("bbox_") for top in tops):
            targets = (1, CORNERS * number_of_classes(self.param_str))
            known |= {top: targets for top in tops if top.startswith("bbox_")}
        for top in tops:
            require(top in known, f'the file does not state the shape of "{top}"', GIVE_IT)
        return tuple(known[top] for top in tops)


def number_of_classes(param_str: str) -> int:
    """The number of classes that a Python layer is given."""
    found = parameters(param_str).get("num_classes")
    require(isinstance(found, int), "param_str lacks num_classes, or it is not a number")
    return int(found or 0)


@python_layer("rpn.anchor_target_layer", "AnchorTargetLayer", bottoms=(3, 5), tops=4)
@dataclass(frozen=True)
class AnchorTargetLayer(Python):
    """Whether each anchor is an object, and how far from it (lib/rpn/anchor_target_layer.py)."""

    unrendered: ClassVar[str] = "matching true boxes in training is not supported"
    labels: ClassVar[tuple[int, ...]] = (1,)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        scores = bottoms[0]
        require(len(scores) == 4, f"needs scores of 1 x C x H x W, but they are {dims(scores)}")
        _, channels, height, width = scores
        anchors = channels // 2
        shifts = (1, CORNERS * anchors, height, width)
        return ((1, 1, anchors * height, width), shifts, shifts, shifts)


@python_layer("rpn.proposal_target_layer", "ProposalTargetLayer", bottoms=(2, 3), tops=5)
@dataclass(frozen=True)
class ProposalTargetLayer(Python):
    """A choice of the proposed regions, and what each is (lib/rpn/proposal_target_layer.py).

    Where there are no true objects to choose by, all of them stay.
    """

    unrendered: ClassVar[str] = "matching true boxes in training is not supported"
    labels: ClassVar[tuple[int, ...]] = (1,)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        classes = number_of_classes(self.param_str)
        targets = (1, CORNERS * classes)
        return ((1, REGION), (1, 1), targets, targets, targets)

    def prediction(self) -> Split:
        return Split()
