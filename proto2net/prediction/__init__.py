"""What a network says of images: from files to predictions.

An image is prepared as the graph tells, the network runs in one target, and what comes out is read
as `results` tells it: classes, boxes in pixels of the photo, or else a summary.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from proto2net import api, backends
from proto2net.errors import Issue, Proto2NetError, UnsupportedError
from proto2net.images import Prepared, prepared
from proto2net.model import Model
from proto2net.prediction.boxes import Placed
from proto2net.prediction.feeding import bare, check_inputs, feeds, of_one
from proto2net.prediction.found import Prediction
from proto2net.prediction.photos import photo_of
from proto2net.prediction.priors import levels
from proto2net.prediction.reading import Reading
from proto2net.preparing import preprocessor
from proto2net.results import results
from proto2net.shape import require

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray
    from proto2net.model import Arrays, Weights

RUNTIMES = {"onnx": "onnxruntime", "torch": "torch", "tf": "tensorflow", "numpy": "numpy"}
"""The targets that may run a network, and the module that each needs; the quickest first."""


def predict(
    net: api.Net | Model,
    weights: str | Path | Weights | Arrays | None = None,
    images: Sequence[str | Path | Ndarray] = (),
    *,
    to: str = "",
    top: int | None = None,
    above: float = 0.5,
    overlap: float = 0.3,
    priors: str = "",
    **options: Any,
) -> list[Prediction]:
    """What a network says of each image: a file, or an array that is RGB (H, W, 3) or grey (H, W).

    `to` names the target that it runs in; without, it is the first of onnx, torch, tf and numpy
    that is installed. `top` is how many classes are told; those of a vector of which nothing is
    known are told only if it is given. Boxes are told with a score above `above`. `priors` are the
    prior boxes of a network that has none, such as "8:10,16,24 16:32,48" (strides, and sizes in
    pixels of the input); there, and in R-CNN, a box goes that overlaps a better one by more than
    `overlap`. The other options are those of `load`: mean, scale, channels and labels say how
    images are prepared and what classes are called.
    """
    given = api.model(net, weights, **options)
    found = Predictor(given, to=to, top=top, above=above, overlap=overlap, priors=priors)
    return [found(image, number) for number, image in enumerate(images, start=1)]


class Predictor:
    """A network that runs, and how an image is prepared for it and its outputs are read.

    Raises Proto2NetError where it is not known how images are prepared, or how an input is fed.
    """

    def __init__(
        self,
        given: Model,
        *,
        to: str = "",
        top: int | None = None,
        above: float = 0.5,
        overlap: float = 0.3,
        priors: str = "",
    ) -> None:
        require(top is None or top > 0, f"top is {top}; it must be above 0")
        self._prepare = preprocessor(given.graph)
        self._prepared = cast(Prepared, prepared(given.graph))
        boxes = levels(priors) if priors else ()
        given = of_one(given)
        graph = given.graph
        known = {blob.name: result for blob, result in results(graph).items()}
        outputs = tuple(blob.name for blob in graph.outputs)
        labels = graph.usage.labels
        self.reading = Reading(known, outputs, labels, top, above, overlap, boxes)
        require(
            self.reading.undecoded or not priors,
            "prior boxes are given, but no output of this network needs them",
            "they are for networks whose numbers a script turns into boxes",
        )
        more = [blob for blob in self.reading.regions if blob not in graph.output_set]
        graph = dataclasses.replace(graph, outputs=(*graph.outputs, *more))
        check_inputs(graph, self._prepared.name)
        if not given.values and graph.parameters:
            raise Proto2NetError(
                "predict needs the weights that the network has learned",
                "give the file of its training, as in --weights net.caffemodel",
            )
        self._model = Model(bare(graph), given.values)
        self._network, self.target = self._started(to)

    def __call__(self, image: str | Path | Ndarray, number: int = 1) -> Prediction:
        """What the network says of an image; `number` is which one it is, if it has no name."""
        array = self._prepare(image)
        placed = Placed(photo_of(image).shape[:2], array.shape[2:], self._prepared.resize)
        fed = feeds(self._model.graph, self._prepared.name, array, placed)
        found = api.outputs(self._network, fed)
        return Prediction(
            str(image) if isinstance(image, str | Path) else f"image {number}",
            self.target,
            self.reading.classes(found),
            self.reading.boxes(found, placed),
            self.reading.summaries(found),
            found,
        )

    def _started(self, to: str) -> tuple[Any, str]:
        """The network in a target, or in the first one that is installed and can say it."""
        if to:
            return api.load(self._model, to=to), backends.get(to).name
        refused: Sequence[Issue] = ()
        for target in (name for name, module in RUNTIMES.items() if find_spec(module)):
            try:
                return api.load(self._model, to=target), target
            except UnsupportedError as error:
                refused = refused or error.issues
        raise UnsupportedError(refused)
