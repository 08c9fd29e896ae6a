"""Trains the detector of this folder, an SSD that finds digits, and writes its files.

    python models/detector/make.py

Its photos are drawn here: scikit-learn's digits, enlarged, in colours, on coloured paper. Caffe's
MultiBoxLoss is written out below, in PyTorch, since only training needs it.
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
from proto2net.layers import (
    DetectionOutput,
    Filler,
    NonMaximumSuppressionParameter,
    PriorBox,
)

FOLDER = Path(__file__).parent
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
NAMES = ["background", *DIGITS]
UNSEEN = 297
"""How many digits are kept for testing: the first ones."""
BATCH = 32
SIDE = 96
"""The height and width of the network's image."""
MAPS = {"conv4": 24.0, "conv5": 38.0}
"""The feature maps that boxes are found on, and the side of the square at each of their places."""
SHAPES = 2
"""The prior boxes at each place: a square, and one that is higher than wide."""
VARIANCE = (0.1, 0.1, 0.2, 0.2)
STATED = {
    "    flip: false\n": "    clip: false\n",
    "    num_classes: 11\n": "    share_location: true\n    background_label_id: 0\n",
}
"""Defaults of Caffe that OpenCV 4 wants stated, behind which lines."""
PHOTO = 201
"""The seed of a photo with three digits."""


class Detector(CaffeNetwork):
    """Five convolutions, and boxes on the last two."""

    inputs = {"data": (1, 3, SIDE, SIDE)}
    weight_filler = Filler("msra")

    def setup(self) -> None:
        (
            self.feed("data")
            .conv(8, kernel=3, stride=2, pad=1, relu=True, name="conv1")
            .conv(16, kernel=3, stride=2, pad=1, relu=True, name="conv2")
            .conv(24, kernel=3, pad=1, relu=True, name="conv3")
            .conv(24, kernel=3, stride=2, pad=1, relu=True, name="conv4")
            .conv(24, kernel=3, stride=2, pad=1, relu=True, name="conv5")
        )
        for conv, side in MAPS.items():
            for what, numbers in {"loc": 4, "conf": len(NAMES)}.items():
                name = f"{conv}_mbox_{what}"
                self.feed(conv).conv(SHAPES * numbers, kernel=3, pad=1, name=name)
                self.permute(0, 2, 3, 1, name=f"{name}_perm").flatten(name=f"{name}_flat")
            prior = PriorBox(min_size=(side,), aspect_ratio=(0.6,), flip=False, variance=VARIANCE)
            self.feed(conv, "data").add(prior, name=f"{conv}_mbox_priorbox")
        for what, axis in {"loc_flat": 1, "conf_flat": 1, "priorbox": 2}.items():
            blobs = [f"{conv}_mbox_{what}" for conv in MAPS]
            self.feed(*blobs).concat(axis=axis, name=f"mbox_{what.removesuffix('_flat')}")
        (
            self.feed("mbox_conf")
            .reshape(0, -1, len(NAMES), name="mbox_conf_reshape")
            .softmax(axis=2, name="mbox_conf_softmax")
            .flatten(name="mbox_conf_flatten")
        )
        found = DetectionOutput(
            num_classes=len(NAMES),
            nms_param=NonMaximumSuppressionParameter(nms_threshold=0.45, top_k=100),
            code_type="CENTER_SIZE",
            keep_top_k=20,
            confidence_threshold=0.25,
        )
        blobs = ("mbox_loc", "mbox_conf_flatten", "mbox_priorbox")
        self.feed(*blobs).add(found, name="detection_out")


class Trained(Detector):
    """What the loss reads of it."""

    outputs = ("mbox_loc", "mbox_conf", "mbox_priorbox")


def scene(
    random: np.random.Generator, digits: np.ndarray, labels: np.ndarray, side: int = SIDE
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A photo (side, side, BGR) of one to four digits, their boxes as parts of it, and labels."""
    photo = cv2.resize(random.uniform(130, 255, (2, 2, 3)).astype(np.float32), (side, side))
    free = np.ones((side, side), bool)
    boxes, classes = [], []
    for chosen in random.integers(len(digits), size=random.integers(1, 6)):
        size = round(random.uniform(0.3, 0.55) * side)
        row, column = random.integers(side - size + 1, size=2)
        ink = cv2.resize(digits[chosen] / 16, (size, size), interpolation=cv2.INTER_CUBIC)
        ink = ink.clip(0, 1).astype(np.float32)
        (top, bottom), (left, right) = (
            np.flatnonzero((ink > 0.3).any(axis=axis))[[0, -1]] for axis in (1, 0)
        )
        box = np.s_[row + top : row + bottom + 1, column + left : column + right + 1]
        if not free[box].all():
            continue
        free[box] = False
        place = photo[row : row + size, column : column + size]
        place += ink[..., None] * (random.uniform(0, 90, 3).astype(np.float32) - place)
        boxes.append([box[1].start, box[0].start, box[1].stop, box[0].stop])
        classes.append(labels[chosen] + 1)
    return photo.round().astype(np.uint8), np.array(boxes, np.float32) / side, np.array(classes)


def prepared(photos: list[np.ndarray]) -> torch.Tensor:
    """Photos as MobileNet-SSD takes them: about -1 to 1, blue first."""
    images = (np.stack(photos).transpose(0, 3, 1, 2) - np.float32(127.5)) * np.float32(0.007843)
    return torch.from_numpy(images)


def shared(boxes: torch.Tensor, priors: torch.Tensor) -> torch.Tensor:
    """The part that two boxes share of what both cover, for each pair of them."""
    start = torch.maximum(boxes[:, None, :2], priors[None, :, :2])
    end = torch.minimum(boxes[:, None, 2:], priors[None, :, 2:])
    both = (end - start).clamp(min=0).prod(dim=2)
    areas = [(each[:, 2:] - each[:, :2]).prod(dim=1) for each in (boxes, priors)]
    return both / (areas[0][:, None] + areas[1][None] - both)


def wanted(
    boxes: torch.Tensor, classes: torch.Tensor, priors: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """What the network should say of each prior box: four numbers, and a class."""
    overlaps = shared(boxes, priors)
    overlap, best = overlaps.max(dim=0)
    for box, prior in enumerate(overlaps.argmax(dim=1)):
        overlap[prior], best[prior] = 1, box
    target = boxes[best]
    size, prior_size = target[:, 2:] - target[:, :2], priors[:, 2:] - priors[:, :2]
    moved = (target[:, 2:] + target[:, :2] - priors[:, 2:] - priors[:, :2]) / 2 / prior_size
    numbers = torch.cat((moved, (size / prior_size).log()), dim=1) / torch.tensor(VARIANCE)
    return numbers, torch.where(overlap > 0.5, classes[best], 0)


def multibox_loss(
    loc: torch.Tensor, conf: torch.Tensor, numbers: torch.Tensor, classes: torch.Tensor
) -> torch.Tensor:
    """SSD's loss. Background counts at the worst boxes only, three for each that has a digit."""
    found = classes > 0
    location = F.smooth_l1_loss(loc[found], numbers[found], reduction="sum")
    each = F.cross_entropy(conf.flatten(0, 1), classes.flatten(), reduction="none")
    each = each.view_as(classes)
    ranks = each.masked_fill(found, 0).argsort(dim=1, descending=True).argsort(dim=1)
    counted = found | (ranks < 3 * found.sum(dim=1, keepdim=True))
    return (location + each[counted].sum()) / found.sum()


def trained(
    digits: np.ndarray, labels: np.ndarray, steps: int = 5000
) -> dict[str, list[np.ndarray]]:
    """The learned arrays of each layer."""
    torch.manual_seed(1)
    random = np.random.default_rng(1)
    network = Trained().to("torch").train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.004)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.004, total_steps=steps)
    for _ in range(steps):
        photos, boxes, classes = zip(
            *(scene(random, digits, labels) for _ in range(BATCH)), strict=True
        )
        loc, conf, priors = network(prepared(photos))
        priors = priors[0, 0].view(-1, 4)
        targets = [
            wanted(torch.from_numpy(box), torch.from_numpy(each), priors)
            for box, each in zip(boxes, classes, strict=True)
        ]
        loss = multibox_loss(
            loc.unflatten(1, (-1, 4)),
            conf.unflatten(1, (-1, len(NAMES))),
            *map(torch.stack, zip(*targets, strict=True)),
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    named = network.state_dict()
    layers = {name.partition(".")[0] for name in named}
    return {
        name: [named[f"{name}.weight"].numpy(), named[f"{name}.bias"].numpy()] for name in layers
    }


def main() -> None:
    """Write the definition, the weights, the labels and a photo of unseen digits."""
    torch.set_num_threads(1)  # a network as small as this is not faster on more
    data = load_digits()
    weights = trained(data.images[UNSEEN:], data.target[UNSEEN:])
    definition = FOLDER / "detector.prototxt"  # and detector.caffemodel beside it
    proto2net.save(Detector().graph, weights, to="prototxt", out=definition, overwrite=True)
    text = definition.read_text(encoding="utf-8")
    for line, stated in STATED.items():
        text = text.replace(line, line + stated)
    definition.write_text(text, encoding="utf-8")
    (FOLDER / "labels.txt").write_text("\n".join(NAMES) + "\n", encoding="utf-8")
    photo, *_ = scene(
        np.random.default_rng(PHOTO), data.images[:UNSEEN], data.target[:UNSEEN], 3 * SIDE
    )
    cv2.imwrite(str(FOLDER / "photo.jpg"), photo)


if __name__ == "__main__":
    main()
