"""A page to file: what a network is, what it is made from, and what is known against it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from proto2net import api, notes
from proto2net.auditing.files import File, Licence, file_of, licences
from proto2net.auditing.targets import Exported, Verified, exported, needed_forks, verified
from proto2net.frozen import dataclass
from proto2net.graph import Graph
from proto2net.inspection import carried
from proto2net.inspection.arrays import ArrayFacts, of_model
from proto2net.model import Arrays, Weights
from proto2net.version import VERSION

__all__ = ["Audit", "audit"]


@dataclass(frozen=True)
class Audit:
    """What is known of a network."""

    graph: Graph
    files: tuple[File, ...]
    """What it was made from, each with its SHA-256."""
    notes: tuple[str, ...]
    """What was assumed, left out or ignored as it was read."""
    forks: dict[str, tuple[str, ...]]
    """The layer types that Caffe itself has not, by the fork that is known for them."""
    exported: tuple[Exported, ...]
    """For each target whether it can say the network, and why not."""
    verified: Verified
    """How far targets are from NumPy."""
    arrays: tuple[ArrayFacts, ...] | None
    """What each learned array holds; None: there are no weights."""
    licences: tuple[Licence, ...]
    """What files say of licences and rights."""
    date: str
    """When it was made, in UTC."""
    version: str = VERSION
    python: str = ""

    @property
    def warnings(self) -> list[str]:
        """What is odd about arrays."""
        return [
            f"{each.layer}/{each.blob}: {warning}"
            for each in self.arrays or ()
            for warning in each.warnings
        ]

    def page(self) -> str:
        """All of it as one file of HTML, which asks nobody for anything."""
        from proto2net.auditing.pages import page_of

        return page_of(self)


def audit(
    net: api.Net,
    weights: str | Path | Weights | Arrays | None = None,
    *,
    to: Sequence[str] | None = None,
    allow_missing: bool = False,
    **options: Any,
) -> Audit:
    """What is known of a network, and with `weights` of what it has learned.

    `to` are the targets that are compared with NumPy, blob by blob; None: the first of PyTorch and
    Keras that is installed, and `()`: none. The other options are those of `parse`.
    """
    from proto2net.weights import reading

    path = "" if isinstance(net, Graph) or not reading.is_caffemodel(net) else str(net)
    with notes.kept() as told:
        graph = carried(path, options) if path else api.parse(net, **options)
        weights = path if path and weights is None else weights
        given = api.model(graph, weights, allow_missing=allow_missing) if weights else None
    paths = _paths(net, graph, weights, options)
    return Audit(
        graph,
        tuple(file_of(what, path) for what, path in paths.items()),
        tuple(dict.fromkeys(told)),
        needed_forks(graph),
        tuple(exported(graph)),
        verified(graph, weights, to),
        of_model(given) if given else None,
        tuple(licences(list(paths.values()))),
        datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        python=sys.version.split()[0],
    )


def _paths(net: api.Net, graph: Graph, weights: object, options: dict[str, Any]) -> dict[str, str]:
    """The files that the network was made from, by what they are to it."""
    from proto2net.caffe.definition import is_text

    found: dict[str, str] = {}
    if not isinstance(net, Graph) and not is_text(net):
        found["definition"] = str(net)
    places = {node.where.file for node in graph.nodes if node.where}
    for index, place in enumerate(sorted(places - set(found.values()))):
        if Path(place).is_file():  # of a solver, that of its network
            found["network" if not index else f"network {index + 1}"] = place
    named = {"weights": weights, "mean image": options.get("mean")}
    named |= {"labels": options.get("labels"), "layer types": options.get("layers")}
    named["preparation"] = options.get("transform_from")
    for what, path in named.items():
        if isinstance(path, str | Path) and str(path) not in found.values():
            found[what] = str(path)
    return {what: path for what, path in found.items() if _is_file(path)}


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False
