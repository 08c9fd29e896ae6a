"""A graph with what it has learned, and the arrays that files of weights hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Any

from proto2net.frozen import dataclass
from proto2net.graph import Graph, Node

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

Arrays = Mapping[str, Sequence[Any]]
"""Arrays in Caffe's layout and order by layer name."""

Slot = tuple[Node[Any], str]
"""A learned blob of a graph: its layer, and its name there."""


@dataclass(frozen=True, eq=False)
class Model:
    """A graph, and the array of each learned blob; those without one start from their fillers."""

    graph: Graph
    values: Mapping[Slot, Ndarray] = field(default_factory=dict)


def learnable(graph: Graph) -> list[Slot]:
    """The learned blobs in the order in which Caffe's solvers have them: each where it is owned."""
    slots = ((node, blob) for node in graph.nodes for blob in node.blobs)
    return [slot for slot in slots if graph.owner(*slot) == slot]


# ---- files ----------------------------------------------------------------------------------


class Format(Enum):
    """Where weights come from. It decides their layout, and how they are matched."""

    ARRAYS = "arrays"
    CAFFEMODEL = ".caffemodel"
    HDF5 = ".caffemodel.h5"
    NPY = ".npy"
    SAFETENSORS = ".safetensors"


@dataclass(frozen=True, eq=False)
class Stored:
    """One array of a file.

    `legacy`: its shape was written as num, channels, height and width, which padded a shorter one
    with ones in front.
    """

    array: Ndarray
    legacy: bool = False


@dataclass(frozen=True, eq=False)
class StoredLayer:
    """A layer of a file with its arrays, None where the file skips one."""

    name: str
    arrays: tuple[Stored | None, ...] = ()
    type: str = ""
    """Its type, if the file states it by name."""
    sources: tuple[str, ...] = ()
    """In a file of ours: what its one array is made from, such as "conv1/0"."""


@dataclass(frozen=True, eq=False)
class Weights:
    """The layers of a file, in its order."""

    layers: tuple[StoredLayer, ...]
    source: str = "the weights"
    """What messages call them: the file's path."""
    format: Format = Format.ARRAYS
    target: str = ""
    """In a file of ours: the target that it is for, whose layout the arrays have."""


HEAD = 4096
"""How many bytes of a file tell its format."""

_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_NPY_SIGNATURE = b"\x93NUMPY"
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x19\x1b-\x1f]")
"""Characters that no text has."""

_FIRST_TAGS = b"\x0a\x12\x1a\x20\x28\x32\x38\x42\xa2"  # what a NetParameter can begin with


def format_of(head: bytes) -> Format | None:
    """The format of a file of weights that begins so; None: it is text, or unknown."""
    if head.startswith(_NPY_SIGNATURE):
        return Format.NPY
    if any(head.startswith(_HDF5_SIGNATURE, offset) for offset in (0, 512, 1024, 2048)):
        return Format.HDF5
    if head[8:9] == b"{" and head[5:8] == bytes(3):  # the length of a header in JSON comes first
        return Format.SAFETENSORS
    if head[:1] and head[:1] in _FIRST_TAGS and CONTROL.search(head):
        return Format.CAFFEMODEL
    return None


def as_float32(array: Ndarray) -> Ndarray:
    """The array in Caffe's type. A double that no float can hold becomes infinite, as in Caffe."""
    import numpy as np

    with np.errstate(over="ignore"):
        return array.astype(np.float32, copy=False)
