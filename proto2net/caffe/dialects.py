"""Puts what forks of Caffe write in their own way into Caffe's layers, with the same result."""

from __future__ import annotations

from collections.abc import Callable, Collection

from proto2net.caffe import aliases
from proto2net.caffe.schema import LINE, PROBLEMS, Message, is_repeated, message_class, put
from proto2net.text import counted


def translate(net: Message) -> list[str]:
    """Put a NetParameter of the current format into Caffe's words in place.

    Returns a sentence for each thing that had to be put otherwise.
    """
    return [
        *aliases.rename(net),
        *_name_lstms(net),
        *_stack_lstms(net),
        *_name_lstms_without_attention(net),
        *_name_normalizes(net),
        *_name_multibox_losses(net),
        *_name_volumes(net),
        *_drop_surplus_params(net),
        *_link_over_flattens(net),
        *_scale_by_eltwise(net),
        *_repeat_by_eltwise(net),
        *_flatten_before_concats(net),
        *_split_layers(net),
    ]


def _name_lstms(net: Message) -> list[str]:
    """MyCaffe calls Caffe's LSTM "Lstm" (LSTMLayer.cs), which elsewhere is caffe-lstm's layer."""
    found = [layer for layer in net.layer if layer.type == "Lstm" and _has(layer, "recurrent")]
    for layer in found:
        layer.type = "LSTM"
    what = counted(len(found), "layer")
    return [f"read {what} of type Lstm with recurrent_param as LSTM, as MyCaffe does"] * bool(found)


_OF_CUDNN = ("engine", "num_layers", "dropout_ratio", "dropout_seed")
_MOST_STACKED = 100  # as many layers as anybody stacks


def _stack_lstms(net: Message) -> list[str]:
    """Write out each layer of an LSTM that cuDNN computes (MyCaffe's RecurrentLayer.cs)."""
    found = [layer for layer in net.layer if layer.type == "LSTM" and _is_of_cudnn(layer)]
    if not found:
        return []
    parts = [_stacked(layer) if layer in found else [layer] for layer in net.layer]
    replace_layers(net, [part for each in parts for part in each])
    what = f"wrote out the layers of {counted(len(found), 'LSTM')} of cuDNN"
    return [
        f"{what}, which looks at cont in the first step alone, and whose weights cannot be read"
    ]


def _is_of_cudnn(layer: Message) -> bool:
    param = layer.recurrent_param
    plain = len(layer.bottom) == 2 and len(layer.top) == 1 and not param.expose_hidden
    few = not param.HasField("num_layers") or 1 <= param.num_layers <= _MOST_STACKED
    return bool(param.engine == param.CUDNN) and plain and few


def _stacked(layer: Message) -> list[Message]:
    """The LSTMs, each of which reads the one before, and a Dropout between two of them."""
    given = layer.recurrent_param
    number, ratio = max(given.num_layers, 1), given.dropout_ratio
    for name in _OF_CUDNN:
        given.ClearField(name)
    parts = []
    read, cont = layer.bottom
    for index in range(1, number):
        name = f"{layer.name}_{index}"
        lstm, dropout = beside(layer, name, "LSTM"), beside(layer, f"{name}_dropout", "Dropout")
        lstm.bottom.extend((read, cont))
        lstm.recurrent_param.CopyFrom(given)
        dropout.bottom.append(name)
        dropout.top[:] = [name]
        dropout.dropout_param.dropout_ratio = ratio
        parts += [lstm, dropout] if ratio else [lstm]
        read = name
    layer.bottom[0] = read
    return [*parts, layer]


def _name_lstms_without_attention(net: Message) -> list[str]:
    """MyCaffe's LstmAttention without attention is caffe-lstm's layer (LSTMAttentionLayer.cs)."""
    found = [layer for layer in net.layer if layer.type == "LstmAttention" and _is_plain(layer)]
    for layer in found:
        layer.type = "Lstm"
        for field, value in layer.lstm_attention_param.ListFields():
            if field.name not in _ATTENDING:
                put(layer.lstm_param, field.name, value)
        layer.ClearField("lstm_attention_param")
    what = f"read {counted(len(found), 'layer')} of type LstmAttention without attention as Lstm"
    return [f"{what}; MyCaffe stops at the end of the longest sequence"] * bool(found)


_ATTENDING = ("enable_attention", "enable_clockwork_forgetgate_bias", "num_output_ip")


def _is_plain(layer: Message) -> bool:
    return not any(getattr(layer.lstm_attention_param, name) for name in _ATTENDING)


_NORMALIZE = "Normalization2"
"""What MyCaffe calls SSD's Normalize (Normalization2Layer.cs)."""

RENAMED = (_NORMALIZE, *aliases.TYPES, *aliases.OTHERS)
"""The types that no layer here has, since each becomes another."""


def _name_normalizes(net: Message) -> list[str]:
    """Name MyCaffe's Normalize so."""
    found = [layer for layer in net.layer if layer.type == _NORMALIZE]
    for layer in found:
        layer.type = "Normalize"
        given = layer.normalization2_param  # its "esp" is written by MyCaffe, and never read
        for name in ("across_spatial", "channel_shared", "eps"):
            setattr(layer.norm_param, name, getattr(given, name))
        if given.HasField("scale_filler"):
            layer.norm_param.scale_filler.CopyFrom(given.scale_filler)
        layer.ClearField("normalization2_param")
    what = counted(len(found), "layer")
    return [f"read {what} of type Normalization2 as Normalize, as MyCaffe does"] * bool(found)


def _name_multibox_losses(net: Message) -> list[str]:
    """MyCaffe has one underscore less in the name of the parameters of MultiBoxLoss."""
    found = [layer for layer in net.layer if _has(layer, "multiboxloss")]
    for layer in found:
        layer.multibox_loss_param.MergeFrom(layer.multiboxloss_param)
        layer.ClearField("multiboxloss_param")
    return ["read multiboxloss_param as multibox_loss_param, as MyCaffe does"] * bool(found)


VOLUMES = {
    "Convolution3D": ("convolution_param", "convolution3d_param"),
    "Deconvolution3D": ("convolution_param", "convolution3d_param"),
    "Pooling3D": ("pooling_param", "pooling3d_param"),
    "VideoData": ("image_data_param", "video_data_param"),
}
"""C3D's layers, where version 1.0 has their parameters, and where version 1.1 has them."""


def _name_volumes(net: Message) -> list[str]:
    """C3D 1.0 has the parameters of its layers in messages of others (vision_layers.hpp there)."""
    moved = [layer for layer in net.layer if layer.type in VOLUMES and _move_volume(layer)]
    what = counted(len(moved), "layer")
    return [f"read {what} of C3D 1.0 as of its version 1.1"] * bool(moved)


def _move_volume(layer: Message) -> bool:
    old, new = VOLUMES[layer.type]
    if not layer.HasField(old) or layer.HasField(new):
        return False
    taken = getattr(layer, new)
    given = {
        field.name: [*value] if is_repeated(field) else [value]
        for field, value in getattr(layer, old).ListFields()
    }
    fits = set(given) <= set(taken.DESCRIPTOR.fields_by_name)
    if not fits or any(len(values) > 1 for values in given.values()):
        return False
    layer.ClearField(old)
    if layer.type == "Deconvolution3D" and "bias_term" in given:
        (layer.convolution_param.bias_term,) = given.pop("bias_term")  # there it is read in both
    for name, (value,) in given.items():
        put(taken, name, value)
    return True


_WEIGHTED = {
    "Convolution": "convolution",
    "Deconvolution": "convolution",
    "InnerProduct": "inner_product",
}
"""Layers that have one learned blob without a bias, with the name of their parameters."""


def _drop_surplus_params(net: Message) -> list[str]:
    """MyCaffe writes a `param` for the bias even where there is none; Caffe refuses it."""
    found = [layer for layer in net.layer if len(layer.param) == 2 and _is_without_bias(layer)]
    for layer in found:
        del layer.param[1]
    what = counted(len(found), "layer")
    return [f"dropped the second param of {what} with bias_term: false"] * bool(found)


def _is_without_bias(layer: Message) -> bool:
    kind = _WEIGHTED.get(layer.type, "")
    return bool(kind) and _has(layer, kind) and not getattr(layer, f"{kind}_param").bias_term


def _link_over_flattens(net: Message) -> list[str]:
    """MXNet2Caffe writes no Flatten, and asks for what reads it to be linked by hand (its README).

    It reads the top of the layer above, which nothing else does; InnerProduct flattens by itself.
    """
    notes = []
    for index, layer in enumerate(net.layer[1:], 1):
        if layer.type != "InnerProduct":
            continue
        tops, lost = net.layer[index - 1].top, "".join(layer.bottom)
        if "flatten" not in lost.lower() or any(lost in each.top for each in net.layer):
            continue
        read = {name for each in net.layer[index:] for name in each.bottom}
        if len(tops) == 1 and read.isdisjoint(tops) and layer.inner_product_param.axis == 1:
            layer.bottom[0] = tops[0]
            what = f'"{layer.name}" reads "{tops[0]}" in the place of "{lost}"'
            notes.append(f"{what}, a Flatten that MXNet2Caffe leaves out")
    return notes


def _scale_by_eltwise(net: Message) -> list[str]:
    """FlowNet2's Eltwise takes one bottom too, which a coeff multiplies; Caffe refuses it."""
    found = [layer for layer in net.layer if layer.type == "Eltwise" and _is_scaled(layer)]
    for layer in found:
        layer.type = "Power"
        layer.power_param.scale = layer.eltwise_param.coeff[0]
        layer.ClearField("eltwise_param")
    what = counted(len(found), "layer")
    return [f"read {what} of type Eltwise with one bottom as Power, as FlowNet2 does"] * bool(found)


_REPEATING = {"SUM": "Add", "PROD": "Mul", "MAX": "Maximum"}
"""The layers that repeat a bottom of one image for all, by the operation of an Eltwise."""


def _repeat_by_eltwise(net: Message) -> list[str]:
    """MyCaffe's Eltwise takes a second bottom of one image for all, as Add of Synopsys' does."""
    found = [layer for layer in net.layer if layer.type == "Eltwise" and _repeats(layer)]
    for layer in found:
        param = layer.eltwise_param
        layer.type = _REPEATING[param.EltwiseOp.Name(param.operation)]
        layer.ClearField("eltwise_param")
    what = counted(len(found), "layer")
    sentence = f"read {what} of type Eltwise with allow_single_batch_input as an operation that "
    return [f"{sentence}repeats what is there for one image alone"] * bool(found)


def _repeats(layer: Message) -> bool:
    param = layer.eltwise_param
    alone = len(layer.bottom) == 2 and set(layer.bottom).isdisjoint(layer.top)
    return bool(param.allow_single_batch_input) and alone and not param.coeff


def _is_scaled(layer: Message) -> bool:
    """Whether one bottom is multiplied by one coeff, and not overwritten before it is read."""
    param = layer.eltwise_param
    summed = param.operation == param.SUM and len(param.coeff) == 1
    return summed and len(layer.bottom) == 1 and list(layer.bottom) != list(layer.top)


# Layers that have others in them


def _split_layers(net: Message) -> list[str]:
    """Make two layers of each that computes what two of Caffe's do."""
    notes = []
    for kind, second, take in _SECONDS:
        layers: list[Message] = []
        for layer in net.layer:
            layers.append(layer)
            if layer.type == kind and (taken := take(layer)):
                layers.append(taken)
        split = len(layers) - len(net.layer)
        if split:
            replace_layers(net, layers)
            what = counted(split, f"{kind} layer")
            notes.append(f"split {what} into {kind} and {second}")
    return notes


_SCALES = ("scale_bias", "use_weight_bias", "scale_filler", "filler", "bias_filler", "bias_term")
_LEAST_EPS = 1e-5  # of NVIDIA's


def _taken_scale(layer: Message) -> Message | None:
    """The Scale that a BatchNorm of NVIDIA's or Intel's has in it, which it loses; None if none."""
    found = layer.batch_norm_param
    given = {field.name: value for field, value in found.ListFields() if field.name in _SCALES}
    if not given:
        return None
    taken = message_class("BatchNormParameter")()
    taken.CopyFrom(found)
    for name in given:
        found.ClearField(name)
    fillers = [name for name in given if name.endswith("filler")]
    asked = given.get("scale_bias") or given.get("use_weight_bias") or fillers
    if not asked or given.get("use_weight_bias") is False:
        return None
    scale = _after(layer, "scale", "Scale")
    scale.bottom.extend(layer.top)
    first, rest = (0, 2) if _has_scale_first(layer) else (3, None)
    scale.param.extend(layer.param[first:rest])
    del layer.param[first:]
    scale.scale_param.bias_term = taken.bias_term
    for name in fillers:
        own = "bias_filler" if name == "bias_filler" else "filler"
        getattr(scale.scale_param, own).CopyFrom(getattr(taken, name))
    if taken.scale_bias and found.HasField("eps"):
        found.eps = max(found.eps, _LEAST_EPS)
    if taken.scale_bias or "scale_filler" in given:
        _freeze(layer)
    return scale


def _has_scale_first(layer: Message) -> bool:
    """Whether the rates of a BatchNorm are in Xilinx' order: of the scale and bias, then zeros."""
    rates = [bool(spec.lr_mult) for spec in layer.param]
    return rates[:4] == [True, True, False, False]


def _freeze(layer: Message) -> None:
    """Where NVIDIA's BatchNorm is given others, it sets these itself (batch_norm_layer.cpp)."""
    for spec in layer.param:
        spec.lr_mult = spec.decay_mult = 0


def _taken_relu(layer: Message) -> Message | None:
    """The ReLU of a layer that has one in it.

    clCaffe's Convolution says so by fuse_type (conv_spatial_layer.cpp), Intel's layers by relu
    (mkldnn_convolution_layer.cpp).
    """
    found = getattr(layer, f"{_WEIGHTED[layer.type]}_param")
    convolution = layer.type == "Convolution"
    fused = convolution and found.fuse_type == found.FUSED_CONV_RELU
    if not fused and not found.relu:
        return None
    relu = _after(layer, "relu", "ReLU")
    relu.bottom.extend(layer.top)
    if fused:
        relu.relu_param.CopyFrom(found.relu_param)
    else:
        relu.relu_param.negative_slope = found.negative_slope
    for name in ("relu", "negative_slope", *(("fuse_type", "relu_param") if convolution else ())):
        found.ClearField(name)
    return relu


def _taken_pooling(layer: Message) -> Message | None:
    """The Pooling of an LRN that has one in it (clCaffe's lrn_layer.cu and its test)."""
    found = layer.lrn_param
    if found.fuse_type != found.FUSED_POOL_MAX or len(layer.top) != 1:
        return None
    pooling = _after(layer, "pool", "Pooling")
    layer.top[0] = f"{layer.name}_unpooled"
    pooling.bottom.extend(layer.top)
    pooling.pooling_param.CopyFrom(found.pooling_param)
    for name in ("fuse_type", "pooling_param"):
        found.ClearField(name)
    return pooling


_SECONDS: tuple[tuple[str, str, Callable[[Message], Message | None]], ...] = (
    ("BatchNorm", "Scale", _taken_scale),
    ("Convolution", "ReLU", _taken_relu),
    ("InnerProduct", "ReLU", _taken_relu),
    ("LRN", "Pooling", _taken_pooling),
)
"""A type, the type of what it may have in it, and what takes that out."""


# Intel's Concat of what 8 bit convolutions make


def _flatten_before_concats(net: Message) -> list[str]:
    """Write out what Intel's Concat does with per_fla_fuse (mkldnn_concat_layer.cpp).

    It joins the values of each image as they lie in memory. 8 bit convolutions leave them there
    in the order H, W, C: so this stands for SSD's Permute and Flatten before the Concat.
    """
    of_8_bits = {
        top
        for layer in net.layer
        if layer.type == "Convolution" and layer.quantization_param.bw_layer_out == 8
        for top in layer.top
    }
    layers, flattened = [], 0
    for layer in net.layer:
        if layer.type == "Concat" and _joins_channels(layer, of_8_bits):
            flattened += 1
            for index in range(len(layer.bottom)):
                layers += _flatten(layer, index)
            layer.concat_param.ClearField("per_fla_fuse")
        layers.append(layer)
    if not flattened:
        return []
    replace_layers(net, layers)
    what = f"{counted(flattened, 'Concat layer')} with per_fla_fuse"
    return [f"wrote out the Permute and Reshape before {what}, as 8 bit convolutions have them"]


def _joins_channels(layer: Message, known: Collection[str]) -> bool:
    param = layer.concat_param
    axis = param.concat_dim if param.HasField("concat_dim") else param.axis
    return param.per_fla_fuse and axis == 1 and all(name in known for name in layer.bottom)


def _flatten(layer: Message, index: int) -> list[Message]:
    """A Permute and a Reshape of a bottom, which the layer then has in its place."""
    name = layer.bottom[index]
    permute, reshape = (
        beside(layer, f"{name}_{what}", what.title()) for what in ("permute", "reshape")
    )
    permute.bottom.append(name)
    permute.permute_param.order.extend((0, 2, 3, 1))
    reshape.bottom.extend(permute.top)
    reshape.reshape_param.shape.dim.extend((0, -1, 1, 1))
    layer.bottom[index] = reshape.top[0]
    return [permute, reshape]


# Messages and sentences


def _has(layer: Message, kind: str) -> bool:
    """Whether parameters of this kind are given."""
    return bool(layer.HasField(f"{kind}_param"))


def beside(layer: Message, name: str, kind: str) -> Message:
    """A layer in the same place and under the same rules, whose top has its name."""
    made = message_class("LayerParameter")(name=name, type=kind, top=[name])
    for rules in ("include", "exclude"):
        getattr(made, rules).extend(getattr(layer, rules))
    for field in ("phase", LINE, PROBLEMS):
        if layer.HasField(field):
            setattr(made, field, getattr(layer, field))
    return made


def _after(layer: Message, suffix: str, kind: str) -> Message:
    """A layer that makes the tops of this one, after it."""
    made = beside(layer, f"{layer.name}_{suffix}", kind)
    made.ClearField("top")
    made.top.extend(layer.top)
    return made


def replace_layers(net: Message, layers: list[Message]) -> None:
    """Have these in the place of all layers."""
    rest = message_class("NetParameter")(layer=layers)
    net.ClearField("layer")
    net.layer.extend(rest.layer)
