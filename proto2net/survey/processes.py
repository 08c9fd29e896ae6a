"""The processes in which the files of a survey are examined."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread, Timer
from typing import Any

from proto2net.child import Child, Stopped, serve
from proto2net.errors import Issue, Location
from proto2net.survey.found import Examined, Facts, Failure, Other
from proto2net.survey.task import Result, Task, bug

_START = 60.0
"""Seconds that a process may take to begin."""

_RUN_START = 300.0
"""The same where it imports frameworks."""

_END = 5.0
"""Seconds that one may take to end, once it is told."""


def examined(
    every: Sequence[str], task: Task, jobs: int, limit: float
) -> Iterator[tuple[str, Result]]:
    """The result of each file, in the order in which they are ready."""
    waiting: SimpleQueue[str | None] = SimpleQueue()
    ready: SimpleQueue[tuple[str, Result] | BaseException] = SimpleQueue()
    workers = [_Worker(task, limit, waiting, ready) for _ in range(min(jobs, len(every)))]
    for file in [*every, *[None] * len(workers)]:
        waiting.put(file)
    try:
        for worker in workers:
            worker.start()
        for _ in every:
            result = ready.get()
            if isinstance(result, BaseException):
                raise result
            yield result
    finally:
        for worker in workers:
            worker.stop()
        for worker in workers:
            if worker.is_alive():
                worker.join(_END)


class _Worker(Thread):
    """Has files examined by a process, one after the other; by a new one where it does not end."""

    def __init__(
        self,
        task: Task,
        limit: float,
        waiting: SimpleQueue[str | None],
        ready: SimpleQueue[tuple[str, Result] | BaseException],
    ) -> None:
        super().__init__(daemon=True)
        self._task, self._limit, self._waiting, self._ready = task, limit, waiting, ready
        self._child: Child | None = None
        self._stopped = False

    def run(self) -> None:
        """What the thread does."""
        try:
            while (file := self._waiting.get()) is not None and not self._stopped:
                self._ready.put((file, self._examined(file)))
        except BaseException as error:
            self._ready.put(error)
        finally:
            self._close()

    def stop(self) -> None:
        """End the process, whatever it does, and so the thread."""
        self._stopped = True
        if self._child:
            self._child.kill()

    def _examined(self, file: str) -> Result:
        try:
            if self._child is None:
                self._child = Child(__name__)
                start = _RUN_START if self._task.run else _START
                self._ask(start, "begin", task=_plain(self._task))
            return _result(file, self._ask(self._limit, "examine", file=file))
        except Stopped as reason:
            self._close()
            return Examined(self._task.failed(file, (bug(str(reason), file),)))

    def _ask(self, limit: float, what: str, **arguments: Any) -> Any:
        """Ask the process, which is ended if it takes longer than `limit` seconds."""
        child, late = self._child, Event()
        assert child is not None  # noqa: S101  # it was made before

        def end() -> None:
            late.set()
            child.kill()

        timer = Timer(limit, end)
        timer.daemon = True
        timer.start()
        try:
            return child.ask(what, **arguments)
        except Stopped:
            if late.is_set():
                raise Stopped(f"no end after {limit:g} s") from None
            raise
        finally:
            timer.cancel()
            timer.join()
            if late.is_set():  # the answer may have come just before
                self._close()

    def _close(self) -> None:
        if self._child:
            self._child.close()
            self._child = None


# ---- the process ----------------------------------------------------------------------------


class _Examiner:
    """What a process does with the files that it is given."""

    def begin(self, task: dict[str, Any]) -> None:
        self._task = Task(**task)
        self._task.begin()
        gc.freeze()
        gc.set_threshold(50_000)  # nearly all that is made of a file goes without being looked for

    def examine(self, file: str) -> Any:
        return _plain(self._task.examine(file))


def _plain(value: Any) -> Any:
    """What stands for a task or a result in JSON."""
    if isinstance(value, Task):
        options = {k: str(v) if isinstance(v, Path) else v for k, v in value.options.items()}
        return {**vars(value), "options": options}
    if isinstance(value, Other):
        return {"other": asdict(value.issue)}
    if value is None:
        return None
    failed = [(each.target, [asdict(issue) for issue in each.issues]) for each in value.failed]
    return {"failed": failed, "facts": value.facts and value.facts._asdict()}


def _result(file: str, answer: Any) -> Result:
    """The result that `_plain` has made plain."""
    if answer is None:
        return None
    if "other" in answer:
        return Other(file, _issue(answer["other"]))
    facts = answer["facts"] and Facts(
        **{**answer["facts"], "inputs": tuple(answer["facts"]["inputs"])}
    )
    failed = [Failure(file, name, tuple(map(_issue, found))) for name, found in answer["failed"]]
    return Examined(tuple(failed), facts)


def _issue(plain: dict[str, Any]) -> Issue:
    where = plain["where"]
    return Issue(**{**plain, "where": where and Location(**where)})


def main() -> None:
    """Examine files for the process that has started this one."""
    serve(_Examiner())
