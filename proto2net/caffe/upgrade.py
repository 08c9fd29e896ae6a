"""Brings an old definition to the current format, as Caffe does when it reads one.

There have been three formats of a layer: V0 (`layers { layer { type: "conv" } }`), V1
(`layers { type: CONVOLUTION }`) and the current one (`layer { type: "Convolution" }`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from proto2net.caffe.dialects import counted, translate
from proto2net.caffe.schema import LINE, PROBLEMS, Message, message_class
from proto2net.errors import Issue, Location, ParseError, closest


def upgrade(net: Message, file: str = "<text>") -> list[str]:
    """Bring a NetParameter to the current format in place.

    Returns a sentence for each upgrade that was needed, and for each thing that it had to drop.
    Raises ParseError with the problems of all layers; the message is then half upgraded.
    """
    return [
        *_upgrade_v0(net, file),
        *_upgrade_transformations(net),
        *_upgrade_v1(net, file),
        *_upgrade_inputs(net, file),
        *translate(net),
        *_upgrade_batch_norms(net),
    ]


# V0 to V1


class _V0Type(NamedTuple):
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

_V0_TYPES = {
    "accuracy": _V0Type("ACCURACY"),
    "bnll": _V0Type("BNLL"),
    "concat": _V0Type("CONCAT", "concat_param", ("concat_dim",)),
    "conv": _V0Type("CONVOLUTION", "convolution_param", (*_LEARNED, *_WINDOW, "group")),
    "data": _V0Type("DATA", "data_param", (*_BATCHES, "rand_skip")),
    "dropout": _V0Type("DROPOUT", "dropout_param", ("dropout_ratio",)),
    "euclidean_loss": _V0Type("EUCLIDEAN_LOSS"),
    "flatten": _V0Type("FLATTEN"),
    "hdf5_data": _V0Type("HDF5_DATA", "hdf5_data_param", _BATCHES),
    "hdf5_output": _V0Type("HDF5_OUTPUT", "", ("hdf5_output_param",)),
    "im2col": _V0Type("IM2COL"),
    "images": _V0Type("IMAGE_DATA", "image_data_param", (*_BATCHES, *_IMAGES)),
    "infogain_loss": _V0Type("INFOGAIN_LOSS", "infogain_loss_param", ("source",)),
    "innerproduct": _V0Type("INNER_PRODUCT", "inner_product_param", _LEARNED),
    "lrn": _V0Type("LRN", "lrn_param", ("local_size", "alpha", "beta", "k")),
    "multinomial_logistic_loss": _V0Type("MULTINOMIAL_LOGISTIC_LOSS"),
    "pool": _V0Type("POOLING", "pooling_param", (*_WINDOW, "pool")),
    "relu": _V0Type("RELU"),
    "sigmoid": _V0Type("SIGMOID"),
    "softmax": _V0Type("SOFTMAX"),
    "softmax_loss": _V0Type("SOFTMAX_LOSS"),
    "split": _V0Type("SPLIT"),
    "tanh": _V0Type("TANH"),
    "window_data": _V0Type("WINDOW_DATA", "window_data_param", (*_BATCHES, *_REGIONS)),
}
_V0_COMMON = {
    **dict.fromkeys(("name", "blobs", "blobs_lr", "weight_decay"), ""),
    **dict.fromkeys(("scale", "meanfile", "cropsize", "mirror"), "transform_param"),
}
"""The fields that every V0 type has, with the message that took them; "" is the layer itself."""

_V0_RENAMED = {
    "biasterm": "bias_term",
    "kernelsize": "kernel_size",
    "batchsize": "batch_size",
    "shuffle_images": "shuffle",
    "meanfile": "mean_file",
    "cropsize": "crop_size",
    **{region: region.removeprefix("det_") for region in _REGIONS},
}
_PADDING = "padding"  # not a type of its own: the layer that reads it takes its padding
_V0_NET = ("name", "input", "input_dim", "force_backward", "layers")
_V0_ENTRY = ("layer", "bottom", "top", LINE, PROBLEMS)


def _upgrade_v0(net: Message, file: str) -> list[str]:
    if not any(entry.HasField("layer") for entry in net.layers):
        return []
    dropped = _dropped(_keep_only(net, _V0_NET), "the V0 format has no such field")
    notes = [_note(what, Location(file, 0)) for what in dropped]
    folded = _fold_padding(net, file)
    for entry in net.layers:
        where, layer = _location(entry, file), _v0_label(entry)
        notes += [_note(what, where, layer) for what in _upgrade_v0_entry(entry)]
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
            _check_v0_type(entry.layer)
            _take_padding(entry, makers)
        except ParseError as error:
            issues += error.at(_location(entry, file), _v0_label(entry))
        makers.update(dict.fromkeys(entry.top, entry))
    if issues:
        raise ParseError(issues)
    padding = [index for index, entry in enumerate(net.layers) if entry.layer.type == _PADDING]
    for index in reversed(padding):
        del net.layers[index]
    return len(padding)


def _check_v0_type(v0: Message) -> None:
    known = (*_V0_TYPES, _PADDING)
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


def _upgrade_v0_entry(entry: Message) -> list[str]:
    """Turn an entry of V0 into one of V1 in place. Returns what had to be dropped."""
    stray = _keep_only(entry, _V0_ENTRY)
    v0, unknown = entry.layer, []
    kind = _V0_TYPES.get(v0.type, _V0Type("NONE"))
    routes = {**_V0_COMMON, **dict.fromkeys(kind.fields, kind.message)}
    for field, value in v0.ListFields():
        if field.name == "type":
            entry.type = entry.LayerType.Value(kind.v1)
        elif field.name in routes:
            message = routes[field.name]
            target = getattr(entry, message) if message else entry
            _put(target, _V0_RENAMED.get(field.name, field.name), value)
        else:
            unknown.append(field.name)
    entry.ClearField("layer")
    return [
        *_dropped(stray, "beside a V0 layer only bottom and top count"),
        *_dropped(unknown, "a V0 layer of this type has no such field"),
    ]


# Data transformation: from the data layers' own messages to transform_param

_DATA_PARAMS = {
    "DATA": "data_param",
    "IMAGE_DATA": "image_data_param",
    "WINDOW_DATA": "window_data_param",
}
_TRANSFORMATIONS = ("scale", "mean_file", "crop_size", "mirror")


def _upgrade_transformations(net: Message) -> list[str]:
    moved = sum(map(_move_transformation, net.layers))
    if not moved:
        return []
    return [f"moved the data transformation of {counted(moved, 'layer')} to transform_param"]


def _move_transformation(entry: Message) -> bool:
    message = _DATA_PARAMS.get(entry.LayerType.Name(entry.type))
    if message is None:
        return False
    param = getattr(entry, message)
    given = [name for name in _TRANSFORMATIONS if param.HasField(name)]
    for name in given:
        setattr(entry.transform_param, name, getattr(param, name))
        param.ClearField(name)
    return bool(given)


# V1 to the current format

V1_TYPES = {
    "NONE": "",
    "ABSVAL": "AbsVal",
    "ACCURACY": "Accuracy",
    "ARGMAX": "ArgMax",
    "BNLL": "BNLL",
    "CONCAT": "Concat",
    "CONTRASTIVE_LOSS": "ContrastiveLoss",
    "CONVOLUTION": "Convolution",
    "DATA": "Data",
    "DECONVOLUTION": "Deconvolution",
    "DROPOUT": "Dropout",
    "DUMMY_DATA": "DummyData",
    "ELTWISE": "Eltwise",
    "EUCLIDEAN_LOSS": "EuclideanLoss",
    "EXP": "Exp",
    "FLATTEN": "Flatten",
    "HDF5_DATA": "HDF5Data",
    "HDF5_OUTPUT": "HDF5Output",
    "HINGE_LOSS": "HingeLoss",
    "IM2COL": "Im2col",
    "IMAGE_DATA": "ImageData",
    "INFOGAIN_LOSS": "InfogainLoss",
    "INNER_PRODUCT": "InnerProduct",
    "LRN": "LRN",
    "MEMORY_DATA": "MemoryData",
    "MULTINOMIAL_LOGISTIC_LOSS": "MultinomialLogisticLoss",
    "MVN": "MVN",
    "POOLING": "Pooling",
    "POWER": "Power",
    "RELU": "ReLU",
    "SIGMOID": "Sigmoid",
    "SIGMOID_CROSS_ENTROPY_LOSS": "SigmoidCrossEntropyLoss",
    "SILENCE": "Silence",
    "SLICE": "Slice",
    "SOFTMAX": "Softmax",
    "SOFTMAX_LOSS": "SoftmaxWithLoss",
    "SPLIT": "Split",
    "TANH": "TanH",
    "THRESHOLD": "Threshold",
    "WINDOW_DATA": "WindowData",
    # Of forks.
    "ADAPTIVE_BIAS_CHANNEL": "AdaptiveBiasChannel",
    "BATCH_NORM": "BatchNorm",
    "BIAS_CHANNEL": "BiasChannel",
    "BN": "BN",
    "CONVOLUTION3D": "Convolution3D",
    "CROP": "Crop",
    "DECONVOLUTION3D": "Deconvolution3D",
    "DENSE_CRF": "DenseCRF",
    "DENSE_IMAGE_DATA": "DenseImageData",
    "DOMAIN_TRANSFORM": "DomainTransform",
    "ELTWISE_ACCURACY": "EltwiseAccuracy",
    "IMAGE_SEG_DATA": "ImageSegData",
    "INTERP": "Interp",
    "LOCAL": "Local",
    "MAT_READ": "MatRead",
    "MAT_WRITE": "MatWrite",
    "MULTI_STAGE_MEANFIELD": "MultiStageMeanfield",
    "POOLING3D": "Pooling3D",
    "PRELU": "PReLU",
    "PYTHON": "Python",
    "RESHAPE": "Reshape",
    "ROI_POOLING": "ROIPooling",
    "SCALE": "Scale",
    "SEG_ACCURACY": "SegAccuracy",
    "SMOOTH_L1_LOSS": "SmoothL1Loss",
    "SPP": "SPP",
    "UNIQUE_LABEL": "UniqueLabel",
    "UNPOOLING": "UnPooling",
    "UPSAMPLE": "Upsample",
    "VIDEO_DATA": "VideoData",
    "VOXEL_SOFTMAX": "VoxelSoftmax",
    "VOXEL_SOFTMAX_LOSS": "VoxelSoftmaxLoss",
    "WINDOW_SEG_DATA": "WindowSegData",
}
_PARAM_LISTS = {
    "param": "name",
    "blob_share_mode": "share_mode",
    "blobs_lr": "lr_mult",
    "weight_decay": "decay_mult",
}
"""V1's lists of one value a blob, with the field of ParamSpec that took it."""


def _upgrade_v1(net: Message, file: str) -> list[str]:
    if not net.layers:
        return []
    if not _has_one_order(net):
        found = f"{len(net.layers)} `layers` (V1 format) and {len(net.layer)} `layer` (current)"
        message = f"the net has {found}; Caffe reads one kind only"
        where = _location(net.layers[0], file)
        raise ParseError([Issue(message, "write every layer as `layer`", where)])
    sentence = f"upgraded {counted(len(net.layers), 'layer')} from the V1 format"
    if net.layer:
        sentence += f", among {len(net.layer)} of the current one; Caffe reads one kind only"
    for entry in net.layers:
        _upgrade_v1_entry(entry, net.layer.add())
    net.layer.sort(key=lambda layer: getattr(layer, LINE))
    net.ClearField("layers")
    return [sentence]


def _has_one_order(net: Message) -> bool:
    """Whether the lines tell the order of V1's layers and the current ones, if there are both."""
    v1, current = ({getattr(layer, LINE) for layer in kind} for kind in (net.layers, net.layer))
    return v1.isdisjoint(current)


def _upgrade_v1_entry(entry: Message, layer: Message) -> None:
    for field, value in entry.ListFields():
        if field.name == "type":
            layer.type = V1_TYPES[entry.LayerType.Name(value)]
        elif field.name in _PARAM_LISTS:
            _spread(layer, _PARAM_LISTS[field.name], value)
        else:  # every other field has the same name in both formats
            _put(layer, field.name, value)
    if layer.type == "Crop" and not entry.HasField("crop_param"):
        layer.type = "AutoCrop"  # in V1 only forks have it, and it has no parameters there


def _spread(layer: Message, name: str, values: Iterable[Any]) -> None:
    for index, value in enumerate(values):
        if index == len(layer.param):
            layer.param.add()
        setattr(layer.param[index], name, value)


# Input fields of the net: now a layer


def _upgrade_inputs(net: Message, file: str) -> list[str]:
    if not net.input:
        return []
    inputs = f"the input fields ({', '.join(net.input)})"
    if net.input_shape or net.input_dim:
        notes = [f"made an Input layer of {inputs}", *_check_input_sizes(net, file)]
        net.layer.insert(0, _input_layer(net))
    else:  # an old .caffemodel: the inputs stand in its prototxt
        notes = [f"dropped {inputs}, which give no shape"]
    for name in ("input", "input_shape", "input_dim"):
        net.ClearField(name)
    return notes


def _check_input_sizes(net: Message, file: str) -> list[str]:
    """Refuse too few shapes or dims. Returns a note where there are more than Caffe reads."""
    field, each, unit = ("input_dim", 4, "N, C, H and W of each input")
    if net.input_shape:
        field, each, unit = ("input_shape", 1, "one for each input")
    given, needed, where = len(getattr(net, field)), each * len(net.input), Location(file, 0)
    inputs = f"{counted(len(net.input), 'input')} ({', '.join(net.input)})"
    found = f"{field} is given {counted(given, 'time')} for {inputs}"
    if given < needed:
        hint = f"give it {counted(needed, 'time')}: {unit}"
        raise ParseError([Issue(found, hint, where)])
    return [_note(f"{found}; Caffe reads the first {needed}", where)] if given > needed else []


def _input_layer(net: Message) -> Message:
    layer = message_class("LayerParameter")(name="input", type="Input", top=net.input)
    for index in range(len(net.input)):
        dims = net.input_dim[4 * index :][:4]
        layer.input_param.shape.add(dim=net.input_shape[index].dim if net.input_shape else dims)
    return layer


# BatchNorm: its blobs are statistics, which a solver must not touch


def _upgrade_batch_norms(net: Message) -> list[str]:
    frozen = sum(map(_freeze, net.layer))
    if not frozen:
        return []
    return [f"set lr_mult and decay_mult of {counted(frozen, 'BatchNorm layer')} to 0"]


def _freeze(layer: Message) -> bool:
    if layer.type != "BatchNorm" or len(layer.param) != 3:
        return False
    names = ("lr_mult", "decay_mult")
    learned = [(spec, name) for spec in layer.param for name in names if getattr(spec, name)]
    for spec, name in learned:
        setattr(spec, name, 0)
    return bool(learned)


# Messages and sentences


def _put(message: Message, name: str, value: Any) -> None:
    """Set a field of any kind. A single value becomes the first of a list."""
    slot = getattr(message, name)
    if hasattr(slot, "append") and not hasattr(value, "append"):
        slot.append(value)
    elif hasattr(slot, "MergeFrom"):
        slot.MergeFrom(value)
    else:
        setattr(message, name, value)


def _keep_only(message: Message, names: Collection[str]) -> list[str]:
    """Clear all other fields. Returns the names of those that were set."""
    others = [field.name for field, _ in message.ListFields() if field.name not in names]
    for name in others:
        message.ClearField(name)
    return others


def _location(entry: Message, file: str) -> Location:
    return Location(file, getattr(entry, LINE))


def _v0_label(entry: Message) -> str:
    v0 = entry.layer
    return f'layer "{v0.name or entry.name}"' + f" ({v0.type})" * bool(v0.type)


def _note(sentence: str, where: Location, layer: str = "") -> str:
    return str(Issue(sentence, where=where, layer=layer))


def _dropped(names: Sequence[str], why: str) -> list[str]:
    return [f"dropped {', '.join(names)}, as Caffe does: {why}"] if names else []
