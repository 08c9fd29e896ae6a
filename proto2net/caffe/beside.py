"""What stands beside a definition: where to look for the shape of its data, if it has none.

A person would look at the mean image, at the data itself, and at a deploy definition in the same
folder. So this does; and the images of some data are known by its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from proto2net import limits, plain
from proto2net.caffe import binaryproto, definition
from proto2net.caffe.phase import State
from proto2net.caffe.schema import Message, message_class
from proto2net.errors import Proto2NetError
from proto2net.graph import Entry
from proto2net.layers.data import HDF5Data, ImageData
from proto2net.shape import Shape, Sizes, dims

FILES = 200
"""How many definitions of a folder are looked at."""

FOLDERS = 8
"""From how many folders upwards a path may be meant: Caffe's is that from which it is run."""

Found = tuple[Shape, str]
"""The shape of one image, or row, and the file that has it."""


def completed(
    entries: Sequence[Entry], inputs: Mapping[str, Sizes], layers: Sequence[Message], file: str
) -> tuple[dict[str, Sizes], list[str]]:
    """The shapes of inputs, and those of entries that do not state them; a note for each found."""
    found, notes = dict(inputs), []
    for entry in entries if Path(file).is_file() else ():
        if seen := shape_of(entry, layers, file):
            shape, where = seen
            found[entry.tops[0]] = shape
            notes.append(f"{entry.where}: {entry}: took {dims(shape)}, as {where} has it")
    return found, notes


def shape_of(entry: Entry, layers: Sequence[Message], file: str) -> Found | None:
    """The shape of an input that a definition does not state, with its batch, and where it stands.

    `layers` are those of the definition, which is in `file`. Of several definitions beside it the
    one counts that begins like it the longest.
    """
    folder = Path(file).parent
    found = (
        _mean(entry.layer, folder)
        or _source(entry, folder)
        or _deploy(layers, Path(file))
        or _known(entry.layer)
    )
    if found is None:
        return None
    shape, where = found
    batch = getattr(entry.layer, "batch_size", 0) or 1
    return (batch, *_cropped(entry.layer, shape)), where


def _cropped(layer: Any, shape: Shape) -> Shape:
    """The shape of an image after what is done to it."""
    size = getattr(getattr(layer, "transform_param", None), "size", None)
    return (shape[0], *size) if size and len(shape) == 3 else shape


def _near(path: str, folder: Path) -> Path | None:
    """The file that a path means, seen from one of the folders or as one of its neighbours."""
    seen = [Path(), folder, *folder.absolute().parents[:FOLDERS]]
    for found in [*(each / path for each in seen), folder / Path(path).name] if path else ():
        if found.exists() and not plain.is_special(found):
            return found
    return None


KNOWN = {"mnist": (1, 28, 28), "cifar": (3, 32, 32), "svhn": (3, 32, 32)}
"""The images of well-known data by a word of its name, which its paths have."""


def _known(layer: Any) -> Found | None:
    transform = getattr(layer, "transform_param", None)
    said = f"{getattr(layer, 'source', '')} {getattr(transform, 'mean_file', '')}".lower()
    found = (word for word in KNOWN if word in said)
    return next(((KNOWN[word], word.upper()) for word in found), None)


# ---- the mean, and the data -----------------------------------------------------------------


def _mean(layer: Any, folder: Path) -> Found | None:
    transform = getattr(layer, "transform_param", None)
    path = _near(getattr(transform, "mean_file", None) or "", folder)
    if path is None or not path.is_file():
        return None
    try:
        return binaryproto.mean(path).shape, str(path)
    except Proto2NetError:
        return None


def _source(entry: Entry, folder: Path) -> Found | None:
    layer: Any = entry.layer
    path = _near(getattr(layer, "source", ""), folder)
    if path is None:
        return None
    try:
        if isinstance(layer, HDF5Data):
            shape = _of_dataset(path, entry.tops[0])
        elif isinstance(layer, ImageData):
            shape = _of_listed(path, layer, folder)
        else:
            shape = _of_record(path)
    except (ImportError, OSError, ValueError, KeyError, Proto2NetError):
        return None
    return (shape, str(path)) if shape else None


def _of_dataset(path: Path, name: str) -> Shape | None:
    """A row of the dataset of this name, in the first file of a list."""
    import h5py  # type: ignore[import-untyped]  # it has no stubs

    named = _first_word(path)
    first = _near(named, path.parent) if named else None
    if first is None:
        return None
    with h5py.File(first, "r") as file:
        return tuple(file[name].shape[1:])


def _of_listed(path: Path, layer: ImageData, folder: Path) -> Shape | None:
    """The first image of a list."""
    named = _first_word(path)
    image = _near(layer.root_folder + named, folder) if named else None
    return (3 if layer.is_color else 1, *_image_size(image)) if image else None


def _of_record(path: Path) -> Shape | None:
    """The first record of an LMDB."""
    if not (path / "data.mdb").is_file():
        return None
    import lmdb  # type: ignore[import-not-found,import-untyped,unused-ignore]  # it may be missing

    with lmdb.open(str(path), readonly=True, lock=False) as database, database.begin() as reading:
        _, record = next(iter(reading.cursor()), ("", b""))
    datum = message_class("Datum")()
    datum.ParseFromString(record)
    if datum.encoded:
        import io

        return (3, *_image_size(io.BytesIO(datum.data)))
    shape = (datum.channels, datum.height, datum.width)
    return shape if min(shape) > 0 else None


def _image_size(image: Any) -> Shape:
    """Height and width of a picture, of which the head is read."""
    from PIL import Image  # type: ignore[import-not-found,unused-ignore]  # it may be missing

    with Image.open(image) as picture:
        return picture.height, picture.width


def _first_word(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as lines:
        return (lines.readline(limits.STRING).split() or [""])[0]


# ---- a deploy definition --------------------------------------------------------------------


def _deploy(layers: Sequence[Message], file: Path) -> Found | None:
    """The input of the definition in the same folder that begins like this one the longest."""
    own = _outline(layers)
    longest, found = 0, dict[Shape, str]()
    for path, text in _neighbours(file) if own else ():
        for shape, outline in _stated(text, path):
            alike = _alike(own, outline)
            if alike > longest:
                longest, found = alike, {}
            if alike == longest:
                found.setdefault(shape, str(path))
    if len(found) != 1 or longest < min(len(own), 2):
        return None
    return next(iter(found.items()))


def _alike(first: Sequence[object], second: Sequence[object]) -> int:
    """How far two sequences are the same from their start."""
    pairs = zip(first, second, strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))


def _neighbours(file: Path) -> Iterator[tuple[Path, str]]:
    """The definitions of the folder that state an input, as far as their text tells."""
    files = sorted(file.parent.glob("*.prototxt"))[:FILES]
    files.sort(key=lambda path: -_alike(path.name, file.name))  # the likeliest first
    for path in files:
        if path == file or plain.is_special(path):
            continue
        try:
            content = path.read_bytes() if path.stat().st_size <= limits.TEXT_BYTES else b""
        except OSError:
            continue
        if any(word in content for word in (b"input_dim", b"input_shape", b"input_param")):
            yield path, content.decode("utf-8", errors="replace")


def _stated(text: str, path: Path) -> Iterator[tuple[Shape, list[object]]]:
    """The first input of images of a definition, and its outline."""
    try:
        layers = definition.read(text + "\n", str(path), State("TEST", 0, ())).layers
    except Proto2NetError:
        return
    for layer in layers:
        for shape in layer.input_param.shape if layer.type == "Input" else ():
            if len(shape.dim) == 4 and min(shape.dim) > 0:
                yield tuple(shape.dim)[1:], _outline(layers)
                return


def _outline(layers: Sequence[Message]) -> list[object]:
    """What each layer with weights is, by which networks are told apart."""
    found: list[object] = []
    for layer in layers:
        if layer.type in ("Convolution", "Deconvolution"):
            window = layer.convolution_param
            sizes = (window.kernel_size, window.stride, window.pad)
            found.append((layer.type, window.num_output, window.group, *map(tuple, sizes)))
        elif layer.type == "InnerProduct":
            found.append((layer.type, layer.inner_product_param.num_output))
    return found
