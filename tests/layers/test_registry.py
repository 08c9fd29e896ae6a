"""The layer types by name: found in the families' files, which are imported when one is met."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from proto2net import backends, layers
from proto2net.backends import helpers
from proto2net.layers import LAYERS, PYTHON_LAYERS, Layer, registry
from proto2net.layers.holes import Hole

FOLDER = Path(layers.__file__).parent
FAMILIES = sorted({*registry.families().layers.values()})


def imported(code: str) -> list[str]:
    """The families that a program has imported at its end."""
    show = "\nprint(*(n.removeprefix('proto2net.layers.') for n in sys.modules))"
    command = [sys.executable, "-c", f"import sys\n{code}{show}"]
    words = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return [family for family in FAMILIES if family in words]


def test_a_network_imports_the_families_of_its_layers_alone() -> None:
    net = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 } } }'
    code = f"import proto2net\nproto2net.parse({net!r})"
    few = imported(code)
    assert {"ssd", "rcnn", "yolo", "training", "loss", "recurrent"}.isdisjoint(few)


def test_a_type_is_known_by_its_name_before_its_family_is_imported() -> None:
    code = "from proto2net.layers import LAYERS\nassert 'YoloSeg' in LAYERS and 'Foo' not in LAYERS"
    assert "yolo" not in imported(code)
    assert "yolo" in imported(f"{code}\nLAYERS['YoloSeg']")


@pytest.mark.parametrize("known", [LAYERS, PYTHON_LAYERS], ids=["layers", "python_layers"])
def test_what_the_files_say_is_what_they_declare(known: "registry.Registry[object, Layer]") -> None:
    for family in FAMILIES:
        registry.family(family)
    assert known._own.keys() == known._family_of().keys()
    for key, cls in known._own.items():
        assert cls.__module__ == f"proto2net.layers.{known._family_of()[key]}"


def test_a_type_checker_knows_every_family() -> None:
    lines = (FOLDER / "__init__.py").read_text().splitlines()
    stars = [line.split()[1].rpartition(".")[2] for line in lines if line.endswith("import *")]
    assert stars == FAMILIES


@pytest.mark.parametrize("name", layers.__all__)
def test_every_public_name_can_be_imported_from_layers(name: str) -> None:
    assert getattr(layers, name) is not None
    assert name in dir(layers)


def test_what_no_family_has_is_no_name_of_layers() -> None:
    with pytest.raises(ImportError, match="cannot import name 'Foo'"):
        exec("from proto2net.layers import Foo")  # noqa: S102 - as a user would write it


@pytest.mark.parametrize("target", ["torch", "tensorflow", "numpy"])
def test_a_target_imports_the_renderers_of_a_family_when_a_type_of_it_is_met(target: str) -> None:
    show = f"print('proto2net.backends.{target}.ssd' in sys.modules)"
    code = f"""
import sys
from proto2net import backends, layers
from proto2net.backends import helpers
backend = backends.get({target!r})
{show}
assert backend.renders_itself(layers.PriorBox)
{show}
"""
    run = [sys.executable, "-c", code]
    printed = subprocess.run(run, check=True, capture_output=True, text=True).stdout.split()
    assert printed == ["False", "True"]


@pytest.mark.parametrize("target", ["torch", "tensorflow", "numpy"])
def test_no_renderer_stands_where_nobody_finds_it(target: str) -> None:
    backend = backends.get(target)
    for layer in [*LAYERS.values(), *PYTHON_LAYERS.values(), Hole]:
        backend.meet(layer)
    found = set(backend.renderers)
    for file in (Path(backends.__file__).parent / target).glob("*.py"):
        if not file.name.startswith("helpers"):  # these are pasted, and need the framework
            import_module(f"proto2net.backends.{target}.{file.stem}")
    assert set(backend.renderers) == found


@pytest.mark.parametrize("target", ["torch", "tensorflow", "numpy"])
def test_the_helpers_of_a_family_have_its_name(target: str) -> None:
    folder = Path(backends.__file__).parent / target / "helpers"
    found = {file.stem for file in folder.glob("*.py")} - {"__init__"}
    assert found <= {*helpers.FAMILIES}  # what is not listed there is never pasted
    assert {*helpers.FAMILIES} - {"common", "fillers", "solvers"} <= {*FAMILIES}
