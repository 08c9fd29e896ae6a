"""Helpers for functions of each element: functions of float32 arrays in Caffe's layout.

Each computes what the CPU code of the named Caffe file does.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import math

import numpy as np

from proto2net.backends.numpy.helpers.common import spread


def relu(x: np.ndarray) -> np.ndarray:
    """x where it is above 0, else 0 (relu_layer.cpp)."""
    return np.maximum(x, 0)


def leaky_relu(x: np.ndarray, negative_slope: float) -> np.ndarray:
    """x where it is above 0, else negative_slope * x (relu_layer.cpp)."""
    return np.maximum(x, 0) + negative_slope * np.minimum(x, 0)


def prelu(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """x where it is above 0, else x times its channel's slope (prelu_layer.cpp)."""
    return np.maximum(x, 0) + spread(weight, x.ndim - 2) * np.minimum(x, 0)


def elu(x: np.ndarray, alpha: float = 1.0) -> np.ndarray:
    """x where it is above 0, else alpha * (e^x - 1) (elu_layer.cpp)."""
    return np.maximum(x, 0) + alpha * (np.exp(np.minimum(x, 0)) - 1)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-x), in the form that cannot overflow (sigmoid_layer.cpp)."""
    return 0.5 * np.tanh(0.5 * x) + 0.5


def swish(x: np.ndarray, beta: float = 1.0) -> np.ndarray:
    """x / (1 + e^(-beta * x)) (swish_layer.cpp)."""
    return x * sigmoid(beta * x)


def bnll(x: np.ndarray) -> np.ndarray:
    """log(1 + e^x), in the form that cannot overflow (bnll_layer.cpp)."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def threshold_at(x: np.ndarray, threshold: float = 0.0) -> np.ndarray:
    """1 where x is above the threshold, else 0 (threshold_layer.cpp)."""
    return (x > threshold).astype(np.float32)


def power_of(
    x: np.ndarray, power: float = 1.0, scale: float = 1.0, shift: float = 0.0
) -> np.ndarray:
    """(scale * x + shift) ** power (power_layer.cpp)."""
    if power * scale == 0:
        x = np.zeros_like(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (shift + scale * x) ** power


def exponential(
    x: np.ndarray, base: float = math.e, scale: float = 1.0, shift: float = 0.0
) -> np.ndarray:
    """base ** (scale * x + shift) (exp_layer.cpp)."""
    powers = np.exp((1.0 if base == math.e else math.log(base)) * scale * x)
    if shift == 0:
        return powers
    with np.errstate(over="ignore"):
        return float(np.float64(base) ** shift) * powers


def logarithm(
    x: np.ndarray, base: float = math.e, scale: float = 1.0, shift: float = 0.0
) -> np.ndarray:
    """The logarithm of scale * x + shift to a base (log_layer.cpp)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.log(shift + scale * x) / math.log(base)


def dropout(
    x: np.ndarray, rng: np.random.Generator, dropout_ratio: float = 0.5
) -> np.ndarray:
    """Zero elements at random and scale up the others, for training.

    Source: dropout_layer.cpp.
    """
    kept = rng.random(x.shape) >= dropout_ratio
    return x * kept / np.float32(1 - dropout_ratio)


def alpha_dropout(
    x: np.ndarray, rng: np.random.Generator, dropout_ratio: float = 0.1
) -> np.ndarray:
    """Alpha dropout for SELU, in training: dropped elements get SELU's lower limit.

    An affine map then restores the mean and the variance.
    """
    lowest, kept = -1.75809934, 1 - dropout_ratio
    scale = (kept * (1 + lowest**2 * dropout_ratio)) ** -0.5
    dropped = np.where(rng.random(x.shape) < kept, x, lowest)
    return np.asarray(scale * (dropped - dropout_ratio * lowest), np.float32)
