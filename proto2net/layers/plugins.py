"""Layer types that other packages declare, as entry points of the group `proto2net.layers`.

Each names a module that declares layer types when it is imported.
"""

from __future__ import annotations

from functools import cache

from proto2net.errors import Proto2NetError

GROUP = "proto2net.layers"


@cache
def load() -> None:
    """Import the layer types of all installed packages."""
    from importlib.metadata import entry_points  # slow to import, and rarely needed

    for point in entry_points(group=GROUP):
        try:
            point.load()
        except ImportError as error:
            package = point.dist.name if point.dist else "an unknown package"
            raise Proto2NetError(
                f"the layer types of {package} cannot be imported: {error}",
                f"mend or uninstall {package}",
            ) from error
