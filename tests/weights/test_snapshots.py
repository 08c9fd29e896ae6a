"""A snapshot is what Caffe writes, all of it or nothing, and can be gone on from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from places import TESTS
from snapshots import contents, recorded, trained

import proto2net
from proto2net import Proto2NetError, UnsupportedError, WeightError
from proto2net.caffe import definition, snapshots
from proto2net.caffe.phase import State
from proto2net.caffe.schema import message_class
from proto2net.caffe.snapshots import own_of, write_snapshot
from proto2net.caffe.solverstate import history_of, read_state, weights_of
from proto2net.graph import Graph
from proto2net.model import learnable
from proto2net.weights.matching import match
from proto2net.weights.reading import read

pytest.importorskip("h5py")

STATES = recorded("*.solverstate*")
MODELS = recorded("*.caffemodel")
DATA = TESTS / "golden" / "data"
OWN = {"position": 320, "random": [1, 2**63, 3], "rate": 0.1}


def layers_of(case: str) -> Any:
    path = str(DATA / case / "train_test.prototxt")
    return definition.read(path, path, State("TRAIN")).layers


# ---- what Caffe wrote -----------------------------------------------------------------------


@pytest.mark.parametrize("name", STATES)
def test_a_snapshot_of_caffe_is_written_again_as_it_was(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = STATES[name]
    case, adam, as_hdf5 = path.parent.name, "adam" in name, path.suffix == ".h5"
    graph, state = trained(case), read_state(path)
    values = match(graph, read(weights_of(state)[0])).model.values
    history, _ = history_of(state, graph, 2 if adam else 1, "Adam" if adam else "SGD")
    monkeypatch.chdir(tmp_path)
    written = write_snapshot(
        "snap", state.iteration, graph, values, history, OWN,
        step=state.step, as_hdf5=as_hdf5, layers=layers_of(case),
    )  # fmt: skip
    assert [str(each) for each in written] == [
        Path(weights_of(state)[0]).name,
        path.name,
        f"snap_iter_{state.iteration}.proto2net.json",
    ]
    for out, right in zip(written, (Path(weights_of(state)[0]), path), strict=False):
        if as_hdf5:
            assert contents(out) == contents(right)
        else:
            assert out.read_bytes() == right.read_bytes()
    assert own_of(read_state(written[1])) == OWN


@pytest.mark.parametrize("name", MODELS)
def test_without_the_definition_the_layers_of_a_caffemodel_are_those_of_caffe(
    name: str, tmp_path: Path
) -> None:
    path = MODELS[name]
    graph = trained(path.parent.name)
    values = match(graph, read(path)).model.values
    written = write_snapshot(str(tmp_path / "net"), 1, graph, values, [], {})
    kind = message_class("NetParameter")
    ours, right = (kind.FromString(each.read_bytes()) for each in (written[0], path))
    assert ours.name == right.name
    for layer, other in zip(ours.layer, right.layer, strict=True):
        assert layer.type == ("Input" if layer.name == "data" else other.type)
        for field in ("name", "bottom", "top", "phase", "loss_weight", "blobs"):
            assert getattr(layer, field) == getattr(other, field), (layer.name, field)
    # In the file, too, fields stand by their numbers.
    assert ours.SerializeToString() == written[0].read_bytes()


# ---- shared parameters, statistics, names ---------------------------------------------------

NET = """
name: "net"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 5 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 } } }
layer { name: "bn" type: "BatchNorm" bottom: "data" top: "bn" }
layer { name: "a" type: "InnerProduct" bottom: "bn" top: "a" param { name: "w" }
        inner_product_param { num_output: 4 } }
layer { name: "b" type: "InnerProduct" bottom: "bn" top: "b"
        param { name: "w" share_mode: PERMISSIVE }
        inner_product_param { num_output: 4 transpose: true } }
layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "sum" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "sum" bottom: "label" top: "loss" }
"""


def net(text: str = NET) -> tuple[Graph, dict[Any, Any]]:
    """A network, and an array for each of its learnable blobs."""
    graph = proto2net.parse(text, phase="train")
    sizes = [(node.blobs[blob].shape, (node, blob)) for node, blob in learnable(graph)]
    return graph, {
        slot: np.arange(np.prod(shape), dtype=np.float32).reshape(shape) + index
        for index, (shape, slot) in enumerate(sizes)
    }


def test_shared_arrays_stand_at_each_sharer_in_binary(tmp_path: Path) -> None:
    graph, values = net()
    path, *_ = write_snapshot(str(tmp_path / "net"), 7, graph, values, [values], {})
    layers = {layer.name: layer for layer in read(path).layers}
    shapes = {name: [s.array.shape for s in found.arrays if s] for name, found in layers.items()}
    assert shapes["a"] == [(4, 15), (4,)]
    assert shapes["b"] == [(15, 4), (4,)]
    assert shapes["bn"] == [(3,), (3,), (1,)]
    first, second = (layers[name].arrays[0] for name in "ab")
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.array.reshape(-1), second.array.reshape(-1))


def test_in_hdf5_shared_arrays_stand_at_their_owner_and_every_layer_has_a_group(
    tmp_path: Path,
) -> None:
    graph, values = net()
    path, state, _ = write_snapshot(
        str(tmp_path / "net"), 7, graph, values, [values], {}, as_hdf5=True
    )
    members = set(contents(path)) - {"data"}
    assert members == {
        *(f"data/{name}" for name in ("data", "label", "bn", "a", "b", "sum", "loss")),
        *("data/bn/0", "data/bn/1", "data/bn/2", "data/a/0", "data/a/1", "data/b/1"),
    }
    assert len(read_state(state).history) == 6
    again = match(graph, read(path)).model.values
    for slot, value in values.items():
        np.testing.assert_array_equal(again[slot], value)


def test_a_blob_without_axes_stays_one(tmp_path: Path) -> None:
    graph, values = net(
        NET.partition('layer { name: "bn"')[0]
        + """layer { name: "times" type: "Scale" bottom: "data" top: "times"
                     scale_param { axis: 0 num_axes: 0 bias_term: true } }"""
    )
    for as_hdf5 in (False, True):
        path, state, _ = write_snapshot(
            str(tmp_path / "net"), as_hdf5, graph, values, [values], {}, as_hdf5=as_hdf5
        )
        assert [array.shape for array in read_state(state).history] == [(), ()]
        shapes = [s.array.shape for layer in read(path).layers for s in layer.arrays if s]
        assert shapes == [(), ()]
        assert match(graph, read(path)).notes == []


def test_what_caffe_adds_as_it_constructs_a_network_is_written(tmp_path: Path) -> None:
    graph, values = net()
    path, *_ = write_snapshot(str(tmp_path / "net"), 7, graph, values, [], {})
    message = message_class("NetParameter").FromString(path.read_bytes())
    assert {layer.phase for layer in message.layer} == {0}
    layers = {layer.name: layer for layer in message.layer}
    assert [spec.lr_mult for spec in layers["bn"].param] == [0, 0, 0]
    assert layers["loss"].loss_weight == [1]
    assert proto2net.parse(str(path), phase="train") == graph


BAD = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "inception_3a/1x1" type: "ReLU" bottom: "data" top: "a" }
layer { name: "" type: "ReLU" bottom: "a" top: "b" }
layer { name: "." type: "ReLU" bottom: "b" top: "c" }
layer { name: "." type: "ReLU" bottom: "c" top: "d" }
layer { name: "data" type: "ReLU" bottom: "d" top: "e" }
"""


def test_layers_that_hdf5_has_no_name_for_are_told_beforehand(tmp_path: Path) -> None:
    graph = proto2net.parse(BAD)
    with pytest.raises(UnsupportedError) as caught:
        snapshots.check(str(tmp_path / "net"), graph, as_hdf5=True)
    lines = [issue.where.line for issue in caught.value.issues if issue.where]
    assert lines == [3, 4, 5, 6, 7]
    assert str(caught.value.issues[0]) == (
        '<text>:3: layer "inception_3a/1x1" (ReLU): HDF5 takes what is before a slash for a group, '
        "so Caffe cannot read this layer\n  hint: take snapshot_format: BINARYPROTO"
    )
    with pytest.raises(UnsupportedError):
        write_snapshot(str(tmp_path / "net"), 1, graph, {}, [], {}, as_hdf5=True)
    assert list(tmp_path.iterdir()) == []
    assert snapshots.check(str(tmp_path / "net"), graph) == []


def test_a_layer_that_prototxt_cannot_say_is_told_beforehand(tmp_path: Path) -> None:
    text = NET.replace('"Eltwise"', '"Strange"')
    graph = proto2net.parse(text, phase="train", holes={"sum": [(2, 4)]})
    prefix = str(tmp_path / "net")
    with pytest.raises(UnsupportedError, match=r'layer "sum" .*: a prototxt cannot hold a hole'):
        snapshots.check(prefix, graph)
    found = definition.read(text, "net", State("TRAIN"), holes=["sum"])
    assert snapshots.check(prefix, graph, layers=found.layers) == []


def test_without_h5py_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(UnsupportedError, match=r"h5py.*\n.*`pip install h5py`"):
        snapshots.check(str(tmp_path / "net"), net()[0], as_hdf5=True)


def test_a_folder_that_is_not_there_is_told_beforehand(tmp_path: Path) -> None:
    with pytest.raises(
        Proto2NetError, match=r'no folder: ".*runs" does not exist\n.*snapshot_prefix'
    ):
        snapshots.check(str(tmp_path / "runs" / "net"), net()[0])


def test_files_that_are_too_large_for_caffe_are_told_beforehand(tmp_path: Path) -> None:
    text = NET.replace("dim: 3 dim: 5", "dim: 20000 dim: 1000")
    text = text.replace("num_output: 4", "num_output: 20")
    graph = proto2net.parse(text.replace('param { name: "w" }', ""), phase="train")
    told = snapshots.check(str(tmp_path / "net"), graph, blocks=2)
    assert [note.split(" will ")[0] for note in told] == ["the .caffemodel", "the .solverstate"]
    assert "snapshot_format: HDF5" in told[0]


# ---- all or nothing -------------------------------------------------------------------------


@pytest.mark.parametrize("as_hdf5", [False, True])
def test_a_snapshot_that_fails_leaves_nothing(as_hdf5: bool, tmp_path: Path) -> None:
    graph, values = net()
    prefix = str(tmp_path / "net")
    write_snapshot(prefix, 1, graph, values, [values], {}, as_hdf5=as_hdf5)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    bad = {slot: np.full(value.shape, "no numbers") for slot, value in values.items()}
    for iteration in (1, 2):
        with pytest.raises(ValueError, match="no numbers"):
            write_snapshot(
                prefix, iteration, graph, values, [bad], {}, as_hdf5=as_hdf5, overwrite=True
            )
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_snapshot_is_not_overwritten_unasked(tmp_path: Path) -> None:
    graph, values = net()
    path = tmp_path / "net_iter_1.proto2net.json"
    path.write_text("mine")
    with pytest.raises(Proto2NetError, match=r"net_iter_1\.proto2net\.json exists already"):
        write_snapshot(str(tmp_path / "net"), 1, graph, values, [values], {})
    assert list(tmp_path.iterdir()) == [path]


# ---- what Caffe has no room for -------------------------------------------------------------


def snapshot(folder: Path, **options: Any) -> tuple[Path, Path]:
    """The state of a snapshot, and the file of our own."""
    graph, values = net()
    _, state, own = write_snapshot(str(folder / "net"), 5, graph, values, [values], OWN, **options)
    return state, own


@pytest.mark.parametrize("as_hdf5", [False, True])
def test_what_caffe_has_no_room_for_stands_beside(as_hdf5: bool, tmp_path: Path) -> None:
    state, own = snapshot(tmp_path, as_hdf5=as_hdf5)
    assert own_of(read_state(state)) == OWN
    own.unlink()
    assert own_of(read_state(state)) is None


def test_what_caffe_wrote_has_nothing_beside() -> None:
    assert own_of(read_state(DATA / "train_sgd" / "snap_iter_30.solverstate")) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "this is not what proto2net has written: "),
        ("[1]", "this is not what proto2net has written: "),
        ("{}", "this is not what proto2net has written: 'iteration'"),
        ("[" * 100_000, "this is not what proto2net has written: "),
        ('{"iteration": 5, "state": [1]}', "its state is no object"),
        ('{"iteration": 6, "state": {}}', "it is of iteration 6, but the state is of 5"),
        ("\xff", "this is not what proto2net has written: "),
    ],
)
def test_what_is_wrong_with_the_file_beside_is_told(
    content: str, words: str, tmp_path: Path
) -> None:
    state, own = snapshot(tmp_path)
    own.write_text(content, encoding="latin-1")
    with pytest.raises(WeightError, match=rf"net_iter_5\.proto2net\.json: .*{words}") as caught:
        own_of(read_state(state))
    assert "without this file the data begins at the first record" in str(caught.value)
