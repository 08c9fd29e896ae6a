"""Values that emitted code could not run with are refused when the network is read."""

from __future__ import annotations

import numpy as np
import pytest
from samples.sample import layer, sample

import proto2net
from proto2net import Proto2NetError

IMAGE = (2, 4, 5, 6)

REFUSED = {
    "a dilation of 0": (
        {"x": IMAGE},
        layer(
            "Convolution",
            "x",
            "y",
            "convolution_param { num_output: 2 kernel_size: 3 dilation: 0 }",
        ),
        "a dilation of 0 x 0; each must be above 0",
    ),
    "an eps below 0": (
        {"x": IMAGE},
        layer("BatchNorm", "x", "y", "batch_norm_param { eps: -0.5 }"),
        "eps is -0.5; it must be 0 or above",
    ),
    "an eps below 0 of a fork's BN": (
        {"x": IMAGE},
        layer("BN", "x", "y", "bn_param { eps: -0.5 }"),
        "eps is -0.5; it must be 0 or above",
    ),
    "an axis to reverse twice": (
        {"x": IMAGE},
        layer("Reverse", "x", "y", "reverse_param { axis: 1 axis: 1 }"),
        "axis 1, 1 names an axis twice",
    ),
    "an LRN within channels of no rows": (
        {"x": IMAGE},
        layer("Slice", "x", "all none", "slice_param { axis: 2 slice_point: 5 }", "slice")
        + layer("LRN", "none", "y", "lrn_param { norm_region: WITHIN_CHANNEL }"),
        "WITHIN_CHANNEL needs an image, but the bottom is 2 x 4 x 0 x 6",
    ),
    "a sigma of 0": (
        {"x": (3, 4), "z": (3, 4)},
        layer("SmoothL1Loss", "x z", "y", "smooth_l1_loss_param { sigma: 0 }"),
        "sigma is 0, by which differences are divided",
    ),
    "similarities of other pairs": (
        {"x": (3, 4), "z": (3, 4), "label": (5,)},
        layer("ContrastiveLoss", "x z label", "y"),
        "needs one similarity for each of 3 pairs, but there are 5",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_value_that_cannot_run_is_refused_by_layer_and_line(what: str) -> None:
    inputs, text, words = REFUSED[what]
    arrays = {name: np.zeros(shape) for name, shape in inputs.items()}
    net = sample(text, inputs=arrays).net
    with pytest.raises(Proto2NetError) as refusal:
        proto2net.parse(net, phase="train", file="net.prototxt")
    assert words in str(refusal.value)
    assert f"net.prototxt:{len(inputs) + 1}: layer" in str(refusal.value)


SILENCED = layer(
    "Input", "", "data", "input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } }", "data"
) + layer("Silence", "data", "", name="s")


@pytest.mark.parametrize("to", ["numpy", "torch", "tf"])
def test_a_network_that_nothing_leaves_says_so(to: str) -> None:
    with pytest.raises(Proto2NetError) as refusal:
        proto2net.convert(SILENCED, to=to)
    assert "the network has no output: layers read or silence every blob" in str(refusal.value)


def test_an_exponential_of_a_huge_shift_is_infinite() -> None:
    x = np.zeros((2, 3), np.float32)
    net = sample(layer("Exp", "x", "y", "exp_param { shift: 1e30 }"), inputs={"x": x}).net
    network = proto2net.load(net, to="numpy")
    assert np.isinf(proto2net.blobs(network, {"x": x})["y"]).all()


@pytest.mark.parametrize(
    "text",
    [
        layer("BatchNorm", "x", "y", "batch_norm_param { eps: 0 }"),
        layer("BN", "x", "y", "bn_param { eps: 0 }"),
    ],
)
def test_an_eps_of_0_in_training_is_refused_for_pytorch_alone(text: str) -> None:
    net = sample(text, inputs={"x": np.zeros(IMAGE)}).net
    with pytest.raises(Proto2NetError, match="eps is 0, which PyTorch cannot take"):
        proto2net.convert(net, to="torch", phase="train")
    assert proto2net.convert(net, to="torch")
    assert proto2net.convert(net, to="tf", phase="train")


def test_a_window_of_shapes_slides_over_the_axes_behind_the_channels() -> None:
    text = "kernel_shape { dim: 2 dim: 2 }"
    param = f"convolution_param {{ num_output: 3 axis: 2 {text} }}"
    net = sample(layer("NdConvolution", "x", "y", param), inputs={"x": np.zeros(IMAGE)}).net
    with pytest.raises(Proto2NetError, match="kernel_shape has 2 values"):
        proto2net.parse(net)
