"""Writes out MyCaffe's TransformerBlock as the layers that compute the same.

So each of its matrices is a layer that has a name, and its weights go to these layers
(proto2net/weights/transformers.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from proto2net.caffe.dialects import beside, replace_layers
from proto2net.caffe.schema import LINE, Message
from proto2net.errors import Issue, Location, ParseError
from proto2net.text import counted

KIND = "TransformerBlock"
MATRICES = ("c_attn", "c_proj", "fc", "proj")
"""The InnerProducts of a block in the order of its blobs: a weight and a bias each."""


def write_out(net: Message, file: str) -> list[str]:
    """Put other layers in the place of each TransformerBlock. Returns a sentence, if there are any.

    See TransformerBlockLayer.cs and CausalSelfAttentionLayer.cs.
    """
    found = [layer for layer in net.layer if layer.type == KIND]
    issues = [issue for layer in found for issue in _issues(layer, file)]
    if issues:
        raise ParseError(issues)
    parts = [_parts(layer) if layer.type == KIND else [layer] for layer in net.layer]
    replace_layers(net, [part for each in parts for part in each])
    what = counted(len(found), f"{KIND} layer")
    return [f"wrote out {what} as LayerNorm, InnerProduct, CausalAttention, ReLU and Eltwise"]


def _issues(layer: Message, file: str) -> Iterator[Issue]:
    where, label = Location(file, getattr(layer, LINE)), f'layer "{layer.name}" ({KIND})'
    given = layer.transformer_block_param
    if given.block_type != given.CAUSAL_SELF_ATTENTION:
        kind = given.BlockType.Name(given.block_type)
        yield Issue(
            f"block_type is {kind}; only CAUSAL_SELF_ATTENTION is supported", "", where, label
        )
        return
    if (len(layer.bottom), len(layer.top)) != (1, 1):
        counts = f"{len(layer.bottom)} and {len(layer.top)}"
        yield Issue(f"takes 1 bottom and 1 top, but has {counts}", "", where, label)
    if given.activation != given.RELU:
        kind = given.Activation.Name(given.activation)
        yield Issue(f"activation is {kind}; only RELU is supported", "", where, label)
    for name in ("embed", "heads", "layers"):
        if not getattr(given, name):
            yield Issue(f"{name} is 0; it must be above 0", "", where, label)
    if given.heads and given.embed % given.heads:
        what = f"embed ({given.embed}) does not divide into {given.heads} heads"
        yield Issue(what, "", where, label)


def _parts(layer: Message) -> list[Message]:
    """The layers: attention to the steps before, and two matrices for each step, both added."""
    given = layer.transformer_block_param
    parts: list[Message] = []

    def add(kind: str, part: str, *bottoms: str) -> Message:
        parts.append(beside(layer, f"{layer.name}/{part}", kind))
        parts[-1].bottom.extend(bottoms)
        return parts[-1]

    def normalized(part: str, bottom: str) -> str:
        made = add("LayerNorm", part, bottom)
        made.layer_norm_param.epsilon = 1e-10
        return str(made.top[0])

    def product(part: str, bottom: str, outputs: int, std: float = 0.02) -> str:
        made = add("InnerProduct", part, bottom)
        first = 2 * MATRICES.index(part)
        made.param.extend(layer.param[first : first + 2])
        param = made.inner_product_param
        param.num_output, param.axis = outputs, 2
        param.weight_filler.type, param.weight_filler.std = "gaussian", std
        return str(made.top[0])

    def in_place(kind: str, part: str, blob: str) -> Message:
        made = add(kind, part, blob)
        made.top[:] = [blob]
        return made

    def dropped_out(part: str, blob: str) -> None:
        if given.resid_dropout > 0:
            in_place("Dropout", part, blob).dropout_param.dropout_ratio = given.resid_dropout

    def attention(bottom: str) -> str:
        made = add("CausalAttention", "attn", bottom)
        for name in ("heads", "block_size", "attn_dropout"):
            setattr(made.causal_attention_param, name, getattr(given, name))
        return str(made.top[0])

    features, embed = layer.bottom[0], given.embed
    std_of_sums = 0.02 / (2 * given.layers) ** 0.5
    heads = attention(product("c_attn", normalized("ln1", features), 3 * embed))
    attended = product("c_proj", heads, embed, std_of_sums)
    dropped_out("c_dropout", attended)
    features = add("Eltwise", "attended", features, attended).top[0]
    wide = product("fc", normalized("ln2", features), 4 * embed)
    in_place("ReLU", "act", wide)
    narrow = product("proj", wide, embed, std_of_sums)
    dropped_out("dropout", narrow)
    add("Eltwise", "sum", features, narrow).top[:] = layer.top
    return parts
