"""Matching weights with a graph's learned blobs, as Caffe does: layer by layer, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from proto2net.errors import Issue, WeightError, closest
from proto2net.graph import Graph, Node
from proto2net.layers import (
    BN,
    BatchNorm,
    Convolution,
    Convolution3D,
    DataAugmentation,
    Deconvolution3D,
    InnerProduct,
    Scale,
)
from proto2net.layers.base import Layer
from proto2net.layers.holes import Hole
from proto2net.model import (
    Arrays,
    Format,
    Model,
    Slot,
    Stored,
    StoredLayer,
    Weights,
    learnable,
)
from proto2net.shape import Shape, dims
from proto2net.weights import dense_blocks, masks, npy, transformers

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


class Matched(NamedTuple):
    """A graph with the array of each learned blob, and the messages about it."""

    model: Model
    notes: list[str]


def match(graph: Graph, weights: Weights | Arrays, *, allow_missing: bool = False) -> Matched:
    """The array of each learned blob. Raises one WeightError with every layer that does not fit.

    Layers are found by name, as Caffe does. Those that the graph lacks are told in a note; what
    the weights lack is a problem, unless `allow_missing` leaves it to its fillers.
    """
    return _copied(graph, weights).matched(allow_missing)


class Fit(NamedTuple):
    """How far weights fit a graph."""

    arrays: int
    """How many arrays the graph has learned, shared ones once."""
    fitting: int
    """For how many of them the weights have one of the right shape."""
    unused: tuple[str, ...]
    """The layers of the weights that the graph lacks."""
    issues: tuple[Issue, ...]
    """What is wrong with the others."""


def fit(graph: Graph, weights: Weights) -> Fit:
    """How far the weights fit; nothing is raised."""
    arrays = len(learnable(graph))
    try:
        copied = _copied(graph, weights)
    except WeightError as error:  # not even their layout does
        return Fit(arrays, max(arrays - len(error.issues), 0), (), error.issues)
    missing = filter(None, map(copied.missing, graph.nodes))
    fitting = len(copied.values)
    return Fit(arrays, fitting, tuple(copied.unused()), (*copied.issues, *missing))


def _copied(graph: Graph, weights: Weights | Arrays) -> _Matching:
    """The arrays of the weights at their places, as far as they fit."""
    if not isinstance(weights, Weights):
        weights = _given(weights)
    if weights.format is Format.NPY:
        weights = npy.in_caffe_layout(graph, weights)
    elif weights.format is Format.SAFETENSORS:
        from proto2net.weights import restoring  # it renders the graph

        weights = restoring.in_caffe_layout(weights, restoring.arrays_of(graph, weights))
    matching = _Matching(graph, weights)
    for layer in weights.layers:
        matching.copy(layer)
    return matching


def _given(arrays: Arrays) -> Weights:
    """Arrays from a program."""
    import numpy as np

    layers = []
    for name, values in arrays.items():
        try:
            layers.append(StoredLayer(name, tuple(Stored(np.asarray(v)) for v in values)))
        except ValueError as error:
            raise WeightError([Issue(str(error), layer=f'layer "{name}"')]) from None
    return Weights(tuple(layers))


class _Matching:
    """Copies arrays layer by layer (net.cpp, Net::CopyTrainedLayersFrom), collecting problems."""

    def __init__(self, graph: Graph, weights: Weights) -> None:
        self.graph = graph
        self.source = weights.source
        self.hdf5 = weights.format is Format.HDF5
        self.issues: list[Issue] = []
        self.notes: list[str] = []
        self.values: dict[Slot, Ndarray] = {}  # of the slots that own an array
        self._wrong: set[Node[Any]] = set()
        self._held = [layer.name for layer in weights.layers if layer.arrays]
        # Of layers of one name Caffe fills the first, but from HDF5 the last.
        nodes = graph.nodes if self.hdf5 else tuple(reversed(graph.nodes))
        self._targets: dict[str, Node[Any]] = {
            node.name: node for node in nodes if not isinstance(node.layer, Hole)
        }

    def copy(self, layer: StoredLayer) -> None:
        """Copy what the file has for one layer."""
        node = self._targets.get(layer.name)
        if node is None:
            self._copy_parts(layer)
            return
        try:
            layer = masks.without(layer, len(node.blobs))
            arrays = _with_axes(node, _of_images(node, layer.arrays))
            self._put(node, self._three(node, arrays))
        except WeightError as error:
            self.issues += error.at(node.where, str(node))
            self._wrong.add(node)

    def _copy_parts(self, layer: StoredLayer) -> None:
        """Copy what the file has for one layer to those that it is written out as, if it is."""
        parts = dense_blocks.parts(layer, self._targets)
        parts = parts or transformers.parts(layer, self._targets)
        if parts:
            self._held.remove(layer.name)
        for part in parts:
            self._held.append(part.name)
            self.copy(part)

    def matched(self, allow_missing: bool) -> Matched:
        """What was copied. Raises one error with all the problems of all layers."""
        missing = [issue for node in self.graph.nodes if (issue := self.missing(node))]
        if self.issues or (missing and not allow_missing):
            raise WeightError([*self.issues, *missing])
        for issue in missing:
            self.notes.append(str(replace(issue, hint="")))
        if unused := self.unused():
            self.notes.append(f"{self.source}: the network has no {_listed(unused)}")
        values = {
            (node, blob): self.values[owner].reshape(learned.shape)
            for node in self.graph.nodes
            for blob, learned in node.blobs.items()
            if (owner := self.graph.owner(node, blob)) in self.values
        }
        return Matched(Model(self.graph, values), self.notes)

    def _put(self, node: Node[Any], arrays: Sequence[Stored | None]) -> None:
        """Copy arrays to the learned blobs of a layer, all of which they must fit."""
        slots = [(node, blob) for blob in node.blobs]
        shapes = [learned.shape for learned in node.blobs.values()]
        if self.hdf5:  # it holds a shared array once, where it is owned
            arrays = [*arrays, *[None] * (len(slots) - len(arrays))]
        owners = [self.graph.owner(*slot) for slot in slots]
        shared = [slot != owner for slot, owner in zip(slots, owners, strict=True)]
        if len(arrays) != len(slots) or not all(map(_fits, arrays, shapes, shared)):
            found = [stored.array.shape if stored else None for stored in arrays]
            raise WeightError(
                f"needs {_shapes(shapes)}; found {_shapes(found)} in {self.source}",
                _TO_FINE_TUNE if _has_other_outputs(node, shapes, found) else "",
            )
        for (owner, blob), stored in zip(owners, arrays, strict=True):
            if stored:
                array = stored.array.reshape(owner.blobs[blob].shape)
                self.values[owner, blob] = _as_used(node.layer, blob, array)

    def _three(
        self, node: Node[Any], arrays: tuple[Stored | None, ...]
    ) -> tuple[Stored | None, ...]:
        """The three arrays of a BatchNorm, of the five that NVIDIA's and Intel's forks have.

        The other two are what Caffe's Scale has: they go to the one that follows.
        """
        if not isinstance(node.layer, BatchNorm) or len(arrays) != 5 or None in arrays:
            return arrays
        five = [stored for stored in arrays if stored]
        mean, variance, factor, scale, bias = _of_xilinx(five) or five
        if after := self._scale_after(node):
            self._put(after, (scale, bias))
            self.notes.append(f"{after} takes the scale and bias of {node} in {self.source}")
        elif (scale.array != 1).any() or bias.array.any():
            raise WeightError(
                f"in {self.source} it has a scale and bias too, as in NVIDIA's and Intel's Caffe",
                'write a Scale layer with "bias_term: true" after it, which takes them',
            )
        # NVIDIA leaves the factor at 0 and does not divide by it; Caffe would take 1/0 as 0.
        factor = replace(factor, array=factor.array + (factor.array == 0))
        return mean, variance, factor

    def _scale_after(self, node: Node[Any]) -> Node[Any] | None:
        """The Scale that alone reads this layer, and for which the file has nothing."""
        (top,) = node.tops
        readers = self.graph.consumers.get(top, ())
        if len(readers) != 1 or top in self.graph.output_set or readers[0].name in self._held:
            return None
        (reader,) = readers
        return reader if isinstance(reader.layer, Scale) and len(reader.blobs) == 2 else None

    def missing(self, node: Node[Any]) -> Issue | None:
        """What a layer needs and the file lacks."""
        lacking = [
            f"{blob} ({dims(learned.shape)})"
            for blob, learned in node.blobs.items()
            if self.graph.owner(node, blob) not in self.values
        ]
        if not lacking or node in self._wrong:
            return None
        sentence = f"nothing in {self.source} for its {' and '.join(lacking)}"
        hint = "--allow-missing lets its fillers make it"
        if self._targets[node.name] is not node:
            sentence += ": another layer has this name"
        else:
            hint = closest(node.name, self.unused()) or hint
        return Issue(sentence, hint, node.where, str(node))

    def unused(self) -> list[str]:
        """The layers of the file that the graph lacks."""
        return [name for name in dict.fromkeys(self._held) if name not in self._targets]


def _with_axes(node: Node[Any], arrays: tuple[Stored | None, ...]) -> tuple[Stored | None, ...]:
    """The arrays of layers to which forks give different axes, but for those of size 1."""
    if not isinstance(node.layer, BN | Convolution3D | Deconvolution3D):
        return arrays
    shapes = [learned.shape for learned in node.blobs.values()]
    fitting = (
        replace(stored, array=stored.array.reshape(shape))
        if stored and _without_ones(stored.array.shape) == _without_ones(shape)
        else stored
        for stored, shape in zip(arrays, shapes, strict=False)
    )
    return (*fitting, *arrays[len(shapes) :])


def _without_ones(shape: Shape) -> list[int]:
    return [n for n in shape if n != 1]


def _of_xilinx(arrays: Sequence[Stored]) -> list[Stored] | None:
    """The five arrays of a BatchNorm of Xilinx' in NVIDIA's order; None if it is not of Xilinx'.

    That has the scale, the bias, the mean, the variance, and one number that is not used, where
    NVIDIA's has one number in the middle (cudnn_batch_norm_layer.cpp).
    """
    sizes = [stored.array.size for stored in arrays]
    if sizes[4] != 1 or sizes[2] == 1:
        return None
    scale, bias, mean, variance, unused = (
        replace(stored, array=stored.array.reshape(-1)) for stored in arrays
    )
    return [mean, variance, replace(unused, array=unused.array * 0 + 1), scale, bias]


def _of_images(node: Node[Any], arrays: tuple[Stored | None, ...]) -> tuple[Stored | None, ...]:
    """The arrays of a DataAugmentation, as Caffe adjusts them (data_augmentation_layer.cpp).

    Its picture of means may be of another size: then each channel has one mean. In a file of ours
    there is but the mean that is used.
    """
    if not isinstance(node.layer, DataAugmentation) or len(node.blobs) == 1:
        return arrays
    if len(arrays) not in (2, 3):
        return arrays
    import numpy as np

    iterations, picture, mean = (*arrays, None)[:3]
    iterations = iterations or Stored(np.full((1, 1, 1, 1), node.layer.recompute_mean, np.float32))
    _check_seen(node.layer, iterations.array)
    shape = node.blobs["mean_picture"].shape
    if node.layer.mean_per_pixel and picture and picture.array.ndim == 4:
        mean = Stored(picture.array.mean((2, 3), keepdims=True))
    if mean and (not picture or picture.array.shape != shape) and mean.array.size == shape[1]:
        picture = Stored(np.broadcast_to(mean.array.reshape(1, -1, 1, 1), shape))
    return iterations, picture, mean


def _check_seen(layer: DataAugmentation, iterations: Ndarray) -> None:
    """Refuse a mean that Caffe would go on to change."""
    seen = int(iterations.sum())
    if seen < layer.recompute_mean:
        raise WeightError(
            f"its mean is that of {seen} batches, and recompute_mean is {layer.recompute_mean}: "
            "Caffe would change it by each batch",
            "train it further, or give a lower recompute_mean",
        )


def _as_used(layer: Layer, blob: str, array: Ndarray) -> Ndarray:
    """The array of a learned blob as the layer uses it, which in Ristretto's is rounded."""
    if not layer.type.endswith("Ristretto"):
        return array
    from proto2net.weights import ristretto  # which few networks need

    how: Any = getattr(layer, "quantization_param", None)
    return ristretto.rounded(array, blob, how) if how else array


_TO_FINE_TUNE = (
    "for another num_output give the layer another name, as fine-tuning in Caffe does; then "
    "--allow-missing lets its fillers make it"
)


def _has_other_outputs(
    node: Node[Any], needed: Sequence[Shape], found: Sequence[Shape | None]
) -> bool:
    """Whether what was found is for another num_output: in each the first axis alone differs."""
    if not isinstance(node.layer, Convolution | InnerProduct) or len(needed) != len(found):
        return False
    pairs = zip(needed, (shape or () for shape in found), strict=True)
    ends = [(right, shape[len(shape) - len(right) :]) for right, shape in pairs]  # as legacy has it
    return all(right[:1] != end[:1] and right[1:] == end[1:] for right, end in ends)


def _fits(stored: Stored | None, shape: Shape, shared: bool) -> bool:
    """Whether an array is a learned blob's (blob.cpp, Blob::ShapeEquals)."""
    if stored is None:
        return shared
    found: Shape = stored.array.shape
    return found == (1,) * (len(found) - len(shape) if stored.legacy else 0) + shape


def _shapes(shapes: Sequence[Shape | None]) -> str:
    """Shapes as a message lists them."""
    return ", ".join("nothing" if shape is None else dims(shape) for shape in shapes) or "nothing"


def _listed(names: Sequence[str], most: int = 10) -> str:
    """Layers by name, not too many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    quoted = ", ".join(f'"{name}"' for name in names[:most])
    return f"layer{'s' * (len(names) > 1)} {quoted}{more}"
