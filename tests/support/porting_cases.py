"""Converts a network with its weights on the command line; shared by the tests of each target."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
from click.testing import CliRunner
from layer_cases import GOLDEN

import proto2net
from proto2net import Graph
from proto2net.cli import cli

CASES = [
    "net_bn_scale_relu",
    "net_nchw_flatten_order",
    "net_residual",
    "net_fcn_upsample_crop",
    "conv_depthwise_multiplier",
    "ip_transpose",
    "prelu",
]


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
