"""A scope of an emitted file: the names, statements and arrays of one forward pass.

A target's own scope adds how its layers are made and called.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, ClassVar, TypeVar

from proto2net.backends.base import Array, Step
from proto2net.backends.blocks import PROJECT, Block, Composite
from proto2net.backends.source import Namespace, literal
from proto2net.backends.statements import Assignment, Compound, Return, Statement, lines_of
from proto2net.backends.tree import BOTTOM, Expression, Variable, filled, passes_once
from proto2net.graph import AUTOMATIC, Blob, Graph, Node
from proto2net.layers import Input
from proto2net.shape import Shape
from proto2net.text import plain

T = TypeVar("T")


class Variables:
    """The variable that holds each blob. One name is one variable; an alias shares another's."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._own: dict[Blob | str, str] = {}
        self._holds: dict[Blob, str] = {}

    def __getitem__(self, blob: Blob) -> str:
        return self._holds[blob]

    def define(self, blob: Blob) -> str:
        """The variable to assign a new value of this blob to."""
        unnamed = blob.name == AUTOMATIC  # each of these is a value of its own
        key = blob if unnamed else blob.name
        if key not in self._own:
            self._own[key] = self._namespace.name(shown_name(blob))
        self._holds[blob] = self._own[key]
        return self._holds[blob]

    def hold(self, blob: Blob, name: str) -> str:
        """Let a blob be read from a variable of this name, which is free for it."""
        self._holds[blob] = name
        return name

    def keep(self, blob: Blob) -> str:
        """A variable for this value alone: an in-place layer gets another."""
        self._holds[blob] = self._namespace.name(shown_name(blob))
        return self._holds[blob]

    def alias(self, blob: Blob, of: Blob) -> None:
        """Let a blob be read from another's variable."""
        self._holds[blob] = self._holds[of]


class Scope:
    """The steps of a forward pass as statements, and the objects and arrays that these need."""

    own: ClassVar[str] = ""
    """How what belongs to the object of the scope begins: "self."."""
    reserved: ClassVar[frozenset[str]] = frozenset()
    """Names that variables cannot have."""
    reserved_objects: ClassVar[frozenset[str]] = frozenset()
    """Names that layer objects cannot have."""
    indent: ClassVar[int]
    """How deep the statements stand."""
    nests: ClassVar[bool] = True
    """Whether an in-place layer is printed inside the statement before it."""
    stopped: ClassVar[Expression] = BOTTOM
    """How a bottom is read that gets no gradient (propagate_down: false)."""

    def __init__(
        self,
        graph: Graph,
        steps: Sequence[Step],
        taken: Iterable[str],
        block: Block | None = None,
        outputs: Sequence[Blob] = (),
    ) -> None:
        """`taken` are names that the file defines or imports, so that no variable hides them.

        Of a `block` the steps are those of its form, and what has a shape there has others too.
        `outputs` are those of the graph if they are not given.
        """
        self.graph = graph
        self.steps = steps
        self.block = block
        self.inputs = (block.entry,) if block else graph.inputs
        self.outputs = (block.exit,) if block else outputs or graph.outputs
        self._depth = self.indent
        self._size: Shape | None = None
        self.arrays: dict[str, Array] = {}
        self.namespace = Namespace({*self.reserved, *taken})
        self.variables = Variables(self.namespace)
        self.objects = self._name_objects()

    def object(self, step: Step) -> Expression:
        """What {self} stands for in the step's code."""
        raise NotImplementedError

    def laid_out(self, shape: Sequence[T]) -> Sequence[T]:
        """A shape of Caffe's with its axes in the target's order."""
        return shape

    def made(self) -> list[Statement]:
        """Statements that make the layer objects, where these are apart from the forward pass."""
        return []

    def made_of(self, step: Step) -> Iterator[Statement]:
        """Statements that make the object of a step, if no step before has the same."""
        return iter(())

    def said(self) -> Iterator[tuple[Step, list[Statement]]]:
        """Each step with what says it; steps that one statement says together have it each."""
        for blob in self.inputs:
            self.define(blob)
        written: list[Statement] = []
        found: list[tuple[Step, list[Statement], range]] = []
        for step in self.steps:
            made, start, last = [*self.made_of(step)], len(written), written[-1:]
            self._state(step, written)
            nested = len(written) == start and written[-1:] != last
            found.append((step, made, range(start - nested, len(written))))
        for step, made, places in found:
            yield step, [*made, *(written[place] for place in places)]

    def size(self) -> int:
        """How many lines the objects and the forward pass take."""
        for blob in self.inputs:
            self.define(blob)
        return len(lines_of([*self.made(), *self.statements()], self.indent))

    def shown(self, shape: Shape) -> str:
        """A shape without its batch, for a comment: 96 x 54 x 54."""
        return " x ".join(map(str, self.laid_out(shape)[1:]))

    def statements(self) -> list[Statement]:
        """The forward pass, from the inputs' variables to the outputs'."""
        written: list[Statement] = []
        entry = self.block.entry if self.block else None
        whole = self.variable(entry) if entry else None
        for optional, steps in self.parted():
            if not optional or whole is None:
                for step in steps:
                    self._state(step, written)
                continue
            projection = self._projection(steps)
            kept = Assignment((self.variables[steps[-1].tops[0]],), whole)
            gone = steps[0].bottoms[0] != entry  # the variable may hold another value by then
            written.insert(0 if gone else len(written), kept)
            written.append(projection)
        return written

    def body(self, first: Sequence[Statement] = ()) -> list[Statement]:
        """The forward pass behind these statements, and what it returns."""
        written = [*first, *self.statements()]
        outputs = tuple(map(self.variable, self.outputs))
        match written:
            case [*_, Assignment((name,), value)] if outputs == (Variable(name),):
                return [*written[:-1], Return((value,))]
        return [*written, Return(outputs)]

    def parted(self) -> Iterator[tuple[bool, list[Step]]]:
        """The steps in order, those apart that not every block has, as the first item says."""
        optional = self.block.projection if self.block else frozenset()
        for projects, steps in groupby(self.steps, lambda step: step.node in optional):
            yield projects, list(steps)

    def _projection(self, steps: Sequence[Step]) -> Statement:
        """The statement of steps that not every block has."""
        body: list[Statement] = []
        self._depth += 1
        for step in steps:
            self._state(step, body)
        self._depth -= 1
        return Compound("if", Variable(f"{self.own}{PROJECT}"), body)

    def _state(self, step: Step, written: list[Statement]) -> None:
        """Append what a step says, if it says anything."""
        if isinstance(step.node.layer, Input):
            return
        if step.alias and self.read(step)[0] == self.variable(step.bottoms[0]):
            for top in step.tops:
                self.variables.alias(top, step.bottoms[0])
            return
        self.write(step, written)

    def write(self, step: Step, written: list[Statement]) -> None:
        """Append a step's statement; an in-place one takes in its producer's where that fits."""
        read = self.read(step)
        targets = tuple(map(self.define, step.tops))
        comment = self._comment(step)
        last = written[-1] if written else None
        if (
            self.nests
            and isinstance(last, Assignment)
            and last.targets == targets
            and read == tuple(map(Variable, targets))
            and step.code.forward
            and passes_once(step.code.forward)
        ):
            nested = self._assignment(step, targets, (last.value,), comment or last.comment)
            if len(nested.uncommented(self._depth)) == 1:
                written[-1] = nested
                return
        written.append(self._assignment(step, targets, read, comment))

    def variable(self, blob: Blob) -> Expression:
        """The variable that holds a blob."""
        return Variable(self.variables[blob])

    def define(self, top: Blob) -> str:
        """The variable to assign a new value of a blob to."""
        return self.variables.define(top)

    def read(self, step: Step) -> tuple[Expression, ...]:
        """The expressions of a step's bottoms."""
        variables = tuple(map(self.variable, step.bottoms))
        flows = step.node.propagate_down
        if isinstance(step, Composite) or all(flows):  # a block stops gradients within itself
            return variables
        given = () if self.block else self.inputs  # what a block gets was made by layers
        return tuple(
            variable if flow or blob in given else filled(self.stopped, {0: variable})
            for blob, variable, flow in zip(step.bottoms, variables, flows, strict=True)
        )

    def _assignment(
        self,
        step: Step,
        targets: tuple[str, ...],
        read: Sequence[Expression],
        comment: str,
    ) -> Assignment:
        assert step.code.forward is not None  # noqa: S101  # steps that make nothing are not needed
        value = filled(step.code.forward, {**dict(enumerate(read)), "self": self.object(step)})
        return Assignment(targets, value, comment)

    def _comment(self, step: Step) -> str:
        """The shape of what a learned layer makes, if it has another size than the one before."""
        if self.block or not step.code.arrays or step.tops[-1].shape[2:] == self._size:
            return ""
        if step.tops[-1] in self.graph.free:
            return ""
        self._size = step.tops[-1].shape[2:]
        return self.shown(step.tops[-1].shape)

    def _name_objects(self) -> dict[Node[Any], str]:
        """The name of each layer object; layers that share all arrays share the object.

        But for those that keep a state: each has its own.
        """
        namespace = self.object_namespace()
        names: dict[Node[Any], str] = {}
        owners: dict[tuple[object, ...], str] = {}
        key: tuple[object, ...]
        for step in sorted(self.steps, key=_is_called_otherwise):  # a layer keeps its own name
            if not step.code.init:
                continue
            may_share = bool(step.code.arrays) and not step.code.state
            if may_share and any(map(self.graph.sharers, step.nodes)):
                key = (step.code.init, *self.owned(step))
            else:
                key = (step.node,)
            if key not in owners:
                owners[key] = namespace.name(step.name, "layer")
            names[step.node] = owners[key]
        return names

    def object_namespace(self) -> Namespace:
        """What gives the layer objects their names."""
        return Namespace(self.reserved_objects)

    def owned(self, step: Step) -> list[Array]:
        """The step's arrays with each source replaced by the blob that owns it."""
        if not self.graph.owners:
            return list(step.code.arrays.values())
        return [
            Array(
                tuple(self.graph.owner(*source) for source in array.sources),
                array.convert,
            )
            for array in step.code.arrays.values()
        ]

    def frozen(self, step: Step) -> tuple[bool, list[str]]:
        """Whether training leaves all learned arrays of a step alone; else, those it does."""
        if self.graph.phase != "TRAIN" or isinstance(step, Composite):
            return False, []
        learned = {
            name: [
                (node, blob) for node, blob in array.sources if blob not in node.layer.statistics
            ]
            for name, array in step.code.arrays.items()
        }
        trained = [name for name, sources in learned.items() if sources]
        still = [n for n in trained if all(self.graph.frozen(*source) for source in learned[n])]
        return bool(trained) and still == trained, still

    def caffe_name(self, name: str, step: Step) -> str:
        """A comment with Caffe's name of a layer, where that of its object does not tell it."""
        told = self.block or name == re.sub(r"[^A-Za-z0-9_]", "_", step.name)
        return "" if told else literal(plain(step.name))


def _is_called_otherwise(step: Step) -> bool:
    """Whether a step has another name than any of its layers, as a row of blocks has."""
    return isinstance(step, Composite) and all(step.name != node.name for node in step.nodes)


def shown_name(blob: Blob) -> str:
    """The name that a reader sees; of losses that the file gives no top, "loss"."""
    return "loss" if blob.name == AUTOMATIC else blob.name
