"""What a network of proto2net.cv does with what scripts do to it, and what it says of mistakes."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import proto2net
from proto2net import Proto2NetError
from proto2net.backends import get

cv2 = pytest.importorskip("cv2", reason="proto2net.cv needs OpenCV", exc_type=ImportError)

import proto2net.cv as dnn  # noqa: E402  # it is of no use without cv2

SMALL = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 6 dim: 7 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "c1"
        convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "c1" top: "c1" }
layer { name: "fc" type: "InnerProduct" bottom: "c1" top: "scores"
        inner_product_param { num_output: 5 } }
"""


@pytest.fixture
def model(tmp_path: Path) -> str:
    rng = np.random.default_rng(3)
    shapes = {"conv": [(4, 3, 3, 3), (4,)], "fc": [(5, 80), (5,)]}
    arrays = {name: [rng.normal(size=shape) for shape in each] for name, each in shapes.items()}
    proto2net.save(SMALL, arrays, to="prototxt", out=tmp_path / "net.prototxt")
    return str(tmp_path / "net.caffemodel")


@pytest.fixture
def net(model: str) -> dnn.Net:
    found = dnn.readNetFromCaffe(SMALL, model)
    found.setInput(images())
    return found


def images(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).normal(0, 50, shape or (1, 3, 6, 7)).astype(np.float32)


def opencv(model: str) -> Any:
    return cv2.dnn.readNetFromCaffe(bytearray(SMALL.encode()), bytearray(Path(model).read_bytes()))


@pytest.mark.parametrize(
    "held",
    [bytes, bytearray, memoryview, lambda content: np.frombuffer(content, np.uint8)],
    ids=["bytes", "bytearray", "memoryview", "uint8"],
)
def test_files_may_be_in_memory(held: Callable[[bytes], Any], model: str) -> None:
    found = dnn.readNetFromCaffe(held(SMALL.encode()), held(Path(model).read_bytes()))
    right = opencv(model)
    for each in (found, right):
        each.setInput(images())
    np.testing.assert_allclose(found.forward(), right.forward(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", [np.float32, np.uint8, np.int32, np.float64])
@pytest.mark.parametrize("mean", [(), (1, 2, 3), (104.0, 104.0, 104.0), (1, 2), 5])
def test_an_input_is_scaled_as_opencv_scales_it(kind: Any, mean: Any, model: str) -> None:
    given = np.abs(images()).astype(kind)
    found, right = dnn.readNetFromCaffe(SMALL, model), opencv(model)
    for each in (found, right):
        each.setInput(given, "data", scalefactor=0.5, mean=mean)
    np.testing.assert_allclose(found.forward(), right.forward(), rtol=1e-4, atol=1e-3)


def test_blobs_and_layers_of_caffe_are_known_by_name(net: dnn.Net) -> None:
    assert net.getLayerNames() == ("c1", "relu", "fc")  # a Convolution is called as its top is
    before, after = net.forward("conv"), net.forward("relu")
    np.testing.assert_array_equal(after, np.maximum(before, 0))
    np.testing.assert_array_equal(net.forward("scores"), net.forward("fc"))
    np.testing.assert_array_equal(net.forward("data"), images())
    several = net.forward(["scores", "conv", "relu"])
    assert [each.shape for each in several] == [(1, 5), (1, 4, 4, 5), (1, 4, 4, 5)]
    np.testing.assert_allclose(several[1], before, rtol=1e-5, atol=1e-4)


def test_a_set_array_counts_and_has_any_shape_of_its_size(net: dnn.Net) -> None:
    net.forward()
    net.setParam("fc", 0, np.zeros((5, 80)))
    net.getLayer(net.getLayerId("fc")).blobs = [np.zeros((5, 80)), np.full((1, 5), 2.5)]
    np.testing.assert_array_equal(net.forward(), np.full((1, 5), 2.5, np.float32))
    assert net.getParam("fc", 1).shape == (1, 5)


def test_networks_for_sizes_seen_before_are_held(model: str) -> None:
    text = SMALL[: SMALL.index('layer { name: "fc"')]
    found = dnn.readNetFromCaffe(text, model)
    for size in (6, 9, 6, 9, 6):
        found.setInput(images(2, 3, size, size))
        assert found.forward().shape == (2, 4, size - 2, size - 2)
    assert len(found._running) == 2


def test_it_says_once_where_it_runs(net: dnn.Net, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "proto2net"):
        net.forward()
        net.forward("conv")
    assert net.runtime == "opencv"
    assert [each for each in caplog.messages if "runs in" in each] == [
        f"text runs in OpenCV {cv2.__version__}"
    ]


@pytest.mark.parametrize("lacking", ["", "onnxruntime"])
def test_what_opencv_cannot_do_runs_elsewhere(
    lacking: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if lacking:
        monkeypatch.setitem(sys.modules, lacking, None)
    else:
        pytest.importorskip("onnxruntime", reason="it is what runs there")
    text = """
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 4 } } }
    layer { name: "sum" type: "Reduction" bottom: "data" top: "sum" }
    layer { name: "twice" type: "Power" bottom: "sum" top: "sum" power_param { scale: 2 } }
    """
    found = dnn.readNetFromCaffe(text)
    found.setInput(images(2, 3, 4))
    with caplog.at_level(logging.INFO, "proto2net"):
        sums = found.forward(["sum", "twice"])
    right = images(2, 3, 4).sum()
    np.testing.assert_allclose(sums, [[[right]], [[2 * right]]], rtol=1e-5)
    if cv2.__version__[0] == "4":  # which crashes at a sum of all
        assert found.runtime == ("numpy" if lacking else "onnxruntime")
        assert "not in OpenCV: " in caplog.text


def test_a_batch_that_a_reshape_states_follows_the_blob(tmp_path: Path) -> None:
    text = """
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 6 } } }
    layer { name: "r" type: "Reshape" bottom: "data" top: "r"
            reshape_param { shape { dim: 1 dim: 2 dim: 3 } } }
    """
    found = dnn.readNetFromCaffe(text)
    found.setInput(images(4, 6))
    np.testing.assert_array_equal(found.forward(), images(4, 6).reshape(4, 2, 3))


def test_a_file_may_leave_the_shape_to_the_blob() -> None:
    text = """
    layer { name: "data" type: "Input" top: "data" }
    layer { name: "r" type: "ReLU" bottom: "data" top: "r" }
    """
    found = dnn.readNetFromCaffe(text)
    assert found.getLayerNames() == ("r",)
    found.setInput(images(2, 5, 3))
    np.testing.assert_array_equal(found.forward(), np.maximum(images(2, 5, 3), 0))


def test_readnet_takes_caffe_files_in_any_order_and_leaves_others(model: str) -> None:
    definition = str(Path(model).with_suffix(".prototxt"))
    for arguments in ((model, definition), (definition, model), (model, definition, "caffe")):
        assert dnn.readNet(*arguments).getLayerNames() == ("c1", "relu", "fc")
    held = bytearray(SMALL.encode()), bytearray(Path(model).read_bytes())
    assert dnn.readNet("caffe", *held[::-1]).getLayerNames() == ("c1", "relu", "fc")
    with pytest.raises(cv2.error):
        dnn.readNet("nothing.onnx")


def test_other_names_are_those_of_opencv() -> None:
    assert dnn.blobFromImage is cv2.dnn.blobFromImage
    assert dnn.DNN_TARGET_CPU == cv2.dnn.DNN_TARGET_CPU
    assert {"NMSBoxes", "readNetFromCaffe"} <= set(dir(dnn))
    with pytest.raises(AttributeError, match=r"has no cv2\.dnn\.nothing"):
        _ = dnn.nothing


def test_what_opencv_is_asked_for_is_passed_on(net: dnn.Net) -> None:
    right = net.forward()
    net.setPreferableBackend(dnn.DNN_BACKEND_OPENCV)
    net.setPreferableTarget(dnn.DNN_TARGET_CPU)
    net.enableFusion(False)
    net.enableWinograd(False)
    net.setHalideScheduler("")
    np.testing.assert_allclose(net.forward(), right, rtol=1e-5)
    assert net.getPerfProfile()[0] > 0


def test_inputs_may_be_renamed_and_have_a_shape_stated(net: dnn.Net) -> None:
    net.setInputsNames(["image"])
    net.setInput(images(), "image")
    assert net.forward().shape == (1, 5)
    net.setInputShape("image", (1, 3, 6, 7))
    with pytest.raises(Proto2NetError, match='nothing is set for the input "data"'):
        net.forward()


def test_a_picture_names_every_layer(net: dnn.Net, tmp_path: Path) -> None:
    net.dumpToFile(str(tmp_path / "net.dot"))
    text = (tmp_path / "net.dot").read_text()
    assert text == net.dump()
    assert '"_input" -> "c1"' in text
    assert '"relu" -> "fc"' in text


MISTAKES: dict[str, tuple[Callable[[dnn.Net], Any], str]] = {
    "unknown input": (lambda net: net.setInput(images(), "date"), 'no input "date"'),
    "unknown blob": (lambda net: net.forward("score"), 'did you mean "scores"'),
    "unknown layer": (lambda net: net.getLayer("convv"), 'no layer "convv"'),
    "unknown number": (lambda net: net.getLayer(9), "no layer has the number 9"),
    "unknown array": (lambda net: net.getParam("conv", 2), "has no array 2"),
    "another size": (
        lambda net: (net.setInput(images(1, 3, 9, 9)), net.forward()),
        r"its weight is 5 x 80, and 5 x 196 is needed",
    ),
    "no numbers": (lambda net: net.setInput("image.jpg"), "the input is str"),
    "wrong array": (lambda net: net.setParam("conv", 0, [1, 2]), "its weight is 2"),
    "asynchronous": (lambda net: net.forwardAsync(), "forwardAsync is not possible"),
    "quantized": (lambda net: net.quantize(1, 2, 3), "quantize is not possible"),
    "no layers": (lambda net: dnn.Net().forward(), "this network is empty"),
    "no definition": (lambda net: dnn.readNetFromCaffe(b"\x00\x01\x02\n{"), "<buffer>"),
    "no weights": (lambda net: dnn.readNetFromCaffe(SMALL, bytearray(b"abc")), "<buffer>"),
    "no file": (lambda net: dnn.readNetFromCaffe("nothing.prototxt"), "No such file"),
    "no buffer": (lambda net: dnn.readNetFromCaffe(7), "the prototxt is given as int"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_in_a_sentence(name: str, net: dnn.Net) -> None:
    mistake, said = MISTAKES[name]
    with pytest.raises(Proto2NetError, match=said):
        mistake(net)


def test_a_network_without_weights_says_so_when_they_are_needed() -> None:
    found = dnn.readNetFromCaffe(SMALL)
    found.setInput(images())
    with pytest.raises(Proto2NetError) as caught:
        found.forward()
    assert [issue.message for issue in caught.value.issues] == [
        f"it has no {blob}: the weights lack it"
        for blob in ("weight (4 x 3 x 3 x 3)", "bias (4)", "weight (5 x 80)", "bias (5)")
    ]


def test_without_opencv_a_sentence_says_how_to_get_it() -> None:
    code = """
import sys
sys.modules["cv2"] = None
import proto2net.cv as dnn
try:
    dnn.blobFromImage
except Exception as error:
    print(type(error).__name__, error)
"""
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.startswith("Proto2NetError proto2net.cv needs OpenCV, which cannot be")
    assert "pip install opencv-python" in result.stdout


def test_onnx_files_have_no_padded_convolutions_of_single_pixels() -> None:
    """OpenCV 5 reads what was in memory before, in the place of that padding."""
    text = SMALL.replace("kernel_size: 3", "kernel_size: 1 pad: 1")
    nodes = get("onnx").emit(proto2net.parse(text, outputs=["c1"])).model.graph.node
    assert [node.op_type for node in nodes] == ["Pad", "Conv", "Relu"]
    assert "pads" not in {each.name for each in nodes[1].attribute}


def test_onnx_files_have_an_identity_where_opencv_5_overlooks_an_activation() -> None:
    text = SMALL.replace('"ReLU"', '"Sigmoid"').replace(
        '"fc" type: "InnerProduct"', '"fc" type: "BN"'
    )
    text = text.replace("inner_product_param { num_output: 5 }", "").replace("BN", "BatchNorm")
    nodes = get("onnx").emit(proto2net.parse(text)).model.graph.node
    assert [node.op_type for node in nodes] == ["Conv", "Sigmoid", "Identity", "BatchNormalization"]


def test_onnx_files_bound_what_tanh_reads_since_opencv_5_has_nan_for_large_numbers() -> None:
    text = SMALL.replace('"ReLU"', '"TanH"')
    nodes = get("onnx").emit(proto2net.parse(text, outputs=["c1"])).model.graph.node
    assert [node.op_type for node in nodes] == ["Conv", "Clip", "Tanh"]
