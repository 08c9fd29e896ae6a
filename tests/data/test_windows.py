"""WindowData: windows of images, warped, with context and padding (window_data_layer.cpp)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import proto2net
from proto2net.data.draws import Draws

cv2 = pytest.importorskip("cv2", reason="it makes images")

IMAGES = np.random.default_rng(3).integers(0, 256, (2, 20, 30, 3), np.uint8)
WINDOWS = """# 0
a.png
3 20 30
3
4 0.9 5 6 14 17
2 0.1 0 0 9 9
7 0.4 20 10 29 19
# 1
b.png
3 20 30
1
1 0.5 0 3 29 12
"""
FOREGROUND = [(0, 4, (5, 6, 14, 17)), (1, 1, (0, 3, 29, 12))]
BACKGROUND = [(0, 0, (0, 0, 9, 9))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, image in zip("ab", IMAGES, strict=True):
        cv2.imwrite(str(tmp_path / f"{name}.png"), image)
    (tmp_path / "windows.txt").write_text(WINDOWS)
    return tmp_path


def net(transform: str = "crop_size: 8", inner: str = "") -> str:
    return f"""layer {{ name: "x" type: "WindowData" top: "data" top: "label"
    transform_param {{ {transform} }}
    window_data_param {{ source: "windows.txt" batch_size: 8 bg_threshold: 0.3 scale: 0.5 {inner} }}
}}\n"""


def drawn(seed: int, mirror: bool, fraction: float) -> Any:
    """The windows of a batch, as Caffe draws them in a network of the training."""
    seeds = Draws(seed)
    seeds.one()
    draws = Draws(seeds.one())
    for index in range(8):
        windows = BACKGROUND if index < 8 - int(8 * fraction) else FOREGROUND
        window = windows[draws.one() % len(windows)]
        yield *window, mirror and draws.one() % 2 == 1


def test_windows_are_drawn_warped_and_mirrored(folder: Path) -> None:
    transform = "crop_size: 8 mirror: true mean_value: 7"
    batch = next(proto2net.batches(net(transform), root=folder, seed=9))
    rows = list(drawn(9, mirror=True, fraction=0.25))
    assert batch["label"].tolist() == [label for _, label, *_ in rows]
    assert {mirrored for *_, mirrored in rows} == {True, False}
    for found, (image, _, (x1, y1, x2, y2), mirrored) in zip(batch["data"], rows, strict=True):
        part = cv2.resize(IMAGES[image][y1 : y2 + 1, x1 : x2 + 1], (8, 8)).astype(np.float32)
        part = part[:, ::-1] if mirrored else part
        right = ((part - 7) * np.float32(0.5)).transpose(2, 0, 1)
        np.testing.assert_array_equal(found, right)


def test_context_beyond_an_image_is_left_0(folder: Path) -> None:
    inner = "context_pad: 2 fg_fraction: 0"
    (found, *_) = next(proto2net.batches(net(inner=inner), root=folder))["data"]
    # A crop of 8 has 4 for the window of 10, so that context is 10 on both sides: -5 to 15.
    part = cv2.resize(IMAGES[0][:16, :16], (6, 6)).transpose(2, 0, 1)
    np.testing.assert_array_equal(found[:, 2:, 2:], part * np.float32(0.5))
    assert not found[:, :2].any()
    assert not found[:, :, :2].any()


def test_a_square_takes_what_is_beside_the_window(folder: Path) -> None:
    inner = 'crop_mode: "square" fg_fraction: 1'
    batch = next(proto2net.batches(net(inner=inner), root=folder, seed=9))
    found = next(x for x, label in zip(batch["data"], batch["label"], strict=True) if label == 4)
    # The window is 10 x 12 around (10, 12): the square is from 4 to 16, and 6 to 18.
    part = cv2.resize(IMAGES[0][6:19, 4:17], (8, 8)).transpose(2, 0, 1)
    np.testing.assert_array_equal(found, part * np.float32(0.5))


@pytest.mark.parametrize(
    ("windows", "inner", "told"),
    [
        ("", "", "the window file is empty"),
        ("a.png 1 2", "", "windows.txt:1: .*this is no window file"),
        ("# 0\na.png\n3 20 30\n2\n1 0.9 0 0 5 5\n", "", "windows.txt:5: .*no window file"),
        ("# 0\na.png\n3 20 30\n9999999999999\n", "", "windows.txt:4: .*no window file"),
        (WINDOWS.replace("4 0.9", "0 0.9"), "", "a window of an object has the label 0"),
        (WINDOWS, "fg_threshold: 0.95", "no window has an overlap of 0.95 or more"),
        (WINDOWS, "context_pad: 4", "context_pad is 4 on each side of a crop of 8"),
        (WINDOWS.replace("a.png", "c.png"), "", '"c.png" is not there'),
    ],
)
def test_what_is_no_window_file_is_told(windows: str, inner: str, told: str, folder: Path) -> None:
    (folder / "windows.txt").write_text(windows)
    with pytest.raises(proto2net.DataError, match=told):
        proto2net.batches(net(inner=inner), root=folder)


def test_a_window_beyond_its_image_is_told(folder: Path) -> None:
    (folder / "windows.txt").write_text(WINDOWS.replace("0 0 9 9", "0 0 30 9"))
    with pytest.raises(proto2net.DataError, match=r'a window of "a.png" is not in the image'):
        next(proto2net.batches(net(), root=folder))
