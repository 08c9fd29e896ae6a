"""What stands beside a definition: where to look for the shape of its data, if it has none.

A person would look at the mean image, at the data itself, and at a deploy definition in the same
folder. So this does; and the images of some data are known by its name.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

from proto2net import limits, plain
from proto2net.caffe import binaryproto, definition, leveldb, lmdb
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


class _Asked(NamedTuple):
    """Of which input a shape is looked for, and where."""

    layer: Any
    top: str
    layers: Sequence[Message]
    """Those of the definition."""
    file: Path
    """Where it stands."""
    root: str | Path | None
    """Where paths begin; None: where they are found."""

    @property
    def mean_file(self) -> str:
        """The path of the mean image; empty: there is none."""
        return getattr(getattr(self.layer, "transform_param", None), "mean_file", None) or ""

    @property
    def source(self) -> str:
        """The path of the data; empty: there is none."""
        return getattr(self.layer, "source", "")

    def near(self, path: str) -> Path | None:
        """The file that a path means, seen from a folder or as a neighbour of the definition."""
        folder = self.file.parent
        seen = [Path(), folder, *folder.absolute().parents[:FOLDERS]]
        seen = seen if self.root is None else [Path(self.root)]
        for found in [*(each / path for each in seen), folder / Path(path).name] if path else ():
            if found.exists() and not plain.is_special(found):
                return found
        return None


def completed(
    entries: Sequence[Entry],
    inputs: Mapping[str, Sizes],
    layers: Sequence[Message],
    file: str,
    root: str | Path | None = None,
) -> tuple[dict[str, Sizes], list[str]]:
    """The shapes of inputs, and those of entries that do not state them; a note for each found.

    `layers` are those of the definition, which is in `file`; `root` is where its paths begin.
    """
    found, notes = dict(inputs), []
    for entry in entries if Path(file).is_file() else ():
        for top in _tops(entry):
            seen = _shape_of(_Asked(entry.layer, top, layers, Path(file), root))
            if seen and top not in inputs:
                found[top], where = seen
                shown = f'{entry}: took {dims(seen[0])} for "{top}", as {where} has it'
                notes.append(f"{entry.where}: {shown}")
    return found, notes


def _tops(entry: Entry) -> tuple[str, ...]:
    """The tops to look for: those of HDF5 have datasets of their names, others a label behind."""
    return entry.tops if isinstance(entry.layer, HDF5Data) else entry.tops[:1]


def _shape_of(asked: _Asked) -> Found | None:
    """The shape of an input, with its batch, and what has it."""
    for look in (_mean, _source, _deploy, _known):
        try:
            found = look(asked)
        except Exception:  # noqa: S112  # a file that cannot be read has no shape
            continue
        if found:
            shape, where = found
            batch = getattr(asked.layer, "batch_size", 0) or 1
            return (batch, *_cropped(asked.layer, shape)), where
    return None


def _cropped(layer: Any, shape: Shape) -> Shape:
    """The shape of an image after what is done to it."""
    size = getattr(getattr(layer, "transform_param", None), "size", None)
    return (shape[0], *size) if size and len(shape) == 3 else shape


KNOWN = {"mnist": (1, 28, 28), "cifar": (3, 32, 32), "svhn": (3, 32, 32)}
"""The images of well-known data by a word of its name, which its paths have."""


def _known(asked: _Asked) -> Found | None:
    said = f"{asked.source} {asked.mean_file}".lower()
    return next(((KNOWN[word], word.upper()) for word in KNOWN if word in said), None)


# ---- the mean, and the data -----------------------------------------------------------------


def _mean(asked: _Asked) -> Found | None:
    path = asked.near(asked.mean_file)
    return (binaryproto.mean(path).shape, str(path)) if path else None


def _source(asked: _Asked) -> Found | None:
    path = asked.near(asked.source)
    if path is None:
        return None
    if isinstance(asked.layer, HDF5Data):
        shape = _of_dataset(asked, path)
    elif isinstance(asked.layer, ImageData):
        shape = _of_listed(asked, path)
    else:
        shape = _of_record(path)
    return (shape, str(path)) if shape else None


def _of_dataset(asked: _Asked, path: Path) -> Shape | None:
    """A row of the dataset of the top's name, in the first file of a list."""
    import h5py  # type: ignore[import-untyped]  # it has no stubs

    first = asked.near(_first_word(path))
    if first is None:
        return None
    with h5py.File(first, "r") as file:
        return tuple(file[asked.top].shape[1:])


def _of_listed(asked: _Asked, path: Path) -> Shape | None:
    """The first image of a list."""
    image = asked.near(asked.layer.root_folder + _first_word(path))
    return (3 if asked.layer.is_color else 1, *_image_size(image)) if image else None


def _of_record(path: Path) -> Shape | None:
    """The first record of an LMDB or a LevelDB."""
    if (path / lmdb.FILE).is_file():
        records = lmdb.Lmdb(path).records()
    elif (path / leveldb.CURRENT).is_file():
        records = leveldb.LevelDb(path).records()
    else:
        return None
    _, record = next(records, (b"", b""))
    datum = message_class("Datum")()
    datum.ParseFromString(bytes(record))
    if datum.encoded:
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


def _deploy(asked: _Asked) -> Found | None:
    """The input of the definition in the same folder that begins like this one the longest."""
    own = _outline(asked.layers)
    longest, found = 0, dict[Shape, str]()
    for path, text in _neighbours(asked.file) if own else ():
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
