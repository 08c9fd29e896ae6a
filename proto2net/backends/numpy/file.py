"""The file that the NumPy backend emits: one class, blobs as variables in __call__."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar

from proto2net.backends.base import Array, Code, Step
from proto2net.backends.blocks import PROJECT, Block, Composite
from proto2net.backends.file import SourceFile, from_pretrained, result_type
from proto2net.backends.numpy.fillers import AXES, RANDOM, draws, fills, in_short, random
from proto2net.backends.preprocess import without_mean
from proto2net.backends.printing import text
from proto2net.backends.rows import in_a_row
from proto2net.backends.scope import Scope
from proto2net.backends.statements import (
    Assignment,
    Class,
    Compound,
    Evaluation,
    Function,
    Parameter,
    Return,
    Statement,
    Verbatim,
)
from proto2net.backends.tree import (
    BOTTOM,
    SELF,
    Expression,
    Literal,
    Name,
    Star,
    Subscript,
    Variable,
    call,
    code,
    dotted,
    method,
    tree,
)
from proto2net.graph import Node

IMPORTS = {
    "math": "import math",
    "Callable": "from collections.abc import Callable, Sequence",
    "Path": "from pathlib import Path",
    "Any": "from typing import Any",
    "np": "import numpy as np",
    "safe_open": "from safetensors import safe_open",
    "load_file": "from safetensors.numpy import load_file",
}
"""What the emitted file may import, in order."""

FEW = 3
"""Up to so many outputs are listed in the type of what is returned."""

LOAD = """for name, array in arrays.items():
    layer, _, parameter = name.partition(".")
    getattr(self, layer)[parameter][...] = array"""
"""What copies learned arrays in."""

LOAD_PATHS = """for name, array in arrays.items():
    *path, parameter = name.split(".")
    layer = self
    for part in path:
        layer = layer[int(part)] if part.isdigit() else getattr(layer, part)
    layer[parameter][...] = array"""
"""What copies learned arrays in where some are those of blocks."""

STRICT = """paths = array_paths(net)
missing, unexpected = paths - arrays.keys(), arrays.keys() - paths
if missing or unexpected:
    wrong = f"missing: {sorted(missing)}; unexpected: {sorted(unexpected)}"
    raise ValueError(wrong)"""
"""What refuses a file that lacks something, or has too much."""

_ARRAY = dotted("np.ndarray")


class NumpyScope(Scope):
    """The methods of a class: what makes its learned arrays, and its forward."""

    own = "self."
    shares = False
    """Whether two layers have one array, which the network then has by both names."""
    reserved = frozenset({"self"})
    reserved_objects = frozenset({"from_pretrained", "load", "rng"})
    indent = 2

    def object(self, step: Step) -> Expression:
        return Variable(f"self.{self.objects.get(step.node, '')}")

    @cached_property
    def in_blocks(self) -> bool:
        """Whether this is of a block, or of a network that has some."""
        return bool(self.block) or any(isinstance(step, Composite) for step in self.steps)

    def methods(self) -> list[Statement]:
        """`__init__` and `load`, where there are arrays, and `__call__`."""
        forward = self._forward()
        return [*self._init(), *self._load(), forward]

    def class_of(self, title: str, block: Block) -> Class:
        """The class of the block whose scope this is."""
        forward = self._forward()
        kept = [Assignment((f"{self.own}{name}",), Variable(name)) for name in block.kept(self.own)]
        if draws(self.steps):
            kept.append(Assignment(("self.rng",), Name("rng")))
        rng = [Parameter("rng", dotted("np.random.Generator"))] if random(self.steps) else []
        parameters = [Parameter("self"), *rng, *block.parameters]
        body = [*kept, *self.made()]
        init = [Function("__init__", parameters, Literal(None), body)] if body else []
        return Class(title, [], [block.said], [*init, forward])

    def _init(self) -> list[Statement]:
        """The learned arrays, and the generator that fills them or that the forward needs."""
        generators = ["rng"] * fills(self.steps) + ["self.rng"] * draws(self.steps)
        lines = self.made()
        if generators:
            made = code("np.random.default_rng(seed)")
            lines.insert(0, Assignment((" = ".join(generators),), made))
        if not lines:
            return []
        seed = Parameter("seed", Name("int"), Literal(0))
        parameters = [Parameter("self"), *([seed] if generators else [])]
        return [Function("__init__", parameters, Literal(None), lines)]

    def made(self) -> list[Statement]:
        """Statements that make the learned arrays, and the blocks that have some."""
        made: list[Statement] = []
        places: dict[Array, Expression] = {}
        known: set[str] = set()
        for optional, steps in self.parted():
            lines: list[Statement] = []
            for step in steps:
                name = self.objects.get(step.node)
                if name and name not in known:
                    known.add(name)
                    lines += self._learned(name, step, places)
            made += [Compound("if", Variable(PROJECT), lines)] if optional and lines else lines
        return made

    def _learned(
        self, name: str, step: Step, places: dict[Array, Expression]
    ) -> Iterator[Statement]:
        """Statements that make a layer's arrays, or take those of `places` that it shares."""
        if step.code.init is not None:
            made = in_short(step.code.init) if self.in_blocks else step.code.init
            yield Assignment((f"self.{name}",), made, self.caffe_name(name, step))
        arrays = zip(step.code.arrays.items(), self.owned(step), strict=True)
        for (parameter, array), owner in arrays:
            place = Subscript(Variable(f"self.{name}"), Literal(parameter))
            if owner in places:
                self.shares = True
                yield Assignment((text(place),), _reshaped(places[owner], array, owner))
            else:
                places[owner] = place
                self.arrays[f"{name}.{parameter}"] = owner

    def _load(self) -> list[Statement]:
        if not self.arrays:
            return []
        example = next(iter(self.arrays))
        arrays = Parameter("arrays", code("dict[str, np.ndarray]"))
        doc = [f'"""Copy learned arrays in, by names such as "{example}"."""']
        body = [Verbatim((LOAD_PATHS if self.in_blocks else LOAD).splitlines())]
        return [Function("load", [Parameter("self"), arrays], Literal(None), body, doc)]

    def _forward(self) -> Statement:
        inputs = [self.variables.define(blob) for blob in self.inputs]
        cast = [] if self.block else inputs
        first = [Assignment((x,), code("np.asarray({x}, np.float32)", x=Variable(x))) for x in cast]
        body = self.body(first)
        parameters = [Parameter("self"), *(Parameter(name, _ARRAY) for name in inputs)]
        result = result_type(_ARRAY, len(self.outputs), FEW)
        return Function("__call__", parameters, result, body)


class NumpyFile(SourceFile[NumpyScope]):
    """The emitted file of one graph: a class with its learned arrays, and its forward."""

    imports = IMPORTS

    folds = True
    loops_heads = True
    own = "self."
    functions: ClassVar = {
        **dict.fromkeys(map(dotted, ("np.zeros", "np.ones", "np.full")), (AXES,)),
        **dict.fromkeys(map(dotted, ("bilinear", "diagonal", "channel_diagonal")), (AXES,)),
        **dict.fromkeys(map(dotted, RANDOM), ("", AXES)),
    }

    def scoped(
        self, steps: Sequence[Step], taken: Collection[str], block: Block | None = None
    ) -> NumpyScope:
        return NumpyScope(self.graph, steps, taken, block)

    def block(self, title: str, block: Block, scope: NumpyScope) -> Statement:
        return scope.class_of(title, block)

    def use(self, title: str, block: Block, index: int) -> Code:
        rng = [Name("rng")] if random(block.steps) else []
        return Code(call(SELF, BOTTOM), block.call(title, index, *rng))

    def stage(self, uses: Sequence[Code]) -> Code | None:
        match in_a_row([use.init for use in uses if use.init]):
            case None:
                return None
            case [Star(value=made)]:
                layers = made
            case made:
                layers = tree(made)
        return Code(call("sequential", BOTTOM, SELF), layers)

    def body(self) -> list[Statement]:
        methods = [*self.scope.methods(), *self._from_pretrained()]
        return [Class(self.entry, [], self.docstring(1), methods)]

    def _from_pretrained(self) -> list[Statement]:
        if not self.weights:
            return []
        made: list[Statement] = [
            Assignment(("net",), code("cls()")),
            Assignment(("arrays",), code("load_file(path)")),
        ]
        if self.has_mean:
            made.append(without_mean("arrays"))
        if not self.partial and not self.scope.shares:
            made.append(Verbatim(STRICT.splitlines(), ["array_paths"]))
        made += [Evaluation(code("net.load(arrays)")), Return((Variable("net"),))]
        return [from_pretrained(self.entry, made)]

    def main(self) -> list[Statement]:
        inputs = [
            call("np.array", info) if info else call("np.zeros", self.tried_shape(blob))
            for blob in self.graph.inputs
            for info in [self.image_info(blob)]
        ]
        return [
            Assignment(("net",), self.loaded(call(self.entry))),
            *self.print_shapes(call("net", *inputs), code("output.shape")),
        ]


def _reshaped(place: Expression, array: Array, owner: Array) -> Expression:
    """A shared array in the shape that a layer needs, if it has another."""
    needed, found = _shape(array), _shape(owner)
    return place if needed == found else method(place, "reshape", needed)


def _shape(array: Array) -> tuple[int, ...]:
    node: Node[Any]
    ((node, blob),) = array.sources
    return node.blobs[blob].shape
