"""Which item of one graph is which of another.

Names alone do not tell: somebody may have renamed all of them. Structure alone does not tell: a
network has many layers that are alike. So both are heard, from the surest to the vaguest:

1. Names. Items of one name and type are a pair, wherever they stand: for Caffe the name is what a
   layer is, since weights are found by it.
2. Structure. The key of an item is what it computes, with the keys of what it reads, so it tells
   all that lies above; an item that has a pair has this as its key. Items of one key, which no
   others have, are a pair. Then the same from the end, with the keys of what reads an item. So
   everything above and below a change is found, and what stands between changes is found from the
   pairs beside it. This is done until nothing new is found.
3. Order. What is left stands in gaps between pairs. In each gap the two sequences are aligned so
   that the pairs are as alike as they can be (`sequence.py`): by what they compute, their types,
   families and names, what they read, and their shapes. Since the branches of a block may be listed
   in another order, only those pairs are kept at first that read pairs, and the second and third
   step are gone through again, until none is kept. Then what is still left is aligned so. Pairs
   that have nothing in common but a type, and that stand beside no other pair, are parted again.

This is done twice, once without the first step. Where layers are numbered on behind one that was
inserted, their names mislead, and the second way tells less. Of both the one is taken that has less
to tell, and the first if both have as much.

All but the third step take time in proportion to the number of layers. That one takes the product
of the lengths of a gap's two sides, in NumPy: two networks of 10,000 layers that have nothing in
common take seconds, and all others have short gaps.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterator, Sequence
from copy import copy

from proto2net.differ.items import Item
from proto2net.differ.sequence import align
from proto2net.facts.families import family_of

Key = int

_NONE = -1
_LEFT = 10**6
"""How many pairs may be left to choose from if that is to be done again."""

_WORTH = ((8, 8, 16, 16, 4, 1), 16)
"""What it is worth that two have one content, type, family, name, maker of their bottom, shape.

Without one family or name they are no pair.
"""


def aligned(a: Sequence[Item], b: Sequence[Item]) -> list[tuple[Item | None, Item | None]]:
    """The pairs in order, and what has none. An item that only `a` has stands where it stood."""
    return _in_order(a, b, _mates(a, b))


def _mates(a: Sequence[Item], b: Sequence[Item]) -> list[int]:
    """The index of the mate of each of `a`, -1 for none, as tells least."""
    numbers: dict[Hashable, int] = {}
    sides = _Side(a, numbers), _Side(b, numbers)
    first = _Alignment(*sides, numbers)
    first.by_name()
    named = any(
        mate != _NONE and not item.is_input for item, mate in zip(a, first.mates, strict=True)
    )
    first.by_the_rest()
    if not first.cost():
        return first.mates
    if not named:  # the second way would be the same
        return first.mates
    second = _Alignment(sides[0].without_mates(), sides[1].without_mates(), numbers)
    second.by_the_rest()
    return min(first, second, key=_Alignment.cost).mates


def _in_order(
    a: Sequence[Item], b: Sequence[Item], mates: Sequence[int]
) -> list[tuple[Item | None, Item | None]]:
    """The items in the order of `b`; behind each those that `a` alone has behind its mate."""
    of_b = {mate: item for item, mate in zip(a, mates, strict=True) if mate != _NONE}
    behind: dict[int, list[Item]] = {}
    last = _NONE
    for item, mate in zip(a, mates, strict=True):
        if mate == _NONE:
            behind.setdefault(last, []).append(item)
        else:
            last = mate
    found: list[tuple[Item | None, Item | None]] = [(gone, None) for gone in behind.get(_NONE, ())]
    for item in b:
        found.append((of_b.get(item.index), item))
        found += [(gone, None) for gone in behind.get(item.index, ())]
    return found


class _Side:
    """The items of a graph, with numbers for what is compared."""

    def __init__(self, found: Sequence[Item], numbers: dict[Hashable, int]) -> None:
        def number(what: str, key: Hashable) -> int:
            return numbers.setdefault((what, key), len(numbers))

        self.items = found
        self.names = [item.name for item in found]
        self.called = [number("name", item.name) for item in found]
        self.types = [number("type", item.type) for item in found]
        self.contents = [number("content", item.content) for item in found]
        families = {item.type: _family(item) for item in found}
        self.families = [number("family", families[item.type]) for item in found]
        self.shapes = [number("shape", tuple(x.shape[1:2] for x in item.tops)) for item in found]
        self.commute = [item.commutes for item in found]
        self.mates = [_NONE] * len(found)

    def without_mates(self) -> _Side:
        """The same before any pair was found."""
        other = copy(self)
        other.mates = [_NONE] * len(self.items)
        return other

    def readers(self, maker: int, like: int) -> int:
        """How many items of one family with this one read another."""
        family = self.families[like]
        return sum(self.families[reader] == family for reader, _ in self.items[maker].readers)

    def free(self) -> Iterator[int]:
        """The items without a mate."""
        return (index for index, mate in enumerate(self.mates) if mate == _NONE)


def _family(item: Item) -> Hashable:
    family = family_of(type(item.node.layer))
    return item.type if family == "other" else ("family", family)


class _Alignment:
    """Pairs of items, as far as they are found."""

    def __init__(self, a: _Side, b: _Side, numbers: dict[Hashable, int]) -> None:
        self.a, self.b, self._numbers = a, b, numbers

    @property
    def mates(self) -> list[int]:
        """The index of the mate of each of `a`, -1 for none."""
        return self.a.mates

    def _number(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))

    def _pair(self, i: int, j: int) -> None:
        self.a.mates[i], self.b.mates[j] = j, i

    def _part(self, i: int) -> None:
        self.b.mates[self.a.mates[i]] = self.a.mates[i] = _NONE

    def by_name(self) -> None:
        """Pair items of one name and type; of several, the first with the first."""
        keys = [list(zip(side.names, side.types, strict=True)) for side in (self.a, self.b)]
        self._pair_alike(*keys)

    def by_the_rest(self) -> None:
        """Pair what structure and order tell."""
        self._by_structure()
        while self._keep_sure(self._by_order()):
            self._by_structure()
            if self._left() > _LEFT:
                break
        vague = self._vague(self._by_order())
        self._by_structure()
        for i in vague:
            if not self._stands_well(i):
                self._part(i)
        self._by_structure()

    # ---- structure ------------------------------------------------------------------------------

    def _by_structure(self) -> None:
        while self._pair_alike(self._above(self.a, of_a=True), self._above(self.b)) or (
            self._pair_alike(self._below(self.a, of_a=True), self._below(self.b))
        ):
            pass

    def _above(self, side: _Side, *, of_a: bool = False) -> list[Key]:
        """For each item, what it and all above it compute."""
        keys: list[Key] = []
        for item, content, mate in zip(side.items, side.contents, side.mates, strict=True):
            if mate != _NONE:
                keys.append(self._number(("pair", item.index if of_a else mate)))
                continue
            read = [(keys[maker], top) for maker, top in item.bottoms]
            if side.commute[item.index]:
                read.sort()
            keys.append(self._number(("above", content, tuple(read))))
        return keys

    def _below(self, side: _Side, *, of_a: bool = False) -> list[Key]:
        """For each item, what it and all below it compute."""
        keys = [0] * len(side.items)
        for item in reversed(side.items):
            mate = side.mates[item.index]
            if mate != _NONE:
                pair = item.index if of_a else mate
                keys[item.index] = self._number(("pair", pair))
                continue
            read = sorted(
                (
                    keys[reader],
                    _NONE if side.commute[reader] else place,
                    side.items[reader].bottoms[place][1],
                )
                for reader, place in item.readers
            )
            content = side.contents[item.index]
            keys[item.index] = self._number(("below", content, tuple(read)))
        return keys

    def _pair_alike(self, of_a: Sequence[Hashable], of_b: Sequence[Hashable]) -> bool:
        """Pair items that have one key; whether there were any.

        Of several, those of one name; the others in order, if there are as many of both.
        """
        groups: dict[Hashable, list[int]] = {}
        for j in self.b.free():
            groups.setdefault(of_b[j], []).append(j)
        alike: dict[Hashable, list[int]] = {}
        for i in self.a.free():
            if of_a[i] in groups:
                alike.setdefault(of_a[i], []).append(i)
        found = False
        for key, left in alike.items():
            for i, j in self._told_apart(left, groups[key]):
                self._pair(i, j)
                found = True
        return found

    def _told_apart(self, left: list[int], right: list[int]) -> list[tuple[int, int]]:
        if len(left) == len(right) == 1:
            return [(left[0], right[0])]
        by_name: dict[str, list[int]] = {}
        for j in reversed(right):
            by_name.setdefault(self.b.names[j], []).append(j)
        pairs = []
        for i in left:
            if same := by_name.get(self.a.names[i]):
                pairs.append((i, same.pop()))
        if len(left) == len(right):
            done, taken = {i for i, _ in pairs}, {j for _, j in pairs}
            rest = [j for j in right if j not in taken]
            pairs += zip((i for i in left if i not in done), rest, strict=True)
        return pairs

    # ---- order ----------------------------------------------------------------------------------

    def _by_order(self) -> list[int]:
        """Pair what stands in the gaps; those of `a` that have a mate now."""
        found = []
        start_a = start_b = 0
        ends = [*self._anchors(), (len(self.a.items), len(self.b.items))]
        for end_a, end_b in ends:
            left = [i for i in range(start_a, end_a) if self.a.mates[i] == _NONE]
            right = [j for j in range(start_b, end_b) if self.b.mates[j] == _NONE]
            start_a, start_b = end_a + 1, end_b + 1
            if not left or not right:
                continue
            marks = self._marks(self.a, left), self._marks(self.b, right, of_b=True)
            for first, second in align(*marks, _WORTH):
                self._pair(left[first], right[second])
                found.append(left[first])
        return found

    def _vague(self, paired: Sequence[int]) -> list[int]:
        """Those that have neither content nor name in common with their mate."""
        a, b = self.a, self.b
        mates = ((i, a.mates[i]) for i in paired)
        return [i for i, j in mates if a.contents[i] != b.contents[j] and a.names[i] != b.names[j]]

    def _keep_sure(self, paired: Sequence[int]) -> bool:
        """Part again what may stand otherwise in both; whether any is kept."""
        vague, kept = set(self._vague(paired)), False
        for i in sorted(paired):
            if self._is_sure(i, vague=i in vague):
                kept = True
            else:
                self._part(i)
        return kept

    def _is_sure(self, i: int, *, vague: bool) -> bool:
        """Whether a pair reads pairs alone; a vague one, such that nothing like it reads them."""
        a, b = self.a.items[i], self.b.items[self.a.mates[i]]
        left = {maker: self.a.mates[maker] for maker, _ in a.bottoms}
        right = {maker for maker, _ in b.bottoms}
        mates = set(left.values())
        if not (mates <= right or mates >= right):
            return False
        return not vague or any(
            mate in right and self.a.readers(maker, i) == self.b.readers(mate, b.index) == 1
            for maker, mate in left.items()
        )

    def _left(self) -> int:
        """How many pairs those without mates could make."""
        return len([*self.a.free()]) * len([*self.b.free()])

    def _anchors(self) -> list[tuple[int, int]]:
        """The longest row of pairs that stand in one order in both."""
        ends: list[int] = []  # the least mate in which a row of each length ends
        at: list[int] = []
        before: dict[int, int] = {}
        for i, j in enumerate(self.a.mates):
            if j == _NONE:
                continue
            length = bisect_left(ends, j)
            ends[length : length + 1] = [j]
            at[length : length + 1] = [i]
            before[i] = at[length - 1] if length else _NONE
        found = []
        i = at[-1] if at else _NONE
        while i != _NONE:
            found.append((i, self.a.mates[i]))
            i = before[i]
        return found[::-1]

    def _marks(self, side: _Side, free: Sequence[int], *, of_b: bool = False) -> list[list[int]]:
        """What is compared of items without mates."""
        found = []
        for index in free:
            makers = [maker for maker, _ in side.items[index].bottoms[:1]]
            read = [maker if of_b else side.mates[maker] for maker in makers] or [_NONE]
            found.append(
                [
                    side.contents[index],
                    side.types[index],
                    side.families[index],
                    side.called[index],
                    read[0],
                    side.shapes[index],
                ]
            )
        return found

    def _stands_well(self, i: int) -> bool:
        """Whether a pair reads a pair, or is read by one."""
        a, b = self.a.items[i], self.b.items[self.a.mates[i]]
        makers = {maker for maker, _ in b.bottoms}
        readers = {reader for reader, _ in b.readers}
        return any(self.a.mates[maker] in makers for maker, _ in a.bottoms) or any(
            self.a.mates[reader] in readers for reader, _ in a.readers
        )

    # ---- how much there is to tell --------------------------------------------------------------

    def cost(self) -> int:
        """How many differences the alignment leaves."""
        alone = sum(1 for side in (self.a, self.b) for _ in side.free())
        return 4 * alone + sum(self._told(i, j) for i, j in enumerate(self.a.mates) if j != _NONE)

    def _told(self, i: int, j: int) -> int:
        """How many differences a pair leaves."""
        a, b = self.a, self.b
        cost = 4 * (a.types[i] != b.types[j])
        cost += 2 * (a.contents[i] != b.contents[j])
        cost += a.names[i] != b.names[j]
        pairs = zip(a.items[i].bottoms, b.items[j].bottoms, strict=False)
        for (maker, _), (other, _) in pairs:
            known = a.mates[maker] != _NONE and b.mates[other] != _NONE
            cost += 2 * (known and a.mates[maker] != other)
        return cost
