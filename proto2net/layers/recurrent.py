"""Layers over sequences: bottoms are (time steps, sequences, ...)."""

from __future__ import annotations

from typing import ClassVar

from proto2net.errors import UnsupportedError
from proto2net.frozen import dataclass
from proto2net.layers.base import Filler, Layer, Learned, Unstated, layer
from proto2net.shape import Shape, Shapes, canonical_axis, count, dims, require


@dataclass(frozen=True)
class RecurrentParameter(Layer):
    """The parameters that RNN and LSTM share (recurrent_layer.cpp).

    Bottoms are the input x, cont (0 where a sequence starts, else 1), if given a static input
    that every step sees, and with expose_hidden the first states. Tops are the outputs of all
    steps, and with expose_hidden the last states.
    """

    num_output: int = 0
    weight_filler: Filler = Unstated()
    bias_filler: Filler = Unstated()
    debug_info: bool = False
    expose_hidden: bool = False
    engine: str = "DEFAULT"
    """MyCaffe's."""

    states: ClassVar[tuple[str, ...]]
    """The names of what is carried from step to step, in the order of bottoms and tops."""

    @property
    def exposed(self) -> int:
        """How many states are bottoms and tops."""
        return len(self.states) if self.expose_hidden else 0

    def static(self, bottoms: Shapes) -> Shapes:
        """The static input, if there is one."""
        return bottoms[2 : len(bottoms) - self.exposed]

    def check_counts(self, bottoms: int, tops: int) -> None:
        states = self.states[: self.exposed]
        right = 2 + len(states)
        require(
            right <= bottoms <= right + 1,
            f"the bottoms must be {', '.join(('x', 'cont', *states))}, or one more after cont, "
            f"but {bottoms} given",
        )
        require(
            tops == 1 + len(states),
            f"the tops must be {', '.join(('output', *states))}, but {tops} given",
            "" if self.exposed else "or give expose_hidden: true",
        )

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        x, cont = bottoms[:2]
        require(
            self.engine != "CUDNN",
            "engine is CUDNN, which has other weights, and looks at cont in the first step alone",
        )
        require(self.num_output > 0, "num_output is missing or 0; it must be above 0")
        require(
            len(x) >= 3 and x[0] > 0,
            f"needs (time steps, sequences, features), but the first bottom is {dims(x)}",
        )
        require(
            cont == x[:2],
            f"the second bottom (cont) must be {dims(x[:2])}, as the first, but it is {dims(cont)}",
        )
        for static in self.static(bottoms):
            require(
                len(static) >= 2 and static[0] == x[1],
                f"the static input must be {x[1]} x features, but it is {dims(static)}",
            )
        state = (1, x[1], self.num_output)
        for name, shape in zip(self.states, bottoms[len(bottoms) - self.exposed :], strict=False):
            require(
                shape == state,
                f"the first state {name} must be {dims(state)}, but it is {dims(shape)}",
            )
        return ((*x[:2], self.num_output), *(state,) * self.exposed)

    def continues(self, bottoms: int) -> bool:
        return not self.expose_hidden

    def macs(self, bottoms: Shapes, tops: Shapes) -> int:
        steps, sequences = bottoms[0][:2]
        matrices = {k: v.shape for k, v in self.blobs(bottoms).items() if len(v.shape) == 2}
        return sum(
            count(shape) * sequences * (1 if name.endswith("static") else steps)
            for name, shape in matrices.items()
        )

    def inputs(self, bottoms: Shapes, gate: str, rows: int) -> dict[str, Shape]:
        """The shapes of the blobs that take the inputs to `rows` features."""
        shapes: dict[str, Shape] = {
            f"W_x{gate}": (rows, count(bottoms[0][2:])),
            f"b_{gate}": (rows,),
        }
        for static in self.static(bottoms):
            shapes[f"W_x{gate}_static"] = (rows, count(static[1:]))
        return shapes

    def learned(self, shapes: dict[str, Shape]) -> dict[str, Learned]:
        """Learned blobs of these shapes: the matrices are weights, the vectors biases."""
        return {
            name: Learned(shape, self.weight_filler if len(shape) == 2 else self.bias_filler)
            for name, shape in shapes.items()
        }


@layer("RNN", param="recurrent_param", bottoms=(2, 4), tops=(1, 2), in_place=False)
@dataclass(frozen=True)
class RNN(RecurrentParameter):
    """A simple recurrent network with tanh, and tanh again on its outputs (rnn_layer.cpp)."""

    states: ClassVar[tuple[str, ...]] = ("h",)

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        n = self.num_output
        return self.learned(
            self.inputs(bottoms, "h", n) | {"W_hh": (n, n), "W_ho": (n, n), "b_o": (n,)}
        )


@layer("LSTM", param="recurrent_param", bottoms=(2, 5), tops=(1, 3), in_place=False)
@dataclass(frozen=True)
class LSTM(RecurrentParameter):
    """A long short-term memory (lstm_layer.cpp). Blobs hold the gates in the order i, f, o, g."""

    states: ClassVar[tuple[str, ...]] = ("h", "c")

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        n = self.num_output
        return self.learned(self.inputs(bottoms, "c", 4 * n) | {"W_hc": (4 * n, n)})


@layer("LSTMUnit", bottoms=3, tops=2, in_place=False)
@dataclass(frozen=True)
class LSTMUnit(Layer):
    """One step of an LSTM: from c, gates i, f, o, g and cont to c and h (lstm_unit_layer.cpp)."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        c, gates, cont = bottoms
        require(
            len(c) == 3 and c[0] == 1,
            f"needs a cell state of 1 x sequences x features, but the first bottom is {dims(c)}",
        )
        gate, step = (1, c[1], 4 * c[2]), (1, c[1])
        require(
            gates == gate,
            f"the second bottom (gates) must be {dims(gate)}, but it is {dims(gates)}",
        )
        require(
            cont == step, f"the third bottom (cont) must be {dims(step)}, but it is {dims(cont)}"
        )
        return (c, c)


@layer("Lstm", param="lstm_param", bottoms=(1, 2), in_place=False)
@dataclass(frozen=True)
class Lstm(Layer):
    """The LSTM of caffe-lstm and the forks with it, CTPN's too; its gates are i, f, o, g.

    The first bottom is steps x sequences x features, or with `batch_size` or two axes
    (steps * sequences) x features. The second is 0 where a sequence starts, and lets the states
    go on from one forward pass to the next; without, each pass starts anew.
    """

    num_output: int = 0
    clipping_threshold: float = 0.0
    """A bound of the gradients; 0 for none."""
    weight_filler: Filler = Unstated()
    bias_filler: Filler = Unstated()
    batch_size: int | None = None

    def merged(self, bottom: Shape) -> bool:
        """Whether steps and sequences are one axis."""
        return self.batch_size is not None or len(bottom) < 3

    def batch(self, bottom: Shape) -> Shape:
        """The axes before the features: steps and sequences, or both in one."""
        return bottom[:1] if self.merged(bottom) else bottom[:2]

    @property
    def sequences(self) -> int:
        """How many sequences there are, where they are merged with the steps."""
        return 1 if self.batch_size is None else self.batch_size

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        x, *cont = bottoms
        require(self.num_output > 0, "num_output is missing or 0; it must be above 0")
        require(self.sequences > 0, "batch_size is 0; it must be above 0")
        require(len(x) >= 2, f"needs (steps, sequences, features), but the bottom is {dims(x)}")
        batch = self.batch(x)
        require(
            not self.merged(x) or x[0] % self.sequences == 0,
            f"{x[0]} steps do not divide into {self.sequences} sequences (batch_size)",
        )
        for bottom in cont:
            require(
                count(bottom) == count(batch),
                f"the second bottom must have {count(batch)} values, one for each step of each "
                f"sequence, but it is {dims(bottom)}",
            )
        return ((*batch, self.num_output),)

    def continues(self, bottoms: int) -> bool:
        return bottoms > 1

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        x, n = bottoms[0], self.num_output
        features = count(x[len(self.batch(x)) :])
        return {
            "W_xc": Learned((4 * n, features), self.weight_filler),
            "W_hc": Learned((4 * n, n), self.weight_filler),
            "b_c": Learned((4 * n,), self.bias_filler),
        }

    def macs(self, bottoms: Shapes, tops: Shapes) -> int:
        blobs = self.blobs(bottoms)
        weights = count(blobs["W_xc"].shape) + count(blobs["W_hc"].shape)
        return count(self.batch(bottoms[0])) * weights


@layer("CausalAttention", param="causal_attention_param", in_place=False)
@dataclass(frozen=True)
class CausalAttention(Layer):
    """Each step gets a mean of the values of those up to it, as its query fits their keys.

    The bottom is sequences x steps x features, which are queries, keys and values side by side, of
    so many heads. This is what MyCaffe's CausalSelfAttentionLayer.cs does without its matrices.
    """

    heads: int = 1
    block_size: int | None = None
    attn_dropout: float = 0.0

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        require(
            len(bottom) == 3,
            f"needs sequences x steps x features, but the bottom is {dims(bottom)}",
        )
        sequences, steps, features = bottom
        require(self.heads > 0, "heads is 0; it must be above 0")
        require(
            features % (3 * self.heads) == 0,
            f"the {features} features do not divide into a query, a key and a value of "
            f"{self.heads} heads",
        )
        require(
            self.block_size in (None, steps),
            f"there are {steps} steps, but block_size is {self.block_size}",
        )
        return ((sequences, steps, features // 3),)

    def check_rendered(self, bottoms: int, tops: int, *, training: bool) -> None:
        if training and self.attn_dropout:
            raise UnsupportedError(
                "attn_dropout, which drops weights of the attention in training, is not supported",
                "give attn_dropout: 0, or convert for tests",
            )


@layer(
    "ContinuationIndicator", param="continuation_indicator_param", bottoms=(0, 1), in_place=False
)
@dataclass(frozen=True)
class ContinuationIndicator(Layer):
    """What recurrent layers call cont, for sequences that all start at the first step: 0, 1, 1, ...

    How many sequences there are is batch_size, or of a bottom the size of `axis`.
    """

    time_step: int = 0
    batch_size: int = 0
    axis: int = 0

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(self.time_step > 0, "time_step is missing or 0; it must be above 0")
        for bottom in bottoms:
            return ((self.time_step, bottom[canonical_axis(self.axis, bottom)]),)
        require(self.batch_size > 0, "batch_size is missing or 0; it must be above 0")
        return ((self.time_step, self.batch_size),)
