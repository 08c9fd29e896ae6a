"""Networks with real trained weights, and what Caffe computed with them."""

from __future__ import annotations

from digests import digest, worst
from reference import REFERENCE

import proto2net

DIGESTS = REFERENCE / "golden" / "pretrained"
FILES = REFERENCE / "corpus" / "weights"
NAMES = sorted(path.stem for path in DIGESTS.glob("*.json")) if FILES.is_dir() else []


def apart(name: str, target: str) -> dict[str, float]:
    """The blobs that are not within 1e-4 of Caffe's, in units of their largest magnitude."""
    recorded = digest(DIGESTS / f"{name}.json")
    folder = FILES / name
    graph = proto2net.parse(folder / "deploy.prototxt", inputs=recorded["inputs"])
    network = proto2net.load(graph, folder / recorded["weights"], to=target)
    return {blob: d for blob, d in worst(network, graph, recorded).items() if not d <= 1e-4}
