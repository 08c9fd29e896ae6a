"""Images become arrays by Caffe's formula, however they lie in memory, and stay what they are."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import proto2net
from proto2net.data import Batches, decoding
from proto2net.data.memory import Memory
from proto2net.data.transforming import Transformer
from proto2net.layers.data import TransformationParameter

cv2 = pytest.importorskip("cv2", reason="it decodes images")

RANDOM = np.random.default_rng(3)
PIXELS = RANDOM.integers(0, 256, (5, 90, 97, 3), np.uint8)
MEAN = RANDOM.uniform(0, 255, (3, 90, 97)).astype(np.float32)
LIST = """layer { name: "data" type: "ImageData" top: "data" top: "label"
  transform_param { crop_size: 80 mirror: true scale: 0.017 }
  image_data_param { source: "list.txt" batch_size: 2 } }
"""


@pytest.fixture(params=["with OpenCV", "without"])
def opencv(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if request.param == "without":
        monkeypatch.setitem(sys.modules, "cv2", None)
    decoding._opencv.cache_clear()
    yield
    decoding._opencv.cache_clear()


@pytest.mark.usefixtures("opencv")
@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("crop", [0, 82])
@pytest.mark.parametrize("mean", ["", "image", "values"])
@pytest.mark.parametrize("scale", [1, 0.017])
def test_a_large_image_is_cropped_mirrored_and_scaled_as_caffe_does(
    dense: bool, mirror: bool, crop: int, mean: str, scale: float
) -> None:
    values = (104.5, 117, 123.25) if mean == "values" else ()
    parameter = TransformationParameter(scale, mirror, crop, None, values)
    transformer = Transformer(parameter, "TRAIN", MEAN if mean == "image" else None, Memory())
    images = PIXELS.transpose(0, 3, 1, 2)
    images = np.ascontiguousarray(images) if dense else images
    drawn = RANDOM.integers(0, 2**32, (5, transformer.draws), np.uint32)
    found = transformer.batch(iter(images), drawn)
    for row, image, numbers in zip(found, images, drawn.tolist(), strict=True):
        right = image.astype(np.float32)
        if mean == "image":
            right = right - MEAN
        if crop:
            down, to_right = numbers[-2] % 9, numbers[-1] % 16
            right = right[:, down : down + crop, to_right : to_right + crop]
        if mirror and numbers[0] % 2:
            right = right[:, :, ::-1]
        if mean == "values":
            right = right - np.array(values, np.float32)[:, None, None]
        np.testing.assert_array_equal(row, right * np.float32(scale))


def test_an_image_with_alpha_keeps_its_four_channels() -> None:
    images = RANDOM.integers(0, 256, (2, 80, 70, 4), np.uint8).transpose(0, 3, 1, 2)
    transformer = Transformer(TransformationParameter(mirror=True), "TEST", None, Memory())
    found = transformer.batch(iter(images), np.ones((2, 1), np.uint32))
    np.testing.assert_array_equal(found, images[:, :, :, ::-1])


@pytest.mark.parametrize("workers", [0, 2])
def test_no_array_that_somebody_has_changes(tmp_path: Path, workers: int) -> None:
    torch = pytest.importorskip("torch", reason="it shares memory with arrays")
    lines = []
    for index, image in enumerate(PIXELS):
        cv2.imwrite(str(tmp_path / f"{index}.png"), image)
        lines.append(f"{index}.png {index}\n")
    (tmp_path / "list.txt").write_text("".join(lines))

    def batches(workers: int) -> Batches:
        return proto2net.batches(LIST, root=tmp_path, seed=5, workers=workers)

    right = [batch["data"].copy() for batch, _ in zip(batches(0), range(12), strict=False)]
    reader = batches(workers)
    whole = [next(reader)["data"] for _ in range(3)]
    parts = [next(reader)["data"][1, :, 3:][::2] for _ in range(3)]
    tensors = [torch.from_numpy(next(reader)["data"]) for _ in range(3)]
    buffers = [memoryview(next(reader)["data"]) for _ in range(3)]
    for _ in range(20):
        next(reader)
    reader.close()
    del reader
    for index in range(3):
        np.testing.assert_array_equal(whole[index], right[index])
        np.testing.assert_array_equal(parts[index], right[3 + index][1, :, 3:][::2])
        np.testing.assert_array_equal(tensors[index].numpy(), right[6 + index])
        np.testing.assert_array_equal(np.asarray(buffers[index]), right[9 + index])


def test_memory_is_used_again_when_its_array_is_gone() -> None:
    memory = Memory()
    first = memory.array((2, 3, 5))
    place = first.ctypes.data
    part = first[1:]
    del first
    assert memory.array((2, 3, 5)).ctypes.data != place
    del part
    assert memory.array((3, 10)).ctypes.data == place
    assert memory.array((7,)).shape == (7,)
