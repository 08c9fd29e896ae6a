"""Which fork of Caffe a file is for, where a layer does not say it and others do.

Forks have different layers of one name. A layer whose parameters do not tell its fork takes the
one that other layers of the file prove, unless the user names one.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from proto2net.caffe.prototxt import grouped
from proto2net.errors import Proto2NetError, ShapeError
from proto2net.graph import Entry, Graph
from proto2net.layers import Convolution, DetectionOutput, MultiBoxLoss, PriorBox, Warp
from proto2net.layers.ssd import CORNERS
from proto2net.wiring import wire

PROOFS: dict[str, dict[str, str]] = {
    "future": {"MultiStageMeanfield": "spatial_filter_weight"},
    "happynear": {
        "ChannelScale": "",
        "GeneralContrastiveLoss": "",
        "GeneralTripletLoss": "",
        "GlobalLSEMargin": "",
        "InnerDistance": "",
        "InnerProduct": "normalize",
        "LabelSpecificAdd": "",
        "LabelSpecificRescale": "",
        "Normalize": "normalize_param",
        "Scale": "min_value",
    },
    "liteflownet": {"ExpMax": "", "Grid": "", "NegSquare": ""},
    "mycaffe": {"CausalAttention": "", "LayerNorm": "epsilon", "TokenizedData": ""},
    "ssd": {
        "AnnotatedData": "",
        "DetectionEvaluate": "",
        "DetectionOutput": "",
        "MultiBoxLoss": "",
        "PriorBox": "",
    },
    "sstd": {"MaskResize": ""},
}
"""The layer types that only one fork has, of those that have different layers of one name; where
a field stands beside a type, only those layers prove the fork that have it."""

TOPS = {"Normalize": "happynear"}
"""The forks whose layers of these types alone can have more tops than one."""


def decided(entries: Sequence[Entry]) -> tuple[list[Entry], list[str]]:
    """The layers, those that do not say their fork with the one that is proven; and notes."""
    sound = [entry for entry in entries if not entry.issues]
    proofs = _proofs(sound)
    boxes = ("sstd", proofs["sstd"]) if "sstd" in proofs else _fork_of_boxes(sound)
    computed = {top for entry in entries if entry.bottoms for top in entry.tops}
    found: list[Entry] = []
    told: list[tuple[str, Any]] = []
    for entry in entries:
        fork, why = boxes if isinstance(entry.layer, PriorBox) else _proven(entry, proofs)
        if not fork and isinstance(entry.layer, Warp):
            fork, why = _fork_of_warp(entry, computed)
        if fork and entry.layer.undecided:
            entry = dataclasses.replace(entry, layer=_of_fork(entry.layer, fork))
            told.append((f"took {entry.layer.type} for that of {fork}: {why}", entry.where))
        found.append(entry)
    return found, grouped(told)


def fitting(
    error: ShapeError,
    name: str,
    entries: Sequence[Entry],
    phase: str,
    hints: Mapping[str, str],
    *,
    old: bool,
) -> tuple[Graph, list[str]]:
    """The graph of layers that do not fit each other, but as those of another fork; and notes.

    In an `old` definition they may fit with four axes. Raises the error where nothing helps.
    """
    for fork in dict.fromkeys(entry.layer.fallback for entry in entries if _may_be_other(entry)):
        others = [entry for entry in entries if _may_be_other(entry) == fork]
        changed = [
            dataclasses.replace(entry, layer=_of_fork(entry.layer, fork))
            if entry in others
            else entry
            for entry in entries
        ]
        try:
            graph = wire(name, changed, phase, hints)
        except ShapeError:
            continue
        why = f"for that of {fork}: with other forks' the shapes do not fit"
        told = ((f"took {each.layer.type} {why}", each.where) for each in others)
        return graph, grouped((sentence, where) for sentence, where in told if where)
    if old:
        from proto2net.caffe import four_axes

        with suppress(ShapeError):
            graph, widened = four_axes.fitting(name, entries, phase, hints)
            return graph, grouped(widened)
    raise error


def _may_be_other(entry: Entry) -> str:
    """The fork that a layer may be of, if its own does not fit; empty: none."""
    return "" if getattr(entry.layer, "fork", "") else entry.layer.fallback


def _of_fork(layer: Any, fork: str) -> Any:
    return dataclasses.replace(layer, fork=fork)


def _proofs(entries: Iterable[Entry]) -> dict[str, str]:
    """The forks that the file proves, and by what."""
    proofs: dict[str, str] = {}
    for entry in entries:
        for fork, what in _proven_by(entry):
            proofs.setdefault(fork, f"only that fork has {what}, as in {entry}")
    return proofs


def _proven_by(entry: Entry) -> Iterator[tuple[str, str]]:
    """The fork that a layer proves, if any, and what it is that only this fork has."""
    kind = entry.layer.type
    if len(entry.tops) > 1 and kind in TOPS:
        yield TOPS[kind], f"a second top of {kind}"
    for fork, types in PROOFS.items():
        field = types.get(kind)
        if field == "":
            yield fork, kind
        elif field and field in entry.layer.given():
            yield fork, f"{field} of {kind}"


def _proven(entry: Entry, proofs: dict[str, str]) -> tuple[str, str]:
    """The one fork of those that know this layer type which is proven, and why; else nothing."""
    known = [item for item in proofs.items() if item[0] in entry.layer.forks]
    return known[0] if len(known) == 1 else ("", "")


def _fork_of_boxes(entries: Sequence[Entry]) -> tuple[str, str]:
    """The one fork with whose prior boxes the convolutions beside them have as many outputs.

    There are four for each box, and one for each box and class. SSD's is not told, being assumed.
    """
    priors = [entry for entry in entries if isinstance(entry.layer, PriorBox)]
    classes = {
        entry.layer.num_classes
        for entry in entries
        if isinstance(entry.layer, DetectionOutput | MultiBoxLoss) and entry.layer.share_location
    }
    if not priors or len(classes) != 1:
        return "", ""
    (number,) = classes
    outputs: dict[str, set[int]] = {}
    for entry in entries:
        if isinstance(entry.layer, Convolution):
            for bottom in entry.bottoms:
                outputs.setdefault(bottom, set()).add(entry.layer.num_output)
    fitting = [
        fork
        for fork in PriorBox.forks
        if all(_fits(entry, fork, number, outputs) for entry in priors)
    ]
    if len(fitting) != 1 or fitting == ["ssd"]:
        return "", ""
    return fitting[0], "convolutions of the same bottoms have as many outputs as its boxes need"


def _fits(prior: Entry, fork: str, classes: int, outputs: dict[str, set[int]]) -> bool:
    """Whether convolutions have the outputs that these boxes need in a fork."""
    layer = _of_fork(prior.layer, fork)
    try:
        layer.check()
    except Proto2NetError:  # which is told when shapes are inferred
        return False
    needed = {layer.boxes * CORNERS, layer.boxes * classes}
    return bool(prior.bottoms) and needed <= outputs.get(prior.bottoms[0], set())


_WARPED = {"liteflownet": re.compile("coord|grid", re.I), "pwc-net": re.compile("flow", re.I)}
"""What forks call the second bottom of their Warp: places, or a flow."""


def _fork_of_warp(entry: Entry, computed: Collection[str]) -> tuple[str, str]:
    """The fork of a Warp in a file without a Grid, with which places would have been made."""
    for bottom in entry.bottoms[1:2]:
        for fork, called in _WARPED.items():
            if called.search(bottom):
                return fork, f'its second bottom is called "{bottom}"'
        if bottom in computed:
            return (
                "pwc-net",
                f'the network has no Grid layer, which would make places of "{bottom}"',
            )
    return "", ""
