"""Regions of interest as functions of arrays, to be pasted into an emitted file that
uses them.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import numpy as np


def round_half_away(x: np.ndarray) -> np.ndarray:
    """Round to the nearest integer, halves away from zero, as C's round()."""
    whole = np.trunc(x)
    return whole + np.sign(x) * (np.abs(x - whole) >= 0.5)


def padded_corners(rois: np.ndarray, pad_ratio: float) -> np.ndarray:
    """x1, y1, x2, y2 of regions, padded by a fraction of their size."""
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
    """RoI max pooling; an empty bin is 0 (roi_pooling_layer.cpp)."""
    rois = rois.reshape(len(rois), -1)
    corners = padded_corners(rois, pad_ratio) if pad_ratio else rois[:, 1:]
    corners = corners * np.float32(spatial_scale)
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
    """The start and the end of each region's bins, within [0, limit]."""
    index = np.arange(count + 1, dtype=np.float32)
    each = size / np.float32(count)
    first = np.floor(index[:-1] * each) + start
    last = np.ceil(index[1:] * each) + start
    return np.stack((first, last), axis=2).clip(0, limit).astype(int)


def psroi_pool(
    x: np.ndarray, rois: np.ndarray, group_size: int, spatial_scale: float
) -> np.ndarray:
    """Position-sensitive RoI pooling (R-FCN): each bin averages its own channels.

    Source: psroi_pooling_layer.cu.
    """
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
    """RoI align: bilinear samples at the corners of the bins (roi_align_layer.cpp)."""
    rois = rois.reshape(len(rois), -1)
    corners = padded_corners(rois, pad_ratio) if pad_ratio else rois[:, 1:]
    corners = corners * np.float32(spatial_scale)
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
    """RoI warping (MNC): the bilinear sample at the first corner of each bin.

    Source: roi_warping_layer.cu.
    """
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
    """Bilinear samples of images (N) at rows (N, H) and columns (N, W).

    Up to half a pixel outside, the border is repeated; further away, it is 0.
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
    """The pixels before and after coordinates along an axis of this length.

    Also returns the weight of the latter, and which coordinates are inside.
    """
    inside = (place >= -0.5) & (place <= limit - 0.5)
    before, behind = (np.clip(np.floor(place) + i, 0, limit - 1) for i in (0, 1))
    share = np.clip(place, 0, limit - 1) - before
    return [before.astype(int), behind.astype(int)], share, inside
