"""Trained weights from public repositories are read, and fit the definitions beside them."""

from __future__ import annotations

import numpy as np
import pytest
from reference import REFERENCE

import proto2net
from proto2net import WeightError
from proto2net.caffe.binaryproto import mean
from proto2net.caffe.schema import message_class
from proto2net.weights.matching import match
from proto2net.weights.reading import read

FOLDER = REFERENCE / "corpus" / "weights"
FILES = {path.parent.name: path for path in sorted(FOLDER.glob("*/*.caffemodel"))}

# Their definitions have layers of forks, or name a blob that nothing makes.
OTHERS = {
    "mobilenet_yolov3_lite_tusimple",
    "mxnet2caffe_residual",
    "ultraface_rfb320",
    "ultraface_slim320",
}

needs_weights = pytest.mark.skipif(not FILES, reason="the reference weights are not here")


@needs_weights
@pytest.mark.parametrize("name", FILES)
def test_a_trained_file_is_read_as_protobuf_reads_it(name: str) -> None:
    message = message_class("NetParameter").FromString(FILES[name].read_bytes())
    for layer, right in zip(read(FILES[name]).layers, message.layer, strict=True):
        assert (layer.name, layer.type) == (right.name, right.type)
        for stored, blob in zip(layer.arrays, right.blobs, strict=True):
            assert stored is not None
            assert stored.array.shape == tuple(blob.shape.dim)
            assert np.isfinite(stored.array).all()
            if blob.data:  # else NVIDIA's raw_data, which Caffe's schema lacks
                np.testing.assert_array_equal(stored.array.reshape(-1), np.array(blob.data, "f4"))


@needs_weights
@pytest.mark.parametrize("name", sorted(set(FILES) - OTHERS))
def test_a_trained_file_fits_its_definition(name: str) -> None:
    graph = proto2net.parse(FILES[name].with_name("deploy.prototxt"))
    learned = {(node, blob) for node in graph.nodes for blob in node.blobs}
    assert set(match(graph, read(FILES[name])).model.values) == learned


@needs_weights
@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("caffe_onnx_test", {}),
        ("cifar10_quick_cell_w32_1", {}),
        ("lenet_mnist", {"data": (64, 1, 28, 28)}),
        ("mtcnn_det4", {"data24": (7, 15, 24, 24)}),
        ("mxnet2caffe_residual", {}),
        ("open_nsfw_resnet50_1by2", {}),
        ("vdsr", {"data": (2, 1, 31, 41)}),
    ],
)
def test_a_trained_file_alone_is_enough(name: str, inputs: dict[str, tuple[int, ...]]) -> None:
    graph = proto2net.parse(FILES[name], inputs=inputs)
    assert match(graph, read(FILES[name])).notes == []


@needs_weights
def test_mean_images_are_read() -> None:
    good = FILES["cifar10_quick_cell_w32_1"].with_name("mean.binaryproto")
    assert mean(good).shape == (3, 32, 32)
    bad = FILES["mxnet2caffe_residual"].with_name("mean.binaryproto")
    with pytest.raises(WeightError, match=r"0 x 3 x 3 x 112 needs 0 bytes .* 150,528 are there"):
        mean(bad)
