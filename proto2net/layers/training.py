"""Layers of forks that only training and testing need: data with maps, losses and metrics.

A network that is used has inputs in place of the data, and none of the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from proto2net.errors import ShapeError
from proto2net.layers.base import ANY, Filler, Layer, Learned, layer
from proto2net.layers.data import (
    GIVE_IT,
    NOT_STATED,
    DataLayer,
    ImageData,
    TransformationParameter,
)
from proto2net.layers.loss import Loss, LossParameter
from proto2net.shape import Shape, Shapes, canonical_axis, count, require

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


@layer("CoSData", param="cos_data_param", bottoms=0, tops=(1, ANY))
@dataclass(frozen=True)
class CoSData(UnstatedData):
    """Columns of a table of Spark (CaffeOnSpark)."""


@layer("SparseData", param="data_param", bottoms=0, tops=(1, 2))
@dataclass(frozen=True)
class SparseData(UnstatedData):
    """Sparse vectors and labels from a database (jolibrain's sparse_data_layer.cpp)."""


# ---- losses ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class FreeLoss(Loss):
    """A loss of which we do not check what it compares."""

    unrendered: ClassVar[str] = "a loss of forks has no rendering"

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

    unrendered: ClassVar[str] = "a loss of forks has no rendering"
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


@layer("L1Loss", bottoms=2)
@dataclass(frozen=True)
class L1Loss(FreeLoss):
    """The sum of absolute differences, as NVIDIA's Caffe has it."""


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

    unrendered: ClassVar[str] = "a loss that a program computes has no rendering"
    labels: ClassVar[tuple[int, ...]] = ()
    loss_param: LossParameter = LossParameter()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return ((),) * tops


# ---- metrics --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Metric(Layer):
    """What compares scores with labels, and is no loss."""

    unrendered: ClassVar[str] = "a metric of forks has no rendering"
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

    unrendered: ClassVar[str] = "what training keeps of each class has no rendering"


@layer("Knn", param="knn_param", bottoms=(1, 2))
@dataclass(frozen=True)
class Knn(Metric):
    """How near encodings are to those of each class that training has kept (MyCaffe)."""

    unrendered: ClassVar[str] = "what training keeps of each class has no rendering"
    num_output: int | None = None
    k: int | None = None
    max_stored_batches: int | None = None

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        classes = 10 if self.num_output is None else self.num_output
        return ((bottoms[0][0], classes, 1, 1),)
