"""`verify` finds that Keras computes what NumPy does, and runs beside PyTorch."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest
from digests import MODELS, weights
from places import ROOT

import proto2net
from proto2net.verify import compare


@pytest.mark.parametrize(
    ("name", "shape"), [("lenet", (2, 1, 28, 28)), ("squeezenet_v1.1", (2, 3, 99, 91))]
)
def test_keras_is_within_the_tolerance(name: str, shape: tuple[int, ...]) -> None:
    graph = proto2net.parse(MODELS / f"{name}.prototxt", inputs={"data": shape})
    for arrays in (None, weights(graph, name)):
        found = compare(graph, arrays, to=["tf"])
        assert found.divergent is None, found
        assert {row.blob for row in found.rows} == set(graph.blobs)


@pytest.mark.skipif(not find_spec("torch"), reason="PyTorch is not here")
@pytest.mark.parametrize("targets", ["torch,tf", "tf,torch"])
def test_one_command_compares_both_frameworks(targets: str) -> None:
    command = [sys.executable, "-m", "proto2net", "verify", str(MODELS / "lenet.prototxt")]
    done = subprocess.run(
        [*command, "--to", targets, "--input", "data=2,1,28,28"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    verdict = f"{targets.replace(',', ' and ')}: every blob is within 0.0001 of numpy"
    assert done.stdout.splitlines()[-1] == verdict
