"""PyTorch renderers of proto2net/layers/loss.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms, choose
from proto2net.backends.torch.backend import renders
from proto2net.backends.tree import BOTTOM, Expression, Placeholder, call, code, listed
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


@renders(SoftmaxWithLoss)
def _softmax_with_loss(node: Node[SoftmaxWithLoss]) -> Code:
    layer = node.layer
    scores, labels = (blob.shape for blob in node.bottoms)
    axis = canonical_axis(layer.softmax_param.axis, scores)
    mode = layer.loss_param.mode("VALID")
    target = _classes(scores, labels) if axis == 1 else None
    if target and layer.loss_param.ignore_label is None:
        return Code(_reduced("F.cross_entropy", target, mode))
    return Code(
        call(
            "softmax_loss",
            *bottoms(node),
            axis=(axis, 1),
            ignore_label=(layer.loss_param.ignore_label, None),
            normalization=(mode, "VALID"),
        )
    )


def _classes(scores: Shape, labels: Shape) -> Expression | None:
    """The labels as PyTorch takes them, of a shape without the scores' axis 1.

    They may have an axis of size 1 in its place, or at their end; None if they differ more.
    """
    wanted = (scores[0], *scores[2:])
    if labels == wanted:
        return code("{1}.long()")
    if labels == (scores[0], 1, *scores[2:]):
        return code("{1}.squeeze(1).long()")
    return code("{1}.flatten().long()") if len(wanted) == 1 else None


def _reduced(function: str, target: Expression, mode: str) -> Expression:
    """A loss of PyTorch, summed and divided as Caffe does where no label is ignored."""
    if mode in ("VALID", "FULL"):
        return call(function, BOTTOM, target)
    loss = call(function, BOTTOM, target, reduction="sum")
    mean = code("{loss} / {0}.shape[0]", loss=loss)
    return mean if mode == "BATCH_SIZE" else loss


@renders(SigmoidCrossEntropyLoss)
def _sigmoid_cross_entropy_loss(node: Node[SigmoidCrossEntropyLoss]) -> Code:
    mode = node.layer.loss_param.mode("BATCH_SIZE")
    ignored = node.layer.loss_param.ignore_label
    if ignored is None:
        function = "F.binary_cross_entropy_with_logits"
        return Code(_reduced(function, _alike(node), mode))
    return Code(
        call(
            "sigmoid_loss",
            *bottoms(node),
            ignore_label=ignored,
            normalization=(mode, "BATCH_SIZE"),
        )
    )


def _alike(node: Node[SigmoidCrossEntropyLoss] | Node[EuclideanLoss]) -> Expression:
    """The second bottom in the first one's shape."""
    same = node.bottoms[0].shape == node.bottoms[1].shape
    return Placeholder(1) if same else code("{1}.view_as({0})")


@renders(EuclideanLoss)
def _euclidean_loss(node: Node[EuclideanLoss]) -> Code:
    loss = call("F.mse_loss", BOTTOM, _alike(node), reduction="sum")
    return Code(code("{loss} / (2 * {0}.shape[0])", loss=loss))


@renders(HingeLoss)
def _hinge_loss(node: Node[HingeLoss]) -> Code:
    norm = choose(node, "norm", L1="L1", L2="L2")
    return Code(call("hinge_loss", *bottoms(node), norm=(norm, "L1")))


@renders(MultinomialLogisticLoss)
def _multinomial_logistic_loss(node: Node[MultinomialLogisticLoss]) -> Code:
    scores, labels = (blob.shape for blob in node.bottoms)
    x = BOTTOM if len(scores) == 2 else call("torch.flatten", BOTTOM, 1)
    single = len(labels) == 1
    target = code("{1}.long()") if single else code("{1}.flatten().long()")
    logarithms = code("torch.log(at_least({x}, 1e-20))", x=x)
    return Code(call("F.nll_loss", logarithms, target))


@renders(InfogainLoss)
def _infogain_loss(node: Node[InfogainLoss]) -> Code:
    layer = node.layer
    axis = canonical_axis(layer.axis, node.bottoms[0].shape)
    loss = call(
        "infogain_loss",
        *bottoms(node),
        axis=(axis, 1),
        ignore_label=(layer.loss_param.ignore_label, None),
        normalization=(layer.loss_param.mode("VALID"), "VALID"),
    )
    tops = (loss, call("F.softmax", BOTTOM, dim=axis))
    return Code(listed(tops[: len(node.tops)]))


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
    axis = canonical_axis(layer.axis, node.bottoms[0].shape)
    measures = ("top_k_accuracy", "class_accuracies")[: len(node.tops)]
    return Code(
        listed(
            call(
                measure,
                *bottoms(node),
                top_k=(layer.top_k, 1),
                axis=(axis, 1),
                ignore_label=(layer.ignore_label, None),
            )
            for measure in measures
        )
    )
