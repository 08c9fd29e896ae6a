"""What a layer type is: a frozen dataclass of its parameters, with Caffe's defaults.

A layer type states its parameters, the shapes of its tops and its learned blobs, what the columns
of boxes are, and nothing else. Reading and writing prototxt, printing and comparing are generic
over the fields; how a target renders it stands in that target's table (proto2net/backends).

A field has the name that it has in caffe.proto, and takes its values so: an enum as its name, a
message as a dataclass, a repeated field as a tuple. None means "not given", where Caffe asks.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Callable, Sequence
from math import copysign, inf
from typing import Any, ClassVar, TypeVar, get_type_hints

from proto2net.errors import Proto2NetError, ShapeError, closest
from proto2net.frozen import dataclass
from proto2net.layers.columns import Rows
from proto2net.layers.registry import Registry, families
from proto2net.shape import Shape, Shapes, count, dims, require

WAYS_ON = "--layers FILE.py declares it, --holes NAME=DIMS leaves it for you to write"
"""What can be done about a layer of which it is not known what it does."""

ANY = 10**9
"""No upper limit on a number of bottoms or tops."""

Count = tuple[int, int]
"""The least and the greatest number of bottoms or tops."""

LAYERS: Registry[str, Layer] = Registry(lambda: families().layers)
"""Every known layer type by Caffe's name of it."""


@dataclass(frozen=True)
class Filler:
    """How a learned blob starts (FillerParameter, filler.hpp)."""

    type: str = "constant"
    value: float = 0.0
    min: float = 0.0
    max: float = 1.0
    mean: float = 0.0
    std: float = 1.0
    sparse: int = -1
    variance_norm: str = "FAN_IN"
    diag_val: tuple[float, ...] = ()

    def diagonal(self, shape: Shape) -> list[float]:
        """What a diagonal filler has for each channel of a blob of this shape."""
        channels = min(shape[:2])
        return [*self.diag_val, *[1.0] * channels][:channels]

    def foreign(self, shape: Shape) -> bool:
        """Whether only a fork can fill a blob of this shape so: no target does."""
        if self.type == IDENTITY:
            return not _is_square(shape)
        return self.type in FORK_FILLERS

    def check(self, shape: Shape) -> None:
        """Refuse what Caffe's fillers refuse for a blob of this shape."""
        if self.type == IDENTITY:
            right = _is_square(shape)
            require(right, f"an identity needs a square matrix, not {dims(shape)}")
            return
        if self.type == DIAGONAL:
            right = len(shape) in (2, 4)
            require(right, f"a diagonal filler needs 2 or 4 axes, but the blob is {dims(shape)}")
            return
        require(
            self.type in FILLERS,
            f'unknown filler "{self.type}"',
            closest(self.type, FILLERS) or f"Caffe has {', '.join(FILLERS)}",
        )
        require(
            len(shape) > 0 or self.type in ("constant", "uniform", "gaussian"),
            f"a {self.type} filler cannot fill a blob without axes",
            "constant, uniform and gaussian can",
        )
        require(count(shape) > 0, f"a filler cannot fill a blob of {dims(shape)}")
        require(
            self.sparse == -1 or self.type == "gaussian",
            f"a {self.type} filler cannot be sparse (sparse: {self.sparse})",
            "only gaussian can",
        )
        require(
            self.sparse == -1 or (self.sparse >= 0 and len(shape) > 0),
            f"sparse is {self.sparse} for a blob of {dims(shape)}",
            "it is the number of inputs that each output keeps",
        )
        if self.type == "uniform":
            require(self.min <= self.max, f"uniform filler from {self.min} to {self.max}")
        if self.type == "gaussian":
            require(self.std > 0, f"gaussian filler with std {self.std}; it must be above 0")
        if self.type == "bilinear":
            require(
                len(shape) == 4 and shape[2] == shape[3],
                f"a bilinear filler needs a square kernel, but the weights are {dims(shape)}",
                "give kernel_size once instead of different kernel_h and kernel_w",
            )


IDENTITY = "identity"
"""How some learned matrices of forks start: with `value` in the diagonal, and 0 elsewhere."""

DIAGONAL = "diagonal"
"""FlowNet2's filler: each channel of the output is that of the input, times a number of diag_val.

Where there are fewer numbers, it is 1. All is divided by the number of pixels of the kernel.
"""

FILLERS = ("constant", "uniform", "gaussian", "positive_unitball", "xavier", "msra", "bilinear")

FORK_FILLERS = (
    "bilinear_upsampling",
    "dense_uniform",
    "file",
    "gabor",
    "gaussian_unitball",
    "lsuv",
    "nearest",
    "orthogonal",
)
"""Fillers of forks, which no target has: a network that is not trained does not need them."""


def _is_square(shape: Shape) -> bool:
    """Whether a learned blob is one square matrix."""
    return len(shape) == 4 and shape[:2] == (1, 1) and shape[2] == shape[3]


@dataclass(frozen=True)
class Unstated(Filler):
    """What a definition does not say. Caffe takes zeros then, from which no network learns.

    So targets leave such a start to their framework, unless they make the array themselves.
    """


@dataclass(frozen=True)
class Learned:
    """A learned blob: its shape, and how it starts."""

    shape: Shape
    filler: Filler = Filler()

    @property
    def stated(self) -> bool:
        """Whether the definition, or the layer type itself, says how it starts."""
        return not isinstance(self.filler, Unstated)

    @property
    def start(self) -> Filler:
        """The filler that targets have: xavier or zeros in the place of a fork's."""
        if not self.filler.foreign(self.shape):
            return self.filler
        return Filler("xavier") if len(self.shape) > 1 else Filler()


@dataclass(frozen=True)
class ParamSpec:
    """Training and sharing of one learned blob (ParamSpec). An empty name is not shared."""

    name: str = ""
    share_mode: str = "STRICT"
    lr_mult: float | None = None
    decay_mult: float | None = None


class Layer:
    """The base of all layer types; see the module's docstring and docs/extending.md."""

    type: ClassVar[str]
    param: ClassVar[str] = ""
    """The field of LayerParameter that holds the parameters; empty: it has none."""
    bottoms: ClassVar[Count] = (1, 1)
    tops: ClassVar[Count] = (1, 1)
    in_place: ClassVar[bool] = True
    """Whether Caffe computes it right where a top has the name of its bottom."""
    statistics: ClassVar[tuple[str, ...]] = ()
    """The learned blobs that no gradient changes: sums and means of what has passed."""
    loss: ClassVar[bool] = False
    """A loss: tops that are not named are made, and its loss_weight is 1 unless given."""
    labels: ClassVar[tuple[int, ...]] = ()
    """Which bottoms hold labels, in a layer that only training or testing needs."""
    predicts: ClassVar[tuple[int, ...]] = (0,)
    """Which bottoms its prediction has, which has one top."""
    routes: ClassVar[bool] = False
    """Whether each top has rows of the bottom at its place, which the first bottom chooses."""
    unrendered: ClassVar[str] = ""
    """Why no target renders it; empty: targets do."""
    forks: ClassVar[tuple[str, ...]] = ()
    """The forks that have different layers of this name, where no parameter need tell which it is.

    The field `fork: str = ""`, which no schema has, is the one that the user names.
    """
    fallback: ClassVar[str] = ""
    """The fork whose layer it is taken for where only so the shapes of a network fit."""
    keeps_signs: ClassVar[bool] = False
    """Whether no top has a negative value where no bottom has one."""
    may_be_other: ClassVar[bool] = False
    """Whether with some parameters it is another layer, also for targets that render this type."""
    region_bottom: ClassVar[int | None] = None
    """Which bottom has the regions of which each makes a row of the top; None: there are none."""
    sizes_by_value: ClassVar[bool] = False
    """Whether the tops' sizes depend on values; the inferred ones are then but an example."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        """The shapes of `tops` tops, from the bottoms' shapes.

        Raises ShapeError for all that Caffe refuses, in a sentence that says what was found
        and what would be right.
        """
        raise NotImplementedError

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        """The learned blobs in the order of a .caffemodel."""
        return {}

    def columns(self, bottoms: Shapes) -> tuple[Rows, ...]:
        """What the rows of each top have, where they are boxes or belong to some; else nothing."""
        return ()

    @property
    def kind(self) -> str:
        """The type as messages call it."""
        return self.type

    @property
    def undecided(self) -> bool:
        """Whether no parameter tells which of `forks` it is of, and none was named."""
        return bool(self.forks) and not self.given()

    def disputed(self, bottoms: Shapes) -> str:
        """What other forks would compute here, if none was named; empty: the same."""
        return ""

    def prediction(self) -> Layer | None:
        """What remains of a loss when the labels are gone, such as its Softmax.

        Of other layers it is what they do without labels, and without tops that are ones.
        """
        return None

    def nonnegative(self, bottoms: Sequence[bool]) -> bool:
        """Whether no top has a negative value, whatever is read and learned; of each bottom too."""
        return self.keeps_signs and all(bottoms)

    def continues(self, bottoms: int) -> bool:
        """Whether a forward pass goes on with what the one before has left, beside what it learned.

        Such as the states of an LSTM, unless they are bottoms and tops.
        """
        return False

    def macs(self, bottoms: Shapes, tops: Shapes) -> int:
        """Multiply-adds of one forward pass, of products with learned weights."""
        return 0

    def check_counts(self, bottoms: int, tops: int) -> None:
        """Refuse a number of bottoms or tops that Caffe refuses (layer.hpp, CheckBlobCounts)."""
        _check_count("bottom", bottoms, self.bottoms)
        _check_count("top", tops, self.tops)

    def check_fork(self) -> None:
        """Refuse a fork that this type does not know."""
        fork = getattr(self, "fork", "")
        if fork and self.forks and fork not in self.forks:
            known = ", ".join(self.forks)
            raise ShapeError(f'the fork "{fork}" is not known', f"these are: {known}")

    def check_in_place(self, blob: str) -> None:
        """Refuse to overwrite the bottom `blob` where Caffe refuses it, or computes it wrongly."""
        if not self.in_place:
            why = f'Caffe refuses it, or overwrites "{blob}" before it has read it'
            hint = "give its top a name of its own"
            raise ShapeError(f"cannot run in place: {why}", hint)

    def gradient_in_place(self) -> bool:
        """Whether Caffe gets the gradient right too where the top overwrites the bottom."""
        return True

    def shares_memory(self, bottoms: Shapes, tops: int) -> bool:
        """Whether in Caffe the tops are the memory of the bottom, under other names."""
        return False

    def check_known(self) -> None:
        """Refuse a layer of which it is not known what it does, as of a Python layer."""

    def check_rendered(self, bottoms: int, tops: int, *, training: bool) -> None:
        """Refuse, as an UnsupportedError, what no target renders of a layer that targets do."""

    def check_params(self, params: Sequence[ParamSpec]) -> None:
        """Refuse `param` entries that Caffe refuses; most layers take any."""

    def given(self) -> dict[str, Any]:
        """The fields that differ from their defaults."""
        return {
            f.name: value
            for f in dataclasses.fields(self)  # type: ignore[arg-type]  # every layer type is one
            if (value := getattr(self, f.name)) != f.default
        }


def as_type(kind: type[L], layer: Layer, **changed: Any) -> L:
    """A layer of this type with the fields of one that has all of them, but for the changed."""
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]  # every layer type is one
    return kind(**{each.name: getattr(layer, each.name) for each in fields} | changed)


def field_types(cls: type[Any]) -> dict[str, Any]:
    """The type of each field of a dataclass, which may be written as text."""
    try:
        return get_type_hints(cls)
    except NameError as error:
        what = f"the types of the fields of {cls.__name__} ({cls.__module__}) cannot be told"
        raise Proto2NetError(f"{what}: {error}", "import what they name") from None


def _check_count(kind: str, found: int, allowed: Count) -> None:
    least, most = allowed
    if least <= found <= most:
        return
    if least == most:
        right = str(least)
    elif most == ANY:
        right = f"at least {least}"
    else:
        right = f"{least} to {most}"
    plural = "" if right == "1" else "s"
    raise ShapeError(f"takes {right} {kind}{plural}, but {found} given")


def shortest(value: float) -> float:
    """The value in 32 bits, as its shortest decimal: 0.01 and not 0.009999999776482582."""
    try:
        bits = struct.pack("<f", value)
    except OverflowError:
        return copysign(inf, value)
    for digits in range(6, 9):
        short = float(f"{value:.{digits}g}")
        if struct.pack("<f", short) == bits:
            return short
    return float(struct.unpack("<f", bits)[0])


L = TypeVar("L", bound=Layer)
T = TypeVar("T")


def layer(
    name: str,
    *,
    param: str = "",
    bottoms: int | Count = 1,
    tops: int | Count = 1,
    in_place: bool = True,
) -> Callable[[type[L]], type[L]]:
    """Register a dataclass as the layer type that Caffe calls `name`.

    `bottoms` and `tops` are a number, or the least and the greatest (ANY for no limit).
    """

    def register(cls: type[L]) -> type[L]:
        LAYERS.declare(name, cls, f'layer type "{name}"')  # one that is refused stays as it was
        cls.type, cls.param, cls.in_place = name, param, in_place
        cls.bottoms = (bottoms, bottoms) if isinstance(bottoms, int) else bottoms
        cls.tops = (tops, tops) if isinstance(tops, int) else tops
        return cls

    return register


def named(name: str, default: T) -> T:
    """A field that the schema calls `name`, which a layer cannot, such as "type"."""
    value: T = dataclasses.field(default=default, metadata={"named": name})
    return value


def per_axis(
    size: str, h: str, w: str, *, default: tuple[int, ...], missing: int | None = None
) -> tuple[int, ...]:
    """A field for a window's size: `size` once or per axis, or `h` and `w` in its place.

    `missing` is what Caffe takes where only one of h and w is given; None: it refuses.
    """
    names = {"per_axis": (size, h, w), "missing": missing}
    value: tuple[int, ...] = dataclasses.field(default=default, metadata=names)
    return value
