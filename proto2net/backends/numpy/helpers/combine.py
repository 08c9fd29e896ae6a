"""Helpers that join or split blobs: functions of float32 arrays in Caffe's layout.

Each computes what the CPU code of the named Caffe file does.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import numpy as np


def eltwise_max(first: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """The elementwise maximum; a NaN in the first input loses (eltwise_layer.cpp)."""
    top = np.where(first > others[0], first, others[0])
    for other in others[1:]:
        top = np.where(other > top, other, top)
    return top


def c_rand(count: int) -> list[int]:
    """The first `count` numbers of glibc's rand() with seed 1."""
    state = [1]
    for _ in range(30):
        state.append(16807 * state[-1] % (2**31 - 1))
    state += state[:3]
    for i in range(34, 344 + count):
        state.append((state[i - 3] + state[i - 31]) % 2**32)
    return [value >> 1 for value in state[344:]]


def compact_bilinear(
    x: np.ndarray, y: np.ndarray, outputs: int, sum_pool: bool = True
) -> np.ndarray:
    """Compact bilinear pooling: the count sketch of the outer product of two inputs.

    `sum_pool` sums the result over all positions.
    Source: compact_bilinear_layer.cpp.
    """
    drawn = np.array(c_rand(2 * (x.shape[1] + y.shape[1])))
    spectra = []
    for image in (x, y):
        channels = image.shape[1]
        place, sign = drawn[:channels] % outputs, drawn[channels : 2 * channels] % 2
        drawn = drawn[2 * channels :]
        sketch = np.zeros((len(x), outputs, *x.shape[2:]), np.float32)
        for channel, at in enumerate(place):
            sketch[:, at] += image[:, channel] * (2 * sign[channel] - 1)
        spectra.append(np.fft.rfft(sketch, axis=1))
    top = np.fft.irfft(spectra[0] * spectra[1], outputs, axis=1) * outputs
    top = top.sum((2, 3), keepdims=True) if sum_pool else top
    return top.astype(np.float32)
