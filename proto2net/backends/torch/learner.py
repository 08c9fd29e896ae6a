"""How emitted PyTorch networks learn."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from proto2net.backends.learner import History, Learner, Setting
from proto2net.backends.torch.devices import Devices
from proto2net.solver import Solver

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

STATES = {
    "SGD": ("momentum_buffer",),
    "Nesterov": ("momentum_buffer",),
    "AdaGrad": ("sum",),
    "RMSProp": ("square_avg",),
    "AdaDelta": ("square_avg", "acc_delta"),
    "Adam": ("exp_avg", "exp_avg_sq"),
}
"""What optimizers call what they remember of a parameter, by Caffe's name of the solver."""


class TorchLearner(Learner):
    """Trains with the optimizer of a file for PyTorch."""

    def __init__(self, file: Any, network: Any, solver: Solver, setting: Setting) -> None:
        super().__init__(file, network, solver)
        self._devices = Devices(setting.device)
        self._bfloat16 = setting.bfloat16
        self.processes, self.rank = self._devices.processes, self._devices.rank
        self._spread = self._devices.spread(network)
        self.optimizer = file.optimizer_of(network)

    def learn(self, iteration: int, batches: Sequence[Sequence[Ndarray]]) -> float:
        import torch

        device = self._devices.device
        tensors = [[torch.as_tensor(array).to(device) for array in batch] for batch in batches]
        with torch.autocast(device.type, torch.bfloat16, enabled=self._bfloat16):
            loss = self.file.step(self._spread, self.optimizer, iteration, *tensors)
        return self._devices.mean(loss)

    def agreed(self, flag: bool) -> bool:
        return self._devices.any(flag)

    def rate(self, iteration: int) -> float:
        return float(self.file.rate_at(iteration))

    def history(self) -> History:
        import torch

        found: dict[str, list[Ndarray]] = {}
        for name, parameter, scale in self._trained():
            state = self.optimizer.state[parameter]
            kept = (state.get(each) for each in STATES[self.solver.type])
            zeros = torch.zeros_like(parameter)
            found[name] = [(zeros if x is None else x * scale).numpy(force=True) for x in kept]
        return found

    def remember(self, iteration: int, history: History) -> None:
        import torch

        for group in self.optimizer.param_groups:
            group["step"] = iteration
        for name, parameter, scale in self._trained():
            state = self.optimizer.state[parameter]
            for each, array in zip(STATES[self.solver.type], history[name], strict=True):
                state[each] = torch.tensor(array).to(parameter.device) / scale
            state["step"] = torch.tensor(float(iteration))

    def draws(self) -> Any:
        import torch

        return base64.b64encode(torch.get_rng_state().numpy().tobytes()).decode()

    def draw_on(self, draws: Any) -> None:
        import torch

        if draws:
            torch.set_rng_state(
                torch.frombuffer(bytearray(base64.b64decode(draws)), dtype=torch.uint8)
            )

    def _trained(self) -> list[tuple[str, Any, float]]:
        """The parameters with their names, and what makes Caffe's history of PyTorch's.

        Caffe's momentum has the learning rate in it, that of torch.optim.SGD has not.
        """
        import torch

        own = isinstance(self.optimizer, torch.optim.SGD)
        rates = {
            parameter: group["lr"] if own else 1.0
            for group in self.optimizer.param_groups
            for parameter in group["params"]
        }
        named = self.network.named_parameters()
        return [(name, x, rates[x] or 1.0) for name, x in named if x in rates and x.requires_grad]
