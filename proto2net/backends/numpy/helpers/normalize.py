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
    """Normalise by the stored sums over their scale factor, if not 0.

    Caffe has it in batch_norm_layer.cpp.
    `add_eps_before_sqrt` adds eps to the variance, and else to its root.
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
    """Normalise by the batch's statistics, and add them to the sums.

    Caffe has it in batch_norm_layer.cpp.
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
    """x over a power of k and the squares of its channel's neighbours.

    Caffe has it in lrn_layer.cpp.
    """
    reach = min(local_size // 2, x.shape[1])
    squares = np.pad(np.square(x), [(0, 0), (reach, reach), (0, 0), (0, 0)])
    total = sum(squares[:, i : i + x.shape[1]] for i in range(2 * reach + 1))
    return x * (k + alpha / local_size * total) ** -beta


def lrn_within_channel(
    x: np.ndarray, local_size: int = 5, alpha: float = 1.0, beta: float = 0.75
) -> np.ndarray:
    """x over a power of 1 and the mean square around it, padding counted.

    Caffe has it in lrn_layer.cpp.
    """
    squares = average_pool(np.square(x), local_size, pad=local_size // 2)
    return x * (1 + alpha * squares) ** -beta


def mvn(
    x: np.ndarray,
    normalize_variance: bool = True,
    across_channels: bool = False,
    eps: float = 1e-9,
) -> np.ndarray:
    """Mean 0 and variance 1 for each plane, always of 4 axes.

    Caffe has it in mvn_layer.cpp.
    `across_channels` takes all planes of an image together.
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
    """x times a factor that has some of its axes.

    Caffe has it in scale_layer.cpp.
    `bias` is what is added.
    `axis` is the first of the factor's axes in x.
    """
    x = x * spread(weight, x.ndim - axis - weight.ndim)
    return x if bias is None else shifted(x, bias, axis)


def shifted(x: np.ndarray, bias: np.ndarray, axis: int = 1) -> np.ndarray:
    """x plus a bias that has some of its axes (bias_layer.cpp).

    `axis` is the first of the bias's axes in x.
    """
    return x + spread(bias, x.ndim - axis - bias.ndim)


def softmax(x: np.ndarray, axis: int = 1) -> np.ndarray:
    """e^x over its sum along an axis (softmax_layer.cpp)."""
    powers = np.exp(x - x.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def affine(x: np.ndarray, slope: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """x times the slope of its channel, plus the bias."""
    return scaled(x, slope.ravel(), bias.ravel())


def bn(
    x: np.ndarray,
    slope: np.ndarray,
    bias: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    eps: float = 1e-5,
) -> np.ndarray:
    """Normalise by the stored statistics, then multiply and add.

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

    `momentum` is the share of the stored ones that stays.
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
    """Mean 0 and variance 1 over each sample (Synopsys' layer_norm_layer.cpp).

    `axis` is the first of the axes that are normalized together.
    """
    axes = tuple(range(axis, x.ndim))
    x = x - x.mean(axes, keepdims=True)
    x = x / np.sqrt(np.square(x).mean(axes, keepdims=True) + np.float32(eps))
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def l2_normalize(x: np.ndarray, eps: float = 1e-7) -> np.ndarray:
    """Each sample brought to length 1; eps is added to its sum of squares.

    Source: compact bilinear pooling's l2_normalize_layer.cpp.
    """
    squares = np.square(x).sum((1, 2, 3), keepdims=True)
    return x / np.sqrt(squares + np.float32(eps))
