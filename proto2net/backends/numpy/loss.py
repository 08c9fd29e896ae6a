"""NumPy renderers of proto2net/layers/loss.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, as_tops, bottoms
from proto2net.backends.numpy.backend import renders, says
from proto2net.backends.tree import BOTTOM, call
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
from proto2net.shape import canonical_axis

says(
    {
        EuclideanLoss: "euclidean_loss({0}, {1})",
        MultinomialLogisticLoss: "multinomial_logistic_loss({0}, {1})",
    }
)


def _options(node: Node[Any], default: str) -> dict[str, object]:
    """What a loss ignores, and by what it is divided."""
    parameter = node.layer.loss_param
    return {
        "ignore_label": parameter.ignore_label,
        "normalization": (parameter.mode(default), default),
    }


def _axis(axis: int, node: Node[Any]) -> tuple[int, int]:
    return (canonical_axis(axis, node.bottoms[0].shape), 1)


@renders(SoftmaxWithLoss)
def _softmax_loss(node: Node[SoftmaxWithLoss]) -> Code:
    axis = _axis(node.layer.softmax_param.axis, node)
    options = _options(node, "VALID")
    return Code(call("softmax_loss", *bottoms(node), axis=axis, **options))


@renders(SigmoidCrossEntropyLoss)
def _sigmoid_cross_entropy_loss(node: Node[SigmoidCrossEntropyLoss]) -> Code:
    options = _options(node, "BATCH_SIZE")
    return Code(call("sigmoid_cross_entropy_loss", *bottoms(node), **options))


@renders(HingeLoss)
def _hinge_loss(node: Node[HingeLoss]) -> Code:
    norm = (node.layer.norm, "L1")
    return Code(call("hinge_loss", *bottoms(node), norm=norm))


@renders(InfogainLoss)
def _infogain_loss(node: Node[InfogainLoss]) -> Code:
    axis = _axis(node.layer.axis, node)
    options = _options(node, "VALID")
    loss = call("infogain_loss", *bottoms(node), axis=axis, **options)
    both = [loss, call("softmax", BOTTOM, axis=axis)]
    return Code(as_tops(both[: len(node.tops)]))


@renders(ContrastiveLoss)
def _contrastive_loss(node: Node[ContrastiveLoss]) -> Code:
    return Code(
        call(
            "contrastive_loss",
            *bottoms(node),
            margin=(node.layer.margin, 1.0),
            legacy_version=(node.layer.legacy_version, False),
        )
    )


@renders(Accuracy)
def _accuracy(node: Node[Accuracy]) -> Code:
    layer = node.layer
    tops = [
        call(
            function,
            *bottoms(node),
            top_k=(layer.top_k, 1),
            axis=_axis(layer.axis, node),
            ignore_label=layer.ignore_label,
        )
        for function in ("accuracy", "accuracy_per_class")[: len(node.tops)]
    ]
    return Code(as_tops(tops))
