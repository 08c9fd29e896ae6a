"""Trains the digits network of this folder, and writes its files.

    python models/digits/make.py

The images are scikit-learn's: 8 x 8 pixels, written here as 0 to 255. The training is PyTorch's.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits

import proto2net
from proto2net import CaffeNetwork
from proto2net.caffe.schema import message_class

FOLDER = Path(__file__).parent
NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
UNSEEN = 297
"""How many digits are kept for testing: the first ones."""
SCALE = 1 / 256


class Digits(CaffeNetwork):
    """Two convolutions and a layer of ten outputs."""

    inputs = {"data": (1, 1, 8, 8)}

    def setup(self) -> None:
        (
            self.feed("data")
            .conv(8, kernel=3, pad=1, relu=True, name="conv1")
            .max_pool(kernel=2, stride=2, name="pool1")
            .conv(16, kernel=3, pad=1, relu=True, name="conv2")
            .max_pool(kernel=2, stride=2, name="pool2")
            .fc(10, name="score")
            .softmax(name="prob")
        )


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 8, 8) of 0 to 255, and which digit each is."""
    data = load_digits()
    return (data.images * 255 / 16).round().astype(np.uint8), data.target


def trained(images: np.ndarray, labels: np.ndarray, steps: int = 1500) -> dict[str, list[object]]:
    """The learned arrays of each layer."""
    torch.manual_seed(1)
    network = Digits().to("torch").train()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.003, weight_decay=1e-4)
    x, y = torch.from_numpy(images)[:, None], torch.from_numpy(labels)
    for _ in range(steps):
        chosen = torch.randint(len(x), (64,))
        loss = F.nll_loss(network(x[chosen]).log(), y[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    layers = [("conv1", network.conv1), ("conv2", network.conv2), ("score", network.score)]
    return {
        name: [array.detach().numpy() for array in (layer.weight, layer.bias)]
        for name, layer in layers
    }


def main() -> None:
    """Write the definition, the weights, the mean image, the labels and one unseen image."""
    images, labels = digits()
    mean = images[UNSEEN:].mean(axis=0, dtype=np.float32)
    prepared = (images[UNSEEN:] - mean) * np.float32(SCALE)
    weights = trained(prepared, labels[UNSEEN:])
    definition = FOLDER / "digits.prototxt"  # and digits.caffemodel beside it
    proto2net.save(Digits().graph, weights, to="prototxt", out=definition, overwrite=True)
    blob = message_class("BlobProto")(data=mean.ravel())
    blob.num, blob.channels, blob.height, blob.width = 1, 1, *mean.shape
    (FOLDER / "mean.binaryproto").write_bytes(blob.SerializeToString())
    (FOLDER / "labels.txt").write_text("\n".join(NAMES) + "\n", encoding="utf-8")
    cv2.imwrite(str(FOLDER / "seven.png"), images[labels == 7][0])


if __name__ == "__main__":
    main()
