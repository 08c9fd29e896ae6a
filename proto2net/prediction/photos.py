"""Photos as they are, before a network's `preprocess`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from proto2net.preparing import image_of

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


def photo_of(image: str | Path | Ndarray) -> Ndarray:
    """The RGB image (H, W, 3) of a file or of an array, which `preprocess` has taken before."""
    import numpy as np

    if isinstance(image, str | Path):
        return image_of(image)
    image = np.asarray(image)
    return image if image.ndim == 3 else np.stack([image] * 3, axis=-1)
