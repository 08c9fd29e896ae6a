"""The scripts of docs/deploy.md, each of which takes a network to another tool."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from documents import blocks
from places import ROOT

import proto2net
from proto2net import api, backends, output
from proto2net.weights.porting import port

SCRIPTS = {
    block.text.splitlines()[0][2:]: block.text
    for block in blocks(ROOT / "docs" / "deploy.md")
    if block.language == "python"
}
NEEDS = {
    "export.py": ["torch"],
    "torch_to_onnx.py": ["torch", "onnx", "onnxscript", "onnxruntime"],
    "torch_to_openvino.py": ["torch", "openvino"],
    "to_openvino.py": ["openvino"],
    "to_executorch.py": ["torch", "executorch"],
    "to_core_ml.py": ["torch", "coremltools"],
    "to_ncnn.py": ["torch", "pnnx", "ncnn"],
    "to_saved_model.py": ["tensorflow"],
    "to_tflite.py": ["tensorflow"],
}
PRINTS_NOTHING = {"to_core_ml.py"}
"""It converts, and only a Mac can run what comes out."""

NET = """name: "net"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 4 dim: 14 dim: 17 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
        convolution_param { num_output: 6 kernel_size: 3 } }
layer { name: "bn" type: "BatchNorm" bottom: "conv1" top: "conv1" }
layer { name: "scale" type: "Scale" bottom: "conv1" top: "conv1" scale_param { bias_term: true } }
layer { name: "prelu1" type: "PReLU" bottom: "conv1" top: "conv1" }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
        pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "up" type: "Deconvolution" bottom: "pool1" top: "up"
        convolution_param { num_output: 8 kernel_size: 4 stride: 2 pad: 1 group: 2 } }
layer { name: "fc1" type: "InnerProduct" bottom: "up" top: "fc1"
        inner_product_param { num_output: 7 } }
layer { name: "prelu2" type: "PReLU" bottom: "fc1" top: "fc1" }
layer { name: "fc2" type: "InnerProduct" bottom: "fc1" top: "fc2"
        inner_product_param { num_output: 5 } }
layer { name: "prob" type: "Softmax" bottom: "fc2" top: "prob" }
"""
"""What tools have stumbled over: PReLU of two axes, a clipped pooling, a grouped Deconvolution."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the document begins with, of this network."""
    folder = tmp_path_factory.mktemp("deploy")
    graph = proto2net.parse(NET)
    rng = np.random.default_rng(0)
    values = {
        node.name: [rng.uniform(-0.2, 0.3, blob.shape) for blob in node.blobs.values()]
        for node in graph.nodes
        if node.blobs
    }
    values["bn"] = [np.abs(each) + 0.1 for each in values["bn"]]  # a variance, and a factor
    model = api.model(graph, values)
    images = rng.standard_normal(graph.inputs[0].shape).astype(np.float32)
    right = proto2net.blobs(proto2net.load(model, to="numpy"), {"data": images})["prob"]
    np.savez(folder / "blobs.npz", **{"in/data": images, "out/prob": right})
    for name, target in {"net.py": "torch", "net_keras.py": "tf", "net.onnx": "onnx"}.items():
        path = folder / name
        ported = port(model, backends.get(target), name="Net", stem=path.stem)
        output.write_together(ported.files(path))
    return folder


def test_each_script_of_the_document_is_run() -> None:
    assert list(SCRIPTS) == list(NEEDS)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_network_computes_the_same_in_its_next_tool(script: str, folder: Path) -> None:
    missing = [each for each in NEEDS[script] if not importlib.util.find_spec(each)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    (folder / script).write_text(SCRIPTS[script])
    result = subprocess.run(
        [sys.executable, script],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    if script not in PRINTS_NOTHING:
        assert float(result.stdout.splitlines()[-1]) < 1e-5
