"""Weights are written beside the source, and are what the emitted network needs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from layer_cases import GOLDEN
from porting_cases import CASES
from safetensors import safe_open

import proto2net
from proto2net import Proto2NetError
from proto2net.backends.base import Emitted
from proto2net.cli import cli, main
from proto2net.weights.matching import match
from proto2net.weights.porting import Beside, Ported
from proto2net.weights.reading import read

NET = str(GOLDEN / "net_bn_scale_relu" / "net.prototxt")
MODEL = str(GOLDEN / "net_bn_scale_relu" / "net.caffemodel")


@pytest.mark.parametrize("case", CASES)
def test_a_caffemodel_is_written_beside_a_prototxt(case: str, tmp_path: Path) -> None:
    golden = GOLDEN / case
    out = tmp_path / "net.prototxt"
    command = ["convert", str(golden / "net.prototxt"), "--to", "prototxt", "-o", str(out)]
    result = CliRunner().invoke(cli, [*command, "--weights", str(golden / "net.caffemodel")])
    assert result.exit_code == 0, result.output
    graph = proto2net.parse(out)
    before = match(graph, read(golden / "net.caffemodel")).model.values
    after = match(graph, read(tmp_path / "net.caffemodel")).model.values
    assert before.keys() == after.keys()
    for slot, array in before.items():
        np.testing.assert_array_equal(array, after[slot])


def test_a_written_caffemodel_carries_its_definition(tmp_path: Path) -> None:
    out = tmp_path / "net.prototxt"
    command = ["convert", NET, "--weights", MODEL, "--to", "prototxt", "-o", str(out)]
    assert CliRunner().invoke(cli, command).exit_code == 0
    carried = proto2net.parse(tmp_path / "net.caffemodel")
    assert carried.nodes == proto2net.parse(out).nodes


def test_the_header_has_caffes_names_and_the_preprocessing(tmp_path: Path) -> None:
    net = tmp_path / "net.prototxt"
    net.write_text(
        'layer { name: "data" type: "Data" top: "data" data_param { batch_size: 2 } '
        "transform_param { crop_size: 5 mean_value: 1 mean_value: 2 mean_value: 3 } }\n"
        'layer { name: "a/b" type: "Convolution" bottom: "data" top: "c" '
        "convolution_param { num_output: 4 kernel_size: 3 } }"
    )
    arrays = {"a/b": [np.ones((4, 3, 3, 3), np.float32), np.ones(4, np.float32)]}
    graph = proto2net.parse(net)
    from proto2net import backends
    from proto2net.weights import safetensors

    emitted = backends.get("torch").emit(graph)

    with (tmp_path / "w.safetensors").open("wb", buffering=0) as stream:
        found = safetensors.tensors(emitted, match(graph, arrays).model.values)
        safetensors.write(stream, found, safetensors.metadata(graph, emitted, "torch"))
    with safe_open(tmp_path / "w.safetensors", "numpy") as file:
        assert set(file.keys()) == {"a_b.weight", "a_b.bias"}
        said = file.metadata()
    assert said["target"] == "torch"
    assert json.loads(said["caffe"]) == {"a_b.weight": ["a/b/0"], "a_b.bias": ["a/b/1"]}
    assert json.loads(said["transform_param"])["color_order"] == "BGR"
    assert json.loads(said["transform_param"])["mean_value"] == [1, 2, 3]


def test_weights_that_do_not_fit_write_nothing(tmp_path: Path) -> None:
    out = tmp_path / "net.py"
    other = str(GOLDEN / "prelu" / "net.caffemodel")
    command = ["convert", NET, "--weights", other, "--to", "torch", "-o", str(out)]
    result = CliRunner().invoke(cli, command)
    assert result.exit_code != 0
    assert list(tmp_path.iterdir()) == []


def test_a_target_without_a_place_for_weights_says_so(tmp_path: Path) -> None:
    out = tmp_path / "net.txt"
    command = ["convert", NET, "--weights", MODEL, "--to", "summary", "-o", str(out)]
    result = CliRunner().invoke(cli, command)
    assert "summary has no place for weights" in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_arrays_are_named_after_the_source_and_come_first() -> None:
    emitted = Emitted({".py": "source", ".bin": b"bytes"}, "Net", {})
    sources = {Path("a.py"): b"source", Path("a.bin"): b"bytes"}
    assert Ported(emitted).files(Path("a.py")) == sources
    beside = Beside(".safetensors", 7, lambda stream: None)
    files = Ported(emitted, beside).files(Path("out/a.py"), lambda write, size: bytes(size))
    assert list(files.items()) == [
        (Path("out/a.safetensors"), bytes(7)),
        (Path("out/a.py"), b"source"),
        (Path("out/a.bin"), b"bytes"),
    ]


def test_a_source_cannot_have_the_name_of_its_arrays() -> None:
    ported = Ported(
        Emitted({".safetensors": ""}, "Net", {}), Beside(".safetensors", 7, lambda stream: None)
    )
    with pytest.raises(Proto2NetError, match=r"^the weights are written to a.safetensors too\n"):
        ported.files(Path("a.safetensors"))


def test_neither_file_is_replaced_unasked(tmp_path: Path) -> None:
    command = ["convert", NET, "--weights", MODEL, "--to", "torch", "-o", str(tmp_path / "n.py")]
    for there in ("n.py", "n.safetensors"):
        (tmp_path / there).write_text("mine")
        assert CliRunner().invoke(cli, command).exit_code != 0
        assert [path.name for path in tmp_path.iterdir()] == [there]
        assert (tmp_path / there).read_text() == "mine"
        (tmp_path / there).unlink()


@pytest.mark.parametrize(("much", "terminal"), [(1, True), (1, False), (10**9, True)])
def test_a_bar_is_drawn_where_somebody_looks_on_and_it_takes_long(
    much: int,
    terminal: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("proto2net.cli.terminal.MUCH", much)
    monkeypatch.setattr("proto2net.cli.terminal._Watched.PIECE", 7)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    monkeypatch.setenv("TERM", "xterm")
    command = ["convert", NET, "--weights", MODEL, "--to", "torch", "-o"]
    with pytest.raises(SystemExit):
        main([*command, str(tmp_path / "net.py")])
    assert ("writing" in capsys.readouterr().err) == (much == 1 and terminal)
    graph = proto2net.parse(NET)
    assert match(graph, read(tmp_path / "net.safetensors")).notes == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--weights", MODEL, "-o", "-"], "OUT cannot be -"),
        (["--optimize"], "give --weights too"),
    ],
)
def test_options_that_need_a_file_say_so(options: list[str], words: str) -> None:
    result = CliRunner().invoke(cli, ["convert", NET, "--to", "torch", *options])
    assert result.exit_code == 2
    assert words in result.output
