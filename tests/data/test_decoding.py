"""Images are decoded by OpenCV; where it is not installed, by Pillow, and that is told."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from data_cases import FOLDERS, case
from places import ROOT

from proto2net.data import decoding
from proto2net.data.decoding import Way

cv2 = pytest.importorskip("cv2", reason="it decodes images")
Image = pytest.importorskip("PIL.Image", reason="it decodes images")


@pytest.fixture
def without_opencv(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "cv2", None)
    decoding._opencv.cache_clear()
    yield
    decoding._opencv.cache_clear()


PIXELS = np.random.default_rng(2).integers(0, 256, (5, 7, 4), np.uint8)


@pytest.mark.usefixtures("without_opencv")
def test_pillow_gives_what_caffe_gave_of_png_files(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "proto2net"):
        for name in ("data_lmdb_png", "data_lmdb_png_gray", "data_lmdb_png_force_color"):
            recorded = case(name)
            found = next(recorded.batches())
            np.testing.assert_array_equal(found["data"], recorded.expected[0]["data"])
    (told,) = (each for each in caplog.messages if "OpenCV is not installed" in each)
    assert told.endswith("Pillow decodes images, whose values can differ a little")


@pytest.mark.usefixtures("without_opencv")
@pytest.mark.parametrize("name", [name for name in FOLDERS if "resize" in name or "jpeg" in name])
def test_pillow_is_near_where_it_is_not_equal(name: str) -> None:
    recorded = case(name)
    scale = 0.017 if "crop" in name else 1
    for found, right in zip(recorded.batches(), recorded.expected, strict=False):
        np.testing.assert_allclose(found["data"], right["data"], atol=8 * scale)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("way", Way)
def test_pillow_gives_the_channels_that_opencv_gives(mode: str, way: Way) -> None:
    file = io.BytesIO()
    Image.fromarray(PIXELS).convert(mode).save(file, "png")
    right = decoding.decoded(file.getvalue(), way)
    found = decoding._by_pillow(file.getvalue(), way)
    assert (found if found.ndim == 3 else found[:, :, None]).shape == right.shape
    near = np.abs(found.reshape(right.shape).astype(int) - right)[..., :3].max()
    assert near <= (1 if way is Way.GRAY else 0)


def test_importing_proto2net_imports_nothing_of_it_and_reading_no_framework(tmp_path: Path) -> None:
    code = f"""
import sys, proto2net
assert "proto2net.data" not in sys.modules
next(proto2net.batches({str(FOLDERS["data_lmdb_uint8"] / "net.prototxt")!r}))
print([name for name in ("cv2", "h5py", "lmdb", "torch", "tensorflow") if name in sys.modules])
"""
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.stdout == "[]\n", run.stderr
