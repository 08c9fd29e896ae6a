"""A template, which has names in the place of values, is filled in with --define."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import proto2net
from proto2net import ParseError, Proto2NetError
from proto2net.cli import cli
from proto2net.graph import Graph

DATA = 'input: "data" input_shape { dim: 1 dim: 3 dim: $HEIGHT$ dim: $WIDTH$ }\n'
FLOWNET = (
    "# $COMMENT$ is none\n"
    + DATA
    + """layer {
  name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: $CHANNELS$ kernel_size: 3 pad: 1 }
}
"""
)


def filled(text: str, **define: object) -> Graph:
    return proto2net.parse(text, file="net.prototxt", define=define)


def problems(text: str, **define: object) -> list[str]:
    with pytest.raises(Proto2NetError) as error:
        filled(text, **define)
    return list(map(str, error.value.issues))


def test_names_get_the_values_that_are_given() -> None:
    graph = filled(FLOWNET, HEIGHT=8, WIDTH=9, CHANNELS=4)
    assert graph.outputs[0].shape == (1, 4, 8, 9)


def test_all_names_that_are_missing_are_told_at_their_lines() -> None:
    told = "this is a template, and no network: it has"
    assert problems(FLOWNET, WIDTH=9) == [
        f'net.prototxt:2: {told} "$HEIGHT$" to fill in',
        f'net.prototxt:5: {told} "$CHANNELS$" to fill in\n'
        "  hint: --define HEIGHT=VALUE --define CHANNELS=VALUE",
    ]


def test_a_name_that_the_file_does_not_have_is_refused() -> None:
    assert problems(FLOWNET, HEIGHT=8, WIDTH=9, CHANNELS=4, COMMENT=1, WIDTHS=2) == [
        'net.prototxt: the file has no "COMMENT" to fill in',
        'net.prototxt: the file has no "WIDTHS" to fill in\n  hint: did you mean "WIDTH"?',
    ]


@pytest.mark.parametrize(
    "mark",
    ["$N$", "$N", "${N}", "{{ N }}", "{{N}}", "{N}", "%(N)s", "%(N)d", "@N@", "N"],
)
def test_each_way_to_mark_a_name_is_known(mark: str) -> None:
    text = FLOWNET.replace("$HEIGHT$", "8").replace("$WIDTH$", "9").replace("$CHANNELS$", mark)
    assert filled(text, N=5).outputs[0].shape == (1, 5, 8, 9)


def test_a_template_of_str_format_has_doubled_brackets() -> None:
    text = FLOWNET.replace("{", "{{").replace("}", "}}\n").replace('"conv"', '"c{level}"')
    for name in ("HEIGHT", "WIDTH", "CHANNELS"):
        text = text.replace(f"${name}$", f"{{{name}}}")
    text = text.replace("input_shape {{", "input_shape {{\n")
    graph = filled(text, HEIGHT=8, WIDTH=9, CHANNELS=4, level=2)
    assert [node.name for node in graph.nodes] == ["input", "c2"]
    assert graph.outputs[0].shape == (1, 4, 8, 9)
    assert problems(text)[-1].endswith(
        "--define HEIGHT=VALUE --define WIDTH=VALUE --define level=VALUE --define CHANNELS=VALUE"
    )


def test_words_for_numbers_are_asked_for() -> None:
    text = FLOWNET.replace("$HEIGHT$", "side").replace("$WIDTH$", "side")
    text = text.replace("$CHANNELS$", "cls_num")
    hint = "  hint: --define side=VALUE --define cls_num=VALUE"
    assert problems(text)[-1].endswith(f'"cls_num" to fill in\n{hint}')
    assert filled(text, side=8, cls_num=21).outputs[0].shape == (1, 21, 8, 8)


def test_a_value_in_a_string_stays_in_it_and_a_path_gets_quotes() -> None:
    text = FLOWNET.replace("$HEIGHT$", "8").replace("$WIDTH$", "9").replace("$CHANNELS$", "4")
    text = text.replace('"conv" type', "$NAME type").replace('top: "conv"', 'top: "a/$TOP/b"')
    graph = filled(text, NAME="flow/net 2.0", TOP="x\\y")
    assert graph.nodes[1].name == "flow/net 2.0"
    assert graph.outputs[0].name == "a/x\\y/b"


@pytest.mark.parametrize("value", ["4 } layer {", '4"', "4#", "4\n5", "", "4'", "4<", "4;5"])
def test_a_value_cannot_change_the_structure(value: str) -> None:
    (problem,) = problems(FLOWNET, HEIGHT=8, WIDTH=9, CHANNELS=value)
    assert problem.startswith(f"CHANNELS cannot be {value!r}")


def test_lines_stay_what_they_are() -> None:
    text = FLOWNET + 'layer { name: "bad" type: "ReLU" bottom: "none" top: "y" }'
    (problem,) = problems(text, HEIGHT=8, WIDTH=9, CHANNELS=4)
    assert problem.startswith('net.prototxt:7: layer "bad" (ReLU)')


def test_marks_in_strings_of_what_is_no_template_are_text() -> None:
    text = FLOWNET.replace("$HEIGHT$", "8").replace("$WIDTH$", "9").replace("$CHANNELS$", "4")
    text = text.replace('name: "conv"', 'name: "$ProgramData$/conv"')
    assert filled(text).nodes[1].name == "$ProgramData$/conv"


def test_a_network_of_a_solver_is_filled_in(tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text(FLOWNET)
    solver = tmp_path / "solver.prototxt"
    solver.write_text('net: "$NET.prototxt"\nbase_lr: 0.1\n')
    define = {"NET": "net", "HEIGHT": 8, "WIDTH": 9, "CHANNELS": 4}
    assert proto2net.parse(solver, define=define).outputs[0].shape == (1, 4, 8, 9)
    with pytest.raises(ParseError, match='the file has no "FOO"'):
        proto2net.parse(solver, define=define | {"FOO": 1})


def test_the_command_takes_values(tmp_path: Path) -> None:
    net = tmp_path / "net.prototxt"
    net.write_text(FLOWNET)
    define = [part for name in ("HEIGHT=8", "WIDTH=9", "CHANNELS=4") for part in ("--define", name)]
    result = CliRunner().invoke(cli, ["inspect", str(net), *define])
    assert result.exit_code == 0
    assert "1 x 4 x 8 x 9" in result.output
    for bad, told in (("HEIGHT", "is not NAME=VALUE"), ("HEIGHT=7", "given 2 times")):
        result = CliRunner().invoke(cli, ["inspect", str(net), *define, "--define", bad])
        assert result.exit_code == 2
        assert told in result.output
