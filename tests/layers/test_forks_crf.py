"""The CRF of CRF as RNN: what it refuses, and how it starts."""

from __future__ import annotations

import numpy as np
import pytest
from crf_cases import GIVEN, net

import proto2net
from proto2net import ShapeError, UnsupportedError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (net(""), "num_iterations is missing or 1; it must be above 1"),
        (net("num_iterations: 2 theta_beta: 0"), "theta_beta is 0"),
        (net(start=(2, 4, 7, 5)), "but they are 2 x 4 x 5 x 7 and 2 x 4 x 7 x 5"),
        (net(image=(2, 4, 5, 7)), "must be the image, 2 x 3 x 5 x 7, but it is 2 x 4 x 5 x 7"),
        (net(image=(2, 3, 9, 7)), "must be the image, 2 x 3 x 5 x 7"),
    ],
)
def test_what_the_fork_cannot_compute_is_refused(text: str, message: str) -> None:
    with pytest.raises(ShapeError) as error:
        proto2net.parse(text)
    (issue,) = error.value.issues
    assert message in issue.message


def test_a_mode_that_is_not_known_is_refused() -> None:
    with pytest.raises(proto2net.ParseError, match="POTTS"):
        proto2net.parse(net("num_iterations: 2 compatibility_mode: CUSTOM"))


def test_three_matrices_are_learned_and_start_as_diagonals() -> None:
    text = net("num_iterations: 2 spatial_filter_weight: 3 bilateral_filter_weight: 5")
    network = proto2net.load(text, to="numpy")
    for name, value in {"spatial": 3, "bilateral": 5, "compatibility": -1}.items():
        right = np.eye(4, dtype=np.float32)[None, None] * np.float32(value)
        np.testing.assert_array_equal(network.crf[name], right)


def test_images_do_not_meet() -> None:
    """Each image of a batch has the result that it has alone."""
    network = proto2net.load(net(), to="numpy")
    rng = np.random.default_rng(3)
    feeds = {name: rng.uniform(-9, 9, shape).astype(np.float32) for name, shape in GIVEN.items()}
    both = proto2net.blobs(network, feeds)["y"]
    for n in range(2):
        alone = proto2net.blobs(network, {name: x[n : n + 1] for name, x in feeds.items()})["y"]
        np.testing.assert_allclose(both[n : n + 1], alone, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("target", ["torch", "tf"])
def test_a_variable_that_is_called_as_a_helper_does_not_bring_it_along(target: str) -> None:
    source = proto2net.convert(net(), to=target)
    assert "neighbours = " in source or "neighbours: " in source
    assert "def neighbours(" not in source


DEEPLAB = """
input: "data" input_shape { dim: 1 dim: 3 dim: 5 dim: 7 }
input: "data_dim" input_shape { dim: 1 dim: 1 dim: 1 dim: 2 }
layer { name: "fc8" type: "Convolution" bottom: "data" top: "fc8"
        convolution_param { num_output: 4 kernel_size: 1 } }
layer { name: "crf" type: "DenseCRF" bottom: "fc8" bottom: "data_dim" bottom: "data" top: "crf_inf"
        dense_crf_param { max_iter: 10 pos_w: 3 pos_xy_std: 3
                          bi_w: 4 bi_xy_std: 121 bi_rgb_std: 5 } }
"""


def test_the_dense_crf_of_deeplab_is_known_and_its_scores_convert() -> None:
    assert proto2net.parse(DEEPLAB).outputs[0].shape == (1, 4, 5, 7)
    with pytest.raises(UnsupportedError) as error:
        proto2net.convert(DEEPLAB, to="torch")
    (issue,) = error.value.issues
    assert "the normalisation of its filters" in issue.message
    assert issue.hint is not None
    assert issue.hint.endswith("--output fc8 leaves it out")
    assert "DenseCRF" not in proto2net.convert(DEEPLAB, to="torch", outputs=["fc8"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("dim: 1 dim: 1 dim: 1 dim: 2", "dim: 1 dim: 1 dim: 1 dim: 3", "must be 1 x 1 x 1 x 2"),
        ("max_iter: 10", "output_probability: false", "leave it out for the probabilities"),
    ],
)
def test_what_a_dense_crf_cannot_read_is_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        proto2net.parse(DEEPLAB.replace(old, new))
