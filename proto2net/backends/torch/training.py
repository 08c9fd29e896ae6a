"""The file that trains an emitted PyTorch network as a solver says."""

from __future__ import annotations

from textwrap import indent
from typing import Any, ClassVar

from proto2net.backends.outputs import with_losses
from proto2net.backends.source import INDENT, Namespace
from proto2net.backends.statements import Return, lines_of
from proto2net.backends.training import TrainingFile, number, rate_lines
from proto2net.backends.tree import Call, Name, call, code

IMPORTS = {
    "math": "import math",
    "sys": "import sys",
    "Callable": "from collections.abc import Callable",
    "Iterable": "from collections.abc import Iterable",
    "Sequence": "from collections.abc import Sequence",
    "Any": "from typing import Any",
    "torch": "import torch",
    "main": "from proto2net.cli.training import main",
    "nn": "from torch import nn",
}


class TorchTraining(TrainingFile):
    """The file for PyTorch."""

    imports: ClassVar = IMPORTS
    separator: ClassVar = "."

    def optimizer(self) -> Call:
        """PyTorch's own optimizer where it computes what Caffe's does, else one of ours."""
        s = self.solver
        momentum = {"momentum": (number(s.momentum), 0)}
        known: dict[str, tuple[str, dict[str, Any]]] = {
            "SGD": ("SGD", momentum),
            "Nesterov": ("SGD", {**momentum, "nesterov": (bool(s.momentum), False)}),
            "AdaGrad": ("torch.optim.Adagrad", {"eps": s.delta}),
            "RMSProp": ("torch.optim.RMSprop", {"alpha": s.rms_decay, "eps": s.delta}),
            "AdaDelta": ("torch.optim.Adadelta", {"rho": s.momentum, "eps": s.delta}),
            "Adam": ("Adam", {"betas": [s.momentum, s.momentum2], "eps": s.delta}),
        }
        name, options = known[s.type]
        if name == "SGD" and (self._constant or not s.momentum):
            name = "torch.optim.SGD"
        rate, decay = number(s.base_lr), (self._coupled, 0)
        if self.multipliers:
            return call(name, Name("groups"), lr=rate, **options)
        return call(name, code("net.parameters()"), lr=rate, **options, weight_decay=decay)

    @property
    def _coupled(self) -> float:
        """The decay that the optimizer adds to the gradients."""
        return number(self.solver.weight_decay) if self.solver.regularization_type == "L2" else 0

    @property
    def _constant(self) -> bool:
        return self.solver.lr_policy == "fixed"

    def made(self, optimizer: Call) -> str:
        s, groups = self.solver, []
        if self.multipliers:
            base, decay = number(s.base_lr), number(s.weight_decay)
            rate = f'"lr": {base} * rate' if self._constant else '"lr_mult": rate'
            kept = f', "{self._decays}": {decay} * decay' if decay else ""
            groups = [
                "kinds: dict[tuple[float, float], list[nn.Parameter]] = {}",
                "for name, parameter in net.named_parameters():",
                "    if parameter.requires_grad:",
                '        end = "." + name.rpartition(".")[2]',
                "        own = MULTIPLIERS.get(name) or MULTIPLIERS[end]",
                "        kinds.setdefault(own, []).append(parameter)",
                "groups = [",
                f'    {{"params": some, {rate}{kept}}}',
                f"    for (rate, {'decay' if decay else '_'}), some in kinds.items()",
                "]",
            ]
        lines = [
            f'"""An optimizer that changes the parameters as Caffe\'s {s.type} does."""',
            *groups,
            *lines_of([Return((optimizer,))], 0),
        ]
        head = "def optimizer_of(net: nn.Module) -> torch.optim.Optimizer:\n"
        return head + indent("\n".join(lines), INDENT)

    def rate(self) -> str:
        lines = [
            '"""The learning rate of an iteration, counted from 0."""',
            *rate_lines(
                self.solver,
                floor="(iteration // {})",
                exp="math.exp",
                count="sum(iteration >= step for step in steps)",
                at="rates[{}]",
            ),
        ]
        return "def rate_at(iteration: int) -> float:\n" + indent("\n".join(lines), INDENT)

    def step(self) -> str:
        s = self.solver
        many = s.iter_size > 1
        factor = ' * group["lr_mult"]' if self.multipliers else ""
        rates = [
            "for group in optimizer.param_groups:",
            f'    group["lr"] = rate_at(iteration){factor}',
        ]
        forward = self._loss()
        if many:
            passes = [
                "losses = []",
                "for batch in batches:",
                *(f"    {line}" for line in forward),
                f"    (loss / {s.iter_size}).backward()",
                "    losses.append(loss.detach())",
            ]
        else:
            passes = [*forward, "loss.backward()"]
        clip = number(s.clip_gradients) if s.clip_gradients >= 0 else None
        most = f"{clip} / {s.iter_size}" if many else f"{clip}"
        lines = [
            '"""Change the parameters once, and return the loss before that."""',
            *([] if self._constant else rates),
            "optimizer.zero_grad()",
            *passes,
            *([f"nn.utils.clip_grad_norm_(net.parameters(), {most})"] if clip is not None else []),
            *self._decay(),
            "optimizer.step()",
            "return torch.stack(losses).mean()" if many else "return loss.detach()",
        ]
        parameters = [
            "net: nn.Module",
            "optimizer: torch.optim.Optimizer",
            "iteration: int",
            "*batches: Sequence[torch.Tensor]" if many else "batch: Sequence[torch.Tensor]",
        ]
        head = "def step(\n" + "".join(f"    {each},\n" for each in parameters)
        return head + ") -> torch.Tensor:\n" + indent("\n".join(lines), INDENT)

    def _loss(self) -> list[str]:
        """Lines that compute the loss of a batch: the sum of all losses with their weights."""
        outputs = with_losses(self.trained.graph).outputs
        weights = {blob: weight for weight, blob in self.trained.graph.losses}
        names = Namespace({"net", "optimizer", "iteration", "batch", "batches", "loss", "losses"})
        named = {blob: names.name(blob.name) for blob in outputs if blob in weights}
        terms = []
        for blob, name in named.items():
            value = f"{name}.sum()" if blob.shape else name
            weight = number(weights[blob])
            terms.append(value if weight == 1 else f"{weight} * {value}")
        if len(outputs) == 1 and terms == list(named.values()):
            return ["loss = net(*batch)"]
        targets = ", ".join(named.get(blob, "_") for blob in outputs)
        return [f"{targets} = net(*batch)", f"loss = {' + '.join(terms)}"]

    @property
    def _decays(self) -> str:
        """What a group of parameters calls its decay: PyTorch's optimizers have that of L2."""
        return "l1" if self.solver.regularization_type == "L1" else "weight_decay"

    def _decay(self) -> list[str]:
        """Lines that add the gradient of a decay which PyTorch's optimizers do not have."""
        s = self.solver
        if s.regularization_type != "L1" or not s.weight_decay:
            return []
        decay = 'group["l1"]' if self.multipliers else number(s.weight_decay)
        return [
            "for group in optimizer.param_groups:",
            '    for x in group["params"]:',
            "        if x.grad is not None:",
            f"            x.grad.add_(x.detach().sign(), alpha={decay})",
        ]
