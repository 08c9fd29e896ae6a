"""What SSD makes of predictions, to be pasted into an emitted file that uses it."""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import math
from typing import Any

import numpy as np


def decode_boxes(loc: np.ndarray, prior: np.ndarray, code_type: str) -> np.ndarray:
    """Decode offsets to corners, relative to prior boxes (bbox_util.cpp)."""
    start, end = np.split(prior, 2, axis=-1)
    size = end - start
    if code_type == "CORNER":
        return prior + loc
    if code_type == "CORNER_SIZE":
        return prior + loc * np.concatenate((size, size), axis=-1)
    shift, growth = np.split(loc, 2, axis=-1)
    center, half = (start + end) / 2 + shift * size, np.exp(growth) * size / 2
    return np.concatenate((center - half, center + half), axis=-1)


def iou(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The intersection over union of a box with each other one (bbox_util.cpp)."""
    sides = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    shared = sides.clip(0).prod(1)
    area, areas = ((b[..., 2:] - b[..., :2]).clip(0).prod(-1) for b in (box, boxes))
    together = np.where(shared > 0, area + areas - shared, 1)
    return shared / together


def non_maximum_suppression(
    boxes: np.ndarray,
    scores: np.ndarray,
    nms_threshold: float,
    top_k: int | None,
    confidence_threshold: float,
    eta: float = 1.0,
) -> list[int]:
    """Non-maximum suppression: indices of the kept, best first (bbox_util.cpp).

    `eta` multiplies the threshold after each kept box, as long as it is above 0.5.
    """
    order = np.argsort(-scores, kind="stable")
    left = order[scores[order] > confidence_threshold][:top_k]
    most = np.zeros(len(left))  # each box's largest overlap with those kept
    kept = []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        most = np.maximum(most[1:], iou(boxes[best], boxes[left]))
        if nms_threshold > 0.5:
            nms_threshold *= eta
        left, most = left[most <= nms_threshold], most[most <= nms_threshold]
    return kept


def detection_output(
    loc: np.ndarray,
    conf: np.ndarray,
    prior: np.ndarray,
    num_classes: int,
    code_type: str = "CORNER",
    share_location: bool = True,
    background_label_id: int = 0,
    variance_encoded_in_target: bool = False,
    nms_threshold: float = 0.3,
    top_k: int | None = None,
    eta: float = 1.0,
    keep_top_k: int | None = None,
    confidence_threshold: float = -math.inf,
    polygons: bool = False,
    arm_conf: np.ndarray | None = None,
    arm_loc: np.ndarray | None = None,
    objectness_score: float = 0.01,
) -> np.ndarray:
    """SSD's detections (1, 1, M, 7): image, label, score, xmin, ymin, xmax, ymax.

    Without any detection, there is a row of -1 for each image.
    Source: detection_output_layer.cpp.
    `arm_conf` has RefineDet's two scores of each prior: background and object.
    `arm_loc` refines the prior boxes before they are used.
    `polygons` adds the four corners of TextBoxes++ to each row.
    """
    corners, variances = prior.reshape(2, -1, 1, 4)
    loc = loc.reshape(len(loc), len(corners), -1, 12 if polygons else 4)
    if polygons:
        points = polygon_corners(loc[..., 4:], corners, variances)
        loc = loc[..., :4]
    if not variance_encoded_in_target:
        loc = loc * variances
    if arm_loc is not None:
        arm = arm_loc.reshape(len(loc), -1, 1, 4)
        if not variance_encoded_in_target:
            arm = arm * variances
        corners = decode_boxes(arm, corners, code_type)
    boxes = decode_boxes(loc, corners, code_type)
    if polygons:
        boxes = np.concatenate((boxes, points), axis=-1)
    scores = conf.reshape(len(conf), -1, num_classes)
    if arm_conf is not None:
        objects = arm_conf.reshape(len(conf), -1, 2)[..., 1:] >= objectness_score
        scores = np.where(objects, scores, np.eye(num_classes, dtype=np.float32)[0])
    images = []
    for image in range(len(scores)):
        rows = []
        for label in range(num_classes):
            if label == background_label_id:
                continue
            box = boxes[image, :, 0 if share_location else label]
            score = scores[image, :, label]
            kept = non_maximum_suppression(
                box[:, :4], score, nms_threshold, top_k, confidence_threshold, eta
            )
            rows += [[image, label, score[i], *box[i]] for i in kept]
        found = np.array(rows, np.float32).reshape(-1, 15 if polygons else 7)
        best = np.argsort(-found[:, 2], kind="stable")[:keep_top_k]
        images.append(found[np.sort(best)])
    found = np.concatenate(images)
    if len(found) == 0:
        found = np.full((len(loc), found.shape[1]), -1, np.float32)
        found[:, 0] = np.arange(len(loc))
    return found[None, None]


def split_detection_output(
    maps: list[np.ndarray], nbottom: int, no_permute: bool = False, **options: Any
) -> np.ndarray:
    """detection_output for separate maps: confidences, locations, prior boxes.

    Source: Synopsys' detection_output_layer.cpp.
    `no_permute` tells that maps have channels first, and their boxes the aspect ratio
    before the position.
    """
    confs, locs = maps[:nbottom], maps[nbottom : 2 * nbottom]
    prior = np.concatenate(maps[2 * nbottom :], axis=2)
    if no_permute:
        ratios = [x.shape[2] for x in confs]
        prior = ratios_first(prior, ratios, [x.shape[3] for x in confs])
        locs = [
            x.reshape(1, ratio, -1, x.shape[2] * x.shape[3]).swapaxes(2, 3)
            for x, ratio in zip(locs, ratios, strict=True)
        ]
        confs = [x.transpose(0, 2, 3, 1) for x in confs]
    loc = np.concatenate([x.reshape(1, -1) for x in locs], axis=1)
    conf = np.concatenate([x.reshape(1, -1) for x in confs], axis=1)
    return detection_output(loc, conf, prior, **options)


def ratios_first(prior: np.ndarray, ratios: list[int], places: list[int]) -> np.ndarray:
    """Reorder prior boxes from position-major to ratio-major; the variances stay."""
    corners, variances = prior.reshape(2, -1, 4)
    ends = np.cumsum(np.multiply(ratios, places))[:-1]
    turned = [
        part.reshape(-1, ratio, 4).swapaxes(0, 1).reshape(-1, 4)
        for part, ratio in zip(np.split(corners, ends), ratios, strict=True)
    ]
    return np.stack((np.concatenate(turned), variances))


def polygon_corners(
    points: np.ndarray, prior: np.ndarray, variances: np.ndarray
) -> np.ndarray:
    """Decode the corners of TextBoxes++'s polygons, relative to prior boxes.

    Source: TextBoxes++'s bbox_util.cpp.
    """
    sides = (prior[..., 2:] - prior[..., :2]) * variances[..., :2]
    return points * np.tile(sides, 4) + prior[..., [0, 1, 2, 1, 2, 3, 0, 3]]
