"""The command `proto2net`. What it does is in the library; here is how it is asked for."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from keyword import iskeyword
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from proto2net import Issue, Proto2NetError, __version__, backends, output, parse
from proto2net.output import printable

if TYPE_CHECKING:
    from proto2net import Graph

STANDARD = "-"
"""Standard input or output, in the place of a file."""

EPILOG = """Exit codes: 0 all is well, 1 the input is at fault and nothing was written, 2 wrong usage.

Completion: `eval "$(_PROTO2NET_COMPLETE=bash_source proto2net)"` in ~/.bashrc; zsh_source and
fish_source for these shells."""

_INT32 = click.IntRange(-(2**31), 2**31 - 1)


class _Target(click.ParamType):
    """The name of a target, as the object that renders it."""

    name = "name"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        try:
            return backends.get(value)
        except Proto2NetError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in backends.names() if name.startswith(incomplete)]


class _Input(click.ParamType):
    """NAME=1,3,224,224 or NAME=1x3x224x224, as the name and the shape."""

    name = "name=dims"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, tuple[int, ...]]:
        name, _, dims = value.rpartition("=")
        sizes = re.split(r"\s*[,x]\s*", dims.strip())
        if not name or not all(re.fullmatch("[0-9]{1,10}", size) for size in sizes):
            self.fail(f"{value!r} is no NAME=DIMS, such as data=1,3,224,224", param, ctx)
        return name, tuple(map(int, sizes))


class _Identifier(click.ParamType):
    """A name that Python can give to a class."""

    name = "class"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        if not value.isidentifier() or iskeyword(value):
            self.fail(f"{value!r} is no identifier of Python, such as LeNet", param, ctx)
        return str(value)


class _Text(click.ParamType):
    """Text, where an argument can be any bytes."""

    name = "text"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        try:
            value.encode()
        except UnicodeEncodeError:
            self.fail(f"{value!r} is not UTF-8", param, ctx)
        return str(value)


_NET_OPTIONS = [
    click.argument("net", metavar="NET"),
    click.option(
        "--phase", type=click.Choice(["test", "train"]), default="test", show_default=True,
        help="Which of its phases.",
    ),
    click.option("--level", type=_INT32, default=0, help="The level, for rules that ask for one."),
    click.option(
        "--stage", "stages", type=_Text(), multiple=True, help="A stage that is on.  [repeatable]"
    ),
    click.option(
        "--input", "inputs", type=_Input(), multiple=True,
        help="The shape of an input, such as data=1,3,224,224.  [repeatable]",
    ),
    click.option(
        "--output", "outputs", metavar="BLOB", multiple=True,
        help="Keep only what this blob needs, with it as an output.  [repeatable]",
    ),
]  # fmt: skip


def _net_options(command: Callable[..., None]) -> Callable[..., None]:
    """The network, and what says which graph of it is meant."""
    for option in reversed(_NET_OPTIONS):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG)
@click.version_option(__version__, message="proto2net %(version)s")
def cli() -> None:
    """Caffe network definitions as PyTorch and TensorFlow networks, exact and readable."""


@cli.command()
@_net_options
@click.option("--to", "target", type=_Target(), required=True, help="The target: torch, tf, prototxt or summary.")
@click.option("-o", "out", metavar="OUT", default="", help="The file to write; - prints it.  [default: NET's name, here]")
@click.option("--name", type=_Identifier(), default="", help="The name of the class or function.")
@click.option("--weights", metavar="CAFFEMODEL", help="The trained weights.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def convert(net: str, target: Any, out: str, name: str, weights: str | None, force: bool, **options: Any) -> None:
    """Write the network NET (a prototxt, or - for standard input) for a target.

    \b
    proto2net convert nin.prototxt --to torch
    """
    from proto2net.backends.source import function_name
    from proto2net.backends.summary import parameters

    if weights:
        raise Proto2NetError("--weights comes in a later version", "convert without it")
    graph = _graph(net, options)
    emitted = target.emit(graph, name)
    if out == STANDARD:
        click.echo(emitted.source.encode(), nl=False)
        return
    stem = graph.name if net == STANDARD else Path(net).stem
    path = Path(out or function_name(stem) + target.suffix)
    output.write(path, emitted.source.encode(), overwrite=force)
    _say(f"wrote {path}: {emitted.entry}, {parameters(graph):,} parameters")


@cli.command()
@_net_options
def inspect(net: str, **options: Any) -> None:
    """Print the layers of NET with their shapes, parameters and multiply-adds."""
    click.echo(str(_graph(net, options)))


@cli.command()
def layers() -> None:
    """Print which layer types each target renders."""
    from proto2net.backends.summary import support

    click.echo(support())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command, and end the program: every exit code is given here."""
    log = logging.getLogger("proto2net")
    log.setLevel(logging.INFO)
    log.addHandler(_NOTES)
    try:
        sys.exit(cli.main(arguments, "proto2net", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except Proto2NetError as error:
        _say(*map(_quoted, error.issues))
        problems = "1 problem" if len(error.issues) == 1 else f"{len(error.issues)} problems"
        _say(f"{problems}; nothing was written")
        sys.exit(1)


def _graph(net: str, options: dict[str, Any]) -> Graph:
    options["inputs"] = dict(options["inputs"])
    if net != STANDARD:
        return parse(Path(net), **options)
    ...


def _say(*lines: str) -> None:
    for line in lines:
        click.echo(line, err=True)
