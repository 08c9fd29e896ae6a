"""Notes on a definition that is right for Caffe, but may have a slip: names that nothing uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from proto2net.caffe.fields import described
from proto2net.caffe.prototxt import grouped
from proto2net.caffe.schema import FORKS, Message
from proto2net.errors import Issue, closest
from proto2net.graph import Entry, Graph, Node
from proto2net.layers.base import Layer, ParamSpec


def ignored_of_net(net: Message, file: str) -> list[str]:
    """A note for each setting of a fork that stands beside the layers."""
    given = (field for field, _ in net.ListFields() if field.number >= FORKS)
    return [f"{file}: ignored {described(field)}" for field in given]


_FEW = 4
"""If more names occur once, and none occurs twice, the note has only their number."""


def shared_with_none(entries: Sequence[Entry], file: str) -> list[str]:
    """Notes on names of `param`, which share learned blobs, that only one layer has: typos?"""
    named = [(spec.name, entry) for entry in entries for spec in entry.params if spec.name]
    times = Counter(name for name, _ in named)
    single = [(name, entry) for name, entry in named if times[name] == 1]
    if len(single) == len(times) and len(single) > _FEW:
        return [f"{file}: {len(single)} names of param occur once each, so nothing is shared"]
    notes = []
    for name, entry in single:
        near = closest(name, times.keys() - {name})
        what = f'no other layer shares param "{name}"' + (f"; {near}" if near else "")
        notes.append(str(Issue(what, where=entry.where, layer=str(entry))))
    return notes


def disputed(graph: Graph) -> list[str]:
    """Notes on layers that other forks than the one assumed would compute otherwise."""
    said = [
        (node.layer.disputed(tuple(blob.shape for blob in node.bottoms)), node.where)
        for node in graph.nodes
    ]
    return grouped((sentence, where) for sentence, where in said if sentence and where)


def not_filled(graph: Graph) -> list[str]:
    """Notes on the fillers that only forks have, which only a start without weights needs."""
    told = []
    for node in graph.nodes:
        for learned in node.blobs.values():
            if node.where and learned.filler.foreign(learned.shape):
                taken = "xavier takes" if learned.start.type == "xavier" else "zeros take"
                what = f'the place of the filler "{learned.filler.type}", which only a fork has'
                told.append((f"without weights, {taken} {what}", node.where))
    return grouped(told)


def of_another_phase(graph: Graph, file: str) -> list[str]:
    """A note on the layers that state a phase, and so do not run in that of the network."""
    others = [node for node in graph.nodes if node.phase != graph.phase]
    if not others:
        return []
    kept = f"phase: {others[0].phase} of {_counted(others)} is kept, as in Caffe"
    return [f"{file}: {kept}; without it all runs in the {graph.phase.lower()} phase"]


def training(graph: Graph, file: str, *, trains: bool = False) -> list[str]:
    """Notes on what the layers say of their training that is not used, or not in this phase.

    Where a solver `trains` them, all is used.
    """
    frozen: list[Node[Layer]] = []
    others: list[Node[Layer]] = []
    for node in graph.nodes:
        learned = [blob for blob in node.blobs if blob not in node.layer.statistics]
        still = [blob for blob in learned if graph.frozen(node, blob)]
        specs = dict(zip(node.blobs, node.params, strict=False))
        if still:
            frozen.append(node)
        if any(
            _unusual(specs[b], b == learned[0]) for b in learned if b in specs and b not in still
        ):
            others.append(node)
    notes = []
    said = others if graph.phase == "TRAIN" else list(dict.fromkeys([*frozen, *others]))
    if said and not trains:
        names = "lr_mult and decay_mult (blobs_lr and weight_decay)"
        training = (
            "only lr_mult: 0 is, which freezes"
            if graph.phase == "TRAIN"
            else "they are for training"
        )
        freezes = "; lr_mult: 0 freezes with --phase train" * (said != others)
        notes.append(f"{file}: {names} of {_counted(said)} are not used: {training}{freezes}")
    if graph.phase == "TRAIN":
        what = "runs in place, for which Caffe's own gradient is wrong; here it is right"
        wrong = (n for n in graph.nodes if n.in_place and not n.layer.gradient_in_place())
        notes += grouped((f"{node.layer.type} {what}", node.where) for node in wrong if node.where)
    return notes


def _unusual(spec: ParamSpec, first: bool) -> bool:
    """Whether multipliers differ from what nearly every file has: 1, and for a bias 2 and 0."""
    rates, decays = ((None, 1), (None, 1)) if first else ((None, 1, 2), (None, 0, 1))
    return spec.lr_mult not in rates or spec.decay_mult not in decays


def _counted(nodes: Sequence[Node[Layer]]) -> str:
    """One layer by its name, of several the first by its name, and how many they are."""
    if len(nodes) == 1:
        return f'layer "{nodes[0].name}"'
    return f'{len(nodes)} layers (the first is "{nodes[0].name}")'
