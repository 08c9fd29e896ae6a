"""What two networks do not have in common: layers, and what they have learned.

`items.py` has what is aligned, `aligning.py` finds which is which, `fields.py` compares what layers
say, and `comparing.py` tells causes from the shapes that follow. `arrays.py` compares weights.
`report.py` holds what was found; `wording.py` puts it into words, `pages.py` into HTML.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path
from typing import Any

from proto2net import api
from proto2net.caffe.definition import is_text
from proto2net.differ.arrays import ArrayDifference, of_files, of_graphs
from proto2net.differ.comparing import Pairing, compared
from proto2net.differ.fields import ABOUT, OUTPUTS, Change
from proto2net.differ.report import Difference
from proto2net.errors import Proto2NetError
from proto2net.graph import Graph
from proto2net.model import Format, Model
from proto2net.weights.reading import format_at

__all__ = ["IGNORABLE", "ArrayDifference", "Change", "Difference", "Pairing", "diff"]

Compared = api.Net | Model
"""What can be compared: what `parse` takes, a model, or the path of any file of weights."""

IGNORABLE = tuple(kind for kind in ABOUT if kind != OUTPUTS)
"""What differences can be about that may be ignored."""


def diff(
    a: Compared,
    b: Compared,
    *,
    weights_a: str | Path | None = None,
    weights_b: str | Path | None = None,
    ignore: Collection[str] = (),
    **options: Any,
) -> Difference:
    """What two networks do not have in common; the options are those of `parse`, for both.

    Weights are compared where both have some: `weights_a` and `weights_b`, or those of a model or
    of a .caffemodel. Of two files of weights, if one has no definition that can be read, the arrays
    alone are compared, by the names of their layers. `ignore` leaves out differences that are about
    "names", "training", "images" or "running".
    """
    if wrong := [kind for kind in ignore if kind not in IGNORABLE]:
        can = ", ".join(IGNORABLE)
        raise Proto2NetError(f'differences of "{wrong[0]}" cannot be ignored', f"these can: {can}")
    nets, files = (a, b), (weights_a, weights_b)
    names = _name(a, "the first"), _name(b, "the second")
    try:
        left, right = map(_side, nets, files, [options] * 2)
    except Proto2NetError as error:
        held = [_format(net) for net in nets]
        if any(files) or None in held:
            raise
        if Format.CAFFEMODEL in held:
            why = str(error.issues[0]).splitlines()[0]
            _LOG.info(f"arrays alone are compared, since a definition cannot be read: {why}")
        from proto2net.weights.reading import read

        return Difference(names, arrays=tuple(of_files(*map(read, names))))
    return _compared(names, left, right, ignore)


def _compared(names: tuple[str, str], a: Model, b: Model, ignore: Collection[str]) -> Difference:
    layers = compared(a.graph, b.graph, ignore)
    arrays = None
    if a.values and b.values:
        arrays = tuple(of_graphs(layers, (a.graph, a.values), (b.graph, b.values)))
    elif a.values or b.values:
        which = names[1 if a.values else 0]
        _LOG.info(f"{which} has no weights: definitions alone are compared")
    return Difference(names, (a.graph, b.graph), tuple(layers), arrays, tuple(ignore))


def _side(net: Compared, weights: str | Path | None, options: dict[str, Any]) -> Model:
    """A network and its arrays; arrays that its weights lack are differences too."""
    given = {} if isinstance(net, Model) else options
    return api.model(net, weights, allow_missing=not isinstance(net, Model), **given)


def _name(net: Compared, otherwise: str) -> str:
    """What a network is called: its file, if it has one."""
    graph = net.graph if isinstance(net, Model) else net
    if isinstance(graph, Graph):
        places = (node.where for node in graph.nodes if node.where)
        found = next((where.file for where in places), "<text>")
        return otherwise if found == "<text>" else found
    return otherwise if is_text(graph) else str(graph)


def _format(net: Compared) -> Format | None:
    """The format of a file of weights; None for what is none."""
    return format_at(net) if isinstance(net, str | Path) else None


_LOG = logging.getLogger("proto2net")
