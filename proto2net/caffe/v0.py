"""Brings the oldest format of a layer, V0 (`layers { layer { type: "conv" } }`), to V1."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from proto2net.caffe.schema import LINE, PROBLEMS, Message, put
from proto2net.errors import Issue, Location, ParseError, closest
from proto2net.text import counted


class _Type(NamedTuple):
    """What became of a V0 type: its V1 name, and the message that took these fields of it."""

    v1: str
    message: str = ""  # empty: the layer itself
    fields: tuple[str, ...] = ()


_LEARNED = ("num_output", "biasterm", "weight_filler", "bias_filler")
_WINDOW = ("pad", "kernelsize", "stride")
_BATCHES = ("source", "batchsize")
_IMAGES = ("rand_skip", "shuffle_images", "new_height", "new_width")
_REGIONS = (
    "det_fg_threshold",
    "det_bg_threshold",
    "det_fg_fraction",
    "det_context_pad",
    "det_crop_mode",
)

_TYPES = {
    "accuracy": _Type("ACCURACY"),
    "bnll": _Type("BNLL"),
    "concat": _Type("CONCAT", "concat_param", ("concat_dim",)),
    "conv": _Type("CONVOLUTION", "convolution_param", (*_LEARNED, *_WINDOW, "group")),
    "data": _Type("DATA", "data_param", (*_BATCHES, "rand_skip")),
    "dropout": _Type("DROPOUT", "dropout_param", ("dropout_ratio",)),
    "euclidean_loss": _Type("EUCLIDEAN_LOSS"),
    "flatten": _Type("FLATTEN"),
    "hdf5_data": _Type("HDF5_DATA", "hdf5_data_param", _BATCHES),
    "hdf5_output": _Type("HDF5_OUTPUT", "", ("hdf5_output_param",)),
    "im2col": _Type("IM2COL"),
    "images": _Type("IMAGE_DATA", "image_data_param", (*_BATCHES, *_IMAGES)),
    "infogain_loss": _Type("INFOGAIN_LOSS", "infogain_loss_param", ("source",)),
    "innerproduct": _Type("INNER_PRODUCT", "inner_product_param", _LEARNED),
    "lrn": _Type("LRN", "lrn_param", ("local_size", "alpha", "beta", "k")),
    "multinomial_logistic_loss": _Type("MULTINOMIAL_LOGISTIC_LOSS"),
    "pool": _Type("POOLING", "pooling_param", (*_WINDOW, "pool")),
    "relu": _Type("RELU"),
    "sigmoid": _Type("SIGMOID"),
    "softmax": _Type("SOFTMAX"),
    "softmax_loss": _Type("SOFTMAX_LOSS"),
    "split": _Type("SPLIT"),
    "tanh": _Type("TANH"),
    "window_data": _Type("WINDOW_DATA", "window_data_param", (*_BATCHES, *_REGIONS)),
}
_COMMON = {
    **dict.fromkeys(("name", "blobs", "blobs_lr", "weight_decay"), ""),
    **dict.fromkeys(("scale", "meanfile", "cropsize", "mirror"), "transform_param"),
}
"""The fields that every V0 type has, with the message that took them; "" is the layer itself."""

_RENAMED = {
    "biasterm": "bias_term",
    "kernelsize": "kernel_size",
    "batchsize": "batch_size",
    "shuffle_images": "shuffle",
    "meanfile": "mean_file",
    "cropsize": "crop_size",
    **{region: region.removeprefix("det_") for region in _REGIONS},
}
_PADDING = "padding"  # not a type of its own: the layer that reads it takes its padding
_NET = ("name", "input", "input_dim", "force_backward", "layers")
_ENTRY = ("layer", "bottom", "top", LINE, PROBLEMS)


def upgrade_v0(net: Message, file: str) -> list[str]:
    """Bring a net of V0's layers to V1 in place, and return the messages about it."""
    if not any(entry.HasField("layer") for entry in net.layers):
        return []
    dropped = _dropped(_keep_only(net, _NET), "the V0 format has no such field")
    notes = [_note(what, Location(file, 0)) for what in dropped]
    folded = _fold_padding(net, file)
    for entry in net.layers:
        where, layer = Location(file, getattr(entry, LINE)), _label(entry)
        notes += [_note(what, where, layer) for what in _upgrade_entry(entry)]
    sentence = f"upgraded {counted(len(net.layers), 'layer')} from the V0 format to V1"
    if folded:
        sentence += f", folding {counted(folded, 'padding layer')} into what reads them"
    return [sentence, *notes]


def _fold_padding(net: Message, file: str) -> int:
    """Give the padding of each padding layer to its readers, and remove it; how many there were."""
    issues: list[Issue] = []
    makers: dict[str, Message | None] = dict.fromkeys(net.input)
    for entry in net.layers:
        try:
            _check_type(entry.layer)
            _take_padding(entry, makers)
        except ParseError as error:
            issues += error.at(Location(file, getattr(entry, LINE)), _label(entry))
        makers.update(dict.fromkeys(entry.top, entry))
    if issues:
        raise ParseError(issues)
    padding = [index for index, entry in enumerate(net.layers) if entry.layer.type == _PADDING]
    for index in reversed(padding):
        del net.layers[index]
    return len(padding)


def _check_type(v0: Message) -> None:
    known = (*_TYPES, _PADDING)
    if v0.HasField("type") and v0.type not in known:
        hint = closest(v0.type, known) or f"the types of V0 are {', '.join(known)}"
        raise ParseError(f'unknown V0 layer type "{v0.type}"', hint)


def _take_padding(entry: Message, makers: Mapping[str, Message | None]) -> None:
    unknown = [name for name in dict.fromkeys(entry.bottom) if name not in makers]
    if unknown:
        raise ParseError(
            Issue(f'bottom "{name}" is not made by any layer above', closest(name, makers))
            for name in unknown
        )
    for bottom in list(entry.bottom):
        maker = makers[bottom]
        if maker is not None and maker.layer.type == _PADDING:
            _check_padding(entry, maker)
            entry.layer.pad = maker.layer.pad
            entry.bottom[0] = maker.bottom[0]


def _check_padding(reader: Message, padding: Message) -> None:
    """Refuse the uses of a padding layer for which Caffe knows no meaning."""
    name = f'the padding layer "{padding.layer.name}"'
    if reader.layer.type not in ("conv", "pool"):
        raise ParseError(f"reads {name}", "only a conv or a pool layer can read a padding layer")
    if len(reader.bottom) != 1:
        raise ParseError(
            f"reads {name} and has {len(reader.bottom)} bottoms",
            "what reads a padding layer must have 1 bottom",
        )
    if (len(padding.bottom), len(padding.top)) != (1, 1):
        raise ParseError(
            f"reads {name}, which has {counted(len(padding.bottom), 'bottom')} "
            f"and {counted(len(padding.top), 'top')}",
            "a padding layer must have 1 bottom and 1 top",
        )


def _upgrade_entry(entry: Message) -> list[str]:
    """Turn an entry of V0 into one of V1 in place. Returns what had to be dropped."""
    stray = _keep_only(entry, _ENTRY)
    v0, unknown = entry.layer, []
    kind = _TYPES.get(v0.type, _Type("NONE"))
    routes = {**_COMMON, **dict.fromkeys(kind.fields, kind.message)}
    for field, value in v0.ListFields():
        if field.name == "type":
            entry.type = entry.LayerType.Value(kind.v1)
        elif field.name in routes:
            message = routes[field.name]
            target = getattr(entry, message) if message else entry
            put(target, _RENAMED.get(field.name, field.name), value)
        else:
            unknown.append(field.name)
    entry.ClearField("layer")
    return [
        *_dropped(stray, "beside a V0 layer only bottom and top count"),
        *_dropped(unknown, "a V0 layer of this type has no such field"),
    ]


def _keep_only(message: Message, names: Collection[str]) -> list[str]:
    """Clear all other fields. Returns the names of those that were set."""
    others = [field.name for field, _ in message.ListFields() if field.name not in names]
    for name in others:
        message.ClearField(name)
    return others


def _label(entry: Message) -> str:
    v0 = entry.layer
    return f'layer "{v0.name or entry.name}"' + f" ({v0.type})" * bool(v0.type)


def _note(sentence: str, where: Location, layer: str = "") -> str:
    return str(Issue(sentence, where=where, layer=layer))


def _dropped(names: Sequence[str], why: str) -> list[str]:
    return [f"dropped {', '.join(names)}, as Caffe does: {why}"] if names else []
