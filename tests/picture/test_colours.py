"""The colours: texts are read on all of them, and everybody tells them apart."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest

from proto2net.facts.families import FAMILIES
from proto2net.picture.svg import colours

SEEN = {
    "with all cones": np.eye(3),
    "without red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "without green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "without blue": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
"""How linear light is seen (Machado, Oliveira and Fernandes, 2009)."""

XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])


def test_text_is_readable_on_all_grounds() -> None:
    for colour in colours():
        for family in FAMILIES:
            face = mixed(colour[family], colour["ground"], 0.15)
            assert contrast(colour["text"], face) >= 7
            assert contrast(colour["pale"], face) >= 4.5
            assert contrast(colour[family], colour["ground"]) >= 3
        assert contrast(colour["pale"], colour["ground"]) >= 4.5
        assert contrast(colour["accent"], colour["ground"]) >= 4.5
        assert contrast(colour["edge"], colour["ground"]) >= 3


@pytest.mark.parametrize("seen", SEEN)
def test_families_are_told_apart(seen: str) -> None:
    for colour in colours():
        places = {family: lab(SEEN[seen] @ linear(colour[family])) for family in FAMILIES}
        near = [
            (family, other)
            for family, other in combinations(FAMILIES, 2)
            if np.linalg.norm(places[family] - places[other]) < 11
        ]
        assert near == []


def mixed(colour: str, ground: str, share: float) -> str:
    both = zip(rgb(colour), rgb(ground), strict=True)
    return "#" + "".join(f"{round(255 * (share * a + (1 - share) * b)):02x}" for a, b in both)


def rgb(colour: str) -> list[float]:
    return [int(each, 16) / 255 for each in re.findall("..", colour[1:])]


def linear(colour: str) -> np.ndarray:
    value = np.array(rgb(colour))
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    """The place of a colour in CIELAB, where distances are as far as they seem."""
    x = XYZ @ np.clip(light, 0, 1) / WHITE
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one: str, other: str) -> float:
    """As the guidelines for accessible pages (WCAG 2) count it."""
    light, dark = sorted([XYZ[1] @ linear(one), XYZ[1] @ linear(other)], reverse=True)
    return float((light + 0.05) / (dark + 0.05))
