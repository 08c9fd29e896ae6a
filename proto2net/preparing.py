"""Images as a network takes them: what `preprocess` of an emitted file makes, without that file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proto2net import backends
from proto2net.backends.preprocess import preprocess
from proto2net.backends.statements import expressions_of, lines_of, names_in
from proto2net.errors import Proto2NetError
from proto2net.graph import Graph
from proto2net.images import prepared

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

Preprocess = Callable[["Ndarray | str | Path"], "Ndarray"]


def preprocessor(graph: Graph, *, channels_last: bool = False) -> Preprocess:
    """What makes a batch of one of an image: an array as it is for `preprocess`, or a file.

    It raises Proto2NetError for what is no image, and so does this where nothing says how images
    are prepared.
    """
    found = prepared(graph)
    if found is None:
        raise Proto2NetError(
            "nothing says how images are prepared for this network",
            "tell it with --mean, --scale or --channels, or with --transform-from and the "
            "definition of the training",
        )
    options: dict[str, Any] = {}
    if found.usage.mean:
        from proto2net.caffe.preparing import mean_of

        options["mean"] = mean_of(found.usage.mean.file)
    elif found.transform.mean_file:
        raise Proto2NetError(
            f"images are prepared with the mean image {found.transform.mean_file}, which is not "
            "given",
            f"give it, as in --mean {Path(found.transform.mean_file).name}",
        )
    run = _function(graph, channels_last=channels_last)

    def prepare(image: Ndarray | str | Path) -> Ndarray:
        try:
            made: Ndarray = run(image, **options)
        except OSError as error:
            raise Proto2NetError(f"{error.filename}: {error.strerror}") from None
        except ValueError as error:
            raise Proto2NetError(str(error)) from None
        except ImportError as error:
            hint = "`pip install opencv-python-headless` installs what reads and resizes images"
            raise Proto2NetError(f"this image cannot be prepared here: {error}", hint) from None
        return made

    return prepare


def _function(graph: Graph, *, channels_last: bool) -> Callable[..., Ndarray]:
    """The very function that is printed."""
    import numpy as np

    statements = preprocess(graph, channels_last=channels_last)
    expressions = list(expressions_of(statements))
    helpers = backends.get("numpy").helpers.pruned(names_in(*expressions), expressions, {})
    source = "\n".join([*helpers.values(), *lines_of(statements, 0)])
    names: dict[str, Any] = {"np": np, "Path": Path}
    exec(compile(source, "<preprocess>", "exec"), names)  # noqa: S102  # our own rendering
    made: Callable[..., Ndarray] = names["preprocess"]
    return made
