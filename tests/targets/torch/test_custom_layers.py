"""Layer types of the user's own and holes, live in PyTorch."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import torch
from holes import HOLES, INPUT, UNKNOWN

from proto2net import backends, load

TORCH = backends.get("torch")
OWN = '''
from dataclasses import dataclass

from proto2net.backends.base import Code
from proto2net.backends.torch import backend as torch
from proto2net.backends.tree import BOTTOM, call
from proto2net.layers import Layer, layer


@layer("Cube", param="cube_param")
@dataclass(frozen=True)
class Cube(Layer):
    """factor * x ** 3"""

    factor: float = 1.0

    def infer(self, bottoms, tops):
        return bottoms


def cube(x, factor):
    """factor * x ** 3"""
    return factor * x**3


torch.pastes(cube)


@torch.renders(Cube)
def _cube(node):
    return Code(call("cube", BOTTOM, node.layer.factor))
'''
CUBE = 'layer { name: "c" type: "Cube" bottom: "data" top: "c" cube_param { factor: 0.5 } }'


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file, whose helper is forgotten at the end."""
    monkeypatch.setattr(TORCH, "helpers", deepcopy(TORCH.helpers))
    file = tmp_path / "own.py"
    file.write_text(OWN)
    return file


def test_a_type_of_ones_own_runs_with_the_function_that_it_brings(own: Path) -> None:
    x = torch.randn(2, 3, 5, 7)
    assert torch.equal(load(INPUT + CUBE, to="torch", layers=own)(x), 0.5 * x**3)


def test_a_hole_raises_until_it_is_written() -> None:
    network = load(INPUT + UNKNOWN, to="torch", holes=HOLES)
    with pytest.raises(NotImplementedError, match="it makes 300 x 5 and 300"):
        network(torch.zeros(2, 3, 5, 7))
    network.my_rois.forward = lambda data: (data.flatten(1), data[:, 0, 0, 0])
    rois, scores = network(torch.ones(2, 3, 5, 7))
    assert (rois.shape, scores.shape) == ((2, 105), (2,))
