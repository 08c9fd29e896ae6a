"""What layers say, field by field in Caffe's words, and what a difference of it is about."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterator
from typing import Any

from proto2net.frozen import dataclass
from proto2net.graph import Graph, Node
from proto2net.layers.base import Filler, Unstated

OUTPUTS, TRAINING, IMAGES, RUNNING, NAMES = "outputs", "training", "images", "running", "names"

ABOUT = {
    OUTPUTS: "what is computed",
    TRAINING: "how it is trained",
    IMAGES: "how images are prepared",
    RUNNING: "how Caffe runs it",
    NAMES: "what blobs are called",
}
"""What a difference can be about, and how people say it."""

_TRAINED = {"moving_average_fraction", "momentum", "loss_param", "stable_prod_grad"}
_RUN = {"engine", "force_nd_im2col"}


@dataclass(frozen=True)
class Change:
    """A field that two layers have otherwise."""

    field: str
    """In Caffe's words, such as num_output, weight_filler.std or bottom."""
    a: Any
    b: Any
    about: str = OUTPUTS


def said(node: Node[Any], *, defaults: bool = True) -> dict[str, Any]:
    """What a layer says, with a window in as few numbers as tell it."""
    found: dict[str, Any] = {}
    for each in dataclasses.fields(node.layer):
        value = getattr(node.layer, each.name)
        if value == each.default and not defaults:
            continue
        name = each.metadata.get("named", each.name)
        if "per_axis" in each.metadata:
            name = each.metadata["per_axis"][0]
            value = value[:1] if len(set(value)) == 1 else value
        found[name] = value
    if defaults and node.layer.type == "BatchNorm":
        found["use_global_stats"] = not node.layer.batch_statistics(node.phase)
    return found


def about(node: Node[Any], name: str, value: Any) -> str:
    """What a field of a layer is about."""
    if name in _RUN:
        return RUNNING
    if name == "transform_param":
        return IMAGES
    if name in _TRAINED or isinstance(value, Filler):
        return TRAINING
    return TRAINING if name == "dropout_ratio" and _is_idle(node) else OUTPUTS


def _is_idle(node: Node[Any]) -> bool:
    """Whether this is a dropout that does nothing, as most do in testing."""
    layer = node.layer
    return node.phase == "TEST" and not (
        layer.type == "Dropout" and (layer.samples(node.phase) or not layer.scale_train)
    )


def computed(node: Node[Any]) -> Hashable:
    """The type of a layer, and what it says of its outputs."""
    pairs = said(node).items()
    fields = tuple(pair for pair in pairs if about(node, *pair) == OUTPUTS)
    try:
        hash(fields)
    except TypeError:  # a layer type of another's, which has lists
        return node.layer.type, repr(fields)
    return node.layer.type, fields


def of_layers(a: Node[Any], b: Node[Any]) -> Iterator[Change]:
    """What two layers say otherwise; of two types, their type and what is not the default."""
    alike = a.layer.type == b.layer.type
    if alike and a.layer == b.layer and a.phase == b.phase:
        return
    if not alike:
        yield Change("type", a.layer.type, b.layer.type)
    left, right = said(a, defaults=alike), said(b, defaults=alike)
    for name in [*left, *(name for name in right if name not in left)]:
        first, second = left.get(name), right.get(name)
        what = about(a, name, second if first is None else first)
        yield from _of_values(name, first, second, what)


def _of_values(name: str, a: Any, b: Any, what: str) -> Iterator[Change]:
    """The difference of two values; of messages of one kind, of each of their fields."""
    if a == b or _as_caffe(a) == _as_caffe(b):
        return
    kind = getattr(a, "type", None) == getattr(b, "type", None)
    if not dataclasses.is_dataclass(a) or type(a) is not type(b) or not kind:
        yield Change(name, a, b, what)
        return
    for each in dataclasses.fields(a):
        first, second = getattr(a, each.name), getattr(b, each.name)
        if first != second:
            yield Change(f"{name}.{each.name}", first, second, what)


def _as_caffe(value: Any) -> Any:
    """The value that Caffe takes: zeros, where it is not stated how a blob starts."""
    return Filler() if isinstance(value, Unstated) else value


def of_learning(a: Graph, left: Node[Any], b: Graph, right: Node[Any]) -> Iterator[Change]:
    """How training goes on with two layers otherwise."""
    for blob in left.blobs if left.params or right.params else ():
        if blob in left.layer.statistics or blob not in right.blobs:
            continue
        pairs = zip(a.multipliers(left, blob), b.multipliers(right, blob), strict=True)
        for name, (first, second) in zip(("lr_mult", "decay_mult"), pairs, strict=True):
            yield from _of_values(f"{blob}.{name}", first, second, TRAINING)
    for name in ("loss_weight", "propagate_down"):
        first, second = getattr(left, name), getattr(right, name)
        if any(first) or any(second):
            yield from _of_values(name, first or None, second or None, TRAINING)
