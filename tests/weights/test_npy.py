"""ethereon's .npy dictionaries are read without running what a pickle asks for."""

from __future__ import annotations

import io
import os
import pickle
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import proto2net
from proto2net import WeightError
from proto2net.model import Format
from proto2net.weights.matching import match
from proto2net.weights.npy import layers
from proto2net.weights.reading import read

NET = """
input: "data" input_shape { dim: 2 dim: 4 dim: 8 dim: 9 }
layer {
  name: "in/conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 6 kernel_h: 5 kernel_w: 2 group: 2 }
}
layer { name: "bn1" type: "BatchNorm" bottom: "conv1" top: "conv1" }
layer {
  name: "scale1" type: "Scale" bottom: "conv1" top: "conv1" scale_param { bias_term: true }
}
layer {
  name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2"
  convolution_param { num_output: 7 kernel_size: 1 bias_term: false }
}
layer { name: "prelu2" type: "PReLU" bottom: "conv2" top: "conv2" }
layer {
  name: "fc3" type: "InnerProduct" bottom: "conv2" top: "fc3"
  inner_product_param { num_output: 10 }
}
layer {
  name: "fc4" type: "InnerProduct" bottom: "fc3" top: "fc4"
  inner_product_param { num_output: 3 }
}
"""
GRAPH = proto2net.parse(NET)
CAFFE = {
    (node.name, blob): np.random.default_rng(index).random(learned.shape, np.float32)
    for index, node in enumerate(GRAPH.nodes)
    for blob, learned in node.blobs.items()
} | {("bn1", "scale_factor"): np.ones(1, np.float32)}
"""The weights as a .caffemodel would hold them."""


def dictionary() -> dict[str, Any]:
    """The same weights as ethereon's tool wrote them, from the tensors' meaning."""
    image = CAFFE["fc3", "weight"].reshape(10, 7, 4, 8)
    return {
        "in_conv1": {
            "weights": np.einsum("oihw->hwio", CAFFE["in/conv1", "weight"]),
            "biases": CAFFE["in/conv1", "bias"],
        },
        "bn1": {
            "mean": CAFFE["bn1", "mean"],
            "variance": CAFFE["bn1", "variance"],
            "scale": CAFFE["scale1", "weight"],
            "offset": CAFFE["scale1", "bias"],
        },
        "conv2": {"weights": np.einsum("oihw->hwio", CAFFE["conv2", "weight"])},
        "prelu2": [CAFFE["prelu2", "weight"]],
        "fc3": {
            "biases": CAFFE["fc3", "bias"],
            "weights": np.einsum("ochw->hwco", image).reshape(-1, 10),
        },
        "fc4": [CAFFE["fc4", "weight"].T, CAFFE["fc4", "bias"]],
    }


HEADER = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }"


def npy(pickled: bytes, header: bytes = HEADER) -> bytes:
    """A .npy file with this pickle in it."""
    header += b" " * (117 - len(header)) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + pickled


def string(text: bytes) -> bytes:
    """A string of Python 2 in a pickle."""
    return b"T" + len(text).to_bytes(4, "little") + text


def array(shape: tuple[int, ...], code: bytes, order: bytes, content: bytes) -> bytes:
    """An array as Python 2 and numpy 1 pickled it."""
    sizes = b"(" + b"".join(b"J" + size.to_bytes(4, "little", signed=True) for size in shape) + b"t"
    made = (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85"
        + string(b"b")
        + b"\x87R"
    )
    dtype = b"cnumpy\ndtype\n" + string(code) + b"K\x00K\x01\x87R(K\x03" + string(order) + b"NNNJ"
    dtype += b"\xff" * 4 + b"J" + b"\xff" * 4 + b"K\x00tb"
    return made + b"(K\x01" + sizes + dtype + b"\x89" + content + b"tb"


def of_python2(value: Any) -> bytes:
    """A dictionary of lists of arrays, as Python 2 pickled it."""
    return b"\x80\x02" + array((), b"O8", b"|", b"]" + _of_python2(value) + b"a") + b"."


def _of_python2(value: Any) -> bytes:
    if isinstance(value, dict):
        items = (string(key.encode()) + _of_python2(item) for key, item in value.items())
        return b"}(" + b"".join(items) + b"u"
    if isinstance(value, list):
        return b"](" + b"".join(map(_of_python2, value)) + b"e"
    floats = np.ascontiguousarray(value, "<f4")
    return array(floats.shape, b"f4", b"<", string(floats.tobytes()))


def saved_by_numpy(value: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, value)
    return stream.getvalue()


Saved = Callable[[bytes], Path]


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    def save(content: bytes) -> Path:
        path = tmp_path / "net.weights"
        path.write_bytes(content)
        return path

    return save


WRITERS: dict[str, Callable[[Any], bytes]] = {
    "numpy": saved_by_numpy,
    "protocol 2": lambda value: npy(pickle.dumps(np.array(value, object), 2)),
    "Python 2": lambda value: npy(of_python2(value)),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_arrays_come_back_to_where_they_were_in_caffe(writer: str, saved: Saved) -> None:
    weights = read(saved(WRITERS[writer](dictionary())))
    assert weights.format is Format.NPY
    matched = match(GRAPH, weights)
    assert {(node.name, blob) for node, blob in matched.model.values} == set(CAFFE)
    for (node, blob), value in matched.model.values.items():
        np.testing.assert_array_equal(value, CAFFE[node.name, blob], f"{node}: {blob}")


def test_axes_of_size_1_may_be_missing(saved: Saved) -> None:
    squeezed = {
        k: [a.squeeze() for a in (v.values() if isinstance(v, dict) else v)]
        for k, v in dictionary().items()
        if k == "conv2"
    }
    matched = match(GRAPH, read(saved(saved_by_numpy(squeezed))), allow_missing=True)
    ((_, value),) = matched.model.values.items()
    np.testing.assert_array_equal(value, CAFFE["conv2", "weight"])


def test_doubles_and_columns_first_are_read(saved: Saved) -> None:
    odd = {
        "fc4": [np.asfortranarray(CAFFE["fc4", "weight"].T.astype(np.float64)), np.ones(3, ">f4")]
    }
    matched = match(GRAPH, read(saved(saved_by_numpy(odd))), allow_missing=True)
    weight, bias = matched.model.values.values()
    assert weight.dtype == bias.dtype == np.float32
    np.testing.assert_array_equal(weight, CAFFE["fc4", "weight"])
    np.testing.assert_array_equal(bias, 1)


def test_a_shape_that_does_not_fit_is_told_as_it_stands_in_the_file(saved: Saved) -> None:
    wrong = dictionary() | {"fc4": [np.ones((9, 3)), np.ones(3)]}
    with pytest.raises(
        WeightError, match=r'"fc4" .*: needs 3 x 10, 3; found 9 x 3, 3 in .*weights'
    ):
        match(GRAPH, read(saved(saved_by_numpy(wrong))))


# ---- what a pickle cannot do ----------------------------------------------------------------


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder / "made"),)


@pytest.mark.parametrize("protocol", range(5))
def test_nothing_that_a_pickle_asks_for_is_run(protocol: int, tmp_path: Path) -> None:
    pickled = pickle.dumps(np.array({"conv1": [Evil(tmp_path)]}, object), protocol)
    (tmp_path / "net.npy").write_bytes(npy(pickled))
    with pytest.raises(WeightError, match=r"net\.npy: it asks for (posix|nt)\.mkdir\n"):
        read(tmp_path / "net.npy")
    assert not (tmp_path / "made").exists()


LONG = (2**40).to_bytes(8, "little")
CASES = {
    "a function of numpy": (b"cnumpy\nload\n.", "it asks for numpy.load"),
    "a function of Python 2": (b"c__builtin__\neval\n.", "it asks for __builtin__.eval"),
    "an instance": (b"(i__main__\nEvil\n.", "it asks for __main__.Evil"),
    "an extension": (b"\x80\x02\x82\x01.", "something else than arrays"),
    "an identity": (b"Pa\n.", "something else than arrays"),
    "a buffer of 1 TB": (b"\x96" + LONG + b".", "something else than arrays"),
    "bytes of 1 TB": (b"\x8e" + LONG + b".", "the pickle in it is damaged"),
    "a text of 1 TB": (b"\x8d" + LONG + b".", "the pickle in it is damaged"),
    "a frame of 1 TB": (b"\x95" + LONG + b".", "the pickle in it is damaged"),
    "a note of the 2^31st": (b"Nr\xff\xff\xff\x7f.", "the pickle in it is damaged"),
    "nothing": (b"", "the pickle in it is damaged"),
    "a list": (array((), b"O8", b"|", b"]](K\x01ea") + b".", "is a list, and no dictionary"),
    "a number for a name": (
        array((), b"O8", b"|", b"]}(K\x01K\x02ua") + b".",
        "a dictionary whose keys are no names",
    ),
    "a number": (
        array((), b"O8", b"|", b"]}(U\x01aK\x02ua") + b".",
        'layer "a": something that is no array',
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_no_dictionary_of_arrays_is_told(case: str, saved: Saved) -> None:
    content, words = CASES[case]
    path = saved(npy(content))
    tracemalloc.start()
    try:
        with pytest.raises(WeightError, match=words):
            read(path)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def entry(content: bytes) -> bytes:
    """A file with one layer "fc", which is this."""
    return npy(
        b"\x80\x02" + array((), b"O8", b"|", b"]}(" + string(b"fc") + content + b"ua") + b"."
    )


ENTRIES = {
    "an array of 2^30 x 2^30": (array((2**30, 2**30), b"f4", b"<", string(bytes(4))), "no array"),
    "too few values": (array((2, 3), b"f4", b"<", string(bytes(20))), "no array: cannot reshape"),
    "objects": (array((1,), b"O8", b"|", b"]Na"), r"an array of the type \|O8"),
    "text": (array((1,), b"U1", b"<", string(bytes(4))), "an array of the type <U1"),
    "the same bytes again and again": (
        b"]("
        + array((250,), b"f4", b"<", string(bytes(1000)) + b"q\x01")
        + array((250,), b"f4", b"<", b"h\x01") * 9
        + b"e",
        "its arrays have more bytes than the file",
    ),
    "an unknown name": (
        b"}(" + string(b"gamma") + b"](eu",
        'an array called "gamma"\n.*weights, biases',
    ),
}


@pytest.mark.parametrize("case", ENTRIES)
def test_arrays_that_are_none_are_told_with_their_layer(case: str, saved: Saved) -> None:
    content, words = ENTRIES[case]
    with pytest.raises(WeightError, match=f'layer "fc": .*{words}'):
        read(saved(entry(content)))


def test_a_single_array_is_no_dictionary(saved: Saved) -> None:
    with pytest.raises(WeightError, match="it holds one array, and no dictionary of layers"):
        read(saved(saved_by_numpy(np.ones((2, 3)))))


SMALL = npy(of_python2({"fc": [np.ones((2, 3)), np.ones(2)]}))


@settings(deadline=None, max_examples=500)
@given(
    st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), max_size=4),
    st.integers(6, len(SMALL)),
)
@example([], len(SMALL))
def test_changed_bytes_give_arrays_or_a_sentence(changes: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(SMALL[:cut])
    for index, byte in changes:
        content[index % cut] = byte
    with suppress(WeightError):
        list(layers(bytes(content)))
