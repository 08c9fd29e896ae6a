"""Helpers without what a file cannot reach, which is known from how the file calls them.

A parameter with a default that no call passes, or for which all other helpers pass the same
constant, becomes that constant. What this decides is left out, and so is what is then read by
nobody.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from proto2net.backends.pruning.bodies import (
    attribute_constants,
    documented,
    functions,
    is_constant,
    settled,
    with_functions,
    without_arguments,
    without_methods,
    without_parameter,
    without_useless_init,
)
from proto2net.backends.pruning.calls import (
    Signature,
    Use,
    bases_of,
    function_of,
    inner_uses,
    is_super,
    uses_in,
)
from proto2net.backends.pruning.lines import Source
from proto2net.backends.pruning.trees import with_constants, with_fields
from proto2net.backends.pruning.unread import loads, stores, without_unread

__all__ = ["Use", "pruned", "uses_in"]


def pruned(
    sources: Mapping[str, str], uses: Iterable[Use], whole: Collection[str] = ()
) -> dict[str, str]:
    """The sources of helpers without what these uses do not reach, directly or through others.

    `sources` come in the order of the file, where most stand before those that call them; those
    that are in `whole` stay as they are.
    """
    ways = {use.way: use for use in uses}  # that a file calls a helper so again tells nothing new
    key = (tuple(sources.items()), frozenset(ways), frozenset(sources.keys() & whole))
    found = _KNOWN.get(key)
    if found is None:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        found = _KNOWN[key] = _Pruning(sources, list(ways.values()), whole).result()
    return dict(found)


_KNOWN: dict[object, dict[str, str]] = {}
"""What is left of helpers that were pruned before: many files use the same in the same way."""
_MOST_KNOWN = 2**9


@lru_cache(maxsize=2**9)
def _source(text: str) -> Source:
    """The source and the tree of a helper, which many files may have."""
    return Source(text)


class _Helper:
    """A helper, and what is left of it."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.source = _source(text)
        self.gone: set[str] = set()
        """The parameters that were left out."""
        self.have(self.source.tree)

    def have(self, tree: ast.stmt) -> None:
        """Have this left."""
        self.tree = tree
        self.uses = inner_uses(self.name, tree)
        self.reads = loads(tree)
        function = function_of(tree)
        self.signature = Signature(function) if function else None

    def said(self, gone: Collection[str]) -> str:
        """The source of what is left, where these parameters are gone."""
        tree = documented(self.tree, gone)
        return self.text if tree is self.source.tree else "\n".join(self.source.said(tree))


class _Pruning:
    def __init__(
        self, sources: Mapping[str, str], uses: Sequence[Use], whole: Collection[str]
    ) -> None:
        self.helpers = {name: _Helper(name, text) for name, text in sources.items()}
        self.uses = uses
        self.whole = whole

    def result(self) -> dict[str, str]:
        """The source of each helper that is left."""
        self._leave_out()
        changed = True
        while changed:
            changed = False
            for helper in reversed(self.helpers.values()):
                changed |= self._prune(helper)
            self._leave_out()
        return {name: h.said(self._gone(h)) for name, h in self.helpers.items()}

    def _gone(self, helper: _Helper) -> set[str]:
        """The parameters that a helper, or the class that it is a kind of, does not have now."""
        return helper.gone.union(*(self._gone(self.helpers[base]) for base in self._bases(helper)))

    def _leave_out(self) -> None:
        """Keep those helpers that are used."""
        used: set[str] = set()
        waiting = [use.helper for use in self.uses]
        while waiting:
            name = waiting.pop()
            if name not in used:
                used.add(name)
                waiting += self.helpers[name].reads.keys() & self.helpers.keys()
        self.helpers = {name: helper for name, helper in self.helpers.items() if name in used}

    # ---- who calls whom

    def _maker(self, name: str) -> str:
        """Which helper's function is called for this one: for a class, a base may have it."""
        helper = self.helpers.get(name)
        if helper is None or helper.signature:
            return name if helper else ""
        return next(map(self._maker, self._bases(helper)), "")

    def _bases(self, helper: _Helper) -> Iterator[str]:
        return (base for base in bases_of(helper.tree) if base in self.helpers)

    def _called(self, use: Use) -> str:
        """The helper whose function a use calls."""
        if use.of_base:
            return next(map(self._maker, self._bases(self.helpers[use.within])), "")
        return self._maker(use.helper)

    def _calls(self, name: str) -> list[tuple[Use, dict[str, ast.expr | None]]]:
        """All uses that call a helper's function, and what they pass by the parameters' names."""
        signature = self.helpers[name].signature
        if not signature:
            return []
        inner = (use for helper in self.helpers.values() for use in helper.uses)
        uses = [use for use in (*self.uses, *inner) if self._called(use) == name]
        return [(use, signature.bound(use) | self._handed_on(use)) for use in uses]

    def _handed_on(self, use: Use) -> dict[str, ast.expr | None]:
        """What a call passes of what its own function got by names that are no parameters."""
        signature = self.helpers[use.within].signature if use.hands_on else None
        if not signature:
            return {}
        bound = [name for _, names in self._calls(use.within) for name in names]
        return dict.fromkeys(name for name in bound if name not in signature.defaults)

    # ---- pruning

    def _prune(self, helper: _Helper) -> bool:
        """Leave parameters out; whether there were some."""
        signature, calls = helper.signature, self._calls(helper.name)
        users = {use.within for use, _ in calls}
        concerned = users.union(member.name for member in self._family(helper))
        if not signature or not calls or concerned & {*self.whole}:
            return False
        if isinstance(helper.tree, ast.ClassDef) and _keeps_its_config(helper.tree):
            return False
        left = signature.node
        gone: dict[str, int | None] = {}
        for name, default in signature.defaults.items():
            if any(name in bound and not use.within for use, bound in calls):
                continue
            if default is None and name in loads(left):
                continue
            value = _common([bound.get(name, default) for _, bound in calls])
            if value is None and (name in loads(left) or name in helper.source.unread):
                continue
            new = without_parameter(left, name, value)
            if new is not None:
                left = new
                gone[name] = signature.places.index(name) if name in signature.places else None
        if not gone:
            return False
        helper.gone |= gone.keys()
        old = signature.node
        self._have(helper, with_functions(helper.tree, lambda f: left if f is old else f))
        for name in users - {""}:
            self._drop(self.helpers[name], helper.name, gone)
        return True

    def _drop(self, helper: _Helper, called: str, gone: Mapping[str, int | None]) -> None:
        """Leave out what a helper passes for these parameters of another."""

        def is_call(node: ast.Call) -> bool:
            if is_super(node.func):
                return self._called(Use("", within=helper.name, of_base=True)) == called
            return isinstance(node.func, ast.Name) and self._maker(node.func.id) == called

        self._have(helper, without_arguments(helper.tree, is_call, gone))

    def _have(self, helper: _Helper, tree: ast.stmt) -> None:
        """Have what this tree says, and what that leaves of the classes that it belongs to."""
        helper.have(settled(tree, helper.source.tree))
        if not isinstance(tree, ast.ClassDef):
            return
        family = list(self._family(helper))
        before = [member.source.tree for member in family]
        now = [member.tree for member in family]
        known = attribute_constants(before).keys()
        constants = {n: v for n, v in attribute_constants(now).items() if n not in known}
        uncalled = _reads(before) - _reads(now)
        unread = (_unread(now) - _unread(before)) | constants.keys()
        for member in family:
            left = with_constants(member.tree, constants)
            left = with_functions(left, lambda f: _without_attributes(f, unread))
            left = without_useless_init(settled(left, member.source.tree))
            left = without_methods(left, uncalled)
            if left is not member.tree:
                self._have(member, left)

    def _family(self, helper: _Helper) -> Iterator[_Helper]:
        """The classes that share a base with this one."""
        roots = {*self._roots(helper)}
        return (other for other in self.helpers.values() if roots & {*self._roots(other)})

    def _roots(self, helper: _Helper) -> Iterator[str]:
        bases = list(self._bases(helper))
        for base in bases:
            yield from self._roots(self.helpers[base])
        if not bases:
            yield helper.name


def _common(values: Sequence[ast.expr | None]) -> ast.expr | None:
    """The constant that all these are; None if they are none."""
    first, *others = values
    if first is None or not is_constant(first):
        return None
    said = ast.dump(first)
    return first if all(other and ast.dump(other) == said for other in others) else None


def _keeps_its_config(tree: ast.ClassDef) -> bool:
    """Whether a class says itself how an object is made again from what is saved."""
    return any(function.name == "get_config" for function in functions(tree))


def _unread(trees: Iterable[ast.stmt]) -> set[str]:
    """The attributes that classes assign to and never read."""
    stored: Counter[str] = sum(map(stores, trees), Counter())
    read: Counter[str] = sum(map(loads, trees), Counter())
    return {name for name in stored.keys() - read.keys() if name.startswith("self.")}


def _reads(trees: Iterable[ast.stmt]) -> set[str]:
    """The attributes that classes read, among them their methods."""
    return set().union(*(loads(tree).keys() for tree in trees))


def _without_attributes(function: ast.FunctionDef, names: set[str]) -> ast.FunctionDef:
    body = without_unread(function.body, names)
    return function if body is function.body else with_fields(function, body=body)
