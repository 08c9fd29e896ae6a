"""Fields of forks that leave what a forward pass computes as it is, and so need not be known."""

from __future__ import annotations

import re
from functools import cache

from google.protobuf.descriptor import FieldDescriptor

from proto2net.caffe.schema import Message, cached, descriptor, is_repeated

SETTINGS = {
    "active",
    "blobs_a_min",
    "blobs_lr",
    "class_num",
    "autotune",
    "compile_net_state",
    "connectivity_mode",
    "conv_algorithm",
    "conv_algos_override",
    "dis_mode",
    "dropout_seed",
    "exclude_from_optimization",
    "fuse",
    "gen_mode",
    "mem_param",
    "no_mem_opt",
    "option",
    "random_seed",
    "reduced_memory_inference",
    "save_file",
    "save_output_param",
    "sparse_ratio",
    "stats_batch_size",
    "unit_test_fuse_kernel",
    "unit_test_mode",
    "update_global_stats",
    "use_log",
    "visualize",
    "visualize_threshold",
    "weight_fixed",
}
"""Forks' parameters that say how to compute, what training changes, or what is done with the
result beside."""

_OF_LAYERS = {
    "cconvolution_param",
    "cinner_product_param",
    "external_output",
    "inq_convolution_param",
    "inq_inner_product_param",
    "max_norm",
    "sparsity",
}
"""Such fields that stand beside the parameters of a layer type; elsewhere they may be others."""

_ROUNDING = {
    "LayerParameter": {"blobs_dtype", "bottom_mlu_dtype", "fixed_param", "top_mlu_dtype"},
}
"""The fields of a message by which vendors' tools round what the layer of a network computes."""

_HOW = re.compile(
    r"(^|_)(cudnn|debug|engine|gpu|memory|mkldnn|prefetch|threads|workspace"
    r"|backward|clip_gradients|freeze|grad|gradients?|lr|regularization|regularizer)(_|$)"
)
"""Words of a name that says how to compute, or how to train."""

_NEUTRAL = {
    "output_shift_instead_division": ("0",),
    "saturate": ("None",),
    **dict.fromkeys(("input_scale", "output_scale", "weight_scale"), ("1", "1.0")),
    **dict.fromkeys(("input_zero_point", "output_zero_point", "weight_zero_point"), ("0",)),
}
"""Values of Synopsys' fields for computing in whole numbers with which it does not."""


_BIAS = ("bias", "has_bias", "use_bias", "with_bias")
_ALWAYS = {
    "ConvolutionParameter": _BIAS,
    "InnerProductParameter": _BIAS,
    "InterpParameter": ("align_corners",),
    "LayerNormParameter": ("affine", "elementwise_affine"),
    "PoolingParameter": ("count_include_pad",),
}
"""Other frameworks' names of what a layer of Caffe computes by default, by message."""


def is_always_on(message: str, name: str) -> bool:
    """Whether a field that the message does not have is computed as if it were true."""
    return name in _ALWAYS.get(message, ())


_OF_RATES = re.compile(r"_(mult|lasso)$")
"""Names of fields that say how fast an array of a layer learns or decays."""


@cache
def is_setting(name: str, message: str) -> bool:
    """Whether a field of this name in a message says how to compute or to train, and not what."""
    if message == "ParamSpec" and _OF_RATES.search(name):
        return True
    beside = message in ("LayerParameter", "V1LayerParameter") and name in _OF_LAYERS
    return beside or name in SETTINGS or bool(_HOW.search(name))


def is_rounding(name: str, message: str) -> bool:
    """Whether a field says how a quantised network rounds, which the trained one does not."""
    return name in _ROUNDING.get(message, ())


def is_at_default(field: FieldDescriptor, value: Message) -> bool:
    """Whether the value of a field is the one that it has where it is not given."""
    single = not is_repeated(field) and field.message_type is None
    return single and bool(value == field.default_value)


def is_neutral(name: str, value: str) -> bool:
    """Whether a fork's field has a value with which it does nothing."""
    return value in _NEUTRAL.get(name, ())


def is_off(name: str, value: str) -> bool:
    """Whether a field that no schema knows may be taken for one that is off where it is not given.

    So it is with nearly all that can be true or false; some are true, such as bias_term.
    """
    return value in ("false", "False") and name not in _on()


@cached
def _on() -> frozenset[str]:
    """The names of fields that are true in some message where they are not given."""
    messages = descriptor("NetParameter").file.message_types_by_name.values()
    return frozenset(
        field.name
        for message in messages
        for field in message.fields
        if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL
        and not is_repeated(field)
        and field.default_value
    )
