"""Layers that map each element by itself: the top has the bottom's shape."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, nan
from typing import ClassVar

from proto2net.frozen import dataclass
from proto2net.layers.base import Filler, Layer, Learned, layer, shortest
from proto2net.layers.data import Python
from proto2net.layers.python import python_layer
from proto2net.shape import Shapes, canonical_axis, dims, require


class Activation(Layer):
    """What all activations share (neuron_layer.cpp)."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return bottoms


class NonNegative(Activation):
    """An activation that has no negative value."""

    def nonnegative(self, bottoms: Sequence[bool]) -> bool:
        return True


@layer("AbsVal", in_place=False)
@dataclass(frozen=True)
class AbsVal(NonNegative):
    """|x| (absval_layer.cpp)."""


@layer("BNLL")
@dataclass(frozen=True)
class BNLL(NonNegative):
    """log(1 + e^x), the binomial normal log likelihood, also known as softplus (bnll_layer.cpp)."""

    def gradient_in_place(self) -> bool:
        return False


@layer("BReLU", param="brelu_param")
@dataclass(frozen=True)
class BReLU(Activation):
    """x, but no less than minval and no more than maxval (of DehazeNet's fork)."""

    minval: float
    maxval: float

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(
            self.minval <= self.maxval,
            f"minval {self.minval:g} is above maxval {self.maxval:g}: every value would become "
            f"{self.maxval:g}",
        )
        return bottoms

    def nonnegative(self, bottoms: Sequence[bool]) -> bool:
        return self.minval >= 0 or (all(bottoms) and self.maxval >= 0)


@layer("Clip", param="clip_param")
@dataclass(frozen=True)
class Clip(Activation):
    """x, but no less than min and no more than max (clip_layer.cpp)."""

    min: float
    max: float

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(
            self.min <= self.max,
            f"min {self.min:g} is above max {self.max:g}: every value would become {self.min:g}",
        )
        return super().infer(bottoms, tops)

    def gradient_in_place(self) -> bool:
        return False

    def nonnegative(self, bottoms: Sequence[bool]) -> bool:
        return self.min >= 0 or (all(bottoms) and self.max >= 0)


@layer("Dropout", param="dropout_param")
@dataclass(frozen=True)
class Dropout(Activation):
    """Zero elements at random and scale the others up, in training only (dropout_layer.cpp)."""

    keeps_signs: ClassVar[bool] = True

    dropout_ratio: float = 0.5
    scale_train: bool = True
    """False, in some forks: scale all down in testing, and none up in training."""
    sample_weights_test: bool = False
    """True, in SegNet's: zero and scale in testing too."""

    def samples(self, phase: str) -> bool:
        """Whether it zeroes elements in this phase."""
        return phase == "TRAIN" or self.sample_weights_test

    @property
    def factor(self) -> float:
        """What the usual dropout is multiplied by, which scales up what it keeps."""
        return 1.0 if self.scale_train else shortest(1 - self.dropout_ratio)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(
            self.scale_train or not self.sample_weights_test,
            "scale_train: false and sample_weights_test: true are of different forks",
            "give one or the other",
        )
        return bottoms


@layer("CReLU", param="crelu_param", in_place=False)
@dataclass(frozen=True)
class CReLU(NonNegative):
    """max(x, 0), and behind it max(-x, 0) along an axis; of forks."""

    concat_axis: int = 1

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        axis = canonical_axis(self.concat_axis, bottom)
        return ((*bottom[:axis], 2 * bottom[axis], *bottom[axis + 1 :]),)


@layer("ELU", param="elu_param")
@dataclass(frozen=True)
class ELU(Activation):
    """x if x > 0, else alpha * (e^x - 1) (elu_layer.cpp)."""

    keeps_signs: ClassVar[bool] = True

    alpha: float = 1.0

    def gradient_in_place(self) -> bool:
        return self.alpha >= 0


@layer("GradientReversal")
@dataclass(frozen=True)
class GradientReversal(Activation):
    """The bottom, whose gradient has the other sign (of domain adaptation's forks)."""

    keeps_signs: ClassVar[bool] = True


@layer("GradientScaler")
@dataclass(frozen=True)
class GradientScaler(Activation):
    """The bottom, whose gradient is multiplied by a factor (of domain adaptation's forks)."""

    keeps_signs: ClassVar[bool] = True


@python_layer("spatial_dropout", "SpatialDropoutLayer", bottoms=1, tops=1)
@dataclass(frozen=True)
class SpatialDropoutLayer(Python):
    """Zeroes channels at random in training (ENet's spatial_dropout.py)."""

    keeps_signs: ClassVar[bool] = True

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return bottoms


@layer("HardSigmoid", param="hard_sigmoid_param")
@dataclass(frozen=True)
class HardSigmoid(NonNegative):
    """alpha * x + beta, but no less than 0 and no more than 1 (of Synopsys' fork)."""

    alpha: float = 0.2
    beta: float = 0.5


@layer("HardSwish")
@dataclass(frozen=True)
class HardSwish(Activation):
    """x * min(max(x + 3, 0), 6) / 6 (of Synopsys' fork)."""


@layer("Mish")
@dataclass(frozen=True)
class Mish(Activation):
    """x * tanh(log(1 + e^x)), as YOLOv4 has it (of Synopsys' fork)."""


@dataclass(frozen=True)
class BaseScaleShift(Activation):
    """The parameters that Exp and Log share; the base -1 stands for e."""

    base: float = -1.0
    scale: float = 1.0
    shift: float = 0.0

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(
            self.base == -1 or 0 < self.base < inf,
            f"base is {self.base:g}; it must be above 0 and finite",
            "or -1, which stands for e",
        )
        return bottoms


@layer("Exp", param="exp_param")
@dataclass(frozen=True)
class Exp(BaseScaleShift):
    """base^(shift + scale * x) (exp_layer.cpp)."""

    def nonnegative(self, bottoms: Sequence[bool]) -> bool:
        return True


@layer("Log", param="log_param")
@dataclass(frozen=True)
class Log(BaseScaleShift):
    """The logarithm to `base` of shift + scale * x (log_layer.cpp)."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(self.base != 1, "base is 1, to which there is no logarithm", "use another base")
        return super().infer(bottoms, tops)

    def gradient_in_place(self) -> bool:
        return False


@layer("Power", param="power_param")
@dataclass(frozen=True)
class Power(Activation):
    """(shift + scale * x)^power (power_layer.cpp)."""

    power: float = 1.0
    scale: float = 1.0
    shift: float = 0.0

    def gradient_in_place(self) -> bool:
        return self.power == 1 or self.constant is not None

    def nonnegative(self, bottoms: Sequence[bool]) -> bool:
        return self.power % 2 == 0 or (all(bottoms) and self.scale >= 0 and self.shift >= 0)

    @property
    def constant(self) -> float | None:
        """What every element becomes, if that depends on none; not even NaN changes it."""
        if self.power * self.scale != 0:
            return None
        if self.shift == 0 and self.power < 0:  # as C computes it, which knows no errors
            return inf
        if self.shift < 0 and not self.power.is_integer():
            return nan
        try:
            return float(self.shift**self.power)
        except OverflowError:
            return inf


@layer("PReLU", param="prelu_param")
@dataclass(frozen=True)
class PReLU(Activation):
    """x if x > 0, else x times a slope learned for each channel, or for all (prelu_layer.cpp)."""

    keeps_signs: ClassVar[bool] = True

    filler: Filler | None = None
    channel_shared: bool = False

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        require(
            2 <= len(bottom) <= 5,  # Caffe's own knows up to 4, Intel's 5
            f"needs 2 to 5 axes (N, C, D, H, W), but the bottom is {dims(bottom)}",
        )
        return bottoms

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        shape = () if self.channel_shared else (bottoms[0][1],)
        return {"weight": Learned(shape, self.filler or Filler(value=0.25))}


@layer("ReLU", param="relu_param")
@dataclass(frozen=True)
class ReLU(Activation):
    """x if x > 0, else negative_slope * x (relu_layer.cpp)."""

    negative_slope: float = 0.0
    engine: str = "DEFAULT"
    relu6: bool = False
    """Whether it ends at 6, which forks have added."""
    maximum: float = 0.0
    """Where it ends, if above 0 (of Synopsys' fork)."""
    minimum: float = 0.0
    """Where it begins, if not 0 (of Synopsys' fork)."""

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The least and the greatest value, where there are such."""
        ends = [*([6.0] if self.relu6 else []), *([self.maximum] if self.maximum > 0 else [])]
        return self.minimum or None, min(ends, default=None)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        low, high = self.bounds
        require(
            low is None or high is None or low <= high,
            f"minimum is {self.minimum:g}, above the greatest value {high}",
        )
        return bottoms

    def gradient_in_place(self) -> bool:
        return self.negative_slope >= 0

    def nonnegative(self, bottoms: Sequence[bool]) -> bool:
        return self.minimum > 0 or (
            self.minimum == 0 and (self.negative_slope <= 0 or all(bottoms))
        )


@layer("ReLU6", param="relu6_param")
@dataclass(frozen=True)
class ReLU6(Activation):
    """x if x > 0, else negative_slope * x, but no more than 6 (of the YOLO forks).

    brocolli's ends at `threshold`.
    """

    negative_slope: float = 0.0
    engine: str = "DEFAULT"
    threshold: float = 6.0

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(self.threshold > 0, f"threshold is {self.threshold:g}; it must be above 0")
        return bottoms


@layer("SeLu", param="selu_param")
@dataclass(frozen=True)
class SeLu(Activation):
    """1.050700987 * x if x > 0, else 1.050700987 * 1.67326324 * (e^x - 1); of forks."""

    keeps_signs: ClassVar[bool] = True


@layer("SeLuDropout", param="selu_dropout_param")
@dataclass(frozen=True)
class SeLuDropout(Activation):
    """In training, set elements at random to -1.75809934, and keep mean and variance; of forks."""

    dropout_ratio: float = 0.1


@layer("Sigmoid", param="sigmoid_param")
@dataclass(frozen=True)
class Sigmoid(NonNegative):
    """1 / (1 + e^-x) (sigmoid_layer.cpp)."""

    engine: str = "DEFAULT"


@layer("SignedSqrt", in_place=False)
@dataclass(frozen=True)
class SignedSqrt(Activation):
    """The square root of |x|, with the sign of x (of compact bilinear pooling's fork)."""

    keeps_signs: ClassVar[bool] = True


@layer("Swish", param="swish_param")
@dataclass(frozen=True)
class Swish(Activation):
    """x / (1 + e^(-beta * x)) (swish_layer.cpp)."""

    keeps_signs: ClassVar[bool] = True

    beta: float = 1.0


@layer("TanH", param="tanh_param")
@dataclass(frozen=True)
class TanH(Activation):
    """The hyperbolic tangent of x (tanh_layer.cpp)."""

    keeps_signs: ClassVar[bool] = True

    engine: str = "DEFAULT"


@layer("Threshold", param="threshold_param")
@dataclass(frozen=True)
class Threshold(NonNegative):
    """1 if x > threshold, else 0 (threshold_layer.cpp)."""

    threshold: float = 0.0
