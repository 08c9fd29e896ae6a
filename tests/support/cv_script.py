"""A script as people have them, for OpenCV's own reader of Caffe's files or for ours.

It is told the module, the files, and where to put what it has found: as a function, and as a
command, which runs in another Python with another OpenCV.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

import numpy as np

Found = dict[str, Any]


def found_by(
    module: str, prototxt: str, model: str, shapes: list[list[int]], step: int = 1
) -> Found:
    """Outputs of each layer, or of one in so many, for an image of each shape; what it says."""
    dnn = importlib.import_module(module)
    rng = np.random.default_rng(0)
    found: Found = {}
    for turn, shape in enumerate(shapes):
        blob = rng.normal(0, 1, shape).astype(np.float32)
        net = dnn.readNetFromCaffe(prototxt, model)
        net.setInput(blob)
        found[f"{turn}/"] = net.forward()
        for name in net.getLayerNames()[::step]:
            inner = dnn.readNetFromCaffe(prototxt, model)  # since OpenCV 4 errs in a used one
            inner.enableFusion(False)  # and where layers are joined
            inner.setInput(blob)
            for index, value in enumerate(inner.forwardAndRetrieve([name])[0]):
                found[f"{turn}/{name}/{index}"] = value
        outputs = net.getUnconnectedOutLayersNames()
        net.setInput(blob)
        for name, value in zip(outputs, net.forward(outputs), strict=True):
            found[f"{turn}/output/{name}"] = value
    net = dnn.readNetFromCaffe(prototxt, model)
    found["says"] = np.array(json.dumps(_says(net, shapes[0])))
    return found


def _says(net: Any, shape: list[int]) -> dict[str, Any]:
    """What a network says of itself."""
    names = net.getLayerNames()
    ids, read, made = net.getLayersShapes(shape)
    layers = [net.getLayer(net.getLayerId(name)) for name in names]
    return {
        "names": names,
        "ids": [net.getLayerId(name) for name in (*names, "_input", "nothing of this name")],
        "types": net.getLayerTypes(),
        "of a type": [net.getLayersCount(name) for name in net.getLayerTypes() if name[0] != "_"],
        "outputs": net.getUnconnectedOutLayersNames(),
        "ids of outputs": net.getUnconnectedOutLayers().tolist(),
        "layers": [[each.name, each.type, each.outputNameToIndex("x")] for each in layers],
        "arrays": [[array.shape for array in each.blobs] for each in layers],
        "shapes": [ids.tolist(), _lists(read), _lists(made)],
        "operations": [net.getFLOPS(shape), net.getFLOPS([shape]), net.getFLOPS(1, shape)],
        "bytes": [net.getMemoryConsumption(shape), net.getMemoryConsumption(1, shape)],
        "empty": net.empty(),
    }


def _lists(shapes: Any) -> list[Any]:
    return [[each.tolist() for each in one] for one in shapes]


def apart(found: Found, right: Found) -> dict[str, Any]:
    """What is not within 1e-4 of what is right, in units of a blob's largest magnitude."""
    wrong: dict[str, Any] = {}
    for name in right.keys() | found.keys():
        if name not in found or name not in right:
            wrong[name] = "is in one of both"
        elif name == "says":
            one, other = json.loads(str(found[name])), json.loads(str(right[name]))
            wrong |= {key: (one[key], other[key]) for key in other if one[key] != other[key]}
        elif found[name].shape != right[name].shape:
            wrong[name] = found[name].shape, right[name].shape
        else:
            largest = float(np.abs(right[name]).max(initial=0)) or 1.0
            distance = float(np.abs(found[name] - right[name]).max(initial=0)) / largest
            wrong |= {} if distance <= 1e-4 else {name: distance}
    return wrong


if __name__ == "__main__":
    module, prototxt, model, out, rest = sys.argv[1:]
    np.savez(out, **found_by(module, prototxt, model, *json.loads(rest)))
