"""The functions of an emitted Keras file: their statements, and the layers that these make."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from proto2net.backends.base import Step
from proto2net.backends.blocks import ENTRY, Block, Several, single
from proto2net.backends.naming import GIVEN, Naming
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
from proto2net.backends.tensorflow.blocks import (
    INDEX,
    LETTER,
    carried,
    in_turn,
    looped,
)
from proto2net.backends.tensorflow.fillers import Starts, initialisation
from proto2net.backends.tensorflow.layout import laid_out
from proto2net.backends.tensorflow.names import (
    KerasNames,
    cleaned,
    extended,
    named,
    suffixes,
    with_names,
)
from proto2net.backends.tree import (
    ALL,
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
from proto2net.layers import Softmax
from proto2net.outline import Region

T = TypeVar("T")

_LAST = {"name": 1, ALL: 2}
"""The keywords that stand behind all others of a layer, and their order."""

ACTIVATION = "classifier_activation"
"""What turns the outputs of the head into probabilities, as in keras.applications."""

CLASSES = "classes"
"""What the number of classes is called, as in keras.applications."""

MODEL = dotted("keras.Model")

SHAPE = code("tuple[int | None, ...]")
"""The type of a shape without its batch."""

FULL = ("dtype", Literal("float32"))
"""What gives probabilities in 32 bits, where a policy has all else computed in 16."""
_ADDED = (Name("AddLoss"), Name("After"), code("ops.stop_gradient"))
"""What the file calls beside what the renderers say."""


def weighted(node: Node[Any]) -> dict[Blob, float]:
    """The tops that are a part of the loss, and their weights."""
    weights = zip(node.tops, node.loss_weight, strict=False)
    return {top: weight for top, weight in weights if weight}


class KerasScope(Scope):
    """The statements of a function that builds a model, and the names of its layers."""

    reserved = frozenset({"fill", "input_shape", "model", "layer", CLASSES, ACTIVATION})
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
        starts: Starts | None = None,
    ) -> None:
        """`flat` is the scope of all layers where they stand, from which each has its name.

        `starts` says how these start.
        """
        self.flat = flat
        self.starts = starts or Starts(steps, taken)
        taken = {*taken, *self.starts.names}
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
        return Function(entry, [*self.parameters(), *more], MODEL, body, docstring)

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
            if step.code.updates or step.node in projection or isinstance(step, Several)
            for top in step.tops
        }
        if self.block:
            return carried(self.steps, apart, self.block.entry, self.block.exit)
        return carried(self.steps, apart.union(self.outputs))

    def _name_objects(self) -> dict[Node[Any], str]:
        self.bases: dict[Node[Any], str] = {}
        self._aside: dict[Node[Any], list[str]] = {}
        if self.flat:
            self.bases, self._aside = self.flat.bases, self.flat._aside
            return self.flat.objects
        objects = super()._name_objects()
        for step in self.steps:
            needed = suffixes(step)
            if needed:
                base = objects.get(step.node) or self._layer_names.name(step.name)
                wanted = [f"{base}{suffix}" for suffix in needed]
                names = [n if n == base else self._layer_names.unique(n) for n in wanted]
                self._aside[step.node] = names
                self.bases[step.node] = base if names == wanted else ""
        return objects

    def _named_aside(self, step: Step) -> Step:
        """The step with names for the layers that its own needs aside."""
        known = self._aside.get(step.node, ())
        needed = suffixes(step) if known or self.block else ()
        if not needed or step.code.forward is None:
            return step
        names: Sequence[Expression] = [*map(Literal, known)]
        if not names and self.block:
            name = self._naming.of(self.block.templates[step.node])
            names = [extended(name, suffix) for suffix in needed]
        forward = with_names(step.code.forward, names)
        return dataclasses.replace(step, code=dataclasses.replace(step.code, forward=forward))

    def _assignment(
        self, step: Step, targets: tuple[str, ...], read: Sequence[Expression], comment: str
    ) -> Assignment:
        return super()._assignment(self._named_aside(step), targets, read, comment)

    def says_names(self, region: Region) -> bool:
        """Whether all layers of a region are named as their kind says."""
        for node, template in zip(region.nodes, region.kind.templates, strict=True):
            name = cleaned(template.format(region.key))
            if node is None:
                continue
            if any(name != names.get(node, name) for names in (self.objects, self.bases)):
                return False
        return True

    def object_namespace(self) -> Namespace:
        codes = [step.code for step in self.steps]
        codes += [code.general for code in codes if code.general]
        names = KerasNames([*_ADDED, *(each.forward for each in codes if each.forward)])
        self._layer_names = names
        self.input_names = [names.name(blob.name, "input") for blob in self.graph.inputs]
        return names

    def laid_out(self, shape: Sequence[T]) -> Sequence[T]:
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
        if not isinstance(made, Call):
            return made
        whole, _ = self.frozen(step)
        still = [("trainable", Literal(False))] if whole else []
        starts = self.starts.options(self.block.alike(step) if self.block else [step])
        full = [FULL] if self._gives_probabilities(step) else []
        keywords = sorted([*made.keywords, *starts, *full], key=lambda each: _LAST.get(each[0], 0))
        return Call(made.function, made.arguments, (*keywords, *still), made.options)

    def _gives_probabilities(self, step: Step) -> bool:
        last = any(top in self.graph.output_set for top in step.tops)
        return last and isinstance(step.node.layer, Softmax)

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
                uses[self.objects[step.node]] += [*parts].count(SELF)
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

    def parameters(self) -> list[Parameter]:
        """The shapes of the inputs, as the function gets them."""
        return [
            Parameter(name, SHAPE, tree(laid_out(self.graph.open_shape(blob))[1:]))
            for blob, name in self._shape_names.items()
        ]

    def _returned(self, entry: str) -> list[Statement]:
        inputs = one_or_list(list(map(self.variable, self.graph.inputs)))
        outputs = one_or_list(list(map(self.variable, self.graph.outputs)))
        name = KerasNames().name(self.graph.name or entry, "net")
        model = call("keras.Model", inputs, outputs, name=name)
        steps, names = self._filled()
        left = [(s, name) for s, name in zip(steps, names, strict=True) if self.starts.left(s)]
        fillings = initialisation(left)
        if fillings:
            comment = "# Initialize with the fillers of the definition, as Caffe does."
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


def one_or_list(items: list[Expression]) -> Expression:
    """A single item as it is, others as a list."""
    return items[0] if len(items) == 1 else tree(items)
