"""What each target prints of a layer, as a row of a table.

    says(
        "Convolution { num_output: 4 kernel_size: 3 }",
        torch=("nn.Conv2d(3, 4, kernel_size=3)", "self.f(x)"),
        tf='layers.Conv2D(4, 3, name="f")(x)',
        numpy="convolution(x, **self.f)",
    )

A layer is its type and what follows in prototxt; its own parameters need no name of their message.
It is called f, as its top is, and reads x, y, z, ...; layers after it, g and h, read the top of the
one before.

A target's text is what it assigns to the layer's object, if it has one, and to its tops. Where
there are several objects or statements, all but the last are there as they are printed. What the
file has on several lines is on one here; its comments are left out, and so are the dictionaries of
learned arrays that NumPy has for objects.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import proto2net
from proto2net import Graph, UnsupportedError, backends
from proto2net.graph import Node
from proto2net.layers import LAYERS

TARGETS = ("torch", "tf", "numpy")

FLAT, SEQUENCE, IMAGE = (2, 3), (2, 3, 7), (2, 3, 5, 7)
VIDEO, DEEP = (2, 3, 4, 5, 7), (2, 3, 4, 5, 6, 7)
"""What layers read, no two axes of one size; an image, if a row says nothing else."""

BOTTOMS, LAYER_NAMES = "xyzuvw", "fgh"

Shape = tuple[int, ...]
Said = tuple[str, ...]


@dataclass(frozen=True)
class Refusal:
    """Why a target does not print a layer."""

    message: str


@dataclass(frozen=True)
class Row:
    """Layers that read each other, and what each target prints of them."""

    layers: tuple[str, ...]
    options: dict[str, Any]
    said: dict[str, Said | Refusal] = field(default_factory=dict)

    def __str__(self) -> str:
        """What pytest calls the row."""
        return " > ".join([*self.layers, *(f"{k}={v}" for k, v in self.options.items())])

    @cached_property
    def graph(self) -> Graph:
        """The network of these layers."""
        options = dict(self.options)
        padding, in_place = options.pop("padding", ""), options.pop("in_place", False)
        bottoms, tops = options.pop("bottoms", [IMAGE]), options.pop("tops", 1)
        read = options.pop("read", len(bottoms))
        net = _net(self.layers, bottoms, read, tops, in_place=in_place)
        graph = proto2net.parse(net, **options)
        return graph.rebuilt(_padded(graph.nodes, padding)) if padding else graph

    def printed(self) -> dict[str, Said | Refusal]:
        """What each target prints."""
        return {to: printed(self.graph, to) for to in TARGETS}


def says(
    *layers: str,
    torch: str | Said | Refusal,
    tf: str | Said | Refusal,
    numpy: str | Said | Refusal,
    **options: Any,
) -> Row:
    """A row of a table.

    Options are `bottoms`, the shapes of the inputs, and `read`, how many of them the first layer
    reads, if not all; `tops`, how many the last one has; `in_place`, whether the layers after the
    first are in place; `padding`, which prototxt cannot say, of the last one; and those of `parse`.
    """
    said = {"torch": torch, "tf": tf, "numpy": numpy}
    return Row(layers, options, {to: (s,) if isinstance(s, str) else s for to, s in said.items()})


def refuses(message: str) -> Refusal:
    """That a target refuses the layers with this message."""
    return Refusal(message)


# ---- the network ----------------------------------------------------------------------------


def _net(
    layers: Sequence[str], bottoms: Sequence[Shape], read: int, tops: int, *, in_place: bool
) -> str:
    """The definition of a network of these layers."""
    inputs = list(BOTTOMS[: len(bottoms)])
    lines = [_input(name, shape) for name, shape in zip(inputs, bottoms, strict=True)]
    names = inputs[:read]
    for number, (layer, name) in enumerate(zip(layers, LAYER_NAMES, strict=False), 1):
        kind, _, fields = layer.partition(" ")
        if fields.startswith("{"):
            fields = f"{LAYERS[kind].param} {fields}"
        wires = [f'bottom: "{x}"' for x in names]
        if number == 1 or not in_place:
            names = [name]
        if number == len(layers) and tops != 1:
            names = [f"{name}{top}" for top in range(1, tops + 1)]
        wires += [f'top: "{x}"' for x in names]
        lines.append(f'layer {{ name: "{name}" type: "{kind}" {" ".join(wires)} {fields} }}')
    return "\n".join([*lines, ""])


def _input(name: str, shape: Shape) -> str:
    dims = " ".join(f"dim: {size}" for size in shape)
    shaped = f"input_param {{ shape {{ {dims} }} }}"
    return f'layer {{ name: "{name}" type: "Input" top: "{name}" {shaped} }}'


def _padded(nodes: Sequence[Node[Any]], padding: str) -> list[Node[Any]]:
    """The nodes, the last with this padding."""
    *before, last = nodes
    return [*before, replace(last, layer=replace(last.layer, padding=padding))]


# ---- what is printed ------------------------------------------------------------------------

Show = Callable[[ast.expr], str]
"""What gives an expression as it is printed, on one line."""


def printed(graph: Graph, to: str) -> Said | Refusal:
    """What a target prints of the network."""
    try:
        source = backends.get(to).emit(graph, "net", flat=True).source
    except UnsupportedError as error:
        return Refusal(error.issues[0].message)
    code = re.split(r"^(?=(?:class|def) net\b)", source, flags=re.MULTILINE)[-1]
    made, show = ast.parse(code).body[0], partial(_on_one_line, code.splitlines())
    methods = {each.name: each for each in ast.walk(made) if isinstance(each, ast.FunctionDef)}
    forward = methods.get("forward") or methods.get("__call__") or methods["net"]
    statements, end = list(_assignments(forward)), _end(forward)
    if to != "torch":  # which alone does nothing to what it is given
        statements = statements[len(graph.inputs) :]
    objects = list(_objects(_assignments(methods.get("__init__")), show))
    lines = [made if len(objects) == 1 else f"{name} = {made}" for name, made in objects]
    if end is None or _is_named(end):
        if not statements:
            return (*lines, _returned(forward, show))
        end = statements.pop().value
    lines += [f"{_targets(each, show)} = {show(each.value)}" for each in statements]
    return (*lines, show(end))


def _on_one_line(lines: Sequence[str], node: ast.expr) -> str:
    """The text of an expression, without what the printer adds where it breaks a line."""
    assert node.end_lineno
    found = [*lines[node.lineno - 1 : node.end_lineno]]
    found[-1] = found[-1][: node.end_col_offset]
    found[0] = found[0][node.col_offset :]
    text = " ".join(line.strip() for line in found)
    return re.sub(r"(?<=[(\[{]) |,? (?=[)\]}])| (?=\.[a-z])", "", text) if len(found) > 1 else text


def _assignments(function: ast.FunctionDef | None) -> Iterator[ast.Assign]:
    """The assignments of a function, but for the model that it returns."""
    for each in function.body if function else []:
        if isinstance(each, ast.Assign):
            if ast.unparse(each.targets[0]) == "model":
                return
            yield each


def _targets(statement: ast.Assign, show: Show) -> str:
    return " = ".join(map(show, statement.targets))


def _objects(statements: Iterable[ast.Assign], show: Show) -> Iterator[tuple[str, str]]:
    """The layers' objects by name; of NumPy's dictionaries what they have beside learned arrays."""
    for each in statements:
        name, made = _targets(each, show), each.value
        if isinstance(made, ast.Dict):
            pairs = zip(made.keys, made.values, strict=True)
            others = [f"{show(k)}: {show(v)}" for k, v in pairs if k and not _is_array(v)]
            if others:
                yield name, f"{{..., {', '.join(others)}}}"
        elif "rng" not in name:
            yield name, show(made)


def _is_array(value: ast.expr) -> bool:
    """Whether this makes an array, as all that fills learned arrays does."""
    return isinstance(value, ast.Call)


def _end(forward: ast.FunctionDef) -> ast.expr | None:
    """What a forward pass returns; a function that makes a Keras model returns that."""
    value = next(each.value for each in forward.body if isinstance(each, ast.Return))
    match value:
        case ast.Call(func=function) if ast.unparse(function) == "keras.Model":
            return None
        case ast.Call(func=function, args=[given, _]) if ast.unparse(function) == "np.asarray":
            return given  # it does nothing but to cast its input
    return value


def _is_named(value: ast.expr) -> bool:
    """Whether this has been assigned before: `x`, or `x, y`."""
    items = value.elts if isinstance(value, ast.Tuple) else [value]
    return all(isinstance(item, ast.Name) for item in items)


def _returned(forward: ast.FunctionDef, show: Show) -> str:
    """What a network returns that does nothing; it is the second argument of a Keras model."""
    value = _end(forward) or next(e.value for e in forward.body if isinstance(e, ast.Return))
    assert value
    return show(value.args[1] if isinstance(value, ast.Call) else value).strip("[]")
