"""PyTorch and NumPy agree on forks' layers, whatever the image's size is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from resized_cases import LAYERS, SIZES, graph, image, outputs

import proto2net
from proto2net import backends
from proto2net.errors import UnsupportedError


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", LAYERS)
def test_images_may_have_any_size(name: str, size: tuple[int, ...]) -> None:
    net = graph(name)
    found = outputs(backends.get("torch"), net, image(size))
    right = outputs(backends.get("numpy"), net, image(size))
    for a, b in zip(found, right, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5 * np.abs(b).max())


def test_what_segnet_samples_in_testing_is_dropped_at_random() -> None:
    net = proto2net.parse(
        'layer { name: "data" type: "Input" top: "x" input_param { shape { dim: 1 dim: 999 } } }'
        'layer { type: "Dropout" bottom: "x" top: "y" '
        "dropout_param { dropout_ratio: 0.25 sample_weights_test: true } }"
    )
    with torch.no_grad():
        y = proto2net.load(net, to="torch")(torch.ones(1, 999))
    assert 0.1 < (y == 0).float().mean() < 0.4
    assert torch.allclose(y[y != 0], torch.tensor(4 / 3))


def test_an_lstm_that_bounds_gradients_is_refused_in_training() -> None:
    net = proto2net.parse(
        'layer { name: "data" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 } } }'
        'layer { name: "lstm" type: "Lstm" bottom: "x" top: "y" '
        "lstm_param { num_output: 2 clipping_threshold: 0.1 } }",
        phase="train",
    )
    with pytest.raises(UnsupportedError, match="clipping_threshold"):
        proto2net.convert(net, to="torch")


def test_states_go_on_only_with_a_second_bottom() -> None:
    start = 'layer { name: "data" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 } } }'
    clip = 'layer { name: "c" type: "Input" top: "c" input_param { shape { dim: 4 } } }'
    text = 'layer {{ name: "lstm" type: "Lstm" bottom: "x" {} top: "y" lstm_param {{ {} }} }}'
    fillers = 'num_output: 2 weight_filler { type: "constant" value: 1 }'
    x, ones = torch.ones(4, 3), torch.ones(4)
    with torch.no_grad():
        anew = proto2net.load(start + text.format("", fillers), to="torch")
        on = proto2net.load(start + clip + text.format('bottom: "c"', fillers), to="torch")
        assert torch.equal(anew(x), anew(x))
        first, second = on(x, ones), on(x, ones)
    assert not torch.allclose(first, second)
    assert torch.allclose(first, anew(x))


def test_a_bn_of_more_axes_than_pytorch_has_is_refused() -> None:
    shape = "".join(f" dim: {size}" for size in (3, 4, 5, 7, 2, 2))
    net = f"""
layer {{ name: "x" type: "Input" top: "x" input_param {{ shape {{{shape} }} }} }}
layer {{ name: "bn" type: "BN" bottom: "x" top: "y" bn_param {{ bn_mode: LEARN }} }}
"""
    with pytest.raises(UnsupportedError, match="a BN of 6 axes has no rendering"):
        proto2net.convert(net, to="torch")
