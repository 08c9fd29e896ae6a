"""What is left of a function's body where some of its parameters are constants."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from inspect import cleandoc
from typing import TypeVar

from proto2net.backends.pruning.simplify import UNKNOWN, simplified_tree, value_of
from proto2net.backends.pruning.trees import place, rebuilt, walk, with_constants, with_fields
from proto2net.backends.pruning.unread import loads, stores, without_unread

D = TypeVar("D", bound=ast.stmt)


# ---- parameters -----------------------------------------------------------------------------


def without_parameter(
    node: ast.FunctionDef, name: str, value: ast.expr | None
) -> ast.FunctionDef | None:
    """A function with this value in the place of a parameter; None if that cannot be done.

    There is no value for a parameter that is not read.
    """
    if sum(isinstance(part, ast.arg) and part.arg == name for part in walk(node)) > 1:
        return None
    body = node.body
    if value is not None:
        read = _with_value(body, name, value)
        if read is None:
            return None
        body = read
    elif name in stores(node):
        return None
    return with_fields(node, args=_without_argument(node.args, name), body=body)


def _with_value(body: list[ast.stmt], name: str, value: ast.expr) -> list[ast.stmt] | None:
    """Statements in which a name is this value up to where it is assigned to."""
    constants = {name: value}
    for index, statement in enumerate(body):
        if name in stores(statement):
            if not isinstance(statement, ast.Assign) or name in stores(statement.value):
                return None
            first = with_fields(statement, value=with_constants(statement.value, constants))
            before = [with_constants(s, constants) for s in body[:index]]
            return [*before, first, *body[index + 1 :]]
    return [with_constants(statement, constants) for statement in body]


def _without_argument(node: ast.arguments, name: str) -> ast.arguments:
    known: list[ast.expr | None] = [*[None] * (len(node.args) - len(node.defaults)), *node.defaults]
    places = [p for p in zip(node.args, known, strict=True) if p[0].arg != name]
    only = [p for p in zip(node.kwonlyargs, node.kw_defaults, strict=True) if p[0].arg != name]
    return with_fields(
        node,
        args=[parameter for parameter, _ in places],
        defaults=[default for _, default in places if default],
        kwonlyargs=[parameter for parameter, _ in only],
        kw_defaults=[default for _, default in only],
    )


def without_arguments(
    tree: D, is_call: Callable[[ast.Call], bool], gone: Mapping[str, int | None]
) -> D:
    """The tree without what these calls pass for parameters, by name or at an index."""
    indices = set(gone.values())

    def change(node: ast.AST) -> ast.AST:
        new = rebuilt(node, change)
        if not isinstance(node, ast.Call) or not isinstance(new, ast.Call) or not is_call(node):
            return new
        args = [argument for index, argument in enumerate(new.args) if index not in indices]
        keywords = [keyword for keyword in new.keywords if keyword.arg not in gone]
        if len(args) == len(new.args) and len(keywords) == len(new.keywords):
            return new
        return with_fields(new, args=args, keywords=keywords)

    return rebuilt(tree, change)


# ---- bodies ---------------------------------------------------------------------------------


def functions(tree: ast.stmt) -> Iterator[ast.FunctionDef]:
    """A function itself, or the methods of a class."""
    if isinstance(tree, ast.FunctionDef):
        yield tree
    elif isinstance(tree, ast.ClassDef):
        yield from (node for node in tree.body if isinstance(node, ast.FunctionDef))


def with_functions(tree: D, change: Callable[[ast.FunctionDef], ast.FunctionDef]) -> D:
    """The tree with its functions changed."""
    if isinstance(tree, ast.FunctionDef):
        return change(tree)  # type: ignore[return-value]  # D is FunctionDef here
    assert isinstance(tree, ast.ClassDef)  # noqa: S101  # helpers are one or the other
    body = [change(node) if isinstance(node, ast.FunctionDef) else node for node in tree.body]
    same = all(new is old for new, old in zip(body, tree.body, strict=True))
    return tree if same else with_fields(tree, body=body)


def settled(tree: D, before: ast.stmt) -> D:
    """The tree without what is decided, and without variables that it had `before` for a use."""
    known = {function.name: _constants(function).keys() for function in functions(before)}
    unread = unread_in(before)

    def change(function: ast.FunctionDef) -> ast.FunctionDef:
        found = _constants(function)
        constants = {name: found[name] for name in found.keys() - known.get(function.name, ())}
        function = with_constants(function, constants) if constants else function
        dead = unread_in(function) - unread
        body = without_unread(function.body, {name for name in dead if "." not in name})
        return function if body is function.body else with_fields(function, body=body)

    new = with_functions(simplified_tree(tree), change)
    return new if new is tree else settled(new, before)


def unread_in(tree: ast.AST) -> set[str]:
    """The variables that are assigned to and not read."""
    return stores(tree).keys() - loads(tree).keys() - {"_"}


def _constants(function: ast.FunctionDef) -> dict[str, ast.expr]:
    """The variables that are one constant throughout, or another name of one variable."""
    parameters = {part.arg for part in walk(function.args) if isinstance(part, ast.arg)}
    stored = stores(function) + Counter(parameters)
    return {
        name: value
        for name, value in assigned(function)
        if stored[name] == 1 and "." not in name
        if is_constant(value) or (isinstance(value, ast.Name) and stored[value.id] == 1)
    }


def attribute_constants(trees: Collection[ast.stmt]) -> dict[str, ast.expr]:
    """The attributes of objects of these classes that are one constant throughout."""
    stored: Counter[str] = sum(map(stores, trees), Counter())
    return {
        name: value
        for tree in trees
        for function in functions(tree)
        for name, value in assigned(function)
        if stored[name] == 1 and "." in name and is_constant(value)
    }


def is_constant(node: ast.expr | None) -> bool:
    """Whether an expression has one value, which nothing changes."""
    if node is None or any(isinstance(part, ast.List) for part in walk(node)):
        return False
    return value_of(node) is not UNKNOWN


def assigned(function: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    """What the statements of a function's body assign, as far as each is a value of its own."""
    for statement in function.body:
        match statement:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                if len(targets) == len(values):
                    yield from zip(map(place, targets), values, strict=True)
            case ast.Assign(targets=[target], value=value):
                yield place(target), value


def without_methods(tree: D, uncalled: Collection[str]) -> D:
    """A class without the methods of these names: "self.padded"."""
    if not isinstance(tree, ast.ClassDef):
        return tree
    body = [node for node in tree.body if f"self.{getattr(node, 'name', '')}" not in uncalled]
    return tree if len(body) == len(tree.body) else with_fields(tree, body=body)


def without_useless_init(tree: D) -> D:
    """A class without an `__init__` that only calls that of its base with what it gets itself."""
    if not isinstance(tree, ast.ClassDef):
        return tree
    body = [node for node in tree.body if not _only_hands_on(node)]
    return tree if len(body) == len(tree.body) else with_fields(tree, body=body)


def _only_hands_on(node: ast.stmt) -> bool:
    match node:
        case ast.FunctionDef(name="__init__", args=parameters, body=[ast.Expr(value=call)]):
            names = [f"{p.arg}" for p in parameters.args[1:]]
            names += [f"*{parameters.vararg.arg}"] if parameters.vararg else []
            names += [f"**{parameters.kwarg.arg}"] if parameters.kwarg else []
            said = f"super().__init__({', '.join(names)})"
            return not parameters.kwonlyargs and ast.unparse(call) == said
    return False


# ---- docstrings -----------------------------------------------------------------------------


def documented(tree: D, gone: Collection[str]) -> D:
    """The tree with a docstring that does not speak of these parameters.

    What it says of one begins on a line of its own, with its name: `name`.
    """
    assert isinstance(tree, ast.FunctionDef | ast.ClassDef)  # noqa: S101  # as helpers are
    match tree.body:
        case [ast.Expr(value=ast.Constant(value=str(text))) as said, *others]:
            left = "\n".join(_without_lines(cleandoc(text).splitlines(), gone)).strip()
            if left != cleandoc(text):
                new = with_fields(said, value=ast.copy_location(ast.Constant(left), said))
                return with_fields(tree, body=[new, *others])
    return tree


def _without_lines(lines: list[str], gone: Collection[str]) -> Iterator[str]:
    told = True
    for line in lines:
        if not line or line.startswith("`"):
            told = line.split("`")[1] not in gone if line else True
        if told:
            yield line
