"""Photos with the boxes that were found in them."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from proto2net.errors import Proto2NetError
from proto2net.prediction.found import Box

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

COLOURS = ((66, 133, 244), (219, 68, 55), (15, 157, 88), (244, 160, 0), (171, 71, 188))
"""Red, green and blue; a class has one of them."""


def painted(photo: Ndarray, boxes: Sequence[Box], suffix: str) -> bytes:
    """The file of an RGB photo with boxes and their labels, in the format of a suffix."""
    import cv2
    import numpy as np

    image: Any = np.ascontiguousarray(photo[..., ::-1])
    scale = max(image.shape[0], image.shape[1]) / 1000
    thickness, stroke = max(1, round(3 * scale)), max(1, round(2 * scale))
    sides = [box for box in boxes if isfinite(box.x + box.y + box.width + box.height)]
    for box in reversed(sides):  # the best one is on top
        colour = COLOURS[box.index % len(COLOURS)][::-1]
        start = round(box.x), round(box.y)
        end = round(box.x + box.width), round(box.y + box.height)
        cv2.rectangle(image, start, end, colour, thickness)
        text = f"{box.label or f'class {box.index}'} {box.score:.2f}"
        font = (cv2.FONT_HERSHEY_SIMPLEX, max(0.4, 0.9 * scale))
        (width, height), below = cv2.getTextSize(text, *font, stroke)
        top = max(start[1] - height - below, 0)
        cv2.rectangle(image, (start[0], top), (start[0] + width, top + height + below), colour, -1)
        place = start[0], top + height + below // 2
        cv2.putText(image, text, place, *font, (255, 255, 255), stroke, cv2.LINE_AA)
    try:
        made, content = cv2.imencode(suffix, image)
    except cv2.error:
        made = False
    if not made:
        raise Proto2NetError(
            f'OpenCV writes no images of the format "{suffix}"', "name a .png or a .jpg"
        )
    written: bytes = content.tobytes()
    return written
