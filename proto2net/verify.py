"""Blob by blob, how far a network of a target is from the one in NumPy with the same weights."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proto2net import backends, plain
from proto2net.api import REFERENCE, Net, blobs, filled, load, model
from proto2net.errors import Proto2NetError
from proto2net.feeds import label_blobs
from proto2net.frozen import dataclass
from proto2net.graph import Blob, Graph
from proto2net.model import Model
from proto2net.output import printable
from proto2net.rewrites.optimize import optimize
from proto2net.shape import Shape, count, dims
from proto2net.text import aligned, ascii_only

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray
    from proto2net.model import Arrays, Weights

OPTIMIZED = "optimized"
"""What the reference's own optimized network is called beside the targets."""


@dataclass(frozen=True)
class Difference:
    """The worst of one blob: in its own unit, and in that of its largest magnitude."""

    absolute: float
    relative: float
    not_finite: int = 0
    """How many values are infinite, or not a number."""


@dataclass(frozen=True)
class Row:
    """One blob: who wrote it, and the difference of each target, None where it lacks the blob."""

    blob: str
    shape: Shape
    layers: tuple[str, ...]
    differences: tuple[Difference | None, ...]
    not_finite: int = 0
    """How many of the reference's values are infinite, or not a number."""

    @property
    def worst(self) -> float:
        """The largest relative difference of any target."""
        return max((found.relative for found in self.differences if found), default=0.0)


@dataclass(frozen=True)
class Comparison:
    """What `compare` found: a row a blob, in the order of the network."""

    targets: tuple[str, ...]
    tolerance: float
    rows: tuple[Row, ...]

    @property
    def divergent(self) -> Row | None:
        """The first blob that is past the tolerance in any target."""
        return next((row for row in self.rows if not row.worst <= self.tolerance), None)

    @property
    def verdict(self) -> str:
        """The outcome in a sentence."""
        row, targets = self.divergent, " and ".join(self.targets)
        if row is None:
            within = f"{targets}: every blob is within {self.tolerance:g} of {REFERENCE}"
            return within + ", and what is not finite is so in both" * bool(self.not_finite)
        wrong = [
            target
            for target, found in zip(self.targets, row.differences, strict=True)
            if found and not found.relative <= self.tolerance
        ]
        return (
            f'{" and ".join(wrong)}: the first blob past {self.tolerance:g} is "{row.blob}", '
            f"made by {', '.join(row.layers)}"
        )

    @property
    def not_finite(self) -> str:
        """Where values begin to be infinite, or no numbers, in a sentence; empty: nowhere."""
        rows = [row for row in self.rows if row.not_finite or any(_not_finite(row))]
        if not rows:
            return ""
        first = rows[0]
        counts = zip(self.targets, _not_finite(first), strict=True)
        told = ", ".join(f"{n:,} in {name}" for name, n in ((REFERENCE, first.not_finite), *counts))
        return (
            f"{len(rows)} of {len(self.rows)} blobs have values that are not finite, though the "
            f'input is; the first is "{first.blob}", made by {", ".join(first.layers)}: of its '
            f"{count(first.shape):,} values {told}"
        )

    def __str__(self) -> str:
        head = ["blob", "shape"]
        head += [f"{target} {unit}" for target in self.targets for unit in ("absolute", "relative")]
        rows = [
            [ascii_only(row.blob), dims(row.shape), *_numbers(row.differences)] for row in self.rows
        ]
        table = aligned(head, rows, 2 * len(self.targets))
        told = [self.not_finite] if self.not_finite else []
        return "\n".join([*table, "", *map(printable, [*told, self.verdict])])


def compare(
    net: Net,
    weights: str | Path | Weights | Arrays | None = None,
    *,
    to: Sequence[str] = (),
    tolerance: float = 1e-4,
    image: Ndarray | None = None,
    seed: int = 0,
    optimized: bool = False,
    allow_missing: bool = False,
    **options: Any,
) -> Comparison:
    """How far the targets `to` are from NumPy in every blob, on the same input.

    The input is drawn from `seed`, or is an `image` (N, C, H, W or C, H, W) as the network wants
    it. `optimized` compares NumPy's optimized network too. The other options are those of `load`.
    """
    import numpy as np

    given = model(net, weights, allow_missing=allow_missing, **options)
    graph, feeds = given.graph, _feeds(given.graph, image, seed)
    whole = filled(_whole(given))
    right = blobs(load(whole, to=REFERENCE), feeds)

    targets = tuple(backends.own_names(to))
    found = [_differences(blobs(load(whole, to=t), feeds), right) for t in targets]
    if optimized:
        smaller, _ = optimize(Model(graph, whole.values))
        found.append(_differences(blobs(load(smaller, to=REFERENCE), feeds), right))
        targets += (OPTIMIZED,)
    rows = (
        Row(
            blob.name,
            blob.shape,
            layers,
            tuple(one.get(blob.name) for one in found),
            int((~np.isfinite(right[blob.name])).sum()),
        )
        for blob, layers in _written(graph)
    )
    return Comparison(targets, tolerance, tuple(rows))


def read_image(path: str | Path) -> Ndarray:
    """The array in a .npy file. Raises Proto2NetError."""
    import numpy as np

    if plain.is_special(path):
        raise Proto2NetError(f"{path}: {plain.SPECIAL}")
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)  # no more than the file has
    except OSError as error:
        raise Proto2NetError(f"{path}: {error.strerror or error}") from None
    except Exception:  # damage is met with errors of many kinds
        found = None
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "fiu":
        raise Proto2NetError(
            f"{path}: this is no .npy file of numbers",
            "save the image as an array (C, H, W) with numpy.save, prepared as the network wants",
        )
    return found


# ---- inputs ---------------------------------------------------------------------------------


def _feeds(graph: Graph, image: Ndarray | None, seed: int) -> dict[str, Ndarray]:
    """The value of each input: uniform in [-1, 1), but class 0 where it feeds only labels."""
    import numpy as np

    rng = np.random.default_rng(seed)
    labels = label_blobs(graph)
    feeds = {
        blob.name: np.zeros(blob.shape, np.float32)
        if blob in labels
        else 2 * rng.random(blob.shape, dtype=np.float32) - 1
        for blob in graph.inputs
    }
    return feeds if image is None else feeds | _fed(graph, image)


def _fed(graph: Graph, image: Ndarray) -> dict[str, Ndarray]:
    """The image for the first input that it fits, for each of its batch if there is one only."""
    import numpy as np

    for blob in graph.inputs:
        if image.shape in (blob.shape, blob.shape[1:], (1, *blob.shape[1:])):
            with np.errstate(over="ignore"):
                fed = image.astype(np.float32)
            return {blob.name: np.broadcast_to(_finite(fed), blob.shape).copy()}
    inputs = ", ".join(f'"{blob.name}" ({dims(blob.shape)})' for blob in graph.inputs)
    hint = ""
    if graph.inputs and image.ndim in (3, 4):
        batch = (1, *image.shape)[-4:]
        hint = (
            f"give the input its shape: --input {graph.inputs[0].name}={','.join(map(str, batch))}"
        )
    raise Proto2NetError(
        f"the image is {dims(image.shape)}, which fits no input of the network: {inputs or 'none'}",
        hint,
    )


def _finite(image: Ndarray) -> Ndarray:
    """The same. What infinities and NaN become tells nothing: an image that has some is refused."""
    import numpy as np

    wrong = int((~np.isfinite(image)).sum())
    if wrong:
        raise Proto2NetError(
            f"{wrong:,} of the image's {image.size:,} values are not finite in 32 bits",
            "an image is of numbers, prepared as the network wants",
        )
    return image


# ---- networks -------------------------------------------------------------------------------


def _whole(given: Model) -> Model:
    """The model with every blob as an output: so no target leaves out a layer, nor its arrays."""
    made = [blob for blob in given.graph.blobs.values() if blob not in given.graph.input_set]
    return Model(dataclasses.replace(given.graph, outputs=tuple(made)), given.values)


# ---- differences ----------------------------------------------------------------------------


def _differences(found: dict[str, Ndarray], right: dict[str, Ndarray]) -> dict[str, Difference]:
    return {name: difference(found[name], right[name]) for name in right if name in found}


def difference(found: Ndarray, right: Ndarray) -> Difference:
    """The worst difference of an array. What is not a number equals only its like."""
    import numpy as np

    if found.shape != right.shape:
        return Difference(math.inf, math.inf)
    not_finite = int((~np.isfinite(found)).sum())
    a, b = found.astype(np.float64), right.astype(np.float64)
    with np.errstate(invalid="ignore"):
        apart = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0, np.abs(a - b))
    absolute = float(np.where(np.isnan(apart), math.inf, apart).max(initial=0))
    largest = float(np.abs(b[np.isfinite(b)]).max(initial=0))
    return Difference(absolute, absolute / (largest or 1), not_finite)


def _not_finite(row: Row) -> list[int]:
    """How many values of a blob are not finite in each target."""
    return [found.not_finite if found else 0 for found in row.differences]


def _written(graph: Graph) -> Iterator[tuple[Blob, tuple[str, ...]]]:
    """Every named blob once it has its last value, and the layers that wrote it, in place or not.

    In the order of the network.
    """
    writers: dict[str, list[str]] = {}
    for node in graph.nodes:
        for top in node.tops:
            writers.setdefault(top.name, []).append(str(node))
            if graph.blobs[top.name] == top:
                yield top, tuple(writers[top.name])


def _numbers(differences: Sequence[Difference | None]) -> Iterator[str]:
    for found in differences:
        for value in (found.absolute, found.relative) if found else (None, None):
            yield "-" if value is None else f"{value:.1e}" if value else "0"
