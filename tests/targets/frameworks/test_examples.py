"""The networks in examples/ run in a framework."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import alexnet_digits
import numpy as np
import pytest
from alexnet import AlexNet
from cifar_vgg import CifarVGG
from googlenet import GoogleNet
from lenet import LeNet
from nin import NiN
from places import ROOT
from resnet import ResNet18, ResNet50
from targets import seed
from vgg16 import VGG16

from proto2net import CaffeNetwork, Network, backends, cli, layout
from proto2net.shape import Shape
from proto2net.training import logs

CASES: dict[type[Network | CaffeNetwork], tuple[Shape, Shape]] = {
    AlexNet: ((2, 3, 67, 67), (2, 1000)),
    CifarVGG: ((2, 3, 32, 32), (2, 10)),
    GoogleNet: ((2, 3, 224, 224), (2, 1000)),
    LeNet: ((2, 1, 28, 28), (2, 10)),
    NiN: ((2, 3, 224, 224), (2, 1000, 1, 1)),
    ResNet18: ((2, 3, 224, 224), (2, 1000)),
    ResNet50: ((2, 3, 224, 224), (2, 1000)),
    VGG16: ((2, 3, 32, 32), (2, 1000)),
}
"""The shapes of an input and the output; large networks take a small image."""


@pytest.mark.parametrize("kind", CASES, ids=lambda kind: kind.__name__)
def test_a_network_runs(kind: type[Network | CaffeNetwork], target: str) -> None:
    seed(target)
    shape, output = CASES[kind]
    network = kind({"data": layout.laid_out(shape) if issubclass(kind, Network) else shape})
    # Batch norms have no statistics yet: the network is run as in training.
    graph = dataclasses.replace(network.graph, phase="TRAIN")
    live = network.to(target)
    if target == "torch":
        live.train()
    images = np.random.default_rng(1).standard_normal(shape, np.float32)
    (found,) = backends.get(target).runner.run(live, graph, {"data": images})
    assert found.shape == output
    assert np.isfinite(found).all()
    assert found.std() > 0


def test_each_step_of_vgg_16_is_timed(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    small = [f"{ROOT / 'examples' / 'vgg16.py'}:VGG16", "--input", "data=1,3,32,32"]
    once = ["--iterations", "1", "--warmup", "1", "--threads", "1"]
    with pytest.raises(SystemExit) as end:
        cli.main(["time", *small, "--to", target, *once, "--steps"])
    assert not end.value.code
    out = capsys.readouterr().out
    steps = [line.split("  ")[0] for line in out[out.index("step ") :].splitlines()[2:]]
    assert steps == ["start", "build", "forward 1", "forward-backward 1", "product 1"]


@pytest.mark.parametrize("name", alexnet_digits.VARIANTS)
def test_a_variant_of_alexnet_begins_as_it_says(name: str, target: str, tmp_path: Path) -> None:
    log = alexnet_digits.train(name, tmp_path, target, iterations=2)
    assert (list(log.each), list(log.losses), list(log.rates)) == ([0, 1], [0], [0])
    (accuracy,) = log.tests.values()
    assert list(accuracy) == [1, 2]
    if name == "std_1":
        assert log.each[0] > 50  # at most 87 in Keras as in Caffe, and not bounded in PyTorch
    else:
        assert log.each[0] == pytest.approx(math.log(10), abs=0.6)


def test_a_variant_of_alexnet_learns_and_is_drawn(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, picture = tmp_path / "out", tmp_path / "curves.svg"
    how = ["--iterations", "20", "--out", str(out), "--plot", str(picture)]
    alexnet_digits.main(["batch_norm", "--to", target, *how])
    assert capsys.readouterr().out.startswith("batch_norm  loss 2.")
    log = logs.read(out / "batch_norm.jsonl")
    assert list(log.losses) == [0, 10]
    assert log.each[19] < 0.7 * log.losses[0]
    assert picture.stat().st_size < 60_000
    assert (out / "batch_norm.prototxt").is_file()
    assert (out / "batch_norm_solver.prototxt").is_file()
