"""The file that the TensorFlow backend emits: a function that builds a Keras functional model."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Any, ClassVar

from proto2net.backends.base import Code, Step
from proto2net.backends.blocks import ENTRY, Block, single
from proto2net.backends.file import SourceFile
from proto2net.backends.naming import GIVEN, Naming
from proto2net.backends.preprocess import preprocess
from proto2net.backends.printing import text
from proto2net.backends.scope import Scope
from proto2net.backends.source import Namespace, snake_case
from proto2net.backends.statements import (
    Assignment,
    Function,
    Parameter,
    Return,
    Statement,
    Verbatim,
)
from proto2net.backends.tensorflow.blocks import (
    INDEX,
    LETTER,
    KerasNames,
    carried,
    cleaned,
    in_turn,
    looped,
    named,
)
from proto2net.backends.tensorflow.fillers import initialisation
from proto2net.backends.tensorflow.layout import laid_out
from proto2net.backends.tree import (
    BOTTOM,
    NAME,
    SELF,
    Call,
    Expression,
    Literal,
    Name,
    Variable,
    call,
    code,
    dotted,
    filled,
    parts_of,
    tree,
)
from proto2net.errors import Issue, UnsupportedError
from proto2net.graph import Blob, Graph, Node
from proto2net.outline import Kind, Region
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

FUNCTIONS: dict[Expression, tuple[str, ...]] = {
    dotted("layers.Dense"): ("out_channels",),
    dotted("layers.DepthwiseConv2D"): ("kernel_size",),
    **{
        dotted(f"layers.{kind.format(axes)}"): meanings
        for axes in (1, 2, 3)
        for kind, meanings in {
            "Conv{}D": ("out_channels", "kernel_size"),
            "Conv{}DTranspose": ("out_channels", "kernel_size"),
            "MaxPooling{}D": ("pool_size", "strides"),
            "AveragePooling{}D": ("pool_size", "strides"),
            "ZeroPadding{}D": ("padding",),
            "Cropping{}D": ("cropping",),
        }.items()
    },
}
"""What the positional arguments of Keras' layers are."""

CLASSES = "classes"
"""What the number of classes is called, as in keras.applications."""

FROM_KERAS = ("initializers", "layers", "ops")

_MODEL = dotted("keras.Model")
_ADDED = (Name("AddLoss"), Name("After"), code("ops.stop_gradient"))
"""What the file calls beside what the renderers say."""


def weighted(node: Node[Any]) -> dict[Blob, float]:
    """The tops that are a part of the loss, and their weights."""
    weights = zip(node.tops, node.loss_weight, strict=False)
    return {top: weight for top, weight in weights if weight}


class KerasScope(Scope):
    """The statements of a function that builds a model, and the names of its layers."""

    reserved = frozenset({"fill", "input_shape", "model", "layer", CLASSES})
    indent = 1
    nests = False
    stopped = code("ops.stop_gradient({0})")

    def __init__(
        self,
        graph: Graph,
        steps: Sequence[Step],
        taken: Iterable[str],
        block: Block | None = None,
        flat: KerasScope | None = None,
    ) -> None:
        """`flat` is the scope of all layers where they stand, from which each has its name."""
        self.flat = flat
        if flat:
            taken = {*taken, GIVEN, INDEX, LETTER}
        if block:
            taken = {*taken, *(parameter.name for parameter in block.parameters)}
        super().__init__(graph, steps, taken, block)
        if self._carried:
            self.namespace.unique(ENTRY)

    def function(
        self,
        entry: str,
        docstring: Sequence[str],
        blocks: Collection[str],
        more: Sequence[Parameter],
    ) -> Statement:
        """The function of this name; `blocks` are those that it calls, `more` its parameters."""
        variables = [self.variables.keep(blob) for blob in self.graph.inputs]
        inputs = zip(variables, self._inputs(), strict=True)
        body = [
            *(Assignment((variable,), made) for variable, made in inputs),
            *looped(self.statements(), blocks),
            *self._returned(entry),
        ]
        return Function(entry, [*self._parameters(), *more], _MODEL, body, docstring)

    def block_function(self, title: str, block: Block) -> Statement:
        """The function of the block whose scope this is."""
        tensor = dotted("keras.KerasTensor")
        parameters = [Parameter(self.define(block.entry), tensor), *block.parameters]
        if any(step.code.init for step in block.steps):
            parameters += [Parameter("*"), Parameter(GIVEN, Name("str"))]
        *body, last = self.statements()
        made = self.variables[block.exit]
        if isinstance(last, Assignment) and last.targets == (made,):
            body.append(Return((last.value,)))
        else:
            body += [last, Return((Variable(made),))]
        return Function(title, parameters, tensor, body, [block.said])

    def define(self, top: Blob) -> str:
        if top in self._carried:
            return self.variables.hold(top, ENTRY)
        return super().define(top)

    @cached_property
    def _carried(self) -> set[Blob]:
        """The values that are x, one after the other."""
        if self.flat is None:
            return set()
        projection = self.block.projection if self.block else ()
        apart = {
            top
            for step in self.steps
            if step.code.updates or step.node in projection
            for top in step.tops
        }
        if self.block:
            return carried(self.steps, apart, self.block.entry, self.block.exit)
        return carried(self.steps, apart.union(self.outputs))

    def _name_objects(self) -> dict[Node[Any], str]:
        return self.flat.objects if self.flat else super()._name_objects()

    def object_namespace(self) -> Namespace:
        codes = [step.code for step in self.steps]
        codes += [code.general for code in codes if code.general]
        names = KerasNames([*_ADDED, *(each.forward for each in codes if each.forward)])
        self.input_names = [names.name(blob.name, "input") for blob in self.graph.inputs]
        return names

    def laid_out(self, shape: Shape) -> Shape:
        return laid_out(shape)

    def frozen(self, step: Step) -> tuple[bool, list[str]]:
        # A BatchNormalization that is not trainable takes its stored statistics in training too.
        whole, still = super().frozen(step)
        return whole and step.code.kind != dotted("layers.BatchNormalization"), still

    def object(self, step: Step) -> Expression:
        if step.code.init is None:
            return Literal(None)
        variable = self._variable_of.get(self.objects.get(step.node, ""))
        if variable:
            return Variable(variable)
        made = filled(step.code.init, {NAME.key: self._name(step)})
        whole, _ = self.frozen(step)
        if whole and isinstance(made, Call):
            still = ("trainable", Literal(False))
            made = dataclasses.replace(made, keywords=(*made.keywords, still))
        return made

    def _name(self, step: Step) -> Expression:
        """The name of a step's layer: as it is, or in a block, from the name that this gets."""
        name = self.objects.get(step.node)
        if name is None and self.block:
            return self._naming.of(self.block.templates[step.node])
        return Literal(name)

    @cached_property
    def _naming(self) -> Naming:
        assert self.block  # noqa: S101  # else all names are known
        return named(self.block)

    def write(self, step: Step, written: list[Statement]) -> None:
        """Append a step's statement; before it, a layer that several share as its own."""
        for each in single([step]):
            name = self.objects.get(each.node)
            if name is not None:
                self._own_arrays(each, name)
                if self._uses[name] > 1 and name not in self._variable_of:
                    variable = self.namespace.name(f"{name}_layer")
                    written.append(Assignment((variable,), self.object(step)))
                    self._variable_of[name] = variable
        super().write(step, written)
        if self.flat:
            written[-1:] = in_turn(written[-1], self._depth)
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
            for blob, name in zip(self.graph.inputs, (self.flat or self).input_names, strict=True)
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
        for step in single(self.steps):
            if step.node in self.objects:
                first.setdefault(self.objects[step.node], step)
        return list(first.values()), list(first)


class KerasFile(SourceFile[KerasScope]):
    """The emitted file of one graph: a function from input shapes to a keras.Model."""

    imports = IMPORTS | dict.fromkeys([*FROM_KERAS, "load_file"], "")
    entry_suffix = "_net"

    folds = True
    lines_of_use = 1
    classes_name = CLASSES
    functions: ClassVar = FUNCTIONS
    flat: KerasScope | None = None
    """The scope of all layers where they stand, where there may be blocks."""

    def _folded(self, steps: Sequence[Step], taken: set[str], names: Namespace) -> list[Step]:
        self.flat = self.scoped(steps, taken)
        return super()._folded(steps, taken, names)

    def named(self, kind: Kind) -> str:
        return snake_case(kind.title)

    def says_names(self, region: Region) -> bool:
        if self.flat is None or not region.kind.templates:
            return False
        for node, template in zip(region.nodes, region.kind.templates, strict=True):
            name = self.flat.objects.get(node) if node else None
            if name and name != cleaned(template.format(region.key)):
                return False
        return True

    def scoped(
        self, steps: Sequence[Step], taken: Collection[str], block: Block | None = None
    ) -> KerasScope:
        if not self.graph.inputs:
            raise UnsupportedError(
                "a Keras model needs an input, but the network has none",
                "use --to torch",
            )
        return KerasScope(self.graph, steps, taken, block, self.flat)

    def block(self, title: str, block: Block, scope: KerasScope) -> Statement:
        return scope.block_function(title, block)

    def use(self, title: str, block: Block, index: int) -> Code:
        made = block.call(title, index, BOTTOM)
        key = block.uses[index].region.key
        name = (GIVEN, Literal(named(block).given(key)))
        return Code(dataclasses.replace(made, keywords=(*made.keywords, name)))

    def body(self) -> list[Statement]:
        blocks = [block.name for block in self.blocks if isinstance(block, Function)]
        more = [Parameter(CLASSES, default=Literal(self.head.classes))] if self.head else []
        return [self.scope.function(self.entry, self.docstring(1), blocks, more), *self._load()]

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
