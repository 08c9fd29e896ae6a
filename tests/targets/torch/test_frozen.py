"""What lr_mult: 0 freezes gets no gradient in PyTorch, and the rest gets Caffe's."""

from __future__ import annotations

import numpy as np
import torch
from layer_cases import assert_close, corner

import proto2net


def test_a_frozen_layer_does_not_train() -> None:
    found = corner("grad_frozen_lr_mult")
    network = proto2net.load(found.graph, found.weights, to="torch")
    _, loss = network(*(torch.from_numpy(found.inputs[b.name]) for b in found.graph.inputs))
    loss.backward()
    for name, (weight, bias) in found.weight_gradients.items():
        layer = getattr(network, name)
        for parameter, right in ((layer.weight, weight), (layer.bias, bias)):
            assert (parameter.grad is None) == (name == "fc") == (not np.any(right))
            if parameter.grad is not None:
                assert_close(parameter.grad.numpy(), right, 1e-4, name)
