"""Keras renderers of proto2net/layers/normalize.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proto2net.backends.base import Array, Code, Reshaped, same_array
from proto2net.backends.statistics import eps_of, running_statistics
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import (
    Broadcast,
    moved_axis,
    order,
    permuted,
    place,
    widened,
)
from proto2net.backends.tensorflow.objects import CALLED, own
from proto2net.backends.tree import BOTTOM, SELF, Expression, Placeholder, call, code
from proto2net.errors import UnsupportedError
from proto2net.frozen import dataclass
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
from proto2net.shape import canonical_axis

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


@renders(LRN)
def _lrn(node: Node[LRN]) -> Code:
    layer = node.layer
    within = layer.norm_region == "WITHIN_CHANNEL"
    init = own(
        "LRNWithinChannel" if within else "LRN",
        layer.local_size,
        alpha=(layer.alpha, 1.0),
        beta=(layer.beta, 0.75),
        k=(1.0 if within else layer.k, 1.0),
    )
    return Code(CALLED, init)


@renders(MVN)
def _mvn(node: Node[MVN]) -> Code:
    layer = node.layer
    init = own(
        "MVN",
        normalize_variance=(layer.normalize_variance, True),
        across_channels=(layer.across_channels, False),
        eps=(layer.eps, 1e-9),
    )
    return Code(call(SELF, widened(BOTTOM, len(node.bottoms[0].shape), 4)), init)


@renders(Softmax)
def _softmax(node: Node[Softmax]) -> Code:
    bottom = node.bottoms[0].shape
    if len(bottom) > 5:
        raise UnsupportedError(f"a softmax of {len(bottom)} axes is not possible", "use --to torch")
    axis = moved_axis(canonical_axis(node.layer.axis, bottom), len(bottom))
    return Code(CALLED, own("layers.Softmax", axis=(axis, -1)))


# ---- batch norm -----------------------------------------------------------------------------


@renders(BatchNorm)
def _batch_norm(node: Node[BatchNorm]) -> Code:
    if not node.layer.batch_statistics(node.phase):
        return _by_stored_statistics(node, None)
    layer = node.layer
    init = own(
        "BatchNorm",
        axis=(_channels(node), -1),
        fraction=(layer.moving_average_fraction, 0.999),
        epsilon=(eps_of(node), 1e-5),
        use_global_stats=layer.use_global_stats,
    )
    arrays = {name: same_array(node, name) for name in node.blobs}
    return Code(CALLED, init, arrays, updates=True)


@renders(BatchNorm, Scale)
def _batch_norm_and_scale(node: Node[BatchNorm], scale: Node[Scale]) -> Code | None:
    """One layer, where the factors are the channels' and the statistics stay as they are."""
    axis = canonical_axis(scale.layer.axis, scale.bottoms[0].shape)
    per_channel = axis == scale.layer.num_axes == 1
    if (
        node.phase == "TRAIN"
        or node.layer.batch_statistics(node.phase)
        or not per_channel
        or scale.layer.bounded
    ):
        return None
    return _by_stored_statistics(node, scale)


def _by_stored_statistics(node: Node[BatchNorm], scale: Node[Scale] | None) -> Code:
    mean, variance = running_statistics(node).values()
    arrays = {"moving_mean": mean, "moving_variance": variance}
    options = {"center": (False, True), "scale": (False, True)}
    if scale is not None:
        options = {"center": (scale.layer.bias_term, True)}
        arrays["gamma"] = same_array(scale, "weight")
        if scale.layer.bias_term:
            arrays["beta"] = same_array(scale, "bias")
    init = own(
        "layers.BatchNormalization",
        axis=(_channels(node), -1),
        epsilon=(eps_of(node), 1e-3),
        **options,
        trainable=(node.phase != "TRAIN", True),
    )
    return Code(CALLED, init, arrays)


def _channels(node: Node[BatchNorm]) -> int:
    return moved_axis(1, len(node.bottoms[0].shape))


# ---- scale and bias -------------------------------------------------------------------------


@renders(Scale)
def _scale(node: Node[Scale]) -> Code:
    bias = _learned(node, beta="bias") if node.layer.bias_term else {}
    if len(node.bottoms) == 1:
        factors = _learned(node, gamma="weight")
        init = own(
            "BoundedScale" if node.layer.bounded else "Scale",
            _shape(node, "weight"),
            low=(node.layer.min_value, None),
            high=(node.layer.max_value, None),
            use_bias=(node.layer.bias_term, False),
        )
        return Code(CALLED, init, factors | bias)
    product = code("{0} * {second}", second=_second(node))
    if not bias:
        return Code(product)
    return Code(call(SELF, product), own("Bias", _shape(node, "bias")), bias)


@renders(Bias)
def _bias(node: Node[Bias]) -> Code:
    if len(node.bottoms) == 2:
        # In this order: behind the +, Keras may take it for a bias of the channels.
        return Code(code("{second} + {0}", second=_second(node)))
    return Code(CALLED, own("Bias", _shape(node, "bias")), _learned(node, beta="bias"))


def _learned(node: Node[Any], **names: str) -> dict[str, Array]:
    """The variables that hold these blobs, in shapes that are broadcast over the bottom."""
    return {
        variable: same_array(
            node,
            blob,
            None if _shape(node, blob) == node.blobs[blob].shape else _broadcast(node),
        )
        for variable, blob in names.items()
    }


def _shape(node: Node[Any], blob: str) -> tuple[int, ...]:
    return _broadcast(node).shape(node.blobs[blob].shape)


def _broadcast(node: Node[Any]) -> Broadcast:
    bottom = node.bottoms[0].shape
    return Broadcast(canonical_axis(node.layer.axis, bottom), len(bottom))


def _second(node: Node[Any]) -> Expression:
    """The second bottom, to be broadcast over the first from an axis on."""
    first, second = (len(bottom.shape) for bottom in node.bottoms)
    if first == second or second == 0:
        return Placeholder(1)
    start = canonical_axis(node.layer.axis, node.bottoms[0].shape)
    own = range(start, start + second)
    # The axes of the second in the first's order, each from where it lies now.
    wanted = [order(second).index(axis - start) for axis in order(first) if axis in own]
    missing = [place for place, axis in enumerate(order(first)) if axis not in own]
    value = permuted(Placeholder(1), wanted)
    in_front = missing == list(range(len(missing)))
    return value if in_front else call("ops.expand_dims", value, missing)


@dataclass(frozen=True)
class PerChannel:
    """Converts a blob of one value a channel, to be broadcast over bottoms of so many axes."""

    axes: int

    def __call__(self, array: Ndarray) -> Ndarray:
        return Broadcast(1, self.axes)(array.reshape(-1))


@renders(BN)
def _bn(node: Node[BN]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    if not layer.normalizes:
        convert = PerChannel(len(bottom))
        shape = Broadcast(1, len(bottom)).shape(bottom[1:2])
        arrays = {
            "gamma": same_array(node, "slope", convert),
            "beta": same_array(node, "bias", convert),
        }
        return Code(CALLED, own("Scale", shape, use_bias=True), arrays)
    axis = (moved_axis(1, len(bottom)), -1)
    affine = _of_channels(node, gamma="slope", beta="bias")
    by_batch = layer.batch_statistics("TEST")
    if by_batch and (node.phase == "TEST" or "mean" not in node.blobs):
        epsilon = (layer.epsilon, 1e-5)
        return Code(CALLED, own("BatchStatistics", axis=axis, epsilon=epsilon), affine)
    init = own(
        "layers.BatchNormalization",
        axis=axis,
        momentum=(0.99 if node.phase == "TEST" else layer.share, 0.99),
        epsilon=(layer.epsilon, 1e-3),
        trainable=(node.phase == "TEST" or layer.batch_statistics("TRAIN"), True),
    )
    stored = _of_channels(node, moving_mean="mean", moving_variance="variance")
    return Code(CALLED, init, affine | stored)


def _of_channels(node: Node[BN], **names: str) -> dict[str, Array]:
    """Keras' variables of one value a channel; the blobs have axes of 1 around."""
    one_axis = Reshaped((node.bottoms[0].shape[1],))
    return {name: same_array(node, blob, one_axis) for name, blob in names.items()}


@renders(LayerNorm)
def _layer_norm(node: Node[LayerNorm]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    axes = len(bottom)
    over = sorted(place(axis, axes) for axis in range(layer.start(bottom), axes))
    init = own(
        "layers.LayerNormalization",
        axis=(tuple(over) if over != [axes - 1] else -1, -1),
        epsilon=layer.added,
        center=(layer.affine, True),
        scale=(layer.affine, True),
    )
    convert = Broadcast(1, axes)
    names = {"gamma": "weight", "beta": "bias"} if layer.affine else {}
    arrays = {own: same_array(node, blob, convert) for own, blob in names.items()}
    return Code(CALLED, init, arrays)


@renders(Normalization)
@renders(L2Normalize)
def _l2_normalize(node: Node[L2Normalize]) -> Code:
    x = widened(BOTTOM, len(node.bottoms[0].shape), 4)
    return Code(call(SELF, x), own("L2Normalize", eps=(node.layer.eps, 1e-7)))
