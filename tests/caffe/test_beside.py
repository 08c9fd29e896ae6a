"""A definition that does not state the shape of its data takes it from what stands beside it."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # it has no stubs
import numpy as np
import pytest
from places import TESTS

import proto2net
from proto2net import ShapeError
from proto2net.caffe.schema import message_class

TRAIN = """
layer {{ name: "data" type: "{kind}" top: "data" top: "label" {data} }}
layer {{ name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param {{ num_output: 4 kernel_size: 3 }} }}
layer {{ name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
        inner_product_param {{ num_output: 5 }} }}
layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" }}
"""
DATABASE = 'data_param { source: "train_lmdb" batch_size: 6 backend: LMDB }'
DEPLOY = """
input: "data" input_shape {{ dim: 1 dim: {channels} dim: 13 dim: 11 }}
layer {{ name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param {{ num_output: 4 kernel_size: 3 }} }}
layer {{ name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
        inner_product_param {{ num_output: {classes} }} }}
"""


def train(folder: Path, kind: str = "Data", data: str = DATABASE) -> Path:
    """A definition that trains, in this folder."""
    file = folder / "train_val.prototxt"
    file.write_text(TRAIN.format(kind=kind, data=data))
    return file


def shape(file: Path) -> tuple[int, ...]:
    """The shape of its one input."""
    (blob,) = proto2net.parse(file).inputs
    return blob.shape


def test_a_deploy_definition_with_the_same_first_layers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "other.prototxt").write_text(
        DEPLOY.format(channels=1, classes=5).replace("num_output: 4", "num_output: 8")
    )
    (tmp_path / "deploy.prototxt").write_text(DEPLOY.format(channels=2, classes=5))
    file = train(tmp_path)
    with caplog.at_level(logging.INFO, "proto2net"):
        assert shape(file) == (6, 2, 13, 11)
    note = f'{file}:2: layer "data" (Data): took 6 x 2 x 13 x 11 for "data", as '
    assert f"{note}{tmp_path / 'deploy.prototxt'} has it" in caplog.messages


def test_the_one_that_is_alike_the_longest(tmp_path: Path) -> None:
    (tmp_path / "a.prototxt").write_text(DEPLOY.format(channels=1, classes=9))
    (tmp_path / "b.prototxt").write_text(DEPLOY.format(channels=3, classes=5))
    assert shape(train(tmp_path)) == (6, 3, 13, 11)


def test_two_that_contradict_each_other_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / "a.prototxt").write_text(DEPLOY.format(channels=1, classes=5))
    (tmp_path / "b.prototxt").write_text(DEPLOY.format(channels=3, classes=5))
    with pytest.raises(ShapeError, match="does not state this layer's output shape"):
        shape(train(tmp_path))


def test_a_mean_image_with_what_is_cut_out(tmp_path: Path) -> None:
    mean = message_class("BlobProto")(num=1, channels=3, height=9, width=8, data=[0.5] * 216)
    folder = tmp_path / "net"
    folder.mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mean.binaryproto").write_bytes(mean.SerializeToString())
    transform = 'transform_param { mean_file: "data/mean.binaryproto" }'
    assert shape(train(folder, data=DATABASE + transform)) == (6, 3, 9, 8)


def test_rows_of_hdf5(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        file["data"] = np.zeros((7, 2, 6, 5))
    (tmp_path / "list.txt").write_text("somewhere/else/rows.h5\n")
    data = 'hdf5_data_param { source: "list.txt" batch_size: 3 }'
    assert shape(train(tmp_path, "HDF5Data", data)) == (3, 2, 6, 5)


def test_each_top_of_hdf5_has_the_shape_of_its_dataset(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        file["images"], file["places"] = np.zeros((7, 2, 6, 5)), np.zeros((7, 4))
    (tmp_path / "list.txt").write_text("rows.h5\n")
    net = tmp_path / "net.prototxt"
    net.write_text(
        'layer { name: "d" type: "HDF5Data" top: "images" top: "places" '
        'hdf5_data_param { source: "list.txt" batch_size: 3 } }\n'
        'layer { name: "a" type: "ReLU" bottom: "images" top: "a" }\n'
        'layer { name: "b" type: "ReLU" bottom: "places" top: "b" }\n'
    )
    inputs = proto2net.parse(net).inputs
    assert {b.name: b.shape for b in inputs} == {"images": (3, 2, 6, 5), "places": (3, 4)}


def test_the_first_record_of_a_database(tmp_path: Path) -> None:
    lmdb = pytest.importorskip("lmdb", reason="it reads LMDB")
    datum = message_class("Datum")(channels=2, height=7, width=6, data=b"\0" * 84)
    with lmdb.open(str(tmp_path / "train_lmdb")) as database, database.begin(write=True) as writing:
        writing.put(b"0", datum.SerializeToString())
    assert shape(train(tmp_path)) == (6, 2, 7, 6)


def test_the_first_record_of_a_leveldb(tmp_path: Path) -> None:
    recorded = TESTS / "golden" / "data" / "data_leveldb_uint8"
    shutil.copytree(recorded / "db", tmp_path / "train_lmdb")
    right = np.load(recorded / "expected.npz")["fwd0/data"].shape[1:]
    assert shape(train(tmp_path)) == (6, *right)


def test_a_database_that_is_cut_off_has_no_shape(tmp_path: Path) -> None:
    recorded = TESTS / "golden" / "data" / "data_lmdb_uint8" / "db" / "data.mdb"
    (tmp_path / "train_lmdb").mkdir()
    whole = recorded.read_bytes()
    for size in (0, 100, 4096, 8192):
        (tmp_path / "train_lmdb" / "data.mdb").write_bytes(whole[:size])
        with pytest.raises(ShapeError, match="give it, as in --input data=6,3,224,224"):
            proto2net.parse(train(tmp_path))


def test_the_first_image_of_a_list(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="it reads images")
    (tmp_path / "images").mkdir()
    image.new("RGB", (9, 8)).save(tmp_path / "images" / "cat.png")
    (tmp_path / "list.txt").write_text("images/cat.png 3\n")
    data = 'image_data_param { source: "list.txt" batch_size: 3 }'
    assert shape(train(tmp_path, "ImageData", data)) == (3, 3, 8, 9)


@pytest.mark.parametrize(
    ("source", "image"), [("examples/MNIST/train_lmdb", (1, 28, 28)), ("cifar10_lmdb", (3, 32, 32))]
)
def test_well_known_data(tmp_path: Path, source: str, image: tuple[int, ...]) -> None:
    assert shape(train(tmp_path, data=DATABASE.replace("train_lmdb", source))) == (6, *image)


def test_where_nothing_is_beside_it_the_flag_is_told(tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match="give it, as in --input data=6,3,224,224"):
        proto2net.parse(train(tmp_path))


LONG = "a" * 5000
UNREADABLE = {
    "a path that is too long": ("Data", f'data_param {{ source: "{LONG}" batch_size: 6 }}'),
    "a mean's path that is too long": (
        "Data",
        f'data_param {{ batch_size: 6 }} transform_param {{ mean_file: "{LONG}" }}',
    ),
    "no mean": ("Data", 'data_param { batch_size: 6 } transform_param { mean_file: "broken" }'),
    "no database": ("Data", 'data_param { source: "database" batch_size: 6 }'),
    "no HDF5": ("HDF5Data", 'hdf5_data_param { source: "names" batch_size: 6 }'),
    "a group of HDF5": ("HDF5Data", 'hdf5_data_param { source: "groups" batch_size: 6 }'),
    "no image": ("ImageData", 'image_data_param { source: "names" batch_size: 6 }'),
    "a device": ("ImageData", 'image_data_param { source: "/dev/zero" batch_size: 6 }'),
}
"""What a definition names that no shape can be read of."""


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_as_if_it_were_not_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "broken").write_bytes(b"\xff" * 40)
    (tmp_path / "database").mkdir()
    (tmp_path / "database" / "data.mdb").write_bytes(b"\xff" * 9000)
    (tmp_path / "names").write_text("broken 0\n")
    (tmp_path / "groups").write_text("group.h5\n")
    with h5py.File(tmp_path / "group.h5", "w") as file:
        file.create_group("data")
    with pytest.raises(ShapeError, match="give it, as in --input data=6,3,224,224"):
        proto2net.parse(train(tmp_path, *UNREADABLE[name]))


def test_a_record_that_is_none_of_caffe(tmp_path: Path) -> None:
    lmdb = pytest.importorskip("lmdb", reason="it writes LMDB")
    with lmdb.open(str(tmp_path / "train_lmdb")) as database, database.begin(write=True) as writing:
        writing.put(b"0", b"\xff\xff\xff")
    with pytest.raises(ShapeError, match="give it, as in --input data=6,3,224,224"):
        proto2net.parse(train(tmp_path))


def test_what_is_given_goes_first(tmp_path: Path) -> None:
    (tmp_path / "deploy.prototxt").write_text(DEPLOY.format(channels=2, classes=5))
    (blob,) = proto2net.parse(train(tmp_path), inputs={"data": (1, 3, 9, 9)}).inputs
    assert blob.shape == (1, 3, 9, 9)
