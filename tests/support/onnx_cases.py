"""What the tests of .onnx files share: files of cases, and the readers that run them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from layer_cases import Case
from samples.sample import Ndarray

from proto2net import api, backends
from proto2net.backends.onnx import container
from proto2net.model import Model
from proto2net.weights.matching import match

Feeds = Mapping[str, Ndarray]
OPENCV_5 = Path(sys.prefix) / "opencv5"
"""Where `pip install --target` may have put OpenCV 5, which does not go with OpenCV 4."""


@dataclass(frozen=True)
class OnnxFile:
    """The bytes of an .onnx file, and the names of what it reads and gives."""

    content: bytes
    message: Any
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def file_of(model: Model, **options: Any) -> OnnxFile:
    """The file of a network, with NumPy's fillers for what it has not learned."""
    emitted = backends.get("onnx").emit(model.graph, **options)
    arrays = emitted.converted(api.filled(model).values)
    graph = emitted.model.graph
    names = (tuple(each.name for each in values) for values in (graph.input, graph.output))
    return OnnxFile(container.filled(emitted.model, arrays), emitted.model, *names)


_FILES: dict[tuple[str, int], OnnxFile] = {}


def file(case: Case, opset: int = 17) -> OnnxFile:
    """The file of a case."""
    key = case.name, opset
    if key not in _FILES:
        _FILES[key] = file_of(match(case.graph, case.weights).model, opset=opset)
    return _FILES[key]


def feeds(case: Case) -> dict[str, Ndarray]:
    """What the inputs of its file are fed."""
    inputs = zip(file(case).inputs, case.graph.inputs, strict=True)
    return {name: np.ascontiguousarray(case.inputs[blob.name], "f") for name, blob in inputs}


@cache
def _core() -> Any:
    import openvino

    return openvino.Core()


def by_openvino(found: OnnxFile, given: Feeds) -> list[Ndarray]:
    """The outputs as OpenVINO computes them, in 32 bits."""
    model = _core().read_model(model=found.content)
    known = {name for each in model.inputs for name in each.get_names()}  # others nothing reads
    read = {name: array for name, array in given.items() if name in known}
    model.reshape({name: list(array.shape) for name, array in read.items()})
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    results = _core().compile_model(model, "CPU", options)(read)
    return [np.asarray(results[name]) for name in found.outputs]


SCRIPT = """
import sys
from pathlib import Path
import cv2, numpy as np
for folder in sorted(Path(sys.argv[1]).iterdir()):
    if (folder / "began").exists():
        continue
    (folder / "began").touch()
    try:
        net = cv2.dnn.readNetFromONNX(str(folder / "net.onnx"))
        with np.load(folder / "feeds.npz") as feeds:
            for name in feeds:
                net.setInput(feeds[name], name)
        names = (folder / "outputs").read_text().split("\\n")
        found = net.forward(names)
        np.savez(folder / "found.npz", *found)
    except cv2.error as error:
        (folder / "error").write_text(str(error))
"""


def by_opencv_5(folder: Path, cases: Sequence[Case]) -> dict[str, list[Ndarray] | str]:
    """The outputs of each case as OpenCV 5 computes them in a process of its own, or its error."""
    for number, case in enumerate(cases):
        part = folder / f"{number:04}"
        part.mkdir()
        (part / "net.onnx").write_bytes(file(case).content)
        (part / "outputs").write_text("\n".join(file(case).outputs))
        np.savez(part / "feeds.npz", **feeds(case))
    environment = {"PYTHONPATH": str(OPENCV_5), "OPENCV_LOG_LEVEL": "SILENT"}
    while any(not (part / "began").exists() for part in folder.iterdir()):  # it may crash
        command = [sys.executable, "-c", SCRIPT, str(folder)]
        subprocess.run(command, env=environment, check=False, capture_output=True)
    return {case.name: _read(folder / f"{n:04}") for n, case in enumerate(cases)}


def _read(part: Path) -> list[Ndarray] | str:
    if (part / "error").exists():
        return (part / "error").read_text()
    if not (part / "found.npz").exists():
        return "it crashed"
    with np.load(part / "found.npz") as found:
        return list(found.values())
