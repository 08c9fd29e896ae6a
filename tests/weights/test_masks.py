"""What forks keep beside their weights, or in another order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import proto2net
from proto2net.errors import WeightError
from proto2net.model import Stored, StoredLayer, Weights
from proto2net.weights.matching import match

DATA = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 2 dim: 4 dim: 3 dim: 5 } } }
"""


def matched(layer: str, kind: str, *arrays: Any) -> dict[str, list[float]]:
    """The arrays of the network of a layer "f", which a file has of this type; flat, by name."""
    graph = proto2net.parse(f'{DATA} layer {{ name: "f" bottom: "data" top: "f" {layer} }}')
    stored = StoredLayer("f", tuple(map(Stored, arrays)), kind)
    values = match(graph, Weights((stored,))).model.values
    return {f"{node.name}.{blob}": array.ravel().tolist() for (node, blob), array in values.items()}


WEIGHT = np.arange(1.0, 13.0).reshape(3, 4)
MASK = (np.arange(12) % 3 == 0).reshape(3, 4).astype(float)
BIAS = np.array([3.0, 4, 5])
BIAS_MASK = np.array([1.0, 0, 1])


def test_masked_weights_are_zeros() -> None:
    conv = 'type: "CConvolution" convolution_param { num_output: 3 kernel_size: 1 BIAS }'
    weight, mask = (each.reshape(3, 4, 1, 1) for each in (WEIGHT, MASK))
    arrays = (weight, BIAS, mask, BIAS_MASK)
    assert matched(conv.replace("BIAS", ""), "CConvolution", *arrays) == {
        "f.weight": [1, 0, 0, 4, 0, 0, 7, 0, 0, 10, 0, 0],
        "f.bias": [3, 0, 5],
    }
    without = conv.replace("BIAS", "bias_term: false")
    assert matched(without, "CConvolution", weight, mask) == {
        "f.weight": [1, 0, 0, 4, 0, 0, 7, 0, 0, 10, 0, 0]
    }


def test_masks_of_training_alone_are_passed_over() -> None:
    conv = 'type: "INQConvolution" convolution_param { num_output: 3 kernel_size: 1 }'
    weight, mask = (each.reshape(3, 4, 1, 1) for each in (WEIGHT, MASK))
    assert matched(conv, "INQConvolution", weight, BIAS, mask, BIAS_MASK) == {
        "f.weight": WEIGHT.ravel().tolist(),
        "f.bias": BIAS.tolist(),
    }


@pytest.mark.parametrize("kind", ["CConvolution", "INQConvolution"])
def test_weights_without_masks_are_as_they_are(kind: str) -> None:
    conv = f'type: "{kind}" convolution_param {{ num_output: 3 kernel_size: 1 }}'
    assert matched(conv, kind, WEIGHT.reshape(3, 4, 1, 1), BIAS) == {
        "f.weight": WEIGHT.ravel().tolist(),
        "f.bias": BIAS.tolist(),
    }


def test_a_mask_may_have_other_axes_but_no_other_size() -> None:
    conv = 'type: "CConvolution" convolution_param { num_output: 3 kernel_size: 1 }'
    weight = WEIGHT.reshape(3, 4, 1, 1)
    found = matched(conv, "CConvolution", weight, BIAS, MASK, BIAS_MASK.reshape(1, 1, 1, 3))
    assert found == {"f.weight": [1, 0, 0, 4, 0, 0, 7, 0, 0, 10, 0, 0], "f.bias": [3, 0, 5]}
    with pytest.raises(WeightError, match="needs 3 x 4 x 1 x 1, 3; found"):
        matched(conv, "CConvolution", weight, BIAS, MASK[:2], BIAS_MASK)


def test_more_arrays_of_another_layer_are_no_masks() -> None:
    conv = 'type: "Convolution" convolution_param { num_output: 3 kernel_size: 1 }'
    weight = WEIGHT.reshape(3, 4, 1, 1)
    with pytest.raises(WeightError, match="needs 3 x 4 x 1 x 1, 3; found"):
        matched(conv, "Convolution", weight, BIAS, weight, BIAS)


NORM = """type: "BatchNorm"
  param { lr_mult: 1 } param { lr_mult: 1 } param { lr_mult: 0 } param { lr_mult: 0 }
  batch_norm_param { scale_filler { value: 1 } bias_filler { value: 0 } }"""


def test_a_batch_norm_of_xilinx_has_its_scale_first() -> None:
    scale, bias, mean, variance = np.arange(1.0, 17.0).reshape(4, 1, 4, 1, 1)
    unused = np.zeros((1, 1, 1, 1))
    assert matched(NORM, "BatchNorm", scale, bias, mean, variance, unused) == {
        "f.mean": [9, 10, 11, 12],
        "f.variance": [13, 14, 15, 16],
        "f.scale_factor": [1],
        "f_scale.weight": [1, 2, 3, 4],
        "f_scale.bias": [5, 6, 7, 8],
    }


def test_the_rates_of_xilinx_are_in_its_order() -> None:
    graph = proto2net.parse(
        f'{DATA} layer {{ name: "f" bottom: "data" top: "f" {NORM} }}', phase="train"
    )
    norm, scale = graph.nodes[1:]
    assert norm.params == ()
    assert [spec.lr_mult for spec in scale.params] == [1, 1]
