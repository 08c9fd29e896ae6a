"""What PyTorch finds as gradients of an emitted network."""

from __future__ import annotations

import torch
from layer_cases import Arrays, Ndarray, Weights

import proto2net
from proto2net import Graph


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
