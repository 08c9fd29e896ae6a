"""The layer types by name: found in the families' files, which are imported when one is met."""

import subprocess
import sys
from pathlib import Path

import pytest

from proto2net import layers
from proto2net.layers import LAYERS, PYTHON_LAYERS, Layer, registry

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
    assert {"ssd", "rcnn", "yolo", "training", "loss", "recurrent", "vision"}.isdisjoint(few)


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
