"""Caffe network definitions as PyTorch and TensorFlow networks, exact and readable."""

import os
import sys

# `python -m` looks for modules in the current folder first; whose files those are nobody knows.
if sys.argv[:1] == ["-m"] and "proto2net" in sys.orig_argv and sys.path[:1] == [os.getcwd()]:
    del sys.path[0]

from typing import TYPE_CHECKING, Any

from proto2net.api import blobs, convert, load, mean, outputs, parse, preprocess, save
from proto2net.errors import (
    DataError,
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
    from proto2net.auditing import audit
    from proto2net.builder import CaffeNetwork, Network
    from proto2net.data import batches
    from proto2net.differ import diff
    from proto2net.inspection import inspect
    from proto2net.picture import view
    from proto2net.prediction import predict
    from proto2net.recognition import match, recover
    from proto2net.reporting import report
    from proto2net.training import Trainer

__version__ = VERSION

__all__ = [
    "CaffeNetwork",
    "DataError",
    "Graph",
    "Issue",
    "Location",
    "Network",
    "ParseError",
    "Proto2NetError",
    "ShapeError",
    "Trainer",
    "UnsupportedError",
    "WeightError",
    "audit",
    "batches",
    "blobs",
    "convert",
    "diff",
    "inspect",
    "load",
    "match",
    "mean",
    "outputs",
    "parse",
    "predict",
    "preprocess",
    "recover",
    "report",
    "save",
    "view",
]


_LAZY = {
    "CaffeNetwork": "builder",
    "Network": "builder",
    "audit": "auditing",
    "batches": "data",
    "diff": "differ",
    "inspect": "inspection",
    "match": "recognition",
    "recover": "recognition",
    "report": "reporting",
    "Trainer": "training",
    "predict": "prediction",
    "view": "picture",
}
"""What a conversion need not import: where each name stands."""


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"proto2net.{_LAZY[name]}"), name)
