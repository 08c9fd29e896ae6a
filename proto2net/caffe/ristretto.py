"""Writes out what Ristretto's layers do to the values that they read and make, in place."""

from __future__ import annotations

from proto2net.caffe.dialects import beside, replace_layers
from proto2net.caffe.schema import Message
from proto2net.text import counted

_TYPES = ("ConvolutionRistretto", "DeconvolutionRistretto", "FcRistretto")


def write_out(net: Message) -> list[str]:
    """Put a Quantize before and behind each of Ristretto's layers, if none is there yet."""
    writing = _Writing()
    found = list(net.layer)
    for layer, after in zip(found, [*found[1:], None], strict=True):
        writing.add(layer, after)
    if not writing.number:
        return []
    replace_layers(net, writing.layers)
    return [f"wrote the rounding of {counted(writing.number, 'layer')} of Ristretto as Quantize"]


class _Writing:
    """The layers so far, and what is known of their blobs.

    Ristretto overwrites what a layer reads, even if others read it: those behind it find it
    rounded. What others have read before gets another name, since Caffe knows no such overwriting.
    """

    def __init__(self) -> None:
        self.layers: list[Message] = []
        self.number = 0
        """Of how many layers something was written out."""
        self._names: dict[str, str] = {}
        """What blobs are called now, by the names that they have in the file."""
        self._read: set[str] = set()
        self._rounded: dict[str, Message] = {}
        """How blobs are rounded already."""

    def add(self, layer: Message, after: Message | None) -> None:
        before = len(self.layers)
        rounds = layer.type in _TYPES and not _is_of_weights_alone(layer)
        made = [self._names.get(top, top) if top in layer.bottom else top for top in layer.top]
        if rounds:
            for index, name in enumerate(layer.bottom):
                self._round(layer, "in", index, name)
        layer.bottom[:] = [self._names.get(name, name) for name in layer.bottom]
        for name, top in zip(layer.top, made, strict=True):
            if name == top:
                self._names.pop(name, None)
            self._rounded.pop(top, None)
        self._read.update(layer.bottom)
        self._read.difference_update(made)
        layer.top[:] = made
        self.layers.append(layer)
        if layer.type == "Quantize":
            self._rounded[made[0]] = layer.quantization_param
        elif rounds and not (after and after.type == "Quantize" and after.bottom == layer.top):
            for index, name in enumerate(layer.top):
                self._round(layer, "out", index, name)
        self.number += layer.type in _TYPES and len(self.layers) > before + 1

    def _round(self, layer: Message, side: str, index: int, name: str) -> None:
        """Add the Quantize of a blob, if it is not rounded so already."""
        blob = self._names.get(name, name)
        made = beside(layer, f"{layer.name}_{side}{index or ''}", "Quantize")
        made.quantization_param.CopyFrom(_rounding(layer.quantization_param, side))
        if self._rounded.get(blob) == made.quantization_param:
            return
        made.bottom.append(blob)
        made.top[:] = [made.name if blob in self._read else blob]
        self._names[name] = made.top[0]
        self._rounded[made.top[0]] = made.quantization_param
        self.layers.append(made)


def _is_of_weights_alone(layer: Message) -> bool:
    given = layer.quantization_param
    return bool(given.precision == given.INTEGER_POWER_OF_2_WEIGHTS)


def _rounding(given: Message, side: str) -> Message:
    """How a layer rounds what it reads or makes, as a Quantize says it."""
    taken = type(given)()
    for name in ("precision", "mant_bits", "exp_bits"):
        if given.HasField(name):
            setattr(taken, name, getattr(given, name))
    if given.HasField(f"bw_layer_{side}"):
        taken.bw_layer_out = getattr(given, f"bw_layer_{side}")
    taken.fl_layer_out.extend(getattr(given, f"fl_layer_{side}"))
    return taken
