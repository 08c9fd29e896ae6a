"""A backend is one table: layer types to renderers, and the skeleton of the file it emits.

A renderer returns a `Code`: expressions (tree.py) in which {0}, {1}, ... stand for the bottoms,
{self} for the layer's own object and {name} for its quoted name. A key of several types renders a
chain of layers as one, such as BatchNorm and Scale. All thinking about shapes has happened in the
graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar, TypeGuard

from proto2net.backends.helpers import Helpers
from proto2net.backends.leaving_out import way_without
from proto2net.backends.statements import Class
from proto2net.backends.tree import (
    BOTTOM,
    Call,
    Expression,
    Literal,
    Placeholder,
    code,
    tree,
)
from proto2net.errors import Issue, Proto2NetError, UnsupportedError
from proto2net.frozen import dataclass
from proto2net.graph import Blob, Graph, Node
from proto2net.layers.base import Layer
from proto2net.layers.combine import Silence, Split
from proto2net.layers.data import Input
from proto2net.lowering import Lowered, can_be

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from proto2net.arrays import Ndarray
    from proto2net.backends.file import SourceFile
    from proto2net.backends.learner import Learner, Setting
    from proto2net.backends.runner import Runner
    from proto2net.backends.training import Trained
    from proto2net.solver import Solver

Convert = Callable[..., "Ndarray"]
Chain = tuple[type[Layer], ...]


@dataclass(frozen=True)
class Array:
    """One array of the target, made from learned blobs of Caffe; None: the very same bytes."""

    sources: tuple[tuple[Node[Any], str], ...]
    convert: Convert | None = None


@dataclass(frozen=True)
class Transposed:
    """Converts an array by putting its axes in another order."""

    axes: tuple[int, ...]

    def __call__(self, array: Ndarray) -> Ndarray:
        return array.transpose(self.axes)


@dataclass(frozen=True)
class Reshaped:
    """Converts an array by giving it another shape."""

    shape: tuple[int, ...]

    def __call__(self, array: Ndarray) -> Ndarray:
        return array.reshape(self.shape)


@dataclass(frozen=True)
class Code:
    """What a layer contributes to the emitted source."""

    forward: Expression | None
    """The expression of its tops, {0} alone if they are the bottom itself; None if it has none."""
    init: Expression | None = None
    """The expression that makes {self}, where the layer has an object."""
    arrays: dict[str, Array] = field(default_factory=dict)
    """Its learned arrays by the target's names of them, such as "weight"."""
    definition: Callable[[str], Class] | None = None
    """A class of its own, for a name that is free: {class} in `init`."""
    updates: bool = False
    """Whether each call of {self} changes what it has learned."""
    state: bool = False
    """Whether {self} keeps a state from call to call, which no other layer shares."""
    general: Code | None = None
    """Another way to say the same, of which more layers have the form: alike ones of a block."""
    nonnegative: Code | None = None
    """A shorter way to say the same of a first bottom that has no negative value."""

    @property
    def kind(self) -> Expression:
        """The class of the layer's object."""
        return self.init.function if isinstance(self.init, Call) else Literal(None)


Renderer = Callable[..., Any]
"""What takes the nodes that it renders, and returns a `Code`, or what its target makes one of."""


@dataclass(frozen=True)
class Step:
    """One or more layers that are rendered together, and how."""

    nodes: tuple[Node[Any], ...]
    code: Code

    @property
    def node(self) -> Node[Any]:
        """The layer that gives the step its name."""
        return self.nodes[0]

    @property
    def name(self) -> str:
        """What Caffe calls it."""
        return self.node.name

    @property
    def bottoms(self) -> tuple[Blob, ...]:
        """What the step reads."""
        return self.nodes[0].bottoms

    @property
    def tops(self) -> tuple[Blob, ...]:
        """What the step makes."""
        return self.nodes[-1].tops

    @property
    def alias(self) -> bool:
        """Whether its tops are its bottom, under other names at most."""
        return self.code.forward == BOTTOM


@dataclass(frozen=True)
class Emitted:
    """What a target makes of a graph: files, what in them makes the network, and its arrays."""

    files: Mapping[str, str | bytes]
    """Text or bytes by the suffix of the file's name, the one to begin with first."""
    entry: str
    arrays: dict[str, Array]
    reads_mean: bool = False
    """Whether it reads the mean image from the file of its arrays."""

    @property
    def source(self) -> str:
        """The first file, which is a text."""
        suffix, first = next(iter(self.files.items()))
        if not isinstance(first, str):
            raise Proto2NetError(f"an {suffix} file is no text", "proto2net.save writes it")
        return first

    @property
    def portable(self) -> str:
        """A text from which the target's runner makes it again in another process, but for arrays.

        That is `Runner.restored`.
        """
        return self.source

    def converted(self, values: Mapping[tuple[Node[Any], str], Ndarray]) -> dict[str, Ndarray]:
        """The target's arrays from those of Caffe; left out where a value is not given."""
        arrays = {}
        for name, array in self.arrays.items():
            if all(source in values for source in array.sources):
                found = [values[source] for source in array.sources]
                arrays[name] = array.convert(*found) if array.convert else found[0]
        return arrays


class Backend:
    """A target that the graph is rendered for as Python source."""

    name: ClassVar[str]
    title: ClassVar[str]
    """What `proto2net layers` calls it."""
    suffix: ClassVar[str] = ".py"
    weights_suffix: ClassVar[str] = ".safetensors"
    embeds: ClassVar[bool] = False
    """Whether the learned arrays are in the file itself, which is none without them."""
    package: ClassVar[str]
    """Where its helpers stand."""
    trains: ClassVar[bool] = False
    """Whether it has `training` and a `learner`."""
    by_family: ClassVar[str] = ""
    """The package where its renderers stand in a file a family of layers, imported when met."""
    unsupported: ClassVar[dict[type[Layer], str]] = {}
    """Layer types that the target cannot say, each with the reason."""

    def __init__(self) -> None:
        self.renderers: dict[Chain, Renderer] = {}
        self._met: set[str] = set()
        for layer in (Input, Silence):
            self.renders(layer)(lambda node: Code(None))
        self.renders(Split)(lambda node: Code(BOTTOM))

    def renders(self, *types: type[Layer]) -> Callable[[Renderer], Renderer]:
        """Register a renderer of a layer type, or of a chain of types in a row.

        It takes the chain's nodes; one of a chain may return None to have them rendered singly.
        """

        def register(renderer: Renderer) -> Renderer:
            self.__dict__.pop("_chains", None)
            if not renderer.__module__.startswith("proto2net."):
                self.meet(types[0])
            if types in self.renderers:
                names = " and ".join(t.type for t in types)
                raise Proto2NetError(
                    f"two renderers of {names} for {self.name}: in "
                    f"{self.renderers[types].__module__} and in {renderer.__module__}"
                )
            self.renderers[types] = renderer
            return renderer

        return register

    def says(self, templates: Mapping[type[Layer], str]) -> None:
        """Register the layer types that one expression renders, whatever their fields."""
        for layer, template in templates.items():
            self.renders(layer)(_saying(template))

    def supports(self, layer: type[Layer]) -> bool:
        """Whether this target renders the layer type, or what it can be lowered to."""
        return can_be(layer, self.renders_itself)

    def renders_itself(self, layer: type[Layer]) -> bool:
        """Whether there is a renderer of this very type."""
        self.meet(layer)
        return (layer,) in self.renderers

    def meet(self, layer: type[Layer]) -> None:
        """Import the renderers of a layer type's family, once."""
        home = layer.__module__
        if home in self._met:
            return
        module = f"{self.by_family}.{home.rpartition('.')[2]}"
        if self.by_family and home.startswith("proto2net.layers.") and find_spec(module):
            import_module(module)
        self._met.add(home)  # not before: what it needs may be missing, and is missed again then

    def steps(self, lowered: Lowered) -> list[Step]:
        """The graph as rendered steps. Raises one UnsupportedError for all that is missing."""
        steps: list[Step] = []
        issues: list[Issue] = []
        done: set[Node[Any]] = set()
        for node in lowered.graph.nodes:
            try:
                node.layer.check_rendered(
                    len(node.bottoms), len(node.tops), training=node.phase == "TRAIN"
                )
                if node in done:
                    continue
                step = self._chain(lowered.graph, node) or self._single(lowered.graph, node)
            except Proto2NetError as error:
                issues += error.at(node.where, str(lowered.origin(node)))
                continue
            if step.code.nonnegative and step.bottoms[0] in lowered.graph.nonnegative:
                step = replace(step, code=step.code.nonnegative)
            steps.append(step)
            done.update(step.nodes)
        if issues:
            raise UnsupportedError(issues)
        return steps

    def _chain(self, graph: Graph, node: Node[Any]) -> Step | None:
        """The longest chain from here that is rendered as one; what shares arrays is one object."""
        self.meet(type(node.layer))
        for types in self._chains.get(type(node.layer), ()):
            alike = [node, *graph.sharers(node)]
            if any(_types(_followers(graph, one, len(types))) != types for one in alike):
                continue
            nodes = _followers(graph, node, len(types))
            made = self._rendered(self.renderers[types], nodes)
            if made is not None:
                return Step(nodes, made)
        return None

    def as_code(self, made: object) -> object:
        """What a renderer has returned, as a `Code` if it is what this target understands."""
        return made

    @cached_property
    def _chains(self) -> dict[type[Layer], list[Chain]]:
        """The chains that begin with a type, the longest first."""
        found: dict[type[Layer], list[Chain]] = {}
        for types in sorted(self.renderers, key=len, reverse=True):
            if len(types) > 1:
                found.setdefault(types[0], []).append(types)
        return found

    def _single(self, graph: Graph, node: Node[Any]) -> Step:
        renderer = self.renderers.get((type(node.layer),))
        if renderer is None:
            reason = self.unsupported.get(type(node.layer), node.layer.unrendered)
            others = [b for b in _others(self.name) if b.supports(type(node.layer))]
            hint = f"docs/extending.md shows how to add it{way_without(graph, node)}"
            hint = f"use --to {others[0].name}" if others else hint
            reason = reason or "is not supported"
            raise UnsupportedError(f"{reason} in {self.name}", hint)
        made = self._rendered(renderer, (node,))
        if made is None:
            raise _no_code(self.name, renderer, node)
        return Step((node,), made)

    def _rendered(self, renderer: Renderer, nodes: tuple[Node[Any], ...]) -> Code | None:
        """What a renderer makes of nodes; None if it leaves a chain to others."""
        made = renderer(*nodes)
        code = None if made is None else self.as_code(made)
        if code is None or _is_code(code):
            return code
        raise _no_code(self.name, renderer, nodes[0])

    def emit(
        self,
        graph: Graph,
        name: str = "",
        weights: str = "",
        *,
        partial: bool = False,
        flat: bool = False,
    ) -> Emitted:
        """The source of the graph. `name` names the class or function; else the net's name does.

        `weights` is the name of a .safetensors file beside the source, which it can load; a
        `partial` one lacks some of the arrays. A `flat` source says every layer where it stands;
        else blocks of one structure are defined once.
        """
        return self.file(graph, name, weights, partial=partial, flat=flat).emitted()

    def file(
        self,
        graph: Graph,
        name: str = "",
        weights: str = "",
        *,
        partial: bool = False,
        flat: bool = False,
    ) -> SourceFile[Any]:
        """What `emit` prints, before it is printed; it is for targets of this package."""
        raise NotImplementedError

    def training(self, solver: Solver, trained: Trained, file: str) -> str:
        """The source of a file that trains an emitted network as a solver says."""
        raise NotImplementedError

    def learning(self, setting: Setting) -> AbstractContextManager[Any]:
        """In which a network and its learner are made."""
        raise NotImplementedError

    def learner(self, file: Any, network: Any, solver: Solver, setting: Setting) -> Learner:
        """What trains a live network by such a file, which is imported."""
        raise NotImplementedError

    @cached_property
    def runner(self) -> Runner:
        """What runs the networks of this target."""
        raise Proto2NetError(f'the target "{self.name}" cannot run what it prints')

    @cached_property
    def helpers(self) -> Helpers:
        """What may be pasted into its files, by name."""
        return Helpers(self.name, self.package)

    def pastes(self, helper: Callable[..., Any]) -> None:
        """Have a function or class of another package pasted into files that use it."""
        self.helpers.add(helper)


def _no_code(target: str, renderer: Renderer, node: Node[Any]) -> UnsupportedError:
    return UnsupportedError(
        f"the renderer of {node.layer.type} in {target} returned no expressions "
        f"({renderer.__module__})",
        'it has to return a Code, such as Code(code("F.relu({0})"))',
    )


def _is_code(made: object) -> TypeGuard[Code]:
    """Whether a renderer, which may be a user's, returned what it should."""
    part = (Expression, type(None))
    return isinstance(made, Code) and isinstance(made.forward, part) and isinstance(made.init, part)


def _saying(template: str) -> Renderer:
    return lambda node: Code(code(template))


def bottoms(node: Node[Any]) -> tuple[Expression, ...]:
    """What stands for each bottom in a `Code`."""
    return tuple(map(Placeholder, range(len(node.bottoms))))


def as_tops(made: Sequence[Expression]) -> Expression:
    """The expression of a layer's tops: its only one as it is, several as a tuple."""
    return made[0] if len(made) == 1 else tree(tuple(made))


def same_array(node: Node[Any], blob: str, convert: Convert | None = None) -> Array:
    """An array of the target that is this learned blob, converted if need be."""
    return Array(((node, blob),), convert)


def choose(node: Node[Any], field_name: str, **choices: str) -> str:
    """The choice for an enum's value; a value without one is reported as unsupported."""
    value = getattr(node.layer, field_name)
    if value not in choices:
        raise UnsupportedError(
            f"{field_name}: {value} is not supported",
            f"these are: {', '.join(choices)}",
        )
    return choices[value]


def _followers(graph: Graph, node: Node[Any], length: int) -> tuple[Node[Any], ...]:
    """The chain of this length from a node, each the only reader of the one before."""
    chain = [node]
    while len(chain) < length:
        last = chain[-1]
        readers = graph.consumers.get(last.tops[0], ()) if len(last.tops) == 1 else ()
        if len(readers) != 1 or len(readers[0].bottoms) != 1 or last.tops[0] in graph.output_set:
            break
        if any(last.loss_weight) or not all(readers[0].propagate_down):
            break  # something happens in between
        chain.append(readers[0])
    return tuple(chain)


def _types(nodes: Sequence[Node[Any]]) -> Chain:
    return tuple(type(node.layer) for node in nodes)


def _others(name: str) -> Iterator[Backend]:
    from proto2net import backends

    for other in backends.names():
        backend = backends.get(other)
        if other != name and isinstance(backend, Backend):
            yield backend
