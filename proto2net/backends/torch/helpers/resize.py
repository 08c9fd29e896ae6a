"""What PyTorch lacks for images of other sizes, to be pasted into an emitted file that
uses it.
"""

import torch
import torch.nn.functional as F


def interp(
    x: torch.Tensor,
    shrink_factor: int = 1,
    zoom_factor: int = 1,
    full_zoom_factor: int = 1,
) -> torch.Tensor:
    """F.interpolate with corners that stay; factors count the gaps between pixels."""
    size = [
        ((n - 1) // shrink_factor * zoom_factor + 1) * full_zoom_factor
        for n in x.shape[2:]
    ]
    return F.interpolate(x, size, mode="bilinear", align_corners=True)


def max_unpool(
    x: torch.Tensor, mask: torch.Tensor, size: tuple[int, int]
) -> torch.Tensor:
    """F.max_unpool2d to any size: each value goes to where the mask says."""
    planes = x.new_zeros(*x.shape[:2], size[0] * size[1])
    placed = planes.scatter(2, mask.flatten(2).long(), x.flatten(2))
    return placed.reshape(*x.shape[:2], *size)
