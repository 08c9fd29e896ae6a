"""Proposals and a loss as functions of arrays, to be pasted into an emitted file that
uses them.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import numpy as np

# ---- proposals -----------------------------------------------------------------------


def propose(
    scores: np.ndarray,
    shifts: np.ndarray,
    im_info: np.ndarray,
    anchors: tuple[tuple[float, ...], ...],
    feat_stride: int = 16,
    min_size: float = 16,
    pre_nms_topn: int = 6000,
    post_nms_topn: int = 300,
    nms_thresh: float = 0.7,
    keep_small: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Region proposals (0, x1, y1, x2, y2) after NMS, best first, and their scores.

    Boxes with a side below min_size are dropped (lib/rpn/proposal_layer.py).
    `keep_small` keeps them, with a score of 0 (proposal_layer.cpp).
    """
    (score,), (shift,) = scores, shifts  # one image
    score = score[len(anchors) :].transpose(1, 2, 0).ravel()
    boxes = anchor_boxes(np.array(anchors, np.float32), feat_stride, *shift.shape[1:])
    boxes = apply_deltas(boxes, shift.transpose(1, 2, 0).reshape(-1, 4))
    height, width, *scale = im_info.ravel()[:4]
    limit = np.array([width, height, width, height], np.float32) - 1
    boxes = np.minimum(boxes, limit).clip(0)
    sides = boxes[:, 2:] - boxes[:, :2] + 1
    large = (sides >= min_size * np.array([scale[-1], scale[0]])).all(1)
    if keep_small:
        score = score * large
    else:
        boxes, score = boxes[large], score[large]
    order = np.argsort(-score, kind="stable")[:pre_nms_topn]
    best = order[nms(boxes[order], nms_thresh, post_nms_topn)]
    rois = np.pad(boxes[best], ((0, 0), (1, 0)))
    return rois, score[best] if keep_small else score[best, None]


def anchor_boxes(
    anchors: np.ndarray, feat_stride: int, height: int, width: int
) -> np.ndarray:
    """The anchors (H * W * A, 4) at each position of a feature map, row by row."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    places = np.stack((x, y, x, y), axis=-1).astype(np.float32) * feat_stride
    return (places[:, :, None] + anchors).reshape(-1, 4)


def apply_deltas(boxes: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Apply deltas (dx, dy, dw, dh) to boxes (x1, y1, x2, y2), as in Fast R-CNN."""
    size = boxes[:, 2:] - boxes[:, :2] + 1
    center = shift[:, :2] * size + (boxes[:, :2] + 0.5 * size)
    half = 0.5 * (np.exp(shift[:, 2:]) * size)
    return np.concatenate((center - half, center + half), axis=1)


def nms(boxes: np.ndarray, threshold: float, most: int) -> list[int]:
    """Non-maximum suppression of boxes sorted by score: indices of the kept ones.

    x2 and y2 are inside of a box.
    """
    area = (boxes[:, 2:] - boxes[:, :2] + 1).prod(1)
    left, kept = np.arange(len(boxes)), list[int]()
    while len(left) and len(kept) < most:
        best, left = left[0], left[1:]
        kept.append(int(best))
        start = np.maximum(boxes[left, :2], boxes[best, :2])
        end = np.minimum(boxes[left, 2:], boxes[best, 2:])
        shared = np.maximum(end - start + 1, 0).prod(1)
        left = left[shared / (area[left] + area[best] - shared) <= threshold]
    return kept


def propose_text(
    scores: np.ndarray,
    shifts: np.ndarray,
    im_info: np.ndarray,
    anchors: tuple[tuple[float, ...], ...],
    feat_stride: int,
) -> tuple[np.ndarray, np.ndarray]:
    """CTPN's text boxes of all anchors, and their scores (text_proposal_layer.py)."""
    (score,), (shift,) = scores, shifts  # one image
    boxes = anchor_boxes(np.array(anchors, np.float32), feat_stride, *shift.shape[1:])
    left, top, right, bottom = boxes.T
    down, growth = shift.transpose(1, 2, 0).reshape(-1, 2).T
    size = bottom - top + 1
    height = np.exp(growth) * size
    top = down * size + (top + bottom) / 2 - height / 2
    y_limit, x_limit = im_info.ravel()[:2] - 1
    limit = np.array([x_limit, y_limit, x_limit, y_limit], np.float32)
    boxes = np.stack((left, top, right, top + height), axis=1)
    boxes = np.minimum(boxes, limit).clip(0)
    return boxes, score[len(anchors) :].transpose(1, 2, 0).reshape(-1, 1)


# ---- loss ----------------------------------------------------------------------------


def smooth_l1_loss(
    x: np.ndarray,
    target: np.ndarray,
    inside: np.ndarray | None = None,
    outside: np.ndarray | None = None,
    sigma: float = 1.0,
) -> np.ndarray:
    """Smooth L1 loss (Fast R-CNN), summed and divided by the batch size.

    Source: smooth_L1_loss_layer.cpp.
    """
    difference = x - target.reshape(x.shape)
    if inside is not None:
        difference = inside.reshape(x.shape) * difference
    size, square = np.abs(difference), sigma**2
    losses = np.where(size < 1 / square, 0.5 * square * size**2, size - 0.5 / square)
    if outside is not None:
        losses = outside.reshape(x.shape) * losses
    return losses.sum(dtype=np.float32) / np.float32(len(x))
