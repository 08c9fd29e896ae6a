"""Text of a stranger's file stays text: in emitted source, in messages and in names of files."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attacks import (
    ATTACKS,
    JOINED,
    LONG,
    PATHS,
    PAYLOAD,
    WORDS,
    assert_plain,
    assert_same_code,
    assert_same_words,
    canary,
    distinct,
    executed,
    harmless,
    network,
    quoted,
)
from google.protobuf import text_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from layer_cases import GOLDEN_NAMES, SAMPLES, case

import proto2net
from proto2net import Graph, Proto2NetError, backends
from proto2net.backends import BUILT_IN
from proto2net.caffe.schema import LINE, Message, descriptor, is_repeated, message_class
from proto2net.cli import main

PYTHON = ("numpy", "torch", "tf", "network")
NAMES = distinct(ATTACKS)
BENIGN = [harmless(name) for name in NAMES]

TINY = """name: {}
layer {{ name: "data" type: "Input" top: "data" input_param {{ shape {{ dim: 1 dim: 3 }} }} }}
layer {{ name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param {{ num_output: 4 }} }}
layer {{ name: "relu" type: "ReLU" bottom: "ip" top: "relu" }}
"""


# ---- names ----------------------------------------------------------------------------------


@cache
def hostile() -> Graph:
    with canary():
        return proto2net.parse(network(NAMES, JOINED))


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("target", PYTHON)
def test_names_are_nothing_but_names_and_strings(target: str, flat: bool) -> None:
    attacked = proto2net.convert(hostile(), to=target, flat=flat)
    benign = proto2net.convert(network(BENIGN, harmless(JOINED)), to=target, flat=flat)
    if flat or target != "network":  # whose units are where names have parts in common
        assert_same_code(attacked, benign)
    assert_same_words(attacked, benign)
    assert max(map(len, attacked.splitlines())) < (2 * len(LONG) if target == "network" else 200)


@pytest.mark.parametrize("target", ["numpy", "network"])
def test_a_file_full_of_attacks_runs_and_none_of_them_does(target: str) -> None:
    assert_plain(executed(proto2net.convert(hostile(), to=target)))


def test_a_prototxt_of_attacks_is_printable_and_says_the_same() -> None:
    text = proto2net.convert(hostile(), to="prototxt")
    assert_plain(text)
    assert proto2net.parse(text) == hostile()


def test_a_table_of_attacks_is_short_and_ascii() -> None:
    text = proto2net.convert(hostile(), to="summary")
    assert_plain(text)
    assert text.isascii()
    assert max(map(len, text.splitlines())) < 200


@pytest.mark.parametrize("target", PYTHON)
def test_a_network_can_have_any_name(target: str) -> None:
    for name in ("", JOINED, *NAMES, *WORDS):
        source = proto2net.convert(TINY.format(quoted(name)), to=target)
        assert_plain(source)
        compile(source, target, "exec")
        if target in ("numpy", "network"):
            assert "relu" in executed(source)


@pytest.mark.parametrize("target", ["numpy", "torch", "tf"])
def test_a_name_that_is_asked_for_cannot_be_code(target: str) -> None:
    for name in (
        f"x:\n    {PAYLOAD}\nclass y",
        "a b",
        "3d",
        "x(y)",
        "ｅｖａｌ",
        "x\n",
        JOINED,
        LONG + " ",
    ):
        with pytest.raises(Proto2NetError, match="is not a name"):
            proto2net.convert(TINY.format("'x'"), to=target, name=name)


@pytest.mark.parametrize("target", ["numpy", "network"])
@pytest.mark.parametrize("name", ["np", "None", "Path", "list", "InnerProduct", "relu", "load"])
def test_a_name_that_the_file_needs_itself_is_given_another_end(target: str, name: str) -> None:
    assert "relu" in executed(proto2net.convert(TINY.format("'x'"), to=target, name=name))


def holed(name: str, kind: str) -> str:
    """A network with a layer of an unknown type, whose parameters are just as strange."""
    return TINY.format("'x'") + (
        f"layer {{ name: {quoted(name)} type: {quoted(kind)} bottom: 'relu' top: {quoted(name)}\n"
        f"  python_param {{ module: {quoted(name)} layer: {quoted(kind)}\n"
        f"    param_str: {quoted(name)} }} # {' '.join(kind.split())} \n }}"
    )


@pytest.mark.parametrize("target", ["numpy", "torch", "tf"])
def test_a_layer_that_is_left_to_be_written_is_quoted_safely(target: str) -> None:
    for name in (JOINED, *NAMES[:-1]):
        for kind in (name, "Python"):
            with canary():
                options = {"holes": {name: [(1, 7)]}}
                attacked = proto2net.convert(holed(name, kind), to=target, **options)
                assert_plain(attacked)
                with contextlib.suppress(NotImplementedError):
                    if target == "numpy":
                        executed(attacked)
            other = harmless(name)
            right = holed(other, "Python" if kind == "Python" else other)
            benign = proto2net.convert(right, to=target, holes={other: [(1, 7)]})
            assert_same_code(attacked, benign)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_loading_a_strangers_file_runs_only_what_was_rendered() -> None:
    with canary():
        net = proto2net.load(hostile(), to="numpy")
        values = proto2net.blobs(net, {NAMES[0]: np.ones((1, 3, 5, 4), np.float32)})
    assert set(values) == set(NAMES)


def test_code_points_that_no_file_can_hold_are_replaced() -> None:
    graph = proto2net.parse(TINY.format(r'"\355\240\200\377"'))
    assert "\ud800" not in graph.name
    for target in BUILT_IN.keys() - {"onnx"}:  # which is no text
        assert_plain(proto2net.convert(graph, to=target))
    with contextlib.suppress(Proto2NetError):
        proto2net.parse(TINY.format('"\ud800"'))


# ---- every field of the schema --------------------------------------------------------------

Path_ = tuple[str, ...]


def text_fields(message: Descriptor, above: Path_ = (), within: Path_ = ()) -> Iterator[Path_]:
    """The way to each field of the schema that holds text."""
    for field in message.fields:
        path = (*above, field.name)
        if field.message_type is not None and field.message_type.name not in within:
            yield from text_fields(field.message_type, path, (*within, field.message_type.name))
        elif field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES):
            yield path


FIELDS = [path for path in text_fields(descriptor("NetParameter")) if not path[-1].startswith("_")]

DATA = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 6 dim: 6 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 1 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" include { phase: TEST }
        convolution_param { num_output: 2 kernel_size: 3 } }
"""
FED = """name: "fed"
layer {{ name: "data" type: "{}" top: "data" top: "label"
        transform_param {{ crop_size: 6 }} {} }}
layer {{ name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param {{ num_output: 2 }} }}
"""
BASES = {
    "data_param": FED.format("Data", "data_param { source: 'a' batch_size: 2 }"),
    "transform_param": FED.format("Data", "data_param { source: 'a' batch_size: 2 }"),
    "image_data_param": FED.format("ImageData", "image_data_param { source: 'a' batch_size: 2 }"),
    "window_data_param": FED.format(
        "WindowData", "window_data_param { source: 'a' batch_size: 2 crop_size: 6 }"
    ),
    "python_param": DATA
    + """layer { name: "py" type: "Python" bottom: "data" top: "py"
        python_param { module: "m" layer: "L" param_str: "{}" } }""",
    "infogain_loss_param": DATA
    + """layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param { num_output: 2 } }
        layer { name: "loss" type: "InfogainLoss" bottom: "ip" bottom: "label"
        infogain_loss_param { source: "a" } }""",
    "hdf5_output_param": DATA
    + """layer { name: "out" type: "HDF5Output" bottom: "data" bottom: "conv"
        hdf5_output_param { file_name: "a" } }""",
    "dummy_data_param": """layer { name: "d" type: "DummyData" top: "d" dummy_data_param {
        data_filler { type: "constant" } shape { dim: 2 dim: 3 } } }""",
    "parameter_param": """layer { name: "d" type: "Parameter" top: "d" parameter_param {
        shape { dim: 2 dim: 3 } } }""",
}


@cache
def definition(part: str) -> str:
    """A network of which a layer has this message."""
    for name in (*SAMPLES, *GOLDEN_NAMES) if part and part not in BASES else ():
        net = SAMPLES[name].net if name in SAMPLES else case(name).net.read_text()  # type: ignore[union-attr]
        if re.search(rf"\b{part} {{", str(net)):
            return str(net)
    return BASES.get(part, DATA)


def with_text(path: Path_, text: str) -> str:
    """A network with the text in this field."""
    net = message_class("NetParameter")()
    text_format.Parse(definition(path[1] if path[0] == "layer" else ""), net)
    if path[0] == "layers":
        net.layers.add(name="old", type="RELU", bottom=["conv"], top=["old"])
    at: Any = net
    for name in path[:-1]:
        at = _part(at, name, path)
    field = at.DESCRIPTOR.fields_by_name[path[-1]]
    value: str | bytes = text.encode() if field.type == FieldDescriptor.TYPE_BYTES else text
    if not is_repeated(field):
        setattr(at, path[-1], value)
    elif path[-1] in ("bottom", "input"):
        getattr(at, path[-1]).append(value)
    else:
        getattr(at, path[-1])[:] = [value]
    if "exclude" in path:
        at.phase = message_class("NetState")().phase
    assert not any(layer.HasField(LINE) for layer in net.layer)
    return text_format.MessageToString(net)


def _part(message: Message, name: str, path: Path_) -> Message:
    """The message in a field; of layers, the last that has what comes next."""
    part = getattr(message, name)
    if not is_repeated(message.DESCRIPTOR.fields_by_name[name]):
        return part
    if name == "layer" and path[1] in part[-1].DESCRIPTOR.fields_by_name:
        nested = part[-1].DESCRIPTOR.fields_by_name[path[1]]
        if nested.message_type and not is_repeated(nested):
            return next((layer for layer in part if layer.HasField(path[1])), part[-1])
    return part[-1] if part else part.add()


Outcome = tuple[str, str]
"""What went to standard output, and what to standard error."""
Run = Callable[..., Outcome]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in an empty folder; what it says must be plain."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, code: tuple[int, ...] = (0, 1)) -> Outcome:
        with canary(), pytest.raises(SystemExit) as end:
            main(arguments)
        found = capsys.readouterr()
        assert (end.value.code or 0) in code, found.err
        assert_plain(found.out + found.err)
        return found.out, found.err

    return run


GROUPS = sorted({path[:2] if path[0] == "layer" else path[:1] for path in FIELDS})


def test_the_schema_has_the_fields_that_are_attacked() -> None:
    assert len(FIELDS) > 150
    assert {("name",), ("layer", "type"), ("layer", "python_param", "param_str")} <= set(FIELDS)


@pytest.mark.parametrize("group", GROUPS, ids=".".join)
def test_text_in_any_field_stays_text(run: Run, group: Path_) -> None:
    attacked, benign = Path("attacked/net.prototxt"), Path("benign/net.prototxt")
    for file in (attacked, benign):
        file.parent.mkdir()
    for number, path in enumerate(path for path in FIELDS if path[: len(group)] == group):
        for attack in (JOINED, NAMES[(7 * number + len(path[-1])) % len(NAMES)]):
            attacked.write_text(with_text(path, attack))
            benign.write_text(with_text(path, harmless(attack)))
            passing = "--ignore-unknown-fields"
            if (
                not run("inspect", str(attacked))[0]
                and not run("inspect", passing, str(attacked))[0]
            ):
                continue  # it is refused, in words that are plain
            for target in PYTHON:
                convert = ("convert", passing, "--to", target, "-o", "-")
                (source, _), (right, _) = run(*convert, str(attacked)), run(*convert, str(benign))
                if source and right:
                    assert_same_code(source, right)
            assert run("convert", passing, str(attacked), "--to", "prototxt", "-o", "-")[0]


# ---- files ----------------------------------------------------------------------------------


@contextlib.contextmanager
def standard_input(content: bytes) -> Iterator[None]:
    """In this block file 0 holds the content."""
    before = os.dup(0)
    with open("stdin", "w+b") as file:
        file.write(content)
        file.seek(0)
        os.dup2(file.fileno(), 0)
        try:
            yield
        finally:
            os.dup2(before, 0)
            os.close(before)
            os.unlink("stdin")


def test_a_network_cannot_say_where_it_is_written(run: Run, tmp_path: Path) -> None:
    os.mkdir("here")
    os.chdir("here")
    for name in (*PATHS, *NAMES, JOINED):
        with standard_input(TINY.format(quoted(name)).encode()):
            _, said = run("convert", "-", "--to", "summary", code=(0,))
        (made,) = os.listdir()
        assert re.fullmatch(r"[a-z][a-z0-9_]*\.txt", made)
        assert said.startswith(f"wrote {made}: ")
        os.unlink(made)
    assert os.listdir(tmp_path) == ["here"]


@pytest.mark.parametrize("name", ["../x", "/x", "x.y", "a\x1b[31m", "x;y", "\u202ex", "ｘ"])
def test_a_name_that_is_asked_for_cannot_be_a_place(run: Run, name: str) -> None:
    Path("x.prototxt").write_text(TINY.format("'x'"))
    _, said = run("convert", "x.prototxt", "--to", "numpy", "--name", name, code=(2,))
    assert "is not a name" in said


def test_a_file_can_have_any_name(run: Run) -> None:
    for name in NAMES:
        if len(name) > 200 or "/" in name or "\0" in name:
            continue  # no file can
        net = f"{name}.prototxt"
        Path(net).write_text(TINY.format("''"))
        _, said = run("convert", "--to", "numpy", "--", net, code=(0,))
        # Of a file that would take a module's place it is told that it is called otherwise.
        assert re.match(
            r"(note: the file is called \w+_net\.py: .*\n)?wrote [a-z][a-z0-9_]*\.py: ", said
        )
        (made,) = Path().glob("*.py")
        benign = proto2net.convert(TINY.format(quoted(harmless(name))), to="numpy")
        assert_same_code(made.read_text(), benign)
        run("convert", "--to", "prototxt", "-o", f"./{name}.out", "--", net, code=(0,))
        assert set(os.listdir()) == {net, made.name, f"{name}.out"}
        for file in os.listdir():
            os.unlink(file)


# ---- weights --------------------------------------------------------------------------------

LEARNED = [name for name in NAMES if name != LONG]


@cache
def caffemodel() -> bytes:
    """A binary network with weights, whose every name is an attack."""
    net = message_class("NetParameter")()
    text_format.Parse(network(LEARNED, JOINED), net)
    for node, layer in zip(proto2net.parse(network(LEARNED, JOINED)).nodes, net.layer, strict=True):
        for learned in node.blobs.values():
            blob = layer.blobs.add()
            blob.shape.dim.extend(learned.shape)
            blob.data.extend([1.0] * int(np.prod(learned.shape)))
    return bytes(net.SerializeToString())


@pytest.mark.parametrize("target", [*PYTHON, "prototxt"])
def test_a_binary_file_of_attacks_is_as_harmless(run: Run, target: str, tmp_path: Path) -> None:
    Path("x.caffemodel").write_bytes(caffemodel())
    out = "y.prototxt" if target == "prototxt" else "y.py"
    suffix = backends.get(target).weights_suffix
    arguments = ("convert", "x.caffemodel", "--weights", "x.caffemodel", "--to", target)
    _, said = run(*arguments, "-o", out, code=(0,))
    assert f"wrote {out}: " in said
    text = Path(out).read_text()
    assert_plain(text)
    if target != "prototxt":
        benign = proto2net.convert(
            network([harmless(n) for n in LEARNED], harmless(JOINED)), to=target
        )
        assert len(text) > len(benign) / 2
    if target in ("numpy", "network"):
        assert_plain(executed(text))
    assert set(os.listdir()) == {"x.caffemodel", out, f"y{suffix}"}


def test_the_header_of_weights_is_ascii_and_reads_back(run: Run) -> None:
    Path("x.caffemodel").write_bytes(caffemodel())
    run("convert", "x.caffemodel", "--weights", "x.caffemodel", "--to", "network", code=(0,))
    content = Path("x.safetensors").read_bytes()
    header = content[8 : 8 + int.from_bytes(content[:8], "little")]
    assert header.isascii()
    assert_plain(header.decode())
    found = json.loads(json.loads(header)["__metadata__"]["caffe"])
    assert {name.rpartition("/")[0] for names in found.values() for name in names} <= set(LEARNED)
    with canary():
        net = proto2net.load(Path("x.caffemodel"), Path("x.safetensors"), to="numpy")
        proto2net.blobs(net, {LEARNED[0]: np.ones((1, 3, 5, 4), np.float32)})


def safetensors(metadata: dict[str, Any], **arrays: Any) -> bytes:
    """A file with this header and four bytes."""
    entries = {name: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for name in arrays}
    header = json.dumps({"__metadata__": metadata, **entries}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(4)


def test_a_strangers_header_is_told_in_plain_words(run: Run) -> None:
    Path("x.prototxt").write_text(TINY.format("'x'"))
    for attack in (JOINED, "\ud800", LONG, *NAMES[::4]):
        for metadata in (
            {"target": attack, "caffe": "{}"},
            {"target": "numpy", "caffe": attack},
            {"target": "numpy", "caffe": json.dumps({attack: [f"{attack}/0"]})},
            {attack: attack},
        ):
            for name in ("ip.weight", attack):
                Path("x.safetensors").write_bytes(safetensors(metadata, **{name: 1}))
                run(
                    "convert",
                    "x.prototxt",
                    "--to",
                    "numpy",
                    "--weights",
                    "x.safetensors",
                    code=(1,),
                )
    assert set(os.listdir()) == {"x.prototxt", "x.safetensors"}
