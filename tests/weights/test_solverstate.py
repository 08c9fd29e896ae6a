"""A solver's state is read and written as Caffe does it, binary and in HDF5."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from mmap import mmap
from pathlib import Path
from typing import Any

import caffemodels as write
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from places import TESTS
from snapshots import contents, recorded, trained

import proto2net
from proto2net import Proto2NetError, WeightError
from proto2net.caffe.schema import message_class
from proto2net.caffe.solverstate import (
    SolverState,
    history_of,
    read_state,
    weights_of,
    write_state,
)
from proto2net.weights.reading import read

h5py = pytest.importorskip("h5py")

STATES = recorded("*.solverstate*")
DATA = TESTS / "golden" / "data"
SGD = DATA / "train_sgd" / "snap_iter_30.solverstate"
ADAM = DATA / "train_adam" / "snap_iter_40.solverstate"
IN_HDF5 = DATA / "train_sgd_hdf5" / "snap_iter_30.solverstate.h5"

Ndarray = np.ndarray[Any, np.dtype[Any]]


# ---- what Caffe wrote -----------------------------------------------------------------------


@pytest.mark.parametrize("name", STATES)
def test_a_state_of_caffe_is_written_again_as_it_was(name: str, tmp_path: Path) -> None:
    path, out = STATES[name], tmp_path / Path(name).name
    state = read_state(path)
    write_state(out, state)
    if out.suffix == ".h5":
        assert contents(out) == contents(path)
    else:
        assert out.read_bytes() == path.read_bytes()
    said = f"snap_iter_{state.iteration}.caffemodel"
    assert name.rpartition("/")[2].startswith(f"snap_iter_{state.iteration}.")
    assert state.model == said + ".h5" * (out.suffix == ".h5")


def test_a_state_of_caffe_is_read_as_protobuf_reads_it() -> None:
    message = message_class("SolverState").FromString(ADAM.read_bytes())
    state = read_state(ADAM)
    assert (state.iteration, state.step) == (message.iter, message.current_step) == (40, 1)
    for array, blob in zip(state.history, message.history, strict=True):
        assert array.shape == tuple(blob.shape.dim)
        np.testing.assert_array_equal(array.reshape(-1), np.array(blob.data, np.float32))


def test_the_history_is_a_view_on_the_file() -> None:
    for array in read_state(SGD).history:
        base: Any = array
        while isinstance(base, np.ndarray):
            base = base.base
        assert isinstance(memoryview(base).obj, mmap)


def test_both_formats_of_a_training_hold_the_same() -> None:
    one, other = read_state(SGD), read_state(IN_HDF5)
    assert (one.iteration, one.step) == (other.iteration, other.step)
    for array, same in zip(one.history, other.history, strict=True):
        np.testing.assert_array_equal(array, same)


# ---- round trips ----------------------------------------------------------------------------

SHAPES = array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=3)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
STATE = st.builds(
    SolverState,
    st.integers(0, 2**31 - 1),
    TEXTS,
    st.integers(0, 2**31 - 1),
    st.lists(arrays(np.float32, SHAPES, elements=st.floats(width=32)), max_size=12),
)


@pytest.mark.parametrize("name", ["odd.solverstate", "odd.solverstate.h5"])
@settings(max_examples=60, deadline=None)
@given(state=STATE)
def test_what_is_written_is_read(
    name: str, state: SolverState, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("state") / name
    write_state(path, state)
    found = read_state(path)
    assert (found.iteration, found.model, found.step) == (state.iteration, state.model, state.step)
    assert [a.shape for a in found.history] == [a.shape for a in state.history]
    for array, right in zip(found.history, state.history, strict=True):
        assert array.tobytes() == right.tobytes()


@settings(max_examples=40, deadline=None)
@given(state=STATE)
def test_protobuf_writes_the_same_bytes(
    state: SolverState, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("state") / "net.solverstate"
    write_state(path, state)
    kind = message_class("SolverState")
    message = kind(iter=state.iteration, learned_net=state.model, current_step=state.step)
    for array in state.history:
        blob = message.history.add(data=array.reshape(-1).tolist())
        blob.shape.dim.extend(array.shape)
        if not array.ndim:
            blob.ClearField("shape")
    assert path.read_bytes() == message.SerializeToString()


@pytest.mark.parametrize("encoding", [write.legacy, write.unpacked, write.in_pieces, write.double])
def test_history_of_every_encoding_is_read(
    encoding: Callable[[Ndarray], bytes], tmp_path: Path
) -> None:
    right = [np.arange(6, dtype=np.float32).reshape(2, 3), np.float32([7, 8, 9])]
    path = tmp_path / "old.solverstate"
    path.write_bytes(head() + b"".join(write.length(3, encoding(array)) for array in right))
    state = read_state(path)
    for found, array in zip(state.history, right, strict=True):
        np.testing.assert_array_equal(found.reshape(array.shape), array)


def test_fields_of_forks_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "fork.solverstate"
    path.write_bytes(SGD.read_bytes() + write.number(9, 1) + write.length(100, b"x"))
    assert len(read_state(path).history) == 8


def test_a_name_that_is_no_utf8_is_kept(tmp_path: Path) -> None:
    path, out = tmp_path / "old.solverstate", tmp_path / "new.solverstate"
    path.write_bytes(write.number(1, 5) + write.length(2, b"caf\xe9.caffemodel"))
    write_state(out, read_state(path))
    assert b"caf\xe9.caffemodel" in out.read_bytes()


# ---- what it is a state of ------------------------------------------------------------------

NET = """
input: "data" input_shape { dim: 2 dim: 3 dim: 5 dim: 7 }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" param { lr_mult: 0 }
        convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
layer { name: "a" type: "InnerProduct" bottom: "conv" top: "a" param { name: "w" }
        inner_product_param { num_output: 6 } }
layer { name: "b" type: "InnerProduct" bottom: "conv" top: "b" param { name: "w" }
        inner_product_param { num_output: 6 } }
"""
NAMES = [
    *("conv weight", "conv bias", "bn mean", "bn variance", "bn scale_factor"),
    *("a weight", "a bias", "b bias"),
]


def test_the_order_is_that_of_caffes_learnable_parameters() -> None:
    from proto2net.model import learnable

    slots = learnable(proto2net.parse(NET, phase="train"))
    assert [f"{node.name} {blob}" for node, blob in slots] == NAMES


@pytest.mark.parametrize(("case", "path", "blocks"), [("sgd", SGD, 1), ("adam", ADAM, 2)])
def test_a_state_fits_its_network(case: str, path: Path, blocks: int) -> None:
    graph, state = trained(f"train_{case}"), read_state(path)
    found, notes = history_of(state, graph, blocks, case)
    assert notes == []
    flat = [array for block in found for array in block.values()]
    assert [a.tobytes() for a in flat] == [a.tobytes() for a in state.history]
    assert [[f"{node.name}/{blob}" for node, blob in block] for block in found] == [
        [f"{name}/{blob}" for name in ("conv1", "conv2", "ip1", "ip2") for blob in PARTS]
    ] * blocks


PARTS = ("weight", "bias")


def test_an_old_state_with_four_axes_fits() -> None:
    state, graph = read_state(SGD), trained("train_sgd")
    old = [a.reshape((1,) * (4 - a.ndim) + a.shape) for a in state.history]
    ((*arrays,),) = (b.values() for b in history_of(replace(state, history=old), graph, 1, "")[0])
    for array, right in zip(arrays, state.history, strict=True):
        np.testing.assert_array_equal(array, right)


@pytest.mark.parametrize(
    ("path", "blocks", "solver", "words"),
    [
        (SGD, 2, "Adam", r"has 8 arrays, but Adam with this network has 16: 2 for each of 8 .*\n"
         r".* keeps one for each, such as SGD"),
        (ADAM, 1, "SGD", r"has 16 arrays, but SGD .* has 8: 1 for each of 8 learned arrays\n"
         r".* two for each: AdaDelta or Adam"),
    ],
)  # fmt: skip
def test_a_state_of_another_solver_is_told(
    path: Path, blocks: int, solver: str, words: str
) -> None:
    with pytest.raises(WeightError, match=rf"{path.name}: the state {words}"):
        history_of(read_state(path), trained("train_sgd"), blocks, solver)


def test_a_state_of_another_network_is_told_with_all_that_differs() -> None:
    state = read_state(SGD)
    with pytest.raises(WeightError, match=r"8 arrays, but SGD .* has 6: .*\n.*another network"):
        history_of(state, trained("train_sgd").until(["ip1"]), 1, "SGD")
    other = [*state.history[:2], state.history[2][:5], state.history[3], *state.history[4:]]
    other[5] = np.zeros((1, 1, 1, 31), np.float32)
    with pytest.raises(WeightError) as caught:
        history_of(replace(state, history=other), trained("train_sgd"), 1, "SGD")
    first, second = map(str, caught.value.issues)
    assert first.startswith(f'{SGD}: layer "conv2" (Convolution): the state has 5 x 8 x 3 x 3 for')
    assert "its weight, which is 12 x 8 x 3 x 3\n  hint: it is the state of another" in first
    assert '"ip1" (InnerProduct): the state has 1 x 1 x 1 x 31 for its bias, which is 32' in second


def test_a_history_that_diverged_is_noted() -> None:
    state = read_state(SGD)
    other = [array.copy() for array in state.history]
    other[3][2] = np.nan
    _, notes = history_of(replace(state, history=other), trained("train_sgd"), 1, "SGD")
    assert notes == [
        f'{SGD}: its history of layer "conv2" (Convolution) has values in bias that are not '
        "finite: the training had diverged"
    ]


# ---- its weights ----------------------------------------------------------------------------


def test_the_weights_are_found_where_the_state_says_or_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kept").mkdir()
    path = "kept/net.solverstate"
    write_state(path, SolverState(3, "/home/them/run/net_iter_3.caffemodel"))
    with pytest.raises(WeightError) as caught:
        weights_of(read_state(path))
    assert str(caught.value) == (
        "kept/net.solverstate: the weights of this state are not there: "
        '"/home/them/run/net_iter_3.caffemodel"\n'
        "  hint: they are looked for there, and at kept/net_iter_3.caffemodel"
    )
    Path("kept/net_iter_3.caffemodel").write_bytes(b"")
    assert weights_of(read_state(path)) == ("kept/net_iter_3.caffemodel", [])
    for name in ("there.caffemodel", r"C:\runs\net_iter_3.caffemodel"):
        Path("there.caffemodel").write_bytes(b"")
        write_state(path, SolverState(3, name), overwrite=True)
        found, notes = weights_of(read_state(path))
        assert notes == []
        assert found == (name if "there" in name else "kept/net_iter_3.caffemodel")
    for name in ("runs/", "..", ".", "a\0b"):
        write_state(path, SolverState(3, name), overwrite=True)
        with pytest.raises(WeightError, match="the weights of this state are not there"):
            weights_of(read_state(path))
    write_state(path, SolverState(3, ""), overwrite=True)
    with pytest.raises(
        WeightError, match=r"names no file of weights\n  hint: give the .caffemodel"
    ):
        weights_of(read_state(path))


def test_other_weights_of_the_same_name_beside_a_state_are_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("other").mkdir()
    for name in ("net.caffemodel", "other/net.caffemodel"):
        Path(name).write_bytes(b"")
    for folder, notes in [
        (".", []),
        ("other", ["other/net.solverstate: took the weights net.caffemodel, as it says, and not "
                   "other/net.caffemodel"]),
    ]:  # fmt: skip
        path = f"{folder}/net.solverstate"
        write_state(path, SolverState(3, "net.caffemodel"))
        assert weights_of(read_state(path)) == ("net.caffemodel", notes)


# ---- what is wrong with a file --------------------------------------------------------------


def head(iteration: int = 30, step: int = 1) -> bytes:
    name = write.length(2, "snap_iter_30.caffemodel")
    return write.number(1, iteration) + name + write.number(4, step)


ONE = write.length(3, write.packed(np.ones((2, 3), np.float32)))
WRONG: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "the file is empty"),
    "weights": ((DATA / "train_sgd" / "snap_iter_30.caffemodel").read_bytes(),
                r"this is a \.caffemodel, which has weights, .*\n  hint: give the \.solverstate "
                "beside"),
    "weights in HDF5": ((DATA / "train_sgd_hdf5" / "snap_iter_30.caffemodel.h5").read_bytes(),
                        r"this is a \.caffemodel\.h5, which has weights, and not the state"),
    "a mean": ((DATA / "imagedata_mean_file" / "mean.binaryproto").read_bytes(),
               r"this is a \.binaryproto, one array such as a mean image, and no \.solverstate"),
    "an ONNX model": (b"\x08\x07\x12\x07pytorch\x1a\x041.13\x3a\x02\x0a\x00", "an ONNX model"),
    "an ONNX model without a version": (
        b"\x08\x07\x12\x07pytorch\x3a\x02\x0a\x00", "an ONNX model, and no"),
    "text": (b'name: "net"\n', r"this is text, and no \.solverstate\n  hint: give the"),
    "a page": (b"<!DOCTYPE html>", r"this is a web page, and no \.solverstate"),
    "something": (b"\x00\x01\x02", r"this is no \.solverstate; it begins with b'\\x00"),
    "cut in an array": ((head() + ONE)[:-9], "byte 29: field 3 claims 32 bytes, but only 23 foll"),
    "cut in a number": (b"\x08\x80", "byte 1: a number does not end"),
    "of another kind": (head() + write.length(1, b"x"), "byte 29: field 1 has the kind 2"),
    "too few values": (
        head() + ONE + write.length(3, write.shape(7) + write.length(5, bytes(8))),
        "array 1 of the history: byte .*: a blob of 7 needs 28 bytes of values, but 8 are there",
    ),
    "iter -5": (head(-5), "iter is -5; it cannot be negative"),
    "current_step -1": (head(step=-1), "current_step is -1; it cannot be negative"),
    "a long name": (write.number(1, 5) + write.length(2, "x" * 20_000), "a name of 20,000 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_a_state_is_told(case: str, tmp_path: Path) -> None:
    content, words = WRONG[case]
    path = tmp_path / "net.solverstate"
    path.write_bytes(content)
    with pytest.raises(WeightError, match=rf"net\.solverstate: .*{words}"):
        read_state(path)


@pytest.mark.parametrize("path", [SGD, ADAM])
def test_a_state_that_is_cut_anywhere_is_told_with_its_network(path: Path, tmp_path: Path) -> None:
    content, cut = path.read_bytes(), tmp_path / "cut.solverstate"
    graph, blocks = trained("train_sgd"), 1 if path == SGD else 2
    for size in [*range(1, 40), *range(40, len(content) - 2, 997), len(content) - 3]:
        cut.write_bytes(content[:size])  # the last two bytes, current_step, old states lack too
        with pytest.raises(WeightError, match=r"cut\.solverstate: "):
            history_of(read_state(cut), graph, blocks, "Adam")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_state_is_told_or_read(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    content = bytearray(SGD.read_bytes())
    for place, byte in changes:
        content[place] = byte
    path = tmp_path_factory.mktemp("state") / "net.solverstate"
    path.write_bytes(content)
    with suppress(WeightError):  # nothing else is raised
        weights_of(read_state(path))


def test_a_state_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(WeightError, match=r"net\.solverstate: No such file or directory"):
        read_state(tmp_path / "net.solverstate")
    with pytest.raises(WeightError, match=f"{tmp_path}: this is not a plain file"):
        read_state(tmp_path)


def test_a_state_in_the_place_of_weights_is_told() -> None:
    for path, words in [(SGD, "a .solverstate, the state"), (IN_HDF5, "a .solverstate.h5, the st")]:
        with pytest.raises(WeightError, match=f"{path.name}: this is {words}"):
            read(path)


Change = Callable[[Any], object]


def put(name: str, value: Any) -> Change:
    def change(file: Any) -> None:
        del file[name]
        file[name] = value

    return change


def drop(*names: str) -> Change:
    return lambda file: [file.__delitem__(name) for name in names]


CHANGES: dict[str, tuple[Change, str]] = {
    "no iter": (drop("iter"), r'it has no array "iter"\n  hint: is it a .solverstate.h5\?'),
    "no current_step": (drop("current_step"), 'it has no array "current_step"'),
    "no history": (drop("history"), 'it has no group "history"'),
    "an array missing": (drop("history/3"), "of 7 arrays of history none is called 3"),
    "a history that is no group": (put("history", [1.0]), 'it has no group "history"'),
    "two iters": (put("iter", [1, 2]), '"iter" is 2, but should be one value'),
    "half an iter": (put("iter", [1.5]), 'array "iter": .* float64; whole numbers are needed'),
    "a negative iter": (put("iter", [-5]), "iter is -5; it cannot be negative"),
    "a name of numbers": (put("learned_net", [1]), 'array "learned_net": .*; text is needed'),
    "text as history": (put("history/2", np.bytes_(b"x")), 'array "2": .*; numbers are needed'),
    "a link": (put("iter", h5py.SoftLink("/current_step")), 'array "iter": "iter" is a link to'),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_a_state_in_hdf5_lacks_is_told(case: str, tmp_path: Path) -> None:
    change, words = CHANGES[case]
    path = tmp_path / "net.solverstate.h5"
    path.write_bytes(IN_HDF5.read_bytes())
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(WeightError, match=rf"net\.solverstate\.h5: {words}"):
        read_state(path)


def test_a_state_in_hdf5_may_name_no_weights(tmp_path: Path) -> None:
    path = tmp_path / "net.solverstate.h5"
    path.write_bytes(IN_HDF5.read_bytes())
    with h5py.File(path, "r+") as file:
        drop("learned_net")(file)
    assert read_state(path).model == ""


def test_a_cut_state_in_hdf5_is_told(tmp_path: Path) -> None:
    path = tmp_path / "net.solverstate.h5"
    path.write_bytes(IN_HDF5.read_bytes()[:-100])
    with pytest.raises(WeightError, match=r"solverstate\.h5: the HDF5 file is damaged: .*truncat"):
        read_state(path)


def test_a_state_is_not_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "net.solverstate"
    write_state(path, SolverState(3, "x"))
    before = path.read_bytes()
    with pytest.raises(Proto2NetError, match="exists already"):
        write_state(path, SolverState(4, "x"))
    assert path.read_bytes() == before
