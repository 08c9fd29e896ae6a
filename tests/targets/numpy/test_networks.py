"""An emitted NumPy file: how it reads, and that it runs, starts, shares and remembers as Caffe."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from digests import MODELS
from live_cases import check_that_looking_inside_renders_once, check_that_networks_are_freed
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


def test_recurrent_layers_take_any_number_of_sequences() -> None:
    network = proto2net.load(LAYERS / "lstm" / "net.prototxt", to="numpy")
    x = np.random.default_rng(2).normal(0, 1, (4, 6, 3)).astype(np.float32)
    cont = np.ones((4, 6), np.float32)
    cont[0] = 0
    together = network(x, cont)
    assert together.shape == (4, 6, 5)
    np.testing.assert_allclose(network(x[:, 2:3], cont[:, 2:3]), together[:, 2:3], rtol=1e-5)


def test_an_lstm_goes_on_where_its_last_call_ended() -> None:
    network = proto2net.load(LAYERS / "lstm" / "net.prototxt", to="numpy")
    x = np.random.default_rng(3).normal(0, 1, (8, 2, 3)).astype(np.float32)
    cont = np.ones((8, 2), np.float32)
    cont[0] = 0
    first, second = network(x[:4], cont[:4]), network(x[4:], cont[4:])
    at_once = network(x, cont)
    np.testing.assert_allclose(np.concatenate([first, second]), at_once, rtol=1e-5)


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


def test_dropout_in_training_drops_its_share_and_scales_up_the_rest() -> None:
    layer = (
        'layer { name: "drop" type: "Dropout" bottom: "data" top: "drop" '
        "dropout_param { dropout_ratio: 0.2 } }"
    )
    network = proto2net.load(net(layer, data=(2, 5)), to="numpy", phase="train")
    result = network(np.ones((100, 400)))
    assert (result == 0).mean() == pytest.approx(0.2, abs=0.01)
    assert result.max() == np.float32(1) / np.float32(0.8)
    assert not np.array_equal(result, network(np.ones((100, 400))))


def test_random_dummy_data_is_new_for_each_call() -> None:
    layer = (
        'layer { name: "made" type: "DummyData" top: "noise" top: "label" dummy_data_param { '
        'shape { dim: 3 dim: 4 } shape { dim: 3 } data_filler { type: "gaussian" } '
        "data_filler { value: 2 } } }"
    )
    network = proto2net.load(net(layer), to="numpy")
    label, noise = network()
    assert noise.shape == (3, 4)
    np.testing.assert_array_equal(label, np.full(3, 2, np.float32))
    assert not np.array_equal(noise, network()[1])


def test_stochastic_pooling_draws_in_training_and_expects_in_testing() -> None:
    layer = (
        'layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" '
        "pooling_param { pool: STOCHASTIC kernel_size: 2 stride: 2 } }"
    )
    window = np.array([[1, 3], [0, 4]], np.float32)
    text = net(layer, data=(2, 1, 2, 4))
    expected = proto2net.load(text, to="numpy")(np.tile(window, (1, 1, 1, 2)))
    np.testing.assert_allclose(expected, np.full((1, 1, 1, 2), (1 + 9 + 16) / 8))
    draws = proto2net.load(text, to="numpy", phase="train")(np.tile(window, (1, 1, 40, 50)))
    values, counts = np.unique(draws, return_counts=True)
    np.testing.assert_array_equal(values, [1, 3, 4])
    np.testing.assert_allclose(counts / draws.size, [1 / 8, 3 / 8, 4 / 8], atol=0.05)


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


def test_an_emitted_file_runs_with_nothing_but_numpy(tmp_path: Path) -> None:
    file = tmp_path / "lenet.py"
    file.write_text(proto2net.convert(MODELS / "lenet.prototxt", to="numpy"))
    program = (
        "import runpy, sys\n"
        "sys.modules.update(dict.fromkeys(['proto2net', 'torch', 'tensorflow', 'google']))\n"
        f"runpy.run_path({str(file)!r}, run_name='__main__')\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout == "prob (64, 10)\n"


def test_emitted_files_are_as_ruff_wants_them(tmp_path: Path) -> None:
    for path in [*LAYERS.glob("*/net.prototxt"), *MODELS.glob("*.prototxt")]:
        for phase in ("test", "train"):
            source = proto2net.convert(path, to="numpy", phase=phase)
            assert source == proto2net.convert(path, to="numpy", phase=phase)
            (tmp_path / f"{path.parent.name}_{path.stem}_{phase}.py").write_text(source)
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check"], ["format", "--check"]):
        subprocess.run([*ruff, *command, "--isolated", tmp_path], check=True)


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


def test_networks_that_are_no_longer_used_are_freed() -> None:
    check_that_networks_are_freed("numpy")


def test_looking_inside_a_network_again_renders_nothing_again() -> None:
    check_that_looking_inside_renders_once("numpy")
