"""Helpers for losses and accuracies, which Keras lacks: pasted where they are used."""
# mypy: allow-subclassing-any, allow-untyped-decorators

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from proto2net.backends.tensorflow.helpers.normalize import root


@keras.saving.register_keras_serializable("caffe")
class AddLoss(layers.Layer):
    """Adds its input, times a weight, to the loss that fit() minimises."""

    def __init__(self, weight: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.weight = weight

    def call(self, x: tf.Tensor) -> tf.Tensor:
        self.add_loss(self.weight * ops.sum(x))
        return x


class NormalizedLoss(layers.Layer):
    """The base of losses with an ignored label and Caffe's normalization modes."""

    def __init__(
        self,
        ignore_label: int | None = None,
        normalization: str = "VALID",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.ignore_label, self.normalization = ignore_label, normalization

    def valid(self, labels: tf.Tensor) -> tf.Tensor:
        """Which labels are not ignored."""
        if self.ignore_label is None:
            return ops.ones_like(labels, "bool")
        return ops.cast(labels, "int32") != self.ignore_label

    def normalized(
        self, losses: tf.Tensor, valid: tf.Tensor, batch: int | tf.Tensor
    ) -> tf.Tensor:
        """The sum of the losses that count, over the normalizer."""
        count = {
            "FULL": ops.size(losses),
            "VALID": ops.sum(ops.cast(valid, "int32")),
            "BATCH_SIZE": batch,
            "NONE": 1,
        }[self.normalization]
        total = ops.sum(ops.where(valid, losses, 0.0))
        return total / ops.cast(ops.maximum(count, 1), losses.dtype)


@keras.saving.register_keras_serializable("caffe")
class SoftmaxWithLoss(NormalizedLoss):
    """Softmax cross entropy over the last axis.

    `batch_axes` is how many leading axes are the batch that BATCH_SIZE counts.
    """

    def __init__(self, batch_axes: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch_axes = batch_axes

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        scores, labels, *others = inputs
        valid = ops.reshape(self.valid(labels), (-1,))
        labels = ops.where(valid, ops.reshape(ops.cast(labels, "int32"), (-1,)), 0)
        rows = ops.reshape(scores, (-1, scores.shape[-1]))
        losses = self.of_rows(ops.log_softmax(rows), labels, *others)
        batch = ops.prod(ops.shape(scores)[: self.batch_axes])
        return self.normalized(losses, valid, batch)

    def of_rows(
        self, logs: tf.Tensor, labels: tf.Tensor, *others: tf.Tensor
    ) -> tf.Tensor:
        """The loss of each row from its log probabilities."""
        least = math.log(np.finfo(np.float32).tiny)
        return -at_least(label_of(logs, labels), least)


@keras.saving.register_keras_serializable("caffe")
class InfogainLoss(SoftmaxWithLoss):
    """Softmax cross entropy, weighted by the label's row of the third input."""

    def of_rows(
        self, logs: tf.Tensor, labels: tf.Tensor, *others: tf.Tensor
    ) -> tf.Tensor:
        matrix = ops.reshape(ops.stop_gradient(others[0]), (-1, logs.shape[-1]))
        logs = at_least(logs, math.log(1e-20))
        return -ops.sum(ops.take(matrix, labels, axis=0) * logs, axis=1)


def label_of(rows: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """The value of each row at its label."""
    return ops.take_along_axis(rows, labels[:, None], axis=1)[:, 0]


def at_least(x: tf.Tensor, least: float) -> tf.Tensor:
    """maximum(x, low) whose gradient also passes where the limit applies."""
    return ops.stop_gradient(ops.maximum(x, least)) + (x - ops.stop_gradient(x))


@keras.saving.register_keras_serializable("caffe")
class SigmoidCrossEntropyLoss(NormalizedLoss):
    """Binary cross entropy with logits; targets are from 0 to 1."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        scores, targets = inputs
        targets = ops.reshape(ops.stop_gradient(targets), ops.shape(scores))
        losses = tf.nn.sigmoid_cross_entropy_with_logits(targets, scores)
        return self.normalized(losses, self.valid(targets), ops.shape(scores)[0])


@keras.saving.register_keras_serializable("caffe")
class EuclideanLoss(layers.Layer):
    """Half of the squared Euclidean distance, averaged over the batch."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        first, second = inputs
        difference = first - ops.reshape(second, ops.shape(first))
        batch = ops.cast(ops.shape(first)[0], first.dtype)
        return ops.sum(ops.square(difference)) / (2 * batch)


@keras.saving.register_keras_serializable("caffe")
class HingeLoss(layers.Layer):
    """One-vs-all hinge loss, averaged over the batch.

    `squared` selects the squared hinge loss.
    """

    def __init__(self, squared: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.squared = squared

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        scores, labels = inputs
        batch = ops.shape(scores)[0]
        scores = ops.reshape(scores, (batch, -1))
        labels = ops.reshape(ops.cast(labels, "int32"), (-1,))
        right = ops.one_hot(labels, ops.shape(scores)[1], dtype=scores.dtype)
        missing = ops.relu(1 - (2 * right - 1) * scores)
        total = ops.sum(ops.square(missing) if self.squared else missing)
        return total / ops.cast(batch, scores.dtype)


@keras.saving.register_keras_serializable("caffe")
class MultinomialLogisticLoss(layers.Layer):
    """Minus the log of the label's probability, averaged over the batch."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        probabilities, labels = inputs
        rows = ops.reshape(probabilities, (ops.shape(probabilities)[0], -1))
        labels = ops.reshape(ops.cast(labels, "int32"), (-1,))
        return -ops.mean(ops.log(at_least(label_of(rows, labels), 1e-20)))


@keras.saving.register_keras_serializable("caffe")
class ContrastiveLoss(layers.Layer):
    """Contrastive loss: similar pairs attract, others repel up to a margin."""

    def __init__(
        self, margin: float = 1.0, legacy_version: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.margin, self.legacy_version = margin, legacy_version

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        first, second, similar = inputs
        batch = ops.shape(first)[0]
        difference = ops.reshape(first - second, (batch, -1))
        squares = ops.sum(ops.square(difference), axis=1)
        if self.legacy_version:
            apart = ops.relu(self.margin - squares)
        else:
            apart = ops.square(ops.relu(self.margin - root(squares, 1e-4)))
        together = ops.reshape(ops.cast(similar, "int32"), (-1,)) != 0
        total = ops.sum(ops.where(together, squares, apart))
        return total / (2 * ops.cast(batch, total.dtype))


@keras.saving.register_keras_serializable("caffe")
class Accuracy(layers.Layer):
    """Top-k accuracy over the last axis; ties count against the label.

    `per_class` adds the accuracy of each class as a second output.
    """

    def __init__(
        self,
        top_k: int = 1,
        ignore_label: int | None = None,
        per_class: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.top_k, self.ignore_label, self.per_class = top_k, ignore_label, per_class

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor | tuple[tf.Tensor, tf.Tensor]:
        scores, labels = inputs
        rows = ops.reshape(scores, (-1, scores.shape[-1]))
        labels = ops.reshape(ops.cast(labels, "int32"), (-1,))
        counted = ops.ones_like(labels, rows.dtype)
        if self.ignore_label is not None:
            counted = ops.cast(labels != self.ignore_label, rows.dtype)
            labels = ops.where(labels != self.ignore_label, labels, 0)
        better = rows >= label_of(rows, labels)[:, None]
        right = ops.sum(ops.cast(better, "int32"), axis=1) <= self.top_k
        right = counted * ops.cast(right, rows.dtype)
        share = self._share(right, counted)
        if not self.per_class:
            return share
        classes = ops.one_hot(labels, rows.shape[-1], dtype=rows.dtype)
        parts = (right[:, None] * classes, counted[:, None] * classes)
        return share, self._share(*parts)

    def _share(self, part: tf.Tensor, whole: tf.Tensor) -> tf.Tensor:
        return tf.math.divide_no_nan(ops.sum(part, axis=0), ops.sum(whole, axis=0))
