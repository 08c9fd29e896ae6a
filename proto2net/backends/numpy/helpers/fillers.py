"""Helpers for how learned arrays start: functions of float32 arrays in Caffe's layout.

Each computes what the CPU code of the named Caffe file does.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import math

import numpy as np


def zeros(**shapes: int | tuple[int, ...]) -> dict[str, np.ndarray]:
    """Arrays of zeros, with these names and shapes."""
    return {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}


def ones(**shapes: int | tuple[int, ...]) -> dict[str, np.ndarray]:
    """Arrays of ones, with these names and shapes."""
    return {name: np.ones(shape, np.float32) for name, shape in shapes.items()}


def fan(shape: tuple[int, ...], variance_norm: str = "FAN_IN") -> float:
    """The fan-in, the fan-out or their mean, as Caffe counts them (filler.hpp)."""
    count = math.prod(shape)
    fan_in, fan_out = count / shape[0], count / (*shape, 1)[1]
    average = (fan_in + fan_out) / 2
    return {"FAN_IN": fan_in, "FAN_OUT": fan_out, "AVERAGE": average}[variance_norm]


def uniform(
    rng: np.random.Generator, shape: tuple[int, ...], low: float, high: float
) -> np.ndarray:
    """A uniform distribution between two bounds (filler.hpp)."""
    return rng.uniform(low, high, shape).astype(np.float32)


def gaussian(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    mean: float = 0.0,
    std: float = 1.0,
    sparse: int = -1,
) -> np.ndarray:
    """A normal distribution (filler.hpp).

    `sparse` is how many of shape[0] elements are not 0, on average.
    """
    values = rng.normal(mean, std, shape)
    if sparse >= 0:
        values = values * (rng.random(shape) < sparse / shape[0])
    return np.asarray(values, np.float32)


def positive_unitball(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Positive values that sum to 1 for each index of the first axis (filler.hpp)."""
    values = rng.random(shape)
    total = values.sum(tuple(range(1, len(shape))), keepdims=True)
    return (values / total).astype(np.float32)


def xavier(
    rng: np.random.Generator, shape: tuple[int, ...], variance_norm: str = "FAN_IN"
) -> np.ndarray:
    """A uniform distribution with variance 1 / fan (filler.hpp)."""
    bound = math.sqrt(3 / fan(shape, variance_norm))
    return rng.uniform(-bound, bound, shape).astype(np.float32)


def msra(
    rng: np.random.Generator, shape: tuple[int, ...], variance_norm: str = "FAN_IN"
) -> np.ndarray:
    """A normal distribution with variance 2 / fan (filler.hpp)."""
    std = math.sqrt(2 / fan(shape, variance_norm))
    return rng.normal(0, std, shape).astype(np.float32)


def bilinear(shape: tuple[int, ...]) -> np.ndarray:
    """The kernel of bilinear upsampling, for a deconvolution (filler.hpp)."""
    width = shape[-1]
    factor = math.ceil(width / 2)
    centre = (width - 1) / (2 * factor)
    profile = 1 - np.abs(np.arange(width) / factor - centre)
    return np.broadcast_to(np.outer(profile, profile), shape).astype(np.float32)


def channel_diagonal(shape: tuple[int, ...], values: list[float]) -> np.ndarray:
    """A convolution that averages each channel and multiplies it by its own value.

    Source: FlowNet2's filler.hpp.
    """
    weight = np.zeros(shape, np.float32)
    for channel, value in enumerate(values):
        weight[channel, channel] = value / math.prod(shape[2:])
    return weight
