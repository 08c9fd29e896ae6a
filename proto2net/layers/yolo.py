"""Layers of YOLO's forks: YOLOv2 and v3, and what they find."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from proto2net.errors import ShapeError
from proto2net.frozen import dataclass
from proto2net.layers.base import ANY, Layer, layer
from proto2net.layers.columns import DETECTIONS, Rows
from proto2net.layers.combine import Split
from proto2net.layers.data import GIVE_IT, NOT_STATED, Data, Python
from proto2net.layers.loss import Loss
from proto2net.layers.python import python_layer
from proto2net.shape import Shape, Shapes, dims, require

FOUND = replace(DETECTIONS, first_label=1)
"""The rows of what is found."""
DETECTION = 7
"""The numbers of a row."""
BOX_AND_OBJECTNESS = 5
"""What is predicted of a box beside its classes: x, y, width, height, and whether it is one."""

Pairs = tuple[tuple[float, float], ...]


@layer("Reorg", param="reorg_param", in_place=False)
@dataclass(frozen=True)
class Reorg(Layer):
    """Trade sides for channels (reorg_layer.cpp); `reverse` gives larger planes.

    It is not the usual space-to-depth: the bottom's memory is read as fewer channels of larger
    planes, as in darknet, and the top's is written so. Synopsys' fork, which is taken unless
    another is named, mistakes the planes' height for their width, and its top with `reverse` has
    room for the first elements only.
    """

    forks: ClassVar[tuple[str, ...]] = (
        "synopsys",
        "darknet",
        "intel",
        "mobilenet-yolo",
        "yolo9000",
    )
    stride: int | None = None
    reverse: bool = False
    fork: str = ""

    @property
    def block(self) -> int:
        """The stride; where it is not given, that of the fork caffe-yolo9000."""
        return 2 if self.stride is None else self.stride

    def swapped(self, bottom: Shape) -> bool:
        """Whether synopsys' mistakes show, which they do not on square planes."""
        square = bottom[2] == bottom[3]
        return self.fork in ("", "synopsys") and (self.reverse or not square)

    def disputed(self, bottoms: Shapes) -> str:
        if self.fork or not self.swapped(bottoms[0]):
            return ""
        where = "with reverse" if self.reverse else "on planes that are not square"
        return (
            f"forks disagree about Reorg {where}: this is synopsys'; --fork darknet gives darknet's"
        )

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        require(len(bottom) == 4, f"needs 4 axes (N, C, H, W), but the bottom is {dims(bottom)}")
        batch, channels, height, width = bottom
        stride = self.block
        require(stride > 0, f"stride is {stride}; it must be above 0")
        require(
            channels % stride**2 == 0,
            f"{channels} channels do not divide into {stride} x {stride} places",
        )
        swapped = self.swapped(bottom)
        if self.reverse and not swapped:
            return ((batch, channels // stride**2, height * stride, width * stride),)
        require(
            height % stride == width % stride == 0,
            f"planes of {dims(bottom[2:])} do not divide by the stride {stride}",
            "darknet's makes larger planes: --fork darknet" if self.reverse else "",
        )
        channels = channels // stride**2 if self.reverse else channels * stride**2
        return ((batch, channels, height // stride, width // stride),)


@python_layer("yolov2", "darknet_reorg", bottoms=1, tops=1)
@dataclass(frozen=True)
class DarknetReorg(Python):
    """darknet's Reorg of stride 2, in Python (of Synopsys' YOLOv2)."""

    @property
    def reorg(self) -> Reorg:
        """The layer that computes it."""
        return Reorg(2, fork="darknet")

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return self.reorg.infer(bottoms, tops)


def _check_predictions(shape: Shape, boxes: int, classes: int) -> None:
    """Refuse all but the predictions of so many boxes at each place."""
    needed = boxes * (BOX_AND_OBJECTNESS + classes)
    require(
        len(shape) == 4 and shape[1] == needed,
        f"{boxes} boxes of {classes} classes need {needed} channels (N x {needed} x H x W), "
        f"but the bottom is {dims(shape)}",
    )


def _pairs(biases: tuple[float, ...], indices: range | tuple[int, ...], name: str) -> Pairs:
    """The widths and heights of these anchors."""
    most = len(indices) - 1 if isinstance(indices, range) else max(indices, default=-1)
    require(
        2 * most + 1 < len(biases),
        f"{name} needs {2 * most + 2} biases, a width and a height for each anchor, "
        f"but {len(biases)} given",
    )
    least = min(biases, default=0)
    require(least >= 0, f"a bias is {least:g}; no width or height is below 0")
    return tuple((biases[2 * i], biases[2 * i + 1]) for i in indices)


@layer("YoloDetectionOutput", param="yolo_detection_output_param", bottoms=(1, 2))
@dataclass(frozen=True)
class YoloDetectionOutput(Layer):
    """Rows of image, label, score and box, for what YOLOv2 finds.

    Each box has its best class only, by a softmax. How many there are is known from the data
    alone; the inferred shape is that of one. The rules are those of the CPU code of MobileNet-YOLO
    (yolo_detection_output_layer.cpp): the image is always 0, boxes are shares of the image and may
    reach beyond it, and a box goes that overlaps a better one, of whatever class or image.
    """

    sizes_by_value: ClassVar[bool] = True
    num_classes: int | None = None
    num_box: int = 5
    coords: int = 4
    confidence_threshold: float = 0.01
    nms_threshold: float = 0.45
    biases: tuple[float, ...] = ()
    side: int = 13
    label_map_file: str | None = None

    @property
    def anchors(self) -> Pairs:
        """The widths and heights of the boxes at each place, in places."""
        return _pairs(self.biases, range(self.num_box), f"num_box {self.num_box}")

    def columns(self, bottoms: Shapes) -> tuple[Rows, ...]:
        return (replace(FOUND, classes=self.num_classes or 0),)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(self.num_classes is not None, "num_classes is missing")
        for bottom in bottoms:
            _check_predictions(bottom, len(self.anchors), self.num_classes or 0)
        return ((1, 1, 1, DETECTION),)


@layer("Yolov3DetectionOutput", param="yolov3_detection_output_param", bottoms=(1, ANY))
@dataclass(frozen=True)
class Yolov3DetectionOutput(Layer):
    """Rows of image, label, score and box, for what YOLOv3 finds in feature maps of several sizes.

    Every class of a box whose score is high enough is found. For the rest it is as in
    YoloDetectionOutput (yolov3_detection_output_layer.cpp of MobileNet-YOLO).
    """

    sizes_by_value: ClassVar[bool] = True
    num_classes: int | None = None
    num_box: int = 3
    confidence_threshold: float = 0.01
    nms_threshold: float = 0.45
    biases: tuple[float, ...] = ()
    anchors_scale: tuple[int, ...] = ()
    mask_group_num: int = 2
    mask: tuple[int, ...] = ()
    gaussian_box: bool = False

    def anchors(self, bottom: int) -> Pairs:
        """The widths and heights of a bottom's boxes, in pixels."""
        require(self.num_box > 0, f"num_box is {self.num_box}; it must be above 0")
        start = bottom * (len(self.mask) // self.mask_group_num)
        mask = self.mask[start : start + self.num_box]
        require(
            len(mask) == self.num_box,
            f"mask is given {len(self.mask)} times for {self.mask_group_num} bottoms "
            f"of {self.num_box} boxes",
            "give the number of an anchor for each box of each bottom",
        )
        return _pairs(self.biases, mask, f"mask {max(mask)}")

    def check_counts(self, bottoms: int, tops: int) -> None:
        super().check_counts(bottoms, tops)
        require(
            bottoms == self.mask_group_num,
            f"mask_group_num is {self.mask_group_num}, but there are {bottoms} bottoms",
        )

    def columns(self, bottoms: Shapes) -> tuple[Rows, ...]:
        return (replace(FOUND, classes=self.num_classes or 0),)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(self.num_classes is not None, "num_classes is missing")
        require(
            not self.gaussian_box,
            "gaussian_box: true is not supported",
            "only boxes without a variance of their own are supported",
        )
        require(
            len(self.anchors_scale) >= len(bottoms),
            f"anchors_scale is given {len(self.anchors_scale)} times for {len(bottoms)} bottoms",
            "give the pixels between places for each bottom",
        )
        for index, bottom in enumerate(bottoms):
            _check_predictions(bottom, len(self.anchors(index)), self.num_classes or 0)
        return ((1, 1, 1, DETECTION),)


# ---- training and testing -------------------------------------------------------------------


@layer("BoxData", param="data_param", bottoms=0, tops=(1, 2))
@dataclass(frozen=True)
class BoxData(Data):
    """Images and the boxes in them from a database (box_data_layer.cpp)."""

    label_per_image: ClassVar[bool] = False


@layer("LaneData", param="data_param", bottoms=0, tops=(1, 3))
@dataclass(frozen=True)
class LaneData(Data):
    """Images, the boxes in them, and masks, from a database (lane_data_layer.cpp)."""

    label_per_image: ClassVar[bool] = False

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        if tops > 1:  # how large the labels are stands in the database alone
            raise ShapeError(NOT_STATED, GIVE_IT)
        return super().infer(bottoms, tops)


class YoloLoss(Loss):
    """The base of YOLO's losses: predictions, and the true boxes of each image."""

    unrendered: ClassVar[str] = "the loss of YOLO is not supported"

    def check(self, bottoms: Shapes) -> None:
        for bottom in bottoms[:1]:
            require(len(bottom) == 4, f"needs predictions of N, C, H, W, not {dims(bottom)}")


@layer("RegionLoss", param="region_loss_param", bottoms=2)
@dataclass(frozen=True)
class RegionLoss(YoloLoss):
    """How far YOLOv2's predictions are from the true boxes (region_loss_layer.cpp)."""

    side: int = 13
    num_class: int = 20
    bias_match: int = 1
    coords: int = 4
    num: int = 5
    softmax: int = 1
    jitter: float = 0.2
    rescore: int = 1
    object_scale: float = 1.0
    class_scale: float = 1.0
    noobject_scale: float = 0.5
    coord_scale: float = 5.0
    absolute: int = 1
    thresh: float = 0.2
    random: int = 1
    biases: tuple[float, ...] = ()
    softmax_tree: str | None = None
    class_map: str | None = None


@layer("Yolov3", param="yolov3_param", bottoms=2, tops=(1, 2))
@dataclass(frozen=True)
class Yolov3(YoloLoss):
    """How far YOLOv3's predictions are from the true boxes (yolov3_layer.cpp)."""

    side: int = 13
    num_class: int = 20
    num: int = 5
    object_scale: float = 1.0
    class_scale: float = 1.0
    noobject_scale: float = 0.5
    coord_scale: float = 5.0
    thresh: float = 0.2
    biases: tuple[float, ...] = ()
    mask: tuple[int, ...] = ()
    anchors_scale: int = 32
    use_logic_gradient: bool = False
    use_focal_loss: bool = False
    iou_loss: str = "MSE"
    iou_normalizer: float = 0.25
    iou_thresh: float = 0.5
    accumulate: bool = True
    label_smooth_eps: float = 0.1
    max_delta: float = 10.0


@layer("YoloSeg", param="yolo_seg_param", bottoms=(2, 3))
@dataclass(frozen=True)
class YoloSeg(YoloLoss):
    """How far predicted masks are from the true ones (yolo_seg.cpp of MobileNet-YOLO)."""

    labels: ClassVar[tuple[int, ...]] = (1, 2)
    num_class: int = 0
    object_scale: float = 5.0
    class_scale: float = 1.0
    use_logic_gradient: bool = False
    use_hardsigmoid: bool = False


@layer("EvalDetection", param="eval_detection_param", bottoms=(2, 3))
@dataclass(frozen=True)
class EvalDetection(Layer):
    """Which of YOLO's predictions are right (eval_detection_layer.cpp)."""

    unrendered: ClassVar[str] = "comparing boxes with the true ones is not supported"
    labels: ClassVar[tuple[int, ...]] = (1,)
    side: int = 7
    num_class: int = 20
    num_object: int = 2
    threshold: float = 0.5
    sqrt: bool = True
    constriant: bool = True
    score_type: str = "MULTIPLY"
    nms: float = -1.0
    biases: tuple[float, ...] = ()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (predictions, *_) = bottoms
        rows = self.side * self.side * self.num_object
        return ((predictions[0], self.num_class + rows * 4),)


@layer("AssistedExcitation", bottoms=3)
@dataclass(frozen=True)
class AssistedExcitation(Layer):
    """Features, with the third bottom added where true boxes are (assisted_excitation_layer.cpp).

    Less is added as training goes on, and nothing without true boxes (Derakhshani et al. 2019).
    """

    unrendered: ClassVar[str] = "adding to features in true boxes is not supported"
    labels: ClassVar[tuple[int, ...]] = (1, 2)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return bottoms[:1]

    def prediction(self) -> Split:
        return Split()
