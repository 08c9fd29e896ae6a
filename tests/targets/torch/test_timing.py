"""`time` runs PyTorch: what is timed, in a process of its own; never the times."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from digests import MODELS
from places import ROOT

import proto2net
from proto2net import Proto2NetError, backends
from proto2net.backends.torch.bench import TorchBench
from proto2net.timing import measure

NET = """name: "tiny"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 9 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 5 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "drop" type: "Dropout" bottom: "conv" top: "conv" }
"""
ARGMAX = NET + 'layer { name: "best" type: "ArgMax" bottom: "conv" top: "best" }'
POOL = """layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "relu" type: "ReLU" bottom: "data" top: "relu" }"""


def test_forward_backward_and_layers_are_timed() -> None:
    graph = proto2net.parse(MODELS / "lenet.prototxt")
    found = measure(graph, to=["torch"], batch=3, iterations=2, warmup=1, layers=True, threads=1)
    times = found.targets["torch"]
    assert times.version == torch.__version__
    assert times.forward.mean_ms > 0
    assert times.forward_backward is not None
    assert times.ratio is not None
    assert [layer.name for layer in times.layers] == [node.name for node in graph.nodes[1:]]


def test_the_command_imports_no_framework_itself() -> None:
    code = """
import sys
from proto2net.cli import main
try:
    main(["time", "models/prototxt/lenet.prototxt", "--to", "torch,numpy", "--iterations", "1"])
finally:
    print({"torch", "tensorflow", "keras"} & set(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "set()"
    assert [line.split()[0] for line in done.stdout.splitlines()[4:6]] == ["torch", "numpy"]


def bench(net: str, phase: str = "test") -> tuple[TorchBench, Any, list[np.ndarray]]:
    """What times a network, the network, and what it is fed."""
    graph = proto2net.parse(net, phase=phase)
    feeds = [np.ones(blob.shape, np.float32) for blob in graph.inputs]
    network = proto2net.load(graph, to="torch")
    return TorchBench("cpu", compiled=False), network, feeds


def test_nothing_is_learned_while_it_is_timed() -> None:
    timed, network, feeds = bench(NET, "train")
    before = {name: value.clone() for name, value in network.state_dict().items()}
    for run in (
        timed.forward(network, feeds, training=True),
        timed.forward_backward(network, feeds, training=True),
    ):
        assert run is not None
        run()
    assert all((before[name] == value).all() for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_forward_keeps_nothing_for_a_backward_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    timed, network, feeds = bench(NET)
    seen = []
    monkeypatch.setattr(network, "forward", lambda data: seen.append(torch.is_grad_enabled()))
    timed.forward(network, feeds, training=False)()
    assert seen == [False]


@pytest.mark.parametrize("net", [ARGMAX, POOL])
def test_without_gradients_there_is_no_backward_pass(net: str) -> None:
    timed, network, feeds = bench(net)
    assert timed.forward_backward(network, feeds, training=False) is None


def test_compile_is_pytorchs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = []
    monkeypatch.setattr(torch, "compile", lambda network: compiled.append(network) or network)
    _, network, feeds = bench(NET)
    TorchBench("cpu", compiled=True).forward(network, feeds, training=False)()
    assert compiled == [network]


def test_the_product_is_done_as_often_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = np.ones((2, 3), np.float32), np.ones((3, 5), np.float32)
    run = TorchBench("cpu", compiled=False).product(a, b, 4)
    made = []
    monkeypatch.setattr(torch, "mm", lambda a, b, out: made.append((a @ b).shape))
    run()
    assert made == [(2, 5)] * 4


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_missing_device_is_a_sentence() -> None:
    with pytest.raises(Proto2NetError, match="PyTorch finds no CUDA device here"):
        backends.get("torch").runner.bench("cuda", compiled=False)
    with pytest.raises(Proto2NetError, match="PyTorch finds no CUDA device here"):
        measure(proto2net.parse(NET), to=["torch"], device="cuda")
