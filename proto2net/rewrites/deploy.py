"""From a network for training and testing to the one that is used: without labels and losses.

It works on entries, before any shape is known, since the shapes of labels need not be. Nor is
what is wrong with a layer told before: it may be left out.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from proto2net.errors import check_outputs
from proto2net.graph import Entry
from proto2net.layers import (
    DataLayer,
    DummyData,
    Eltwise,
    Layer,
    Parameter,
    Python,
    Silence,
    Writer,
)
from proto2net.layers.base import LAYERS
from proto2net.layers.python import PythonLoss
from proto2net.layers.standing_in import StandIn
from proto2net.layers.unknown import Unknown
from proto2net.rewrites.feeding import Inputs, without_tops
from proto2net.shape import Sizes
from proto2net.wiring import ends


def until(
    entries: list[Entry], outputs: Sequence[str], hints: Mapping[str, str], file: str = ""
) -> tuple[list[Entry], list[str]]:
    """The layers that these blobs need, and a sentence for each that is left out unread.

    `hints` says of blobs that no layer makes how to get them.
    """
    made = {top for entry in entries for top in entry.tops}
    check_outputs(outputs, made, ends(entries), hints, file)
    needed = set(outputs)
    kept: list[Entry] = []
    notes: list[str] = []
    for entry in reversed(entries):
        if needed.intersection(entry.tops):
            needed.update(entry.bottoms)
            kept.append(entry)
        elif entry.issues or isinstance(entry.layer, Unknown):
            notes.append(f"{_unread(entry)} was left out: no output needs it")
    return kept[::-1], notes[::-1]


def unsilenced(entries: list[Entry]) -> tuple[list[Entry], list[str]]:
    """Make outputs of what Silence layers read, if the network has no other and no loss.

    Returns the new entries, and a sentence for each Silence that is left out or reads less.
    """
    computed = any(entry.bottoms for entry in ends(entries).values())
    if computed or any(entry.layer.loss for entry in entries):
        return entries, []
    rest = [entry for entry in entries if not isinstance(entry.layer, Silence)]
    outputs = {name for name, entry in ends(rest).items() if entry.bottoms}
    kept: list[Entry] = []
    notes: list[str] = []
    for entry in entries:
        if isinstance(entry.layer, Silence) and outputs.intersection(entry.bottoms):
            shown = ", ".join(f'"{name}"' for name in entry.bottoms if name in outputs)
            others = tuple(name for name in entry.bottoms if name not in outputs)
            notes.append(f"{entry} does not silence {shown}: the network has no other outputs")
            if not others:
                continue
            entry = dataclasses.replace(entry, bottoms=others, propagate_down=())
        kept.append(entry)
    return kept, notes


def needed(inputs: Inputs, whole: Iterable[Entry], part: Iterable[Entry]) -> dict[str, Sizes]:
    """The inputs without those that the whole of the layers has, and a part of them has not."""
    gone = _names(whole) - _names(part)
    return {name: shape for name, shape in inputs.items() if name not in gone}


def _names(entries: Iterable[Entry]) -> set[str]:
    return {name for entry in entries for name in (*entry.bottoms, *entry.tops)}


def _unread(entry: Entry) -> str:
    """A layer as notes call it, which say so if it is not known what it does."""
    if isinstance(entry.layer, Unknown) and not entry.issues:
        return f"{entry}, whose type is not known,"
    if entry.issues:
        return f"{entry}, which cannot be converted ({entry.issues[0].message}),"
    return str(entry)


def stand_ins(entries: list[Entry]) -> tuple[list[Entry], list[str]]:
    """Take DummyData for data layers in a network that has no other data.

    Networks to measure speed with are made so, and ones whose user writes into the blobs.
    """
    sources = [e for e in entries if not e.bottoms and not isinstance(e.layer, Parameter)]
    read = _read(entries)
    if not all(isinstance(entry.layer, DummyData) for entry in sources):
        return entries, []
    taken: list[Entry] = []
    notes: list[str] = []
    for entry in entries:
        if isinstance(entry.layer, DummyData) and read.intersection(entry.tops):
            notes.append(f"{entry} became an input: the network has no other data")
            entry = dataclasses.replace(entry, layer=StandIn(entry.layer, entry.tops))
        taken.append(entry)
    return taken, notes


def without_labels(
    entries: list[Entry], given: Collection[str] = ()
) -> tuple[list[Entry], list[str]]:
    """Leave out what only labels feed: losses, metrics, and the label tops of data layers.

    A loss with a prediction of its own (Softmax, Sigmoid) leaves it behind under its own name.
    What has a shape `given`, and is made by no layer, is an input and no missing label.
    Returns the new entries, and a sentence for each layer that was left out or replaced.
    """
    entries, notes = stand_ins(entries)
    written = [f"{entry} was left out: it writes files" for entry in entries if _writes(entry)]
    entries, notes = [entry for entry in entries if not _writes(entry)], notes + written
    labels = _labels(entries, given)
    losses = _unknown_losses(entries)
    kept: list[Entry] = []
    unread: set[str] = set()
    for entry in entries:
        if not entry.bottoms:
            kept += without_tops(entry, labels)
            continue
        entry, routed = _without_routed(entry, labels)
        labels.update(routed)
        reason = _reason_to_leave(entry, labels) or "it is a loss" * (id(entry) in losses)
        prediction = entry.layer.prediction() if reason else entry.layer
        if not reason or (prediction and not _predicts(entry)):
            kept.append(entry)
        elif prediction:
            kept.append(_prediction(entry, prediction))
            unread.update(set(entry.bottoms) - set(kept[-1].bottoms))
            labels.update(set(entry.tops) - set(kept[-1].tops))
            if prediction != entry.layer:
                notes.append(f"{_unread(entry)} became its {prediction.type}")
        else:
            labels.update(entry.tops)
            notes.append(f"{_unread(entry)} was left out: {reason}")
    return _without_unfed(_without_unread(kept, unread), entries), notes


def _without_routed(entry: Entry, labels: set[str]) -> tuple[Entry, set[str]]:
    """A layer that routes rows, without the labels among them; and the tops that these have."""
    if not entry.layer.routes or entry.bottoms[0] in labels:
        return entry, set()
    pairs = list(zip(entry.bottoms, entry.tops, strict=False))
    stay = [(bottom, top) for bottom, top in pairs if bottom not in labels]
    if len(stay) == len(pairs):
        return entry, set()
    bottoms, tops = zip(*stay, strict=True)
    return dataclasses.replace(entry, bottoms=bottoms, tops=tops, propagate_down=()), set(
        entry.tops
    ) - set(tops)


def _writes(entry: Entry) -> bool:
    """Whether a layer does nothing but write what it reads, which is an output then."""
    return isinstance(entry.layer, Writer)


def _predicts(entry: Entry) -> bool:
    """Whether a loss is read as far as its prediction goes: how it compares does not matter."""
    return all(issue.of == "LossParameter" for issue in entry.issues)


def _reason_to_leave(entry: Entry, labels: set[str]) -> str:
    """Why a layer is left out, or what remains of it stands in its place; empty: it stays."""
    layer = entry.layer
    if layer.loss and layer.unrendered and not layer.labels:
        return layer.unrendered
    if labels.intersection(entry.bottoms):
        return "it needs labels"
    some, every = labels.intersection(entry.tops), labels.issuperset(entry.tops)
    if (some and layer.prediction()) or (every and layer.unrendered):
        return "only training and scoring read what it makes"
    return ""


def _unknown_losses(entries: Sequence[Entry]) -> set[int]:
    """The losses of unknown types with which nothing is computed: their identities."""
    used = _read(entry for entry in entries if not isinstance(entry.layer, Silence))
    return {
        id(entry)
        for entry in entries
        if isinstance(entry.layer, Unknown)
        and entry.layer.kind not in LAYERS
        and (entry.layer.kind.endswith("Loss") or any(entry.loss_weight))
        and used.isdisjoint(entry.tops)
    }


def _without_unread(entries: list[Entry], unread: set[str]) -> list[Entry]:
    """Leave out what makes nothing but blobs that are not read any more."""
    left: list[Entry] = []
    read: set[str] = set()
    for entry in reversed(entries):
        if entry.bottoms and entry.tops and all(t in unread and t not in read for t in entry.tops):
            unread.update(entry.bottoms)
        else:
            left.append(entry)
            read.update(entry.bottoms)
    return left[::-1]


def _without_unfed(entries: list[Entry], whole: Iterable[Entry]) -> list[Entry]:
    """Leave out sources, or their tops, that layers of the whole read and none of these does."""
    if not any(entry.bottoms for entry in entries):
        return entries
    gone = _read(whole) - _read(entries)
    return [
        left
        for entry in entries
        for left in ([entry] if entry.bottoms else without_tops(entry, gone))
    ]


def _read(entries: Iterable[Entry]) -> set[str]:
    return {name for entry in entries for name in entry.bottoms}


def _labels(entries: list[Entry], given: Collection[str]) -> set[str]:
    """The blobs that only losses and metrics read, as labels.

    They come from data layers, or wherever from if a metric or loss that no target renders
    reads them, or from nowhere.
    """
    readers: dict[str, list[tuple[Entry, int]]] = {}
    for entry in entries:
        for index, bottom in enumerate(entry.bottoms):
            readers.setdefault(bottom, []).append((entry, index))
    labels = {
        top
        for entry in entries
        if isinstance(entry.layer, DataLayer)
        for index, top in enumerate(entry.tops)
        if index > 0 and top not in readers
    }
    unread = {top for entry in entries for top in entry.tops if top not in readers}
    beside = _beside(entries)
    masks = _masks(entries, readers, beside)
    unknown = _unknown_ends(entries)
    evident = _evident(entries, beside)
    for entry in reversed(entries):  # so that what reads a blob is known before the blob
        for top in entry.tops:
            uses = readers.get(top)
            if uses and all(
                top in evident
                if id(reader) in unknown
                else (top in beside and id(reader) in masks)
                or _reads_label(reader, index, labels, unread if top in beside else None)
                for reader, index in uses
            ):
                labels.add(top)
    made = {top for entry in entries for top in entry.tops}
    missing = {
        name
        for name, uses in readers.items()
        if name not in made
        and name not in given
        and all(index in reader.layer.labels for reader, index in uses)
    }
    return _derived(entries, labels, missing)


def _unknown_ends(entries: Sequence[Entry]) -> set[int]:
    """The layers of unknown meaning of which nothing is made but labels: their identities.

    What reads the data itself may be all of the network.
    """
    data = {top for entry in entries if not entry.bottoms for top in entry.tops[:1]}
    ends: set[int] = set()
    read: set[str] = set()
    for entry in reversed(entries):
        unknown = isinstance(entry.layer, Unknown) or type(entry.layer) is Python
        if unknown and read.isdisjoint(entry.tops) and data.isdisjoint(entry.bottoms):
            ends.add(id(entry))
        elif not isinstance(entry.layer, Silence):
            labels = entry.layer.labels
            read.update(name for i, name in enumerate(entry.bottoms) if i not in labels)
    return ends


_CALLED = re.compile(r"label|truth|target|(^|_)gt(_|$)", re.IGNORECASE)
"""What blobs with labels are called."""


def _evident(entries: Iterable[Entry], beside: Collection[str]) -> set[str]:
    """The blobs that are labels for what is not known too, as another layer or a name says."""
    evident = {name for name in beside if _CALLED.search(name)}
    for entry in entries:
        evident |= _given(entry)
        if isinstance(entry.layer, DataLayer) and entry.layer.label_per_image:
            evident.update(entry.tops[1:2])
    return evident


def _beside(entries: list[Entry]) -> set[str]:
    """The blobs that data layers make beside their first, and what is made of these alone.

    Constants may have a part in it.
    """
    beside: set[str] = set()
    constant: set[str] = set()
    for entry in entries:
        if isinstance(entry.layer, DataLayer):
            beside.update(entry.tops[1:])
        elif isinstance(entry.layer, DummyData):
            constant.update(entry.tops)
        elif beside.intersection(entry.bottoms) and beside | constant >= set(entry.bottoms):
            beside.update(entry.tops)
    return beside


def _masks(
    entries: Iterable[Entry],
    readers: Mapping[str, Sequence[tuple[Entry, int]]],
    beside: Collection[str],
) -> set[int]:
    """The products that only losses read, which compare them with labels: their identities.

    What a prediction is multiplied with there says which part of it counts.
    """
    found: set[int] = set()
    for entry in entries:
        product = isinstance(entry.layer, Eltwise) and entry.layer.operation == "PROD"
        scored = [use for top in entry.tops for use in readers.get(top, ())] if product else []
        if scored and all(
            reader.layer.loss and not _given(reader).isdisjoint(beside) for reader, _ in scored
        ):
            found.add(id(entry))
    return found


def _reads_label(
    reader: Entry, index: int, labels: set[str], unread: Collection[str] | None
) -> bool:
    """Whether this use of a blob is as a label, or makes nothing but labels from it.

    Of what is beside the data, `unread` are the tops that may be made too. Which bottoms of a loss
    of the user's own are labels is not known: those beside the data.
    """
    beside = unread is not None
    if index in reader.layer.labels or (beside and isinstance(reader.layer, PythonLoss)):
        return True
    if reader.layer.routes:
        return reader.tops[index : index + 1] in [(top,) for top in labels]
    if reader.layer.loss or reader.layer.labels:  # it is compared with labels
        return False
    if reader.layer.unrendered and not beside:  # such as detections that are scored
        return False
    read = [top for top in reader.tops if top not in (unread or ())]
    return labels.issuperset(read) and bool(read or not reader.tops)


def _derived(entries: list[Entry], labels: set[str], missing: set[str]) -> set[str]:
    """The labels of data layers, those that are missing, and the ones that are made with these."""
    derived = set(missing)
    for entry in entries:
        if entry.layer.unrendered or entry.issues:
            derived |= _given(entry) & labels
    for entry in entries:
        if isinstance(entry.layer, DataLayer) or derived.intersection(entry.bottoms):
            derived.update(labels.intersection(entry.tops))
    return derived


def _given(entry: Entry) -> set[str]:
    """The bottoms of a layer that hold labels."""
    return set(_at(entry.layer.labels, entry.bottoms))


def _at(places: tuple[int, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    """The names at these places, as far as there are any."""
    return tuple(names[i] for i in places if i < len(names))


def _prediction(loss: Entry, layer: Layer) -> Entry:
    """The layer inside a loss, in its place; of another layer, what it does without labels.

    A second top of a loss is its prediction.
    """
    return dataclasses.replace(
        loss,
        layer=layer,
        bottoms=_at(loss.layer.predicts, loss.bottoms),
        tops=(loss.layer.loss and loss.tops[1:2]) or loss.tops[:1] or (loss.name,),
        loss_weight=(),
        propagate_down=(),
        issues=(),
    )
