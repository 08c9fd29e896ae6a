"""The definition that a .caffemodel carries, as a prototxt of today."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from proto2net import backends
from proto2net.errors import Proto2NetError
from proto2net.frozen import dataclass
from proto2net.graph import Graph
from proto2net.recognition.matching import fed


@dataclass(frozen=True)
class Recovered:
    """The definition that a file of weights carries."""

    graph: Graph
    text: str
    """A prototxt of it."""
    notes: tuple[str, ...] = ()
    """What could not be known, and was taken."""


def recover(weights: str | Path, **options: Any) -> Recovered:
    """The definition that a .caffemodel carries, whatever its age, without its arrays.

    Inputs stand in the place of data layers, and what only the training needed is left out; with
    `phase="train"` all that was trained stays. A size of images that no layer states is that which
    the arrays fit. The options are those of `parse`.
    """
    from proto2net.weights import reading

    if not reading.is_caffemodel(weights):
        raise Proto2NetError(
            f"{weights}: a .caffemodel carries a definition, and this is none",
            "`proto2net match` finds the definition of other weights in a folder",
        )
    graph, told = fed(Path(weights), reading.read(weights), options)
    text: str = backends.get("prototxt").emit(graph).source
    return Recovered(graph, text, (told,) if told else ())
