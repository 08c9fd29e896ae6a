"""Timing of onnxruntime on the CPU; a graph of ONNX has no gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from proto2net.backends.bench import Run
from proto2net.backends.numpy.bench import NumpyBench
from proto2net.backends.onnx import container
from proto2net.backends.onnx.runner import OnnxNetwork
from proto2net.errors import Proto2NetError

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


class OnnxBench(NumpyBench):
    """onnxruntime on the CPU. The matrix product beside it is NumPy's."""

    def __init__(self, device: str, compiled: bool) -> None:
        import onnxruntime

        if device != "cpu":
            raise Proto2NetError(
                "onnx is timed on the CPU only", "leave it out of --to, or use --device cpu"
            )
        if compiled:
            raise Proto2NetError(
                "onnxruntime always compiles", "leave it out of --to, or leave out --compile"
            )
        self.version = onnxruntime.__version__

    def forward(self, network: Any, feeds: Sequence[Ndarray], *, training: bool) -> Run:
        _fill(network)
        return lambda: network(*feeds)


def _fill(network: OnnxNetwork) -> None:
    """Give the network arrays, whose values do not change how long it takes."""
    import numpy as np

    rng = np.random.default_rng(0)
    network.load(
        {
            each.name: 0.01 * rng.random(tuple(each.dims), np.float32)
            for each in container.lacking(network.model)
        }
    )
