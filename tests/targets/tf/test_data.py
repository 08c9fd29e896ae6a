"""Batches of a training as tensors of TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from data_cases import case

from proto2net import data


def test_a_dataset_gives_the_batches_with_channels_last_in_their_order() -> None:
    recorded = case("data_lmdb_uint8")
    dataset = data.tf_dataset(recorded.batches())
    assert dataset.element_spec["data"].shape == (3, 6, 7, 3)
    for batch, right in zip(dataset, recorded.expected, strict=False):
        np.testing.assert_array_equal(batch["data"], right["data"].transpose(0, 2, 3, 1))
        np.testing.assert_array_equal(batch["label"], right["label"])


def test_images_of_several_sizes_are_told_or_asked_for() -> None:
    recorded = case("data_lmdb_png_sizes")
    with pytest.raises(tf.errors.OpError, match="any_size=True is for images of several sizes"):
        list(data.tf_dataset(recorded.batches()).take(5))
    dataset = data.tf_dataset(recorded.batches(), any_size=True)
    assert dataset.element_spec["data"].shape.as_list() == [1, None, None, 3]
    for batch, right in zip(dataset, recorded.expected, strict=False):
        np.testing.assert_array_equal(batch["data"], right["data"].transpose(0, 2, 3, 1))
