"""Hints such as `did you mean "Convolution"?`: for what is misspelt, and never another word."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from proto2net import backends
from proto2net.caffe.schema import descriptor
from proto2net.caffe.upgrade import V1_TYPES
from proto2net.cli import cli
from proto2net.errors import closest
from proto2net.layers import LAYERS


def fields(message: str) -> list[str]:
    return [field.name for field in descriptor(message).fields]


def values(message: str, field: str) -> list[str]:
    return list(descriptor(message).fields_by_name[field].enum_type.values_by_name)


KNOWN = {
    "type": list(LAYERS),
    "type of V1": [name for name in V1_TYPES if name],
    "field of a layer": fields("LayerParameter"),
    "field of a convolution": fields("ConvolutionParameter"),
    "field of a pooling": fields("PoolingParameter"),
    "field of prior boxes": fields("PriorBoxParameter"),
    "field of a ReLU": fields("ReLUParameter"),
    "value of pool": values("PoolingParameter", "pool"),
    "value of round_mode": values("PoolingParameter", "round_mode"),
    "value of operation": values("EltwiseParameter", "operation"),
    "target": backends.names(),
    "option": ["name", "top", "params", "loss_weight", "propagate_down", "phase"],
    "name of one's own": ["data", "conv5_3", "pool1", "my/rois"],
}

MISSPELT = {
    "type": {
        "convolution": "Convolution",
        "CONVOLUTION": "Convolution",
        "Convolutoin": "Convolution",
        "Convoluton": "Convolution",
        "Convlutoin": "Convolution",
        "relu": "ReLU",
        "RELU": "ReLU",
        "lrn": "LRN",
        "innerproduct": "InnerProduct",
        "inner_product": "InnerProduct",
        "InerProduct": "InnerProduct",
        "Pooing": "Pooling",
        "Softmx": "Softmax",
        "SoftmaxWithLos": "SoftmaxWithLoss",
        "Slcie": "Slice",
        "Normalise": "Normalize",
        "BatchNrom": "BatchNorm",
    },
    "type of V1": {"convolution": "CONVOLUTION", "INNERPRODUCT": "INNER_PRODUCT"},
    "field of a layer": {"tpye": "type", "Bottom": "bottom", "softmaxx_param": "softmax_param"},
    "field of a convolution": {
        "num_ouput": "num_output",
        "numoutput": "num_output",
        "kernelSize": "kernel_size",
        "bias_ter": "bias_term",
        "dilatoin": "dilation",
    },
    "field of a ReLU": {"negative_slop": "negative_slope"},
    "value of pool": {"max": "MAX", "Ave": "AVE", "STOCHASTC": "STOCHASTIC"},
    "value of round_mode": {"Ceil": "CEIL", "FLOR": "FLOOR"},
    "target": {"Torch": "torch", "torhc": "torch", "numppy": "numpy", "sumary": "summary"},
    "option": {
        "nmae": "name",
        "Top": "top",
        "loss_wieght": "loss_weight",
    },
    "name of one's own": {
        "dat": "data",
        "pol1": "pool1",
        "conv53": "conv5_3",
        "my/roi": "my/rois",
    },
}
"""What was meant, by what was written."""

OTHER = {
    "type": "Region MaxPooling GELU ZReLU RReLU "
    "LReLU ReLU7 Drop Pow Sin HardTanh BatchReNorm Dense GlobalPooling Deletion L3Loss Swish7 "
    "PoolingV ConvolutionDW Splicer",
    "field of a convolution": "stride_d kernel_l pad_d side num_input pad_q kernel_side",
    "field of a pooling": "pool_size kernel_d stride_x",
    "field of prior boxes": "mid_size min_side max_site step_x",
    "value of pool": "MIN SUM MEAN MEDIAN MAXOUT",
    "value of round_mode": "ROUND FLOORED CEILED",
    "value of operation": "SUB DIV MIN MEAN PRODUCT",
    "target": "caffe jax np tflite",
    "option": "stop lose_height phases2",
    "name of one's own": "conv5_2 pool2 conv5 date _ x /",
}
"""What is another word than any that is known."""


@pytest.mark.parametrize("kind", MISSPELT)
def test_what_is_misspelt_is_told_with_what_was_meant(kind: str) -> None:
    hints = {name: closest(name, KNOWN[kind]) for name in MISSPELT[kind]}
    assert hints == {name: f'did you mean "{right}"?' for name, right in MISSPELT[kind].items()}


@pytest.mark.parametrize("kind", OTHER)
def test_another_word_is_no_hint(kind: str) -> None:
    hints = {name: closest(name, KNOWN[kind]) for name in ("", *OTHER[kind].split())}
    assert {name: hint for name, hint in hints.items() if hint} == {}


ALIKE = [
    {"layer", "layers"},
    {"LSTM", "Lstm"},
    {"Unpooling", "UnPooling"},
    {"multibox_loss_param", "multiboxloss_param"},
    {"hard_sigmoid_param", "hardsigmoid_param"},
    {"eps", "esp"},
    {"device", "devices"},
]
"""Names that are known, and are spelt nearly alike: neither is wrong as a hint for the other."""


def every_set_of_names() -> Iterator[list[str]]:
    yield from KNOWN.values()
    context = click.Context(cli)
    for command in (cli, *(cli.get_command(context, name) for name in cli.list_commands(context))):
        assert command
        yield [option[2:] for each in command.params for option in each.opts if option[:2] == "--"]
    seen, waiting = set(), [descriptor("NetParameter")]
    while waiting:
        message = waiting.pop()
        if message.name not in seen:
            seen.add(message.name)
            yield list(message.fields_by_name)
            for field in message.fields:
                waiting += [field.message_type] if field.message_type else []
                yield [value.name for value in field.enum_type.values] if field.enum_type else []


def test_no_known_name_is_the_hint_for_another() -> None:
    wrong = []
    for names in every_set_of_names():
        for name in names:
            allowed = {other for pair in ALIKE if name in pair for other in pair}
            others = [other for other in names if other not in (name, *allowed)]
            wrong += [(name, hint)] if (hint := closest(name, others)) else []
    assert wrong == []


def test_a_name_in_another_case_comes_before_a_misspelt_one() -> None:
    assert closest("softmax", ["Softmaxx", "SoftMax"]) == 'did you mean "SoftMax"?'
