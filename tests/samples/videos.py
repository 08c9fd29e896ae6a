"""Samples of layers over three axes, as forks have them for videos, worked out place by place."""

from __future__ import annotations

from typing import Any

import numpy as np
from samples.sample import Ndarray, layer, sample, values

VIDEO = values(2, 3, 4, 5, 7)
FILTERS = values(2, 3, 2, 3, 1, start=3)


def cut(place: tuple[Any, ...]) -> tuple[Any, ...]:
    """The index of a place, or of a window, in all samples and channels."""
    return (slice(None), slice(None), *place)


def pooled(x: Ndarray, kernel: tuple[int, ...], stride: tuple[int, ...], pad: int = 0) -> Ndarray:
    """The maximum of each window that starts in the image or before it, window by window."""
    size = [
        -(-(n + 2 * pad - k) // s) + 1 for n, k, s in zip(x.shape[2:], kernel, stride, strict=True)
    ]
    if pad:
        size = [
            c - ((c - 1) * s >= n + pad) for c, n, s in zip(size, x.shape[2:], stride, strict=True)
        ]
    y = np.empty((*x.shape[:2], *size))
    for place in np.ndindex(*size):
        starts = [p * s - pad for p, s in zip(place, stride, strict=True)]
        window = tuple(
            slice(max(start, 0), start + k) for start, k in zip(starts, kernel, strict=True)
        )
        y[cut(place)] = x[cut(window)].max((2, 3, 4))
    return y


def averaged(x: Ndarray, kernel: int, stride: int, pad: int) -> Ndarray:
    """The mean of each window and the padding in it, with windows that start in the padding."""
    x = np.pad(x, ((0, 0),) * 2 + ((0, 0),) + ((pad, pad),) * 2)
    size = [-(-(n - kernel) // stride) + 1 for n in x.shape[2:]]
    y = np.empty((*x.shape[:2], *size))
    for place in np.ndindex(*size):
        window = tuple(slice(p * stride, p * stride + kernel) for p in place)
        y[cut(place)] = x[cut(window)].mean((2, 3, 4))
    return y


def averaged_whole(x: Ndarray, kernel: tuple[int, ...], stride: tuple[int, ...]) -> Ndarray:
    """The mean of each whole window, with padding of 1 and zeros behind it."""
    size = pooled(x, kernel, stride, pad=1).shape[2:]
    x = np.pad(x, ((0, 0), (0, 0), (1, 9), (1, 9), (1, 9)))
    y = np.empty((*x.shape[:2], *size))
    for place in np.ndindex(*size):
        window = tuple(
            slice(p * s, p * s + k) for p, s, k in zip(place, stride, kernel, strict=True)
        )
        y[cut(place)] = x[cut(window)].mean((2, 3, 4))
    return y


def masked(x: Ndarray, kernel: int, stride: int, pad: int) -> Ndarray:
    """Where the first maximum of each window stands in its volume."""
    places = np.arange(x[0, 0].size).reshape(x.shape[2:])
    size = pooled(x, (kernel,) * 3, (stride,) * 3, pad).shape[2:]
    y = np.empty((*x.shape[:2], *size))
    for place in np.ndindex(*size):
        starts = [p * stride - pad for p in place]
        window = tuple(slice(max(start, 0), start + kernel) for start in starts)
        first = x[cut(window)].reshape(*x.shape[:2], -1).argmax(2)
        y[cut(place)] = places[window].reshape(-1)[first]
    return y


def convolved(x: Ndarray, filters: Ndarray, stride: tuple[int, ...]) -> Ndarray:
    """Each place by itself: the sum of products with the filters, padded by 1 in the last axis."""
    x = np.pad(x, ((0, 0),) * 4 + ((1, 1),))
    kernel = filters.shape[2:]
    size = [(n - k) // s + 1 for n, k, s in zip(x.shape[2:], kernel, stride, strict=True)]
    y = np.empty((len(x), len(filters), *size))
    for place in np.ndindex(*size):
        window = tuple(
            slice(p * s, p * s + k) for p, s, k in zip(place, stride, kernel, strict=True)
        )
        y[cut(place)] = np.einsum("ncdhw,ocdhw->no", x[cut(window)], filters)
    return y


def pooling(text: str) -> str:
    return layer("NdPooling", "x", "y", f"pooling_param {{ {text} }}")


def pooling_3d(text: str, tops: str = "y") -> str:
    return layer("Pooling3D", "x", tops, f"pooling3d_param {{ {text} }}")


ROUGH = np.round(VIDEO * 2)
"""With equal maxima in most windows."""


SAMPLES = {
    "nd_convolution": sample(
        layer(
            "NdConvolution",
            "x",
            "y",
            "convolution_param { num_output: 2 kernel_shape { dim: 2 dim: 3 dim: 1 } "
            "stride_shape { dim: 1 dim: 2 dim: 3 } pad_shape { dim: 0 dim: 0 dim: 1 } }",
        ),
        inputs={"x": VIDEO},
        weights={"layer": [FILTERS, [0.5, -1]]},
        blobs={"y": convolved(VIDEO, FILTERS, (1, 2, 3)) + np.array([0.5, -1]).reshape(2, 1, 1, 1)},
    ),
    "nd_pooling_of_videos": sample(
        pooling("kernel_shape { dim: 1 dim: 2 dim: 2 } stride_shape { dim: 1 dim: 2 dim: 2 }"),
        inputs={"x": VIDEO},
        blobs={"y": pooled(VIDEO, (1, 2, 2), (1, 2, 2))},
    ),
    "nd_pooling_padded": sample(
        pooling(
            "kernel_shape { dim: 2 dim: 3 dim: 4 } stride_shape { dim: 1 dim: 3 dim: 2 } "
            "pad_shape { dim: 1 dim: 1 dim: 1 }"
        ),
        inputs={"x": VIDEO},
        blobs={"y": pooled(VIDEO, (2, 3, 4), (1, 3, 2), pad=1)},
    ),
    "nd_pooling_without_overhang": sample(
        pooling("kernel_shape { dim: 2 dim: 1 dim: 3 }"),
        inputs={"x": VIDEO},
        blobs={"y": pooled(VIDEO, (2, 1, 3), (1, 1, 1))},
    ),
    "nd_pooling_average": sample(
        pooling(
            "pool: AVE kernel_shape { dim: 2 dim: 3 dim: 4 } stride_shape { dim: 1 dim: 3 dim: 2 } "
            "pad_shape { dim: 1 dim: 1 dim: 1 }"
        ),
        inputs={"x": VIDEO},
        blobs={"y": averaged_whole(VIDEO, (2, 3, 4), (1, 3, 2))},
    ),
    "nd_pooling_average_global": sample(
        pooling("pool: AVE global_pooling: true"),
        inputs={"x": VIDEO},
        blobs={"y": VIDEO.mean((2, 3, 4), keepdims=True)},
    ),
    "nd_pooling_global": sample(
        pooling("global_pooling: true"),
        inputs={"x": VIDEO},
        blobs={"y": VIDEO.max((2, 3, 4), keepdims=True)},
    ),
    "nd_pooling_of_images": sample(
        pooling("kernel_shape { dim: 2 dim: 3 } stride_shape { dim: 2 dim: 3 }"),
        inputs={"x": VIDEO[:, :, 0]},
        blobs={"y": pooled(VIDEO[:, :, :1], (1, 2, 3), (1, 2, 3))[:, :, 0]},
    ),
    "pooling_3d_padded_by_more_than_half": sample(
        pooling_3d("kernel_size: 3 kernel_l: 3 stride: 2 stride_l: 2 pad: 2 pad_l: 2"),
        inputs={"x": VIDEO},
        blobs={"y": pooled(VIDEO, (3, 3, 3), (2, 2, 2), pad=2)},
    ),
    "pooling_3d_with_mask": sample(
        pooling_3d("kernel_size: 3 kernel_l: 3 stride: 2 stride_l: 2 pad: 1 pad_l: 1", "y m"),
        inputs={"x": ROUGH},
        blobs={
            "y": pooled(ROUGH, (3, 3, 3), (2, 2, 2), pad=1),
            "m": masked(ROUGH, 3, 2, 1),
        },
    ),
    "pooling_3d_global": sample(
        pooling_3d("pool: AVE global_pooling: true"),
        inputs={"x": VIDEO},
        blobs={"y": VIDEO.mean((2, 3, 4), keepdims=True)},
    ),
    "pooling_3d_of_c3d_padded": sample(
        pooling_3d("pool: AVE kernel_size: 2 kernel_depth: 2 stride: 2 temporal_stride: 2 pad: 1"),
        inputs={"x": VIDEO[:, :, :, :, :6]},
        blobs={"y": averaged(VIDEO[:, :, :, :, :6], 2, 2, 1)},
    ),
    "prelu_of_videos": sample(
        layer("PReLU", "x", "y"),
        inputs={"x": VIDEO},
        weights={"layer": [[0.5, 2, -1]]},
        blobs={
            "y": np.where(VIDEO > 0, VIDEO, VIDEO * np.array([0.5, 2, -1]).reshape(1, 3, 1, 1, 1))
        },
    ),
}
