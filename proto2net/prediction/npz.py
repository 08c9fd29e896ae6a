"""The file of what comes out of a network."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


def content(arrays: Mapping[str, Ndarray]) -> bytes:
    """The .npz of arrays, whatever they are called: numpy.savez takes some names for options."""
    from numpy.lib import format as npy

    with zipfile.ZipFile(stream := io.BytesIO(), "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")  # of 1980: the same arrays make the same file
            with archive.open(entry, "w", force_zip64=True) as file:
                npy.write_array(file, array, allow_pickle=False)
    return stream.getvalue()
