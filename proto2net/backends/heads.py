"""Heads of a detector: chains of steps alike, each on a feature map, that end in one Concat.

`[head(x).permute(0, 2, 3, 1) for head, x in zip(self.loc, features)]` says all of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from proto2net.backends.base import Code, Step
from proto2net.backends.blocks import Composite, Several, composite, single
from proto2net.backends.source import Namespace
from proto2net.backends.tree import (
    BOTTOM,
    SELF,
    Comprehension,
    Display,
    Expression,
    Formatted,
    Literal,
    Name,
    Placeholder,
    Variable,
    call,
    filled,
    parts_of,
    replaced,
    tree,
)
from proto2net.backends.unify import DifferentError, Meaning, Unifier
from proto2net.frozen import dataclass
from proto2net.graph import Blob, Graph, Node
from proto2net.layers.combine import Concat, Silence
from proto2net.outline.signatures import apart

LEAST = 3
"""How many heads a loop is for."""

FEATURES, NAMES = "features", "names"
"""What is called so: the feature maps that several loops go over, and what their layers share."""

Chain = Sequence[Step]
Said = Callable[[Step], "Code | None"]
"""How a step is said in a loop: with {self} for its object, if these are kept in a list."""


@dataclass(frozen=True)
class Heads:
    """Steps that a loop says."""

    concat: Step
    rows: tuple[tuple[Step, ...], ...]
    """The steps of all heads that stand for each other, in the order in which they are called."""
    joined: Expression
    """What the Concat is called on is a Display of its bottoms there."""
    made: Expression
    """What one head makes of {0}, with {1} and so on for what all of them read."""
    variables: Mapping[str, tuple[Expression, ...]]
    """What has another value for each head, beside its feature map and its object."""
    objects: tuple[Expression, ...]
    """What makes the object of each head; empty: they need none."""

    @property
    def entries(self) -> tuple[Blob, ...]:
        """The feature maps."""
        return tuple(step.bottoms[0] for step in self.rows[0])

    @property
    def shared(self) -> tuple[Blob, ...]:
        """What all heads read beside these."""
        return self.rows[0][0].bottoms[1:]

    @property
    def steps(self) -> list[Step]:
        """All steps, the Concat last."""
        return [*(step for head in zip(*self.rows, strict=True) for step in head), self.concat]

    @property
    def nodes(self) -> set[Node[Any]]:
        """The layers of all steps."""
        return {node for step in self.steps for node in step.nodes}

    def looped(
        self, kept: Callable[[list[Expression]], Expression], tuples: Mapping[object, Blob]
    ) -> Composite:
        """The step in their place; `kept` makes a list of objects, `tuples` are there already."""
        known = [blob for key, blob in tuples.items() if key in (self.entries, self._names)]
        features = [] if self.entries in tuples else [*self.entries]
        bottoms = [*known, *features, *self.shared]
        place = {blob: Placeholder(index) for index, blob in enumerate(bottoms)}
        taken = Namespace({blob.name for blob in self.shared})
        head, x = taken.name("head"), taken.name("x")
        whole = tuple(place[blob] for blob in features)
        known_as: dict[int | str, Expression] = {0: Variable(x), "self": Variable(head)}
        known_as |= {i: place[blob] for i, blob in enumerate(self.shared, start=1)}
        lists: dict[str, Expression] = {head: SELF} if self.objects else {}
        lists[x] = place[tuples[self.entries]] if self.entries in tuples else tree(whole)
        for name, values in self.variables.items():
            lists[name] = place[tuples[values]] if values in tuples else tree(values)
        over = [*lists.values()]
        zipped = over[0] if len(over) == 1 else call("zip", *over, strict=True)
        loop = Comprehension(filled(self.made, known_as), ", ".join(lists), zipped)
        operands = next(part for part in parts_of(self.joined) if _is_all(part, self.concat))
        forward = replaced(self.joined, {id(operands): loop})
        init = kept(list(self.objects)) if self.objects else None
        with_objects = [s for row in self.rows for s in row if s.code.init] if init else []
        inner = [(str(index), step) for index, step in enumerate(with_objects)]
        found = composite(self.concat.name, Code(forward, init), self.steps, inner)
        return replace(found, entries=tuple(bottoms), exit=self.concat.tops[0])

    @property
    def _names(self) -> tuple[Expression, ...]:
        return self.variables.get("name", ())


def heads(
    graph: Graph,
    steps: Sequence[Step],
    functions: Mapping[Expression, Sequence[Meaning]],
    said: Said,
    *,
    whole: bool,
) -> Iterator[Heads]:
    """The heads among steps; with `whole` those alone of which no step is left out."""
    makers = {top: step for step in steps for top in step.tops}
    readers = Counter(blob for step in steps for blob in step.bottoms)
    readers.update(graph.outputs)
    for concat in steps:
        if type(concat.node.layer) is not Concat or len(set(concat.bottoms)) < LEAST:
            continue
        chains = [[*_chain(graph, blob, makers, readers)] for blob in concat.bottoms]
        entries = [[step.bottoms[0] for step in row] for row in zip(*chains, strict=False)]
        if not any(_are_feature_maps(each, readers) for each in entries):
            continue
        found = _alike(graph, concat, chains, functions, said, whole=whole)
        if not found or not _are_feature_maps(found.entries, readers):
            continue
        if graph.input_set.issuperset(found.shared):
            yield found


def tuples(graph: Graph, found: Sequence[Heads]) -> dict[object, Several]:
    """The tuples that several loops go over, each as a step that makes it."""
    features = Counter(each.entries for each in found)
    names = Counter(each._names for each in found if each._names)
    taken = Namespace(blob.name for blob in graph.blobs.values())
    made: dict[object, Several] = {}
    for entries, times in features.items():
        if times > 1:
            display = tree(tuple(map(Placeholder, range(len(entries)))))
            made[entries] = _step(taken.unique(FEATURES), entries, display)
    for keys, times in names.items():
        if times > 1:
            made[keys] = _step(taken.unique(NAMES), (), tree(keys))
    return made


def _step(name: str, bottoms: tuple[Blob, ...], made: Expression) -> Several:
    return Several((Node(name, Silence(), bottoms, (Blob(name, ()),)),), Code(made))


def _chain(
    graph: Graph, blob: Blob, makers: Mapping[Blob, Step], readers: Mapping[Blob, int]
) -> Iterator[Step]:
    """The steps that alone make a blob, the last one first."""
    while blob in makers and readers[blob] == 1:
        step = makers[blob]
        if len(step.tops) != 1 or not _is_plain(graph, step):
            return
        yield step
        if len(step.bottoms) != 1:
            return
        (blob,) = step.bottoms


def _is_plain(graph: Graph, step: Step) -> bool:
    """Whether a loop can say a step: nothing that it does differs from call to call."""
    codes = [each.code for each in single([step])]
    special = any(code.definition or code.state or code.updates for code in codes)
    frozen = graph.phase == "TRAIN" and any(
        graph.frozen(node, blob) for node in step.nodes for blob in node.blobs
    )
    return (
        not special
        and not frozen
        and not any(apart(graph, node) or not all(node.propagate_down) for node in step.nodes)
    )


class _Found:
    """Heads as far as they are known: their last steps, and one row after the other before."""

    def __init__(self, functions: Mapping[Expression, Sequence[Meaning]]) -> None:
        self.rows: list[tuple[Step, ...]] = []
        self.made: Expression = BOTTOM
        self.objects: tuple[Expression, ...] = ()
        self.unifier = Unifier(functions)
        self._learned = False

    def has_another(self, row: Sequence[Step], codes: Sequence[Code]) -> bool:
        """Whether a row of steps would be the second that learns, or that has objects."""
        learns = any(step.code.arrays for step in single(row))
        stored = any(code.init for code in codes)
        alike = len({code.kind for code in codes}) == 1
        return (learns and self._learned) or (stored and (bool(self.objects) or not alike))

    def add(self, row: tuple[Step, ...], codes: Sequence[Code]) -> bool:
        """Put a row of steps before the others. Returns whether one form says all of them."""
        alike = {(len(step.bottoms), step.bottoms[1:], type(step)) for step in row}
        read_once = self.made == BOTTOM or list(parts_of(self.made)).count(BOTTOM) == 1
        before = len(self.unifier.slots)
        try:
            form = self.unifier.form("", [code.forward for code in codes])
        except DifferentError:
            form = None
        if form is None or len(alike) > 1 or not read_once:
            del self.unifier.slots[before:]
            return False
        self.made = filled(self.made, {0: form})
        self.objects = tuple(code.init for code in codes if code.init) or self.objects
        self._learned = self._learned or any(step.code.arrays for step in single(row))
        self.rows.insert(0, row)
        return True

    @property
    def is_worth_a_loop(self) -> bool:
        """Whether something is learned, or made of more than a feature map, as boxes are."""
        return bool(self.rows) and (self._learned or len(self.rows[0][0].bottoms) > 1)


def _alike(
    graph: Graph,
    concat: Step,
    chains: Sequence[Chain],
    functions: Mapping[Expression, Sequence[Meaning]],
    said: Said,
    *,
    whole: bool,
) -> Heads | None:
    """The heads that these chains end in, which are given the last step first."""
    found = _Found(functions)
    for row in zip(*chains, strict=False):
        codes = [code for code in map(said, row) if code]
        if len(codes) < len(row):
            break
        if found.has_another(row, codes):
            if whole:
                return None
            break
        if not found.add(row, codes):
            break
    joined = said(concat)
    if not found.is_worth_a_loop or joined is None or joined.init or joined.forward is None:
        return None
    if not any(_is_all(part, concat) for part in parts_of(joined.forward)):
        return None
    called = (part.name for part in parts_of(found.made) if isinstance(part, Name))
    given = (blob.name for blob in graph.inputs)
    names = Namespace(["head", "x", *called, *given])
    slots, variables = _variables(found.unifier, names)
    made = filled(found.made, slots)
    return Heads(concat, tuple(found.rows), joined.forward, made, variables, found.objects)


def _variables(
    unifier: Unifier, names: Namespace
) -> tuple[dict[int | str, Expression], dict[str, tuple[Expression, ...]]]:
    """What stands in each slot, and the values of the variables that are in these."""
    slots: dict[int | str, Expression] = {}
    known: dict[tuple[Expression, ...], str] = {}
    for slot in unifier.slots:
        values = tuple(value for value in slot.values if value)
        before, behind = "", ""
        texts = [v.value for v in values if isinstance(v, Literal) and isinstance(v.value, str)]
        if slot.meaning == "name" and len(texts) == len(values):
            before, keys, behind = _apart(texts)
            values = tuple(map(Literal, keys))
        if values not in known:
            known[values] = names.unique(_CALLED.get(slot.meaning, slot.meaning) or "size")
        variable = Variable(known[values])
        parts = tuple(part for part in (before, variable, behind) if part)
        slots[slot.key] = Formatted(parts) if len(parts) > 1 else variable
    return slots, {name: values for values, name in known.items()}


_CALLED = {"out_channels": "channels"}
"""What arguments are called in a loop."""


def _apart(names: Sequence[str]) -> tuple[str, list[str], str]:
    """What names begin with, what each has of its own, and what they end with, in whole words."""
    words = [re.findall(r"[^\W_]+|[\W_]+", name) for name in names]
    start = "".join(_common(words))
    end = "".join(_common([each[::-1] for each in words])[::-1])
    keys = [name.removeprefix(start) for name in names]
    if not all(key.endswith(end) and key != end for key in keys):
        end = ""
    return start, [key.removesuffix(end) for key in keys], end


def _common(words: Sequence[Sequence[str]]) -> list[str]:
    """The words that all begin with."""
    alike = takewhile(lambda each: len(set(each)) == 1, zip(*words, strict=False))
    return [word for word, *_ in alike]


def _is_all(part: Expression, concat: Step) -> bool:
    """Whether an expression is the list of all that is joined."""
    places = tuple(map(Placeholder, range(len(concat.bottoms))))
    return isinstance(part, Display) and part.items == places


def _are_feature_maps(entries: Sequence[Blob], readers: Mapping[Blob, int]) -> bool:
    """Whether these are several values, each of which others read too."""
    return len(set(entries)) >= LEAST and all(readers[blob] > 1 for blob in entries)


def overlapping(found: Heads, blocks: Collection[Sequence[Node[Any]]]) -> bool:
    """Whether a block has some layers of a head, and others too."""
    heads = [{n for step in head for n in step.nodes} for head in zip(*found.rows, strict=True)]
    return any(
        found.nodes.intersection(nodes) and not any(head.issuperset(nodes) for head in heads)
        for nodes in blocks
    )
