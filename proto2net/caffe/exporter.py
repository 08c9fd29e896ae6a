"""From the graph to messages: the inverse of the importer, generic over the fields of a layer."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO

from google.protobuf import text_format
from google.protobuf.descriptor import FieldDescriptor

from proto2net.caffe import wire
from proto2net.caffe.binaryproto import encoded_blob
from proto2net.caffe.fields import routes
from proto2net.caffe.schema import PRIVATE, Message, is_repeated, message_class
from proto2net.errors import Proto2NetError, UnsupportedError
from proto2net.graph import AUTOMATIC, Entry, Graph, Node
from proto2net.layers.base import Layer
from proto2net.layers.holes import Hole
from proto2net.output import write_all

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray
    from proto2net.model import Slot

# Field numbers of caffe.proto, for what is written without the protobuf runtime.
NET_NAME, NET_LAYER, LAYER_BLOBS = 1, 100, 7


def text(graph: Graph) -> str:
    """The graph as prototxt, which has only printable characters."""
    return _printed(network(graph))


def layer_text(node: Node[Any], net_phase: str) -> str:
    """A layer as it stands in the prototxt of a network. Raises UnsupportedError."""
    return _printed(message_class("NetParameter")(layer=[_layer(node, net_phase)]))


def _printed(message: Message) -> str:
    written = text_format.MessageToString(message, as_utf8=True)
    return "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in written)


def network(graph: Graph) -> Message:
    """The graph as a NetParameter of the current format, with what differs from defaults.

    Raises UnsupportedError with the problems of all layers.
    """
    return _network(graph, lambda node: _layer(node, graph.phase))


def _network(graph: Graph, made: Callable[[Node[Any]], Message]) -> Message:
    """The graph as a NetParameter, with what is made of each node."""
    layers, issues = [], []
    for node in _without_proven_forks(graph.nodes):
        try:
            layers.append(made(node))
        except Proto2NetError as error:
            issues += error.at(node.where, str(node))
    if issues:
        raise UnsupportedError(issues)
    return message_class("NetParameter")(name=graph.name or None, layer=layers)


def _without_proven_forks(nodes: Sequence[Node[Any]]) -> Sequence[Node[Any]]:
    """The layers, without the names of forks that a reader finds by the other layers again."""
    unnamed = {
        node: replace(node.layer, fork="") for node in nodes if getattr(node.layer, "fork", "")
    }
    if not unnamed:
        return nodes
    from proto2net.caffe import forks  # which most networks need not import

    entries = [
        Entry(
            node.name,
            unnamed.get(node, node.layer),
            tuple(blob.name for blob in node.bottoms),
            tuple(blob.name for blob in node.tops),
        )
        for node in nodes
    ]
    found, _ = forks.decided(entries)
    return [
        replace(node, layer=unnamed[node])
        if node in unnamed and again.layer == node.layer
        else node
        for node, again in zip(nodes, found, strict=True)
    ]


_PHASES = ("TRAIN", "TEST")
"""By their numbers in the schema."""


def constructed(graph: Graph, layers: Iterable[Message] = ()) -> Message:
    """The graph as Caffe writes it beside weights: what it completes stands in each layer.

    `layers` are those of the definition, for what a graph does not keep, such as where data is.
    Raises UnsupportedError with the problems of all layers.
    """
    own: dict[str, list[Message]] = {}
    for layer in layers:
        own.setdefault(layer.name, []).append(layer)

    def complete(node: Node[Any]) -> Message:
        made = message_class("LayerParameter")()
        made.CopyFrom(own[node.name].pop(0) if own.get(node.name) else _layer(node, graph.phase))
        for private in PRIVATE:
            made.ClearField(private)
        made.phase = _PHASES.index(node.phase)
        if node.layer.loss and not made.loss_weight:
            made.loss_weight.extend(node.loss_weight)
        if node.layer.type == "BatchNorm":
            for _ in range(len(made.param), len(node.blobs)):
                made.param.add(lr_mult=0)
        return made

    return _network(graph, complete)


def write_model(
    stream: BinaryIO, graph: Graph, values: Mapping[Slot, Ndarray], net: Message | None = None
) -> None:
    """Write a .caffemodel of the current format, array by array, to an unbuffered stream.

    `net` is the graph as a message, if another than that of `network`.
    """
    net = net or network(graph)
    write_all(stream, wire.encoded(NET_NAME, net.name.encode()))
    for node, layer in zip(graph.nodes, net.layer, strict=True):
        blobs = (encoded_blob(LAYER_BLOBS, array) for array in _arrays(graph, node, values))
        body = layer.SerializeToString()
        rest = (f.at for f in wire.fields(body, 0, len(body)) if f.number > LAYER_BLOBS)
        cut = next(rest, len(body))
        pieces = [body[:cut], *chain(*blobs), body[cut:]]  # as Caffe has them: by their numbers
        write_all(stream, wire.opened(NET_LAYER, sum(map(len, pieces))))
        for piece in pieces:
            write_all(stream, piece)


def _arrays(graph: Graph, node: Node[Any], values: Mapping[Slot, Ndarray]) -> Iterator[Ndarray]:
    """The arrays of a layer, those too that it shares: a file has them at each sharer."""
    for blob, learned in node.blobs.items():
        if (node, blob) in values:
            yield values[node, blob]
        elif (owner := graph.owner(node, blob)) in values:
            yield values[owner].reshape(learned.shape)


def write_layer(layer: Layer, message: Message) -> None:
    """Put the parameters of a layer into a LayerParameter."""
    given = layer.given()
    for field, within, route in routes(layer.type):
        if field.name not in given:
            continue
        value = given.pop(field.name)
        target = getattr(message, layer.param) if within else message
        if route is None:
            _put_per_axis(target, field, value)
        else:
            _put(target, route, value)
    if given:
        said = ", ".join(f"{name}: {value}" for name, value in given.items())
        hints = [hint for name, hint in _HINTS.items() if name in given]
        raise UnsupportedError(f"a prototxt cannot hold {said}", "".join(hints[:1]))


_HINTS = {
    "free": "give a number for each size that is any",
    "fork": "write it without a fork, and name the fork where the prototxt is read",
}
"""What to do about fields that a schema lacks."""


def _layer(node: Node[Any], net_phase: str) -> Message:
    if isinstance(node.layer, Hole):
        raise UnsupportedError("a prototxt cannot hold a hole", "leave the layer as it is")
    automatic = node.layer.loss and node.loss_weight == (1.0,)
    message = message_class("LayerParameter")(
        name=node.name or None,
        type=node.layer.type,
        bottom=[blob.name for blob in node.bottoms],
        top=[blob.name for blob in node.tops if blob.name != AUTOMATIC],
        loss_weight=() if automatic else node.loss_weight,
        propagate_down=node.propagate_down,
        phase=None if node.phase == net_phase else node.phase,
    )
    for spec in node.params:
        _fill(message.param.add(), spec)
    write_layer(node.layer, message)
    return message


def _fill(message: Message, part: Any) -> None:
    """Fill a message from the dataclass, or the shape, that stands for it."""
    if isinstance(part, tuple):
        message.dim.extend(part)
        return
    fields = message.DESCRIPTOR.fields_by_name
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        if value != field.default:
            _put(message, fields[field.name], value)


def _put(message: Message, field: FieldDescriptor, value: Any) -> None:
    slot = getattr(message, field.name)
    if is_repeated(field):
        for each in value:
            if field.message_type is not None:
                _fill(slot.add(), each)
            else:
                slot.append(each)
    elif field.message_type is not None:
        slot.SetInParent()  # given, even where all in it is default
        _fill(slot, value)
    elif field.enum_type is not None:
        setattr(message, field.name, field.enum_type.values_by_name[value].number)
    else:
        setattr(message, field.name, value)


def _put_per_axis(message: Message, field: dataclasses.Field[Any], values: tuple[int, ...]) -> None:
    """A window's size as `kernel_size` (once or per axis), or as `kernel_h` and `kernel_w`."""
    size, *sides = field.metadata["per_axis"]
    if is_repeated(message.DESCRIPTOR.fields_by_name[size]):
        getattr(message, size).extend(values)
        return
    for name, value in zip((size,) if len(values) == 1 else sides, values, strict=True):
        setattr(message, name, value)


def _escaped(char: str) -> str:
    """A character of a string literal as its bytes in UTF-8, in octal."""
    return "".join(f"\\{byte:03o}" for byte in char.encode())
