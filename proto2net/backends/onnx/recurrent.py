"""ONNX renderers of proto2net/layers/recurrent.py.

ONNX's LSTM does not know cont, so steps stand one behind the other. What Caffe keeps from one
forward pass to the next begins as zeros in each, as after loading a network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from proto2net.backends.base import Array, Transposed
from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.shapes import check_constant, check_steps, shaped
from proto2net.backends.onnx.values import FLOAT, Learned, Value, X, bottoms, learned, op, ops, tanh
from proto2net.backends.onnx.windows import LOWEST
from proto2net.frozen import dataclass
from proto2net.graph import Node
from proto2net.layers import LSTM, RNN, CausalAttention, ContinuationIndicator, Lstm, LSTMUnit
from proto2net.shape import canonical_axis, count

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

Step = Callable[[Value, Value, Sequence[Value]], tuple[Value, ...]]
"""What makes the next states of a step's inputs, its cont, and the states; h comes first."""


# ---- of Caffe -------------------------------------------------------------------------------


@renders(RNN)
def _rnn(node: Node[RNN]) -> list[Value]:
    def step(inputs: Value, cont: Value, states: Sequence[Value]) -> tuple[Value, ...]:
        return (tanh(_with_last(node, "W_hh", inputs, cont, states)),)

    hidden, states = _unrolled(node, "h", step)
    outputs = tanh(_product(node, hidden, "W_ho") + learned(node, "b_o"))
    return [outputs, *states[: node.layer.exposed]]


@renders(LSTM)
def _lstm(node: Node[LSTM]) -> list[Value]:
    outputs, states = _unrolled(node, "c", _lstm_step(node))
    return [outputs, *states[: node.layer.exposed]]


def _lstm_step(node: Node[Any]) -> Step:
    def step(inputs: Value, cont: Value, states: Sequence[Value]) -> tuple[Value, ...]:
        gates = _with_last(node, "W_hc", inputs, cont, states)
        memory = (states[1], cont) if states else ()
        return _lstm_unit(gates, node.layer.num_output, *memory)

    return step


def _lstm_unit(gates: Value, size: int, *memory: Value) -> tuple[Value, Value]:
    """The states h and c, from gates i, f, o, g, and the last c with its cont, if there is one."""
    i, f, o, g = ops(4, "Split", gates, [size] * 4, axis=2)
    new = op("Sigmoid", i) * tanh(g)
    if memory:
        last, cont = memory
        new = cont * op("Sigmoid", f) * last + new
    return op("Sigmoid", o) * tanh(new), new


def _unrolled(node: Node[Any], gate: str, step: Step) -> tuple[Value, Sequence[Value]]:
    """The first state of all steps, and the last states."""
    layer, (steps, *_) = node.layer, node.bottoms[0].shape
    values = bottoms(node)
    first = len(values) - layer.exposed
    x, cont, *static = values[:first]
    features = count(node.bottoms[0].shape[2:])
    if len(node.bottoms[0].shape) > 3:
        x = op("Reshape", x, [steps, -1, features])
    inputs = _product(node, x, f"W_x{gate}") + learned(node, f"b_{gate}")
    for each in static:
        rows = op("Flatten", each) if len(node.bottoms[2].shape) > 2 else each
        inputs = inputs + _product(node, rows, f"W_x{gate}_static")
    return _run(step, inputs, op("Reshape", cont, [steps, -1, 1]), steps, values[first:])


def _run(
    step: Step, inputs: Value, cont: Value, steps: int, states: Sequence[Value] = ()
) -> tuple[Value, Sequence[Value]]:
    """The first state of all steps, and the last states; no states stand for zeros."""
    found = []
    for each, continues in zip(_each(inputs, steps), _each(cont, steps), strict=True):
        states = step(each, continues, states)
        found.append(states[0])
    return (op("Concat", *found, axis=0) if steps > 1 else found[0]), states


def _each(value: Value, steps: int) -> Iterator[Value]:
    """The steps of a value, one by one."""
    check_steps(steps)
    if steps == 1:
        return iter([value])
    return iter(ops(steps, "Split", value, [1] * steps, axis=0))


def _with_last(
    node: Node[Any], blob: str, inputs: Value, cont: Value, states: Sequence[Value]
) -> Value:
    """The inputs, and what the last h adds to them, if there is one and cont lets it stay."""
    return inputs + _product(node, cont * states[0], blob) if states else inputs


def _product(node: Node[Any], x: Value, blob: str) -> Value:
    return x @ learned(node, blob, Transposed((1, 0)))


@renders(LSTMUnit)
def _unit(node: Node[LSTMUnit]) -> list[Value]:
    c, gates, cont = bottoms(node)
    size = node.bottoms[0].shape[2]
    h, c = _lstm_unit(gates, size, c, op("Reshape", cont, [1, -1, 1]))
    return [c, h]


@renders(ContinuationIndicator)
def _continuation_indicator(node: Node[ContinuationIndicator]) -> Value:
    import numpy as np

    layer = node.layer
    check_constant(layer.time_step)
    cont = np.ones((layer.time_step, 1), np.float32)
    cont[0] = 0
    if not node.bottoms:
        return op("Expand", cont, [layer.time_step, layer.batch_size])
    axis = canonical_axis(layer.axis, node.bottoms[0].shape)
    sequences = op("Gather", op("Shape", X), [axis], axis=0)
    return op("Expand", cont, op("Concat", [layer.time_step], sequences, axis=0))


# ---- of caffe-lstm --------------------------------------------------------------------------


@renders(Lstm)
def _lstm_of_caffe_lstm(node: Node[Lstm]) -> Value:
    layer, bottom = node.layer, node.bottoms[0].shape
    merged = layer.merged(bottom)
    x = X
    if merged or len(bottom) > 3:
        batch = [-1, layer.sequences] if merged else [0, 0]
        x = op("Reshape", X, [*batch, count(bottom[len(layer.batch(bottom)) :])])
    outputs = _continued(node, x) if len(node.bottoms) > 1 else _whole(node, x)
    return op("Reshape", outputs, [-1, layer.num_output]) if merged else outputs


def _continued(node: Node[Lstm], x: Value) -> Value:
    """Sequences that start where cont is 0; what it is else does not matter."""
    layer, bottom = node.layer, node.bottoms[0].shape
    steps = bottom[0] // layer.sequences if layer.merged(bottom) else bottom[0]
    cont = op("Equal", op("Reshape", bottoms(node)[1], [steps, -1, 1]), 0.0)
    inputs = _product(node, x, "W_xc") + learned(node, "b_c")
    outputs, _ = _run(_lstm_step(node), inputs, op("Cast", op("Not", cont), to=FLOAT), steps)
    return outputs


def _whole(node: Node[Lstm], x: Value) -> Value:
    """Sequences that start at the first step, of any number of steps: ONNX's own LSTM."""
    blobs = {"W": "W_xc", "R": "W_hc", "B": "b_c"}
    arrays = (
        Learned(name, Array(((node, blob),), OnnxGates(bias=name == "B")))
        for name, blob in blobs.items()
    )
    return op("Squeeze", op("LSTM", x, *arrays, hidden_size=node.layer.num_output), [1])


@dataclass(frozen=True)
class OnnxGates:
    """Converts an array from the gates i, f, o, g to ONNX's i, o, f, c, of one direction.

    Behind a bias there is a second one, for what the last h adds: zeros.
    """

    bias: bool

    def __call__(self, array: Ndarray) -> Ndarray:
        import numpy as np

        i, f, o, g = np.split(array, 4)
        zeros = [np.zeros_like(array)] * self.bias
        return np.concatenate([i, o, f, g, *zeros])[None]


@renders(CausalAttention)
def _causal_attention(node: Node[CausalAttention]) -> Value:
    _, steps, features = node.bottoms[0].shape
    heads = node.layer.heads
    size = features // (3 * heads)
    check_constant(steps, steps)
    apart = op("Transpose", shaped(X, 0, steps, 3, heads, size), perm=[2, 0, 3, 1, 4])
    query, key, values = (op("Squeeze", x, [0]) for x in ops(3, "Split", apart, [1] * 3, axis=0))
    fit = query @ op("Transpose", key, perm=[0, 1, 3, 2]) * size**-0.5
    fit = fit + np.triu(np.full((steps, steps), LOWEST), 1)  # infinity less itself is no number
    top = op("Softmax", fit, axis=3) @ values
    return shaped(op("Transpose", top, perm=[0, 2, 1, 3]), 0, steps, features // 3)
