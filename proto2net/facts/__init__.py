"""What is known of a graph beside its layers: receptive fields, and memory; sums for each block.

`layers` has it layer by layer, `blocks` and `totals` have sums. Nothing here runs the network.
"""

from __future__ import annotations

from typing import Any

from proto2net.errors import Location
from proto2net.facts import memory
from proto2net.facts.families import family_of
from proto2net.facts.fields import Field, fields
from proto2net.frozen import dataclass
from proto2net.graph import Blob, Graph, Node
from proto2net.outline import Region, Stage, outline
from proto2net.shape import Sizes

__all__ = ["BlobFacts", "BlockFacts", "Field", "LayerFacts", "Totals", "blocks", "layers", "totals"]


@dataclass(frozen=True)
class BlobFacts:
    """A value that a layer reads or makes."""

    name: str
    shape: Sizes
    """None stands for a size that may be any."""
    version: int = 0
    """How many layers wrote this name in place before."""


@dataclass(frozen=True)
class LayerFacts:
    """A layer of a graph."""

    name: str
    type: str
    family: str
    """One of proto2net.facts.families.FAMILIES."""
    bottoms: tuple[BlobFacts, ...]
    tops: tuple[BlobFacts, ...]
    parameters: int
    """How many numbers it has learned, without those that a layer above shares with it."""
    learned: dict[str, tuple[int, ...]]
    """The shape of each learned blob."""
    macs: int
    """Multiply-adds of an image: those of the declared batch, divided by its size."""
    receptive: Field | None
    """What each position of its first top sees of the image; None: nothing is said of that."""
    activation_bytes: int
    """What its tops take as float32 at the declared batch; 0 where it works in place."""
    where: Location | None
    blocks: tuple[str, ...] = ()
    """The stage and the block in which it stands, the outer first."""


@dataclass(frozen=True)
class BlockFacts:
    """A block of layers, as `outline` finds them."""

    name: str
    kind: str
    stage: str
    """The stage in which it stands; empty: in none."""
    layers: tuple[str, ...]
    shape: Sizes
    """The shape of what leaves it."""
    parameters: int
    macs: int
    activation_bytes: int


@dataclass(frozen=True)
class Totals:
    """Sums over a graph. Memory is in bytes, as float32, at the declared batch."""

    layers: int
    parameters: int
    """Shared ones once."""
    parameter_bytes: int
    macs: int
    """Multiply-adds of an image."""
    example: str
    """The sizes that all is counted for where images may have any, such as "64 x 96"; else ""."""
    batch: int
    """How many images are fed at once."""
    activation_bytes: int
    """All blobs at once, as Caffe holds them; see proto2net.facts.memory.activations."""
    activation_peak_bytes: int
    """The most at once if each is freed after its last reader; see proto2net.facts.memory.peak."""
    training_bytes: dict[str, int]
    """By the solver's type, such as "SGD"; see proto2net.facts.memory.training."""


def layers(graph: Graph) -> list[LayerFacts]:
    """What is known of each layer, in order."""
    seen, held, inside = fields(graph), memory.made(graph), _inside(graph)
    blobs = {top: _blob(graph, top) for node in graph.nodes for top in node.tops}
    return [
        LayerFacts(
            node.name,
            node.layer.type,
            family_of(type(node.layer)),
            tuple(blobs[blob] for blob in node.bottoms),
            tuple(blobs[blob] for blob in node.tops),
            graph.owned(node),
            {blob: learned.shape for blob, learned in node.blobs.items()},
            graph.per_image(node.macs),
            seen.get(node.tops[0]) if node.tops else None,
            held[index],
            node.where,
            inside.get(node, ()),
        )
        for index, node in enumerate(graph.nodes)
    ]


def blocks(graph: Graph) -> list[BlockFacts]:
    """The sums of each block, in order."""
    held = dict(zip(graph.nodes, memory.made(graph), strict=True))
    found = []
    for stage, region in _regions(graph):
        nodes = [node for node in region.nodes if node]
        found.append(
            BlockFacts(
                region.name,
                region.kind.title,
                stage,
                tuple(node.name for node in nodes),
                graph.open_shape(region.exit),
                sum(map(graph.owned, nodes)),
                graph.per_image(sum(node.macs for node in nodes)),
                sum(held[node] for node in nodes),
            )
        )
    return found


def totals(graph: Graph) -> Totals:
    """The sums over all layers."""
    parameters, held = graph.parameters, memory.activations(graph)
    return Totals(
        len(graph.nodes),
        parameters,
        parameters * memory.FLOAT,
        graph.per_image(graph.macs),
        graph.example,
        graph.batch,
        held,
        memory.peak(graph),
        {solver: memory.trained(parameters, held, solver) for solver in memory.HISTORY},
    )


def _blob(graph: Graph, blob: Blob) -> BlobFacts:
    return BlobFacts(blob.name, graph.open_shape(blob), blob.version)


def _regions(graph: Graph) -> list[tuple[str, Region]]:
    """The blocks in order, each with the name of its stage."""
    found: list[tuple[str, Region]] = []
    for part in outline(graph).parts:
        if isinstance(part, Stage):
            found += [(part.name, region) for region in part.regions]
        elif isinstance(part, Region):
            found.append(("", part))
    return found


def _inside(graph: Graph) -> dict[Node[Any], tuple[str, ...]]:
    return {
        node: tuple(name for name in (stage, region.name) if name)
        for stage, region in _regions(graph)
        for node in region.nodes
        if node
    }
