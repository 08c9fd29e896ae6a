"""How what is in a network is printed: as a table, as JSON, as CSV."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from proto2net import facts
from proto2net.facts import BlobFacts, Field, LayerFacts
from proto2net.graph import Graph, Node, Row
from proto2net.images import prepared
from proto2net.layers.base import Layer
from proto2net.output import printable
from proto2net.results import results
from proto2net.shape import dims
from proto2net.sheets import Cell, sheet
from proto2net.text import aligned, ascii_only, bytes_text
from proto2net.version import VERSION

if TYPE_CHECKING:
    from proto2net.inspection.arrays import ArrayFacts

FORMAT = 1
"""The version of the keys of the JSON. It grows where one is taken away or means another thing."""

WHOLE = "whole"
"""How a receptive field is called that is all of the image."""

# ---- JSON -----------------------------------------------------------------------------------


def json_of(graph: Graph | None, arrays: Sequence[ArrayFacts] | None) -> str:
    """What is known, for programs."""
    found: dict[str, Any] = {"format": FORMAT, "proto2net": VERSION}
    if graph:
        found |= _network(graph)
    if arrays is not None:
        found["arrays"] = [_array(each) for each in arrays]
    return json.dumps(found, indent=2, allow_nan=False)


def _network(graph: Graph) -> dict[str, Any]:
    images, told, total = prepared(graph), results(graph), facts.totals(graph)
    return {
        "name": graph.name,
        "phase": graph.phase.lower(),
        "inputs": [_blob(graph, blob) for blob in graph.inputs],
        "outputs": [
            {**_blob(graph, blob), "means": str(told[blob]) if blob in told else None}
            for blob in graph.outputs
        ],
        "images": {"input": images.name, "prepared": str(images)} if images else None,
        "totals": {
            "layers": total.layers,
            "parameters": total.parameters,
            "parameter_bytes": total.parameter_bytes,
            "multiply_adds": total.macs,
            "example": total.example or None,
            "batch": total.batch,
            "activation_bytes": total.activation_bytes,
            "activation_peak_bytes": total.activation_peak_bytes,
            "training_bytes": total.training_bytes,
        },
        "blocks": [
            {
                "name": block.name,
                "kind": block.kind,
                "stage": block.stage or None,
                "layers": list(block.layers),
                "shape": list(block.shape),
                "parameters": block.parameters,
                "multiply_adds": block.macs,
                "activation_bytes": block.activation_bytes,
            }
            for block in facts.blocks(graph)
        ],
        "layers": [_layer(each) for each in facts.layers(graph)],
    }


def _blob(graph: Graph, blob: Any) -> dict[str, Any]:
    return {"name": blob.name, "shape": list(graph.open_shape(blob))}


def _layer(layer: LayerFacts) -> dict[str, Any]:
    return {
        "name": layer.name,
        "type": layer.type,
        "family": layer.family,
        "bottoms": [_value(blob) for blob in layer.bottoms],
        "tops": [_value(blob) for blob in layer.tops],
        "learned": {blob: list(shape) for blob, shape in layer.learned.items()},
        "parameters": layer.parameters,
        "multiply_adds": layer.macs,
        "receptive_field": _field(layer.receptive) if layer.receptive else None,
        "activation_bytes": layer.activation_bytes,
        "blocks": list(layer.blocks),
        "file": layer.where.file if layer.where else None,
        "line": (layer.where.line or None) if layer.where else None,
    }


def _value(blob: BlobFacts) -> dict[str, Any]:
    return {"name": blob.name, "shape": list(blob.shape), "version": blob.version}


def _field(field: Field) -> dict[str, Any]:
    strides = [each if each is None else _number(each) for each in field.strides]
    return {"size": list(field.sizes), "stride": strides, "offset": list(field.offsets)}


def _number(value: int | Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def _array(array: ArrayFacts) -> dict[str, Any]:
    return dict(zip(_ARRAY, _array_cells(array), strict=True)) | {"shape": list(array.shape)}


# ---- CSV ------------------------------------------------------------------------------------

_LAYER = (
    "layer",
    "type",
    "family",
    "block",
    "bottoms",
    "tops",
    "shape",
    "parameters",
    "multiply_adds",
    "receptive_field",
    "stride",
    "activation_bytes",
    "file",
    "line",
)
_ARRAY = (
    "layer",
    "blob",
    "shape",
    "min",
    "max",
    "mean",
    "std",
    "zeros",
    "nan",
    "infinite",
    "denormal",
    "dead_filters",
    "sha256",
)


def csv_of(graph: Graph | None, arrays: Sequence[ArrayFacts] | None) -> str:
    """A line an array, or without arrays a line a layer."""
    if arrays is not None:
        return sheet(_ARRAY, [_array_cells(each) for each in arrays])
    return sheet(_LAYER, [_layer_cells(each) for each in facts.layers(graph)] if graph else [])


def _layer_cells(layer: LayerFacts) -> list[Cell]:
    return [
        layer.name,
        layer.type,
        layer.family,
        " / ".join(layer.blocks),
        ", ".join(blob.name for blob in layer.bottoms),
        ", ".join(blob.name for blob in layer.tops),
        ", ".join(dims(blob.shape) for blob in layer.tops),
        layer.parameters,
        layer.macs,
        *field_cells(layer.receptive),
        layer.activation_bytes,
        layer.where.file if layer.where else None,
        (layer.where.line or None) if layer.where else None,
    ]


def _array_cells(array: ArrayFacts) -> list[Cell]:
    return [
        array.layer,
        array.blob,
        dims(array.shape),
        array.min,
        array.max,
        array.mean,
        array.std,
        array.zeros,
        array.nan,
        array.infinite,
        array.denormal,
        array.dead,
        array.sha256,
    ]


# ---- tables ---------------------------------------------------------------------------------

_MORE = ("receptive field", "stride", "activation bytes")


def table_of(graph: Graph, *, flat: bool = False, wide: bool = False) -> str:
    """The layers with shapes and sizes, the totals, and what is known of what goes in and out."""
    from proto2net.outline.table import rows

    each = [
        (row, [node]) for row, node in zip(map(graph.row, graph.nodes), graph.nodes, strict=True)
    ]
    found = each if flat else list(rows(graph))
    if wide:
        lines = [graph.table(list(_widened(graph, found)), _MORE), *_memory(graph)]
    else:
        lines = [graph.table([row for row, _ in found])]
    if images := prepared(graph):
        lines.append(f"{'images':<15}{printable(f'{images.name}: {images}')}")
    for blob, result in results(graph).items():
        lines.append(f"{'output':<15}{printable(f'{blob.name}: {result}')}")
    return "\n".join(lines)


def _widened(graph: Graph, rows: Iterable[tuple[Row, Sequence[Node[Layer]]]]) -> Iterator[Row]:
    """The rows with the receptive fields of what their last layers make, and with their memory."""
    known = dict(zip(graph.nodes, facts.layers(graph), strict=True))
    for row, nodes in rows:
        size = sum(known[node].activation_bytes for node in nodes)
        yield (*row, *field_cells(known[nodes[-1]].receptive), f"{size:,}")


def _memory(graph: Graph) -> list[str]:
    """The totals of memory."""
    total = facts.totals(graph)
    batch = f"for {total.batch:,} image{'s' * (total.batch != 1)}"
    batch += f" of {total.example}" * bool(total.example)
    peak = bytes_text(total.activation_peak_bytes)
    training = (f"{bytes_text(total.training_bytes[each])} with {each}" for each in ("SGD", "Adam"))
    return [
        f"activations    {bytes_text(total.activation_bytes)} {batch}, and {peak} if each blob is "
        "freed after its last reader",
        f"training       {', '.join(training)}, {batch}",
    ]


_ARRAYS = ("layer", "blob", "shape", "min", "max", "mean", "std", "zeros", "sha256")


def arrays_table(arrays: Sequence[ArrayFacts]) -> str:
    """A line an array, the totals, and what is odd."""
    rows = [
        (
            ascii_only(each.layer),
            ascii_only(each.blob),
            dims(each.shape),
            *("" if x is None else f"{x:.4g}" for x in (each.min, each.max, each.mean, each.std)),
            f"{each.zeros:,}",
            each.sha256[:_DIGITS],
        )
        for each in arrays
    ]
    layers, size = {each.layer for each in arrays}, sum(each.size for each in arrays)
    lines = [
        *aligned(_ARRAYS, rows, numbers=6),
        "",
        f"{'arrays':<15}{len(arrays):,} of {len(layers):,} layers",
        f"{'numbers':<15}{size:,} ({bytes_text(4 * size)} as float32)",
    ]
    for each in arrays:
        for warning in each.warnings:
            lines.append(f"{'warning':<15}{ascii_only(each.layer)}/{each.blob}: {warning}")
    return "\n".join(lines)


_DIGITS = 12
"""So many of a hash tell arrays apart in a table."""


def field_cells(field: Field | None) -> tuple[str, str]:
    """The size of a receptive field and its stride as a table has them."""
    if field is None:
        return "", ""
    if field.whole:
        return WHOLE, ""
    return _dims(field.sizes), _dims(field.strides)


def _dims(sizes: Sequence[int | Fraction | None]) -> str:
    return " x ".join(WHOLE if size is None else str(size) for size in sizes)
