"""Units that the outline found, as methods of the printed class that blocks and setup call.

A method gets what its layers are named from. What else differs it passes on to the layer that it
begins with: `def conv_bn_relu(self, name: str, *sizes: int, **options: Any)`.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from inspect import isfunction
from itertools import starmap
from typing import Any

from proto2net.backends.naming import GIVEN, Related, joined, related
from proto2net.backends.network.calls import (
    NAMES,
    Call,
    Calls,
    Nodes,
    Part,
    Signature,
    Word,
    expression,
    signature,
    spoken,
)
from proto2net.backends.network.chains import Link, returned
from proto2net.backends.network.forms import Style
from proto2net.backends.parameters import Argument, parameters
from proto2net.backends.source import INDENT, WIDTH, Namespace
from proto2net.backends.statements import Function, Parameter
from proto2net.backends.tree import Call as Called
from proto2net.backends.tree import Expression, Literal, Name, Star, Variable
from proto2net.backends.unify import DifferentError, Slot, Unifier
from proto2net.builder import Network
from proto2net.frozen import dataclass
from proto2net.graph import Graph, Node
from proto2net.layers import Filler
from proto2net.outline.units import LEAST, Unit, units, words
from proto2net.text import plain

PARTS = ("block", GIVEN)
"""What the parts are called that the names of a unit's layers are made of; mostly there is one."""

SIZES, OPTIONS = "sizes", "options"
"""What is passed on."""

MOST = 3
"""Parameters that a unit has at most, beside its names and what it passes on."""

MEANINGS = {
    "c_o": "out_channels",
    "num_out": "out_channels",
    "num_output": "out_channels",
    "k_h": "kernel",
    "k_w": "kernel",
    "s_h": "stride",
    "s_w": "stride",
}
"""What arguments of the builder are called as parameters of a method."""

DEFAULTS = {"stride": Literal(1), "padding": Literal(0)}
"""What parameters of a method are unless they are given, where that is not as in the builder."""


def worded(slots: Sequence[Slot]) -> list[Slot]:
    """The slots with words for a method's parameters in the place of the builder's."""
    found = []
    for slot in slots:
        meaning = MEANINGS.get(slot.meaning, slot.meaning)
        padded = slot.default == Literal("SAME") and slot.default not in slot.values
        default = DEFAULTS.get(meaning) if padded or not slot.default else slot.default
        found.append(dataclasses.replace(slot, meaning=meaning, default=default))
    return found


def positions(more: Mapping[str, Signature]) -> dict[Expression, Sequence[str]]:
    """What positional arguments of the builder's methods, and of more, are called in a method."""
    own = {name: signature(name) for name in dir(Network) if isfunction(getattr(Network, name))}
    return {
        Name(name): [MEANINGS.get(each, each) for each in found.positional]
        for name, found in {**own, **more}.items()
    }


@dataclass(frozen=True)
class UnitCall(Call):
    """The call of a unit's method."""

    first: Call
    """The call to which it passes on what it gets."""
    parts: tuple[Part, ...]
    """What its names are made of."""
    takes: Signature

    @property
    def signature(self) -> Signature:
        return self.takes

    def said(self, word: Word = spoken) -> Called:
        call = super().said(word)
        arguments = (*map(word, self.parts), *call.arguments)
        return dataclasses.replace(call, arguments=arguments)

    def padded(self, calls: Calls) -> Call:
        padding = self.first.padded(calls).options.get("padding")
        known = {} if padding is None else {"padding": padding}
        return dataclasses.replace(self, options={**known, **self.options, **known})


@dataclass(frozen=True)
class UnitMethod:
    """The definition of a unit, and the call in the place of each."""

    definition: Function
    calls: Mapping[Unit, UnitCall]


class UnitCalls:
    """The calls that make layers of a graph, with those of some units."""

    def __init__(self, calls: Calls, methods: Sequence[UnitMethod] = ()) -> None:
        self.plain = calls
        self.methods = methods
        self._units: dict[Node[Any], list[UnitCall]] = {}
        for method in methods:
            for unit, call in method.calls.items():
                self._units.setdefault(unit[0], []).append(call)

    @property
    def signatures(self) -> dict[str, Signature]:
        """What the methods of units take."""
        calls = (next(iter(method.calls.values())) for method in self.methods)
        return {call.method: call.signature for call in calls}

    def __call__(self, nodes: Nodes) -> list[Call]:
        """The calls that make these layers, in order."""
        found: list[Call] = []
        done = 0
        while done < len(nodes):
            units = self._units.get(nodes[done], ())
            here = (unit for unit in units if nodes[done : done + len(unit.nodes)] == unit.nodes)
            found.append(next(here, None) or self.plain.first(nodes[done:]))
            done += len(found[-1].nodes)
        return found


def unit_methods(graph: Graph, calls: Calls, result: str) -> Iterator[UnitMethod]:
    """Methods for units of the graph, which may overlap; each returns a `result`."""
    for alike in units(graph):
        groups: dict[Any, list[_Use]] = {}
        for unit in alike:
            use = _Use.of(calls(unit))
            if use:
                groups.setdefault(use.form, []).append(use)
        for uses in groups.values():
            if len(uses) < LEAST:
                continue
            try:
                yield _Form(uses, calls.style).method(result)
            except DifferentError:
                continue


@dataclass(frozen=True)
class _Use:
    """A unit, the calls that make its layers, and how their names are related."""

    calls: tuple[Call, ...]
    names: tuple[str, ...]
    related: Related

    @classmethod
    def of(cls, calls: Sequence[Call]) -> _Use | None:
        names = sorted(dict.fromkeys(name for call in calls for name in call.names), key=len)
        found = related(names)
        return cls(tuple(calls), tuple(names), found) if found else None

    @property
    def form(self) -> tuple[Any, ...]:
        """What uses of one method have in common: methods, and the names that they are given."""
        said = tuple(
            (call.method, *filter(None, starmap(self._names, call.options.items())))
            for call in self.calls
        )
        return said, self.related.forms

    def _names(self, option: str, value: Any) -> tuple[Any, ...]:
        """An option with numbers for names; empty if it has none."""
        if option not in NAMES:
            return ()
        if isinstance(value, bool):
            return option, value
        return option, *(self.names.index(name) for name in _several(value))

    @property
    def unit(self) -> Unit:
        """Its layers."""
        return tuple(node for call in self.calls for node in call.nodes)

    @property
    def parts(self) -> list[Part]:
        """What the names are made of."""
        return [Part(self.names[0], part) for part in self.related.parts]


def _known(said: Mapping[str, Expression], name: str | Part) -> Expression:
    return said[str(name)]


def _several(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


class _Form:
    """The calls of all uses of a unit in one form. Raises DifferentError if there is none."""

    def __init__(self, uses: Sequence[_Use], style: Style) -> None:
        self._uses = uses
        self._style = style
        self._first = [use.calls[0] for use in uses]
        self._unifier = Unifier(positions({}))
        self._said_parts = self._differing_parts()
        self._passed: list[str] = []
        rows = [call.said(word) for call, word in zip(self._first, self._words, strict=True)]
        self._sizes, arguments = self._arguments(rows)
        keywords = list(self._keywords(rows))
        self._begin = Called(rows[0].function, arguments, tuple(keywords))
        self._others = [self._other(place) for place in range(1, len(uses[0].calls))]

    def _differing_parts(self) -> list[int]:
        """The parts of the names that differ from use to use."""
        texts = zip(*([part.text for part in use.parts] for use in self._uses), strict=True)
        found = [place for place, each in enumerate(texts) if len(set(each)) > 1]
        if not 0 < len(found) <= len(PARTS):
            raise DifferentError
        return found

    @property
    def _parameters(self) -> dict[int, Variable]:
        """The variables of these parts."""
        names = PARTS[-len(self._said_parts) :]
        return dict(zip(self._said_parts, map(Variable, names), strict=True))

    @property
    def _words(self) -> Iterator[Word]:
        """How the names of each use are said in the method, which is the same for all."""
        known = self._parameters
        for use in self._uses:
            texts = [part.text for part in use.parts]
            said = {
                name: joined(
                    each if isinstance(each, str) else known.get(each) or texts[each]
                    for each in form
                )
                for name, form in zip(use.names, use.related.forms, strict=True)
            }
            yield partial(_known, said)

    def _arguments(self, rows: Sequence[Called]) -> tuple[bool, tuple[Expression, ...]]:
        """The first call's arguments, and whether they are passed on."""
        found = [row.arguments for row in rows]
        if all(each == found[0] for each in found):
            return False, found[0]
        values = [value for call in self._first for value in call.arguments]
        if all(type(value) is int for value in values):
            return True, (Star("*", Variable(SIZES)),)
        form = self._unifier.form("", [Called(row.function, row.arguments) for row in rows])
        return False, form.arguments if isinstance(form, Called) else ()

    def _keywords(self, rows: Sequence[Called]) -> Iterator[tuple[str, Expression]]:
        """The first call's keywords; those that differ are passed on."""
        said = [dict(row.keywords) for row in rows]
        for name, _ in rows[0].options:
            values = [row.get(name) for row in said]
            form = values[0]
            if any(value != form for value in values):
                form = self._filler(name, values)
                if form is None:
                    self._passed.append(name)
            if form:
                yield name, form
        if self._passed:
            yield "**", Variable(OPTIONS)

    def _filler(self, name: str, values: Sequence[Expression | None]) -> Expression | None:
        """The form of fillers of one type, of which only numbers differ; None if it is none."""
        usual = self._style._asdict().get(name)
        if not isinstance(usual, Filler):
            return None
        before = len(self._unifier.slots)
        try:
            return self._unifier.form("", [value or expression(usual) for value in values])
        except DifferentError:
            del self._unifier.slots[before:]
            return None

    def _other(self, place: int) -> Link:
        """The link of a later call."""
        rows = zip(self._uses, self._words, strict=True)
        calls = [use.calls[place].said(word) for use, word in rows]
        form = self._unifier.form("", calls)
        assert isinstance(form, Called)  # noqa: S101  # the form of calls is one
        call = self._uses[0].calls[place]
        return Link(form, (), False, call.nodes[0], call.signature)

    def method(self, result: str) -> UnitMethod:
        """The method. Raises DifferentError if it has too many parameters."""
        wanted = "_".join(words(self._uses[0].unit)).lower()
        title = Namespace(dir(Network)).name(wanted, "unit")
        slots = worded(self._unifier.slots)
        taken = ["self", *PARTS, SIZES, OPTIONS, *self._passed]
        found = parameters(slots, (), (), taken)
        if found is None or len(found.arguments) > MOST or not all(each.meaning for each in slots):
            raise DifferentError
        own = [_usual(argument) for argument in found.arguments]
        base = self._first[0].signature
        said = base._replace(strides=base.strides and not self._sizes)
        begin = Link(self._begin, (), False, self._first[0].nodes[0], said)
        body = returned([link.filled(found.slots) for link in (begin, *self._others)], 2)
        doc = [_doc(self._uses)]
        definition = Function(title, self._declared(own), Literal(result), body, doc)
        takes = self._takes(own)
        calls = (self._call(title, index, own, takes) for index, _ in enumerate(self._uses))
        return UnitMethod(definition, {call.nodes: call for call in calls})

    def _declared(self, own: Sequence[Argument]) -> list[Parameter]:
        """The method's parameters."""
        return [
            Parameter("self"),
            *(Parameter(each.name, Name("str")) for each in self._parameters.values()),
            *[Parameter(f"*{SIZES}", Name("int"))] * self._sizes,
            *(Parameter(each.name, each.type, each.default) for each in own),
            *[Parameter(f"**{OPTIONS}", Name("Any"))] * bool(self._passed),
        ]

    def _takes(self, own: Sequence[Argument]) -> Signature:
        """What the method takes, as blocks that call it have to know."""
        base = self._first[0].signature
        passed = [option for option in base.options if option[0] in self._passed]
        return Signature(
            ("",) * len(self._parameters) + base.positional * self._sizes,
            (*passed, *((each.name, each.default) for each in own)),
            base.strides and self._sizes,
        )

    def _call(self, title: str, index: int, own: Sequence[Argument], takes: Signature) -> UnitCall:
        """The call in the place of a use."""
        use, first = self._uses[index], self._first[index]
        passed = {name: first.options[name] for name in self._passed if name in first.options}
        given = {each.name: each.values[index] for each in own}
        differing = {
            each.name: given[each.name] for each in own if given[each.name] != each.default
        }
        return UnitCall(
            title,
            first.arguments if self._sizes else (),
            {**passed, **differing},
            use.unit,
            first,
            tuple(use.parts[place] for place in self._said_parts),
            takes,
        )


def _usual(argument: Argument) -> Argument:
    """The argument with its most common value as default."""
    ((usual, _),) = Counter(argument.values).most_common(1)
    return dataclasses.replace(argument, default=usual)


def _doc(uses: Sequence[_Use]) -> str:
    """What the docstring says on a line: the layers, and how often they are there."""
    *types, last = [plain(node.layer.type) for node in uses[0].unit]
    often = f"{len(uses)} times in the definition."
    said = f"{', '.join(types)} and {last}, {often}"
    return f'"""{said if len(said) <= _DOC else often}"""'


_DOC = WIDTH - len(2 * INDENT + '""""""')
