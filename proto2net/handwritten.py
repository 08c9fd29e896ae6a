"""The graph of a network class that somebody has written in a Python file."""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from proto2net import plain
from proto2net.errors import Issue, Location, Proto2NetError, closest
from proto2net.graph import Graph
from proto2net.rewrites.feeding import UNNAMED
from proto2net.shape import ANY_SIZE, Sizes


def hand_written(
    file: str, name: str, *, inputs: Mapping[str, Sizes] | None = None, outputs: Sequence[str] = ()
) -> Graph:
    """The graph of a network class in a Python file, whose code is run.

    `inputs` are handed to the class, as it counts their axes; without, it must have its own.
    """
    with _problems_in(file):
        module = _module(file)
    found = getattr(module, name, None)
    if not isinstance(found, type):
        classes = [key for key, value in vars(module).items() if isinstance(value, type)]
        raise _problem(file, f"there is no class {name}", closest(name, classes))
    if not hasattr(found, "graph"):
        raise _problem(file, f"the class {name} is no network", "it must be a proto2net.Network")
    if not inputs and not getattr(found, "inputs", None):
        raise _problem(
            file,
            f"the class {name} does not say what shapes its inputs have",
            "give them, as in --input data=1,224,224,3",
        )
    if inputs and any(None in sizes for sizes in inputs.values()):
        raise _problem(
            file,
            f"a size of the inputs of the class {name} is {ANY_SIZE}",
            f"give numbers; a size can be {ANY_SIZE} where a definition is read",
        )
    if inputs and UNNAMED in inputs:
        inputs = _with_name(file, inputs, getattr(found, "inputs", None) or {})
    with _problems_in(file):
        graph: Graph = (found(inputs) if inputs else found()).graph
    return graph.until(outputs) if outputs else graph


def _with_name(file: str, inputs: Mapping[str, Sizes], own: Mapping[str, Any]) -> dict[str, Sizes]:
    """The shapes, one without a name for the only input that a class has."""
    if len(own) != 1:
        what = f"--input has no name, and the inputs of the class are {', '.join(own)}"
        raise _problem(file, what if own else "--input needs a name", "as in --input data=…")
    return {name or next(iter(own)): shape for name, shape in inputs.items()}


def _module(file: str) -> ModuleType:
    """The file as a module that no other can be mistaken for."""
    name = f"proto2net.timed.{Path(file).stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise _problem(file, "this is no Python file")
    if plain.is_special(file):
        raise _problem(file, plain.SPECIAL)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def _problems_in(file: str) -> Iterator[None]:
    """Tell what the user's code raises, with the line of the file."""
    try:
        yield
    except Proto2NetError:
        raise
    except SyntaxError as error:
        where = error.filename or file
        shown = file if _same(where, file) else where
        raise _problem(shown, error.msg, line=error.lineno or 0) from None
    except OSError as error:
        raise _problem(file, error.strerror or str(error)) from None
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        what = f"{type(error).__name__}: {error}"
        if isinstance(error, SystemExit):
            what = "it ends the program"
        lines = [frame.lineno for frame in frames if _same(frame.filename, file)]
        line = lines[-1] if lines else None
        raise _problem(file, what, line=line or 0) from None


def _same(file: str, other: str) -> bool:
    return os.path.abspath(file) == os.path.abspath(other)


def _problem(file: str, message: str, hint: str = "", line: int = 0) -> Proto2NetError:
    return Proto2NetError([Issue(message, hint, Location(file, line))])
