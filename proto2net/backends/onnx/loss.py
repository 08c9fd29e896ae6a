"""ONNX renderers of proto2net/layers/loss.py.

Scores are brought to three axes: what comes before the classes, the classes, and what comes behind.
"""

from __future__ import annotations

from typing import Any

from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.shapes import as_index, shaped
from proto2net.backends.onnx.values import BOOL, FLOAT, Value, X, bottoms, op
from proto2net.frozen import dataclass
from proto2net.graph import Node
from proto2net.layers import (
    Accuracy,
    ContrastiveLoss,
    EuclideanLoss,
    HingeLoss,
    InfogainLoss,
    MultinomialLogisticLoss,
    SigmoidCrossEntropyLoss,
    SoftmaxWithLoss,
)
from proto2net.shape import canonical_axis, count

ALL = [0, 1, 2]
SMALLEST = 2.0**-126
"""The least normal float32."""
LOG_THRESHOLD = 1e-20
"""Caffe's kLOG_THRESHOLD: the least probability of which some losses take the log."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Scores and labels as (before, classes, behind), and which of the labels count."""

    scores: Value
    own: Value
    """Whether a class is that of the label."""
    counted: Value | None
    """1 where a label counts, and 0 where not; None if all do."""

    @property
    def of_labels(self) -> Value:
        """The score of each label's class."""
        return _sum(op("Where", self.own, self.scores, 0.0), [1])


def _labelled(node: Node[Any], scores: Value, axis: int, ignored: int | None = None) -> Labelled:
    shape = node.bottoms[0].shape
    classes, behind = shape[axis], count(shape[axis + 1 :])
    labels = as_index(shaped(bottoms(node)[1], -1, 1, behind))
    numbers = [[[each] for each in range(classes)]]
    counted = None if ignored is None else _as_float(op("Not", op("Equal", labels, ignored)))
    return Labelled(shaped(scores, -1, classes, behind), op("Equal", labels, numbers), counted)


def _as_float(condition: Value) -> Value:
    return op("Cast", condition, to=FLOAT)


def _sum(x: Value, axes: list[int]) -> Value:
    return op("ReduceSum", x, axes=axes, keepdims=1)


def _mean(x: Value, axes: list[int]) -> Value:
    return op("ReduceMean", x, axes=axes, keepdims=1)


def _number(x: Value) -> Value:
    """A value of three axes as a number without: at last, as OpenCV computes nothing with it."""
    return op("Squeeze", x, ALL)


def _normalized(losses: Value, counted: Value | None, mode: str) -> Value:
    """The sum of the losses that count, over the normalizer (loss_layer.cpp)."""
    if counted is not None:
        losses = op("Where", op("Cast", counted, to=BOOL), losses, 0.0)
    if mode == "BATCH_SIZE":
        return _number(_mean(_sum(losses, [1, 2]), [0]))
    if mode == "NONE":
        return _number(_sum(losses, ALL))
    if mode == "FULL" or counted is None:
        return _number(_mean(losses, ALL))
    return _number(_sum(losses, ALL) / op("Max", _sum(counted, ALL), 1.0))


def _log_loss(probabilities: Value, smallest: float) -> Value:
    return -op("Log", op("Max", probabilities, smallest))


@renders(SoftmaxWithLoss)
def _softmax_loss(node: Node[SoftmaxWithLoss]) -> Value:
    parameter = node.layer.loss_param
    axis = canonical_axis(node.layer.softmax_param.axis, node.bottoms[0].shape)
    labelled = _labelled(node, op("Softmax", X, axis=axis), axis, parameter.ignore_label)
    losses = _log_loss(labelled.of_labels, SMALLEST)
    return _normalized(losses, labelled.counted, parameter.mode("VALID"))


@renders(InfogainLoss)
def _infogain_loss(node: Node[InfogainLoss]) -> list[Value]:
    parameter, shape = node.layer.loss_param, node.bottoms[0].shape
    axis = canonical_axis(node.layer.axis, shape)
    probabilities = op("Softmax", X, axis=axis)
    labelled = _labelled(node, probabilities, axis, parameter.ignore_label)
    matrix = op("Transpose", shaped(bottoms(node)[2], shape[axis], shape[axis]), perm=[1, 0])
    rows = matrix @ _as_float(labelled.own)
    losses = _sum(rows * _log_loss(labelled.scores, LOG_THRESHOLD), [1])
    loss = _normalized(losses, labelled.counted, parameter.mode("VALID"))
    return [loss, probabilities][: len(node.tops)]


@renders(MultinomialLogisticLoss)
def _multinomial_logistic_loss(node: Node[MultinomialLogisticLoss]) -> Value:
    samples = _samples(node)
    return _number(_mean(_log_loss(samples.of_labels, LOG_THRESHOLD), ALL))


def _samples(node: Node[Any]) -> Labelled:
    """One label a sample, of all its scores."""
    classes = count(node.bottoms[0].shape[1:])
    labels = as_index(shaped(bottoms(node)[1], -1, 1, 1))
    own = op("Equal", labels, [[[each] for each in range(classes)]])
    return Labelled(shaped(X, 0, classes, 1), own, None)


@renders(SigmoidCrossEntropyLoss)
def _sigmoid_cross_entropy_loss(node: Node[SigmoidCrossEntropyLoss]) -> Value:
    parameter = node.layer.loss_param
    size = count(node.bottoms[0].shape[1:])
    x, targets = (shaped(each, -1, 1, size) for each in bottoms(node))
    losses = op("Relu", x) - x * targets + op("Log", 1.0 + op("Exp", -op("Abs", x)))
    counted = None
    if parameter.ignore_label is not None:
        counted = _as_float(op("Not", op("Equal", as_index(targets), parameter.ignore_label)))
    return _normalized(losses, counted, parameter.mode("BATCH_SIZE"))


@renders(EuclideanLoss)
def _euclidean_loss(node: Node[EuclideanLoss]) -> Value:
    size = count(node.bottoms[0].shape[1:])
    x, targets = (shaped(each, -1, 1, size) for each in bottoms(node))
    difference = x - targets
    return _number(_mean(_sum(difference * difference, [2]), [0]) * 0.5)


@renders(HingeLoss)
def _hinge_loss(node: Node[HingeLoss]) -> Value:
    samples = _samples(node)
    distances = op("Relu", 1.0 - op("Where", samples.own, samples.scores, -samples.scores))
    losses = distances if node.layer.norm == "L1" else distances * distances
    return _number(_mean(_sum(losses, [1]), [0]))


@renders(ContrastiveLoss)
def _contrastive_loss(node: Node[ContrastiveLoss]) -> Value:
    layer = node.layer
    a, b, similar = (shaped(each, 0, -1, 1) for each in bottoms(node))
    difference = a - b
    squares = _sum(difference * difference, [1])
    if layer.legacy_version:
        apart = op("Relu", layer.margin - squares)
    else:
        near = op("Relu", layer.margin - op("Sqrt", squares))
        apart = near * near
    chosen = op("Cast", as_index(similar), to=BOOL)
    return _number(_mean(op("Where", chosen, squares, apart), [0]) * 0.5)


@renders(Accuracy)
def _accuracy(node: Node[Accuracy]) -> list[Value]:
    """A label is right where less than top_k other classes score as high (accuracy_layer.cpp)."""
    layer = node.layer
    axis = canonical_axis(layer.axis, node.bottoms[0].shape)
    labelled = _labelled(node, X, axis, layer.ignore_label)
    as_high = _as_float(op("GreaterOrEqual", labelled.scores, labelled.of_labels))
    right = _as_float(op("Less", _sum(as_high, [1]), layer.top_k + 1.0))
    own, counted = _as_float(labelled.own), labelled.counted
    if counted is not None:
        right, own = right * counted, own * counted
    per_class = _sum(own * right, [0, 2]) / op("Max", _sum(own, [0, 2]), 1.0)
    per_class = op("Squeeze", per_class, [0, 2])
    return [_normalized(right, counted, "VALID"), per_class][: len(node.tops)]
