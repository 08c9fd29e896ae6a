"""Layers that multiply by a learned matrix, or look its rows up."""

from __future__ import annotations

import dataclasses
from math import sqrt
from typing import ClassVar

from proto2net.errors import UnsupportedError
from proto2net.frozen import dataclass
from proto2net.layers.base import Filler, Layer, Learned, Unstated, layer
from proto2net.shape import MAX_AXES, Shape, Shapes, canonical_axis, count, dims, require


@dataclass(frozen=True)
class Dense(Layer):
    """What InnerProduct and Embed share: a weight matrix, and a bias for each output."""

    num_output: int = 0
    bias_term: bool = True
    weight_filler: Filler = Unstated()
    bias_filler: Filler = Unstated()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(self.num_output > 0, "num_output is missing or 0; it must be above 0")
        return ((*self.batch(bottoms[0]), self.num_output),)

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        blobs = {"weight": Learned(self.weight(bottoms[0]), self.weight_filler)}
        if self.bias_term:
            blobs["bias"] = Learned((self.num_output,), self.bias_filler)
        return blobs

    def batch(self, bottom: Shape) -> Shape:
        """The axes of the bottom that stay; the outputs become one more."""
        raise NotImplementedError

    def weight(self, bottom: Shape) -> Shape:
        """The shape of the weight matrix."""
        raise NotImplementedError


def scaled(filler: Filler, shape: Shape, scale: float) -> Filler:
    """A filler of numbers that are larger by this factor, for a blob of this shape."""
    if filler.type == "xavier" and len(shape) > 1:
        fans = {"FAN_IN": count(shape[1:]), "FAN_OUT": count(shape) / shape[1]}
        fan = fans.get(filler.variance_norm, sum(fans.values()) / 2)
        filler = Filler("uniform", min=-sqrt(3 / fan), max=sqrt(3 / fan))
    require(
        filler.type in ("constant", "uniform", "gaussian"),
        f"enable_noise is not supported with a {filler.type} filler",
        "constant, uniform, gaussian and xavier fillers have it",
    )
    names = ("value", "min", "max", "mean", "std")
    return dataclasses.replace(filler, **{name: getattr(filler, name) * scale for name in names})


def check_lengths(normalize: bool, training: bool) -> None:
    """Refuse learned rows that are brought to length 1, and stay so, at each step of training."""
    if normalize and training:
        raise UnsupportedError(
            "normalize changes the weights in training, which is not supported",
            "convert for tests",
        )


@layer("InnerProduct", param="inner_product_param", bottoms=(1, 2), in_place=False)
@dataclass(frozen=True)
class InnerProduct(Dense):
    """Multiply all from `axis` on, as one vector, by a matrix (inner_product_layer.cpp).

    In MyCaffe, `enable_noise` adds learned noise in training, and the top has `min_top_axes` axes
    at least, the last ones of size 1 (InnerProductLayer.cs). In happynear's fork a second bottom
    may be the matrix, each row of which gives an output (inner_product_layer.cpp).
    """

    axis: int = 1
    transpose: bool = False
    enable_noise: bool = False
    sigma_init: float = 0.0
    min_top_axes: int | None = None
    normalize: bool = False
    """Whether each row of the matrix is first brought to length 1, in happynear's fork."""
    unit_eps: ClassVar[float] = 1e-6
    """What is added to the sum of squares of a row for that."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(
            not (self.normalize and self.transpose),
            "normalize and transpose are both set, and it is not clear what a row is then",
            "leave one out",
        )
        require(
            (self.min_top_axes or 0) <= MAX_AXES,
            f"min_top_axes is {self.min_top_axes}; Caffe's limit is {MAX_AXES}",
        )
        require(
            not self.enable_noise or self.weight(bottoms[0])[1] > 0,
            f"enable_noise is set, but {dims(bottoms[0])} leaves no values to add noise for",
        )
        if len(bottoms) > 1:
            return self._by_rows(*bottoms)
        (top,) = super().infer(bottoms, tops)
        return ((*top, *[1] * self.added_axes(bottoms[0])),)

    def _by_rows(self, bottom: Shape, rows: Shape) -> Shapes:
        """The shape of the top where the second bottom is the matrix."""
        require(
            not (self.bias_term or self.transpose or self.enable_noise or self.min_top_axes),
            "a second bottom is the matrix in happynear's fork, which then works without bias, "
            "transpose and MyCaffe's parameters only",
            "give bias_term: false",
        )
        inputs = self.weight(bottom)[1]
        require(
            len(rows) > 0 and count(rows[1:]) == inputs,
            f"the rows of the second bottom ({dims(rows)}) must have as many values as the "
            f"vectors of the first, {inputs}",
        )
        return ((*self.batch(bottom), rows[0]),)

    def added_axes(self, bottom: Shape) -> int:
        """How many axes of size 1 come behind the outputs."""
        return max((self.min_top_axes or 0) - len(self.batch(bottom)) - 1, 0)

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        if len(bottoms) > 1:
            return {}
        blobs = super().blobs(bottoms)
        if not self.enable_noise:
            return blobs
        columns = blobs["weight"].shape[1]
        scale = 1 / sqrt(columns)
        sizes = {"weight": columns, "bias": self.num_output}
        started = {
            name: Learned(blob.shape, scaled(blob.filler, blob.shape, scale))
            for name, blob in blobs.items()
        }
        noise = {
            f"{name}_sigma": Learned(blob.shape, Filler(value=self.sigma_init / sqrt(sizes[name])))
            for name, blob in blobs.items()
        }
        return started | noise

    def batch(self, bottom: Shape) -> Shape:
        return bottom[: canonical_axis(self.axis, bottom)]

    def weight(self, bottom: Shape) -> Shape:
        inputs = count(bottom[canonical_axis(self.axis, bottom) :])
        return (inputs, self.num_output) if self.transpose else (self.num_output, inputs)

    def check_rendered(self, bottoms: int, tops: int, *, training: bool) -> None:
        if training and self.enable_noise:
            raise UnsupportedError(
                "enable_noise is not supported in training",
                "leave it out, or convert for tests",
            )
        check_lengths(self.normalize and bottoms == 1, training)

    def macs(self, bottoms: Shapes, tops: Shapes) -> int:
        if len(bottoms) > 1:
            return 0
        return count(self.batch(bottoms[0])) * count(self.weight(bottoms[0]))


@layer("SparseInnerProduct", param="inner_product_param", in_place=False)
@dataclass(frozen=True)
class SparseInnerProduct(InnerProduct):
    """The InnerProduct of vectors that jolibrain's fork keeps without their zeros."""


@layer("Embed", param="embed_param", in_place=False)
@dataclass(frozen=True)
class Embed(Dense):
    """Replace each index by a row of a matrix (embed_layer.cpp)."""

    input_dim: int = 0

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(self.input_dim > 0, "input_dim is missing or 0; it must be above 0")
        return super().infer(bottoms, tops)

    def batch(self, bottom: Shape) -> Shape:
        return bottom

    def weight(self, bottom: Shape) -> Shape:
        return (self.input_dim, self.num_output)
