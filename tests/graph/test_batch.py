"""The docstring's N is what follows the batch; --batch any has a stated batch follow the input."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from samples.sample import layer

import proto2net
from proto2net import Proto2NetError, ShapeError, backends
from proto2net.cli import main


def data(*shape: int) -> str:
    dims = " ".join(f"dim: {size}" for size in shape)
    return layer("Input", "", "data", f"input_param {{ shape {{ {dims} }} }}", "data")


def reshape(bottom: str, top: str, *dims: int, more: str = "") -> str:
    shape = " ".join(f"dim: {dim}" for dim in dims)
    return layer("Reshape", bottom, top, f"reshape_param {{ shape {{ {shape} }} {more} }}", top)


ULTRAFACE = "\n".join(
    [
        data(1, 4, 5, 6),
        layer("TanH", "data", "c", name="c"),
        reshape("c", "boxes", 1, -1, 4),
        reshape("data", "scores", 1, 60, 2),
    ]
)


def told(caplog: pytest.LogCaptureFixture, text: str, **options: str) -> list[str]:
    with caplog.at_level(logging.INFO, "proto2net"):
        proto2net.parse(text, file="net.prototxt", **options)
    return caplog.messages


def docstring(text: str, **options: str) -> str:
    source = proto2net.convert(text, to="numpy", **options)
    line = next(line for line in source.splitlines() if "->" in line and '"""' in line)
    return line.strip(' ".').removeprefix("text: ")


def test_a_fixed_batch_stands_in_the_docstring(caplog: pytest.LogCaptureFixture) -> None:
    assert docstring(ULTRAFACE) == "data (1, 4, 5, 6) -> boxes (1, 30, 4), scores (1, 60, 2)"
    source = proto2net.convert(ULTRAFACE, to="tf")
    assert '"""text: data (1, 5, 6, 4) -> ' in source
    assert told(caplog, ULTRAFACE) == [
        "net.prototxt:3: Reshape fixes the batch at 1; --batch any lets it follow the input "
        "(and 1 more)"
    ]


def test_any_batch_follows_the_input(caplog: pytest.LogCaptureFixture) -> None:
    found = docstring(ULTRAFACE, batch="any")
    assert found == "data (N, 4, 5, 6) -> boxes (N, 30, 4), scores (N, 60, 2)"
    assert told(caplog, ULTRAFACE, batch="any") == []
    graph = proto2net.parse(ULTRAFACE, batch="any")
    assert [node.layer.shape for node in graph.nodes[2:]] == [(0, -1, 4), (0, 60, 2)]
    assert graph.outputs == proto2net.parse(ULTRAFACE).outputs
    images = np.random.default_rng(5).random((3, 4, 5, 6), np.float32)
    network = proto2net.load(graph, to="numpy")
    boxes, scores = backends.get("numpy").runner.run(network, graph, {"data": images})
    np.testing.assert_array_equal(boxes, np.tanh(images).reshape(3, 30, 4))
    np.testing.assert_array_equal(scores, images.reshape(3, 60, 2))


def test_sequences_of_a_fixed_number_of_steps_follow_too() -> None:
    lrcn = "\n".join([data(12, 7, 1, 2), reshape("data", "y", 4, 3, 7, 1, 2)])
    assert docstring(lrcn) == "data (12, 7, 1, 2) -> y (4, 3, 7, 1, 2)"
    graph = proto2net.parse(lrcn, batch="any")
    assert graph.nodes[-1].layer.shape == (4, -1, 7, 1, 2)


@pytest.mark.parametrize(
    "text",
    [
        reshape("data", "y", 0, -1),
        reshape("data", "y", -1, 5, 6, more="axis: 1"),
        reshape("data", "y", -1, 4, 5, 6),
        layer("Flatten", "data", "y"),
        layer("Slice", "data", "y z", "slice_param { slice_point: 1 }"),
    ],
)
def test_what_follows_the_batch_anyway_is_left_alone(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    net = "\n".join([data(2, 4, 5, 6), text])
    assert "data (N, 4, 5, 6) -> y (N, " in docstring(net)
    assert told(caplog, net) == []
    assert proto2net.parse(net, batch="any") == proto2net.parse(net)


def test_a_slice_of_the_batch_fixes_it(caplog: pytest.LogCaptureFixture) -> None:
    cut = layer("Slice", "data", "y z", "slice_param { axis: 0 slice_point: 2 }")
    net = "\n".join([data(5, 4, 3), cut])
    assert docstring(net) == "data (5, 4, 3) -> y (2, 4, 3), z (3, 4, 3)"
    assert told(caplog, net, batch="any") == ["net.prototxt:2: Slice fixes the batch at 5"]


def test_a_part_of_the_batch_is_told_as_such() -> None:
    cut = layer("Slice", "data", "y z", "slice_param { axis: 0 }")
    net = "\n".join([data(6, 4, 3), cut, layer("TanH", "data", "a")])
    assert docstring(net) == "data (N, 4, 3) -> a (N, 4, 3), y (N/2, 4, 3), z (N/2, 4, 3)"


def test_what_does_not_depend_on_the_batch_has_its_own_size() -> None:
    prior = layer("PriorBox", "x data", "boxes", "prior_box_param { min_size: 2 }", "boxes")
    net = "\n".join([data(3, 2, 5, 6), layer("TanH", "data", "x"), prior])
    assert docstring(net) == "data (N, 2, 5, 6) -> boxes (1, 2, 120)"


def test_the_command_has_a_batch_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.prototxt").write_text(ULTRAFACE)
    with pytest.raises(SystemExit) as end:
        main(["convert", "net.prototxt", "--to", "torch", "--batch", "any", "-o", "-"])
    assert not end.value.code
    assert "c.reshape(c.shape[0], -1, 4)" in capsys.readouterr().out


def test_another_batch_is_refused() -> None:
    for batch in ("two", "2", 0, -1):
        with pytest.raises(Proto2NetError, match=f'no batch "{batch}"'):
            proto2net.parse(ULTRAFACE, batch=batch)


def test_a_batch_may_be_a_number_where_no_layer_has_another() -> None:
    net = data(1, 4, 5, 6) + layer("TanH", "data", "c")
    assert {blob.shape[0] for blob in proto2net.parse(net, batch=3).inputs} == {3}
    with pytest.raises(ShapeError, match=r'"scores" \(Reshape\)'):
        proto2net.parse(ULTRAFACE, batch=2)
