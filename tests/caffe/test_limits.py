"""Files that would take all time or memory are refused, as docs/limits.md says."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import caffemodels as write
import numpy as np
import pytest
from places import ROOT

import proto2net
from proto2net import Proto2NetError, backends, limits
from proto2net.caffe import caffemodel
from proto2net.weights.reading import read

ROWS = {
    name: (int(most.replace(",", "")), told)
    for name, most, told in re.findall(
        r"^\|[^|]*\| `(\w+)` \| ([\d,]+) \| (.*?) \|$",
        (ROOT / "docs" / "limits.md").read_text(),
        re.MULTILINE,
    )
}
TARGETS = ("torch", "tf", "numpy", "network")
DATA = """layer { name: "data" type: "Input" top: "data"
    input_param { shape { dim: 1 dim: 8 dim: 16 dim: 16 } } }
"""


def layer(kind: str, parameters: str = "", blobs: str = 'bottom: "data" top: "x"') -> str:
    return f'{DATA}layer {{ name: "x" type: "{kind}" {blobs} {parameters} }}'


def convert(text: str) -> Callable[[Path], object]:
    return lambda path: proto2net.parse(text)


def onnx(text: str) -> Callable[[Path], object]:
    return lambda path: backends.get("onnx").emit(proto2net.parse(text))


def weights(content: bytes) -> Callable[[Path], object]:
    def run(path: Path) -> object:
        path.write_bytes(content)
        return read(path)

    return run


def npy(pickled: bytes) -> Callable[[Path], object]:
    def run(path: Path) -> object:
        with path.open("wb") as file:
            np.save(file, np.array({}, object), allow_pickle=True)
        path.write_bytes(path.read_bytes()[:128] + pickled)
        return read(path)

    return run


def definition(path: Path) -> object:
    path.write_bytes(write.current({"x": [], "y": []}, unknown=write.length(901, bytes(100))))
    return caffemodel.definition(path, "net")


def chunks(path: Path) -> object:
    h5py = pytest.importorskip("h5py", reason="it writes HDF5")
    with h5py.File(path.with_name("rows.h5"), "w") as file:
        file.create_dataset("data", (40, 2), "f4", chunks=(20, 2))
    path.with_name("list.txt").write_text("rows.h5")
    layer = 'type: "HDF5Data" top: "data" hdf5_data_param { source: "list.txt" batch_size: 1 }'
    return proto2net.batches(f'layer {{ name: "data" {layer} }}', root=path.parent)


def batches(text: str) -> Callable[[Path], object]:
    return lambda path: proto2net.batches(text)


def ignoring(path: Path) -> object:
    return proto2net.parse(DATA + "a: 1 b: 2 c: 3 d: 4", ignore_unknown_fields=True)


FIVE_TIMES = 'bottom: "data" ' * 5 + 'top: "x"'
MANY: dict[str, tuple[int, Callable[[Path], object]]] = {
    "TEXT_BYTES": (50, convert(DATA)),
    "DEFINITION_BYTES": (50, definition),
    "LAYERS": (2, convert(DATA * 3)),
    "STRING": (100, convert(f'name: "{"a" * 101}" {{')),
    "MESSAGES": (3, convert(DATA + DATA)),
    "BLOBS": (4, convert(layer("Concat", "", FIVE_TIMES))),
    "TERMS": (4, convert(layer("Eltwise", "", FIVE_TIMES))),
    "VALUES": (3, convert(layer("Slice", "slice_param { slice_point: [1, 2, 3, 4] }"))),
    "BOXES": (
        2,
        convert(
            layer(
                "PriorBox",
                "prior_box_param { min_size: 1 aspect_ratio: [2, 3, 4] }",
                'bottom: "data" bottom: "data" top: "x"',
            )
        ),
    ),
    "STEPS": (
        3,
        onnx(
            'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: [4, 2, 3] } } }'
            'layer { name: "c" type: "Input" top: "c" input_param { shape { dim: [4, 2] } } }'
            'layer { name: "l" type: "LSTM" bottom: "x" bottom: "c" top: "y"'
            "    recurrent_param { num_output: 5 } }"
        ),
    ),
    "CONSTANT": (
        79,
        onnx(
            layer("ResizeBilinear", 'resize_bilinear_param { data_format: "NCHW" output_width: 5 }')
        ),
    ),
    "PARAM_STR_DEPTH": (
        10,
        convert(
            layer(
                "Python",
                'python_param { module: "rpn.proposal_layer" layer: "ProposalLayer" '
                f'param_str: "scales: {"[" * 4000}" }}',
                'bottom: "data" bottom: "data" bottom: "data" top: "x"',
            )
        ),
    ),
    "DEPTH": (100, convert("a " + "{" * 100_000)),
    "SKIPPED": (3, ignoring),
    "PROBLEMS": (3, convert("a: 1 b: 2 c: 3 d: 4 {")),
    "ARRAYS": (100, weights(write.current({"x": [b""] * 101}))),
    "FIELDS": (50, weights(write.current({"x": []}) + write.number(901, 1) * 60)),
    "PICKLE_STEPS": (1000, npy(b"(" * 2000)),
    "BATCH": (
        6,
        batches('layer { name: "d" type: "Data" top: "d" data_param { batch_size: 7 } }'),
    ),
    "LOADED": (30, chunks),
    "HEADER_BYTES": (100, weights((101).to_bytes(8, "little") + b"{" + bytes(100))),
}


def test_the_document_has_every_limit() -> None:
    hints = {"HINTED_NAME", "HINTED_NAMES"}
    limited = {name: value for name, value in vars(limits).items() if name.isupper()}
    assert {name: most for name, (most, _) in ROWS.items()} == {
        name: value for name, value in limited.items() if name not in hints
    }
    text = (ROOT / "docs" / "limits.md").read_text()
    assert f"{limits.HINTED_NAME} characters with at most\n{limits.HINTED_NAMES} others" in text
    assert set(MANY) == set(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_what_is_beyond_a_limit_is_told_as_in_the_document(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most, run = MANY[name]
    monkeypatch.setattr(limits, name, most)
    told = re.escape(ROWS[name][1]).replace("…", "[0-9,]+").replace(r";\ hint:", "\n  hint:")
    with pytest.raises(Proto2NetError, match=re.sub(r"\bN\b", f"{most:,}", told)):
        run(tmp_path / "net.weights")


# ---- files ----------------------------------------------------------------------------------


def test_a_text_of_2_gb_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "net.prototxt"
    with path.open("wb") as file:
        file.write(b"name: a")
        file.truncate(2**31)  # a hole: it takes no place
    start = time.perf_counter()
    with pytest.raises(Proto2NetError, match=r"net\.prototxt: this is too long for a definition"):
        proto2net.parse(path)
    assert time.perf_counter() - start < 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
@pytest.mark.parametrize("what", ["pipe", "folder", "device"])
def test_weights_are_read_from_plain_files_only(what: str, tmp_path: Path) -> None:
    path = Path("/dev/zero") if what == "device" else tmp_path / what
    if what == "pipe":
        os.mkfifo(path)
    if what == "folder":
        path.mkdir()
    with pytest.raises(Proto2NetError, match=f"{path}: this is not a plain file"):
        read(path)


def test_a_device_without_an_end_is_no_definition() -> None:
    with pytest.raises(Proto2NetError, match="/dev/zero"):
        proto2net.parse(Path("/dev/zero"))


def parts(field: str, number: int) -> str:
    """A field that is given so many times, with names."""
    return " ".join(f'{field}: "t{index}"' for index in range(number))


# ---- texts ----------------------------------------------------------------------------------

LONG = 2**20
TEXTS = {
    "open brackets": "layer { " + "{" * LONG,
    "open lists": "a: " + "[" * LONG,
    "quotes that are no end": '"\\"' * LONG,
    "an endless string": 'name: "' + '\\"' * LONG,
    "strings in a row": "name: " + '""' * LONG,
    "comments only": "#\n" * LONG,
    "a solver of empty lines": "base_lr: 1" + "\n" * LONG,
    "a number of a million digits": "input_dim: " + "9" * LONG + "\n",
    "a million sizes": layer("Input", f"input_param {{ shape {{ {'dim: 9 ' * 99999} }} }}"),
    "sizes of 2^63": layer("Reshape", f"reshape_param {{ shape {{ dim: {[2**63 - 1] * 9000} }} }}"),
    "many parameters": layer("ReLU", "param {}" * (LONG // 8)),
    "unknown bottoms": layer("Concat", "", "".join(f'bottom: "d{i}" ' for i in range(9999))),
    "unknown types": "".join(f'layer {{ type: "Reloo{i}" }}\n' for i in range(5000)),
    "unknown bottoms of many layers": DATA
    + "".join(f'layer {{ type: "ReLU" bottom: "d{i}" top: "x{i}" }}\n' for i in range(3000)),
    "a solver of a path too long": f'net: "{"a" * 5000}"\nbase_lr: 1\n',
    "a solver of a device": 'net: "/dev/zero"\nbase_lr: 1\n',
    "a pyramid": layer("SPP", "spp_param { pyramid_height: 4294967295 }"),
    "a kernel": layer("Pooling", "pooling_param { kernel_size: 4294967295 pad: 4294967294 }"),
    "a stride": layer(
        "Deconvolution", "convolution_param { num_output: 1 kernel_size: 2 stride: 4294967295 }"
    ),
    "a dilation": layer(
        "Convolution", "convolution_param { num_output: 1 kernel_size: 9 dilation: 4294967295 }"
    ),
    "groups": layer("Convolution", "convolution_param { num_output: 8 kernel_size: 1 group: 9 }"),
    "tiles": layer("Tile", "tile_param { tiles: 2147483647 }"),
    "a learned blob": layer("InnerProduct", "inner_product_param { num_output: 2147483647 }"),
    "an upsampling": layer("Upsample", "upsample_param { scale: 2147483647 }"),
    "an interpolation": layer("Interp", "interp_param { zoom_factor: 2147483647 }"),
    "boxes": layer(
        "YoloDetectionOutput", "yolo_detection_output_param { num_classes: 1 num_box: 2147483647 }"
    ),
    **{
        f"anchors of {said}": layer(
            "Python",
            'python_param { module: "rpn.proposal_layer" layer: "ProposalLayer" '
            f"param_str: \"{{'feat_stride': 16, {said}}}\" }}",
            'bottom: "data" bottom: "data" bottom: "data" top: "x"',
        )
        for said in ("'ratios': [1e999]", "'ratios': [1e-320]", "'scales': [nan]")
    },
    "a stride that is no number": layer(
        "Python",
        'python_param { module: "rpn.proposal_layer" layer: "ProposalLayer" '
        'param_str: "feat_stride: 1e999" }',
        'bottom: "data" bottom: "data" bottom: "data" top: "x"',
    ),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_that_is_all_of_one_kind_is_refused_at_once(text: str) -> None:
    start = time.process_time()
    with pytest.raises(Proto2NetError) as error:
        proto2net.parse(text if "\n" in text else f"{text}\n")
    assert time.process_time() - start < 5
    assert len(str(error.value)) < 50_000


@pytest.mark.parametrize("field", ["stride", "pad", "kernel_size"])
def test_a_window_of_numbers_that_no_int_holds_is_refused(field: str) -> None:
    others = "" if field == "kernel_size" else "kernel_size: 3 "
    text = layer("Pooling", f"pooling_param {{ {others}{field}: 4294967295 }}")
    with pytest.raises(Proto2NetError, match="is 4294967295; Caffe's limit is 2147483647"):
        proto2net.parse(text)


def test_half_a_character_is_read_as_a_question_mark() -> None:
    assert proto2net.parse(f'name: "a\ud800" {layer("ReLU")}').name == "a?"


# ---- large networks -------------------------------------------------------------------------


def resnet(layers: int) -> str:
    """Blocks of a convolution, its statistics, a ReLU and a sum with what came in."""
    lines, last = [DATA], "data"
    for i in range(layers // 5):
        lines.append(f"""
            layer {{ name: "c{i}" type: "Convolution" bottom: "{last}" top: "c{i}"
                convolution_param {{ num_output: 8 kernel_size: 3 pad: 1 bias_term: false }} }}
            layer {{ name: "b{i}" type: "BatchNorm" bottom: "c{i}" top: "c{i}" }}
            layer {{ name: "s{i}" type: "Scale" bottom: "c{i}" top: "c{i}"
                scale_param {{ bias_term: true }} }}
            layer {{ name: "r{i}" type: "ReLU" bottom: "c{i}" top: "c{i}" }}
            layer {{ name: "e{i}" type: "Eltwise" bottom: "c{i}" bottom: "{last}" top: "e{i}" }}""")
        last = f"e{i}"
    return "\n".join(lines)


def each(line: str) -> Callable[[int], str]:
    return lambda layers: DATA + "\n".join(line.format(i=i, last=i - 1) for i in range(layers))


SHAPES: dict[str, Callable[[int], str]] = {
    "a chain in place": each('layer {{ name: "r{i}" type: "TanH" bottom: "data" top: "data" }}'),
    "a chain": lambda n: (
        f'{DATA}layer {{ name: "a" type: "ReLU" bottom: "data" top: "t-1" }}'
        + each('layer {{ name: "r{i}" type: "TanH" bottom: "t{last}" top: "t{i}" }}')(n)[
            len(DATA) :
        ]
    ),
    "readers of one blob": each('layer {{ name: "{i}" type: "TanH" bottom: "data" top: "t{i}" }}'),
    "names that differ in signs": each(
        'layer {{ name: "x" type: "TanH" bottom: "data" top: "\\{i:05o}" }}'.replace("\\", "é" * 9)
    ),
    "outputs that are scaled": each(
        'layer {{ name: "n{i}" type: "BatchNorm" bottom: "data" top: "t{i}" '
        "batch_norm_param {{ scale_bias: true }} }}"
    ),
    "inputs": each(
        'layer {{ name: "d{i}" type: "Input" top: "d{i}" input_param {{ shape {{ dim: 2 }} }} }}'
        'layer {{ name: "r{i}" type: "ReLU" bottom: "d{i}" top: "d{i}" }}'
    ),
    "parts of a slice": lambda n: (
        DATA.replace("dim: 8", f"dim: {n}")
        + f'layer {{ name: "s" type: "Slice" bottom: "data" {parts("top", n)} }}'
        + f'layer {{ name: "c" type: "Concat" top: "c" {parts("bottom", n)} }}'
    ),
}


def emitted(text: str, *targets: str) -> float:
    """The processor's seconds for parsing a text and printing the sources, which are Python."""
    start = time.process_time()
    graph = proto2net.parse(text)
    for target in targets:
        compile(backends.get(target).emit(graph).source, target, "exec", dont_inherit=True)
    return time.process_time() - start


@pytest.mark.parametrize("target", TARGETS)
def test_a_network_of_10_000_layers_is_converted(target: str) -> None:
    assert sys.getrecursionlimit() <= 1000
    assert emitted(resnet(10_000), target) < 30


@pytest.mark.parametrize("shape", SHAPES)
def test_the_time_grows_as_the_layers_do(shape: str) -> None:
    def growth() -> float:
        small, large = (emitted(SHAPES[shape](n), *TARGETS) for n in (500, 2000))
        return large / small

    # Four times the layers; were it quadratic, 16. A second time only if the first was disturbed.
    assert growth() < 9 or growth() < 9


@pytest.mark.parametrize("operation", ["SUM", "PROD", "MAX"])
def test_python_reads_the_longest_sum(operation: str) -> None:
    blobs = 'bottom: "data" ' * limits.TERMS + 'top: "x"'
    emitted(layer("Eltwise", f"eltwise_param {{ operation: {operation} }}", blobs), *TARGETS)
