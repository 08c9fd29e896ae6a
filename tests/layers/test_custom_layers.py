"""Layer types in a file of the user's own, and layers that are left as holes."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from holes import HOLES, INPUT, UNKNOWN

from proto2net import ParseError, Proto2NetError, UnsupportedError, convert, parse
from proto2net.caffe import schema
from proto2net.caffe.fields import routes
from proto2net.cli import main
from proto2net.layers import PYTHON_LAYERS, plugins
from proto2net.layers.base import LAYERS, Filler

DECLARE = """
from dataclasses import dataclass
from typing import Literal

from proto2net.backends.torch import backend as torch
from proto2net.layers import Filler, Layer, layer, per_axis
from proto2net.backends.base import Code


@layer("{type}", param="{param}")
@dataclass(frozen=True)
class Foo(Layer):
    {fields}

    def infer(self, bottoms, tops):
        return bottoms
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file that declares a layer type with these fields."""

    def write(fields: str, type_: str = "Foo", param: str = "foo_param", more: str = "") -> Path:
        file = tmp_path / f"{type_.lower()}_layers.py"
        file.write_text(DECLARE.format(type=type_, param=param, fields=fields) + more)
        return file

    return write


def foo(parameters: str, type_: str = "Foo") -> str:
    """A network with one such layer."""
    return f'{INPUT}layer {{ name: "foo" type: "{type_}" bottom: "data" top: "foo" {parameters} }}'


# ---- parameters -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("bar: int = 1", "bar: -3", -3),
        ("bar: float = 1.0", "bar: 0.1", 0.1),
        ("bar: bool = False", "bar: true", True),
        ("bar: str = 'a'", 'bar: "b"', "b"),
        ("bar: int | None = None", "bar: 3", 3),
        ("bar: int | None = None", "", None),
        ("bar: tuple[int, ...] = ()", "bar: 3 bar: [4, 5]", (3, 4, 5)),
        ("bar: Literal['SUM', 'MAX'] = 'SUM'", "bar: MAX", "MAX"),
        ("bar: tuple[Literal['SUM', 'MAX'], ...] = ()", "bar: MAX bar: SUM", ("MAX", "SUM")),
        ("bar: Filler = Filler()", 'bar { type: "xavier" }', Filler("xavier")),
        (
            "bar: tuple[int, ...] = per_axis('bar', 'bar_h', 'bar_w', default=(1,))",
            "bar_h: 2 bar_w: 3",
            (2, 3),
        ),
    ],
)
def test_a_parameter_of_a_type_of_ones_own_is_read(
    write: Write, field: str, text: str, value: object
) -> None:
    graph = parse(foo(f"foo_param {{ {text} }}"), layers=write(field))
    assert graph.nodes[-1].layer.bar == value  # type: ignore[attr-defined]


def test_a_parameter_of_a_type_of_ones_own_is_written(write: Write) -> None:
    field = "bar: Literal['SUM', 'MAX'] = 'SUM'\n    baz: tuple[float, ...] = ()"
    text = foo("foo_param { bar: MAX baz: 0.1 baz: 2 }")
    graph = parse(text, layers=write(field))
    assert parse(convert(graph, to="prototxt")) == graph


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("bar: MEAN", "bar is MEAN\n  hint: it can be SUM, MAX"),
        ("Bar: MAX", '"Bar" is not a field of FooParameter\n  hint: did you mean "bar"?'),
    ],
)
def test_a_wrong_parameter_of_a_type_of_ones_own_is_told(
    write: Write, text: str, problem: str
) -> None:
    with pytest.raises(ParseError, match=re.escape(problem)):
        parse(foo(f"foo_param {{ {text} }}"), layers=write("bar: Literal['SUM', 'MAX'] = 'SUM'"))


@pytest.mark.parametrize("type_", ["ReLU", "Swish"])
def test_a_type_of_ones_own_takes_the_place_of_a_built_in_one_with_a_note(
    write: Write, type_: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    param = f"{type_.lower()}_param"
    fields = "mine: int = 1\n    choice: Literal['A', 'B'] = 'A'"
    file = write(fields, type_, param)
    graph = parse(foo(f"{param} {{ mine: 3 choice: B }}", type_), layers=file)
    layer = graph.nodes[-1].layer
    assert (layer.mine, layer.choice) == (3, "B")  # type: ignore[attr-defined]
    note = f'layer type "{type_}" is that of {file}; proto2net\'s own is not used'
    assert caplog.messages == [note]


def test_a_python_layer_of_ones_own_takes_the_place_of_a_built_in_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    key = ("rpn.proposal_layer", "ProposalLayer")
    monkeypatch.setattr(PYTHON_LAYERS, "others", {})
    file = tmp_path / "mine.py"
    file.write_text(
        "from proto2net.layers import python_layer\nfrom proto2net.layers.data import Python\n"
        f"@python_layer(*{key})\nclass Mine(Python): pass\n"
    )
    parse(INPUT, layers=file)
    assert PYTHON_LAYERS[key].__name__ == "Mine"
    assert "the Python layer rpn.proposal_layer.ProposalLayer is that of" in caplog.text


@pytest.mark.parametrize("body", ["Code(None)", "return Code('F.relu({0})')"])
def test_a_renderer_that_returns_no_expression_is_named(write: Write, body: str) -> None:
    more = f"\n\n@torch.renders(Foo)\ndef _foo(node):\n    {body}\n"
    graph = parse(foo(""), layers=write("bar: int = 1", more=more))
    with pytest.raises(
        UnsupportedError, match=r'layer "foo" \(Foo\): the renderer of Foo in torch '
    ):
        convert(graph, to="torch")


def test_a_helper_of_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "helpers.py"
    file.write_text(
        "from proto2net.backends.torch import backend\n"
        "def prior_box(x):\n    return x\n"
        "backend.pastes(prior_box)\n"
    )
    with pytest.raises(Proto2NetError, match="torch has a helper prior_box already"):
        parse(INPUT, layers=file)


def test_types_that_are_declared_late_join_a_schema_that_is_in_use(write: Write) -> None:
    parse(INPUT)
    first = write("bar: int = 1")
    old = schema.message_class("LayerParameter")
    assert parse(foo("foo_param { bar: 2 }"), layers=first)
    second = write("bar: int = 1\n    loss_param: int = 3", "Second", "second_param")
    assert schema.message_class("LayerParameter") is not old
    assert parse(foo("second_param { bar: 4 }", "Second"), layers=second)
    assert parse(foo("foo_param { bar: 5 }"))
    (field, within, route) = routes("Foo")[0]
    assert (field.name, within) == ("bar", True)
    assert (
        route
        is schema.descriptor("LayerParameter")
        .fields_by_name["foo_param"]
        .message_type.fields_by_name["bar"]
    )


def test_types_of_installed_packages_may_have_parameters_of_their_own(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write("bar: int = 1", "Late", "late_param")
    monkeypatch.setattr(plugins, "load", lambda: plugins.load_file(file))
    assert parse(foo("late_param { bar: 4 }", "Late")).nodes[-1].layer.bar == 4  # type: ignore[attr-defined]


def test_two_types_can_have_one_message(write: Write) -> None:
    second = DECLARE.format(type="Bar", param="foo_param", fields="baz: int = 2").replace(
        "class Foo", "class Bar"
    )
    layers = write("bar: int = 1", more=second)
    assert parse(foo("foo_param { baz: 4 }", "Bar"), layers=layers).nodes[-1].layer.baz == 4  # type: ignore[attr-defined]
    assert parse(foo("foo_param { bar: 4 }")).nodes[-1].layer.bar == 4  # type: ignore[attr-defined]


def test_a_field_that_no_prototxt_can_give_names_the_type(write: Write) -> None:
    with pytest.raises(Proto2NetError, match='no prototxt can give "bar" of the layer type'):
        parse(foo(""), layers=write("bar: dict = None"))


# ---- the file -------------------------------------------------------------------------------


def test_a_file_is_imported_once(write: Write) -> None:
    layers = write("bar: int = 1")
    assert parse(foo(""), layers=layers) == parse(foo(""), layers=str(layers))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("import dataclasses\nx = = 1", ":2: SyntaxError: invalid syntax"),
        ("\n\nfoo()", ":3: NameError: name 'foo' is not defined"),
        ("import what_is_not_there", ":1: ModuleNotFoundError: No module named"),
        (
            "from proto2net.layers import *\nlayer('ReLU')(ReLU)",
            'layer type "ReLU" is declared twice',
        ),
    ],
)
def test_what_is_wrong_in_the_file_is_told_with_its_line(
    tmp_path: Path, text: str, problem: str
) -> None:
    layers = tmp_path / "wrong.py"
    layers.write_text(text)
    with pytest.raises(Proto2NetError) as error:
        parse(INPUT, layers=layers)
    assert str(error.value).startswith(str(layers))
    assert problem in str(error.value)
    assert LAYERS["ReLU"].param == "relu_param"


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(Proto2NetError, match=r"none.py: No such file"):
        parse(INPUT, layers="none.py")


def test_a_second_renderer_of_a_type_is_an_error_that_names_both(tmp_path: Path) -> None:
    layers = tmp_path / "again.py"
    layers.write_text(
        "from proto2net.layers import ReLU\nfrom proto2net.backends.torch import backend\n"
        "backend.renders(ReLU)(lambda node: None)\n"
    )
    with pytest.raises(Proto2NetError, match="two renderers of ReLU for torch") as error:
        parse(INPUT, layers=layers)
    assert error.value.issues[0].where
    assert error.value.issues[0].where.line == 3


# ---- holes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["torch", "tf", "numpy"])
def test_a_hole_is_a_class_of_the_layers_name_that_quotes_the_file(target: str) -> None:
    source = convert(INPUT + UNKNOWN, to=target, holes=HOLES)
    compile(source, "<hole>", "exec")
    assert re.search(r"^class MyRois\b", source, re.MULTILINE)
    assert "    Type: MyProposal.\n" in source
    assert "      my_param { text: '/'/'/'a//' }  # {class} {0}\n" in source
    assert "layer my/rois is to be written: it makes 300 x 5 and 300" in source


METHODS = {
    "torch": """
class MyRois(nn.Module):
    def forward(self, data: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        raise NotImplementedError(
            "layer my/rois is to be written: it makes 300 x 5 and 300"
        )
""",
    "tf": """
@keras.saving.register_keras_serializable("proto2net")
class MyRois(layers.Layer):
    def call(self, inputs):
        raise NotImplementedError(
            "layer my/rois is to be written: it makes 300 x 5 and 300"
        )

    def compute_output_spec(self, inputs):
        return (
            keras.KerasTensor((None, 5), dtype=self.compute_dtype),
            keras.KerasTensor((None,), dtype=self.compute_dtype),
        )
""",
    "numpy": """
class MyRois:
    def __call__(self, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        raise NotImplementedError(
            "layer my/rois is to be written: it makes 300 x 5 and 300"
        )
""",
}
"""The class of the hole in each target, without its docstring."""


@pytest.mark.parametrize("target", METHODS)
def test_the_class_of_a_hole_has_the_method_that_is_to_be_written(target: str) -> None:
    source = convert(INPUT + UNKNOWN, to=target, holes=HOLES)
    found = re.search(r"^(@.*\n)?class MyRois(.|\n)*?\n\n\n", source, re.MULTILINE)
    assert found
    assert re.sub(r'    """(.|\n)*?"""\n\n', "", found[0]).strip() == METHODS[target].strip()


def test_a_hole_is_told_and_the_others_are_converted(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        graph = parse(INPUT + UNKNOWN, holes={"type:MyProposal": [(4, 5), (4,)]})
    assert caplog.messages == ['<text>:4: layer "my/rois" (MyProposal) is left as a hole']
    assert [blob.shape for blob in graph.outputs] == [(4, 5), (4,)]


def test_a_hole_can_be_where_a_target_cannot_say_a_layer() -> None:
    output = """layer { name: "out" type: "Python" bottom: "data" top: "out"
        python_param { module: "m" layer: "L" } }"""
    with pytest.raises(Proto2NetError, match="in the user's own code"):
        parse(INPUT + output)
    assert "class Out(nn.Module):" in convert(INPUT + output, to="torch", holes={"out": [(2, 9)]})


def test_two_holes_of_like_names_have_classes_of_their_own() -> None:
    two = "".join(
        f'layer {{ name: "{name}" type: "X" bottom: "data" top: "{name}" }}\n'
        for name in ("a-b", "a_b", "tiny", "keras", "conv_2d")
    )
    for target in ("torch", "tf", "numpy"):
        source = convert(INPUT + two, to=target, holes={"type:X": [(2, 4)]})
        classes = re.findall(r"^class (\w+)", source, re.MULTILINE)
        assert len(set(classes)) == len(classes) == (5 if target == "tf" else 6)


@pytest.mark.parametrize(
    ("holes", "problem"),
    [
        ({"my/roi": [(3, 5)]}, 'no layer "my/roi" to be left as a hole\n  hint: did you mean "my/'),
        ({"my/rois": [(300, 5)]}, "this hole is given 1 shapes for 2 tops"),
    ],
)
def test_a_wrong_hole_is_told(holes: dict[str, list[tuple[int, ...]]], problem: str) -> None:
    with pytest.raises(Proto2NetError, match=re.escape(problem)):
        parse(INPUT + UNKNOWN, holes=holes, ignore_unknown_fields=True)


def test_a_hole_has_no_prototxt() -> None:
    with pytest.raises(UnsupportedError, match="a prototxt cannot hold a hole"):
        convert(INPUT + UNKNOWN, to="prototxt", holes=HOLES)


def test_what_a_hole_says_of_its_blobs_must_still_be_right() -> None:
    with pytest.raises(ParseError, match="top is 5"):
        parse(INPUT + UNKNOWN.replace('top: "scores"', "top: 5"), holes=HOLES)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["inspect", "--holes", "my/rois=4,5;4"], 0, "is left as a hole"),
        (["inspect", "--holes", "rois"], 2, "'rois' is not NAME=SHAPE, such as rois=300,5"),
        (["verify", "--to", "torch", "--holes", "my/rois=4,5;4"], 1, "a hole cannot be run"),
        (["time", "--to", "torch", "--holes", "my/rois=4,5;4"], 1, "a hole cannot be run"),
    ],
)
def test_holes_on_the_command_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    code: int,
    said: str,
) -> None:
    net = tmp_path / "net.prototxt"
    net.write_text(INPUT + UNKNOWN)
    with pytest.raises(SystemExit) as end:
        main([*options, str(net)])
    assert (end.value.code or 0) == code
    assert said in capsys.readouterr().err


EXITS = """
import sys
from dataclasses import dataclass
from proto2net.layers import Layer, layer

@layer("Exits")
@dataclass(frozen=True)
class Exits(Layer):
    def infer(self, bottoms, tops):
        sys.exit(0)
"""


@pytest.mark.parametrize("code", ["import sys; sys.exit(0)", "\nraise SystemExit"])
def test_a_file_that_ends_the_program_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    net, own = tmp_path / "net.prototxt", tmp_path / "own.py"
    net.write_text(INPUT)
    own.write_text(code)
    for command in (
        ["inspect", str(net), "--layers", str(own)],
        ["time", f"{own}:Net", "--to=numpy"],
    ):
        with pytest.raises(SystemExit) as end:
            main(command)
        assert end.value.code == 1
        err = capsys.readouterr().err
        assert err.startswith(f"{own}:{1 + code.count(chr(10))}: it ends the program\n")
        assert err.endswith("nothing was written\n")


def test_a_layer_that_ends_the_program_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net, own = tmp_path / "net.prototxt", tmp_path / "own.py"
    net.write_text(INPUT + 'layer { name: "e" type: "Exits" bottom: "data" top: "e" }')
    own.write_text(EXITS)
    with pytest.raises(SystemExit) as end:
        main(["inspect", str(net), "--layers", str(own)])
    assert end.value.code == 1
    assert capsys.readouterr().err.endswith("has called sys.exit; nothing was written\n")
