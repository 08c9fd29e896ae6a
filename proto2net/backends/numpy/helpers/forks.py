"""What layers of forks compute, to be pasted into an emitted file that uses it."""

import numpy as np

from proto2net.backends.numpy.helpers.common import spread
from proto2net.backends.numpy.helpers.normalize import scaled
from proto2net.backends.numpy.helpers.recurrent import last_states, lstm
from proto2net.backends.numpy.helpers.vision import pooling_windows


def interp_size(
    size: tuple[int, ...],
    shrink_factor: int = 1,
    zoom_factor: int = 1,
    full_zoom_factor: int = 1,
) -> tuple[int, ...]:
    """The size of an image after Interp; factors count the gaps between pixels."""
    return tuple(
        ((n - 1) // shrink_factor * zoom_factor + 1) * full_zoom_factor for n in size
    )


def interp(x: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Bilinear interpolation in which the corners stay (interp.cpp)."""
    for axis, count in zip((2, 3), size, strict=True):
        n = x.shape[axis]
        step = np.float32((n - 1) / (count - 1)) if count > 1 else np.float32(0)
        place = np.arange(count, dtype=np.float32) * step
        before = place.astype(int)
        after = np.minimum(before + 1, n - 1)
        share = spread(place % 1, 3 - axis)
        x = x.take(before, axis) * (1 - share) + x.take(after, axis) * share
    return x


def nd_max_pool(
    x: np.ndarray,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    pad: tuple[int, ...],
) -> np.ndarray:
    """The maximum of each window over any axes, rounded up (cudnn_ndpooling_layer.cpp)."""
    view = pooling_windows(x, kernel, stride, pad, ceil=True, fill=-np.inf)
    inside = tuple(range(x.ndim, view.ndim))
    top: np.ndarray = view.max(inside)
    return top


def upsample(x: np.ndarray, scale: int) -> np.ndarray:
    """Each pixel becomes a block of scale x scale pixels."""
    return x.repeat(scale, axis=2).repeat(scale, axis=3)


def max_unpool(x: np.ndarray, mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Each value goes to where the mask says, among zeros (SegNet's upsample_layer.cpp)."""
    planes = x.shape[0] * x.shape[1]
    top = np.zeros((planes, size[0] * size[1]), np.float32)
    places = mask.astype(int).reshape(planes, -1)
    np.put_along_axis(top, places, x.reshape(planes, -1), axis=1)
    return top.reshape(*x.shape[:2], *size)


def shuffle_channel(x: np.ndarray, groups: int) -> np.ndarray:
    """The first channel of each group, then the second of each, and so on."""
    apart = x.reshape(len(x), groups, x.shape[1] // groups, *x.shape[2:])
    return apart.swapaxes(1, 2).reshape(x.shape)


def alpha_dropout(
    x: np.ndarray, rng: np.random.Generator, dropout_ratio: float = 0.1
) -> np.ndarray:
    """Set values at random to what SELU comes to, and keep mean and variance, for training."""
    lowest, kept = -1.75809934, 1 - dropout_ratio
    scale = (kept * (1 + lowest**2 * dropout_ratio)) ** -0.5
    dropped = np.where(rng.random(x.shape) < kept, x, lowest)
    return np.asarray(scale * (dropped - dropout_ratio * lowest), np.float32)


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
    """Normalise by the stored statistics, then multiply and add (PSPNet's bn_layer.cpp)."""
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
    """bn by the batch's statistics; of those that are stored the share `momentum` stays."""
    axes = (0, *range(2, x.ndim))
    found = x.mean(axes), x.var(axes)
    for stored, new in zip((mean, variance), found, strict=True):
        if stored is not None:
            stored[...] = momentum * stored + (1 - momentum) * new.reshape(stored.shape)
    return bn(x, slope, bias, *found, eps=eps)


def lstm_of_caffe_lstm(
    x: np.ndarray,
    W_xc: np.ndarray,
    W_hc: np.ndarray,
    b_c: np.ndarray,
    cont: np.ndarray | None = None,
    states: list[np.ndarray] | None = None,
    sequences: int = 0,
) -> np.ndarray:
    """caffe-lstm's: without `cont` from zeros, else where the last call ended.

    `sequences` is how many are in the first axis together with the steps, if they are.
    """
    if sequences:
        x = x.reshape(-1, sequences, *x.shape[1:])
    batch, shape = x.shape[:2], (1, x.shape[1], W_hc.shape[1])
    go_on = np.ones(batch) if cont is None else (cont != 0).reshape(batch)
    kept = [] if states is None else states
    h, c = last_states(kept, 2, shape)
    y, h, c = lstm(x, go_on.astype(np.float32), h, c, W_xc, b_c, W_hc)
    kept[:] = [h, c]
    return y.reshape(-1, y.shape[2]) if sequences else y


def continuation_indicator(steps: int, sequences: int) -> np.ndarray:
    """0 at the first step of each sequence, and 1 at the others."""
    cont = np.ones((steps, sequences), np.float32)
    cont[0] = 0
    return cont
