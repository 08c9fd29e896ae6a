"""Cases that were not recorded from Caffe, with values worked out from its definitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sample:
    """A network and its values; the fields are those of layer_cases.Case."""

    net: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    blobs: Mapping[str, Any] = field(default_factory=dict)
    """Every blob but the inputs."""
    phase: str = "TEST"
    weights: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    after: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    top_diff: Mapping[str, Any] = field(default_factory=dict)
    gradients: Mapping[str, Any] | None = None
    weight_gradients: Mapping[str, Sequence[Any]] = field(default_factory=dict)


SAMPLES: dict[str, Sample] = {}
