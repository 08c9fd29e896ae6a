"""Helpers for sequences: functions of float32 arrays in Caffe's layout.

Each computes what the CPU code of the named Caffe file does.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import numpy as np

from proto2net.backends.numpy.helpers.activation import sigmoid
from proto2net.backends.numpy.helpers.dense import inner_product
from proto2net.backends.numpy.helpers.normalize import softmax


def last_states(
    states: list[np.ndarray], number: int, shape: tuple[int, ...]
) -> list[np.ndarray]:
    """The states of the last call; zeros at first, or if their shape differs."""
    if states and states[0].shape == shape:
        return states
    return [np.zeros(shape, np.float32)] * number


def rnn(
    x: np.ndarray,
    cont: np.ndarray,
    h: np.ndarray,
    W_xh: np.ndarray,
    b_h: np.ndarray,
    W_hh: np.ndarray,
    W_ho: np.ndarray,
    b_o: np.ndarray,
    static: np.ndarray | None = None,
    W_xh_static: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """All outputs and the last state; a sequence starts where cont is 0.

    Source: rnn_layer.cpp.
    """
    inputs = inner_product(x, W_xh, b_h, axis=2)
    if static is not None and W_xh_static is not None:
        inputs = inputs + inner_product(static, W_xh_static)
    states = []
    for step in range(len(x)):
        before = cont[step : step + 1, :, None] * h
        h = np.tanh(before @ W_hh.T + inputs[step])
        states.append(h)
    outputs = np.tanh(inner_product(np.concatenate(states), W_ho, b_o, axis=2))
    return outputs, h


def rnn_continued(
    x: np.ndarray,
    cont: np.ndarray,
    states: list[np.ndarray],
    W_hh: np.ndarray,
    **others: np.ndarray,
) -> np.ndarray:
    """The outputs of an RNN that continues its last call (recurrent_layer.cpp)."""
    (h,) = last_states(states, 1, (1, x.shape[1], len(W_hh)))
    outputs, h = rnn(x, cont, h, W_hh=W_hh, **others)
    states[:] = [h]
    return outputs


def lstm_unit(
    c: np.ndarray, gates: np.ndarray, cont: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One step of an LSTM, from gates (i, f, o, g) to c and h (lstm_unit_layer.cpp)."""
    i, f, o, g = np.split(gates, 4, axis=-1)
    c = cont[..., None] * sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return c, sigmoid(o) * np.tanh(c)


def lstm(
    x: np.ndarray,
    cont: np.ndarray,
    h: np.ndarray,
    c: np.ndarray,
    W_xc: np.ndarray,
    b_c: np.ndarray,
    W_hc: np.ndarray,
    static: np.ndarray | None = None,
    W_xc_static: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All outputs and the last states; a sequence starts where cont is 0.

    Source: lstm_layer.cpp.
    """
    inputs = inner_product(x, W_xc, b_c, axis=2)
    if static is not None and W_xc_static is not None:
        inputs = inputs + inner_product(static, W_xc_static)
    outputs = []
    for step in range(len(x)):
        continues = cont[step : step + 1]
        kept = continues[..., None] * h
        gates = kept @ W_hc.T + inputs[step]
        c, h = lstm_unit(c, gates, continues)
        outputs.append(h)
    return np.concatenate(outputs), h, c


def lstm_continued(
    x: np.ndarray,
    cont: np.ndarray,
    states: list[np.ndarray],
    W_hc: np.ndarray,
    **others: np.ndarray,
) -> np.ndarray:
    """The outputs of an LSTM that continues its last call (recurrent_layer.cpp)."""
    h, c = last_states(states, 2, (1, x.shape[1], W_hc.shape[1]))
    outputs, h, c = lstm(x, cont, h, c, W_hc=W_hc, **others)
    states[:] = [h, c]
    return outputs


def lstm_of_caffe_lstm(
    x: np.ndarray,
    W_xc: np.ndarray,
    W_hc: np.ndarray,
    b_c: np.ndarray,
    cont: np.ndarray | None = None,
    states: list[np.ndarray] | None = None,
    sequences: int = 0,
) -> np.ndarray:
    """The outputs of caffe-lstm's LSTM.

    `cont` is 0 where a sequence starts; without it, every call starts from zeros.
    `sequences` is the batch size, if the first axis has steps and sequences together.
    """
    if sequences:
        x = x.reshape(-1, sequences, *x.shape[1:])
    batch, shape = x.shape[:2], (1, x.shape[1], W_hc.shape[1])
    go_on = np.ones(batch) if cont is None else (cont != 0).reshape(batch)
    h, c = last_states(states or [], 2, shape)
    y, h, c = lstm(x, go_on.astype(np.float32), h, c, W_xc, b_c, W_hc)
    if states is not None:
        states[:] = [h, c]
    return y.reshape(-1, y.shape[2]) if sequences else y


def causal_attention(x: np.ndarray, heads: int) -> np.ndarray:
    """Causal self-attention: each step attends to itself and to the steps before.

    x has queries, keys and values side by side (MyCaffe's CausalSelfAttentionLayer.cs).
    """
    n, steps, features = x.shape
    x = x.reshape(n, steps, 3, heads, -1).transpose(2, 0, 3, 1, 4)
    query, key, value = x
    fit = query @ key.swapaxes(2, 3) / np.float32(np.sqrt(x.shape[-1]))
    fit = np.where(np.tri(steps, dtype=bool), fit, np.float32(-np.inf))
    top = softmax(fit, axis=3) @ value
    return top.transpose(0, 2, 1, 3).reshape(n, steps, features // 3)


def continuation_indicator(steps: int, sequences: int) -> np.ndarray:
    """cont of recurrent layers: 0 at each sequence's first step, 1 at the others."""
    cont = np.ones((steps, sequences), np.float32)
    cont[0] = 0
    return cont
