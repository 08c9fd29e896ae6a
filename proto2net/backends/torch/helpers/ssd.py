"""What PyTorch lacks for SSD, to be pasted into an emitted file that uses it."""

import math

import torch
from torch import nn


class Normalize(nn.Module):
    """Divide by the Euclidean norm of each pixel, or of each image, and scale.

    F.normalize has no eps inside of the root, and no weight for each channel.
    """

    def __init__(
        self, *channels: int, across_spatial: bool = True, eps: float = 1e-10
    ) -> None:
        super().__init__()
        self.across_spatial = across_spatial
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        dim = list(range(1, x.dim())) if self.across_spatial else [1]
        square = x.square().sum(dim, keepdim=True)
        weight = self.weight.reshape(-1, *[1] * (x.dim() - 2))
        return x / (square + self.eps).sqrt() * weight


def normalize_pixels(
    x: torch.Tensor, norm: str = "L2", eps: float = 1e-6
) -> tuple[torch.Tensor, torch.Tensor]:
    """The channels of each pixel divided by their norm, and the norms, of (N, C, H, W)."""
    x = x.reshape((*x.shape, 1, 1)[:4])
    if norm == "L1":
        size = x.abs().sum(1, keepdim=True) + eps
    else:
        size = (x.square().sum(1, keepdim=True) + eps).sqrt()
    return x / size, size


def box_sizes(
    min_size: list[int], max_size: list[int], aspect_ratio: list[float], flip: bool
) -> list[tuple[float, float]]:
    """The width and height of each box that SSD has around a place, in its order."""
    sizes: list[tuple[float, float]] = []
    ratios = [r for a in aspect_ratio for r in ((a, 1 / a) if flip else (a,))]
    for index, size in enumerate(min_size):
        squares = [size, *(math.sqrt(size * m) for m in max_size[index : index + 1])]
        sizes += [(side, side) for side in squares]
        sizes += [(size * math.sqrt(r), size / math.sqrt(r)) for r in ratios]
    return sizes


def squares_in_rows(
    min_size: list[int], rows: list[int]
) -> tuple[list[float], list[tuple[float, float]]]:
    """FaceBoxes' squares around a place: their sides, and how far their centers are from it."""
    squares = [
        (size - 1.0, (x * size / 4, y * size / 4))
        for size, row in zip(min_size, rows, strict=True)
        for y in range(-(row // 2), (row + 1) // 2)
        for x in range(-(row // 2), (row + 1) // 2)
    ]
    return [side for side, _ in squares], [shift for _, shift in squares]


def prior_box(
    feature: torch.Tensor,
    image: torch.Tensor,
    min_size: list[int],
    max_size: list[int] | None = None,
    aspect_ratio: list[float] | None = None,
    flip: bool = True,
    clip: bool = False,
    variance: tuple[float, ...] = (0.1,),
    image_size: tuple[int, int] | None = None,
    step: tuple[float, float] | None = None,
    offset: float = 0.5,
    denser: bool = False,
    rows_of_each: list[int] | None = None,
) -> torch.Tensor:
    """SSD's boxes around each place of a feature map, and their variances.

    A box is x, y, x, y of its corners, as shares of the image; sizes are in pixels.
    `denser` has each box again at the lower end of its place; `rows_of_each` has
    squares in so many rows around each place.
    """
    rows, columns = feature.shape[2:]
    height, width = image_size or image.shape[2:]
    down, across = step or (height / rows, width / columns)
    y = (torch.arange(rows).to(feature) + offset) * down
    x = (torch.arange(columns).to(feature) + offset) * across
    sizes = box_sizes(min_size, max_size or [], aspect_ratio or [], flip)
    half, shift = feature.new_tensor(sizes)[:, None] / 2, feature.new_zeros(2)
    if rows_of_each:
        sides, shifts = squares_in_rows(min_size, rows_of_each)
        half = feature.new_tensor(sides)[:, None, None] / 2
        shift = feature.new_tensor(shifts)[:, None]
    levels = [y, (torch.arange(rows).to(feature) + 1) * down] if denser else [y]
    centers = [
        torch.stack(torch.meshgrid(x, level, indexing="xy"), dim=-1) for level in levels
    ]
    center = torch.stack(centers, dim=-2)[:, :, None] + shift
    boxes = torch.cat((center - half, center + half), dim=-1)
    boxes = boxes / feature.new_tensor([width, height, width, height])
    if clip:
        boxes = boxes.clamp(0, 1)
    variances = feature.new_tensor(variance).expand_as(boxes)
    return torch.stack((boxes.flatten(), variances.flatten()))[None]


def decode_boxes(
    loc: torch.Tensor, prior: torch.Tensor, code_type: str
) -> torch.Tensor:
    """The boxes that predictions mean, which are relative to prior boxes."""
    start, end = prior.chunk(2, dim=-1)
    size = end - start
    if code_type == "CORNER":
        return prior + loc
    if code_type == "CORNER_SIZE":
        return prior + loc * torch.cat((size, size), dim=-1)
    shift, growth = loc.chunk(2, dim=-1)
    center, half = (start + end) / 2 + shift * size, growth.exp() * size / 2
    return torch.cat((center - half, center + half), dim=-1)


def overlap(box: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
    """What a box shares with each of others, of what they cover together."""
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
    eta: float,
    confidence_threshold: float,
) -> torch.Tensor:
    """Indices of the best boxes that overlap no better one; eta lowers the threshold."""
    order = scores.argsort(descending=True, stable=True)
    left = order[scores[order] > confidence_threshold][:top_k]
    most = torch.zeros_like(scores[left])  # each box's largest overlap with those kept
    kept = [left[:0]]
    while len(left):
        best, left = left[:1], left[1:]
        kept.append(best)
        most = torch.maximum(most[1:], overlap(boxes[best[0]], boxes[left]))
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
) -> torch.Tensor:
    """Rows of image, label, score and box (x, y, x, y) for what SSD finds.

    If it finds nothing in any image, each has a row of -1. Behind the boxes of TextBoxes++
    stand the corners of `polygons`.
    """
    corners, variances = prior.reshape(2, -1, 1, 4)
    loc = loc.reshape(len(loc), len(corners), -1, 12 if polygons else 4)
    loc, points = loc[..., :4], loc[..., 4:]
    if not variance_encoded_in_target:
        loc = loc * variances
    boxes = decode_boxes(loc, corners, code_type)
    if polygons:
        points = polygon_corners(points, corners, variances)
    places = torch.cat((boxes, points), dim=-1)
    scores = conf.reshape(len(conf), -1, num_classes)
    images: list[torch.Tensor] = []
    for image in range(len(scores)):
        rows = [boxes.new_zeros(0, 15 if polygons else 7)]
        for label in range(num_classes):
            if label == background_label_id:
                continue
            place = places[image, :, 0 if share_location else label]
            score = scores[image, :, label]
            kept = non_maximum_suppression(
                place[:, :4], score, nms_threshold, top_k, eta, confidence_threshold
            )
            ids = place.new_tensor([image, label]).expand(len(kept), 2)
            rows.append(torch.cat((ids, score[kept, None], place[kept]), dim=1))
        found = torch.cat(rows)
        best = found[:, 2].argsort(descending=True, stable=True)[:keep_top_k]
        images.append(found[best.sort().values])
    found = torch.cat(images)
    if len(found) == 0:
        found = found.new_full((len(loc), found.shape[1]), -1)
        found[:, 0] = torch.arange(len(loc))
    return found[None, None]


def polygon_corners(
    points: torch.Tensor, prior: torch.Tensor, variances: torch.Tensor
) -> torch.Tensor:
    """The corners of polygons from predictions, which are relative to those of prior boxes."""
    sides = (prior[..., 2:] - prior[..., :2]) * variances[..., :2]
    return points * sides.repeat(1, 1, 4) + prior[..., [0, 1, 2, 1, 2, 3, 0, 3]]
