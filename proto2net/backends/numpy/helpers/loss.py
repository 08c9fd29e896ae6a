"""Helpers for losses and accuracies: functions of float32 arrays in Caffe's layout.

Each computes what the CPU code of the named Caffe file does.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import math

import numpy as np

from proto2net.backends.numpy.helpers.axes import flatten
from proto2net.backends.numpy.helpers.normalize import softmax


def classes_last(
    scores: np.ndarray,
    labels: np.ndarray,
    axis: int = 1,
    ignore_label: int | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores with the class axis last, the labels, and which labels are not ignored."""
    scores = np.moveaxis(scores, axis, -1)
    labels = labels.reshape(scores.shape[:-1]).astype(int)
    counted = np.full(labels.shape, True)
    if ignore_label is not None:
        counted = labels != ignore_label
    return scores, np.where(counted, labels, 0), counted


def of_labels(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The score of each label's class."""
    return np.take_along_axis(scores, labels[..., None], -1)[..., 0]


def normalized(
    losses: np.ndarray, counted: np.ndarray, normalization: str = "VALID", axis: int = 1
) -> np.ndarray:
    """The sum of the losses that count, over the normalizer (loss_layer.cpp)."""
    numbers = {
        "FULL": counted.size,
        "VALID": counted.sum(),
        "BATCH_SIZE": math.prod(counted.shape[:axis]),
        "NONE": 1,
    }
    return np.asarray(
        losses[counted].sum() / max(1, numbers[normalization]), np.float32
    )


def softmax_loss(
    x: np.ndarray,
    labels: np.ndarray,
    axis: int = 1,
    ignore_label: int | None = None,
    normalization: str = "VALID",
) -> np.ndarray:
    """Softmax cross entropy along an axis (softmax_loss_layer.cpp)."""
    scores, labels, counted = classes_last(softmax(x, axis), labels, axis, ignore_label)
    smallest = np.finfo(np.float32).tiny
    losses = -np.log(np.maximum(of_labels(scores, labels), smallest))
    return normalized(losses, counted, normalization, axis)


def infogain_loss(
    x: np.ndarray,
    labels: np.ndarray,
    matrix: np.ndarray,
    axis: int = 1,
    ignore_label: int | None = None,
    normalization: str = "VALID",
) -> np.ndarray:
    """Cross entropy weighted by the label's row of a matrix.

    Source: infogain_loss_layer.cpp.
    """
    scores, labels, counted = classes_last(softmax(x, axis), labels, axis, ignore_label)
    rows = matrix.reshape(scores.shape[-1], -1)[labels]
    losses = -(rows * np.log(np.maximum(scores, 1e-20))).sum(-1)
    return normalized(losses, counted, normalization, axis)


def multinomial_logistic_loss(x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Minus the log of the label's probability, averaged over the batch.

    Source: multinomial_logistic_loss_layer.cpp.
    """
    chosen = of_labels(flatten(x), labels.reshape(len(x)).astype(int))
    losses = -np.log(np.maximum(chosen, 1e-20))
    return np.asarray(losses.sum() / len(x), np.float32)


def sigmoid_cross_entropy_loss(
    x: np.ndarray,
    targets: np.ndarray,
    ignore_label: int | None = None,
    normalization: str = "BATCH_SIZE",
) -> np.ndarray:
    """Binary cross entropy with logits (sigmoid_cross_entropy_loss_layer.cpp)."""
    targets = targets.reshape(x.shape)
    counted = np.full(x.shape, True)
    if ignore_label is not None:
        counted = targets.astype(int) != ignore_label
    losses = np.maximum(x, 0) - x * targets + np.log1p(np.exp(-np.abs(x)))
    return normalized(losses, counted, normalization, axis=1)


def euclidean_loss(x: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Half of the squared Euclidean distance, averaged over the batch.

    Source: euclidean_loss_layer.cpp.
    """
    squares = np.square(x - targets.reshape(x.shape))
    return np.asarray(squares.sum() / (2 * len(x)), np.float32)


def hinge_loss(x: np.ndarray, labels: np.ndarray, norm: str = "L1") -> np.ndarray:
    """One-vs-all hinge loss, averaged over the batch (hinge_loss_layer.cpp)."""
    scores = flatten(x)
    own = np.arange(scores.shape[1]) == labels.reshape(-1, 1)[: len(x)].astype(int)
    distances = np.maximum(0, 1 - np.where(own, scores, -scores))
    losses = distances if norm == "L1" else np.square(distances)
    return np.asarray(losses.sum() / len(x), np.float32)


def contrastive_loss(
    a: np.ndarray,
    b: np.ndarray,
    similar: np.ndarray,
    margin: float = 1.0,
    legacy_version: bool = False,
) -> np.ndarray:
    """Contrastive loss: similar pairs attract, others repel up to a margin.

    Source: contrastive_loss_layer.cpp.
    """
    squares = np.square(flatten(a) - flatten(b)).sum(1)
    if legacy_version:
        apart = np.maximum(margin - squares, 0)
    else:
        apart = np.square(np.maximum(margin - np.sqrt(squares), 0))
    losses = np.where(similar.reshape(len(a)).astype(int), squares, apart)
    return np.asarray(losses.sum() / (2 * len(a)), np.float32)


def hits(scores: np.ndarray, labels: np.ndarray, top_k: int = 1) -> np.ndarray:
    """Which labels are among the top_k scores; ties count against the label.

    Source: accuracy_layer.cpp.
    """
    own = of_labels(scores, labels)[..., None]
    return (scores >= own).sum(-1) - 1 < top_k


def accuracy(
    x: np.ndarray,
    labels: np.ndarray,
    top_k: int = 1,
    axis: int = 1,
    ignore_label: int | None = None,
) -> np.ndarray:
    """Top-k accuracy; ties count against the label (accuracy_layer.cpp)."""
    scores, labels, counted = classes_last(x, labels, axis, ignore_label)
    right = counted & hits(scores, labels, top_k)
    return np.asarray(right.sum() / max(1, counted.sum()), np.float32)


def accuracy_per_class(
    x: np.ndarray,
    labels: np.ndarray,
    top_k: int = 1,
    axis: int = 1,
    ignore_label: int | None = None,
) -> np.ndarray:
    """Top-k accuracy of each class; 0 for one without labels (accuracy_layer.cpp)."""
    scores, labels, counted = classes_last(x, labels, axis, ignore_label)
    right = counted & hits(scores, labels, top_k)
    classes = scores.shape[-1]
    number = np.bincount(labels[counted], minlength=classes)
    share = np.bincount(labels[right], minlength=classes) / np.maximum(1, number)
    return share.astype(np.float32)
