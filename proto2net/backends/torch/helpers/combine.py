"""Helpers that join or split blobs, which PyTorch lacks: pasted where they are used."""

import torch
from torch import nn


def elementwise_max(first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
    """The elementwise maximum of all inputs; among ties, only one gets the gradient."""
    second, *more = others
    best = torch.where(first > second, first, second)
    for other in more:
        best = torch.where(other > best, other, best)
    return best


def c_rand(count: int) -> list[int]:
    """The first `count` numbers of glibc's rand() with seed 1."""
    state = [1]
    for _ in range(30):
        state.append(16807 * state[-1] % (2**31 - 1))
    state += state[:3]
    for i in range(34, 344 + count):
        state.append((state[i - 3] + state[i - 31]) % 2**32)
    return [value >> 1 for value in state[344:]]


class CompactBilinear(nn.Module):
    """Compact bilinear pooling: the count sketch of the outer product of two inputs.

    The sketches are convolved by FFT (Gao et al. 2016). The random hashes are Caffe's.
    `sum_pool` sums the result over all positions.
    """

    place1: torch.Tensor
    sign1: torch.Tensor
    place2: torch.Tensor
    sign2: torch.Tensor

    def __init__(
        self, first: int, second: int, outputs: int, sum_pool: bool = True
    ) -> None:
        super().__init__()
        self.outputs, self.sum_pool = outputs, sum_pool
        drawn = torch.tensor(c_rand(2 * (first + second)))
        start = 0
        for number, channels in ((1, first), (2, second)):
            place = drawn[start : start + channels] % outputs
            sign = drawn[start + channels : start + 2 * channels] % 2 * 2 - 1
            start += 2 * channels
            self.register_buffer(f"place{number}", place, persistent=False)
            self.register_buffer(f"sign{number}", sign, persistent=False)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        product = self.spectrum(x, self.place1, self.sign1)
        product = product * self.spectrum(y, self.place2, self.sign2)
        z: torch.Tensor = torch.fft.irfft(product, self.outputs, dim=1, norm="forward")
        return z.sum((2, 3), keepdim=True) if self.sum_pool else z

    def spectrum(
        self, x: torch.Tensor, place: torch.Tensor, sign: torch.Tensor
    ) -> torch.Tensor:
        """The Fourier transform of the count sketch of the channels."""
        sketch = x.new_zeros(x.shape[0], self.outputs, *x.shape[2:])
        sketch = sketch.index_add(1, place, x * sign[:, None, None])
        spectrum: torch.Tensor = torch.fft.rfft(sketch, dim=1)
        return spectrum
