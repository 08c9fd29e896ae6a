"""The file that the NumPy backend emits: one class, blobs as variables in __call__."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from proto2net.backends.base import Array, Step
from proto2net.backends.blocks import Block
from proto2net.backends.file import SourceFile, from_pretrained, result_type
from proto2net.backends.numpy.fillers import RNG
from proto2net.backends.printing import text
from proto2net.backends.scope import Scope
from proto2net.backends.statements import (
    Assignment,
    Class,
    Evaluation,
    Function,
    Parameter,
    Return,
    Statement,
    Verbatim,
    names_in,
)
from proto2net.backends.tree import (
    Expression,
    Literal,
    Name,
    Subscript,
    Variable,
    call,
    code,
    dotted,
    method,
    parts_of,
)
from proto2net.graph import Node

IMPORTS = {
    "math": "import math",
    "Path": "from pathlib import Path",
    "np": "import numpy as np",
    "load_file": "from safetensors.numpy import load_file",
}
"""What the emitted file may import, in order."""

FEW = 3
"""Up to so many outputs are listed in the type of what is returned."""

LOAD = """for name, array in arrays.items():
    layer, _, parameter = name.partition(".")
    getattr(self, layer)[parameter][...] = array"""
"""What copies learned arrays in."""

_ARRAY = dotted("np.ndarray")


class NumpyScope(Scope):
    """The methods of a class: what makes its learned arrays, and its forward."""

    reserved = frozenset({"self"})
    reserved_objects = frozenset({"from_pretrained", "load", "rng"})
    indent = 2

    def object(self, step: Step) -> Expression:
        return Variable(f"self.{self.objects.get(step.node, '')}")

    def methods(self) -> list[Statement]:
        """`__init__` and `load`, where there are arrays, and `__call__`."""
        forward = self._forward()
        return [*self._init(), *self._load(), forward]

    def _init(self) -> list[Statement]:
        """The learned arrays, and the generator that fills them or that the forward needs."""
        lines: list[Statement] = []
        places: dict[Array, Expression] = {}
        first: dict[str, Step] = {}
        for step in self.steps:
            if step.node in self.objects:
                first.setdefault(self.objects[step.node], step)
        generators = self._generators()
        if generators:
            made = code("np.random.default_rng(seed)")
            lines.append(Assignment((" = ".join(generators),), made))
        for name, step in first.items():
            lines += self._learned(name, step, places)
        if not lines:
            return []
        seed = Parameter("seed", Name("int"), Literal(0))
        parameters = [Parameter("self"), *([seed] if generators else [])]
        return [Function("__init__", parameters, Literal(None), lines)]

    def _learned(
        self, name: str, step: Step, places: dict[Array, Expression]
    ) -> Iterator[Statement]:
        """Statements that make a layer's arrays, or take those of `places` that it shares."""
        if step.code.init is not None:
            comment = self.caffe_name(name, step)
            yield Assignment((f"self.{name}",), step.code.init, comment)
        arrays = zip(step.code.arrays.items(), self.owned(step), strict=True)
        for (parameter, array), owner in arrays:
            place = Subscript(Variable(f"self.{name}"), Literal(parameter))
            if owner in places:
                yield Assignment((text(place),), _reshaped(places[owner], array, owner))
            else:
                places[owner] = place
                self.arrays[f"{name}.{parameter}"] = owner

    def _generators(self) -> list[str]:
        """The names of the random generator: of the fillers', of the forward's, or none."""
        codes = [step.code for step in self.steps]
        fills = any("rng" in names_in(code.init) for code in codes)
        draws = any(code.forward and RNG in parts_of(code.forward) for code in codes)
        return ["rng"] * fills + ["self.rng"] * draws

    def _load(self) -> list[Statement]:
        if not self.arrays:
            return []
        example = next(iter(self.arrays))
        arrays = Parameter("arrays", code("dict[str, np.ndarray]"))
        doc = [f'"""Copy learned arrays in, by names such as "{example}"."""']
        body = [Verbatim(LOAD.splitlines())]
        return [Function("load", [Parameter("self"), arrays], Literal(None), body, doc)]

    def _forward(self) -> Statement:
        inputs = [self.variables.define(blob) for blob in self.graph.inputs]
        cast = [code("np.asarray({x}, np.float32)", x=Variable(name)) for name in inputs]
        body: list[Statement] = [
            *(Assignment((name,), x) for name, x in zip(inputs, cast, strict=True)),
            *self.statements(),
        ]
        body.append(Return(tuple(map(self.variable, self.graph.outputs))))
        parameters = [Parameter("self"), *(Parameter(name, _ARRAY) for name in inputs)]
        result = result_type(_ARRAY, len(self.graph.outputs), FEW)
        return Function("__call__", parameters, result, body)


class NumpyFile(SourceFile[NumpyScope]):
    """The emitted file of one graph: a class with its learned arrays, and its forward."""

    imports = IMPORTS

    def scoped(
        self, steps: Sequence[Step], taken: Collection[str], block: Block | None = None
    ) -> NumpyScope:
        return NumpyScope(self.graph, steps, taken, block)

    def body(self) -> list[Statement]:
        methods = [*self.scope.methods(), *self._from_pretrained()]
        return [Class(self.entry, [], self.docstring(1), methods)]

    def _from_pretrained(self) -> list[Statement]:
        if not self.weights:
            return []
        made = [
            Assignment(("net",), code("cls()")),
            Evaluation(code("net.load(load_file(path))")),
            Return((Variable("net"),)),
        ]
        return [from_pretrained(self.entry, made)]

    def main(self) -> list[Statement]:
        zeros = [call("np.zeros", blob.shape) for blob in self.graph.inputs]
        return [
            Assignment(("net",), self.loaded(call(self.entry))),
            *self.print_shapes(call("net", *zeros), code("output.shape")),
        ]


def _reshaped(place: Expression, array: Array, owner: Array) -> Expression:
    """A shared array in the shape that a layer needs, if it has another."""
    needed, found = _shape(array), _shape(owner)
    return place if needed == found else method(place, "reshape", needed)


def _shape(array: Array) -> tuple[int, ...]:
    node: Node[Any]
    ((node, blob),) = array.sources
    return node.blobs[blob].shape
