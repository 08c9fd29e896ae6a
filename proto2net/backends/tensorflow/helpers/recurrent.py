"""Helpers for sequences, which Keras lacks: pasted where they are used."""
# mypy: allow-subclassing-any, allow-untyped-decorators

import math
from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops


class Recurrent(layers.Layer):
    """The base of Caffe's recurrent layers: inputs x (T, N, ...) and cont (T, N).

    A sequence starts where cont is 0. The state is kept from call to call, and no
    gradient passes between calls.
    `expose_hidden` makes the state an input and an output.
    """

    states = 1
    gates = 1

    def __init__(
        self,
        units: int,
        static: bool = False,
        expose_hidden: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units, self.static, self.expose_hidden = units, static, expose_hidden

    def build(self, input_shapes: list[tuple[int, ...]]) -> None:
        rows, (x, _, *others) = self.gates * self.units, input_shapes
        self.kernel = self.add_weight((math.prod(x[2:]), rows), name="kernel")
        self.bias = self.add_weight((rows,), "zeros", name="bias")
        self.static_kernel = None
        if self.static:
            shape = (math.prod(others[0][1:]), rows)
            self.static_kernel = self.add_weight(shape, name="static_kernel")
        shape = (self.units, rows)
        self.recurrent_kernel = self.add_weight(shape, name="recurrent_kernel")
        if not self.expose_hidden:
            self.state = [self._zeros(x[1]) for _ in range(self.states)]

    def _zeros(self, sequences: int | None) -> keras.Variable | tf.Variable:
        """A variable for the state; its number of sequences may be unknown."""
        if sequences is not None:
            return self.add_weight(
                (sequences, self.units), "zeros", trainable=False, name="state"
            )
        self.supports_jit = False
        shape = (None, self.units)
        return tf.Variable(tf.zeros((0, self.units)), trainable=False, shape=shape)

    def call(self, inputs: list[tf.Tensor]) -> list[tf.Tensor] | tf.Tensor:
        x, cont, *others = inputs
        steps, sequences = ops.shape(x)[:2]
        x = ops.reshape(x, (steps, sequences, self.kernel.shape[0]))
        x = ops.matmul(x, self.kernel) + self.bias
        if self.static_kernel is not None:
            shape = (sequences, self.static_kernel.shape[0])
            static = ops.reshape(others.pop(0), shape)
            x = x + ops.matmul(static, self.static_kernel)
        given = [state[0] for state in others]
        if not self.expose_hidden:
            given = [self._kept(state, sequences) for state in self.state]
        start = tuple(ops.stop_gradient(state) for state in given)
        run = tf.scan(self.step, (x, ops.stop_gradient(cont)[:, :, None]), start)
        output, last = self.output_of(run[0]), [every[-1] for every in run]
        if self.expose_hidden:
            return [output, *(ops.stop_gradient(state)[None] for state in last)]
        for variable, state in zip(self.state, last, strict=True):
            variable.assign(state)
        return output

    def _kept(
        self, state: keras.Variable | tf.Variable, sequences: int | tf.Tensor
    ) -> tf.Tensor:
        """The state of the last call; zeros if the number of sequences differs."""
        kept = tf.convert_to_tensor(state)
        if state.shape[0] is not None:
            return kept
        new = tf.zeros((sequences, self.units))
        return tf.cond(tf.shape(kept)[0] == sequences, lambda: kept, lambda: new)

    def output_of(self, hidden: tf.Tensor) -> tf.Tensor:
        """The layer's output from the hidden states."""
        return hidden


@keras.saving.register_keras_serializable("caffe")
class RNN(Recurrent):
    """Caffe's simple recurrent network: tanh of the hidden state, and of the output."""

    def build(self, input_shapes: list[tuple[int, ...]]) -> None:
        super().build(input_shapes)
        shape = (self.units, self.units)
        self.output_kernel = self.add_weight(shape, name="output_kernel")
        self.output_bias = self.add_weight((self.units,), "zeros", name="output_bias")

    def step(
        self, state: tuple[tf.Tensor], inputs: tuple[tf.Tensor, tf.Tensor]
    ) -> tuple[tf.Tensor]:
        """One step, from the state before it to the one behind it."""
        (h,), (x, cont) = state, inputs
        return (ops.tanh(x + ops.matmul(cont * h, self.recurrent_kernel)),)

    def output_of(self, hidden: tf.Tensor) -> tf.Tensor:
        return ops.tanh(ops.matmul(hidden, self.output_kernel) + self.output_bias)


@keras.saving.register_keras_serializable("caffe")
class LSTM(Recurrent):
    """Caffe's LSTM; the gates are in the order i, f, o, g."""

    states = 2
    gates = 4

    def step(
        self, state: tuple[tf.Tensor, tf.Tensor], inputs: tuple[tf.Tensor, tf.Tensor]
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """One step, from the state before it to the one behind it."""
        (h, c), (x, cont) = state, inputs
        gates = x + ops.matmul(cont * h, self.recurrent_kernel)
        c, h = lstm_unit(c, gates, cont)
        return h, c


@keras.saving.register_keras_serializable("caffe")
class LSTMUnit(layers.Layer):
    """One step of an LSTM: from c, gates and cont to c and h."""

    def call(self, inputs: list[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        c, gates, cont = inputs
        return lstm_unit(c, gates, ops.stop_gradient(cont)[:, :, None])


def lstm_unit(
    c: tf.Tensor, gates: tf.Tensor, cont: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """One step of an LSTM, from gates (i, f, o, g) to c and h."""
    i, f, o, g = ops.split(gates, 4, axis=-1)
    c = cont * ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
    return c, ops.sigmoid(o) * ops.tanh(c)


@keras.saving.register_keras_serializable("caffe")
class Lstm(LSTM):
    """caffe-lstm's LSTM: without a second input, cont, every call starts from zeros.

    `sequences` is the batch size, if the first axis has steps and sequences together.
    """

    def __init__(self, units: int, sequences: int = 0, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.sequences = sequences

    def build(self, input_shapes: list[tuple[int, ...]]) -> None:
        x, *cont = input_shapes
        self.expose_hidden = not cont
        if self.sequences:
            x = (0, self.sequences, *x[1:])  # the number of steps does not matter
        super().build([x, x[:2]])

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        x, *cont = inputs
        if self.sequences:
            x = ops.reshape(x, (-1, self.sequences, *x.shape[1:]))
        batch = ops.shape(x)[:2]
        if cont:
            go_on = ops.cast(ops.reshape(cont[0], batch) != 0, x.dtype)
            y = super().call([x, go_on])
        else:
            zeros = ops.zeros((1, batch[1], self.units))
            y, *_ = super().call([x, ops.ones(batch), zeros, zeros])
        return ops.reshape(y, (-1, self.units)) if self.sequences else y


@keras.saving.register_keras_serializable("caffe")
class CausalAttention(layers.Layer):
    """Causal self-attention: each step attends to itself and to the steps before.

    The input has queries, keys and values side by side.
    """

    def __init__(self, heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads = heads

    def call(self, x: tf.Tensor) -> tf.Tensor:
        steps, features = ops.shape(x)[1], x.shape[2] // 3
        size = features // self.heads
        query, key, value = (
            ops.reshape(each, (-1, steps, self.heads, size))
            for each in ops.split(x, 3, axis=2)
        )
        y = ops.dot_product_attention(query, key, value, is_causal=True)
        return ops.reshape(y, (-1, steps, features))


@keras.saving.register_keras_serializable("caffe")
class ContinuationIndicator(layers.Layer):
    """cont of recurrent layers: 0 at each sequence's first step, 1 at the others.

    The input only connects it to the model.
    `sequences` is their number; None: the input's size along an axis.
    """

    def __init__(
        self, steps: int, sequences: int | None = None, axis: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.steps, self.sequences, self.axis = steps, sequences, axis

    def call(self, x: tf.Tensor) -> tf.Tensor:
        sequences = self.sequences or ops.shape(x)[self.axis]
        later = ops.cast(ops.arange(self.steps) > 0, "float32")
        return ops.tile(later[:, None], (1, sequences))
