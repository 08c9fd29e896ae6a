"""What PyTorch lacks, to be pasted into an emitted file that uses it. Never imported."""

import torch.nn.functional as F

import torch


def lrn_within_channel(
    x: torch.Tensor, size: int = 5, alpha: float = 1.0, beta: float = 0.75
) -> torch.Tensor:
    """Caffe's LRN within a channel; the mean counts the padding, and k is always 1."""
    return x * (1 + alpha * F.avg_pool2d(x * x, size, 1, size // 2)) ** -beta
