"""UltraFace finds faces with one small network ported from Caffe.

    python examples/ultraface.py FOLDER photo.jpg --draw faces.png

FOLDER has one .prototxt and its .caffemodel, such as those of RFB-320 or slim-320, from Linzaer's
Ultra-Light-Fast-Generic-Face-Detector-1MB. The network is an SSD without the layers PriorBox and
DetectionOutput, so what these compute is here. Boxes of known places and sizes are the priors. Of
each the network says how sure it is that there is a face, and how the face differs from the prior.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from faces import Face, Network, command, network, only, report, suppressed
from PIL import Image

WIDTH, HEIGHT = 320, 240
"""The size of the network's image."""
PRIORS = {8: (10, 16, 24), 16: (32, 48), 32: (64, 96), 64: (128, 192, 256)}
"""The sides of the squares at each place of a feature map, by the map's stride."""
CENTRE_VARIANCE, SIZE_VARIANCE = 0.1, 0.2
"""What one in the network's output is worth: it was trained on numbers of about this size."""


@dataclass(frozen=True)
class UltraFace:
    """The network as a detector."""

    net: Network
    threshold: float = 0.7
    """How sure the network has to be."""
    overlap: float = 0.3
    """How much two faces may share at most."""

    def __call__(self, photo: Image.Image) -> list[Face]:
        """The faces of an RGB photo, the surest first."""
        boxes, scores = (output[0] for output in self.net(as_input(photo)))
        sure = scores[:, 1] > self.threshold
        boxes, scores = decoded(boxes[sure], priors()[sure]), scores[sure, 1]
        boxes *= np.tile(photo.size, 2)
        return [Face.of(scores[i], boxes[i]) for i in suppressed(boxes, scores, self.overlap)]


def load(folder: Path, to: str = "torch") -> UltraFace:
    """The detector of the model in a folder, computed by this target."""
    definition, weights = only(folder, ".prototxt"), only(folder, ".caffemodel")
    return UltraFace(network(definition, weights, to, ["boxes", "scores"]))


def as_input(photo: Image.Image) -> np.ndarray:
    """The whole photo as the network takes it: (1, RGB, 240, 320), about -1 to 1."""
    image = np.asarray(photo.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR))
    return (image.transpose(2, 0, 1)[np.newaxis].astype(np.float32) - 127) / 128


def priors() -> np.ndarray:
    """Centre x and y, width and height of each box, as parts of the image; (4420, 4).

    The places of a feature map share the image evenly. So its 8 rows are 30 pixels apart, though
    its stride is 32: 240 is no multiple of that. The network was trained so; with places 32 pixels
    apart, a face would be found below where it is.
    """
    found = []
    for stride, sides in PRIORS.items():
        rows, columns = math.ceil(HEIGHT / stride), math.ceil(WIDTH / stride)
        y, x, side = np.meshgrid(np.arange(rows), np.arange(columns), sides, indexing="ij")
        each = ((x + 0.5) / columns, (y + 0.5) / rows, side / WIDTH, side / HEIGHT)
        found.append(np.stack(each, axis=-1).reshape(-1, 4))
    return np.clip(np.concatenate(found), 0, 1)


def decoded(shifts: np.ndarray, priors: np.ndarray) -> np.ndarray:
    """Left, top, right, bottom of faces, from how they differ from their boxes; (N, 4)."""
    centres = priors[:, :2] + CENTRE_VARIANCE * shifts[:, :2] * priors[:, 2:]
    sizes = priors[:, 2:] * np.exp(SIZE_VARIANCE * shifts[:, 2:])
    return np.hstack((centres - sizes / 2, centres + sizes / 2))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the faces of a photo."""
    options = command("Find faces with UltraFace.").parse_args(arguments)
    report(lambda: load(options.models, options.to), options)


if __name__ == "__main__":
    main()
