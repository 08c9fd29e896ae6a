"""What PyTorch lacks for MS-CNN and Cascade R-CNN, to be pasted into an emitted file
that uses it.
"""

import math

import torch

from proto2net.backends.torch.helpers.rcnn import apply_deltas

# ---- regions -------------------------------------------------------------------------


def box_candidates(
    maps: list[torch.Tensor],
    fields: list[tuple[int, int]],
    strides: list[int],
    min_size: float = 15.0,
    field_whr: float = 2.0,
    field_xyr: float = 2.0,
    bbox_mean: tuple[float, ...] | None = None,
    bbox_std: tuple[float, ...] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Decode boxes (N, P, 4) and scores (N, P) from feature maps.

    A map has the scores of all classes, and the deltas of one anchor with this width
    and height. Boxes smaller than min_size score -inf.
    """
    boxes, scores = [], []
    for x, field, stride in zip(maps, fields, strides, strict=True):
        center, size = field_boxes(
            x[:, -4:], [field], stride, field_whr, field_xyr, bbox_mean, bbox_std
        )
        start = (center - size / 2).clamp(min=0)
        size = size.minimum(x.new_tensor(x.shape[:1:-1]) * stride - start)
        boxes.append(torch.cat((start, start + size), dim=-1))
        score = (x[:, 1:-4].amax(1) - x[:, 0]).flatten(1)
        scores.append(torch.where((size >= min_size).all(-1), score, -math.inf))
    return torch.cat(boxes, dim=1), torch.cat(scores, dim=1)


def box_group_candidates(
    maps: list[torch.Tensor],
    fields: list[list[tuple[int, int]]],
    strides: list[int],
    min_size: float = 15.0,
    field_whr: float = 2.0,
    field_xyr: float = 2.0,
    bbox_mean: tuple[float, ...] | None = None,
    bbox_std: tuple[float, ...] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Decode boxes (N, P, 4) and scores (N, P) from pairs of feature maps.

    A pair has the class probabilities, and the deltas of several anchors with these
    widths and heights. Boxes smaller than min_size score -inf.
    """
    boxes, scores = [], []
    pairs = zip(maps[::2], maps[1::2], fields, strides, strict=True)
    for prob, shifts, group, stride in pairs:
        center, size = field_boxes(
            shifts, group, stride, field_whr, field_xyr, bbox_mean, bbox_std
        )
        start = center - size / 2
        limit = prob.new_tensor(prob.shape[:1:-1]) * stride
        start, end = start.clamp(min=0), (start + size - 1).minimum(limit)
        boxes.append(torch.cat((start, end), dim=-1))
        score = (1 - prob[:, 0]).reshape(len(start), -1)
        large = (end - start + 1 >= min_size).all(-1)
        scores.append(torch.where(large, score, -math.inf))
    return torch.cat(boxes, dim=1), torch.cat(scores, dim=1)


def field_boxes(
    shifts: torch.Tensor,
    fields: list[tuple[int, int]],
    stride: int,
    field_whr: float = 2.0,
    field_xyr: float = 2.0,
    bbox_mean: tuple[float, ...] | None = None,
    bbox_std: tuple[float, ...] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Decode the centers and sizes (N, P, 2) of the anchors at each position."""
    height, width = shifts.shape[2:]
    shift = shifts.reshape(-1, len(fields), 4, height, width)
    shift = shift.permute(0, 1, 3, 4, 2)
    if bbox_std:
        shift = shift * shift.new_tensor(bbox_std) + shift.new_tensor(bbox_mean)
    move = shift[..., :2].clamp(-1 / field_xyr, 1 / field_xyr)
    growth = shift[..., 2:].clamp(-math.log(field_whr), math.log(field_whr))
    x_y = torch.meshgrid(torch.arange(width), torch.arange(height), indexing="xy")
    place = torch.stack(x_y, dim=-1).to(shift)
    field = shift.new_tensor(fields)[:, None, None]
    center, size = move * field + (place + 0.5) * stride, growth.exp() * field
    return center.flatten(1, 3), size.flatten(1, 3)


def best_regions(
    candidates: tuple[torch.Tensor, torch.Tensor],
    fg_thr: float = 0.0,
    iou_thr: float = 0.5,
    nms_type: str = "IOU",
    max_nms_num: int | None = None,
    max_post_nms_num: int | None = None,
    border: int = 0,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Proposals after NMS, best first: image, x1, y1, x2, y2; and with scores.

    Without any, there is one made-up row, as in Caffe.
    """
    boxes, scores = candidates
    rows = best_boxes(
        boxes, scores, fg_thr, iou_thr, nms_type, max_nms_num, max_post_nms_num, border
    )
    if len(rows) == 0:
        made_up = rows.new_tensor([0, 1, 1, 10, 10])
        return made_up.reshape(1, 5, 1, 1), rows.new_zeros(1, 6, 1, 1)
    return rows[:, :5, None, None], rows[:, :, None, None]


def best_boxes(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    least: float,
    iou_thr: float,
    nms_type: str = "IOU",
    max_nms_num: int | None = None,
    max_post_nms_num: int | None = None,
    border: int = 0,
) -> torch.Tensor:
    """Non-maximum suppression in each group of boxes (N, P, 4): an image or a class.

    Returns rows of group, x1, y1, x2, y2, score, best first within a group.
    """
    rows = [boxes.new_zeros(0, 6)]
    for group, (box, score) in enumerate(zip(boxes, scores, strict=True)):
        likely = (score >= least).nonzero()[:, 0].flip(0)  # of equals the last first
        order = score[likely].argsort(descending=True, stable=True)
        best = likely[order][:max_nms_num]
        kept = best[region_nms(box[best], iou_thr, nms_type, border)]
        kept = kept[:max_post_nms_num]
        ids = box.new_full((len(kept), 1), group)
        rows.append(torch.cat((ids, box[kept], score[kept, None]), dim=1))
    return torch.cat(rows)


def region_nms(
    boxes: torch.Tensor, iou_thr: float, nms_type: str = "IOU", border: int = 0
) -> torch.Tensor:
    """Non-maximum suppression of boxes sorted by score: indices of the kept ones.

    `border` is added to each side's length: 1 where x2 and y2 are inside of the box.
    `nms_type` is the overlap: IOU, IOMU (over the smaller area) or IOFU (over the
    better box's area).
    """
    area = (boxes[:, 2:] - boxes[:, :2] + border).prod(1)
    left = torch.arange(len(boxes), device=boxes.device)
    kept = [left[:0]]
    while len(left):
        best, left = left[:1], left[1:]
        kept.append(best)
        start = boxes[left, :2].maximum(boxes[best, :2])
        sides = boxes[left, 2:].minimum(boxes[best, 2:]) - start
        apart = (sides[:, 0] < 0) | (sides[:, 1] <= 0)
        shared = torch.where(apart, 0, (sides + border).prod(1))
        if nms_type == "IOMU":
            whole = area[left].minimum(area[best])
        elif nms_type == "IOFU":
            whole = area[best]
        else:
            whole = area[left] + area[best] - shared
        left = left[shared / torch.where(shared > 0, whole, 1) <= iou_thr]
    return torch.cat(kept)


# ---- boxes of regions ----------------------------------------------------------------


def decode_bbox(
    shifts: torch.Tensor,
    rois: torch.Tensor,
    bbox_mean: tuple[float, ...] | None = None,
    bbox_std: tuple[float, ...] | None = None,
) -> torch.Tensor:
    """Apply the deltas of the second class to regions."""
    rois = rois.flatten(1)
    shift = shifts.flatten(1)[:, 4:]
    boxes = shifted_regions(rois, shift, bbox_mean, bbox_std)
    return torch.cat((rois[:, :1], boxes), dim=1)[:, :, None, None]


def shifted_regions(
    rois: torch.Tensor,
    shift: torch.Tensor,
    bbox_mean: tuple[float, ...] | None = None,
    bbox_std: tuple[float, ...] | None = None,
) -> torch.Tensor:
    """Apply deltas to regions; x2 and y2 are inside of the result."""
    if bbox_std:
        shift = shift * shift.new_tensor(bbox_std) + shift.new_tensor(bbox_mean)
    return apply_deltas(rois[:, 1:5], shift) - shift.new_tensor([0, 0, 1, 1])


def frcnn_output(
    prob: torch.Tensor,
    shifts: torch.Tensor,
    rois: torch.Tensor,
    size: torch.Tensor,
    conf_thr: float = 0.0,
    iou_thr: float = 0.5,
    nms_type: str = "IOU",
    max_det_num: int | None = None,
    bbox_mean: tuple[float, ...] | None = None,
    bbox_std: tuple[float, ...] | None = None,
) -> torch.Tensor:
    """Detections after NMS: rows of 0, x1, y1, x2, y2, class, score.

    The first row is 0 and then -1, as in Caffe.
    """
    scores = prob.flatten(1).T[1:]
    rois = rois.flatten(1)
    shift = shifts.reshape(len(shifts), -1, 4).transpose(0, 1)[1:]
    boxes = torch.stack([shifted_regions(rois, s, bbox_mean, bbox_std) for s in shift])
    boxes = boxes.minimum(size.flatten().flip(0).repeat(2)).clamp(min=0)
    boxes = boxes.expand(*scores.shape, 4)
    rows = best_boxes(boxes, scores, conf_thr, iou_thr, nms_type, border=1)
    best = rows[:, 5].argsort(descending=True, stable=True)[:max_det_num]
    rows = rows[best.sort().values]
    label, corners, score = rows[:, :1], rows[:, 1:5], rows[:, 5:]
    found = torch.cat((torch.zeros_like(label), corners, label + 1, score), dim=1)
    first = found.new_tensor([[0, -1, -1, -1, -1, -1, -1]])
    return torch.cat((first, found))[:, :, None, None]


def scale_route(
    *bottoms: torch.Tensor,
    low_scale: float = 0.0,
    high_scale: float = math.inf,
    middle: float = 256.0,
) -> list[torch.Tensor]:
    """The rows whose region has a size in [low_scale, high_scale).

    Without any, it is the row whose size is nearest to `middle`, in octaves.
    """
    corners = bottoms[0].flatten(1)[:, 1:5]
    scale = (corners[:, 2:] - corners[:, :2] + 1).prod(1).sqrt()
    kept = ((scale >= low_scale) & (scale < high_scale)).nonzero()[:, 0]
    if len(kept) == 0:
        away = (scale / middle).log2().abs().nan_to_num(math.inf)
        kept = away.argmin(keepdim=True)
    return [
        bottom[kept].reshape((len(kept), *bottom.shape[1:], 1, 1)[:4])
        for bottom in bottoms
    ]
