"""Caffe network definitions as PyTorch and TensorFlow networks, exact and readable."""

import os
import sys

# `python -m` looks for modules in the current folder first; whose files those are nobody knows.
if sys.argv[:1] == ["-m"] and "proto2net" in sys.orig_argv and sys.path[:1] == [os.getcwd()]:
    del sys.path[0]

from typing import TYPE_CHECKING, Any

from proto2net.api import blobs, convert, load, mean, parse, save
from proto2net.errors import (
    Issue,
    Location,
    ParseError,
    Proto2NetError,
    ShapeError,
    UnsupportedError,
    WeightError,
)
from proto2net.graph import Graph
from proto2net.version import VERSION

if TYPE_CHECKING:
    from proto2net.builder import CaffeNetwork, Network

__version__ = VERSION

__all__ = [
    "CaffeNetwork",
    "Graph",
    "Issue",
    "Location",
    "Network",
    "ParseError",
    "Proto2NetError",
    "ShapeError",
    "UnsupportedError",
    "WeightError",
    "blobs",
    "convert",
    "load",
    "mean",
    "parse",
    "save",
]


def __getattr__(name: str) -> Any:
    """The classes of hand-written networks, which a conversion need not import."""
    if name not in ("CaffeNetwork", "Network"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from proto2net import builder

    return getattr(builder, name)
