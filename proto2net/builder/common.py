"""The short forms that have the same arguments in either style; the axes differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from proto2net.builder.chain import Chain, More
from proto2net.builder.forms import makes
from proto2net.builder.values import several, whole
from proto2net.errors import Proto2NetError, ShapeError, closest
from proto2net.layers import (
    ELU,
    LSTM,
    RNN,
    Accuracy,
    Concat,
    Convolution,
    Crop,
    Deconvolution,
    Eltwise,
    EuclideanLoss,
    Filler,
    Flatten,
    HingeLoss,
    InnerProduct,
    ParamSpec,
    Permute,
    Pooling,
    Power,
    PReLU,
    ReLU,
    Reshape,
    Scale,
    Sigmoid,
    SigmoidCrossEntropyLoss,
    Slice,
    Softmax,
    SoftmaxWithLoss,
    TanH,
    Unstated,
)
from proto2net.layers.base import FILLERS
from proto2net.layers.loss import LossParameter, SoftmaxParameter

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from proto2net.shape import Shape

DEFAULT = LossParameter()


class ShortForms(Chain):
    """A short form for each layer that people write by hand."""

    weight_filler: ClassVar[Filler | str] = Filler("xavier")
    """How weights start where a call does not say it: a filler, or its type as a string."""
    bias_filler: ClassVar[Filler | str] = Unstated()
    """How biases start where a call does not say it."""
    params: ClassVar[Sequence[ParamSpec]] = ()
    """What a call of `conv`, `deconv` or `fc` says of its weights' and biases' training."""

    def _axis(self, axis: int | None) -> int | None:
        """An axis of the current blobs, as the class's users count it, as Caffe counts it."""
        return axis

    # ---- activations ----------------------------------------------------------------------------

    @makes(ReLU)
    def relu(self, negative_slope: float = 0.0, **more: Unpack[More]) -> Self:
        """max(x, 0), plus `negative_slope` times min(x, 0), in any shape (Caffe's ReLU)."""
        return self._append("relu", ReLU(negative_slope), more)

    @makes(PReLU)
    def prelu(
        self, filler: Filler | None = None, channel_shared: bool = False, **more: Unpack[More]
    ) -> Self:
        """max(x, 0) plus a learned slope a channel times min(x, 0) (Caffe's PReLU).

        Slopes start at 0.25 unless a filler is given; `channel_shared` has one for all channels.
        """
        return self._append("prelu", PReLU(filler, channel_shared), more)

    @makes(ELU)
    def elu(self, alpha: float = 1.0, **more: Unpack[More]) -> Self:
        """x, or alpha * (exp(x) - 1) below 0, in any shape (Caffe's ELU)."""
        return self._append("elu", ELU(alpha), more)

    @makes(Sigmoid)
    def sigmoid(self, **more: Unpack[More]) -> Self:
        """1 / (1 + exp(-x)), in any shape (Caffe's Sigmoid)."""
        return self._append("sigmoid", Sigmoid(), more)

    @makes(TanH)
    def tanh(self, **more: Unpack[More]) -> Self:
        """The hyperbolic tangent, in any shape (Caffe's TanH)."""
        return self._append("tanh", TanH(), more)

    @makes(Power)
    def power(
        self, power: float = 1.0, scale: float = 1.0, shift: float = 0.0, **more: Unpack[More]
    ) -> Self:
        """(shift + scale * x) ** power, in any shape (Caffe's Power)."""
        return self._append("power", Power(power, scale, shift), more)

    # ---- sums, joints and cuts ------------------------------------------------------------------

    def eltwise(
        self, operation: str = "SUM", coeff: Sequence[float] = (), **more: Unpack[More]
    ) -> Self:
        """The "SUM", product ("PROD") or "MAX" of the inputs, element by element (Eltwise).

        The inputs have one shape, which the output has too; else ShapeError. `coeff` has a factor
        for each input of a sum.
        """
        return self._append("eltwise", Eltwise(operation, several(coeff)), more)

    def concat(self, axis: int | None = None, **more: Unpack[More]) -> Self:
        """Join the inputs along the channels, or another axis (Caffe's Concat).

        Their other axes have the same sizes; else ShapeError.
        """
        return self._append("concat", Concat(self._axis(axis)), more)

    def slice(
        self, axis: int | None = None, points: Sequence[int] = (), **more: Unpack[More]
    ) -> Self:
        """Cut the input along the channels, or another axis, before each of `points` (Slice).

        `top` names the parts. Without points the parts are equal; ShapeError where the axis does
        not divide by their number.
        """
        return self._append("slice", Slice(self._axis(axis), several(points)), more)

    @makes(Crop)
    def crop(self, axis: int, offset: Sequence[int] = (), **more: Unpack[More]) -> Self:
        """Cut the first input to the size of the second (Caffe's Crop).

        `axis` is the first axis that is cut, counted in Caffe's order (N, C, H, W), as are those
        behind it; `offset` says how many elements are left out in front, once or for each axis.
        """
        return self._append("crop", Crop(axis, several(offset)), more)

    @makes(Flatten)
    def flatten(self, axis: int = 1, end_axis: int = -1, **more: Unpack[More]) -> Self:
        """Make the axes from `axis` to `end_axis` one, in Caffe's order (Caffe's Flatten).

        (N, C, H, W) becomes (N, C * H * W).
        """
        return self._append("flatten", Flatten(axis, end_axis), more)

    @makes(Reshape)
    def reshape(self, *shape: int, axis: int = 0, num_axes: int = -1, **more: Unpack[More]) -> Self:
        """Give the input another shape, in Caffe's order (N, C, H, W) (Caffe's Reshape).

        0 keeps the size that an axis has, and -1 once takes what is left. ShapeError where the
        number of elements changes.
        """
        return self._append("reshape", Reshape(tuple(shape), axis, num_axes), more)

    @makes(Permute)
    def permute(self, *order: int, **more: Unpack[More]) -> Self:
        """Put the axes in another order, the others behind those named (Permute, of SSD's fork).

        Axes count in Caffe's order: `permute(0, 2, 3, 1)` makes (N, H, W, C) of (N, C, H, W).
        """
        return self._append("permute", Permute(tuple(order)), more)

    def upsample(self, factor: int, *, learned: bool = False, **more: Unpack[More]) -> Self:
        """Enlarge images by a whole number, with bilinear weights (Caffe's Deconvolution).

        (N, C, H, W) becomes (N, C, factor * H, factor * W). This is what Caffe's bilinear filler
        was made for; the weights stay as they are unless `learned`.
        """
        try:
            factor = whole("factor", factor, least=1)
        except ShapeError as error:
            return self._refused("upsample", error, more)
        channels = self._channels()
        layer = Deconvolution(
            num_output=channels,
            kernel=(2 * factor - factor % 2,),
            stride=(factor,),
            pad=(factor // 2,),
            group=channels,
            bias_term=False,
            weight_filler=Filler("bilinear"),
        )
        fixed = () if learned else (ParamSpec(lr_mult=0.0, decay_mult=0.0),)
        return self._append("upsample", layer, {"params": fixed, **more})

    def _shape(self) -> Shape:
        """The shape of what the next layer reads first; () where a problem hides it."""
        blob = self._wiring.blobs.get(self.terminals[0]) if self.terminals else None
        return blob.shape if blob else ()

    def _channels(self) -> int:
        """How many channels that has; 1 where that is not known."""
        return self._shape()[1] if len(self._shape()) > 1 else 1

    # ---- layers with weights --------------------------------------------------------------------

    @makes(Scale, biased="bias_term")
    def scale(
        self,
        axis: int = 1,
        num_axes: int = 1,
        *,
        filler: Filler | None = None,
        bias_filler: Filler = Filler(),  # noqa: B008  # it is frozen
        biased: bool = True,
        **more: Unpack[More],
    ) -> Self:
        """Multiply by a learned factor a channel, and add a learned offset (Caffe's Scale).

        With two inputs the second has the factors. Axes count in Caffe's order.
        """
        return self._append("scale", Scale(axis, num_axes, filler, biased, bias_filler), more)

    @makes(InnerProduct, num_out="num_output", biased="bias_term")
    def fc(
        self,
        num_out: int,
        *,
        relu: bool | str = True,
        biased: bool = True,
        weight_filler: Filler | str | None = None,
        bias_filler: Filler | str | None = None,
        **more: Unpack[More],
    ) -> Self:
        """A product with a learned matrix: (N, ...) becomes (N, num_out) (Caffe's InnerProduct).

        Images are read in Caffe's order, C * H * W, whatever the class's. `relu` appends a ReLU
        in place; a string names that layer.
        """
        layer = InnerProduct(num_out, biased, *self._fillers(weight_filler, bias_filler))
        return self._product("fc", layer, relu, more)

    @makes(LSTM)
    def lstm(
        self,
        num_output: int,
        *,
        expose_hidden: bool = False,
        weight_filler: Filler | str | None = None,
        bias_filler: Filler | str | None = None,
        **more: Unpack[More],
    ) -> Self:
        """A layer with memory: (T, N, ...) becomes (T, N, num_output) (Caffe's LSTM).

        The second input, (T, N), is 0 where a sequence begins and 1 where it goes on.
        """
        fillers = self._fillers(weight_filler, bias_filler)
        layer = LSTM(num_output, *fillers, expose_hidden=expose_hidden)
        return self._append("lstm", layer, more)

    @makes(RNN)
    def rnn(
        self,
        num_output: int,
        *,
        expose_hidden: bool = False,
        weight_filler: Filler | str | None = None,
        bias_filler: Filler | str | None = None,
        **more: Unpack[More],
    ) -> Self:
        """A plain recurrent layer with the inputs and shapes of `lstm` (Caffe's RNN)."""
        fillers = self._fillers(weight_filler, bias_filler)
        layer = RNN(num_output, *fillers, expose_hidden=expose_hidden)
        return self._append("rnn", layer, more)

    # ---- what ends a network --------------------------------------------------------------------

    def global_avg_pool(self, **more: Unpack[More]) -> Self:
        """The mean of each channel: (N, C, H, W) becomes (N, C, 1, 1) (Caffe's Pooling)."""
        return self._append("global_avg_pool", Pooling("AVE", global_pooling=True), more)

    def global_max_pool(self, **more: Unpack[More]) -> Self:
        """The maximum of each channel: (N, C, H, W) becomes (N, C, 1, 1) (Caffe's Pooling)."""
        return self._append("global_max_pool", Pooling(global_pooling=True), more)

    def softmax(self, axis: int | None = None, **more: Unpack[More]) -> Self:
        """exp(x) as a share of its sum over the channels, or another axis (Caffe's Softmax).

        The shape stays.
        """
        found = self._axis(axis)
        return self._append("softmax", Softmax(1 if found is None else found), more)

    def softmax_loss(
        self, loss_param: LossParameter = DEFAULT, axis: int = 1, **more: Unpack[More]
    ) -> Self:
        """The mean of -log p of the right class, a scalar (Caffe's SoftmaxWithLoss).

        The inputs are scores (N, C, ...) and labels (N, ...) from 0 to C - 1.
        """
        layer = SoftmaxWithLoss(SoftmaxParameter(axis), loss_param)
        return self._append("softmax_loss", layer, more)

    @makes(SigmoidCrossEntropyLoss)
    def sigmoid_cross_entropy_loss(
        self, loss_param: LossParameter = DEFAULT, **more: Unpack[More]
    ) -> Self:
        """The loss of independent yes-or-no scores, a scalar (SigmoidCrossEntropyLoss).

        The inputs are scores before the sigmoid, and targets from 0 to 1, of one shape.
        """
        layer = SigmoidCrossEntropyLoss(loss_param)
        return self._append("sigmoid_cross_entropy_loss", layer, more)

    @makes(EuclideanLoss)
    def euclidean_loss(self, **more: Unpack[More]) -> Self:
        """Half the squared distance of two blobs of one shape, over N (Caffe's EuclideanLoss)."""
        return self._append("euclidean_loss", EuclideanLoss(), more)

    @makes(HingeLoss)
    def hinge_loss(self, norm: str = "L1", **more: Unpack[More]) -> Self:
        """The one-against-all hinge loss of scores (N, C) and labels (N), a scalar (HingeLoss).

        `norm` is "L1", or "L2" for squares.
        """
        return self._append("hinge_loss", HingeLoss(norm), more)

    @makes(Accuracy)
    def accuracy(self, top_k: int = 1, **more: Unpack[More]) -> Self:
        """The share of labels (N, ...) among the best `top_k` of scores (N, C, ...) (Accuracy)."""
        return self._append("accuracy", Accuracy(top_k), more)

    # ---- what layers with weights share ---------------------------------------------------------

    def _product(
        self,
        form: str,
        layer: Convolution | Deconvolution | InnerProduct,
        relu: bool | str,
        more: More,
    ) -> Self:
        """Append a layer with weights and a bias, and a ReLU in place where that is wanted."""
        if "params" not in more:
            more["params"] = tuple(self.params)[: 1 + bool(layer.bias_term)]
        self._append(form, layer, more)
        return self._in_place(ReLU(), self._last(more), relu)

    def _fillers(
        self, weight: Filler | str | None, bias: Filler | str | None
    ) -> tuple[Filler, Filler]:
        """The fillers of a call, the class's where it has none."""
        return _filler(weight or self.weight_filler), _filler(bias or self.bias_filler)


def _filler(filler: Filler | str) -> Filler:
    """A filler, which may be given by its type alone; that must then be one of Caffe's."""
    if not isinstance(filler, str):
        return filler
    if filler not in FILLERS:
        hint = closest(filler, FILLERS) or f"Caffe has {', '.join(FILLERS)}"
        raise Proto2NetError(f'unknown filler "{filler}"', hint)
    return Filler(filler)
