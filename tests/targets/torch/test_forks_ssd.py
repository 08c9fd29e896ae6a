"""SSD in PyTorch: it finds what the NumPy target does, whatever the batch and the image's size."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ssd_cases import OPTIONS, definition, images, predictions, small_ssd, weights

import proto2net


@pytest.mark.parametrize("name", OPTIONS)
def test_the_same_boxes_are_found(name: str) -> None:
    fed = predictions(OPTIONS[name])
    text = definition(OPTIONS[name])
    right = proto2net.load(text, to="numpy")(*fed.values())
    found = proto2net.load(text, to="torch")(*map(torch.from_numpy, fed.values()))
    assert tuple(found.shape) == right.shape
    np.testing.assert_allclose(found.numpy(), right, atol=1e-5)


@pytest.mark.parametrize("size", [(2, 64, 80), (3, 72, 100), (1, 97, 71)])
def test_one_source_detects_in_images_of_any_size(size: tuple[int, int, int]) -> None:
    graph = proto2net.parse(small_ssd(2, 64, 80))
    network = proto2net.load(graph, weights(graph), to="torch")
    right = proto2net.load(small_ssd(*size), weights(graph), to="numpy")
    with torch.no_grad():
        found = network(torch.from_numpy(images(*size)))
    wanted = right(images(*size))
    assert len(wanted[0, 0]) > size[0]
    np.testing.assert_allclose(found.numpy(), wanted, atol=1e-5)


def test_locations_and_confidences_are_learned_through_permute_and_normalize() -> None:
    graph = proto2net.parse(small_ssd(2, 64, 80), outputs=["loc", "conf"])
    network = proto2net.load(graph, weights(graph), to="torch")
    loc, conf = network(torch.from_numpy(images(2, 64, 80)))
    (loc.square().sum() + conf.square().sum()).backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in network.parameters())
