"""How ONNX graphs are run: by onnxruntime, which is imported when a network is made."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from proto2net.backends.base import Emitted
from proto2net.backends.onnx import container
from proto2net.backends.onnx.schema import Message, message_class
from proto2net.backends.runner import Runner
from proto2net.graph import Graph

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray
    from proto2net.backends.bench import Bench


class OnnxNetwork:
    """A graph with its arrays, which onnxruntime runs: outputs of arrays, both as in Caffe."""

    def __init__(self, model: Message) -> None:
        import onnxruntime  # a network that cannot run is not made

        self._runtime = onnxruntime
        self.model = model
        self.arrays: dict[str, Ndarray] = {}

    def load(self, arrays: dict[str, Ndarray]) -> None:
        """Take these arrays in, by the names that the graph has for them."""
        self.arrays.update(arrays)
        self.__dict__.pop("session", None)

    @cached_property
    def session(self) -> Any:
        """The onnxruntime.InferenceSession of the graph with its arrays."""
        options = self._runtime.SessionOptions()
        options.log_severity_level = 3
        content = container.filled(self.model, self.arrays)
        return self._runtime.InferenceSession(content, options, ["CPUExecutionProvider"])

    def __call__(self, *inputs: Any) -> tuple[Ndarray, ...]:
        """All outputs for the inputs, in the order of the graph."""
        import numpy as np

        names = [each.name for each in self.model.graph.input]
        feeds = (np.ascontiguousarray(each, np.float32) for each in inputs)
        return tuple(self.session.run(None, dict(zip(names, feeds, strict=True))))


class OnnxRunner(Runner):
    """Runs ONNX graphs."""

    install_hint = "`pip install onnxruntime` installs it"

    def build(self, emitted: Any, phase: str) -> OnnxNetwork:
        return OnnxNetwork(emitted.model)

    def restored(self, portable: str, entry: str) -> Emitted:
        from proto2net.backends.onnx.file import OnnxEmitted

        model = message_class("ModelProto").FromString(b64decode(portable))
        return OnnxEmitted({".onnx": b""}, entry, {}, model)

    def install(self, network: Any, arrays: dict[str, Ndarray]) -> None:
        network.load(arrays)

    def arrays(self, network: Any) -> dict[str, Ndarray]:
        return dict(network.arrays)

    def run(self, network: Any, graph: Graph, feeds: dict[str, Ndarray]) -> list[Ndarray]:
        outputs = network(*(feeds[blob.name] for blob in graph.inputs))
        return list(outputs[: len(graph.outputs)])

    def call(self, network: Any, tensors: Sequence[Any], phase: str) -> list[Any]:
        return list(network(*tensors))

    def bench(self, device: str, compiled: bool) -> Bench:
        from proto2net.backends.onnx.bench import OnnxBench

        return OnnxBench(device, compiled)
