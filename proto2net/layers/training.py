"""Layers of forks that only training and testing need: data with maps, losses and metrics.

A network that is used has inputs in place of the data, and none of the others.
"""

from __future__ import annotations

from typing import ClassVar

from proto2net.errors import ShapeError
from proto2net.frozen import dataclass
from proto2net.layers.activation import Power
from proto2net.layers.base import ANY, Filler, Layer, Learned, layer
from proto2net.layers.data import (
    GIVE_IT,
    NOT_STATED,
    DataLayer,
    ImageData,
    Python,
    TransformationParameter,
)
from proto2net.layers.loss import Loss, LossParameter
from proto2net.layers.python import python_layer
from proto2net.shape import Shape, Shapes, canonical_axis, count, dims, require

# ---- data -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ImagesAndMaps(ImageData):
    """Images, and of each an image of labels of the same size, from a list of files."""

    label_per_image: ClassVar[bool] = False

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        images, labels = super().infer(bottoms, 2)
        return (images, (*labels, 1, *images[2:]), (*labels, 1, 1, 2))[:tops]


@layer("ImageLabelmapData", param="image_data_param", bottoms=0, tops=(1, 2))
@dataclass(frozen=True)
class ImageLabelmapData(ImagesAndMaps):
    """Images and maps of labels, such as edges (HED's image_labelmap_data_layer.cpp)."""


@layer("ImageSegData", param="image_data_param", bottoms=0, tops=(1, 3))
@dataclass(frozen=True)
class ImageSegData(ImagesAndMaps):
    """Images and maps of labels; a third top has each image's size (DeepLab, PSPNet)."""


@layer("DenseImageData", param="dense_image_data_param", bottoms=0, tops=(1, 2))
@dataclass(frozen=True)
class DenseImageData(DataLayer):
    """Images and maps of labels from a list of files (SegNet's dense_image_data_layer.cpp)."""

    label_per_image: ClassVar[bool] = False
    source: str = ""
    batch_size: int = 0
    new_height: int = 0
    new_width: int = 0
    is_color: bool = True
    root_folder: str = ""
    crop_width: int = 0
    crop_height: int = 0
    transform_param: TransformationParameter = TransformationParameter()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(self.batch_size > 0, "batch_size is missing or 0; it must be above 0")
        new, crop = (self.new_height, self.new_width), (self.crop_height, self.crop_width)
        size = self.transform_param.size or (crop if min(crop) else new)
        if not min(size):
            raise ShapeError(NOT_STATED, GIVE_IT)
        images = (self.batch_size, 3 if self.is_color else 1, *size)
        return (images, (self.batch_size, 1, *size))[:tops]


@dataclass(frozen=True)
class UnstatedData(DataLayer):
    """What does not say in the definition how large its tops are."""

    label_per_image: ClassVar[bool] = False
    transform_param: TransformationParameter = TransformationParameter()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        raise ShapeError(NOT_STATED, GIVE_IT)


@layer("SegData", param="seg_data_param", bottoms=0, tops=(1, 2))
@dataclass(frozen=True)
class SegData(UnstatedData):
    """Images of any size and maps of labels (yjxiong's seg_data_layer.cpp)."""


@dataclass(frozen=True)
class CoSTopParameter:
    """A column of a table of Spark, and what is made of each of its values (CoSTopParameter)."""

    name: str = ""
    channels: int = 0
    height: int = 0
    width: int = 0
    out_channels: int = 0
    out_height: int = 0
    out_width: int = 0
    sample_num_axes: int = 3
    transpose: bool = False

    def shape(self, batch: int) -> Shape:
        """The shape of as many values as the batch has."""
        require(
            self.sample_num_axes <= 3, f"sample_num_axes is {self.sample_num_axes}; 3 is the most"
        )
        sizes = (
            self.out_channels or self.channels,
            self.out_height or self.height,
            self.out_width or self.width,
        )[: self.sample_num_axes]
        require(min(sizes, default=1) > 0 and batch > 0, NOT_STATED, GIVE_IT)
        if not self.transpose:
            return (batch, *sizes)
        require(len(sizes) == 1, f"transpose needs sample_num_axes 1, but it is {len(sizes)}")
        return (*sizes, batch)


@layer("CoSData", param="cos_data_param", bottoms=0, tops=(1, ANY))
@dataclass(frozen=True)
class CoSData(DataLayer):
    """Columns of a table of Spark (CaffeOnSpark's cos_data_layer.cpp)."""

    label_per_image: ClassVar[bool] = False
    batch_size: int = 0
    top: tuple[CoSTopParameter, ...] = ()

    def named(self, tops: tuple[str, ...]) -> Shapes:
        columns = {column.name: column for column in self.top}
        for top in tops:
            require(top in columns, f'cos_data_param has no top "{top}"', GIVE_IT)
        return tuple(columns[top].shape(self.batch_size) for top in tops)


@layer("SparseData", param="data_param", bottoms=0, tops=(1, 2))
@dataclass(frozen=True)
class SparseData(UnstatedData):
    """Sparse vectors and labels from a database (jolibrain's sparse_data_layer.cpp)."""


# ---- losses ---------------------------------------------------------------------------------


class FreeLoss(Loss):
    """A loss of which we do not check what it compares."""

    unrendered: ClassVar[str] = "this loss of a fork is not supported"

    def check(self, bottoms: Shapes) -> None:
        pass


@layer("CtcLoss", param="ctc_loss_param", bottoms=(2, 4))
@dataclass(frozen=True)
class CtcLoss(FreeLoss):
    """Connectionist temporal classification: sequences of labels without their places in time."""

    alphabet_size: int = 0
    time_step: int = 0
    blank_label: int = 0


@layer("CenterLoss", param="center_loss_param", bottoms=2)
@dataclass(frozen=True)
class CenterLoss(Loss):
    """How far features are from the learned center of their class (caffe-face)."""

    unrendered: ClassVar[str] = "this loss of a fork is not supported"
    num_output: int = 0
    center_filler: Filler = Filler()
    axis: int = 1

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        features = count(bottoms[0][canonical_axis(self.axis, bottoms[0]) :])
        return {"center": Learned((self.num_output, features), self.center_filler)}


@layer("DiceCoefLoss", bottoms=(2, 3))
@dataclass(frozen=True)
class DiceCoefLoss(FreeLoss):
    """One minus the overlap of two maps."""

    labels: ClassVar[tuple[int, ...]] = (1, 2)


@layer("L1Loss", param="l1_loss_param", bottoms=(1, 2))
@dataclass(frozen=True)
class L1Loss(FreeLoss):
    """The sum of absolute differences (NVIDIA), or of vectors' lengths (FlowNet2)."""

    l2_per_location: bool = False
    l2_prescale_by_channels: bool = False
    normalize_by_num_entries: bool = False
    epsilon: float = 0.01
    plateau: float = 0.0


@layer("LpqLoss", param="lpq_loss_param", bottoms=(1, 2))
@dataclass(frozen=True)
class LpqLoss(FreeLoss):
    """The sum of powers of vectors' lengths, which change with the iterations (FlowNet2)."""

    pq_episode_starts_at_iter: tuple[int, ...] = ()
    p: tuple[float, ...] = ()
    q: tuple[float, ...] = ()
    p_epsilon: float = 0.0
    q_epsilon: float = 0.01
    l2_prescale_by_channels: bool = False
    normalize_by_num_entries: bool = False


@layer("ManhattanLoss", bottoms=(2, 3))
@dataclass(frozen=True)
class ManhattanLoss(FreeLoss):
    """The sum of absolute differences, with weights as a third bottom."""

    labels: ClassVar[tuple[int, ...]] = (1, 2)


@layer("GeneralContrastiveLoss", bottoms=2, tops=(1, 2))
@dataclass(frozen=True)
class GeneralContrastiveLoss(FreeLoss):
    """Draws distances of the right class in, and pushes the others out (happynear)."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return ((),) * tops


@layer("GeneralTripletLoss", bottoms=2, tops=(1, 2))
@dataclass(frozen=True)
class GeneralTripletLoss(GeneralContrastiveLoss):
    """Wants the right class nearer than the others, by a margin (happynear)."""


@layer("MemoryLoss", bottoms=(1, ANY))
@dataclass(frozen=True)
class MemoryLoss(FreeLoss):
    """A loss that the program which trains the network computes (MyCaffe)."""

    unrendered: ClassVar[str] = "a loss that a program computes is not supported"
    labels: ClassVar[tuple[int, ...]] = ()
    loss_param: LossParameter = LossParameter()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return ((),) * tops


# ---- metrics --------------------------------------------------------------------------------


class Metric(Layer):
    """What compares scores with labels, and is no loss."""

    unrendered: ClassVar[str] = "this metric of a fork is not supported"
    labels: ClassVar[tuple[int, ...]] = (1,)
    top: ClassVar[Shape] = ()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return (self.top,) * tops


@layer("SegAccuracy", param="seg_accuracy_param", bottoms=2)
@dataclass(frozen=True)
class SegAccuracy(Metric):
    """Accuracy of pixels and of classes, and the mean overlap (DeepLab)."""

    top: ClassVar[Shape] = (1, 1, 1, 3)
    ignore_label: tuple[int, ...] = ()


@layer("LabelsequenceAccuracy", param="labelsequence_accuracy_param", bottoms=2)
@dataclass(frozen=True)
class LabelsequenceAccuracy(Metric):
    """The share of sequences that are all right."""

    blank_label: int = 0


@layer("SegmentationEvaluate", param="segmentation_evaluate_param", bottoms=2)
@dataclass(frozen=True)
class SegmentationEvaluate(Metric):
    """The overlap of predicted masks with the true ones (MobileNet-YOLO)."""

    num_classes: int = 1
    threshold: float = 0.5


@layer("AccuracyEncoding", param="accuracy_param", bottoms=(1, 2))
@dataclass(frozen=True)
class AccuracyEncoding(Metric):
    """The share of encodings that are nearest to the centroid of their class (MyCaffe)."""


@layer("Decode", bottoms=(1, 2), tops=(1, 2))
@dataclass(frozen=True)
class Decode(Metric):
    """The distances of encodings to what training has kept of each class (MyCaffe)."""

    unrendered: ClassVar[str] = "what training keeps of each class is not supported"


@layer("Knn", param="knn_param", bottoms=(1, 2))
@dataclass(frozen=True)
class Knn(Metric):
    """How near encodings are to those of each class that training has kept (MyCaffe)."""

    unrendered: ClassVar[str] = "what training keeps of each class is not supported"
    num_output: int | None = None
    k: int | None = None
    max_stored_batches: int | None = None

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        classes = 10 if self.num_output is None else self.num_output
        return ((bottoms[0][0], classes, 1, 1),)


# ---- DetectNet ------------------------------------------------------------------------------

DETECTED = 50
"""The boxes that DetectNet has room for, of a class in an image."""


@dataclass(frozen=True)
class DetectNetClassMapping:
    """Which class of the data is which of the network's."""

    src: int
    dst: int


@layer("DetectNetTransformation", param="detectnet_groundtruth_param", bottoms=2, tops=2)
@dataclass(frozen=True)
class DetectNetTransformation(Layer):
    """Images of one size without their mean, and maps of the boxes in them.

    In use the mean goes from images that are of this size (detectnet_transform_layer.cpp).
    """

    unrendered: ClassVar[str] = "maps of true boxes are not supported"
    labels: ClassVar[tuple[int, ...]] = (1,)
    stride: int = 4
    scale_cvg: float = 0.5
    gridbox_type: str = "GRIDBOX_MAX"
    max_cvg_len: int = 50
    min_cvg_len: int = 50
    coverage_type: str = "RECTANGULAR"
    image_size_x: int = 1248
    image_size_y: int = 384
    obj_norm: bool = False
    crop_bboxes: bool = True
    object_class: tuple[DetectNetClassMapping, ...] = ()
    transform_param: TransformationParameter = TransformationParameter()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        images = bottoms[0]
        require(
            len(images) == 4 and images[1] == 3,
            f"needs images of N x 3 x H x W, but they are {dims(images)}",
        )
        require(self.stride > 0, "stride is 0; it must be above 0")
        size = (self.image_size_y, self.image_size_x)
        grid = tuple(length // self.stride for length in size)
        classes = max((each.dst for each in self.object_class), default=0) + 1
        maps = 8 + classes  # whether inside, a box, its size, how many pixels, each class
        return ((*images[:2], *size), (images[0], maps, *grid))

    def prediction(self) -> Power | None:
        means = self.transform_param.mean_value or (0.0,)
        if len(means) > 1 or self.transform_param.mean_file:
            return None
        return Power(shift=-means[0])


@python_layer("caffe.layers.detectnet.clustering", "ClusterDetections", bottoms=2, tops=(1, ANY))
@dataclass(frozen=True)
class ClusterDetections(Python):
    """The boxes of each class that many places agree on (NVIDIA's detectnet/clustering.py)."""

    unrendered: ClassVar[str] = "grouping boxes by OpenCV's groupRectangles is not supported"

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        coverage = bottoms[0]
        require(
            len(coverage) == 4 and coverage[1] == tops,
            f"makes a top for each class, but there are {tops} tops, "
            f"and the coverage is {dims(coverage)}",
        )
        return ((coverage[0], DETECTED, 5),) * tops


@python_layer("caffe.layers.detectnet.clustering", "ClusterGroundtruth", bottoms=2, tops=(1, ANY))
@dataclass(frozen=True)
class ClusterGroundtruth(ClusterDetections):
    """The true boxes of each class, each once (NVIDIA's detectnet/clustering.py)."""

    unrendered: ClassVar[str] = Metric.unrendered
    labels: ClassVar[tuple[int, ...]] = (0, 1)


@python_layer("caffe.layers.detectnet.mean_ap", "ScoreDetections", bottoms=2)
@dataclass(frozen=True)
class ScoreDetections(Python):
    """Which of the boxes are true ones (NVIDIA's detectnet/mean_ap.py)."""

    unrendered: ClassVar[str] = Metric.unrendered
    labels: ClassVar[tuple[int, ...]] = (0, 1)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return bottoms[:1]


@python_layer("caffe.layers.detectnet.mean_ap", "mAP", bottoms=1, tops=3)
@dataclass(frozen=True)
class MeanAveragePrecision(Python):
    """The mean precision, the precision and the recall (NVIDIA's detectnet/mean_ap.py)."""

    unrendered: ClassVar[str] = Metric.unrendered
    labels: ClassVar[tuple[int, ...]] = (0,)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return ((1,),) * tops
