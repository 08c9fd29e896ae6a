"""The snapshots that Caffe wrote, and HDF5 files as what can be compared of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from places import TESTS
from reference import REFERENCE

import proto2net
from proto2net.graph import Graph

FOLDERS = (REFERENCE / "golden" / "data", TESTS / "golden" / "data")
IMAGES = (32, 1, 8, 8)
"""What the data layer of the recorded trainings gives."""


def recorded(pattern: str) -> dict[str, Path]:
    """Files of the recorded trainings; those of the repository go before."""
    return {
        f"{path.parent.name}/{path.name}": path
        for folder in FOLDERS
        for path in sorted(folder.glob(f"train_*/{pattern}"))
    }


def trained(case: str) -> Graph:
    """The network of a recorded training, in the phase of training."""
    path = TESTS / "golden" / "data" / case / "train_test.prototxt"
    return proto2net.parse(path, phase="train", inputs={"data": IMAGES})


def contents(path: Path) -> dict[str, Any]:
    """The type, the shape and the bytes of each array in an HDF5 file; None for a group."""
    import h5py

    found: dict[str, Any] = {}

    def add(name: str, member: Any) -> None:
        if isinstance(member, h5py.Group):
            found[name] = None
        else:
            held = member.id.get_type().encode(), member.id.get_space().encode()
            found[name] = *held, np.asarray(member[()]).tobytes()

    with h5py.File(path) as file:
        file.visititems(add)
    return found
