"""Real public definitions: every blob has the shape that Caffe gave it."""

from __future__ import annotations

import json

from reference import NETS, corpus, needs_nets

import proto2net


@needs_nets
def test_every_blob_of_the_public_nets_has_the_shape_that_caffe_gave_it() -> None:
    recorded = {path.stem: json.loads(path.read_text()) for path in NETS.glob("*.json")}
    wrong = {}
    seen = set()
    for path, sha, text in corpus({"deploy", "train_val"}):
        if sha not in recorded:
            continue
        seen.add(sha)
        shapes = {name: tuple(b["shape"]) for name, b in recorded[sha]["blobs"].items()}
        try:
            graph = proto2net.parse(text, file=path)
        except proto2net.Proto2NetError as error:
            wrong[path] = str(error)
            continue
        found = {name: blob.shape for name, blob in graph.blobs.items()}
        different = {
            name: (found.get(name), shape)
            for name, shape in shapes.items()
            if found.get(name) != shape and "_split_" not in name
        }
        if different:
            wrong[path] = str(different)
    assert seen == set(recorded)
    assert wrong == {}


@needs_nets
def test_learned_blobs_of_the_public_nets_have_the_shapes_that_caffe_gave_them() -> None:
    recorded = {path.stem: json.loads(path.read_text()) for path in NETS.glob("*.json")}
    wrong = {}
    for path, sha, text in corpus({"deploy", "train_val"}):
        if sha in recorded:
            graph = proto2net.parse(text, file=path)
            found = {
                node.name: [list(learned.shape) for learned in node.blobs.values()]
                for node in graph.nodes
                if node.blobs
            }
            right = {name: shapes for name, (_, shapes) in recorded[sha]["params"].items()}
            if found != right:
                wrong[path] = (found, right)
    assert wrong == {}
