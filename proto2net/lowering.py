"""Layer types in terms of others of Caffe: a target renders so what it does not render itself.

A rule gives the parts that compute what a layer does, one after the other. Most layers of forks
are a layer of Caffe under another name, and have one part. A target that renders a type itself,
since that prints more nicely there, never asks for its rule.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count as numbers
from typing import Any

from proto2net.errors import Issue, Proto2NetError, UnsupportedError
from proto2net.graph import Blob, Graph, Node
from proto2net.layers import (
    ELU,
    Axpy,
    BilinearInterpolation,
    Convolution,
    ConvolutionDepthwise,
    DepthwiseConvolution,
    Dropout,
    Eltwise,
    Flip,
    InnerProduct,
    Interp,
    Layer,
    NdConvolution,
    Permute,
    Power,
    ReLU,
    ReLU6,
    Reshape,
    Reverse,
    Scale,
    SeLu,
    ShuffleChannel,
    SparseInnerProduct,
    Split,
    Transpose,
    Upsample,
    UpsampleDarknet,
)


@dataclass(frozen=True)
class Part:
    """A layer that computes a part of another, and what it reads: None is the part before."""

    layer: Layer
    bottoms: Sequence[Blob | None] = (None,)


Rule = Callable[[Node[Any]], "Sequence[Part] | Layer"]


@dataclass(frozen=True)
class Lowering:
    """The rule of a layer type, and the types that it gives."""

    rule: Rule
    types: tuple[type[Layer], ...]


LOWERINGS: dict[type[Layer], Lowering] = {}
"""The rules by layer type."""


@dataclass(frozen=True)
class Lowered:
    """A graph of what a target renders, and which node each new one is a part of."""

    graph: Graph
    origins: Mapping[Node[Any], Node[Any]] = field(default_factory=dict)

    def origin(self, node: Node[Any]) -> Node[Any]:
        """The node of the definition."""
        return self.origins.get(node, node)


def lowers(layer: type[Layer], *types: type[Layer]) -> Callable[[Rule], Rule]:
    """Register the rule of a layer type, which gives layers of these types.

    A rule that gives one layer gives it the bottoms, tops and learned blobs of the node.
    """

    def register(rule: Rule) -> Rule:
        LOWERINGS[layer] = Lowering(rule, types)
        return rule

    return register


def can_be(layer: type[Layer], renders: Callable[[type[Layer]], bool]) -> bool:
    """Whether a target that renders these types renders the layer type, or what it is made of."""
    if renders(layer):
        return True
    found = LOWERINGS.get(layer)
    return found is not None and all(can_be(each, renders) for each in found.types)


def lowered(graph: Graph, renders: Callable[[type[Layer]], bool]) -> Lowered:
    """The graph with layers that the target does not render as others that it does."""
    if all(renders(type(node.layer)) or type(node.layer) not in LOWERINGS for node in graph.nodes):
        return Lowered(graph)
    fresh = numbers(1)
    pairs: list[tuple[Node[Any], Node[Any]]] = []
    issues: list[Issue] = []
    for node in graph.nodes:
        try:
            pairs += [(part, node) for part in _parts(node, renders, fresh)]
        except Proto2NetError as error:
            issues += error.at(node.where, str(node))
    if issues:
        raise UnsupportedError(issues)
    found = graph.rebuilt(part for part, _ in pairs)
    origins = (node for _, node in pairs)
    return Lowered(found, dict(zip(found.nodes, origins, strict=True)))


def _parts(
    node: Node[Any], renders: Callable[[type[Layer]], bool], fresh: Iterator[int]
) -> Iterator[Node[Any]]:
    """The nodes in the place of one; what lies between them is told apart by `fresh` numbers."""
    found = LOWERINGS.get(type(node.layer))
    if found is None or renders(type(node.layer)):
        yield node
        return
    parts = found.rule(node)
    if isinstance(parts, Layer):
        yield from _parts(dataclasses.replace(node, layer=parts), renders, fresh)
        return
    before: Blob | None = None
    flows = dict(zip(node.bottoms, node.propagate_down, strict=False))
    for index, part in enumerate(parts, start=1):
        last = index == len(parts)
        bottoms = tuple(bottom or before or node.bottoms[0] for bottom in part.bottoms)
        before = Blob(node.tops[0].name, (), -next(fresh))
        made = dataclasses.replace(
            node,
            layer=part.layer,
            bottoms=bottoms,
            tops=node.tops if last else (before,),
            params=(),
            loss_weight=node.loss_weight if last else (),
            propagate_down=tuple(flows.get(bottom, True) for bottom in bottoms) if flows else (),
        )
        yield from _parts(made, renders, fresh)


# ---- other names ----------------------------------------------------------------------------


@lowers(ConvolutionDepthwise, Convolution)
@lowers(DepthwiseConvolution, Convolution)
def _depthwise_convolution(node: Node[DepthwiseConvolution]) -> Layer:
    return _convolution(node.layer, group=node.layer.groups(node.bottoms[0].shape))


@lowers(NdConvolution, Convolution)
def _nd_convolution(node: Node[NdConvolution]) -> Layer:
    window = node.layer.window(node.bottoms[0].shape)
    sizes = {"kernel": window.kernel, "stride": window.stride, "pad": window.pad}
    return _convolution(node.layer, **sizes)


def _convolution(layer: Convolution, **changed: Any) -> Convolution:
    """The Convolution with the fields of a layer that is one, but for those that are changed."""
    fields = {each.name: getattr(layer, each.name) for each in dataclasses.fields(Convolution)}
    return Convolution(**fields | changed)


@lowers(SparseInnerProduct, InnerProduct)
def _sparse_inner_product(node: Node[SparseInnerProduct]) -> Layer:
    fields = dataclasses.fields(InnerProduct)
    return InnerProduct(**{each.name: getattr(node.layer, each.name) for each in fields})


@lowers(ReLU6, ReLU)
def _relu6(node: Node[ReLU6]) -> Layer:
    return ReLU(node.layer.negative_slope, relu6=True)


@lowers(Transpose, Permute)
def _transpose(node: Node[Transpose]) -> Layer:
    return Permute(node.layer.dim)


@lowers(Flip, Reverse, Split)
def _flip(node: Node[Flip]) -> Layer:
    axes = node.layer.axes(node.bottoms[0].shape)
    return Reverse(axes) if axes else Split()


@lowers(BilinearInterpolation, Interp)
def _bilinear_interpolation(node: Node[BilinearInterpolation]) -> Layer:
    return Interp(use_blob_size=True)


@lowers(UpsampleDarknet, Upsample)
def _upsample_darknet(node: Node[UpsampleDarknet]) -> Layer:
    return Upsample(scale=node.layer.stride)


@lowers(Dropout, Split, Power)
def _dropout(node: Node[Dropout]) -> Layer:
    if node.layer.samples(node.phase):
        raise UnsupportedError("draws at random, which no other layer does")
    return Power(scale=node.layer.factor) if node.layer.factor != 1 else Split()


# ---- one in several -------------------------------------------------------------------------


@lowers(ShuffleChannel, Reshape, Permute)
def _shuffle_channel(node: Node[ShuffleChannel]) -> Sequence[Part]:
    """Channels as groups of channels, both turned, and as channels again."""
    (_, channels, *size), group = node.bottoms[0].shape, node.layer.group
    axes = (0, 2, 1, *range(3, len(size) + 3))
    return [
        Part(Reshape((group, channels // group), axis=1, num_axes=1)),
        Part(Permute(axes)),
        Part(Reshape((channels,), axis=1, num_axes=2)),
    ]


@lowers(Axpy, Reshape, Scale, Eltwise)
def _axpy(node: Node[Axpy]) -> Sequence[Part]:
    factor, x, y = node.bottoms
    return [
        Part(Reshape((0, 0)), (factor,)),
        Part(Scale(axis=0), (x, None)),
        Part(Eltwise(), (None, y)),
    ]


@lowers(SeLu, ELU, Power)
def _selu(node: Node[SeLu]) -> Sequence[Part]:
    return [Part(ELU(alpha=1.67326324)), Part(Power(scale=1.050700987))]
