"""Recorded batches of Caffe's data layers, and small sources of data."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from places import TESTS
from reference import REFERENCE

import proto2net
from proto2net.caffe.schema import message_class

Arrays = dict[str, np.ndarray]


class Case(NamedTuple):
    """What Caffe's layer gave, forward pass after forward pass."""

    folder: Path
    phase: str
    expected: list[Arrays]

    def batches(self, **options: Any) -> Any:
        """The reader of its definition."""
        fed = self.folder / "memory_input.npz"
        feeds = dict(np.load(fed)) if fed.is_file() else None
        net = self.folder / "net.prototxt"
        return proto2net.batches(net, phase=self.phase, feeds=feeds, **options)


FOLDERS = {
    path.parent.name: path.parent
    for folder in (REFERENCE / "golden" / "data", TESTS / "golden" / "data")
    for path in sorted(folder.glob("*/net.prototxt"))
}


def case(name: str) -> Case:
    """The case of a name."""
    folder = FOLDERS[name]
    arrays = np.load(folder / "expected.npz")
    told = json.loads(str(arrays["meta"]))
    expected = [
        {top: arrays[f"fwd{index}/{top}"] for top in told["tops"]}
        for index in range(told["forwards"])
    ]
    return Case(folder, told["phase"].lower(), expected)


def same(found: Mapping[str, np.ndarray], right: Mapping[str, np.ndarray]) -> None:
    """Hold one batch against another, to the bit."""
    assert list(found) == list(right)
    for top, array in right.items():
        assert found[top].dtype == np.float32
        assert found[top].shape == array.shape
        np.testing.assert_array_equal(found[top], array, err_msg=top)


def datum(image: np.ndarray, label: int = 0, **fields: Any) -> bytes:
    """A record of an image (channels, height, width)."""
    channels, height, width = image.shape
    sizes = {"channels": channels, "height": height, "width": width, "label": label}
    content: bytes = message_class("Datum")(
        **{**sizes, "data": image.tobytes(), **fields}
    ).SerializeToString()
    return content


def leveldb(folder: Path, records: Iterable[tuple[bytes, bytes]]) -> Path:
    """A LevelDB whose records are all in its log, as one has them that Caffe has just written."""
    folder.mkdir()
    comparator = b"leveldb.BytewiseComparator"
    (folder / "CURRENT").write_bytes(b"MANIFEST-000002\n")
    edit = b"\x01" + _sized(comparator) + b"\x02\x03\x03\x04\x04\x00"
    (folder / "MANIFEST-000002").write_bytes(_logged(edit))
    changes = [b"\x01" + _sized(key) + _sized(value) for key, value in records]
    batch = struct.pack("<QI", 1, len(changes)) + b"".join(changes)
    (folder / "000003.log").write_bytes(_logged(batch))
    return folder


def _sized(value: bytes) -> bytes:
    from proto2net.caffe.wire import encoded_varint

    return encoded_varint(len(value)) + value


def _logged(record: bytes) -> bytes:
    """A record in LevelDB's log format, from the beginning of a file."""
    size = 2**15 - 7
    parts = [record[at : at + size] for at in range(0, len(record), size)]
    kinds = [1] if len(parts) == 1 else [2, *[3] * (len(parts) - 2), 4]
    rows = zip(parts, kinds, strict=True)
    return b"".join(struct.pack("<IHB", 0, len(part), kind) + part for part, kind in rows)
