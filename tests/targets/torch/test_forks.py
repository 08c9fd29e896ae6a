"""Layers of forks in PyTorch: states, gradients, and what is refused."""

from __future__ import annotations

import pytest
import torch
from layer_cases import case
from samples.rcnn import PLANES, ROIS
from ssd_cases import images, small_ssd, weights

import proto2net
from proto2net.errors import UnsupportedError


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
    with pytest.raises(UnsupportedError, match="a BN of 6 axes is not supported"):
        proto2net.convert(net, to="torch")


# ---- detectors ------------------------------------------------------------------------------


def test_a_gradient_goes_to_the_greatest_value_of_a_bin_and_to_nothing_else() -> None:
    graph = case("roi_pool_halves").graph
    network = proto2net.load(graph, to="torch")
    x = torch.tensor(PLANES, requires_grad=True)
    network(x, torch.tensor(ROIS)).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    bins = sum(bool(value) for value in case("roi_pool_halves").blobs["y"].ravel())
    assert x.grad.sum() == bins
    assert torch.equal(x.grad, x.grad.round())


def test_an_image_without_regions_gives_no_rows() -> None:
    network = proto2net.load(case("roi_pool_halves").graph, to="torch")
    assert network(torch.tensor(PLANES), torch.zeros(0, 5)).shape == (0, 3, 3, 4)
    network = proto2net.load(case("psroi_pool").graph, to="torch")
    assert network(torch.zeros(2, 18, 9, 11), torch.zeros(0, 5)).shape == (0, 2, 3, 3)


def test_a_batch_of_two_is_an_error_for_proposals() -> None:
    network = proto2net.load(case("proposal_layer").graph, to="torch")
    with pytest.raises(ValueError, match="unpack"):
        network(torch.zeros(2, 18, 4, 5), torch.zeros(2, 36, 4, 5), torch.zeros(2, 3))


def test_locations_and_confidences_are_learned_through_permute_and_normalize() -> None:
    graph = proto2net.parse(small_ssd(2, 64, 80), outputs=["loc", "conf"])
    network = proto2net.load(graph, weights(graph), to="torch")
    loc, conf = network(torch.from_numpy(images(2, 64, 80)))
    (loc.square().sum() + conf.square().sum()).backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in network.parameters())
