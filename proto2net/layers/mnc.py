"""Layers of Multi-task Network Cascades (MNC) and of Convolutional Feature Masking (CFM).

A mask of each region is estimated beside its class; the C++ layers are those of the fork
caffe-mnc, the Python layers those of lib/pylayer in MNC's own repository. What stands in MNC's
configuration file (lib/mnc_config.py) has its defaults here.
"""

from __future__ import annotations

from typing import ClassVar

from proto2net.errors import UnsupportedError
from proto2net.frozen import dataclass
from proto2net.layers.axes import Reshape
from proto2net.layers.base import Layer, layer
from proto2net.layers.columns import REGIONS, Rows
from proto2net.layers.data import GIVE_IT, DataLayer, Python
from proto2net.layers.python import python_layer
from proto2net.layers.rcnn import (
    CORNERS,
    AnchorTargetLayer,
    ProposalLayer,
    ProposalTargetLayer,
    number_of_classes,
)
from proto2net.layers.roi import REGION, check_pooled
from proto2net.shape import Shape, Shapes, count, dims, require

IMAGES = (1, 3, 600, 1000)
"""The images that training has."""

MASK = (21, 21)
"""The size of an estimated mask (MASK_SIZE)."""

CFM_MASK = (14, 14)
"""The size of a mask that is given (CFM_INPUT_MASK_SIZE)."""

# ---- masks ----------------------------------------------------------------------------------


@layer("ROIWarping", param="roi_warping_param", bottoms=2, in_place=False)
@dataclass(frozen=True)
class ROIWarping(Layer):
    """One interpolated value at the first corner of each bin of each region (roi_warping_layer.cu).

    The region's corners are rounded, and the last is its end: a bin may be of size 0.
    """

    region_bottom: ClassVar[int | None] = 1
    pooled_h: int = 0
    pooled_w: int = 0
    spatial_scale: float = 1.0

    @property
    def pooled_size(self) -> tuple[int, int]:
        """How many bins a region has, down and across."""
        return (self.pooled_h, self.pooled_w)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        feature, regions = bottoms
        check_pooled(feature, regions)
        require(self.pooled_h > 0, "pooled_h is missing or 0; it must be above 0")
        require(self.pooled_w > 0, "pooled_w is missing or 0; it must be above 0")
        return ((regions[0], feature[1], *self.pooled_size),)


@layer("MaskResize", param="mask_resize_param", in_place=False)
@dataclass(frozen=True)
class MaskResize(Layer):
    """Planes interpolated at another size, 0 beyond the bottom's last half pixel.

    The first pixels of both sizes lie on each other (mask_resize_layer.cu). SSTD's has factors too,
    which go before a size.
    """

    output_height: int = 0
    output_width: int = 0
    factor_height: float = 0.0
    factor_width: float = 0.0

    @property
    def size(self) -> tuple[int, int]:
        """The height and width of the top, where there is no factor."""
        return (self.output_height, self.output_width)

    @property
    def factors(self) -> tuple[float, float] | None:
        """By how much the planes' height and width grow; 0: to the size that is given."""
        factors = (max(self.factor_height, 0.0), max(self.factor_width, 0.0))
        return factors if any(factors) else None

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (masks,) = bottoms
        require(len(masks) == 4, f"needs masks of N, C, H, W, but it has {dims(masks)}")
        require(self.output_height > 0, "output_height is missing or 0; it must be above 0")
        require(self.output_width > 0, "output_width is missing or 0; it must be above 0")
        sizes = zip(masks[2:], self.factors or (0.0, 0.0), self.size, strict=True)
        size = tuple(int(old * factor) if factor else new for old, factor, new in sizes)
        require(min(size) > 0, f"the factors make planes of {dims(masks[2:])} to {dims(size)}")
        return ((*masks[:2], *size),)


@layer("MaskPooling", bottoms=2)
@dataclass(frozen=True)
class MaskPooling(Layer):
    """The features of each region times its mask, in all channels (mask_pooling_layer.cu)."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        features, masks = bottoms
        require(
            len(features) == 4 and masks == (features[0], 1, *features[2:]),
            f"needs features of N, C, H, W and masks of N, 1, H, W, "
            f"but they are {dims(features)} and {dims(masks)}",
        )
        return (features,)


# ---- layers in Python -----------------------------------------------------------------------


@dataclass(frozen=True)
class Matching(Python):
    """What has more bottoms with labels, or more tops, in training."""

    def check_rendered(self, bottoms: int, tops: int, *, training: bool) -> None:
        if (bottoms, tops) != (len(self.predicts), 1):
            raise UnsupportedError("matching true boxes in training is not supported")


@python_layer("pylayer.proposal_layer", "ProposalLayer", bottoms=3, tops=(1, 2))
@dataclass(frozen=True)
class MNCProposalLayer(Matching, ProposalLayer):
    """Faster R-CNN's proposals; in training, as a second top, the number of each anchor.

    How gradients are clipped (use_clip, clip_base) changes no value (pylayer/proposal_layer.py).
    """

    known: ClassVar[set[str]] = {"feat_stride", "use_clip", "clip_base", "gradient_scale"}
    predicts: ClassVar[tuple[int, ...]] = (0, 1, 2)

    def columns(self, bottoms: Shapes) -> tuple[Rows, ...]:
        return (REGIONS,)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        self.proposing("TEST").check(bottoms)
        return ((1, REGION), (1, 1))[:tops]

    def prediction(self) -> MNCProposalLayer:
        return self


@python_layer("pylayer.mask_layer", "MaskLayer", bottoms=(1, 3), tops=(1, 2))
@dataclass(frozen=True)
class MaskLayer(Matching):
    """Rows as masks; in training, as a second top, the class of each (pylayer/mask_layer.py)."""

    labels: ClassVar[tuple[int, ...]] = (1, 2)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (masks,) = self.prediction().infer(bottoms[:1], 1)
        return (masks, (masks[0], 1))[:tops]

    def prediction(self) -> Reshape:
        return Reshape((0, 1, *MASK))


@python_layer("pylayer.stage_bridge_layer", "StageBridgeLayer", bottoms=(4, 7), tops=(1, 8))
@dataclass(frozen=True)
class StageBridgeLayer(Matching):
    """The regions moved and scaled as their best class asks for, inside of the image.

    The bottoms are regions, box shifts of each class, scores and the image's size. Training has
    three of true objects in between, and their targets as tops (pylayer/stage_bridge_layer.py).
    """

    labels: ClassVar[tuple[int, ...]] = (3, 4, 6)
    predicts: ClassVar[tuple[int, ...]] = (0, 1, 2, 5)

    def columns(self, bottoms: Shapes) -> tuple[Rows, ...]:
        return (REGIONS,)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        regions, shifts, scores, *others = bottoms
        im_info = others[2] if len(others) > 2 else others[0]
        require(
            len(bottoms) in (4, 7) and tops in (1, 8),
            f"takes 4 bottoms and 1 top, or 7 and 8 in training, "
            f"but {len(bottoms)} and {tops} are given",
        )
        classes = count(scores[1:])
        require(
            count(regions[1:]) == REGION
            and count(shifts[1:]) == CORNERS * classes
            and regions[:1] == shifts[:1] == scores[:1],
            f"needs regions of N x {REGION}, shifts of N x {CORNERS * classes} and scores of "
            f"N x {classes}, but they are {dims(regions)}, {dims(shifts)} and {dims(scores)}",
        )
        require(
            count(im_info) >= 2,
            f"the image's height and width are needed, but the bottom is {dims(im_info)}",
        )
        number, targets = regions[0], (regions[0], CORNERS * classes)
        masks = (number, 1, *MASK)
        trained = ((number, 1), masks, masks, (number, 12), targets, targets, targets)
        return ((number, REGION), *trained)[:tops]

    def prediction(self) -> StageBridgeLayer:
        return self


# ---- training -------------------------------------------------------------------------------


@dataclass(frozen=True)
class TrainingData(Python, DataLayer):
    """Data whose tops are told by their names, as some may have been left out."""

    label_per_image: ClassVar[bool] = False

    def assumption(self) -> str:
        return "images of 3 x 600 x 1000 assumed, as MNC is configured"

    def shapes(self) -> dict[str, Shape]:
        """The shape of each top by its name."""
        raise NotImplementedError

    def named(self, tops: tuple[str, ...]) -> Shapes:
        known = self.shapes()
        for top in tops:
            require(top in known, f'the file does not state the shape of "{top}"', GIVE_IT)
        return tuple(known[top] for top in tops)


@python_layer("pylayer.mnc_data_layer", "MNCDataLayer", bottoms=0, tops=(3, 5))
@dataclass(frozen=True)
class MNCDataLayer(TrainingData):
    """Images with the size of each, its objects, and their masks (pylayer/mnc_data_layer.py)."""

    def shapes(self) -> dict[str, Shape]:
        objects = {"gt_boxes": (1, REGION), "gt_masks": (1, *MASK), "mask_info": (1, 3)}
        return {"data": IMAGES, "im_info": (1, 3), **objects}


@python_layer("pylayer.cfm_data_layer", "CFMDataLayer", bottoms=0, tops=10)
@dataclass(frozen=True)
class CFMDataLayer(TrainingData):
    """Images, regions and their masks, and what each region is (pylayer/cfm_data_layer.py)."""

    def shapes(self) -> dict[str, Shape]:
        boxes, masks = (1, CORNERS * number_of_classes(self.param_str)), (1, 1, *MASK)
        return {
            "data": IMAGES,
            "rois": (1, REGION),
            "masks": (1, 1, *CFM_MASK),
            "box_labels": (1, 1),
            "mask_labels": (1, 1),
            "bbox_targets": boxes,
            "mask_targets": masks,
            "bbox_inside_weights": boxes,
            "bbox_outside_weights": boxes,
            "mask_weight": masks,
        }


@python_layer("pylayer.anchor_target_layer", "AnchorTargetLayer", bottoms=(3, 5), tops=4)
@dataclass(frozen=True)
class MNCAnchorTargetLayer(AnchorTargetLayer):
    """Faster R-CNN's targets; the last bottoms are the anchors that later stages have chosen."""

    labels: ClassVar[tuple[int, ...]] = (1, 3, 4)


@python_layer("pylayer.proposal_target_layer", "ProposalTargetLayer", bottoms=(3, 6), tops=(5, 10))
@dataclass(frozen=True)
class MNCProposalTargetLayer(ProposalTargetLayer):
    """A choice of the proposed regions, what each is, and its mask (proposal_target_layer.py)."""

    labels: ClassVar[tuple[int, ...]] = (1, 3, 4, 5)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        masks = (1, 1, *MASK)
        of_masks = (masks, masks, (1, 12), (1,), (1,))
        return (*super().infer(bottoms, 5), *of_masks)[:tops]
