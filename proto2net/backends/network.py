"""The graph as a hand-written network in ethereon's style: `proto2net.Network` makes it again.

A layer is printed as a short form where running that gives the very same layer, else as
`.add(Convolution(...), ...)`, so that nothing is lost.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, NamedTuple

from proto2net import layers, layout
from proto2net.backends.base import (
    Array,
    Convert,
    Emitted,
    Transposed,
    names_used,
    running_statistics,
    same_array,
)
from proto2net.backends.printer import Printer
from proto2net.backends.source import (
    INDENT,
    WIDTH,
    call,
    class_name,
    entry_name,
    literal,
    plain,
    statement,
)
from proto2net.backends.tensorflow.dense import kernel
from proto2net.builder import Network
from proto2net.errors import Proto2NetError
from proto2net.graph import Blob, Entry, Graph, Node, wire
from proto2net.layers import (
    ELU,
    LRN,
    LSTM,
    RNN,
    Accuracy,
    BatchNorm,
    Concat,
    Convolution,
    Crop,
    Deconvolution,
    Dropout,
    Eltwise,
    EuclideanLoss,
    Filler,
    Flatten,
    HingeLoss,
    InnerProduct,
    Input,
    Layer,
    ParamSpec,
    Permute,
    Pooling,
    Power,
    PReLU,
    ReLU,
    Reshape,
    Scale,
    Sigmoid,
    SigmoidCrossEntropyLoss,
    Slice,
    Softmax,
    SoftmaxWithLoss,
    TanH,
)

PRODUCTS = (Convolution, Deconvolution, InnerProduct)
FILLED = (*PRODUCTS, LSTM, RNN)


class Style(NamedTuple):
    """What the class says once for its layers with weights."""

    weight_filler: Filler | str = Network.weight_filler
    bias_filler: Filler | str = Network.bias_filler
    params: Sequence[ParamSpec] = Network.params


@dataclass(frozen=True)
class Call:
    """A call of a method of Network."""

    method: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    nodes: tuple[Node[Any], ...]
    """The layers that it makes."""

    def __str__(self) -> str:
        arguments = [expression(argument) for argument in self.arguments]
        options = {name: expression(value) for name, value in self.options.items()}
        return call(f".{self.method}", *arguments, **options)

    def exact(self, style: Style, phase: str) -> bool:
        """Whether running it makes just these layers."""
        said = {"call": self, "phase": phase, **style._asdict()}
        network = type("Probe", (_Probe,), said)
        shapes = {
            blob.name: layout.laid_out(blob.shape) for blob in self.nodes[0].bottoms
        }
        try:
            graph = network(shapes).graph
        except (Proto2NetError, TypeError, ValueError):
            return False
        made = [node for node in graph.nodes if not isinstance(node.layer, Input)]
        return [_compared(n) for n in made] == [_compared(n) for n in self.nodes]


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


# ---- short forms ----------------------------------------------------------------------------

Candidates = Iterator[tuple[str, tuple[Any, ...], dict[str, Any]]]
"""Calls that may make a layer: method, arguments and options."""


def _given(layer: Layer, **names: str) -> dict[str, Any]:
    """Options for those of a layer's fields that are given, by the names of the short form."""
    given = layer.given()
    return {option: given[name] for name, option in names.items() if name in given}


def _short(
    method: str, *always: str, **names: str
) -> Callable[[Node[Any]], Candidates]:
    """A short form that takes a layer's own fields, some of them by other names."""

    def candidates(node: Node[Any]) -> Candidates:
        arguments = tuple(getattr(node.layer, name) for name in always)
        yield method, arguments, _given(node.layer, **names)

    return candidates


def _along(
    method: str, channels: int | None, **names: str
) -> Callable[[Node[Any]], Candidates]:
    """A short form whose axis, if not the one that says channels, counts in TensorFlow's order."""

    def candidates(node: Node[Any]) -> Candidates:
        axis, axes = node.layer.axis, len(node.bottoms[0].shape)
        options = _given(node.layer, **names)
        if axis == channels:
            yield method, (), options
        elif axis < axes:
            yield method, (layout.place(axis, axes) if axis >= 0 else axis,), options

    return candidates


def _convolution(node: Node[Convolution]) -> Candidates:
    layer = node.layer
    sizes = (*_square(layer.kernel), layer.num_output, *_square(layer.stride))
    options = _given(layer, group="group", bias_term="biased")
    if layer.dilation != (1,) and len(layer.dilation) == 1:
        options["dilation"] = layer.dilation[0]
    for padding in _paddings(layer.pad):
        yield "conv", sizes, {**padding, **options}


def _deconvolution(node: Node[Deconvolution]) -> Candidates:
    layer = node.layer
    sizes = (*_square(layer.kernel), layer.num_output, *_square(layer.stride))
    options = _given(layer, group="group", bias_term="biased")
    for padding in _paddings(layer.pad):
        yield "deconv", sizes, {**padding, **options}


def _pooling(node: Node[Pooling]) -> Candidates:
    layer = node.layer
    kind = "avg_pool" if layer.pool == "AVE" else "max_pool"
    if layer.global_pooling:
        yield f"global_{kind}", (), {}
        return
    for padding in _paddings(layer.pad):
        yield kind, (*_square(layer.kernel), *_square(layer.stride)), padding


def _square(values: tuple[int, ...]) -> tuple[int, ...]:
    """Both sides of a window, which Caffe may give once."""
    return values * 2 if len(values) == 1 else values


def _paddings(pad: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """TensorFlow's words for a padding before numbers; one of them is the default."""
    yield {}
    yield {"padding": "SAME"}
    yield {"padding": "VALID"}
    yield {"padding": pad[0] if len(pad) == 1 else pad}


def _lrn(node: Node[LRN]) -> Candidates:
    layer = node.layer
    alpha = layers.shortest(layer.alpha / max(layer.local_size, 1))
    yield "lrn", (layer.local_size // 2, alpha, layer.beta), _given(layer, k="bias")


def _dropout(node: Node[Dropout]) -> Candidates:
    yield "dropout", (layers.shortest(1 - node.layer.dropout_ratio),), {}


def _scale(node: Node[Scale]) -> Candidates:
    names = ("axis", "num_axes", "filler", "bias_filler")
    options = _given(node.layer, **{name: name for name in names})
    yield "scale", (), options if node.layer.bias_term else {**options, "biased": False}


def _eltwise(node: Node[Eltwise]) -> Candidates:
    yield "add", (), {}
    yield "eltwise", (node.layer.operation,), _given(node.layer, coeff="coeff")


def _reshape(node: Node[Reshape]) -> Candidates:
    yield (
        "reshape",
        node.layer.shape,
        _given(node.layer, axis="axis", num_axes="num_axes"),
    )


def _permute(node: Node[Permute]) -> Candidates:
    yield "permute", node.layer.order, {}


def _softmax_loss(node: Node[SoftmaxWithLoss]) -> Candidates:
    axis = node.layer.softmax_param.axis
    options = {} if axis == 1 else {"axis": axis}
    yield "softmax_loss", (), options | _given(node.layer, loss_param="loss_param")


SHORT_FORMS: dict[type[Layer], Callable[[Node[Any]], Candidates]] = {
    Accuracy: _short("accuracy", top_k="top_k"),
    BatchNorm: _short(
        "batch_normalization",
        eps="eps",
        use_global_stats="use_global_stats",
        moving_average_fraction="moving_average_fraction",
    ),
    Concat: _along("concat", None),
    Convolution: _convolution,
    Crop: _short("crop", "axis", offset="offset"),
    Deconvolution: _deconvolution,
    Dropout: _dropout,
    ELU: _short("elu", alpha="alpha"),
    Eltwise: _eltwise,
    EuclideanLoss: _short("euclidean_loss"),
    Flatten: _short("flatten", axis="axis", end_axis="end_axis"),
    HingeLoss: _short("hinge_loss", norm="norm"),
    InnerProduct: _short("fc", "num_output", bias_term="biased"),
    LRN: _lrn,
    LSTM: _short("lstm", "num_output", expose_hidden="expose_hidden"),
    Permute: _permute,
    Pooling: _pooling,
    Power: _short("power", power="power", scale="scale", shift="shift"),
    PReLU: _short("prelu", filler="filler", channel_shared="channel_shared"),
    ReLU: _short("relu", negative_slope="negative_slope"),
    Reshape: _reshape,
    RNN: _short("rnn", "num_output", expose_hidden="expose_hidden"),
    Scale: _scale,
    Sigmoid: _short("sigmoid"),
    SigmoidCrossEntropyLoss: _short(
        "sigmoid_cross_entropy_loss", loss_param="loss_param"
    ),
    Slice: _along("slice", None, slice_point="points"),
    Softmax: _along("softmax", 1),
    SoftmaxWithLoss: _softmax_loss,
    TanH: _short("tanh"),
}
"""How each layer type may be written short, the nicest way first."""

_LONGEST_CHAIN = 100
"""Calls in one statement: of many more Python would say that they are nested too deeply."""

FUSED: dict[type[Layer], dict[str, tuple[type[Layer], bool]]] = {
    BatchNorm: {"scale_offset": (Scale, True), "relu": (ReLU, False)},
    Convolution: {"relu": (ReLU, True)},
    Deconvolution: {"relu": (ReLU, True)},
    InnerProduct: {"relu": (ReLU, True)},
}
"""What a short form appends in place: the option, the layer type, and whether it is the default."""

_MOST_FUSED = 1 + max(map(len, FUSED.values()))


def calls(graph: Graph, nodes: Sequence[Node[Any]], style: Style) -> list[Call]:
    """The calls that make these layers, in order."""
    found: list[Call] = []
    done = 0
    while done < len(nodes):
        made = _call(nodes[done : done + _MOST_FUSED], style, graph.phase)
        found.append(made)
        done += len(made.nodes)
    return found


def _call(nodes: Sequence[Node[Any]], style: Style, phase: str) -> Call:
    """The call that makes the first of these layers, and as many more as it can."""
    first = nodes[0]
    if type(first.layer) in SHORT_FORMS:
        for length in range(_overwriting(nodes), 0, -1):
            for method, arguments, options in SHORT_FORMS[type(first.layer)](first):
                all_options = (
                    options | _fused_options(nodes[:length]) | _styled(first, style)
                )
                made = Call(method, arguments, all_options, tuple(nodes[:length]))
                if made.exact(style, phase):
                    return made
    options = {} if first.phase == phase else {"phase": first.phase}
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


# ---- the file -------------------------------------------------------------------------------


def text(graph: Graph, weights: str = "") -> str:
    """The graph as a file with one class, which loads a file of weights beside it."""
    title = f"{plain(graph.name) or 'A network'}, converted from Caffe by proto2net."
    name, style = entry(graph), style_of(graph)
    body = [
        f"class {name}(Network):",
        f'{INDENT}"""{title}"""',
        "",
        *_attributes(graph, name, style),
        f"{INDENT}def setup(self) -> None:",
        *_chains(graph, style),
        "",
        "",
        'if __name__ == "__main__":',
        *(f"{INDENT}{line}" for line in _main(name, weights)),
        "",
    ]
    imports = _imports(graph, "\n".join(body))
    return "\n".join([f'"""{title}"""', "", *imports, "", "", *body])


def _main(name: str, weights: str) -> list[str]:
    """What the file does when it is run."""
    if not weights:
        return [f"print({name}())"]
    path = call("Path(__file__).with_name", literal(weights))
    return [f"net = {name}().load({path})", "print(net)"]


def entry(graph: Graph) -> str:
    """The name of the class."""
    used = (type(node.layer).__name__ for node in graph.nodes)
    taken = {"Network", "ClassVar", "Path", *layers.__all__, *used}
    return entry_name(class_name(graph.name), taken, "Net")


def _imports(graph: Graph, source: str) -> list[str]:
    """What the source needs, in ruff's order."""
    used = names_used(source)
    standard = {
        "Path": "from pathlib import Path",
        "ClassVar": "from typing import ClassVar",
    }
    lines = [line for name, line in standard.items() if name in used]
    modules = {
        type(node.layer).__name__: type(node.layer).__module__ for node in graph.nodes
    }
    modules |= dict.fromkeys(layers.__all__, "proto2net.layers")
    wanted: dict[str, list[str]] = {"proto2net": ["Network"]}
    for name in used.intersection(modules):
        wanted.setdefault(modules[name], []).append(name)
    lines += [""] * bool(lines)
    return lines + [_import(module, wanted[module]) for module in sorted(wanted)]


def _import(module: str, names: list[str]) -> str:
    """An import of names, which ruff sorts as constants, classes, functions."""
    names = sorted(names, key=lambda name: (not name.isupper(), name))
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line
    listed = "\n".join(f"{INDENT}{name}," for name in names)
    return f"from {module} import (\n{listed}\n)"


def _attributes(graph: Graph, name: str, style: Style) -> list[str]:
    """What the class says beside its layers, where it is not what it would be anyway."""
    lines = []
    if graph.name != name:
        lines.append(f"name = {literal(graph.name)}")
    if graph.phase != "TEST":
        lines.append(f"phase = {literal(graph.phase.lower())}")
    inputs = _inputs(graph)
    if inputs.tops:
        sizes = ((literal(top.name), layout.laid_out(top.shape)) for top in inputs.tops)
        shapes = ", ".join(f"{top}: {literal(size)}" for top, size in sizes)
        lines.append(f"inputs: ClassVar = {{{shapes}}}")
    if inputs.layer:
        lines.append(f"input_layer = {literal(inputs.layer)}")
    whole = wire(graph.name, (node.entry for node in graph.nodes), graph.phase)
    if graph.outputs != whole.outputs:
        names = tuple(blob.name for blob in graph.outputs)
        lines.append(f"outputs = {literal(names)}")
    for attribute, value in style._asdict().items():
        if value != getattr(Network, attribute):
            lines.append(f"{attribute}: ClassVar = {expression(value)}")
    return [*(statement(line, 1) for line in lines), *([""] if lines else [])]


class _Inputs(NamedTuple):
    """What the class attribute `inputs` makes: the first nodes of a graph."""

    nodes: int
    tops: Sequence[Blob]
    layer: str = ""
    """The layer that makes all; empty: each has its own."""


def _inputs(graph: Graph) -> _Inputs:
    def plain_input(node: Node[Any], top: str) -> bool:
        shapes = tuple(blob.shape for blob in node.tops)
        names = node.entry.tops
        right = Entry(node.name, Input(shape=shapes), tops=names, phase=graph.phase)
        return node.entry == right and names[0] == top

    own = list(takewhile(lambda node: plain_input(node, node.name), graph.nodes))
    own = list(takewhile(lambda node: len(node.tops) == 1, own))
    if own or not graph.nodes:
        return _Inputs(len(own), [node.tops[0] for node in own])
    first = graph.nodes[0]
    if isinstance(first.layer, Input) and plain_input(first, first.tops[0].name):
        return _Inputs(1, first.tops, first.name)
    return _Inputs(0, ())


def _chains(graph: Graph, style: Style) -> list[str]:
    """The statements of setup, a chain each; a chain ends where the next layer reads others."""
    lines: list[str] = []
    chain: list[str] = []
    terminals: tuple[str, ...] = ()
    for made in calls(graph, graph.nodes[_inputs(graph).nodes :], style):
        bottoms = made.nodes[0].entry.bottoms
        reads = made.nodes[0].layer.bottoms[1] > 0
        new = not reads or bottoms != terminals
        if not chain or new or len(chain) > _LONGEST_CHAIN:
            lines += _chain(chain)
            chain = [call("self.feed", *map(literal, bottoms))] if reads else ["self"]
        chain.append(str(made))
        terminals = made.nodes[-1].entry.tops
    return [*lines, *_chain(chain)] or [f"{INDENT * 2}pass"]


def _chain(calls: list[str]) -> list[str]:
    """A chain as a statement, a call a line where it is long, as ruff has it."""
    if calls[:1] == ["self"]:
        calls = ["".join(calls[:2]), *calls[2:]]
    whole = "".join(calls)
    if len(INDENT * 2 + whole) <= WIDTH or len(calls) < 3:
        return [statement(whole, 2)] if calls else []
    return [f"{INDENT * 2}(", *(statement(each, 3) for each in calls), f"{INDENT * 2})"]


def expression(value: Any) -> str:
    """A parameter as Python: a layer or a filler by its fields that are given, else a literal."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        given = {
            f.name: expression(getattr(value, f.name))
            for f in dataclasses.fields(value)
            if getattr(value, f.name) != f.default
        }
        return call(type(value).__name__, **given)
    if isinstance(value, tuple):
        inside = ", ".join(map(expression, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return literal(value)


# ---- weights --------------------------------------------------------------------------------

ARRAYS: dict[type[Layer], tuple[str, ...]] = {
    BatchNorm: ("mean", "variance"),
    Convolution: ("weights", "biases"),
    Deconvolution: ("weights", "biases"),
    InnerProduct: ("weights", "biases"),
    Scale: ("scale", "offset"),
}
"""What ethereon calls the learned blobs of a layer; others have the names that they have here."""


def arrays(graph: Graph) -> dict[str, Array]:
    """The learned blobs as ethereon's files have them: "conv1/weights", in TensorFlow's layout."""
    found: dict[str, Array] = {}
    for node in graph.nodes:
        names = dict(zip(node.blobs, ARRAYS.get(type(node.layer), ()), strict=False))
        statistics = (
            running_statistics(node).values()
            if isinstance(node.layer, BatchNorm)
            else ()
        )
        own = statistics or (
            same_array(node, blob, _converted(node, blob)) for blob in node.blobs
        )
        for blob, array in zip(node.blobs, own, strict=False):
            if graph.owner(node, blob) == (node, blob):
                found[f"{node.name}/{names.get(blob, blob)}"] = array
    return found


def _converted(node: Node[Any], blob: str) -> Convert | None:
    """From Caffe's layout of a learned blob to TensorFlow's."""
    if blob != "weight":
        return None
    if isinstance(node.layer, Convolution | Deconvolution):
        axes = len(node.blobs[blob].shape)
        return Transposed((*range(2, axes), 1, 0))
    return (
        kernel(node.layer, node.bottoms[0].shape)
        if isinstance(node.layer, InnerProduct)
        else None
    )


class NetworkPrinter(Printer):
    """A printer whose network has learned weights beside it."""

    def emit(self, graph: Graph, name: str = "", weights: str = "") -> Emitted:
        graph = dataclasses.replace(graph, name=name or graph.name)
        return Emitted(text(graph, weights), entry(graph), arrays(graph))


printer = NetworkPrinter("network", ".py", text, ".safetensors")
