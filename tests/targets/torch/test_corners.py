"""PyTorch computes what Caffe does where a target once did not."""

from __future__ import annotations

import pytest
from layer_cases import (
    OF_TWO_SIZES,
    RECORDED_CORNERS,
    check_after,
    check_another_size,
    check_blobs,
    check_gradients,
    check_passes,
    corner,
)
from torch_gradients import differentiate


@pytest.mark.parametrize("name", RECORDED_CORNERS)
def test_a_corner_is_computed_as_caffe_does(name: str) -> None:
    found = corner(name)
    check_blobs(found, "torch")
    if found.after:
        check_after(found, "torch")
    if found.gradients is not None:
        check_gradients(found, "torch", differentiate)


@pytest.mark.parametrize("name", OF_TWO_SIZES)
def test_a_network_is_right_for_images_of_another_size(name: str) -> None:
    check_another_size(name, "torch")


def test_shared_statistics_are_updated_in_the_order_of_the_layers() -> None:
    check_passes("tf_bn_shared_train_update_order", "torch")
