"""The command line: what it writes and says, how it ends, and what it leaves behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy
import pytest
from digests import MODELS
from places import ROOT

import proto2net
from proto2net.backends import BUILT_IN
from proto2net.cli import main
from proto2net.layers import LAYERS

NIN = str(MODELS / "nin.prototxt")
PROTO2NET = [sys.executable, "-m", "proto2net"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}

NET = """name: "tiny"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 9 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 5 kernel_size: 3 } }
layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
        inner_product_param { num_output: 4 } }
"""


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in an empty folder that has nothing but tiny.prototxt."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.prototxt").write_text(NET)

    def run(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as end:
            main(arguments)
        out, err = capsys.readouterr()
        return Ran(int(end.value.code or 0), out, err)

    return run


def process(
    *arguments: str, stdin: str | bytes = b"", cwd: Path = ROOT, stdout: int = subprocess.PIPE
) -> Ran:
    """A command in a process of its own."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        [*PROTO2NET, *arguments],
        input=given,
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=ENVIRONMENT,
        check=False,
        timeout=60,
    )
    return Ran(done.returncode, (done.stdout or b"").decode(), done.stderr.decode())


def files() -> set[str]:
    """All that is in the folder, hidden files too."""
    return set(os.listdir())


# Writing


def test_convert_writes_a_file_named_after_the_net_and_says_so(run: Run) -> None:
    beside = MODELS / "nin_train_val.prototxt"
    assert run("convert", NIN, "--to", "torch") == Ran(
        0,
        "",
        "wrote nin.py: NinImageNet, 7,595,176 parameters\n"
        f"note: --transform-from {beside} would prepare images as in the training\n",
    )
    assert Path("nin.py").read_text() == proto2net.convert(NIN, to="torch")


@pytest.mark.parametrize(
    ("net", "target", "file"),
    [
        ("squeezenet_v1.1.prototxt", "torch", "squeezenet_v1_1.py"),
        ("3D-Net.prototxt", "torch", "net_3d_net.py"),
        ("class.prototxt", "torch", "class_.py"),
        ("tiny", "prototxt", "tiny.prototxt"),
        ("Old Net.txt", "prototxt", "old_net.prototxt"),
        ("Tiny.prototxt", "summary", "tiny.txt"),
    ],
)
def test_the_file_has_a_name_that_python_can_import(
    run: Run, net: str, target: str, file: str
) -> None:
    Path("tiny.prototxt").rename("elsewhere") if net != "tiny" else Path("tiny.prototxt").unlink()
    Path(net).write_text(NET)
    assert run("convert", net, "--to", target).err.startswith(f"wrote {file}: ")
    assert file in files()


def test_standard_input_is_named_after_the_network(tmp_path: Path) -> None:
    ran = process("convert", "-", "--to", "torch", stdin=NET, cwd=tmp_path)
    assert ran == Ran(0, "", "wrote tiny.py: Tiny, 984 parameters\n")
    assert [file.name for file in tmp_path.iterdir()] == ["tiny.py"]


@pytest.mark.parametrize("target", ["torch", "prototxt", "summary"])
def test_a_dash_prints_what_would_be_written(run: Run, target: str) -> None:
    before = files()
    source = proto2net.convert("tiny.prototxt", to=target)
    assert run("convert", "tiny.prototxt", "--to", target, "-o", "-") == Ran(0, source, "")
    assert files() == before


def test_printed_text_has_the_bytes_of_the_file_whatever_the_terminals_encoding() -> None:
    net = NET.replace('"tiny"', '"naïve"')
    ran = subprocess.run(
        [*PROTO2NET, "convert", "-", "--to", "prototxt", "-o", "-"],
        input=net.encode(),
        capture_output=True,
        env=ENVIRONMENT | {"PYTHONIOENCODING": "ascii"},
        check=True,
    )
    assert ran.stdout.decode() == proto2net.convert(net, to="prototxt")


def test_an_old_definition_is_brought_to_the_current_format(run: Run) -> None:
    old = ROOT / "tests" / "golden" / "legacy" / "v1_classic" / "net.prototxt"
    ran = run("convert", str(old), "--to", "prototxt", "-o", "new.prototxt")
    notes, wrote = ran.err.splitlines()[:-1], ran.err.splitlines()[-1]
    assert notes[:2] == [
        "note: upgraded 9 layers from the V1 format",
        'note: made an Input layer of the input fields "data"',
    ]
    assert wrote.startswith("wrote new.prototxt: v1")
    assert "\nlayer {\n" in Path("new.prototxt").read_text()


def test_an_existing_file_is_kept_unless_forced(run: Run) -> None:
    Path("nin.py").write_text("mine")
    ran = run("convert", NIN, "--to", "torch")
    assert ran.code == 1
    assert "nin.py exists" in ran.err
    assert "--force" in ran.err
    assert Path("nin.py").read_text() == "mine"
    assert run("convert", NIN, "--to", "torch", "--force").code == 0
    assert "class NinImageNet" in Path("nin.py").read_text()


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_new_file_has_the_usual_mode(run: Run, umask: int) -> None:
    before = os.umask(umask)
    try:
        run("convert", "tiny.prototxt", "--to", "torch")
    finally:
        os.umask(before)
    assert Path("tiny.py").stat().st_mode & 0o777 == 0o666 & ~umask


def test_a_replaced_file_keeps_its_mode_and_a_link_stays_a_link(run: Run) -> None:
    Path("folder").mkdir()
    target, link = Path("folder/real.py"), Path("tiny.py")
    target.write_text("mine")
    target.chmod(0o750)
    link.symlink_to(target)
    assert run("convert", "tiny.prototxt", "--to", "torch", "--force").code == 0
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o750
    assert "class Tiny" in target.read_text()
    assert os.listdir("folder") == ["real.py"]


def test_a_device_is_written_to_and_not_replaced(run: Run) -> None:
    assert run("convert", "tiny.prototxt", "--to", "torch", "-o", os.devnull).code == 0
    assert Path(os.devnull).is_char_device()


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
def test_a_write_that_fails_leaves_nothing_behind(
    run: Run, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    Path("tiny.py").write_text("mine")
    before = files()
    monkeypatch.setattr(step, full)
    ran = run("convert", "tiny.prototxt", "--to", "torch", "--force")
    assert ran.code == 1
    assert ran.err.startswith("cannot write tiny.py: No space left on device\n")
    assert files() == before
    assert Path("tiny.py").read_text() == "mine"


@pytest.mark.parametrize(
    ("out", "problem"),
    [
        ("missing/tiny.py", "cannot write missing/tiny.py: No such file or directory"),
        ("tiny.prototxt/tiny.py", "cannot write tiny.prototxt/tiny.py: Not a directory"),
        (".", ". is a folder"),
    ],
)
def test_a_place_that_cannot_be_written_is_one_line(run: Run, out: str, problem: str) -> None:
    before = files()
    ran = run("convert", "tiny.prototxt", "--to", "torch", "-o", out)
    assert ran.code == 1
    assert ran.err.splitlines()[0] == problem
    assert ran.err.endswith("1 problem; nothing was written\n")
    assert files() == before


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root can write anywhere")
def test_a_write_protected_folder_is_one_line(run: Run) -> None:
    Path("folder").mkdir(mode=0o500)
    ran = run("convert", "tiny.prototxt", "--to", "torch", "-o", "folder/tiny.py")
    assert ran.err.splitlines()[0] == "cannot write folder/tiny.py: Permission denied"


# Options


def test_the_class_can_be_named(run: Run) -> None:
    ran = run("convert", "tiny.prototxt", "--to", "torch", "--name", "Mine")
    assert ran.err == "wrote tiny.py: Mine, 984 parameters\n"
    assert "class Mine(" in Path("tiny.py").read_text()


@pytest.mark.parametrize("dims", ["7,3,11,10", "7x3x11x10", "7, 3, 11, 10", "7 x 3 x 11 x 10"])
def test_an_input_can_be_given_a_shape(run: Run, dims: str) -> None:
    out = run("inspect", "tiny.prototxt", "--input", f"data={dims}").out
    assert "7 x 5 x 9 x 8" in out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ("inspect", "--input", "data=1,3,9,9", "--input", "data=2,3,9,9"),
            '"data" is given 2 times',
        ),
        (
            ("inspect", "--input", "3,9", "--input", "4,9"),
            "a shape without a name is given 2 times",
        ),
        (("survey", "--shape", "data=1,3,9,9"), "'data=1,3,9,9' is not DIMS"),
    ],
)
def test_shapes_that_contradict_are_refused(run: Run, options: tuple[str, ...], told: str) -> None:
    ran = run(options[0], "tiny.prototxt", *options[1:])
    assert ran.code == 2
    assert told in ran.err


def test_a_network_can_end_at_a_blob(run: Run) -> None:
    out = run("convert", "tiny.prototxt", "--to", "prototxt", "-o", "-", "--output", "conv").out
    assert 'name: "conv"' in out
    assert 'name: "ip"' not in out


def test_phase_level_and_stages_choose_layers(run: Run) -> None:
    rules = ("phase: TRAIN", "min_level: 2", 'stage: "a" stage: "b"')
    for name, rule in zip("xyz", rules, strict=True):
        layer = 'layer {{ name: "{0}" type: "ReLU" bottom: "ip" top: "{0}" include {{ {1} }} }}\n'
        with Path("tiny.prototxt").open("a") as file:
            file.write(layer.format(name, rule))

    def chosen(*options: str) -> str:
        rows = run("inspect", "tiny.prototxt", *options).out
        return "".join(re.findall(r"^([xyz]) ", rows, re.MULTILINE))

    assert chosen() == ""
    assert chosen("--phase", "train") == "x"
    assert chosen("--level", "2") == "y"
    assert chosen("--stage", "a") == ""
    assert chosen("--stage", "a", "--stage", "b") == "z"


@pytest.mark.parametrize(
    "wrong",
    [
        ["--name", "import"],
        ["--name", "3d"],
        ["--name", "a-b"],
        ["--name", ""],
        ["--input", "data"],
        ["--input", "=1,3"],
        ["--input", "data="],
        ["--input", "data=1,,3"],
        ["--input", "data=1,-3"],
        ["--input", "data=1,3,"],
        ["--input", "data=" + "9" * 5000],
        ["--input", "data=1,3,anyway"],
        ["--holes", "rois=any,5"],
        ["--level", "99999999999"],
        ["--level", "high"],
        ["--stage", "\udcff"],
        ["--phase", "testing"],
        ["--to", "tensorflw"],
        ["--frce"],
    ],
    ids=lambda wrong: " ".join(wrong)[:20].encode("ascii", "replace").decode(),
)
def test_wrong_usage_is_told_by_code_2(run: Run, wrong: list[str]) -> None:
    before = files()
    ran = run("convert", "tiny.prototxt", "--to", "torch", *wrong)
    assert ran.code == 2
    assert wrong[0] in ran.err
    assert ran.out == ""
    assert files() == before


def test_a_misspelt_target_is_answered_by_the_closest_one(run: Run) -> None:
    assert 'did you mean "torch"?' in run("convert", NIN, "--to", "torhc").err


def test_a_target_that_cannot_be_imported_is_a_line(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BUILT_IN, "jax", "proto2net.backends.jax:backend")
    ran = run("convert", NIN, "--to", "jax")
    assert ran.code == 2
    assert 'the target "jax" cannot be loaded: No module named' in ran.err


def test_a_target_is_needed(run: Run) -> None:
    assert run("convert", NIN).code == 2


def test_weights_that_are_not_there_write_nothing(run: Run) -> None:
    ran = run("convert", "tiny.prototxt", "--to", "torch", "--weights", "tiny.caffemodel")
    assert ran.code == 1
    assert ran.err.splitlines() == [
        "tiny.caffemodel: No such file or directory",
        "1 problem; nothing was written",
    ]
    assert files() == {"tiny.prototxt"}


# Saying what happened


def test_what_was_left_out_and_assumed_is_told(run: Run) -> None:
    definition = """
    layer { name: "d" type: "Data" top: "data" top: "label" data_param { batch_size: 2 }
            transform_param { crop_size: 9 } }
    layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
            inner_product_param { num_output: 4 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" }
    """
    Path("old.prototxt").write_text(definition)
    ran = run("inspect", "old.prototxt")
    assert ran.code == 0
    assert ran.err.splitlines() == [
        'note: layer "loss" (SoftmaxWithLoss) became its Softmax',
        'note: old.prototxt:2: layer "d" (Data): 3 channels assumed: the file does not say',
    ]


def test_all_problems_are_told_and_counted(run: Run) -> None:
    text = NET.replace('"Convolution"', '"Convolutoin"').replace('"InnerProduct"', '"Dense"')
    Path("tiny.prototxt").write_text(text)
    ran = run("convert", "tiny.prototxt", "--to", "torch")
    assert ran == Ran(
        1,
        "",
        'tiny.prototxt:4: layer "conv" (Convolutoin): unknown layer type "Convolutoin"\n'
        '  hint: did you mean "Convolution"?\n'
        'tiny.prototxt:6: layer "ip" (Dense): unknown layer type "Dense"\n'
        "  hint: --layers FILE.py declares it, --holes NAME=DIMS leaves it for you to write\n"
        "2 problems; nothing was written\n"
        "`proto2net report NET` writes what to attach to an issue, without your weights\n",
    )


def test_names_cannot_steer_the_terminal(run: Run) -> None:
    evil = r"\033]0;owned\007\r\n\302\233\342\200\256"
    texts = [
        NET.replace('"tiny"', f'"{evil}"').replace('"conv"', f'"{evil}"'),
        NET.replace('"Convolution"', f'"{evil}"'),
        NET.replace('bottom: "conv"', f'bottom: "{evil}"'),
        NET.replace("num_output: 4", f"num_output: 4 {chr(27)}[31m: 1"),
        NET.replace('"tiny"', f'"{evil}"').replace("layer", "layers").replace('"Input"', "DATA"),
    ]
    for text in texts:
        Path("tiny.prototxt").write_text(text)
        texts_of = (["convert", "-o", "-", "--to", to] for to in BUILT_IN if to != "onnx")
        for arguments in (["inspect"], *texts_of):
            ran = run(*arguments, "tiny.prototxt")
            assert ran.code in (0, 1)
            assert all(c.isprintable() or c == "\n" for c in ran.out + ran.err)


def test_a_file_name_cannot_steer_the_terminal(run: Run) -> None:
    evil = "\x1b[31m\udcff.prototxt"
    assert run("inspect", evil).err.startswith(r"\x1b[31m\udcff.prototxt: No such file")
    ran = run("convert", "tiny.prototxt", "--to", "torch", "-o", evil)
    assert ran.err.startswith(r"wrote \x1b[31m\udcff.prototxt: Tiny")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "net: No such file or directory"),
        (b"", "net:1: the network has no layers in the test phase"),
        (b"\n# nothing\n", "net:1: the network has no layers in the test phase"),
        (b"{}", "net:1: expected the name of a field"),
    ],
    ids=["missing", "empty", "comment", "json"],
)
def test_what_is_no_definition_is_told_in_a_line(
    run: Run, content: bytes | None, problem: str
) -> None:
    if content is not None:
        Path("net").write_bytes(content)
    ran = run("inspect", "net")
    assert ran.code == 1
    assert ran.err.startswith(problem)
    assert ran.err.endswith("\n1 problem; nothing was written\n")
    assert ran.err.count("\n") == 2


def test_a_folder_is_no_definition(run: Run) -> None:
    assert run("inspect", ".").err.startswith(".: Is a directory\n1 problem")


def test_a_byte_order_mark_and_latin_1_comments_are_read(run: Run) -> None:
    Path("tiny.prototxt").write_bytes(b"\xef\xbb\xbf# r\xe9seau\n" + NET.encode())
    assert run("inspect", "tiny.prototxt").code == 0


@pytest.mark.parametrize("text", ["", "hello", 'name: "x"', NET.replace("}", "")])
def test_standard_input_is_called_so_in_messages(text: str) -> None:
    ran = process("inspect", "-", stdin=text)
    assert ran.code == 1
    assert ran.err.startswith("<stdin>:")
    assert ran.err.endswith("; nothing was written\n")


# The other commands


def test_inspect_prints_the_table(run: Run) -> None:
    assert run("inspect", "tiny.prototxt") == Ran(0, f"{proto2net.parse(NET)}\n", "")


def test_inspect_says_what_comes_out(run: Run) -> None:
    (line,) = run("inspect", str(MODELS / "lenet.prototxt")).out.splitlines()[-1:]
    assert line == "output         prob: probabilities of 10 classes"


def test_inspect_sums_up_blocks_unless_it_is_to_be_flat(run: Run) -> None:
    net = str(MODELS / "googlenet.prototxt")
    lines = run("inspect", net).out.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("inception_3a "))
    found = [line.split() for line in lines[start : start + 15]]
    assert found[0][1:-2] == "Inception 10 x 256 x 28 x 28".split()
    assert all(line.startswith("  inception_3a/") for line in lines[start + 1 : start + 15])
    for column in (-2, -1):
        total, *parts = (int(row[column].replace(",", "")) for row in found)
        assert total == sum(parts) > 0
    assert lines[start + 15].startswith("inception_3b ")
    assert run("inspect", net, "--flat").out.startswith(f"{proto2net.parse(net)}\noutput ")


def test_layers_lists_every_type_and_target(run: Run) -> None:
    ran = run("layers")
    assert ran.code == 0
    words = ran.out.split()
    assert set(LAYERS) | {"torch", "tf"} <= set(words)


def test_version_and_help(run: Run) -> None:
    assert run("--version").out == f"proto2net {proto2net.__version__}\n"
    for command in ([], ["convert"], ["inspect"], ["layers"]):
        ran = run(*command, "--help")
        assert ran.code == 0
        assert ran.out.startswith("Usage: proto2net")
    assert "_PROTO2NET_COMPLETE=bash_source" in run("--help").out


def test_the_shell_completes_targets() -> None:
    done = subprocess.run(
        PROTO2NET,
        env=ENVIRONMENT
        | {
            "_PROTO2NET_COMPLETE": "bash_complete",
            "COMP_WORDS": "proto2net convert --to t",
            "COMP_CWORD": "3",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "plain,torch\nplain,tf\n"


# The process


@pytest.mark.parametrize("target", ["torch", "tf", "prototxt", "summary"])
def test_converting_imports_no_framework(target: str) -> None:
    code = f"""
import sys
from proto2net.cli import main
try:
    main(["convert", {NIN!r}, "--to", {target!r}, "-o", "-"])
finally:
    print(*sorted({{name.split(".")[0] for name in sys.modules}}), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert "proto2net" in loaded
    assert not loaded & {"torch", "tensorflow", "keras", "numpy", "rich", "safetensors"}


def test_a_reader_that_goes_away_is_no_problem() -> None:
    command = [*PROTO2NET, "convert", NIN, "--to", "torch", "-o", "-"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
    ) as running:
        assert running.stdout
        assert running.stderr
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_line() -> None:
    with open("/dev/full", "wb") as full:
        ran = process("inspect", NIN, stdout=full.fileno())
    assert ran == Ran(
        1, "", "standard output: No space left on device\n1 problem; nothing was written\n"
    )


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
def test_ctrl_c_ends_quietly() -> None:
    reading, writing = os.pipe()
    with subprocess.Popen(
        [*PROTO2NET, "inspect", f"/dev/fd/{reading}"],
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        pass_fds=[reading],
    ) as running:
        os.write(writing, b"# more than a pipe holds\n" * 5000)  # so that it has begun now
        time.sleep(1)  # it waits for more
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 130
        os.close(reading)
        os.close(writing)
        assert running.stderr
        assert running.stderr.read().strip() == b""


# What is no file, and what is an input


@pytest.mark.skipif(os.name != "posix", reason="pipes are POSIX")
@pytest.mark.parametrize(
    "command",
    [
        "inspect pipe",
        "convert tiny.prototxt --to torch --weights pipe",
        "verify tiny.prototxt --to numpy --image pipe",
        "inspect tiny.prototxt --layers pipe.py",
        "time pipe.py:Net --to numpy",
        "survey pipe",
        "inspect /dev/zero",
    ],
)
def test_a_pipe_or_a_device_is_not_waited_for(run: Run, command: str) -> None:
    os.mkfifo("pipe")
    os.mkfifo("pipe.py")
    ran = run(*command.split())
    if "survey" in command:
        assert "this is a device or a pipe, and no plain file" in ran.out
    else:
        assert ran.code == 1
        assert re.search("this is (a device or a pipe, and no|not a) plain file", ran.err)


@pytest.mark.skipif(os.name != "posix", reason="pipes are POSIX")
def test_a_pipe_of_the_shell_is_read() -> None:
    done = subprocess.run(
        ["/bin/bash", "-c", f'"{sys.executable}" -m proto2net inspect <(cat "{NIN}")'],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "nin_imagenet" in done.stdout


def test_an_endless_standard_input_is_told() -> None:
    ran = process("inspect", "-", stdin=b"# no end\n" * 2_000_000)
    assert ran.err.startswith("<stdin>: this is too long for a definition\n")


@pytest.mark.parametrize("header", ["10995116277760", "99999999999999999999999"])
def test_an_image_that_claims_more_than_it_has_is_told(run: Run, header: str) -> None:
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({header},), }}"
    start = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()
    Path("image.npy").write_bytes(start + bytes(100))
    ran = run("verify", "tiny.prototxt", "--to", "numpy", "--image", "image.npy")
    assert ran.code == 1
    assert ran.err.startswith("image.npy: this is no .npy file of numbers\n")


def test_a_name_that_is_too_long_is_told(run: Run) -> None:
    ran = run("convert", "tiny.prototxt", "--to", "torch", "-o", "x" * 300 + ".py")
    assert ran.code == 1
    assert "File name too long\n" in ran.err


@pytest.mark.parametrize("name", ["numpy", "torch", "json", "random", "math", "keras", "click"])
def test_what_is_written_takes_no_modules_place(run: Run, name: str) -> None:
    Path("tiny.prototxt").rename(f"{name}.prototxt")
    ran = run("convert", f"{name}.prototxt", "--to", "torch")
    assert ran.code == 0
    assert (
        f"note: the file is called {name}_net.py: Python would import {name}.py instead of"
        in ran.err
    )
    assert f"wrote {name}_net.py" in ran.err
    assert not Path(f"{name}.py").exists()
    ran = run("convert", f"{name}.prototxt", "--to", "numpy", "-o", f"{name}.py", "--force")
    assert ran.code == 1
    assert f"Python would import {name}.py in the place of the module {name}\n" in ran.err
    assert f"  hint: call it {name}_net.py\n" in ran.err
    assert not Path(f"{name}.py").exists()


def test_other_files_may_be_called_as_modules_are(run: Run) -> None:
    Path("tiny.prototxt").rename("numpy.prototxt")
    assert run("convert", "numpy.prototxt", "--to", "summary").code == 0
    assert run("convert", "numpy.prototxt", "--to", "prototxt", "-o", "new/numpy.prototxt").code
    assert run("convert", "numpy.prototxt", "--to", "torch", "-o", "numpy-1.py").code == 0
    assert Path("numpy.txt").exists()


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("convert tiny.prototxt --to prototxt -o tiny.prototxt", "tiny.prototxt"),
        ("convert tiny.prototxt --to prototxt -o ./link", "link"),
        ("convert solver.prototxt --to prototxt -o tiny.prototxt", "tiny.prototxt"),
        ("convert solver.prototxt --to prototxt -o solver.prototxt", "solver.prototxt"),
        ("convert tiny.prototxt --to torch --layers own.py -o own.py", "own.py"),
        ("convert p.prototxt --to torch --weights x.safetensors -o x.py", "x.safetensors"),
        ("convert p.prototxt --to torch --weights x.safetensors -o x.safetensors", ""),
        ("convert mean.prototxt --to torch -o mean.binaryproto", "mean.binaryproto"),
    ],
)
def test_force_replaces_no_input(run: Run, command: str, path: str) -> None:
    Path("link").symlink_to("tiny.prototxt")
    Path("solver.prototxt").write_text('net: "tiny.prototxt"\n')
    Path("own.py").write_text("")
    Path("mean.binaryproto").write_text("an image")
    Path("mean.prototxt").write_text(MEAN)
    Path("p.prototxt").write_text(
        'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }'
        'layer { name: "p" type: "PReLU" bottom: "data" top: "p" }'
    )
    numpy.save("w.npy", numpy.array({"p": {"weights": numpy.ones(3, "f4")}}, object))
    written = run("convert", "p.prototxt", "--to", "torch", "--weights", "w.npy", "-o", "x.py")
    assert written.code == 0
    before = {file: file.read_bytes() for file in Path().iterdir() if file.is_file()}
    ran = run(*command.split(), "--force")
    assert ran.code == 1
    if path:
        assert f"{path} is an input, which is not replaced\n  hint: give another OUT" in ran.err
    assert {file: file.read_bytes() for file in Path().iterdir() if file.is_file()} == before


MEAN = """layer { name: "data" type: "ImageData" top: "data" top: "label"
  transform_param { mean_file: "models/mean.binaryproto" crop_size: 5 }
  image_data_param { source: "list" batch_size: 2 new_height: 5 new_width: 5 } }
layer { name: "r" type: "ReLU" bottom: "data" top: "r" }
"""
