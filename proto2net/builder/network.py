"""Networks in the style of ethereon's caffe-tensorflow: TensorFlow's arguments and order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proto2net import layout
from proto2net.builder.chain import More
from proto2net.builder.common import ShortForms
from proto2net.builder.forms import makes
from proto2net.builder.values import is_whole, number, several, sides, whole
from proto2net.errors import ShapeError
from proto2net.layers import (
    LRN,
    BatchNorm,
    Convolution,
    Deconvolution,
    Dropout,
    Filler,
    Pooling,
    ReLU,
    Scale,
)
from proto2net.shape import Shape, dims

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

Padding = str | int | tuple[int, int]
"""What stands around an image.

"SAME" and "VALID" are TensorFlow's; a number (or height and width) is Caffe's, on both sides, and
pooling then rounds its size up as Caffe does.
"""


class Network(ShortForms):
    """A network written with the arguments of ethereon's caffe-tensorflow.

    Shapes of images are (N, H, W, C), axes are counted in that order, and padding is
    TensorFlow's "SAME" unless said otherwise. Weights start from Caffe's "xavier" filler, which is
    TensorFlow's too. `CaffeNetwork` has Caffe's arguments instead::

        class NiN(Network):
            inputs = {"data": (None, 224, 224, 3)}

            def setup(self):
                (
                    self.feed("data")
                    .conv(11, 11, 96, 4, 4, padding="VALID", name="conv1")
                    .max_pool(3, 3, 2, 2, name="pool1")
                )

        net = NiN()
        model = net.to("torch")
    """

    def conv(
        self,
        k_h: int,
        k_w: int,
        c_o: int,
        s_h: int = 1,
        s_w: int | None = None,
        *,
        relu: bool | str = True,
        padding: Padding = "SAME",
        group: int = 1,
        biased: bool = True,
        dilation: int = 1,
        engine: str = "DEFAULT",
        weight_filler: Filler | str | None = None,
        bias_filler: Filler | str | None = None,
        **more: Unpack[More],
    ) -> Self:
        """Filters of k_h x k_w pixels, s_h and s_w apart (Caffe's Convolution).

        Both are s_h without s_w. (N, H, W, C) becomes (N, H', W', c_o). `relu` appends a ReLU in
        place; a string names that layer. `engine` is for Caffe alone, which computes by it.
        ShapeError where channels do not divide by `group`, or the kernel does not fit.
        """
        try:
            window = _window((k_h, k_w), _both(s_h, s_w), padding, dilation)
        except ShapeError as error:
            return self._refused("conv", error, more)
        weight, bias = self._fillers(weight_filler, bias_filler)
        layer = Convolution(
            num_output=c_o,
            **window,
            dilation=(dilation,),
            group=group,
            bias_term=biased,
            weight_filler=weight,
            bias_filler=bias,
            engine=engine,
        )
        return self._product("conv", layer, relu, more)

    def deconv(
        self,
        k_h: int,
        k_w: int,
        c_o: int,
        s_h: int = 1,
        s_w: int | None = None,
        *,
        relu: bool | str = True,
        padding: Padding = "VALID",
        group: int = 1,
        biased: bool = True,
        weight_filler: Filler | str | None = None,
        bias_filler: Filler | str | None = None,
        **more: Unpack[More],
    ) -> Self:
        """The opposite of `conv`: each pixel spreads over k_h x k_w (Caffe's Deconvolution).

        (N, H, W, C) becomes (N, H', W', c_o), with H' = s_h * (H - 1) + k_h less the padding.
        "SAME" makes H' = s_h * H; ShapeError where k_h - s_h is odd or below 0, which no even
        padding gives.
        """
        stride = _both(s_h, s_w)
        try:
            pad = _cut((k_h, k_w), stride, padding)
        except ShapeError as error:
            return self._refused("deconv", error, more)
        weight, bias = self._fillers(weight_filler, bias_filler)
        layer = Deconvolution(
            num_output=c_o,
            kernel=sides(k_h, k_w),
            stride=sides(*stride),
            pad=pad,
            group=group,
            bias_term=biased,
            weight_filler=weight,
            bias_filler=bias,
        )
        return self._product("deconv", layer, relu, more)

    def max_pool(
        self,
        k_h: int,
        k_w: int,
        s_h: int,
        s_w: int,
        *,
        padding: Padding = "SAME",
        **more: Unpack[More],
    ) -> Self:
        """The maximum of k_h x k_w pixels, s_h and s_w apart (Caffe's Pooling).

        (N, H, W, C) becomes (N, H', W', C). "VALID" rounds H' down; a number as padding rounds
        it up, as Caffe does. ShapeError where the padding is not smaller than the kernel.
        """
        try:
            window = _pooled((k_h, k_w), (s_h, s_w), padding, same=True)
        except ShapeError as error:
            return self._refused("max_pool", error, more)
        return self._append("max_pool", Pooling("MAX", **window), more)

    def avg_pool(
        self,
        k_h: int,
        k_w: int,
        s_h: int,
        s_w: int,
        *,
        padding: Padding = "SAME",
        **more: Unpack[More],
    ) -> Self:
        """The mean of k_h x k_w pixels, s_h and s_w apart (Caffe's Pooling).

        Sizes are those of `max_pool`. "SAME" leaves its padding out of the mean, as TensorFlow
        does; Caffe counts its own.
        """
        try:
            window = _pooled((k_h, k_w), (s_h, s_w), padding, same=False)
        except ShapeError as error:
            return self._refused("avg_pool", error, more)
        pool = "AVE_EXC_PAD" if "pad_type" in window else "AVE"
        return self._append("avg_pool", Pooling(pool, **window), more)

    def lrn(
        self,
        radius: int,
        alpha: float,
        beta: float,
        *,
        bias: float = 1.0,
        **more: Unpack[More],
    ) -> Self:
        """x / (bias + alpha * s) ** beta (Caffe's LRN).

        s is the sum of squares of the channels that are at most `radius` away. Caffe's alpha is
        divided by their number; this one is not. The shape stays.
        """
        try:
            size = 2 * whole("radius", radius) + 1
            alpha = number("alpha", alpha)
        except ShapeError as error:
            return self._refused("lrn", error, more)
        return self._append("lrn", LRN(size, alpha * size, beta, k=bias), more)

    @makes(BatchNorm)
    def batch_normalization(
        self,
        *,
        scale_offset: bool | str = True,
        relu: bool | str = False,
        eps: float = 1e-5,
        use_global_stats: bool | None = None,
        moving_average_fraction: float = 0.999,
        **more: Unpack[More],
    ) -> Self:
        """x less its mean, over its deviation, a channel each (Caffe's BatchNorm).

        `scale_offset` appends a learned factor and offset (Scale), `relu` a ReLU, both in place; a
        string names that layer. `use_global_stats`: whether mean and deviation are the learned
        ones, not the batch's; None: in the test phase. The shape stays.
        """
        layer = BatchNorm(use_global_stats, moving_average_fraction, eps)
        self._append("batch_normalization", layer, more)
        name = self._last(more)
        self._in_place(Scale(bias_term=True), name, scale_offset)
        return self._in_place(ReLU(), name, relu)

    def dropout(self, keep_prob: float, **more: Unpack[More]) -> Self:
        """In training, set elements to 0 and scale the others up (Caffe's Dropout).

        `keep_prob` is the share that stays, where Caffe has the share that goes. In the test
        phase nothing happens. The shape stays.
        """
        try:
            ratio = 1 - number("keep_prob", keep_prob)
        except ShapeError as error:
            return self._refused("dropout", error, more)
        return self._append("dropout", Dropout(ratio), more)

    def _axis(self, axis: int | None) -> int | None:
        """An axis counted in TensorFlow's order, in Caffe's."""
        axes = len(self._shape())
        if axis is None or not is_whole(axis) or not -axes <= axis < axes:
            return axis
        return layout.order(axes)[axis]

    def _caffe_shape(self, shape: Shape) -> Shape:
        return layout.in_caffe_order(shape)


def _both(s_h: int, s_w: int | None) -> tuple[int, int]:
    """The stride along both axes; along the second as along the first unless given."""
    return s_h, s_h if s_w is None else s_w


def _window(
    kernel: tuple[int, int], stride: tuple[int, int], padding: Padding, dilation: int = 1
) -> dict[str, Any]:
    """The fields of a window. "SAME" is Caffe's own padding where that holds at every size."""
    fields: dict[str, Any] = {"kernel": sides(*kernel), "stride": sides(*stride)}
    if padding == "SAME" and not all(
        is_whole(size) and size > 0 for size in (*kernel, *stride, dilation)
    ):
        return fields  # the layer is refused
    if padding == "SAME":
        return fields | _same(kernel, stride, dilation)
    if padding == "VALID":
        return fields
    if isinstance(padding, str):
        raise ShapeError(f'padding is "{padding}"', _PADDINGS)
    return fields | {"pad": _numbers(padding)}


def _same(kernel: tuple[int, int], stride: tuple[int, int], dilation: int) -> dict[str, Any]:
    extent = tuple(dilation * (k - 1) + 1 for k in kernel)
    if extent == (1, 1):
        return {}
    if stride == (1, 1) and all(e % 2 for e in extent):
        return {"pad": sides(extent[0] // 2, extent[1] // 2)}
    if dilation == 1:
        return {"pad_type": 1}
    if stride != (1, 1):
        raise ShapeError(
            'padding "SAME" is not possible with a stride and a dilation, as in TensorFlow',
            "give the padding in numbers",
        )
    (top, left), (bottom, right) = [(e - 1) // 2 for e in extent], [e // 2 for e in extent]
    return {"pad_t": top, "pad_b": bottom, "pad_l": left, "pad_r": right}


def _pooled(
    kernel: tuple[int, int], stride: tuple[int, int], padding: Padding, *, same: bool
) -> dict[str, Any]:
    """The fields of a pooling. `same`: whether Caffe's padding can stand for "SAME"."""
    one = kernel == (1, 1)
    fields = _window(kernel, stride, padding)
    if padding == "SAME" and not same and not one:
        fields |= {"pad": (0,), "pad_type": 1}
    if padding == "VALID" or (padding == "SAME" and one):
        fields["round_mode"] = "FLOOR"
    return fields


def _numbers(padding: int | tuple[int, int]) -> tuple[int, ...]:
    """Padding as Caffe has it, the same on both sides of an axis."""
    found = several(padding)
    return (
        sides(*found) if isinstance(found, tuple) and len(found) == 2 else found
    )  # what is none is refused


_PADDINGS = 'it is "SAME", "VALID", a number, or one each for height and width'


def _cut(kernel: tuple[int, int], stride: tuple[int, int], padding: Padding) -> tuple[int, ...]:
    """How much a deconvolution leaves out on each side."""
    if padding == "VALID":
        return (0,)
    if not isinstance(padding, str):
        return _numbers(padding)
    if padding != "SAME":
        raise ShapeError(f'padding is "{padding}"', _PADDINGS)
    if not all(is_whole(size) and size > 0 for size in (*kernel, *stride)):
        return (0,)  # the layer is refused
    more = [k - s for k, s in zip(kernel, stride, strict=True)]
    if any(m < 0 or m % 2 for m in more):
        raise ShapeError(
            f'padding "{padding}" is not possible for a kernel of {dims(kernel)} with stride '
            f"{dims(stride)}",
            'it is "VALID", a number, or "SAME" where the kernel is larger than the stride by an '
            "even number",
        )
    return sides(more[0] // 2, more[1] // 2)
