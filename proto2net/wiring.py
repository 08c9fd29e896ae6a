"""Wiring: from layers as definitions list them, by names of blobs, to a graph, as Caffe does it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice

from proto2net import limits
from proto2net.errors import Issue, Proto2NetError, ShapeError, closest
from proto2net.frozen import dataclass
from proto2net.graph import AUTOMATIC, Blob, Entry, Graph, Node
from proto2net.layers.base import FORK_FILLERS, Layer, Learned, ParamSpec
from proto2net.memory import Memory
from proto2net.shape import Shape, check_size, count, dims


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
        self._memory = Memory()
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
        if node is None:
            self._latest.update(dict.fromkeys(entry.tops))
            return None
        self._nodes.append(node)
        self._memory.add(node)
        self._used.update(node.bottoms)
        for top in node.tops:
            if top.name != AUTOMATIC:
                self._latest[top.name] = top
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
        if max(len(entry.bottoms), len(entry.tops)) > limits.BLOBS:
            raise ShapeError(
                f"has {len(entry.bottoms):,} bottoms and {len(entry.tops):,} tops; "
                f"{limits.BLOBS:,} are the most"
            )
        bottoms = self._bottoms(entry)
        tops = self._top_names(entry)
        loss_weight = entry.loss_weight or ((1.0,) if layer.loss else ())
        layer.check_known()
        layer.check_fork()
        layer.check_counts(len(entry.bottoms), len(tops))
        _check_length("loss_weight", loss_weight, len(tops))
        _check_length("propagate_down", entry.propagate_down, len(entry.bottoms))
        known = tuple(bottom for bottom in bottoms if bottom)
        if len(known) < len(bottoms):  # the others are told already
            return None
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
            _check_learned(learned, trains=self.phase == "TRAIN")
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
        if any(map(self._memory.writer, node.bottoms)):
            raise ShapeError(self._memory.lost(node.bottoms, f"{node} reads later"))
        for bottom, top in zip(node.bottoms, node.tops, strict=False):
            if bottom.name != top.name:
                continue
            if count(bottom.shape) != count(top.shape):
                raise ShapeError(
                    f'cannot run in place: "{top.name}" is {dims(bottom.shape)}, '
                    f"and would become {dims(top.shape)}",
                    "give its top a name of its own",
                )
            for other in node.bottoms:
                if other != bottom and self._memory.is_shared(other, bottom):
                    raise ShapeError(
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


@lru_cache  # many layers learn the same
def _check_learned(learned: Learned, *, trains: bool) -> None:
    """Refuse a blob that is too large, and how it starts, but for what only a fork has."""
    check_size(learned.shape, "a learned blob")
    foreign = learned.filler.foreign(learned.shape)
    if not foreign or (trains and learned.filler.type not in FORK_FILLERS):
        learned.filler.check(learned.shape)


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


def ends(entries: Iterable[Entry]) -> dict[str, Entry]:
    """The blobs that no layer reads after they were made, in order, and what makes each."""
    unread: dict[str, Entry] = {}
    for entry in entries:
        for name in entry.bottoms:
            unread.pop(name, None)
        unread |= dict.fromkeys(entry.tops, entry)
    return unread


def ends_without(entries: Sequence[Entry], bad: Collection[int]) -> list[str]:
    """The blobs that would be outputs without the layers of these identities.

    Blobs that a layer overwrites which is left out cannot be named, so they are none.
    """
    lost: set[str] = set()
    kept: list[Entry] = []
    for entry in entries:
        if id(entry) in bad or not lost.isdisjoint(entry.bottoms):
            lost.update(entry.tops)
        else:
            kept.append(entry)
    while lost & (found := ends(kept)).keys():
        kept = [entry for entry in kept if lost.isdisjoint(entry.tops)]
    return [name for name, entry in found.items() if entry.bottoms]
