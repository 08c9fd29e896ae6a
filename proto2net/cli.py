"""The command `proto2net`: how the library is asked for on the command line, and no more."""

from __future__ import annotations

import io
import logging
import os
import platform
import re
import shlex
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from keyword import iskeyword
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

import click
from click.core import ParameterSource

from proto2net import (
    Graph,
    Issue,
    ParseError,
    Proto2NetError,
    __version__,
    api,
    backends,
    limits,
    output,
    parse,
)
from proto2net.layers.holes import Hole
from proto2net.output import printable
from proto2net.rewrites.deploy import UNNAMED

STANDARD = "-"
"""Standard input or output in the place of a file."""

MUCH = 100_000_000
"""From this many bytes on, a bar shows how far writing is."""

BUG = 70
"""The exit code of a program that has failed by a fault of its own (EX_SOFTWARE)."""

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""


# ---- arguments ------------------------------------------------------------------------------


def _target(name: str) -> Any:
    """The backend or printer of this name."""
    try:
        return backends.get(name)
    except Proto2NetError as error:
        raise click.BadParameter("\n".join(map(_quoted, error.issues))) from None


def _targets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The targets that complete what was typed."""
    return [name for name in backends.names() if name.startswith(incomplete)]


def _runnable(ctx: click.Context, param: click.Parameter, text: str) -> list[str]:
    """The names of targets, from torch,tf."""
    names = filter(None, text.split(","))
    return list(dict.fromkeys(_target(name).name for name in names))


def _input(text: str) -> tuple[str, tuple[int, ...]]:
    """A name and a shape, from NAME=1,3,224,224 or NAME=1x3x224x224; UNNAMED without a name."""
    name, equals, dims = text.rpartition("=")
    sizes = re.split(r"\s*[,x]\s*", dims.strip())
    if (equals and not name) or not all(re.fullmatch("[0-9]{1,10}", size) for size in sizes):
        raise click.BadParameter(f"{text!r} is not [NAME=]DIMS, such as data=1,3,224,224")
    return name or UNNAMED, tuple(map(int, sizes))


def _shape(text: str) -> tuple[int, ...]:
    """A shape, from 1,3,224,224 or 1x3x224x224."""
    name, shape = _input(text)
    if name != UNNAMED:
        raise click.BadParameter(f"{text!r} is not DIMS, such as 1,3,224,224")
    return shape


def _by_name(
    ctx: click.Context, param: click.Parameter, pairs: Sequence[tuple[str, Any]]
) -> dict[str, Any]:
    """What is given for each name, which is given once."""
    for name, times in Counter(name for name, _ in pairs).items():
        if times > 1:
            what = "a shape without a name" if name == UNNAMED else f'"{name}"'
            raise click.BadParameter(f"{what} is given {times} times")
    return dict(pairs)


def _hole(text: str) -> tuple[str, list[tuple[int, ...]]]:
    """A name and the shapes of tops, from NAME=300,5 or NAME=300,5;300,1."""
    name, _, shapes = text.rpartition("=")
    if not name:
        raise click.BadParameter(f"{text!r} is not NAME=SHAPE, such as rois=300,5")
    return name, [_input(f"{name}={shape}")[1] for shape in shapes.split(";")]


def _stage(text: str) -> str:
    """A stage; an argument can be any bytes."""
    if printable(text) != text:
        raise click.BadParameter(f"{text!r} is not plain text")
    return text


def _level(text: str) -> int:
    """A level, as far as caffe.proto can hold it."""
    if not re.fullmatch("-?[0-9]{1,9}", text):
        raise click.BadParameter(f"{text!r} is not a whole number of at most 9 digits")
    return int(text)


def _class_name(text: str) -> str:
    """A name that a class or function can have."""
    if not (text.isascii() and text.isidentifier()) or iskeyword(text):
        raise click.BadParameter(f"{text!r} is not a name for a class, of letters, digits and _")
    return text


Command = Callable[..., None]


def _network(command: Command) -> Command:
    """The arguments that say which graph is meant; all but NET are options of `parse`."""
    return _definition("--layers")(click.argument("net", metavar="NET")(command))


def _definition(*layers: str) -> Callable[[Command], Command]:
    """The options that say how definitions are read, `layers` being what one of them is called."""
    return lambda command: _with_options(command, layers)


def _with_options(command: Command, layers: Sequence[str]) -> Command:
    for parameter in (
        click.option(
            *layers,
            "layers",
            type=click.Path(),
            metavar="FILE.py",
            help="Layer types of your own: this Python file is run.",
        ),
        click.option(
            "--holes",
            type=_hole,
            metavar="NAME=DIMS",
            multiple=True,
            callback=_by_name,
            help="Leave a layer to be written, by name or as type:TYPE, with the shape of its top, "
            "such as rois=300,5. Repeatable; several tops have ; in between.",
        ),
        click.option(
            "--fork",
            metavar="NAME",
            default="",
            help="The fork of Caffe that NET is for, such as darknet, where forks disagree.",
        ),
        click.option(
            "--ignore-unknown-fields",
            is_flag=True,
            help="Pass over fields that are not known; each is told.",
        ),
        click.option(
            "--output",
            "outputs",
            metavar="BLOB",
            multiple=True,
            help="Keep only what this blob needs, and make it an output. Repeatable.",
        ),
        click.option(
            "--input",
            "inputs",
            type=_input,
            metavar="[NAME=]DIMS",
            multiple=True,
            callback=_by_name,
            help="The shape of an input, such as data=1,3,224,224; without a name, of those "
            "whose shape the file does not state, else of all with as many axes. Repeatable.",
        ),
        click.option(
            "--stage",
            "stages",
            type=_stage,
            metavar="NAME",
            multiple=True,
            help="A stage that rules of layers may ask for. Repeatable.",
        ),
        click.option(
            "--level",
            type=_level,
            metavar="N",
            default="0",
            help="The level that rules of layers may ask for.",
        ),
        click.option(
            "--phase",
            type=click.Choice(["test", "train"]),
            default="test",
            show_default=True,
            help="The network for testing and use, or for training.",
        ),
    ):
        command = parameter(command)
    return command


# ---- commands -------------------------------------------------------------------------------


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""NET is a prototxt, or a solver that names one; - reads standard input.

    \b
    Exit codes: 0 done; 1 the input is at fault, and nothing was written;
    2 the command line is at fault; 70 proto2net is at fault; 130 Ctrl-C.
    What is killed may leave .proto2net-*.tmp beside OUT, which can be deleted.

    \b
    Completion, for ~/.bashrc (zsh_source and fish_source for those shells):
      eval "$(_PROTO2NET_COMPLETE=bash_source proto2net)"
    """,
)
@click.version_option(__version__, message="proto2net %(version)s")
def cli() -> None:
    """Caffe network definitions as PyTorch and TensorFlow networks, exact and readable."""


@cli.command()
@_network
@click.option(
    "--weights",
    metavar="FILE",
    help="Learned weights: .caffemodel, .caffemodel.h5, .npy or our own .safetensors. They are "
    "written beside OUT.",
)
@click.option("--allow-missing", is_flag=True, help="Leave to its fillers what the weights lack.")
@click.option(
    "--optimize", "optimized", is_flag=True, help="Fold BatchNorm and Scale into the weights."
)
@click.option(
    "--to",
    "target",
    type=_target,
    metavar="TARGET",
    required=True,
    shell_complete=_targets,
    help=f"{', '.join(backends.BUILT_IN)}, or a target of another package.",
)
@click.option("-o", "out", metavar="OUT", help="The file to write, or -. Default: as NET, here.")
@click.option(
    "--name", type=_class_name, metavar="NAME", help="What to call the class or function."
)
@click.option(
    "--batch",
    type=click.Choice(["any"]),
    callback=lambda ctx, param, value: value or "",
    help="Have a batch that a Reshape states as a number follow the input.",
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def convert(
    net: str,
    weights: str | None,
    allow_missing: bool,
    optimized: bool,
    target: Any,
    out: str | None,
    name: str | None,
    force: bool,
    **options: Any,
) -> None:
    """Write a network for a target, and its weights if they are given.

    \b
    proto2net convert nin.prototxt --to torch
    """
    from proto2net.backends.source import function_name
    from proto2net.weights.porting import port

    _check_weights(weights)
    if weights and out == STANDARD:
        raise click.UsageError("--weights are written beside OUT, which cannot be - then")
    if optimized and not weights:
        raise click.UsageError("--optimize changes weights: give --weights too")
    if module := output.takes_the_place_of(Path(out or "")):
        raise Proto2NetError(
            f"Python would import {out} in the place of the module {module}",
            f"call it {Path(out or '').with_stem(f'{module}_net')}",
        )
    graph = _graph(net, options)
    inputs = _inputs(net, weights, graph, options)
    stem = graph.name if net == STANDARD else Path(net).stem
    path = Path(out or function_name(stem) + target.suffix)
    if module := output.takes_the_place_of(path):
        path = path.with_stem(f"{module}_net")
        _say(f"note: {path}, since Python would import {module}.py in the place of {module}")
    model = api.model(graph, weights, allow_missing=allow_missing, optimized=optimized)
    ported = port(model, target, name=name or "", stem=path.stem)
    files: dict[Path, output.Content] = {}
    emitted, arrays = ported.emitted, ported.beside
    if arrays:
        beside = path.with_suffix(arrays.suffix)
        if beside == path:
            raise Proto2NetError(f"{path} is where the weights go", "give OUT another suffix")
        files[beside] = _watched(arrays.write, arrays.size)
    if out == STANDARD:
        _print(emitted.source)
        return
    files[path] = emitted.source.encode()
    output.write_together(files, overwrite=force, inputs=inputs)
    for file in files:
        if file != path:
            _say(f"wrote {file}")
    _say(f"wrote {path}: {emitted.entry}, {_counted(model.graph.parameters, 'parameter')}")


@cli.command()
@_network
@click.option("--weights", metavar="FILE", help="Learned weights. Without, the fillers make them.")
@click.option("--allow-missing", is_flag=True, help="Leave to its fillers what the weights lack.")
@click.option(
    "--to",
    "targets",
    metavar="TARGETS",
    default="",
    callback=_runnable,
    help="What to compare, such as torch,tf.",
)
@click.option("--rewrites", "optimized", is_flag=True, help="Compare what --optimize makes too.")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    metavar="X",
    default=1e-4,
    show_default=True,
    help="The largest difference, in units of the largest magnitude of a blob.",
)
@click.option(
    "--image",
    metavar="FILE",
    help="What to feed instead of random numbers: a .npy array (N, C, H, W or C, H, W).",
)
def verify(
    net: str,
    weights: str | None,
    allow_missing: bool,
    targets: list[str],
    optimized: bool,
    tolerance: float,
    image: str | None,
    **options: Any,
) -> None:
    """Compare a network's blobs in targets with those in NumPy.

    It ends with exit code 1 if a blob is past the tolerance. In the train phase, layers that draw
    random numbers (Dropout) differ.

    \b
    proto2net verify nin.prototxt --weights nin.caffemodel --to torch,tf
    """
    _check_weights(weights)
    if not targets and not optimized:
        raise click.UsageError("nothing to compare: give --to or --rewrites")
    from proto2net.verify import compare, read_image
    from proto2net.weights.reading import is_caffemodel

    found = compare(
        _whole(_graph(net, options)),
        net if weights is None and is_caffemodel(Path(net)) else weights,
        to=targets,
        tolerance=tolerance,
        image=read_image(image) if image else None,
        optimized=optimized,
        allow_missing=allow_missing,
    )
    _print(f"{found}\n")
    if found.divergent:
        click.get_current_context().exit(1)


@cli.command()
@_network
def inspect(net: str, **options: Any) -> None:
    """Print a network's layers, shapes and sizes."""
    _print(f"{_graph(net, options)}\n")


@cli.command()
@click.argument("net", metavar="NET")
@_definition("--layers-file")  # as --layers asks for the times of each layer here
@click.option(
    "--to",
    "targets",
    metavar="TARGETS",
    required=True,
    callback=_runnable,
    help="What to time, such as torch,tf.",
)
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    metavar="N",
    help="Images at once. Default: as NET says.",
)
@click.option(
    "--iterations",
    type=click.IntRange(min=1),
    metavar="N",
    default=20,
    show_default=True,
    help="How often each is timed.",
)
@click.option(
    "--warmup",
    type=click.IntRange(min=1),
    metavar="N",
    default=3,
    show_default=True,
    help="How often each is run before, which does not count.",
)
@click.option(
    "--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True, help="Where."
)
@click.option("--threads", type=click.IntRange(min=1), metavar="N", help="How many on the CPU.")
@click.option("--compile", "compiled", is_flag=True, help="Use torch.compile, and XLA in tf.")
@click.option(
    "--layers", "alone", is_flag=True, help="Time the forward pass of each layer alone too."
)
@click.option("--steps", is_flag=True, help="Print how long each step took too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, which has each step too.")
def time(
    net: str,
    targets: list[str],
    batch: int | None,
    iterations: int,
    warmup: int,
    device: str,
    threads: int | None,
    compiled: bool,
    alone: bool,
    steps: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Time a network's forward and backward pass in targets.

    NET can also be FILE.py:CLASS, a network class of your own. Beside it a matrix product of as
    many multiply-adds is timed in the same framework. Weights start from their fillers.

    \b
    proto2net time nin.prototxt --to torch,tf --batch 32
    """
    if not targets:
        raise click.UsageError("nothing to time: --to names no target")
    from proto2net.timing import measure

    graph = _own_class(net, options) or _whole(_graph(net, options))
    with _bar("timing") as progress:
        found = measure(
            graph,
            to=targets,
            batch=batch,
            iterations=iterations,
            warmup=warmup,
            device=device,
            threads=threads,
            compiled=compiled,
            layers=alone,
            progress=progress,
        )
    if as_json:
        _print(f"{found.json()}\n")
    else:
        _print("\n\n".join([str(found), *([found.steps()] if steps else [])]) + "\n")


@cli.command()
@click.argument("trees", metavar="DIR", nargs=-1, required=True, type=click.Path(exists=True))
@_definition("--layers")
@click.option(
    "--to",
    "targets",
    metavar="TARGETS",
    default="torch,tf",
    show_default=True,
    callback=_runnable,
    help="What to convert to.",
)
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(["deploy", "train_val"]),
    multiple=True,
    help="Only networks that are fed, or that read data or need labels. Repeatable.",
)
@click.option(
    "--shape",
    "shapes",
    type=_shape,
    metavar="DIMS",
    multiple=True,
    help="A shape to try, such as 1,3,224,224, for inputs whose shape a file does not state. "
    "Repeatable: the first that fits counts.",
)
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Default: one a core.")
@click.option(
    "--run", is_flag=True, help="Run what is emitted too, as far as it builds the network."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def survey(
    trees: Sequence[str],
    targets: list[str],
    kinds: Sequence[str],
    jobs: int | None,
    run: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Tell how many networks under DIR convert, and why the others do not.

    Solvers, templates and the like are told apart. Nothing is written.

    \b
    proto2net survey models --to torch
    """
    from proto2net import survey

    with _bar("converting") as progress:
        found = survey.survey(
            trees,
            to=targets,
            kinds=kinds or survey.KINDS,
            jobs=jobs,
            run=run,
            progress=progress,
            **options,
        )
    _print(f"{found.json() if as_json else found}\n")


@cli.command()
def layers() -> None:
    """Print which layer types each target renders."""
    from proto2net.backends.summary import support

    _print(f"{support()}\n")


def _debug(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted:
        ctx.obj.wanted = True


for command in (cli, *cli.commands.values()):
    command.params.append(
        click.Option(
            ["--debug"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_debug,
            help="Show the traceback of an error too.",
        )
    )


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and end the program: every exit code is decided here."""
    try:
        _run(arguments)
    except BrokenPipeError:  # nobody reads what is said
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)


def _run(arguments: Sequence[str] | None) -> NoReturn:
    debugging = _Debugging()
    try:
        with _notes():
            code = cli.main(arguments, "proto2net", standalone_mode=False, obj=debugging)
    except click.ClickException as error:
        error.show(shown := io.StringIO())
        _say_lines(shown.getvalue())
        sys.exit(error.exit_code)
    except Proto2NetError as error:
        debugging.show()
        for issue in error.issues:
            _tell(_quoted(issue))
        _say(f"{_counted(len(error.issues), 'problem')}; nothing was written")
        sys.exit(1)
    except SystemExit:
        debugging.show()
        _say("a layer type or target of another's has called sys.exit; nothing was written")
        sys.exit(1)
    except (BrokenPipeError, click.Abort):
        raise
    except Exception as error:
        debugging.show()
        command = shlex.join(["proto2net", *(sys.argv[1:] if arguments is None else arguments)])
        python = f"Python {platform.python_version()} on {platform.system()}"
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        _say(f"this is a bug in proto2net, not in what it was given: {what} (--debug shows where)")
        _say(
            "please attach NET and this line to a report on the issue tracker of proto2net: "
            f"proto2net {__version__}, {python}: {command}"
        )
        sys.exit(BUG)
    sys.exit(code)


@dataclass
class _Debugging:
    """Whether tracebacks are wanted."""

    wanted: bool = False

    def show(self) -> None:
        """Print the traceback of what has just been caught, if it is wanted."""
        if self.wanted:
            _say_lines(traceback.format_exc())


# ---- streams --------------------------------------------------------------------------------


def _graph(net: str, options: dict[str, Any]) -> Graph:
    if net != STANDARD:
        return parse(Path(net), **options)
    try:
        with open(0, "rb", closefd=False) as stream:
            content = stream.read(limits.TEXT_BYTES + 1)
    except OSError as error:
        raise Proto2NetError(f"standard input: {error.strerror}") from None
    if len(content) > limits.TEXT_BYTES:
        from proto2net.caffe.prototxt import too_long

        raise ParseError([too_long("<stdin>")])
    text = content.decode("utf-8-sig", errors="replace")
    return parse(f"{text}\n", file="<stdin>", **options)  # a line break tells text from a path


def _check_weights(weights: str | None) -> None:
    """Refuse the name of no file, as an empty variable of the shell gives it."""
    if weights == "":
        raise click.UsageError("--weights names no file: it is empty")


def _inputs(net: str, weights: str | None, graph: Graph, options: dict[str, Any]) -> frozenset[str]:
    """Every file that a network is made from, or that its images are prepared with."""
    found = {net, weights, options["layers"]}
    for node in graph.nodes:
        found.add(node.where.file if node.where else None)
        for part in (node.layer, getattr(node.layer, "transform_param", None)):
            mean = getattr(part, "mean_file", None)
            if mean:
                beside = Path(net).parent
                found |= {mean, str(beside / mean), str(beside / Path(mean).name)}
    return frozenset(filter(None, found))


def _whole(graph: Graph) -> Graph:
    """The same, if it can be run. Raises Proto2NetError for holes."""
    issues = [
        Issue("a hole cannot be run", "declare its type with --layers", node.where, str(node))
        for node in graph.nodes
        if isinstance(node.layer, Hole)
    ]
    if issues:
        raise Proto2NetError(issues)
    return graph


def _own_class(net: str, options: dict[str, Any]) -> Graph | None:
    """The graph of FILE.py:CLASS; None if NET is something else."""
    found = re.fullmatch(r"(.+\.py):(\w+)", net)
    if not found:
        return None
    from proto2net.timing import hand_written

    source = click.get_current_context().get_parameter_source
    own = ("inputs", "outputs")
    if any(source(name) is ParameterSource.COMMANDLINE for name in options if name not in own):
        raise click.UsageError("of the options of a NET only --input and --output go with a class")
    return hand_written(found[1], found[2], **{name: options[name] for name in own})


def _print(text: str) -> None:
    """Put a text on standard output, as the bytes that a file would have."""
    if sys.stdout is None:  # closed
        return
    try:
        click.echo(text.encode(), nl=False)
    except OSError as error:
        # What is still in the buffer would fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # nobody reads it
            click.get_current_context().exit(1)
        raise Proto2NetError(f"standard output: {error.strerror}") from None


def _tell(text: str) -> None:
    """Put printable text on standard error. What its encoding lacks is shown as an escape."""
    if sys.stderr is None:  # closed
        return
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding), err=True)


def _say(line: str) -> None:
    """Tell the user something, on standard error."""
    _tell(printable(line))


def _say_lines(text: str) -> None:
    """Tell the user something of several lines."""
    for line in text.splitlines():
        _say(line)


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error where somebody looks on, and what tells it how far it is."""
    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what)
        yield lambda done, of: progress.update(task, completed=done, total=of)


def _watched(write: Callable[[BinaryIO], None], size: int) -> Callable[[BinaryIO], None]:
    """The same, with a bar where there is much to write."""
    if size < MUCH or not sys.stderr.isatty():
        return write

    def watched(stream: BinaryIO) -> None:
        with _bar("writing") as progress:
            write(cast(BinaryIO, _Watched(stream, lambda done: progress(done, size))))

    return watched


class _Watched(io.RawIOBase):
    """Passes what is written to a stream, a piece at once, and tells how much it was so far."""

    PIECE = 2**24

    def __init__(self, stream: BinaryIO, tell: Callable[[int], None]) -> None:
        self._stream, self._tell, self._written = stream, tell, 0

    def write(self, content: Any) -> int:
        size = self._stream.write(memoryview(content)[: self.PIECE])
        self._written += size
        self._tell(self._written)
        return size


def _quoted(issue: Issue) -> str:
    """An issue for the terminal. Line breaks that are not its own are shown as escapes too."""
    where = issue.where and replace(issue.where, file=printable(issue.where.file))
    message, hint, layer = map(printable, (issue.message, issue.hint, issue.layer))
    return str(Issue(message, hint, where, layer))


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" + "s" * (number != 1)


class _Teller(logging.Handler):
    """Tells what the library logs."""

    def emit(self, record: logging.LogRecord) -> None:
        _say(f"note: {record.getMessage()}")


@contextmanager
def _notes() -> Iterator[None]:
    """While this lasts, the user is told what is upgraded, assumed or left out."""
    log, teller = logging.getLogger("proto2net"), _Teller()
    level = log.level
    log.setLevel(logging.INFO)
    log.addHandler(teller)
    try:
        yield
    finally:
        log.setLevel(level)
        log.removeHandler(teller)
