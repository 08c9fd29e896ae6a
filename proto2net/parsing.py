"""From a definition to a graph: what is read, changed, fed and wired, in this order."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from proto2net.backends.source import network_name
from proto2net.caffe import definition, importer, notices
from proto2net.caffe.phase import State, stand_ins
from proto2net.errors import Issue, Location, ParseError, Proto2NetError, ShapeError
from proto2net.frozen import dataclass
from proto2net.graph import Graph
from proto2net.layers.holes import Holes
from proto2net.rewrites import deploy, feeding, in_place
from proto2net.shape import Sizes
from proto2net.usage import Usage
from proto2net.wiring import wire


@dataclass(frozen=True)
class Reading:
    """How a definition is read: the options of `proto2net.parse` that are not for its graph."""

    state: State
    inputs: Mapping[str, Sizes]
    outputs: Sequence[str]
    holes: Holes
    define: Mapping[str, object] | None = None
    fork: str = ""
    ignore_unknown_fields: bool = False
    labelled: bool = False
    root: str | Path | None = None


def read(net: str | Path, file: str, asked: Reading) -> Graph:
    """The network; what `outputs` do not need is left out before it is judged."""
    phase, inputs = asked.state.phase, asked.inputs
    if phase not in ("TEST", "TRAIN"):
        raise Proto2NetError(f'no phase "{phase.lower()}"', "it is test or train")
    found = definition.read(
        net,
        file or ("<text>" if definition.is_text(net) else str(net)),
        asked.state,
        ignore_unknown_fields=asked.ignore_unknown_fields,
        holes=asked.holes,
        define=asked.define,
    )
    definition.check_is_whole(found, inputs)
    phase, file, notes = found.state.phase, found.file, found.notes
    layers = found.layers
    deployed = phase == "TEST" and not asked.labelled
    if deployed:
        images = stand_ins(found.net, layers)
        layers = [*images, *layers]
        becomes = "of the training becomes the input"
        notes = [*notes, *(f'layer "{x.name}" ({x.type}) {becomes}' for x in images)]
    entries, told = importer.entries(
        layers,
        phase,
        file,
        held=found.held,
        ignore_unknown_fields=asked.ignore_unknown_fields,
        holes=asked.holes,
        fork=asked.fork,
        given=inputs,
    )
    entries, apart = in_place.named_apart(entries)
    notes = [
        *notes,
        *notices.ignored_of_net(found.net, file),
        *told,
        *apart,
        *notices.shared_with_none(entries, file),
    ]
    hints = not_made = found.left_out
    if deployed:
        hints = {top: _NEEDS_LABELS for entry in entries for top in entry.tops} | hints
        entries, left_out = deploy.without_labels(entries, given=inputs)
        notes += left_out
    elif asked.labelled:
        entries, taken = deploy.stand_ins(entries)
        notes += taken
    if asked.outputs:
        whole = entries
        entries, left_out = deploy.until(entries, asked.outputs, hints, file)
        notes += left_out
        entries = feeding.without_unread(entries, {}, asked.outputs)
        inputs = deploy.needed(inputs, whole, entries)
    entries, left_out = deploy.unsilenced(entries)
    notes += left_out
    if not asked.labelled:
        entries = feeding.without_unread(entries, inputs, asked.outputs)
    importer.check(entries, layers, asked.holes)
    if lacking := feeding.unstated(entries, inputs):
        from proto2net.caffe import beside  # which most networks need not import

        inputs, seen = beside.completed(lacking, inputs, layers, file, asked.root)
        notes += seen
    new_size = feeding.new_size(entries)
    entries, assumed = feeding.feed(entries, inputs)
    placed: list[str] = []
    if any(entry.layer.type in ("AutoCrop", "Crop") for entry in entries):
        from proto2net.rewrites import align  # with exact fractions, which few networks need

        entries, placed = align.aligned(entries)
    for note in notes + assumed + placed:
        _LOG.info(note)
    if not entries:
        empty = f"the network has no layers in the {phase.lower()} phase"
        raise ParseError([Issue(empty, where=Location(file, 1))])
    name = found.net.name or network_name(file)
    try:
        graph = wire(name, entries, phase, not_made)
    except ShapeError as error:
        from proto2net.caffe import forks  # which most networks need not import

        graph, told = forks.fitting(error, name, entries, phase, not_made, old=found.old)
        for note in told:
            _LOG.info(note)
    trains = asked.labelled  # a solver, which heeds what layers say of their training
    for note in [
        *notices.disputed(graph),
        *notices.not_filled(graph),
        *notices.of_another_phase(graph, file),
        *notices.training(graph, file, trains=trains),
    ]:
        _LOG.info(note)
    return dataclasses.replace(graph, usage=Usage(new_size=new_size)) if new_size else graph


_NEEDS_LABELS = "the layer that makes it needs labels and was left out; --phase train has labels"
_LOG = logging.getLogger("proto2net")
