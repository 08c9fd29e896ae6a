"""What cannot be read is told in a sentence: file, line and layer, and what would be right."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_cases import case, datum, leveldb

import proto2net
from proto2net import DataError, limits

h5py = pytest.importorskip("h5py", reason="it writes HDF5")
cv2 = pytest.importorskip("cv2", reason="it writes images")


def layer(kind: str, inner: str, tops: str = 'top: "data" top: "label"') -> str:
    return f'layer {{ name: "x" type: "{kind}" {tops} {inner} }}\n'


def image_data(inner: str = "", transform: str = "") -> str:
    transform = f"transform_param {{ {transform} }}" if transform else ""
    return layer("ImageData", f'{transform} image_data_param {{ source: "list.txt" {inner} }}')


def hdf5(inner: str = "batch_size: 2", tops: str = 'top: "data"') -> str:
    return layer("HDF5Data", f'hdf5_data_param {{ source: "list.txt" {inner} }}', tops)


def data(inner: str, transform: str = "") -> str:
    transform = f"transform_param {{ {transform} }}" if transform else ""
    return layer("Data", f'{transform} data_param {{ source: "db" {inner} }}')


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One with a database, a list of images, files of HDF5, and what is none of these."""
    image = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
    leveldb(tmp_path / "db", [(b"a", datum(image)), (b"b", datum(image))])
    leveldb(tmp_path / "none", [])
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "empty.png").write_bytes(b"")
    cv2.imwrite(str(tmp_path / "a.png"), image.transpose(1, 2, 0))
    cv2.imwrite(str(tmp_path / "deep.png"), np.zeros((4, 5, 3), np.uint16))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = np.zeros((3, 2))
        file["other"] = np.zeros((4, 2))
        file["words"] = [b"a", b"b", b"c"]
        file["scalar"] = 1.0
        file["linked"] = h5py.ExternalLink("b.h5", "data")
        file.create_dataset("huge", (2**34, 4), "f4", chunks=(4, 4))
        file.create_dataset("wide", (2, 2**29), "f4", chunks=(1, 2**29))
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["data"] = np.zeros((3, 5))
    return tmp_path


MEAN = 'mean_file: "text.png"'

REFUSED: list[tuple[str, str, str]] = [
    # the text of the list, the definition, and what is told
    ("", layer("Data", "data_param { batch_size: 1 }"), "source is missing"),
    ("", data("batch_size: 0"), "batch_size is missing or 0"),
    ("", data("batch_size: 2000000"), "batch_size is 2,000,000; 1,000,000 are the most"),
    ("", data("batch_size: 1").replace("db", "nowhere"), '"nowhere" is not there'),
    ("", data("batch_size: 1").replace("db", "none"), '"none" has no records'),
    ("", data("batch_size: 1").replace("db", "a.png"), "is no database"),
    ("", data("batch_size: 1", "crop_size: 5"), "an image is 3 x 4 x 5, which is smaller"),
    ("", data("batch_size: 1", "mean_value: 1 mean_value: 2"), "given 2 times for 3 channels"),
    ("", data("batch_size: 1", MEAN), "text.png: layer"),
    ("", data("batch_size: 1", "force_color: true force_gray: true"), "are both set"),
    ("", data("batch_size: 1", "crop_h: 3 crop_w: 3"), "crop_h, crop_w and resize_param are SSD's"),
    ("", data("batch_size: 40000000"), "batch_size is 40,000,000"),
    ("", image_data(), '"list.txt" has no lines'),
    ("nothing.png 1\n", image_data(), '"nothing.png" is not there'),
    ("text.png 1\n", image_data(), 'the image "text.png": OpenCV cannot read the image'),
    ("empty.png 1\n", image_data(), 'the image "empty.png": the image is empty'),
    ("a.png 1\n", image_data("new_height: 5"), "new_height is 5 and new_width 0"),
    ("a.png 1\n", image_data("new_height: 900000 new_width: 90000"), "would be 3 x 900000 x"),
    ("x" * (limits.STRING + 1), image_data(), "list.txt:1: .*more than 1,000,000 bytes"),
    ("\0.png 1\n", image_data(), "is not there"),
    ("", hdf5(), '"list.txt" names no files'),
    ("c.h5\n", hdf5(), '"c.h5" is not there'),
    ("a.png\n", hdf5(), "a.png: the HDF5 file is damaged"),
    ("a.h5\n", hdf5(tops='top: "nix"'), 'no dataset "nix", which a top is called\n.*data, huge'),
    ("a.h5\n", hdf5(tops='top: "words"'), '"words" is of the type'),
    ("a.h5\n", hdf5(tops='top: "scalar"'), '"scalar" is scalar; rows are needed'),
    ("a.h5\n", hdf5(tops='top: "linked"'), 'the values of "linked" are in other files'),
    ("a.h5\n", hdf5(tops='top: "huge"'), '"huge" is 17179869184 x 4; rows are needed that Caffe'),
    ("a.h5\n", hdf5(tops='top: "wide"'), '"wide" has chunks of 536,870,912 numbers'),
    ("a.h5\n", hdf5(tops='top: "data" top: "other"'), "same number of rows, .* data 3, other 4"),
    ("", layer("AnnotatedData", ""), r"layer \"x\" \(AnnotatedData\): the data of this"),
    ("", layer("VideoData", ""), "the data of this layer cannot be read\n.*an Input layer in its"),
    ("", layer("Python", 'python_param { module: "m" layer: "L" }'), "the data of this"),
    ("", layer("Input", "input_param { shape { dim: 2 } }"), "nothing is given for data, label"),
    ("", layer("ReLU", 'bottom: "data"', 'top: "y"'), "no layer gives data in the train phase"),
    ("", layer("DummyData", "dummy_data_param { shape { dim: 2 dim: 3 } data_filler { type: "
               '"bilinear" } }', 'top: "a"'), "a bilinear filler needs a square kernel"),
    ("", 2 * layer("DummyData", "dummy_data_param { shape { dim: 2 } }", 'top: "a"'),
     "also has the tops a"),
]  # fmt: skip


@pytest.mark.parametrize(("listed", "net", "told"), REFUSED, ids=[row[2][:60] for row in REFUSED])
def test_it_is_told(listed: str, net: str, told: str, folder: Path) -> None:
    (folder / "list.txt").write_text(listed)
    with pytest.raises(proto2net.Proto2NetError, match=told) as error:
        proto2net.batches(net, root=folder)
    if "no layer gives" not in told:
        assert re.search(r'layer "x"', str(error.value))


def test_missing_data_are_told_with_file_line_and_layer(tmp_path: Path) -> None:
    file = tmp_path / "net.prototxt"
    file.write_text("\n" + data("batch_size: 1"))
    with pytest.raises(DataError) as error:
        proto2net.batches(file)
    told = 'layer "x" (Data): "db" is not there: looked in this folder, beside the definition'
    assert str(error.value).startswith(f"{file}:2: {told} and above it\n  hint: give --root")
    assert str(error.value).endswith('in Python: root="FOLDER"')


def test_all_layers_are_told_of_at_once() -> None:
    text = data("batch_size: 1") + layer("Input", "input_param { shape { dim: 2 } }", 'top: "in"')
    with pytest.raises(DataError) as error:
        proto2net.batches(text.replace("/db", "/nowhere/db"))
    assert [issue.where.line for issue in error.value.issues if issue.where] == [1, 2]


def test_an_absolute_path_is_not_looked_for_elsewhere(folder: Path) -> None:
    net = data("batch_size: 1").replace('"db"', '"/nowhere/db"')
    with pytest.raises(DataError, match=r"the path is absolute\n.*--root FOLDER"):
        proto2net.batches(net, root=folder)


@pytest.mark.parametrize("workers", [0, 2])
def test_an_image_that_is_missing_is_told_when_its_batch_comes(folder: Path, workers: int) -> None:
    (folder / "list.txt").write_text("a.png 1\na.png 2\ngone.png 3\n")
    batches = proto2net.batches(image_data(), root=folder, workers=workers)
    assert [next(batches)["label"][0] for _ in range(2)] == [1, 2]
    for _ in range(2):
        with pytest.raises(DataError, match=r'<text>:1: .*the image "gone.png": No such file'):
            next(batches)
    batches.close()


def test_images_of_more_than_bytes_are_told(folder: Path) -> None:
    content = (folder / "deep.png").read_bytes()
    record = datum(np.zeros((0, 0, 0), np.uint8), data=content, encoded=True)
    leveldb(folder / "deep", [(b"a", record)])
    with pytest.raises(DataError, match='the record "a": the image is of uint16'):
        proto2net.batches(data("batch_size: 1").replace('"db"', '"deep"'), root=folder)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_second_file_of_other_rows_is_told(folder: Path, workers: int) -> None:
    (folder / "list.txt").write_text("a.h5 b.h5")
    batches = proto2net.batches(hdf5("batch_size: 3"), root=folder, workers=workers)
    next(batches)
    state = batches.state()
    for _ in range(2):
        with pytest.raises(DataError, match='rows of "data" are 5, and 2 in the first file'):
            next(batches)
    assert batches.state() == state


def test_a_large_dataset_is_read_as_it_is_needed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with h5py.File(folder / "rows.h5", "w") as file:
        file["data"] = np.arange(14.0).reshape(7, 2)
    (folder / "list.txt").write_text("rows.h5")
    for inner in ("batch_size: 4", "batch_size: 4 shuffle: true"):
        known = proto2net.batches(hdf5(inner), root=folder, seed=6)
        with monkeypatch.context() as patch:
            patch.setattr(limits, "LOADED", 10)
            found = proto2net.batches(hdf5(inner), root=folder, seed=6)
            for _ in range(5):
                np.testing.assert_array_equal(next(found)["data"], next(known)["data"])


# ---- what is given ---------------------------------------------------------------------------

GIVEN = layer("MemoryData", "memory_data_param { batch_size: 2 channels: 3 height: 4 width: 5 }")
IMAGES = np.zeros((4, 3, 4, 5))


@pytest.mark.parametrize(
    ("feeds", "told"),
    [
        ({}, "nothing is given for data, label\n.*feeds="),
        ({"data": IMAGES}, "nothing is given for label"),
        ({"data": IMAGES, "label": [1]}, '"label" is 1; a batch is 2'),
        ({"data": IMAGES[:3], "label": [1, 2]}, '"data" is 3 x 3 x 4 x 5; a batch is 2 x 3'),
        ({"data": IMAGES, "label": [1, 2]}, "the arrays give different numbers of batches"),
        ({"data": IMAGES, "label": list("abcd")}, '"label" is of <U1; numbers are needed'),
        ({"data": IMAGES, "label": [[1], [2, 3]]}, '"label" is no array'),
    ],
)
def test_arrays_that_do_not_fit_are_told(feeds: dict[str, Any], told: str) -> None:
    with pytest.raises(DataError, match=told):
        proto2net.batches(GIVEN, feeds=feeds)


# ---- states ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"seed": "x"}, "no state of a reader"),
        ({"layers": 3}, "no state of a reader"),
        ({"layers": [{"layer": "other"}]}, r"the state is of the layers \['other'\]"),
        ({"layers": [{"layer": "data", "key": "nix"}]}, 'has no record "nix"'),
    ],
)
def test_a_state_of_something_else_is_told(change: dict[str, Any], told: str) -> None:
    batches = case("data_lmdb_train").batches()
    start = batches.state()
    with pytest.raises(DataError, match=told):
        batches.restore({**start, **change})
    assert batches.state() == start


@pytest.mark.parametrize(
    "change",
    [{"at": 9}, {"at": "1"}, {"order": {"base64": "AAAA"}}, {"order": {"base64": 3}},
     {"shuffles": {"key": {"base64": "AAAA"}, "pos": 3}}, {"shuffles": None}],
)  # fmt: skip
def test_a_state_that_is_damaged_is_told(change: dict[str, Any], folder: Path) -> None:
    (folder / "list.txt").write_text("a.png 1\na.png 2\n")
    batches = proto2net.batches(image_data("shuffle: true"), root=folder)
    state = batches.state()
    state["layers"][0] |= change
    with pytest.raises(DataError, match="the state"):
        batches.restore(state)
