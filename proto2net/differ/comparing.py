"""The differences of each pair of items: causes, and the shapes that follow from them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from proto2net.differ import fields
from proto2net.differ.aligning import aligned
from proto2net.differ.fields import NAMES, OUTPUTS, Change
from proto2net.differ.items import Item, Wire, items
from proto2net.errors import Proto2NetError
from proto2net.frozen import dataclass
from proto2net.graph import AUTOMATIC, Graph, Node
from proto2net.layers.data import Input
from proto2net.shape import ANY_SIZE, Shape, Sizes

SAME, ADDED, REMOVED, RENAMED, CHANGED = "same", "added", "removed", "renamed", "changed"


@dataclass(frozen=True, eq=False)
class Pairing:
    """A layer or an input of both networks, or of one of them."""

    a: Item | None
    b: Item | None
    changes: tuple[Change, ...] = ()
    """What differs by itself."""
    renamed: bool = False
    follows: str = ""
    """The name of the layer whose difference gave this one other shapes."""

    @property
    def state(self) -> str:
        """Added or removed; else changed, or renamed alone; else the same, but for shapes."""
        if self.a is None or self.b is None:
            return REMOVED if self.a else ADDED
        return CHANGED if self.changes else RENAMED if self.renamed else SAME

    @property
    def items(self) -> list[Item]:
        """The item of the first network and that of the second, as far as there are."""
        return [item for item in (self.a, self.b) if item]

    @property
    def name(self) -> str:
        """Its name in the second network, or in the first where the second has none."""
        return self.items[-1].name

    @property
    def reshaped(self) -> bool:
        """Whether both have it, with other shapes."""
        return bool(self.a and self.b) and (tops(self.a), learned(self.a)) != (
            tops(self.b),
            learned(self.b),
        )


def tops(item: Item | None) -> list[Shape]:
    """The shapes of what an item makes."""
    return [top.shape for top in item.tops] if item else []


def learned(item: Item | None) -> dict[str, Shape]:
    """The shapes of what an item learns."""
    return {name: blob.shape for name, blob in item.node.blobs.items()} if item else {}


def compared(a: Graph, b: Graph, ignore: Collection[str] = ()) -> list[Pairing]:
    """The pairs of two graphs in order, without differences that are about what is ignored."""
    pairs = aligned(items(a), items(b))
    comparison = _Comparison(a, b, pairs)
    comparison.find_moved()
    found = []
    for left, right in pairs:
        changes = tuple(comparison.changes(left, right)) if left and right else ()
        kept = tuple(change for change in changes if change.about not in ignore)
        renamed = bool(left and right and left.name != right.name) and NAMES not in ignore
        found.append(Pairing(left, right, kept, renamed))
    return comparison.followed(found)


class _Comparison:
    """What pairs are compared with: their graphs, and the other pairs."""

    def __init__(
        self, a: Graph, b: Graph, pairs: Sequence[tuple[Item | None, Item | None]]
    ) -> None:
        self.a, self.b = a, b
        self._side_a = sorted((left for left, _ in pairs if left), key=_index)
        self._side_b = sorted((right for _, right in pairs if right), key=_index)
        self._mates = {left.index: right for left, right in pairs if left and right}
        self._paired = {right.index for left, right in pairs if left and right}
        self._moved: tuple[set[int], set[int]] = set(), set()
        self._reach_a = self._reach(self._side_a, of_a=True)
        self._reach_b = self._reach(self._side_b)
        self._nodes = {left.node: right.node for left, right in pairs if left and right}

    def changes(self, a: Item, b: Item) -> Iterator[Change]:
        """What differs by itself."""
        if a.is_input and b.is_input:
            first, second = (
                _sizes(graph.open_shape(item.tops[0])) for graph, item in ((self.a, a), (self.b, b))
            )
            if first != second:
                yield Change("shape", first, second)
            yield from fields.of_layers(_unshaped(a.node), _unshaped(b.node))
        else:
            yield from fields.of_layers(a.node, b.node)
        yield from self._of_wires(a, b)
        yield from self._of_sharing(a, b)
        yield from self._of_tops(a, b)
        yield from fields.of_learning(self.a, a.node, self.b, b.node)

    # ---- wires ----------------------------------------------------------------------------------

    def _reach(self, side: Sequence[Item], *, of_a: bool = False) -> dict[int, frozenset[Wire]]:
        """For each item without a mate, what it reads of those that have one, through others."""
        found: dict[int, frozenset[Wire]] = {}
        for item in side:
            if item.index not in (self._mates if of_a else self._paired):
                each = (self._ends(wire, found, of_a=of_a) for wire in item.bottoms)
                found[item.index] = frozenset().union(*each)
        return found

    def _ends(
        self, wire: Wire, reach: dict[int, frozenset[Wire]], *, of_a: bool
    ) -> frozenset[Wire]:
        """Where a wire begins: a top of the second graph; several behind what has no mate."""
        if known := self._known(wire, of_a=of_a):
            return frozenset([known])
        maker = wire[0]
        if maker in reach:
            return reach[maker]
        (bottom,) = (self._side_a if of_a else self._side_b)[maker].bottoms  # of what was moved
        return self._ends(bottom, reach, of_a=of_a)

    def _known(self, wire: Wire, *, of_a: bool) -> Wire | None:
        """The same wire in the second graph; None if what makes it is not there, or was moved."""
        maker, top = wire
        if maker in self._moved[0 if of_a else 1]:
            return None
        if of_a:
            mate = self._mates.get(maker)
            return (mate.index, top) if mate else None
        return wire if maker in self._paired else None

    def _of_wires(self, a: Item, b: Item) -> Iterator[Change]:
        """Bottoms that are others, unless that follows from layers that were added or removed."""
        left = [self._known(wire, of_a=True) for wire in a.bottoms]
        right = [self._known(wire, of_a=False) for wire in b.bottoms]
        kept = [wire for wire in left if wire], [wire for wire in right if wire]
        if a.commutes and b.commutes:
            kept[0].sort(), kept[1].sort()
        if kept[0] == kept[1]:
            return
        if len(left) != len(right):
            places = range(len(left)), range(len(right))
            yield Change(
                "bottom", _read(a, self._side_a, places[0]), _read(b, self._side_b, places[1])
            )
            return
        other = [place for place in range(len(left)) if not self._explained(a, b, place)]
        if other:
            yield Change("bottom", _read(a, self._side_a, other), _read(b, self._side_b, other))

    def find_moved(self) -> None:
        """Find layers that stand elsewhere, where that explains why others read other blobs."""
        pairs = [(a, self._mates[a.index]) for a in self._side_a if a.index in self._mates]
        other = {b.index: (a, b) for a, b in pairs if any(self._of_wires(a, b))}
        for a, b in [*other.values()]:
            if b.index not in other or len(a.bottoms) != 1 or len(b.bottoms) != 1:
                continue
            readers = {self._mates[x].index for x, _ in a.readers if x in self._mates}
            readers |= {x for x, _ in b.readers}
            explained = [x for x in readers if x in other and x != b.index]
            for moved, item in zip(self._moved, (a, b), strict=True):
                moved.add(item.index)
            if explained and not any(any(self._of_wires(*other[x])) for x in explained):
                for x in explained:
                    del other[x]
            else:
                for moved, item in zip(self._moved, (a, b), strict=True):
                    moved.remove(item.index)

    def _explained(self, a: Item, b: Item, place: int) -> bool:
        """Whether two bottoms are the same, but for layers that only one graph has."""
        first = self._ends(a.bottoms[place], self._reach_a, of_a=True)
        second = self._ends(b.bottoms[place], self._reach_b, of_a=False)
        return bool(first & second) or (not first and not second)

    # ---- the rest -------------------------------------------------------------------------------

    def _of_sharing(self, a: Item, b: Item) -> Iterator[Change]:
        """Learned blobs that are shared with another layer, or with none."""
        if not a.node.params and not b.node.params:
            return
        for blob in a.node.blobs:
            if blob in b.node.blobs:
                owner, of = self.a.owner(a.node, blob)
                other, of_other = self.b.owner(b.node, blob)
                if (self._nodes.get(owner), of) != (other, of_other):
                    first = None if owner is a.node else owner.name
                    second = None if other is b.node else other.name
                    yield Change(f"{blob}.shared_with", first, second)

    def _of_tops(self, a: Item, b: Item) -> Iterator[Change]:
        if len(a.tops) != len(b.tops):
            names = [tuple(top.name for top in item.tops) for item in (a, b)]
            yield Change("top", names[0], names[1])
            return
        if a.is_input and b.is_input:
            return
        if a.node.in_place != b.node.in_place:
            yield Change("in place", a.node.in_place, b.node.in_place, NAMES)
        for place, (left, right) in enumerate(zip(a.tops, b.tops, strict=True)):
            if self._is_output(a, b, place):
                first, second = left in self.a.output_set, right in self.b.output_set
                yield Change("output", first, second)
            as_layer = left.name == a.name and right.name == b.name
            if left.name == right.name or as_layer or AUTOMATIC in (left.name, right.name):
                continue
            if place or not (a.node.in_place or b.node.in_place):
                yield Change("top", left.name, right.name, NAMES)

    def _is_output(self, a: Item, b: Item, place: int) -> bool:
        """Whether a top is an output of one network alone, though the same layers read it."""
        if (a.tops[place] in self.a.output_set) == (b.tops[place] in self.b.output_set):
            return False
        return len(a.readers) == len(b.readers) and all(
            reader in self._mates for reader, _ in a.readers
        )

    # ---- what follows ---------------------------------------------------------------------------

    def followed(self, found: Sequence[Pairing]) -> list[Pairing]:
        """The same; those that have other shapes without a cause of their own know whose it is."""
        roots: dict[int, str] = {}  # for items of the second graph: whose difference reshaped them
        done: dict[Item, Pairing] = {}
        for each in sorted(found, key=lambda each: each.b.index if each.b else -1):
            pairing, root = each, ""
            if each.b and (each.reshaped or not each.a):
                above = self._root(each.a or each.b, each.b, roots)
                root = each.name if not above or _reshapes(each) else above
                if each.a and root != each.name:
                    pairing = replace(each, follows=root)
            if each.b:
                roots[each.b.index] = root
            done[each.items[-1]] = pairing
        return [done[each.items[-1]] for each in found]

    def _root(self, a: Item, b: Item, roots: dict[int, str]) -> str:
        """Whose difference changed what a layer reads."""
        for (maker, _), (other, _) in zip(a.bottoms, b.bottoms, strict=False):
            if root := roots[other]:
                return root
            if a is b:  # it was added, and follows what it reads
                continue
            if other in self._moved[1]:
                return self._side_b[other].name
            if maker not in self._mates:
                return self._side_a[maker].name
        return ""


def _reshapes(pairing: Pairing) -> bool:
    """Whether it would give other shapes, if what it reads had the same."""
    a, b = pairing.a, pairing.b
    if a is None or b is None:
        return tops(pairing.items[0]) != [blob.shape for blob in pairing.items[0].node.bottoms]
    if all(change.about != OUTPUTS for change in pairing.changes):
        return False
    bottoms = tuple(blob.shape for blob in b.node.bottoms)
    try:
        a.node.layer.check_counts(len(bottoms), len(b.tops))
        shapes = a.node.layer.infer(bottoms, len(b.tops))
    except Proto2NetError:
        return True
    return [*shapes] != tops(b)


def _sizes(shape: Sizes) -> tuple[int | str, ...]:
    return tuple(ANY_SIZE if size is None else size for size in shape)


def _unshaped(node: Node[Any]) -> Node[Any]:
    """An input without its sizes, which are compared separately."""
    free = {"free": ()} if isinstance(node.layer, Input) else {}
    return replace(node, layer=replace(node.layer, shape=(), **free))


def _index(item: Item) -> int:
    return item.index


def _read(item: Item, side: Sequence[Item], places: Iterable[int]) -> object:
    """Some bottoms: blobs, and the layers that make them where these are called otherwise."""
    found = []
    for place in places:
        blob, maker = item.node.bottoms[place].name, side[item.bottoms[place][0]].name
        found.append(blob if blob == maker else f"{blob} of {maker}")
    if len(found) < 2:
        return found[0] if found else None
    return tuple(found)
