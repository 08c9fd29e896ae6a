"""What PyTorch lacks for YOLO. Pasted by name, as helpers.py is; never imported."""

import math

import torch


def reorg(x: torch.Tensor, stride: int, reverse: bool = False) -> torch.Tensor:
    """YOLOv2's reorg layer, whose order differs from F.pixel_unshuffle.

    Darknet reads the same memory as fewer channels of larger planes.
    """
    n, c, h, w = x.shape
    channels = c // stride**2
    if reverse:
        blocks = x.reshape(n, stride, stride, channels, h, w)
        y = blocks.permute(0, 3, 4, 1, 5, 2)
        return y.reshape(n, channels, h * stride, w * stride)
    blocks = x.reshape(n, channels, h, stride, w, stride)
    y = blocks.permute(0, 3, 5, 1, 2, 4)
    return y.reshape(n, c * stride**2, h // stride, w // stride)


def swapped_reorg(x: torch.Tensor, stride: int, reverse: bool = False) -> torch.Tensor:
    """Synopsys' reorg, which takes the height of planes for their width.

    The result has only the first elements, as many as the top has room for.
    """
    n, c, h, w = x.shape
    y = reorg(x.reshape(n, c, w, h), stride, reverse)
    size = (n, y.shape[1], h // stride, w // stride)
    return y.flatten()[: math.prod(size)].reshape(size)


def yolo_boxes(
    x: torch.Tensor, anchors: tuple[tuple[float, float], ...], scale: int = 1
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Decode boxes (x, y, width, height), their objectness, and the class scores.

    They are in the order image, row, column, anchor.
    `scale` is how many units of the anchors there are between two positions.
    """
    n, _, h, w = x.shape
    t = x.reshape(n, len(anchors), -1, h, w).permute(0, 3, 4, 1, 2)
    y_x = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
    place = torch.stack(y_x[::-1], dim=-1)[:, :, None].to(x)
    size = x.new_tensor([w, h])
    center = (place + t[..., :2].sigmoid()) / size
    sides = t[..., 2:4].exp() * x.new_tensor(anchors) / (size * scale)
    boxes = torch.cat((center, sides), dim=-1).flatten(0, 3)
    return boxes, t[..., 4:5].sigmoid().flatten(0, 3), t[..., 5:].flatten(0, 3)


def yolo_detection_output(
    bottoms: list[torch.Tensor],
    anchors: tuple[tuple[float, float], ...],
    confidence_threshold: float = 0.01,
    nms_threshold: float = 0.45,
) -> torch.Tensor:
    """YOLOv2's detections after NMS, with the best class of each box.

    Rows are 0, label, score, xmin, ymin, xmax, ymax.
    """
    found = []
    for bottom in bottoms:
        boxes, objectness, scores = yolo_boxes(bottom, anchors)
        share, label = scores.softmax(1).max(1, keepdim=True)
        rows = torch.cat((label, objectness * share, boxes), dim=1)
        found.append(rows[rows[:, 1] >= confidence_threshold])
    return yolo_detections(torch.cat(found), nms_threshold, len(bottoms[0]))


def yolov3_detection_output(
    bottoms: list[torch.Tensor],
    anchors: tuple[tuple[tuple[float, float], ...], ...],
    anchors_scale: tuple[int, ...],
    confidence_threshold: float = 0.01,
    nms_threshold: float = 0.45,
) -> torch.Tensor:
    """YOLOv3's detections after NMS from several maps, in all likely classes.

    Rows are 0, label, score, xmin, ymin, xmax, ymax.
    """
    found = []
    for bottom, sizes, scale in zip(bottoms, anchors, anchors_scale, strict=True):
        boxes, objectness, scores = yolo_boxes(bottom, sizes, scale)
        score = scores.sigmoid() * objectness
        box, label = (score > confidence_threshold).nonzero(as_tuple=True)
        likely = torch.stack((label, score[box, label]), dim=1)
        found.append(torch.cat((likely, boxes[box]), dim=1))
    return yolo_detections(torch.cat(found), nms_threshold, len(bottoms[0]))


def yolo_detections(
    found: torch.Tensor, nms_threshold: float, images: int
) -> torch.Tensor:
    """Non-maximum suppression: rows of 0, label + 1, score, xmin, ymin, xmax, ymax.

    `found` has rows of label, score, x, y, width, height. Without any, there is a row
    of -1 for each image.
    """
    if len(found) == 0:
        none = found.new_full((1, 1, images, 7), -1)
        none[..., 0] = torch.arange(images)
        return none
    rows = found[found[:, 1].argsort(descending=True, stable=True)]
    half = rows[:, 4:] / 2
    start, end = rows[:, 2:4] - half, rows[:, 2:4] + half
    area = rows[:, 4:].prod(1)
    left = torch.arange(len(rows), device=rows.device)
    kept = []
    while len(left):
        best, left = left[:1], left[1:]
        kept.append(best)
        sides = end[left].minimum(end[best]) - start[left].maximum(start[best])
        shared = torch.where((sides < 0).any(1), 0, sides.prod(1))
        share = shared / (area[left] + area[best] - shared)
        left = left[~(share >= nms_threshold)]
    label = torch.nn.functional.pad(rows[:, :1] + 1, (1, 0))
    corners = torch.cat((label, rows[:, 1:2], start, end), dim=1)
    return corners[torch.cat(kept)][None, None]


def region_detection_output(
    x: torch.Tensor,
    anchors: tuple[tuple[float, float], ...],
    confidence_threshold: float = 0.01,
    nms_threshold: float = 0.45,
) -> torch.Tensor:
    """YOLOv2's detections after NMS, with the best class of each box.

    Rows are 0, label, score, x, y, width, height, in the order of the boxes. Boxes are
    clipped to the image for their overlap only.
    """
    boxes, objectness, scores = yolo_boxes(x, anchors)
    share, label = scores.softmax(1).max(1, keepdim=True)
    rows = torch.cat((label * 0, label, objectness * share, boxes), dim=1)
    rows = rows[rows[:, 2] >= confidence_threshold]
    if len(rows) == 0:
        return rows.new_tensor([0, *[-1] * 6]).reshape(1, 1, 1, 7)
    half = rows[:, 5:] / 2
    start = (rows[:, 3:5] - half).clamp(min=0)
    end = (rows[:, 3:5] + half).clamp(max=1)
    area = (end - start).prod(1)
    left = torch.arange(len(rows), device=rows.device)
    kept = []
    while len(left):
        first, left = left[:1], left[1:]
        kept.append(first)
        sides = end[left].minimum(end[first]) - start[left].maximum(start[first])
        shared = torch.where((sides <= 0).any(1), 0, sides.prod(1))
        iou = shared / (area[left] + area[first] - shared)
        left = left[~(iou >= nms_threshold)]
    return rows[torch.cat(kept)][None, None]
