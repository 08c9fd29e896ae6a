"""The ONNX backend; the tables of its renderers stand beside it, a file a family of layers.

Layout and names are Caffe's own. A renderer returns values (values.py) in the forms that
onnxruntime, OpenVINO and OpenCV 5 all compute exactly (docs/onnx.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from proto2net.backends.base import Backend, Code, Renderer, Step
from proto2net.backends.onnx.values import Either, Rendered, Value, X, op
from proto2net.backends.tree import BOTTOM
from proto2net.errors import Proto2NetError
from proto2net.graph import Graph
from proto2net.layers import CompactBilinear, HDF5Output, Layer, MultiStageMeanfield
from proto2net.layers.holes import Hole
from proto2net.lowering import Lowered

if TYPE_CHECKING:
    from proto2net.backends.onnx.file import OnnxEmitted
    from proto2net.backends.runner import Runner

OPSETS = range(13, 22)
"""The versions of ONNX's operators that can be written."""

OPSET = 17
"""The one that is written if no other is asked for: all of today's readers know it."""


class Onnx(Backend):
    """The table of ONNX renderers, and the file around them."""

    name = "onnx"
    title = "ONNX"
    suffix = ".onnx"
    weights_suffix = ".onnx"
    embeds = True
    package = __package__
    by_family = __package__
    unsupported: ClassVar[dict[type[Layer], str]] = {
        HDF5Output: "writing an HDF5 file is not possible",
        Hole: "a layer that you write in Python is not possible",
        CompactBilinear: "a circular convolution is not possible",
        MultiStageMeanfield: "a lattice whose points depend on the colours of the image is not "
        "possible",
    }

    def says(self, templates: Mapping[type[Layer], str]) -> None:
        """Register the layer types that are one operator without attributes."""
        for layer, operator in templates.items():
            self.renders(layer)(_saying(operator))

    def steps(self, lowered: Lowered) -> list[Step]:
        found = super().steps(lowered)
        if not lowered.graph.free_inputs:
            return found
        return [replace(step, code=step.code.general or step.code) for step in found]

    def as_code(self, made: object) -> object:
        """A value, or one for each top, as the operators and the arrays that these need."""
        if isinstance(made, Either):
            return replace(_code(made.known), general=_code(made.of_any_size))
        if made is X:
            return Code(BOTTOM)
        tops = [made] if isinstance(made, Value) else made
        if not (isinstance(tops, Sequence) and all(isinstance(top, Value) for top in tops)):
            return made
        return _code(tops)

    def emit(
        self,
        graph: Graph,
        name: str = "",
        weights: str = "",
        *,
        partial: bool = False,
        flat: bool = False,
        opset: int = OPSET,
        any_batch: bool = True,
    ) -> OnnxEmitted:
        """A graph of operators; the arrays are put into it as it is written.

        With `any_batch` the batch may have any size, where no layer stands in the way.
        """
        from proto2net.backends.onnx.file import OnnxFile

        if opset not in OPSETS:
            raise Proto2NetError(f"no opset {opset} is written", f"{OPSETS[0]} to {OPSETS[-1]} are")
        return OnnxFile(self, graph, name or graph.name, opset, any_batch).emitted()

    @cached_property
    def runner(self) -> Runner:
        from proto2net.backends.onnx.runner import OnnxRunner

        return OnnxRunner(self.name)


def _code(made: Value | Sequence[Value]) -> Code:
    rendered = Rendered([made] if isinstance(made, Value) else made)
    return Code(rendered, arrays=rendered.arrays)


def _saying(operator: str) -> Renderer:
    return lambda node: op(operator, X)


backend = Onnx()
renders = backend.renders
says = backend.says
