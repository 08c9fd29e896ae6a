"""Layers in PyTorch: batches and images of any size, any device, states, chance, refusals."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from layer_cases import (
    NAMES,
    Case,
    case,
    twin_lstms,
)
from samples.sample import layer, sample

import proto2net
from proto2net import Graph, backends
from proto2net.errors import ShapeError, UnsupportedError

TORCH = backends.get("torch")


def outputs(network: torch.nn.Module, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
    found = network(*inputs)
    return found if isinstance(found, tuple) else (found,)


def test_every_helper_is_used_by_some_case() -> None:
    sources = "\n".join(proto2net.convert(case(name).graph, to="torch") for name in NAMES)
    elsewhere = {name for name in TORCH.helpers if name.endswith("_")}  # see test_fillers.py
    elsewhere |= {"pad_same", "avg_pool_same"}  # see frameworks/test_padding.py
    elsewhere |= {"cut_windows"}  # see frameworks/test_windows.py
    elsewhere |= {"Adam", "SGD"}  # see frameworks/test_training.py
    unused = {name for name in TORCH.helpers if f"{name}(" not in sources}
    assert unused - elsewhere == set()


# What these compute depends on the whole batch, or on its size.
WHOLE_BATCH = {
    "bn_ctpn",
    "bn_segnet",
    "bn_segnet_by_name",
    "bn_segnet_training",
    "bn_test_local",
    "bn_train",
    "bn_train_before_scale",
    "bn_train_fraction",
    "continuation_indicator",
    "continuation_indicator_of_a_bottom",
    "conv_axis0",
    "lstm_of_caffe_lstm",
    "lstm_of_ctpn",
    "parameter",
    "quantize_up_to_the_first_small_one",
    "reorg_reverse_of_synopsys",
    "reorg_s2_reverse",
    "reverse_axis0",
    "scale_axis0",
    "softmax_axis0",
    "sub_what_is_learned",
}


def by_image(name: str) -> bool:
    """Whether a case has one input, and outputs with a row for each of its rows."""
    graph = case(name).graph
    rows = {blob.shape[:1] for blob in (*graph.inputs, *graph.outputs)}
    whole = name in WHOLE_BATCH or sizes_by_value(graph)
    return len(graph.inputs) == 1 and len(rows) == 1 and not whole


def test_each_image_is_computed_by_itself_whatever_the_batch() -> None:
    for name in filter(by_image, NAMES):
        found = case(name)
        network = proto2net.load(found.graph, found.weights, to="torch").eval()
        (images,) = map(torch.from_numpy, found.inputs.values())
        order = [*range(len(images)), 0, *reversed(range(len(images)))]
        for few, many in zip(
            outputs(network, images), outputs(network, images[order]), strict=True
        ):
            torch.testing.assert_close(
                many, few[order], rtol=1e-4, atol=1e-5, equal_nan=True, msg=name
            )


OF_ONE_SIZE = {
    "accum_divisible": "its size is the declared one's next multiple",
    "deconvnet_unpool_max_mask_other_width": "the mask of a larger image points behind the plane",
    "deconvnet_unpool_max_mask_rect": "the mask of a larger image points behind the plane",
    "space_to_depth": "the last axis is the channels, of which there are as many as declared",
}
"""Cases of which another input would be another network, or an error in Caffe, and why."""


def test_source_for_one_image_size_is_right_for_another() -> None:
    checked = 0
    for name in NAMES:
        found = case(name)
        shapes = [blob.shape for blob in found.graph.inputs]
        if len(shapes) != 1 or len(shapes[0]) != 4 or sizes_by_value(found.graph):
            continue
        if name in OF_ONE_SIZE:
            continue
        n, c, h, w = shapes[0]
        for larger in ((n, c, h + 1, w + 2), (n, c, h + 4, w + 3)):
            other = resized(found, larger)
            if other is None:
                continue
            network = proto2net.load(found.graph, found.weights, to="torch")
            right = proto2net.load(other, found.weights, to="torch")
            images = torch.randn(larger)
            results = outputs(network, images)
            assert [tuple(y.shape) for y in results] == [blob.shape for blob in other.outputs], name
            torch.testing.assert_close(results, outputs(right, images), equal_nan=True, msg=name)
            checked += 1
    assert checked > 100


def resized(found: Case, shape: tuple[int, ...]) -> Graph | None:
    """The case's graph for another input; None if Caffe refuses it, or would learn others."""
    (blob,) = found.graph.inputs
    try:
        graph = proto2net.parse(
            found.net, phase=found.phase, fork=found.fork, inputs={blob.name: shape}
        )
    except ShapeError:
        return None

    def learned(graph: Graph) -> list[tuple[int, ...]]:
        return [blob.shape for node in graph.nodes for blob in node.blobs.values()]

    return graph if learned(graph) == learned(found.graph) else None


def sizes_by_value(graph: Graph) -> bool:
    """Whether a size is known from the data alone."""
    return any(node.layer.sizes_by_value for node in graph.nodes)


# These look up in their bottoms which places they read, or how many there are.
READING_VALUES = ("MultiStageMeanfield", "ROIPooling", "PSROIPooling")


def test_a_network_computes_on_whatever_device_it_is() -> None:
    for name in NAMES:
        found = case(name)
        reading = any(node.layer.type in READING_VALUES for node in found.graph.nodes)
        if reading or sizes_by_value(found.graph):
            continue  # they need values, which this device has not
        network = proto2net.load(found.graph, found.weights, to="torch").to("meta")
        inputs = (torch.from_numpy(found.inputs[blob.name]) for blob in found.graph.inputs)
        for output in outputs(network, *(tensor.to("meta") for tensor in inputs)):
            assert output.is_meta, name


def recurrent(kind: str) -> tuple[torch.nn.Module, torch.Tensor, torch.Tensor]:
    torch.manual_seed(11)
    network = proto2net.load(case(kind).net, to="torch")
    return network, torch.randn(8, 2, 3), torch.ones(8, 2)


@pytest.mark.parametrize("kind", ["lstm", "rnn"])
def test_no_gradient_passes_from_one_forward_pass_to_the_one_before(kind: str) -> None:
    network, x, cont = recurrent(kind)
    before = x.clone().requires_grad_()
    network(before, cont)
    network(x, cont).sum().backward()
    assert before.grad is None


def test_layers_that_share_what_they_have_learned_keep_a_state_each() -> None:
    graph = proto2net.parse(twin_lstms())
    rng = np.random.default_rng(0)
    learned = [rng.standard_normal(shape).astype("f") for shape in ((12, 4), (12,), (12, 3))]
    alone = dataclasses.replace(graph, outputs=graph.outputs[1:])
    feeds = {name: rng.standard_normal((3, 2, 4)).astype("f") for name in ("a", "b")}
    feeds["cont"] = np.ones((3, 2), "f")
    for to in ("torch", "numpy"):
        backend, weights = backends.get(to), {"one": learned, "two": learned}
        both = proto2net.load(graph, weights, to=to)
        other = proto2net.load(alone, weights, to=to)
        for _ in range(2):
            found = backend.runner.run(both, graph, feeds)[1]
            np.testing.assert_array_equal(found, backend.runner.run(other, alone, feeds)[0])


def test_stochastic_pooling_draws_by_size_in_training() -> None:
    text = "pooling_param { pool: STOCHASTIC kernel_size: 2 stride: 2 }"
    x = np.zeros((20_000, 1, 2, 3), np.float32)
    x[:, 0, 0] = 1, 3, 5
    net = sample(layer("Pooling", "x", "y", text), inputs={"x": x}).net
    network = proto2net.load(net, to="torch", phase="train")
    left, right = network(torch.from_numpy(x))[:, 0, 0].T
    assert abs((left == 3).float().mean() - 0.75) < 0.02
    assert abs((left == 1).float().mean() - 0.25) < 0.02
    assert (right == 5).all()


REFUSED = {
    "an infogain matrix in a file": (
        layer("Power", "x", "label", name="label")
        + layer("InfogainLoss", "x label", "y", 'infogain_loss_param { source: "H" }'),
        (2, 1),
        "third bottom",
    ),
    "a convolution of four axes": (
        layer("Convolution", "x", "y", "convolution_param { num_output: 2 kernel_size: 1 }"),
        (2, 3, 4, 5, 6, 7),
        "1 to 3",
    ),
    "writing a file": (
        layer("HDF5Output", "x x", "", 'hdf5_output_param { file_name: "f" }'),
        (2, 3),
        "file",
    ),
    "an array in two shapes": (
        layer("Bias", "x", "y", 'param { name: "b" }', "one")
        + layer("Flatten", "x", "z", "flatten_param { axis: 2 }", "flat")
        + layer("Bias", "z", "zz", 'param { name: "b" }', "two"),
        (2, 3, 4, 5),
        'layer "one"',
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_said_is_refused_by_layer_and_line(name: str) -> None:
    text, shape, words = REFUSED[name]
    net = sample(text, inputs={"x": np.zeros(shape)}).net
    with pytest.raises(UnsupportedError) as refusal:
        proto2net.convert(net, to="torch", phase="train", file="net.prototxt")
    assert words in str(refusal.value)
    assert "net.prototxt:2: layer" in str(refusal.value)
