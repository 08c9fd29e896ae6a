"""From whatever holds a definition to the definition: a text, its file, a .caffemodel, a solver."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

from proto2net import limits, mistaken, plain
from proto2net.caffe import dialects, importer, prototxt, schema
from proto2net.caffe.phase import State, left_out, select
from proto2net.caffe.schema import Message
from proto2net.caffe.upgrade import upgrade
from proto2net.errors import Issue, Location, ParseError, Proto2NetError
from proto2net.frozen import dataclass
from proto2net.layers import plugins
from proto2net.model import HEAD, format_of


@dataclass(frozen=True)
class Definition:
    """A definition in the current format, and what reading and upgrading it had to do."""

    net: Message
    file: str
    """What messages call the file that it stands in."""
    state: State
    notes: list[str]
    held: tuple[tuple[Issue, ...], ...] = ()
    """What is wrong with parameters of layers, which say in PROBLEMS which of these is theirs."""
    problems: tuple[Issue, ...] = ()
    """What is wrong beside: then this is what could be read of it, in whatever format."""
    old: bool = False
    """Whether it is of the format V0 or V1, whose Caffe had four axes in every blob."""

    @property
    def layers(self) -> list[Message]:
        """The layers that stay in the state."""
        return select(self.net, *self.state, file=self.file)

    @property
    def left_out(self) -> dict[str, str]:
        """For each blob that only layers make which do not stay, how to get it."""
        return left_out(self.net, *self.state)


def is_text(net: str | Path) -> bool:
    """Whether this is a definition itself, and not the path of one."""
    return isinstance(net, str) and ("\n" in net or "{" in net)


def read(
    net: str | Path,
    file: str,
    state: State,
    *,
    ignore_unknown_fields: bool = False,
    holes: Collection[str] = (),
    define: Mapping[str, object] | None = None,
) -> Definition:
    """The definition in a text or at a path, which messages call `file`.

    `define` has values of what is to be filled in. What is wrong with a layer's parameters alone is
    held, since the layer may be left out.
    """
    plugins.load()
    schema.refresh()  # it grows with the types that others declare
    values: dict[str, str] = {}
    if define:
        from proto2net.caffe import templates  # which most files are not

        values = templates.checked(define)
    reader = _Reader(ignore_unknown_fields, holes, values)
    found = reader.read(net, file, state)
    if found.problems:
        typed = [layer for layer in found.layers if layer.type not in ("", *dialects.RENAMED)]
        unknown = importer.unknown_types(typed, found.file, holes)
        raise ParseError(prototxt.by_line([*chain(*found.held), *found.problems, *unknown]))
    return found


def check_is_whole(found: Definition, given: Collection[str]) -> None:
    """Raise NoNetwork for a part of a network: none of its layers makes what the first ones read.

    What is `given` from outside may be missing.
    """
    if any(not layer.bottom and layer.type != "Parameter" for layer in found.net.layer):
        return
    made = set(given)
    for layer in found.net.layer:
        missing = [name for name in layer.bottom if name not in made]
        if missing:
            raise prototxt.NoNetwork([_part(missing[0], layer, found.file)])
        made.update(layer.top)


def _part(missing: str, layer: Message, file: str) -> Issue:
    what = f'this is a part of a network: no layer makes "{missing}", and none is an input'
    hint = f"give the shape of what enters it: --input {missing}=N,C,H,W"
    return Issue(what, hint, Location(file, getattr(layer, schema.LINE)))


def check_is_none_else(head: bytes, file: str) -> None:
    """Raise NoNetwork if a file that begins so is known to be something else."""
    hint = "give the prototxt of the network"
    if issue := mistaken.mistaken(head, file, "network", hint):
        raise prototxt.NoNetwork([issue])


@dataclass(frozen=True)
class _Reader:
    """Reads definitions, in all of which the same is passed over."""

    ignore_unknown_fields: bool
    holes: Collection[str]
    values: Mapping[str, str]

    def read(self, net: str | Path, file: str, state: State) -> Definition:
        """The definition in a text or at a path; a solver is followed to its network."""
        found = self._text_or_definition(net, file, state)
        if isinstance(found, Definition):
            self._check_all_used(set(), file)
            return found
        text, names = self._filled(found)
        try:
            return self._parsed(text, names, file, state)
        except prototxt.Solver:
            return self._followed(text, names, file, state)

    def _text_or_definition(self, net: str | Path, file: str, state: State) -> str | Definition:
        """The text, or what a .caffemodel has instead."""
        if is_text(net):
            check_is_none_else(str(net)[:HEAD].encode(errors="replace"), file)
            return str(net)
        if plain.is_special(net):
            hint = "- is standard input, and <(command) what a command prints"
            raise Proto2NetError(f"{net}: {plain.SPECIAL}", hint)
        try:
            with open(net, "rb") as stream:
                head = stream.read(HEAD)
                check_is_none_else(head, file)
                if format_of(head):
                    from proto2net.caffe import caffemodel  # which most files are not

                    carried = caffemodel.definition(net, file)
                    own = f"{file}: this is a .caffemodel; the definition that it carries is taken"
                    notes = [own, *carried.notes]
                    return Definition(carried.message, file, state, notes, carried.held)
                content = head + stream.read(limits.TEXT_BYTES)
        except OSError as error:
            raise Proto2NetError(f"{net}: {error.strerror}") from None
        except ValueError as error:  # a NUL in it
            raise Proto2NetError(f"{net}: {error}") from None
        if len(content) > limits.TEXT_BYTES:
            raise ParseError([prototxt.too_long(file)])
        text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", errors="replace")
        return text.read()

    def _filled(self, text: str) -> tuple[str, set[str]]:
        """The text with the values, and the names that it has, if there are values."""
        if not self.values:
            return text, set()
        from proto2net.caffe import templates

        return templates.filled(text, self.values)

    def _check_all_used(self, names: set[str], file: str) -> None:
        """Refuse values for names that are nowhere to be filled in."""
        if not self.values:
            return
        from proto2net.caffe import templates

        if issues := templates.unknown(self.values, names, file):
            raise ParseError(issues)

    def _parsed(self, text: str, names: set[str], file: str, state: State) -> Definition:
        """The definition in a text that had these names to be filled in."""
        if issue := mistaken.conflict(text, file):
            raise ParseError([issue])
        found = prototxt.parse(
            text, file, ignore_unknown_fields=self.ignore_unknown_fields, holes=self.holes
        )
        self._check_all_used(names, file)
        net, problems = found.message, found.problems
        if problems:
            return Definition(net, file, state, [], found.held, problems)
        old = bool(net.layers)
        try:
            notes = found.notes + upgrade(net, file)
        except ParseError as error:
            raise ParseError(prototxt.by_line([*error.issues, *chain(*found.held)])) from None
        left = {getattr(layer, schema.PROBLEMS) for layer in net.layer}
        lost = (issues for number, issues in enumerate(found.held, 1) if number not in left)
        return Definition(net, file, state, notes, found.held, tuple(chain(*lost)), old)

    def _followed(self, text: str, names: set[str], file: str, state: State) -> Definition:
        """The network of a solver, in the state that this adds to."""
        from proto2net.caffe import solver  # which most files are not

        found = solver.follow(text, file, state)
        if not isinstance(found.net, Path):
            self._check_all_used(names, file)
            notes = [*found.notes, *upgrade(found.net, file)]
            return Definition(found.net, file, found.state, notes)
        path = str(found.net)
        inner = self._text_or_definition(found.net, path, found.state)
        if not isinstance(inner, Definition):
            text, more = self._filled(inner)
            inner = self._parsed(text, names | more, path, found.state)
        return replace(inner, notes=[*found.notes, *inner.notes])
