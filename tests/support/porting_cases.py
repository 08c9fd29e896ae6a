"""Converts networks with their weights; shared by the tests of each target."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from click.testing import CliRunner
from layer_cases import GOLDEN

import proto2net
from proto2net import Graph, api, backends, output
from proto2net.cli import cli
from proto2net.weights.porting import port

CASES = [
    "net_bn_scale_relu",
    "net_nchw_flatten_order",
    "net_residual",
    "net_fcn_upsample_crop",
    "conv_depthwise_multiplier",
    "ip_transpose",
    "prelu",
]


NARROW = """name: "narrow"
input: "data" input_dim: 2 input_dim: 3 input_dim: 9 input_dim: 7
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "drop" type: "Dropout" bottom: "conv" top: "conv" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
        inner_product_param { num_output: 6 } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
"""
"""A small classifier."""


def written(text: str, folder: Path, target: str, **missing: int) -> ModuleType:
    """The file of a network, with weights beside it that lack those of the layers `missing`."""
    graph = proto2net.parse(text)
    random = np.random.default_rng(0)
    values = {
        node.name: [random.standard_normal(blob.shape) for blob in node.blobs.values()]
        for node in graph.nodes
        if node.blobs and node.name not in missing
    }
    model = api.model(graph, values, allow_missing=bool(missing))
    ported = port(model, backends.get(target), stem="narrow")
    output.write_together(ported.files(folder / "narrow.py"))
    return imported(folder / "narrow.py")


def loaded(file: ModuleType, target: str, *path: Path, **options: Any) -> Any:
    """The network of such a file, with its weights or those of another file."""
    return (file.load if target == "tf" else file.Narrow.from_pretrained)(*path, **options)


def converted(case: str, to: str, folder: Path, *options: str) -> ModuleType:
    """The emitted file of a golden case with its caffemodel beside it, imported."""
    out = folder / f"{case}_{to}.py"
    golden = GOLDEN / case
    command = ["convert", str(golden / "net.prototxt"), "--to", to, "-o", str(out)]
    command += ["--weights", str(golden / "net.caffemodel"), *options]
    result = CliRunner().invoke(cli, command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return imported(out)


def imported(path: Path) -> ModuleType:
    """A file of Python as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def expected(case: str) -> tuple[Graph, dict[str, np.ndarray], list[np.ndarray]]:
    """The graph of a case of the test phase, and the inputs and outputs that Caffe recorded."""
    graph = proto2net.parse(GOLDEN / case / "net.prototxt")
    with np.load(GOLDEN / case / "blobs.npz") as arrays:
        inputs = {blob.name: arrays[f"in/{blob.name}"] for blob in graph.inputs}
        outputs = [arrays[f"out/{blob.name}"] for blob in graph.outputs]
    return graph, inputs, outputs


def assert_equal(found: list[np.ndarray], right: list[np.ndarray]) -> None:
    """Within 1e-5 of the largest magnitude."""
    assert len(found) == len(right)
    for one, other in zip(found, right, strict=True):
        assert one.shape == other.shape
        assert np.abs(one - other).max() <= 1e-5 * np.abs(other).max()
