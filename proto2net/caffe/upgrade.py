"""Brings an old definition to the current format, as Caffe does when it reads one.

There have been three formats of a layer: V0 (`layers { layer { type: "conv" } }`), V1
(`layers { type: CONVOLUTION }`) and the current one (`layer { type: "Convolution" }`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from proto2net.caffe.dialects import VOLUMES, translate
from proto2net.caffe.schema import LINE, Message, message_class, put
from proto2net.caffe.v0 import upgrade_v0
from proto2net.errors import Issue, Location, ParseError
from proto2net.text import counted


def upgrade(net: Message, file: str = "<text>") -> list[str]:
    """Bring a NetParameter to the current format in place.

    Returns a sentence for each upgrade that was needed, and for each thing that it had to drop.
    Raises ParseError with the problems of all layers; the message is then half upgraded.
    """
    return [
        *upgrade_v0(net, file),
        *_upgrade_transformations(net),
        *_upgrade_v1(net, file),
        *_upgrade_inputs(net, file),
        *translate(net),
        *_write_out(net, file),
        *_upgrade_batch_norms(net),
    ]


def _write_out(net: Message, file: str) -> list[str]:
    """Put layers of Caffe in the place of what few networks have, so that it is imported here."""
    notes: list[str] = []
    types = {layer.type for layer in net.layer}
    if "DenseBlock" in types:
        from proto2net.caffe import dense_blocks

        notes += dense_blocks.write_out(net, file)
    if "TransformerBlock" in types:
        from proto2net.caffe import transformers

        notes += transformers.write_out(net, file)
    if any(kind.endswith("Ristretto") for kind in types):
        from proto2net.caffe import ristretto

        notes += ristretto.write_out(net)
    return notes


# Data transformation: from the data layers' own messages to transform_param

_DATA_PARAMS = {
    "DATA": "data_param",
    "IMAGE_DATA": "image_data_param",
    "VIDEO_DATA": "image_data_param",
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
    "UNPOOLING": "Unpooling",
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
        where = Location(file, getattr(net.layers[0], LINE))
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
            put(layer, field.name, value)
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
    names = ", ".join(f'"{name}"' for name in net.input)
    inputs = f"the input fields {names}"
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
    field, each, unit = ("input_dim", _dims_of_input(net), "N, C, H and W of each input")
    if net.input_shape:
        field, each, unit = ("input_shape", 1, "one for each input")
    given, needed, where = len(getattr(net, field)), each * len(net.input), Location(file, 0)
    inputs = f"{counted(len(net.input), 'input')} ({', '.join(net.input)})"
    found = f"{field} is given {counted(given, 'time')} for {inputs}"
    if given < needed:
        hint = f"give it {counted(needed, 'time')}: {unit}"
        raise ParseError([Issue(found, hint, where)])
    if given > needed:
        return [str(Issue(f"{found}; Caffe reads the first {needed}", where=where))]
    return []


def _dims_of_input(net: Message) -> int:
    """How many input_dim there are for each input: C3D has a length before the height."""
    volumes = any(layer.type in VOLUMES for layer in net.layer)
    return 5 if volumes and len(net.input_dim) == 5 * len(net.input) else 4


def _input_layer(net: Message) -> Message:
    layer = message_class("LayerParameter")(name="input", type="Input", top=net.input)
    each = _dims_of_input(net)
    for index in range(len(net.input)):
        dims = net.input_dim[each * index :][:each]
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
