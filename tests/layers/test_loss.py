"""What Caffe refuses in losses, and by what it divides them."""

from __future__ import annotations

import pytest
from refusals import told

from proto2net.layers.base import Layer
from proto2net.layers.loss import (
    Accuracy,
    ContrastiveLoss,
    EuclideanLoss,
    HingeLoss,
    InfogainLoss,
    LossParameter,
    MultinomialLogisticLoss,
    SigmoidCrossEntropyLoss,
    SoftmaxParameter,
    SoftmaxWithLoss,
)
from proto2net.shape import Shapes

IMAGE = (2, 3, 7, 5)

REFUSED: list[tuple[Layer, Shapes, int, str]] = [
    (SoftmaxWithLoss(), (IMAGE, (2, 7, 5)), 2, "second top"),
    (SoftmaxWithLoss(), (IMAGE, (2,)), 1, "70 labels"),
    (SoftmaxWithLoss(), (IMAGE, (70,)), 1, "samples"),
    (SoftmaxWithLoss(), ((), ()), 1, "samples"),
    (SoftmaxWithLoss(SoftmaxParameter(4)), (IMAGE, IMAGE), 1, "axis is 4"),
    (SigmoidCrossEntropyLoss(), ((2, 3), (2,)), 1, "target"),
    (SigmoidCrossEntropyLoss(), ((2, 3), (3, 2)), 1, "samples"),
    (EuclideanLoss(), ((2, 3), (2, 4)), 1, "2 x 4"),
    (EuclideanLoss(), ((2, 3), (3, 3)), 1, "samples"),
    (HingeLoss(), ((2, 3), (3,)), 1, "samples"),
    (HingeLoss(), ((2, 3), (2, 3)), 1, "needs one label a sample"),
    (MultinomialLogisticLoss(), ((2,), (2,)), 1, "needs an axis of classes"),
    (HingeLoss(), ((*IMAGE, 1), (2,)), 1, "4 axes"),
    (MultinomialLogisticLoss(), ((2, 3), (2, 3)), 1, "one label"),
    (MultinomialLogisticLoss(), ((2, 3), (2, 1, 1, 1, 1)), 1, "4 axes"),
    (InfogainLoss(), ((2, 3), (2,)), 1, "missing"),
    (InfogainLoss("h"), ((2, 3), (2, 3)), 1, "2 labels"),
    (InfogainLoss("h", axis=2), ((2, 3), (2,)), 1, "axis is 2"),
    (InfogainLoss(), ((2, 3), (2,), (3, 2)), 1, "3 x 3"),
    (InfogainLoss("h", 1, LossParameter(normalize=True)), ((2, 3), (2,)), 1, "normalize"),
    (ContrastiveLoss(), ((2, 3), (2, 4), (2,)), 1, "vectors"),
    (ContrastiveLoss(), ((2, 3, 2), (2, 3, 2), (2,)), 1, "vectors"),
    (ContrastiveLoss(), ((2, 3), (2, 3), (2, 3)), 1, "one similarity"),
    (ContrastiveLoss(), ((2, 3), (3, 3), (2,)), 1, "samples"),
    (Accuracy(), ((2, 3), (2, 3)), 1, "2 labels"),
    (Accuracy(axis=2), ((2, 3), (2,)), 1, "axis is 2"),
    (Accuracy(top_k=4), ((2, 3), (2,)), 1, "3 classes"),
    (Accuracy(), ((0, 3), (0,)), 1, "no labels"),
]


@pytest.mark.parametrize(("layer", "bottoms", "tops", "words"), REFUSED)
def test_refused(layer: Layer, bottoms: Shapes, tops: int, words: str) -> None:
    assert words in told(layer, bottoms, tops)


def test_normalization_by_either_name() -> None:
    assert LossParameter().mode("BATCH_SIZE") == "BATCH_SIZE"
    assert LossParameter(normalize=False).mode("VALID") == "BATCH_SIZE"
    assert LossParameter(normalize=True).mode("BATCH_SIZE") == "VALID"
    assert LossParameter(normalize=True, normalization="FULL").mode("VALID") == "FULL"
