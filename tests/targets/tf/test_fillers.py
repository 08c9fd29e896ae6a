"""A fresh Keras model starts with the distributions that Caffe's fillers draw from."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pytest
from samples.sample import Ndarray, layer, sample

import proto2net
from proto2net import backends
from proto2net.backends.tensorflow.fillers import STARTS
from proto2net.shape import count

TF = backends.get("tf")


class Kind(NamedTuple):
    """A layer whose weight has more than 100,000 elements."""

    type: str
    text: str
    input: tuple[int, ...]
    weight: tuple[int, ...]
    """The shape of its weight in Caffe."""
    name: str = "kernel"
    axes: tuple[int, ...] = (1, 0)
    """Where Caffe's axes are found in Keras' variable."""


KINDS = {
    "dense": Kind("InnerProduct", "inner_product_param { num_output: 300", (1, 400), (300, 400)),
    "dense on an image": Kind(
        "InnerProduct", "inner_product_param { num_output: 300", (1, 5, 8, 10), (300, 400)
    ),
    # Its fans are along the axes as they stand, whatever these mean.
    "transposed dense": Kind(
        "InnerProduct",
        "inner_product_param { num_output: 300 transpose: true",
        (1, 400),
        (400, 300),
        axes=(0, 1),
    ),
    "transposed dense on an image": Kind(
        "InnerProduct",
        "inner_product_param { num_output: 300 transpose: true",
        (1, 5, 8, 10),
        (400, 300),
        axes=(0, 1),
    ),
    "convolution": Kind(
        "Convolution",
        "convolution_param { num_output: 100 group: 2 kernel_h: 5 kernel_w: 7",
        (1, 60, 9, 8),
        (100, 30, 5, 7),
        axes=(3, 2, 0, 1),
    ),
    "depthwise convolution": Kind(
        "Convolution",
        "convolution_param { num_output: 4000 group: 2000 kernel_h: 5 kernel_w: 7",
        (1, 2000, 9, 8),
        (4000, 1, 5, 7),
        axes=(2, 3, 0, 1),  # Keras has the 4000 as 2000 x 2
    ),
    "deconvolution": Kind(
        "Deconvolution",
        "convolution_param { num_output: 40 kernel_h: 5 kernel_w: 7",
        (1, 100, 3, 4),
        (100, 40, 5, 7),
        axes=(3, 2, 0, 1),
    ),
    "deconvolution in groups": Kind(
        "Deconvolution",
        "convolution_param { num_output: 60 group: 2 kernel_h: 5 kernel_w: 7",
        (1, 100, 3, 4),
        (100, 30, 5, 7),
        axes=(3, 2, 0, 1),
    ),
    "embedding": Kind(
        "Embed",
        "embed_param { input_dim: 400 num_output: 300",
        (1,),
        (400, 300),
        "embeddings",
        (0, 1),
    ),
}


def drawn(kind: str, filler: str) -> Ndarray:
    """The weight of a fresh layer, with Caffe's first axis in front."""
    definition, text, shape, weight, name, axes = KINDS[kind]
    text = f"{text} weight_filler {{ {filler} }} }}"
    array = fresh(layer(definition, "x", "y", text), shape)[f"layer/{name}"]
    return array.transpose(axes).reshape(weight[0], -1)


def fresh(definition: str, shape: tuple[int, ...]) -> dict[str, Ndarray]:
    keras.utils.set_random_seed(7)
    net = sample(definition, inputs={"x": np.zeros(shape)}).net
    return TF.runner.arrays(proto2net.load(net, to="tf"))


def check(values: Ndarray, mean: float, variance: float) -> None:
    """Mean and variance are right within five times the error of a sample."""
    values = values.astype(np.float64).reshape(-1)
    n = values.size
    assert n > 100_000
    assert abs(values.mean() - mean) < 5 * math.sqrt(variance / n)
    fourth = ((values - mean) ** 4).mean() / variance**2
    assert abs(values.var() / variance - 1) < 5 * math.sqrt((fourth - 1) / n)


def check_uniform(values: Ndarray, low: float, high: float) -> None:
    """A uniform distribution, and its bounds are reached."""
    width = high - low
    check(values, (low + high) / 2, width**2 / 12)
    assert low - 1e-6 <= values.min() < low + 0.01 * width
    assert high - 0.01 * width < values.max() <= high + 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_uniform(kind: str) -> None:
    check_uniform(drawn(kind, 'type: "uniform" min: -0.3 max: 0.1'), -0.3, 0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_gaussian(kind: str) -> None:
    check(drawn(kind, 'type: "gaussian" mean: 0.5 std: 0.2'), 0.5, 0.04)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variance_norm", ["FAN_IN", "FAN_OUT", "AVERAGE"])
@pytest.mark.parametrize("filler", ["xavier", "msra"])
def test_scaled_by_a_fan(kind: str, variance_norm: str, filler: str) -> None:
    rows, columns, *size = KINDS[kind].weight
    fan_in, fan_out = columns * count(size), rows * count(size)
    fan = {"FAN_IN": fan_in, "FAN_OUT": fan_out, "AVERAGE": (fan_in + fan_out) / 2}
    weight = drawn(kind, f'type: "{filler}" variance_norm: {variance_norm}')
    width = math.sqrt(3 / fan[variance_norm])
    if filler == "xavier":
        check_uniform(weight, -width, width)
    else:
        check(weight, 0, 2 / fan[variance_norm])


@pytest.mark.parametrize("kind", KINDS)
def test_sparse_gaussian_keeps_elements_by_chance(kind: str) -> None:
    weight = drawn(kind, 'type: "gaussian" mean: 0.5 std: 0.2 sparse: 30')
    share = 30 / KINDS[kind].weight[0]
    mean = share * 0.5
    check(weight, mean, share * (0.04 + 0.25) - mean**2)
    kept = weight[weight != 0]
    assert abs(kept.size / weight.size - share) < 5 * math.sqrt(share / weight.size)
    assert abs(kept.std() - 0.2) < 5 * 0.2 / math.sqrt(2 * kept.size)


@pytest.mark.parametrize("kind", KINDS)
def test_positive_unitball_sums_to_one_over_each_row_of_caffe(kind: str) -> None:
    rows = drawn(kind, 'type: "positive_unitball"')
    np.testing.assert_allclose(rows.sum(1), 1, rtol=1e-5)
    assert rows.min() >= 0
    # Before the division a row is uniform from 0 to 1, and it is divided by about half its length.
    assert rows.std() * rows.shape[1] / 2 == pytest.approx(math.sqrt(1 / 12), rel=0.1)


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
@pytest.mark.parametrize("group", [1, 3])
def test_bilinear(size: int, side: list[float], group: int) -> None:
    text = f'kernel_size: {size} group: {group} weight_filler {{ type: "bilinear" }}'
    definition = layer("Deconvolution", "x", "y", f"convolution_param {{ num_output: 3 {text} }}")
    kernel = fresh(definition, (1, 3, 4, 5))["layer/kernel"]
    assert kernel.shape == (size, size, 3 // group, 3)
    right = np.broadcast_to(np.outer(side, side)[..., None, None], kernel.shape)
    np.testing.assert_allclose(kernel, right, rtol=1e-6)


def test_a_diagonal_multiplies_channels() -> None:
    text = 'kernel_size: 2 weight_filler { type: "diagonal" diag_val: 2 diag_val: 6 }'
    definition = layer("Convolution", "x", "y", f"convolution_param {{ num_output: 3 {text} }}")
    kernel = fresh(definition, (1, 3, 4, 5))["layer/kernel"]
    right = np.broadcast_to(np.diag([2 / 4, 6 / 4, 1 / 4]), (2, 2, 3, 3))
    np.testing.assert_array_equal(kernel, right)


def test_a_bias_is_all_fan_out() -> None:
    text = 'inner_product_param { num_output: 120000 bias_filler { type: "FILLER" } }'
    definition = layer("InnerProduct", "x", "y", text)
    bias = fresh(definition.replace("FILLER", "xavier"), (1, 1))["layer/bias"]
    check_uniform(bias, -math.sqrt(3), math.sqrt(3))


def test_layers_start_as_in_caffe_where_the_file_does_not_say_but_for_weights() -> None:
    definition = " ".join(
        [
            layer("Convolution", "x", "a", "convolution_param { num_output: 3 kernel_size: 3 }"),
            layer("PReLU", "a", "a", name="prelu"),
            layer("Scale", "a", "a", "scale_param { bias_term: true }", "scale"),
            layer("InnerProduct", "a", "y", "inner_product_param { num_output: 3 }", "fc"),
        ]
    )
    arrays = fresh(definition, (2, 4, 5, 6))
    values = {name: {float(value) for value in array.flat} for name, array in arrays.items()}
    assert 0 not in values.pop("layer/kernel")
    assert 0 not in values.pop("fc/kernel")
    assert values == {
        "layer/bias": {0},
        "prelu/alpha": {0.25},
        "scale/gamma": {1},
        "scale/beta": {0},
        "fc/bias": {0},
    }


def printed(*fillers: str) -> str:
    """The file of inner products with these fillers, one behind the other."""
    text = "inner_product_param {{ num_output: 4 {} }}"
    rows = [
        layer("InnerProduct", f"y{i}" if i else "x", f"y{i + 1}", text.format(filler), f"n{i}")
        for i, filler in enumerate(fillers)
    ]
    return proto2net.convert(sample(" ".join(rows), inputs={"x": np.zeros((2, 4))}).net, to="tf")


def test_a_layer_says_how_it_starts() -> None:
    xavier = 'weight_filler { type: "xavier" }'
    drawn = 'weight_filler { type: "gaussian" std: 0.5 } bias_filler { value: 1 }'
    source = printed(xavier, drawn, "")
    assert 'layers.Dense(4, kernel_initializer="lecun_uniform", name="n0")' in source
    assert "kernel_initializer=initializers.RandomNormal(stddev=0.5)," in source
    assert 'bias_initializer="ones",' in source
    assert 'layers.Dense(4, name="n2")' in source
    assert "model" not in source.split("def net")[-1].partition("return")[0]


def test_what_many_layers_say_is_said_once() -> None:
    msra = 'weight_filler { type: "msra" } bias_filler { value: 0.5 }'
    source = printed(msra, msra, "", msra)
    assert "\n\nMSRA = {\n" in source
    assert '"config": {"scale": 2.0, "distribution": "untruncated_normal"},' in source
    assert source.count("**MSRA") == 3


def test_a_start_of_our_own_is_made_for_each_layer() -> None:
    source = printed(*['weight_filler { type: "gaussian" sparse: 2 }'] * 3)
    assert source.count("kernel_initializer=SparseNormal(0.5, stddev=1.0)") == 3


def test_each_layer_is_drawn_by_itself() -> None:
    text = 'inner_product_param { num_output: 4 weight_filler { type: "xavier" } }'
    names = ["a", "b", "c", "d"]
    definition = " ".join(layer("InnerProduct", "x", name, text, name) for name in names)
    arrays = fresh(definition, (2, 4))
    kernels = {arrays[f"{name}/kernel"].tobytes() for name in names}
    assert len(kernels) == 4


@pytest.mark.parametrize(
    "filler", ['type: "gaussian" sparse: 2', 'type: "positive_unitball"', 'type: "bilinear"']
)
def test_a_network_with_such_dummy_data_goes_round_through_a_keras_file(
    filler: str, tmp_path: Path
) -> None:
    text = f"dummy_data_param {{ data_filler {{ {filler} }} shape {{ dim: 2 dim: 3 "
    definition = layer("DummyData", "", "made", text + "dim: 4 dim: 4 } }")
    net = sample(definition, inputs={"x": np.zeros((2, 3))}).net
    network = proto2net.load(net, to="tf")
    network.save(tmp_path / "network.keras")
    other = keras.saving.load_model(tmp_path / "network.keras")
    made, _ = other(np.zeros((2, 3)))
    assert made.shape == (2, 4, 4, 3)
    if "bilinear" in filler:
        np.testing.assert_allclose(made, network(np.zeros((2, 3)))[0])
    if "unitball" in filler:
        np.testing.assert_allclose(np.asarray(made).sum((1, 2, 3)), 1, rtol=1e-5)


@pytest.mark.parametrize("variable", STARTS)
def test_what_is_not_filled_starts_as_the_table_says(variable: str) -> None:
    found = [
        array
        for definition, shape in (
            (layer("BatchNorm", "x", "y", "batch_norm_param { use_global_stats: false }"), (2, 3)),
            (layer("Scale", "x", "y", "scale_param { bias_term: true }"), (2, 3)),
            (layer("Parameter", "", "y", "parameter_param { shape { dim: 3 } }"), (2, 3)),
            (layer("Embed", "x", "y", "embed_param { input_dim: 3 num_output: 2 }"), (2,)),
            (layer("LSTM", "x cont", "y", "recurrent_param { num_output: 2 }"), (2, 3, 4)),
            (layer("RNN", "x cont", "y", "recurrent_param { num_output: 2 }"), (2, 3, 4)),
        )
        for name, array in fresh(_with_cont(definition), shape).items()
        if name == f"layer/{variable}"
    ]
    assert found
    assert all((array == STARTS[variable]).all() for array in found)


def _with_cont(definition: str) -> str:
    cont = layer("Input", "", "cont", "input_param { shape { dim: 2 dim: 3 } }", "cont")
    return f"{cont} {definition}" if '"cont"' in definition else definition
