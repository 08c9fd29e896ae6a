"""What Keras lacks for conditional random fields, to be pasted into an emitted file."""
# mypy: allow-subclassing-any, allow-untyped-decorators

import math
from typing import Any

import keras
import tensorflow as tf
from keras import layers


def permutohedral_lattice(
    features: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Embed features (groups, pixels, d) in the permutohedral lattice.

    Returns the vertices of the simplex around each feature, their barycentric weights,
    and the neighbours of each vertex: two along each of d + 1 axes. A missing neighbour
    has the number of vertices as its index. Groups share no vertices (Adams, Baek and
    Davis 2010).
    """
    groups, pixels, d = tf.shape(features)[0], tf.shape(features)[1], features.shape[2]
    # Four pixels are taken at once, as in Caffe: those beyond the last lie at the
    # origin.
    x = tf.pad(features, [(0, 0), (0, -pixels % 4), (0, 0)])
    axes = tf.range(1, d + 1, dtype=tf.float64)
    deviation = tf.cast(tf.constant(math.sqrt(2 / 3) * (d + 1), tf.float32), tf.float64)
    x = x * tf.cast(deviation / tf.sqrt(axes * (axes + 1)), tf.float32)
    total = tf.zeros_like(x[..., 0])
    elevated: list[tf.Tensor] = []
    for axis in reversed(range(d)):
        elevated.insert(0, total - (axis + 1) * x[..., axis])
        total = total + x[..., axis]
    y = tf.stack([total, *elevated], -1)

    # The nearest point whose coordinates are multiples of d + 1, and the order of the
    # rest.
    nearest = tf.round(y * (1 / (d + 1)))
    order = tf.math.top_k(y - nearest * (d + 1), d + 1).indices
    rank = tf.argsort(order) + tf.cast(tf.reduce_sum(nearest, -1, True), tf.int32)
    turns = tf.cast(rank < 0, tf.int32) - tf.cast(rank > d, tf.int32)
    rank = rank + turns * (d + 1)
    origin = (tf.cast(nearest, tf.int32) + turns) * (d + 1)
    rest = (y - tf.cast(origin, tf.float32)) * (1 / (d + 1))
    rest = tf.gather(rest, tf.argsort(-rank), batch_dims=2)
    shares = rest - tf.concat([rest[..., -1:] - 1, rest[..., :-1]], -1)

    # Points as numbers: their first d coordinates are digits, and neighbours have
    # digits too.
    corner = tf.range(d + 1)[:, None]
    above = tf.cast(rank[..., None, :d] > d - corner, tf.int32)
    keys = tf.cast(origin[..., None, :d] + corner - (d + 1) * above, tf.int64)
    base = tf.reduce_max(keys) - tf.reduce_min(keys) + 2 * d + 1
    place = base ** tf.range(d + 1, dtype=tf.int64)
    group = tf.cast(tf.range(groups), tf.int64)[:, None, None]
    numbers = tf.reduce_sum(keys * place[:d], -1) + group * place[d]
    points = tf.sort(tf.unique(tf.reshape(numbers, [-1])).y)
    index = tf.reshape(
        tf.searchsorted(points, tf.reshape(numbers, [-1])), tf.shape(numbers)
    )
    steps = (d + 1) * tf.pad(place[:d], [(0, 1)]) - tf.reduce_sum(place[:d])
    wanted = points + tf.stack([steps, -steps], -1)[..., None]
    found = tf.searchsorted(points, tf.reshape(wanted, [-1]))
    found = tf.reshape(tf.minimum(found, tf.size(points) - 1), tf.shape(wanted))
    neighbours = tf.where(tf.gather(points, found) == wanted, found, tf.size(points))
    return index[:, :pixels], shares[:, :pixels], neighbours


def lattice_filter(
    x: tf.Tensor, index: tf.Tensor, shares: tf.Tensor, neighbours: tf.Tensor
) -> tf.Tensor:
    """Gaussian filtering of values (groups, pixels, channels): splat, blur, slice."""
    axes, size = neighbours.shape[0], tf.shape(neighbours)[2]
    held = tf.add_n(
        [
            tf.math.unsorted_segment_sum(shares[..., i, None] * x, index[..., i], size)
            for i in range(axes)
        ]
    )
    for axis in range(axes):
        padded = tf.pad(held, [(0, 1), (0, 0)])
        before, after = (tf.gather(padded, neighbours[axis, side]) for side in (0, 1))
        held = held + 0.5 * (before + after)
    alpha = 1 / (1 + 2.0 ** -(axes - 1))
    return tf.add_n(
        [
            alpha * shares[..., i, None] * tf.gather(held, index[..., i])
            for i in range(axes)
        ]
    )


@keras.saving.register_keras_serializable("caffe")
class MultiStageMeanfield(layers.Layer):
    """Mean field iterations of a dense CRF (CRF-RNN, Zheng et al. 2015).

    From the unary potentials, the first logits and the image, it returns logits. Three
    learned matrices mix the classes. No gradient flows into the filters.
    """

    def __init__(
        self,
        num_iterations: int,
        theta_alpha: float,
        theta_beta: float,
        theta_gamma: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_iterations = num_iterations
        self.theta_alpha, self.theta_beta = theta_alpha, theta_beta
        self.theta_gamma = theta_gamma
        self.supports_jit = False  # how many lattice points there are depends on values

    def build(self, shapes: Any) -> None:
        self.spatial, self.bilateral, self.compatibility = (
            self.add_weight(shape=(shapes[0][-1],) * 2, initializer="zeros", name=name)
            for name in ("spatial", "bilateral", "compatibility")
        )

    def compute_output_shape(self, shapes: Any) -> Any:
        return shapes[0]

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        unary, start, image = inputs
        c, image = unary.shape[-1], tf.stop_gradient(image)
        n, h, w = tf.unstack(tf.shape(unary)[:3])
        columns, rows = tf.meshgrid(tf.range(w), tf.range(h))
        place = tf.cast(tf.stack([columns, rows], -1), tf.float32)
        place = tf.reshape(place, (1, h * w, 2))
        places = tf.tile(place / self.theta_alpha, (n, 1, 1))
        colours = tf.reshape(image, (n, h * w, 3)) / self.theta_beta
        near = permutohedral_lattice(place / self.theta_gamma)
        alike = permutohedral_lattice(tf.concat([places, colours], -1))
        near_norm, alike_norm = (
            1 / (lattice_filter(tf.ones_like(p[..., :1]), *lattice) + 1e-20)
            for p, lattice in ((place, near), (places, alike))
        )
        x = start
        for _ in range(self.num_iterations):
            q = tf.reshape(tf.nn.softmax(x), (n, h * w, c))
            # One lattice serves all images: they stand side by side as channels.
            beside = tf.reshape(tf.transpose(q, (1, 0, 2)), (1, h * w, n * c))
            smooth = lattice_filter(beside, *near) * near_norm
            smooth = tf.transpose(tf.reshape(smooth, (h * w, n, c)), (1, 0, 2))
            message = tf.matmul(smooth, self.spatial, transpose_b=True)
            alike_message = lattice_filter(q, *alike) * alike_norm
            message += tf.matmul(alike_message, self.bilateral, transpose_b=True)
            pairwise = tf.matmul(message, self.compatibility, transpose_b=True)
            x = unary - tf.reshape(pairwise, tf.shape(unary))
        return x
