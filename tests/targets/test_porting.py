"""An emitted file loads its weights without proto2net, and gives what Caffe gave."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from porting_cases import CASES, assert_equal, converted, expected

from proto2net import backends


def pretrained(module: ModuleType, target: str) -> Any:
    if target == "tf":
        return module.load()
    network = next(v for v in vars(module).values() if hasattr(v, "from_pretrained"))
    return network.from_pretrained()


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("options", [[], ["--optimize"]], ids=["plain", "optimized"])
def test_a_network_with_its_weights_gives_what_caffe_gave(
    case: str, options: list[str], tmp_path: Path, target: str
) -> None:
    network = pretrained(converted(case, target, tmp_path, *options), target)
    graph, feeds, right = expected(case)
    assert_equal(backends.get(target).runner.run(network, graph, feeds), right)
