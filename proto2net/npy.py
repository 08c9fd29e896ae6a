"""Reads .npy dictionaries of weights, as ethereon's caffe-tensorflow wrote them.

They are pickles. What is built here from one is arrays, dictionaries, lists, strings and numbers;
whatever else it asks for is refused, and nothing of it is ever called.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

from proto2net.errors import WeightError
from proto2net.graph import Graph, Node
from proto2net.layers import BatchNorm, Convolution, InnerProduct
from proto2net.shape import count, dims
from proto2net.weights import Format, Stored, StoredLayer, Weights

if TYPE_CHECKING:
    from mmap import mmap

    from proto2net.weights import Ndarray
