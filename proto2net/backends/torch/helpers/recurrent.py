"""Helpers for sequences, which PyTorch lacks: pasted where they are used."""

import torch
import torch.nn.functional as F
from torch import nn


def lstm_unit(
    c: torch.Tensor, gates: torch.Tensor, cont: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """One step of an LSTM, from gates (i, f, o, g) to c and h; cont 0 forgets c."""
    i, f, o, g = gates.chunk(4, dim=-1)
    forget = cont.detach()[..., None] * torch.sigmoid(f)
    c = forget * c + torch.sigmoid(i) * torch.tanh(g)
    return c, torch.sigmoid(o) * torch.tanh(c)


class Recurrent(nn.Module):
    """The base of LSTM and RNN: a state that is kept between forward passes."""

    last: torch.Tensor

    def __init__(self, states: int, size: int) -> None:
        super().__init__()
        self.register_buffer("last", torch.zeros(states, 1, size), persistent=False)

    def start(self, batch: int, given: tuple[torch.Tensor, ...]) -> list[torch.Tensor]:
        """The states before the first step: given ones, or those of the last call.

        No gradient passes between layers through the states, as in Caffe.
        """
        if given:
            return [state[0].detach() for state in given]
        if self.last.shape[1] != batch:
            self.last = self.last.new_zeros(len(self.last), batch, self.last.shape[2])
        return list(self.last)


class LSTM(Recurrent):
    """Caffe's LSTM: x is (T, N, ...), and cont (T, N) is 0 where a sequence starts.

    The state is kept from one forward pass to the next, unless it is given.
    """

    def __init__(self, inputs: int, size: int, static: int = 0) -> None:
        super().__init__(2, size)
        self.W_xc = nn.Parameter(torch.zeros(4 * size, inputs))
        self.b_c = nn.Parameter(torch.zeros(4 * size))
        if static:
            self.W_xc_static = nn.Parameter(torch.zeros(4 * size, static))
        self.W_hc = nn.Parameter(torch.zeros(4 * size, size))

    def forward(
        self,
        x: torch.Tensor,
        cont: torch.Tensor,
        *states: torch.Tensor,
        static: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """All outputs, and the last h and c; states are the first h and c."""
        inputs = F.linear(x.flatten(2), self.W_xc, self.b_c)
        if static is not None:
            inputs = inputs + F.linear(static.flatten(1), self.W_xc_static)
        h, c = self.start(x.shape[1], states)
        outputs: list[torch.Tensor] = []
        for step, go_on in zip(inputs, cont.detach(), strict=True):
            gates = step + F.linear(go_on[:, None] * h, self.W_hc)
            c, h = lstm_unit(c, gates, go_on)
            outputs.append(h)
        self.last = torch.stack((h, c)).detach()
        return torch.stack(outputs), self.last[:1], self.last[1:]


class RNN(Recurrent):
    """Caffe's RNN: x is (T, N, ...), and cont (T, N) is 0 where a sequence starts.

    tanh follows the hidden state and the output. The state is kept from one forward
    pass to the next, unless it is given.
    """

    def __init__(self, inputs: int, size: int, static: int = 0) -> None:
        super().__init__(1, size)
        self.W_xh = nn.Parameter(torch.zeros(size, inputs))
        self.b_h = nn.Parameter(torch.zeros(size))
        if static:
            self.W_xh_static = nn.Parameter(torch.zeros(size, static))
        self.W_hh = nn.Parameter(torch.zeros(size, size))
        self.W_ho = nn.Parameter(torch.zeros(size, size))
        self.b_o = nn.Parameter(torch.zeros(size))

    def forward(
        self,
        x: torch.Tensor,
        cont: torch.Tensor,
        *states: torch.Tensor,
        static: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """All outputs, and the last h; states is the first h."""
        inputs = F.linear(x.flatten(2), self.W_xh, self.b_h)
        if static is not None:
            inputs = inputs + F.linear(static.flatten(1), self.W_xh_static)
        (h,) = self.start(x.shape[1], states)
        outputs: list[torch.Tensor] = []
        for step, go_on in zip(inputs, cont.detach(), strict=True):
            h = torch.tanh(step + F.linear(go_on[:, None] * h, self.W_hh))
            outputs.append(h)
        self.last = h[None].detach()
        y = torch.tanh(F.linear(torch.stack(outputs), self.W_ho, self.b_o))
        return y, self.last


class Lstm(Recurrent):
    """caffe-lstm's LSTM: without `cont`, every call starts from zeros.

    `sequences` is the batch size, if the first axis has steps and sequences together.
    """

    def __init__(self, inputs: int, size: int, sequences: int = 0) -> None:
        super().__init__(2, size)
        self.sequences = sequences
        self.W_xc = nn.Parameter(torch.zeros(4 * size, inputs))
        self.W_hc = nn.Parameter(torch.zeros(4 * size, size))
        self.b_c = nn.Parameter(torch.zeros(4 * size))

    def forward(
        self, x: torch.Tensor, cont: torch.Tensor | None = None
    ) -> torch.Tensor:
        if self.sequences:
            x = x.reshape(-1, self.sequences, *x.shape[1:])
        inputs = F.linear(x.flatten(2), self.W_xc, self.b_c)
        h, c = self.start(x.shape[1], ())
        go_on = x.new_ones(x.shape[:2])
        if cont is None:
            h, c = torch.zeros_like(h), torch.zeros_like(c)
        else:
            go_on = (cont.reshape(x.shape[:2]) != 0).to(x.dtype)
        outputs: list[torch.Tensor] = []
        for step, goes_on in zip(inputs, go_on, strict=True):
            gates = step + F.linear(goes_on[:, None] * h, self.W_hc)
            c, h = lstm_unit(c, gates, goes_on)
            outputs.append(h)
        if cont is not None:
            self.last = torch.stack((h, c)).detach()
        y = torch.stack(outputs)
        return y.flatten(0, 1) if self.sequences else y


def causal_attention(x: torch.Tensor, heads: int) -> torch.Tensor:
    """Causal self-attention: each step attends to itself and to the steps before.

    x has queries, keys and values side by side.
    """
    query, key, value = (
        torch.unflatten(each, 2, (heads, -1)).transpose(1, 2)
        for each in x.chunk(3, dim=2)
    )
    y = F.scaled_dot_product_attention(query, key, value, is_causal=True)
    return y.transpose(1, 2).flatten(2)


class ContinuationIndicator(nn.Module):
    """cont of recurrent layers: 0 at each sequence's first step, 1 at the others."""

    cont: torch.Tensor

    def __init__(self, steps: int) -> None:
        super().__init__()
        cont = torch.ones(steps, 1)
        cont[0] = 0
        self.register_buffer("cont", cont, persistent=False)

    def forward(self, sequences: int) -> torch.Tensor:
        return self.cont.expand(-1, sequences)
