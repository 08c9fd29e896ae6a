"""Losses, and the accuracy: layers that compare predictions with labels."""

from __future__ import annotations

from typing import ClassVar

from proto2net.errors import UnsupportedError
from proto2net.frozen import dataclass
from proto2net.layers.activation import Sigmoid
from proto2net.layers.base import Layer, layer
from proto2net.layers.normalize import Softmax
from proto2net.shape import Shape, Shapes, canonical_axis, count, dims, legacy_shape, require


@dataclass(frozen=True)
class LossParameter:
    """What a loss ignores, and by what it is divided (LossParameter)."""

    ignore_label: int | None = None
    normalize: bool | None = None
    normalization: str | None = None
    pre_fixed_normalizer: float = 1.0

    def mode(self, default: str) -> str:
        """The normalization: as given by name, by the older `normalize`, or the layer's default."""
        require(self.normalization != "PRE_FIXED", "normalization PRE_FIXED is one of a fork only")
        if self.normalization is not None:
            return self.normalization
        if self.normalize is not None:
            return "VALID" if self.normalize else "BATCH_SIZE"
        return default


@dataclass(frozen=True)
class SoftmaxParameter:
    """The softmax inside of a loss (SoftmaxParameter)."""

    axis: int = 1
    engine: str = "DEFAULT"
    normalize_type: str = "Softmax"


def _check_one_label(labels: Shape) -> None:
    """Refuse labels of more than a number a sample."""
    require(
        legacy_shape(labels)[1:] == (1, 1, 1),
        f"needs one label a sample, but the labels are {dims(labels)}",
    )


def _check_labels(scores: Shape, labels: Shape, axis: int) -> None:
    """Refuse all but one label for each vector of scores along the axis."""
    needed = count(scores[:axis]) * count(scores[axis + 1 :])
    require(
        count(labels) == needed,
        f"scores of {dims(scores)} along axis {axis} need {needed} labels, "
        f"but the labels are {dims(labels)}",
        "a label is the number of a class, one for each vector of scores",
    )


class Loss(Layer):
    """The base of losses (loss_layer.cpp): the top is a scalar."""

    loss: ClassVar[bool] = True
    labels: ClassVar[tuple[int, ...]] = (1,)

    def check(self, bottoms: Shapes) -> None:
        """Refuse bottoms that this loss cannot compare."""
        first, second = bottoms[:2]
        require(
            len(first) > 0 and first[:1] == second[:1],
            f"the first two bottoms must have as many samples, "
            f"but they are {dims(first)} and {dims(second)}",
        )

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        self.check(bottoms)
        return ((), bottoms[0])[:tops]


@layer("SoftmaxWithLoss", bottoms=2, tops=(1, 2))
@dataclass(frozen=True)
class SoftmaxWithLoss(Loss):
    """The softmax of scores, and minus the log of the label's probability (softmax_loss_layer.cpp).

    It is summed, and divided by what `loss_param.mode("VALID")` names.
    """

    softmax_param: SoftmaxParameter = SoftmaxParameter()
    loss_param: LossParameter = LossParameter()

    def check_counts(self, bottoms: int, tops: int) -> None:
        super().check_counts(bottoms, tops)
        require(
            tops == 1,
            "a second top (the probabilities) makes Caffe abort, although it is declared",
            "take them from a Softmax layer",
        )

    def check(self, bottoms: Shapes) -> None:
        super().check(bottoms)
        scores, labels = bottoms
        _check_labels(scores, labels, canonical_axis(self.softmax_param.axis, scores))

    def prediction(self) -> Softmax:
        return Softmax(
            axis=self.softmax_param.axis, normalize_type=self.softmax_param.normalize_type
        )


@layer("SigmoidCrossEntropyLoss", bottoms=2)
@dataclass(frozen=True)
class SigmoidCrossEntropyLoss(Loss):
    """The cross entropy of sigmoids with targets of 0 to 1 (sigmoid_cross_entropy_loss_layer.cpp).

    It is summed, and divided by what `loss_param.mode("BATCH_SIZE")` names.
    """

    labels: ClassVar[tuple[int, ...]] = (1, 2)  # MNC has weights as a third
    loss_param: LossParameter = LossParameter()

    def check(self, bottoms: Shapes) -> None:
        super().check(bottoms)
        scores, targets = bottoms
        require(
            count(scores) == count(targets),
            f"needs a target for each score, but there are {dims(scores)} scores "
            f"and {dims(targets)} targets",
        )

    def prediction(self) -> Sigmoid:
        return Sigmoid()


@layer("EuclideanLoss", bottoms=2)
@dataclass(frozen=True)
class EuclideanLoss(Loss):
    """Half of the squared distance of two vectors, a sample (euclidean_loss_layer.cpp)."""

    def check(self, bottoms: Shapes) -> None:
        super().check(bottoms)
        first, second = bottoms
        require(
            count(first[1:]) == count(second[1:]),
            f"the bottoms must have as many values a sample, "
            f"but they are {dims(first)} and {dims(second)}",
        )


@layer("HingeLoss", param="hinge_loss_param", bottoms=2)
@dataclass(frozen=True)
class HingeLoss(Loss):
    """How far each score is from the right side of a margin of 1 (hinge_loss_layer.cpp)."""

    norm: str = "L1"

    def check(self, bottoms: Shapes) -> None:
        super().check(bottoms)
        legacy_shape(bottoms[0])
        _check_one_label(bottoms[1])


@layer("MultinomialLogisticLoss", bottoms=2)
@dataclass(frozen=True)
class MultinomialLogisticLoss(Loss):
    """Minus the log of the label's probability, a sample (multinomial_logistic_loss_layer.cpp)."""

    def check(self, bottoms: Shapes) -> None:
        super().check(bottoms)
        probabilities, labels = bottoms
        legacy_shape(probabilities)
        require(
            len(probabilities) > 1,
            f"needs an axis of classes, but the probabilities are {dims(probabilities)}",
        )
        _check_one_label(labels)


@layer("InfogainLoss", param="infogain_loss_param", bottoms=(2, 3), tops=(1, 2))
@dataclass(frozen=True)
class InfogainLoss(Loss):
    """The logs of a softmax, weighted by the label's row of a matrix (infogain_loss_layer.cpp).

    The matrix is the third bottom, or the blob in the file `source`. A second top holds the
    probabilities.
    """

    source: str | None = None
    axis: int = 1
    loss_param: LossParameter = LossParameter()

    def check(self, bottoms: Shapes) -> None:
        super().check(bottoms)
        scores, labels, *matrix = bottoms
        axis = canonical_axis(self.axis, scores)
        _check_labels(scores, labels, axis)
        require(
            self.loss_param.normalize is None,
            "normalize is given, which this loss does not know",
            "give normalization",
        )
        require(
            bool(matrix) or self.source is not None,
            "the infogain matrix is missing",
            "give a third bottom, or the file as source",
        )
        classes = scores[axis]
        for bottom in matrix:
            require(
                count(bottom) == classes**2,
                f"the infogain matrix is {dims(bottom)}, "
                f"but {classes} classes need {classes} x {classes}",
            )

    def check_rendered(self, bottoms: int, tops: int, *, training: bool) -> None:
        if bottoms < 3:
            raise UnsupportedError(
                f'the infogain matrix is in a file of its own, "{self.source}"',
                "give the matrix as a third bottom",
            )

    def prediction(self) -> Softmax:
        return Softmax(axis=self.axis)


@layer("ContrastiveLoss", param="contrastive_loss_param", bottoms=3, tops=(1, 2))
@dataclass(frozen=True)
class ContrastiveLoss(Loss):
    """Draws similar pairs together, and others a margin apart (contrastive_loss_layer.cpp).

    With output_matches, which training alone needs, MyCaffe has a second top.
    """

    labels: ClassVar[tuple[int, ...]] = (2,)
    margin: float = 1.0
    legacy_version: bool = False
    output_matches: bool = False

    def check_counts(self, bottoms: int, tops: int) -> None:
        super().check_counts(bottoms, tops)
        require(
            tops == 1 and not self.output_matches,
            "a second top (the matches), as MyCaffe has it with output_matches, is not supported",
            "leave both out",
        )

    def check(self, bottoms: Shapes) -> None:
        super().check(bottoms)
        first, second, similar = map(legacy_shape, bottoms)
        require(
            first[1:] == second[1:] and first[2:] == (1, 1),
            f"the pairs must be of vectors (N x C), all of one length, "
            f"but they are {dims(bottoms[0])} and {dims(bottoms[1])}",
        )
        require(
            similar == (first[0], 1, 1, 1),
            f"needs one similarity for each of {first[0]} pairs, but there are {dims(bottoms[2])}",
        )


@layer("Accuracy", param="accuracy_param", bottoms=2, tops=(1, 2))
@dataclass(frozen=True)
class Accuracy(Layer):
    """The share of labels among the `top_k` highest scores (accuracy_layer.cpp).

    Equal scores count against the label. A second top has the share of each class.
    """

    labels: ClassVar[tuple[int, ...]] = (1,)
    top_k: int = 1
    axis: int = 1
    ignore_label: int | None = None
    min_is_better: bool = False
    """Whether the lowest scores count, in happynear's fork."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(
            not self.min_is_better,
            "min_is_better is not supported",
            "leave it out, or convert for tests without labels",
        )
        scores, labels = bottoms
        axis = canonical_axis(self.axis, scores)
        _check_labels(scores, labels, axis)
        require(count(labels) > 0, f"there are no labels ({dims(labels)})")
        classes = scores[axis]
        require(self.top_k <= classes, f"top_k is {self.top_k}, but there are {classes} classes")
        return ((), (classes,))[:tops]
