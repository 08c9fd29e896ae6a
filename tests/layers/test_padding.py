"""Padding that Caffe's own schema cannot say: forks' pad_l and its kin, and TensorFlow's SAME."""

from __future__ import annotations

import itertools
from math import ceil
from typing import Any

import numpy as np
import pytest
from padding_cases import STEPS, UNEVEN, computed, graph, images
from samples.sample import Ndarray

import proto2net
from proto2net.errors import Proto2NetError, ShapeError
from proto2net.layers import Convolution, Layer, Pooling
from proto2net.shape import Shape, Window

IMAGE = (2, 3, 8, 10)


# ---- sizes ----------------------------------------------------------------------------------


def test_where_there_is_no_image_same_adds_nothing() -> None:
    assert Convolution(4, kernel=(1,), pad_type=1).infer(((2, 3),), 1) == ((2, 4),)


@pytest.mark.parametrize(("k", "s", "d"), STEPS)
def test_same_adds_as_little_as_gives_every_stride_an_output(k: int, s: int, d: int) -> None:
    window = Window((k,), (s,), (0,), (0,), (d,))
    sizes = {n: window.same((n,)) for n in range(1, 20)}
    for n, padded in sizes.items():
        outputs = (ceil(n / s),)
        ((before, after),) = padded.sides
        after -= (d - 1) * (k - 1)  # what the kernel reaches over by its holes
        assert before <= after <= before + 1
        covered = (outputs[0] - 1) * s + k
        assert before + after == max(covered - n, 0)
        if d == 1 or s == 1:
            assert padded.convolved((n,)) == outputs
        assert padded.varies == (len({p.sides for p in sizes.values()}) > 1)


@pytest.mark.parametrize(
    ("layer", "top"),
    [
        (Convolution(4, (3,), (2,), pad_type=1), (2, 4, 4, 5)),
        (Convolution(4, (3,), (3,), pad_type=1), (2, 4, 3, 4)),
        (Convolution(4, (3,), (2,), pad_t=2, pad_r=1), (2, 4, 4, 5)),
        (Pooling("AVE_EXC_PAD", (2,), (3,), pad_type=1), (2, 3, 3, 4)),
        (Pooling("MAX", (2,), (3,), pad_type=1, round_mode="FLOOR"), (2, 3, 3, 4)),
        (Pooling("MAX", (2,), (2,), pad_b=1, pad_r=1), (2, 3, 4, 5)),
        (Pooling("MAX", (3,), (3,), pad_r=2, ceil_mode=False), (2, 3, 2, 4)),
        (Pooling("MAX", (3,), (2,)), (2, 3, 4, 5)),
        (Pooling("MAX", (3,), (2,), ceil_mode=False), (2, 3, 3, 4)),
        (Pooling("MAX", (3,), (2,), round_mode="FLOOR"), (2, 3, 3, 4)),
    ],
)
def test_a_layer_has_the_outputs_that_its_padding_makes_room_for(layer: Layer, top: Shape) -> None:
    net = graph(layer, IMAGE)
    assert net.outputs[0].shape == top
    assert " x ".join(map(str, top)) in proto2net.convert(net, to="summary")


# ---- values ---------------------------------------------------------------------------------


def pooled(layer: Pooling, image: Ndarray) -> Ndarray:
    """Pooling by loops: a mean divides by its window with the padding that is in it."""
    window = layer.window(image.shape)
    size = image.shape[2:]
    top = np.zeros((*image.shape[:2], *window.pooled(size, ceil=layer.ceil)), np.float32)
    for place in itertools.product(*map(range, top.shape[2:])):
        inside, area = [], 1
        axes = zip(place, size, window.kernel, window.stride, window.sides, strict=True)
        for i, n, k, s, (before, after) in axes:
            start = i * s - before
            area *= min(start + k, n + after) - start
            inside.append(slice(max(start, 0), max(min(start + k, n), 0)))
        values = image[(slice(None), slice(None), *inside)]
        at = (slice(None), slice(None), *place)
        top[at] = values.max((2, 3)) if layer.pool == "MAX" else values.sum((2, 3)) / area
    return top


@pytest.mark.parametrize(
    "name", [n for n, (kind, _) in UNEVEN.items() if isinstance(kind, Pooling)]
)
def test_uneven_padding_of_a_pooling_counts_as_caffes_does(name: str) -> None:
    layer, shape = UNEVEN[name]
    assert isinstance(layer, Pooling)
    fed = images(shape)
    for found, image in zip(computed(graph(layer, shape), "numpy", fed), fed, strict=True):
        np.testing.assert_allclose(found, pooled(layer, image), rtol=1e-5, atol=1e-6)


def test_uneven_padding_of_a_convolution_is_zeros_around_the_image() -> None:
    layer = Convolution(4, (3,), (2,), pad_l=1, pad_r=3, pad_b=2)
    (image, *_) = images(IMAGE)
    padded = np.pad(image, [(0, 0), (0, 0), (0, 2), (1, 3)])
    (found,) = computed(graph(layer, IMAGE), "numpy", [image])
    (right,) = computed(graph(Convolution(4, (3,), (2,)), padded.shape), "numpy", [padded])
    np.testing.assert_array_equal(found, right)


# As tf.nn.avg_pool2d(x, 2, 2, "SAME") and max_pool2d of x = [[1, 2, 3], [4, 5, 6], [7, 8, 9]].
AVERAGES = [[3, 4.5], [7.5, 9]]
MAXIMA = [[5, 6], [8, 9]]


@pytest.mark.parametrize(("pool", "right"), [("AVE_EXC_PAD", AVERAGES), ("MAX", MAXIMA)])
def test_the_padding_of_same_does_not_count(pool: str, right: Any) -> None:
    image = np.arange(1, 10, dtype=np.float32).reshape(1, 1, 3, 3)
    net = graph(Pooling(pool, (2,), (2,), pad_type=1), image.shape)
    for sign in (1, -1) if pool == "AVE_EXC_PAD" else (1,):
        (found,) = computed(net, "numpy", [sign * image])
        np.testing.assert_allclose(found[0, 0], sign * np.asarray(right))


# ---- refusals -------------------------------------------------------------------------------

WINDOW: dict[str, Any] = {"kernel": (3,), "stride": (2,)}
REFUSED: dict[str, tuple[Layer, str]] = {
    "another pad_type": (Convolution(4, **WINDOW, pad_type=2), "pad_type is 2; it can only be"),
    "another pad_type of a pooling": (Pooling(**WINDOW, pad_type=2), "1 for TensorFlow's SAME"),
    "SAME of holes": (Convolution(4, **WINDOW, dilation=(2,), pad_type=1), "a stride and a dil"),
    "SAME and pad": (Convolution(4, **WINDOW, pad=(1,), pad_type=1), "a pad is given too"),
    "SAME and pad_l": (Pooling(**WINDOW, pad_l=1, pad_type=1), "a pad is given too"),
    "SAME of the whole plane": (Pooling(global_pooling=True, pad_type=1), "needs pad 0"),
    "pad_l of the whole plane": (Pooling(global_pooling=True, pad_l=1), "needs pad 0"),
    "SAME of a draw": (Pooling("STOCHASTIC", **WINDOW, pad_type=1), "cannot be padded"),
    "pad and pad_l": (Convolution(4, **WINDOW, pad=(1,), pad_l=1), "pad_l, pad_r, pad_t or pad_b"),
    "padding below 0": (Convolution(4, **WINDOW, pad_l=-1, pad_r=1), "0 or more"),
    "padding as wide as the kernel": (Pooling(**WINDOW, pad_b=3), "pad 3 x 0 must be smaller"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_contradicts_itself_is_refused(name: str) -> None:
    layer, words = REFUSED[name]
    with pytest.raises(ShapeError) as refusal:
        graph(layer, IMAGE)
    assert words in str(refusal.value)


def test_sides_are_those_of_an_image() -> None:
    with pytest.raises(ShapeError, match="needs 2 spatial axes, but there are 1"):
        graph(Convolution(4, (3,), pad_l=1), (2, 3, 8))


def test_same_has_no_mask() -> None:
    with pytest.raises(ShapeError, match="no second top"):
        Pooling(**WINDOW, pad_type=1).check_counts(1, 2)


def test_a_window_that_fits_nowhere_is_told_with_its_padding() -> None:
    with pytest.raises(ShapeError, match=r"8 x 10 with pad 0 x 1 before and 0 x 0 behind it"):
        graph(Convolution(4, (20,), pad_l=1), IMAGE)


# ---- prototxt -------------------------------------------------------------------------------

PROTOTXT = """
layer { name: "x" type: "Input" top: "x"
        input_param { shape { dim: 2 dim: 3 dim: 8 dim: 10 } } }
layer { name: "layer" type: "Pooling" bottom: "x" top: "y"
        pooling_param { kernel_size: 3 stride: 2 pad_r: 1 pad_b: 1 ceil_mode: false } }
"""


def test_what_a_fork_gives_in_numbers_is_read_and_printed() -> None:
    net = proto2net.parse(PROTOTXT)
    assert net.nodes[1].layer == Pooling(**WINDOW, pad_r=1, pad_b=1, ceil_mode=False)
    assert proto2net.parse(proto2net.convert(net, to="prototxt")) == net


def test_a_contradiction_in_a_file_is_told_with_its_line() -> None:
    with pytest.raises(Proto2NetError, match=r'net.prototxt:4: layer "layer" \(Pooling\): pad is'):
        proto2net.parse(PROTOTXT.replace("stride: 2", "stride: 2 pad: 1"), file="net.prototxt")


def test_prototxt_says_same_as_synopsys_does() -> None:
    net = graph(Convolution(4, (3,), (2,), pad_type=1), IMAGE)
    text = proto2net.convert(net, to="prototxt")
    assert "pad_type: 1" in text
    assert proto2net.parse(text).nodes[1].layer == net.nodes[1].layer


@pytest.mark.parametrize(
    ("given", "up"),
    [
        ("", True),
        ("ceil_mode: false", False),
        ("round_mode: FLOOR", False),
        ("round_mode: CEIL ceil_mode: false", True),
        ("round_mode: FLOOR ceil_mode: true", False),
    ],
)
def test_round_mode_decides_where_it_is_given(given: str, up: bool) -> None:
    net = proto2net.parse(PROTOTXT.replace("ceil_mode: false", given))
    assert net.nodes[1].layer.ceil == up
