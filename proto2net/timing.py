"""How long a network takes in targets, beside a matrix product of as many multiply-adds."""

from __future__ import annotations

import dataclasses
import json
import math
import statistics
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from time import perf_counter

from proto2net import backends
from proto2net.backends.base import Backend
from proto2net.batch import with_batch
from proto2net.errors import Issue, Proto2NetError
from proto2net.feeds import label_blobs
from proto2net.frozen import dataclass
from proto2net.graph import Blob, Entry, Graph
from proto2net.layers import Input
from proto2net.stopwatch import Program, Setting, Stopwatch
from proto2net.text import aligned, ascii_only
from proto2net.wiring import wire

SIDE = 1024
"""Of the square matrix in a large product."""
TURNS = 4
"""Of a target: to start, forward, forward-backward and the product; then one a layer."""
MOST_ROWS = 4096
"""Of the other matrix; a larger product is several of these."""


@dataclass(frozen=True)
class Times:
    """Of what was timed again and again: milliseconds on average, and their deviation."""

    mean_ms: float
    std_ms: float
    steps_ms: tuple[float, ...] = ()
    """Each of them."""

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> Times:
        """Those of single runs."""
        mean, deviation = statistics.fmean(milliseconds), statistics.pstdev(milliseconds)
        return cls(mean, deviation, tuple(milliseconds))


@dataclass(frozen=True)
class LayerTimes:
    """The forward pass of one layer alone."""

    name: str
    type: str
    forward: Times


@dataclass(frozen=True)
class TargetTimes:
    """The times of one target; None for what it cannot do."""

    version: str
    device: str
    forward: Times
    forward_backward: Times | None
    matrix_product: Times | None
    layers: tuple[LayerTimes, ...] = ()
    start_ms: float = 0.0
    """Until the framework was imported."""
    build_ms: float = 0.0
    """Until the network was made."""

    @property
    def ratio(self) -> float | None:
        """The forward pass in units of the matrix product."""
        if self.matrix_product is None:
            return None
        return self.forward.mean_ms / self.matrix_product.mean_ms

    @property
    def steps(self) -> dict[str, float]:
        """How many milliseconds each step took, by its name, in the order that they were taken."""
        runs = {
            "forward": self.forward,
            "forward-backward": self.forward_backward,
            "product": self.matrix_product,
        }
        return {"start": self.start_ms, "build": self.build_ms} | {
            f"{name} {number}": step
            for name, times in runs.items()
            if times
            for number, step in enumerate(times.steps_ms, start=1)
        }


@dataclass(frozen=True)
class Timing:
    """What `measure` found."""

    net: str
    phase: str
    batch: int
    multiply_adds: int
    """Of an image."""
    iterations: int
    targets: dict[str, TargetTimes]

    def json(self) -> str:
        """All of it for programs, with these names."""
        return json.dumps(dataclasses.asdict(self), indent=2)

    def steps(self) -> str:
        """How long each step took in each target, as a table."""
        columns = [times.steps for times in self.targets.values()]
        longest = max(columns, key=len, default={})  # only a backward pass may lack
        rows = [
            [step, *(f"{column[step]:,.3f}" if step in column else "-" for column in columns)]
            for step in longest
        ]
        head = ["step", *(f"{name} ms" for name in self.targets)]
        return "\n".join(aligned(head, rows, len(self.targets)))

    def __str__(self) -> str:
        rows = [_row(name, times, self.batch) for name, times in self.targets.items()]
        lines = [
            f"{ascii_only(self.net)} ({self.phase.lower()} phase), batch {self.batch}",
            "",
            *aligned(_HEAD, rows, _NUMBERS),
            "",
            f"iterations     {self.iterations}",
            f"multiply-adds  {self.multiply_adds:,} per image",
            "product        a matrix product of as many for the batch, in the same framework",
            "ratio          forward / product",
            *_by_layer(self.targets),
        ]
        return "\n".join(lines)


def measure(
    graph: Graph,
    *,
    to: Sequence[str],
    batch: int | None = None,
    iterations: int = 20,
    warmup: int = 3,
    device: str = "cpu",
    threads: int | None = None,
    compiled: bool = False,
    layers: bool = False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Timing:
    """Time a network in targets, each in a process of its own, by turns.

    `batch` replaces that of the definition; `warmup` runs come first and do not count; `compiled`
    asks for the framework's compiler; `layers` times each layer alone too; `progress` is told how
    far it is, and of how much. Raises Proto2NetError where a target cannot run here.
    """
    if batch is not None:
        graph = with_batch(graph, batch)
    parts = [graph, *alone(graph)] if layers else [graph]
    setting = Setting(device, compiled, threads, warmup, iterations)
    programs = {name: [_program(name, part) for part in parts] for name in backends.own_names(to)}
    with ExitStack() as stack:
        clocks = [stack.enter_context(Stopwatch(name, setting)) for name in programs]
        turns = [_timed(c, parts, programs[c.target], matrices(graph.macs)) for c in clocks]
        of = len(turns) * (TURNS + len(parts) - 1)
        found = _by_turns(turns, lambda done: progress(done, of))
    targets = dict(zip(programs, found, strict=True))
    return Timing(
        graph.name,
        graph.phase,
        graph.batch,
        graph.per_image(graph.macs),
        iterations,
        targets,
    )


# ---- what is timed --------------------------------------------------------------------------


def alone(graph: Graph) -> list[Graph]:
    """A network of one layer for each layer that reads and makes blobs, with inputs of its own."""
    return [
        wire(node.name, [*map(_input, dict.fromkeys(node.bottoms)), node.entry], graph.phase)
        for node in graph.nodes
        if node.bottoms and node.tops
    ]


def _input(blob: Blob) -> Entry:
    return Entry(blob.name, Input((blob.shape,)), tops=(blob.name,))


def matrices(macs: int) -> tuple[int, int, int, int] | None:
    """Two matrices, rows x inner and inner x columns, and a number of products.

    They have as many multiply-adds, as nearly as whole numbers can; None for 0.
    """
    if not macs:
        return None
    side = min(SIDE, max(1, round(macs ** (1 / 3))))
    repeats = math.ceil(macs / (MOST_ROWS * side**2))
    rows = max(1, round(macs / (repeats * side**2)))
    return rows, side, side, repeats


def _program(target: str, graph: Graph) -> Program:
    """The network as the target's process gets it."""
    backend = backends.get(target)
    if not isinstance(backend, Backend):
        raise Proto2NetError(f'"{target}" prints text; it cannot be timed')
    emitted = backend.emit(graph)
    labels = label_blobs(graph)
    inputs = [(blob.shape, blob in labels) for blob in graph.inputs]
    return Program(emitted.portable, emitted.entry, graph.phase, inputs)


# ---- timing ---------------------------------------------------------------------------------

Turns = Generator[None, None, TargetTimes]


def _timed(
    clock: Stopwatch,
    parts: Sequence[Graph],
    programs: Sequence[Program],
    sizes: tuple[int, int, int, int] | None,
) -> Turns:
    """Time one target; it yields where it is the turn of another."""
    begun = perf_counter()
    version = clock.start()
    start_ms = 1000 * (perf_counter() - begun)
    yield
    begun = perf_counter()
    clock.build(programs[0])
    build_ms = 1000 * (perf_counter() - begun)
    forward = Times.of(clock.forward())
    yield
    both = clock.forward_backward()
    yield
    product = clock.matrix_product(*sizes) if sizes else None
    layers = []
    for part, program in zip(parts[1:], programs[1:], strict=True):
        yield
        clock.build(program)
        node = part.nodes[-1]
        layers.append(LayerTimes(node.name, node.layer.type, Times.of(clock.forward())))
    return TargetTimes(
        version,
        clock.setting.device,
        forward,
        Times.of(both) if both else None,
        Times.of(product) if product else None,
        tuple(layers),
        start_ms,
        build_ms,
    )


def _by_turns(
    targets: Sequence[Turns], progress: Callable[[int], None] = lambda done: None
) -> list[TargetTimes]:
    """Advance all a turn at a time, so that what else the machine does meets them alike.

    The problems of one turn are raised together.
    """
    found: dict[Turns, TargetTimes] = {}
    done = 0
    while len(found) < len(targets):
        issues: list[Issue] = []
        for turns in [turns for turns in targets if turns not in found]:
            try:
                next(turns)
            except StopIteration as end:
                found[turns] = end.value
            except Proto2NetError as error:
                issues += error.issues
            done += 1
            progress(done)
        if issues:
            raise Proto2NetError(issues)
    return [found[turns] for turns in targets]


# ---- tables ---------------------------------------------------------------------------------

_HEAD = (
    "target",
    "device",
    "forward ms",
    "+-",
    "images/s",
    "forward-backward ms",
    "+-",
    "images/s",
    "product ms",
    "ratio",
)
_NUMBERS = len(_HEAD) - 2


def _row(target: str, times: TargetTimes, batch: int) -> list[str]:
    return [
        f"{target} {times.version}",
        times.device,
        *_cells(times.forward, batch),
        *_cells(times.forward_backward, batch),
        _ms(times.matrix_product),
        "-" if times.ratio is None else f"{times.ratio:.2f}",
    ]


def _cells(times: Times | None, batch: int) -> list[str]:
    if times is None:
        return ["-"] * 3
    return [_ms(times), f"{times.std_ms:,.3f}", f"{1000 * batch / times.mean_ms:,.1f}"]


def _ms(times: Times | None) -> str:
    return f"{times.mean_ms:,.3f}" if times else "-"


def _by_layer(targets: Mapping[str, TargetTimes]) -> list[str]:
    """The table of layers, if they were timed."""
    columns = [times.layers for times in targets.values()]
    if not any(columns):
        return []
    head = ["layer", "type", *(f"{name} {unit}" for name in targets for unit in ("ms", "%"))]
    rows = [
        [ascii_only(row[0].name), row[0].type, *(cell for pair in cells for cell in pair)]
        for row, cells in zip(
            zip(*columns, strict=True),
            zip(*map(_shares, columns), strict=True),
            strict=True,
        )
    ]
    return ["", *aligned(head, rows, 2 * len(targets))]


def _shares(layers: Sequence[LayerTimes]) -> Iterator[tuple[str, str]]:
    """Of each layer the time, and its share of all in percent."""
    total = sum(layer.forward.mean_ms for layer in layers)
    for layer in layers:
        yield _ms(layer.forward), f"{100 * layer.forward.mean_ms / total:.1f}"
