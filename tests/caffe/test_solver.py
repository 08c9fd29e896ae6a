"""A solver is followed to its network; stages, levels and typos of names are told."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from proto2net import Graph, ParseError, Proto2NetError, parse

NET = """name: "tiny"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param { num_output: 5 } }
"""


def written(path: Path, text: str) -> Path:
    """A file with this text, in a folder that is made for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def names(graph: Graph) -> list[str]:
    """The layers' names."""
    return [node.name for node in graph.nodes]


# ---- where the network is -------------------------------------------------------------------


@pytest.mark.parametrize("named", ["net.prototxt", "models/tiny/net.prototxt"])
def test_a_solver_is_followed_from_its_folder_or_from_the_root_of_its_tree(
    tmp_path: Path, named: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "models" / "tiny"
    net = written(folder / "net.prototxt", NET)
    solver = written(folder / "solver.prototxt", f'base_lr: 0.1\nnet: "{named}"\n')
    with caplog.at_level(logging.INFO):
        assert names(parse(solver)) == ["data", "ip"]
    assert f"{solver}:2: this is a solver; took its network, {net}" in caplog.messages


def test_a_solver_is_followed_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "here" / "models" / "net.prototxt", NET)
    solver = written(tmp_path / "solvers" / "solver.prototxt", 'net: "models/net.prototxt"')
    monkeypatch.chdir(tmp_path / "here")
    assert names(parse(solver)) == ["data", "ip"]


def test_a_network_that_is_not_there_is_told_with_the_line(tmp_path: Path) -> None:
    solver = written(tmp_path / "solver.prototxt", 'base_lr: 0.1\n\n# net\nnet: "none.prototxt"\n')
    with pytest.raises(ParseError) as error:
        parse(solver)
    assert str(error.value).startswith(
        f'{solver}:4: the network "none.prototxt" of this solver does not exist'
    )


def test_a_solver_whose_network_is_a_solver_is_refused(tmp_path: Path) -> None:
    solver = written(tmp_path / "solver.prototxt", 'net: "solver.prototxt"')
    with pytest.raises(ParseError, match="this is a solver, and no network"):
        parse(solver)


# ---- which network --------------------------------------------------------------------------


def test_the_phase_chooses_between_a_train_net_and_a_test_net(tmp_path: Path) -> None:
    written(tmp_path / "a.prototxt", NET.replace('"ip"', '"a"'))
    written(tmp_path / "b.prototxt", NET.replace('"ip"', '"b"'))
    solver = written(tmp_path / "solver.prototxt", 'train_net: "a.prototxt" test_net: "b.prototxt"')
    assert names(parse(solver)) == ["data", "b"]
    assert names(parse(solver, phase="train")) == ["data", "a"]


def test_a_phase_without_a_network_is_told(tmp_path: Path) -> None:
    written(tmp_path / "a.prototxt", NET)
    solver = written(tmp_path / "solver.prototxt", 'train_net: "a.prototxt"')
    with pytest.raises(ParseError, match="names no network of the test phase"):
        parse(solver)


def test_a_network_inside_of_a_solver_is_taken() -> None:
    assert names(parse(f"base_lr: 0.1\nnet_param {{ {NET} }}\n")) == ["data", "ip"]


def test_the_stages_of_a_solver_are_those_of_its_network(tmp_path: Path) -> None:
    staged = NET + 'layer { name: "x" type: "ReLU" bottom: "ip" top: "x" include { stage: "s" } }'
    written(tmp_path / "net.prototxt", staged)
    solver = written(tmp_path / "solver.prototxt", 'net: "net.prototxt"\ntest_state { stage: "s" }')
    assert names(parse(solver)) == ["data", "ip", "x"]
    assert names(parse(solver, phase="train")) == ["data", "ip"]


# ---- what is told of states and names -------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        ("include { phase: TRAIN }", "--phase train"),
        ('include { stage: "deploy" }', "--stage deploy"),
        ('include { phase: TRAIN stage: "a" stage: "b" }', "--phase train and --stage a and"),
        ("include { min_level: 2 }", "--level 2"),
        ("exclude { phase: TEST }", "--phase train"),
        ('exclude { not_stage: "deploy" }', "--stage deploy"),
        ("exclude { max_level: 3 }", "--level 4"),
    ],
)
def test_a_bottom_that_a_layer_left_out_would_make_names_the_option(rule: str, hint: str) -> None:
    relu = f'layer {{ name: "relu" type: "ReLU" bottom: "data" top: "relu" {rule} }}\n'
    data, ip = NET.split('layer { name: "ip"')
    net = f'{data}{relu}layer {{ name: "ip"{ip.replace("data", "relu")}'
    with pytest.raises(Proto2NetError) as error:
        parse(net)
    (issue,) = error.value.issues
    assert issue.message == 'bottom "relu" is not made by any layer above'
    assert issue.hint.startswith(f'layer "relu" makes it, with {hint}')


def shared(*params: str) -> str:
    """A network with a layer for each name of a shared parameter."""
    layers = (
        f'layer {{ name: "ip{i}" type: "InnerProduct" bottom: "data" top: "ip{i}" '
        f'param {{ name: "{param}" }} inner_product_param {{ num_output: 5 }} }}'
        for i, param in enumerate(params)
    )
    return "\n".join([*NET.splitlines()[:2], *layers])


def test_a_shared_name_that_occurs_once_is_told_with_a_near_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        parse(shared("cls_w", "cls_w", "csl_w"), file="net.prototxt")
    assert caplog.messages == [
        'net.prototxt:5: layer "ip2" (InnerProduct): no other layer shares param "csl_w"; '
        'did you mean "cls_w"?'
    ]


def test_many_names_that_nothing_shares_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        parse(shared("a", "b", "c", "d", "e"), file="net.prototxt")
    assert caplog.messages == [
        "net.prototxt: 5 names of param occur once each, so nothing is shared"
    ]
