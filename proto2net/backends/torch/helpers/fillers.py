"""Helpers for how learned arrays start, which PyTorch lacks: pasted where they are
used.
"""

import torch


def sparse_normal_(
    tensor: torch.Tensor, share: float, mean: float = 0.0, std: float = 1.0
) -> torch.Tensor:
    """nn.init.normal_ of elements kept with probability `share`; the others are 0."""
    with torch.no_grad():
        keep = torch.rand_like(tensor) < share
        return tensor.normal_(mean, std).mul_(keep)


def positive_unitball_(tensor: torch.Tensor, dim: int = 0) -> torch.Tensor:
    """Fill with positive values that sum to 1 for each index of an axis."""
    with torch.no_grad():
        rows = tensor.uniform_().movedim(dim, 0)
        rows /= rows.flatten(1).sum(1).reshape(-1, *[1] * (tensor.dim() - 1))
    return tensor


def bilinear_(tensor: torch.Tensor) -> torch.Tensor:
    """Fill with the kernel of bilinear upsampling, for a deconvolution."""
    size = tensor.shape[-1]
    factor = (size + 1) // 2
    center = (size - 1) / (2 * factor)
    with torch.no_grad():
        side = 1 - (torch.arange(size) / factor - center).abs()
        return tensor.copy_(side[:, None] * side)


def channel_diagonal_(tensor: torch.Tensor, values: list[float]) -> torch.Tensor:
    """A convolution that averages each channel and multiplies it by its own value."""
    with torch.no_grad():
        tensor.zero_()
        for channel, value in enumerate(values):
            tensor[channel, channel] = value / tensor[channel, channel].numel()
    return tensor
