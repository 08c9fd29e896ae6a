"""A .caffemodel.h5 is read as Caffe reads it; links out of it are not followed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import proto2net
from proto2net import WeightError
from proto2net.model import Format
from proto2net.weights.matching import match
from proto2net.weights.reading import read

h5py = pytest.importorskip("h5py")

NET = """
input: "data" input_shape { dim: 2 dim: 3 }
layer {
  name: "fc1" type: "InnerProduct" bottom: "data" top: "fc1" param { name: "w" }
  inner_product_param { num_output: 4 bias_term: false }
}
layer { name: "relu" type: "ReLU" bottom: "fc1" top: "fc1" }
layer {
  name: "block/fc2" type: "InnerProduct" bottom: "data" top: "fc2"
  param { name: "w" } param { name: "b" }
  inner_product_param { num_output: 4 }
}
"""
WEIGHT = np.arange(12, dtype=np.float32).reshape(4, 3)
BIAS = np.arange(4, dtype=np.float32)
# As Caffe writes it: every layer has a group, and a shared array stands where it is owned.
LAYERS = {"fc1": {"0": WEIGHT}, "relu": {}, "block/fc2": {"1": BIAS}, "data_split": {}}

Layers = Mapping[str, Mapping[str, Any]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "net.weights"  # its bytes tell what it is, not its name


def save(path: Path, layers: Layers, **options: Any) -> Any:
    file = h5py.File(path, "w", **options)
    root = file.create_group("data")
    for name, arrays in layers.items():
        group = root.create_group(name)
        for key, array in arrays.items():
            group[key] = array
    return file


@pytest.mark.parametrize("block", [0, 512, 1024])
@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int32, ">f4"])
def test_arrays_go_to_the_layers_of_their_names(path: Path, kind: Any, block: int) -> None:
    layers = {n: {k: a.astype(kind) for k, a in v.items()} for n, v in LAYERS.items()}
    save(path, layers, userblock_size=block).close()
    weights = read(path)
    assert weights.format is Format.HDF5
    assert sorted(layer.name for layer in weights.layers) == sorted(LAYERS)
    matched = match(proto2net.parse(NET), weights)
    for (node, blob), value in matched.model.values.items():
        assert value.dtype == np.float32
        np.testing.assert_array_equal(value, WEIGHT if blob == "weight" else BIAS, str(node))
    assert len(matched.model.values) == 3
    assert matched.notes == []


def test_an_array_without_axes_is_read(path: Path) -> None:
    save(path, {"scale": {"0": np.float32(7)}}).close()
    ((stored,),) = (layer.arrays for layer in read(path).layers)
    assert stored is not None
    assert stored.array.shape == ()


def test_of_layers_of_one_name_the_last_is_meant(path: Path) -> None:
    net = NET.replace("block/fc2", "fc1")
    save(path, {"fc1": {"0": WEIGHT, "1": BIAS}}).close()
    matched = match(proto2net.parse(net), read(path), allow_missing=True)
    assert [blob for _, blob in matched.model.values] == ["weight", "weight", "bias"]


def test_shapes_must_be_the_same(path: Path) -> None:
    save(path, LAYERS | {"fc1": {"0": WEIGHT.reshape(1, 1, 4, 3)}}).close()
    with pytest.raises(WeightError, match="needs 4 x 3; found 1 x 1 x 4 x 3 in"):
        match(proto2net.parse(NET), read(path))


@pytest.mark.parametrize(
    ("arrays", "found"),
    [({}, "nothing, nothing"), ({"0": WEIGHT, "1": BIAS, "2": BIAS}, "4 x 3, 4, 4")],
)
def test_only_shared_arrays_may_be_missing(
    path: Path, arrays: Mapping[str, Any], found: str
) -> None:
    save(path, LAYERS | {"block/fc2": arrays}).close()
    with pytest.raises(WeightError, match=f'"block/fc2" .*: needs 4 x 3, 4; found {found} in'):
        match(proto2net.parse(NET), read(path))


# ---- what is not read -----------------------------------------------------------------------


def test_what_is_elsewhere_is_not_followed(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.h5"
    save(other, LAYERS).close()
    layout = h5py.VirtualLayout((4, 3), np.float32)
    layout[:] = h5py.VirtualSource(str(other), "data/fc1/0", (4, 3))
    (tmp_path / "raw").write_bytes(WEIGHT.tobytes())

    def virtual(group: Any) -> None:
        group.create_virtual_dataset("0", layout)

    def external(group: Any) -> None:
        group.create_dataset("0", (4, 3), np.float32, external=[(str(tmp_path / "raw"), 0, 48)])

    def put(value: Any) -> Any:
        return lambda group: group.__setitem__("0", value)

    for add, words in [
        (put(h5py.ExternalLink(str(other), "/data/fc1/0")), '"0" is a link to somewhere else'),
        (put(h5py.SoftLink("/data/first/0")), '"0" is a link to somewhere else'),
        (lambda group: put(group.parent["first/0"])(group), '"0" is a second name'),
        (lambda group: put(group.parent)(group), '"0" is a second name'),
        (virtual, "an array whose values are in other files"),
        (external, "an array whose values are in other files"),
    ]:
        with save(path, {"first": {"0": WEIGHT}, "second": {}}) as file:
            add(file["data/second"])
        with pytest.raises(WeightError, match=rf'net\.weights: layer "second": {words}'):
            read(path)


def test_what_only_claims_to_be_there_is_not_allocated(path: Path) -> None:
    with save(path, {"fc1": {}}) as file:
        file["data/fc1"].create_dataset("0", (2**20, 2**20), np.float32, chunks=(64, 64))
    with pytest.raises(WeightError, match="1048576 x 1048576 needs 4,398,046,511,104 bytes, but 0"):
        read(path)
    with save(path, {"fc1": {}}) as file:
        file["data/fc1"].create_dataset("0", data=np.zeros(10**6), compression="gzip")
    with pytest.raises(WeightError, match=r"an array that is compressed.*\n.*h5repack"):
        read(path)


def test_what_is_no_network_is_told(path: Path) -> None:
    for name, arrays, words in [
        ("fc1", {"weight": WEIGHT}, 'layer "fc1": an array called "weight"\n.*0, 1'),
        ("fc1", {"0": "text"}, 'layer "fc1": an array of the type object; numbers'),
        ("fc1", {"0": h5py.Empty("f4")}, 'layer "fc1": an array of the type float32'),
    ]:
        save(path, {name: arrays}).close()
        with pytest.raises(WeightError, match=words):
            read(path)
    h5py.File(path, "w").close()
    with pytest.raises(WeightError, match='it has no group "data"'):
        read(path)


def test_a_cut_file_is_told(path: Path) -> None:
    save(path, LAYERS).close()
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightError, match=r"net\.weights: the HDF5 file is damaged: .*truncated"):
        read(path)


def test_without_h5py_it_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(path, LAYERS).close()
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(WeightError, match=r"h5py is not installed\n.*`pip install h5py`"):
        read(path)
