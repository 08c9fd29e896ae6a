"""The graph: typed layers in file order, wired by blobs of known shape, as Caffe sees them.

An in-place layer writes a new version of its blob, so every value has one producer; Caffe's
inserted Split layers are not needed and never appear. Everything here is frozen: `==` compares
structure, and a rewrite builds a new graph.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Generic, TypeVar

from proto2net import limits
from proto2net.errors import Issue, Location, Proto2NetError, ShapeError, closest
from proto2net.layers.base import Layer, Learned, ParamSpec
from proto2net.layers.data import Input
from proto2net.shape import Shape, check_size, count, dims, require
from proto2net.text import aligned, ascii_only

L_co = TypeVar("L_co", bound=Layer, covariant=True)

AUTOMATIC = "(automatic)"
"""The name that Caffe gives to the top of a loss that names none."""

_HEAD = ("layer", "type", "output shape", "parameters", "multiply-adds")


@dataclass(frozen=True)
class Blob:
    """A value between layers. `version` counts the layers that wrote this name in place before."""

    name: str
    shape: Shape
    version: int = 0


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
        return hash((self.name, self.tops))  # tells nodes apart, and is quick

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

    @property
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

    @cached_property
    def inputs(self) -> tuple[Blob, ...]:
        """What has to be fed: the tops of the Input layers, in order."""
        return tuple(
            top for node in self.nodes if isinstance(node.layer, Input) for top in node.tops
        )

    @property
    def batch(self) -> int:
        """How many images are fed at once, as the definition has it; 1 where nothing is fed.

        It is the first axis of the first input of four axes, or else of the first with any.
        """
        shapes = [blob.shape for blob in self.inputs if blob.shape]
        images = [shape for shape in shapes if len(shape) == 4]
        return next((shape[0] for shape in images + shapes), 1)

    def per_image(self, macs: int) -> int:
        """Of the multiply-adds of a whole batch, an image's share."""
        return round(macs / (self.batch or 1))

    @property
    def macs(self) -> int:
        """Multiply-adds of one forward pass at the declared batch size."""
        return sum(node.macs for node in self.nodes)

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
    def overwritten(self) -> dict[Blob, Blob]:
        """Blobs that a layer in place overwrites in Caffe under another name, and what with."""
        memory = _Memory()
        for node in self.nodes:
            memory.add(node)
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
        found = (sharer for name in names for sharer in self._sharers[name])
        return [sharer for sharer in dict.fromkeys(found) if sharer is not node]

    def owner(self, node: Node[Layer], blob: str) -> tuple[Node[Layer], str]:
        """The node and blob whose array this learned blob uses: itself, or what it shares."""
        index = list(node.blobs).index(blob)
        name = node.params[index].name if index < len(node.params) else ""
        return self.owners[name] if name else (node, blob)

    def frozen(self, node: Node[Layer], blob: str) -> bool:
        """Whether training leaves this learned blob as it is: it, or a sharer, has lr_mult 0."""
        index = list(node.blobs).index(blob)
        if index >= len(node.params):
            return False
        spec = node.params[index]
        specs = [spec]
        if spec.name:
            specs = [s for n in self._sharers[spec.name] for s in n.params if s.name == spec.name]
        return any(spec.lr_mult == 0 for spec in specs)

    def until(self, outputs: Sequence[str]) -> Graph:
        """The part of the graph that the named blobs need, with those as its outputs."""
        check_outputs(outputs, self.blobs)
        wanted = tuple(self.blobs[name] for name in outputs)
        needed, kept = set(wanted), []
        for node in reversed(self.nodes):
            if needed.intersection(node.tops):
                needed.update(node.bottoms)
                kept.append(node)
        return dataclasses.replace(self, nodes=tuple(reversed(kept)), outputs=wanted)

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
        return sum(self._owned(node) for node in self.nodes)

    def _owned(self, node: Node[Layer]) -> int:
        """The parameters of a layer without those that a layer above shares with it."""
        return sum(
            count(learned.shape)
            for blob, learned in node.blobs.items()
            if self.owner(node, blob) == (node, blob)
        )

    def __str__(self) -> str:
        """The layers with their tops' shapes, parameters and multiply-adds an image; the totals."""
        rows = [
            (
                ascii_only(node.name),
                node.layer.type,
                ", ".join(dims(top.shape) for top in node.tops),
                f"{self._owned(node):,}",
                f"{self.per_image(node.macs):,}",
            )
            for node in self.nodes
        ]
        lines = [
            f"{ascii_only(self.name)} ({self.phase.lower()} phase)",
            "",
            *aligned(_HEAD, rows, numbers=2),
            "",
            f"layers         {len(self.nodes):,}",
            f"parameters     {self.parameters:,} ({self.parameters * 4 / 1e6:,.1f} MB as float32)",
            f"multiply-adds  {self.per_image(self.macs):,} per image",
        ]
        return "\n".join(lines)


def check_outputs(
    outputs: Sequence[str], blobs: Collection[str], hints: Mapping[str, str] | None = None
) -> None:
    """Refuse outputs that are no blobs. `hints` says how to get those that were left out."""
    unknown = [
        Issue(f'no blob "{name}" in the network', (hints or {}).get(name) or closest(name, blobs))
        for name in outputs
        if name not in blobs
    ]
    if unknown:
        raise Proto2NetError(unknown)


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


class Wiring:
    """Connects entries one by one as Caffe does (net.cpp, Net::Init), collecting every problem.

    After a problem the layer's tops are unknown; what depends on them is left out silently, so
    that each problem is told once.
    """

    def __init__(
        self, name: str, phase: str = "TEST", hints: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.phase = phase
        self._hints = hints or {}
        self.issues: list[Issue] = []
        self._nodes: list[Node[Layer]] = []
        self._latest: dict[str, Blob | None] = {}  # None: its producer had a problem
        self._used: set[Blob] = set()
        self._memory = _Memory()
        self._shared: dict[str, _Shared] = {}

    def add(self, entry: Entry) -> Node[Layer] | None:
        """Append a layer; None if it has a problem, which `graph` will raise."""
        if len(self.issues) >= limits.PROBLEMS:
            return None
        node = None
        try:
            node = self._node(entry)
        except Proto2NetError as error:
            self.issues += error.at(entry.where, str(entry))
        for top in entry.tops:
            self._latest.setdefault(top, None)
        if node is None:
            self._latest.update(dict.fromkeys(entry.tops))
            return None
        self._nodes.append(node)
        self._memory.add(node)
        self._used.update(node.bottoms)
        self._latest.update((top.name, top) for top in node.tops if top.name != AUTOMATIC)
        return node

    @property
    def blobs(self) -> dict[str, Blob]:
        """The last value of every name so far, those with a problem left out."""
        return {name: blob for name, blob in self._latest.items() if blob}

    def knows(self, name: str) -> bool:
        """Whether a layer above makes a blob of this name, be it with a problem."""
        return name in self._latest

    def refuse(self, name: str, *issues: Issue) -> None:
        """Note problems of a blob that cannot be made; what reads it is left out silently."""
        self.issues += issues
        self._latest[name] = None

    def graph(self) -> Graph:
        """The finished graph. Raises one error with all the problems of all layers."""
        if self.issues:
            raise ShapeError(self.issues)
        outputs = sorted(
            (blob for blob in self._latest.values() if blob and blob not in self._used),
            key=lambda blob: blob.name,
        )
        lost = self._memory.lost(outputs, "is an output")
        if lost:
            raise ShapeError(lost)
        return Graph(self.name, tuple(self._nodes), tuple(outputs), self.phase)

    def _node(self, entry: Entry) -> Node[Layer] | None:
        layer = entry.layer
        require(
            max(len(entry.bottoms), len(entry.tops)) <= limits.BLOBS,
            f"has {len(entry.bottoms):,} bottoms and {len(entry.tops):,} tops; "
            f"{limits.BLOBS:,} are the most",
        )
        bottoms = self._bottoms(entry)
        tops = self._top_names(entry)
        loss_weight = entry.loss_weight or ((1.0,) if layer.loss else ())
        layer.check_known()
        layer.check_fork()
        layer.check_counts(len(entry.bottoms), len(tops))
        _check_length("loss_weight", loss_weight, len(tops))
        _check_length("propagate_down", entry.propagate_down, len(entry.bottoms))
        if any(bottom is None for bottom in bottoms):
            return None
        known = tuple(bottom for bottom in bottoms if bottom)
        shapes = layer.infer(tuple(blob.shape for blob in known), len(tops))
        for shape in shapes:
            check_size(shape)
        node = Node(
            entry.name,
            layer,
            known,
            tuple(map(self._top, tops, shapes)),
            entry.params,
            loss_weight,
            entry.propagate_down,
            entry.phase,
            entry.where,
        )
        self._check_memory(node)
        for learned in node.blobs.values():
            check_size(learned.shape, "a learned blob")
            learned.filler.check(learned.shape)
        self._check_params(node)
        return node

    def _bottoms(self, entry: Entry) -> list[Blob | None]:
        unknown = [name for name in entry.bottoms if name not in self._latest]
        if unknown:
            raise ShapeError(
                Issue(
                    f'bottom "{name}" is not made by any layer above',
                    self._hints.get(name) or closest(name, self._latest),
                )
                for name in islice(dict.fromkeys(unknown), limits.PROBLEMS)
            )
        return [self._latest[name] for name in entry.bottoms]

    def _top_names(self, entry: Entry) -> tuple[str, ...]:
        """The tops' names; Caffe's condition on writing a name again is checked here."""
        for index, top in enumerate(entry.tops):
            if top not in self._latest:
                continue
            same = index < len(entry.bottoms) and entry.bottoms[index] == top
            if not same:
                raise ShapeError(
                    f'top "{top}" is already made by a layer above',
                    "give it a name of its own; only a layer's own bottom of the same index "
                    "can be overwritten (in place)",
                )
            blob = self._latest[top]
            if blob is not None and (blob in self._used or entry.bottoms.count(top) > 1):
                raise ShapeError(
                    f'top "{top}" overwrites a blob that another layer reads too',
                    "give it a name of its own",
                )
            entry.layer.check_in_place(top)
        if len(set(entry.tops)) < len(entry.tops):
            raise ShapeError(f"the tops are {', '.join(entry.tops)}; each needs a name of its own")
        missing = entry.layer.tops[0] - len(entry.tops)
        return entry.tops + (AUTOMATIC,) * missing if entry.layer.loss else entry.tops

    def _top(self, name: str, shape: Shape) -> Blob:
        if name == AUTOMATIC:
            return Blob(name, shape, len(self._nodes))
        before = self._latest.get(name)
        return Blob(name, shape, before.version + 1 if before else 0)

    def _check_memory(self, node: Node[Layer]) -> None:
        """Refuse to read what a layer above has overwritten, and to overwrite what it reads."""
        lost = self._memory.lost(node.bottoms, f"{node} reads later")
        if lost:
            raise ShapeError(lost)
        for bottom, top in zip(node.bottoms, node.tops, strict=False):
            if bottom.name != top.name:
                continue
            require(
                count(bottom.shape) == count(top.shape),
                f'cannot run in place: "{top.name}" is {dims(bottom.shape)}, '
                f"and would become {dims(top.shape)}",
                "give its top a name of its own",
            )
            for other in node.bottoms:
                require(
                    other == bottom or not self._memory.is_shared(other, bottom),
                    f'runs in place on "{bottom.name}", which in Caffe is the memory of '
                    f'"{other.name}" too, another of its bottoms',
                    "give its top a name of its own",
                )

    def _check_params(self, node: Node[Layer]) -> None:
        """Caffe's conditions on `param` and on sharing (net.cpp, Net::AppendParam)."""
        if len(node.params) > len(node.blobs):
            raise ShapeError(
                f"param is given {len(node.params)} times, but the layer has "
                f"{len(node.blobs)} learned blobs"
            )
        node.layer.check_params(node.params)
        for spec, blob, learned in zip(node.params, node.blobs, node.blobs.values(), strict=False):
            if not spec.name:
                continue
            shared = self._shared.get(spec.name)
            if shared is None:
                self._shared[spec.name] = _Shared(node.name, learned.shape, spec)
            else:
                self._shared[spec.name] = shared.joined(spec, blob, learned.shape)


class _Memory:
    """Which blobs are the same memory in Caffe, and which of them a layer in place overwrites.

    Some layers copy nothing: their tops are the memory of their bottom. Of each blob is kept
    whose memory it is, and how often that had been overwritten when the blob was made.
    """

    def __init__(self) -> None:
        self._held: dict[Blob, tuple[Blob, int]] = {}
        self._writers: dict[Blob, list[Node[Layer]]] = {}

    def add(self, node: Node[Layer]) -> None:
        """Note where the tops of a node are."""
        shapes = tuple(blob.shape for blob in node.bottoms)
        shares = node.layer.shares_memory(shapes, len(node.tops))
        for index, top in enumerate(node.tops):
            if index < len(node.bottoms) and node.bottoms[index].name == top.name:
                memory, _ = self._held[node.bottoms[index]]
                self._writers[memory].append(node)
            elif shares:
                memory, _ = self._held[node.bottoms[0]]
            else:
                memory = top
                self._writers[memory] = []
            self._held[top] = memory, len(self._writers[memory])

    def is_shared(self, blob: Blob, other: Blob) -> bool:
        """Whether two blobs are the same memory."""
        return self._held[blob][0] == self._held[other][0]

    def writer(self, blob: Blob) -> Node[Layer] | None:
        """The layer that overwrote this blob under another name; the last, if several did."""
        memory, before = self._held[blob]
        return self._writers[memory][-1] if len(self._writers[memory]) > before else None

    def lost(self, blobs: Iterable[Blob], why: str) -> list[Issue]:
        """What is to be said of blobs that are overwritten, though they are wanted."""
        issues = []
        for blob in dict.fromkeys(blobs):
            writer = self.writer(blob)
            if writer is not None:
                overwritten = next(top.name for top in writer.tops if self.is_shared(top, blob))
                issues.append(
                    Issue(
                        f'runs in place on "{overwritten}", and so in Caffe overwrites '
                        f'"{blob.name}", the same memory, which {why}',
                        "give its top a name of its own",
                        writer.where,
                        str(writer),
                    )
                )
        return issues


def _check_length(name: str, values: Sequence[object], right: int) -> None:
    if values and len(values) != right:
        raise ShapeError(f"{name} is given {len(values)} times; it must be {right} times")


@dataclass(frozen=True)
class _Shared:
    """A parameter that has a name: who owns it, and what its sharers have said so far."""

    owner: str
    shape: Shape
    spec: ParamSpec

    def joined(self, spec: ParamSpec, blob: str, shape: Shape) -> _Shared:
        if spec.share_mode == "PERMISSIVE":
            fits, what = count(shape) == count(self.shape), "number of elements"
        else:
            fits, what = shape == self.shape, "shape"
        if not fits:
            raise ShapeError(
                f'{blob} ({dims(shape)}) cannot share param "{spec.name}" of layer '
                f'"{self.owner}" ({dims(self.shape)}): the {what} must be the same'
            )
        said = {}
        for multiplier in ("lr_mult", "decay_mult"):
            mine, theirs = getattr(spec, multiplier), getattr(self.spec, multiplier)
            if mine is not None and theirs is not None and mine != theirs:
                raise ShapeError(
                    f'{multiplier} {mine:g} of shared param "{spec.name}" differs from '
                    f'{theirs:g} in a layer above (its owner is "{self.owner}")'
                )
            said[multiplier] = theirs if mine is None else mine
        return dataclasses.replace(self, spec=dataclasses.replace(self.spec, **said))


def wire(
    name: str,
    entries: Iterable[Entry],
    phase: str = "TEST",
    hints: Mapping[str, str] | None = None,
) -> Graph:
    """The graph of these entries. Raises ShapeError with every problem of every layer.

    `hints` says of blobs that no layer makes how to get them.
    """
    wiring = Wiring(name, phase, hints)
    for entry in entries:
        wiring.add(entry)
    return wiring.graph()
