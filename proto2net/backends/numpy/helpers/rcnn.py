"""Regions of interest as functions of arrays. Pasted by name, as helpers.py is; never imported."""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import numpy as np

# ---- regions --------------------------------------------------------------------------------


def round_half_away(x: np.ndarray) -> np.ndarray:
    """To the nearest whole number as C rounds: a half goes away from 0."""
    whole = np.trunc(x)
    return whole + np.sign(x) * (np.abs(x - whole) >= 0.5)


def padded_corners(rois: np.ndarray, pad_ratio: float) -> np.ndarray:
    """x1, y1, x2, y2 of regions that are widened on each side by a share of theirs."""
    corners = rois[:, 1:]
    pad = (corners[:, 2:] - corners[:, :2] + 1) * np.float32(pad_ratio)
    return corners + np.concatenate((-pad, pad), axis=1)


def roi_pool(
    x: np.ndarray,
    rois: np.ndarray,
    pooled_size: tuple[int, int],
    spatial_scale: float = 1.0,
    pad_ratio: float = 0.0,
) -> np.ndarray:
    """The maximum of each bin of each region; 0 of an empty one (roi_pooling_layer.cpp)."""
    rois = rois.reshape(len(rois), -1)
    corners = padded_corners(rois, pad_ratio) * np.float32(spatial_scale)
    corners = round_half_away(corners)
    size = np.maximum(corners[:, 2:] - corners[:, :2] + 1, 1)
    top = np.zeros((len(rois), x.shape[1], *pooled_size), np.float32)
    rows, columns = (
        roi_bins(corners[:, [side]], size[:, [side]], count, limit)
        for side, count, limit in zip((1, 0), pooled_size, x.shape[2:], strict=True)
    )
    for roi, h, w in np.ndindex(len(rois), *pooled_size):
        (i, j), (k, n) = rows[roi, h], columns[roi, w]
        if i < j and k < n:
            window = x[int(rois[roi, 0]), :, i:j, k:n]
            top[roi, :, h, w] = window.max((1, 2))
    return top


def roi_bins(start: np.ndarray, size: np.ndarray, count: int, limit: int) -> np.ndarray:
    """Where each of `count` bins of each region starts and ends, in an axis of this length."""
    index = np.arange(count + 1, dtype=np.float32)
    each = size / np.float32(count)
    first = np.floor(index[:-1] * each) + start
    last = np.ceil(index[1:] * each) + start
    return np.stack((first, last), axis=2).clip(0, limit).astype(int)


def psroi_pool(
    x: np.ndarray, rois: np.ndarray, group_size: int, spatial_scale: float
) -> np.ndarray:
    """The mean of each bin of each region, each of other channels (psroi_pooling_layer.cu)."""
    rois = rois.reshape(len(rois), -1)
    corners = round_half_away(rois[:, 1:])
    corners[:, 2:] += 1
    corners *= np.float32(spatial_scale)
    size = np.maximum(corners[:, 2:] - corners[:, :2], np.float32(0.1))
    index = np.arange(group_size + 1, dtype=np.float32)
    edges = index * (size / np.float32(group_size))[:, :, None] + corners[:, :2, None]
    limit = np.array(x.shape[:1:-1])[:, None]
    first = np.clip(np.floor(edges[:, :, :-1]), 0, limit).astype(int)
    last = np.clip(np.ceil(edges[:, :, 1:]), 0, limit).astype(int)
    x = x.reshape(len(x), -1, group_size, group_size, *x.shape[2:])
    top = np.zeros((len(rois), x.shape[1], group_size, group_size), np.float32)
    for roi, h, w in np.ndindex(len(rois), group_size, group_size):
        (k, i), (n, j) = first[roi, [0, 1], [w, h]], last[roi, [0, 1], [w, h]]
        if i < j and k < n:
            window = x[int(rois[roi, 0]), :, h, w, i:j, k:n]
            top[roi, :, h, w] = window.mean((1, 2))
    return top


def roi_align(
    x: np.ndarray,
    rois: np.ndarray,
    pooled_size: tuple[int, int],
    spatial_scale: float = 1.0,
    pad_ratio: float = 0.0,
) -> np.ndarray:
    """Interpolated values at the corners of the bins of each region (roi_align_layer.cpp)."""
    rois = rois.reshape(len(rois), -1)
    corners = padded_corners(rois, pad_ratio) * np.float32(spatial_scale)
    corners = corners - np.float32(0.5)
    start, size = corners[:, :2], corners[:, 2:] - corners[:, :2]
    rows, columns = (
        start[:, [side]]
        + np.arange(count + 1, dtype=np.float32) * (size[:, [side]] / np.float32(count))
        for side, count in zip((1, 0), pooled_size, strict=True)
    )
    y = interpolated(x, rois[:, 0].astype(int), rows, columns)
    return y * (size.min(1) > 0)[:, None, None, None]


def roi_warp(
    x: np.ndarray,
    rois: np.ndarray,
    pooled_size: tuple[int, int],
    spatial_scale: float = 1.0,
) -> np.ndarray:
    """The value at the first corner of each bin of each region (roi_warping_layer.cu)."""
    rois = rois.reshape(len(rois), -1)
    corners = round_half_away(rois[:, 1:] * np.float32(spatial_scale))
    start, size = corners[:, :2], np.maximum(corners[:, 2:] - corners[:, :2], 0)
    rows, columns = (
        start[:, [side]]
        + np.arange(count, dtype=np.float32) * (size[:, [side]] / np.float32(count))
        for side, count in zip((1, 0), pooled_size, strict=True)
    )
    return interpolated(x, rois[:, 0].astype(int), rows, columns)


def interpolated(
    x: np.ndarray, image: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """Values between those of the planes of images (N), at rows (N, H) and columns (N, W).

    Half a pixel beyond the plane they are those at its border, and further away 0.
    """
    (above, below), down, in_column = neighbours(rows, x.shape[2])
    (left, right), across, in_row = neighbours(columns, x.shape[3])
    image, across = image[:, None, None], across[:, None, :, None]
    upper, lower = (
        x[image, :, row[:, :, None], left[:, None]] * (1 - across)
        + x[image, :, row[:, :, None], right[:, None]] * across
        for row in (above, below)
    )
    down = down[:, :, None, None]
    inside = in_column[:, :, None] & in_row[:, None]
    y = ((1 - down) * upper + down * lower) * inside[..., None]
    return y.transpose(0, 3, 1, 2)


def neighbours(
    place: np.ndarray, limit: int
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """The pixels before and behind places along an axis of this length.

    With them come the share of the latter, and which places are inside.
    """
    inside = (place >= -0.5) & (place <= limit - 0.5)
    before, behind = (np.clip(np.floor(place) + i, 0, limit - 1) for i in (0, 1))
    share = np.clip(place, 0, limit - 1) - before
    return [before.astype(int), behind.astype(int)], share, inside


# ---- proposals ------------------------------------------------------------------------------


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
    """The regions that are most likely objects, best first, and their scores.

    A box with too small a side goes (lib/rpn/proposal_layer.py), or is kept with a score of 0
    (proposal_layer.cpp).
    """
    (score,), (shift,) = scores, shifts  # one image
    score = score[len(anchors) :].transpose(1, 2, 0).ravel()
    boxes = anchor_boxes(np.array(anchors, np.float32), feat_stride, *shift.shape[1:])
    boxes = shifted_boxes(boxes, shift.transpose(1, 2, 0).reshape(-1, 4))
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
    best = order[distinct_boxes(boxes[order], nms_thresh, post_nms_topn)]
    rois = np.pad(boxes[best], ((0, 0), (1, 0)))
    return rois, score[best] if keep_small else score[best, None]


def anchor_boxes(
    anchors: np.ndarray, feat_stride: int, height: int, width: int
) -> np.ndarray:
    """The anchors around each place of a feature map, row by row."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    places = np.stack((x, y, x, y), axis=-1).astype(np.float32) * feat_stride
    return (places[:, :, None] + anchors).reshape(-1, 4)


def shifted_boxes(boxes: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Boxes moved by shares of their sides, and scaled by exponents."""
    size = boxes[:, 2:] - boxes[:, :2] + 1
    center = shift[:, :2] * size + (boxes[:, :2] + 0.5 * size)
    half = 0.5 * (np.exp(shift[:, 2:]) * size)
    return np.concatenate((center - half, center + half), axis=1)


def distinct_boxes(boxes: np.ndarray, threshold: float, most: int) -> list[int]:
    """Indices of boxes, best first, that overlap no better one by more than the threshold.

    Both corners of a box are inside of it.
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


# ---- loss -----------------------------------------------------------------------------------


def smooth_l1_loss(
    x: np.ndarray,
    target: np.ndarray,
    inside: np.ndarray | None = None,
    outside: np.ndarray | None = None,
    sigma: float = 1.0,
) -> np.ndarray:
    """Squares of small differences, magnitudes of others, a sample (smooth_L1_loss_layer.cpp)."""
    difference = x - target.reshape(x.shape)
    if inside is not None:
        difference = inside.reshape(x.shape) * difference
    size, square = np.abs(difference), sigma**2
    losses = np.where(size < 1 / square, 0.5 * square * size**2, size - 0.5 / square)
    if outside is not None:
        losses = outside.reshape(x.shape) * losses
    return losses.sum(dtype=np.float32) / np.float32(len(x))


def propose_text(
    scores: np.ndarray,
    shifts: np.ndarray,
    im_info: np.ndarray,
    anchors: tuple[tuple[float, ...], ...],
    feat_stride: int,
) -> tuple[np.ndarray, np.ndarray]:
    """All boxes of text, and their scores (CTPN's text_proposal_layer.py)."""
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
