"""A difference as a person would write it: causes first, what is alike together, then the sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from proto2net.differ import groups
from proto2net.differ.comparing import (
    ADDED,
    CHANGED,
    REMOVED,
    RENAMED,
    SAME,
    Pairing,
    learned,
    tops,
)
from proto2net.differ.fields import ABOUT, OUTPUTS, Change, about, said
from proto2net.differ.values import cut, listed, words
from proto2net.output import printable
from proto2net.shape import dims
from proto2net.text import aligned

if TYPE_CHECKING:
    from proto2net.differ.arrays import ArrayDifference
    from proto2net.differ.report import Difference

_MOST = 20
"""How many lines a list has of what is no cause."""

ARROW = "→"
MARKS = {ADDED: "+", REMOVED: "-", CHANGED: "~"}


class Row(NamedTuple):
    """A line of a list: its mark, whose it is, of what type, and what is told of it."""

    mark: str
    name: str
    type: str = ""
    told: str = ""


def text(found: Difference, *, whole: bool = False) -> str:
    """The difference in lines, which are fit for a terminal."""
    return "\n".join(printable(line) for line in _lines(found, None if whole else _MOST))


def _lines(found: Difference, most: int | None) -> Iterator[str]:
    yield f"{cut(found.names[0], 200)} {ARROW} {cut(found.names[1], 200)}"
    if found.graphs:
        yield _heading(found)
        yield from _section("What is computed:", _causes(found, most))
        yield from _section(*_consequences(found, most), most)
        renamed = [each for each in found.layers if each.renamed]
        rows = (Row("", name, "", told) for name, told in groups.renames(found, renamed))
        yield from _section(f"Renamed: {layers(len(renamed))}", rows, most)
        for kind, title in ABOUT.items():
            if kind != OUTPUTS:
                title = f"{title[0].upper()}{title[1:]}:"
                yield from _section(title, _by_change(found.layers, kind), most)
        yield from _section("", _sums(found))
    yield from _weights(found, most)


def _heading(found: Difference) -> str:
    states = (SAME, CHANGED, ADDED, REMOVED, RENAMED)
    counts = {state: len(found.of_state(state)) for state in states}
    if all(each.state == SAME and not each.reshaped for each in found.layers):
        but = f" but for {' and '.join(map(ABOUT.__getitem__, found.ignored))}"
        return f"the same{but if found.ignored else ''}: {layers(counts[SAME])}"
    told = [f"{counts[SAME]:,} of {layers(len(found.layers))} are the same"]
    told += [f"{number:,} {state}" for state, number in counts.items() if number and state != SAME]
    return ", ".join(told)


def layers(number: int) -> str:
    """So many layers, in words."""
    return f"{number:,} layer{'' if number == 1 else 's'}"


def _section(title: str, rows: Iterable[Row], most: int | None = None) -> Iterator[str]:
    """A list under its title, if there is anything in it."""
    found = list(rows)
    if not found:
        if title.endswith("."):
            yield ""
            yield title
        return
    yield ""
    if title:
        yield title
    shown = found[:most]
    cells = [Row(*map(printable, row)) for row in shown]
    names, types = (max(len(row[column]) for row in cells) for column in (1, 2))
    marked = any(row.mark for row in cells)
    for row in cells:
        parts = [row.name.ljust(names), *([row.type.ljust(types)] if types else []), row.told]
        mark = f"{row.mark or ' '} " if marked else ""
        yield f"  {mark}{'  '.join(parts)}".rstrip()
    if len(found) > len(shown):
        yield f"  and {len(found) - len(shown):,} more, which --all lists"


# ---- causes ---------------------------------------------------------------------------------


def _causes(found: Difference, most: int | None) -> list[Row]:
    """What was added, removed or changed; where that is much, what was so alike is together."""
    alone = list(_cause_rows(found, together=False))
    return alone if most is None or len(alone) <= most else list(_cause_rows(found, together=True))


def _cause_rows(found: Difference, *, together: bool) -> Iterator[Row]:
    """The causes in order; where the first of several that are told together stands, all do."""
    told: set[object] = set()
    alike: dict[object, list[Pairing]] = {}
    keys = {each: _key(found, each, together=together) for each in found.layers}
    for each, key in keys.items():
        if key:
            alike.setdefault(key, []).append(each)
    for group in groups.blocks(found):
        first = group.members[0]
        key = keys[first]
        if group.names:
            yield _block(group)
        elif key and key not in told:
            told.add(key)
            row = (
                _alone(found, first, alike[key]) if first.state != CHANGED else _changed(alike[key])
            )
            yield row


def _changed(alike: Sequence[Pairing]) -> Row:
    """Layers that were changed in the same way."""
    names = listed((each.name for each in alike), len(alike))
    told = [
        f"other {x.field}s" if x.field == "bottom" and len(alike) > 1 else sentence(x)
        for x in alike[0].changes
        if x.about == OUTPUTS
    ]
    return Row(MARKS[CHANGED], names, alike[0].items[-1].type, "; ".join(told))


def _key(found: Difference, pairing: Pairing, *, together: bool) -> object:
    """What layers have in common that are told in one line; None if nothing is told."""
    if pairing.state in (ADDED, REMOVED):
        if not together:
            return pairing
        item, side = pairing.items[-1], found.items[0 if pairing.a else 1]
        makers = (side[maker].type for maker, _ in item.bottoms)
        readers = {side[reader].type for reader, _ in item.readers}
        return pairing.state, item.content, tuple(makers), frozenset(readers)
    changes = tuple(change for change in pairing.changes if change.about == OUTPUTS)
    if not changes:
        return None
    own = [change for change in changes if change.field != "bottom"]
    if len(own) < len(changes) and not (together and own):
        return pairing  # what it reads is not what others read
    return pairing.items[-1].type, len(changes), repr(own)


def sentence(change: Change) -> str:
    """A change in words, such as `num_output: 64 → 96`."""
    return f"{change.field}: {words(change.a)} {ARROW} {words(change.b)}"


def _block(group: groups.Group) -> Row:
    """Blocks that one network alone has."""
    types = Counter(each.items[-1].type for each in group.members)
    what = ", ".join(f"{number} {type}" for type, number in types.most_common(3))
    more = ", …" if len(types) > 3 else ""
    number = len(group.names)
    kind = "block" if number == 1 else f"{number} blocks"
    mark = MARKS[group.members[0].state]
    names = listed(group.names, number, row=True)
    return Row(mark, names, kind, f"{layers(len(group.members))}: {what}{more}")


def _alone(found: Difference, pairing: Pairing, alike: Sequence[Pairing]) -> Row:
    """A layer that one network alone has, or several that are alike."""
    item = pairing.items[-1]
    side = found.items[0 if pairing.a else 1]
    around = [
        [side[index].name if len(alike) == 1 else f"a {side[index].type}" for index, _ in wires]
        for wires in (item.bottoms, item.readers)
    ]
    makers, readers = map(listed, around)
    told = []
    if makers and readers:
        told.append(f"between {makers} and {readers}")
    elif makers or readers:
        told.append(f"after {makers}" if makers else f"before {readers}")
    if item.is_input:
        told.append(dims(item.tops[0].shape))
    else:
        given = said(item.node, defaults=False).items()
        kept = (pair for pair in given if about(item.node, *pair) == OUTPUTS)
        told += [f"{name}: {words(value)}" for name, value in kept]
    names = listed((each.name for each in alike), len(alike))
    return Row(MARKS[pairing.state], names, item.type, "; ".join(told))


# ---- consequences ---------------------------------------------------------------------------


def _consequences(found: Difference, most: int | None) -> tuple[str, list[Row]]:
    """What is told of layers that have other shapes because of others; those that learn so."""
    following = [each for each in found.layers if each.follows]
    if not following:
        return "", []
    roots = Counter(each.follows for each in following)
    of = listed(roots, len(roots))
    alone = all(map(_in_batch_alone, following))
    learning = [each for each in following if _relearned(each)]
    rows = list(map(_shapes, following if most is None else learning))
    verb = "has" if len(following) == 1 else "have"
    title = f"Because of {of}, {layers(len(following))} more {verb} other shapes"
    title += ", in the batch alone" * alone
    if not learning:
        return f"{title}.", rows
    others = f"{len(learning):,} of them learn"
    if len(learning) == 1:
        others = "it learns" if len(following) == 1 else "one of them learns"
    return f"{title}; {others} arrays of other shapes:", rows


def _in_batch_alone(pairing: Pairing) -> bool:
    left, right = tops(pairing.a), tops(pairing.b)
    same = [x[1:] == y[1:] for x, y in zip(left, right, strict=False)]
    return len(left) == len(right) and all(same) and not _relearned(pairing)


def _relearned(pairing: Pairing) -> list[str]:
    """The learned blobs of a layer that have other shapes."""
    left, right = learned(pairing.a), learned(pairing.b)
    return [blob for blob, shape in left.items() if right.get(blob, shape) != shape]


def _shapes(pairing: Pairing) -> Row:
    told = _learnings(pairing) or reshapings(pairing)
    return Row("", cut(pairing.name), pairing.items[-1].type, "; ".join(told))


def reshapings(pairing: Pairing) -> list[str]:
    """The shapes that differ: of all tops, and of each learned blob."""
    if not pairing.a or not pairing.b:
        return []
    shapes = [", ".join(map(dims, tops(item))) for item in pairing.items]
    of_tops = [f" {ARROW} ".join(shapes)] if shapes[0] != shapes[1] else []
    return of_tops + _learnings(pairing)


def _learnings(pairing: Pairing) -> list[str]:
    left, right = learned(pairing.a), learned(pairing.b)
    return [f"{x}: {dims(left[x])} {ARROW} {dims(right[x])}" for x in _relearned(pairing)]


# ---- the rest -------------------------------------------------------------------------------


def _by_change(pairings: Sequence[Pairing], kind: str) -> Iterator[Row]:
    """Changes that are about this, each with the layers that have it."""
    found: dict[str, list[str]] = {}
    for each in pairings:
        for change in each.changes:
            if change.about == kind:
                found.setdefault(sentence(change), []).append(each.name)
    for told, names in found.items():
        number = f" ({layers(len(names))})" if len(names) > 1 else ""
        yield Row("", told, "", f"{listed(names)}{number}")


def _sums(found: Difference) -> Iterator[Row]:
    """What the networks have altogether, where it differs."""
    if not found.graphs:
        return
    a, b = found.graphs
    for name, left, right in (
        ("phase", a.phase.lower(), b.phase.lower()),
        ("parameters", f"{a.parameters:,}", f"{b.parameters:,}"),
        ("multiply-adds", *(f"{each.per_image(each.macs):,} per {each.image}" for each in (a, b))),
    ):
        if left != right:
            left = left.removesuffix(f" per {b.image}")
            yield Row("", name, "", f"{left} {ARROW} {right}")
    held, wanted = (
        {item.name: shapes for item in side if (shapes := learned(item))} for side in found.items
    )
    fit = sum(held.get(name) == shapes for name, shapes in wanted.items())
    if fit < len(wanted):
        told = f"by name, those of the first fit {fit:,} of {layers(len(wanted))} of the second"
        yield Row("", "weights", "", told)


# ---- weights --------------------------------------------------------------------------------

ARRAY_HEAD = ("layer", "array", "shape", "norm a", "norm b", "largest", "relative", "cosine", "")


def _weights(found: Difference, most: int | None) -> Iterator[str]:
    """The arrays that are not the same to the bit."""
    if found.arrays is None:
        return
    yield ""
    other = [each for each in found.arrays if not each.equal]
    equal = len(found.arrays) - len(other)
    said = f"{equal:,} of {len(found.arrays):,} arrays are equal to the bit"
    if not other:
        yield f"Weights: all {len(found.arrays):,} arrays are equal to the bit"
        return
    yield f"Weights: {said}; the others:"
    shown = other[:most]
    yield from (f"  {line}" for line in aligned(ARRAY_HEAD, list(map(array_row, shown))))
    if len(other) > len(shown):
        yield f"  and {len(other) - len(shown):,} more, which --all lists"
    compared = [each for each in other if each.relative is not None]
    if compared:
        far = max(compared, key=lambda each: each.relative or 0)
        name = f"{cut(far.layer_b or far.layer_a or '')}.{far.blob}"
        yield f"  the farthest apart is {name}: {_number(far.relative)} of its largest magnitude"


def array_row(each: ArrayDifference) -> tuple[str, ...]:
    """What a table has of two arrays."""
    names = list(dict.fromkeys(cut(name) for name in (each.layer_a, each.layer_b) if name))
    shapes = list(dict.fromkeys(dims(x) for x in (each.shape_a, each.shape_b) if x is not None))
    notes = []
    if each.shape_a is None or each.shape_b is None:
        notes.append("only in the first" if each.shape_b is None else "only in the second")
    elif each.shape_a != each.shape_b:
        notes.append("other shapes")
    lost = [number or 0 for number in (each.lost_a, each.lost_b)]
    if any(lost):
        notes.append(f"NaN or infinite: {lost[0]:,} {ARROW} {lost[1]:,}")
    return (
        f" {ARROW} ".join(names),
        each.blob,
        f" {ARROW} ".join(shapes),
        _number(each.norm_a),
        _number(each.norm_b),
        _number(each.largest),
        _number(each.relative),
        "" if each.cosine is None else f"{each.cosine:.6f}",
        "; ".join(notes),
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
