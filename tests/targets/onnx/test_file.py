"""What an .onnx file tells of the network that it is of."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_cases
import pytest
from attacks import ATTACKS, JOINED, distinct, network
from click.testing import CliRunner

import proto2net
from proto2net import Proto2NetError, UnsupportedError, backends
from proto2net.backends.onnx import container
from proto2net.backends.onnx.backend import OPSET, OPSETS
from proto2net.cli import cli
from proto2net.model import Model

NET = """name: "small"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 9 dim: 8 } }
  transform_param { scale: 0.5 mean_value: 104 } }
layer { name: "first" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 5 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "norm" type: "BatchNorm" bottom: "conv" top: "conv" }
layer { name: "rectified" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "drop" type: "Dropout" bottom: "conv" top: "dropped" }
layer { name: "fc" type: "InnerProduct" bottom: "dropped" top: "fc/score"
  inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
layer { name: "prob" type: "Softmax" bottom: "fc/score" top: "prob" }
"""


def message(net: str, **options: Any) -> Any:
    return backends.get("onnx").emit(proto2net.parse(net), **options).model


def sizes(value: Any) -> list[int | str]:
    dims = value.type.tensor_type.shape.dim
    return [dim.dim_value or dim.dim_param for dim in dims]


def test_values_have_the_names_of_blobs_and_operators_those_of_layers() -> None:
    graph = message(NET).graph
    assert [node.name for node in graph.node] == "first norm rectified fc/Reshape fc prob".split()
    assert [list(node.output) for node in graph.node] == [
        ["conv/first"],
        ["conv/norm"],
        ["conv"],  # the last of its name, as in Caffe
        ["fc/Reshape"],
        ["fc/score"],
        ["prob"],
    ]
    assert [each.name for each in (*graph.input, *graph.output)] == ["data", "prob"]
    learned = [each.name for each in container.lacking(message(NET))]
    ours = "first/weight first/bias norm/running_mean norm/running_var fc/weight fc/bias"
    assert learned == ours.split()


def test_an_output_that_is_another_blob_has_its_own_name() -> None:
    graph = proto2net.parse(NET, outputs=("dropped",))
    (output,) = backends.get("onnx").emit(graph).model.graph.output
    assert output.name == "dropped"


def test_a_batch_of_any_size_is_said_and_a_number_is_kept() -> None:
    graph = message(NET).graph
    assert sizes(graph.input[0]) == ["N", 3, 9, 8]
    assert sizes(graph.output[0]) == ["N", 4]
    fixed = message(NET, any_batch=False).graph
    assert sizes(fixed.input[0]) == [2, 3, 9, 8]


def test_a_layer_that_is_written_for_one_number_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    steps = (
        'layer { name: "x" type: "Input" top: "x" top: "cont" input_param {'
        " shape { dim: 4 dim: 2 dim: 3 } shape { dim: 4 dim: 2 } } }"
        'layer { name: "lstm" type: "LSTM" bottom: "x" bottom: "cont" top: "y"'
        " recurrent_param { num_output: 5 } }"
    )
    assert sizes(message(steps).graph.input[0]) == [4, 2, 3]
    assert 'layer "lstm" (LSTM) is written for this size' in caplog.text


def test_sizes_of_images_that_may_be_any_are_left_open() -> None:
    graph = proto2net.parse(NET, inputs={"data": (1, 3, None, None)}, outputs=("conv",))
    found = backends.get("onnx").emit(graph).model.graph
    assert sizes(found.input[0]) == ["N", 3, "", ""]
    assert sizes(found.output[0]) == ["N", 5, "", ""]


def test_the_opset_is_17_or_as_wanted_and_no_other() -> None:
    assert [each.version for each in message(NET).opset_import] == [17]
    assert [each.version for each in message(NET, opset=13).opset_import] == [13]
    for opset in (12, 22):
        with pytest.raises(Proto2NetError, match=f"no opset {opset} is written"):
            message(NET, opset=opset)


def test_the_help_tells_the_opsets_that_can_be_written() -> None:
    text = " ".join(CliRunner().invoke(cli, ["convert", "--help"]).output.split())
    assert f"{OPSETS[0]} to {OPSETS[-1]}, else {OPSET}." in text


def test_a_reduction_has_its_axes_where_the_opset_wants_them() -> None:
    net = NET + (
        'layer { name: "mean" type: "Reduction" bottom: "prob" top: "mean"'
        " reduction_param { operation: MEAN axis: 1 } }"
    )
    for opset, inputs in ((17, 1), (18, 2)):
        (node,) = [n for n in message(net, opset=opset).graph.node if n.op_type == "ReduceMean"]
        assert len(node.input) == inputs
        assert ("axes" in [each.name for each in node.attribute]) == (inputs == 1)


# ---- files ----------------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A file of NET and its definition beside."""
    (tmp_path / "deploy.prototxt").write_text(NET)
    out = tmp_path / "net.onnx"
    assert proto2net.save(tmp_path / "deploy.prototxt", to="onnx", out=out) == [out]
    return out


def test_a_file_tells_its_phase_its_preprocessing_and_what_it_is_made_of(saved: Path) -> None:
    model = onnx.load(str(saved))
    told = {each.key: each.value for each in model.metadata_props}
    definition = (saved.parent / "deploy.prototxt").read_bytes()
    assert told["phase"] == "test"
    assert told["definition"] == "deploy.prototxt"
    assert told["definition_sha256"] == hashlib.sha256(definition).hexdigest()
    transform = json.loads(told["transform_param"])
    assert (transform["scale"], transform["color_order"]) == (0.5, "BGR")
    assert (model.producer_name, model.ir_version) == ("proto2net", 8)
    assert "small" in model.doc_string
    onnx.checker.check_model(model, full_check=True)


def test_what_ssd_does_to_images_is_told_too() -> None:
    resized = "resize_param { prob: 1 height: 300 width: 300 interp_mode: LINEAR }"
    model = message(NET.replace("scale: 0.5", f"scale: 0.5 {resized}"))
    (told,) = [each.value for each in model.metadata_props if each.key == "transform_param"]
    assert json.loads(told)["resize_param"][0]["height"] == 300


def test_weights_are_told_and_are_those_of_the_file(tmp_path: Path) -> None:
    arrays = {
        "first": [np.full((5, 3, 3, 3), 0.5, "f"), np.zeros(5, "f")],
        "norm": [np.zeros(5, "f"), np.ones(5, "f"), np.ones(1, "f")],
        "fc": [np.ones((4, 210), "f"), np.arange(4, dtype="f")],
    }
    (weights,) = [
        path
        for path in proto2net.save(NET, arrays, to="torch", out=tmp_path / "net.py")
        if path.suffix == ".safetensors"
    ]
    proto2net.save(NET, weights, to="onnx", out=tmp_path / "net.onnx")
    model = onnx.load(str(tmp_path / "net.onnx"))
    told = {each.key: each.value for each in model.metadata_props}
    assert told["weights"] == "net.safetensors"
    assert told["weights_sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    held = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    np.testing.assert_array_equal(held["fc/bias"], arrays["fc"][1])
    np.testing.assert_array_equal(held["first/weight"], arrays["first"][0])


def test_arrays_that_are_too_large_for_the_file_lie_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    monkeypatch.setattr(container, "LARGEST", 100)
    out = tmp_path / "net.onnx"
    beside, file = proto2net.save(NET, to="onnx", out=out)
    assert (file, beside) == (out, tmp_path / "net.onnx.data")
    assert out.stat().st_size < beside.stat().st_size
    onnx.checker.check_model(str(out), full_check=True)
    image = np.random.default_rng(0).random((3, 3, 9, 8), np.float32)
    (found,) = onnxruntime.InferenceSession(str(out)).run(None, {"data": image})
    network = proto2net.load(NET, to="onnx")
    np.testing.assert_array_equal(found, network(image)[0])


def test_a_file_is_written_whole_or_not_at_all(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()
    with pytest.raises(Proto2NetError, match="exists already"):
        proto2net.save(NET, to="onnx", out=saved)

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("proto2net.weights.safetensors.put", fails)
    with pytest.raises(Proto2NetError, match="No space left"):
        proto2net.save(NET, to="onnx", out=saved, overwrite=True)
    assert saved.read_bytes() == before
    assert {path.name for path in saved.parent.iterdir()} == {"deploy.prototxt", "net.onnx"}


def test_what_is_no_text_is_not_given_as_one() -> None:
    with pytest.raises(Proto2NetError, match=r"an \.onnx file is no text"):
        proto2net.convert(NET, to="onnx")


def test_what_draws_at_random_or_learns_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedError) as caught:
        backends.get("onnx").emit(proto2net.parse(NET, phase="train"))
    told = str(caught.value)
    assert re.search(r'"norm" \(BatchNorm\): the statistics that training keeps', told)
    assert re.search(r'"drop" \(Dropout\): draws random numbers', told)


# ---- names of strangers ---------------------------------------------------------------------


def test_names_that_attack_are_names_and_readers_take_them() -> None:
    graph = proto2net.parse(network(distinct(ATTACKS), JOINED))
    found = onnx_cases.file_of(Model(graph))
    onnx.checker.check_model(onnx.load_from_string(found.content), full_check=True)
    values = [name for node in found.message.graph.node for name in (node.name, *node.output)]
    assert all(name and name.isprintable() for name in values)
    live = proto2net.load(graph, to="onnx")
    feeds = {blob.name: np.ones(blob.shape, np.float32) for blob in graph.inputs}
    assert proto2net.blobs(live, feeds).keys() == graph.blobs.keys()
