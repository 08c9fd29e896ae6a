"""The command `proto2net`: how the library is asked for on the command line, and no more.

A file a group of commands; `options.py` has what they share, `terminal.py` what they say.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from proto2net import Proto2NetError, UnsupportedError, __version__
from proto2net.cli.options import debug
from proto2net.cli.terminal import Debugging, notes, quoted, say, say_lines, tell
from proto2net.layers.base import WAYS_ON
from proto2net.text import counted

BUG = 70
"""The exit code of a program that has failed by a fault of its own (EX_SOFTWARE)."""

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""

COMMANDS = {
    "audit": "auditing",
    "convert": "converting",
    "diff": "comparing",
    "inspect": "inspecting",
    "layers": "inspecting",
    "match": "recognizing",
    "mean": "inspecting",
    "plot": "training",
    "predict": "predicting",
    "recover": "recognizing",
    "report": "reporting",
    "survey": "surveying",
    "time": "timing",
    "train": "training",
    "verify": "inspecting",
    "view": "viewing",
}
"""The file of each command."""


class Commands(click.Group):
    """The commands, each of which is imported as it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = getattr(
            import_module(f"proto2net.cli.{COMMANDS[cmd_name]}"), cmd_name
        )
        return found


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""NET is a prototxt, or a solver that names one; - reads standard input.

    \b
    Exit codes: 0 done; 1 the input is at fault, and nothing was written;
    2 the command line is at fault; 70 proto2net is at fault; 130 Ctrl-C.
    A killed command may leave a .proto2net-NAME.tmp file beside OUT; delete it.

    \b
    Completion, for ~/.bashrc (zsh_source and fish_source for those shells):
      eval "$(_PROTO2NET_COMPLETE=bash_source proto2net)"
    """,
)
@click.version_option(__version__, message="proto2net %(version)s")
@debug
def cli() -> None:
    """Caffe network definitions as PyTorch and TensorFlow networks, exact and readable."""


def main(arguments: Sequence[str] | None = None, command: click.Command = cli) -> NoReturn:
    """Run the command and end the program: every exit code is decided here."""
    try:
        _run(arguments, command)
    except BrokenPipeError:  # nobody reads what is said
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    finally:
        gc.freeze()  # or Python looks through all that is left before it ends


def _run(arguments: Sequence[str] | None, command: click.Command) -> NoReturn:
    debugging = Debugging()
    try:
        with notes():
            name = "proto2net" if command is cli else None
            code = command.main(arguments, name, standalone_mode=False, obj=debugging)
    except click.ClickException as error:
        error.show(shown := io.StringIO())
        say_lines(shown.getvalue())
        sys.exit(error.exit_code)
    except Proto2NetError as error:
        debugging.show()
        for issue in error.issues:
            tell(quoted(issue))
        say(f"{counted(len(error.issues), 'problem')}; nothing was written")
        if _may_be_ours(error):
            say("`proto2net report NET` writes what to attach to an issue, without your weights")
        sys.exit(debugging.at_fault)
    except SystemExit:
        debugging.show()
        say("a layer type or target of another package has called sys.exit; nothing was written")
        sys.exit(debugging.at_fault)
    except (BrokenPipeError, click.Abort):
        raise
    except Exception as error:
        debugging.show()
        _ask_for_report(error, sys.argv[1:] if arguments is None else arguments)
        sys.exit(BUG)
    sys.exit(code)


def _may_be_ours(error: Proto2NetError) -> bool:
    """Whether the file may be right, and proto2net lacks something."""
    lacking = any(WAYS_ON in issue.hint for issue in error.issues)
    return lacking or isinstance(error, UnsupportedError)


def _ask_for_report(error: Exception, arguments: Sequence[str]) -> None:
    """Say that proto2net is at fault, and what its makers need to know."""
    import platform  # which takes long, and most runs have no bug
    import shlex

    what = f"{type(error).__name__}: {error}".splitlines()[0]
    say(f"this is a bug in proto2net, not in your file: {what} (--debug shows where)")
    python = f"Python {platform.python_version()} on {platform.system()}"
    say(
        "please report it on the issue tracker of proto2net, with what `proto2net report NET` "
        "prints and with this line: "
        f"proto2net {__version__}, {python}: {shlex.join(['proto2net', *arguments])}"
    )
