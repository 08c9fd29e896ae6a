"""Processes of our own, which are asked in lines of JSON: both ends of the pipes.

A request is the name of a method with its arguments; an answer is its result, or why there is none.
Nothing of the folder that one stands in can be imported there: whose files those are nobody knows.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proto2net.errors import Proto2NetError

MUCH = 300
"""Characters of a message of somebody else; some are pages."""

_BEGIN = "import sys; sys.path[:] = filter(None, sys.path); from {} import main; main()"
"""Until Python 3.11 the current folder is on the path of what `-c` runs, as an empty string."""


class Stopped(Exception):
    """There is no answer: the process has ended, or met an error that it could not explain."""


class Child:
    """The near end: a process that runs `main` of a module, which is to `serve`."""

    def __init__(self, module: str, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  # it lasts as long as the child
        self._process = subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-c", _BEGIN.format(module), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env={**os.environ, **_path(), **(env or {})},
            encoding="utf-8",
        )

    def ask(self, what: str, **arguments: Any) -> Any:
        """The result of a method. Raises what the far end explains, or Stopped."""
        assert self._process.stdin  # noqa: S101  # it is a pipe
        assert self._process.stdout  # noqa: S101  # so is this
        try:
            self._process.stdin.write(json.dumps([what, arguments]) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise Stopped(self._last_words())
        result, problem, reason = json.loads(answer)
        if problem:
            raise Proto2NetError(*problem)
        if reason:
            raise Stopped(reason)
        return result

    def kill(self) -> None:
        """End the process, whatever it does. An `ask` that waits for it raises Stopped."""
        self._process.kill()

    def close(self) -> None:
        """End the process, and wait until it has."""
        self.kill()
        self._process.communicate()
        self._said.close()

    def _last_words(self) -> str:
        """Why the process ended: its code, and the last line that it said."""
        code = self._process.wait()
        self._said.seek(0)
        lines = [line.strip()[:MUCH] for line in self._said if line.strip()]
        return " after: ".join([f"the process ended with code {code}", *lines[-1:]])


def serve(server: Any) -> None:
    """The far end: answer with the methods of `server` until nobody asks any more.

    Standard output has the answers, so that nothing else may be printed there.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asks ends this one
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        what, arguments = json.loads(line)
        result, problem, reason = None, None, None
        try:
            result = getattr(server, what)(**arguments)
        except Proto2NetError as error:
            problem = [error.issues[0].message, error.issues[0].hint]
        except Exception as error:  # a framework's own, such as that it lacks memory
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:MUCH]}"
        print(json.dumps([result, problem, reason]), file=answers, flush=True)


def _path() -> dict[str, str]:
    """What tells a process, and those that it starts, where to look for modules."""
    found = [entry for entry in sys.path if entry and not _is_here(entry)]
    found.append(str(Path(__file__).parents[1]))  # if this package stands here, it is trusted
    safe = (entry for entry in found if os.pathsep not in entry)  # it would become two
    return {"PYTHONPATH": os.pathsep.join(safe), "PYTHONSAFEPATH": "1"}


def _is_here(folder: str) -> bool:
    try:
        return os.path.samefile(folder, os.curdir)
    except OSError:  # there is no such folder
        return False
