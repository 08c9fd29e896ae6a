"""Draws what trainings have logged, over each other: losses, tests and learning rates."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from proto2net import output
from proto2net.errors import Proto2NetError
from proto2net.training.logs import Log, Output, Points

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".svg", ".png", ".pdf")

# A colour for each log, which the colour-blind tell apart (Okabe and Ito); what an output is, the
# stroke and the mark tell, so that a print in black tells it too.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES = ("--", ":", "-.")
_MARKS = ("o", "s", "^", "D", "v", "P", "X")
_DATED = {".svg": "Date", ".pdf": "CreationDate", ".png": "Software"}
"""What a file would have that is not the same each time; so are names within an .svg."""

_STYLE: list[str | Path | dict[str, Any]] = ["default", {"svg.hashsalt": "proto2net"}]

_DECADES = 100
"""From this ratio of the largest value to the smallest on, a scale is logarithmic."""
_LARGEST = 1e100
"""What is beyond is drawn no more than what is infinite: no loss in float32 is."""
_MANY = 1000
"""More points are drawn as bands."""


class _Pen(NamedTuple):
    """How the curves of a log are drawn."""

    name: str
    colour: str
    wider: float
    """A log below others has wider curves, which are seen where those lie on them."""
    outputs: Sequence[Output]
    """Those of all logs, since an output has the same mark in each."""


def check(path: str | Path) -> None:
    """Refuse what could not be drawn or written. Raises Proto2NetError."""
    if Path(path).suffix.lower() not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise Proto2NetError(f"{path}: a picture is one of {known}", "call it curves.svg")
    if find_spec("matplotlib") is None:
        raise Proto2NetError(
            "matplotlib, which draws curves, is not installed",
            "`pip install matplotlib` installs it",
        )


def write(logs: Sequence[Log], path: str | Path, *, overwrite: bool = False) -> None:
    """Draw logs into an .svg, .png or .pdf. Raises Proto2NetError."""
    check(path)
    suffix = Path(path).suffix.lower()

    def content(stream: BinaryIO) -> None:
        from matplotlib import style

        # How a user's own style has it is no matter here; a name may have what no font has.
        with style.context(_STYLE), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            figure = draw(logs)
            figure.savefig(stream, format=suffix[1:], dpi=144, metadata={_DATED[suffix]: None})

    output.write(Path(path), content, overwrite=overwrite)


def draw(logs: Sequence[Log]) -> Figure:
    """A figure of matplotlib: a panel for losses, one for tests, and one for learning rates."""
    from matplotlib.figure import Figure

    panels = [
        (3.0, "loss", _losses, any(log.curve or _of(log, True) for log in logs)),
        (2.0, "test output", _tests, any(_of(log, False) for log in logs)),
        (0.8, "learning rate", _rates, any(log.rates for log in logs)),
    ]
    wanted = [(height, label, fill) for height, label, fill, has in panels if has]
    if not wanted:
        raise Proto2NetError("there is nothing to draw yet")
    heights = [height for height, _, _ in wanted]
    names = _names([log.name for log in logs])
    outputs = list(dict.fromkeys(found for log in logs for found in log.tests))
    figure = Figure(figsize=(9, 1 + 1.1 * sum(heights)), layout="constrained")
    rows = figure.subplots(
        len(wanted), sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights}
    )
    for axes, (_, label, fill) in zip(rows[:, 0], wanted, strict=True):
        for number, log in enumerate(logs):
            wider = min(1.6, 3.2 / len(logs)) * (len(logs) - 1 - number)
            fill(axes, log, _Pen(names[number], _COLOURS[number % len(_COLOURS)], wider, outputs))
        _finish(axes, label, decades=10 if fill is _rates else _DECADES)
    rows[-1, 0].set_xlabel("iteration")
    return figure


def _names(paths: Sequence[str]) -> list[str]:
    """The ends of paths, as long as it takes to tell the files apart."""
    parts = [Path(path).parts for path in paths]
    for length in range(1, max(map(len, parts), default=0)):
        names = [str(Path(*each[-length:])) for each in parts]
        if len(set(names)) == len(set(paths)):
            return names
    return list(paths)


# ---- panels ----------------------------------------------------------------------------------


def _losses(axes: Axes, log: Log, pen: _Pen) -> None:
    if log.each and log.losses:
        _pale(axes, log.each, pen)
    if log.curve:
        _line(axes, log.curve, pen, 1.5, label=f"train, {pen.name}")
    _outputs(axes, log, pen, losses=True)


def _tests(axes: Axes, log: Log, pen: _Pen) -> None:
    _outputs(axes, log, pen, losses=False)


def _rates(axes: Axes, log: Log, pen: _Pen) -> None:
    _line(axes, log.rates, pen, 0.8, drawstyle="steps-post")


def _outputs(axes: Axes, log: Log, pen: _Pen, *, losses: bool) -> None:
    """Outputs of tests, whose few points have marks."""
    alike = [found for found in pen.outputs if found.is_loss == losses]
    for found, points in _of(log, losses):
        place = alike.index(found)
        how: dict[str, Any] = {
            "marker": _MARKS[place % len(_MARKS)],
            "linestyle": _DASHES[place % len(_DASHES)],
        }
        how |= {"markersize": 4 + pen.wider, "markevery": max(1, len(points) // 12)}
        _line(axes, points, pen, 1.0, label=_label(log, found, pen.name), **how)


def _of(log: Log, losses: bool) -> list[tuple[Output, Points]]:
    """The outputs of tests that are losses, or those that are none."""
    return [(found, points) for found, points in log.tests.items() if found.is_loss == losses]


def _label(log: Log, found: Output, name: str) -> str:
    several = Output(found.name, found.network, 1, found.is_loss) in log.tests
    place = f"[{found.place}]" if several else ""
    network = f" of network {found.network}" if found.network else ""
    return f"test {found.name}{place}{network}, {name}"


# ---- strokes ---------------------------------------------------------------------------------


def _line(axes: Axes, points: Points, pen: _Pen, width: float, **how: Any) -> None:
    width += pen.wider
    axes.plot(list(points), _values(points), color=pen.colour, linewidth=width, **how)
    _lost(axes, points, pen.colour)


def _pale(axes: Axes, points: Points, pen: _Pen) -> None:
    """The losses of single iterations, behind their means: of very many the band they lie in."""
    how: dict[str, Any] = {"color": pen.colour, "alpha": 0.25, "linewidth": 0.7, "zorder": 1}
    iterations, values = list(points), _values(points)
    if len(points) <= _MANY:
        axes.plot(iterations, values, **how)
        return
    size = math.ceil(len(points) / _MANY)
    starts = range(0, len(points), size)
    parts = [[v for v in values[n : n + size] if math.isfinite(v)] or [math.nan] for n in starts]
    axes.fill_between(
        [iterations[n] for n in starts], [min(x) for x in parts], [max(x) for x in parts], **how
    )


def _lost(axes: Axes, points: Points, colour: str) -> None:
    """A cross where a curve ends in what is no finite number."""
    last: tuple[int, float] | None = None
    for iteration, value in zip(points, _values(points), strict=True):
        if math.isfinite(value):
            last = iteration, value
        elif last:
            axes.plot(*([x] for x in last), color=colour, marker="x", markersize=9, clip_on=False)
            last = None


def _values(points: Points) -> list[float]:
    """The values, of which those that cannot be drawn are NaN."""
    return [value if abs(value) < _LARGEST else math.nan for value in points.values()]


def _finish(axes: Axes, label: str, *, decades: int) -> None:
    """Scales and labels, which come after the curves."""
    if _spans(axes, decades):
        axes.set_yscale("log")
    axes.set_ylabel(label)
    axes.grid(color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        legend = axes.legend(
            handles, labels, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize=8
        )
        for text in legend.get_texts():  # of a name no part is a formula
            text.set_parse_math(False)


def _spans(axes: Axes, ratio: int) -> bool:
    """Whether the curves are all above 0, and the largest value is so many times the smallest."""
    values = _finite(axes.get_lines())
    return bool(values) and min(values) > 0 and max(values) >= ratio * min(values)


def _finite(lines: Iterable[Any]) -> list[float]:
    return [v for line in lines for v in map(float, line.get_ydata()) if math.isfinite(v)]
