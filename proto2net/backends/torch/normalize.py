"""PyTorch renderers of proto2net/layers/normalize.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Array, Code, Reshaped, same_array
from proto2net.backends.statistics import eps_of, running_statistics
from proto2net.backends.torch.backend import renders
from proto2net.backends.torch.fillers import zeros
from proto2net.backends.tree import (
    BOTTOM,
    SELF,
    Expression,
    Placeholder,
    call,
    code,
    expanded,
    method,
)
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import (
    BN,
    LRN,
    MVN,
    BatchNorm,
    Bias,
    L2Normalize,
    LayerNorm,
    Normalization,
    Scale,
    Softmax,
)
from proto2net.shape import Shape, canonical_axis


@renders(LRN)
def _lrn(node: Node[LRN]) -> Code:
    layer = node.layer
    if layer.norm_region == "WITHIN_CHANNEL":
        return Code(
            call(
                "lrn_within_channel",
                BOTTOM,
                layer.local_size,
                alpha=(layer.alpha, 1.0),
                beta=(layer.beta, 0.75),
            )
        )
    size, alpha, most = layer.local_size, layer.alpha, 2 * node.bottoms[0].shape[1] + 1
    if size > most:  # all channels are in it; PyTorch pads by the size
        size, alpha = most, alpha * most / size
    return Code(
        call(
            "F.local_response_norm",
            BOTTOM,
            size,
            alpha=(alpha, 1e-4),
            beta=(layer.beta, 0.75),
            k=(layer.k, 1.0),
        )
    )


@renders(Softmax)
def _softmax(node: Node[Softmax]) -> Code:
    axis = canonical_axis(node.layer.axis, node.bottoms[0].shape)
    return Code(call("F.softmax", BOTTOM, dim=axis))


@renders(MVN)
def _mvn(node: Node[MVN]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    x = expanded(BOTTOM, 4 - len(bottom))
    dim = (1, 2, 3) if layer.across_channels else (2, 3)
    if not layer.normalize_variance:
        return Code(code("{x} - {x}.mean({dim}, keepdim=True)", x=x, dim=dim))
    return Code(call("mean_variance_norm", x, dim, eps=(layer.eps, 1e-9)))


@renders(BatchNorm)
def _batch_norm(node: Node[BatchNorm]) -> Code:
    return _normalisation(node, None)


@renders(BatchNorm, Scale)
def _batch_norm_and_scale(node: Node[BatchNorm], scale: Node[Scale]) -> Code | None:
    layer = scale.layer
    by_channel = canonical_axis(layer.axis, scale.bottoms[0].shape) == 1
    if not by_channel or layer.num_axes != 1 or not layer.bias_term or layer.bounded:
        return None
    return _normalisation(node, scale)


def refuse_no_eps(node: Node[BatchNorm | BN], eps: float) -> None:
    """Refuse what PyTorch's own batch normalisation refuses as it runs."""
    if eps == 0 and node.layer.batch_statistics(node.phase):
        raise UnsupportedError(
            "eps is 0, which PyTorch cannot take with the statistics of a batch",
            "use --to tf, or another eps",
        )


def _normalisation(node: Node[BatchNorm], scale: Node[Scale] | None) -> Code:
    """Batch normalisation, and what PyTorch calls its affine part.

    PyTorch's own modules do where the stored statistics are used whatever the mode is.
    """
    layer, bottom = node.layer, node.bottoms[0].shape
    eps = eps_of(node)
    refuse_no_eps(node, eps)
    arrays: dict[str, Array] = running_statistics(node)
    stored = node.phase == "TEST" and not layer.batch_statistics(node.phase)
    if stored and len(bottom) <= 5:
        module = f"nn.BatchNorm{max(len(bottom) - 2, 1)}d"
        init = call(
            module,
            bottom[1],
            eps=(eps, 1e-5),
            affine=(scale is not None, True),
        )
    else:
        init = call(
            "BatchNorm",
            bottom[1],
            eps=(eps, 1e-5),
            moving_average_fraction=(layer.moving_average_fraction, 0.999),
            affine=(scale is not None, False),
            use_global_stats=(layer.use_global_stats, None),
        )
        arrays["scale_factor"] = same_array(node, "scale_factor")
    if scale is not None:
        arrays["weight"] = same_array(scale, "weight")
        arrays["bias"] = same_array(scale, "bias")
    return Code(call(SELF, BOTTOM), init, arrays)


@renders(Scale)
def _scale(node: Node[Scale]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    if len(node.bottoms) == 1:
        weight = node.blobs["weight"].shape
        axis = canonical_axis(layer.axis, bottom) if weight else 1
        init = call(
            "BoundedScale" if layer.bounded else "Scale",
            *weight,
            axis=(axis, 1),
            bias=(layer.bias_term, True),
            low=(layer.min_value, None),
            high=(layer.max_value, None),
        )
        arrays = {name: same_array(node, name) for name in node.blobs}
        return Code(call(SELF, BOTTOM), init, arrays)
    product = code("{0} * {factor}", factor=_operand(node))
    return _plus_learned(node, product) if layer.bias_term else Code(product)


@renders(Bias)
def _bias(node: Node[Bias]) -> Code:
    if len(node.bottoms) == 1:
        return _plus_learned(node, BOTTOM)
    return Code(code("{0} + {term}", term=_operand(node)))


def _operand(node: Node[Any]) -> Expression:
    """The second bottom, ready to broadcast against the first."""
    return expanded(Placeholder(1), _behind(node, node.bottoms[1].shape))


def _plus_learned(node: Node[Any], x: Expression) -> Code:
    """x plus the learned bias, which is a parameter of its own."""
    learned = node.blobs["bias"].shape
    shape = (*learned, *[1] * _behind(node, learned))
    array = same_array(node, "bias", Reshaped(shape) if shape != learned else None)
    init = call("nn.Parameter", zeros(shape))
    return Code(code("{x} + {self}", x=x), init, {"": array})


def _behind(node: Node[Any], operand: Shape) -> int:
    """How many axes of the first bottom follow those that the operand spans."""
    if not operand:
        return 0  # a scalar broadcasts as it is
    bottom = node.bottoms[0].shape
    return len(bottom) - canonical_axis(node.layer.axis, bottom) - len(operand)


@renders(BN)
def _bn(node: Node[BN]) -> Code:
    """The module that PyTorch has where it is exact: it corrects what it gathers in training."""
    layer, bottom = node.layer, node.bottoms[0].shape
    refuse_no_eps(node, layer.epsilon)
    channels = bottom[1]
    affine = _of_channels(node, weight="slope", bias="bias")
    stored = {"running_mean": "mean", "running_var": "variance"}
    if not layer.normalizes:
        return Code(call(SELF, BOTTOM), call("Scale", channels), affine)
    eps = (layer.epsilon, 1e-5)
    if len(bottom) > 5:
        raise UnsupportedError(f"a BN of {len(bottom)} axes is not supported", "use --to tf")
    module = f"nn.BatchNorm{max(len(bottom) - 2, 1)}d"
    if layer.batch_statistics("TEST"):
        if node.phase == "TEST" or "mean" not in node.blobs:
            init = call(module, channels, eps=eps, track_running_stats=False)
            return Code(call(SELF, BOTTOM), init, affine)
    elif node.phase == "TEST":
        init = call(module, channels, eps=eps)
        return Code(call(SELF, BOTTOM), init, affine | _of_channels(node, **stored))
    init = call(
        "BN",
        channels,
        eps=eps,
        momentum=(layer.share, 0.9),
        frozen=(layer.frozen, False),
    )
    return Code(call(SELF, BOTTOM), init, affine | _of_channels(node, **stored))


def _of_channels(node: Node[BN], **names: str) -> dict[str, Array]:
    """PyTorch's arrays of one value a channel; the blobs have axes of 1 around."""
    one_axis = Reshaped((node.bottoms[0].shape[1],))
    return {name: same_array(node, blob, one_axis) for name, blob in names.items()}


@renders(LayerNorm)
def _layer_norm(node: Node[LayerNorm]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    shape = bottom[layer.start(bottom) :]
    if not layer.affine and len(shape) > 1:  # of images, which may have any size
        size = code("{0}.shape[{start}:]", start=layer.start(bottom))
        return Code(call("F.layer_norm", BOTTOM, size, eps=(layer.added, 1e-5)))
    init = call(
        "nn.LayerNorm",
        shape[0] if len(shape) == 1 else shape,
        eps=(layer.added, 1e-5),
        elementwise_affine=(layer.affine, True),
    )
    return Code(call(SELF, BOTTOM), init, {name: same_array(node, name) for name in node.blobs})


@renders(Normalization)
@renders(L2Normalize)
def _l2_normalize(node: Node[L2Normalize]) -> Code:
    x, bottom = BOTTOM, node.bottoms[0].shape
    if len(bottom) < 4:
        x = method(x, "reshape", -1, *node.tops[0].shape[1:])
    return Code(call("l2_normalize", x, eps=(node.layer.eps, 1e-7)))
