"""What PyTorch finds as gradients of an emitted network."""

from __future__ import annotations

from typing import Any

import torch
from layer_cases import Arrays, Ndarray

from proto2net import Graph


def differentiate(
    network: Any, graph: Graph, inputs: Arrays, coefficients: list[Ndarray]
) -> tuple[Arrays, Arrays]:
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
