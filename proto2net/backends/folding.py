"""The steps of a file with one in the place of each block, and the definitions of these."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from proto2net.backends.base import Step
from proto2net.backends.blocks import Block, Composite, composite, folded
from proto2net.backends.forming import blocks
from proto2net.backends.heads import Heads, heads, overlapping, tuples
from proto2net.backends.rows import numbered, runs
from proto2net.backends.scope import Scope
from proto2net.backends.statements import Statement, lines_of
from proto2net.backends.tree import Call, Expression, Name
from proto2net.backends.unify import Meaning
from proto2net.backends.units import LEAST_PLACES, unit_blocks
from proto2net.graph import Node
from proto2net.outline import Part, Region, Stage, outline
from proto2net.outline.units import is_product

if TYPE_CHECKING:
    from proto2net.backends.file import SourceFile
    from proto2net.backends.source import Namespace

LEAST_SAVED = 8
"""Lines that units must save: for fewer they would not be worth another class."""


class Folding:
    """What is made of a file's steps: definitions by their titles, and the steps that use them."""

    def __init__(
        self, file: SourceFile[Any], steps: Sequence[Step], taken: Collection[str], names: Namespace
    ) -> None:
        """`taken` are names that no variable has, and `names` gives titles."""
        self.steps = list(steps)
        self.definitions: dict[str, Statement] = {}
        self.scopes: list[Scope] = []
        """Those of the definitions."""
        self._file = file
        self._taken = taken
        self._names = deepcopy(names)
        self._functions: dict[Expression, Sequence[Meaning]] = dict(file.functions)

    @property
    def taken(self) -> set[str]:
        """The names that no variable has, with those of the definitions."""
        return {*self._taken, *self.definitions}

    @property
    def size(self) -> int:
        """How many lines the definitions and the network take."""
        scope: Scope = self._file.scoped(self.steps, self.taken)
        return len(lines_of([*self.definitions.values()], 0)) + scope.size()

    @property
    def products(self) -> int:
        """How many convolutions and other products the definitions and the network have."""
        written = [self.steps, *(scope.steps for scope in self.scopes)]
        return sum(
            is_product(step.node)
            for steps in written
            for step in steps
            if not isinstance(step, Composite)
        )

    def fold(self, parts: Sequence[Part], *, units: bool = False) -> None:
        """Put steps in the place of blocks; with `units` those of units too, if there are any."""
        stages = [part for part in parts if isinstance(part, Stage)]
        rows = (part.regions if isinstance(part, Stage) else (part,) for part in parts)
        regions = [part for row in rows for part in row if isinstance(part, Region)]
        regions = [region for region in regions if self._file.says_names(region)]
        looped = self._loop_heads([[n for n in r.nodes if n] for r in regions], whole=True)
        regions = [region for region in regions if looped.isdisjoint(region.nodes)]
        if units:
            whole = self._fold_units(regions)
            if not whole:
                return
            regions = [region for region in regions if region.nodes not in whole]
        found: dict[Region, Composite] = {}
        for block in blocks(regions, self.steps, self._functions):
            title = self._names.unique(self._file.named(block.kind))
            definition, scope = self._definition(title, block)
            if not self._saves_lines(block, definition):
                continue
            objects = self._define(title, definition, scope)
            self._functions[Name(title)] = self._positional(title, block)
            for index, use in enumerate(block.uses):
                code = self._file.use(title, block, index)
                found[use.region] = use.composite(code, objects)
        self.steps = folded(folded(self.steps, found.values()), self._staged(stages, found))
        self._loop_heads()

    def _positional(self, title: str, block: Block) -> list[str]:
        """What the positional arguments of a block's definition are called."""
        names = [each.name for each in block.arguments if not each.default]
        called = self._file.use(title, block, 0).init is None
        return [""] * called + names  # what is called gets its value too

    def _loop_heads(
        self, blocks: Collection[Sequence[Node[Any]]] = (), *, whole: bool = False
    ) -> set[Node[Any]]:
        """Put a step in the place of heads alike, as far as that saves lines. Returns their layers.

        They have no layers of these `blocks`, unless a head has all of one.
        """
        file, graph = self._file, self._file.graph
        if not file.loops_heads:
            return set()
        said = heads(graph, self.steps, self._functions, file.in_loop, whole=whole)
        found = [each for each in said if not overlapping(each, blocks)]
        if whole and not any(each.objects for each in found):
            return set()  # those of no object are not better off without a block
        lists = tuples(graph, found)
        known = {key: step.tops[0] for key, step in lists.items()}
        loops = {each.concat.nodes: each.looped(file.kept, known) for each in found}
        shorter = [each for each in found if self._shorter(each, loops[each.concat.nodes])]
        if len(shorter) < len(found):
            lists = tuples(graph, shorter)
            known = {key: step.tops[0] for key, step in lists.items()}
        self.steps = folded(self.steps, [each.looped(file.kept, known) for each in shorter])
        for step in lists.values():
            first = next(i for i, s in enumerate(self.steps) if step.tops[0] in s.bottoms)
            self.steps.insert(first, step)
        return {node for each in shorter for node in each.nodes}

    def _shorter(self, found: Heads, loop: Composite) -> bool:
        """Whether a loop over heads saves lines, with one for what it goes over."""
        return self._size_of([loop]) + 1 < self._size_of(found.steps)

    def _size_of(self, steps: Sequence[Step]) -> int:
        """How many lines these steps take, which read what is there."""
        scope: Scope = self._file.scoped(steps, self.taken)
        made = {top for step in steps for top in step.tops}
        for blob in dict.fromkeys(blob for step in steps for blob in step.bottoms):
            if blob not in made:
                scope.define(blob)
        return len(lines_of([*scope.made(), *scope.statements()], scope.indent))

    def _define(self, title: str, definition: Statement, scope: Scope) -> list[str]:
        """Keep a definition and its scope. Returns the names of its steps' objects."""
        self.definitions[title] = definition
        self.scopes.append(scope)
        return [scope.objects.get(step.node, "") for step in scope.steps]

    def _definition(self, title: str, block: Block) -> tuple[Statement, Scope]:
        """The definition of a block, and its scope."""
        worded = block.in_words(self._file.own)
        scope: Scope = self._file.scoped(worded.steps, self.taken, worded)
        return self._file.block(title, worded, scope), scope

    def _saves_lines(self, block: Block, definition: Statement) -> bool:
        """Whether a file is shorter with the definition of a block than without."""
        alike = Counter(len(use.steps) for use in block.uses)
        alone = {len(use.steps): block.alone(use) for use in block.uses}
        flat = sum(self._size_alone(one) * alike[size] for size, one in alone.items())
        return len(definition.lines(0)) + self._file.lines_of_use * len(block.uses) < flat

    def _size_alone(self, block: Block) -> int:
        """How many lines the steps of a block take without a definition."""
        scope: Scope = self._file.scoped(block.steps, self.taken, block)
        return scope.size()

    def _fold_units(self, regions: Iterable[Region]) -> set[tuple[Node[Any], ...]]:
        """Put steps in the place of units that may save lines. Returns the layers of each."""
        places = {n: (r.kind.title, place) for r in regions for place, n in enumerate(r.nodes) if n}
        used: set[Node[Any]] = set()
        found: dict[tuple[Node[Any], ...], Composite] = {}
        for block in unit_blocks(self._file.graph, self.steps, self._functions, places, used):
            firsts = ((use.steps[0].node, use) for use in block.uses)
            written = {places.get(node, node): block.alone(use) for node, use in firsts}
            flat = sum(map(self._size_alone, written.values()))
            title = self._file.named(block.kind)
            definition, _ = self._definition(title, block)
            if len(definition.lines(0)) + self._file.lines_of_use * len(written) < flat:
                for nodes, step in self._defined_unit(self._names.unique(title), block):
                    found[nodes] = step
                    used.update(nodes)
        self.steps = folded(self.steps, found.values())
        return set(found)

    def _defined_unit(
        self, title: str, block: Block
    ) -> Iterator[tuple[tuple[Node[Any], ...], Composite]]:
        """The layers of each use of a unit, and the step in their place."""
        objects = self._define(title, *self._definition(title, block))
        options = tuple((each.name, each.default) for each in block.arguments if each.default)
        self._functions[Name(title)] = self._positional(title, block)
        for index, use in enumerate(block.uses):
            code = self._file.use(title, block, index)
            if isinstance(code.init, Call):  # blocks know what a call leaves out
                init = dataclasses.replace(code.init, options=options)
                code = dataclasses.replace(code, init=init)
            nodes = tuple(node for step in use.steps for node in step.nodes)
            yield nodes, use.composite(code, objects)

    def _staged(
        self, stages: Iterable[Stage], found: Mapping[Region, Composite]
    ) -> Iterator[Composite]:
        """Steps in the place of blocks in a row, where the target has a way to say these."""
        for stage in stages:
            row = [found[region] for region in stage.regions if region in found]
            if len(row) < len(stage.regions):
                continue
            code = self._file.stage([each.code for each in row])
            if code:
                yield composite(stage.name, code, row, numbered(row))
                continue
            for start, end in runs([each.code for each in row]):
                part = row[start:end]
                name = f"{part[0].name}_to_{stage.regions[end - 1].key}"
                code = self._file.stage([each.code for each in part])
                if code:
                    yield composite(name, code, part, numbered(part))


def folding(
    file: SourceFile[Any], steps: Sequence[Step], taken: Collection[str], names: Namespace
) -> Folding:
    """The steps folded, with units where the target has a way to say these and they save lines."""
    parts = outline(file.graph).parts
    plain = Folding(file, steps, taken, names)
    plain.fold(parts)
    if not file.folds_units or plain.products < LEAST_PLACES:
        return plain
    other = Folding(file, steps, taken, names)
    other.fold(parts, units=True)
    return other if other.definitions and plain.size - other.size >= LEAST_SAVED else plain
