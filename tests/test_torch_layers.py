"""PyTorch computes for each layer what Caffe does, forward and backward."""

from __future__ import annotations

import pytest
import torch
from layer_cases import (
    NAMES,
    Arrays,
    Ndarray,
    Weights,
    case,
    check_after,
    check_blobs,
    check_gradients,
    computes,
    covered,
)

import proto2net
from proto2net import Graph, backends
from proto2net.layers import LAYERS, Layer

TORCH = backends.get("torch")
COMPUTING = [kind for kind in LAYERS.values() if computes(kind)]


def differentiate(
    graph: Graph, weights: Weights, inputs: Arrays, coefficients: list[Ndarray]
) -> tuple[Arrays, Arrays]:
    network = proto2net.load(graph, weights, to="torch")
    tensors = {blob.name: torch.tensor(inputs[blob.name]) for blob in graph.inputs}
    outputs = network(*(tensor.requires_grad_() for tensor in tensors.values()))
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    objective = sum(
        (torch.from_numpy(c) * output).sum()
        for c, output in zip(coefficients, outputs, strict=True)
    )
    if objective.requires_grad:
        objective.backward()
    of_arrays = dict(network.named_parameters())
    return tuple(
        {name: tensor.grad.numpy() for name, tensor in group.items() if tensor.grad is not None}
        for group in (tensors, of_arrays)
    )


@pytest.mark.parametrize("name", NAMES)
def test_layer_agrees_with_caffe(name: str) -> None:
    found = case(name)
    check_blobs(found, "torch")
    if found.after:
        check_after(found, "torch")
    if found.gradients is not None:
        check_gradients(found, "torch", differentiate)


@pytest.mark.parametrize(
    "kind", [kind for kind in LAYERS.values() if computes(kind)], ids=lambda kind: kind.type
)
def test_layer_type_is_rendered_and_has_a_case(kind: type[Layer]) -> None:
    assert TORCH.supports(kind) or kind in TORCH.unsupported
    assert kind in covered()
