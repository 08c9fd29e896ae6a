"""Keras renderers of proto2net/layers/loss.py.

Where classes are told apart, they are the last axis of the scores, and the other axes are in
Caffe's order, as the labels are.
"""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, as_tops, bottoms
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import moved_axis, order, permuted, read_in_order
from proto2net.backends.tensorflow.objects import called_on, own
from proto2net.backends.tree import BOTTOM, Expression, call
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
from proto2net.shape import Shape, canonical_axis


def _over_classes(node: Node[Any], axis: int) -> Expression:
    """The layer called on scores with their classes last, labels, and what follows."""
    scores = _classes_last(node.bottoms[0].shape, axis)
    return called_on([scores, *_in_order(node)[1:]])


def _in_order(node: Node[Any]) -> list[Expression]:
    """The bottoms, which will be read one by one, in one order."""
    read = zip(bottoms(node), node.bottoms, strict=True)
    return [read_in_order(bottom, blob.shape) for bottom, blob in read]


def _classes_last(scores: Shape, axis: int) -> Expression:
    """The first bottom with this axis of Caffe's behind the others."""
    axes = len(scores)
    wanted = [*(a for a in range(axes) if a != axis), axis]
    return permuted(BOTTOM, [order(axes).index(a) for a in wanted])


def _plain(node: Node[Any], kind: str, **options: object) -> Code:
    """A layer that is called on all bottoms, read in one order."""
    alike = len({bottom.shape for bottom in node.bottoms}) == 1
    read = bottoms(node) if alike else _in_order(node)
    return Code(called_on(read), own(kind, **options))


def _options(node: Node[Any], default: str) -> dict[str, object]:
    """What a loss ignores, and by what it is divided."""
    parameter = node.layer.loss_param
    return {
        "ignore_label": parameter.ignore_label,
        "normalization": (parameter.mode(default), "VALID"),
    }


@renders(SoftmaxWithLoss)
def _softmax_loss(node: Node[SoftmaxWithLoss]) -> Code:
    axis = canonical_axis(node.layer.softmax_param.axis, node.bottoms[0].shape)
    init = own("SoftmaxWithLoss", batch_axes=(axis, 1), **_options(node, "VALID"))
    return Code(_over_classes(node, axis), init)


@renders(InfogainLoss)
def _infogain_loss(node: Node[InfogainLoss]) -> Code:
    bottom = node.bottoms[0].shape
    axis = canonical_axis(node.layer.axis, bottom)
    init = own("InfogainLoss", batch_axes=(axis, 1), **_options(node, "VALID"))
    softmax = call("layers.Softmax", axis=(moved_axis(axis, len(bottom)), -1))
    tops = (_over_classes(node, axis), call(softmax, BOTTOM))
    return Code(as_tops(tops[: len(node.tops)]), init)


@renders(Accuracy)
def _accuracy(node: Node[Accuracy]) -> Code:
    layer = node.layer
    init = own(
        "Accuracy",
        top_k=(layer.top_k, 1),
        ignore_label=layer.ignore_label,
        per_class=(len(node.tops) > 1, False),
    )
    axis = canonical_axis(layer.axis, node.bottoms[0].shape)
    return Code(_over_classes(node, axis), init)


@renders(SigmoidCrossEntropyLoss)
def _sigmoid_cross_entropy_loss(node: Node[SigmoidCrossEntropyLoss]) -> Code:
    return _plain(node, "SigmoidCrossEntropyLoss", **_options(node, "BATCH_SIZE"))


@renders(EuclideanLoss)
def _euclidean_loss(node: Node[EuclideanLoss]) -> Code:
    return _plain(node, "EuclideanLoss")


@renders(HingeLoss)
def _hinge_loss(node: Node[HingeLoss]) -> Code:
    squared = node.layer.norm == "L2"
    return _plain(node, "HingeLoss", squared=(squared, False))


@renders(MultinomialLogisticLoss)
def _multinomial_logistic_loss(node: Node[MultinomialLogisticLoss]) -> Code:
    return _plain(node, "MultinomialLogisticLoss")


@renders(ContrastiveLoss)
def _contrastive_loss(node: Node[ContrastiveLoss]) -> Code:
    return _plain(
        node,
        "ContrastiveLoss",
        margin=(node.layer.margin, 1.0),
        legacy_version=(node.layer.legacy_version, False),
    )
