"""An optimized network has fewer layers and the same outputs."""

from __future__ import annotations

import numpy as np
import pytest
from digests import MODELS, inputs, weights

import proto2net
from proto2net import Graph
from proto2net.rewrites.optimize import optimize
from proto2net.weights.matching import match

INPUT = 'layer { name: "x" type: "Input" top: "x" input_param { shape { %s } } }\n'
IMAGE = INPUT % "dim: 2 dim: 4 dim: 5 dim: 7"


def layer(name: str, kind: str, bottom: str, top: str, rest: str = "") -> str:
    return f'layer {{ name: "{name}" type: "{kind}" bottom: "{bottom}" top: "{top}" {rest} }}\n'


PRODUCTS = {
    "convolution": "convolution_param { num_output: 6 kernel_size: 3 group: 2 }",
    "convolution_without_bias": (
        "convolution_param { num_output: 6 kernel_size: 3 bias_term: false }"
    ),
    "deconvolution": "convolution_param { num_output: 6 kernel_size: 2 stride: 2 group: 2 }",
    "innerproduct": "inner_product_param { num_output: 6 }",
    "innerproduct_transposed": "inner_product_param { num_output: 6 transpose: true }",
}
KINDS = {"convolution": "Convolution", "deconvolution": "Deconvolution"}


def kind_of(case: str) -> str:
    return KINDS.get(case.partition("_")[0], "InnerProduct")


def optimized(text: str) -> tuple[Graph, Graph, float, list[str]]:
    graph = proto2net.parse(text)
    arrays = weights(graph, "net")
    folded, notes = optimize(match(graph, arrays).model)
    feeds = inputs(graph, "net")
    before = proto2net.blobs(proto2net.load(graph, arrays, to="numpy"), feeds)
    after = proto2net.blobs(proto2net.load(folded, to="numpy"), feeds)
    smaller = folded.graph
    assert [blob.name for blob in graph.outputs] == [blob.name for blob in smaller.outputs]
    worst = max(
        float(np.abs(before[o.name] - after[o.name]).max() / np.abs(before[o.name]).max())
        for o in graph.outputs
    )
    return graph, smaller, worst, notes


def types(graph: Graph) -> list[str]:
    return [node.layer.type for node in graph.nodes]


@pytest.mark.parametrize("case", PRODUCTS)
def test_batch_norm_scale_and_bias_go_into_the_product_before_them(case: str) -> None:
    text = (
        IMAGE
        + layer("p", kind_of(case), "x", "p", PRODUCTS[case])
        + layer("bn", "BatchNorm", "p", "p")
        + layer("s", "Scale", "p", "s", "scale_param { bias_term: true }")
        + layer("b", "Bias", "s", "s")
        + layer("r", "ReLU", "s", "s")
    )
    _, smaller, worst, notes = optimized(text)
    assert types(smaller) == ["Input", kind_of(case), "ReLU"]
    assert worst < 1e-5
    assert f'layer "p" ({kind_of(case)}) takes in layer "bn" (BatchNorm)' in notes[0]


def test_layers_that_change_nothing_are_left_out() -> None:
    text = (
        IMAGE
        + layer("d", "Dropout", "x", "d")
        + layer("p", "Power", "d", "p")
        + layer("r", "ReLU", "p", "r")
        + layer("rr", "ReLU", "r", "r")
        + layer("s", "Split", "r", "s1").replace('top: "s1"', 'top: "s1" top: "s2"')
        + layer("t", "TanH", "s1", "t")
        + layer("u", "Sigmoid", "s2", "u")
    )
    _, smaller, worst, _ = optimized(text)
    assert types(smaller) == ["Input", "ReLU", "TanH", "Sigmoid"]
    assert worst == 0


@pytest.mark.parametrize(
    ("why", "rest"),
    [
        ("another layer reads the product too", layer("t", "TanH", "p", "t")),
        ("the product is an output", ""),
    ],
)
def test_a_product_that_is_read_elsewhere_is_left_alone(why: str, rest: str) -> None:
    text = (
        IMAGE
        + layer("p", "Convolution", "x", "p", PRODUCTS["convolution"])
        + layer("bn", "BatchNorm", "p", "bn")
        + rest
    )
    graph = proto2net.parse(text)
    if not rest:
        graph = proto2net.parse(text, outputs=["p", "bn"])
    smaller = optimize(match(graph, weights(graph, "net")).model)[0].graph
    assert types(smaller) == types(graph)


def test_shared_weights_are_left_alone() -> None:
    shared = PRODUCTS["convolution"] + ' param { name: "w" }'
    text = (
        IMAGE
        + layer("p", "Convolution", "x", "p", shared)
        + layer("bn", "BatchNorm", "p", "p")
        + layer("q", "Convolution", "x", "q", shared)
    )
    graph = proto2net.parse(text)
    smaller = optimize(match(graph, weights(graph, "net")).model)[0].graph
    assert types(smaller) == types(graph)


@pytest.mark.parametrize(
    ("product", "scale"),
    [
        ("inner_product_param { num_output: 6 normalize: true }", "scale_param { }"),
        ("inner_product_param { num_output: 6 }", "scale_param { min_value: 0.5 }"),
    ],
)
def test_weights_that_are_not_used_as_they_are_stored_are_left_alone(
    product: str, scale: str
) -> None:
    text = (
        IMAGE + layer("p", "InnerProduct", "x", "p", product) + layer("s", "Scale", "p", "y", scale)
    )
    _, smaller, worst, _ = optimized(text)
    assert types(smaller) == ["Input", "InnerProduct", "Scale"]
    assert worst == 0


def test_a_product_with_another_blob_is_left_alone() -> None:
    rows = INPUT.replace('"x"', '"rows"') % "dim: 6 dim: 140"
    product = layer("p", "InnerProduct", "x", "p", "inner_product_param { bias_term: false }")
    product = product.replace('bottom: "x"', 'bottom: "x" bottom: "rows"')
    _, smaller, worst, _ = optimized(IMAGE + rows + product + layer("s", "Scale", "p", "y"))
    assert types(smaller) == ["Input", "Input", "InnerProduct", "Scale"]
    assert worst == 0


def test_batch_norm_that_uses_the_batch_is_left_alone() -> None:
    text = (
        IMAGE
        + layer("p", "Convolution", "x", "p", PRODUCTS["convolution"])
        + layer("bn", "BatchNorm", "p", "p", "batch_norm_param { use_global_stats: false }")
    )
    graph, smaller, _, _ = optimized(text)
    assert types(smaller) == types(graph)


@pytest.mark.parametrize("name", ["resnet50", "mobilenet"])
def test_the_zoo_loses_its_batch_norms(name: str) -> None:
    graph = proto2net.parse(MODELS / f"{name}.prototxt")
    model, _ = optimize(match(graph, weights(graph, name)).model)
    assert not {"BatchNorm", "Scale"}.intersection(types(model.graph))
    assert set(model.values) == {(node, blob) for node in model.graph.nodes for blob in node.blobs}
