"""A target computes what Caffe does where some target once did not."""

from __future__ import annotations

import pytest
from layer_cases import (
    OF_TWO_SIZES,
    RECORDED_CORNERS,
    at_another_size,
    check_outputs,
    check_passes,
    corner,
)
from targets import check, of_sizes

from proto2net import backends


@pytest.mark.parametrize("name", RECORDED_CORNERS)
def test_a_corner_is_computed_as_caffe_does(name: str, target: str) -> None:
    check(corner(name), target)


@pytest.mark.parametrize("name", OF_TWO_SIZES)
def test_a_network_is_right_for_images_of_another_size(name: str, target: str) -> None:
    found = at_another_size(name)
    shapes = [found.inputs[blob.name].shape for blob in found.graph.inputs]
    network = of_sizes(found.graph, found.weights, shapes, target)
    check_outputs(found, backends.get(target).runner.run(network, found.graph, found.inputs))


def test_shared_statistics_are_updated_in_the_order_of_the_layers(target: str) -> None:
    check_passes("tf_bn_shared_train_update_order", target)
