"""Shuffles, crops and mirrors: in the order in which Caffe draws, from the seeds that it draws."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_cases import datum, leveldb, same

import proto2net
from proto2net.data.draws import Draws

cv2 = pytest.importorskip("cv2", reason="it decodes images")

IMAGES = np.random.default_rng(1).integers(0, 256, (7, 3, 8, 9), np.uint8)
NET = """
layer {{ name: "data" type: "{kind}" top: "data" top: "label"
        transform_param {{ {transform} }} {param} }}
"""


class Mersenne:
    """mt19937 as in its definition, one number after the other."""

    def __init__(self, seed: int) -> None:
        self.state = [seed]
        for index in range(1, 624):
            last = self.state[-1]
            self.state.append((1812433253 * (last ^ last >> 30) + index) % 2**32)
        self.at = 624

    def __call__(self) -> int:
        if self.at == 624:
            s = self.state
            for i in range(624):
                y = (s[i] & 2**31) | (s[(i + 1) % 624] & (2**31 - 1))
                s[i] = s[(i + 397) % 624] ^ (y >> 1) ^ (0x9908B0DF if y & 1 else 0)
            self.at = 0
        y = self.state[self.at]
        self.at += 1
        y ^= y >> 11
        y ^= (y << 7) & 0x9D2C5680
        y ^= (y << 15) & 0xEFC60000
        return y ^ y >> 18


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    records = [(b"%08d" % i, datum(image, i)) for i, image in enumerate(IMAGES)]
    leveldb(tmp_path / "db", records)
    lines = []
    for index, image in enumerate(IMAGES):
        cv2.imwrite(str(tmp_path / f"im {index}.png"), image.transpose(1, 2, 0))
        lines.append(f"im {index}.png {index}\n")
    (tmp_path / "list.txt").write_text("".join(lines))
    return tmp_path


def net(kind: str, transform: str, rest: str = "") -> str:
    if kind == "Data":
        param = f'data_param {{ source: "db" batch_size: 3 {rest} }}'
    else:
        param = f'image_data_param {{ source: "list.txt" batch_size: 3 {rest} }}'
    return NET.format(kind=kind, transform=transform, param=param)


def test_numbers_are_those_of_the_mersenne_twister() -> None:
    right = Mersenne(1701)
    assert Draws(1701).next(1000).tolist() == [right() for _ in range(1000)]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("kind", ["Data", "ImageData"])
@pytest.mark.parametrize("phase", ["train", "test"])
def test_mirror_and_crop_are_drawn_for_each_image(
    kind: str, phase: str, workers: int, folder: Path
) -> None:
    text = net(kind, "mirror: true crop_size: 5 mean_value: 3 scale: 0.5")
    batches = proto2net.batches(text, phase=phase, seed=11, root=folder, workers=workers)
    seeds = Mersenne(11)
    seeds()  # Caffe seeds its transformer twice, and uses the second
    rand = Mersenne(seeds())
    for first in range(0, 21, 3):
        batch = next(batches)
        for row, image in zip(batch["data"], range(first, first + 3), strict=True):
            mirrored = rand() % 2
            down, right = (rand() % 4, rand() % 5) if phase == "train" else (1, 2)
            part = IMAGES[image % 7][:, down : down + 5, right : right + 5].astype(np.float32)
            part = part[:, :, ::-1] if mirrored else part
            np.testing.assert_array_equal(row, (part - 3) * np.float32(0.5))
        assert batch["label"].tolist() == [i % 7 for i in range(first, first + 3)]
    batches.close()


def test_layers_whose_numbers_are_not_caffes_leave_those_of_others(folder: Path) -> None:
    text = net("Data", "mirror: true crop_size: 5")
    noise = """layer { name: "noise" type: "DummyData" top: "noise" dummy_data_param {
        shape { dim: 3 } data_filler { type: "uniform" } } }\n"""
    right = next(proto2net.batches(text, seed=11, root=folder))
    found = next(proto2net.batches(noise + text, seed=11, root=folder))
    np.testing.assert_array_equal(found["data"], right["data"])


def shuffled(values: list[int], rand: Mersenne) -> list[int]:
    """As util/rng.hpp does, with boost::uniform_int of small ranges."""
    values = list(values)
    for last in range(len(values) - 1, 0, -1):
        bucket = 2**32 // (last + 1)
        while (other := rand() // bucket) > last:
            pass
        values[last], values[other] = values[other], values[last]
    return values


def test_a_list_is_shuffled_at_its_start_and_at_each_end(folder: Path) -> None:
    batches = proto2net.batches(net("ImageData", "", "shuffle: true"), seed=5, root=folder)
    rand = Mersenne(Mersenne(5)())
    order, right = list(range(7)), []
    for _ in range(3):
        order = shuffled(order, rand)
        right += order
    assert [int(x) for _ in range(7) for x in next(batches)["label"]] == right


def test_rand_skip_of_a_list_is_where_it_begins(folder: Path) -> None:
    batches = proto2net.batches(net("ImageData", "", "rand_skip: 6"), seed=8, root=folder)
    assert next(batches)["label"][0] == Mersenne(8)() % 6


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    ("kind", "rest"), [("Data", ""), ("ImageData", ""), ("ImageData", "shuffle: true")]
)
def test_what_is_random_goes_on_exactly(kind: str, rest: str, workers: int, folder: Path) -> None:
    text = net(kind, "mirror: true crop_size: 4", rest)
    options: dict[str, Any] = {"root": folder, "workers": workers}
    batches = proto2net.batches(text, seed=2, **options)
    all_of_them = [next(batches) for _ in range(12)]
    batches.close()
    for stop in (1, 5):
        first = proto2net.batches(text, seed=2, **options)
        for _ in range(stop):
            next(first)
        state = json.loads(json.dumps(first.state()))
        first.close()
        second = proto2net.batches(text, **options)
        second.restore(state)
        for right in all_of_them[stop:]:
            same(next(second), right)
        second.close()


def test_rows_of_hdf5_are_shuffled_and_go_on_exactly(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="it reads HDF5")
    for name, first, size in (("a", 0, 4), ("b", 4, 3)):
        with h5py.File(tmp_path / f"{name}.h5", "w") as file:
            file["data"] = np.arange(first, first + size, dtype=np.int64)[:, None] * [1, 10]
    (tmp_path / "list.txt").write_text("a.h5\nb.h5\n")
    text = """layer { name: "data" type: "HDF5Data" top: "data"
        hdf5_data_param { source: "list.txt" batch_size: 7 shuffle: true } }\n"""
    batches = proto2net.batches(text, seed=4, root=tmp_path)
    states, found = [], []
    for _ in range(6):
        found.append(next(batches))
        states.append(json.loads(json.dumps(batches.state())))
    orders = {tuple(batch["data"][:, 0].astype(int)) for batch in found}
    assert {tuple(sorted(order)) for order in orders} == {tuple(range(7))}
    assert len(orders) > 3
    other = proto2net.batches(text, root=tmp_path)
    other.restore(states[2])
    for right in found[3:]:
        same(next(other), right)


def test_dummy_data_that_are_random_are_filled_anew() -> None:
    text = """layer { name: "data" type: "DummyData" top: "a" top: "b" dummy_data_param {
        shape { dim: 2 dim: 3 } data_filler { type: "uniform" min: 2 max: 5 }
        data_filler { value: 4 } } }\n"""
    batches = proto2net.batches(text, seed=1)
    first, second = next(batches), next(batches)
    assert (first["b"] == 4).all()
    assert (second["b"] == 4).all()
    assert 2 <= first["a"].min() <= first["a"].max() <= 5
    assert not np.array_equal(first["a"], second["a"])
