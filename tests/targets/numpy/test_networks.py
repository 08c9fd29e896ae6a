"""An emitted NumPy network: how it starts and shares arrays, and what it takes."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest
from digests import MODELS
from places import TESTS

import proto2net
from proto2net import backends
from proto2net.errors import UnsupportedError

LAYERS = TESTS / "golden" / "layers"


def net(*layers: str, **inputs: tuple[int, ...]) -> str:
    """A network of these layers that is fed these inputs."""
    fed = [
        f'layer {{ name: "{name}" type: "Input" top: "{name}" input_param {{ shape {{ '
        f"{' '.join(f'dim: {size}' for size in shape)} }} }} }}"
        for name, shape in inputs.items()
    ]
    return "\n".join(['name: "Small"', *fed, *layers, ""])


def dense(name: str, top: str, *, rest: str, param: str = "") -> str:
    return (
        f'layer {{ name: "{name}" type: "InnerProduct" bottom: "data" top: "{top}" {param} '
        f"inner_product_param {{ {rest} }} }}"
    )


def drawn(filler: str) -> np.ndarray:
    """What a filler gives for a blob of 400 x 300: the weight of a dense layer."""
    text = net(
        dense("fc", "fc", rest=f"num_output: 400 weight_filler {{ {filler} }}"), data=(2, 300)
    )
    return proto2net.load(text, to="numpy").fc["weight"]


def test_each_image_is_computed_by_itself_whatever_the_batch() -> None:
    network = proto2net.load(MODELS / "squeezenet_v1.1.prototxt", to="numpy")
    images = np.random.default_rng(1).normal(0, 50, (3, 3, 131, 115)).astype(np.float32)
    together = network(images)
    for image, probabilities in zip(images, together, strict=True):
        np.testing.assert_allclose(network(image[None])[0], probabilities, rtol=1e-4)


def test_images_of_whole_numbers_are_computed_as_floats() -> None:
    network = proto2net.load(MODELS / "lenet.prototxt", to="numpy")
    image = np.random.default_rng(4).integers(0, 255, (2, 1, 28, 28), dtype=np.uint8)
    result = network(image)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, network(image.astype(np.float64)))


def test_one_seed_starts_one_network() -> None:
    source = proto2net.convert(MODELS / "lenet.prototxt", to="numpy")
    names: dict[str, Any] = {"__name__": "lenet"}
    exec(source, names)  # noqa: S102  # our own rendering
    first, same, other = names["LeNet"](), names["LeNet"](), names["LeNet"](seed=1)
    np.testing.assert_array_equal(first.conv1["weight"], same.conv1["weight"])
    assert not np.array_equal(first.conv1["weight"], other.conv1["weight"])


@pytest.mark.parametrize(
    ("filler", "mean", "std"),
    [
        ("value: 0.5", 0.5, 0),
        ('type: "uniform" min: -1 max: 3', 1, 4 / np.sqrt(12)),
        ('type: "gaussian" mean: 2 std: 0.1', 2, 0.1),
        ('type: "gaussian" sparse: 100', 0, np.sqrt(1 / 4)),
        ('type: "positive_unitball"', 1 / 300, 1 / 300 / np.sqrt(3)),
        ('type: "xavier"', 0, np.sqrt(1 / 300)),
        ('type: "xavier" variance_norm: FAN_OUT', 0, np.sqrt(1 / 400)),
        ('type: "msra" variance_norm: AVERAGE', 0, np.sqrt(2 / 350)),
    ],
)
def test_arrays_start_as_the_filler_says(filler: str, mean: float, std: float) -> None:
    values = drawn(filler)
    assert values.dtype == np.float32
    assert values.mean() == pytest.approx(mean, abs=0.01)
    assert values.std() == pytest.approx(std, rel=0.03)


def test_a_diagonal_filler_multiplies_channels() -> None:
    layer = (
        'layer { name: "scale" type: "Convolution" bottom: "data" top: "y" convolution_param { '
        'num_output: 3 kernel_size: 1 weight_filler { type: "diagonal" diag_val: 2 } } }'
    )
    network = proto2net.load(net(layer, data=(1, 3, 4, 5)), to="numpy")
    np.testing.assert_array_equal(network.scale["weight"][..., 0, 0], np.diag([2, 1, 1]))


def test_a_bilinear_filler_makes_a_deconvolution_that_interpolates() -> None:
    layer = (
        'layer { name: "up" type: "Deconvolution" bottom: "data" top: "up" convolution_param { '
        'num_output: 1 kernel_size: 4 stride: 2 weight_filler { type: "bilinear" } } }'
    )
    network = proto2net.load(net(layer, data=(1, 1, 3, 5)), to="numpy")
    profile = [0.25, 0.75, 0.75, 0.25]
    np.testing.assert_allclose(network.up["weight"][0, 0], np.outer(profile, profile))


def test_layers_that_share_all_their_arrays_are_one() -> None:
    source = proto2net.convert(LAYERS / "net_siamese" / "net.prototxt", to="numpy")
    assert source.count("self.fc =") == 1
    assert "f_p = inner_product(b, **self.fc)" in source


def test_a_shared_array_is_one_array_in_the_shape_that_each_layer_needs() -> None:
    text = net(
        dense("a", "a", rest="num_output: 2 bias_term: false", param='param { name: "w" }'),
        dense(
            "b",
            "b",
            rest="num_output: 6 bias_term: false axis: 2",
            param='param { name: "w" share_mode: PERMISSIVE }',
        ),
        data=(5, 3, 4),
    )
    network = proto2net.load(text, to="numpy")
    assert network.a["weight"].shape == (2, 12)
    assert network.b["weight"].shape == (6, 4)
    assert np.shares_memory(network.a["weight"], network.b["weight"])


def test_names_that_the_class_uses_itself_get_an_underscore() -> None:
    text = net(
        dense("load", "self", rest="num_output: 3"),
        dense("rng", "np", rest="num_output: 4"),
        data=(2, 5),
    )
    network = proto2net.load(text, to="numpy")
    assert network.load_["weight"].shape == (3, 5)
    assert network.rng_["weight"].shape == (4, 5)


def test_what_numpy_cannot_say_is_told() -> None:
    text = net(
        'layer { name: "loss" type: "InfogainLoss" bottom: "data" bottom: "label" '
        'infogain_loss_param { source: "matrix.binaryproto" } }',
        'layer { name: "out" type: "HDF5Output" bottom: "data" bottom: "label" '
        'hdf5_output_param { file_name: "a.h5" } }',
        data=(2, 5),
        label=(2,),
    )
    with pytest.raises(UnsupportedError) as told:
        proto2net.convert(text, to="numpy")
    first, second = map(str, told.value.issues)
    assert 'layer "loss" (InfogainLoss): the infogain matrix is in a file of its own' in first
    assert "give the matrix as a third bottom" in first
    assert 'layer "out" (HDF5Output): writing an HDF5 file is not possible in numpy' in second


def test_no_helper_uses_the_name_of_another_for_something_else() -> None:
    helpers = backends.get("numpy").helpers
    for text in helpers.values():
        nodes = list(ast.walk(ast.parse(text)))
        parameters = {node.arg for node in nodes if isinstance(node, ast.arg)}
        variables = {
            node.id
            for node in nodes
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        assert not (parameters | variables) & helpers.keys()
