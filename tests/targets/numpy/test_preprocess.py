"""Preprocessing travels along: an RGB image becomes what Caffe's data layer would have made."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import proto2net

NET = """
layer {{ name: "data" type: "Data" top: "data" top: "label"
        transform_param {{ {} }} data_param {{ batch_size: 5 }} }}
layer {{ name: "relu" type: "ReLU" bottom: "data" top: "relu" }}
"""


def preprocess(transform: str, **options: object) -> Callable[..., np.ndarray]:
    source = proto2net.convert(NET.format(transform), to="numpy", **options)
    names: dict[str, Callable[..., np.ndarray]] = {}
    exec(compile(source, "<emitted>", "exec"), names)  # noqa: S102  # our own rendering
    return names["preprocess"]


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (8, 10, 3), np.uint8)


def test_crop_channel_order_mean_values_and_scale(image: np.ndarray) -> None:
    prepared = preprocess(
        "crop_size: 5 mean_value: 104 mean_value: 117 mean_value: 123 scale: 0.5"
    )(image)
    bgr = image[1:6, 2:7, ::-1].astype(np.float32)  # offsets (8 - 5) / 2 and (10 - 5) / 2
    right = (bgr - np.float32([104, 117, 123])) * np.float32(0.5)
    assert prepared.dtype == np.float32
    np.testing.assert_array_equal(prepared, right.transpose(2, 0, 1)[np.newaxis])


def test_a_mean_file_is_an_argument_and_is_cropped_like_the_image(image: np.ndarray) -> None:
    mean = np.random.default_rng(1).random((3, 8, 10), np.float32)
    prepared = preprocess('crop_size: 5 mean_file: "/data/mean.binaryproto"')(image, mean)
    right = image[..., ::-1].transpose(2, 0, 1).astype(np.float32) - mean
    np.testing.assert_array_equal(prepared[0], right[:, 1:6, 2:7])


def test_one_mean_value_is_for_all_channels(image: np.ndarray) -> None:
    prepared = preprocess("crop_size: 5 mean_value: 128")(image)
    bgr = image[1:6, 2:7, ::-1].astype(np.float32)
    np.testing.assert_array_equal(prepared[0], bgr.transpose(2, 0, 1) - 128)


def test_grey_images_have_one_channel(image: np.ndarray) -> None:
    prepared = preprocess("scale: 0.00390625", inputs={"data": (2, 1, 8, 10)})(image[..., 0])
    np.testing.assert_array_equal(prepared, image[..., 0][np.newaxis, np.newaxis] / np.float32(256))


def test_nothing_is_invented_without_transform_param() -> None:
    shape = "input_param { shape { dim: 1 dim: 3 dim: 8 dim: 9 } }"
    net = f'layer {{ name: "x" type: "Input" top: "x" {shape} }}'
    assert "preprocess" not in proto2net.convert(net, to="torch")


def test_it_survives_the_prototxt_printer() -> None:
    graph = proto2net.parse(NET.format("crop_size: 5 scale: 0.5"))
    assert proto2net.parse(proto2net.convert(graph, to="prototxt")) == graph
