"""An emitted Keras file loads its weights without proto2net, and gives what Caffe gave."""

from __future__ import annotations

from pathlib import Path

import pytest
from porting_cases import CASES, assert_equal, converted, expected

from proto2net.backends.tensorflow.layout import inverse_order, order


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("options", [[], ["--optimize"]], ids=["plain", "optimized"])
def test_load_gives_what_caffe_gave(case: str, options: list[str], tmp_path: Path) -> None:
    module = converted(case, "tf", tmp_path, *options)
    inputs, right = expected(case)
    moved = [array.transpose(order(array.ndim)) for array in inputs]
    outputs = module.load()(moved[0] if len(moved) == 1 else moved)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    arrays = [output.numpy() for output in outputs]
    assert_equal([a.transpose(inverse_order(a.ndim)) for a in arrays], right)
