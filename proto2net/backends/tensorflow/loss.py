"""Keras renderers of proto2net/layers/loss.py.

Where classes are told apart, they are the last axis of the scores, and the other axes are in
Caffe's order, as the labels are.
"""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code
from proto2net.backends.printing import text
from proto2net.backends.source import call, literal
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import (
    moved_axis,
    order,
    permuted,
    read_in_order,
)
from proto2net.errors import UnsupportedError
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


def _over_classes(node: Node[Any], axis: int, init: str) -> Code:
    """A layer that is called on scores with their classes last, labels, and what follows."""
    scores, *others = (bottom.shape for bottom in node.bottoms)
    bottoms = [_classes_last(scores, axis)]
    for index, shape in enumerate(others, start=1):
        bottoms.append(read_in_order(f"{{{index}}}", shape))
    return Code(f"{{self}}([{', '.join(bottoms)}])", init)


def _classes_last(scores: Shape, axis: int) -> str:
    """The first bottom with this axis of Caffe's behind the others."""
    axes = len(scores)
    wanted = [*(a for a in range(axes) if a != axis), axis]
    return permuted("{0}", [order(axes).index(a) for a in wanted])


def _plain(node: Node[Any], init: str) -> Code:
    """A layer that is called on all bottoms, read in one order."""
    shapes = [bottom.shape for bottom in node.bottoms]
    bottoms = [f"{{{index}}}" for index in range(len(shapes))]
    if len(set(shapes)) > 1:
        bottoms = [
            read_in_order(b, shape) for b, shape in zip(bottoms, shapes, strict=True)
        ]
    return Code(f"{{self}}([{', '.join(bottoms)}])", init)


def _options(node: Node[Any], default: str) -> dict[str, object]:
    """What a loss ignores, and by what it is divided."""
    parameter = node.layer.loss_param
    return {
        "ignore_label": parameter.ignore_label,
        "normalization": (literal(parameter.mode(default)), '"VALID"'),
    }


@renders(SoftmaxWithLoss)
def _softmax_loss(node: Node[SoftmaxWithLoss]) -> Code:
    axis = canonical_axis(node.layer.softmax_param.axis, node.bottoms[0].shape)
    options = {"batch_axes": (axis, 1), **_options(node, "VALID")}
    return _over_classes(node, axis, call("SoftmaxWithLoss", **options, name="{name}"))


@renders(InfogainLoss)
def _infogain_loss(node: Node[InfogainLoss]) -> Code:
    if len(node.bottoms) < 3:
        raise UnsupportedError(
            f'the infogain matrix is in a file of its own, "{node.layer.source}"',
            "give the matrix as a third bottom",
        )
    bottom = node.bottoms[0].shape
    axis = canonical_axis(node.layer.axis, bottom)
    options = {"batch_axes": (axis, 1), **_options(node, "VALID")}
    loss = _over_classes(node, axis, call("InfogainLoss", **options, name="{name}"))
    if len(node.tops) == 1:
        return loss
    softmax = call("layers.Softmax", axis=(moved_axis(axis, len(bottom)), -1))
    return Code(f"({text(loss.forward)}, {softmax}({{0}}))", loss.init)


@renders(Accuracy)
def _accuracy(node: Node[Accuracy]) -> Code:
    layer = node.layer
    init = call(
        "Accuracy",
        top_k=(layer.top_k, 1),
        ignore_label=layer.ignore_label,
        per_class=(len(node.tops) > 1, False),
        name="{name}",
    )
    return _over_classes(node, canonical_axis(layer.axis, node.bottoms[0].shape), init)


@renders(SigmoidCrossEntropyLoss)
def _sigmoid_cross_entropy_loss(node: Node[SigmoidCrossEntropyLoss]) -> Code:
    options = _options(node, "BATCH_SIZE")
    return _plain(node, call("SigmoidCrossEntropyLoss", **options, name="{name}"))


@renders(EuclideanLoss)
def _euclidean_loss(node: Node[EuclideanLoss]) -> Code:
    return _plain(node, call("EuclideanLoss", name="{name}"))


@renders(HingeLoss)
def _hinge_loss(node: Node[HingeLoss]) -> Code:
    squared = node.layer.norm == "L2"
    return _plain(node, call("HingeLoss", squared=(squared, False), name="{name}"))


@renders(MultinomialLogisticLoss)
def _multinomial_logistic_loss(node: Node[MultinomialLogisticLoss]) -> Code:
    return _plain(node, call("MultinomialLogisticLoss", name="{name}"))


@renders(ContrastiveLoss)
def _contrastive_loss(node: Node[ContrastiveLoss]) -> Code:
    init = call(
        "ContrastiveLoss",
        margin=(node.layer.margin, 1.0),
        legacy_version=(node.layer.legacy_version, False),
        name="{name}",
    )
    return _plain(node, init)
