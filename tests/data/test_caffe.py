"""Batches are those that Caffe's data layers gave, to the bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_cases import FOLDERS, case, same

import proto2net

pytest.importorskip("cv2", reason="it decodes images")


def test_all_that_was_recorded_is_here() -> None:
    assert len(FOLDERS) == 40


@pytest.mark.parametrize("workers", [0, 3])
@pytest.mark.parametrize("name", FOLDERS)
def test_the_layer_gives_what_caffe_gave(name: str, workers: int) -> None:
    recorded = case(name)
    batches = recorded.batches(workers=workers)
    for right in recorded.expected:
        same(next(batches), right)
    batches.close()


@pytest.mark.parametrize("name", FOLDERS)
def test_a_reader_goes_on_where_another_was(name: str) -> None:
    recorded = case(name)
    first = recorded.batches(workers=1)
    next(first)
    state = json.loads(json.dumps(first.state()))
    first.close()
    other = recorded.batches()
    next(other), next(other)
    other.restore(state)
    for right in recorded.expected[1:]:
        same(next(other), right)


def test_a_batch_that_is_looked_at_stays_the_next() -> None:
    recorded = case("data_lmdb_uint8")
    batches = recorded.batches()
    start = batches.state()
    same(batches.peek(), recorded.expected[0])
    assert batches.state() == start
    same(next(batches), recorded.expected[0])
    same(next(batches), recorded.expected[1])


def test_batches_go_on_when_their_workers_have_ended() -> None:
    recorded = case("data_lmdb_uint8")
    batches = recorded.batches(workers=2)
    same(next(batches), recorded.expected[0])
    batches.close()
    for right in recorded.expected[1:]:
        same(next(batches), right)


def test_what_caffe_ignores_is_told(caplog: pytest.LogCaptureFixture) -> None:
    text = (case("data_lmdb_train").folder / "net.prototxt").read_text()
    text = text.replace("batch_size: 3", "batch_size: 3 rand_skip: 5 crop_size: 3 scale: 1")
    with caplog.at_level("INFO", "proto2net"):
        batches = proto2net.batches(text, root=case("data_lmdb_train").folder)
    assert caplog.messages == [
        '<text>:2: layer "data" (Data): crop_size, rand_skip: ignored, as Caffe does'
    ]
    same(next(batches), case("data_lmdb_train").expected[0])


def test_fields_that_are_not_known_can_be_passed_over() -> None:
    recorded = case("data_lmdb_train")
    text = (recorded.folder / "net.prototxt").read_text() + "colour: 3\n"
    with pytest.raises(proto2net.ParseError, match="colour"):
        proto2net.batches(text, root=recorded.folder)
    batches = proto2net.batches(text, root=recorded.folder, ignore_unknown_fields=True)
    same(next(batches), recorded.expected[0])


def test_a_solver_leads_to_the_data_of_its_network(tmp_path: Path) -> None:
    recorded = case("data_lmdb_train")
    net = (recorded.folder / "net.prototxt").read_text()
    (tmp_path / "net.prototxt").write_text(net.replace('"db"', f'"{recorded.folder / "db"}"'))
    (tmp_path / "solver.prototxt").write_text(f'net: "{tmp_path / "net.prototxt"}" base_lr: 0.1\n')
    same(next(proto2net.batches(tmp_path / "solver.prototxt")), recorded.expected[0])


# ---- where paths begin -----------------------------------------------------------------------


@pytest.fixture
def far(tmp_path: Path) -> Path:
    """A definition two folders below the folder of its data, as Caffe's own are."""
    recorded = case("data_lmdb_train")
    (tmp_path / "db").symlink_to(recorded.folder / "db")
    file = tmp_path / "models" / "small" / "train_val.prototxt"
    file.parent.mkdir(parents=True)
    file.write_text((recorded.folder / "net.prototxt").read_text())
    return file


def test_paths_may_begin_in_a_folder_above_and_it_is_told(
    far: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "proto2net"):
        same(next(proto2net.batches(far)), case("data_lmdb_train").expected[0])
    assert f'took "db" from {far.parents[2]}' in caplog.text


def test_root_is_where_paths_begin_and_no_other_folder_is_looked_in(far: Path) -> None:
    same(next(proto2net.batches(far, root=far.parents[2])), case("data_lmdb_train").expected[0])
    with pytest.raises(proto2net.DataError, match=r'"db" is not there: looked in the root, '):
        proto2net.batches(far, root=far.parent)


# ---- several layers --------------------------------------------------------------------------

BOTH = """
layer {{ name: "data" type: "Data" top: "data" top: "label"
        data_param {{ source: "{folder}/db" batch_size: 2 backend: LMDB }} }}
layer {{ name: "noise" type: "DummyData" top: "noise"
        dummy_data_param {{ shape {{ dim: 2 dim: 5 }} data_filler {{ type: "gaussian" }} }} }}
layer {{ name: "given" type: "Input" top: "given" input_param {{ shape {{ dim: 2 dim: 3 }} }} }}
layer {{ name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
        inner_product_param {{ num_output: 2 }} }}
"""


def both(**options: Any) -> Any:
    folder = case("data_lmdb_train").folder
    feeds = {"given": np.arange(12).reshape(4, 3)}
    return proto2net.batches(BOTH.format(folder=folder), feeds=feeds, **options)


def test_several_layers_are_read_together() -> None:
    batches = both(seed=3)
    first, second, third = next(batches), next(batches), next(batches)
    assert list(first) == ["data", "label", "noise", "given"]
    assert second["given"].tolist() == [[6, 7, 8], [9, 10, 11]]
    same({"given": third["given"]}, {"given": first["given"]})
    assert not np.array_equal(first["noise"], second["noise"])
    again = both(seed=3)
    same(next(again), first)
    state = again.state()
    again = both()
    again.restore(state)
    same(next(again), second)
    assert again.seed == 3


def test_of_a_seed_32_bits_count_as_in_caffe() -> None:
    same(next(both(seed=2**32 + 3)), next(both(seed=3)))
    with pytest.raises(proto2net.DataError, match="seed is -1"):
        both(seed=-1)


def test_without_a_seed_each_run_has_others() -> None:
    assert not np.array_equal(next(both())["noise"], next(both())["noise"])
