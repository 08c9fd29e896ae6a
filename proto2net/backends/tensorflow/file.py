"""The file that the TensorFlow backend emits: a function that builds a Keras functional model."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from proto2net.backends.base import Step
from proto2net.backends.blocks import Block
from proto2net.backends.file import SourceFile
from proto2net.backends.preprocess import preprocess
from proto2net.backends.printing import text
from proto2net.backends.scope import Scope
from proto2net.backends.source import Namespace
from proto2net.backends.statements import (
    Assignment,
    Function,
    Parameter,
    Return,
    Statement,
    Verbatim,
)
from proto2net.backends.tensorflow.fillers import initialisation
from proto2net.backends.tensorflow.layout import laid_out
from proto2net.backends.tree import (
    NAME,
    SELF,
    Attribute,
    Call,
    Expression,
    Literal,
    Name,
    Negative,
    Operation,
    Series,
    Variable,
    call,
    code,
    dotted,
    filled,
    parts_of,
    tree,
)
from proto2net.errors import Issue, UnsupportedError
from proto2net.graph import Blob, Node
from proto2net.shape import Shape

IMPORTS = {
    "itertools": "import itertools",
    "math": "import math",
    "Path": "from pathlib import Path",
    "Any": "from typing import Any",
    "keras": "import keras",
    "np": "import numpy as np",
    "tf": "import tensorflow as tf",
}
"""What the emitted file may import, in order; what it takes from keras is added after these."""

LOAD_FILE = "from safetensors.numpy import load_file"

LOAD = """variables = {
    f"{layer.name}/{variable.name}": variable
    for layer in model.layers
    for variable in layer.variables
}
for name, array in load_file(path).items():
    variables[name].assign(array)
return model"""
"""What gives a model the learned weights of a file."""

FROM_KERAS = ("initializers", "layers", "ops")

OPERATORS = {"+": "add", "-": "subtract", "*": "multiply", "/": "truedivide"}
"""What Keras calls the operators that stand in expressions."""


class KerasNames(Namespace):
    """Unique layer names as Keras admits them: without slashes, and TensorFlow without blanks.

    A name such as "flatten_1" is changed where Keras may give it to a layer that has none.
    """

    def __init__(self, expressions: Iterable[Expression] = ()) -> None:
        super().__init__()
        self._own = {name for each in expressions for name in _automatic(each)}

    def name(self, wanted: str, default: str = "layer") -> str:
        cleaned = re.sub(r"[^A-Za-z0-9_.-]", "_", wanted)[:60]
        if re.sub(r"_\d+$", "", cleaned).replace("_", "") in self._own:
            cleaned = f"{cleaned}_{default}"
        return self.unique(cleaned if cleaned[:1].isalnum() else f"{default}{cleaned}")


def _automatic(expression: Expression) -> Iterator[str]:
    """What Keras calls the layers that an expression makes without naming them."""
    for part in parts_of(expression):
        match part:
            case Name(name) | Attribute(name=name):
                yield name.replace("_", "").lower()
            case Operation(operator=sign) if sign in OPERATORS:
                yield OPERATORS[sign]
            case Series(rest=rest):
                yield from (OPERATORS[sign] for sign, _ in rest)
            case Negative():
                yield "negative"


_MODEL = dotted("keras.Model")
_ADDED = (Name("AddLoss"), Name("After"), code("ops.stop_gradient"))
"""What the file calls beside what the renderers say."""


def weighted(node: Node[Any]) -> dict[Blob, float]:
    """The tops that are a part of the loss, and their weights."""
    weights = zip(node.tops, node.loss_weight, strict=False)
    return {top: weight for top, weight in weights if weight}


class KerasScope(Scope):
    """The statements of a function that builds a model, and the names of its layers."""

    reserved = frozenset({"fill", "input_shape", "model", "layer"})
    indent = 1
    nests = False
    stopped = code("ops.stop_gradient({0})")

    def function(self, entry: str, docstring: Sequence[str]) -> Statement:
        """The function of this name."""
        variables = [self.variables.keep(blob) for blob in self.graph.inputs]
        inputs = zip(variables, self._inputs(), strict=True)
        body = [
            *(Assignment((variable,), made) for variable, made in inputs),
            *self.statements(),
            *self._returned(entry),
        ]
        return Function(entry, self._parameters(), _MODEL, body, docstring)

    def object_namespace(self) -> Namespace:
        forwards = (step.code.forward for step in self.steps)
        names = KerasNames([*_ADDED, *(each for each in forwards if each)])
        self._input_names = [names.name(blob.name, "input") for blob in self.graph.inputs]
        return names

    def laid_out(self, shape: Shape) -> Shape:
        return laid_out(shape)

    def frozen(self, step: Step) -> tuple[bool, list[str]]:
        # A BatchNormalization that is not trainable takes its stored statistics in training too.
        whole, still = super().frozen(step)
        return whole and step.code.kind != dotted("layers.BatchNormalization"), still

    def object(self, step: Step) -> Expression:
        name = self.objects.get(step.node)
        if name is None or step.code.init is None:
            return Literal(None)
        variable = self._variable_of.get(name)
        if variable:
            return Variable(variable)
        made = filled(step.code.init, {NAME.key: Literal(name)})
        whole, _ = self.frozen(step)
        if whole and isinstance(made, Call):
            still = ("trainable", Literal(False))
            made = dataclasses.replace(made, keywords=(*made.keywords, still))
        return made

    def write(self, step: Step, written: list[Statement]) -> None:
        """Append a step's statement; before it, a layer that several share as its own."""
        name = self.objects.get(step.node)
        if name is not None:
            self._own_arrays(step, name)
            if self._uses[name] > 1 and name not in self._variable_of:
                variable = self.namespace.name(f"{name}_layer")
                written.append(Assignment((variable,), self.object(step)))
                self._variable_of[name] = variable
        super().write(step, written)
        for top, weight in weighted(step.nodes[-1]).items():
            self._add_loss(self.variables[top], weight, written)

    def _add_loss(self, variable: str, weight: float, written: list[Statement]) -> None:
        """Make the variable a part of the loss, where it is assigned or behind that."""
        add = call("AddLoss", *([] if weight == 1 else [weight]))
        last = written[-1]
        if isinstance(last, Assignment) and last.targets == (variable,):
            written[-1] = dataclasses.replace(last, value=call(add, last.value))
        else:
            written.append(Assignment((variable,), call(add, Variable(variable))))

    def read(self, step: Step) -> tuple[Expression, ...]:
        """The expressions of the bottoms; a layer without any is called on the first input.

        Keras chooses in which order it computes what does not depend on each other. Calls of
        one layer that change it are made to: each bottom waits for the top before.
        """
        bottoms = super().read(step) or (self.variable(self.graph.inputs[0]),)
        if not step.code.updates:
            return bottoms
        name = self.objects[step.node]
        before = self._updated.get(name)
        self._updated[name] = step.tops[0]
        if before is None:
            return bottoms
        first, *others = bottoms
        return (code("After()([{x}, {y}])", x=first, y=self.variable(before)), *others)

    @cached_property
    def _updated(self) -> dict[str, Blob]:
        """The last top so far of the layer objects that change with each call."""
        return {}

    @cached_property
    def _variable_of(self) -> dict[str, str]:
        """The variables of the layer objects that are used more than once."""
        return {}

    @cached_property
    def _uses(self) -> Counter[str]:
        uses: Counter[str] = Counter()
        for step in self.steps:
            if step.node in self.objects:
                parts = parts_of(step.code.forward) if step.code.forward else ()
                uses[self.objects[step.node]] += sum(part == SELF for part in parts)
        return uses

    def _own_arrays(self, step: Step, name: str) -> None:
        """Note where the step's arrays are; refuse to share some of them and not the others."""
        for variable, array in zip(step.code.arrays, self.owned(step), strict=True):
            path = f"{name}/{variable}"
            holder = self._holders.setdefault(array.sources, path)
            if holder != path:
                shared = "shares some of its learned blobs with another layer, but not all"
                if step.code.state:
                    shared = "keeps a state of its own, but shares its learned blobs"
                raise UnsupportedError(
                    [
                        Issue(
                            shared,
                            "Keras layers share all or none; use --to torch",
                            step.node.where,
                            str(step.node),
                        )
                    ]
                )
            self.arrays[path] = array

    @cached_property
    def _holders(self) -> dict[Any, str]:
        return {}

    def _inputs(self) -> list[Expression]:
        """The expression of each input."""
        return [
            call("keras.Input", Variable(self._shape_names[blob]), name=name)
            if blob.shape
            else call("keras.Input", batch_shape=((), None), name=name)
            for blob, name in zip(self.graph.inputs, self._input_names, strict=True)
        ]

    @cached_property
    def _shape_names(self) -> dict[Blob, str]:
        """The function's parameters: the shape without the batch of each input that has one."""
        shaped = [blob for blob in self.graph.inputs if blob.shape]
        if len(self.graph.inputs) == 1:
            return dict.fromkeys(shaped, "input_shape")
        return {blob: self.namespace.name(f"{blob.name}_shape") for blob in shaped}

    def _parameters(self) -> list[Parameter]:
        return [
            Parameter(name, default=tree(laid_out(blob.shape)[1:]))
            for blob, name in self._shape_names.items()
        ]

    def _returned(self, entry: str) -> list[Statement]:
        inputs = _one_or_list(list(map(self.variable, self.graph.inputs)))
        outputs = _one_or_list(list(map(self.variable, self.graph.outputs)))
        name = KerasNames().name(self.graph.name or entry, "net")
        model = call("keras.Model", inputs, outputs, name=name)
        steps, names = self._filled()
        fillings = initialisation(steps, names)
        if fillings:
            comment = "# Start from the fillers of the definition, as Caffe does."
            fillings = [Verbatim([comment]), *fillings]
        frozen = [
            Assignment((f"{text(layer)}.{variable}.trainable",), Literal(False))
            for step, name in zip(steps, names, strict=True)
            for layer in [call("model.get_layer", name)]
            for whole, still in [self.frozen(step)]
            for variable in still
            if not whole
        ]
        if not fillings and not frozen:
            return [Return((model,))]
        return [
            Assignment(("model",), model),
            *fillings,
            *frozen,
            Return((Variable("model"),)),
        ]

    def _filled(self) -> tuple[list[Step], list[str]]:
        """One step of each layer object, and the objects' names."""
        first: dict[str, Step] = {}
        for step in self.steps:
            if step.node in self.objects:
                first.setdefault(self.objects[step.node], step)
        return list(first.values()), list(first)


class KerasFile(SourceFile[KerasScope]):
    """The emitted file of one graph: a function from input shapes to a keras.Model."""

    imports = IMPORTS | dict.fromkeys([*FROM_KERAS, "load_file"], "")
    entry_suffix = "_net"

    def scoped(
        self, steps: Sequence[Step], taken: Collection[str], block: Block | None = None
    ) -> KerasScope:
        if not self.graph.inputs:
            raise UnsupportedError(
                "a Keras model needs an input, but the network has none",
                "use --to torch",
            )
        return KerasScope(self.graph, steps, taken, block)

    def body(self) -> list[Statement]:
        return [self.scope.function(self.entry, self.docstring(1)), *self._load()]

    def preprocess(self) -> list[Statement]:
        return preprocess(self.graph, channels_last=True)

    def import_lines(self, used: set[str]) -> list[str]:
        from_keras = [name for name in FROM_KERAS if name in used]
        lines = [line for name, line in IMPORTS.items() if name in used]
        if from_keras:
            lines.append(f"from keras import {', '.join(from_keras)}")
        return [*lines, LOAD_FILE] if "load_file" in used else lines

    def main(self) -> list[Statement]:
        inputs = _one_or_list(
            [
                call("np.array", info, "float32")
                if info
                else call("np.zeros", shape[:1] + laid_out(shape)[1:], "float32")
                for blob in self.graph.inputs
                for shape in [self.tried_shape(blob)]
                for info in [self.image_info(blob)]
            ]
        )
        return [
            Assignment(("net",), self.loaded(call(self.entry))),
            *self.print_shapes(call("net", inputs), code("tuple(output.shape)")),
        ]

    def loaded(self, made: Expression) -> Expression:
        if not self.weights:
            return made
        return code("load() if WEIGHTS.exists() else {made}", made=made)

    def _load(self) -> list[Statement]:
        if not self.weights:
            return []
        doc = ['"""The model with the learned weights of a file."""']
        path = Parameter("path", default=Name("WEIGHTS"))
        made = Assignment(("model",), call(self.entry))
        body = [made, Verbatim(LOAD.splitlines(), ["load_file"])]
        return [Function("load", [path], _MODEL, body, doc)]


def _one_or_list(items: list[Expression]) -> Expression:
    return items[0] if len(items) == 1 else tree(items)
