"""Weights from strangers: nothing in them is run, nothing outside opened, no memory lost."""

from __future__ import annotations

import json
import os
import pickle
import re
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import caffemodels as write
import numpy as np
import pytest

from proto2net import WeightError, limits
from proto2net.caffe import binaryproto
from proto2net.weights.reading import read


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "net.weights"


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Fails where much more was allocated than a hostile file has."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150_000_000


# ---- .npy -----------------------------------------------------------------------------------


def npy(pickled: bytes) -> bytes:
    """A .npy file around a pickle."""
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }".ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + pickled


def dictionary(content: Any, protocol: int = 4) -> bytes:
    return npy(pickle.dumps(np.array(content, object), protocol))


def laughs(*, deep: int, first: int = 0) -> bytes:
    """A tuple of two references to a tuple of two references to …"""
    places = range(first, first + deep)
    twice = b"".join(b"h%ch%c\x86q%c0" % (i, i, i + 1) for i in places)
    return b"K\x01\x85q%c0" % first + twice + b"h%c" % (first + deep)


ZERO = np.zeros(0, np.float32)
LONG = (2**62).to_bytes(8, "little")
OTHER = "its pickle holds something else than arrays"
PICKLES = {
    "a call of os.system": (b"cos\nsystem\n(U\x04exitt\x52.", "it asks for os.system"),
    "a call by protocol 4": (
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04exit\x85R.",
        "it asks for os.system",
    ),
    "a global in a global": (
        b"\x80\x04\x8c\x05numpy\x8c\x14ndarray.__init__.__g\x93.",
        r"it asks for numpy.ndarray.__init__",
    ),
    "an instance": (b"(cos\nsystem\nU\x04exito.", "it asks for os.system"),
    "eval": (b"c__builtin__\neval\n(U\x011tR.", "it asks for __builtin__.eval"),
    "a new object": (b"cnumpy\nndarray\n)\x81.", "is damaged"),
    "a name that gets a state": (b"cnumpy\nndarray\n}U\x01aK\x01sb.", "is damaged"),
    "a registered extension": (b"\x82\x01.", OTHER),
    "a long extension": (b"\x84\xff\xff\xff\x7f.", OTHER),
    "a persistent id": (b"U\x01aQ.", OTHER),
    "a buffer out of band": (b"\x80\x05\x97\x98.", OTHER),
    "a set": (b"\x8f(K\x01\x90.", OTHER),
    "bytes of 2^62": (b"\x8e" + LONG + b"x.", "is damaged"),
    "a text of 2^62": (b"\x8d" + LONG + b"x.", "is damaged"),
    "a frame of 2^62": (b"\x95" + LONG + b"x.", "is damaged"),
    "an array of bytes of 2^62": (b"\x96" + LONG + b"x.", OTHER),
    "a number of 2 GB": (b"\x8b\xff\xff\xff\x7f1.", "is damaged"),
    "laughs for a key": (b"}" + laughs(deep=100) + b"K\x01s.", "keys are no names"),
    "laughs for keys": (b"}(" + laughs(deep=100) + b"K\x01u.", "keys are no names"),
    "laughs in a dictionary": (b"(" + laughs(deep=100) + b"K\x01d.", "keys are no names"),
    "laughs for a value": (b"}U\x01a" + laughs(deep=100) + b"s.", "is damaged"),
    "tuples in tuples": (b")" + b"\x85" * 50_000 + b".", "is damaged"),
    "lists in lists": (b"]" * 50_000 + b"a" * 49_999 + b".", "is damaged"),
}


@pytest.mark.parametrize("case", PICKLES)
def test_a_hostile_pickle_does_nothing(
    case: str, path: Path, monkeypatch: pytest.MonkeyPatch, little_memory: None
) -> None:
    content, words = PICKLES[case]
    monkeypatch.setattr(os, "system", lambda command: pytest.fail("it was run"))
    path.write_bytes(npy(content))
    with pytest.raises(WeightError, match=words):
        read(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"a": [ZERO] * 101}, 'layer "a": 101 arrays; 100 are the most'),
        ({f"a{i}": [ZERO] * 90 for i in range(20)}, "more than 1,000 arrays"),
        ({f"a{i}": [np.zeros(99)] * 99 for i in range(99)}, "its arrays have more bytes than"),
    ],
    ids=["a long list", "one array again and again", "the same bytes again and again"],
)
def test_what_a_pickle_repeats_is_not_multiplied(
    content: Any, words: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LAYERS", 1000)
    path.write_bytes(dictionary(content))
    with pytest.raises(WeightError, match=words):
        read(path)


SIZES = {
    "a size of 2^255": b"\x8a\x20" + b"\xff" * 31 + b"\x7fK\x03\x86",
    "a size that is a tuple": b"K\x02\x85K\x03\x86",
    "a size that is a text": b"U\x012K\x03\x86",
    "100 axes": b"(" + b"K\x01" * 100 + b"t",
    "laughs": laughs(deep=60, first=100),
}


@pytest.mark.parametrize("case", SIZES)
def test_a_hostile_shape_in_a_pickle_is_told(case: str, path: Path) -> None:
    good = dictionary({"a": {"weights": np.zeros((2, 3), np.float32)}}, 2)
    assert b"K\x02K\x03\x86" in good
    path.write_bytes(good.replace(b"K\x02K\x03\x86", SIZES[case]))
    with pytest.raises(WeightError, match='layer "a": something that is no array'):
        read(path)


# ---- .safetensors ---------------------------------------------------------------------------


def tensor(shape: Any = (2,), start: int = 0, end: int = 8) -> str:
    return json.dumps({"dtype": "F32", "shape": shape, "data_offsets": [start, end]})


def header(*entries: str, caffe: str = '{"a": ["a/0"], "b": ["b/0"]}') -> str:
    metadata = json.dumps({"target": "torch", "caffe": caffe})
    return f"{{{', '.join([f'{chr(34)}__metadata__{chr(34)}: {metadata}', *entries])}}}"


def safetensors(text: str | bytes, size: int, claimed: int = 0) -> bytes:
    content = text.encode() if isinstance(text, str) else text
    return (claimed or len(content)).to_bytes(8, "little") + content + bytes(size)


HEADERS = {
    "a header of 100 MB": (safetensors("{", 9, 10**8), "claims 100,000,000 bytes; 16,777,216 are"),
    "a header of 2^39": (safetensors("{", 9, 2**39), "claims 549,755,813,888 bytes"),
    "a header that is cut": (safetensors('{"a": ', 0, 90), "damaged or incomplete"),
    "arrays that overlap": (
        safetensors(header(f'"a": {tensor()}', f'"b": {tensor(start=4, end=12)}'), 12),
        "invalid offset",
    ),
    "arrays at one place": (
        safetensors(header(f'"a": {tensor()}', f'"b": {tensor()}'), 8),
        "invalid offset",
    ),
    "an array beyond the end": (safetensors(header(f'"a": {tensor((9,), 0, 36)}'), 8), "header"),
    "an array that ends before it begins": (
        safetensors(header(f'"a": {tensor(start=8, end=0)}'), 8),
        "invalid offset",
    ),
    "a name twice": (
        safetensors(header(f'"a": {tensor()}', f'"a": {tensor()}'), 8),
        'its header has "a" twice',
    ),
    "a name of Caffe twice": (
        safetensors(header(f'"a": {tensor()}', caffe='{"a": ["a/0"], "a": ["b/0"]}'), 8),
        'its header has "a" twice',
    ),
    "no UTF-8": (safetensors(b'{"\xff\xfe": 1}', 8), "invalid UTF-8"),
    "half a character": (safetensors('{"\\ud800": 1}', 8), "invalid JSON"),
    "JSON in JSON in JSON": (safetensors('{"a": ' + "[" * 100_000, 8), "invalid JSON"),
    "lists for Caffe's names": (
        safetensors(header(f'"a": {tensor()}', caffe="[" * 100_000), 8),
        "no list of names",
    ),
    "a size that is no number": (
        safetensors(header(f'"a": {tensor((float("nan"),))}'), 8),
        "invalid JSON",
    ),
    "a size with a point": (safetensors(header(f'"a": {tensor((2.0,))}'), 8), "invalid JSON"),
    "a negative size": (safetensors(header(f'"a": {tensor((-2,))}'), 8), "invalid JSON"),
    "a size of 2^62": (safetensors(header(f'"a": {tensor((2**62, 4))}'), 8), "overflow"),
    "nothing of 2^63": (
        safetensors(header(f'"a": {tensor((0, 2**63), 0, 0)}'), 0),
        '"a" would be 0 x 9223372036854775808: more than',
    ),
    "100 axes": (safetensors(header(f'"a": {tensor([1] * 100, 0, 4)}'), 4), "a blob of 100 axes"),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_hostile_header_is_told(case: str, path: Path, little_memory: None) -> None:
    content, words = HEADERS[case]
    path.write_bytes(content)
    with pytest.raises(WeightError, match=words):
        read(path)


# ---- .caffemodel and .binaryproto -----------------------------------------------------------


def test_of_blobs_given_twice_the_last_counts_as_in_protobuf(path: Path) -> None:
    twice = write.length(5, np.ones(2, "<f4").tobytes()) + write.length(5, bytes(0))
    path.write_bytes(write.current({"a": [write.shape(2) + twice]}))
    (layer,) = read(path).layers
    assert layer.arrays[0] is not None
    np.testing.assert_array_equal(layer.arrays[0].array, [1, 1])


BLOBS = {
    "an odd number of bytes": write.shape(2) + write.length(5, bytes(7)),
    "more than the file holds": write.shape(2) + write.varint(5 << 3 | 2) + write.varint(2**40),
    "a huge varint": write.shape(2) + write.varint(5 << 3 | 2) + b"\xff" * 9 + b"\x01",
    "groups in groups": write.varint(9 << 3 | 3) * 5000,
    "a shape of sizes one by one": write.length(7, write.number(1, 1) * 5000),
    "a shape of a million sizes": write.length(7, write.length(1, b"\x01" * 10**6)),
    "sizes whose product is 2^64": write.shape(2**16, 2**16, 2**16, 2**16),
    "a size below 0": write.shape(2**64 - 1),
    "a num below 0 in 32 bits": write.number(1, 2**32 - 1) + write.length(5, bytes(4)),
}


@pytest.mark.parametrize("case", BLOBS)
def test_a_hostile_blob_is_told(case: str, path: Path, little_memory: None) -> None:
    path.write_bytes(write.current({"a": [BLOBS[case]]}))
    with pytest.raises(WeightError):
        read(path)
    path.write_bytes(BLOBS[case])
    with pytest.raises(WeightError):
        binaryproto.mean(path)


def test_a_layer_of_101_arrays_is_told(path: Path) -> None:
    path.write_bytes(write.current({"a": [b""] * 101}))
    with pytest.raises(WeightError, match="more than 100 arrays in a layer"):
        read(path)


# ---- .h5 ------------------------------------------------------------------------------------


def groups(file: Any) -> None:
    group = file.create_group("data")
    for _ in range(150):
        group = group.create_group("a")


def many(file: Any) -> None:
    file.create_group("data/a").create_dataset("9" * 5000, data=np.zeros(2))


def compound(file: Any) -> None:
    file.create_dataset("data/a/0", data=np.zeros(2, [("x", "f4"), ("y", "f4")]))


def references(file: Any) -> None:
    import h5py

    file.create_dataset("data/a/0", data=[file.ref], dtype=h5py.ref_dtype)


def linked(file: Any) -> None:
    import h5py

    file["data"] = h5py.SoftLink("/elsewhere")


def linked_file(file: Any) -> None:
    import h5py

    file["data"] = h5py.ExternalLink("/etc/passwd", "/data")


def terabytes(file: Any) -> None:
    file.create_dataset("data/a/0", (2**20, 2**20), "f4", chunks=(64, 64))


def bomb(file: Any) -> None:
    file.create_dataset("data/a/0", data=np.zeros(10**6, "f4"), compression="gzip")


def shuffled(file: Any) -> None:
    file.create_dataset("data/a/0", data=np.zeros(10**6, "f4"), shuffle=True)


def nested_bomb(file: Any) -> None:
    """A few values in a chunk of 64 MB that is stored as 300 bytes, deflated twice."""
    from h5py import h5d, h5p, h5s, h5t

    space = h5s.create_simple((2, 3), (h5s.UNLIMITED, 4))
    settings = h5p.create(h5p.DATASET_CREATE)
    settings.set_chunk((2**22, 4))
    settings.set_deflate(9)
    settings.set_deflate(9)
    group = file.create_group("data/a")
    dataset = h5d.create(group.id, b"0", h5t.IEEE_F32LE, space, settings)
    twice = zlib.compress(zlib.compress(bytes(2**26), 9), 9)
    dataset.write_direct_chunk((0, 0), twice)


def large_chunk(file: Any) -> None:
    from h5py import h5d, h5p, h5s, h5t

    space = h5s.create_simple((2, 3), (h5s.UNLIMITED, 4))
    settings = h5p.create(h5p.DATASET_CREATE)
    settings.set_chunk((2**26, 4))
    h5d.create(file.create_group("data/a").id, b"0", h5t.IEEE_F32LE, space, settings)


def named_type(file: Any) -> None:
    file.create_group("data/a")["0"] = np.dtype("f4")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (groups, "more than 100 nested groups"),
        (many, "arrays are called 0, 1"),
        (compound, "numbers are needed"),
        (references, "numbers are needed"),
        (linked, "a link to somewhere else"),
        (linked_file, "a link to somewhere else"),
        (terabytes, "needs 4,398,046,511,104 bytes, but 0 are there"),
        (bomb, "an array that is compressed, or filtered otherwise"),
        (shuffled, "an array that is compressed, or filtered otherwise"),
        (nested_bomb, "an array that is compressed, or filtered otherwise"),
        (large_chunk, "an array of 2 x 3 needs 1,073,741,824 bytes, but 0 are there"),
        (named_type, '"/data/a/0" is no array'),
    ],
)
def test_a_hostile_hdf5_is_told(
    make: Callable[[Any], None], words: str, path: Path, little_memory: None
) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        make(file)
    with pytest.raises(WeightError, match=words):
        read(path)


# ---- the package itself ---------------------------------------------------------------------


def test_no_pickle_is_loaded_or_written_anywhere() -> None:
    package = Path(read.__code__.co_filename).parent
    users = {
        path.name
        for path in package.rglob("*.py")
        if re.search(r"import pickle|allow_pickle=True|torch\.load\(", path.read_text())
    }
    assert users == {"npy.py"}  # whose unpickler calls nothing
    assert "pickle.load" not in (package / "npy.py").read_text()
