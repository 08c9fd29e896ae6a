"""Layers of MS-CNN and Cascade R-CNN that only training and testing need.

A network that is used has inputs in place of the data, and none of the others.
"""

from __future__ import annotations

from typing import ClassVar

from proto2net.errors import ShapeError
from proto2net.frozen import dataclass
from proto2net.layers.base import ANY, Layer, layer, named
from proto2net.layers.combine import Split
from proto2net.layers.data import GIVE_IT, NOT_STATED, DataLayer, TransformationParameter
from proto2net.layers.loss import LossParameter
from proto2net.layers.mscnn import BBoxRegParameter
from proto2net.layers.rcnn import CORNERS
from proto2net.layers.roi import REGION
from proto2net.layers.training import FreeLoss, Metric
from proto2net.shape import Shape, Shapes, Sizes, require


@dataclass(frozen=True)
class Windows(DataLayer):
    """Images of one size, and the true boxes in them, from a list of files."""

    label_per_image: ClassVar[bool] = False
    source: str | None = None
    root_folder: str = ""
    batch_size: int = 0
    resize_height: int = 0
    resize_width: int = 0
    transform_param: TransformationParameter = TransformationParameter()

    @property
    def sizes(self) -> tuple[Shape, ...]:
        """The sizes that the file may state; the first without a 0 is that of the images."""
        return ((self.resize_height, self.resize_width),)

    def assumption(self) -> str:
        known = len(self.transform_param.mean_value) > 1
        return "" if known else "3 channels assumed: the file does not say"

    def images(self) -> Shape:
        """The shape of the first top."""
        require(self.batch_size > 0, "batch_size is missing or 0; it must be above 0")
        for size in self.sizes:
            if min(size):
                means = self.transform_param.mean_value
                return (self.batch_size, len(means) if len(means) > 1 else 3, *size)
        raise ShapeError(NOT_STATED, GIVE_IT)


@dataclass(frozen=True)
class LabelledWindows(Windows):
    """Images with a map for each field of what is at each place, and rows of true boxes."""

    coord_num: int = CORNERS
    field_h: tuple[int, ...] = ()
    field_w: tuple[int, ...] = ()
    crop_height: int = 0
    crop_width: int = 0
    output_gt_boxes: bool = False

    def labelled(self, strides: tuple[int, ...], row: int, tops: int) -> Shapes:
        """The shapes of images, maps and rows."""
        images = self.images()
        require(min(strides, default=1) > 0, "a stride is 0; each must be above 0")
        maps = [
            (images[0], self.coord_num + 2, *(size // stride for size in images[2:]))
            for stride in strides
        ]
        return (images, *maps, *[(1, row, 1, 1)] * self.output_gt_boxes)[:tops]


@layer("ImageGtData", param="image_gt_data_param", bottoms=0, tops=(1, ANY))
@dataclass(frozen=True)
class ImageGtData(LabelledWindows):
    """The images of MS-CNN, and what is in them (image_gt_data_layer.cpp)."""

    downsample_rate: tuple[int, ...] = ()

    @property
    def sizes(self) -> tuple[Shape, ...]:
        return ((self.crop_height, self.crop_width), *super().sizes)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return self.labelled(self.downsample_rate, REGION + 2, tops)


@layer("DetectionData", param="detection_data_param", bottoms=0, tops=(1, ANY))
@dataclass(frozen=True)
class DetectionData(LabelledWindows):
    """The images of Cascade R-CNN, and what is in them (detection_data_layer.cpp)."""

    short_size: int = 0
    long_size: int = 0
    crop_short_size: int = 0
    crop_long_size: int = 0
    stride: tuple[int, ...] = ()

    @property
    def sizes(self) -> tuple[Shape, ...]:
        crops = (self.crop_height, self.crop_width), (self.crop_long_size, self.crop_short_size)
        return (*crops, *super().sizes, (self.long_size, self.short_size))

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return self.labelled(self.stride, REGION + 3, tops)


@layer("EvalData", param="eval_data_param", bottoms=0, tops=(1, 3))
@dataclass(frozen=True)
class EvalData(Windows):
    """Images, true boxes, and the height and width of each image (eval_data_layer.cpp)."""

    short_size: int = 0
    long_size: int = 0

    @property
    def sizes(self) -> tuple[Shape, ...]:
        return (*super().sizes, (self.long_size, self.short_size))

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        images = self.images()
        return (images, (1, REGION + 3, 1, 1), (images[0], 2, 1, 1))[:tops]

    def following(self, images: Sizes, tops: tuple[str, ...]) -> dict[str, Sizes]:
        boxes, sizes = (1, REGION + 3, 1, 1), (images[0], 2, 1, 1)
        return dict(zip(tops[1:], (boxes, sizes), strict=False))


class TwoLosses(FreeLoss):
    """The loss of classes and that of boxes in one top."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return ((1, 1, 1, 2),)


@layer("DetectionLoss", param="detection_loss_param", bottoms=2)
@dataclass(frozen=True)
class DetectionLoss(TwoLosses):
    """How far scores and shifts are from true boxes (MS-CNN's detection_loss_layer.cpp)."""

    cls_num: int = 0
    coord_num: int = CORNERS
    lambda_: float = named("lambda", 1.0)
    field_h: int = 0
    field_w: int = 0
    downsample_rate: int = 0
    bb_smooth: bool = True
    field_whr: float = 2.0
    field_xyr: float = 2.0
    bg_threshold: float = 0.5
    bg_multiple: int = 4
    sample_mode: str = "random"
    objectness: bool = False
    iou_weighted: bool = False
    pos_neg_weighted: bool = False
    loss_param: LossParameter = LossParameter()


@layer("DetectionGroupLoss", param="detection_group_loss_param", bottoms=3)
@dataclass(frozen=True)
class DetectionGroupLoss(TwoLosses):
    """How far probabilities and shifts are from true boxes (detection_group_loss_layer.cpp)."""

    labels: ClassVar[tuple[int, ...]] = (2,)
    cls_num: int = 0
    lambda_: float = named("lambda", 1.0)
    field_h: tuple[int, ...] = ()
    field_w: tuple[int, ...] = ()
    stride: int = 0
    field_whr: float = 4.0
    field_xyr: float = 0.25
    bg_threshold: float = 0.5
    bg_multiple: int = 4
    neg_mining_type: str = "random"
    neg_ranking_type: str = "conf_loss"
    min_num_neg: int = 5
    objectness: bool = False
    batch_size: int = -1
    pos_neg_weighted: bool = False
    bbox_loss_type: str = "Smooth_L1"
    bbox_reg_param: BBoxRegParameter = BBoxRegParameter()
    loss_param: LossParameter = LossParameter()


class TwoAccuracies(Metric):
    """The accuracy of classes and that of objects, and as a second top the overlap of boxes."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return ((1, 1, 1, 2), (1, 1, 1, 1))[:tops]


@layer("DetectionAccuracy", param="detection_accuracy_param", bottoms=2, tops=(1, 2))
@dataclass(frozen=True)
class DetectionAccuracy(TwoAccuracies):
    """How many scores are right at the places of a map (MS-CNN)."""

    cls_num: int = 0
    coord_num: int = CORNERS
    field_h: int = 0
    field_w: int = 0
    downsample_rate: int = 0
    top_k: int = 1
    field_whr: float = 2.0
    field_xyr: float = 4.0
    bg_threshold: float = 0.5
    objectness: bool = False
    loss_param: LossParameter = LossParameter()


@layer("DetectionGroupAccuracy", param="detection_group_accuracy_param", bottoms=3, tops=(1, 2))
@dataclass(frozen=True)
class DetectionGroupAccuracy(TwoAccuracies):
    """How many probabilities are right at the places of maps (Cascade R-CNN)."""

    labels: ClassVar[tuple[int, ...]] = (2,)
    cls_num: int = 0
    field_h: tuple[int, ...] = ()
    field_w: tuple[int, ...] = ()
    stride: int = 0
    field_whr: float = 2.0
    field_xyr: float = 4.0
    bg_threshold: float = 0.5
    objectness: bool = False
    bbox_reg_param: BBoxRegParameter = BBoxRegParameter()
    loss_param: LossParameter = LossParameter()


@layer("BboxAccuracy", bottoms=3, tops=(1, 2))
@dataclass(frozen=True)
class BboxAccuracy(Metric):
    """How much shifted regions share with true boxes, and how much others do."""

    labels: ClassVar[tuple[int, ...]] = (2,)
    top: ClassVar[Shape] = (1, 1, 1, 1)
    bbox_reg_param: BBoxRegParameter = BBoxRegParameter()


class Choosing(Layer):
    """A choice of regions, and what goes with them; where there are no labels, all of them stay."""

    unrendered: ClassVar[str] = "choosing regions to train with is not supported"

    def prediction(self) -> Split:
        return Split()


@layer("ProposalTarget", param="proposal_target_param", bottoms=2, tops=(5, 7))
@dataclass(frozen=True)
class ProposalTarget(Choosing):
    """Regions, the class of each, its shift with weights, and the true box that it has."""

    labels: ClassVar[tuple[int, ...]] = (1,)
    cls_num: int = 0
    batch_size: int = 128
    fg_fraction: float = 0.25
    num_img_per_batch: int = 4
    fg_thr: float = 0.5
    bg_thr_hg: float = 0.5
    bg_thr_lw: float = 0.1
    img_width: int = 0
    img_height: int = 0
    iou_weighted: bool = False
    bbox_thr_lw: float = 0.0
    bbox_thr_hg: float = 10.0
    pickup_discard: bool = True
    append_gtbox: bool = True
    bbox_reg_param: BBoxRegParameter = BBoxRegParameter()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        number = self.batch_size if self.batch_size > 0 else bottoms[0][0]
        shifts = CORNERS * (self.cls_num if self.bbox_reg_param.cls_aware else 2)
        each = (REGION, 1, shifts, shifts, shifts, REGION + 1, 1)
        return tuple((number, size, 1, 1) for size in each)[:tops]


@layer("HardMining", param="hard_mining_param", bottoms=(2, ANY), tops=(1, ANY))
@dataclass(frozen=True)
class HardMining(Choosing):
    """The regions with the highest losses, the first bottom, and what goes with them."""

    labels: ClassVar[tuple[int, ...]] = (0, *range(2, 10))
    predicts: ClassVar[tuple[int, ...]] = (1,)
    num_roi_per_image: int = 128
    num_image: int = 4

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        number = min(self.num_image * self.num_roi_per_image, *bottoms[0][:1])
        return tuple((number, *shape[1:]) for shape in bottoms[1:])[:tops]
