"""From a network for training and testing to the one that is used: no labels, no data layers.

It works on entries, before any shape is known, since the shapes of labels need not be.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from proto2net.errors import Issue, Proto2NetError, ShapeError
from proto2net.graph import Entry
from proto2net.layers import DataLayer, HDF5Data, Input, Layer
from proto2net.layers.data import GIVE_IT
from proto2net.shape import Shape

Inputs = Mapping[str, Shape]


def feed(entries: list[Entry], inputs: Inputs) -> tuple[list[Entry], list[str]]:
    """Turn data layers into inputs, and give Input layers the shapes asked for.

    Returns the new entries, and a sentence for each assumption that was made.
    """
    fed: list[Entry] = []
    notes: list[str] = []
    issues: list[Issue] = []
    for entry in entries:
        if not isinstance(entry.layer, DataLayer | Input):
            fed.append(entry)
            continue
        try:
            shapes = _shapes(entry, inputs)
        except Proto2NetError as error:
            issues += error.at(entry.where, str(entry))
            continue
        if isinstance(entry.layer, DataLayer) and entry.tops[0] not in inputs:
            assumed = entry.layer.assumption()
            notes += [f"{entry.where}: {entry}: {assumed}"] if assumed else []
        transform = getattr(entry.layer, "transform_param", None)
        fed.append(dataclasses.replace(entry, layer=Input(shapes, transform)))
    known = sorted(top for entry in fed for top in entry.tops if isinstance(entry.layer, Input))
    issues += [
        Issue(f'"{name}" is not an input', f"the inputs are {', '.join(known)}" if known else "")
        for name in inputs
        if name not in known
    ]
    if issues:
        raise ShapeError(issues)
    return fed, notes


def _shapes(entry: Entry, inputs: Inputs) -> tuple[Shape, ...]:
    """The shape of each top, as asked for or as the layer itself states it."""
    given = [inputs.get(top) for top in entry.tops]
    images = isinstance(entry.layer, DataLayer) and not isinstance(entry.layer, HDF5Data)
    if images and given[1:] == [None] and given[0]:
        given[1] = given[0][:1]  # a label for each image
    if None not in given:
        return tuple(shape for shape in given if shape is not None)
    try:
        stated = entry.layer.infer((), len(entry.tops))
    except ShapeError as error:
        if error.issues[0].hint != GIVE_IT:
            raise
        flags = " ".join(
            f"--input {top}=N,C,H,W"
            for top, shape in zip(entry.tops, given, strict=True)
            if not shape
        )
        raise ShapeError(error.issues[0].message, f"give it, as in {flags}") from None
    return tuple(inputs.get(top, shape) for top, shape in zip(entry.tops, stated, strict=True))


def without_labels(entries: list[Entry]) -> tuple[list[Entry], list[str]]:
    """Leave out what only labels feed: losses, metrics, and the label tops of data layers.

    A loss with a prediction of its own (Softmax, Sigmoid) leaves it behind under its own name.
    Returns the new entries, and a sentence for each layer that was left out or replaced.
    """
    labels = _labels(entries)
    kept: list[Entry] = []
    notes: list[str] = []
    for entry in entries:
        if isinstance(entry.layer, DataLayer):
            tops = tuple(top for top in entry.tops if top not in labels)
            if tops:
                kept.append(dataclasses.replace(entry, tops=tops))
        elif not labels.intersection(entry.bottoms):
            kept.append(entry)
        elif prediction := entry.layer.prediction():
            kept.append(_prediction(entry, prediction))
            notes.append(f"{entry} became its {prediction.type}")
        else:
            notes.append(f"{entry} was left out: it needs labels")
    return kept, notes


def _labels(entries: list[Entry]) -> set[str]:
    """The blobs that come from data layers and that only losses and metrics read, as labels."""
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
    for entry in reversed(entries):  # so that what reads a blob is known before the blob
        if isinstance(entry.layer, Input):
            continue
        for top in entry.tops:
            if top in readers and all(_reads_label(*use, labels) for use in readers[top]):
                labels.add(top)
    return _derived(entries, labels)


def _reads_label(reader: Entry, index: int, labels: set[str]) -> bool:
    """Whether this use of a blob is as a label, or makes nothing but labels from it."""
    if index in reader.layer.labels:
        return True
    return not reader.layer.loss and all(top in labels for top in reader.tops)


def _derived(entries: list[Entry], labels: set[str]) -> set[str]:
    """The labels of data layers, and the ones that are made from these alone."""
    derived: set[str] = set()
    for entry in entries:
        made = bool(entry.bottoms) and derived.issuperset(entry.bottoms)
        if made or isinstance(entry.layer, DataLayer):
            derived.update(labels.intersection(entry.tops))
    return derived


def _prediction(loss: Entry, layer: Layer) -> Entry:
    """The layer inside a loss, in its place."""
    return dataclasses.replace(
        loss,
        layer=layer,
        bottoms=loss.bottoms[:1],
        tops=loss.tops[:1] or (loss.name,),
        loss_weight=(),
        propagate_down=(),
    )
