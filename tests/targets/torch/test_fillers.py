"""A fresh PyTorch network starts with the distributions that Caffe's fillers draw from."""

from __future__ import annotations

import ast
import inspect
import math
from dataclasses import dataclass
from importlib import import_module
from typing import NamedTuple

import numpy as np
import pytest
import torch
from places import ROOT
from samples.sample import Ndarray, layer, sample

import proto2net
from proto2net import backends
from proto2net.backends.torch.fillers import STARTS

HELPERS = [
    import_module(f"proto2net.backends.torch.helpers.{path.stem}")
    for path in sorted((ROOT / "proto2net" / "backends" / "torch" / "helpers").glob("*.py"))
]


class Kind(NamedTuple):
    """A layer whose weight has more than 100,000 elements, and what Caffe counts of it."""

    text: str
    input: tuple[int, ...]
    rows: int
    """The size of the weight's first axis in Caffe."""
    fan_in: int
    fan_out: int


KINDS = {
    "InnerProduct": Kind("inner_product_param { num_output: 300", (1, 400), 300, 400, 300),
    # Its fans are along the axes as they stand, whatever these mean.
    "InnerProduct transposed": Kind(
        "inner_product_param { num_output: 300 transpose: true", (1, 400), 400, 300, 400
    ),
    "Convolution": Kind(
        "convolution_param { num_output: 100 group: 2 kernel_h: 5 kernel_w: 7",
        (1, 60, 9, 8),
        100,
        30 * 35,
        100 * 35,
    ),
    "Deconvolution": Kind(
        "convolution_param { num_output: 60 group: 2 kernel_h: 5 kernel_w: 7",
        (1, 100, 3, 4),
        100,
        30 * 35,
        100 * 35,
    ),
    "Embed": Kind("embed_param { input_dim: 400 num_output: 300", (1,), 400, 300, 400),
}


def drawn(kind: str, filler: str) -> Ndarray:
    """The weight of a fresh layer in PyTorch's layout."""
    text = f"{KINDS[kind].text} weight_filler {{ {filler} }} }}"
    definition = layer(kind.split()[0], "x", "y", text)
    return fresh(definition, KINDS[kind].input)["layer.weight"]


def fresh(definition: str, shape: tuple[int, ...]) -> dict[str, Ndarray]:
    torch.manual_seed(7)
    net = sample(definition, inputs={"x": np.zeros(shape)}).net
    network = proto2net.load(net, to="torch")
    return backends.get("torch").runner.arrays(network)


@dataclass(frozen=True)
class Distribution:
    mean: float
    variance: float
    low: float = -math.inf
    high: float = math.inf


def uniform(low: float, high: float) -> Distribution:
    return Distribution((low + high) / 2, (high - low) ** 2 / 12, low, high)


def check(values: Ndarray, right: Distribution) -> None:
    values = values.astype(np.float64).reshape(-1)
    n = values.size
    assert n > 100_000
    deviation = math.sqrt(right.variance)
    fourth = ((values - values.mean()) ** 4).mean() / values.var() ** 2
    assert abs(values.mean() - right.mean) < 5 * deviation / math.sqrt(n)
    assert abs(values.var() / right.variance - 1) < 5 * math.sqrt((fourth - 1) / n)
    assert values.min() >= right.low * (1 + 1e-6)
    assert values.max() <= right.high * (1 + 1e-6)
    if right.high < math.inf:  # and the bounds are reached
        assert values.max() > right.high - 0.01 * deviation
        assert values.min() < right.low + 0.01 * deviation


@pytest.mark.parametrize("kind", KINDS)
def test_uniform(kind: str) -> None:
    check(drawn(kind, 'type: "uniform" min: -0.3 max: 0.1'), uniform(-0.3, 0.1))


@pytest.mark.parametrize("kind", KINDS)
def test_gaussian(kind: str) -> None:
    weight = drawn(kind, 'type: "gaussian" mean: 0.5 std: 0.2')
    check(weight, Distribution(0.5, 0.04))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variance_norm", ["FAN_IN", "FAN_OUT", "AVERAGE"])
@pytest.mark.parametrize("filler", ["xavier", "msra"])
def test_scaled_by_a_fan(kind: str, variance_norm: str, filler: str) -> None:
    fan_in, fan_out = KINDS[kind].fan_in, KINDS[kind].fan_out
    fan = {"FAN_IN": fan_in, "FAN_OUT": fan_out, "AVERAGE": (fan_in + fan_out) / 2}
    n = fan[variance_norm]
    weight = drawn(kind, f'type: "{filler}" variance_norm: {variance_norm}')
    width = math.sqrt(3 / n)
    check(weight, uniform(-width, width) if filler == "xavier" else Distribution(0, 2 / n))


@pytest.mark.parametrize("kind", KINDS)
def test_sparse_gaussian_keeps_elements_by_chance(kind: str) -> None:
    weight = drawn(kind, 'type: "gaussian" mean: 0.5 std: 0.2 sparse: 30')
    share = 30 / KINDS[kind].rows
    mean = share * 0.5
    check(weight, Distribution(mean, share * (0.04 + 0.25) - mean**2))
    kept = (weight != 0).mean()
    assert abs(kept - share) < 5 * math.sqrt(share * (1 - share) / weight.size)


@pytest.mark.parametrize("kind", KINDS)
def test_positive_unitball_sums_to_one_over_each_row_of_caffe(kind: str) -> None:
    weight = drawn(kind, 'type: "positive_unitball"')
    rows = weight.T if kind == "InnerProduct transposed" else weight
    rows = rows.reshape(len(rows), -1)
    np.testing.assert_allclose(rows.sum(1), 1, rtol=1e-5)
    values = rows * rows.shape[1] / 2  # each row is uniform from 0 to about 2 / its length
    assert values.min() >= 0
    assert abs(values.var() - 1 / 12) < 0.002


def test_a_bias_is_all_fan_out() -> None:
    text = 'inner_product_param { num_output: 120000 bias_filler { type: "FILLER" } }'
    definition = layer("InnerProduct", "x", "y", text)
    bias = fresh(definition.replace("FILLER", "xavier"), (1, 1))["layer.bias"]
    check(bias, uniform(-math.sqrt(3), math.sqrt(3)))
    bias = fresh(definition.replace('FILLER"', 'msra" variance_norm: FAN_OUT'), (1, 1))[
        "layer.bias"
    ]
    check(bias, Distribution(0, 2 / 120_000))


@pytest.mark.parametrize(
    ("size", "side"),
    [
        (1, [1]),
        (2, [0.5, 0.5]),
        (3, [0.5, 1, 0.5]),
        (4, [0.25, 0.75, 0.75, 0.25]),
        (5, [1 / 3, 2 / 3, 1, 2 / 3, 1 / 3]),
        (6, [1 / 6, 3 / 6, 5 / 6, 5 / 6, 3 / 6, 1 / 6]),
        (7, [1 / 4, 2 / 4, 3 / 4, 1, 3 / 4, 2 / 4, 1 / 4]),
    ],
)
def test_bilinear(size: int, side: list[float]) -> None:
    text = f'num_output: 3 group: 3 kernel_size: {size} weight_filler {{ type: "bilinear" }}'
    definition = layer("Deconvolution", "x", "y", f"convolution_param {{ {text} }}")
    weight = fresh(definition, (1, 3, 4, 5))["layer.weight"]
    right = np.broadcast_to(np.outer(side, side), (3, 1, size, size))
    np.testing.assert_allclose(weight, right, rtol=1e-6)


DIAGONAL = (
    "convolution_param { num_output: 3 kernel_size: 2 "
    'weight_filler { type: "diagonal" diag_val: 2 diag_val: 6 } }'
)


def test_a_diagonal_multiplies_channels() -> None:
    weight = fresh(layer("Convolution", "x", "y", DIAGONAL), (1, 3, 4, 5))["layer.weight"]
    right = np.zeros((3, 3, 2, 2))
    right[0, 0], right[1, 1], right[2, 2] = 2 / 4, 6 / 4, 1 / 4
    np.testing.assert_array_equal(weight, right)


def test_a_network_without_fillers_starts_as_the_framework_has_it() -> None:
    definition = layer("InnerProduct", "x", "y", "inner_product_param { num_output: 3 }")
    net = sample(definition, inputs={"x": np.zeros((2, 4))}).net
    assert "reset_parameters" not in proto2net.convert(net, to="torch")
    assert fresh(definition, (2, 4))["layer.weight"].all()


def test_zeros_that_are_stated_are_kept() -> None:
    text = 'num_output: 3 weight_filler { type: "constant" }'
    definition = layer("InnerProduct", "x", "y", f"inner_product_param {{ {text} }}")
    arrays = fresh(definition, (2, 4))
    assert not arrays["layer.weight"].any()
    assert not arrays["layer.bias"].any()


def test_a_shared_parameter_is_filled_by_its_owner_alone() -> None:
    text = 'inner_product_param {{ num_output: 4 weight_filler {{ type: "constant" value: {} }} }}'
    shared = 'param { name: "w" }'
    net = sample(
        layer("InnerProduct", "x", "y", f"{shared} {text.format(2)}", "first"),
        layer("InnerProduct", "y", "z", f"{shared} {text.format(3)}", "second"),
        inputs={"x": np.zeros((2, 4))},
    ).net
    network = proto2net.load(net, to="torch")
    assert network.first.weight is network.second.weight
    assert (network.first.weight == 2).all()


@pytest.mark.parametrize("kind", sorted({*STARTS} - {"nn.Parameter"}))  # renderers write its zeros
def test_what_is_not_filled_starts_as_the_table_says(kind: str) -> None:
    name = kind.removeprefix("nn.")
    places = [torch.nn] if kind.startswith("nn.") else HELPERS
    module = next(vars(place)[name] for place in places if name in vars(place))
    parameters = inspect.signature(module).parameters
    needed = [each for each in parameters.values() if each.default is each.empty]
    sizes = [(3, 3) if "tuple" in str(each.annotation) else 3 for each in needed]
    options = {name: True for name in ("affine", "static") if name in parameters}
    state = module(*sizes, **options).state_dict()
    for name, value in STARTS[kind].items():
        assert (state[name] == value).all()


def test_every_helper_says_what_it_is() -> None:
    trees = [ast.parse(inspect.getsource(module)) for module in HELPERS]
    nodes = [node for tree in trees for node in tree.body]
    made = [n for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    assert [node.name for node in made if not ast.get_docstring(node)] == []
