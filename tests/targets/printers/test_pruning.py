"""Emitted files have of each helper what they can reach, and no more."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path

import pytest
from digests import MODELS

import proto2net
from proto2net import backends
from proto2net.backends.pruning import Use, pruned, uses_in
from proto2net.backends.pruning.lines import Source
from proto2net.backends.tree import code
from proto2net.errors import Proto2NetError

SAYS = Path(__file__).parent.parent / "says"
ROWS = [row for path in sorted(SAYS.glob("[!t]*.py")) for row in run_path(str(path))["ROWS"]]
TARGETS = pytest.mark.parametrize("target", ["torch", "tf", "numpy"])


@TARGETS
def test_a_helper_that_is_printed_again_is_what_it_was(target: str) -> None:
    """So lines are broken as ruff does it, and comments are kept."""
    for text in backends.get(target).helpers.values():
        source = Source(text)
        assert "\n".join(source.said(source.tree, anew=True)) == text


@TARGETS
def test_no_two_helpers_have_one_name(target: str) -> None:
    """The one that is read last would stand in the place of the other."""
    folder = Path(backends.__file__).parent / backends.get(target).package.rpartition(".")[2]
    names = Counter(
        node.name
        for file in sorted((folder / "helpers").glob("*.py"))
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    )
    assert len(names) > 20
    assert max(names.values()) == 1, names.most_common(1)


def sources(target: str) -> Iterator[str]:
    """What is printed of each network of models/ and of each row of the tables of layers."""
    backend = backends.get(target)
    for file in sorted(MODELS.glob("*.prototxt")):
        yield proto2net.convert(file, to=target)
    for row in ROWS:
        try:
            yield backend.emit(row.graph).source
        except Proto2NetError:
            continue


class File:
    """A printed file, and what it has of the helpers of its target."""

    def __init__(self, source: str, target: str) -> None:
        self.tree = ast.parse(source)
        tops = [node for node in self.tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        self.helpers = {n.name: n for n in tops if n.name in backends.get(target).helpers}
        called = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]
        self.calls = [(call, ast.unparse(call.func)) for call in called]
        self.called = {id(call.func) for call in called}
        self.bases = {id(base) for node in tops for base in getattr(node, "bases", ())}

    def unreached(self) -> Iterator[str]:
        """Helpers that nothing uses."""
        for name, helper in self.helpers.items():
            others = (node for node in self.tree.body if node is not helper)
            if not any(name in names_in(other) for other in others):
                yield name

    def unpassed(self) -> Iterator[str]:
        """Parameters with a default that no call passes."""
        for name, helper in self.helpers.items():
            function = function_of(helper)
            if function and not self.is_passed_on(name) and "get_config" not in names_in(helper):
                names = {name, *self.subclasses(name)}
                calls = [call for call, f in self.calls if f in names or f == "super().__init__"]
                passed = {p for call in calls for p in passed_by(call, function)}
                yield from (f"{name}({p})" for p in optional(function) - passed)

    def is_passed_on(self, name: str) -> bool:
        """Whether a function is a value somewhere, so that nobody knows how it is called."""
        return any(
            isinstance(node, ast.Name)
            and node.id == name
            and id(node) not in self.called
            and id(node) not in self.bases
            for node in ast.walk(self.tree)
        )

    def subclasses(self, name: str) -> Iterator[str]:
        for other in self.helpers.values():
            if isinstance(other, ast.ClassDef) and name in map(ast.unparse, other.bases):
                yield from (other.name, *self.subclasses(other.name))

    def decided(self) -> Iterator[str]:
        """Branches of helpers of which only one is ever taken."""
        for helper in self.helpers.values():
            for node in ast.walk(helper):
                if any(map(is_constant, conditions_of(node))):
                    yield ast.unparse(node)

    def undefined(self) -> Iterator[str]:
        """What docstrings of helpers name that these do not have."""
        for name, helper in self.helpers.items():
            said = re.findall(r"`([a-z_]+)`", ast.get_docstring(helper) or "")
            yield from (f"{name}: {word}" for word in said if word not in names_in(helper))


def names_in(node: ast.AST) -> set[str]:
    """The names that a tree has, of whatever."""
    parts = list(ast.walk(node))
    found = {part.id for part in parts if isinstance(part, ast.Name)}
    found |= {part.attr for part in parts if isinstance(part, ast.Attribute)}
    found |= {part.name for part in parts if isinstance(part, ast.FunctionDef)}
    return found | {part.arg for part in parts if isinstance(part, ast.arg)}


def function_of(helper: ast.stmt) -> ast.FunctionDef | None:
    if isinstance(helper, ast.FunctionDef):
        return helper
    methods = (node for node in helper.body if isinstance(node, ast.FunctionDef))
    return next((node for node in methods if node.name == "__init__"), None)


def optional(function: ast.FunctionDef) -> set[str]:
    """The parameters that have a default."""
    given = function.args
    places = given.args[len(given.args) - len(given.defaults) :]
    only = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    return {parameter.arg for parameter in (*places, *(p for p, default in only if default))}


def passed_by(call: ast.Call, function: ast.FunctionDef) -> set[str]:
    """The parameters that a call passes; those that are arrays where it unpacks a layer's.

    A star, or options that are handed on, may pass any.
    """
    parameters = [*function.args.args, *function.args.kwonlyargs]
    places = [p.arg for p in function.args.args if p.arg != "self"]
    starred = any(isinstance(argument, ast.Starred) for argument in call.args)
    passed = set(places if starred else places[: len(call.args)])
    unpacked = [keyword.value for keyword in call.keywords if keyword.arg is None]
    if any(isinstance(each, ast.Name) for each in unpacked):
        return {p.arg for p in parameters}
    if unpacked:
        passed |= {p.arg for p in parameters if "ndarray" in ast.unparse(p)}
    return passed | {keyword.arg for keyword in call.keywords if keyword.arg}


def conditions_of(node: ast.AST) -> list[ast.expr]:
    """What decides where a tree goes on."""
    match node:
        case ast.If(test=test) | ast.IfExp(test=test) | ast.UnaryOp(op=ast.Not(), operand=test):
            return [test]
        case ast.BoolOp(values=[*values, _]):
            return values
        case ast.comprehension(ifs=tests):
            return tests
        case ast.Compare(left=left, comparators=others):
            return [ast.Tuple([left, *others])]
    return []


def is_constant(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


HELPERS = {
    "clipped": '''def clipped(x, low: float | None = None, high: float | None = None) -> Array:
    """x between bounds.

    `low` is the lower one.
    `high` is the upper one, which may be
    as low as that.
    """
    # Bounds first.
    if low is not None:  # there is none above
        x = maximum(x, low)
    elif high is None:
        raise ValueError("no bound")
    return x if high is None else minimum(x, high)  # the end''',
    "maximum": "def maximum(x: Array, low: float) -> Array:\n    return where(x < low, low, x)",
    "minimum": "def minimum(x: Array, high: float) -> Array:\n    return where(x < high, x, high)",
    "Clip": '''class Clip(Layer):
    """Clips.

    `low` is the lower bound.
    """

    def __init__(self, low: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.low = low

    def call(self, x: Array) -> Array:
        return clipped(x, self.low, high=6)''',
    "Relu": '''class Relu(Clip):
    """Clips at 0.

    `low` is 0.
    """

    def twice(self, x: Array) -> Array:
        return self.call(x) if self.low else self.call(self.call(x))''',
}

LEFT = [
    (
        ["clipped(x, high=3)"],
        '''def clipped(x, high: float | None = None) -> Array:
    """x between bounds.

    `high` is the upper one, which may be
    as low as that.
    """
    if high is None:
        raise ValueError("no bound")
    return x if high is None else minimum(x, high)  # the end


def minimum(x: Array, high: float) -> Array:
    return where(x < high, x, high)''',
    ),
    (
        ["clipped(x, low=3)", "clipped(x, 4)"],
        '''def clipped(x, low: float | None = None) -> Array:
    """x between bounds.

    `low` is the lower one.
    """
    # Bounds first.
    if low is not None:  # there is none above
        x = maximum(x, low)
    else:
        raise ValueError("no bound")
    return x  # the end


def maximum(x: Array, low: float) -> Array:
    return where(x < low, low, x)''',
    ),
    (
        ["Relu()"],
        '''def clipped(x) -> Array:
    """x between bounds."""
    x = maximum(x, 0.0)
    return minimum(x, 6)  # the end


def maximum(x: Array, low: float) -> Array:
    return where(x < low, low, x)


def minimum(x: Array, high: float) -> Array:
    return where(x < high, x, high)


class Clip(Layer):
    """Clips."""

    def call(self, x: Array) -> Array:
        return clipped(x)


class Relu(Clip):
    """Clips at 0."""

    def twice(self, x: Array) -> Array:
        return self.call(self.call(x))''',
    ),
    (["Relu(low=1)", "f(clipped)"], "\n\n\n".join(HELPERS.values())),
]


@pytest.mark.parametrize(("calls", "left"), LEFT)
def test_of_a_helper_that_is_left_which_these_calls_reach(calls: list[str], left: str) -> None:
    uses = list(uses_in(map(code, calls), HELPERS, {}))
    found = pruned(HELPERS, uses)
    assert "\n\n\n".join(found.values()) == left


def test_what_another_test_guards_is_not_computed() -> None:
    text = "def f(x: int, top: int | None = None) -> int:\n    return 1 if {} else x"
    guarded = text.format("top is not None and top > 0")
    assert pruned({"f": guarded}, [Use("f", (None,))])["f"].endswith(":\n    return x")


def test_what_stands_behind_a_star_is_not_known_by_its_place() -> None:
    text = "def f(x: int, y: int = 0, z: int = 0) -> int:\n    return x + y + z"
    for call in ("f(*v, 5)", "f(1, *v)"):
        assert pruned({"f": text}, list(uses_in([code(call)], {"f"}, {}))) == {"f": text}
    caller = {"f": text, "g": "def g(v: list[int]) -> int:\n    return f(*v, 5)"}
    assert pruned(caller, list(uses_in([code("g(x)")], caller, {}))) == caller


def test_what_is_left_of_a_helper_does_not_depend_on_what_was_pruned_before() -> None:
    helpers = {
        "f": "def f(x: int, y: int, z: int = 0) -> int:\n    start = y\n    return x[start:] + z",
        "g": "def g(x: int) -> int:\n    return x",
    }
    once, again = (pruned(helpers, map(Use, names))["f"] for names in ("f", "fg"))
    assert once == again == "def f(x: int, y: int) -> int:\n    start = y\n    return x[start:]"


def test_what_another_package_pastes_stays_as_it_is() -> None:
    uses = list(uses_in([code("Relu()")], HELPERS, {}))
    assert pruned(HELPERS, uses, whole=["Clip"]) == HELPERS


@TARGETS
def test_a_file_has_of_its_helpers_what_it_reaches(target: str) -> None:
    for source in sources(target):
        file = File(source, target)
        found = [*file.unreached(), *file.unpassed(), *file.decided(), *file.undefined()]
        assert not found, source
