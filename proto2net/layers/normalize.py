"""Layers that shift and scale: by statistics of their input, by learned factors, or by a bottom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from proto2net.errors import ShapeError, UnsupportedError
from proto2net.frozen import dataclass
from proto2net.layers.base import Filler, Layer, Learned, ParamSpec, layer, shortest
from proto2net.shape import Shape, Shapes, canonical_axis, count, dims, legacy_shape, require


@layer("BatchNorm", param="batch_norm_param")
@dataclass(frozen=True)
class BatchNorm(Layer):
    """Give each channel mean 0 and variance 1, of the batch or as stored (batch_norm_layer.cpp).

    What is stored are sums; divided by the scale factor they are the mean and the variance.
    """

    statistics: ClassVar[tuple[str, ...]] = ("mean", "variance", "scale_factor")
    use_global_stats: bool | None = None
    moving_average_fraction: float = 0.999
    eps: float = 1e-5
    add_eps_before_sqrt: bool = True
    """False, in Synopsys' fork: eps is added to the standard deviation, not to the variance."""

    def batch_statistics(self, phase: str) -> bool:
        """Whether it uses the batch's mean and variance, and not the stored ones."""
        return phase == "TRAIN" if self.use_global_stats is None else not self.use_global_stats

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        if len(bottom) < 2:
            raise ShapeError(f"needs at least 2 axes (N, C), but the bottom is {dims(bottom)}")
        if self.eps < 0:
            raise ShapeError(f"eps is {self.eps:g}; it must be 0 or above")
        return bottoms

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        channels = bottoms[0][1]
        return {
            "mean": Learned((channels,)),
            "variance": Learned((channels,)),
            "scale_factor": Learned((1,)),
        }

    def check_params(self, params: Sequence[ParamSpec]) -> None:
        for number, param in enumerate(params[:3], start=1):
            lr_mult = 1.0 if param.lr_mult is None else param.lr_mult
            require(
                lr_mult == 0,
                f"param {number} has lr_mult {lr_mult:g}, but statistics are not trained: "
                "it must be 0",
                "give no param, or param { lr_mult: 0 } three times",
            )


@layer("BN", param="bn_param", tops=(1, 3))
@dataclass(frozen=True)
class BN(Layer):
    """Batch normalisation with a learned slope and bias, as three families of forks have it.

    Their parameters tell them apart. Where none is given it is that of the fork that is named, or
    else PSPNet's and TSN's.
    """

    statistics: ClassVar[tuple[str, ...]] = ("mean", "variance")
    forks: ClassVar[tuple[str, ...]] = ("ctpn", "pspnet", "segnet", "tsn")
    slope_filler: Filler = Filler()
    bias_filler: Filler = Filler()
    momentum: float = 0.9
    eps: float = 1e-5
    frozen: bool = False
    """Whether the stored statistics are used in training too."""
    engine: str = "DEFAULT"
    scale_filler: Filler | None = None
    shift_filler: Filler | None = None
    bn_mode: str | None = None
    """SegNet's: LEARN takes the batch's statistics in testing too, INFERENCE takes none."""
    var_eps: float | None = None
    moving_average: bool | None = None
    """CTPN's: whether testing uses the stored statistics, and not the batch's."""
    decay: float | None = None
    axis: int | None = None
    fork: str = ""

    @property
    def variant(self) -> str:
        """Whose BN this is: "CTPN", "SegNet" or "PSPNet"."""
        if (self.var_eps, self.moving_average, self.decay, self.axis) != (None,) * 4:
            return "CTPN"
        if (self.scale_filler, self.shift_filler, self.bn_mode) != (None,) * 3:
            return "SegNet"
        if {"slope_filler", "bias_filler", "momentum", "eps", "frozen"}.intersection(self.given()):
            return "PSPNet"
        return {"ctpn": "CTPN", "segnet": "SegNet"}.get(self.fork, "PSPNet")

    def disputed(self, bottoms: Shapes) -> str:
        if self.given():
            return ""
        what = "forks disagree about BN without parameters"
        return f"{what}: this is PSPNet's; --fork segnet gives SegNet's"

    @property
    def epsilon(self) -> float:
        """What is added to the variance."""
        if self.variant == "CTPN":
            return 1e-10 if self.var_eps is None else self.var_eps
        return 1e-9 if self.variant == "SegNet" else self.eps

    @property
    def share(self) -> float:
        """How much of the stored statistics remains after a batch."""
        if self.variant == "CTPN":
            return shortest(1 - (0.05 if self.decay is None else self.decay))
        return self.momentum

    @property
    def normalizes(self) -> bool:
        """Whether it takes any statistics."""
        return self.variant != "SegNet" or self.bn_mode != "INFERENCE"

    def batch_statistics(self, phase: str) -> bool:
        """Whether it uses the batch's mean and variance, and not the stored ones."""
        if self.variant == "CTPN":
            return phase == "TRAIN" or not self.moving_average
        if self.variant == "SegNet":
            return self.normalizes
        return phase == "TRAIN" and not self.frozen

    def check_rendered(self, bottoms: int, tops: int, *, training: bool) -> None:
        if tops > 1:
            raise UnsupportedError(
                "the batch's mean and variance as tops are not supported",
                "leave out all tops but the first",
            )

    def check_counts(self, bottoms: int, tops: int) -> None:
        super().check_counts(bottoms, tops)
        require(
            tops == 1 or (self.variant == "SegNet" and self.normalizes),
            f"only SegNet's BN in the mode LEARN has more tops, but {tops} given",
            "" if self.given() else "if it is SegNet's, name the fork: --fork segnet",
        )

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        require(len(bottom) >= 2, f"needs at least 2 axes (N, C), but the bottom is {dims(bottom)}")
        require(
            self.axis in (None, 1),
            f"axis is {self.axis}; only 1, the channels, is supported",
        )
        require(self.epsilon >= 0, f"eps is {self.epsilon:g}; it must be 0 or above")
        return (bottom, *((1, bottom[1], 1, 1),) * (tops - 1))

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        shape = (1, bottoms[0][1], 1, 1)
        if self.variant == "PSPNet":
            fillers = self.slope_filler, self.bias_filler
        else:
            fillers = self.scale_filler or Filler(), self.shift_filler or Filler()
        names = (
            ("slope", "bias") if self.variant == "SegNet" else ("slope", "bias", "mean", "variance")
        )
        statistics = Filler(), Filler(value=1.0)
        filled = zip(names, (*fillers, *statistics), strict=False)
        return {name: Learned(shape, filler) for name, filler in filled}


@layer("LRN", param="lrn_param", in_place=False)
@dataclass(frozen=True)
class LRN(Layer):
    """Divide each element by a power of its neighbours' mean square (lrn_layer.cpp).

    Neighbours are local_size channels, or a window of local_size a side in the same channel.
    """

    local_size: int = 5
    alpha: float = 1.0
    beta: float = 0.75
    norm_region: str = "ACROSS_CHANNELS"
    k: float = 1.0
    engine: str = "DEFAULT"

    def nonnegative(self, bottoms: Sequence[bool]) -> bool:
        return all(bottoms) and self.k > 0 and self.alpha >= 0

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        require(
            self.local_size > 0 and self.local_size % 2 == 1,
            f"local_size is {self.local_size}; it must be odd, to have a middle",
        )
        require(len(bottom) == 4, f"needs 4 axes (N, C, H, W), but the bottom is {dims(bottom)}")
        require(
            self.norm_region == "ACROSS_CHANNELS" or count(bottom[2:]) > 0,
            f"WITHIN_CHANNEL needs an image, but the bottom is {dims(bottom)}",
        )
        return bottoms


@layer("MVN", param="mvn_param")
@dataclass(frozen=True)
class MVN(Layer):
    """Give each plane, or each image, mean 0 and if asked variance 1 (mvn_layer.cpp).

    The top always has 4 axes.
    """

    normalize_variance: bool = True
    across_channels: bool = False
    eps: float = 1e-9

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        require(
            len(bottom) <= 4, f"needs at most 4 axes (N, C, H, W), but the bottom is {dims(bottom)}"
        )
        return (bottom + (1,) * (4 - len(bottom)),)


_ONES = Filler(value=1.0)


@dataclass(frozen=True)
class Broadcast(Layer):
    """What Scale and Bias share: one operand per position of some axes, learned or a bottom."""

    axis: int = 1
    num_axes: int = 1

    def operand(self, bottoms: Shapes) -> Shape:
        """The shape of the operand: some axes of the first bottom."""
        bottom = bottoms[0]
        num_axes = len(bottoms[1]) if len(bottoms) > 1 else self.num_axes
        axis = canonical_axis(self.axis, bottom)
        require(
            num_axes >= -1,
            f"num_axes is {num_axes}; it must be 0 or more, or -1 for all axes to the last",
        )
        end = len(bottom) if num_axes == -1 else axis + num_axes
        if end > len(bottom):
            raise ShapeError(
                f"{num_axes} axes from axis {axis} on go past the last axis of {dims(bottom)}"
            )
        return bottom[axis:end]

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        if bottoms[1:] != ((),):  # a scalar fits, whatever the axis
            operand = self.operand(bottoms)
            if bottoms[1:] not in ((), (operand,)):
                raise ShapeError(
                    f"the second bottom must be {dims(operand)}, as the first is from axis "
                    f"{self.axis} on, but it is {dims(bottoms[-1])}"
                )
        return bottoms[:1]


def check_bounds(bounded: bool, training: bool) -> None:
    """Refuse learned factors that are brought between bounds, and stay so, in training."""
    if bounded and training:
        raise UnsupportedError(
            "min_value and max_value change the factors in training, which is not supported",
            "convert for tests",
        )


@layer("Scale", param="scale_param", bottoms=(1, 2))
@dataclass(frozen=True)
class Scale(Broadcast):
    """Multiply by a learned factor or the second bottom; add a bias if asked (scale_layer.cpp).

    In happynear's fork the factor is first brought between min_value and max_value.
    """

    filler: Filler | None = None
    bias_term: bool = False
    bias_filler: Filler = Filler()
    min_value: float | None = None
    max_value: float | None = None

    @property
    def bounded(self) -> bool:
        """Whether the factor has bounds."""
        return (self.min_value, self.max_value) != (None, None)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(
            len(bottoms) == 1 or not self.bounded,
            "min_value and max_value would change the second bottom for other layers too",
            "leave them out",
        )
        if self.bias_term:
            self.operand(bottoms)  # the bias looks at the axis even where the factor is a scalar
        return super().infer(bottoms, tops)

    def check_rendered(self, bottoms: int, tops: int, *, training: bool) -> None:
        check_bounds(self.bounded, training)

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        blobs = {}
        if len(bottoms) == 1:
            blobs["weight"] = Learned(self.operand(bottoms), self.filler or _ONES)
        if self.bias_term:
            blobs["bias"] = Learned(self.operand(bottoms), self.bias_filler)
        return blobs


@layer("Bias", param="bias_param", bottoms=(1, 2))
@dataclass(frozen=True)
class Bias(Broadcast):
    """Add a learned bias, or the second bottom (bias_layer.cpp)."""

    filler: Filler = Filler()

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        if len(bottoms) == 2:
            return {}
        return {"bias": Learned(self.operand(bottoms), self.filler)}


@layer("Softmax", param="softmax_param")
@dataclass(frozen=True)
class Softmax(Layer):
    """Probabilities along an axis: e^x, divided by their sum (softmax_layer.cpp)."""

    axis: int = 1
    engine: str = "DEFAULT"
    normalize_type: str = "Softmax"
    """Another would be another layer, in happynear's fork."""

    def nonnegative(self, bottoms: Sequence[bool]) -> bool:
        return True

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(
            self.normalize_type == "Softmax",
            f'normalize_type is "{self.normalize_type}"; only "Softmax" is supported',
        )
        canonical_axis(self.axis, bottoms[0])
        return bottoms


@layer("LayerNorm", param="layer_norm_param")
@dataclass(frozen=True)
class LayerNorm(Layer):
    """Mean 0 and variance 1 over each sample, and what is learned of each value (of Synopsys').

    MyCaffe's learns nothing, and is over the axes from the third on (LayerNormLayer.cs).
    """

    forks: ClassVar[tuple[str, ...]] = ("mycaffe", "synopsys")
    eps: float = 1e-5
    elementwise_affine: bool = True
    epsilon: float | None = None
    enable_cuda_impl: bool = False
    fork: str = ""

    @property
    def of_mycaffe(self) -> bool:
        """Whether it is MyCaffe's layer."""
        if self.fork:
            return self.fork == "mycaffe"
        return self.epsilon is not None or self.enable_cuda_impl

    @property
    def affine(self) -> bool:
        """Whether there is a learned factor and a learned bias for each value."""
        return self.elementwise_affine and not self.of_mycaffe

    @property
    def added(self) -> float:
        """What is added to the variance."""
        if not self.of_mycaffe:
            return self.eps
        return 1e-10 if self.epsilon is None else self.epsilon

    def start(self, bottom: Shape) -> int:
        """The first of the axes that are normalized together."""
        return 2 if self.of_mycaffe and len(bottom) > 2 else 1

    def disputed(self, bottoms: Shapes) -> str:
        if not self.undecided:
            return ""
        return (
            "forks disagree about LayerNorm without parameters: this is Synopsys', which takes a "
            "sample as a whole, and learns; for MyCaffe's, name the fork: --fork mycaffe"
        )

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        require(len(bottom) > 1, f"needs 2 axes or more, but the bottom is {dims(bottom)}")
        return bottoms

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        if not self.affine:
            return {}
        shape = bottoms[0][1:]
        return {"weight": Learned(shape, Filler(value=1.0)), "bias": Learned(shape)}


@layer("L2Normalize", in_place=False)
@dataclass(frozen=True)
class L2Normalize(Layer):
    """Bring each sample to length 1 (of compact bilinear pooling's fork)."""

    keeps_signs: ClassVar[bool] = True

    eps: ClassVar[float] = 1e-7
    """What is added to the sum of squares."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return (legacy_shape(bottoms[0]),)

    def disputed(self, bottoms: Shapes) -> str:
        if count(bottoms[0][2:]) == 1:
            return ""
        return (
            "forks disagree about L2Normalize of more than one pixel: this is that of compact "
            "bilinear pooling, which takes a sample as a whole; another takes each pixel by itself"
        )


@layer("Normalization", in_place=False)
@dataclass(frozen=True)
class Normalization(L2Normalize):
    """Bring each sample to length 1; one that is 0 becomes NaN (of several forks)."""

    eps: ClassVar[float] = 0.0

    def disputed(self, bottoms: Shapes) -> str:
        return ""
