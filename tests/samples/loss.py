"""Samples of proto2net/layers/loss.py."""

from __future__ import annotations

import math

import numpy as np
from samples.sample import Ndarray, Sample, layer, sample, values

NAN = float("nan")


def softmax(x: Ndarray) -> Ndarray:
    """Along the last axis."""
    powers = np.exp(x)
    return powers / powers.sum(-1, keepdims=True)


SCORES = values(3, 4)
LABELS = np.array([2, 0, 3])
_p = softmax(SCORES)
_one_hot = np.eye(4)[LABELS]
_loss = -np.log((_p * _one_hot).sum(1))


def softmax_loss(scores: Ndarray, labels: Ndarray) -> Sample:
    """The default softmax loss of SCORES, in some other shapes."""
    return sample(
        layer("SoftmaxWithLoss", "x label", "loss"),
        phase="TRAIN",
        inputs={"x": scores, "label": labels},
        blobs={"loss": _loss.mean()},
        gradients={"x": ((_p - _one_hot) / 3).reshape(scores.shape)},
    )


MATRIX = np.abs(values(4, 4, start=40))
_rows = MATRIX[LABELS[:2]]  # the third label is ignored
_infogain = (_p[:2] * _rows.sum(1, keepdims=True) - _rows) / 2


def contrastive(text: str, similar: int, loss: float, slope: float) -> Sample:
    """The loss of a pair (1, 2) and (1.5, 2), which are 0.5 apart."""
    return sample(
        layer("ContrastiveLoss", "a b s", "loss", text),
        phase="TRAIN",
        inputs={"a": [[1, 2]], "b": [[1.5, 2]], "s": [similar]},
        blobs={"loss": loss},
        gradients={"a": [[-0.5 * slope, 0]], "b": [[0.5 * slope, 0]]},
    )


def accuracy(text: str, scores: object, labels: object, **blobs: object) -> Sample:
    """An accuracy, and if given that of each class."""
    return sample(
        layer("Accuracy", "x label", " ".join(blobs), f"accuracy_param {{ {text} }}"),
        inputs={"x": scores, "label": labels},
        blobs=blobs,
    )


SAMPLES = {
    "multinomial_of_what_is_below_0": sample(
        layer("MultinomialLogisticLoss", "x label", "loss"),
        inputs={"x": [[-0.5, 0.25, 0.5], [0.75, 0.125, 0.125]], "label": [0, 0]},
        blobs={"loss": -(math.log(1e-20) + math.log(0.75)) / 2},
    ),
    "softmax_loss_labels_in_four_axes": softmax_loss(SCORES, LABELS.reshape(3, 1, 1, 1)),
    "softmax_loss_scores_in_four_axes": softmax_loss(SCORES.reshape(3, 4, 1, 1), LABELS),
    "softmax_loss_nothing_counts": sample(
        layer("SoftmaxWithLoss", "x label", "loss", "loss_param { ignore_label: 1 }"),
        phase="TRAIN",
        inputs={"x": SCORES, "label": [1, 1, 1]},
        blobs={"loss": 0},
        gradients={"x": np.zeros((3, 4))},
    ),
    "sigmoid_loss_nothing_counts": sample(
        layer(
            "SigmoidCrossEntropyLoss",
            "x label",
            "loss",
            "loss_param { ignore_label: 0 normalization: VALID }",
        ),
        phase="TRAIN",
        inputs={"x": [[1, -2]], "label": [[0.5, 0]]},  # 0.5 is ignored too, as (int) 0
        blobs={"loss": 0},
        gradients={"x": [[0, 0]]},
    ),
    "sigmoid_loss_targets_of_another_shape": sample(
        layer("SigmoidCrossEntropyLoss", "x label", "loss"),
        phase="TRAIN",
        inputs={"x": [[1, -2]], "label": [[[1], [0]]]},
        blobs={"loss": math.log1p(math.exp(-1)) + math.log1p(math.exp(-2))},
        gradients={"x": [[1 / (1 + math.exp(-1)) - 1, 1 / (1 + math.exp(2))]]},
    ),
    # Without a top of its own a loss still counts.
    "euclidean_loss_without_top": sample(
        layer("EuclideanLoss", "a b", "", "loss_weight: 2"),
        phase="TRAIN",
        inputs={"a": [[1, 2, 3], [4, 5, 6]], "b": [[[1], [0], [3]], [[4], [5], [2]]]},
        blobs={"(automatic)": 5},
        gradients={
            "a": [[0, 2, 0], [0, 0, 4]],
            "b": [[[0], [-2], [0]], [[0], [0], [-4]]],
        },
    ),
    "loss_that_is_read": sample(
        layer("EuclideanLoss", "a b", "loss"),
        layer("Power", "loss", "half", "power_param { scale: 0.5 }", "half"),
        phase="TRAIN",
        inputs={"a": [[1, 2]], "b": [[3, 2]]},
        blobs={"loss": 2, "half": 1},
        gradients={"a": [[-2, 0]], "b": [[2, 0]]},
    ),
    # A probability counts as at least 1e-20, and the gradient passes all the same.
    "multinomial_of_zero": sample(
        layer("MultinomialLogisticLoss", "x label", "loss"),
        phase="TRAIN",
        inputs={"x": [[[[0]], [[1]]]], "label": [[0]]},
        blobs={"loss": -math.log(1e-20)},
        gradients={"x": [[[[-1e20]], [[0]]]]},
    ),
    "infogain_ignoring": sample(
        layer(
            "InfogainLoss",
            "x label H",
            "loss prob",
            "loss_param { ignore_label: 3 } loss_weight: 1 loss_weight: 0",
        ),
        phase="TRAIN",
        inputs={"x": SCORES, "label": LABELS, "H": MATRIX},
        blobs={"loss": -(_rows * np.log(_p[:2])).sum() / 2, "prob": _p},
        gradients={"x": [*_infogain, np.zeros(4)]},
    ),
    "infogain_of_small_probabilities": sample(
        layer("InfogainLoss", "x label H", "loss"),
        phase="TRAIN",
        inputs={"x": [[0, 100]], "label": [0], "H": np.eye(2)},
        blobs={"loss": -math.log(1e-20)},
        gradients={"x": [[-1, 1]]},
    ),
    "contrastive_similar": contrastive("", 1, 0.125, 1.0),
    "contrastive_apart": contrastive("", 0, 0.125, -0.5 / (0.5 + 1e-4)),
    "contrastive_apart_legacy": contrastive(
        "contrastive_loss_param { legacy_version: true }", 0, 0.375, -1.0
    ),
    "contrastive_at_no_distance": sample(
        layer("ContrastiveLoss", "a b s", "loss"),
        phase="TRAIN",
        inputs={"a": [[1, 2]], "b": [[1, 2]], "s": [0]},
        blobs={"loss": 0.5},
        gradients={"a": [[0, 0]], "b": [[0, 0]]},
    ),
    # Equal scores count against a label, and NaN counts for it.
    "accuracy_ties": accuracy("", [[1, 1, 1], [2, 0, 1]], [1, 0], acc=0.5),
    "accuracy_top_k_ties": accuracy(
        "top_k: 2", [[1, 1, 1], [2, 1, 1], [2, 3, 0]], [0, 2, 0], acc=1 / 3
    ),
    "accuracy_of_nan": accuracy("", [[NAN, 1], [1, 2]], [0, 0], acc=0.5),
    "accuracy_nothing_counts": accuracy(
        "ignore_label: 255", [[1, 2], [3, 4]], [255, 255], acc=0, per_class=[0, 0]
    ),
    "accuracy_per_class_ignoring": accuracy(
        "ignore_label: -1",
        [[1, 2, 0], [3, 4, 0], [5, 4, 0], [0, 0, 1]],
        [1, 0, 0, -1],
        acc=2 / 3,
        per_class=[0.5, 1, 0],
    ),
}
