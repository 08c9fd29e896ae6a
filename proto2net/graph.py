"""The graph: typed layers in file order, wired by blobs of known shape, as Caffe sees them.

An in-place layer writes a new version of its blob, so every value has one producer; Caffe's
inserted Split layers are not needed and never appear. Everything here is frozen: `==` compares
structure, and a rewrite builds a new graph.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from typing import Generic, TypeVar

from proto2net.errors import Issue, Location, ShapeError, check_outputs
from proto2net.frozen import dataclass
from proto2net.layers.base import Layer, Learned, ParamSpec
from proto2net.layers.data import Input
from proto2net.memory import Memory
from proto2net.shape import Shape, Sizes, check_size, count, dims
from proto2net.text import aligned, ascii_only
from proto2net.usage import Usage

L_co = TypeVar("L_co", bound=Layer, covariant=True)

AUTOMATIC = "(automatic)"
"""The name that Caffe gives to the top of a loss that names none."""

_HEAD = ("layer", "type", "output shape", "parameters", "multiply-adds")

Row = tuple[str, ...]
"""A line of the table: what is called how, its type, shape, parameters and multiply-adds."""


@dataclass(frozen=True)
class Blob:
    """A value between layers. `version` counts the layers that wrote this name in place before."""

    name: str
    shape: Shape
    version: int = 0

    def __hash__(self) -> int:
        return hash(self.name) + self.version  # tells blobs apart, and is quick


@dataclass(frozen=True)
class Entry:
    """One layer as a definition lists it: names of blobs, no shapes yet."""

    name: str
    layer: Layer
    bottoms: tuple[str, ...] = ()
    tops: tuple[str, ...] = ()
    params: tuple[ParamSpec, ...] = ()
    loss_weight: tuple[float, ...] = ()
    propagate_down: tuple[bool, ...] = ()
    phase: str = "TEST"
    where: Location | None = field(default=None, compare=False)
    issues: tuple[Issue, ...] = field(default=(), compare=False)
    """What is wrong with it, which does not matter if it is left out."""

    def __str__(self) -> str:
        return f'layer "{self.name}"' + f" ({self.layer.kind})" * bool(self.layer.kind)


@dataclass(frozen=True)
class Node(Generic[L_co]):
    """One layer of a graph. `layer` has the parameters, `tops` the values that it makes."""

    name: str
    layer: L_co
    bottoms: tuple[Blob, ...] = ()
    tops: tuple[Blob, ...] = ()
    params: tuple[ParamSpec, ...] = ()
    loss_weight: tuple[float, ...] = ()
    propagate_down: tuple[bool, ...] = ()
    phase: str = "TEST"
    where: Location | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f'layer "{self.name}" ({self.layer.type})'

    def __hash__(self) -> int:
        if not self.tops:
            return hash(self.name)
        top = self.tops[0]
        return hash((self.name, top.name, top.version))  # tells nodes apart, and is quick

    @property
    def in_place(self) -> bool:
        """Whether the first top overwrites the first bottom."""
        return bool(self.bottoms and self.tops) and self.bottoms[0].name == self.tops[0].name

    @property
    def entry(self) -> Entry:
        """The layer as a definition lists it."""
        return Entry(
            self.name,
            self.layer,
            tuple(blob.name for blob in self.bottoms),
            tuple(blob.name for blob in self.tops if blob.name != AUTOMATIC),
            self.params,
            self.loss_weight,
            self.propagate_down,
            self.phase,
            self.where,
        )

    @cached_property
    def blobs(self) -> dict[str, Learned]:
        """The learned blobs in the order of a .caffemodel."""
        return self.layer.blobs(tuple(blob.shape for blob in self.bottoms))

    @cached_property
    def macs(self) -> int:
        """Multiply-adds of one forward pass at the declared batch size."""
        return self.layer.macs(
            tuple(blob.shape for blob in self.bottoms), tuple(blob.shape for blob in self.tops)
        )


@dataclass(frozen=True)
class Graph:
    """A network of one phase. `outputs` are in Caffe's order: by name."""

    name: str
    nodes: tuple[Node[Layer], ...]
    outputs: tuple[Blob, ...]
    phase: str = "TEST"
    usage: Usage = Usage()

    @cached_property
    def inputs(self) -> tuple[Blob, ...]:
        """What has to be fed: the tops of the Input layers, in order."""
        return tuple(
            top for node in self.nodes if isinstance(node.layer, Input) for top in node.tops
        )

    @cached_property
    def batch(self) -> int:
        """How many images are fed at once, as the definition has it; 1 where nothing is fed.

        It is the first axis of the first input of four axes, or else of the first with any.
        """
        shapes = [blob.shape for blob in self.inputs if blob.shape]
        images = [shape for shape in shapes if len(shape) == 4]
        return next((shape[0] for shape in images + shapes), 1)

    @property
    def image(self) -> str:
        """What an image is that multiply-adds are counted for: "image of 64 x 96" is an example."""
        return f"image of {self.example}" if self.free else "image"

    def per_image(self, macs: int) -> int:
        """Of the multiply-adds of a whole batch, an image's share."""
        return round(macs / (self.batch or 1))

    @property
    def macs(self) -> int:
        """Multiply-adds of one forward pass at the declared batch size."""
        return sum(node.macs for node in self.nodes)

    @property
    def free_inputs(self) -> bool:
        """Whether an input may have any size."""
        return any(isinstance(node.layer, Input) and node.layer.free for node in self.nodes)

    @cached_property
    def free(self) -> dict[Blob, tuple[int, ...]]:
        """The axes of blobs that have any size where those of inputs have: they grow with these."""
        if not self.free_inputs:
            return {}
        twice = self.resized(lambda size, axis: 2 * size)
        found = {}
        for node, other in zip(self.nodes, twice.nodes, strict=True):
            for top, larger in zip(node.tops, other.tops, strict=True):
                pairs = enumerate(zip(top.shape, larger.shape, strict=True))
                grown = tuple(axis for axis, (a, b) in pairs if a != b)
                if grown:
                    found[top] = grown
        return found

    @property
    def example(self) -> str:
        """The sizes that stand for any; empty where all are stated."""
        if not self.free:
            return ""
        sizes = {axis: top.shape[axis] for top in self.inputs for axis in self.free.get(top, ())}
        return dims([sizes[axis] for axis in sorted(sizes)])

    def open_shape(self, blob: Blob) -> Sizes:
        """The shape of a blob, with None for a size that may be any."""
        free = self.free.get(blob)
        if not free:
            return blob.shape
        return tuple(None if axis in free else size for axis, size in enumerate(blob.shape))

    def fed(self, shape: Callable[[Blob], Shape]) -> Graph:
        """The graph whose inputs have other shapes. Raises ShapeError for a layer that refuses."""

        def again(node: Node[Layer]) -> Node[Layer]:
            if not isinstance(node.layer, Input):
                return node
            return replace(node, layer=replace(node.layer, shape=tuple(map(shape, node.tops))))

        return self.rebuilt(map(again, self.nodes))

    def resized(self, size: Callable[[int, int], int]) -> Graph:
        """The graph with other sizes where its inputs may have any; `size` gets that, and the axis.

        Raises ShapeError for a layer that refuses what it gets.
        """
        free = {
            top: axes
            for node in self.nodes
            if isinstance(node.layer, Input)
            for top, axes in zip(node.tops, node.layer.free, strict=False)
        }

        def shape(top: Blob) -> Shape:
            axes = free.get(top, ())
            return tuple(size(n, axis) if axis in axes else n for axis, n in enumerate(top.shape))

        return self.fed(shape)

    @cached_property
    def input_set(self) -> frozenset[Blob]:
        """The inputs, to look one up."""
        return frozenset(self.inputs)

    @cached_property
    def output_set(self) -> frozenset[Blob]:
        """The outputs, to look one up."""
        return frozenset(self.outputs)

    @cached_property
    def blobs(self) -> dict[str, Blob]:
        """The last value of every name, as pycaffe's net.blobs shows them."""
        return {top.name: top for node in self.nodes for top in node.tops}

    @cached_property
    def nonnegative(self) -> frozenset[Blob]:
        """The blobs that have no negative value, whatever the network reads and has learned."""
        found: set[Blob] = set()
        for node in self.nodes:
            if node.layer.nonnegative([blob in found for blob in node.bottoms]):
                found.update(node.tops)
        return frozenset(found)

    @cached_property
    def memory(self) -> Memory:
        """Which blobs are the same memory in Caffe."""
        memory = Memory()
        for node in self.nodes:
            memory.add(node)
        return memory

    @cached_property
    def overwritten(self) -> dict[Blob, Blob]:
        """Blobs that a layer in place overwrites in Caffe under another name, and what with."""
        memory = self.memory
        writers = {blob: memory.writer(blob) for blob in self.blobs.values()}
        return {
            blob: next(top for top in writer.tops if memory.is_shared(top, blob))
            for blob, writer in writers.items()
            if writer
        }

    @property
    def losses(self) -> tuple[tuple[float, Blob], ...]:
        """What training minimises the sum of: weights, and the tops that they multiply."""
        return tuple(
            (weight, top)
            for node in self.nodes
            for weight, top in zip(node.loss_weight, node.tops, strict=False)
            if weight
        )

    @cached_property
    def consumers(self) -> dict[Blob, tuple[Node[Layer], ...]]:
        """The nodes that read each blob, once for each use."""
        users: dict[Blob, list[Node[Layer]]] = {}
        for node in self.nodes:
            for bottom in node.bottoms:
                users.setdefault(bottom, []).append(node)
        return {bottom: tuple(nodes) for bottom, nodes in users.items()}

    @cached_property
    def owners(self) -> dict[str, tuple[Node[Layer], str]]:
        """For each shared parameter name, the node and its blob that own the array."""
        owners: dict[str, tuple[Node[Layer], str]] = {}
        for node in self.nodes:
            for spec, blob in zip(node.params, node.blobs, strict=False):
                if spec.name:
                    owners.setdefault(spec.name, (node, blob))
        return owners

    @cached_property
    def _sharers(self) -> dict[str, list[Node[Layer]]]:
        found: dict[str, list[Node[Layer]]] = {}
        for node in self.nodes:
            for name in {spec.name for spec in node.params if spec.name}:
                found.setdefault(name, []).append(node)
        return found

    def sharers(self, node: Node[Layer]) -> list[Node[Layer]]:
        """The nodes that share learned blobs with this one, by their names in `param`."""
        names = {spec.name for spec in node.params if spec.name}
        if not names:
            return []
        found = (sharer for name in names for sharer in self._sharers[name])
        return [sharer for sharer in dict.fromkeys(found) if sharer is not node]

    def owner(self, node: Node[Layer], blob: str) -> tuple[Node[Layer], str]:
        """The node and blob whose array this learned blob uses: itself, or what it shares."""
        index = list(node.blobs).index(blob)
        name = node.params[index].name if index < len(node.params) else ""
        return self.owners[name] if name else (node, blob)

    def frozen(self, node: Node[Layer], blob: str) -> bool:
        """Whether training leaves this learned blob as it is: it, or a sharer, has lr_mult 0."""
        return self.multipliers(node, blob)[0] == 0

    def multipliers(self, node: Node[Layer], blob: str) -> tuple[float, float]:
        """What the learning rate and the decay of this learned blob are multiplied with.

        Layers that share it agree where they say it.
        """
        if not node.params:
            return 1.0, 1.0
        index = list(node.blobs).index(blob)
        if index >= len(node.params):
            return 1.0, 1.0
        spec = node.params[index]
        specs = [spec]
        if spec.name:
            specs = [s for n in self._sharers[spec.name] for s in n.params if s.name == spec.name]
        rates = [s.lr_mult for s in specs if s.lr_mult is not None]
        decays = [s.decay_mult for s in specs if s.decay_mult is not None]
        return rates[0] if rates else 1.0, decays[0] if decays else 1.0

    def until(self, outputs: Sequence[str]) -> Graph:
        """The part of the graph that the named blobs need, with those as its outputs."""
        check_outputs(outputs, self.blobs, [blob.name for blob in self.outputs])
        return self.making([self.blobs[name] for name in outputs])

    def making(self, wanted: Sequence[Blob]) -> Graph:
        """The part of the graph that makes these blobs, which are its outputs."""
        needed, kept = set(wanted), []
        for node in reversed(self.nodes):
            if needed.intersection(node.tops):
                needed.update(node.bottoms)
                kept.append(node)
        return dataclasses.replace(self, nodes=tuple(reversed(kept)), outputs=tuple(wanted))

    def rebuilt(self, nodes: Iterable[Node[Layer]], outputs: Sequence[Blob] | None = None) -> Graph:
        """The graph of other nodes in this order, with shapes inferred and versions counted anew.

        A node reads what nodes before it make; names have no part in that, but each must be the
        last of its name, so that a target may keep all of one name in one variable. Without
        `outputs` they stay. Raises ShapeError for a layer that refuses the shapes it gets,
        ValueError for nodes that make no graph.
        """
        made: dict[Blob, Blob] = {}
        latest: dict[str, Blob] = {}
        found: list[Node[Layer]] = []
        for node in nodes:
            try:
                found.append(_remade(node, made, latest, len(found)))
            except ShapeError as error:
                raise ShapeError(error.at(node.where, str(node))) from None
        wanted = self.outputs if outputs is None else outputs
        return dataclasses.replace(
            self, nodes=tuple(found), outputs=tuple(_known(made, blob) for blob in wanted)
        )

    @property
    def parameters(self) -> int:
        """How many numbers it has learned: those of a .caffemodel, shared ones once."""
        return sum(self.owned(node) for node in self.nodes)

    def owned(self, node: Node[Layer]) -> int:
        """The parameters of a layer without those that a layer above shares with it."""
        return sum(
            count(learned.shape)
            for blob, learned in node.blobs.items()
            if not self.owners or self.owner(node, blob) == (node, blob)
        )

    def __str__(self) -> str:
        """The layers with their tops' shapes, parameters and multiply-adds an image; the totals."""
        return self.table([self.row(node) for node in self.nodes])

    def row(self, node: Node[Layer]) -> Row:
        """What the table says of a layer."""
        tops = ", ".join(dims(self.open_shape(top)) for top in node.tops)
        return (ascii_only(node.name), node.layer.type, tops, *self.sizes([node]))

    def sizes(self, nodes: Sequence[Node[Layer]]) -> Row:
        """The parameters of these layers, and their multiply-adds an image, for a table."""
        macs = sum(node.macs for node in nodes)
        return f"{sum(map(self.owned, nodes)):,}", f"{self.per_image(macs):,}"

    def table(self, rows: Sequence[Row], more: Row = ()) -> str:
        """These rows, which may have more columns, between a heading and the totals."""
        lines = [
            f"{ascii_only(self.name)} ({self.phase.lower()} phase)",
            "",
            *aligned((*_HEAD, *more), rows, numbers=2 + len(more)),
            "",
            f"layers         {len(self.nodes):,}",
            f"parameters     {self.parameters:,} ({self.parameters * 4 / 1e6:,.1f} MB as float32)",
            f"multiply-adds  {self.per_image(self.macs):,} per {self.image}",
        ]
        return "\n".join(lines)


def _remade(
    node: Node[Layer], made: dict[Blob, Blob], latest: dict[str, Blob], index: int
) -> Node[Layer]:
    """A node on what was made before it; what it makes is added."""
    bottoms = tuple(_known(made, blob) for blob in node.bottoms)
    for bottom in bottoms:
        if latest[bottom.name] != bottom:
            raise ValueError(f'{node} reads "{bottom.name}", which was overwritten before')
    node.layer.check_counts(len(node.bottoms), len(node.tops))
    shapes = node.layer.infer(tuple(blob.shape for blob in bottoms), len(node.tops))
    tops = []
    for top, shape in zip(node.tops, shapes, strict=True):
        if top in made:
            raise ValueError(f'{node} makes "{top.name}", which is made before')
        check_size(shape)
        before = latest.get(top.name)
        version = index if top.name == AUTOMATIC else before.version + 1 if before else 0
        made[top] = latest[top.name] = Blob(top.name, shape, version)
        tops.append(made[top])
    return dataclasses.replace(node, bottoms=bottoms, tops=tuple(tops))


def _known(made: Mapping[Blob, Blob], blob: Blob) -> Blob:
    if blob not in made:
        raise ValueError(f'no layer makes "{blob.name}" before it is read')
    return made[blob]
