"""Where there is no numpy and no file is mapped, as in a browser: the same bytes, or a refusal."""

from __future__ import annotations

import json
import operator
import subprocess
import sys
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest
from places import ROOT, TESTS

import proto2net
from proto2net import Proto2NetError
from proto2net.unread import Unread, little

BARE = """
import json, sys
from pathlib import Path

sys.modules["numpy"] = None  # importing it raises ModuleNotFoundError
from proto2net.caffe import wire
wire.MAPS = False
import proto2net

out, target, found = Path(sys.argv[1]), sys.argv[2], {}
for index, folder in enumerate(sys.argv[3:]):
    net, weights = f"{folder}/net.prototxt", f"{folder}/net.caffemodel"
    path = out / f"net{index}{'.onnx' if target == 'onnx' else '.py'}"
    try:
        proto2net.save(net, weights, to=target, out=path)
        found[folder] = ""
    except ModuleNotFoundError as error:
        found[folder] = error.name
    except proto2net.Proto2NetError as error:
        found[folder] = str(error)
print(json.dumps(found))
"""
SAME = {"torch": 90, "onnx": 80}
"""How many of Caffe's files at least need no numpy."""


@pytest.mark.parametrize("target", ["torch", "onnx"])
def test_what_is_written_without_numpy_is_the_same(target: str, tmp_path: Path) -> None:
    folders = sorted(str(path.parent) for path in (TESTS / "golden").rglob("net.caffemodel"))
    command = [sys.executable, "-c", BARE, tmp_path, target, *folders]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not result.returncode, result.stderr
    same = 0
    for index, (folder, refused) in enumerate(json.loads(result.stdout).items()):
        if refused == "numpy":
            continue
        suffixes = [".onnx"] if target == "onnx" else [".py", ".safetensors"]
        mine = tmp_path / f"net{index}"
        theirs = tmp_path / "with" / f"net{index}"
        theirs.parent.mkdir(exist_ok=True)
        net, weights = f"{folder}/net.prototxt", f"{folder}/net.caffemodel"
        told = ""
        try:
            proto2net.save(net, weights, to=target, out=theirs.with_suffix(suffixes[0]))
        except Proto2NetError as error:
            told = str(error)
        assert refused == told, folder
        if told:
            continue
        for suffix in suffixes:
            found = [path.with_suffix(suffix) for path in (mine, theirs)]
            assert [path.exists() for path in found] in ([True] * 2, [False] * 2)
            if found[0].exists():
                assert found[0].read_bytes() == found[1].read_bytes(), folder
        same += 1
    assert same >= SAME[target]


def unread() -> Unread:
    """Three numbers in the middle of a file."""
    return Unread(little(array("f", [9, 1, 2, 3, 9])).tobytes(), 4, (3,))


def test_a_loop_over_an_array_ends_with_the_array() -> None:
    assert dict(enumerate(unread())) == {0: 1, 1: 2, 2: 3}
    with pytest.raises(IndexError):
        unread()[3]


@pytest.mark.parametrize("work", [operator.neg, operator.pos, abs, len, bool, int, float])
def test_what_is_not_there_for_an_array_asks_for_numpy(work: Callable[[object], object]) -> None:
    with pytest.raises(ModuleNotFoundError):
        work(unread())


WORKS = "add sub mul truediv floordiv mod pow matmul eq ne lt le gt ge".split()


@pytest.mark.parametrize("name", WORKS)
def test_what_is_not_there_for_two_arrays_asks_for_numpy(name: str) -> None:
    work = getattr(operator, name)
    with pytest.raises(ModuleNotFoundError):
        work(unread(), unread())
    with pytest.raises(ModuleNotFoundError):
        work(2.0, unread())
