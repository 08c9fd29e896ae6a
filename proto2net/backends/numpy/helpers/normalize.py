"""Helpers for normalisation: functions of float32 arrays in Caffe's layout.

Each computes what the CPU code of the named Caffe file does.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import numpy as np

from proto2net.backends.numpy.helpers.common import spread
from proto2net.backends.numpy.helpers.pooling import average_pool


def batch_norm(
    x: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    scale_factor: np.ndarray,
    eps: float = 1e-5,
    add_eps_before_sqrt: bool = True,
) -> np.ndarray:
    """Batch normalization by the stored averages, over their scale factor unless 0.

    Source: batch_norm_layer.cpp.
    `add_eps_before_sqrt` adds eps to the variance; else to the standard deviation.
    """
    factor = 0 if scale_factor[0] == 0 else 1 / scale_factor[0]
    mean, variance = (spread(factor * total, x.ndim - 2) for total in (mean, variance))
    if add_eps_before_sqrt:
        return (x - mean) / np.sqrt(variance + eps)
    return (x - mean) / (np.sqrt(variance) + eps)


def batch_norm_of_batch(
    x: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    scale_factor: np.ndarray,
    eps: float = 1e-5,
    moving_average_fraction: float = 0.999,
) -> np.ndarray:
    """Batch normalization by the batch's statistics, added to the averages.

    Source: batch_norm_layer.cpp.
    """
    axes = (0, *range(2, x.ndim))
    batch_mean = x.mean(axes)
    x = x - spread(batch_mean, x.ndim - 2)
    batch_variance = np.square(x).mean(axes)
    samples = x.size // len(mean)
    scale_factor[...] = moving_average_fraction * scale_factor + 1
    mean[...] = moving_average_fraction * mean + batch_mean
    unbiased = samples / (samples - 1) if samples > 1 else 1
    variance[...] = moving_average_fraction * variance + unbiased * batch_variance
    return x / np.sqrt(spread(batch_variance, x.ndim - 2) + eps)


def lrn_across_channels(
    x: np.ndarray,
    local_size: int = 5,
    alpha: float = 1.0,
    beta: float = 0.75,
    k: float = 1.0,
) -> np.ndarray:
    """Local response normalization across channels (lrn_layer.cpp)."""
    reach = min(local_size // 2, x.shape[1])
    squares = np.pad(np.square(x), [(0, 0), (reach, reach), (0, 0), (0, 0)])
    total = sum(squares[:, i : i + x.shape[1]] for i in range(2 * reach + 1))
    return x * (k + alpha / local_size * total) ** -beta


def lrn_within_channel(
    x: np.ndarray, local_size: int = 5, alpha: float = 1.0, beta: float = 0.75
) -> np.ndarray:
    """Local response normalization within each channel; padding counts, k is 1.

    Source: lrn_layer.cpp.
    """
    squares = average_pool(np.square(x), local_size, pad=local_size // 2)
    return x * (1 + alpha * squares) ** -beta


def mvn(
    x: np.ndarray,
    normalize_variance: bool = True,
    across_channels: bool = False,
    eps: float = 1e-9,
) -> np.ndarray:
    """Normalize each channel of an image to mean 0, variance 1 (mvn_layer.cpp).

    `across_channels` normalizes all channels of a sample together.
    """
    x = x.reshape((*x.shape, 1, 1, 1, 1)[:4])
    axes = (1, 2, 3) if across_channels else (2, 3)
    x = x - x.mean(axes, keepdims=True)
    if normalize_variance:
        x = x / (np.sqrt(np.square(x).mean(axes, keepdims=True)) + eps)
    return x


def scaled(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None, axis: int = 1
) -> np.ndarray:
    """x times a weight over some of its axes (scale_layer.cpp).

    `bias` is added.
    `axis` is the first axis of the weight in x.
    """
    x = x * spread(weight, x.ndim - axis - weight.ndim)
    return x if bias is None else shifted(x, bias, axis)


def shifted(x: np.ndarray, bias: np.ndarray, axis: int = 1) -> np.ndarray:
    """x plus a bias over some of its axes (bias_layer.cpp).

    `axis` is the first axis of the bias in x.
    """
    return x + spread(bias, x.ndim - axis - bias.ndim)


def softmax(x: np.ndarray, axis: int = 1) -> np.ndarray:
    """Softmax along an axis (softmax_layer.cpp)."""
    powers = np.exp(x - x.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def affine(x: np.ndarray, slope: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """x times a weight per channel, plus a bias per channel."""
    return scaled(x, slope.ravel(), bias.ravel())


def bn(
    x: np.ndarray,
    slope: np.ndarray,
    bias: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    eps: float = 1e-5,
) -> np.ndarray:
    """Batch normalization by the stored statistics, then scale and bias.

    Source: PSPNet's bn_layer.cpp.
    """
    mean, variance = (spread(a.ravel(), x.ndim - 2) for a in (mean, variance))
    return affine((x - mean) / np.sqrt(variance + eps), slope, bias)


def bn_of_batch(
    x: np.ndarray,
    slope: np.ndarray,
    bias: np.ndarray,
    mean: np.ndarray | None = None,
    variance: np.ndarray | None = None,
    eps: float = 1e-5,
    momentum: float = 1.0,
) -> np.ndarray:
    """bn by the batch's statistics.

    `momentum` is the fraction of the old statistics that is kept.
    """
    axes = (0, *range(2, x.ndim))
    found = x.mean(axes), x.var(axes)
    if mean is not None and variance is not None:
        for stored, new in zip((mean, variance), found, strict=True):
            stored[...] = momentum * stored + (1 - momentum) * new.reshape(stored.shape)
    return bn(x, slope, bias, *found, eps=eps)


def layer_norm(
    x: np.ndarray,
    weight: np.ndarray | None = None,
    bias: np.ndarray | None = None,
    eps: float = 1e-5,
    axis: int = 1,
) -> np.ndarray:
    """Layer normalization of each sample (Synopsys' layer_norm_layer.cpp).

    `axis` is the first of the normalized axes.
    """
    axes = tuple(range(axis, x.ndim))
    x = x - x.mean(axes, keepdims=True)
    x = x / np.sqrt(np.square(x).mean(axes, keepdims=True) + np.float32(eps))
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def l2_normalize(x: np.ndarray, eps: float = 1e-7) -> np.ndarray:
    """Each sample divided by its L2 norm; eps is added to the sum of squares.

    Source: compact bilinear pooling's l2_normalize_layer.cpp.
    """
    squares = np.square(x).sum((1, 2, 3), keepdims=True)
    return x / np.sqrt(squares + np.float32(eps))
