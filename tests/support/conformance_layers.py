"""Which layer types each target has, and how many recorded cases hold it to Caffe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from layer_cases import FORKS, GOLDEN, recorded

from proto2net import backends
from proto2net.layers import LAYERS, PYTHON_LAYERS, DataLayer, Layer, registry
from proto2net.layers.origins import FORKS as ORIGINS

TARGETS = ("torch", "tf", "onnx", "numpy")

WORKED_OUT = ("brelu", "flownet2_d", "ocr_denseblock_gpu", "pwc_", "shawn_")
"""What cases in FORKS begin with that were worked out from a fork's source, and not recorded."""


def table() -> list[dict[str, Any]]:
    """A row a layer type: how each target has it, why not, and the cases."""
    of_caffe, of_forks = cases()
    known = {name: kind for name, kind in LAYERS.items() if registry.built_in(kind)}
    known |= {".".join(key): kind for key, kind in PYTHON_LAYERS.items() if registry.built_in(kind)}
    return [
        {
            "type": name,
            "fork": ORIGINS.get(name, "Python layer" if name not in LAYERS else ""),
            **{target: _said(target, kind) for target in TARGETS},
            "why": _why(kind),
            "caffe": of_caffe[kind],
            "forks": of_forks[kind],
        }
        for name, kind in sorted(known.items(), key=lambda item: item[0].lower())
    ]


def cases() -> tuple[Counter[type[Layer]], Counter[type[Layer]]]:
    """In how many recorded cases of Caffe, and of its forks, each type is."""
    forks = (folder for folder in FORKS.iterdir() if not folder.name.startswith(WORKED_OUT))
    return _counted(GOLDEN.iterdir()), _counted(forks)


def _counted(folders: Iterable[Path]) -> Counter[type[Layer]]:
    graphs = (recorded(folder).graph for folder in folders)
    return Counter(kind for graph in graphs for kind in {type(node.layer) for node in graph.nodes})


def _said(target: str, kind: type[Layer]) -> str:
    backend = backends.get(target)
    if issubclass(kind, DataLayer):
        return "input"
    if backend.renders_itself(kind):
        return "own"
    return "lowered" if backend.supports(kind) else "no"


def _why(kind: type[Layer]) -> str:
    """Why targets refuse it."""
    refusing = [name for name in TARGETS if _said(name, kind) == "no"]
    if len(refusing) == len(TARGETS):
        return kind.unrendered or "has no rendering"
    return "; ".join(f"{name}: {backends.get(name).unsupported[kind]}" for name in refusing)
