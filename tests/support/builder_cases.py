"""Hand-written networks that every target runs: ethereon's published classes, and one of ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from digests import GOLDEN, digest, inputs, weights
from digests import worst as worst_of
from reference import REFERENCE

import proto2net
from proto2net import Network

PUBLISHED = REFERENCE / "published"
needs_published = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="the published classes are not here"
)


OTHERWISE = {
    "pool0": "pool1",
    "conv4": "conv4-1024",
    "cccp7": "cccp7-1024",
    "cccp8": "cccp8-1024",
}
"""What blobs of Caffe's NiN are called in ethereon's."""


class Small(Network):
    """SAME at a stride, in a convolution and both kinds of pooling; two chains; an LRN."""

    def setup(self) -> None:
        (
            self.feed("data")
            .conv(5, 3, 6, 2, 2, name="conv1")
            .lrn(1, 0.1, 0.75, name="norm1")
            .max_pool(3, 3, 2, 2, name="pool1")
        )
        self.feed("norm1").avg_pool(3, 3, 2, 2, name="pool2")
        (
            self.feed("pool1", "pool2")
            .concat(3, name="both")
            .batch_normalization(name="bn", relu=True)
            .fc(10, relu=False, name="ip1")
            .softmax(name="prob")
        )


def published(name: str) -> Any:
    """A class as it was published for ethereon's tool, but for its import."""
    source = (PUBLISHED / f"{name}_network.py").read_text()
    source = source.replace("from kaffe.tensorflow import", "from proto2net import")
    namespace: dict[str, Any] = {}
    exec(source, namespace)  # noqa: S102  # a class of the reference material
    (cls,) = (v for v in namespace.values() if isinstance(v, type) and v is not Network)
    return cls


def worst(cls: Any, shape: tuple[int | None, ...], to: str) -> float:
    """The largest difference from numpy in any blob, in units of its largest magnitude."""
    graph = cls({"data": shape}).graph
    arrays, feeds = weights(graph, "net"), inputs(graph, "net")
    found = proto2net.blobs(proto2net.load(graph, arrays, to=to), feeds)
    right = proto2net.blobs(proto2net.load(graph, arrays, to="numpy"), feeds)
    return max(
        float(np.abs(found[name] - blob).max() / (np.abs(blob).max() or 1))
        for name, blob in right.items()
    )


def worst_of_nin(to: str) -> float:
    """The largest deviation of ethereon's NiN from what Caffe computes with its own definition.

    In pool1, at this size, "SAME" has the windows that Caffe has.
    """
    recorded = digest(GOLDEN / "zoo" / "nin.json")
    blobs = recorded["blobs"]
    recorded["blobs"] = {OTHERWISE.get(name, name): blobs[name] for name in blobs}
    graph = published("nin")({"data": (None, 224, 224, 3)}).graph
    network = proto2net.load(graph, weights(graph, "nin"), to=to)
    return max(worst_of(network, graph, recorded).values())
