"""The file that trains a network as a solver says, apart from what a framework says its own way.

It has what one would change: the optimizer, the learning rate of each iteration, and the step.
What `proto2net.training` does around these is the same for all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple

from proto2net.backends.base import Backend, Emitted
from proto2net.backends.file import grouped
from proto2net.backends.helpers import names_used
from proto2net.backends.source import literal
from proto2net.backends.statements import Assignment, lines_of
from proto2net.backends.tree import Call, Display, Expression, Pair, tree
from proto2net.frozen import dataclass
from proto2net.graph import Graph
from proto2net.solver import Solver
from proto2net.text import plain
from proto2net.version import VERSION

Multipliers = tuple[float, float]
"""Of the learning rate and of the decay."""

SAME: Multipliers = (1.0, 1.0)


class Trained(NamedTuple):
    """What is trained: the module and the name of the network in it, and what it is made of."""

    module: str
    entry: str
    graph: Graph
    emitted: Emitted


@dataclass(frozen=True)
class TrainingFile:
    """A file for a solver and its network: imports, helpers, and what one would change."""

    backend: Backend
    solver: Solver
    trained: Trained
    file: str
    """The solver, as the file names it."""

    imports: ClassVar[Mapping[str, str]]
    """What the file may import, by the name that code uses, in order."""
    separator: ClassVar[str]
    """What stands before the last part of a parameter's name."""

    def source(self) -> str:
        """The whole file; it is not run by itself where its network has no module."""
        named = bool(self.trained.module)
        given = ", ".join(map(literal, (self.file, self.backend.name)))
        main = [
            'if __name__ == "__main__":',
            f"    main(sys.modules[__name__], {self.trained.entry}, {given})",
        ]
        made = self.optimizer()
        texts = [self.rate(), self.made(made), self.step(), *(["\n".join(main)] * named)]
        parts = [text for text in texts if text]
        used = names_used("\n".join(parts))
        helpers = self.backend.helpers.pruned(used, [made, *self.bases()], {})
        used = used.union(*map(names_used, helpers.values()))
        imports = _merged(line for name, line in self.imports.items() if name in used)
        network = ["", f"from {self.trained.module} import {self.trained.entry}"] * named
        head = [*self._docstring(), "", *grouped(imports), *network]
        return "\n\n\n".join(["\n".join([*head, *self._table()]), *helpers.values(), *parts]) + "\n"

    def _docstring(self) -> list[str]:
        name = plain(self.trained.graph.name) or "A network"
        return [
            f'"""Trains {name} as {plain(self.file)} says; written by proto2net {VERSION}.',
            "",
            "It reads and writes Caffe's files: see --help.",
            '"""',
        ]

    # ---- multipliers ---------------------------------------------------------------------------

    @property
    def multipliers(self) -> dict[str, Multipliers]:
        """The multipliers of each kind of parameters, and of each one that differs from its kind.

        It is empty where all are 1.
        """
        graph, found = self.trained.graph, {}
        for name, array in self.trained.emitted.arrays.items():
            node, blob = array.sources[0]
            multipliers = graph.multipliers(node, blob)
            if multipliers[0] and blob not in node.layer.statistics:
                found[name] = multipliers
        kinds: dict[str, Counter[Multipliers]] = {}
        for name, each in found.items():
            kinds.setdefault(self._kind(name), Counter())[each] += 1
        table = {kind: each.most_common(1)[0][0] for kind, each in kinds.items()}
        table |= {name: each for name, each in found.items() if each != table[self._kind(name)]}
        return table if set(table.values()) - {SAME} else {}

    def _kind(self, name: str) -> str:
        """The end of a parameter's name, such as .bias, which no name is itself."""
        _, separator, last = name.rpartition(self.separator)
        return separator + last

    def _table(self) -> list[str]:
        table = self.multipliers
        if not table:
            return []
        pairs = (Pair(tree(name), tree(tuple(map(number, each)))) for name, each in table.items())
        shown = Assignment(("MULTIPLIERS",), Display("{}", tuple(pairs)))
        doc = (
            '"""Multipliers of learning rate and decay, by a parameter\'s name or the end of it."""'
        )
        return ["", *lines_of([shown], 0), doc]

    # ---- what frameworks say their own way -----------------------------------------------------

    def optimizer(self) -> Call:
        """The call that makes the optimizer."""
        raise NotImplementedError

    def bases(self) -> list[Expression]:
        """What classes of the file inherit from."""
        return []

    def made(self, optimizer: Call) -> str:
        """The function that makes the optimizer of a network."""
        raise NotImplementedError

    def rate(self) -> str:
        """What gives the learning rate of an iteration."""
        raise NotImplementedError

    def step(self) -> str:
        """The function of one iteration."""
        raise NotImplementedError


def _merged(imports: Iterable[str]) -> list[str]:
    """Import lines, with one for what comes from the same module."""
    found: dict[str, list[str]] = {}
    for line in imports:
        module, _, name = line.partition(" import ")
        found.setdefault(module, []).append(name)
    return [f"{m} import {', '.join(names)}" if any(names) else m for m, names in found.items()]


def rate_lines(solver: Solver, *, floor: str, exp: str, count: str, at: str) -> Sequence[str]:
    """Lines that return the learning rate of an `iteration`.

    A target says how it divides with `floor`, its `exp`, how it has the `count` of `steps` that
    are reached, and which of the `rates` is the one `at` a count.
    """
    s, base, gamma = solver, number(solver.base_lr), number(solver.gamma)
    match s.lr_policy:
        case "step":
            return [f"return {base} * {gamma} ** {floor.format(s.stepsize)}"]
        case "exp":
            return [f"return {base} * {gamma} ** iteration"]
        case "inv":
            return [f"return {base} * (1 + {gamma} * iteration) ** {number(-s.power)}"]
        case "multistep":
            return [f"steps = {s.steps}", f"passed = {count}", f"return {base} * {gamma} ** passed"]
        case "multifixed":
            steps = [last + 1 for last in s.stageiter[:-1]]
            rates = [number(rate) for rate in s.stagelr]
            lines = [f"steps = {steps}", f"passed = {count}", f"rates = {rates}"]
            return [*lines, f"return {at.format('passed')}"]
        case "poly":
            return [f"return {base} * (1 - iteration / {s.max_iter}) ** {number(s.power)}"]
        case "sigmoid":
            return [f"return {base} / (1 + {exp}({number(-s.gamma)} * (iteration - {s.stepsize})))"]
    return [f"return {base}"]


def number(value: float) -> float | int:
    """A whole number without its fraction."""
    return int(value) if value == int(value) and abs(value) < 1e9 else value
