"""MTCNN finds faces, and five landmarks of each, with three networks ported from Caffe.

    python examples/mtcnn.py FOLDER photo.jpg --draw faces.png

FOLDER has det1.prototxt and det1.caffemodel, and so for det2 and det3. It follows Zhang et al.,
"Joint Face Detection and Alignment using Multi-task Cascaded Convolutional Networks" (2016): P-Net
looks at all places in all sizes, R-Net looks closer at what it found, and O-Net closer still.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from faces import Face, Network, command, network, report, suppressed
from PIL import Image

CELL, STRIDE = 12, 2
"""P-Net judges squares of 12 x 12 pixels, each 2 pixels beside the one before."""
FACTOR = 0.709
"""How large an image of the pyramid is beside the one before: it has half as many pixels."""
BATCH = 256
"""How many crops go through a network together."""


@dataclass(frozen=True)
class MTCNN:
    """The three networks as one detector."""

    pnet: Network
    rnet: Network
    onet: Network
    min_face: int = 20
    """The side of the smallest face, in pixels."""
    thresholds: tuple[float, float, float] = (0.6, 0.7, 0.7)
    """How sure each network has to be."""

    def __call__(self, photo: Image.Image) -> list[Face]:
        """The faces of an RGB photo, the surest first.

        Landmarks are two eyes, the nose and two corners of the mouth; of two, the one further left
        in the image comes first.
        """
        boxes = self.propose(photo)
        if len(boxes):
            boxes = self.refine(photo, squares(boxes))
        return self.conclude(photo, squares(boxes)) if len(boxes) else []

    def propose(self, photo: Image.Image) -> np.ndarray:
        """What P-Net takes for faces, small and large."""
        scale, found = CELL / self.min_face, []
        while min(photo.size) * scale >= CELL:
            found.append(self.propose_at(photo, scale))
            scale *= FACTOR
        if not found:  # the photo is smaller than the smallest face
            return np.empty((0, 4))
        cells, scores, faces = map(np.concatenate, zip(*found, strict=True))
        return faces[suppressed(cells, scores, 0.7)]

    def propose_at(self, photo: Image.Image, scale: float) -> tuple[np.ndarray, ...]:
        """Cells of one scale that P-Net takes for faces, its scores, and the faces' own boxes."""
        size = math.ceil(photo.width * scale), math.ceil(photo.height * scale)
        small = np.asarray(photo.resize(size, Image.Resampling.BILINEAR))
        offsets, scores = self.pnet(as_input(small[np.newaxis]))
        x, y = np.nonzero(scores[0, 1] >= self.thresholds[0])  # width before height: see as_input
        corners = STRIDE * np.stack((x, y), axis=1)
        cells, scores = np.hstack((corners, corners + CELL)) / scale, scores[0, 1, x, y]
        faces = moved(cells, offsets[0][:, x, y].T)
        best = suppressed(cells, scores, 0.5)
        return cells[best], scores[best], faces[best]

    def refine(self, photo: Image.Image, boxes: np.ndarray) -> np.ndarray:
        """What R-Net takes for faces, among these squares."""
        offsets, scores = look(self.rnet, crops(photo, boxes, 24))
        sure = scores[:, 1] >= self.thresholds[1]
        boxes, offsets, scores = boxes[sure], offsets[sure], scores[sure, 1]
        return moved(boxes, offsets)[suppressed(boxes, scores, 0.7)]

    def conclude(self, photo: Image.Image, boxes: np.ndarray) -> list[Face]:
        """What O-Net takes for faces, among these squares."""
        offsets, landmarks, scores = look(self.onet, crops(photo, boxes, 48))
        points = landmarks.reshape(-1, 2, 5).swapaxes(1, 2)  # five x stand before five y
        points = boxes[:, np.newaxis, :2] + points * sides(boxes)[:, np.newaxis]
        sure = scores[:, 1] >= self.thresholds[2]
        faces, points, scores = moved(boxes, offsets)[sure], points[sure], scores[sure, 1]
        best = suppressed(faces, scores, 0.7, of_smaller=True)
        return [Face.of(scores[i], faces[i], points[i]) for i in best]


def load(folder: Path, to: str = "torch", min_face: int = 20) -> MTCNN:
    """The detector of the models in a folder, computed by this target."""

    def part(name: str, *outputs: str, **options: object) -> Network:
        definition, weights = folder / f"{name}.prototxt", folder / f"{name}.caffemodel"
        return network(definition, weights, to, outputs, **options)

    # P-Net is convolutions alone: its definition says 12 x 12, but it takes images of all sizes.
    pnet = part("det1", "conv4-2", "prob1", inputs={"data": (1, 3, None, None)})
    rnet = part("det2", "conv5-2", "prob1")
    onet = part("det3", "conv6-2", "conv6-3", "prob1")
    return MTCNN(pnet, rnet, onet, min_face)


def as_input(images: np.ndarray) -> np.ndarray:
    """Images (N, H, W, RGB) as the networks take them: (N, RGB, W, H), from -1 to 1.

    Rows and columns change places, and red comes first. The authors trained from MATLAB, which
    stores an image column by column, and Caffe took the columns for rows. MATLAB's order of colours
    is RGB, where OpenCV has BGR. In the outputs x still comes before y: only the images are turned.

    Networks that others have trained may differ. For example, the smaller O-Net that is known as
    det3-half takes images as they are, and gives x and y of each landmark side by side.
    """
    turned = images.transpose(0, 3, 2, 1)
    return (turned.astype(np.float32) - 127.5) / 128


def crops(photo: Image.Image, boxes: np.ndarray, side: int) -> np.ndarray:
    """What is in these boxes, in one size: (N, side, side, RGB). Around the photo all is black."""
    parts = (photo.crop(tuple(box)) for box in boxes)
    sized = (part.resize((side, side), Image.Resampling.BILINEAR) for part in parts)
    return np.stack([np.asarray(part) for part in sized])


def look(network: Network, images: np.ndarray) -> list[np.ndarray]:
    """What a network says of images, as many at a time as fit the memory."""
    inputs = (as_input(images[first : first + BATCH]) for first in range(0, len(images), BATCH))
    return [np.concatenate(each) for each in zip(*map(network, inputs), strict=True)]


def sides(boxes: np.ndarray) -> np.ndarray:
    """Widths and heights; (N, 2)."""
    return boxes[:, 2:] - boxes[:, :2]


def moved(boxes: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Boxes with sides moved by offsets, which are parts of the widths and heights."""
    return boxes + offsets * np.tile(sides(boxes), 2)


def squares(boxes: np.ndarray) -> np.ndarray:
    """Squares around boxes, with the same centres, of whole pixels."""
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    longest = np.round(sides(boxes).max(axis=1, keepdims=True))
    corners = np.round(centres - longest / 2)
    return np.hstack((corners, corners + longest))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the faces of a photo."""
    parser = command("Find faces and their landmarks with MTCNN.")
    parser.add_argument("--min-face", type=int, default=20, help="the smallest face, in pixels")
    options = parser.parse_args(arguments)
    if options.min_face < 1:
        parser.error(f"--min-face is {options.min_face}; it is at least 1")
    report(lambda: load(options.models, options.to, options.min_face), options)


if __name__ == "__main__":
    main()
