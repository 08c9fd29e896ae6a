"""One script under both imports: cv2.dnn of OpenCV 4, which reads Caffe's files, and proto2net.cv.

With OpenCV 5 it runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cv_script import Found, apart, found_by
from onnx_cases import OPENCV_5
from places import ROOT, TESTS
from reference import REFERENCE
from ssd_cases import small_ssd

import proto2net

pytest.importorskip("cv2", reason="OpenCV 4 is the judge", exc_type=ImportError)

WEIGHTS = REFERENCE / "corpus" / "weights"

LAYERS = """
name: "many layers"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 14 dim: 17 } } }
layer { name: "conv_of" type: "Convolution" bottom: "data" top: "c1"
        convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "norm" type: "BatchNorm" bottom: "c1" top: "c1" }
layer { name: "scale" type: "Scale" bottom: "c1" top: "c1" scale_param { bias_term: true } }
layer { name: "relu" type: "ReLU" bottom: "c1" top: "c1" }
layer { name: "drop" type: "Dropout" bottom: "c1" top: "c1" }
layer { name: "padded" type: "Convolution" bottom: "c1" top: "padded"
        convolution_param { num_output: 6 kernel_size: 1 pad: 1 group: 2 } }
layer { name: "sigmoid" type: "Sigmoid" bottom: "padded" top: "sigmoid" }
layer { name: "norm_of_sigmoid" type: "BatchNorm" bottom: "sigmoid" top: "norm_of_sigmoid" }
layer { name: "halves" type: "Slice" bottom: "c1" top: "s1" top: "s2" slice_param { axis: 1 } }
layer { name: "max" type: "Pooling" bottom: "s1" top: "max_of" pooling_param {
        kernel_size: 3 stride: 2 } }
layer { name: "ave" type: "Pooling" bottom: "s2" top: "ave_of" pooling_param {
        pool: AVE kernel_size: 3 stride: 2 pad: 1 } }
layer { name: "prelu" type: "PReLU" bottom: "s2" top: "s3" }
layer { name: "up" type: "Deconvolution" bottom: "s3" top: "up"
        convolution_param { num_output: 5 kernel_size: 4 stride: 2 } }
layer { name: "both" type: "Concat" bottom: "s1" bottom: "s3" top: "both" }
layer { name: "lrn" type: "LRN" bottom: "both" top: "lrn" lrn_param { local_size: 3 alpha: 0.1 } }
layer { name: "tanh" type: "TanH" bottom: "lrn" top: "tanh" }
layer { name: "sum" type: "Eltwise" bottom: "tanh" bottom: "both" top: "sum" }
layer { name: "flat" type: "Flatten" bottom: "sum" top: "flat" }
layer { name: "fc" type: "InnerProduct" bottom: "max_of" top: "fc8"
        inner_product_param { num_output: 5 } }
layer { name: "softmax" type: "Softmax" bottom: "fc8" top: "prob" }
"""

SSD = (
    small_ssd(1, 48, 64)
    .replace("num_classes: 3", "num_classes: 3 share_location: true background_label_id: 0")
    .replace("step: 16", "step: 16 clip: false")
    .replace("14.5", "14")
)
"""One that says what OpenCV 4 takes otherwise where it is not said."""

REAL = {
    "lenet_mnist": [[2, 1, 28, 28]],
    "mtcnn_det1": [[1, 3, 12, 12], [2, 3, 40, 61]],
    "mtcnn_det2": [[3, 3, 24, 24]],
    "mtcnn_det3": [[1, 3, 48, 48], [5, 3, 48, 48]],
    "cifar10_quick_cell_w32_1": [[1, 3, 32, 32]],
    "squeezenet_traffic_lights": [[1, 3, 227, 227]],
    "ultraface_rfb320": [[1, 3, 240, 320]],
    "open_nsfw_resnet50_1by2": [[1, 3, 224, 224]],
}
"""Networks with trained weights, and shapes of images."""

STEPS = {"squeezenet_traffic_lights": 9, "ultraface_rfb320": 20, "open_nsfw_resnet50_1by2": 45}
"""Of large ones, one layer in so many is looked at."""

opencv_5 = pytest.param(
    "5",
    marks=pytest.mark.skipif(
        not OPENCV_5.is_dir(), reason="OpenCV 5 is not installed beside OpenCV 4"
    ),
)
both = pytest.mark.parametrize("version", ["4", opencv_5])


def saved(text: str, folder: Path, seed: int = 0) -> tuple[str, str]:
    """The files of a definition, with arrays by chance."""
    rng = np.random.default_rng(seed)
    arrays = {
        node.name: [rng.uniform(0.2, 1, each.shape) - 0.5 * (i < 1) for i, each in enumerate(blobs)]
        for node in proto2net.parse(text).nodes
        if (blobs := list(node.blobs.values()))
    }
    arrays |= {
        name: [1 + np.abs(a) for a in each] for name, each in arrays.items() if len(each) > 2
    }
    proto2net.save(text, arrays, to="prototxt", out=folder / "net.prototxt")
    written = folder / "as_it_was.prototxt"
    written.write_text(text)
    return str(written), str(folder / "net.caffemodel")


def by_ours(
    version: str, files: tuple[str, str], shapes: list[list[int]], folder: Path, step: int = 1
) -> Found:
    """What the script finds with proto2net.cv and this version of OpenCV."""
    if version == "4":
        return found_by("proto2net.cv", *files, shapes, step)
    out = folder / "found.npz"
    script = str(TESTS / "support" / "cv_script.py")
    command = [sys.executable, script, "proto2net.cv", *files, str(out), json.dumps([shapes, step])]
    paths = {"PYTHONPATH": os.pathsep.join([str(OPENCV_5), str(ROOT)])}
    subprocess.run(command, env=os.environ | paths, check=True)
    with np.load(out) as found:
        return dict(found)


@both
def test_a_script_finds_the_same_after_one_import_has_changed(version: str, tmp_path: Path) -> None:
    files, shapes = saved(LAYERS, tmp_path), [[2, 3, 14, 17], [3, 3, 14, 17]]
    right = found_by("cv2.dnn", *files, shapes)
    assert apart(by_ours(version, files, shapes, tmp_path), right) == {}


@both
@pytest.mark.parametrize("batch", [1, 3])
def test_detections_have_the_rows_and_the_order_of_opencv(
    version: str, batch: int, tmp_path: Path
) -> None:
    text = SSD
    shapes = [[batch, 3, 48, 64]]
    files = saved(text, tmp_path)
    right = found_by("cv2.dnn", *files, shapes)
    assert right["0/"].shape == (1, 1, 12 * batch, 7)
    wrong = apart(by_ours(version, files, shapes, tmp_path), right)
    assert wrong.keys() <= {"operations"}  # OpenCV counts some for prior boxes


@both
@pytest.mark.parametrize("name", REAL)
@pytest.mark.skipif(not WEIGHTS.is_dir(), reason="the trained networks are not here")
def test_trained_networks_give_what_opencv_4_gave(version: str, name: str, tmp_path: Path) -> None:
    folder = WEIGHTS / name
    (model,) = folder.glob("*.caffemodel")
    files = str(folder / "deploy.prototxt"), str(model)
    shapes, step = REAL[name], STEPS.get(name, 1)
    right = found_by("cv2.dnn", *files, shapes, step)
    assert apart(by_ours(version, files, shapes, tmp_path, step), right) == {}
