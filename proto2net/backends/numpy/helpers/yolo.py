"""YOLO's layers as functions of arrays. Pasted by name, as helpers.py is; never
imported.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import math

import numpy as np


def reorg(x: np.ndarray, stride: int, reverse: bool = False) -> np.ndarray:
    """YOLOv2's reorg layer (reorg_layer.cpp).

    Darknet reads the same memory as fewer channels of larger planes.
    """
    n, c, h, w = x.shape
    channels = c // stride**2
    if reverse:
        blocks = x.reshape(n, stride, stride, channels, h, w)
        y = blocks.transpose(0, 3, 4, 1, 5, 2)
        return y.reshape(n, channels, h * stride, w * stride)
    blocks = x.reshape(n, channels, h, stride, w, stride)
    y = blocks.transpose(0, 3, 5, 1, 2, 4)
    return y.reshape(n, c * stride**2, h // stride, w // stride)


def swapped_reorg(x: np.ndarray, stride: int, reverse: bool = False) -> np.ndarray:
    """Synopsys' reorg, which takes the height of planes for their width.

    The result has only the first elements, as many as the top has room for.
    """
    n, c, h, w = x.shape
    y = reorg(x.reshape(n, c, w, h), stride, reverse)
    size = (n, y.shape[1], h // stride, w // stride)
    return y.reshape(-1)[: math.prod(size)].reshape(size)


def yolo_boxes(
    x: np.ndarray, anchors: tuple[tuple[float, float], ...], scale: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Decode boxes (x, y, width, height), their objectness, and the class scores.

    They are in the order image, row, column, anchor.
    `scale` is how many units of the anchors there are between two positions.
    """
    n, _, h, w = x.shape
    t = x.reshape(n, len(anchors), -1, h, w).transpose(0, 3, 4, 1, 2)
    place = np.stack(np.meshgrid(np.arange(w), np.arange(h)), axis=-1)[:, :, None]
    size = np.array([w, h], np.float32)
    center = (place.astype(np.float32) + sigmoid_of(t[..., :2])) / size
    sides = np.exp(t[..., 2:4]) * np.array(anchors, np.float32) / (size * scale)
    boxes = np.concatenate((center, sides), axis=-1).reshape(-1, 4)
    return (
        boxes,
        sigmoid_of(t[..., 4:5]).reshape(-1, 1),
        t[..., 5:].reshape(len(boxes), -1),
    )


def sigmoid_of(x: np.ndarray) -> np.ndarray:
    """The sigmoid in double precision, as C's exp."""
    return (1 / (1 + np.exp(-x.astype(np.float64)))).astype(np.float32)


def yolo_detection_output(
    bottoms: list[np.ndarray],
    anchors: tuple[tuple[float, float], ...],
    confidence_threshold: float = 0.01,
    nms_threshold: float = 0.45,
) -> np.ndarray:
    """YOLOv2's detections after NMS, with the best class of each box.

    Source: yolo_detection_output_layer.cpp.
    """
    found = [np.zeros((0, 6), np.float32)]
    for bottom in bottoms:
        boxes, objectness, scores = yolo_boxes(bottom, anchors)
        shares = np.exp(scores - scores.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        label = shares.argmax(1)
        score = objectness[:, 0] * shares.max(1)
        keep = score >= np.float32(confidence_threshold)
        found.append(np.column_stack((label, score, boxes))[keep].astype(np.float32))
    return yolo_detections(np.concatenate(found), nms_threshold, len(bottoms[0]))


def yolov3_detection_output(
    bottoms: list[np.ndarray],
    anchors: tuple[tuple[tuple[float, float], ...], ...],
    anchors_scale: tuple[int, ...],
    confidence_threshold: float = 0.01,
    nms_threshold: float = 0.45,
) -> np.ndarray:
    """YOLOv3's detections after NMS from several maps, in all likely classes.

    Source: yolov3_detection_output_layer.cpp.
    """
    found = [np.zeros((0, 6), np.float32)]
    for bottom, sizes, scale in zip(bottoms, anchors, anchors_scale, strict=True):
        boxes, objectness, scores = yolo_boxes(bottom, sizes, scale)
        score = sigmoid_of(scores) * objectness
        box, label = np.nonzero(score > np.float32(confidence_threshold))
        rows = np.column_stack((label, score[box, label], boxes[box]))
        found.append(rows.astype(np.float32))
    return yolo_detections(np.concatenate(found), nms_threshold, len(bottoms[0]))


def yolo_detections(found: np.ndarray, nms_threshold: float, images: int) -> np.ndarray:
    """Non-maximum suppression: rows of 0, label + 1, score, xmin, ymin, xmax, ymax.

    `found` has rows of label, score, x, y, width, height. Without any, there is a row
    of -1 for each image.
    """
    if not len(found):
        none = np.full((1, 1, images, 7), -1, np.float32)
        none[..., 0] = np.arange(images)
        return none
    rows = found[np.argsort(-found[:, 1], kind="stable")]
    half = rows[:, 4:] / 2
    start, end = rows[:, 2:4] - half, rows[:, 2:4] + half
    area = rows[:, 4] * rows[:, 5]
    left, kept = np.arange(len(rows)), list[int]()
    while len(left):
        best, left = left[0], left[1:]
        kept.append(int(best))
        sides = np.minimum(end[left], end[best]) - np.maximum(start[left], start[best])
        shared = np.where((sides < 0).any(1), 0, sides.prod(1))
        share = shared / (area[left] + area[best] - shared)
        left = left[~(share >= np.float32(nms_threshold))]
    ids = np.stack((np.zeros(len(rows)), rows[:, 0] + 1), axis=1)
    corners = np.column_stack((ids, rows[:, 1], start, end)).astype(np.float32)
    return corners[kept][None, None]


def region_detection_output(
    x: np.ndarray,
    anchors: tuple[tuple[float, float], ...],
    confidence_threshold: float = 0.01,
    nms_threshold: float = 0.45,
) -> np.ndarray:
    """YOLOv2's detections after NMS, with the best class of each box.

    Rows are 0, label, score, x, y, width, height, in the order of the boxes. Boxes are
    clipped to the image for their overlap only.
    Source: caffe-yolov2's detection_output_layer.cpp.
    """
    boxes, objectness, scores = yolo_boxes(x, anchors)
    shares = np.exp(scores - scores.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    score = objectness[:, 0] * shares.max(1)
    ids = np.stack((np.zeros(len(boxes)), shares.argmax(1), score), axis=1)
    rows = np.column_stack((ids, boxes)).astype(np.float32)
    rows = rows[score >= np.float32(confidence_threshold)]
    if not len(rows):
        return np.array([0, *[-1] * 6], np.float32).reshape(1, 1, 1, 7)
    half = rows[:, 5:] / 2
    start, end = (rows[:, 3:5] - half).clip(0), (rows[:, 3:5] + half).clip(max=1)
    area = (end - start).prod(1)
    left, kept = np.arange(len(rows)), list[int]()
    while len(left):
        first, left = left[0], left[1:]
        kept.append(int(first))
        sides = np.minimum(end[left], end[first]) - np.maximum(
            start[left], start[first]
        )
        shared = np.where((sides <= 0).any(1), 0, sides.prod(1))
        share = shared / (area[left] + area[first] - shared)
        left = left[~(share >= np.float32(nms_threshold))]
    return rows[kept][None, None]
