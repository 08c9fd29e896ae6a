"""Titles: what a person would have called a kind of block, by its layers' names, or its form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from proto2net.graph import Graph, Node
from proto2net.layers.vision import ConvolutionParameter, Deconvolution

Nodes = Sequence[Node[Any]]

_PLAIN = re.compile(
    r"(?i)(res\w?|resnet|resx|conv|deconv|cccp|block|blk|layer|stage|unit|dense|bn|norm|batch|scale"
    r"|relu|prelu|fc|ip|ctx|branch|concat|pool)?(?=[\W_\d]|$)"
)
"""The first words of names that say less of a block than its form does."""


def titles(heads: Iterable[str], blocks: Iterable[Nodes], graph: Graph) -> list[str]:
    """A name for a class of each kind: of blocks like this, whose layers' names begin so.

    Of two with one name, what training leaves as it is is called so, or they are numbered.
    """
    said = [
        (title(head, nodes), _is_frozen(graph, nodes))
        for head, nodes in zip(heads, blocks, strict=True)
    ]
    learning = {each for each, frozen in said if not frozen}
    found: list[str] = []
    for each, frozen in said:
        first = f"Frozen{each}" if frozen and each in learning else each
        number, unique = 2, first
        while unique in found:
            number, unique = number + 1, f"{first}{number}"
        found.append(unique)
    return found


def _is_frozen(graph: Graph, nodes: Nodes) -> bool:
    """Whether training leaves all of a block as it is."""
    return all(
        blob in node.layer.statistics or graph.frozen(node, blob)
        for node in nodes
        for blob in node.blobs
    )


def title(head: str, nodes: Nodes) -> str:
    """A name for a class of blocks of which this is one, whose names begin so."""
    chain = all(len(node.bottoms) == 1 for node in nodes)
    if chain or _PLAIN.match(head):
        return form(nodes)
    words = re.findall(r"[^\W_]+", head)
    return "".join(word[:1].upper() + word[1:] for word in words)


def form(nodes: Nodes) -> str:
    """What the layers of a block make it."""
    windows = [node for node in nodes if isinstance(node.layer, ConvolutionParameter)]
    types = {node.layer.type for node in nodes}
    gated = any(node.layer.type in ("Axpy", "Scale") and len(node.bottoms) > 1 for node in nodes)
    prefix = "SE" if gated else ""
    if types & {"Eltwise", "Axpy"}:
        if any(map(_depthwise, windows)):
            return f"{prefix}InvertedResidual"
        return f"{prefix}Bottleneck" if _narrows(windows) else f"{prefix}ResidualBlock"
    if "ShuffleChannel" in types:
        return "ShuffleUnit"
    if "Concat" in types:
        return "DenseLayer" if _keeps_its_entry(nodes) else f"{prefix}Branches"
    if windows and _depthwise(windows[0]):
        return "DepthwiseSeparable" if len(windows) > 1 else "DepthwiseBlock"
    if len(windows) == 3 and _depthwise(windows[1]):
        return "InvertedBottleneck"
    if "Permute" in types:
        return "Head"
    if len(windows) == 1:
        return "DeconvBlock" if isinstance(windows[0].layer, Deconvolution) else "ConvBlock"
    return "Block"


def _depthwise(node: Node[Any]) -> bool:
    """Whether a convolution takes each channel by itself."""
    channels = node.bottoms[0].shape[node.layer.axis]
    return bool(node.layer.groups(node.bottoms[0].shape) == channels > 1)


def _narrows(windows: Nodes) -> bool:
    """Whether a window stands between two of one pixel, as in a bottleneck."""
    wide = [max(node.layer.kernel) > 1 for node in windows]
    return (False, True, False) in zip(wide, wide[1:], wide[2:], strict=False)


def _keeps_its_entry(nodes: Nodes) -> bool:
    """Whether what enters the block is joined with what it makes."""
    made = {top for node in nodes for top in node.tops}
    (join, *_) = (node for node in reversed(nodes) if node.layer.type == "Concat")
    return any(bottom not in made for bottom in join.bottoms)
