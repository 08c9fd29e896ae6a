"""The calls that make a graph's layers: short forms where these are exact, else `.add(...)`."""

from __future__ import annotations

import dataclasses
import inspect
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from inspect import Parameter
from typing import Any, NamedTuple

from proto2net import layout
from proto2net.backends.network.forms import (
    FILLED,
    FUSED,
    PRODUCTS,
    SHORT_FORMS,
    Style,
    paddings,
)
from proto2net.backends.tree import Call as Called
from proto2net.backends.tree import Expression, Literal, Name, tree
from proto2net.builder import Network
from proto2net.builder.chain import More
from proto2net.errors import Proto2NetError
from proto2net.frozen import dataclass
from proto2net.graph import Graph, Node
from proto2net.layers import (
    Convolution,
    Deconvolution,
    Filler,
    InnerProduct,
    Input,
    Layer,
    ParamSpec,
)

Nodes = tuple[Node[Any], ...]


class Part(NamedTuple):
    """A part of a layer's name."""

    name: str
    place: slice

    @property
    def text(self) -> str:
        """The part itself."""
        return self.name[self.place]


Word = Callable[[str | Part], Expression]
"""How the name of a layer or a blob is said, or a part of one."""


def spoken(name: str | Part) -> Expression:
    """A name as it is."""
    return Literal(name if isinstance(name, str) else name.text)


class Signature(NamedTuple):
    """What a method takes."""

    positional: tuple[str, ...]
    """What its positional arguments are called."""
    options: tuple[tuple[str, Expression | None], ...]
    """What each keyword is if it is left out, as far as that is known, in order."""
    strides: bool
    """Whether its last two arguments are strides, which are 1 and of one size unless given."""


@cache
def signature(method: str) -> Signature:
    """The signature of a method of Network.

    What is appended, and fillers, stand behind other options.
    """
    later = ("scale_offset", "relu", *Style._fields)
    _, *parameters = inspect.signature(getattr(Network, method)).parameters.values()
    keywords = [each for each in parameters if each.kind is Parameter.KEYWORD_ONLY]
    keywords.sort(key=lambda each: later.index(each.name) if each.name in later else -1)
    defaults = tuple((each.name, expression(each.default)) for each in keywords)
    return Signature(
        tuple(each.name for each in parameters if each.kind is Parameter.POSITIONAL_OR_KEYWORD),
        (*defaults, *((name, None) for name in More.__annotations__)),
        method in ("conv", "deconv"),
    )


@dataclass(frozen=True)
class Call:
    """A call of a method of Network."""

    method: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    nodes: tuple[Node[Any], ...]
    """The layers that it makes."""

    @property
    def signature(self) -> Signature:
        """What the method takes."""
        return signature(self.method)

    def said(self, word: Word = spoken) -> Called:
        """The call, of a method without an object; `word` says names of layers and blobs."""
        arguments = tuple(map(expression, self.arguments))
        keywords = tuple(
            (name, _named(value, word) if name in NAMES else expression(value))
            for name, value in self.options.items()
        )
        return Called(Name(self.method), arguments, keywords, self.signature.options)

    @property
    def names(self) -> Iterator[str]:
        """The names that it says."""
        values = (value for name, value in self.options.items() if name in NAMES)
        for value in values:
            yield from value if isinstance(value, tuple) else [value] * isinstance(value, str)

    def padded(self, calls: Calls) -> Call:
        """The call with its padding as numbers, where that makes the same."""
        pad = getattr(self.nodes[0].layer, "pad", None)
        if self.method == "add" or not pad:
            return self
        *_, numbers = paddings(pad)
        made = dataclasses.replace(self, options={**numbers, **self.options, **numbers})
        return made if made.exact(calls.style, calls.phase) else self

    def exact(self, style: Style, phase: str) -> bool:
        """Whether running it makes just these layers."""
        said = {"call": self, "phase": phase, **style._asdict()}
        network = type("Probe", (_Probe,), said)
        shapes = {blob.name: layout.laid_out(blob.shape) for blob in self.nodes[0].bottoms}
        try:
            graph = network(shapes).graph
        except (Proto2NetError, TypeError, ValueError):
            return False
        made = [node for node in graph.nodes if not isinstance(node.layer, Input)]
        return [_compared(n) for n in made] == [_compared(n) for n in self.nodes]


NAMES = ("name", "top", "relu", "scale_offset")
"""The options that are names, or can be."""


def _named(value: Any, word: Word) -> Expression:
    """A name, several, or whether there is something with a name of its own."""
    if isinstance(value, tuple):
        return tree(tuple(map(word, value)))
    return word(value) if isinstance(value, str) else expression(value)


class _Probe(Network):
    """A network of one call."""

    call: Call

    def setup(self) -> None:
        self.feed(*(blob.name for blob in self.call.nodes[0].bottoms))
        getattr(self, self.call.method)(*self.call.arguments, **self.call.options)


def _compared(node: Node[Any]) -> tuple[Any, ...]:
    """What has to be the same; versions depend on what stands above."""
    return node.entry, node.loss_weight, [blob.shape for blob in node.tops]


def _more(node: Node[Any], params: Sequence[ParamSpec] = ()) -> dict[str, Any]:
    """What every layer can be given, where it differs from what is taken otherwise."""
    tops = node.entry.tops
    more: dict[str, Any] = {"name": node.name}
    if node.in_place or tops != ((node.name,) if node.layer.tops[1] else ()):
        more["top"] = tops[0] if len(tops) == 1 else tops
    if node.params != tuple(params):
        more["params"] = node.params
    if node.loss_weight != ((1.0,) if node.layer.loss else ()):
        more["loss_weight"] = node.loss_weight
    if node.propagate_down:
        more["propagate_down"] = node.propagate_down
    return more


def _styled(node: Node[Any], style: Style) -> dict[str, Any]:
    """Options of a short form for what is not as the class says, and for every layer's."""
    layer = node.layer
    options = {
        name: getattr(layer, name)
        for name in ("weight_filler", "bias_filler")
        if isinstance(layer, FILLED) and getattr(layer, name) != getattr(style, name)
    }
    return options | _more(node, _trimmed(style.params, layer))


def _trimmed(params: Sequence[ParamSpec], layer: Layer) -> tuple[ParamSpec, ...]:
    """What the class's params come to for a layer."""
    if not isinstance(layer, Convolution | Deconvolution | InnerProduct):
        return ()
    return tuple(params[: 1 + layer.bias_term])


_MOST_FUSED = 1 + max(map(len, FUSED.values()))


class Calls:
    """The calls that make layers of a graph, in order."""

    def __init__(self, graph: Graph, style: Style) -> None:
        self.style = style
        self.phase = graph.phase
        self._known: dict[Nodes, Call] = {}

    def __call__(self, nodes: Sequence[Node[Any]]) -> list[Call]:
        """The calls of methods that every network has."""
        found: list[Call] = []
        done = 0
        while done < len(nodes):
            found.append(self.first(nodes[done:]))
            done += len(found[-1].nodes)
        return found

    def first(self, nodes: Sequence[Node[Any]]) -> Call:
        """The call that makes the first of these layers, and as many more as it can."""
        few = tuple(nodes[:_MOST_FUSED])
        if few not in self._known:
            self._known[few] = self._made(few)
        return self._known[few]

    def _made(self, nodes: Nodes) -> Call:
        first = nodes[0]
        if type(first.layer) in SHORT_FORMS:
            for length in range(_overwriting(nodes), 0, -1):
                for method, arguments, options in SHORT_FORMS[type(first.layer)](first):
                    fused = _fused_options(nodes[:length])
                    all_options = options | fused | _styled(first, self.style)
                    made = Call(method, arguments, all_options, nodes[:length])
                    if made.exact(self.style, self.phase):
                        return made
        options = {} if first.phase == self.phase else {"phase": first.phase}
        return Call("add", (first.layer,), options | _more(first), (first,))


def style_of(graph: Graph) -> Style:
    """What most layers of a graph have."""
    filled = [node.layer for node in graph.nodes if isinstance(node.layer, FILLED)]
    if not filled:
        return Style()
    products = [node for node in graph.nodes if isinstance(node.layer, PRODUCTS)]

    def users(params: Sequence[ParamSpec]) -> int:
        return sum(node.params == _trimmed(params, node.layer) for node in products)

    return Style(
        Counter(layer.weight_filler for layer in filled).most_common(1)[0][0],
        Counter(layer.bias_filler for layer in filled).most_common(1)[0][0],
        max(dict.fromkeys(node.params for node in products), key=users, default=()),
    )


def _overwriting(nodes: Sequence[Node[Any]]) -> int:
    """How many layers stand here of which each but the first overwrites what is before it."""
    length = 1
    kinds = FUSED.get(type(nodes[0].layer), {}).values()
    for kind, _ in kinds:
        after = nodes[length] if length < len(nodes) else None
        if after and type(after.layer) is kind and after.in_place:
            length += after.bottoms == nodes[length - 1].tops
    return length


def _fused_options(nodes: Sequence[Node[Any]]) -> dict[str, Any]:
    """The options that append the layers behind the first, and no others."""
    found = {type(node.layer): node.name for node in nodes[1:]}
    options: dict[str, Any] = {}
    for option, (kind, default) in FUSED.get(type(nodes[0].layer), {}).items():
        name = found.get(kind, False)
        value = name == f"{nodes[0].name}_{kind.type.lower()}" or name
        if value is not default:
            options[option] = value
    return options


def expression(value: Any) -> Expression:
    """A parameter as Python: a layer or a filler by its fields that are given, else a literal."""
    if isinstance(value, Expression):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [(f.name, getattr(value, f.name), f.default) for f in dataclasses.fields(value)]
        say = _short if isinstance(value, ParamSpec | Filler) else expression
        given = tuple((name, say(now)) for name, now, default in fields if now != default)
        options = tuple(
            (name, None if default is dataclasses.MISSING else expression(default))
            for name, _, default in fields
        )
        return Called(Name(type(value).__name__), (), given, options)
    if isinstance(value, tuple):
        return tree(tuple(map(expression, value)))
    return tree(value)


def _short(value: Any) -> Expression:
    """A number as people write it: a float that is whole without a point."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < _MOST_WHOLE
    return expression(int(value) if whole and str(value) != "-0.0" else value)


_MOST_WHOLE = 1e6
"""From here on a float stays one, such as 1e+20."""
