"""What the numbers of a row are: a layer type says it of its tops that have rows of boxes."""

from __future__ import annotations

from proto2net.frozen import dataclass

FRACTIONS = "fractions of the image"
PIXELS = "pixels of the input"


@dataclass(frozen=True)
class Rows:
    """The columns of rows, and the unit of those that are corners or sides of a box."""

    columns: tuple[str, ...]
    unit: str = ""
    classes: int = 0
    """How many classes there are, where a column is `label`."""
    first_label: int = 0
    """The number of the first of them."""

    def __str__(self) -> str:
        return f"rows of {', '.join(self.columns)}" + f" (in {self.unit})" * bool(self.unit)


DETECTIONS = Rows(("image", "label", "score", "xmin", "ymin", "xmax", "ymax"), FRACTIONS)
"""Those of SSD, which others have taken over."""

REGIONS = Rows(("image", "x1", "y1", "x2", "y2"), PIXELS)
"""Those of R-CNN: a region of interest lies in an image of the batch."""

SCORES = Rows(("score",))
