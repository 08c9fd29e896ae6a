"""Layers of Ristretto, which rounds what layers read, learn and make to few bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from proto2net.frozen import dataclass
from proto2net.layers.activation import Activation
from proto2net.layers.base import ANY, layer
from proto2net.layers.dense import InnerProduct
from proto2net.layers.vision import Convolution, Deconvolution
from proto2net.shape import Shapes, require


@dataclass(frozen=True)
class QuantizationParameter:
    """How Ristretto rounds: to fixed point, to a small float, or weights to powers of two.

    `bw_` is a number of bits, and `fl_` how many of them stand behind the point.
    """

    precision: str = "DYNAMIC_FIXED_POINT"
    rounding_scheme: str = "NEAREST"
    bw_layer_in: int = 32
    bw_layer_out: int = 32
    bw_params: int = 32
    fl_layer_in: tuple[int, ...] = (16,)
    fl_layer_out: tuple[int, ...] = (16,)
    fl_params: tuple[int, ...] = (16,)
    mant_bits: int = 23
    exp_bits: int = 8
    exp_min: int = -8
    exp_max: int = -1

    def check(self) -> None:
        """Refuse what cannot be rounded to."""
        require(
            self.rounding_scheme == "NEAREST",
            f"rounding_scheme is {self.rounding_scheme}, which draws at random",
            "give NEAREST",
        )
        for name in ("layer_in", "layer_out", "params"):
            bits, fraction = getattr(self, f"bw_{name}"), getattr(self, f"fl_{name}")
            _check_fixed_point(name, bits, fraction)
        _check_minifloat(self.mant_bits, self.exp_bits)
        require(
            -126 <= self.exp_min <= self.exp_max <= 127,
            f"exp_min is {self.exp_min} and exp_max {self.exp_max}; they must be in this order, "
            "and from -126 to 127",
        )


def _check_fixed_point(name: str, bits: int, fraction: Sequence[int]) -> None:
    require(1 <= bits <= 64, f"bw_{name} is {bits}; it must be from 1 to 64")
    require(
        len(fraction) == 1 and abs(fraction[0]) <= 100,
        f"fl_{name} is {', '.join(map(str, fraction))}; it must be one number from -100 to 100",
    )


def _check_minifloat(mantissa: int, exponent: int) -> None:
    require(0 <= mantissa <= 23, f"mant_bits is {mantissa}; it must be from 0 to 23")
    require(1 <= exponent <= 8, f"exp_bits is {exponent}; it must be from 1 to 8")


@layer("Quantize", param="quantization_param")
@dataclass(frozen=True)
class Quantize(Activation):
    """What Ristretto does to a value that one of its layers reads or makes.

    No fork has it by itself: the layers of Ristretto are read with one before and one behind.
    """

    keeps_signs: ClassVar[bool] = True

    precision: str = "DYNAMIC_FIXED_POINT"
    bw_layer_out: int = 32
    fl_layer_out: tuple[int, ...] = (16,)
    mant_bits: int = 23
    exp_bits: int = 8

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        known = ("DYNAMIC_FIXED_POINT", "MINIFLOAT")
        require(
            self.precision in known,
            f"precision is {self.precision}; it can be {' or '.join(known)}",
        )
        _check_fixed_point("layer_out", self.bw_layer_out, self.fl_layer_out)
        _check_minifloat(self.mant_bits, self.exp_bits)
        return bottoms


@layer(
    "ConvolutionRistretto",
    param="convolution_param",
    bottoms=(1, ANY),
    tops=(1, ANY),
    in_place=False,
)
@dataclass(frozen=True)
class ConvolutionRistretto(Convolution):
    """A Convolution with rounded filters and biases (conv_ristretto_layer.cpp)."""

    quantization_param: QuantizationParameter = QuantizationParameter()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        self.quantization_param.check()
        return super().infer(bottoms, tops)


@layer(
    "DeconvolutionRistretto",
    param="convolution_param",
    bottoms=(1, ANY),
    tops=(1, ANY),
    in_place=False,
)
@dataclass(frozen=True)
class DeconvolutionRistretto(Deconvolution):
    """A Deconvolution with rounded filters and biases (deconv_ristretto_layer.cpp)."""

    quantization_param: QuantizationParameter = QuantizationParameter()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        self.quantization_param.check()
        return super().infer(bottoms, tops)


@layer("FcRistretto", param="inner_product_param", in_place=False)
@dataclass(frozen=True)
class FcRistretto(InnerProduct):
    """An InnerProduct with rounded weights and biases (fc_ristretto_layer.cpp)."""

    quantization_param: QuantizationParameter = QuantizationParameter()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        self.quantization_param.check()
        return super().infer(bottoms, tops)
