"""Losses and accuracies that PyTorch lacks: pasted where they are used."""

import math

import torch
import torch.nn.functional as F

from proto2net.backends.torch.helpers.normalize import root_plus


def at_least(x: torch.Tensor, low: float) -> torch.Tensor:
    """clamp(min=low) whose gradient also passes where the limit applies."""
    return x.clamp(min=low).detach() + (x - x.detach())


def normalizer(mode: str, valid: torch.Tensor, batch: int) -> torch.Tensor | int:
    """The divisor of a summed loss for a normalization mode of Caffe; at least 1."""
    if mode == "VALID":
        return valid.sum().clamp(min=1)
    return max({"FULL": valid.numel(), "BATCH_SIZE": batch, "NONE": 1}[mode], 1)


def softmax_loss(
    scores: torch.Tensor,
    labels: torch.Tensor,
    axis: int = 1,
    ignore_label: int = -100,
    normalization: str = "VALID",
) -> torch.Tensor:
    """F.cross_entropy along an axis, with Caffe's normalization modes."""
    rows = scores.movedim(axis, -1).reshape(-1, scores.shape[axis])
    labels = labels.flatten().long()
    loss = F.cross_entropy(rows, labels, ignore_index=ignore_label, reduction="sum")
    batch = math.prod(scores.shape[:axis])
    return loss / normalizer(normalization, labels != ignore_label, batch)


def sigmoid_loss(
    scores: torch.Tensor,
    targets: torch.Tensor,
    ignore_label: int,
    normalization: str = "BATCH_SIZE",
) -> torch.Tensor:
    """Binary cross entropy with logits; int(target) may be the ignored label."""
    targets = targets.view_as(scores)
    valid = targets.int() != ignore_label
    losses = F.binary_cross_entropy_with_logits(scores, targets, reduction="none")
    total = torch.where(valid, losses, 0).sum()
    return total / normalizer(normalization, valid, scores.shape[0])


def hinge_loss(
    scores: torch.Tensor, labels: torch.Tensor, norm: str = "L1"
) -> torch.Tensor:
    """One-vs-all hinge loss, averaged over the batch.

    `norm` is "L2" for the squared hinge loss.
    """
    scores = scores.flatten(1)
    label = F.one_hot(labels.flatten().long(), scores.shape[1])
    miss = F.relu(1 - (2 * label - 1) * scores)
    return (miss if norm == "L1" else miss.square()).sum() / scores.shape[0]


def infogain_loss(
    scores: torch.Tensor,
    labels: torch.Tensor,
    matrix: torch.Tensor,
    axis: int = 1,
    ignore_label: int = -100,
    normalization: str = "VALID",
) -> torch.Tensor:
    """Softmax cross entropy weighted by the label's row of a matrix.

    Probabilities are at least 1e-20.
    """
    classes = scores.shape[axis]
    logs = at_least(F.log_softmax(scores, dim=axis), math.log(1e-20))
    logs = logs.movedim(axis, -1).reshape(-1, classes)
    labels = labels.flatten().long()
    valid = labels != ignore_label
    weights = matrix.detach().reshape(classes, classes)[torch.where(valid, labels, 0)]
    loss = -torch.where(valid, (weights * logs).sum(1), 0).sum()
    batch = math.prod(scores.shape[:axis])
    return loss / normalizer(normalization, valid, batch)


def contrastive_loss(
    a: torch.Tensor,
    b: torch.Tensor,
    similar: torch.Tensor,
    margin: float = 1.0,
    legacy_version: bool = False,
) -> torch.Tensor:
    """Contrastive loss; its gradient divides by the distance plus 1e-4, as in Caffe."""
    square = (a - b).flatten(1).square().sum(1)
    if legacy_version:
        apart = F.relu(margin - square)
    else:
        apart = F.relu(margin - (root_plus(square, 1e-4) - 1e-4)).square()
    losses = torch.where(similar.flatten().int() != 0, square, apart)
    return losses.sum() / (2 * len(losses))


def label_hits(
    scores: torch.Tensor, labels: torch.Tensor, top_k: int = 1, axis: int = 1
) -> torch.Tensor:
    """Which labels are among the top_k scores; ties count against the label."""
    rows = scores.movedim(axis, -1).reshape(-1, scores.shape[axis])
    own = rows.gather(1, labels.reshape(-1, 1).long().clamp(0, rows.shape[1] - 1))
    return (rows >= own).sum(1) <= top_k


def top_k_accuracy(
    scores: torch.Tensor,
    labels: torch.Tensor,
    top_k: int = 1,
    axis: int = 1,
    ignore_label: int = -100,
) -> torch.Tensor:
    """Top-k accuracy over the labels that are not ignored; 0 without any."""
    valid = labels.flatten().long() != ignore_label
    hits = label_hits(scores, labels, top_k, axis) & valid
    return hits.sum() / valid.sum().clamp(min=1)


def class_accuracies(
    scores: torch.Tensor,
    labels: torch.Tensor,
    top_k: int = 1,
    axis: int = 1,
    ignore_label: int = -100,
) -> torch.Tensor:
    """Top-k accuracy of each class; 0 for a class without labels."""
    labels = labels.reshape(-1, 1).long()
    classes = torch.arange(scores.shape[axis], device=labels.device)
    members = (labels == classes) & (labels != ignore_label)
    hits = members & label_hits(scores, labels, top_k, axis)[:, None]
    return hits.sum(0) / members.sum(0).clamp(min=1)
