"""How what a target has printed is run: the other half of a backend, which needs its framework."""

from __future__ import annotations

import itertools
import linecache
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any
from weakref import finalize

from proto2net.errors import Proto2NetError
from proto2net.graph import Graph

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray
    from proto2net.backends.base import Emitted
    from proto2net.backends.bench import Bench


class Runner:
    """Makes live networks of a target from what it has printed, fills them and runs them.

    The framework is imported where it is needed, and no sooner.
    """

    install_hint = "install what it needs"
    """What is said where the framework is not there."""

    def __init__(self, target: str) -> None:
        self.target = target

    def missing(self, error: ImportError) -> Proto2NetError:
        """What is said where the framework cannot be imported."""
        return Proto2NetError(
            f'the target "{self.target}" cannot run here: {error}', self.install_hint
        )

    def build(self, emitted: Emitted, phase: str) -> Any:
        """A live network of what was emitted, whose module lasts as long as the network."""
        module = imported(emitted.source, emitted.entry)
        network = self.make(module, emitted, phase)
        finalize(network, _forget, module.__name__, str(module.__file__)).atexit = False
        return network

    def restored(self, portable: str, entry: str) -> Emitted:
        """What was emitted, from the text that it gave for another process."""
        from proto2net.backends.base import Emitted

        return Emitted({".py": portable}, entry, {})

    def make(self, module: Any, emitted: Emitted, phase: str) -> Any:
        """A live network from the imported source, in the mode of this phase."""
        raise NotImplementedError

    def install(self, network: Any, arrays: dict[str, Ndarray]) -> None:
        """Copy arrays in the target's layout into a live network."""
        raise NotImplementedError

    def arrays(self, network: Any) -> dict[str, Ndarray]:
        """The arrays of a live network by the names that `Emitted.arrays` has."""
        raise NotImplementedError

    def run(self, network: Any, graph: Graph, feeds: dict[str, Ndarray]) -> list[Ndarray]:
        """The outputs of a live network, in Caffe's layout, for inputs in Caffe's layout."""
        raise NotImplementedError

    def call(self, network: Any, tensors: Sequence[Any], phase: str) -> list[Any]:
        """The outputs of a live network for tensors of its framework, as a list."""
        raise NotImplementedError

    def bench(self, device: str, compiled: bool) -> Bench:
        """What times live networks on a device, "cpu" or "cuda"."""
        raise Proto2NetError(f'the target "{self.target}" cannot be timed')


def imported(source: str, entry: str) -> ModuleType:
    """The source as a module that tracebacks and inspect.getsource can show."""
    name = f"proto2net.live.{entry}_{next(_NUMBERS)}"
    file = f"<{name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module = ModuleType(name)
    module.__file__ = file
    sys.modules[name] = module
    exec(compile(source, file, "exec", dont_inherit=True), module.__dict__)  # noqa: S102  # our own rendering
    return module


def _forget(module: str, file: str) -> None:
    sys.modules.pop(module, None)
    linecache.cache.pop(file, None)


_NUMBERS = itertools.count()
