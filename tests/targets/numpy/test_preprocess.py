"""Preprocessing travels along: an RGB image becomes what Caffe's data layer would have made."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import proto2net
from proto2net.errors import Proto2NetError
from proto2net.preparing import preprocessor

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


# ---- without a file ----------------------------------------------------------------------------


def test_what_is_printed_can_be_had_without_a_file(image: np.ndarray) -> None:
    transform = "crop_size: 5 mean_value: 104 mean_value: 117 mean_value: 123"
    graph = proto2net.parse(NET.format(transform))
    right = preprocess(transform)(image)
    np.testing.assert_array_equal(preprocessor(graph)(image), right)
    last = preprocessor(graph, channels_last=True)(image)
    np.testing.assert_array_equal(last, right.transpose(0, 2, 3, 1))


def test_a_mean_image_that_is_given_is_subtracted(image: np.ndarray, tmp_path: Path) -> None:
    mean = np.random.default_rng(1).random((3, 8, 10), np.float32)
    np.save(tmp_path / "mean.npy", mean)
    graph = proto2net.parse(NET.format("crop_size: 5"), mean=tmp_path / "mean.npy")
    right = preprocess('crop_size: 5 mean_file: "x"')(image, mean)
    np.testing.assert_array_equal(preprocessor(graph)(image), right)


def test_a_mean_image_that_is_not_given_is_asked_for() -> None:
    graph = proto2net.parse(NET.format('crop_size: 5 mean_file: "a/mean.binaryproto"'))
    with pytest.raises(Proto2NetError, match=r"mean image a/mean\.binaryproto, which is not given"):
        preprocessor(graph)


def test_where_nothing_says_how_images_are_prepared_nothing_is_guessed() -> None:
    shape = "input_param { shape { dim: 1 dim: 3 dim: 8 dim: 9 } }"
    graph = proto2net.parse(f'layer {{ name: "x" type: "Input" top: "x" {shape} }}')
    with pytest.raises(Proto2NetError) as told:
        preprocessor(graph)
    assert "does not say how images are prepared" in str(told.value)
    assert "--mean" in told.value.issues[0].hint


NO_IMAGES = {
    "missing.png": "missing.png: No such file or directory",
    "empty.png": "empty.png: OpenCV finds no image in this file",
    "text.png": "text.png: OpenCV finds no image in this file",
    ".": "Is a directory",
    (8, 10): "the image must be RGB (H, W, 3), and not (8, 10)",
    (8, 10, 4): "the image must be RGB (H, W, 3), and not (8, 10, 4)",
    (1, 8, 10, 3): "the image must be RGB (H, W, 3), and not (1, 8, 10, 3)",
    (4, 9, 3): "the image is smaller than 5 x 5: (4, 9, 3)",
}


@pytest.mark.parametrize("given", NO_IMAGES, ids=str)
def test_what_is_no_image_is_told_in_a_sentence(
    given: str | tuple[int, ...], tmp_path: Path
) -> None:
    pytest.importorskip("cv2", reason="it reads images")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("no image")
    prepare = preprocessor(proto2net.parse(NET.format("crop_size: 5")))
    image = tmp_path / given if isinstance(given, str) else np.zeros(given, np.uint8)
    with pytest.raises(Proto2NetError) as told:
        prepare(image)
    assert NO_IMAGES[given] in str(told.value)


LOUD = {
    "missing.png": "missing.png",
    "text.png": "empty",
    (8, 10): "broadcast",
    (8, 10, 4): "broadcast",
    (4, 9, 3): "the image is smaller than 5 x 5",
}


@pytest.mark.parametrize("given", LOUD, ids=str)
def test_what_is_no_image_is_not_taken_by_the_function_of_a_file(
    given: str | tuple[int, ...], tmp_path: Path
) -> None:
    pytest.importorskip("cv2", reason="it reads images")
    (tmp_path / "text.png").write_text("no image")
    prepare = preprocess("crop_size: 5 mean_value: 1 mean_value: 2 mean_value: 3")
    image = tmp_path / given if isinstance(given, str) else np.zeros(given, np.uint8)
    with pytest.raises(Exception, match=LOUD[given]):
        prepare(image)


def test_the_middle_of_a_size_that_is_too_small_is_not_taken(
    image: np.ndarray, tmp_path: Path
) -> None:
    text = NET.format("crop_size: 5").replace('"Data"', '"ImageData"')
    text = text.replace("data_param {", "image_data_param { new_height: 4 new_width: 9")
    (tmp_path / "train.prototxt").write_text(text)
    graph = proto2net.parse(
        NET.format(""), transform_from=tmp_path / "train.prototxt", inputs={"data": (1, 3, 5, 5)}
    )
    with pytest.raises(Proto2NetError, match="the image is smaller than 5 x 5"):
        preprocessor(graph)(image)


def test_an_image_with_colours_is_not_taken_as_grey(image: np.ndarray) -> None:
    prepare = preprocessor(proto2net.parse(NET.format(""), inputs={"data": (1, 1, 8, 10)}))
    with pytest.raises(Proto2NetError, match=r"must be grey \(H, W\), and not \(8, 10, 3\)"):
        prepare(image)


def test_an_image_can_be_prepared_for_a_definition(image: np.ndarray) -> None:
    asked = {"inputs": {"data": (1, 3, 8, 10)}, "mean": [1, 2, 3]}
    prepared = proto2net.preprocess(NET.format(""), image, channels_last=True, **asked)
    np.testing.assert_array_equal(prepared[0], image[..., ::-1] - np.float32([1, 2, 3]))


WRONG_VALUES = {
    "up to 0.99": np.float32([0, 0.99]),
    "up to True": np.array([False, True]),
    "up to 65535": np.uint16([0, 65535]),
    "up to nan": np.float32([0, np.nan]),
}


@pytest.mark.parametrize("words", WRONG_VALUES)
def test_values_of_another_range_are_told(words: str) -> None:
    prepare = preprocessor(proto2net.parse(NET.format("crop_size: 5")))
    with pytest.raises(Proto2NetError, match=f"values must be 0 to 255, and not {words}"):
        prepare(np.resize(WRONG_VALUES[words], (8, 10, 3)))


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int64, np.uint16])
def test_other_types_with_the_values_of_an_image_are_taken(dtype: type, image: np.ndarray) -> None:
    prepare = preprocessor(proto2net.parse(NET.format("crop_size: 5")))
    np.testing.assert_array_equal(prepare(image.astype(dtype)), prepare(image))
    assert not prepare(np.zeros((8, 10, 3), dtype)).any()
    resizing = proto2net.parse(NET.format("crop_size: 5"), resize=(8, 10))
    preprocessor(resizing)(np.full((4, 5, 3), 7, dtype))


def test_opencv_is_needed_only_for_files_and_other_sizes(
    image: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)  # as if it were not installed
    assert preprocess("crop_size: 5", resize=(8, 10))(image).shape == (1, 3, 5, 5)
    prepare = preprocessor(proto2net.parse(NET.format("crop_size: 5"), resize=(8, 10)))
    assert prepare(image).shape == (1, 3, 5, 5)
    for other in (image[1:], "photo.png"):
        with pytest.raises(Proto2NetError) as told:
            prepare(other)
        assert "pip install opencv-python-headless" in told.value.issues[0].hint


def test_a_file_is_read_as_the_array_that_is_in_it(image: np.ndarray, tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2", reason="it writes the image")
    cv2.imwrite(str(tmp_path / "é.png"), image[..., ::-1])
    prepare = preprocessor(proto2net.parse(NET.format("crop_size: 5")))
    np.testing.assert_array_equal(prepare(tmp_path / "é.png"), prepare(image))
    np.testing.assert_array_equal(prepare(str(tmp_path / "é.png")), prepare(image))
