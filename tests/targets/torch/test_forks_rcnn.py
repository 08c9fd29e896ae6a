"""Regions of interest in PyTorch, at other sizes than declared, and through a whole detector."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from forks_cases import RESIZED, detection, resized
from layer_cases import assert_close, case
from samples.rcnn import PLANES, ROIS

import proto2net


@pytest.mark.parametrize("name", RESIZED)
def test_layer_takes_other_sizes_than_it_declares(name: str) -> None:
    graph = case(name).graph
    inputs, right = resized(name)
    feeds = {key: array.astype(np.float32) for key, array in inputs.items()}
    found = proto2net.blobs(proto2net.load(graph, to="torch"), feeds)[graph.outputs[0].name]
    assert_close(found, right.astype(np.float32), 1e-5, name)


def test_a_detector_finds_in_pytorch_what_it_finds_in_numpy() -> None:
    graph, weights, inputs = detection()
    network = proto2net.load(graph, weights, to="torch")
    found = proto2net.blobs(network, inputs)
    right = proto2net.blobs(proto2net.load(graph, weights, to="numpy"), inputs)
    assert len(right["rois"]) > 20
    for name, blob in right.items():
        assert_close(found[name], blob, 1e-5, name)


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
