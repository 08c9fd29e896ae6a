"""Layers where data enters a network, or leaves it for a file."""

from __future__ import annotations

from typing import ClassVar

from proto2net.errors import ShapeError, UnsupportedError
from proto2net.frozen import dataclass
from proto2net.layers.base import ANY, WAYS_ON, Filler, Layer, layer
from proto2net.shape import Shape, Shapes, Sizes, dims, legacy_shape, require

NOT_STATED = "the file does not state this layer's output shape"
GIVE_IT = "give it with --input NAME=N,C,H,W"


def stated(shape: Shape, hint: str = "") -> Shape:
    """A shape that stands in the file. (Caffe takes a size of 0, and computes nothing then.)"""
    require(
        min(shape, default=1) > 0,
        f"the shape is {dims(shape)}; each size must be at least 1",
        hint,
    )
    return shape


def pick(name: str, values: tuple[Shape, ...], tops: int) -> tuple[Shape, ...]:
    """A shape for each top from one, or one a top."""
    require(
        len(values) in (1, tops),
        f"{name} is given {len(values)} times for {tops} tops",
        f"give {name} once, or once for each top",
    )
    return values if len(values) == tops else values * tops


@dataclass(frozen=True)
class ResizeParameter:
    """To what size SSD brings an image, and how (ResizeParameter)."""

    prob: float = 1.0
    resize_mode: str = "WARP"
    height: int = 0
    width: int = 0
    height_scale: int = 0
    width_scale: int = 0
    pad_mode: str = "CONSTANT"
    pad_value: tuple[float, ...] = ()
    interp_mode: tuple[str, ...] = ()


@dataclass(frozen=True)
class TransformationParameter:
    """What is done to each image (TransformationParameter, data_transformer.cpp)."""

    scale: float = 1.0
    mirror: bool = False
    crop_size: int = 0
    mean_file: str | None = None
    mean_value: tuple[float, ...] = ()
    force_color: bool = False
    force_gray: bool = False
    crop_h: int = 0
    crop_w: int = 0
    resize_param: tuple[ResizeParameter, ...] = ()
    """The first is for use; in forks that train with several sizes others follow."""

    @property
    def crop(self) -> Shape:
        """The height and width of the middle that is taken of an image; none: all is taken."""
        if self.crop_size:
            return (self.crop_size, self.crop_size)
        return (self.crop_h, self.crop_w) if self.crop_h and self.crop_w else ()

    @property
    def warp(self) -> Shape:
        """The height and width that SSD resizes an image to, bilinearly and without more to it."""
        resize = self.resize_param[0] if self.resize_param else ResizeParameter()
        linear = not resize.interp_mode or "LINEAR" in resize.interp_mode
        plain = linear and resize.resize_mode == "WARP" and resize.height and resize.width
        return (resize.height, resize.width) if plain else ()

    @property
    def size(self) -> Shape | None:
        """The height and width that every image gets; None: they keep their own."""
        if self.crop:
            return self.crop
        resize = self.resize_param[0] if self.resize_param else ResizeParameter()
        fixed = resize.height and resize.width and resize.resize_mode != "FIT_SMALL_SIZE"
        return (resize.height, resize.width) if fixed else None

    def check(self, channels: int) -> None:
        """Refuse what Caffe refuses for images of so many channels."""
        require(
            self.mean_file is None or not self.mean_value,
            "mean_file and mean_value are both given",
            "give one or the other",
        )
        require(
            len(self.mean_value) in (0, 1, channels),
            f"mean_value is given {len(self.mean_value)} times for {channels} channels",
            "give mean_value once, or once for each channel",
        )


@layer("Input", param="input_param", bottoms=0, tops=(1, ANY))
@dataclass(frozen=True)
class Input(Layer):
    """Blobs that the caller fills (input_layer.cpp).

    `transform_param` says what was done to images before; Caffe itself does not look at it here.
    """

    shape: tuple[Shape, ...] = ()
    transform_param: TransformationParameter | None = None
    free: tuple[tuple[int, ...], ...] = ()
    """The axes of each top that may have any size, of which its shape has an example."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(bool(self.shape), NOT_STATED, GIVE_IT)
        return tuple(stated(shape, GIVE_IT) for shape in pick("shape", self.shape, tops))


@layer("DummyData", param="dummy_data_param", bottoms=0, tops=(1, ANY))
@dataclass(frozen=True)
class DummyData(Layer):
    """Blobs that fillers fill, random ones anew for each forward pass (dummy_data_layer.cpp)."""

    data_filler: tuple[Filler, ...] = ()
    num: tuple[int, ...] = ()
    channels: tuple[int, ...] = ()
    height: tuple[int, ...] = ()
    width: tuple[int, ...] = ()
    shape: tuple[Shape, ...] = ()

    def fillers(self, tops: int) -> tuple[Filler, ...]:
        """The filler of each top; zeros when none is given."""
        require(
            len(self.data_filler) in (0, 1, tops),
            f"data_filler is given {len(self.data_filler)} times for {tops} tops",
            "give it once, once for each top, or not at all (zeros)",
        )
        fillers = self.data_filler or (Filler(),)
        return fillers if len(fillers) == tops else fillers * tops

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        shapes = tuple(map(stated, self._shapes(tops)))
        for filler, shape in zip(self.fillers(tops), shapes, strict=True):
            filler.check(shape)
        return shapes

    def _shapes(self, tops: int) -> tuple[Shape, ...]:
        older = {
            "num": self.num,
            "channels": self.channels,
            "height": self.height,
            "width": self.width,
        }
        if not any(older.values()):
            return pick("shape", self.shape, tops)
        require(
            not self.shape,
            "shape is given, and the older num, channels, height and width too",
            "give shape only",
        )
        sizes = [
            pick(name, tuple((size,) for size in values), tops) for name, values in older.items()
        ]
        return tuple(sum(shape, ()) for shape in zip(*sizes, strict=True))


class DataLayer(Layer):
    """The base of layers that read stored data, for which a converted network has an input."""

    data: ClassVar[bool] = True
    label_per_image: ClassVar[bool] = True
    """Whether the second top holds a label for each image of the first."""

    def assumption(self) -> str:
        """What `infer` takes for granted beyond the file; empty: nothing."""
        return ""

    def named(self, tops: tuple[str, ...]) -> Shapes:
        """The shapes of tops of these names; in most layers only their number counts."""
        return self.infer((), len(tops))

    def following(self, images: Sizes, tops: tuple[str, ...]) -> dict[str, Sizes]:
        """The shapes of those other tops that follow from that of the first, the images."""
        return dict.fromkeys(tops[1:2], images[:1]) if self.label_per_image else {}


def _images_and_labels(
    batch: int, channels: int, size: Shape, transform: TransformationParameter, tops: int
) -> Shapes:
    """The tops of a layer that reads images of one size, and a label for each."""
    require(batch > 0, "batch_size is missing or 0; it must be above 0")
    transform.check(channels)
    require(min(size) > 0, NOT_STATED, GIVE_IT)
    return ((batch, channels, *size), (batch,))[:tops]


@dataclass(frozen=True)
class DataParameter:
    """Which database is read, and how (DataParameter).

    Caffe ignores scale, mean_file, crop_size and mirror here, in favour of transform_param.
    """

    source: str = ""
    scale: float = 1.0
    mean_file: str = ""
    batch_size: int = 0
    crop_size: int = 0
    mirror: bool = False
    rand_skip: int = 0
    backend: str = "LEVELDB"
    force_encoded_color: bool = False
    prefetch: int = 4


@layer("Data", param="data_param", bottoms=0, tops=(1, 2))
@dataclass(frozen=True)
class Data(DataParameter, DataLayer):
    """Images and labels from an LMDB or LevelDB database (data_layer.cpp)."""

    transform_param: TransformationParameter = TransformationParameter()

    @property
    def channels(self) -> int | None:
        """The images' channels, where the file says; else only the database does."""
        transform = self.transform_param
        if transform.force_gray:
            return 1
        if transform.force_color:
            return 3
        # One mean value may be for all channels; several are one a channel.
        return len(transform.mean_value) if len(transform.mean_value) > 1 else None

    def assumption(self) -> str:
        return "3 channels assumed: the file does not say" if self.channels is None else ""

    def check(self) -> None:
        """Refuse what Caffe refuses before it has seen an image."""
        transform = self.transform_param
        require(
            not (transform.force_color and transform.force_gray),
            "force_color and force_gray are both set",
            "set one or the other",
        )

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        self.check()
        transform = self.transform_param
        size = transform.size or (0, 0)
        return _images_and_labels(self.batch_size, self.channels or 3, size, transform, tops)


@layer("ImageData", param="image_data_param", bottoms=0, tops=2)
@dataclass(frozen=True)
class ImageData(DataLayer):
    """Images and labels from a list of image files (image_data_layer.cpp).

    Caffe ignores scale, mean_file, crop_size and mirror here, in favour of transform_param.
    """

    source: str = ""
    scale: float = 1.0
    mean_file: str = ""
    batch_size: int = 1
    crop_size: int = 0
    mirror: bool = False
    rand_skip: int = 0
    shuffle: bool = False
    new_height: int = 0
    new_width: int = 0
    is_color: bool = True
    root_folder: str = ""
    transform_param: TransformationParameter = TransformationParameter()

    def check(self) -> None:
        """Refuse what Caffe refuses before it has seen an image."""
        require(
            (self.new_height > 0) == (self.new_width > 0),
            f"new_height is {self.new_height} and new_width {self.new_width}",
            "give both, or neither",
        )

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        self.check()
        transform = self.transform_param
        size: Shape = (self.new_height, self.new_width)
        crop = transform.crop_size
        if crop:
            require(
                max(size) == 0 or crop <= min(size),
                f"crop_size {crop} is larger than the images of {dims(size)}",
            )
        channels = 3 if self.is_color else 1
        size = transform.size or size
        return _images_and_labels(self.batch_size, channels, size, transform, tops)


@layer("MemoryData", param="memory_data_param", bottoms=0, tops=2)
@dataclass(frozen=True)
class MemoryData(DataLayer):
    """Images and labels that a program hands over in memory (memory_data_layer.cpp)."""

    batch_size: int = 0
    channels: int = 0
    height: int = 0
    width: int = 0
    transform_param: TransformationParameter = TransformationParameter()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        shape = (self.batch_size, self.channels, self.height, self.width)
        require(
            min(shape) > 0,
            f"batch_size, channels, height and width are {dims(shape)}; each must be above 0",
        )
        return _images_and_labels(
            self.batch_size, self.channels, shape[2:], self.transform_param, tops
        )


@layer("TokenizedData", param="tokenized_data_param", bottoms=0, tops=3)
@dataclass(frozen=True)
class TokenizedData(DataLayer):
    """Numbers of tokens, their places, and the tokens that follow (MyCaffe's layer of the name)."""

    label_per_image: ClassVar[bool] = False
    batch_size: int = 0
    block_size: int = 0
    input_type: str = "TEXT_FILE"
    source: str = ""
    vocabulary_type: str = "CHARACTER"
    seed: int = 0
    debug_index_file: str = ""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        shape = (self.batch_size, self.block_size)
        require(
            min(shape) > 0, f"batch_size and block_size are {dims(shape)}; both must be above 0"
        )
        return (shape,) * tops


@layer("WindowData", param="window_data_param", bottoms=0, tops=2)
@dataclass(frozen=True)
class WindowData(DataLayer):
    """Windows cut out of images, of objects and of background (window_data_layer.cpp).

    Caffe ignores mean_file, crop_size and mirror here, in favour of transform_param.
    """

    source: str = ""
    scale: float = 1.0
    mean_file: str = ""
    batch_size: int = 0
    crop_size: int = 0
    mirror: bool = False
    fg_threshold: float = 0.5
    bg_threshold: float = 0.5
    fg_fraction: float = 0.25
    context_pad: int = 0
    crop_mode: str = "warp"
    cache_images: bool = False
    root_folder: str = ""
    transform_param: TransformationParameter = TransformationParameter()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        crop = self.transform_param.crop_size
        require(crop > 0, "crop_size in transform_param is missing or 0; it must be above 0")
        return _images_and_labels(self.batch_size, 3, (crop, crop), self.transform_param, tops)


@layer("HDF5Data", param="hdf5_data_param", bottoms=0, tops=(1, ANY))
@dataclass(frozen=True)
class HDF5Data(DataLayer):
    """The datasets of HDF5 files that have the tops' names (hdf5_data_layer.cpp)."""

    label_per_image: ClassVar[bool] = False
    source: str = ""
    batch_size: int = 0
    shuffle: bool = False
    transform_param: TransformationParameter | None = None

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(
            self.transform_param is None,
            "transform_param is given, but data from HDF5 files is not transformed",
            "remove it",
        )
        raise ShapeError(NOT_STATED, GIVE_IT)


class Writer(Layer):
    """Writes what it reads to files; it is left out, so that this is an output."""

    unrendered: ClassVar[str] = "writing a file is not supported"

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        return ()


@layer("MatWrite", bottoms=(1, ANY), tops=0)
@dataclass(frozen=True)
class MatWrite(Writer):
    """Writes its bottoms as .mat files of MATLAB (DeepLab)."""


@layer("HDF5Output", param="hdf5_output_param", bottoms=2, tops=0)
@dataclass(frozen=True)
class HDF5Output(Layer):
    """Write data and labels to an HDF5 file (hdf5_output_layer.cpp)."""

    file_name: str = ""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        data, label = map(legacy_shape, bottoms)
        require(
            data[0] == label[0],
            f"the bottoms must have as many samples, "
            f"but they are {dims(bottoms[0])} and {dims(bottoms[1])}",
        )
        return ()


@layer("Python", param="python_param", bottoms=(0, ANY), tops=(0, ANY))
@dataclass(frozen=True)
class Python(Layer):
    """A class of the user's own, which Caffe imports and calls (python_layer.hpp)."""

    module: str = ""
    layer: str = ""
    param_str: str = ""
    share_in_parallel: bool = False
    explained: ClassVar[bool] = False
    """Whether what its class does is known here."""

    def check_known(self) -> None:
        if not self.explained:
            raise UnsupportedError(
                f"the meaning of this layer is in the user's own code, {self.module}.{self.layer}",
                f"{WAYS_ON}, or replace it by layers of Caffe",
            )
