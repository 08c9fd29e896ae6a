"""Real public definitions: every blob has the shape that Caffe gave it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reference import NETS, corpus, needs_nets

import proto2net
from proto2net import Graph


@needs_nets
def test_every_blob_of_the_public_nets_has_the_shape_that_caffe_gave_it() -> None:
    recorded = {path.stem: json.loads(path.read_text()) for path in NETS.glob("*.json")}
    wrong: dict[str, Any] = {}
    seen = set()
    for path, sha, text in corpus({"deploy", "train_val"}):
        if sha not in recorded:
            continue
        seen.add(sha)
        try:
            graph = proto2net.parse(text, file=path)
        except proto2net.Proto2NetError as error:
            wrong[path] = str(error)
            continue
        if different := [*blobs(graph, recorded[sha]), *learned_blobs(graph, recorded[sha])]:
            wrong[path] = different
    assert seen == set(recorded)
    assert wrong == {}


Different = tuple[str, Any, Any]


def blobs(graph: Graph, recorded: dict[str, Any]) -> Iterator[Different]:
    """The blobs with another shape than Caffe's: their names, what was found, what is right."""
    found = {name: list(blob.shape) for name, blob in graph.blobs.items()}
    for name, blob in recorded["blobs"].items():
        if "_split_" not in name and found.get(name) != blob["shape"]:
            yield name, found.get(name), blob["shape"]


def learned_blobs(graph: Graph, recorded: dict[str, Any]) -> Iterator[Different]:
    """The layers whose learned blobs have other shapes than Caffe's."""
    found = {
        node.name: [list(learned.shape) for learned in node.blobs.values()]
        for node in graph.nodes
        if node.blobs
    }
    right = {name: shapes for name, (_, shapes) in recorded["params"].items()}
    for name in found.keys() | right.keys():
        if found.get(name) != right.get(name):
            yield name, found.get(name), right.get(name)
