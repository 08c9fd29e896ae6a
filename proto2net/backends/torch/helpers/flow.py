"""What PyTorch lacks for optical flow, to be pasted into an emitted file that uses
it.
"""

import torch
import torch.nn.functional as F
from torch import nn


def pixel_grid(x: torch.Tensor) -> torch.Tensor:
    """The coordinates of each pixel as two channels: column, row."""
    rows, columns = (
        torch.arange(n, dtype=x.dtype, device=x.device) for n in x.shape[2:]
    )
    grid = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack(grid[::-1]).expand(len(x), -1, -1, -1)


def flow_warp(
    image: torch.Tensor, flow: torch.Tensor, fill: float = 0.0, strict: bool = False
) -> torch.Tensor:
    """Backward warping: sample the image bilinearly at each pixel plus its flow.

    `fill` is the value outside of the image.
    `strict` counts all beyond the last pixel's center as outside; else it is repeated.
    """
    height, width = image.shape[2:]
    x, y = (pixel_grid(flow) + flow).unbind(1)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    if strict:
        inside = inside & (x <= width - 1) & (y <= height - 1)
    x, y = torch.where(inside, x, 0), torch.where(inside, y, 0)
    return torch.where(inside[:, None], sample_bilinear(image, x, y), fill)


def warp(image: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Sample an image bilinearly at absolute coordinates (x, y); it is 0 outside."""
    height, width = image.shape[2:]
    x, y = places.nan_to_num(-1).unbind(1)
    x, y = x.clamp(-1, width) + 1, y.clamp(-1, height) + 1
    return sample_bilinear(F.pad(image, (1, 1, 1, 1)), x, y)


def sample_bilinear(
    image: torch.Tensor, x: torch.Tensor, y: torch.Tensor
) -> torch.Tensor:
    """Sample images bilinearly at coordinates x, y inside of them."""
    height, width = image.shape[2:]
    left, top = x.floor(), y.floor()
    right, bottom = (left + 1).clamp(max=width - 1), (top + 1).clamp(max=height - 1)
    across, down = (x - left)[:, None], (y - top)[:, None]
    above = (
        pixels_at(image, top, left) * (1 - across)
        + pixels_at(image, top, right) * across
    )
    below = pixels_at(image, bottom, left) * (1 - across)
    below = below + pixels_at(image, bottom, right) * across
    return above * (1 - down) + below * down


def pixels_at(
    image: torch.Tensor, row: torch.Tensor, column: torch.Tensor
) -> torch.Tensor:
    """Gather the pixels of each image at these integer rows and columns."""
    index = (row.long() * image.shape[3] + column.long()).flatten(1)[:, None]
    found = image.flatten(2).gather(2, index.expand(-1, image.shape[1], -1))
    return found.reshape(*image.shape[:2], *row.shape[1:])


def correlation(
    a: torch.Tensor,
    b: torch.Tensor,
    max_displacement: int,
    pad: int = 0,
    kernel_size: int = 1,
    stride_1: int = 1,
    stride_2: int = 1,
    subtract: bool = False,
) -> torch.Tensor:
    """Correlation of two feature maps: an output channel per displacement (FlowNet).

    `kernel_size` is the side of the patches that are compared.
    `stride_1` is the step between positions in `a`.
    `stride_2` is the step between displacements.
    `subtract` takes the mean absolute difference instead of the mean product.
    """
    a, b = F.pad(a, [pad] * 4), F.pad(b, [pad] * 4)
    height, width = (n - 2 * max_displacement for n in a.shape[2:])
    a = a.narrow(2, max_displacement, height).narrow(3, max_displacement, width)
    last = 2 * max_displacement
    places = range(last + 1)
    if stride_2 > 1:
        places = range(max_displacement % stride_2, last + 1, stride_2)
    maps = []
    for y in places:
        for x in places:
            other = b.narrow(2, y, height).narrow(3, x, width)
            likeness = (a - other).abs() if subtract else a * other
            maps.append(likeness.mean(1))
    likenesses = torch.stack(maps, 1)
    if kernel_size > 1 or stride_1 > 1:
        likenesses = F.avg_pool2d(likenesses, kernel_size, stride_1)
    return likenesses


def correlation_1d(
    a: torch.Tensor,
    b: torch.Tensor,
    max_displacement: int,
    pad: int = 0,
    kernel_size: int = 1,
    stride_1: int = 1,
    stride_2: int = 1,
    subtract: bool = False,
    single_direction: int = 0,
) -> torch.Tensor:
    """Correlation along rows: an output channel per displacement (DispNet).

    `kernel_size` is the side of the patches that are compared.
    `stride_1` is the step between positions in `a`.
    `stride_2` is the step between displacements.
    `subtract` takes the mean absolute difference instead of the mean product.
    `single_direction` is -1 for displacements to the left only, 1 for the right only.
    """
    last, before = 2 * max_displacement, pad
    places = range(last + 1)
    if stride_2 > 1:
        places = range(max_displacement % stride_2, last + 1, stride_2)
    if single_direction > 0:
        places = places[len(places) // 2 :]
    if single_direction < 0:  # the first is one step further, beyond what is padded
        places = places[: len(places) // 2 + 1]
        before = pad + stride_2
    a, b = F.pad(a, [pad, pad]), F.pad(b, [before, pad])
    width = a.shape[3] - 2 * max_displacement
    a = a.narrow(3, max_displacement, width)
    maps = []
    for x in places:
        other = b.narrow(3, x, width)
        likeness = (a - other).abs() if subtract else a * other
        maps.append(likeness.mean(1))
    likenesses = torch.stack(maps, 1)
    if kernel_size > 1 or stride_1 > 1:
        likenesses = F.avg_pool2d(likenesses, kernel_size, stride_1)
    return likenesses


def resample(
    x: torch.Tensor, size: tuple[int, int], cubic: bool = False, antialias: bool = True
) -> torch.Tensor:
    """Resize by FlowNet2's rule, whose offset swaps the scales of the two axes.

    `cubic` selects cubic interpolation instead of linear.
    `antialias` widens the kernel when it scales down.
    """
    rows, columns = (
        pixel_shares(place, count, width, cubic)
        for place, count, width in resampled(x, size, antialias)
    )
    return rows @ x @ columns.T


def resample_nearest(x: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Nearest-neighbour resizing by FlowNet2's rule."""
    rows, columns = (
        (place + 0.5).floor().long().clamp(0, count - 1)
        for place, count, _ in resampled(x, size)
    )
    return x[:, :, rows[:, None], columns]


def resampled(
    x: torch.Tensor, size: tuple[int, int], antialias: bool = True
) -> list[tuple[torch.Tensor, int, torch.Tensor]]:
    """For each axis: output coordinates in the input, input size, kernel width."""
    scale = (torch.tensor(x.shape[2:]) / torch.tensor(size)).to(x)
    width = torch.ones_like(scale)
    if antialias and any(n > m for n, m in zip(x.shape[2:], size, strict=True)):
        width = scale
    index = (torch.arange(n).to(x) for n in size)
    return [
        (i * own + other / 2 - 0.5, n, w)
        for i, own, other, n, w in zip(
            index, scale, scale.flip(0), x.shape[2:], width, strict=True
        )
    ]


def downsample(x: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Linear downsampling with aligned corners; NaN where over 1/3 of it is NaN."""
    if x.shape[2:] == tuple(size):
        return x
    rows, columns = (
        pixel_shares(torch.arange(m).to(x) / (m - 1) * (n - 1), n, (n - 1) / (m - 1))
        for n, m in zip(x.shape[2:], size, strict=True)
    )
    known = ~x.isnan()
    share = rows @ known.to(x) @ columns.T
    mean = rows @ torch.where(known, x, 0) @ columns.T / share
    return torch.where(share > 2 / 3 - 1e-6, mean, torch.nan)


class MeanSubtraction(nn.Module):
    """Subtracts the mean image that was recorded in training."""

    mean: torch.Tensor

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(shape))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x - self.mean


def crop_middle(x: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Center crop with bilinear sampling; FlowNet2 stops just before the last pixel."""
    rows, columns = (
        pixel_shares((torch.arange(m).to(x) + (n - m) / 2).clamp(0, n - 1.05), n, 1.0)
        for n, m in zip(x.shape[2:], size, strict=True)
    )
    return rows @ x @ columns.T


def pixel_shares(
    place: torch.Tensor, count: int, width: float | torch.Tensor, cubic: bool = False
) -> torch.Tensor:
    """Interpolation weights: one row per coordinate, one column per pixel.

    `cubic` selects cubic interpolation instead of linear.
    """
    distance = (place[:, None] - torch.arange(count).to(place)).abs() / width
    weight = keys_cubic(distance) if cubic else (1 - distance).clamp(min=0)
    total = weight.sum(1, keepdim=True)
    return weight / torch.where(total == 0, 1, total)


def keys_cubic(distance: torch.Tensor) -> torch.Tensor:
    """The kernel of cubic interpolation, with a = -0.5 (Keys 1981)."""
    near = (1.5 * distance - 2.5) * distance * distance + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return torch.where(distance <= 1, near, torch.where(distance < 2, far, 0))
