"""A model for a target: the files to write, of which the arrays are read when they are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from proto2net.backends.base import Emitted
from proto2net.backends.preprocess import MEAN
from proto2net.errors import Proto2NetError
from proto2net.frozen import dataclass
from proto2net.model import Model
from proto2net.output import Content

if TYPE_CHECKING:
    from proto2net.weights.safetensors import Tensor

_PART = 2**20

Write = Callable[[BinaryIO], None]
"""Puts a file on an unbuffered stream."""


@dataclass(frozen=True)
class Beside:
    """The file of arrays beside a source."""

    suffix: str
    size: int
    """About how many bytes `write` writes."""
    write: Write


@dataclass(frozen=True)
class Ported:
    """What `port` makes: a target's files, and the arrays if the model has values."""

    emitted: Emitted
    beside: Beside | None = None

    def files(
        self, path: Path, watched: Callable[[Write, int], Write] = lambda write, size: write
    ) -> dict[Path, Content]:
        """What to write so that the target's first file is at `path`, and others under its name.

        The arrays come first. `watched` is given what writes about so many bytes, and returns
        what writes the same.
        """
        paths = [path, *(path.with_suffix(suffix) for suffix in list(self.emitted.files)[1:])]
        files: dict[Path, Content] = {}
        if self.beside:
            arrays = path.with_suffix(self.beside.suffix)
            if arrays in paths:
                raise Proto2NetError(
                    f"the weights are written to {arrays} too", "give OUT another suffix"
                )
            files[arrays] = watched(self.beside.write, self.beside.size)
        contents = self.emitted.files.values()
        texts = (each.encode() if isinstance(each, str) else each for each in contents)
        return files | dict(zip(paths, texts, strict=True))


@dataclass(frozen=True)
class Embedded(Ported):
    """A target's file that has the arrays in it, or beside it where they are too large for it."""

    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    """By the names that the target has for them."""
    sources: tuple[tuple[str, Path], ...] = ()
    """The files that it is made of, by what each is, for their names and hashes."""

    def files(
        self, path: Path, watched: Callable[[Write, int], Write] = lambda write, size: write
    ) -> dict[Path, Content]:
        emitted: Any = self.emitted
        written = emitted.written(path, self._put, self._told)
        return {file: watched(write, size) for file, (write, size) in written.items()}

    def _told(self) -> dict[str, str]:
        """The name and the SHA-256 of each source."""
        told: dict[str, str] = {}
        for what, path in self.sources:
            with path.open("rb") as file:
                digest = sha256()
                while part := file.read(_PART):
                    digest.update(part)
            told |= {what: path.name, f"{what}_sha256": digest.hexdigest()}
        return told

    def _put(self, stream: BinaryIO, name: str) -> None:
        from proto2net.weights.safetensors import put

        put(stream, self.tensors[name])


def port(
    model: Model,
    target: Any,
    *,
    name: str = "",
    stem: str = "weights",
    flat: bool = False,
    weights: str | Path | None = None,
    filled: Callable[[Model], Model] = lambda model: model,
    **options: Any,
) -> Ported:
    """The model for a target.

    `name` names its class or function, `stem` the file of arrays without its suffix; `weights` is
    the file that the values are from. `filled` gives values for all, to a target that needs them. A
    target may have options of its own. Raises UnsupportedError for what the target cannot say.
    """
    if target.embeds:
        from proto2net.weights import safetensors

        emitted = target.emit(model.graph, name, **options)
        tensors = safetensors.tensors(emitted, filled(model).values)
        by_name = {tensor.name: tensor for tensor in tensors}
        files = {"definition": _definition(model), "weights": weights}
        sources = ((what, Path(file)) for what, file in files.items() if file)
        return Embedded(emitted, tensors=by_name, sources=tuple(sources))
    if not model.values:
        return Ported(target.emit(model.graph, name, flat=flat))
    if not target.weights_suffix:
        raise Proto2NetError(f"{target.name} has no place for weights", "leave out --weights")
    size = sum(array.nbytes for array in model.values.values())
    if target.weights_suffix == ".caffemodel":
        from proto2net.caffe.exporter import write_model

        write = partial(write_model, graph=model.graph, values=model.values)
        emitted = target.emit(model.graph, name, flat=flat)
        return Ported(emitted, Beside(target.weights_suffix, size, write))

    from proto2net.weights import safetensors

    emitted = target.emit(
        model.graph, name, f"{stem}.safetensors", partial=_lacks(model), flat=flat
    )
    found = list(safetensors.tensors(emitted, model.values))
    if emitted.reads_mean and model.graph.usage.mean:
        from proto2net.caffe.preparing import mean_of

        array = mean_of(model.graph.usage.mean.file)
        found.append(safetensors.Tensor(MEAN, (array,), None))
        size += array.nbytes
    write = partial(
        safetensors.write,
        found=found,
        metadata=safetensors.metadata(model.graph, emitted, target.name),
    )
    return Ported(emitted, Beside(target.weights_suffix, size, write))


def _definition(model: Model) -> str:
    """The file that the graph is from; empty for a text."""
    files = {node.where.file for node in model.graph.nodes if node.where}
    file = files.pop() if len(files) == 1 else ""
    return file if Path(file).is_file() else ""


def _lacks(model: Model) -> bool:
    """Whether a learned blob of the model has no array."""
    graph = model.graph
    slots = ((node, blob) for node in graph.nodes for blob in node.blobs)
    return any(graph.owner(*slot) not in model.values for slot in slots)
