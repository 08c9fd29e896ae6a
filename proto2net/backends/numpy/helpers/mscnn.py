"""What MS-CNN and Cascade R-CNN make of boxes, to be pasted into an emitted file that
uses it.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import math

import numpy as np

from proto2net.backends.numpy.helpers.rcnn import apply_deltas

# ---- regions -------------------------------------------------------------------------


def box_candidates(
    maps: list[np.ndarray],
    fields: list[tuple[int, int]],
    strides: list[int],
    min_size: float = 15.0,
    field_whr: float = 2.0,
    field_xyr: float = 2.0,
    bbox_mean: tuple[float, ...] | None = None,
    bbox_std: tuple[float, ...] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Decode boxes (N, P, 4) and scores (N, P) from feature maps.

    Source: MS-CNN's box_output_layer.cpp.
    """
    boxes, scores = [], []
    for x, field, stride in zip(maps, fields, strides, strict=True):
        center, size = field_boxes(
            x[:, -4:], [field], stride, field_whr, field_xyr, bbox_mean, bbox_std
        )
        start = np.maximum(center - size / 2, 0)
        size = np.minimum(size, plane_size(x) * stride - start)
        boxes.append(np.concatenate((start, start + size), axis=-1))
        score = (x[:, 1:-4].max(1) - x[:, 0]).reshape(len(x), -1)
        scores.append(np.where((size >= min_size).all(-1), score, -np.inf))
    return np.concatenate(boxes, axis=1), np.concatenate(scores, axis=1)


def box_group_candidates(
    maps: list[np.ndarray],
    fields: list[list[tuple[int, int]]],
    strides: list[int],
    min_size: float = 15.0,
    field_whr: float = 2.0,
    field_xyr: float = 2.0,
    bbox_mean: tuple[float, ...] | None = None,
    bbox_std: tuple[float, ...] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Decode boxes (N, P, 4) and scores (N, P) from pairs of feature maps.

    Source: Cascade R-CNN's box_group_output_layer.cpp.
    """
    boxes, scores = [], []
    pairs = zip(maps[::2], maps[1::2], fields, strides, strict=True)
    for prob, shifts, group, stride in pairs:
        center, size = field_boxes(
            shifts, group, stride, field_whr, field_xyr, bbox_mean, bbox_std
        )
        start = center - size / 2
        end = np.minimum(start + size - 1, plane_size(prob) * stride)
        start = np.maximum(start, 0)
        boxes.append(np.concatenate((start, end), axis=-1))
        score = (1 - prob[:, 0]).reshape(len(start), -1)
        scores.append(np.where((end - start + 1 >= min_size).all(-1), score, -np.inf))
    return np.concatenate(boxes, axis=1), np.concatenate(scores, axis=1)


def plane_size(x: np.ndarray) -> np.ndarray:
    """The width and height of (N, C, H, W)."""
    return as_floats(x.shape[:1:-1])


def as_floats(values: object) -> np.ndarray:
    """The numbers as a float32 array."""
    return np.array(values, np.float32)


def field_boxes(
    shifts: np.ndarray,
    fields: list[tuple[int, int]],
    stride: int,
    field_whr: float = 2.0,
    field_xyr: float = 2.0,
    bbox_mean: tuple[float, ...] | None = None,
    bbox_std: tuple[float, ...] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Decode the centers and sizes (N, P, 2) of the anchors at each position."""
    height, width = shifts.shape[2:]
    shift = shifts.reshape(-1, len(fields), 4, height, width)
    shift = shift.transpose(0, 1, 3, 4, 2)
    if bbox_std:
        shift = shift * as_floats(bbox_std) + as_floats(bbox_mean)
    move = shift[..., :2].clip(-1 / field_xyr, 1 / field_xyr)
    growth = shift[..., 2:].clip(-math.log(field_whr), math.log(field_whr))
    place = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
    field = as_floats(fields)[:, None, None]
    center = move * field + (place.astype(np.float32) + 0.5) * stride
    size = np.exp(growth) * field
    return center.reshape(len(shift), -1, 2), size.reshape(len(shift), -1, 2)


def best_regions(
    candidates: tuple[np.ndarray, np.ndarray],
    fg_thr: float = 0.0,
    iou_thr: float = 0.5,
    nms_type: str = "IOU",
    max_nms_num: int | None = None,
    max_post_nms_num: int | None = None,
    border: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Proposals after NMS, best first: image, x1, y1, x2, y2; and with scores.

    Without any, there is one made-up row, as in Caffe.
    """
    boxes, scores = candidates
    rows = best_boxes(
        boxes, scores, fg_thr, iou_thr, nms_type, max_nms_num, max_post_nms_num, border
    )
    if len(rows) == 0:
        made_up = as_floats([0, 1, 1, 10, 10]).reshape(1, 5, 1, 1)
        return made_up, np.zeros((1, 6, 1, 1), np.float32)
    return rows[:, :5, None, None], rows[:, :, None, None]


def best_boxes(
    boxes: np.ndarray,
    scores: np.ndarray,
    least: float,
    iou_thr: float,
    nms_type: str = "IOU",
    max_nms_num: int | None = None,
    max_post_nms_num: int | None = None,
    border: int = 0,
) -> np.ndarray:
    """Non-maximum suppression in each group of boxes (N, P, 4): an image or a class.

    Returns rows of group, x1, y1, x2, y2, score, best first within a group.
    """
    rows = []
    for group, (box, score) in enumerate(zip(boxes, scores, strict=True)):
        likely = np.flatnonzero(score >= least)[::-1]  # of equals, the last first
        order = likely[np.argsort(-score[likely], kind="stable")][:max_nms_num]
        kept = region_nms(box[order], iou_thr, nms_type, border)
        rows += [[group, *box[i], score[i]] for i in order[kept][:max_post_nms_num]]
    return np.array(rows, np.float32).reshape(-1, 6)


def region_nms(
    boxes: np.ndarray, iou_thr: float, nms_type: str = "IOU", border: int = 0
) -> list[int]:
    """Non-maximum suppression of boxes sorted by score: indices of the kept ones.

    `border` is added to each side's length: 1 where x2 and y2 are inside of the box.
    `nms_type` is the overlap: IOU, IOMU (over the smaller area) or IOFU (over the
    better box's area).
    """
    area = (boxes[:, 2:] - boxes[:, :2] + border).prod(1)
    left, kept = np.arange(len(boxes)), list[int]()
    while len(left):
        best, left = left[0], left[1:]
        kept.append(int(best))
        start = np.maximum(boxes[left, :2], boxes[best, :2])
        sides = np.minimum(boxes[left, 2:], boxes[best, 2:]) - start
        apart = (sides[:, 0] < 0) | (sides[:, 1] <= 0)
        shared = np.where(apart, 0, (sides + border).prod(1))
        if nms_type == "IOMU":
            whole = np.minimum(area[left], area[best])
        elif nms_type == "IOFU":
            whole = area[best]
        else:
            whole = area[left] + area[best] - shared
        left = left[shared / np.where(shared > 0, whole, 1) <= iou_thr]
    return kept


# ---- boxes of regions ----------------------------------------------------------------


def decode_bbox(
    shifts: np.ndarray,
    rois: np.ndarray,
    bbox_mean: tuple[float, ...] | None = None,
    bbox_std: tuple[float, ...] | None = None,
) -> np.ndarray:
    """Apply the deltas of the second class to regions (decode_bbox_layer.cpp)."""
    shift, rois = shifts.reshape(len(shifts), -1), rois.reshape(len(rois), -1)
    boxes = shifted_regions(rois, shift[:, 4:], bbox_mean, bbox_std)
    return np.concatenate((rois[:, :1], boxes), axis=1)[:, :, None, None]


def shifted_regions(
    rois: np.ndarray,
    shift: np.ndarray,
    bbox_mean: tuple[float, ...] | None = None,
    bbox_std: tuple[float, ...] | None = None,
) -> np.ndarray:
    """Apply deltas to regions; x2 and y2 are inside of the result."""
    if bbox_std:
        shift = shift * as_floats(bbox_std) + as_floats(bbox_mean)
    return apply_deltas(rois[:, 1:5], shift) - as_floats([0, 0, 1, 1])


def frcnn_output(
    prob: np.ndarray,
    shifts: np.ndarray,
    rois: np.ndarray,
    size: np.ndarray,
    conf_thr: float = 0.0,
    iou_thr: float = 0.5,
    nms_type: str = "IOU",
    max_det_num: int | None = None,
    bbox_mean: tuple[float, ...] | None = None,
    bbox_std: tuple[float, ...] | None = None,
) -> np.ndarray:
    """Detections after NMS: rows of 0, x1, y1, x2, y2, class, score.

    The first row is 0 and then -1, as in Caffe.
    Source: Cascade R-CNN's frcnn_output_layer.cpp.
    """
    scores = prob.reshape(len(prob), -1).T[1:]
    rois = rois.reshape(len(rois), -1)
    shift = shifts.reshape(len(shifts), -1, 4).transpose(1, 0, 2)[1:]
    boxes = np.stack([shifted_regions(rois, s, bbox_mean, bbox_std) for s in shift])
    boxes = np.minimum(boxes, size.ravel()[[1, 0, 1, 0]]).clip(0)
    boxes = np.broadcast_to(boxes, (*scores.shape, 4))
    rows = best_boxes(boxes, scores, conf_thr, iou_thr, nms_type, border=1)
    best = np.argsort(-rows[:, 5], kind="stable")[:max_det_num]
    group, *corners, score = rows[np.sort(best)].T
    found = np.stack((group * 0, *corners, group + 1, score), axis=1)
    first = as_floats([[0, -1, -1, -1, -1, -1, -1]])
    return np.concatenate((first, found))[:, :, None, None]


def scale_route(
    *bottoms: np.ndarray,
    low_scale: float = 0.0,
    high_scale: float = math.inf,
    middle: float = 256.0,
) -> list[np.ndarray]:
    """The rows whose region has a size in [low_scale, high_scale).

    Without any, it is the row whose size is nearest to `middle`, in octaves.

    Source: scale_route_layer.cpp.
    """
    corners = bottoms[0].reshape(len(bottoms[0]), -1)[:, 1:5]
    scale = np.sqrt((corners[:, 2:] - corners[:, :2] + 1).prod(1))
    kept = np.flatnonzero((scale >= low_scale) & (scale < high_scale))
    if len(kept) == 0:
        away = np.abs(np.log2(scale / np.float32(middle)))
        kept = np.fmin(away, math.inf).argmin(keepdims=True)
    return [
        bottom[kept].reshape((len(kept), *bottom.shape[1:], 1, 1)[:4])
        for bottom in bottoms
    ]
