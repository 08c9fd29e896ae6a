"""How emitted Keras networks learn."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from proto2net.backends.learner import History, Learner
from proto2net.backends.tensorflow.layout import order
from proto2net.errors import UnsupportedError
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

    def __init__(self, file: Any, network: Any, solver: Solver) -> None:
        import tensorflow as tf

        super().__init__(file, network, solver)
        self._strategy = tf.distribute.get_strategy()
        self.devices = self._strategy.num_replicas_in_sync
        if self.devices > 1 and solver.clip_gradients >= 0:
            raise UnsupportedError(
                "clip_gradients needs the sum of the gradients of all devices, which Keras "
                "computes later",
                "train with one device, or in PyTorch",
            )
        self.optimizer = file.optimizer_of()
        self.optimizer.build(network.trainable_variables)
        # Keras's momentum has the update that is added, and Caffe's that which is taken away.
        self._sign = -1 if solver.type in ("SGD", "Nesterov") else 1

    def learn(self, iteration: int, batches: Sequence[Sequence[Ndarray]]) -> float:
        ready = [
            [array.transpose(order(array.ndim)).astype("float32") for array in batch]
            for batch in batches
        ]
        passes = [
            ready[start : start + self.devices] for start in range(0, len(ready), self.devices)
        ]
        losses = [float(self._step(each)) for each in passes]
        return sum(losses) / len(losses)

    def _step(self, batches: Sequence[Sequence[Ndarray]]) -> Any:
        """One pass: a batch for each device."""
        if self.devices == 1:
            return self.file.step(self.network, self.optimizer, batches[0])
        inputs = [
            self._strategy.experimental_distribute_values_from_function(
                lambda context, i=i: batches[context.replica_id_in_sync_group][i]
            )
            for i in range(len(batches[0]))
        ]
        return self._together(inputs)

    @cached_property
    def _together(self) -> Any:
        """The step of all devices, whose loss is the mean of theirs."""
        import tensorflow as tf

        def step(inputs: list[Any]) -> Any:
            given = (self.network, self.optimizer, inputs)
            losses = self._strategy.run(self.file.step.python_function, args=given)
            return self._strategy.reduce("mean", losses, axis=None)

        return tf.function(step, autograph=False)

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
        """The variables that remember each one that is trained: none of SGD without momentum."""
        variables = self.network.trainable_variables
        kept: list[Any] = [getattr(self.optimizer, each, None) for each in STATES[self.solver.type]]
        if not all(kept):
            return {}
        return {
            variable.path: [each[index] for each in kept]
            for index, variable in enumerate(variables)
        }
