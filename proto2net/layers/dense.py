"""Layers that multiply by a learned matrix, or look its rows up."""

from __future__ import annotations

from dataclasses import dataclass

from proto2net.layers.base import Filler, Layer, Learned, layer
from proto2net.shape import Shape, Shapes, canonical_axis, count, require


@dataclass(frozen=True)
class Dense(Layer):
    """What InnerProduct and Embed share: a weight matrix, and a bias for each output."""

    num_output: int = 0
    bias_term: bool = True
    weight_filler: Filler = Filler()
    bias_filler: Filler = Filler()

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


@layer("InnerProduct", param="inner_product_param")
@dataclass(frozen=True)
class InnerProduct(Dense):
    """Multiply all from `axis` on, as one vector, by a matrix (inner_product_layer.cpp)."""

    axis: int = 1
    transpose: bool = False

    def batch(self, bottom: Shape) -> Shape:
        return bottom[: canonical_axis(self.axis, bottom)]

    def weight(self, bottom: Shape) -> Shape:
        inputs = count(bottom[canonical_axis(self.axis, bottom) :])
        return (inputs, self.num_output) if self.transpose else (self.num_output, inputs)

    def macs(self, bottoms: Shapes, tops: Shapes) -> int:
        return count(self.batch(bottoms[0])) * count(self.weight(bottoms[0]))


@layer("Embed", param="embed_param")
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
