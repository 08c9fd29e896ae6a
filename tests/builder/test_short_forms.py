"""Every method of the builder prints itself back: `--to network` gives the very call."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

import proto2net
from proto2net import CaffeNetwork, Graph, Network
from proto2net.backends.network.forms import FILLED, FUSED, SHORT_FORMS, Style
from proto2net.builder import forms
from proto2net.layers import Exp, Filler
from proto2net.layers.loss import LossParameter

NO_LAYERS = {
    "setup": "is what is written",
    "load": "is about weights",
    "to": "makes a live network",
    "source": "prints the network",
    "prototxt": "prints the network",
    "get_output": "shows the network",
}
"""Methods that no call in a printed `setup` has, each with the reason."""

EXAMPLES = {
    "feed": ['feed("y", "x").concat(name="a")'],
    "add": ['feed("x", "y").add(name="a")', 'feed("x").add(Exp(base=2.0), name="a")'],
    "relu": ['feed("x").relu(name="a")', 'feed("x").relu(negative_slope=0.5, name="a")'],
    "prelu": [
        'feed("x").prelu(name="a")',
        'feed("x").prelu(filler=Filler(value=0.5), channel_shared=True, name="a")',
    ],
    "elu": ['feed("x").elu(name="a")', 'feed("x").elu(alpha=0.5, name="a")'],
    "sigmoid": ['feed("x").sigmoid(name="a")'],
    "tanh": ['feed("x").tanh(name="a", top="x")'],
    "power": ['feed("x").power(power=2.0, scale=0.5, shift=1.0, name="a")'],
    "eltwise": [
        'feed("x", "y").eltwise("MAX", name="a")',
        'feed("x", "y").eltwise("SUM", coeff=(1.0, -1.0), name="a")',
    ],
    "concat": ['feed("x", "y").concat(name="a")', 'feed("x", "y").concat(1, name="a")'],
    "slice": [
        'feed("x").slice(name="a", top=("b", "c"))',
        'feed("x").slice(2, points=(1,), name="a", top=("b", "c"))',
    ],
    "crop": [
        'feed("x", "small").crop(2, name="a")',
        'feed("x", "small").crop(2, offset=(1, 0), name="a")',
    ],
    "flatten": ['feed("x").flatten(name="a")', 'feed("x").flatten(axis=2, end_axis=3, name="a")'],
    "reshape": [
        'feed("x").reshape(0, -1, name="a")',
        'feed("x").reshape(3, 2, axis=1, num_axes=1, name="a")',
    ],
    "permute": ['feed("x").permute(0, 2, 3, 1, name="a")'],
    "scale": [
        'feed("x").scale(name="a")',
        'feed("x").scale(axis=2, filler=Filler(type="gaussian"), biased=False, name="a")',
    ],
    "fc": [
        'feed("x").fc(7, name="a")',
        'feed("x").fc(7, relu="b", name="c").fc(7, biased=False, relu=False, name="a")',
        'feed("x").fc(7, name="b").fc(7, weight_filler=Filler(type="gaussian"), name="a")',
    ],
    "lstm": ['feed("sequence", "cont").lstm(3, name="a")'],
    "rnn": ['feed("sequence", "cont").rnn(3, name="a")'],
    "global_avg_pool": ['feed("x").global_avg_pool(name="a")'],
    "global_max_pool": ['feed("x").global_max_pool(name="a")'],
    "softmax": ['feed("x").softmax(name="a")', 'feed("x").softmax(1, name="a")'],
    "softmax_loss": [
        'feed("rows", "labels").softmax_loss(name="a")',
        'feed("x", "places").softmax_loss(axis=3, name="a")',
        'feed("rows", "labels").softmax_loss(loss_param=LossParameter(ignore_label=1), name="a")',
    ],
    "sigmoid_cross_entropy_loss": [
        'feed("x", "y").sigmoid_cross_entropy_loss(name="a")',
        'feed("x", "y").sigmoid_cross_entropy_loss'
        '(loss_param=LossParameter(normalize=True), name="a")',
    ],
    "euclidean_loss": ['feed("x", "y").euclidean_loss(name="a", loss_weight=(0.5,))'],
    "hinge_loss": ['feed("rows", "labels").hinge_loss(norm="L2", name="a")'],
    "accuracy": ['feed("rows", "labels").accuracy(top_k=5, name="a")'],
    "conv": [
        'feed("x").conv(3, 3, 8, name="a")',
        'feed("x").conv(3, 2, 8, 2, 1, padding="VALID", group=2, biased=False, name="a")',
        'feed("x").conv(3, 3, 8, padding=1, dilation=2, relu="b", name="a")',
        'feed("x").conv(3, 3, 8, engine="CAFFE", relu=False, name="a")',
    ],
    "deconv": [
        'feed("x").deconv(3, 3, 8, 2, name="a")',
        'feed("x").deconv(4, 4, 8, 2, padding="SAME", relu=False, name="a")',
    ],
    "max_pool": ['feed("x").max_pool(3, 3, 2, 2, padding=(1, 0), name="a")'],
    "avg_pool": ['feed("x").avg_pool(3, 2, 2, 1, name="a")'],
    "lrn": ['feed("x").lrn(2, 0.125, 0.75, bias=2.0, name="a")'],
    "batch_normalization": [
        'feed("x").batch_normalization(name="a")',
        'feed("x").batch_normalization(eps=0.5, scale_offset=False, relu=True, name="a")',
    ],
    "dropout": ['feed("x").dropout(0.75, name="a")'],
}
"""Chains of each method of `Network`, which are printed just so."""

OTHERWISE = {
    "upsample": (
        'feed("x").upsample(2, name="a")',
        "deconv",  # that it was upsample no file of Caffe can tell
    ),
}
"""Methods that are printed as a call of another one."""

CAFFE = {
    "conv": ('conv(8, kernel=3, pad=1, name="a")', 'conv(3, 3, 8, relu=False, name="a")'),
    "deconv": ('deconv(8, 3, 2, name="a")', 'deconv(3, 3, 8, 2, relu=False, name="a")'),
    "max_pool": ('max_pool(3, 2, name="a")', 'max_pool(3, 3, 2, 2, padding=0, name="a")'),
    "avg_pool": ('avg_pool(3, 2, pad=1, name="a")', 'avg_pool(3, 3, 2, 2, padding=1, name="a")'),
    "lrn": ('lrn(alpha=0.5, name="a")', 'lrn(2, 0.1, 0.75, name="a")'),
    "batch_norm": ('batch_norm(name="a")', 'batch_normalization(scale_offset=False, name="a")'),
    "dropout": ('dropout(0.25, name="a")', 'dropout(0.75, name="a")'),
    "fc": ('fc(7, name="a")', 'fc(7, relu=False, name="a")'),
}
"""A call of each method that `CaffeNetwork` has of its own, and what is printed."""

NHWC = {
    "x": (2, 7, 5, 6),
    "y": (2, 7, 5, 6),
    "small": (2, 4, 3, 6),
    "rows": (2, 10),
    "labels": (2,),
    "places": (2, 42),
    "sequence": (4, 2, 5),
    "cont": (4, 2),
}
IN_CAFFE_ORDER = {name: (s[0], s[-1], *s[1:-1]) if len(s) == 4 else s for name, s in NHWC.items()}

WORDS = {"Exp": Exp, "Filler": Filler, "LossParameter": LossParameter}


def methods(cls: type[Network] | type[CaffeNetwork]) -> dict[str, Callable[..., Any]]:
    """What a class offers to be called."""
    return {
        name: value
        for name, value in inspect.getmembers(cls, inspect.isfunction)
        if not name.startswith("_")
    }


def graph_of(chain: str, base: Any = Network) -> Graph:
    """The graph of a network with one chain."""

    class Example(base):  # type: ignore[misc]
        inputs: ClassVar = NHWC if base is Network else IN_CAFFE_ORDER

        def setup(self) -> None:
            eval(f"self.{chain}", WORDS, {"self": self})  # noqa: S307  # written above

    graph: Graph = Example().graph
    return graph


def printed(graph: Graph) -> str:
    """The source of a network, whatever its lines."""
    return ast.unparse(ast.parse(proto2net.convert(graph, to="network")))


def test_every_method_has_an_example() -> None:
    assert set(methods(Network)) == {*EXAMPLES, *OTHERWISE, *NO_LAYERS}
    own = {name for name, f in methods(CaffeNetwork).items() if getattr(Network, name, None) != f}
    assert own == set(CAFFE)


@pytest.mark.parametrize("method", EXAMPLES)
def test_a_method_prints_itself_back(method: str) -> None:
    for chain in EXAMPLES[method]:
        assert f".{method}(" in f".{chain}"
        assert f"self.{ast.unparse(ast.parse(chain))}\n" in printed(graph_of(chain)) + "\n"


@pytest.mark.parametrize("method", OTHERWISE)
def test_a_method_that_is_printed_as_another(method: str) -> None:
    chain, other = OTHERWISE[method]
    source = printed(graph_of(chain))
    assert f".{other}(" in source
    assert f".{method}(" not in source


@pytest.mark.parametrize("method", CAFFE)
def test_a_method_in_the_style_of_caffe_is_printed_in_the_other(method: str) -> None:
    call, right = CAFFE[method]
    assert call.startswith(f"{method}(")
    right = ast.unparse(ast.parse(f'self.feed("x").{right}'))
    assert f"{right}\n" in printed(graph_of(f'feed("x").{call}', CaffeNetwork)) + "\n"


@pytest.mark.parametrize("layer", forms.FORMS, ids=lambda layer: layer.type)
def test_the_parameters_of_a_simple_short_form_are_fields(layer: Any) -> None:
    form = forms.FORMS[layer]
    parameters = set(inspect.signature(getattr(Network, form.method)).parameters)
    elsewhere = {"self", "more", *FUSED.get(layer, ()), *(Style._fields if layer in FILLED else ())}
    fields = {field.name for field in dataclasses.fields(layer)}
    assert {form.fields.get(name, name) for name in parameters - elsewhere} <= fields
    assert set(form.fields) <= parameters
    assert layer in SHORT_FORMS
