"""What the face detectors share: networks as functions, suppression, and the command line.

`mtcnn.py` and `ultraface.py` say nothing of frameworks. Here `network` makes a function of a Caffe
network: arrays go in, and arrays come out, whatever computes them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageOps

import proto2net

Detector = Callable[[Image.Image], list["Face"]]
"""Finds the faces of an RGB image, the surest first."""
Network = Callable[[np.ndarray], Sequence[np.ndarray]]
"""From images (N, C, H, W) to the outputs, in Caffe's layout whatever computes them."""
TARGETS = ("torch", "tf", "onnx", "numpy")


class Face(NamedTuple):
    """A face, in pixels of the photo."""

    score: float
    box: tuple[float, ...]
    """Left, top, right, bottom."""
    landmarks: tuple[tuple[float, ...], ...] = ()

    @classmethod
    def of(cls, score: float, box: np.ndarray, landmarks: np.ndarray | None = None) -> Face:
        """A face of plain numbers, from numbers and arrays of NumPy."""
        points = () if landmarks is None else landmarks.tolist()
        return cls(float(score), tuple(box.tolist()), tuple(map(tuple, points)))


def network(
    definition: Path, weights: Path, to: str, outputs: Sequence[str], **options: Any
) -> Network:
    """A Caffe network as a function, computed by PyTorch, Keras, onnxruntime or NumPy."""
    graph = proto2net.parse(definition, outputs=outputs, **options)
    live = proto2net.load(graph, weights, to=to)
    (images,) = graph.inputs

    def run(array: np.ndarray) -> list[np.ndarray]:
        found = proto2net.outputs(live, {images.name: array})
        return [found[name] for name in outputs]

    return run


def suppressed(
    boxes: np.ndarray, scores: np.ndarray, limit: float, *, of_smaller: bool = False
) -> np.ndarray:
    """Which boxes remain, the best first: none shares more than `limit` with a better one.

    What two boxes share is counted as a part of all that they cover, or of the smaller one.
    """
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    order = np.argsort(-scores, kind="stable")
    kept = []
    while order.size:
        best, order = order[0], order[1:]
        kept.append(best)
        inner = np.minimum(boxes[best, 2:], boxes[order, 2:])
        sides = inner - np.maximum(boxes[best, :2], boxes[order, :2])
        shared = np.prod(np.maximum(sides, 0), axis=1)
        if of_smaller:
            whole = np.minimum(areas[best], areas[order])
        else:
            whole = areas[best] + areas[order] - shared
        order = order[shared <= limit * whole]
    return np.array(kept, int)


def only(folder: Path, suffix: str) -> Path:
    """The file of a folder that ends so. Raises OSError if there is none, or several."""
    found = sorted(folder.glob(f"*{suffix}"))
    if len(found) != 1:
        raise OSError(f"{folder} has {len(found)} files that end with {suffix}; it should have one")
    return found[0]


def command(description: str) -> argparse.ArgumentParser:
    """The arguments that both commands have."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("models", type=Path, metavar="FOLDER", help="where Caffe's files are")
    options.add_argument("photo", type=Path, help="the image to look at")
    options.add_argument("--to", choices=TARGETS, default="torch", help="what computes")
    options.add_argument("--draw", type=Path, metavar="PNG", help="a new file for the drawn faces")
    return options


def report(load: Callable[[], Detector], options: argparse.Namespace) -> None:
    """Print the faces of a photo, and draw them if asked for."""
    try:
        image = ImageOps.exif_transpose(Image.open(options.photo)).convert("RGB")
        faces = load()(image)
        for face in faces:
            print(line(face))
        if not faces:
            print("no faces")
        if options.draw:
            with options.draw.open("xb") as file:  # a file that is there stays as it is
                drawn(image, faces).save(file, "png")
    except (OSError, proto2net.Proto2NetError) as error:
        sys.exit(str(error))


def line(face: Face) -> str:
    """A face in words."""
    left, top, right, bottom = face.box
    text = f"score {face.score:.4f}, from ({left:.1f}, {top:.1f}) to ({right:.1f}, {bottom:.1f})"
    points = " ".join(f"({x:.1f}, {y:.1f})" for x, y in face.landmarks)
    return f"{text}, landmarks {points}" if points else text


def drawn(image: Image.Image, faces: Sequence[Face]) -> Image.Image:
    """A copy of the photo with its faces."""
    copy = image.copy()
    pen = ImageDraw.Draw(copy)
    for face in faces:
        pen.rectangle(face.box, outline="lime", width=2)
        for x, y in face.landmarks:
            pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill="red")
    return copy
