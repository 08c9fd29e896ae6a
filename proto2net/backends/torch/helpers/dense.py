"""Products with a matrix that PyTorch lacks: pasted where they are used."""

import torch
import torch.nn.functional as F
from torch import nn


class TransposedLinear(nn.Module):
    """nn.Linear with a weight of shape (inputs, outputs), to be tied to another's."""

    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.weight.T, self.bias)


class Embed(nn.Embedding):
    """nn.Embedding with a bias."""

    def __init__(self, count: int, size: int) -> None:
        super().__init__(count, size)
        self.bias = nn.Parameter(torch.zeros(size))

    def forward(self, index: torch.Tensor) -> torch.Tensor:
        return super().forward(index) + self.bias
