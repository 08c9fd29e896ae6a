"""Networks of blocks go through the tools of Keras and TensorFlow, and compute the same there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from digests import MODELS
from samples.sample import Ndarray

import proto2net

SIZES = {"googlenet": 224, "resnet50": 224, "mobilenet": 64}
"""The networks, and the smallest images that they take."""

OPENS = """import sys
import keras
import numpy as np
model = keras.saving.load_model(sys.argv[1])
np.save(sys.argv[2], model(np.load(sys.argv[3])))"""
"""A program that knows of Keras alone."""


def image(name: str) -> Ndarray:
    size = SIZES[name]
    found: Ndarray = np.random.default_rng(0).random((1, size, size, 3), np.float32)
    return found


@pytest.fixture(scope="module", params=SIZES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def net(name: str) -> Any:
    keras.utils.set_random_seed(0)
    shape = (1, 3, SIZES[name], SIZES[name])
    return proto2net.load(MODELS / f"{name}.prototxt", to="tf", inputs={"data": shape})


@pytest.fixture(scope="module")
def right(name: str, net: Any) -> Ndarray:
    found: Ndarray = net(image(name)).numpy()
    return found


def test_a_saved_model_without_helpers_opens_alone(
    name: str, net: Any, right: Ndarray, tmp_path: Path
) -> None:
    source = proto2net.convert(MODELS / f"{name}.prototxt", to="tf")
    assert ("class " in source) == (name == "googlenet")  # whose LRN Keras has not
    if "class " in source:
        return
    net.save(tmp_path / "net.keras")
    np.save(tmp_path / "x.npy", image(name))
    files = [str(tmp_path / file) for file in ("net.keras", "y.npy", "x.npy")]
    subprocess.run([sys.executable, "-c", OPENS, *files], check=True, cwd=tmp_path)
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), right, rtol=1e-5, atol=1e-7)


def test_a_clone_computes_the_same(name: str, net: Any, right: Ndarray) -> None:
    clone = keras.models.clone_model(net)
    clone.set_weights(net.get_weights())
    np.testing.assert_allclose(clone(image(name)), right, rtol=1e-5, atol=1e-7)


def test_an_exported_model_computes_the_same(
    name: str, net: Any, right: Ndarray, tmp_path: Path
) -> None:
    net.export(tmp_path / "net", verbose=False)
    exported = tf.saved_model.load(str(tmp_path / "net"))
    np.testing.assert_allclose(exported.serve(image(name)), right, rtol=1e-4, atol=1e-7)


def test_a_lite_model_computes_the_same(name: str, net: Any, right: Ndarray) -> None:
    lite = tf.lite.Interpreter(
        model_content=tf.lite.TFLiteConverter.from_keras_model(net).convert(), num_threads=1
    )
    lite.allocate_tensors()
    lite.set_tensor(lite.get_input_details()[0]["index"], image(name))
    lite.invoke()
    found = lite.get_tensor(lite.get_output_details()[0]["index"])
    np.testing.assert_allclose(found, right, rtol=1e-3, atol=1e-6)


def test_in_16_bits_probabilities_have_32(name: str, right: Ndarray) -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        keras.utils.set_random_seed(0)
        shape = (1, 3, SIZES[name], SIZES[name])
        half = proto2net.load(MODELS / f"{name}.prototxt", to="tf", inputs={"data": shape})
    finally:
        keras.config.set_dtype_policy("float32")
    assert half.layers[-2].compute_dtype == "float16"
    found = half(image(name))
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, right, rtol=0.05, atol=1e-4)
