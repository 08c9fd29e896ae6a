"""What PyTorch lacks for proposals and a loss, to be pasted into an emitted file that
uses it.
"""

import torch
from torch.nn import functional as F

# ---- proposals -----------------------------------------------------------------------


def propose(
    scores: torch.Tensor,
    shifts: torch.Tensor,
    im_info: torch.Tensor,
    anchors: tuple[tuple[float, ...], ...],
    feat_stride: int = 16,
    min_size: float = 16,
    pre_nms_topn: int = 6000,
    post_nms_topn: int = 300,
    nms_thresh: float = 0.7,
    keep_small: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Region proposals (0, x1, y1, x2, y2) after NMS, best first, and their scores.

    Boxes with a side below min_size are dropped.
    `keep_small` keeps them, with a score of 0.
    """
    (score,), (shift,) = scores, shifts  # one image
    score = score[len(anchors) :].permute(1, 2, 0).flatten()
    boxes = anchor_boxes(score.new_tensor(anchors), feat_stride, *shift.shape[1:])
    boxes = apply_deltas(boxes, shift.permute(1, 2, 0).reshape(-1, 4))
    height, width, *scale = im_info.flatten()[:4]
    limit = torch.stack((width, height)).repeat(2) - 1
    boxes = boxes.minimum(limit).clamp(min=0)
    sides = boxes[:, 2:] - boxes[:, :2] + 1
    large = (sides >= min_size * torch.stack((scale[-1], scale[0]))).all(1)
    if keep_small:
        score = score * large
    else:
        boxes, score = boxes[large], score[large]
    order = score.argsort(descending=True, stable=True)[:pre_nms_topn]
    best = order[nms(boxes[order], nms_thresh, post_nms_topn)]
    rois = F.pad(boxes[best], (1, 0))
    return rois, score[best] if keep_small else score[best, None]


def anchor_boxes(
    anchors: torch.Tensor, feat_stride: int, height: int, width: int
) -> torch.Tensor:
    """The anchors (H * W * A, 4) at each position of a feature map, row by row."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    places = torch.stack((x, y, x, y), dim=-1).to(anchors) * feat_stride
    return (places[:, :, None] + anchors).reshape(-1, 4)


def apply_deltas(boxes: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """Apply deltas (dx, dy, dw, dh) to boxes (x1, y1, x2, y2), as in Fast R-CNN."""
    size = boxes[:, 2:] - boxes[:, :2] + 1
    center = shift[:, :2] * size + (boxes[:, :2] + 0.5 * size)
    half = 0.5 * (shift[:, 2:].exp() * size)
    return torch.cat((center - half, center + half), dim=1)


def nms(boxes: torch.Tensor, threshold: float, most: int) -> torch.Tensor:
    """Non-maximum suppression of boxes sorted by score: indices of the kept ones.

    x2 and y2 are inside of a box.
    """
    area = (boxes[:, 2:] - boxes[:, :2] + 1).prod(1)
    left = torch.arange(len(boxes), device=boxes.device)
    kept = [left[:0]]
    while len(left) and len(kept) <= most:
        best, left = left[:1], left[1:]
        kept.append(best)
        start = boxes[left, :2].maximum(boxes[best, :2])
        end = boxes[left, 2:].minimum(boxes[best, 2:])
        shared = (end - start + 1).clamp(min=0).prod(1)
        left = left[shared / (area[left] + area[best] - shared) <= threshold]
    return torch.cat(kept)


def propose_text(
    scores: torch.Tensor,
    shifts: torch.Tensor,
    im_info: torch.Tensor,
    anchors: tuple[tuple[float, ...], ...],
    feat_stride: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """CTPN's text boxes (x1, y1, x2, y2) of all anchors, and their scores.

    Only the vertical position and the height are predicted.
    """
    (score,), (shift,) = scores, shifts  # one image
    boxes = anchor_boxes(score.new_tensor(anchors), feat_stride, *shift.shape[1:])
    left, top, right, bottom = boxes.unbind(1)
    down, growth = shift.permute(1, 2, 0).reshape(-1, 2).unbind(1)
    size = bottom - top + 1
    height = growth.exp() * size
    top = down * size + (top + bottom) / 2 - height / 2
    limit = im_info.flatten()[:2].flip(0).repeat(2) - 1
    boxes = torch.stack((left, top, right, top + height), dim=1)
    score = score[len(anchors) :].permute(1, 2, 0).reshape(-1, 1)
    return boxes.minimum(limit).clamp(min=0), score


# ---- loss ----------------------------------------------------------------------------


def smooth_l1_loss(
    x: torch.Tensor,
    target: torch.Tensor,
    inside: torch.Tensor | None = None,
    outside: torch.Tensor | None = None,
    sigma: float = 1.0,
) -> torch.Tensor:
    """Smooth L1 loss (Fast R-CNN), summed and divided by the batch size.

    `inside` weights the differences, `outside` the losses.
    """
    difference = x - target.view_as(x)
    if inside is not None:
        difference = inside.view_as(x) * difference
    zeros = torch.zeros_like(difference)
    losses = F.smooth_l1_loss(difference, zeros, reduction="none", beta=1 / sigma**2)
    if outside is not None:
        losses = outside.view_as(x) * losses
    return losses.sum() / len(x)
