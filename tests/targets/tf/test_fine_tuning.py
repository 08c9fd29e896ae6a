"""A classifier that was converted for tests can be trained for other classes."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import keras
import numpy as np
import pytest
from porting_cases import NARROW, written
from safetensors.numpy import load_file, save_file

IMAGES = np.random.default_rng(1).random((2, 9, 7, 3), np.float32)


@pytest.fixture
def narrow(tmp_path: Path) -> ModuleType:
    """The file of a small classifier, with weights beside it."""
    return written(NARROW, tmp_path, "tf")


def test_logits_are_what_goes_into_the_softmax(narrow: ModuleType) -> None:
    logits = narrow.load(classifier_activation=None)(IMAGES)
    np.testing.assert_allclose(narrow.load()(IMAGES), keras.ops.softmax(logits), rtol=1e-5)


def test_images_may_have_another_size(tmp_path: Path) -> None:
    net = NARROW.replace(
        'type: "InnerProduct"', 'type: "Pooling" pooling_param { pool: AVE global_pooling: true }'
    ).replace("inner_product_param { num_output: 6 }", "")
    model = written(net, tmp_path, "tf").load(input_shape=(None, None, 3))
    assert model(np.zeros((1, 21, 12, 3), np.float32)).shape == (1, 1, 1, 4)


def test_weights_that_were_not_all_found_are_loaded_but_no_others(tmp_path: Path) -> None:
    narrow = written(NARROW, tmp_path, "tf", fc=0)
    kernels = [narrow.load().get_layer("conv").kernel.numpy() for _ in range(2)]
    np.testing.assert_array_equal(*kernels)
    state = load_file(tmp_path / "narrow.safetensors")
    save_file(state | {"other": state["conv/bias"]}, tmp_path / "changed.safetensors")
    with pytest.raises(ValueError, match=r"unexpected: \['other'\]"):
        narrow.load(tmp_path / "changed.safetensors")


def test_probabilities_have_32_bits_where_all_else_has_16(narrow: ModuleType) -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        net = narrow.load()
    finally:
        keras.config.set_dtype_policy("float32")
    assert net.get_layer("fc").compute_dtype == "float16"
    assert net(IMAGES).dtype == "float32"


def test_a_network_that_keeps_a_state_is_loaded_without_it(tmp_path: Path) -> None:
    narrow = written(
        """name: "narrow"
        input: "x" input_shape { dim: 3 dim: 2 dim: 5 }
        input: "cont" input_shape { dim: 3 dim: 2 }
        layer { name: "lstm" type: "LSTM" bottom: "x" bottom: "cont" top: "y"
                recurrent_param { num_output: 4 } }""",
        tmp_path,
        "tf",
    )
    kernels = [narrow.load().get_layer("lstm").weights[0].numpy() for _ in range(2)]
    np.testing.assert_array_equal(*kernels)
