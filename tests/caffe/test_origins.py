"""What `proto2net layers` says of the forks is what the tests have."""

from __future__ import annotations

from caffe_types import CAFFE_TYPES
from layer_cases import FORKS as RECORDED_OF_FORKS
from layer_cases import case

from proto2net.backends.summary import support
from proto2net.layers import LAYERS
from proto2net.layers.origins import FORKS, RECORDED

WORKED_OUT = (
    "brelu",
    "flownet2_data_augmentation",
    "flownet2_downsample",
    "ocr_denseblock_gpu",
    "pwc_warp",
    "shawn_unpool",
)
"""The cases among those of forks that a loop written after the source has computed."""


def test_every_type_that_caffe_has_not_is_of_a_fork() -> None:
    assert sorted(FORKS) == sorted(LAYERS.keys() - set(CAFFE_TYPES))


def test_what_is_held_to_a_forks_own_code_has_a_case_of_it() -> None:
    cases = [p.name for p in RECORDED_OF_FORKS.iterdir() if not p.name.startswith(WORKED_OUT)]
    recorded = {node.layer.type for name in cases for node in case(name).graph.nodes}
    assert recorded & FORKS.keys() == RECORDED


def test_the_table_says_where_a_type_comes_from_and_what_it_is_held_to() -> None:
    rows = {line.split()[0]: line.split()[1:] for line in support().splitlines() if line.strip()}
    assert rows["HardSwish"] == [*["yes"] * 4, "Synopsys", "its", "code"]
    assert rows["Axpy"] == [*["yes"] * 4, "SENet", "its", "definition"]
    assert rows["CenterLoss"] == [*["no"] * 4, "caffe-face"]
    assert rows["Convolution"] == ["yes"] * 4
