"""An emitted PyTorch file loads its weights without proto2net, and gives what Caffe gave."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from porting_cases import CASES, assert_equal, converted, expected


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("options", [[], ["--optimize"]], ids=["plain", "optimized"])
def test_from_pretrained_gives_what_caffe_gave(
    case: str, options: list[str], tmp_path: Path
) -> None:
    module = converted(case, "torch", tmp_path, *options)
    inputs, right = expected(case)
    network = next(v for v in vars(module).values() if hasattr(v, "from_pretrained"))
    with torch.no_grad():
        outputs = network.from_pretrained()(*map(torch.from_numpy, inputs))
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    assert_equal([output.numpy() for output in outputs], right)
