"""How a case is written that was not recorded from Caffe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Ndarray = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Sample:
    """A network and its values; the fields are those of layer_cases.Case."""

    net: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    blobs: Mapping[str, Any] = field(default_factory=dict)
    """Every blob but the inputs."""
    phase: str = "TEST"
    fork: str = ""
    weights: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    after: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    top_diff: Mapping[str, Any] = field(default_factory=dict)
    gradients: Mapping[str, Any] | None = None
    weight_gradients: Mapping[str, Sequence[Any]] = field(default_factory=dict)


def layer(kind: str, bottoms: str, tops: str, text: str = "", name: str = "layer") -> str:
    """A layer's definition; bottoms and tops are names with blanks between them."""
    wires = [f'bottom: "{b}"' for b in bottoms.split()] + [f'top: "{t}"' for t in tops.split()]
    return f'layer {{ name: "{name}" type: "{kind}" {" ".join(wires)} {text} }}'


def sample(*layers: str, inputs: Mapping[str, Any], **values: Any) -> Sample:
    """A sample of these layers, fed with these arrays."""
    arrays = {name: np.asarray(array, np.float32) for name, array in inputs.items()}
    fed = [
        layer("Input", "", name, f"input_param {{ shape {{ {_dims(array)} }} }}", name)
        for name, array in arrays.items()
    ]
    return Sample("\n".join([*fed, *layers]), arrays, **values)


def _dims(array: Ndarray) -> str:
    return " ".join(f"dim: {size}" for size in array.shape)


def values(*shape: int, start: int = 0) -> Ndarray:
    """Numbers of both signs, no two of a short range alike."""
    return np.sin(np.arange(start, start + np.prod(shape, dtype=int)) * 1.7).reshape(shape)
