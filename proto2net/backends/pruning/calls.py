"""How the helpers of a file are called: by its own code, and by each other."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from itertools import takewhile

from proto2net.backends.pruning.trees import walk
from proto2net.backends.tree import Call, Expression, Name, Star, parts_of
from proto2net.frozen import dataclass

INIT = "__init__"


@dataclass(frozen=True)
class Use:
    """One call: what it passes by place and by name; None where that is no constant."""

    helper: str
    places: tuple[ast.expr | None, ...] = ()
    names: Mapping[str, ast.expr | None] = field(default_factory=dict)
    more_places: bool = False
    """Whether it may pass more by place: `*values`."""
    more_names: bool = False
    """Whether it may pass anything else: `**values`, or a function that is itself passed on."""
    within: str = ""
    """The helper that it stands in; none for the code of the file."""
    hands_on: bool = False
    """Whether it also passes what its own function got as `**others`."""
    of_base: bool = False
    """Whether it is `super().__init__(…)`, which calls what makes an object of a base."""

    @property
    def way(self) -> tuple[object, ...]:
        """How a file's own code, of which no constants are known, calls the helper."""
        passed = len(self.places), frozenset(self.names)
        return self.helper, *passed, self.more_places, self.more_names


def uses_in(
    expressions: Iterable[Expression],
    helpers: Collection[str],
    unpacked: Mapping[Expression, Collection[str]],
) -> Iterator[Use]:
    """How expressions use helpers; `unpacked` are the keys of what `**` can stand before."""
    for expression in expressions:
        called: set[int] = set()
        for part in parts_of(expression):
            if isinstance(part, Call) and isinstance(part.function, Name):
                if part.function.name in helpers:
                    called.add(id(part.function))
                    yield _use(part.function.name, part, unpacked)
            elif isinstance(part, Name) and part.name in helpers and id(part) not in called:
                yield Use(part.name, more_names=True)


def _use(helper: str, call: Call, unpacked: Mapping[Expression, Collection[str]]) -> Use:
    names: dict[str, ast.expr | None] = dict.fromkeys(name for name, _ in call.keywords)
    for argument in call.arguments:
        if isinstance(argument, Star) and argument.stars == "**":
            names |= dict.fromkeys(unpacked.get(argument.value, ()))
    stars = [argument for argument in call.arguments if isinstance(argument, Star)]
    unknown = any(star.stars == "**" and star.value not in unpacked for star in stars)
    more = any(star.stars == "*" for star in stars)
    places = (None,) * sum(1 for _ in takewhile(_is_plain, call.arguments))
    return Use(helper, places, names, more_places=more, more_names=unknown)


def _is_plain(argument: ast.expr | Expression) -> bool:
    return not isinstance(argument, ast.Starred | Star)


class Signature:
    """What a function, or a class when it is made, can be called with."""

    def __init__(self, node: ast.FunctionDef) -> None:
        self.node = node
        arguments = node.args
        method = node.name == INIT
        places = [*arguments.posonlyargs, *arguments.args][method:]
        self.places = [parameter.arg for parameter in places]
        self.defaults: dict[str, ast.expr | None] = dict.fromkeys(self.places)
        known = arguments.defaults
        self.defaults |= zip(self.places[len(self.places) - len(known) :], known, strict=True)
        only = [parameter.arg for parameter in arguments.kwonlyargs]
        self.defaults |= zip(only, arguments.kw_defaults, strict=True)
        self.others = arguments.kwarg.arg if arguments.kwarg else ""

    def bound(self, use: Use) -> dict[str, ast.expr | None]:
        """What a call passes for the parameters, and by names that are none of them."""
        bound = dict(zip(self.places, use.places, strict=False)) | dict(use.names)
        if use.more_places:
            bound = dict.fromkeys(self.places[len(use.places) :]) | bound
        return dict.fromkeys(self.defaults) | bound if use.more_names else bound


def function_of(tree: ast.stmt) -> ast.FunctionDef | None:
    """What is called when a helper is: itself, or what makes an object of a class."""
    if isinstance(tree, ast.FunctionDef):
        return tree
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    return next((m for m in body if isinstance(m, ast.FunctionDef) and m.name == INIT), None)


def bases_of(tree: ast.stmt) -> Sequence[str]:
    """The names of a class's bases."""
    bases = tree.bases if isinstance(tree, ast.ClassDef) else []
    return [base.id for base in bases if isinstance(base, ast.Name)]


@lru_cache(maxsize=2**12)
def inner_uses(name: str, tree: ast.stmt) -> Sequence[Use]:
    """How a helper calls what is not its own, and passes it on; trees are not changed."""
    function = function_of(tree)
    others = function.args.kwarg.arg if function and function.args.kwarg else ""
    uses: list[Use] = []
    own: set[str] = set()
    names: set[str] = set()
    called = {id(base) for base in getattr(tree, "bases", [])}
    for part in walk(tree):
        match part:
            case ast.Call(func=ast.Name(id=helper) as callee):
                called.add(id(callee))
                uses.append(_inner(helper, name, part, others))
            case ast.Call(func=made) if is_super(made):
                uses.append(_inner(name, name, part, others, of_base=True))
            case ast.arg(arg=parameter):
                own.add(parameter)
            case ast.Name(id=variable, ctx=ast.Store()):
                own.add(variable)
            case ast.Name(id=variable) if id(part) not in called:
                names.add(variable)
    uses += [Use(variable, more_names=True, within=name) for variable in names]
    return [use for use in uses if use.helper not in own]


def is_super(node: ast.expr) -> bool:
    """Whether this is `super().__init__`."""
    match node:
        case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=attribute):
            return attribute == INIT
    return False


def _inner(helper: str, within: str, call: ast.Call, others: str, *, of_base: bool = False) -> Use:
    plain = list(takewhile(_is_plain, call.args))  # behind a star, places are not known
    stars = [keyword.value for keyword in call.keywords if keyword.arg is None]
    handed = [isinstance(star, ast.Name) and star.id == others for star in stars]
    return Use(
        helper,
        tuple(plain),
        {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg},
        more_places=len(plain) < len(call.args),
        more_names=not all(handed),
        within=within,
        hands_on=any(handed),
        of_base=of_base,
    )
