"""What PyTorch lacks to sample images at computed places, to be pasted into an emitted
file.
"""

import torch
import torch.nn.functional as F
from torch import nn

from proto2net.backends.torch.helpers.flow import sample_bilinear


def spatial_transformer(
    image: torch.Tensor,
    theta: torch.Tensor,
    size: tuple[int, int],
    preset: tuple[float | None, ...] = (),
) -> torch.Tensor:
    """Sample an image bilinearly at an affine map of a grid; it is 0 outside.

    Row i of n is at 2 * i / n - 1, and so are columns; rows come first in theta.

    `preset` has the fixed elements of theta, and None for each that is computed.
    """
    theta = theta.flatten(1)
    if preset:
        theta = with_preset(theta, preset)
    axes = (torch.arange(n, device=image.device) * 2 / n - 1 for n in size)
    rows, columns = torch.meshgrid(*axes, indexing="ij")
    points = torch.stack([rows, columns, torch.ones_like(rows)], -1).to(theta)
    grid = points @ theta.reshape(-1, 1, 2, 3).mT
    # grid_sample has the center of a pixel where Caffe has its edge.
    half = 1 / torch.tensor(image.shape[2:]).to(grid)
    return F.grid_sample(image, (grid + half).flip(-1), align_corners=False)


def with_preset(theta: torch.Tensor, preset: tuple[float | None, ...]) -> torch.Tensor:
    """Insert the fixed elements of an affine map; None stands for a computed one."""
    computed = iter(theta.unbind(1))
    columns = [
        next(computed) if value is None else theta.new_full((len(theta),), value)
        for value in preset
    ]
    return torch.stack(columns, 1)


class DeformConv2d(nn.Module):
    """A deformable convolution: each tap samples the image at an offset (Dai 2017).

    The last pixels are repeated up to the edge of the image; it is 0 outside.

    `offset_groups` counts the groups of channels that have offsets of their own.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, int],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        offset_groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.stride, self.padding, self.dilation = stride, padding, dilation
        self.groups, self.offset_groups = groups, offset_groups
        shape = (out_channels, in_channels // groups, *kernel_size)
        self.weight = nn.Parameter(torch.zeros(shape))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None

    def forward(self, x: torch.Tensor, offset: torch.Tensor) -> torch.Tensor:
        columns = deformable_im2col(
            x,
            offset,
            self.weight.shape[2:],
            self.stride,
            self.padding,
            self.dilation,
            self.offset_groups,
        )
        filters = self.weight.flatten(1)[..., None, None]
        return F.conv2d(columns, filters, self.bias, groups=self.groups)


def deformable_im2col(
    x: torch.Tensor,
    offset: torch.Tensor,
    kernel_size: tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    padding: int | tuple[int, ...] = 0,
    dilation: int | tuple[int, ...] = 1,
    groups: int = 1,
) -> torch.Tensor:
    """Gather what each tap samples: (batch, channels * taps, height, width).

    `groups` counts the groups of channels that have offsets of their own.
    """
    step, pad, gap = (
        torch.tensor(v, device=x.device).reshape(-1, 1, 1, 1)
        for v in (stride, padding, dilation)
    )
    (batch, _, height, width), size = x.shape, offset.shape[2:]
    taps, places = (
        torch.stack(
            torch.meshgrid(
                *(torch.arange(n, device=x.device) for n in sizes), indexing="ij"
            )
        )
        for sizes in (kernel_size, size)
    )
    place = places[:, None] * step - pad + taps.reshape(2, -1, 1, 1) * gap
    image = x.reshape(batch * groups, -1, height, width)
    moved = offset.reshape(batch * groups, -1, 2, *size).transpose(1, 2)
    row, column = (moved + place).unbind(1)
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    row, column = torch.where(inside, row, 0), torch.where(inside, column, 0)
    found = torch.where(inside[:, None], sample_bilinear(image, column, row), 0)
    return found.reshape(batch, -1, *size)
