"""The file that the NumPy backend emits: one class, blobs as variables in __call__."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Array, Step, names_used
from proto2net.backends.file import SourceFile
from proto2net.backends.source import call, returned, signature, statement
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

LOAD = '''
    def load(self, arrays: dict[str, np.ndarray]) -> None:
        """Copy learned arrays in, by names such as "{example}"."""
        for name, array in arrays.items():
            layer, _, parameter = name.partition(".")
            getattr(self, layer)[parameter][...] = array'''


class NumpyFile(SourceFile):
    """The emitted file of one graph: a class with its learned arrays, and its forward."""

    imports = IMPORTS
    reserved = frozenset({"self"})
    reserved_objects = frozenset({"from_pretrained", "load", "rng"})
    indent = 2

    def body(self) -> list[str]:
        forward = self._forward()
        return [
            f"class {self.entry}:",
            *self.docstring(1),
            *self._init(),
            *self._load(),
            "",
            *forward,
            *self._from_pretrained(),
        ]

    def object(self, step: Step) -> str:
        return f"self.{self.objects.get(step.node, '')}"

    def _init(self) -> list[str]:
        """The learned arrays, and the generator that fills them or that the forward needs."""
        lines: list[str] = []
        places: dict[Array, str] = {}
        first: dict[str, Step] = {}
        for step in self.steps:
            if step.node in self.objects:
                first.setdefault(self.objects[step.node], step)
        for name, step in first.items():
            lines += self._learned(name, step, places)
        targets = self._generators()
        if targets:
            generator = f"{' = '.join(targets)} = np.random.default_rng(seed)"
            lines.insert(0, statement(generator, 2))
        if not lines:
            return []
        parameters = "self, seed: int = 0" if targets else "self"
        return ["", f"    def __init__({parameters}) -> None:", *lines]

    def _learned(self, name: str, step: Step, places: dict[Array, str]) -> list[str]:
        """Statements that make a layer's arrays, or take those of `places` that it shares."""
        text = f"self.{name} = {step.code.init}"
        lines = [statement(text, 2, self.caffe_name(name, step))]
        arrays = zip(step.code.arrays.items(), self.owned(step), strict=True)
        for (parameter, array), owner in arrays:
            place = f'self.{name}["{parameter}"]'
            if owner in places:
                value = places[owner] + _reshaped(array, owner)
                lines.append(statement(f"{place} = {value}", 2))
            else:
                places[owner] = place
                self.arrays[f"{name}.{parameter}"] = owner
        return lines

    def _generators(self) -> list[str]:
        """The names of the random generator: of the fillers', of the forward's, or none."""
        codes = [step.code for step in self.steps]
        fills = any(code.init and "rng" in names_used(code.init) for code in codes)
        draws = any("self.rng" in code.forward for code in codes)
        return ["rng"] * fills + ["self.rng"] * draws

    def _load(self) -> list[str]:
        return [LOAD.format(example=next(iter(self.arrays)))] if self.arrays else []

    def _from_pretrained(self) -> list[str]:
        if not self.weights:
            return []
        return [
            "",
            "    @classmethod",
            f'    def from_pretrained(cls, path: str | Path = WEIGHTS) -> "{self.entry}":',
            '        """The network with the learned weights of a file."""',
            "        net = cls()",
            "        net.load(load_file(path))",
            "        return net",
        ]

    def _loaded(self) -> str:
        """The network, with its weights if their file is there."""
        if not self.weights:
            return f"{self.entry}()"
        return f"{self.entry}.from_pretrained() if WEIGHTS.exists() else {self.entry}()"

    def _forward(self) -> list[str]:
        inputs = [self.variables.define(blob) for blob in self.graph.inputs]
        written = self.statements()
        outputs = [self.variables[blob] for blob in self.graph.outputs]
        parameters = ", ".join(["self", *(f"{name}: np.ndarray" for name in inputs)])
        result = ", ".join(["np.ndarray"] * len(outputs))
        if len(outputs) > 1:
            result = f"tuple[{result}]"
        if len(outputs) > FEW:
            result = "tuple[np.ndarray, ...]"
        casts = [f"{name} = np.asarray({name}, np.float32)" for name in inputs]
        lines = [
            *(statement(cast, 2) for cast in casts),
            *(line.lines(2) for line in written),
            returned(outputs, 2),
        ]
        head = signature(f"def __call__({parameters}) -> {result}:", 1)
        return [head, *lines]

    def main(self) -> list[str]:
        zeros = ", ".join(call("np.zeros", blob.shape) for blob in self.graph.inputs)
        shapes = self.print_shapes(f"net({zeros})", "{}.shape".format)
        return [
            f"    net = {self._loaded()}",
            *(statement(line, 1) for line in shapes),
        ]


def _reshaped(array: Array, owner: Array) -> str:
    """What gives a shared array the shape that a layer needs, if it has another."""
    needed, found = _shape(array), _shape(owner)
    return "" if needed == found else call(".reshape", needed)


def _shape(array: Array) -> tuple[int, ...]:
    node: Node[Any]
    ((node, blob),) = array.sources
    return node.blobs[blob].shape
