"""What PyTorch lacks for SSD's predictions, to be pasted into an emitted file that uses
it.
"""

import math
from typing import Any

import torch


def decode_boxes(
    loc: torch.Tensor, prior: torch.Tensor, code_type: str
) -> torch.Tensor:
    """Decode offsets (..., 4) to corners, relative to prior boxes (..., 4)."""
    start, end = prior.chunk(2, dim=-1)
    size = end - start
    if code_type == "CORNER":
        return prior + loc
    if code_type == "CORNER_SIZE":
        return prior + loc * torch.cat((size, size), dim=-1)
    shift, growth = loc.chunk(2, dim=-1)
    center, half = (start + end) / 2 + shift * size, growth.exp() * size / 2
    return torch.cat((center - half, center + half), dim=-1)


def iou(box: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
    """The intersection over union (IoU) of a box with each other one."""
    sides = torch.minimum(box[2:], boxes[:, 2:]) - torch.maximum(box[:2], boxes[:, :2])
    shared = sides.clamp(min=0).prod(1)
    area, areas = (
        (b[..., 2:] - b[..., :2]).clamp(min=0).prod(-1) for b in (box, boxes)
    )
    return torch.where(shared > 0, shared / (area + areas - shared), 0)


def non_maximum_suppression(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    nms_threshold: float,
    top_k: int | None,
    confidence_threshold: float,
    eta: float = 1.0,
) -> torch.Tensor:
    """Non-maximum suppression: indices of the kept boxes, best first.

    `eta` multiplies the threshold after each kept box, as long as it is above 0.5.
    """
    order = scores.argsort(descending=True, stable=True)
    left = order[scores[order] > confidence_threshold][:top_k]
    most = torch.zeros_like(scores[left])  # each box's largest overlap with those kept
    kept = [left[:0]]
    while len(left):
        best, left = left[:1], left[1:]
        kept.append(best)
        most = torch.maximum(most[1:], iou(boxes[best[0]], boxes[left]))
        if nms_threshold > 0.5:
            nms_threshold *= eta
        left, most = left[most <= nms_threshold], most[most <= nms_threshold]
    return torch.cat(kept)


def detection_output(
    loc: torch.Tensor,
    conf: torch.Tensor,
    prior: torch.Tensor,
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
    arm_conf: torch.Tensor | None = None,
    arm_loc: torch.Tensor | None = None,
    objectness_score: float = 0.01,
) -> torch.Tensor:
    """SSD's detections (1, 1, M, 7): image, label, score, xmin, ymin, xmax, ymax.

    Without any detection, there is a row of -1 for each image.
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
        boxes = torch.cat((boxes, points), dim=-1)
    scores = conf.reshape(len(conf), -1, num_classes)
    if arm_conf is not None:
        objects = arm_conf.reshape(len(conf), -1, 2)[..., 1:] >= objectness_score
        scores = torch.where(objects, scores, torch.eye(num_classes).to(scores)[0])
    images: list[torch.Tensor] = []
    for image in range(len(scores)):
        rows = [boxes.new_zeros(0, 15 if polygons else 7)]
        for label in range(num_classes):
            if label == background_label_id:
                continue
            box = boxes[image, :, 0 if share_location else label]
            score = scores[image, :, label]
            kept = non_maximum_suppression(
                box[:, :4], score, nms_threshold, top_k, confidence_threshold, eta
            )
            ids = box.new_tensor([image, label]).expand(len(kept), 2)
            rows.append(torch.cat((ids, score[kept, None], box[kept]), dim=1))
        found = torch.cat(rows)
        best = found[:, 2].argsort(descending=True, stable=True)[:keep_top_k]
        images.append(found[best.sort().values])
    found = torch.cat(images)
    if len(found) == 0:
        found = found.new_full((len(loc), found.shape[1]), -1)
        found[:, 0] = torch.arange(len(loc))
    return found[None, None]


def split_detection_output(
    maps: list[torch.Tensor], nbottom: int, no_permute: bool = False, **options: Any
) -> torch.Tensor:
    """detection_output for separate maps: confidences, locations, prior boxes.

    `no_permute` tells that maps have channels first, and their boxes the aspect ratio
    before the position.
    """
    confs, locs = maps[:nbottom], maps[nbottom : 2 * nbottom]
    prior = torch.cat(maps[2 * nbottom :], dim=2)
    if no_permute:
        ratios = [x.shape[2] for x in confs]
        prior = ratios_first(prior, ratios, [x.shape[3] for x in confs])
        locs = [
            x.reshape(1, ratio, -1, x.shape[2] * x.shape[3]).transpose(2, 3)
            for x, ratio in zip(locs, ratios, strict=True)
        ]
        confs = [x.permute(0, 2, 3, 1) for x in confs]
    loc = torch.cat([x.reshape(1, -1) for x in locs], dim=1)
    conf = torch.cat([x.reshape(1, -1) for x in confs], dim=1)
    return detection_output(loc, conf, prior, **options)


def ratios_first(
    prior: torch.Tensor, ratios: list[int], places: list[int]
) -> torch.Tensor:
    """Reorder prior boxes from position-major to ratio-major; the variances stay."""
    corners, variances = prior.reshape(2, -1, 4)
    counts = [r * p for r, p in zip(ratios, places, strict=True)]
    turned = [
        part.reshape(-1, ratio, 4).transpose(0, 1).reshape(-1, 4)
        for part, ratio in zip(corners.split(counts), ratios, strict=True)
    ]
    return torch.stack((torch.cat(turned), variances))


def polygon_corners(
    points: torch.Tensor, prior: torch.Tensor, variances: torch.Tensor
) -> torch.Tensor:
    """Decode the corners of TextBoxes++'s polygons, relative to prior boxes."""
    sides = (prior[..., 2:] - prior[..., :2]) * variances[..., :2]
    return points * sides.repeat(1, 1, 4) + prior[..., [0, 1, 2, 1, 2, 3, 0, 3]]
