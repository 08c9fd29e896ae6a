"""What PyTorch lacks for masks of regions. Pasted by name, as helpers.py is; never
imported.
"""

import torch
from torch.nn import functional as F

from proto2net.backends.torch.helpers.rcnn import apply_deltas
from proto2net.backends.torch.helpers.roi import interpolated


def resize_mask(
    x: torch.Tensor, size: tuple[int, int], factors: tuple[float, float] | None = None
) -> torch.Tensor:
    """Bilinear resizing with aligned first pixels.

    `factors` scales each axis whose factor is not 0.
    """
    if factors:
        axes = zip(x.shape[2:], factors, size, strict=True)
        height, width = (int(old * by) if by else new for old, by, new in axes)
        size = height, width
    image = torch.arange(len(x), device=x.device)
    rows, columns = (
        (torch.arange(new, device=x.device) * (old / new)).expand(len(x), -1)
        for old, new in zip(x.shape[2:], size, strict=True)
    )
    return interpolated(x, image, rows, columns)


def refine_rois(
    rois: torch.Tensor,
    shifts: torch.Tensor,
    scores: torch.Tensor,
    im_info: torch.Tensor,
) -> torch.Tensor:
    """Apply the best class's deltas to regions (0, x1, y1, x2, y2), and clip these."""
    best = scores.flatten(1).argmax(1)
    shift = shifts.reshape(len(shifts), -1, 4)[torch.arange(len(best)), best]
    boxes = apply_deltas(rois.flatten(1)[:, 1:], shift)
    limit = im_info.flatten()[:2].flip(0).repeat(2) - 1
    return F.pad(boxes.minimum(limit).clamp(min=0), (1, 0))
