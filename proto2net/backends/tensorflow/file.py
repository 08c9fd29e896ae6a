"""The file that the TensorFlow backend emits: a function that builds a Keras functional model."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from typing import ClassVar

from proto2net.backends.base import Code, Step
from proto2net.backends.blocks import Block, Composite, single
from proto2net.backends.file import SourceFile, loaded_docstring
from proto2net.backends.head import Head
from proto2net.backends.naming import GIVEN
from proto2net.backends.preprocess import preprocess, without_mean
from proto2net.backends.printing import text
from proto2net.backends.source import Namespace, snake_case
from proto2net.backends.statements import (
    BLANK,
    Assignment,
    Compound,
    Function,
    Parameter,
    Statement,
    Verbatim,
)
from proto2net.backends.tensorflow.fillers import Starts
from proto2net.backends.tensorflow.layout import laid_out
from proto2net.backends.tensorflow.names import named, suffixes
from proto2net.backends.tensorflow.objects import own
from proto2net.backends.tensorflow.scope import ACTIVATION, CLASSES, MODEL, KerasScope, one_or_list
from proto2net.backends.tree import (
    BOTTOM,
    SELF,
    Expression,
    Formatted,
    Literal,
    Name,
    Operation,
    Variable,
    call,
    code,
    dotted,
    filled,
)
from proto2net.errors import UnsupportedError
from proto2net.outline import Kind, Region

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

SAFETENSORS = {
    "safe_open": "from safetensors import safe_open",
    "load_file": "from safetensors.numpy import load_file",
}

VARIABLES = """variables = {
    f"{layer.name}/{variable.name}": variable
    for layer in model.layers
    for variable in layer.weights
}"""
"""What a model learns."""

WITHOUT_STATE = VARIABLES.replace(".weights", '.weights\n    if variable.name != "state"')
"""The same of a model that keeps a state from call to call, which no file has."""

STRICT = """missing, unexpected = variables.keys() - arrays, arrays.keys() - variables
if missing or unexpected:
    wrong = f"missing: {sorted(missing)}; unexpected: {sorted(unexpected)}"
    raise ValueError(wrong)"""
"""What refuses a file that lacks something, or has too much."""

LENIENT = """unexpected = arrays.keys() - variables
if unexpected:
    raise ValueError(f"unexpected: {sorted(unexpected)}")"""
"""What refuses a file that has too much, where it is known to lack something."""

ASSIGN = """for name, array in arrays.items():
    variables[name].assign(array)
return model"""
"""What gives a model the arrays of a file."""

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

FROM_KERAS = ("initializers", "layers", "ops")


class KerasFile(SourceFile[KerasScope]):
    """The emitted file of one graph: a function from input shapes to a keras.Model."""

    imports = IMPORTS | dict.fromkeys([*FROM_KERAS, *SAFETENSORS], "")
    entry_suffix = "_net"

    folds = True
    loops_heads = True
    lines_of_use = 1
    classes_name = CLASSES
    functions: ClassVar = FUNCTIONS
    flat: KerasScope | None = None
    """The scope of all layers where they stand, where there may be blocks."""
    starts: Starts | None = None
    """How the layers start."""
    activates = False
    """Whether the head's activation can be another than a softmax."""

    def _folded(self, steps: Sequence[Step], taken: set[str], names: Namespace) -> list[Step]:
        self.flat = self.scoped(steps, taken)
        return super()._folded(steps, taken, names)

    def with_head(self, head: Head, steps: Sequence[Step]) -> list[Step]:
        *before, last = super().with_head(head, steps)
        self.activates = last.code.init == own("layers.Softmax")  # over the last axis
        if self.activates:
            init = own("layers.Activation", Variable(ACTIVATION))
            activation = dataclasses.replace(last.code, init=init)
            last = dataclasses.replace(last, code=activation)
        return [*before, last]

    def named(self, kind: Kind) -> str:
        return snake_case(kind.title)

    def says_names(self, region: Region) -> bool:
        if self.flat is None or not region.kind.templates:
            return False
        return self.flat.says_names(region)

    def scoped(
        self, steps: Sequence[Step], taken: Collection[str], block: Block | None = None
    ) -> KerasScope:
        if not self.graph.inputs:
            raise UnsupportedError(
                "a Keras model needs an input, but the network has none",
                "use --to torch",
            )
        scope = KerasScope(self.graph, steps, taken, block, self.flat, self.starts)
        self.starts = scope.starts  # those of the first scope, which has all layers
        return scope

    def constants(self, used: Collection[str]) -> list[Statement]:
        made = self.starts.constants(used) if self.starts else []
        return [BLANK, *made] if made else []

    def block(self, title: str, block: Block, scope: KerasScope) -> Statement:
        return scope.block_function(title, block)

    def use(self, title: str, block: Block, index: int) -> Code:
        if self.starts and index == 0:
            for step in block.steps:
                self.starts.leave(block.alike(step))
        made = block.call(title, index, BOTTOM)
        key = block.uses[index].region.key
        name = (GIVEN, Literal(named(block).given(key)))
        return Code(dataclasses.replace(made, keywords=(*made.keywords, name)))

    def in_loop(self, step: Step) -> Code | None:
        code = step.code
        if isinstance(step, Composite):
            return code
        if self.flat is None or code.forward is None or suffixes(step):
            return None  # layers without a name of their own would need one
        return Code(filled(code.forward, {SELF.key: self.flat.object(step)}))

    def body(self) -> list[Statement]:
        blocks = [block.name for block in self.blocks if isinstance(block, Function)]
        made = self.scope.function(self.entry, self.docstring(1), blocks, self._more())
        return [made, *self._load()]

    def preprocess(self) -> list[Statement]:
        return preprocess(self.graph, channels_last=True, weights=self.weights)

    def import_lines(self, used: set[str]) -> list[str]:
        from_keras = [name for name in FROM_KERAS if name in used]
        lines = [line for name, line in IMPORTS.items() if name in used]
        if from_keras:
            lines.append(f"from keras import {', '.join(from_keras)}")
        return [*lines, *(line for name, line in SAFETENSORS.items() if name in used)]

    def main(self) -> list[Statement]:
        inputs = one_or_list(
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
        doc = loaded_docstring("model", anew=bool(self.head))
        path = Parameter("path", code("str | Path"), Name("WEIGHTS"))
        given = [*self.scope.parameters(), *self._more()]
        made = call(self.entry, *(Variable(each.name) for each in given))
        keeps = any(step.code.state for step in single(self.scope.steps))
        body: list[Statement] = [
            Assignment(("model",), made),
            Verbatim((WITHOUT_STATE if keeps else VARIABLES).splitlines()),
            Assignment(("arrays",), code("load_file(path)")),
            *([without_mean("arrays")] if self.has_mean else []),
            *self._own_head(),
            Verbatim((LENIENT if self.partial else STRICT).splitlines()),
            Verbatim(ASSIGN.splitlines()),
        ]
        return [Function("load", [path, *given], MODEL, body, doc)]

    def _own_head(self) -> list[Statement]:
        """Statements that leave a head of another size as it starts."""
        if self.head is None:
            return []
        name = self.scope.objects[self.head.step.node]
        variable = Variable("variable")
        layer = code("model.get_layer({name}).weights", name=name)
        key = text(Formatted((f"{name}/", Variable("variable.name"))))
        own = Assignment((f"arrays[{key}]",), variable)
        each = Compound("for", Operation(variable, "in", layer), [own])
        other = code("classes != {classes}", classes=self.head.classes)
        return [Compound("if", other, [each])]

    def _more(self) -> list[Parameter]:
        """The parameters of a classifier."""
        if self.head is None:
            return []
        made = [Parameter(CLASSES, Name("int"), Literal(self.head.classes))]
        if self.activates:
            made.append(Parameter(ACTIVATION, code("str | None"), Literal("softmax")))
        return made
