"""How emitted Keras networks learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from proto2net.backends.learner import History, Learner
from proto2net.backends.tensorflow.layout import order
from proto2net.solver import Solver

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

STATES = {
    "SGD": ("momentums",),
    "Nesterov": ("momentums",),
    "AdaGrad": ("_accumulators",),
    "RMSProp": ("_velocities",),
    "AdaDelta": ("_accumulated_grads", "_accumulated_delta_vars"),
    "Adam": ("_momentums", "_velocities"),
}
"""The variables of optimizers that remember parameters, by Caffe's name of the solver."""


class KerasLearner(Learner):
    """Trains with the optimizer of a file for Keras."""

    def __init__(self, file: Any, network: Any, solver: Solver, device: str) -> None:
        super().__init__(file, network, solver)
        self.optimizer = file.optimizer_of()
        self.optimizer.build(network.trainable_variables)
        # Keras's momentum has the update that is added, and Caffe's that which is taken away.
        self._sign = -1 if solver.type in ("SGD", "Nesterov") else 1

    def learn(self, iteration: int, batches: Sequence[Sequence[Ndarray]]) -> float:
        losses = []
        for batch in batches:
            tensors = [array.transpose(order(array.ndim)).astype("float32") for array in batch]
            losses.append(self.file.step(self.network, self.optimizer, tensors))
        return sum(map(float, losses)) / len(losses)

    def rate(self, iteration: int) -> float:
        rate = self.optimizer._learning_rate
        return float(rate(iteration) if callable(rate) else rate)

    def history(self) -> History:
        return {
            name: [self._sign * kept.numpy() for kept in each]
            for name, each in self._remembered().items()
        }

    def remember(self, iteration: int, history: History) -> None:
        self.optimizer._iterations.assign(iteration * self.solver.iter_size)
        for name, each in self._remembered().items():
            for kept, array in zip(each, history[name], strict=True):
                kept.assign(self._sign * array)

    def draws(self) -> Any:
        return [each.state.numpy().tolist() for each in self._generators()]

    def draw_on(self, draws: Any) -> None:
        for each, state in zip(self._generators(), draws, strict=True):
            each.state.assign(state)

    def _generators(self) -> list[Any]:
        """What layers that draw have their random numbers from."""
        found = (getattr(layer, "seed_generator", None) for layer in self.network.layers)
        return [each for each in found if each is not None]

    def _remembered(self) -> dict[str, list[Any]]:
        """The variables that remember each one that is trained."""
        variables = self.network.trainable_variables
        kept = [getattr(self.optimizer, each, None) for each in STATES[self.solver.type]]
        return {
            variable.path: [each[index] for each in kept if each]
            for index, variable in enumerate(variables)
        }
