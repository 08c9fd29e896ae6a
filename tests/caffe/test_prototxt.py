"""The text reader takes what protobuf's text format is, and says all that is wrong at once."""

from __future__ import annotations

import math

import pytest

from proto2net import ParseError
from proto2net.caffe.prototxt import read
from proto2net.caffe.schema import LINE


def layer(text: str):  # type: ignore[no-untyped-def]  # messages have no static type
    return read(f"layer {{ {text} }}")[0].layer[0]


def problems(text: str) -> list[str]:
    with pytest.raises(ParseError) as error:
        read(text, "net.prototxt")
    return [str(issue) for issue in error.value.issues]


def test_comments_quotes_brackets_lists_and_separators() -> None:
    net, _ = read(
        """# a comment
        name: 'it''s "a" net'  # adjacent literals are one
        input: "data"; input_dim: [1, 3, 0x10, 010],
        layer < name: "\\x61\\142\\t\\"\\'" type: "Split" bottom: ["a", "b"] >
        layer: { name: "c" }"""
    )
    assert net.name == 'its "a" net'
    assert list(net.input_dim) == [1, 3, 16, 8]
    assert net.layer[0].name == "ab\t\"'"
    assert list(net.layer[0].bottom) == ["a", "b"]
    assert net.layer[1].name == "c"


def test_enums_by_name_and_by_number() -> None:
    assert layer("pooling_param { pool: AVE }").pooling_param.pool == 1
    assert layer("pooling_param { pool: 1 }").pooling_param.pool == 1


@pytest.mark.parametrize("text", ["true", "True", "t", "1"])
def test_every_spelling_of_true(text: str) -> None:
    assert layer(f"inner_product_param {{ bias_term: {text} }}").inner_product_param.bias_term


@pytest.mark.parametrize("text", ["false", "False", "f", "0"])
def test_every_spelling_of_false(text: str) -> None:
    parameters = layer(f"inner_product_param {{ bias_term: {text} }}").inner_product_param
    assert parameters.HasField("bias_term")
    assert not parameters.bias_term


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1.0), ("-.5", -0.5), ("1.5f", 1.5), ("2e-3", 0.002), ("3.", 3.0), ("inf", math.inf)],
)
def test_numbers(text: str, value: float) -> None:
    assert layer(f"power_param {{ shift: {text} }}").power_param.shift == pytest.approx(value)


def test_not_a_number() -> None:
    assert math.isnan(layer("power_param { shift: nan }").power_param.shift)


def test_text_of_another_encoding_in_a_comment_does_not_hurt() -> None:
    assert read("# \ufffd\ufffd\nname: 'é'")[0].name == "é"


def test_every_layer_knows_its_line() -> None:
    net, _ = read('name: "n"\n\nlayer { name: "a" }\nlayer {\n  name: "b" } layer { name: "c" }')
    assert [getattr(entry, LINE) for entry in net.layer] == [3, 4, 5]


def test_all_problems_of_a_file_are_told_at_once() -> None:
    found = problems(
        """layer { name: "a" tpye: "ReLU" }
layer { name: "b" pooling_param { pool: MEDIAN kernel_size: -1 stride: 1 stride: 2 } }
layer { convolution_param { bias_term: maybe num_output: 1.5 } name: "c" type: "Convolution" }
layer { name: 4 }"""
    )
    assert found == [
        'net.prototxt:1: layer "a": "tpye" is not a field of LayerParameter\n'
        '  hint: did you mean "type"?',
        'net.prototxt:2: layer "b": pool is MEDIAN\n'
        "  hint: it can be MAX, AVE, STOCHASTIC, AVE_EXC_PAD, AVE_TF",
        'net.prototxt:2: layer "b": kernel_size is -1\n'
        "  hint: it must be a whole number from 0 to 4294967295",
        'net.prototxt:2: layer "b": "stride" is given twice; it takes one value',
        'net.prototxt:3: layer "c" (Convolution): bias_term is maybe\n'
        "  hint: it must be true or false",
        'net.prototxt:3: layer "c" (Convolution): num_output is 1.5\n'
        "  hint: it must be a whole number from 0 to 4294967295",
        'net.prototxt:4: layer "": name is 4\n  hint: it must be a string, in quotes: "…"',
    ]


def test_an_unknown_field_is_passed_over_whole() -> None:
    found = problems('layer { fork_param { a: [1, {b: "}"}] c < d: 1 > } name: "x" other: 1 }')
    assert len(found) == 2
    assert '"fork_param"' in found[0]
    assert '"other"' in found[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("layer { name: 'x'", 'expected the name of a field or "}", found the end of the file'),
        ("layer { name 'x' }", 'expected ":" after "name"'),
        ("layer { name: 'x }", "found a string that is never closed"),
        ("layer }", 'expected "{" after "layer", found "}"'),
        ("layer { name: }", 'expected a value, found "}"'),
        ("input_dim: [1 2]", 'expected "," or "]"'),
        ("}", 'expected the name of a field, found "}"'),
        ("layer { fork { a: 1", 'expected a closing "}"'),
        ("layer { top: - }", 'expected a number after "-"'),
        ("layer { clip_param { max: 1 } }", 'ClipParameter needs "min"'),
        ("_line: 3", '"_line" is not a field'),
        ("layer { _line: 3 }", '"_line" is not a field'),
    ],
)
def test_what_is_broken_is_named(text: str, expected: str) -> None:
    assert expected in problems(text)[-1]


def test_a_long_token_is_not_repeated_whole() -> None:
    (found,) = problems(f"layer {{ type: {'x' * 100_000} }}")
    assert len(found) < 200
