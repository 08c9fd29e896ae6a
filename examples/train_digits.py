"""A narrow AlexNet learns scikit-learn's digits, in PyTorch or in TensorFlow.

    python examples/train_digits.py torch --steps 30

The network is one class. What `.to("torch")` gives is trained as any nn.Module, what `.to("tf")`
gives as any keras.Model; neither needs proto2net for that.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

from proto2net import CaffeNetwork
from proto2net.layers import Filler

BATCH = 64
REPORT = 10
"""How many steps a reported loss is the mean of."""
UNSEEN = 297
"""How many digits are kept for testing."""


class DigitsAlexNet(CaffeNetwork):
    """AlexNet for square grey images, `width` channels wide where the original has 96.

    It ends in a score for each class (logits), which either framework's own loss takes.
    """

    phase = "train"  # keeps the dropout, which a network of the test phase leaves out
    weight_filler = Filler("msra")

    def __init__(self, width: int = 16, size: int = 32, classes: int = 10) -> None:
        self.width = width
        self.classes = classes
        super().__init__({"data": (None, 1, size, size)})

    def setup(self) -> None:
        width = self.width
        (
            self.feed("data")
            .conv(width, kernel=5, stride=2, pad=2, relu=True, name="conv1")
            .lrn(local_size=5, alpha=1e-4, name="norm1")
            .max_pool(kernel=3, stride=2, name="pool1")
            .conv(2 * width, kernel=5, pad=2, group=2, relu=True, name="conv2")
            .lrn(local_size=5, alpha=1e-4, name="norm2")
            .max_pool(kernel=3, stride=2, name="pool2")
            .conv(4 * width, kernel=3, pad=1, relu=True, name="conv3")
            .conv(4 * width, kernel=3, pad=1, group=2, relu=True, name="conv4")
            .conv(2 * width, kernel=3, pad=1, group=2, relu=True, name="conv5")
            .max_pool(kernel=3, stride=2, name="pool5")
            .fc(16 * width, relu=True, name="fc6")
            .dropout(0.5, name="drop6")
            .fc(16 * width, relu=True, name="fc7")
            .dropout(0.5, name="drop7")
            .fc(self.classes, weight_filler=Filler("xavier"), name="fc8")
        )


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 32, 32) from 0 to 1, each of their 8 x 8 pixels made 4 x 4, and their labels."""
    data = load_digits()
    images = data.images.repeat(4, axis=1).repeat(4, axis=2) / 16
    return images.astype("float32"), data.target.astype("int64")


def batches(images: np.ndarray, labels: np.ndarray, seed: int) -> Iterator[tuple[Any, Any]]:
    """Random images and their labels, for ever."""
    generator = np.random.default_rng(seed)
    while True:
        chosen = generator.integers(len(images), size=BATCH)
        yield images[chosen], labels[chosen]


def train_torch(steps: int, seed: int = 1) -> tuple[list[float], float]:
    """The mean loss of each ten steps, and the accuracy on unseen digits, of PyTorch."""
    import torch
    import torch.nn.functional as F

    torch.manual_seed(seed)
    images, labels = digits()
    images = images[:, np.newaxis]  # (N, 1, 32, 32)
    net = DigitsAlexNet().to("torch")
    optimizer = torch.optim.Adam(net.parameters(), lr=0.003)

    net.train()
    losses = []
    data = batches(images[UNSEEN:], labels[UNSEEN:], seed)
    for _, (x, y) in zip(range(steps), data, strict=False):
        loss = F.cross_entropy(net(torch.from_numpy(x)), torch.from_numpy(y))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    net.eval()
    with torch.no_grad():
        scores = net(torch.from_numpy(images[:UNSEEN])).numpy()
    accuracy = np.mean(scores.argmax(axis=1) == labels[:UNSEEN])
    return np.reshape(losses, (-1, REPORT)).mean(axis=1).tolist(), float(accuracy)


def train_tf(steps: int, seed: int = 1) -> tuple[list[float], float]:
    """The mean loss of each ten steps, and the accuracy on unseen digits, of Keras."""
    import keras

    keras.utils.set_random_seed(seed)
    images, labels = digits()
    images = images[..., np.newaxis]  # (N, 32, 32, 1)
    model = DigitsAlexNet().to("tf")
    model.compile(
        optimizer=keras.optimizers.Adam(0.003),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    data = batches(images[UNSEEN:], labels[UNSEEN:], seed)
    history = model.fit(
        data, steps_per_epoch=REPORT, epochs=steps // REPORT, shuffle=False, verbose=0
    )
    _, accuracy = model.evaluate(images[:UNSEEN], labels[:UNSEEN], verbose=0)
    return history.history["loss"], accuracy


TRAINERS = {"torch": train_torch, "tf": train_tf}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, and print how the loss falls."""
    parser = argparse.ArgumentParser(description="Train a narrow AlexNet on digits.")
    parser.add_argument("target", choices=TRAINERS, help="the framework that trains")
    parser.add_argument(
        "--steps", type=int, default=100, help=f"batches of {BATCH} digits, in tens"
    )
    options = parser.parse_args(arguments)
    if options.steps < REPORT or options.steps % REPORT:
        parser.error(f"--steps is {options.steps}; it is a multiple of {REPORT}, at least that")
    losses, accuracy = TRAINERS[options.target](options.steps)
    for index, loss in enumerate(losses, start=1):
        print(f"step {index * REPORT:4}: loss {loss:.3f}")
    print(f"accuracy on {UNSEEN} unseen digits: {accuracy:.1%}")


if __name__ == "__main__":
    main()
