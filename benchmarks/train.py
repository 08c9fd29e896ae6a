"""Times trainings from an LMDB beside loops that are written by hand, over arrays in memory.

Both take turns in one process, so that what else the machine does meets them alike, and what counts
is the median of the ratios. So do reading the data alone, and decoding JPEG beside OpenCV alone.
Exits 1 where a bar is missed.
"""

import itertools
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import lmdb
import numpy as np
import torch
from torch import nn

import proto2net
from proto2net.caffe.schema import message_class

ROUNDS = 9
RECORDS = 2000
BATCH = 32
"""Of the JPEG images."""
SLOWEST, DATA = 0.9, 3.0
"""Of the iterations a second by hand, ours; and of the batches that LeNet takes, those read."""

DATA_LAYER = """layer {{ name: "data" type: "Data" top: "data" top: "label"
  transform_param {{ scale: 0.00390625 {more} }}
  data_param {{ source: "{source}" backend: LMDB batch_size: {batch} }} }}
"""
LOSS = """layer { name: "loss" type: "SoftmaxWithLoss" bottom: "%s" bottom: "label" top: "loss" }
"""
LEARNED = (
    "param { lr_mult: 1 } param { lr_mult: 2 } %s_param { num_output: %d %s weight_filler { %s } }"
)
SOLVER = """net: "{net}"
base_lr: 0.01 lr_policy: "inv" gamma: 0.0001 power: 0.75 momentum: 0.9 weight_decay: 0.0005
max_iter: 10000
"""


def learned(kind: str, name: str, bottom: str, outputs: int, window: str = "") -> str:
    """A layer with weights."""
    of = {"Convolution": "convolution", "InnerProduct": "inner_product"}[kind]
    what = LEARNED % (of, outputs, window, 'type: "xavier"')
    return f'layer {{ name: "{name}" type: "{kind}" bottom: "{bottom}" top: "{name}" {what} }}\n'


def pool(name: str, bottom: str, how: str, size: int) -> str:
    """A pooling of stride 2."""
    what = f"pooling_param {{ pool: {how} kernel_size: {size} stride: 2 }}"
    return f'layer {{ name: "{name}" type: "Pooling" bottom: "{bottom}" top: "{name}" {what} }}\n'


def relu(blob: str) -> str:
    """A ReLU in place."""
    return f'layer {{ name: "relu_{blob}" type: "ReLU" bottom: "{blob}" top: "{blob}" }}\n'


LENET = (
    learned("Convolution", "conv1", "data", 20, "kernel_size: 5")
    + pool("pool1", "conv1", "MAX", 2)
    + learned("Convolution", "conv2", "pool1", 50, "kernel_size: 5")
    + pool("pool2", "conv2", "MAX", 2)
    + learned("InnerProduct", "ip1", "pool2", 500)
    + relu("ip1")
    + learned("InnerProduct", "ip2", "ip1", 10)
    + LOSS % "ip2"
)
QUICK = (
    learned("Convolution", "conv1", "data", 32, "kernel_size: 5 pad: 2")
    + pool("pool1", "conv1", "MAX", 3)
    + relu("pool1")
    + learned("Convolution", "conv2", "pool1", 32, "kernel_size: 5 pad: 2")
    + relu("conv2")
    + pool("pool2", "conv2", "AVE", 3)
    + learned("Convolution", "conv3", "pool2", 64, "kernel_size: 5 pad: 2")
    + relu("conv3")
    + pool("pool3", "conv3", "AVE", 3)
    + learned("InnerProduct", "ip1", "pool3", 64)
    + learned("InnerProduct", "ip2", "ip1", 10)
    + LOSS % "ip2"
)


def lenet() -> nn.Module:
    """LeNet as one would write it."""
    return nn.Sequential(
        nn.Conv2d(1, 20, 5), nn.MaxPool2d(2),
        nn.Conv2d(20, 50, 5), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(800, 500), nn.ReLU(), nn.Linear(500, 10),
    )  # fmt: skip


def quick() -> nn.Module:
    """CIFAR-quick as one would write it."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 5, padding=2), nn.MaxPool2d(3, 2, ceil_mode=True), nn.ReLU(),
        nn.Conv2d(32, 32, 5, padding=2), nn.ReLU(), nn.AvgPool2d(3, 2, ceil_mode=True),
        nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.AvgPool2d(3, 2, ceil_mode=True),
        nn.Flatten(), nn.Linear(1024, 64), nn.Linear(64, 10),
    )  # fmt: skip


NETWORKS = {
    "lenet": (LENET, lenet, (1, 28, 28), 64),
    "cifar10_quick": (QUICK, quick, (3, 32, 32), 100),
}
"""Layers behind the data, the network by hand, the shape of an image, and the batch."""


def write_records(folder: Path, images: np.ndarray, encode: bool = False) -> list[bytes]:
    """An LMDB as Caffe's tools write it; the bytes of each image."""
    found = []
    with lmdb.open(str(folder), map_size=2**31) as database, database.begin(write=True) as writing:
        for index, image in enumerate(images):
            datum = message_class("Datum")()
            datum.label = index % 10
            datum.channels, datum.height, datum.width = image.shape
            if encode:
                datum.data = cv2.imencode(".jpg", image.transpose(1, 2, 0))[1].tobytes()
                datum.encoded = True
            else:
                datum.data = image.tobytes()
            found.append(datum.data)
            writing.put(f"{index:08}".encode(), datum.SerializeToString())
    return found


def by_hand(network: nn.Module, images: np.ndarray, batch: int) -> Callable[[], float]:
    """A step of a loop over arrays in memory."""
    pixels = torch.from_numpy(images).float() / 256
    labels = torch.arange(len(images)) % 10
    optimizer = torch.optim.SGD(network.parameters(), 0.01, 0.9, weight_decay=0.0005)
    starts = itertools.cycle(range(0, len(images) - batch, batch))
    iterations = itertools.count()

    def step() -> float:
        start, iteration = next(starts), next(iterations)
        optimizer.param_groups[0]["lr"] = 0.01 * (1 + 0.0001 * iteration) ** -0.75
        loss = nn.functional.cross_entropy(
            network(pixels[start : start + batch]), labels[start : start + batch]
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def turns(ways: Mapping[str, Callable[[], Any]], seconds: float) -> dict[str, list[float]]:
    """How often a second each way runs, in turns of this length."""
    for way in ways.values():
        for _ in range(3):
            way()
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            done, began, spent = 0, time.perf_counter(), 0.0
            while not done or spent < seconds:
                way()
                done += 1
                spent = time.perf_counter() - began
            found[name].append(done / spent)
    return found


def ratio(found: dict[str, list[float]], one: str, other: str) -> float:
    """The median of the ratios, each of two turns that followed each other."""
    return statistics.median(a / b for a, b in zip(found[one], found[other], strict=True))


def networks(folder: Path, seconds: float) -> list[str]:
    """Print how fast networks train; what is too slow."""
    missed = []
    print(f"{'a second':16}{'ours':>9}{'by hand':>9}{'ratio':>8}{'data alone':>12}{'of ours':>9}")
    for name, (layers, made, shape, batch) in NETWORKS.items():
        images = np.random.default_rng(0).integers(256, size=(RECORDS, *shape), dtype=np.uint8)
        write_records(folder / name, images)
        net = folder / f"{name}.prototxt"
        data = DATA_LAYER.format(source=folder / name, batch=batch, more="")
        net.write_text(f'name: "{name}"\n{data}{layers}')
        solver = folder / f"{name}_solver.prototxt"
        solver.write_text(SOLVER.format(net=net))
        trainer = proto2net.Trainer(solver, to="torch", workers=1)
        alone = proto2net.batches(net, phase="train")
        ways = {
            "ours": trainer.step,
            "by hand": by_hand(made(), images, batch),
            "data": lambda alone=alone: next(alone),
        }
        found = turns(ways, seconds)
        beside, fed = ratio(found, "ours", "by hand"), ratio(found, "data", "ours")
        ours, hand, read = (statistics.median(each) for each in found.values())
        print(f"{name:16}{ours:9.1f}{hand:9.1f}{beside:8.2f}{read:12.1f}{fed:9.1f}", flush=True)
        missed += [f"{name} trains at {beside:.2f} of a loop by hand"] * (beside < SLOWEST)
        missed += [f"{name} is read {fed:.1f} times as fast"] * (name == "lenet" and fed < DATA)
    return missed


def jpegs(folder: Path, seconds: float) -> None:
    """Print how many JPEG images a second are read, cropped and mirrored, and decoded alone.

    Both have the same number of threads. A turn of ours begins and ends with all batches made that
    are made ahead, so that no work of one is done in the time of the other.
    """
    random = np.random.default_rng(0)
    small = random.integers(256, size=(200, 3, 32, 32), dtype=np.uint8)
    images = small.repeat(8, axis=2).repeat(8, axis=3)
    files = [
        np.frombuffer(each, np.uint8)
        for each in write_records(folder / "jpeg", images, encode=True)
    ]
    net = folder / "jpeg.prototxt"
    data = DATA_LAYER.format(
        source=folder / "jpeg", batch=BATCH, more="crop_size: 227 mirror: true"
    )
    net.write_text(data)

    def decode(first: int) -> None:
        for index in range(first, first + BATCH):
            cv2.imdecode(files[index % len(files)], cv2.IMREAD_COLOR)

    for threads in (1, 2):
        count = max(8, int(50 * seconds)) * threads
        ours = proto2net.batches(net, phase="train", seed=1, workers=threads)
        with ThreadPoolExecutor(threads) as pool:

            def read(ours: Any = ours, count: int = count) -> None:
                for _ in range(count):
                    next(ours)
                for planned in ours._ahead:
                    planned.made()

            def alone(pool: Any = pool, count: int = count) -> None:
                deque(pool.map(decode, range(0, count * BATCH, BATCH)), 0)

            found = turns({"ours": read, "OpenCV": alone}, 0)
        ours.close()
        beside = ratio(found, "ours", "OpenCV")
        own, other = (count * BATCH * statistics.median(each) for each in found.values())
        print(
            f"JPEG images of 256 x 256 a second, threads {threads}: "
            f"ours {own:.0f}, cv2.imdecode {other:.0f}: {beside:.2f}"
        )


def main() -> int:
    """Print all of it, and hold ours against the bars."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    seconds = float(sys.argv[1]) if sys.argv[1:] else 1.0
    with tempfile.TemporaryDirectory() as folder:
        missed = networks(Path(folder), seconds)
        jpegs(Path(folder), seconds)
    print("\n".join(missed) or "every bar is met")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
