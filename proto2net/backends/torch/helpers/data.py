"""Helpers for values that the network makes, which PyTorch lacks: pasted where they are
used.
"""

from collections.abc import Callable

import torch
from torch import nn


class DummyData(nn.Module):
    """Tensors made without an input, filled anew in every forward pass."""

    like: torch.Tensor

    def __init__(
        self, *tensors: tuple[tuple[int, ...], Callable[[torch.Tensor], torch.Tensor]]
    ) -> None:
        super().__init__()
        self.tensors = tensors
        self.register_buffer("like", torch.zeros(0), persistent=False)

    def forward(self) -> tuple[torch.Tensor, ...]:
        return tuple(fill(self.like.new_empty(shape)) for shape, fill in self.tensors)
