"""Layer types that others declare: packages, and files of the user's own.

A package names a module that declares layer types when it is imported, as an entry point of the
group `proto2net.layers`. A file is imported by its path.
"""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from traceback import extract_tb

from proto2net import plain
from proto2net.errors import Issue, Location, Proto2NetError
from proto2net.layers.base import LAYERS
from proto2net.layers.python import PYTHON_LAYERS

GROUP = "proto2net.layers"


@cache
def load() -> None:
    """Import the layer types of all installed packages."""
    if not _installed():
        return
    from importlib.metadata import entry_points  # slow to import, and rarely needed

    for point in entry_points(group=GROUP):
        try:
            point.load()
        except (Exception, SystemExit) as error:
            package = point.dist.name if point.dist else "an unknown package"
            kind = "" if isinstance(error, ImportError) else f"{type(error).__name__}: "
            raise Proto2NetError(
                f"the layer types of {package} cannot be imported: {kind}{error}",
                f"mend or uninstall {package}",
            ) from error


def _installed() -> bool:
    """Whether any package but this one says that it declares layer types."""
    for folder in sys.path:
        try:
            packages = [
                each for each in os.listdir(folder) if each.endswith((".dist-info", ".egg-info"))
            ]
        except OSError:
            continue
        for package in packages:
            if re.split("[-.]", package)[0] == "proto2net":
                continue
            try:
                with open(os.path.join(folder, package, "entry_points.txt"), "rb") as file:
                    if f"[{GROUP}]".encode() in file.read():
                        return True
            except OSError:
                continue
    return False


def load_file(path: str | Path) -> None:
    """Import the layer types that a Python file declares; once, however often it is asked for.

    Raises Proto2NetError for whatever goes wrong in the file.
    """
    _load_file(str(path), str(Path(path).resolve()))


@cache
def _load_file(file: str, resolved: str) -> None:
    name = f"proto2net_layers.{Path(resolved).stem}_{len(_FILES)}"
    spec = spec_from_file_location(name, resolved)
    if spec is None or spec.loader is None:
        raise Proto2NetError([Issue("this is no Python file", "", Location(file, 0))])
    if plain.is_special(resolved):
        raise Proto2NetError([Issue(plain.SPECIAL, "", Location(file, 0))])
    before = [(known, dict(known.others)) for known in (LAYERS, PYTHON_LAYERS)]
    module = sys.modules[name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        for known, others in before:
            known.others = others
        raise Proto2NetError(_problem(error, file, resolved)) from error
    _FILES.append(name)


def _problem(error: BaseException, file: str, resolved: str) -> list[Issue]:
    """What went wrong in a file, and in which of its lines."""
    if isinstance(error, OSError) and error.filename == resolved:
        return [Issue(error.strerror or "it cannot be read", "", Location(file, 0))]
    trace = extract_tb(error.__traceback__)
    lines = [frame.lineno or 0 for frame in trace if frame.filename == resolved]
    line = error.lineno or 0 if isinstance(error, SyntaxError) else (lines or [0])[-1]
    if isinstance(error, Proto2NetError):
        return error.at(Location(file, line))
    if isinstance(error, SystemExit):
        return [Issue("it ends the program", "leave out sys.exit", Location(file, line))]
    what = error.msg if isinstance(error, SyntaxError) else str(error)
    return [Issue(f"{type(error).__name__}: {what}", "", Location(file, line))]


_FILES: list[str] = []
"""The modules of the files that were imported."""
