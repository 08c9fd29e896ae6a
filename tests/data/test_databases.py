"""Databases are read as their own libraries read them, and broken ones are told in sentences."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_cases import case, datum, leveldb
from hypothesis import given, settings
from hypothesis import strategies as st
from places import TESTS

import proto2net
from proto2net import DataError
from proto2net.caffe import snappy
from proto2net.caffe.leveldb import LevelDb
from proto2net.caffe.lmdb import Lmdb
from proto2net.caffe.schema import message_class
from proto2net.caffe.wire import encoded_varint
from proto2net.data.datum import parsed

SMALL = TESTS / "golden" / "leveldb"
NET = """
layer {{ name: "data" type: "Data" top: "data" top: "label"
        data_param {{ source: "db" batch_size: 2 backend: {backend} }} }}
"""


def read(folder: Path, backend: str = "LMDB") -> Any:
    return next(proto2net.batches(NET.format(backend=backend), root=folder))


# ---- LMDB ------------------------------------------------------------------------------------


def test_an_lmdb_of_many_pages_is_read_as_its_library_reads_it(tmp_path: Path) -> None:
    lmdb = pytest.importorskip("lmdb", reason="it writes LMDB")
    draw = random.Random(1)  # noqa: S311  # a test
    with lmdb.open(str(tmp_path), map_size=2**27, sync=False) as database:
        for _ in range(2):
            with database.begin(write=True) as writing:
                for _ in range(1200):
                    key = b"%06d_%s" % (draw.randrange(2000), b"x" * draw.randrange(90))
                    writing.put(key, draw.randbytes(draw.choice([0, 7, 900, 2100, 9000])))
                cursor = writing.cursor()
                cursor.first()
                for _ in range(120):
                    _ = cursor.delete() if draw.random() < 0.5 else cursor.next()
        with database.begin() as reading:
            right = list(reading.cursor())
    found = Lmdb(tmp_path)
    assert [(key, bytes(value)) for key, value in found.records()] == right
    for index in (0, 1, 700, len(right) - 1):
        key = right[index][0]
        assert [other for other, _ in found.records(key)] == [other for other, _ in right[index:]]
        assert next(iter(found.records(key[:-1] + b"\x00" * 3)), (b"",))[0] >= key[:-1]


def test_a_truncated_lmdb_is_told_and_does_not_end_the_process(tmp_path: Path) -> None:
    whole = (case("data_lmdb_uint8").folder / "db" / "data.mdb").read_bytes()
    (tmp_path / "db").mkdir()
    for size in (1, 100, 4096, 5000, 9000, len(whole) - 4096):
        (tmp_path / "db" / "data.mdb").write_bytes(whole[:size])
        with pytest.raises(DataError, match=r'data\.mdb: layer "data" \(Data\): '):
            read(tmp_path)


def test_an_lmdb_with_wrong_bytes_is_told(tmp_path: Path) -> None:
    whole = (case("data_lmdb_uint8").folder / "db" / "data.mdb").read_bytes()
    (tmp_path / "db").mkdir()
    draw = random.Random(2)  # noqa: S311  # a test
    for _ in range(120):
        broken = bytearray(whole)
        for _ in range(8):
            at = draw.choice([draw.randrange(200), 4096 + draw.randrange(200)])
            broken[at if draw.random() < 0.8 else 8192 + at % 4096] = draw.randrange(256)
        (tmp_path / "db" / "data.mdb").write_bytes(broken)
        reads_or_tells(tmp_path, "LMDB")


def reads_or_tells(folder: Path, backend: str) -> None:
    with contextlib.suppress(proto2net.Proto2NetError):
        read(folder, backend)


# ---- LevelDB ---------------------------------------------------------------------------------


def test_a_leveldb_of_tables_a_log_and_deletions_is_read_as_its_library_reads_it() -> None:
    right = {
        key.encode(): bytes.fromhex(value)
        for key, value in json.loads((SMALL / "records.json").read_text()).items()
    }
    found = LevelDb(SMALL / "db")
    assert dict(found.records()) == right
    assert [key for key, _ in found.records()] == sorted(right)
    for key in right:
        assert [other for other, _ in found.records(key)] == sorted(k for k in right if k >= key)


def test_a_log_of_several_blocks_is_read(tmp_path: Path) -> None:
    right = [(b"%04d" % i, bytes([i]) * 20_000) for i in range(9)]
    assert list(LevelDb(leveldb(tmp_path / "db", reversed(right))).records()) == right


def test_a_record_whose_end_was_not_written_is_left_out_as_leveldb_does(tmp_path: Path) -> None:
    folder = leveldb(tmp_path / "db", [(b"a", b"1" * 50)])
    log = folder / "000003.log"
    log.write_bytes(log.read_bytes() + struct.pack("<IHB", 0, 500, 1) + b"x" * 400)
    assert list(LevelDb(folder).records()) == [(b"a", b"1" * 50)]


def test_a_leveldb_with_wrong_bytes_is_told(tmp_path: Path) -> None:
    draw = random.Random(3)  # noqa: S311  # a test
    source = SMALL / "db"
    for _ in range(120):
        shutil.rmtree(tmp_path / "db", ignore_errors=True)
        shutil.copytree(source, tmp_path / "db")
        file = draw.choice(sorted((tmp_path / "db").iterdir()))
        broken = bytearray(file.read_bytes())
        if draw.random() < 0.3:
            broken = broken[: draw.randrange(len(broken))]
        for _ in range(draw.randrange(1, 6)):
            if broken:
                broken[draw.randrange(len(broken))] = draw.randrange(256)
        file.write_bytes(broken)
        with contextlib.suppress(proto2net.Proto2NetError):
            list(LevelDb(tmp_path / "db").records())


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda db: (db / "CURRENT").unlink(), "is no database: it has neither data.mdb nor"),
        (lambda db: (db / "CURRENT").write_text("../etc/passwd\n"), 'names the file "../etc/pass'),
        (lambda db: (db / "MANIFEST-000007").unlink(), "MANIFEST-000007: .*No such file"),
        (lambda db: (db / "000005.ldb").unlink(), "000005.sst: .*No such file"),
        (lambda db: (db / "000005.ldb").write_bytes(b"short"), "does not end as one does"),
    ],
)
def test_a_broken_leveldb_is_told(
    damage: Callable[[Path], object], told: str, tmp_path: Path
) -> None:
    shutil.copytree(SMALL / "db", tmp_path / "db")
    damage(tmp_path / "db")
    with pytest.raises(DataError, match=told) as error:
        read(tmp_path, "LEVELDB")
    assert 'layer "data" (Data)' in str(error.value)


def test_a_database_of_the_other_kind_is_told(tmp_path: Path) -> None:
    shutil.copytree(SMALL / "db", tmp_path / "db")
    with pytest.raises(DataError, match="is of the kind LEVELDB, and backend is LMDB"):
        read(tmp_path)


# ---- Snappy ----------------------------------------------------------------------------------


def test_what_snappy_has_compressed() -> None:
    literal = b"\x0cabcd"
    assert snappy.decompressed(b"\x04" + literal) == b"abcd"
    assert snappy.decompressed(b"\x0c" + literal + b"\x11\x04") == b"abcdabcdabcd"[:12]
    assert snappy.decompressed(b"\x0b" + literal + b"\x1a\x03\x00") == b"abcdbcdbcdb"
    assert snappy.decompressed(b"\x09" + literal + b"\x13\x02\x00\x00\x00") == b"abcdcdcdc"
    long = bytes(range(256)) * 2
    assert snappy.decompressed(b"\x80\x04\xf4\xff\x01" + long) == long


@pytest.mark.parametrize(
    ("block", "told"),
    [
        (encoded_varint(10**12) + b"\x0cabcd", "claim to hold 1,000,000,000,000"),
        (b"\x64\x0cabcd", "claims 100 bytes"),
        (b"\x02\x0cabcd", "claims 2 bytes"),
        (b"\x08\x0cabcd\x01\x09", "ends too early"),
        (b"\x08\x0cabcd\x01\x00", "ends too early"),
        (b"\x08\x0cabcd\x02\x01", "ends too early"),
        (b"\x08\xf0", "ends too early"),
        (b"\x08\x1cabcd", "ends too early"),
    ],
)
def test_a_compressed_block_that_claims_too_much_is_told(block: bytes, told: str) -> None:
    with pytest.raises(DataError, match=told):
        snappy.decompressed(block)


@given(st.binary(max_size=60))
def test_any_bytes_are_told_or_decompressed(block: bytes) -> None:
    with contextlib.suppress(proto2net.Proto2NetError):
        assert len(snappy.decompressed(block)) <= 32 * len(block)


# ---- Datum -----------------------------------------------------------------------------------


@given(
    st.lists(st.floats(width=32, allow_nan=False), max_size=30),
    st.binary(max_size=300),
    st.integers(-(2**31), 2**31 - 1),
    st.booleans(),
)
@settings(deadline=None)
def test_a_datum_is_read_as_protobuf_reads_it(
    floats: list[float], data: bytes, label: int, encoded: bool
) -> None:
    sizes = {"channels": 3, "height": 200, "width": 70_000, "label": label}
    record = message_class("Datum")(**sizes, data=data, float_data=floats, encoded=encoded)
    found = parsed(record.SerializeToString() + b"\xfa\x01\x02zz")
    assert found.shape == (3, 200, 70_000)
    assert (found.data, found.label, found.encoded) == (data, label, encoded)
    assert (found.floats is None) == (not floats)
    np.testing.assert_array_equal(found.floats if floats else [], np.float32(floats))


@given(st.binary(max_size=40))
@settings(deadline=None)
def test_any_bytes_are_a_datum_or_told(record: bytes) -> None:
    with contextlib.suppress(DataError):
        parsed(record).image()


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (datum(np.zeros((1, 2, 3), np.uint8), height=10**6, width=10**6), "claims to be 1 x 1000"),
        (b"\x22\x80\x80\x80\x80\x10abc", "claims 4,294,967,296 bytes, and 3 follow"),
        (b"\x08", "is no Datum"),
        (b"", "claims to be 0 x 0 x 0"),
        (datum(np.zeros((1, 2, 3), np.uint8), encoded=True), "cannot read the image"),
        (datum(np.zeros((1, 2, 3), np.uint8), encoded=True, data=b""), "the image is empty"),
    ],
)
def test_a_record_that_is_no_image_is_told(record: bytes, told: str, tmp_path: Path) -> None:
    leveldb(tmp_path / "db", [(b"k1", record)])
    with pytest.raises(DataError, match=f'<text>:2: layer "data".*the record "k1".*{told}'):
        read(tmp_path, "LEVELDB")


def test_images_of_several_sizes_in_a_batch_are_told(tmp_path: Path) -> None:
    images = [np.zeros((3, 4, 5), np.uint8), np.zeros((3, 4, 6), np.uint8)]
    leveldb(tmp_path / "db", [(b"%d" % i, datum(image)) for i, image in enumerate(images)])
    with pytest.raises(
        DataError, match=r"an image is 3 x 4 x 6, and the first of its batch 3 x 4 x 5"
    ):
        read(tmp_path, "LEVELDB")
