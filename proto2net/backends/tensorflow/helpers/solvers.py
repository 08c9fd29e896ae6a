"""Caffe's solvers as far as Keras's optimizers differ: pasted where they are used."""
# mypy: allow-subclassing-any

import keras
import tensorflow as tf
from keras import ops


class AdaGrad(keras.optimizers.Adagrad):
    """Caffe's AdaGrad: epsilon is added outside of the root."""

    def update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Update a variable."""
        square = self._accumulators[self._get_variable_index(variable)]
        self.assign_add(square, ops.square(gradient))
        update = gradient / (ops.sqrt(square) + self.epsilon)
        self.assign_sub(variable, ops.cast(learning_rate, variable.dtype) * update)


class RMSProp(keras.optimizers.RMSprop):
    """Caffe's RMSProp: epsilon is added outside of the root."""

    def update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Update a variable."""
        square = self._velocities[self._get_variable_index(variable)]
        self.assign(square, self.rho * square + (1 - self.rho) * ops.square(gradient))
        update = gradient / (ops.sqrt(square) + self.epsilon)
        self.assign_sub(variable, ops.cast(learning_rate, variable.dtype) * update)
