"""Networks whose inputs may have any size, at sizes of which none is the one that is tried."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import pytest
from layer_cases import NAMES, case
from samples.sample import Ndarray, layer

import proto2net
from proto2net import Graph, UnsupportedError, backends


def conv(name: str, bottom: str, width: int, options: str) -> str:
    text = f"convolution_param {{ num_output: {width} {options} }}"
    return layer("Convolution", bottom, name, text, name)


def prelu(blob: str) -> str:
    return layer("PReLU", blob, blob, "", f"{blob}_prelu")


def pool(name: str, bottom: str, options: str) -> str:
    return layer("Pooling", bottom, name, f"pooling_param {{ {options} }}", name)


FACES = (
    conv("conv1", "data", 5, "kernel_size: 3")
    + prelu("conv1")
    + pool("pool1", "conv1", "kernel_size: 2 stride: 2")
    + conv("conv2", "pool1", 8, "kernel_size: 3")
    + prelu("conv2")
    + conv("conv4-1", "conv2", 2, "kernel_size: 1")
    + conv("conv4-2", "conv2", 4, "kernel_size: 1")
    + layer("Softmax", "conv4-1", "prob1")
)
FINER = (
    conv("conv1", "data", 5, "kernel_size: 3")
    + prelu("conv1")
    + pool("pool1", "conv1", "kernel_size: 3 stride: 2")
    + conv("conv2", "pool1", 6, "kernel_size: 3")
    + pool("pool2", "conv2", "kernel_size: 3 stride: 2 pad: 1")
    + pool("pool3", "pool2", "pool: AVE kernel_size: 3 stride: 2")
    + layer("Softmax", "pool3", "prob")
)
SUMMED_UP = (
    conv("conv1", "data", 6, "kernel_size: 5 stride: 2 pad: 1")
    + layer("Pooling", "conv1", "pool", "pooling_param { pool: AVE global_pooling: true }")
    + layer("InnerProduct", "pool", "fc", "inner_product_param { num_output: 4 }", "fc")
)
SEGMENTS = (
    conv("conv1", "data", 6, "kernel_size: 3 pad: 9")
    + pool("pool1", "conv1", "kernel_size: 2 stride: 2")
    + conv("score", "pool1", 3, "kernel_size: 1")
    + layer(
        "Deconvolution",
        "score",
        "up",
        "convolution_param { num_output: 3 kernel_size: 4 stride: 2 }",
        "up",
    )
    + layer("Crop", "up data", "cut", "crop_param { axis: 2 offset: 7 }")
)
BOXES = (
    conv("conv1", "data", 6, "kernel_size: 3 stride: 2")
    + conv("conv2", "conv1", 7, "kernel_size: 3 stride: 2 pad: 1")
    + "".join(
        layer("Permute", conv_, f"{conv_}_perm", f"permute_param {{ {AXES} }}")
        + layer("Flatten", f"{conv_}_perm", f"{conv_}_flat", "flatten_param { axis: 1 }")
        + layer(
            "PriorBox",
            f"{conv_} data",
            f"{conv_}_priors",
            "prior_box_param { min_size: 4 aspect_ratio: 2 variance: 0.1 }",
        )
        for AXES in ["order: 0 order: 2 order: 3 order: 1"]
        for conv_ in ["conv1", "conv2"]
    )
    + layer("Concat", "conv1_flat conv2_flat", "loc", "concat_param { axis: 1 }")
    + layer("Concat", "conv1_priors conv2_priors", "priors", "concat_param { axis: 2 }")
    + layer("Reshape", "conv1", "rows", "reshape_param { shape { dim: 0 dim: 2 dim: -1 } }")
)
NETS = {
    "faces": FACES,
    "finer": FINER,
    "summed_up": SUMMED_UP,
    "segments": SEGMENTS,
    "boxes": BOXES,
}
SIZES = [(23, 36), (40, 31), (29, 29)]


def graph(name: str, size: tuple[int | None, int | None]) -> Graph:
    text = f"input: 'data' input_dim: 1 input_dim: 3 input_dim: 47 input_dim: 48 {NETS[name]}"
    return proto2net.parse(text, inputs={"data": (1, 3, *size)})


@cache
def weights(name: str) -> dict[str, list[Ndarray]]:
    random = np.random.default_rng(0)
    return {
        node.name: [random.uniform(-1, 1, blob.shape).astype("f") for blob in node.blobs.values()]
        for node in graph(name, (None, None)).nodes
        if node.blobs
    }


def outputs(net: Graph, network: Any, to: str, image: Ndarray) -> list[Ndarray]:
    return backends.get(to).runner.run(network, net, {"data": image})


@pytest.mark.parametrize("name", NETS)
def test_a_network_of_any_size_computes_what_one_of_that_size_does(name: str, target: str) -> None:
    free = graph(name, (None, None))
    network = proto2net.load(free, weights(name), to=target)
    for size in SIZES:
        image = np.random.default_rng(1).standard_normal((2, 3, *size)).astype("f")
        fixed = graph(name, size)
        right = outputs(fixed, proto2net.load(fixed, weights(name), to="numpy"), "numpy", image)
        found = outputs(free, network, target, image)
        for made, known in zip(found, right, strict=True):
            np.testing.assert_allclose(made, known, rtol=1e-5, atol=1e-5 * np.abs(known).max())


@pytest.fixture
def language(target: str) -> str:
    """A target that prints Python."""
    if target == "onnx":
        pytest.skip("an .onnx file is no text; tests/targets/onnx/test_file.py looks into it")
    return target


def test_the_file_says_that_sizes_are_any(language: str) -> None:
    text = proto2net.convert(graph("faces", (None, None)), to=language)
    data = "data (N, any, any, 3)" if language == "tf" else "data (N, 3, any, any)"
    assert data in text
    assert ("= (None, None, 3)" in text) == (language == "tf")
    assert not re.search(r"# \d+ x", text)


def test_one_size_alone_may_be_any(language: str) -> None:
    text = proto2net.convert(graph("faces", (48, None)), to=language)
    data = "data (N, 48, any, 3)" if language == "tf" else "data (N, 3, 48, any)"
    assert data in text


NO_POOLS = ("pool_max_mask_global", "pool_stochastic", "pool_stochastic_gap")
"""What Keras says for one size alone, and what draws at random."""

POOLS = [name for name in NAMES if name.startswith("pool_") and name not in NO_POOLS]


@pytest.mark.parametrize("name", POOLS)
def test_a_pooling_of_any_size_rounds_as_caffe_does_for_even_and_odd_sizes(
    name: str, target: str
) -> None:
    text, ((blob, declared),) = case(name).net, _shapes(case(name).graph).items()
    free = proto2net.parse(text, inputs={blob: (*declared[:2], None, None)})
    network = proto2net.load(free, to=target)
    for more in [(5, 6), (6, 9), (8, 7)]:
        size = [own + added for own, added in zip(declared[2:], more, strict=True)]
        fixed = proto2net.parse(text, inputs={blob: (*declared[:2], *size)})
        image = np.random.default_rng(1).standard_normal((*declared[:2], *size)).astype("f")
        numpy = backends.get("numpy").runner
        right = numpy.run(proto2net.load(fixed, to="numpy"), fixed, {blob: image})
        found = backends.get(target).runner.run(network, free, {blob: image})
        for made, known in zip(found, right, strict=True):
            np.testing.assert_allclose(made, known, rtol=1e-5, atol=1e-5)


def _shapes(graph: Graph) -> dict[str, tuple[int, ...]]:
    return {blob.name: blob.shape for blob in graph.inputs}


def test_a_layer_that_is_written_for_one_size_is_named(target: str) -> None:
    text, declared = case("accum").net, _shapes(case("accum").graph)
    sizes = {blob: (*shape[:2], None, None) for blob, shape in declared.items()}
    with pytest.raises(UnsupportedError, match=rf"\(Accum\): needs one size in {target}: what is "):
        proto2net.convert(proto2net.parse(text, inputs=sizes), to=target)
