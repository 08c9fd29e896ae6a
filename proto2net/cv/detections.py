"""The rows of SSD's DetectionOutput as OpenCV has them.

Caffe gives as many rows as there are, by image and class, and -1 for an image without any. OpenCV
orders an image's rows by their scores, and fills up with zeros to `keep_top_k` rows an image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from proto2net.graph import Node
from proto2net.layers import DetectionOutput

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

COLUMNS = 7
"""Image, label, score and box."""


def finds(node: Node[Any]) -> TypeGuard[Node[DetectionOutput]]:
    """Whether a layer's rows are detections of SSD."""
    return isinstance(node.layer, DetectionOutput) and len(node.bottoms) > 2


def rows_of(node: Node[DetectionOutput]) -> int:
    """How many rows OpenCV has for a batch."""
    return max(node.layer.keep_top_k, 0) * node.bottoms[0].shape[0]


def as_opencv(node: Node[DetectionOutput], found: Ndarray) -> Ndarray:
    """Caffe's rows in OpenCV's order and number."""
    import numpy as np

    rows = found.reshape(-1, found.shape[-1])
    if rows.shape[1] != COLUMNS:
        return found
    rows = rows[rows[:, 1] >= 0]
    rows = rows[np.lexsort((-rows[:, 2], rows[:, 0]))]
    lacking = max(rows_of(node) - len(rows), 0)
    padded = np.concatenate([rows, np.zeros((lacking, COLUMNS), np.float32)])
    return padded[None, None]
