"""Layers of MS-CNN and Cascade R-CNN: regions from several feature maps, and what is found in them.

Regions are rows of image, x1, y1, x2, y2 as roi.py pools them. How many there are is known from the
data alone; the inferred shapes have one, as in Caffe before the first forward pass.
"""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

from proto2net import limits
from proto2net.errors import ShapeError, UnsupportedError
from proto2net.frozen import dataclass
from proto2net.layers.base import ANY, Layer, layer, named, shortest
from proto2net.layers.combine import Split
from proto2net.layers.data import GIVE_IT, NOT_STATED, DataLayer, TransformationParameter
from proto2net.layers.loss import LossParameter
from proto2net.layers.rcnn import CORNERS
from proto2net.layers.roi import REGION
from proto2net.layers.training import FreeLoss, Metric
from proto2net.shape import Shape, Shapes, count, dims, legacy_shape, require

DETECTION = 7
"""The numbers of what Cascade R-CNN finds: image, x1, y1, x2, y2, class, score."""

Field = tuple[int, int]
"""The width and height of the box at each place of a feature map, in pixels."""


@dataclass(frozen=True)
class BBoxRegParameter:
    """How the shifts of boxes were normalized for training (BBoxRegParameter)."""

    bbox_mean: tuple[float, ...] = ()
    bbox_std: tuple[float, ...] = ()
    cls_aware: bool = True

    @property
    def normalized(self) -> bool:
        """Whether shifts are to be scaled by the deviations, and moved by the means."""
        return bool(self.bbox_mean and self.bbox_std)

    def check(self) -> None:
        """Refuse all but four means and four deviations, or none."""
        for name, values in (("bbox_mean", self.bbox_mean), ("bbox_std", self.bbox_std)):
            require(
                not self.normalized or len(values) == CORNERS,
                f"{name} is given {len(values)} times",
                "give it once for each of x, y, width and height",
            )


# ---- regions --------------------------------------------------------------------------------


@dataclass(frozen=True)
class FieldBoxes(Layer):
    """What BoxOutput and BoxGroupOutput share: how boxes are decoded, and which of them stay."""

    sizes_by_value: ClassVar[bool] = True
    fg_thr: float = 0.0
    iou_thr: float = 0.5
    nms_type: str = "IOU"
    field_whr: float = 2.0
    field_xyr: float = 2.0
    max_nms_num: int = 0
    max_post_nms_num: int = 0
    min_size: float = 15.0
    bbox_reg_param: BBoxRegParameter = BBoxRegParameter()

    def check(self) -> None:
        """Refuse parameters that decode no box, whatever the bottoms are."""
        self.bbox_reg_param.check()
        require(self.field_whr > 0, f"field_whr is {self.field_whr:g}; it must be above 0")
        require(self.field_xyr > 0, f"field_xyr is {self.field_xyr:g}; it must be above 0")


def _check_maps(maps: Shapes) -> None:
    for shape in maps:
        require(len(shape) == 4, f"needs feature maps of N, C, H, W, but one is {dims(shape)}")


@layer("BoxOutput", param="box_output_param", bottoms=(1, ANY), tops=(1, 2), in_place=False)
@dataclass(frozen=True)
class BoxOutput(FieldBoxes):
    """The regions that are most likely objects, and the same with scores (box_output_layer.cpp).

    A bottom has the scores of each class, of which the first is the background, and the shifts of
    the box at each place.
    """

    field_h: tuple[int, ...] = ()
    field_w: tuple[int, ...] = ()
    downsample_rate: tuple[int, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """The field of each bottom."""
        return tuple(zip(self.field_w, self.field_h, strict=True))

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        for name in ("field_h", "field_w", "downsample_rate"):
            given = len(getattr(self, name))
            require(
                given == len(bottoms),
                f"{name} is given {given} times for {len(bottoms)} bottoms",
                "give it once for each bottom",
            )
        self.check()
        _check_maps(bottoms)
        for shape in bottoms:
            require(
                shape[1] > CORNERS + 1,
                f"needs scores of 2 classes at least, and {CORNERS} shifts, but a bottom has "
                f"{shape[1]} channels",
            )
            require(
                shape[0] == bottoms[0][0],
                f"all bottoms must be of as many images, but they are "
                f"{', '.join(map(dims, bottoms))}",
            )
        return ((1, REGION, 1, 1), (1, REGION + 1, 1, 1))[:tops]


@dataclass(frozen=True)
class BoxGroupParameter:
    """The fields of one feature map, and how many pixels lie between places."""

    field_h: tuple[int, ...] = ()
    field_w: tuple[int, ...] = ()
    stride: int = 0

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields at each place."""
        return tuple(zip(self.field_w, self.field_h, strict=True))


@layer(
    "BoxGroupOutput", param="box_group_output_param", bottoms=(1, ANY), tops=(1, 2), in_place=False
)
@dataclass(frozen=True)
class BoxGroupOutput(FieldBoxes):
    """The regions that are most likely objects, and the same with scores.

    Bottoms come in pairs: probabilities of each class, and shifts, of as many maps for an image
    as there are fields (Cascade R-CNN's box_group_output_layer.cpp).
    """

    box_group_param: tuple[BoxGroupParameter, ...] = ()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        groups = self.box_group_param
        require(
            len(bottoms) == 2 * len(groups),
            f"box_group_param is given {len(groups)} times for {len(bottoms)} bottoms",
            "give it once for each pair of bottoms, probabilities and boxes",
        )
        self.check()
        _check_maps(bottoms)
        least = min(self.bbox_reg_param.bbox_std, default=1)
        require(least > 0, f"bbox_std has {least:g}; each must be above 0")
        for group, prob, boxes in zip(groups, bottoms[::2], bottoms[1::2], strict=True):
            self._check_group(group, prob, boxes)
        maps = zip(bottoms[::2], groups, strict=True)
        images = {prob[0] // len(group.field_h) for prob, group in maps}
        require(
            len(images) == 1,
            f"all pairs must be of as many images, but they are of {sorted(images)}",
        )
        return ((1, REGION, 1, 1), (1, REGION + 1, 1, 1))[:tops]

    def _check_group(self, group: BoxGroupParameter, prob: Shape, boxes: Shape) -> None:
        """Refuse all but a map for each field and image."""
        number = len(group.field_h)
        require(
            number == len(group.field_w) and 0 < number <= limits.BOXES,
            f"field_h is given {number} times, field_w {len(group.field_w)} times",
            "give both once for each field",
        )
        require(
            boxes == (prob[0], CORNERS, *prob[2:]),
            f"boxes must be {dims((prob[0], CORNERS, *prob[2:]))} for probabilities of "
            f"{dims(prob)}, but they are {dims(boxes)}",
        )
        require(
            prob[0] % number == 0,
            f"{prob[0]} maps do not divide into those of {number} fields",
        )


# ---- boxes of regions -----------------------------------------------------------------------


@layer("DecodeBBox", param="decode_bbox_param", bottoms=(2, 3), in_place=False)
@dataclass(frozen=True)
class DecodeBBox(Layer):
    """Regions moved and scaled by the shifts of the second class (decode_bbox_layer.cpp).

    In training those go that are inside out, or that the third bottom says to be true boxes.
    """

    labels: ClassVar[tuple[int, ...]] = (2,)
    predicts: ClassVar[tuple[int, ...]] = (0, 1)
    gt_iou_thr: float = 0.95
    bbox_reg_param: BBoxRegParameter = BBoxRegParameter()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        boxes, regions = bottoms[:2]
        self.bbox_reg_param.check()
        _check_rows(boxes, 2 * CORNERS, "the box shifts (the first bottom)")
        _check_regions(regions, boxes[0])
        return ((boxes[0], REGION, 1, 1),)

    def prediction(self) -> DecodeBBox:
        return self

    def check_rendered(self, bottoms: int, tops: int, *, training: bool) -> None:
        if training:
            raise UnsupportedError("leaving out true boxes in training has no rendering")


def _check_rows(rows: Shape, each: int, what: str) -> None:
    """Refuse all but rows of so many numbers."""
    require(
        len(rows) > 0 and count(rows[1:]) == each,
        f"{what} must be N x {each}, but they are {dims(rows)}",
    )


def _check_regions(regions: Shape, number: int) -> None:
    """Refuse all but so many regions; what stands behind their corners is not read."""
    require(
        len(regions) > 0 and count(regions[1:]) >= REGION,
        f"the regions must be N x {REGION}, but they are {dims(regions)}",
    )
    require(
        regions[0] == number,
        f"there are shifts for {number} boxes, but {regions[0]} regions",
        "give as many of both",
    )


@layer("FrcnnOutput", param="frcnn_output_param", bottoms=4, in_place=False)
@dataclass(frozen=True)
class FrcnnOutput(Layer):
    """A row of -1, then rows of image, corners, class and score for what is found in an image.

    The bottoms are probabilities, shifts, regions, and the image's height and width (Cascade
    R-CNN's frcnn_output_layer.cpp).
    """

    sizes_by_value: ClassVar[bool] = True
    conf_thr: float = 0.0
    iou_thr: float = 0.5
    nms_type: str = "IOU"
    max_det_num: int = 0
    bbox_reg_param: BBoxRegParameter = BBoxRegParameter()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        prob, boxes, regions, size = bottoms
        self.bbox_reg_param.check()
        classes = count(prob[1:])
        require(
            len(prob) > 1 and classes > 1,
            f"needs probabilities of 2 classes at least, but they are {dims(prob)}",
        )
        aware = self.bbox_reg_param.cls_aware
        _check_rows(
            boxes,
            CORNERS * (classes if aware else 2),
            f"the box shifts (cls_aware: {'true' if aware else 'false'})",
        )
        _check_regions(regions, boxes[0])
        require(
            prob[0] == boxes[0],
            f"there are probabilities of {prob[0]} regions, but shifts of {boxes[0]}",
        )
        require(count(size) == 2, f"needs the size of one image, 1 x 2, but it is {dims(size)}")
        return ((1, DETECTION, 1, 1),)


@layer("ScaleRoute", param="scale_route_param", bottoms=(1, ANY), tops=(1, ANY), in_place=False)
@dataclass(frozen=True)
class ScaleRoute(Layer):
    """The rows whose region has a size in a range; one at least (scale_route_layer.cpp).

    The first bottom has the regions, and others what goes with them.
    """

    sizes_by_value: ClassVar[bool] = True
    routes: ClassVar[bool] = True
    low_scale: float | None = None
    high_scale: float | None = None

    @property
    def middle(self) -> float:
        """The size that is best where no region has one of the range."""
        low, high = self.low_scale, self.high_scale
        if low is not None and high is not None:
            return shortest(sqrt(low * high))
        return 256.0 if low is None and high is None else (low or high or 0.0)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(
            tops == len(bottoms),
            f"{len(bottoms)} bottoms, but {tops} tops",
            "give a top for each bottom",
        )
        for shape in bottoms:
            _check_regions(bottoms[0], (*shape, 0)[0])
        for scale in (self.low_scale, self.high_scale):
            require(scale is None or scale >= 0, f"a scale is {scale}; it must not be below 0")
        return tuple(map(legacy_shape, bottoms))


# ---- training and testing -------------------------------------------------------------------


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

    unrendered: ClassVar[str] = "choosing regions to train with has no rendering"

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
