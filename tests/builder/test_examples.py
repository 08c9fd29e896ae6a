"""The networks in examples/ are what they say, and run as scripts."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Sequence
from math import prod
from typing import Any

import alexnet_digits
import pytest
from alexnet import AlexNet
from cifar_vgg import CifarVGG
from digests import MODELS
from googlenet import GoogleNet
from lenet import LeNet
from nin import NiN
from places import ROOT
from resnet import ResNet18, ResNet50
from train_digits import BATCH, DigitsAlexNet, batches, digits, main
from vgg16 import VGG16

import proto2net
from proto2net import CaffeNetwork, Graph, Network, layout
from proto2net.graph import Node
from proto2net.layers import BatchNorm, Filler, ReLU

NETWORKS: dict[str, Sequence[type[Network | CaffeNetwork]]] = {
    "alexnet": [AlexNet],
    "cifar_vgg": [CifarVGG],
    "googlenet": [GoogleNet],
    "lenet": [LeNet],
    "nin": [NiN],
    "resnet": [ResNet18, ResNet50],
    "vgg16": [VGG16],
}
"""What each file prints when it is run."""


@pytest.mark.parametrize("file", NETWORKS)
def test_a_file_that_is_run_prints_its_networks_as_tables(file: str) -> None:
    result = subprocess.run(
        [sys.executable, f"examples/{file}.py"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.stderr == ""
    assert result.stdout == "".join(f"{network()}\n" for network in NETWORKS[file])


def test_every_file_is_tested() -> None:
    files = {path.stem for path in (ROOT / "examples").glob("*.py")}
    detectors = {"faces", "mtcnn", "ultraface"}  # tests/targets/test_detectors.py
    assert files == {*NETWORKS, "train_digits", "alexnet_digits"} | detectors


# ---- the published definitions ----------------------------------------------------------------


def pair(kind: type[Network | CaffeNetwork], file: str) -> tuple[Graph, Graph]:
    """The published graph, and the example's with inputs of the same shapes."""
    published = proto2net.parse(MODELS / f"{file}.prototxt")
    own = layout.laid_out if issubclass(kind, Network) else tuple
    return published, kind({blob.name: own(blob.shape) for blob in published.inputs}).graph


def inference(graph: Graph) -> list[Node[Any]]:
    """The layers without what only training reads: fillers, and whose statistics it takes."""
    return [dataclasses.replace(node, layer=_inference(node.layer)) for node in graph.nodes]


def _inference(layer: Any) -> Any:
    if isinstance(layer, BatchNorm):
        return dataclasses.replace(layer, use_global_stats=None)
    fillers = [f.name for f in dataclasses.fields(layer) if f.type == "Filler"]
    return dataclasses.replace(layer, **dict.fromkeys(fillers, Filler()))


@pytest.mark.parametrize(("kind", "file"), [(LeNet, "lenet"), (VGG16, "vgg16")])
def test_the_network_is_the_published_one(kind: type[CaffeNetwork], file: str) -> None:
    published, graph = pair(kind, file)
    assert graph == published


@pytest.mark.parametrize(
    ("kind", "file"),
    [(AlexNet, "alexnet"), (GoogleNet, "googlenet"), (ResNet50, "resnet50")],
)
def test_the_network_is_the_published_one_but_for_how_training_starts(
    kind: type[Network | CaffeNetwork], file: str
) -> None:
    published, graph = pair(kind, file)
    assert inference(graph) == inference(published)
    assert graph.outputs == published.outputs
    assert graph.name == published.name


def test_nin_has_the_layers_of_the_published_one_and_fits_its_weights() -> None:
    """Its ReLUs, and some blobs, are called after their layers."""

    def seen(graph: Graph) -> list[Any]:
        return [
            (
                "" if isinstance(node.layer, ReLU) else node.name,
                node.layer.type,
                [top.shape for top in node.tops],
                [learned.shape for learned in node.blobs.values()],
            )
            for node in graph.nodes
        ]

    published, graph = pair(NiN, "nin")
    assert seen(graph) == seen(published)


# ---- networks that no published definition here has -------------------------------------------


def learned(graph: Graph) -> int:
    """How many values training learns; the statistics of batch norms are not among them."""
    return sum(
        prod(blob.shape)
        for node in graph.nodes
        if not isinstance(node.layer, BatchNorm)
        for blob in node.blobs.values()
    )


@pytest.mark.parametrize(("kind", "size"), [(ResNet18, 11_689_512), (ResNet50, 25_557_032)])
def test_a_resnet_has_as_many_parameters_as_others_have_counted(
    kind: type[Network], size: int
) -> None:
    """PyTorch's own have this many; the published Caffe network's first layer has a bias more."""
    assert learned(kind().graph) == size + 64


def test_resnet_18_projects_only_where_the_shape_changes() -> None:
    names = [node.name for node in ResNet18().graph.nodes if node.name.endswith("branch1")]
    assert [name for name in names if name.startswith("res")] == [
        "res3a_branch1",
        "res4a_branch1",
        "res5a_branch1",
    ]


def test_googlenet_takes_the_classes_of_a_subclass() -> None:
    class Flowers(GoogleNet):
        classes = 17

    graph = Flowers().graph
    assert [blob.shape for blob in graph.outputs] == [(1, 17)]
    assert [node.name for node in graph.nodes] == [node.name for node in GoogleNet().graph.nodes]


def test_cifar_vgg_halves_the_image_five_times() -> None:
    graph = CifarVGG().graph
    pools = [node.tops[0].shape for node in graph.nodes if node.layer.type == "Pooling"]
    assert pools == [
        (1, 64, 16, 16),
        (1, 128, 8, 8),
        (1, 256, 4, 4),
        (1, 512, 2, 2),
        (1, 512, 1, 1),
    ]
    assert [blob.shape for blob in graph.outputs] == [(1, 10)]


def test_cifar_vgg_averages_over_few_batches_so_that_short_training_is_judged_right() -> None:
    norms = [node.layer for node in CifarVGG().graph.nodes if isinstance(node.layer, BatchNorm)]
    assert len(norms) == 14
    assert {norm.moving_average_fraction for norm in norms} == {0.9}


@pytest.mark.parametrize("target", ["torch", "tf"])
def test_dropout_is_there_in_both_phases(target: str) -> None:
    class Tested(CifarVGG):
        phase = "test"

    assert CifarVGG().source(target).count("Dropout(") == 10
    assert Tested().source(target).count("Dropout(") == 10


# ---- digits -----------------------------------------------------------------------------------


def test_the_digits_are_large_enough_for_the_network() -> None:
    images, labels = digits()
    assert images.shape == (1797, 32, 32)
    assert (images.min(), images.max(), images.dtype) == (0, 1, "float32")
    assert sorted(set(labels)) == list(range(10))
    (image, label) = next(batches(images, labels, seed=1))
    assert (image.shape, label.shape) == ((BATCH, 32, 32), (BATCH,))


def test_the_digits_network_comes_in_the_size_that_is_asked_for() -> None:
    graph = DigitsAlexNet(width=6, size=40, classes=7).graph
    assert graph.blobs["conv1"].shape == (1, 6, 20, 20)
    assert graph.blobs["pool5"].shape == (1, 12, 2, 2)
    assert [(blob.name, blob.shape) for blob in graph.outputs] == [("fc8", (1, 7))]


@pytest.mark.parametrize("steps", ["0", "25"])
def test_a_number_of_steps_that_is_not_reported_is_refused(
    steps: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["torch", "--steps", steps])
    error = capsys.readouterr().err
    assert error.endswith(f"--steps is {steps}; it is a multiple of 10, at least that\n")


# ---- variants of a training -------------------------------------------------------------------


def test_what_differs_between_the_variants_of_alexnet() -> None:
    def types(name: str) -> list[str]:
        graph = alexnet_digits.AlexNet(alexnet_digits.VARIANTS[name], "train", 3).graph
        return [node.layer.type for node in graph.nodes]

    assert list(alexnet_digits.VARIANTS) == [
        *("std_1", "std_0.01", "schedule", "defaults", "groups", "batch_norm", "dropout")
    ]
    plain = types("defaults")
    assert types("std_1") == types("std_0.01") == types("schedule") == types("groups") == plain
    assert plain.count("LRN") == 2
    normed = types("batch_norm")
    assert (normed.count("BatchNorm"), normed.count("Scale"), normed.count("LRN")) == (5, 5, 0)
    dropped = types("dropout")
    assert dropped.count("Dropout") == 2
    assert [kind for kind in dropped if kind != "Dropout"] == plain


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["std_2"], "no variant std_2; there are std_1, std_0.01, "),
        (["--iterations", "1"], "--iterations is 1; it is 2 or more"),
        (["--out", "."], ". exists already, and stays as it is"),
    ],
)
def test_variants_that_cannot_be_trained_are_refused(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        alexnet_digits.main(["--to", "torch", *arguments])
    assert said in capsys.readouterr().err
