"""The page of web/ with weights, which go from the file that was given to one that is saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser import Visit
from converter import Converter

import proto2net

NET = """\
name: "Wide"
input: "data" input_shape { dim: 1 dim: 3 dim: 32 dim: 32 }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 64 kernel_size: 3 pad: 1 bias_term: false } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "bn" }
layer { name: "scale" type: "Scale" bottom: "bn" top: "scale" scale_param { bias_term: true } }
layer { name: "relu" type: "ReLU" bottom: "scale" top: "scale" }
layer { name: "pool" type: "Pooling" bottom: "scale" top: "pool"
  pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "fc" type: "InnerProduct" bottom: "pool" top: "fc"
  inner_product_param { num_output: 1530 } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
"""
MOST = 400e6
"""Bytes of memory that the page takes at most, without the browser's own code."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with 100 MB of weights, as Caffe writes them."""
    folder = tmp_path_factory.mktemp("weights")
    (folder / "given.prototxt").write_text(NET)
    graph = proto2net.parse(folder / "given.prototxt")
    rng = np.random.default_rng(1)
    arrays = {
        node.name: [rng.random(learned.shape, np.float32) for learned in node.blobs.values()]
        for node in graph.nodes
        if node.blobs
    }
    proto2net.save(graph, arrays, to="prototxt", out=folder / "wide.prototxt")
    assert 98e6 < (folder / "wide.caffemodel").stat().st_size < 102e6
    return folder


@pytest.fixture
def page(visit: Visit, site: str, tmp_path: Path) -> Converter:
    page = Converter(visit.open(site), tmp_path)
    page.start()
    return page


def open_files(page: Converter, *paths: Path) -> None:
    page.page.set_input_files("#open", paths)
    page.page.locator("#weights").wait_for()
    page.done()


def port(page: Converter, timeout: int = 90_000) -> None:
    page.page.get_by_role("button", name="Convert the weights").click()
    page.done(timeout)


def saved(page: Converter, name: str) -> Path:
    with page.page.expect_download() as download:
        page.page.get_by_role("button", name=f"Save {name}").click()
    assert download.value.suggested_filename == name
    return Path(download.value.path())


def same(one: Path, other: Path) -> bool:
    """Whether two files have the same bytes."""
    return one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()


def peak_memory() -> int:
    """The most memory that one of the browser's pages has had so far, in bytes.

    What is mapped from files is the browser's own code, which all its pages share.
    """
    peaks = []
    for status in renderers():
        told = dict(line.split(":", 1) for line in status.splitlines())
        peak, files = (int(told[name].split()[0]) for name in ("VmHWM", "RssFile"))
        peaks.append(1024 * (peak - files))
    return max(peaks)


def renderers() -> Iterator[str]:
    """What Linux tells of the processes that show pages, and that come from this one."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"--type=renderer" in (process / "cmdline").read_bytes() and is_ours(process):
                yield (process / "status").read_text()
        except OSError:  # it has ended
            continue


def is_ours(process: Path) -> bool:
    while process.name != "0":
        if process.samefile("/proc/self"):
            return True
        status = (process / "status").read_text()
        (parent,) = [line.split()[1] for line in status.splitlines() if line.startswith("PPid")]
        process = process.with_name(parent)
        if parent == "0":
            break
    return False


def test_100_mb_become_onnx_as_by_the_command_line_in_little_memory(
    page: Converter, folder: Path
) -> None:
    page.page.check("input[name=to][value=onnx]", force=True)
    open_files(page, folder / "wide.prototxt", folder / "wide.caffemodel")
    port(page)
    assert page.messages("problem") == []
    proto2net.save(
        folder / "wide.prototxt",
        folder / "wide.caffemodel",
        to="onnx",
        out=folder / "wide.onnx",
        overwrite=True,
    )
    assert same(saved(page, "wide.onnx"), folder / "wide.onnx")
    assert peak_memory() < MOST


def test_weights_for_pytorch_are_those_of_the_command_line(page: Converter, folder: Path) -> None:
    open_files(page, folder / "wide.prototxt", folder / "wide.caffemodel")
    port(page)
    out = folder / "torch"
    out.mkdir()
    net, weights = folder / "wide.prototxt", folder / "wide.caffemodel"
    proto2net.save(net, weights, to="torch", out=out / "wide.py")
    assert same(saved(page, "wide.safetensors"), out / "wide.safetensors")
    assert page.code == (out / "wide.py").read_text()


def test_what_needs_numpy_is_told_with_the_command_to_run(page: Converter, folder: Path) -> None:
    page.page.check("input[name=to][value=tf]", force=True)
    open_files(page, folder / "wide.prototxt", folder / "wide.caffemodel")
    port(page)
    (problem,) = page.messages("problem")
    assert "numpy" in problem
    assert "proto2net convert wide.prototxt --weights wide.caffemodel --to tf" in problem


def test_weights_that_do_not_fit_are_told(page: Converter, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.prototxt"
    other.write_text(NET.replace("num_output: 1530", "num_output: 7"))
    open_files(page, other, folder / "wide.caffemodel")
    port(page)
    (problem,) = page.messages("problem")
    assert 'layer "fc"' in problem
