"""`inspect`: what is in a network and its arrays, for people and for programs."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import caffemodels as write
import numpy as np
import pytest
from click.testing import CliRunner, Result
from digests import GOLDEN, MODELS

import proto2net
from proto2net.cli import cli
from proto2net.inspection import arrays
from proto2net.model import Model, learnable
from proto2net.weights import reading

LENET = str(MODELS / "lenet.prototxt")
HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "'=1",
    'a "quoted", name',
    "two\nlines\r\n",
    "<script>alert(1)</script>",
    "</script><!--",
    "x" * 10_000,
    "＝1",
]
NET = """name: "tiny"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 9 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 5 kernel_size: 3 } }
layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
        inner_product_param { num_output: 4 bias_term: false } }
"""
WEIGHTS = {
    "conv": [
        np.arange(135, dtype=np.float32).reshape(5, 3, 3, 3) - 27,
        np.array([0, 1, np.nan, np.inf, 1e-40], np.float32),
    ],
    "ip": [np.zeros((4, 210), np.float32)],
}


def inspect(*arguments: str) -> Result:
    ran = CliRunner().invoke(cli, ["inspect", *arguments])
    assert ran.exception is None, ran.output
    return ran


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """A definition, and weights for it."""
    net, weights = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    net.write_text(NET)
    weights.write_bytes(
        write.current({name: list(map(write.packed, each)) for name, each in WEIGHTS.items()})
    )
    return str(net), str(weights)


def quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def hostile() -> str:
    """A network whose layers and blobs have names that could harm."""
    lines = ['layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 } } }']
    lines += [
        f'layer {{ name: {quoted(name)} type: "TanH" bottom: "x" top: {quoted(name)} }}'
        for name in HOSTILE
    ]
    return "\n".join(lines)


def test_json_has_the_keys_that_are_promised() -> None:
    found = json.loads(inspect(LENET, "--json").stdout)
    assert list(found) == [
        *("format", "proto2net", "name", "phase", "inputs", "outputs", "images"),
        *("totals", "blocks", "layers"),
    ]
    assert found["format"] == 1
    assert found["inputs"] == [{"name": "data", "shape": [64, 1, 28, 28]}]
    assert found["totals"]["parameters"] == 431080
    conv = found["layers"][3]
    assert conv == {
        "name": "conv2",
        "type": "Convolution",
        "family": "convolution",
        "bottoms": [{"name": "pool1", "shape": [64, 20, 12, 12], "version": 0}],
        "tops": [{"name": "conv2", "shape": [64, 50, 8, 8], "version": 0}],
        "learned": {"weight": [50, 20, 5, 5], "bias": [50]},
        "parameters": 25050,
        "multiply_adds": 1600000,
        "receptive_field": {"size": [14, 14], "stride": [2, 2], "offset": [0, 0]},
        "activation_bytes": 819200,
        "blocks": [],
        "file": LENET,
        "line": 41,
    }


def test_json_has_blocks_and_what_is_whole_and_what_may_be_any() -> None:
    net = str(MODELS / "caffenet_full_conv.prototxt")
    found = json.loads(inspect(net, "--input", "data=1,3,any,any", "--json").stdout)
    assert found["inputs"][0]["shape"] == [1, 3, None, None]
    found = json.loads(inspect(str(MODELS / "resnet50.prototxt"), "--json").stdout)
    block = found["blocks"][0]
    assert (block["name"], block["stage"], block["kind"]) == ("res2a", "res2", "Bottleneck")
    layers = {layer["name"]: layer for layer in found["layers"]}
    assert block["parameters"] == sum(layers[name]["parameters"] for name in block["layers"])
    assert layers["fc1000"]["receptive_field"]["size"] == [None, None]


def test_csv_is_a_table_of_rfc_4180() -> None:
    text = inspect(LENET, "--csv").stdout_bytes.decode()
    assert text.count("\r\n") == text.count("\n") == 10
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[3]["layer"] == "conv2"
    assert rows[3]["receptive_field"] == "14 x 14"
    assert rows[5]["receptive_field"] == "whole"


def test_no_cell_of_csv_is_a_formula_and_each_name_can_be_had_back() -> None:
    text = proto2net.inspect(hostile()).csv()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))[1:]
    names = [row["layer"] for row in rows]
    assert not [
        name for name in names if name.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))
    ]
    assert [name.removeprefix("'") for name in names] == HOSTILE
    assert [row["tops"] for row in rows] == names


def test_hostile_names_are_the_same_in_json_and_harmless_on_a_terminal(tmp_path: Path) -> None:
    net = tmp_path / "net.prototxt"
    net.write_text(hostile())
    found = json.loads(inspect(str(net), "--json").stdout)
    assert [layer["name"] for layer in found["layers"][1:]] == HOSTILE
    for option in ("--wide", "--flat"):
        assert inspect(str(net), option).stdout.isascii()


def test_wide_has_receptive_fields_and_memory() -> None:
    lines = inspect(LENET, "--wide").stdout.splitlines()
    assert lines[7].split()[-7:] == ["14", "x", "14", "2", "x", "2", "819,200"]
    assert any(line.startswith("activations    5.0 MB for 64 images, and 3.7 MB") for line in lines)
    assert "training       15.3 MB with SGD, 17.0 MB with Adam, for 64 images" in lines


def test_arrays_are_told_in_numbers(files: tuple[str, str]) -> None:
    net, weights = files
    found = json.loads(inspect(net, "--weights", weights, "--json").stdout)["arrays"]
    weight, bias, product = WEIGHTS["conv"][0], WEIGHTS["conv"][1], WEIGHTS["ip"][0]
    assert found[0] == {
        "layer": "conv",
        "blob": "weight",
        "shape": [5, 3, 3, 3],
        "min": -27,
        "max": 107,
        "mean": 40,
        "std": pytest.approx(weight.std(dtype="f8")),
        "zeros": 1,
        "nan": 0,
        "infinite": 0,
        "denormal": 0,
        "dead_filters": 0,
        "sha256": hashlib.sha256(weight.tobytes()).hexdigest(),
    }
    assert [found[1][key] for key in ("zeros", "nan", "infinite", "denormal")] == [1, 1, 1, 1]
    assert (found[1]["min"], found[1]["max"]) == (0, 1)
    assert found[1]["sha256"] == hashlib.sha256(bias.tobytes()).hexdigest()
    assert (found[2]["dead_filters"], found[2]["zeros"]) == (4, product.size)
    text = inspect(net, "--weights", weights).stdout
    assert "warning        conv/bias: 1 NaN and 1 infinite numbers\n" in text
    assert "warning        ip/weight: all zeros\n" in text
    rows = list(csv.DictReader(io.StringIO(inspect(net, "--weights", weights, "--csv").stdout)))
    assert [row["blob"] for row in rows] == ["weight", "bias", "weight"]


@pytest.mark.parametrize(
    ("kind", "parameters", "zeros", "dead"),
    [
        (
            "Convolution",
            "convolution_param { num_output: 6 kernel_size: 2 group: 2 }",
            np.s_[:3],
            3,
        ),
        ("Deconvolution", "convolution_param { num_output: 6 kernel_size: 2 }", np.s_[:, :2], 2),
        ("Deconvolution", "convolution_param { num_output: 6 kernel_size: 2 }", np.s_[:3], 0),
        (
            "Deconvolution",
            "convolution_param { num_output: 4 kernel_size: 2 group: 4 }",
            np.s_[:3],
            3,
        ),
        (
            "Deconvolution",
            "convolution_param { num_output: 6 kernel_size: 2 group: 2 }",
            np.s_[:2],
            0,
        ),
        ("InnerProduct", "inner_product_param { num_output: 6 }", np.s_[:3], 3),
        ("InnerProduct", "inner_product_param { num_output: 6 transpose: true }", np.s_[:3], 0),
        ("InnerProduct", "inner_product_param { num_output: 6 transpose: true }", np.s_[:, :2], 2),
        ("Embed", "embed_param { num_output: 6 input_dim: 7 }", np.s_[:3], 0),
    ],
)
def test_a_dead_filter_is_one_that_makes_a_channel(
    kind: str, parameters: str, zeros: Any, dead: int
) -> None:
    (found, _) = facts_with_zeros(kind, parameters, "dim: 2 dim: 4 dim: 5 dim: 3", zeros)
    assert found.dead == dead


def test_a_dead_filter_of_volumes_is_one_that_makes_a_channel() -> None:
    parameters = "convolution3d_param { num_output: 6 kernel_size: 2 kernel_depth: 2 }"
    shape = "dim: 2 dim: 4 dim: 5 dim: 3 dim: 7"
    for kind, axis in (("Convolution3D", 0), ("Deconvolution3D", 1)):
        for zeros, along in ((np.s_[:3], 0), (np.s_[:, :2], 1)):
            (found, _) = facts_with_zeros(kind, parameters, shape, zeros)
            assert bool(found.dead) == (axis == along), kind


def facts_with_zeros(kind: str, parameters: str, shape: str, zeros: Any) -> Any:
    """What is known of the arrays of a layer, of which a part is zeros."""
    net = f"""layer {{ name: "x" type: "Input" top: "x" input_param {{ shape {{ {shape} }} }} }}
    layer {{ name: "y" type: "{kind}" bottom: "x" top: "y" {parameters} }}"""
    graph = proto2net.parse(net)
    values = {}
    for node, blob in learnable(graph):
        values[node, blob] = np.ones(node.blobs[blob].shape, np.float32)
        if blob == "weight":
            values[node, blob][zeros] = 0
    return arrays.of_model(Model(graph, values))


def test_numbers_of_large_arrays_are_those_of_all_their_pieces(
    files: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    net, weights = files
    whole = proto2net.inspect(net, weights)
    monkeypatch.setattr("proto2net.inspection.arrays._PIECE", 7)
    pieces = proto2net.inspect(net, weights)
    for a, b in zip(whole.arrays or (), pieces.arrays or (), strict=True):
        assert a.std == pytest.approx(b.std)
        assert (a.sha256, a.min, a.zeros, a.nan) == (b.sha256, b.min, b.zeros, b.nan)


def test_weights_that_do_not_fit_are_refused(files: tuple[str, str]) -> None:
    ran = CliRunner().invoke(cli, ["inspect", LENET, "--weights", files[1]])
    assert ran.exit_code == 0  # nothing in it has a name of the network
    with pytest.raises(proto2net.WeightError, match="needs 5 x 3 x 3 x 3"):
        proto2net.inspect(NET, _given(files[1], write.packed(np.zeros((5, 3), np.float32))))


def _given(path: str, blob: bytes) -> str:
    Path(path).write_bytes(write.current({"conv": [blob]}))
    return path


def test_a_caffemodel_alone_tells_the_network_that_it_carries() -> None:
    (path, *_) = sorted((GOLDEN / "layers").glob("*/net.caffemodel"))
    found = inspect(str(path))
    assert found.stdout.startswith(str(proto2net.parse(path)).splitlines()[0])
    assert "arrays" not in json.loads(inspect(str(path), "--json").stdout)
    with_arrays = inspect(str(path), "--weights", str(path), "--json").stdout
    assert "arrays" in json.loads(with_arrays)


def test_weights_without_a_definition_tell_their_layers_and_arrays(files: tuple[str, str]) -> None:
    ran = inspect(files[1])
    assert ran.stdout.splitlines()[2].split()[:6] == ["conv", "0", "5", "x", "3", "x"]
    assert "arrays         3 of 2 layers\n" in ran.stdout
    found: dict[str, Any] = json.loads(inspect(files[1], "--json").stdout)
    assert list(found) == ["format", "proto2net", "arrays"]


def test_a_npy_tells_its_layers_and_arrays(tmp_path: Path) -> None:
    path = tmp_path / "net.npy"
    np.save(path, np.array({"ip": {"weights": np.ones((3, 2), np.float32)}}, dtype=object))
    assert inspect(str(path)).stdout.splitlines()[2].split()[:5] == ["ip", "0", "3", "x", "2"]


def test_a_file_that_may_not_be_opened_is_no_file_of_weights(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "closed").write_bytes(b"")
    monkeypatch.setattr(reading, "open", refuse, raising=False)
    assert reading.format_at(tmp_path / "closed") is None
