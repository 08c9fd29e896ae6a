"""Caffe network definitions as PyTorch and TensorFlow networks, exact and readable."""

from proto2net.api import blobs, convert, load, parse
from proto2net.builder import CaffeNetwork, Network
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

__version__ = "0.1.0"

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
    "parse",
]
