"""What networks written by hand refuse: each wrong argument in a sentence, with the user's line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import field, make_dataclass
from typing import Any, Literal, Optional

import numpy as np
import pytest

from proto2net import CaffeNetwork, Network, Proto2NetError
from proto2net.builder import Chain
from proto2net.layers import Convolution, Filler, Layer, Pooling, Power, Reshape

Setup = Callable[[Any], object]


def made(setup: Setup, base: type[Chain], inputs: Any = None) -> Chain:
    """A network with this one chain."""
    shape = (2, 13, 11, 4) if issubclass(base, Network) else (2, 4, 13, 11)
    net = type("Net", (base,), {"setup": setup})
    return net({"data": shape} if inputs is None else inputs)  # type: ignore[no-any-return]


def told(setup: Setup, base: type[Chain], inputs: Any = None) -> str:
    with pytest.raises(Proto2NetError) as error:
        made(setup, base, inputs)
    here = inspect.getsourcefile(setup)
    assert all(i.where is None or i.where.file == here for i in error.value.issues)
    return "\n".join(f"{issue.message} ({issue.hint})" for issue in error.value.issues)


WHOLE = "it must be a whole number"

BOTH: dict[str, tuple[Setup, str]] = {
    "feed of None": (lambda n: n.feed(None).softmax(), "feed got None (it takes the names of"),
    "feed of a list": (lambda n: n.feed(["data"]).softmax(), "feed got ['data']"),
    "name": (lambda n: n.feed("data").relu(name=5), "name is 5 (it is a string)"),
    "top": (lambda n: n.feed("data").relu(top=5), "top is 5 (it is a string, or several)"),
    "tops": (lambda n: n.feed("data").slice(top=("a", 5)), "top is ('a', 5)"),
    "params": (lambda n: n.feed("data").fc(3, params=[1]), "params is [1] (it is a ParamSpec"),
    "loss_weight": (lambda n: n.feed("data").relu(loss_weight=1.0), "loss_weight is 1.0"),
    "propagate_down": (lambda n: n.feed("data").relu(propagate_down=True), "propagate_down is"),
    "phase": (lambda n: n.feed("data").relu(phase=5), "phase is 5"),
    "slope": (lambda n: n.feed("data").relu("x"), "negative_slope is 'x' (it must be a number)"),
    "prelu": (lambda n: n.feed("data").prelu(0.25), "filler is 0.25 (it must be a Filler)"),
    "elu": (lambda n: n.feed("data").elu(None), "alpha is None (it must be a number)"),
    "power": (lambda n: n.feed("data").power([2]), "power is [2] (it must be a number)"),
    "eltwise": (lambda n: n.feed("data", "data").eltwise(5), "operation is 5 (it must be a string"),
    "coeff": (lambda n: n.feed("data", "data").eltwise(coeff="ab"), "coeff is 'ab' (it must be"),
    "concat": (lambda n: n.feed("data", "data").concat("c"), f"axis is 'c' ({WHOLE})"),
    "slice": (lambda n: n.feed("data").slice(1, 2.5, top="ab"), f"slice_point is 2.5 ({WHOLE})"),
    "crop": (lambda n: n.feed("data", "data").crop(2, 0.5), f"offset is 0.5 ({WHOLE})"),
    "flatten": (lambda n: n.feed("data").flatten(1.5), f"axis is 1.5 ({WHOLE})"),
    "reshape": (lambda n: n.feed("data").reshape(0, 2.5), "shape is (0, 2.5) (it must be a whole"),
    "permute": (lambda n: n.feed("data").permute("a"), "order is ('a',) (it must be a whole"),
    "upsample": (lambda n: n.feed("data").upsample(0), "factor is 0 (it must be a whole number of"),
    "upsample by half": (lambda n: n.feed("data").upsample(1.5), "factor is 1.5"),
    "fc": (lambda n: n.feed("data").fc(2.5), f"num_output is 2.5 ({WHOLE})"),
    "fc of -1": (lambda n: n.feed("data").fc(-1), "num_output is -1 (it can be from 0 to"),
    "fc's relu": (lambda n: n.feed("data").fc(3, relu=5), "relu is 5 (it is True, False, or"),
    "fc's bias": (
        lambda n: n.feed("data").fc(3, biased="no"),
        "bias_term is 'no' (it must",
    ),
    "filler": (lambda n: n.feed("data").fc(3, weight_filler=5), "weight_filler is 5 (it must be a"),
    "scale": (lambda n: n.feed("data").scale(biased=2), "bias_term is 2"),
    "softmax": (lambda n: n.feed("data").softmax(1.0), f"axis is 1.0 ({WHOLE})"),
    "accuracy": (lambda n: n.feed("data", "data").accuracy(0.5), f"top_k is 0.5 ({WHOLE})"),
    "hinge": (lambda n: n.feed("data", "data").hinge_loss(1), "norm is 1 (it must be a string)"),
    "lstm": (lambda n: n.feed("data", "data").lstm(2.5), f"num_output is 2.5 ({WHOLE})"),
    "rnn": (lambda n: n.feed("data", "data").rnn(True), f"num_output is True ({WHOLE})"),
    "add": (lambda n: n.feed("data").add(Power(power="2")), "power is '2' (it must be a number)"),
    "add of a type": (lambda n: n.feed("data").add(Power), "add got <class"),
    "add of a name": (lambda n: n.feed("data").add("ReLU"), "add got 'ReLU'"),
}


@pytest.mark.parametrize("base", [Network, CaffeNetwork])
@pytest.mark.parametrize("case", BOTH)
def test_a_wrong_argument_is_told(case: str, base: type[Chain]) -> None:
    setup, problem = BOTH[case]
    found = told(setup, base)
    assert found.startswith(problem)
    assert found.count("\n") == 0


VALUD = 'padding is "VALUD"'

STYLES: dict[str, tuple[type[Chain], Setup, str]] = {
    "half a pixel": (Network, lambda n: n.feed("data").conv(2.5, 3, 6), "kernel is (2.5, 3) (it"),
    "no pixel": (Network, lambda n: n.feed("data").conv(0, 3, 6), "a kernel of 0 x 3"),
    "text": (Network, lambda n: n.feed("data").conv("3", 3, 6), "kernel is ('3', 3)"),
    "two sizes in one": (Network, lambda n: n.feed("data").conv((3, 3), 6, 1), "kernel"),
    "half a channel": (Network, lambda n: n.feed("data").conv(3, 3, 6.5), "num_output is 6.5"),
    "stride": (Network, lambda n: n.feed("data").conv(3, 3, 6, 0), "a stride of 0 x 0"),
    "stride below": (Network, lambda n: n.feed("data").conv(3, 3, 6, -1), "stride is (-1,)"),
    "stride of None": (Network, lambda n: n.feed("data").conv(3, 3, 6, None), "stride is (None,)"),
    "dilation": (
        Network,
        lambda n: n.feed("data").conv(3, 3, 6, dilation=0),
        "a dilation of 0 x 0",
    ),
    "dilation below": (Network, lambda n: n.feed("data").conv(3, 3, 6, dilation=-1), "dilation is"),
    "dilation half": (Network, lambda n: n.feed("data").conv(3, 3, 6, dilation=1.5), "dilation is"),
    "group": (Network, lambda n: n.feed("data").conv(3, 3, 6, group=0), "group"),
    "group half": (Network, lambda n: n.feed("data").conv(3, 3, 6, group=0.5), "group is 0.5"),
    "VALUD": (Network, lambda n: n.feed("data").conv(3, 3, 6, padding="VALUD"), VALUD),
    "VALUD pool": (
        Network,
        lambda n: n.feed("data").max_pool(3, 3, 2, 2, padding="VALUD"),
        VALUD,
    ),
    "VALUD mean": (
        Network,
        lambda n: n.feed("data").avg_pool(3, 3, 2, 2, padding="VALUD"),
        VALUD,
    ),
    "VALUD deconv": (Network, lambda n: n.feed("data").deconv(3, 3, 6, padding="VALUD"), VALUD),
    "padding": (Network, lambda n: n.feed("data").conv(3, 3, 6, padding=-1), "pad is -1"),
    "padding of None": (Network, lambda n: n.feed("data").conv(3, 3, 6, padding=None), "pad is"),
    "padding of three": (Network, lambda n: n.feed("data").conv(3, 3, 6, padding=(1, 1, 1)), "pad"),
    "padding half": (Network, lambda n: n.feed("data").deconv(3, 3, 6, padding=0.5), "pad is 0.5"),
    "deconv": (Network, lambda n: n.feed("data").deconv(2.5, 3, 6, padding="SAME"), "kernel is"),
    "pool": (Network, lambda n: n.feed("data").max_pool(3, 3, 1.5, 1), "stride is (1.5, 1)"),
    "mean": (Network, lambda n: n.feed("data").avg_pool("a", 3, 1, 1), "kernel is ('a', 3)"),
    "lrn": (Network, lambda n: n.feed("data").lrn(2.5, 1e-4, 0.75), "radius is 2.5 (it must be"),
    "lrn below": (Network, lambda n: n.feed("data").lrn(-1, 1e-4, 0.75), "radius is -1"),
    "lrn's alpha": (Network, lambda n: n.feed("data").lrn(2, "a", 0.75), "alpha is 'a'"),
    "dropout": (Network, lambda n: n.feed("data").dropout("half"), "keep_prob is 'half'"),
    "statistics": (Network, lambda n: n.feed("data").batch_normalization(eps="a"), "eps is 'a'"),
    "kernel of three": (CaffeNetwork, lambda n: n.feed("data").conv(6, (3, 3, 3)), "kernel"),
    "kernel of none": (CaffeNetwork, lambda n: n.feed("data").conv(6, ()), "kernel"),
    "kernel None": (CaffeNetwork, lambda n: n.feed("data").conv(6, None), "kernel is None"),
    "pad below": (CaffeNetwork, lambda n: n.feed("data").conv(6, 3, pad=-1), "pad is -1"),
    "pad text": (CaffeNetwork, lambda n: n.feed("data").conv(6, 3, pad="SAME"), "pad is 'SAME'"),
    "deconv of three": (CaffeNetwork, lambda n: n.feed("data").deconv(6, (3, 3, 3)), "kernel"),
    "pool of three": (CaffeNetwork, lambda n: n.feed("data").max_pool((3, 3, 3)), "kernel"),
    "mean of half": (CaffeNetwork, lambda n: n.feed("data").avg_pool(2.5), "kernel"),
    "rounding": (CaffeNetwork, lambda n: n.feed("data").max_pool(3, round_mode="UP"), "round_mode"),
    "size": (CaffeNetwork, lambda n: n.feed("data").lrn(2.5), "local_size is 2.5"),
    "ratio": (CaffeNetwork, lambda n: n.feed("data").dropout("half"), "dropout_ratio is 'half'"),
    "eps": (CaffeNetwork, lambda n: n.feed("data").batch_norm(eps=None), "eps is None"),
}


@pytest.mark.parametrize("case", STYLES)
def test_a_wrong_argument_of_a_style_is_told(case: str) -> None:
    base, setup, problem = STYLES[case]
    found = told(setup, base)
    assert found.startswith(problem)
    assert found.count("\n") == 0


@pytest.mark.parametrize("base", [Network, CaffeNetwork])
@pytest.mark.parametrize(
    "shape", [(2, -1, 9, 3), (2, 2.5, 9, 3), (0, 9, 9, 3), (2.5, 9, 9, 3), 5, "abc", (), None]
)
def test_a_wrong_shape_of_an_input_is_told(shape: Any, base: type[Chain]) -> None:
    found = told(lambda n: n.feed("data").relu(), base, {"data": shape})
    assert found == (
        f'the shape of input "data" is {shape!r} '
        "(give a number for each axis, whole and from 1 on; only the batch can be None)"
    )


def test_inputs_without_names_are_told() -> None:
    found = told(lambda n: n.feed("data").relu(), Network, (1, 9, 9, 3))
    assert found == ('the inputs are given as tuple (give each by its name, as in {"data": (…)})')


def test_a_network_without_inputs_says_how_to_give_them() -> None:
    found = told(lambda n: n.feed("data").relu(), Network, {})
    assert found == 'no layer "data" above (give the shapes of inputs: Net({"data": (…)}))'


def test_a_layer_after_the_network_is_made_is_refused() -> None:
    net = made(lambda n: n.feed("data").relu(name="r"), Network)
    before = net.source("torch")
    for late in (lambda: net.feed("r").softmax(), lambda: net.feed("x")):  # type: ignore[attr-defined]
        with pytest.raises(Proto2NetError, match=r"the network is complete|no layer \"x\" above"):
            late()
    assert net.source("torch") == before
    assert net.feed("data").get_output().name == "data"


def test_a_convolution_has_stride_1_and_one_stride_is_for_both_axes() -> None:
    net = made(lambda n: n.feed("data").conv(3, 3, 64).conv(3, 3, 8, 2), Network)
    strides = [node.layer.stride for node in net.graph.nodes if isinstance(node.layer, Convolution)]
    assert strides == [(1,), (2,)]
    assert net.graph.outputs[0].shape == (2, 8, 7, 6)


def test_numbers_of_numpy_are_numbers_everywhere() -> None:
    def layers(n: Any, i: Any, f: Any, b: Any) -> None:
        n.feed("data").conv(i(3), i(3), i(6), i(2), i(2), group=i(2), biased=b(1), padding=i(1))
        n.max_pool(i(3), i(3), i(2), i(2), padding=i(1)).lrn(i(2), f(0.5), f(0.75)).dropout(f(0.5))
        n.upsample(i(2)).concat(i(-1)).reshape(i(0), i(-1)).fc(i(5)).power(f(2)).softmax(i(1))

    plain = made(lambda n: layers(n, int, float, bool), Network)
    numpy = made(lambda n: layers(n, np.int64, np.float32, np.bool_), Network)
    shape = {"data": [None, *np.array([13, 11, 4])]}
    again = made(lambda n: layers(n, np.int8, np.float64, np.bool_), Network, shape)
    for target in ("torch", "tf", "numpy", "prototxt", "network"):
        assert plain.source(target) == numpy.source(target)
    assert plain.graph == numpy.graph
    assert plain.source("torch") == again.source("torch")


def test_layers_of_add_have_their_numbers_settled_too() -> None:
    net = made(lambda n: n.feed("data").add(Pooling("MAX", np.int32(3), stride=[2])), CaffeNetwork)
    layer = net.graph.nodes[-1].layer
    assert layer == Pooling("MAX", (3,), (2,))
    assert [type(size) for size in (*layer.kernel, *layer.stride)] == [int, int]
    shape = made(lambda n: n.feed("data").add(Reshape((0, np.int64(-1)))), CaffeNetwork)
    assert shape.graph.nodes[-1].layer == Reshape((0, -1))


# ---- layer types of one's own ---------------------------------------------------------------

SUM_OR_MAX = Literal["SUM", "MAX"]


def own(kind: Any) -> Any:
    """A layer type with one field of this type, which is a type, and not text."""
    made = {"type": "Own", "infer": lambda _, bottoms, tops: bottoms}
    fields = [("bar", kind, field(default=None))]
    return make_dataclass("Own", fields, bases=(Layer,), namespace=made, frozen=True)


@pytest.mark.parametrize(
    ("kind", "given", "held"),
    [
        (float, 0.1 + 0.2, 0.3),
        (int | None, np.int64(3), 3),
        (Optional[float], 0.1 + 0.2, 0.3),  # noqa: UP045 - as older code has it
        (tuple[int, ...], 3, (3,)),
        (tuple[float, ...] | None, [1, 0.1 + 0.2], (1.0, 0.3)),
        (tuple[tuple[int, ...], ...], [[1, 2], [3]], ((1, 2), (3,))),
        (SUM_OR_MAX, "MAX", "MAX"),
        (tuple[SUM_OR_MAX, ...], ["MAX", "SUM"], ("MAX", "SUM")),
        (Filler | None, Filler(std=0.1 + 0.2), Filler(std=0.3)),
        (int | str, "a", "a"),
    ],
)
def test_a_field_of_a_layer_of_ones_own_is_settled(kind: Any, given: Any, held: Any) -> None:
    layer = own(kind)
    net = made(lambda n: n.feed("data").add(layer(given)), CaffeNetwork)
    assert net.graph.nodes[-1].layer.bar == held
    assert repr(net.graph.nodes[-1].layer.bar) == repr(held)  # 3 is no np.int64(3), nor 1 a 1.0


@pytest.mark.parametrize(
    ("kind", "given", "right"),
    [
        (int | None, 0.5, WHOLE),
        (tuple[int, ...], ["a"], WHOLE),
        (tuple[tuple[int, ...], ...], [[1, "a"]], "it must be whole numbers"),
        (SUM_OR_MAX, "MEAN", "it can be SUM, MAX"),
        (tuple[SUM_OR_MAX, ...], ["SUM", "MEAN"], "it can be SUM, MAX"),
        (Filler | None, 0.5, "it must be a Filler"),
    ],
)
def test_a_wrong_field_of_a_layer_of_ones_own_is_told(kind: Any, given: Any, right: str) -> None:
    layer = own(kind)
    found = told(lambda n: n.feed("data").add(layer(given)), CaffeNetwork)
    assert found == f"bar is {given!r} ({right})"
