"""Fewer layers with the same outputs, for a network that is only used, not trained.

Every case stays within Caffe's vocabulary, so an optimized network prints to every target:

1. A BatchNorm with stored statistics is x * gamma + beta a channel, with gamma = 1/sqrt(var + eps)
   and beta = -mean * gamma; so are a Scale and a Bias of one axis. A run of these behind a
   Convolution, Deconvolution or InnerProduct goes into its weights and bias.
2. Dropout (in the test phase), Split, a Concat or Slice of one, and a Power that changes nothing
   are left out.
3. A ReLU right after a ReLU, both without a slope, is left out.

Nothing is touched that another layer reads too, that shares a parameter, or whose blob is an
output under its own name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from proto2net.graph import Blob, Graph, Node
from proto2net.layers import (
    BatchNorm,
    Bias,
    Concat,
    Convolution,
    Deconvolution,
    Dropout,
    InnerProduct,
    Layer,
    Power,
    ReLU,
    Scale,
    Slice,
    Split,
)
from proto2net.model import Model
from proto2net.shape import canonical_axis

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

PRODUCTS = (Convolution, Deconvolution, InnerProduct)


def optimize(model: Model) -> tuple[Model, list[str]]:
    """The model with fewer layers, and a sentence for each change."""
    model, notes = _without_idle_layers(model)
    graph = model.graph
    folded: dict[Node[Layer], Node[Layer]] = {}
    learned: dict[Node[Layer], list[Ndarray]] = {}
    gone: set[Node[Layer]] = set()
    for node in graph.nodes:
        if run := _affine_run(model, node):
            folded[node] = _folded(node, run[-1])
            learned[node] = _folded_arrays(model, node, run)
            gone.update(run)
            notes.append(f"{node} takes in {', '.join(map(str, run))}")
    kept = [node for node in graph.nodes if node not in gone]
    small = graph.rebuilt(folded.get(node, node) for node in kept)
    values = {
        (new, blob): array
        for old, new in zip(kept, small.nodes, strict=True)
        for blob, array in zip(new.blobs, learned.get(old) or _held(model, old), strict=False)
    }
    return Model(small, values), notes


def _held(model: Model, node: Node[Layer]) -> list[Ndarray]:
    """The learned arrays of a node; none, unless it has a value for each."""
    slots = [(node, blob) for blob in node.blobs]
    return [model.values[s] for s in slots] if all(s in model.values for s in slots) else []


def _affine_run(model: Model, node: Node[Layer]) -> list[Node[Layer]]:
    """The layers right behind a product that multiply and add a number a channel."""
    run: list[Node[Layer]] = []
    if not isinstance(node.layer, PRODUCTS) or len(node.tops) != 1 or _shares(node):
        return run
    if not _held(model, node) or getattr(node.layer, "normalize", False):
        return run
    axis = canonical_axis(node.layer.axis, node.bottoms[0].shape)
    while follower := _only_reader(model.graph, (run or [node])[-1]):
        if not _is_affine(follower, axis) or _shares(follower) or not _held(model, follower):
            break
        run.append(follower)
    return run


def _only_reader(graph: Graph, node: Node[Layer]) -> Node[Layer] | None:
    """The one layer that reads a node's top and nothing else; none if the top is an output."""
    readers = graph.consumers.get(node.tops[0], ())
    alone = len(readers) == 1 and len(readers[0].bottoms) == 1 and not any(node.loss_weight)
    return readers[0] if alone and node.tops[0] not in graph.output_set else None


def _is_affine(node: Node[Layer], axis: int) -> bool:
    """Whether a layer multiplies and adds stored numbers along this one axis."""
    layer, shape = node.layer, node.bottoms[0].shape
    if isinstance(layer, BatchNorm):
        return axis == 1 and not layer.batch_statistics(node.phase)
    if isinstance(layer, Scale) and layer.bounded:
        return False
    if isinstance(layer, Scale | Bias):
        (operand, *_) = node.blobs.values()
        return canonical_axis(layer.axis, shape) == axis and operand.shape == (shape[axis],)
    return False


def _shares(node: Node[Layer]) -> bool:
    return any(param.name for param in node.params)


def _folded(node: Node[Layer], last: Node[Layer]) -> Node[Layer]:
    """The product with a bias, making what the run's last layer made."""
    layer = dataclasses.replace(node.layer, bias_term=True)  # type: ignore[type-var]
    return dataclasses.replace(node, layer=layer, tops=last.tops, params=())


def _folded_arrays(model: Model, node: Node[Layer], run: Sequence[Node[Layer]]) -> list[Ndarray]:
    import numpy as np

    weight, *bias = (array.astype(np.float64) for array in _held(model, node))
    total = bias[0] if bias else np.zeros(node.tops[0].shape[_channel_axis(node)])
    for follower in run:
        gamma, beta = _affine(follower, _held(model, follower))
        weight = _scaled(node, weight, gamma)
        total = total * gamma + beta
    return [weight.astype(np.float32), total.astype(np.float32)]


def _channel_axis(node: Node[Layer]) -> int:
    axis: int = canonical_axis(node.layer.axis, node.bottoms[0].shape)  # type: ignore[attr-defined]
    return axis


def _affine(node: Node[Layer], arrays: list[Ndarray]) -> tuple[Ndarray, Ndarray]:
    """gamma and beta of a layer of a run."""
    import numpy as np

    values = [array.astype(np.float64) for array in arrays]
    if isinstance(node.layer, BatchNorm):
        mean, variance, factor = values
        scale = 0 if factor.item() == 0 else 1 / factor.item()
        before = node.layer.add_eps_before_sqrt
        inside, beside = (node.layer.eps, 0) if before else (0, node.layer.eps)
        gamma = 1 / (np.sqrt(variance * scale + inside) + beside)
        return gamma, -mean * scale * gamma
    if isinstance(node.layer, Bias):
        return np.ones_like(values[0]), values[0]
    return values[0], values[1] if len(values) > 1 else np.zeros_like(values[0])


def _scaled(node: Node[Layer], weight: Ndarray, gamma: Ndarray) -> Ndarray:
    """The weights with each output channel multiplied by its gamma."""
    layer = node.layer
    if isinstance(layer, Deconvolution):  # (C, O/group, k...): a group's outputs are on axis 1
        by_group = weight.reshape(layer.group, -1, *weight.shape[1:])
        factors = gamma.reshape(layer.group, 1, -1, *(1,) * (weight.ndim - 2))
        return (by_group * factors).reshape(weight.shape)
    if isinstance(layer, InnerProduct) and layer.transpose:
        return weight * gamma
    return weight * gamma.reshape(-1, *(1,) * (weight.ndim - 1))


def _without_idle_layers(model: Model) -> tuple[Model, list[str]]:
    """The model without layers that pass their bottom on as it is."""
    graph = model.graph
    kept: list[Node[Layer]] = []
    nodes: list[Node[Layer]] = []
    notes: list[str] = []
    stands_for: dict[Blob, Blob] = {}
    makers = {top: node for node in graph.nodes for top in node.tops}
    for node in graph.nodes:
        idle = _is_idle(node, makers) and not any(node.loss_weight)
        if idle and (node.in_place or not graph.output_set.intersection(node.tops)):
            bottom = stands_for.get(node.bottoms[0], node.bottoms[0])
            stands_for.update(dict.fromkeys(node.tops, bottom))
            notes.append(f"{node} was left out")
        else:
            bottoms = tuple(stands_for.get(blob, blob) for blob in node.bottoms)
            kept.append(node)
            nodes.append(dataclasses.replace(node, bottoms=bottoms))
    outputs = [stands_for.get(blob, blob) for blob in graph.outputs]
    small = graph.rebuilt(nodes, outputs)
    now = dict(zip(kept, small.nodes, strict=True))
    values = {(now[node], blob): array for (node, blob), array in model.values.items()}
    return Model(small, values), notes


def _is_idle(node: Node[Layer], makers: dict[Blob, Node[Layer]]) -> bool:
    """Whether a layer's tops are its bottom."""
    layer = node.layer
    if isinstance(layer, Dropout):
        return not layer.samples(node.phase) and layer.factor == 1
    if isinstance(layer, Power):
        return (layer.power, layer.scale, layer.shift) == (1, 1, 0)
    if isinstance(layer, Concat | Slice):
        return len(node.bottoms) == len(node.tops) == 1
    if isinstance(layer, ReLU):
        before = makers[node.bottoms[0]].layer
        positive = isinstance(before, ReLU) and before.nonnegative((False,))
        return positive and layer.bounds == (None, None)
    return isinstance(layer, Split)
