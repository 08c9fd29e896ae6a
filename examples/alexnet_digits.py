"""Seven ways to train a narrow AlexNet on digits, and the curves of all of them.

    python examples/alexnet_digits.py --to torch --iterations 100 --plot curves.svg

Each variant is a definition and a solver of Caffe, in the folder of `--out`, beside a log of its
training. proto2net trains them, in PyTorch or in TensorFlow.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from train_digits import BATCH, UNSEEN, batches, digits

import proto2net
from proto2net import CaffeNetwork
from proto2net.layers import Filler
from proto2net.training import curves
from proto2net.training.logs import Log

KERAS = Filler("xavier", variance_norm="AVERAGE")
"""How Keras starts weights: uniform, and the less wide the more inputs and outputs there are."""
FIXED = 'lr_policy: "fixed"'
STEPS = 'lr_policy: "step" gamma: 0.5 stepsize: {third}'
"""The learning rate falls twice in a training, each time to 0.3 of what it was."""
SOLVER = """net: "{name}.prototxt"
type: "Adam" momentum: 0.9 momentum2: 0.999 delta: 1e-8
base_lr: {rate} {policy}
max_iter: {iterations}
display: 10 average_loss: 10
random_seed: 1
"""
TESTS = 5
"""How often a training is tested."""


@dataclass(frozen=True)
class Variant:
    """What can differ: of the solver the learning rate, and of the definition all else."""

    weights: Filler = KERAS
    rate: float = 0.001
    policy: str = FIXED
    groups: int = 1
    batch_norm: bool = False
    dropout: bool = False


VARIANTS = {
    "std_1": Variant(Filler("gaussian", std=1)),
    "std_0.01": Variant(Filler("gaussian", std=0.01)),
    "schedule": Variant(Filler("gaussian", std=0.01), rate=0.002, policy=STEPS),
    "defaults": Variant(),
    "groups": Variant(groups=2),
    "batch_norm": Variant(batch_norm=True),
    "dropout": Variant(dropout=True),
}


class AlexNet(CaffeNetwork):
    """AlexNet for digits of 32 x 32 pixels, as a variant has it, `width` channels wide."""

    name = "AlexNet"

    def __init__(self, variant: Variant, phase: str, batch: int, width: int = 16) -> None:
        self.variant, self.phase, self.width = variant, phase, width
        self.weight_filler = variant.weights
        labels = {"label": (batch,)} if phase == "train" else {}
        super().__init__({"data": (batch, 1, 32, 32), **labels})

    def setup(self) -> None:
        width, groups = self.width, self.variant.groups
        self.feed("data")
        self.convolution("1", width, kernel=5, stride=2).max_pool(3, 2, name="pool1")
        self.convolution("2", 2 * width, kernel=5, group=groups).max_pool(3, 2, name="pool2")
        self.convolution("3", 4 * width)
        self.convolution("4", 4 * width, group=groups)
        self.convolution("5", 2 * width, group=groups).max_pool(3, 2, name="pool5")
        for number in (6, 7):
            self.fc(16 * width, relu=True, name=f"fc{number}")
            if self.variant.dropout:
                self.dropout(0.5, name=f"drop{number}")
        self.fc(10, name="fc8")
        if self.phase == "train":
            self.feed("fc8", "label").softmax_loss(name="loss")

    def convolution(self, number: str, channels: int, kernel: int = 3, **more: int) -> AlexNet:
        """A convolution, what makes its values alike in size, if anything does, and a ReLU."""
        self.conv(channels, kernel, pad=kernel // 2, name=f"conv{number}", **more)
        if self.variant.batch_norm:
            self.batch_norm(moving_average_fraction=0.9, name=f"bn{number}")
            self.scale(name=f"scale{number}")
        self.relu(name=f"relu{number}")
        if number in "12" and not self.variant.batch_norm:
            self.lrn(local_size=5, alpha=1e-4, name=f"norm{number}")
        return self


def train(name: str, folder: Path, target: str, iterations: int) -> Log:
    """Train a variant, and write its definition, its solver and its log into the folder."""
    variant = VARIANTS[name]
    definition, solver = folder / f"{name}.prototxt", folder / f"{name}_solver.prototxt"
    policy = variant.policy.format(third=max(1, iterations // 3))
    definition.write_text(AlexNet(variant, "train", BATCH).prototxt(), encoding="utf-8")
    solver.write_text(
        SOLVER.format(name=name, rate=variant.rate, policy=policy, iterations=iterations),
        encoding="utf-8",
    )
    trainer = proto2net.Trainer(solver, to=target)
    log = Log(name)
    with open(folder / f"{name}.jsonl", "w", encoding="utf-8") as file:
        for record in records(trainer, AlexNet(variant, "test", UNSEEN), target, iterations):
            print(json.dumps(record), file=file)
            log.add(record)
    return log


def records(
    trainer: proto2net.Trainer, tested: AlexNet, target: str, iterations: int
) -> Iterator[dict[str, Any]]:
    """Train, and give what a log has: losses, and how many of the unseen digits are told right."""
    images, labels = digits()
    images = images[:, np.newaxis]  # (N, 1, 32, 32), as Caffe has them
    seen = batches(images[UNSEEN:], labels[UNSEEN:], seed=1)
    solver = trainer.solver
    last = deque[float](maxlen=solver.average_loss)
    for data, label in itertools.islice(seen, iterations):
        iteration, rate = trainer.iteration, trainer.rate
        loss = trainer.step({"data": data, "label": label})
        last.append(loss)
        record = {"phase": "train", "iteration": iteration, "loss": loss}
        if iteration % solver.display == 0:
            record |= {"mean_loss": float(np.mean(last)), "lr": rate}
        yield record
        if trainer.iteration % max(1, iterations // TESTS) == 0:
            network = proto2net.load(tested.graph, trainer.arrays(), to=target)
            scores = proto2net.blobs(network, {"data": images[:UNSEEN]})["fc8"]
            right = float(np.mean(scores.argmax(axis=1) == labels[:UNSEEN]))
            yield {"phase": "test", "iteration": trainer.iteration, "outputs": {"accuracy": right}}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train the variants one after the other, tell how each ended, and draw all."""
    parser = argparse.ArgumentParser(description="Train a narrow AlexNet on digits, in variants.")
    parser.add_argument("names", nargs="*", metavar="VARIANT", help=f"of {', '.join(VARIANTS)}")
    parser.add_argument("--to", choices=("torch", "tf"), required=True, help="what trains them")
    parser.add_argument("--iterations", type=int, default=150, metavar="N")
    parser.add_argument("--out", type=Path, default=Path("alexnet_digits"), metavar="FOLDER")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="an .svg, .png or .pdf to draw")
    options = parser.parse_args(arguments)
    for name in options.names:
        if name not in VARIANTS:
            parser.error(f"no variant {name}; there are {', '.join(VARIANTS)}")
    if options.iterations < 2:
        parser.error(f"--iterations is {options.iterations}; it is 2 or more")
    for path in filter(None, (options.out, options.plot)):
        if path.exists():
            parser.error(f"{path} exists already, and stays as it is")
    try:
        if options.plot:
            curves.check(options.plot)
        options.out.mkdir()
        trained = []
        for name in options.names or VARIANTS:
            log = train(name, options.out, options.to, options.iterations)
            print(line(log), flush=True)
            trained.append(log)
        if options.plot:
            curves.write(trained, options.plot)
    except (OSError, proto2net.Proto2NetError) as error:
        sys.exit(str(error))


def line(log: Log) -> str:
    """How a training began and ended."""
    first, *_, last = log.each.values()
    (accuracy,) = log.tests.values()
    right = list(accuracy.values())[-1]
    return f"{log.name:10}  loss {first:.3g} to {last:.3g}, accuracy {right:.1%}"


if __name__ == "__main__":
    main()
