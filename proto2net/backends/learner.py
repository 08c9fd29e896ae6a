"""How an emitted network learns: what its framework has for that, behind one set of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from proto2net.solver import Solver

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

History = Mapping[str, "Sequence[Ndarray]"]
"""What a solver remembers of each parameter: one array, or two, by the target's name for it."""


class Setting(NamedTuple):
    """Where a network learns, and in which type it multiplies."""

    device: str = "cpu"
    """"cpu" or "cuda"."""
    devices: int = 1
    """How many of this process, each with its own batches."""
    bfloat16: bool = False
    """Whether it multiplies in bfloat16; what is learned stays float32."""
    seed: int = -1
    """What its random numbers follow from; below 0: they are others in each run."""


class Learner:
    """A live network, and the file that trains it, imported."""

    def __init__(self, file: Any, network: Any, solver: Solver) -> None:
        self.file, self.network, self.solver = file, network, solver

    processes: int = 1
    """How many processes train together, each with its own batches."""
    rank: int = 0
    """Which of them this is."""

    devices: int = 1
    """How many devices this process trains with, each with its own batches."""

    def learn(self, iteration: int, batches: Sequence[Sequence[Ndarray]]) -> float:
        """Change the parameters once, and return the loss before that.

        Each pass of iter_size has a batch for each device. A batch has the inputs of the network
        in their order, in Caffe's layout.
        """
        raise NotImplementedError

    def agreed(self, flag: bool) -> bool:
        """Whether one of all processes says so."""
        return flag

    def rate(self, iteration: int) -> float:
        """The learning rate of an iteration."""
        raise NotImplementedError

    @property
    def blocks(self) -> int:
        """How many arrays the solver remembers of each parameter."""
        return 2 if self.solver.type in ("AdaDelta", "Adam") else 1

    def history(self) -> History:
        """What is remembered of each parameter that is trained."""
        raise NotImplementedError

    def remember(self, iteration: int, history: History) -> None:
        """Go on from an iteration with what was remembered then."""
        raise NotImplementedError

    def draws(self) -> Any:
        """Where the random numbers of layers are, of numbers and texts."""
        raise NotImplementedError

    def draw_on(self, draws: Any) -> None:
        """Go on with the random numbers that came next then."""
        raise NotImplementedError
