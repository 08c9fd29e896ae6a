"""A network of one size and some outputs, in the first runtime that computes it right.

That is OpenCV, where it does; else onnxruntime, where it is installed; else NumPy, which is slow.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from proto2net import api, backends
from proto2net.backends.onnx import container
from proto2net.batch import sized_by_value
from proto2net.cv import suited
from proto2net.cv.opencv import major, opencv, quiet
from proto2net.errors import Proto2NetError
from proto2net.frozen import dataclass
from proto2net.graph import Graph
from proto2net.model import Model, Slot
from proto2net.shape import count

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

Feeds = Mapping[str, "Ndarray"]
Run = Callable[[Feeds], "list[Ndarray]"]
Prepare = Callable[[Any], None]
"""Tells OpenCV's network what a script asked for, such as a target."""

TITLES = {"opencv": "OpenCV", "onnxruntime": "onnxruntime", "numpy": "NumPy"}


class Unsuited(Exception):
    """This runtime does not compute the network right; the sentence says why."""


@dataclass(frozen=True, eq=False)
class Runtime:
    """Its name, and what gives the graph's outputs for inputs by name."""

    name: str
    run: Run


class Running:
    """A graph with its arrays, which is called with inputs by name."""

    def __init__(self, graph: Graph, values: Mapping[Slot, Ndarray], prepare: Prepare) -> None:
        self.graph = graph
        self.values = values
        self.size = sum(array.nbytes for array in values.values())
        self.reason = ""
        """Why it does not run in OpenCV."""
        self.runtime: Runtime | None = None
        model = Model(graph, values)
        self._left: list[tuple[str, Callable[[], Run]]] = [
            ("opencv", lambda: _in_opencv(model, prepare)),
            ("onnxruntime", lambda: _in_target(model, "onnx")),
            ("numpy", lambda: _in_numpy(model)),
        ]

    def __call__(self, feeds: Feeds) -> list[Ndarray]:
        """The outputs of the graph."""
        while True:  # the last runtime returns, or raises
            try:
                if self.runtime is None:
                    name, make = self._left[0]
                    self.runtime = Runtime(name, make())
                return self._fitted(self.runtime.run(feeds))
            except (Unsuited, Proto2NetError, opencv().error) as error:
                if len(self._left) == 1:
                    raise
                self.reason = self.reason or _sentence(error)
            self.runtime = None
            del self._left[0]

    def _fitted(self, found: list[Ndarray]) -> list[Ndarray]:
        """The outputs in the graph's shapes. Raises Unsuited for what has another size."""
        if self.runtime is None or self.runtime.name != "opencv":
            return found
        unknown = sized_by_value(self.graph)
        fitted = []
        for blob, array in zip(self.graph.outputs, found, strict=True):
            if blob not in unknown and array.shape != blob.shape:
                if array.size != count(blob.shape):
                    raise Unsuited(f"it gives {array.shape} for {blob.shape}")
                array = array.reshape(blob.shape)
            fitted.append(array)
        return fitted


def _in_opencv(model: Model, prepare: Prepare) -> Run:
    """The network in OpenCV, from the bytes of an .onnx file."""
    import numpy as np

    emitted = backends.get("onnx").emit(model.graph, any_batch=False)
    if reason := suited.reason(emitted.model, major()):
        raise Unsuited(reason)
    content = container.filled(emitted.model, emitted.converted(api.filled(model).values))
    cv2 = opencv()
    with quiet():
        net = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8), **_engine(cv2))
    prepare(net)
    names = [each.name for each in emitted.model.graph.input]
    outputs = [each.name for each in emitted.model.graph.output]
    read = {name for node in emitted.model.graph.node for name in node.input}

    def run(feeds: Feeds) -> list[Ndarray]:
        for name, blob in zip(names, model.graph.inputs, strict=True):
            if name in read:
                net.setInput(feeds[blob.name], name)
        with quiet():
            found = net.forward(outputs)
        if any(each is None for each in found):
            raise Unsuited("it gives nothing for a blob without elements")
        return [np.array(each) for each in found[: len(model.graph.outputs)]]

    return run


def _engine(cv2: Any) -> dict[str, int]:
    """OpenCV 5 has an engine beside its old one, which computes more layers wrong."""
    engine = getattr(cv2.dnn, "ENGINE_NEW", None)
    return {} if engine is None else {"engine": engine}


def _in_target(model: Model, target: str) -> Run:
    """The network as proto2net.load makes it."""
    network = api.load(model, to=target)
    runner = backends.get(target).runner

    def run(feeds: Feeds) -> list[Ndarray]:
        given = {blob.name: feeds[blob.name] for blob in model.graph.inputs}
        found: list[Ndarray] = runner.run(network, model.graph, given)
        return found

    return run


def _in_numpy(model: Model) -> Run:
    """The network in NumPy, one for each output: a blob and what overwrites it share a name."""
    runs = [
        _in_target(Model(graph, _values_of(graph, model)), "numpy")
        for graph in (model.graph.making([blob]) for blob in model.graph.outputs)
    ]
    return lambda feeds: [run(feeds)[0] for run in runs]


def _values_of(graph: Graph, model: Model) -> dict[Slot, Ndarray]:
    nodes = set(graph.nodes)
    return {slot: array for slot, array in model.values.items() if slot[0] in nodes}


def _sentence(error: Exception) -> str:
    """What OpenCV says, in a line."""
    said = str(getattr(error, "err", "") or error)
    return " ".join(said.split())[:200]


def tell(running: Running, told: set[str]) -> None:
    """Log where a network runs, once for each runtime."""
    if running.runtime is None or running.runtime.name in told:
        return
    name = running.runtime.name
    told.add(name)
    if name == "opencv":
        _LOG.info(f"{running.graph.name} runs in OpenCV {opencv().__version__}")
        return
    note = f"{running.graph.name} runs in {TITLES[name]}, not in OpenCV: {running.reason}"
    if name == "numpy":
        _LOG.warning(f"{note}; this is slow: `pip install onnxruntime` makes it fast")
    else:
        _LOG.info(note)


_LOG = logging.getLogger("proto2net")
