"""The definitions of models/prototxt are the published networks."""

from __future__ import annotations

import pytest
from digests import ALL, GOLDEN, MODELS, ZOO, digest
from reference import REFERENCE, needs_nets

import proto2net
from proto2net.errors import Proto2NetError


@needs_nets
@pytest.mark.parametrize("name", ZOO)
def test_ours_builds_the_same_graph_as_the_published_definition(name: str) -> None:
    ours = proto2net.parse(MODELS / f"{name}.prototxt")
    published = proto2net.parse(REFERENCE / "golden" / "zoo" / f"{name}.prototxt")
    assert ours.nodes == published.nodes
    assert ours.outputs == published.outputs


@needs_nets
def test_the_legacy_nin_builds_the_same_graph_as_the_published_one() -> None:
    for phase in ("test", "train"):
        ours = proto2net.parse(MODELS / "nin_train_val.prototxt", phase=phase)
        published = proto2net.parse(REFERENCE / "published" / "nin_train_val.prototxt", phase=phase)
        assert ours.nodes[1:] == published.nodes[1:]  # the data layer's paths are neutral in ours
        assert ours.inputs == published.inputs


@pytest.mark.parametrize("name", ZOO)
def test_every_blob_and_parameter_has_the_shape_that_caffe_gave_it(name: str) -> None:
    graph = proto2net.parse(MODELS / f"{name}.prototxt")
    said = digest(GOLDEN / "zoo" / f"{name}.json")
    blobs = {name: list(graph.blobs[name].shape) for name in said["blobs"]}
    assert blobs == {name: blob["shape"] for name, blob in said["blobs"].items()}
    learned = {
        node.name: [list(blob.shape) for blob in node.blobs.values()]
        for node in graph.nodes
        if node.blobs
    }
    assert learned == {name: shapes for name, (_, shapes) in said["params"].items()}
    assert [blob.name for blob in graph.outputs] == said["outputs"]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("phase", ["test", "train"])
def test_every_definition_parses_in_both_phases(name: str, phase: str) -> None:
    assert proto2net.parse(MODELS / f"{name}.prototxt", phase=phase).nodes


def test_an_unknown_phase_is_said() -> None:
    with pytest.raises(Proto2NetError, match="test or train"):
        proto2net.parse(MODELS / "lenet.prototxt", phase="deploy")
