"""A classifier that was converted for tests can be trained for other classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from porting_cases import NARROW, loaded, written

import proto2net
from proto2net import backends

CLASSES = {"torch": "num_classes", "tf": "classes"}
KERNEL = {"torch": "conv.weight", "tf": "conv/kernel"}
BIAS = {"torch": "fc.bias", "tf": "fc/bias"}


def test_a_head_of_another_size_starts_anew_and_all_else_is_loaded(
    target: str, tmp_path: Path
) -> None:
    file, runner = written(NARROW, tmp_path, target), backends.get(target).runner
    whole, other = loaded(file, target), loaded(file, target, **{CLASSES[target]: 5})
    images = np.ones((2, 3, 9, 7), np.float32)
    (prob,) = runner.run(other, proto2net.parse(NARROW), {"data": images})
    assert prob.shape == (2, 5)
    found, right = runner.arrays(other), runner.arrays(whole)
    np.testing.assert_array_equal(found[KERNEL[target]], right[KERNEL[target]])
    assert found[BIAS[target]].shape == (5,)
