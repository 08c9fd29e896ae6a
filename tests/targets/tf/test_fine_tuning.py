"""A classifier that was converted for tests can be trained for other classes."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest
from porting_cases import imported
from safetensors.numpy import load_file, save_file

import proto2net
from proto2net import api, backends, output
from proto2net.weights.porting import port

NARROW = """name: "narrow"
input: "data" input_dim: 2 input_dim: 3 input_dim: 9 input_dim: 7
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "drop" type: "Dropout" bottom: "conv" top: "conv" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
        inner_product_param { num_output: 6 } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
"""

IMAGES = np.random.default_rng(1).random((2, 9, 7, 3), np.float32)


def write(text: str, folder: Path, **missing: int) -> ModuleType:
    """The file of a network, with weights beside it that lack those of the layers `missing`."""
    graph = proto2net.parse(text)
    random = np.random.default_rng(0)
    values = {
        node.name: [random.standard_normal(blob.shape) for blob in node.blobs.values()]
        for node in graph.nodes
        if node.blobs and node.name not in missing
    }
    model = api.model(graph, values, allow_missing=bool(missing))
    output.write_together(
        port(model, backends.get("tf"), stem="narrow").files(folder / "narrow.py")
    )
    return imported(folder / "narrow.py")


@pytest.fixture
def written(tmp_path: Path) -> ModuleType:
    """The file of a small classifier, with weights beside it."""
    return write(NARROW, tmp_path)


def test_logits_are_what_goes_into_the_softmax(written: ModuleType) -> None:
    logits = written.load(classifier_activation=None)(IMAGES)
    np.testing.assert_allclose(written.load()(IMAGES), keras.ops.softmax(logits), rtol=1e-5)


def test_a_head_of_another_size_starts_anew_and_all_else_is_loaded(written: ModuleType) -> None:
    whole, other = written.load(), written.load(classes=5)
    assert other(IMAGES).shape == (2, 5)
    conv, same = (net.get_layer("conv").kernel for net in (whole, other))
    np.testing.assert_array_equal(conv, same)
    assert "A head of another size starts anew" in written.load.__doc__


def test_images_may_have_another_size(tmp_path: Path) -> None:
    net = NARROW.replace(
        'type: "InnerProduct"', 'type: "Pooling" pooling_param { pool: AVE global_pooling: true }'
    ).replace("inner_product_param { num_output: 6 }", "")
    model = write(net, tmp_path).load(input_shape=(None, None, 3))
    assert model(np.zeros((1, 21, 12, 3), np.float32)).shape == (1, 1, 1, 4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda state: state.pop("fc/bias"), r"missing: \['fc/bias'\]; unexpected: \[\]"),
        (
            lambda state: state.update(other=state.pop("conv/bias")),
            r"missing: \['conv/bias'\]; unexpected: \['other'\]",
        ),
    ],
)
def test_a_file_that_lacks_or_has_too_much_is_refused(
    written: ModuleType, change: Any, words: str, tmp_path: Path
) -> None:
    state = load_file(tmp_path / "narrow.safetensors")
    change(state)
    save_file(state, tmp_path / "changed.safetensors")
    with pytest.raises(ValueError, match=words):
        written.load(tmp_path / "changed.safetensors")


def test_weights_that_were_not_all_found_are_loaded_but_no_others(tmp_path: Path) -> None:
    written = write(NARROW, tmp_path, fc=0)
    kernels = [written.load().get_layer("conv").kernel.numpy() for _ in range(2)]
    np.testing.assert_array_equal(*kernels)
    state = load_file(tmp_path / "narrow.safetensors")
    save_file(state | {"other": state["conv/bias"]}, tmp_path / "changed.safetensors")
    with pytest.raises(ValueError, match=r"unexpected: \['other'\]"):
        written.load(tmp_path / "changed.safetensors")


def test_probabilities_have_32_bits_where_all_else_has_16(written: ModuleType) -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        net = written.load()
    finally:
        keras.config.set_dtype_policy("float32")
    assert net.get_layer("fc").compute_dtype == "float16"
    assert net(IMAGES).dtype == "float32"


def test_a_network_that_keeps_a_state_is_loaded_without_it(tmp_path: Path) -> None:
    written = write(
        """name: "narrow"
        input: "x" input_shape { dim: 3 dim: 2 dim: 5 }
        input: "cont" input_shape { dim: 3 dim: 2 }
        layer { name: "lstm" type: "LSTM" bottom: "x" bottom: "cont" top: "y"
                recurrent_param { num_output: 4 } }""",
        tmp_path,
    )
    kernels = [written.load().get_layer("lstm").weights[0].numpy() for _ in range(2)]
    np.testing.assert_array_equal(*kernels)
