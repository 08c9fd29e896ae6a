"""Rounding as Ristretto has it, to be pasted into an emitted file that uses it."""

import torch


def fixed_point(x: torch.Tensor, bits: int, fraction: int) -> torch.Tensor:
    """Round to fixed-point numbers of `bits` bits, `fraction` of them fractional."""
    step, limit = 2.0**-fraction, 2 ** (bits - 1)
    x = x.clamp(-limit * step, (limit - 1) * step) / step
    whole = x.trunc()
    return (whole + (2 * (x - whole)).trunc()) * step  # halves go away from 0


def minifloat(x: torch.Tensor, mantissa: int, exponent: int) -> torch.Tensor:
    """Round to floats of fewer bits, up to the first value that underflows.

    That one becomes 0, and Ristretto leaves the rest of the batch as it is.
    """
    step = 2 ** (23 - mantissa)
    bits = x.contiguous().view(torch.int32) + step // 2
    bits, power = bits & -step, 2 ** (exponent - 1)
    top = 2.0**power
    largest = torch.copysign(x.new_tensor((2 - 2.0**-mantissa) * top), x)
    rounded = torch.where(x.abs() >= 2 * top, largest, bits.view(torch.float32))
    small = x.abs() < 2.0 ** max(1 - power, -126)
    passed = small.flatten().cumsum(0).view_as(x)
    rounded = torch.where(passed == 0, rounded, x)
    return torch.where(small & (passed == 1), 0.0, rounded)
