"""The file that trains an emitted Keras network as a solver says."""

from __future__ import annotations

from textwrap import indent
from typing import Any, ClassVar

from proto2net.backends.printing import text
from proto2net.backends.source import INDENT
from proto2net.backends.training import TrainingFile, number, rate_lines
from proto2net.backends.tree import Call, Expression, call, dotted

IMPORTS = {
    "sys": "import sys",
    "Any": "from typing import Any",
    "keras": "import keras",
    "tf": "import tensorflow as tf",
    "ops": "from keras import ops",
    "main": "from proto2net.cli.training import main",
}

BASES = {
    "SGD": "keras.optimizers.SGD",
    "Nesterov": "keras.optimizers.SGD",
    "AdaGrad": "AdaGrad",
    "RMSProp": "RMSProp",
    "AdaDelta": "keras.optimizers.Adadelta",
    "Adam": "keras.optimizers.Adam",
}
"""The optimizer that computes what Caffe's does, by Caffe's name."""


class KerasTraining(TrainingFile):
    """The file for Keras."""

    imports: ClassVar = IMPORTS
    separator: ClassVar = "/"

    @property
    def _changes(self) -> bool:
        """Whether gradients or rates are changed by Caffe's decay or its multipliers."""
        return bool(self.multipliers or self.solver.weight_decay)

    def optimizer(self) -> Call:
        """Keras's own optimizer where it computes what Caffe's does, else one of ours."""
        s = self.solver
        rate = s.base_lr if s.lr_policy == "fixed" else call("Rate")
        momentum = (s.momentum, 0.0)
        known: dict[str, dict[str, Any]] = {
            "SGD": {"momentum": momentum},
            "Nesterov": {"momentum": momentum, "nesterov": (True, False)},
            "AdaGrad": {"initial_accumulator_value": 0.0, "epsilon": s.delta},
            "RMSProp": {"rho": s.rms_decay, "epsilon": s.delta},
            "AdaDelta": {"rho": s.momentum, "epsilon": s.delta},
            "Adam": {"beta_1": s.momentum, "beta_2": s.momentum2, "epsilon": s.delta},
        }
        options = known[s.type]
        if s.clip_gradients >= 0:
            options["global_clipnorm"] = s.clip_gradients / s.iter_size
        if s.iter_size > 1:
            options["gradient_accumulation_steps"] = s.iter_size
        return call("Solver" if self._changes else BASES[s.type], rate, **options)

    def bases(self) -> list[Expression]:
        return [dotted(BASES[self.solver.type])]

    def made(self, optimizer: Call) -> str:
        lines = [
            f'"""An optimizer that changes the variables as Caffe\'s {self.solver.type} does."""',
            f"return {text(optimizer)}",
        ]
        head = "def optimizer_of() -> keras.optimizers.Optimizer:\n"
        function = head + indent("\n".join(lines), INDENT)
        return f"{self._class()}\n\n\n{function}" if self._changes else function

    def _class(self) -> str:
        """The optimizer with Caffe's decay and its multipliers."""
        s = self.solver
        before, rate, decay = [], "learning_rate", f"{number(s.weight_decay)}"
        if self.multipliers:
            before = [
                "known = self._trainable_variables[self._get_variable_index(variable)]",
                'own = MULTIPLIERS.get(known.path) or MULTIPLIERS[f"/{known.name}"]',
                f"rate, {'decay' if s.weight_decay else '_'} = own",
            ]
            rate, decay = "learning_rate * rate", f"{decay} * decay"
        if s.weight_decay:
            direction = "variable" if s.regularization_type == "L2" else "ops.sign(variable)"
            before.append(f"gradient = gradient + {decay} * {direction}")
        lines = [
            f"class Solver({BASES[s.type]}):",
            '    """Has Caffe\'s decay, which is a part of the gradient, and its multipliers."""',
            "",
            "    def update_step(",
            "        self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: Any",
            "    ) -> None:",
            '        """Change a variable."""',
            *(f"        {line}" for line in before),
            f"        super().update_step(gradient, variable, {rate})",
        ]
        return "\n".join(lines)

    def rate(self) -> str:
        if self.solver.lr_policy == "fixed":
            return ""
        lines = rate_lines(
            self.solver,
            floor="ops.floor(iteration / {})",
            exp="ops.exp",
            count='ops.sum(ops.cast(iteration >= ops.array(steps, "float32"), "float32"))',
            at='ops.take(ops.array(rates), ops.cast({}, "int32"))',
        )
        return "\n".join(
            [
                "class Rate(keras.optimizers.schedules.LearningRateSchedule):",
                '    """The learning rate of an iteration, counted from 0."""',
                "",
                "    def __call__(self, step: Any) -> tf.Tensor:",
                '        iteration = ops.cast(step, "float32")',
                *(f"        {line}" for line in lines),
                "",
                "    def get_config(self) -> dict[str, Any]:",
                "        return {}",
            ]
        )

    def step(self) -> str:
        return '''@tf.function(autograph=False)
def step(
    net: keras.Model, optimizer: keras.optimizers.Optimizer, batch: list[tf.Tensor]
) -> tf.Tensor:
    """Learn from a batch; the loss before that."""
    devices = tf.distribute.get_strategy().num_replicas_in_sync
    with tf.GradientTape() as tape:
        net(batch, training=True)
        loss = tf.add_n(net.losses)
        share = loss / devices  # whose gradients are added
    gradients = tape.gradient(share, net.trainable_variables)
    optimizer.apply(gradients, net.trainable_variables)
    return loss'''
