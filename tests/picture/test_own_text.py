"""The text of a layer on its card: the lines of its file, if they are that layer alone."""

from __future__ import annotations

from pathlib import Path

import pytest

import proto2net
from proto2net.picture.own_text import texts

INPUT = 'input: "x" input_shape { dim: 1 dim: 3 dim: 5 dim: 4 }'


def of(tmp_path: Path, text: str) -> dict[str, str]:
    net = tmp_path / "net.prototxt"
    net.write_text(text)
    return {node.name: text for node, text in texts(proto2net.parse(net)).items()}


def test_the_lines_of_a_layer_are_as_they_stand(tmp_path: Path) -> None:
    layer = 'layer {  # the first\n  name: "a" type: "ReLU" # }\n  bottom: "x" top: "a"\n}'
    found = of(tmp_path, f"{INPUT}\n{layer} # the end\n")
    assert found["a"] == f"{layer} # the end"
    assert found["input"].startswith('layer {\n  name: "input"\n  type: "Input"')


@pytest.mark.parametrize("between", [" ", "\n"])
def test_layers_of_one_line_have_each_its_own_text(tmp_path: Path, between: str) -> None:
    layer = 'layer {{ name: "r{0}" type: "ReLU" bottom: "x" top: "r{0}" }}'
    layers = [layer.format(number) for number in range(300)]
    found = of(tmp_path, between.join([INPUT, *layers]))
    assert all(f'name: "r{number}"' in found[f"r{number}"] for number in range(300))
    assert sum(map(len, found.values())) < 300 * 100


def test_a_bracket_on_a_line_of_its_own_begins_a_layer(tmp_path: Path) -> None:
    found = of(tmp_path, f'{INPUT}\nlayer\n{{\n  name: "a" type: "ReLU" bottom: "x" top: "a"\n}}\n')
    assert found["a"].splitlines()[:2] == ["layer {", '  name: "a"']
