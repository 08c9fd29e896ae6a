"""What reads the batches of a layer, one after the other; the base of all of them."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from proto2net import limits
from proto2net.data.draws import Draws
from proto2net.data.places import Places
from proto2net.errors import DataError
from proto2net.frozen import dataclass
from proto2net.graph import Entry
from proto2net.shape import require

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

Batch = dict[str, "Ndarray"]
"""An array for each top."""

Job = Callable[[], Batch]
"""Makes a batch that is planned, in any thread."""

State = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Setting:
    """What a reader is made from."""

    entry: Entry
    places: Places
    seeds: Draws
    """Of which Caffe's layers draw seeds as they are set up, one layer after the other."""
    own: Draws
    """Of which those draw whose numbers are not Caffe's, so that the others' are."""
    feeds: Mapping[str, Any]


class Reader(ABC):
    """Reads a layer's batches. It is planned in order what is in each; making them may overlap."""

    ignored: ClassVar[tuple[str, ...]] = ()
    """The parameters that Caffe does not look at."""

    def __init__(self, setting: Setting) -> None:
        self.entry = setting.entry
        self.layer: Any = setting.entry.layer
        self.tops = setting.entry.tops
        self.layer.check_counts(len(setting.entry.bottoms), len(self.tops))
        given = [x for x in self.ignored if getattr(self.layer, x) != getattr(type(self.layer), x)]
        if given:
            note = f"{', '.join(given)}: ignored, as Caffe does"
            logging.getLogger("proto2net").info(f"{self.entry.where}: {self.entry}: {note}")

    @abstractmethod
    def plan(self) -> Job:
        """Step over a batch; how to make it."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Where the next batch begins: numbers, texts and arrays."""

    @abstractmethod
    def restore(self, state: State) -> None:
        """Go on where another reader of the same data was."""


def batch_size(layer: Any) -> int:
    """A layer's number of images in a batch."""
    size = int(layer.batch_size)
    require(size > 0, "batch_size is missing or 0; it must be above 0")
    require(size <= limits.BATCH, f"batch_size is {size:,}; {limits.BATCH:,} are the most")
    return size


def about(what: str, error: DataError) -> DataError:
    """The same problem, told of what it is about."""
    return DataError(replace(each, message=f"{what}: {each.message}") for each in error.issues)
