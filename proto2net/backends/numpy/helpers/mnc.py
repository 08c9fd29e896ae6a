"""Masks of regions as functions of arrays. Pasted by name, as helpers.py is; never
imported.
"""

import numpy as np

from proto2net.backends.numpy.helpers.rcnn import apply_deltas
from proto2net.backends.numpy.helpers.roi import interpolated


def resize_mask(
    x: np.ndarray, size: tuple[int, int], factors: tuple[float, float] | None = None
) -> np.ndarray:
    """Bilinear resizing with aligned first pixels (mask_resize_layer.cu).

    `factors` scales each axis whose factor is not 0.
    """
    if factors:
        axes = zip(x.shape[2:], factors, size, strict=True)
        height, width = (int(old * by) if by else new for old, by, new in axes)
        size = height, width
    rows, columns = (
        np.tile(np.arange(new, dtype=np.float32) * np.float32(old / new), (len(x), 1))
        for old, new in zip(x.shape[2:], size, strict=True)
    )
    return interpolated(x, np.arange(len(x)), rows, columns)


def refine_rois(
    rois: np.ndarray, shifts: np.ndarray, scores: np.ndarray, im_info: np.ndarray
) -> np.ndarray:
    """Apply the best class's deltas to regions, and clip these to the image.

    Source: MNC's stage_bridge_layer.py.
    """
    best = scores.reshape(len(scores), -1).argmax(1)
    shift = shifts.reshape(len(shifts), -1, 4)[np.arange(len(best)), best]
    boxes = apply_deltas(rois.reshape(len(rois), -1)[:, 1:], shift)
    height, width = im_info.ravel()[:2]
    limit = np.array([width, height, width, height], np.float32) - 1
    return np.pad(np.minimum(boxes, limit).clip(0), ((0, 0), (1, 0)))
