"""NumPy has the windows that Caffe has, where they are larger than the image or far beyond it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from padding_cases import computed
from padding_cases import graph as padded
from samples.sample import Ndarray, values
from window_cases import FAR, LARGE, WILD, graph, outputs

import proto2net
from proto2net.errors import ShapeError
from proto2net.layers import NdPooling, Pooling


@pytest.mark.parametrize("name", LARGE)
def test_a_window_larger_than_the_image_gives_what_caffe_gives(name: str) -> None:
    net = graph(LARGE[name])
    assert [top.shape for top in outputs(net, "numpy")] == [blob.shape for blob in net.outputs]


def test_a_convolution_larger_than_the_image_gives_nothing() -> None:
    net = proto2net.parse(WILD / "conv_zero.prototxt")
    assert [top.shape for top in outputs(net, "numpy")] == [(2, 2, 0, 0)]


@pytest.mark.parametrize("name", FAR)
def test_windows_far_beyond_the_image_need_no_memory(name: str) -> None:
    assert memory(lambda: outputs(graph(FAR[name]), "numpy")) < 10_000_000


def memory(computation: Callable[[], object]) -> int:
    """The most bytes that a computation holds."""
    tracemalloc.start()
    try:
        computation()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_file_whose_pooling_strides_far_beyond_the_image_is_right() -> None:
    net = proto2net.parse(WILD / "poolbomb.prototxt")
    assert memory(lambda: outputs(net, "numpy")) < 10_000_000
    (top,) = outputs(net, "numpy")
    image = values(2, 4, 7, 9).astype("f")
    np.testing.assert_array_equal(top[:, :, 0, 0], image[:, :, :3, :3].max((2, 3)))
    assert (top.reshape(8, 4)[:, 1:] == np.finfo("f").min).all()


def pooled(x: Ndarray, layer: Pooling) -> Ndarray:
    """A pooling by its definition, one window after the other."""
    (k,), (s,), (p,) = layer.kernel, layer.stride, layer.pad
    top = np.empty(layer.infer((x.shape,), 1)[0], np.float32)
    for place in np.ndindex(top.shape[2:]):
        inside, area = [slice(None)] * 2, 1
        for index, n in zip(place, x.shape[2:], strict=True):
            start, end = index * s - p, min(index * s - p + k, n + p)
            inside.append(slice(max(start, 0), min(end, n)))
            area *= end - start
        window = x[tuple(inside)]
        if layer.pool == "AVE":
            top[(..., *place)] = window.sum((2, 3)) / area
        else:
            top[(..., *place)] = window.max((2, 3), initial=np.finfo(np.float32).min)
    return top


@pytest.mark.parametrize("pool", ["MAX", "AVE"])
def test_pooling_with_a_kernel_beyond_the_image_is_right(pool: str) -> None:
    x = values(2, 3, 4, 6).astype("f")
    for k, s, p in [(5, 1, 1), (5, 2, 3), (7, 1, 6), (9, 3, 5), (6, 9, 2), (2, 5, 1), (12, 5, 9)]:
        layer = Pooling(pool, (k,), (s,), (p,))
        (found,) = computed(padded(layer, x.shape), "numpy", [x])
        np.testing.assert_allclose(
            found, pooled(x, layer), rtol=1e-5, atol=1e-6, err_msg=str(layer)
        )


def test_a_window_of_cudnn_larger_than_the_image_is_refused() -> None:
    with pytest.raises(ShapeError, match="does not fit"):
        padded(NdPooling(kernel_shape=(5, 5)), (2, 3, 4, 6))
