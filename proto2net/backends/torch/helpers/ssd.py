"""What PyTorch lacks for SSD, to be pasted into an emitted file that uses it."""

import math

import torch
from torch import nn


class Normalize(nn.Module):
    """SSD's L2 normalization with a learned weight; eps is added inside of the root.

    `across_spatial` takes the norm over the whole image instead of each pixel.
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
    x: torch.Tensor, norm: str = "L2", eps: float = 1e-6, across_spatial: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """Each pixel of (N, C, H, W) divided by its norm, and the norms.

    `across_spatial` takes the norm over the whole image instead of each pixel.
    """
    x = x.reshape((*x.shape, 1, 1)[:4])
    axis = (1, 2, 3) if across_spatial else 1
    if norm == "L1":
        size = x.abs().sum(axis, keepdim=True) + eps
    else:
        size = (x.square().sum(axis, keepdim=True) + eps).sqrt()
    return x / size, size


def box_sizes(
    min_size: list[int],
    max_size: list[int],
    aspect_ratio: list[float],
    flip: bool = True,
) -> list[tuple[float, float]]:
    """The width and height of SSD's prior boxes at a position, in SSD's order."""
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
    """FaceBoxes' squares at a position: their sides, and their centers' offsets."""
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
    """SSD's prior boxes at each position of a feature map, and their variances.

    Boxes are (xmin, ymin, xmax, ymax) relative to the image; sizes are in pixels.
    `denser` repeats each box half a step lower (TextBoxes).
    `rows_of_each` is how many rows of each square a position has (FaceBoxes).
    """
    rows, columns = feature.shape[2:]
    height, width = image_size or image.shape[2:]
    down, across = step or (height / rows, width / columns)
    y = (torch.arange(rows).to(feature) + offset) * down
    x = (torch.arange(columns).to(feature) + offset) * across
    sizes = box_sizes(min_size, max_size or [], aspect_ratio or [], flip)
    half = feature.new_tensor(sizes) / 2
    center = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)[:, :, None]
    if rows_of_each:
        sides, shifts = squares_in_rows(min_size, rows_of_each)
        half = feature.new_tensor(sides)[:, None] / 2
        center = center + feature.new_tensor(shifts)
    if denser:
        y = (torch.arange(rows).to(feature) + 1) * down
        lower = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)
        center = torch.stack((center, lower[:, :, None]), dim=3)
        half = half[:, None]
    boxes = torch.cat((center - half, center + half), dim=-1)
    boxes = boxes / feature.new_tensor([width, height, width, height])
    if clip:
        boxes = boxes.clamp(0, 1)
    variances = feature.new_tensor(variance).expand_as(boxes)
    return torch.stack((boxes.flatten(), variances.flatten()))[None]


def prior_box_clustered(
    feature: torch.Tensor,
    image: torch.Tensor,
    sizes: list[tuple[float, float]],
    clip: bool = False,
    variance: tuple[float, ...] = (0.1,),
    image_size: tuple[int, int] | None = None,
    step: tuple[float, float] | None = None,
    offset: float = 0.5,
    insets: list[float] | None = None,
    yx_order: bool = False,
) -> torch.Tensor:
    """Prior boxes of these widths and heights at each position, and their variances.

    Boxes are (xmin, ymin, xmax, ymax) relative to the image; sizes are in pixels.
    `insets` shrinks each box on all sides, relative to the image.
    `yx_order` puts y before x.
    """
    rows, columns = feature.shape[2:]
    height, width = image_size or image.shape[2:]
    down, across = step or (height / rows, width / columns)
    y = (torch.arange(rows).to(feature) + offset) * down
    x = (torch.arange(columns).to(feature) + offset) * across
    center = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)[:, :, None]
    half, limit = feature.new_tensor(sizes) / 2, feature.new_tensor([width, height])
    start, end = (center - half) / limit, (center + half) / limit
    if insets:
        inset = feature.new_tensor(insets)[:, None]
        start, end = start + inset, end - inset
    if yx_order:
        start, end = start.flip(-1), end.flip(-1)
    boxes = torch.cat((start, end), dim=-1)
    if clip:
        boxes = boxes.clamp(0, 1)
    variances = feature.new_tensor(variance).expand_as(boxes)
    return torch.stack((boxes.flatten(), variances.flatten()))[None]
