"""Runs a model in a target, and tells how far it is from NumPy, and from what Caffe computed.

Nothing here knows a framework: a process that asks for one target has that one only.
"""

from __future__ import annotations

import math
import resource
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from digests import deviations, digest, inputs, weights
from targets import forget

import proto2net
from proto2net import Graph
from proto2net.api import REFERENCE
from proto2net.child import serve
from proto2net.errors import Proto2NetError
from proto2net.feeds import label_blobs
from proto2net.graph import Blob, Node
from proto2net.layers import BN, Convolution, InnerProduct, PriorBox, Scale, Sigmoid, Softmax
from proto2net.model import Model
from proto2net.prediction.feeding import is_image_info
from proto2net.verify import difference

TOLERANCE = 1e-4
"""In units of a blob's largest magnitude; so the tests hold deep networks to Caffe."""
ROUNDING = 10
"""A target may be so many times as far from NumPy as that moves by rounding."""
PART = "blob/"
"""What the names of blobs begin with in the file of them."""
SCORED = (Softmax, Sigmoid)
"""What makes probabilities."""
LINEAR = (Convolution, InnerProduct, Scale)
"""What gives half as much where all that it has learned is halved."""
BYTES = 8 * 10**9
"""Of memory that a process may ask for."""

Ndarray = np.ndarray[Any, np.dtype[Any]]
Arrays = dict[str, Ndarray]
Cell = dict[str, Any]
"""What is found of a model in a target: see `measured`; or the `problem`."""


@dataclass(frozen=True)
class Run:
    """What is run."""

    definition: str
    seed: str
    """The name by which the weights rule draws."""
    reference: str
    """The file of NumPy's blobs, which its run writes, and those of the other targets read."""
    weights: str = ""
    """Trained ones; without, the rule draws them."""
    recording: str = ""
    inputs: dict[str, list[int]] = field(default_factory=dict)
    scales: dict[str, float] = field(default_factory=dict)
    """What the drawn weights of layers are divided by: see `scales`."""

    @property
    def graph(self) -> Graph:
        """The network, for inputs of the shapes that were recorded."""
        recorded = digest(Path(self.recording))["inputs"] if self.recording else self.inputs
        return proto2net.parse(Path(self.definition), inputs=recorded)


def facts(run: Run) -> dict[str, Any]:
    """What the model is."""
    graph = run.graph
    return {
        "layers": len(graph.nodes) - len(graph.inputs),
        "parameters": graph.parameters,
        "macs": graph.macs,
        "inputs": {blob.name: list(blob.shape) for blob in graph.inputs},
    }


def scales(run: Run) -> dict[str, float]:
    """How large the values are of which probabilities and boxes are made, by the layer.

    Those of drawn weights can be thousands: so classes would be equal but for rounding, and boxes
    as large as 32 bits allow, where those of trained networks are a few units.
    """
    if run.recording or run.weights:
        return {}
    graph = run.graph
    blobs = proto2net.blobs(proto2net.load(_model(run, graph), to=REFERENCE), _feeds(run, graph))
    found = {node.name: float(blobs[node.tops[0].name].std()) for node in _heads(graph)}
    return {name: size for name, size in found.items() if size > 1}


def measured(run: Run, target: str) -> Cell:
    """The largest `difference` of any blob, in units of its largest magnitude.

    Each is held to NumPy's, and to what was recorded of Caffe. `past` has those beyond TOLERANCE.
    NumPy itself is held to nothing where nothing was recorded.
    """
    graph = run.graph
    network = proto2net.load(_model(run, graph), to=target)
    feeds = _feeds(run, graph)
    blobs = proto2net.blobs(network, feeds)
    apart = deviations(blobs, digest(Path(run.recording))) if run.recording else {}
    if target == REFERENCE:
        np.savez(run.reference, **{f"{PART}{name}": blob for name, blob in blobs.items()})
    elif not Path(run.reference).exists():
        raise Proto2NetError("nothing is known that it could be held to: NumPy has no result")
    else:
        found = [*blobs.items(), *proto2net.outputs(network, feeds).items()]
        for name, value in _from_numpy(run, graph, found):
            apart[name] = max(value, apart.get(name, 0.0))
    past = {name: value for name, value in apart.items() if not value <= TOLERANCE}
    return {"difference": max(apart.values()), "past": past} if apart else {}


def judged(cell: Cell, moves: dict[str, float]) -> Cell:
    """What is told of a target: the first blob that is `past` TOLERANCE, and if `rounding` does it.

    `moves` tells how far the blobs of NumPy move by rounding. A `difference` of None: a blob has
    another shape, or values that are not finite in one of the two alone.
    """
    if "past" not in cell:
        return cell
    past, largest = cell["past"], cell["difference"]
    return {
        "difference": float(f"{largest:.2g}") if math.isfinite(largest) else None,
        "past": next(iter(past), ""),
        "rounding": bool(past)
        and all(value <= ROUNDING * moves.get(name, 0.0) for name, value in past.items()),
    }


def rounding(run: Run) -> dict[str, float]:
    """How far each blob of NumPy moves where the last bit of all that is learned does."""
    graph = run.graph
    network = proto2net.load(_rounded(_model(run, graph)), to=REFERENCE)
    blobs = proto2net.blobs(network, _feeds(run, graph))
    return dict(_from_numpy(run, graph, list(blobs.items())))


def _model(run: Run, graph: Graph) -> Model:
    if run.weights:
        return proto2net.api.model(graph, run.weights)
    drawn = weights(graph, run.seed)
    for node in graph.nodes:
        if isinstance(node.layer, BN):  # the rule knows nothing of it: a variance is positive
            drawn[node.name] = [
                0.5 + np.abs(array) if name == "variance" else array
                for name, array in zip(node.blobs, drawn[node.name], strict=True)
            ]
    for name, size in run.scales.items():
        drawn[name] = [array / np.float32(size) for array in drawn[name]]
    return proto2net.api.model(graph, drawn)


def _heads(graph: Graph) -> list[Node[Any]]:
    """The layers that have learned last before probabilities or boxes are made."""
    scored: set[Blob] = set()
    heads = []
    for node in reversed(graph.nodes):
        makes = isinstance(node.layer, SCORED) or _rows(node)
        if isinstance(node.layer, LINEAR) and scored.intersection(node.tops):
            heads.append(node)
        elif makes or (not node.blobs and scored.intersection(node.tops)):
            scored.update(() if isinstance(node.layer, PriorBox) else node.bottoms)
    return heads


def _rows(node: Node[Any]) -> bool:
    """Whether a layer makes rows of boxes."""
    return bool(node.layer.columns(tuple(bottom.shape for bottom in node.bottoms)))


def _feeds(run: Run, graph: Graph) -> Arrays:
    """Values under the weights rule, as Caffe had; else labels are 0, and sizes those of images."""
    found = inputs(graph, run.seed)
    if run.recording:
        return found
    labels = label_blobs(graph)
    images = [blob.shape[-2:] for blob in graph.inputs if len(blob.shape) > 3]
    height, width = max(images, default=(1, 1))
    for blob in graph.inputs:
        if blob in labels:
            found[blob.name][:] = 0
        elif is_image_info(blob):
            found[blob.name].flat[:] = (height, width, 1, 1)[: found[blob.name].size]
        elif blob.name == "rois":
            found[blob.name][:] = (0, width // 8, height // 8, width // 2, height // 2)
    return found


def _rounded(model: Model) -> Model:
    """The same with the last bit of each learned value moved up or down."""
    rng = np.random.default_rng(0)
    either = np.float32([1 - 2**-23, 1 + 2**-23])
    values = {slot: array * rng.choice(either, array.shape) for slot, array in model.values.items()}
    return Model(model.graph, values)


def _from_numpy(
    run: Run, graph: Graph, found: list[tuple[str, Ndarray]]
) -> Iterator[tuple[str, float]]:
    """How far each blob is from NumPy's.

    Rows of boxes may be in another order, and then so is what is made of each.
    """
    boxes = {top.name for node in graph.nodes if _rows(node) for top in node.tops}
    order: Ndarray | None = None
    with np.load(run.reference) as kept:
        for name, blob in found:
            right = kept[f"{PART}{name}"]
            if name in boxes and blob.shape == right.shape:
                rows = blob.reshape(-1, blob.shape[-1])
                order = _order(rows, right.reshape(rows.shape))
                blob = rows[order].reshape(right.shape)
            elif order is not None and blob.shape[:1] == order.shape:
                blob = blob[order]
            yield name, difference(blob, right).relative


def _order(rows: Ndarray, right: Ndarray) -> Ndarray:
    """Which of `rows` is nearest to each of `right`; each is so once."""
    scale = np.abs(right).max(axis=0, initial=0)
    scale[scale == 0] = 1
    left = np.arange(len(rows))
    order = []
    for row in right:
        nearest = (np.abs(rows[left] - row) / scale).max(axis=1).argmin()
        order.append(left[nearest])
        left = np.delete(left, nearest)
    return np.array(order, int)


class Measurer:
    """What a process of one target does."""

    def __init__(self, target: str) -> None:
        self._target = target

    def facts(self, run: dict[str, Any]) -> Cell:
        """What the model is."""
        return _told(lambda: facts(Run(**run)))

    def measure(self, run: dict[str, Any]) -> Cell:
        """What is found of the model."""
        try:
            return _told(lambda: measured(Run(**run), self._target))
        finally:
            forget(self._target)

    def scales(self, run: dict[str, Any]) -> Cell:
        """What drawn weights are to be divided by."""
        return _told(lambda: scales(Run(**run)))

    def rounding(self, run: dict[str, Any]) -> dict[str, float]:
        """How far the blobs move by rounding."""
        return rounding(Run(**run))


def _told(work: Callable[[], Cell]) -> Cell:
    """What work gives, or why it cannot, without the place of a file."""
    try:
        return work()
    except Proto2NetError as error:
        issue = error.issues[0]
        return {"problem": ": ".join(filter(None, (issue.layer, issue.message)))}


def main() -> None:
    """Measure for the process that has started this one."""
    resource.setrlimit(resource.RLIMIT_DATA, (BYTES, BYTES))
    serve(Measurer(sys.argv[1]))
