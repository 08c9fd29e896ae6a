"""A .caffemodel of any encoding gives the same arrays, and a damaged one a sentence."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from mmap import mmap
from pathlib import Path

import caffemodels as write
import numpy as np
import pytest
from digests import GOLDEN
from hypothesis import example, given, settings
from hypothesis import strategies as st

from proto2net import WeightError
from proto2net.caffe.binaryproto import mean
from proto2net.caffe.caffemodel import layers
from proto2net.caffe.schema import message_class
from proto2net.model import Format, StoredLayer
from proto2net.weights.reading import read

FILES = sorted((GOLDEN / "layers").glob("*/net.caffemodel"))

ARRAYS = {
    "conv1": [
        np.arange(2 * 3 * 5 * 7, dtype=np.float32).reshape(2, 3, 5, 7) - 99.5,
        np.array([0.25, -7], np.float32),
    ],
    "relu1": [],
    "fc2": [np.linspace(-1, 1, 33, dtype=np.float32).astype(np.float16).reshape(3, 11)],
}

Encoding = Callable[[write.Ndarray], bytes]
Net = Callable[[write.Layers], bytes]


def net(form: Net, encoding: Encoding) -> bytes:
    return form({name: [encoding(a) for a in arrays] for name, arrays in ARRAYS.items()})


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[bytes], Path]:
    def save(content: bytes) -> Path:
        path = tmp_path / str(len(list(tmp_path.iterdir()))) / "net.weights"
        path.parent.mkdir()
        path.write_bytes(content)
        return path

    return save


Saved = Callable[[bytes], Path]


def arrays(layer: StoredLayer) -> list[write.Ndarray]:
    return [stored.array for stored in layer.arrays if stored]


# ---- every encoding -------------------------------------------------------------------------


@pytest.mark.parametrize("form", [write.current, write.v1, write.v0])
@pytest.mark.parametrize(
    "encoding",
    [write.packed, write.unpacked, write.in_pieces, write.double, write.legacy, write.c3d],
)
def test_every_format_and_encoding_gives_the_same_arrays(
    form: Net, encoding: Encoding, saved: Saved
) -> None:
    found = read(saved(net(form, encoding)))
    assert found.format is Format.CAFFEMODEL
    assert [layer.name for layer in found.layers] == list(ARRAYS)
    for layer in found.layers:
        for stored, right in zip(layer.arrays, ARRAYS[layer.name], strict=True):
            assert stored is not None
            assert stored.array.dtype == np.float32
            assert stored.legacy == (encoding in (write.legacy, write.c3d))
            assert stored.array.squeeze().shape == right.shape
            np.testing.assert_array_equal(stored.array.reshape(right.shape), right)


def test_half_precision_in_raw_data_is_read(saved: Saved) -> None:
    (_, _, layer) = read(saved(net(write.current, write.half))).layers
    (found,) = arrays(layer)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, ARRAYS["fc2"][0])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_what_caffe_wrote_is_read_as_protobuf_reads_it(path: Path) -> None:
    message = message_class("NetParameter").FromString(path.read_bytes())
    found = read(path).layers
    assert [(layer.name, layer.type) for layer in found] == [
        (m.name, m.type) for m in message.layer
    ]
    for layer, right in zip(found, message.layer, strict=True):
        for array, blob in zip(arrays(layer), right.blobs, strict=True):
            assert array.shape == tuple(blob.shape.dim)
            np.testing.assert_array_equal(array.reshape(-1), np.array(blob.data, np.float32))


def test_arrays_are_views_on_the_file(saved: Saved) -> None:
    for layer in read(saved(net(write.current, write.packed))).layers:
        for array in arrays(layer):
            while isinstance(array.base, np.ndarray):
                array = array.base
            assert isinstance(memoryview(array.base).obj, mmap)


def test_fields_of_forks_are_skipped(saved: Saved) -> None:
    blobs = {name: [write.packed(a) for a in given] for name, given in ARRAYS.items()}
    content = write.UNKNOWN + write.current(blobs, unknown=write.UNKNOWN)
    plain, found = read(saved(write.current(blobs))), read(saved(b"\x0a\x00" + content))
    for layer, right in zip(found.layers, plain.layers, strict=True):
        assert layer.name == right.name
        for array, same in zip(arrays(layer), arrays(right), strict=True):
            np.testing.assert_array_equal(array, same)


BLOBS = {
    "a scalar": (b"" + write.length(5, np.float32(7).tobytes()), (), [7]),
    "no elements": (write.shape(3, 0, 2), (3, 0, 2), []),
    "doubles win": (
        write.packed(np.full(1, 7)) + write.length(8, np.float64(1).tobytes()),
        (1,),
        [1],
    ),
    "no doubles": (write.packed(np.full(2, 7)) + write.length(8, b""), (2,), [7, 7]),
    "a double beyond floats": (write.double(np.array([1e300])), (1,), [np.inf]),
    "the last num counts": (
        write.number(1, 9) + write.legacy(np.full((2, 3), 7)),
        (1, 1, 2, 3),
        [7] * 6,
    ),
    "a width of 0 decides": (write.number(4, 0) + write.shape(3), (0, 0, 0, 0), []),
    "no height": (write.legacy(np.ones((1, 0)))[:4] + write.number(4, 5), (1, 1, 0, 5), []),
    "a shape beside num": (
        write.shape(6) + write.legacy(np.full((2, 3), 7)),
        (1, 1, 2, 3),
        [7] * 6,
    ),
}


@pytest.mark.parametrize("case", BLOBS)
def test_a_blob_means_what_it_means_to_caffe(case: str, saved: Saved) -> None:
    blob, shape, values = BLOBS[case]
    (layer,) = read(saved(write.current({"layer": [blob]}))).layers
    (array,) = arrays(layer)
    assert array.shape == shape
    assert array.reshape(-1).tolist() == values


def test_a_mean_image_is_read(saved: Saved) -> None:
    image = np.arange(3 * 4 * 5, dtype=np.float32).reshape(3, 4, 5)
    np.testing.assert_array_equal(mean(saved(write.legacy(image))), image)
    np.testing.assert_array_equal(mean(saved(write.packed(image))), image)
    clip = np.arange(3 * 2 * 4 * 5, dtype=np.float32).reshape(3, 2, 4, 5)
    np.testing.assert_array_equal(mean(saved(write.c3d(clip))), clip)
    with pytest.raises(WeightError, match=r"net\.weights: .* this is 2 x 3"):
        mean(saved(write.packed(np.ones((2, 3)))))


# ---- what is wrong with a file --------------------------------------------------------------

ONE = write.current({"conv1": [write.packed(np.ones((2, 3)))]})
HUGE = 2**60


def layer(*blobs: bytes) -> bytes:
    return write.current({"conv1": [], "conv2": blobs})


DAMAGED = {
    "cut": (ONE[:-5], "byte 5: field 100 claims 54 bytes, but only 49 follow"),
    "cut later": (
        layer(write.packed(np.ones((2, 3))))[:-5],
        'after layer "conv1": byte 28: field 100 claims 54 bytes, but only 49 follow',
    ),
    "2^60 elements": (
        layer(write.shape(HUGE) + write.length(5, bytes(8))),
        'layer "conv2": byte 53: a blob claims to be 1152921504606846976; Caffe\'s limit is',
    ),
    "2^60 elements by product": (
        layer(write.shape(*[2**15] * 4) + write.length(5, bytes(8))),
        'layer "conv2": .* claims to be 32768 x 32768 x 32768 x 32768; Caffe\'s limit is',
    ),
    "2^60 bytes": (
        layer(write.shape(2) + write.varint(5 << 3 | 2) + write.varint(HUGE)),
        'layer "conv2": byte .*: field 5 claims 1,152,921,504,606,846,976 bytes, but only 0 follow',
    ),
    "a negative size": (
        layer(write.shape(2, -3) + write.length(5, bytes(8))),
        'layer "conv2": .* claims to be 2 x -3; Caffe\'s limit is',
    ),
    "a negative num": (layer(write.number(1, -2)), "claims to be -2 x 0 x 0 x 0; Caffe's limit is"),
    "33 axes": (layer(write.shape(*[1] * 33)), "a blob of more than 32 axes"),
    "too few values": (
        layer(write.shape(2, 3) + write.length(5, bytes(20))),
        'layer "conv2": byte .*: a blob of 2 x 3 needs 24 bytes of values, but 20 are there',
    ),
    "no values": (layer(write.shape(2, 3)), "2 x 3 needs 24 bytes of values, but 0 are there"),
    "half a value": (layer(write.length(5, bytes(6))), "scalar needs 4 bytes .* but 6 are there"),
    "an unknown raw type": (
        layer(write.shape(2) + write.number(10, 3) + write.length(12, bytes(8))),
        "2 needs 8 bytes of values, but 0 are there",
    ),
    "cut in pieces": (
        layer(write.in_pieces(np.ones((2, 3)))[:-4]),
        'layer "conv2": byte 89: field 5 claims 4 bytes, but only 0 follow',
    ),
    "field number 0": (ONE + b"\x02\x00", "byte 62: a field has the number 0"),
    "kind 7": (ONE + b"\x0f", "byte 62: a field of kind 7 cannot be here"),
    "no group to end": (ONE + b"\x0c", "byte 62: a field of kind 4 cannot be here"),
    "a group without end": (ONE + b"\x0b\x08\x01", "byte 65: a number does not end"),
    "groups in groups": (ONE + b"\x0b" * 1000, "byte 162: a field of kind 3 cannot be here"),
    "an endless number": (ONE + b"\x08" + b"\xff" * 11, "byte 63: a number does not end"),
    "a name of 20 kB": (write.current({"a" * 20_000: []}), "byte .*: a name of 20,000 bytes"),
    "no layers": (b"\x0a\x03net", "it holds no layers"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damage_is_told_with_its_place_and_costs_no_memory(case: str, saved: Saved) -> None:
    content, words = DAMAGED[case]
    path = saved(content)
    tracemalloc.start()
    try:
        with pytest.raises(WeightError, match=words) as error:
            read(path)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    (issue,) = error.value.issues
    assert issue.where is not None
    assert issue.where.file == str(path)


OTHERS = {
    "prototxt": (b'name: "net"\nlayer { type: "ReLU" }\n', "this is text, as a prototxt is"),
    "picture": (b"\x89PNG\r\n\x1a\n", "this is an image"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\n", "pointer .*\n.*git lfs pull"),
    "mean": (write.legacy(np.ones((3, 4, 5))), "this is a .binaryproto"),
    "empty": (b"", "the file is empty"),
    "safetensors": (b"\x02" + bytes(7) + b"{}", "its header lacks"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_what_holds_no_weights_is_told(case: str, saved: Saved) -> None:
    content, words = OTHERS[case]
    with pytest.raises(WeightError, match=words):
        read(saved(content))


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(WeightError, match="nothing: No such file"):
        read(tmp_path / "nothing")
    with pytest.raises(WeightError, match="this is not a plain file"):
        read(tmp_path)


SMALL = write.current(
    {
        "a": [write.packed(np.ones((2, 3))), write.in_pieces(np.ones(5)), write.legacy(np.ones(2))],
        "b": [write.double(np.ones(3)), write.half(np.ones(3))],
    },
    unknown=write.UNKNOWN,
) + write.v1({"c": [write.c3d(np.ones((2, 3)))]})


@settings(deadline=None, max_examples=500)
@given(
    st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), max_size=4),
    st.integers(1, len(SMALL)),
)
@example([], len(SMALL))
def test_changed_bytes_give_arrays_or_a_sentence(changes: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(SMALL[:cut])
    for index, byte in changes:
        content[index % cut] = byte
    try:
        found = list(layers(bytes(content)))
    except WeightError:
        return
    assert sum(array.nbytes for each in found for array in arrays(each)) <= 2 * len(SMALL)
