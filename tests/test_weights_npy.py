"""ethereon's .npy dictionaries are read without running what a pickle asks for."""

from __future__ import annotations

import io
import os
import pickle
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import proto2net
from proto2net import WeightError
from proto2net.npy import layers
from proto2net.weights import Format, match, read

NET = """
input: "data" input_shape { dim: 2 dim: 4 dim: 8 dim: 9 }
layer {
  name: "in/conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 6 kernel_h: 5 kernel_w: 2 group: 2 }
}
layer { name: "bn1" type: "BatchNorm" bottom: "conv1" top: "conv1" }
layer {
  name: "scale1" type: "Scale" bottom: "conv1" top: "conv1" scale_param { bias_term: true }
}
layer {
  name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2"
  convolution_param { num_output: 7 kernel_size: 1 bias_term: false }
}
layer { name: "prelu2" type: "PReLU" bottom: "conv2" top: "conv2" }
layer {
  name: "fc3" type: "InnerProduct" bottom: "conv2" top: "fc3"
  inner_product_param { num_output: 10 }
}
layer {
  name: "fc4" type: "InnerProduct" bottom: "fc3" top: "fc4"
  inner_product_param { num_output: 3 }
}
"""
GRAPH = proto2net.parse(NET)
CAFFE = {
    (node.name, blob): np.random.default_rng(index).random(learned.shape, np.float32)
    for index, node in enumerate(GRAPH.nodes)
    for blob, learned in node.blobs.items()
} | {("bn1", "scale_factor"): np.ones(1, np.float32)}
"""The weights as a .caffemodel would hold them."""


def dictionary() -> dict[str, Any]:
    """The same weights as ethereon's tool wrote them, from the tensors' meaning."""
    image = CAFFE["fc3", "weight"].reshape(10, 7, 4, 8)
    return {
        "in_conv1": {
            "weights": np.einsum("oihw->hwio", CAFFE["in/conv1", "weight"]),
            "biases": CAFFE["in/conv1", "bias"],
        },
        "bn1": {
            "mean": CAFFE["bn1", "mean"],
            "variance": CAFFE["bn1", "variance"],
            "scale": CAFFE["scale1", "weight"],
            "offset": CAFFE["scale1", "bias"],
        },
        "conv2": {"weights": np.einsum("oihw->hwio", CAFFE["conv2", "weight"])},
        "prelu2": [CAFFE["prelu2", "slope"]],
        "fc3": {
            "biases": CAFFE["fc3", "bias"],
            "weights": np.einsum("ochw->hwco", image).reshape(-1, 10),
        },
        "fc4": [CAFFE["fc4", "weight"].T, CAFFE["fc4", "bias"]],
    }


HEADER = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }"


def npy(pickled: bytes, header: bytes = HEADER) -> bytes:
    """A .npy file with this pickle in it."""
    header += b" " * (117 - len(header)) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + pickled


def of_python2(value: object) -> bytes:
    """The pickle that Python 2 and numpy 1 would have made."""
    pickled = pickle.dumps(np.array(value, object), 2).replace(b"numpy._core", b"numpy.core")
    # Text was bytes there, and the bytes of an array were not encoded.
    return _as_string(pickled)


def _as_string(pickled: bytes) -> bytes:
    import pickletools

    out = bytearray()
    operations = list(pickletools.genops(pickled))
    ends = [position for _, _, position in operations[1:]] + [len(pickled)]
    skip = False
    stack: list[bytes] = []
    for (code, argument, start), end in zip(operations, ends, strict=True):
        ...
    return bytes(out)


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[bytes], Path]:
    def save(content: bytes) -> Path:
        path = tmp_path / "net.weights"
        path.write_bytes(content)
        return path

    return save
