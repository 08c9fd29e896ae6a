"""The package as it is installed, and in one process with other packages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest
from documents import blocks
from places import ROOT

import proto2net
from proto2net import backends

NET = "models/prototxt/nin.prototxt"
SHIPPED = (".py", ".typed", ".desc", ".css", ".js")
NOT_SHIPPED = shutil.ignore_patterns(
    *(".git", ".venv", ".*_cache", ".hypothesis", ".fetched", "__pycache__", "build", "dist")
)


def run(*command: str | Path, cwd: Path = ROOT, path: Path = ROOT) -> str:
    """What a command prints; modules are found in `path`."""
    result = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(path)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def python(code: str, path: Path = ROOT) -> str:
    """What a program prints."""
    return run(sys.executable, "-c", code, path=path).strip()


# ---- what is shipped ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("built")
    shutil.copytree(ROOT, folder / "copy", ignore=NOT_SHIPPED)  # a build leaves files behind
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, folder / "copy")
    return folder


@pytest.fixture
def sdist(built: Path, tmp_path: Path) -> Path:
    """The unpacked source distribution."""
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    return folder


@pytest.fixture
def wheel(built: Path, tmp_path: Path) -> Path:
    """The wheel's files, as they are installed."""
    (archive,) = built.glob("*.whl")
    with zipfile.ZipFile(archive) as files:
        files.extractall(tmp_path)  # noqa: S202  # our own
    return tmp_path


def test_the_sdist_has_all_that_is_needed_to_work_on_the_package(built: Path, sdist: Path) -> None:
    files = {path.relative_to(built / "copy") for path in (built / "copy").rglob("*")}
    missing = {str(path) for path in files if not (sdist / path).exists()}
    assert missing <= {".gitignore"}


def test_the_wheel_has_the_package_and_nothing_else(wheel: Path) -> None:
    assert {path.name.partition("-")[0] for path in wheel.iterdir()} == {"proto2net"}
    files = {path.relative_to(ROOT) for path in (ROOT / "proto2net").rglob("*") if path.is_file()}
    shipped = {path for path in files if path.suffix in SHIPPED}
    assert {path.relative_to(wheel) for path in (wheel / "proto2net").rglob("*.*")} == shipped


def test_the_wheel_converts_away_from_the_repository(wheel: Path, tmp_path: Path) -> None:
    convert = [sys.executable, "-m", "proto2net", "convert", ROOT / NET, "--to", "torch", "-o", "-"]
    assert run(*convert, cwd=tmp_path, path=wheel) == proto2net.convert(ROOT / NET, to="torch")


def test_the_entry_points_are_the_command_and_the_targets(wheel: Path) -> None:
    (file,) = wheel.glob("*.dist-info/entry_points.txt")
    points = ConfigParser()
    points.read(file)
    assert dict(points["console_scripts"]) == {"proto2net": "proto2net.cli:main"}
    assert dict(points["proto2net.backends"]) == backends.BUILT_IN
    assert dict(points["proto2net.layers"]) == {"caffe": "proto2net.layers"}


def test_any_newer_python_installs_it(wheel: Path) -> None:
    (metadata,) = wheel.glob("*.dist-info/METADATA")
    assert "Requires-Python: >=3.10\n" in metadata.read_text()


def test_the_version_is_stated_once(wheel: Path) -> None:
    (info,) = wheel.glob("*.dist-info")
    assert info.name == f"proto2net-{proto2net.__version__}.dist-info"
    newest = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0]
    assert newest == proto2net.__version__


def test_the_readme_first_command_converts_on_a_fresh_machine(sdist: Path) -> None:
    setup = next(block.text for block in blocks(sdist / "README.md") if block.language == "sh")
    run("bash", "-c", setup, cwd=sdist, path=sdist / "nothing")
    assert (sdist / "nin.py").read_text() == proto2net.convert(ROOT / NET, to="tf")


# ---- beside other packages ------------------------------------------------------------------

OTHER_CAFFE = """
from google.protobuf import descriptor_pb2, descriptor_pool
other = descriptor_pb2.FileDescriptorProto(name="caffe.proto", package="caffe")
other.message_type.add(name="NetParameter").field.add(name="other", number=1, type=5, label=1)
descriptor_pool.Default().AddSerializedFile(other.SerializeToString())
"""
SHOW_OTHER = """
other = descriptor_pool.Default().FindMessageTypeByName("caffe.NetParameter")
print([field.name for field in other.fields])
"""
CONVERT = f"""
import proto2net
print(len(proto2net.convert({NET!r}, to="torch")))
"""


@pytest.mark.parametrize("code", [OTHER_CAFFE + CONVERT, CONVERT + OTHER_CAFFE])
def test_another_caffe_proto_in_the_process_is_no_trouble(code: str) -> None:
    length = len(proto2net.convert(ROOT / NET, to="torch"))
    assert python(code + SHOW_OTHER).split("\n") == [str(length), "['other']"]


@pytest.mark.parametrize("target", backends.names())
def test_converting_imports_no_framework(target: str, tmp_path: Path) -> None:
    code = f"""
import sys, proto2net
proto2net.save({NET!r}, to={target!r}, out={str(tmp_path / "net")!r})
print(sorted({{"torch", "tensorflow", "keras", "jax", "onnx", "onnxruntime"}} & set(sys.modules)))
"""
    assert python(code) == "[]"


# ---- layer types of other packages ----------------------------------------------------------

GELU = 'layer { name: "a" type: "Input" top: "a" } layer { name: "b" type: "Gelu" bottom: "a" }'
DECLARE = """
from proto2net.layers import Layer, layer
layer("%s")(type("Theirs", (Layer,), {}))
"""
SHOW_ERROR = f"""
import sys, proto2net
try:
    proto2net.parse({GELU!r})
except proto2net.Proto2NetError as error:
    print(error)
"""


def install(folder: Path, module: str) -> Path:
    """A package `acme` whose layer types are declared by this source of a module."""
    info = folder / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[proto2net.layers]\nacme = acme_layers\n")
    (folder / "acme_layers.py").write_text(module)
    return folder


def with_acme(folder: Path, module: str, code: str) -> str:
    """What a program prints where that package is installed."""
    return python(f"import sys; sys.path.append({str(ROOT)!r})\n{code}", install(folder, module))


def test_layer_types_of_other_packages_are_listed(tmp_path: Path) -> None:
    code = "from proto2net.backends.summary import support\nprint(support())"
    assert re.search("^Gelu +no", with_acme(tmp_path, DECLARE % "Gelu", code), re.MULTILINE)


def test_layer_types_of_other_packages_that_cannot_be_imported_name_the_package(
    tmp_path: Path,
) -> None:
    printed = with_acme(tmp_path, "import what_is_not_there", SHOW_ERROR)
    assert "the layer types of acme cannot be imported: No module named" in printed


def test_layer_types_that_two_declare_name_both(tmp_path: Path) -> None:
    other = "import proto2net.layers.base\nproto2net.layers.base.LAYERS.others['Gelu'] = int\n"
    printed = with_acme(tmp_path, other + DECLARE % "Gelu", SHOW_ERROR)
    assert 'layer type "Gelu" is declared twice' in printed
    assert "acme_layers" in printed


def test_a_type_of_a_package_takes_the_place_of_a_built_in_one_with_a_note(tmp_path: Path) -> None:
    code = """
import logging, proto2net
logging.basicConfig(level=logging.INFO, format="%(message)s", stream=__import__("sys").stdout)
from proto2net.layers import LAYERS
proto2net.parse('layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 1 } } }')
print(LAYERS["ReLU"].__module__)
"""
    note, module = with_acme(tmp_path, DECLARE % "ReLU", code).splitlines()
    assert note.startswith('layer type "ReLU" is that of ')
    assert note.endswith("acme_layers.py; proto2net's own is not used")
    assert module == "acme_layers"


def test_a_type_that_no_package_declares_is_unknown(tmp_path: Path) -> None:
    assert 'unknown layer type "Gelu"' in with_acme(tmp_path, DECLARE % "Other", SHOW_ERROR)


def test_nothing_says_that_an_index_has_the_package() -> None:
    files = [*(ROOT / "proto2net").rglob("*.py"), *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    asked = re.compile(r'pip install "?proto2net')
    assert [path for path in files if asked.search(path.read_text(encoding="utf-8"))] == []


def test_the_citation_has_the_version() -> None:
    said = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {proto2net.__version__}\n" in said
