"""Networks for optical flow, as their authors write them: templates of whole networks."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from samples.sample import layer

import proto2net
from proto2net import Graph, UnsupportedError

IMAGES = "\n".join(
    layer("ImageData", "", f"img{n} aux{n}", 'image_data_param { source: "list" }', f"Image{n}")
    + layer("Silence", f"aux{n}", "", name=f"aux{n}")
    + layer("Eltwise", f"img{n}", f"img{n}s", "eltwise_param { coeff: 0.00392156862745 }", f"s{n}")
    + layer(
        "DataAugmentation",
        f"img{n}s",
        f"img{n}_nomean",
        "augmentation_param { augment_during_test: true recompute_mean: 1000 mean_per_pixel: false"
        " crop_width: $TARGET_WIDTH crop_height: $TARGET_HEIGHT }",
        f"img{n}s_aug",
    )
    + layer(
        "Resample",
        f"img{n}_nomean",
        f"img{n}_resize",
        "resample_param { width: $ADAPTED_WIDTH height: $ADAPTED_HEIGHT type: LINEAR }",
        f"Resample{n}",
    )
    for n in (0, 1)
)
FEATURES = layer(
    "Convolution",
    "img0_resize img1_resize",
    "F0 F1",
    "convolution_param { num_output: 8 pad: 1 kernel_size: 3 stride: 2 engine: CUDNN }",
    "conv1",
)
COARSE = (
    layer(
        "Correlation",
        "F0 F1",
        "corr",
        "correlation_param { pad: 2 kernel_size: 1 max_displacement: 2 }",
        "corr",
    )
    + layer(
        "Convolution",
        "corr",
        "predict_flow",
        "convolution_param { num_output: 2 pad: 1 kernel_size: 3 }",
        "predict_flow",
    )
    + layer("Eltwise", "predict_flow", "flow", "eltwise_param { coeff: 20 }", "blob44")
)
FINAL = (
    layer(
        "Resample",
        "flow",
        "resized",
        "resample_param { width: $TARGET_WIDTH height: $TARGET_HEIGHT }",
        "Resample3",
    )
    + layer(
        "Convolution",
        "resized",
        "final",
        'convolution_param { num_output: 2 kernel_size: 1 weight_filler { type: "diagonal"'
        " diag_val: $SCALE_WIDTH diag_val: $SCALE_HEIGHT } }",
        "scale",
    )
    + layer("FLOWriter", "final", "", "writer_param { folder: $OUT scale: 1.0 }", "write")
)
DEFINE = {
    **{"TARGET_WIDTH": 30, "TARGET_HEIGHT": 20, "ADAPTED_WIDTH": 64, "ADAPTED_HEIGHT": 32},
    **{"SCALE_WIDTH": 30 / 64, "SCALE_HEIGHT": 20 / 32, "OUT": "out/flows"},
}
SHAPE = (1, 3, 20, 30)


def network(text: str) -> Graph:
    return proto2net.parse(text, define=DEFINE, inputs={"img0": SHAPE, "img1": SHAPE})


WARPS = {
    "pwc-net": layer("Warp", "F1 flow", "warped", name="warp"),
    "liteflownet": layer("Grid", "flow", "gxy", name="gxy")
    + layer("Eltwise", "flow gxy", "coords", "eltwise_param { coeff: 1 coeff: 1 }", "coords")
    + layer("Warp", "F1 coords", "warped", name="warp"),
    "": layer("FlowWarp", "F1 flow", "warped", name="warp"),
}


@pytest.mark.parametrize("fork", WARPS)
def test_a_template_for_flow_becomes_the_network_that_computes_it(
    fork: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    graph = network(IMAGES + FEATURES + COARSE + WARPS[fork] + FINAL)
    assert [blob.name for blob in graph.inputs] == ["img0", "img1"]
    assert {blob.name: blob.shape for blob in graph.outputs} == {
        "warped": (1, 8, 16, 32),
        "final": (1, 2, 20, 30),
    }
    warp = next(node.layer for node in graph.nodes if node.name == "warp")
    assert getattr(warp, "fork", "") == fork


def test_the_flow_is_scaled_without_weights() -> None:
    graph = network(IMAGES + FEATURES + COARSE + FINAL)
    found = proto2net.load(graph, to="numpy")
    weight = [[[[30 / 64]], [[0]]], [[[0]], [[20 / 32]]]]
    np.testing.assert_allclose(found.scale["weight"], weight, rtol=1e-6)


def test_what_training_draws_at_random_is_refused_by_name() -> None:
    text = layer("Input", "", "x", "input_param { shape { dim: 1 dim: 3 dim: 8 dim: 9 } }", "x")
    text += layer("DataAugmentation", "x", "y params", "augmentation_param { }", "augment")
    with pytest.raises(UnsupportedError, match="random numbers that another layer draws"):
        proto2net.convert(text, to="torch")
    text = text.replace("params", "")
    with pytest.raises(UnsupportedError, match="changes images at random, and learns their mean"):
        proto2net.convert(text, to="torch", phase="train")
