"""The targets, found by name: those of this package and those that others install.

A third party's backend is an entry point of the group `proto2net.backends`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any

from proto2net.errors import Proto2NetError, closest

GROUP = "proto2net.backends"

BUILT_IN = {
    "torch": "proto2net.backends.torch:backend",
    "tf": "proto2net.backends.tensorflow:backend",
    "numpy": "proto2net.backends.numpy:backend",
    "onnx": "proto2net.backends.onnx:backend",
    "network": "proto2net.backends.network:printer",
    "prototxt": "proto2net.backends.prototxt:printer",
    "summary": "proto2net.backends.summary:printer",
}

ALIASES = {"pytorch": "torch", "tensorflow": "tf", "keras": "tf"}
"""Other names that people have for targets."""


def get(name: str) -> Any:
    """The backend of this name. Raises Proto2NetError that lists the known ones."""
    target = BUILT_IN.get(name) or _installed().get(name) or BUILT_IN.get(ALIASES.get(name, ""))
    if target is None:
        known = names()
        hint = closest(name, known) or f"these are known: {', '.join(known)}"
        raise Proto2NetError(f'no target "{name}"', hint)
    module, _, attribute = target.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except ImportError as error:
        raise Proto2NetError(f'the target "{name}" cannot be loaded: {error}') from error


def names() -> list[str]:
    """The targets' own names."""
    return [*BUILT_IN, *_installed()]


def own_names(targets: Iterable[str]) -> list[str]:
    """Each target once, by its own name: "tf" for "keras"."""
    return list(dict.fromkeys(get(target).name for target in targets))


@cache
def _installed() -> dict[str, str]:
    """Backends of other packages by name. Raises where two claim one name."""
    from importlib.metadata import entry_points  # slow to import

    found: dict[str, tuple[str, str]] = {}
    for point in entry_points(group=GROUP):
        package = point.dist.name if point.dist else "an unknown package"
        if point.name in BUILT_IN:
            if point.value != BUILT_IN[point.name]:
                raise Proto2NetError(
                    f'{package} declares a target "{point.name}", which proto2net has itself'
                )
            continue
        if point.name in found:
            other = found[point.name][1]
            raise Proto2NetError(f'{package} and {other} both declare the target "{point.name}"')
        found[point.name] = (point.value, package)
    return {name: target for name, (target, _) in found.items()}
