"""Networks in Caffe's own style: its parameters' names and defaults, and its order of axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from proto2net.builder.chain import More
from proto2net.builder.common import ShortForms
from proto2net.builder.values import several, sides
from proto2net.layers import (
    LRN,
    BatchNorm,
    Convolution,
    Deconvolution,
    Dropout,
    Filler,
    Pooling,
    Unstated,
)

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

Size = int | tuple[int, int]
"""The size of a window: one number, or height and width."""


class CaffeNetwork(ShortForms):
    """A network written with Caffe's parameters.

    Shapes are (N, C, H, W), padding is a number of pixels on each side, and pooling rounds its
    size up. What a call does not say is what Caffe takes: weights start at zero without a
    `weight_filler`, of the call or of the class::

        class LeNet(CaffeNetwork):
            inputs = {"data": (64, 1, 28, 28)}

            def setup(self):
                (
                    self.feed("data")
                    .conv(20, kernel=5, name="conv1")
                    .max_pool(kernel=2, stride=2, name="pool1")
                    .fc(10, relu=False, name="ip2")
                )
    """

    weight_filler: ClassVar[Filler | str] = Unstated()

    def conv(
        self,
        num_output: int,
        kernel: Size,
        stride: Size = 1,
        pad: Size = 0,
        *,
        dilation: int = 1,
        group: int = 1,
        bias_term: bool = True,
        relu: bool | str = False,
        engine: str = "DEFAULT",
        weight_filler: Filler | str | None = None,
        bias_filler: Filler | str | None = None,
        **more: Unpack[More],
    ) -> Self:
        """Filters over the image (Caffe's Convolution).

        (N, C, H, W) becomes (N, num_output, H', W'); kernel, stride and pad are in pixels. `relu`
        appends a ReLU in place; a string names that layer. `engine` is for Caffe alone, which
        computes by it. ShapeError where channels do not divide by `group`, or the kernel does not
        fit.
        """
        weight, bias = self._fillers(weight_filler, bias_filler)
        layer = Convolution(
            num_output=num_output,
            kernel=_both(kernel),
            stride=_both(stride),
            pad=_both(pad),
            dilation=(dilation,),
            group=group,
            bias_term=bias_term,
            weight_filler=weight,
            bias_filler=bias,
            engine=engine,
        )
        return self._product("conv", layer, relu, more)

    def deconv(
        self,
        num_output: int,
        kernel: Size,
        stride: Size = 1,
        pad: Size = 0,
        *,
        group: int = 1,
        bias_term: bool = True,
        relu: bool | str = False,
        weight_filler: Filler | str | None = None,
        bias_filler: Filler | str | None = None,
        **more: Unpack[More],
    ) -> Self:
        """The opposite of `conv`: each pixel spreads over the kernel (Caffe's Deconvolution).

        (N, C, H, W) becomes (N, num_output, H', W') with H' = stride * (H - 1) + kernel - 2 * pad.
        """
        weight, bias = self._fillers(weight_filler, bias_filler)
        layer = Deconvolution(
            num_output=num_output,
            kernel=_both(kernel),
            stride=_both(stride),
            pad=_both(pad),
            group=group,
            bias_term=bias_term,
            weight_filler=weight,
            bias_filler=bias,
        )
        return self._product("deconv", layer, relu, more)

    def max_pool(
        self,
        kernel: Size,
        stride: Size = 1,
        pad: Size = 0,
        *,
        round_mode: str | None = None,
        **more: Unpack[More],
    ) -> Self:
        """The maximum of each window of pixels (Caffe's Pooling).

        (N, C, H, W) becomes (N, C, H', W'), where H' is rounded up, or down with "FLOOR".
        ShapeError where the padding is not smaller than the kernel.
        """
        layer = Pooling("MAX", _both(kernel), _both(stride), _both(pad), round_mode=round_mode)
        return self._append("max_pool", layer, more)

    def avg_pool(
        self,
        kernel: Size,
        stride: Size = 1,
        pad: Size = 0,
        *,
        round_mode: str | None = None,
        **more: Unpack[More],
    ) -> Self:
        """The mean of each window of pixels, padding included (Caffe's Pooling).

        Sizes are those of `max_pool`.
        """
        layer = Pooling("AVE", _both(kernel), _both(stride), _both(pad), round_mode=round_mode)
        return self._append("avg_pool", layer, more)

    def lrn(
        self,
        local_size: int = 5,
        alpha: float = 1.0,
        beta: float = 0.75,
        k: float = 1.0,
        **more: Unpack[More],
    ) -> Self:
        """x / (k + alpha / local_size * s) ** beta (Caffe's LRN).

        s is the sum of squares of `local_size` channels around. The shape stays.
        """
        return self._append("lrn", LRN(local_size, alpha, beta, k=k), more)

    def batch_norm(
        self,
        *,
        eps: float = 1e-5,
        moving_average_fraction: float = 0.999,
        use_global_stats: bool | None = None,
        **more: Unpack[More],
    ) -> Self:
        """x less its mean, over its deviation, a channel each (Caffe's BatchNorm).

        A learned factor and offset are a layer of their own, `scale`. The shape stays.
        """
        layer = BatchNorm(use_global_stats, moving_average_fraction, eps)
        return self._append("batch_norm", layer, more)

    def dropout(self, ratio: float = 0.5, **more: Unpack[More]) -> Self:
        """In training, set this share of elements to 0, and scale the others up (Dropout).

        In the test phase nothing happens. The shape stays.
        """
        return self._append("dropout", Dropout(ratio), more)

    # In Caffe a ReLU is a layer of its own, so it has to be asked for.
    def fc(
        self,
        num_out: int,
        *,
        relu: bool | str = False,
        biased: bool = True,
        weight_filler: Filler | str | None = None,
        bias_filler: Filler | str | None = None,
        **more: Unpack[More],
    ) -> Self:
        """A product with a learned matrix: (N, ...) becomes (N, num_out) (Caffe's InnerProduct).

        `relu` appends a ReLU in place; a string names that layer.
        """
        return super().fc(
            num_out,
            relu=relu,
            biased=biased,
            weight_filler=weight_filler,
            bias_filler=bias_filler,
            **more,
        )


def _both(size: Size) -> tuple[int, ...]:
    """A size as Caffe's files have it: once where both sides agree."""
    found = several(size)
    return (
        sides(*found) if isinstance(found, tuple) and len(found) == 2 else found
    )  # what is none is refused
