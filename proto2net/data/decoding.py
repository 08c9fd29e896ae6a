"""Makes images of their files, with OpenCV as Caffe does, or with Pillow where it is not there."""

from __future__ import annotations

import io
import logging
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from proto2net.errors import DataError

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


class Way(IntEnum):
    """Which channels an image gets; the numbers are OpenCV's."""

    AS_IT_IS = -1
    GRAY = 0
    COLOR = 1


_UNREADABLE = "it is damaged, or no image"


def decoded(content: bytes, way: Way) -> Ndarray:
    """The image of a file's bytes: (height, width, channels), uint8, BGR."""
    cv2 = _opencv()
    if not content:
        raise DataError("the image is empty")
    image = _by_opencv(cv2, content, way) if cv2 else _by_pillow(content, way)
    if image.dtype != np.uint8:
        raise DataError(f"the image is of {image.dtype}; Caffe reads images of bytes only")
    return image if image.ndim == 3 else image[:, :, None]


def resized(image: Ndarray, height: int, width: int) -> Ndarray:
    """The image of another size, bilinear as cv::resize has it."""
    if cv2 := _opencv():
        found: Ndarray = cv2.resize(image, (width, height))
    else:
        from PIL import Image

        plain = Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)
        box = (0, 0, plain.width, plain.height)
        method, between = Image.Transform.EXTENT, Image.Resampling.BILINEAR
        found = np.asarray(plain.transform((width, height), method, box, between))
    return found if found.ndim == 3 else found[:, :, None]


@cache
def _opencv() -> Any:
    """OpenCV; None if it is not installed, with one note."""
    try:
        import cv2
    except ImportError:
        note = "OpenCV is not installed: Pillow decodes images, whose values can differ a little"
        logging.getLogger("proto2net").info(note)
        return None
    return cv2


def _by_opencv(cv2: Any, content: bytes, way: Way) -> Ndarray:
    try:
        image: Ndarray | None = cv2.imdecode(np.frombuffer(content, np.uint8), int(way))
    except cv2.error as error:
        raise DataError(f"OpenCV cannot read the image: {error.err}", _UNREADABLE) from None
    if image is None:
        raise DataError("OpenCV cannot read the image", _UNREADABLE)
    return image


def _by_pillow(content: bytes, way: Way) -> Ndarray:
    try:
        from PIL import Image
    except ImportError:
        what = "images cannot be decoded: neither OpenCV nor Pillow is installed"
        raise DataError(what, "`pip install opencv-python-headless` installs it") from None
    try:
        with Image.open(io.BytesIO(content)) as picture:
            if picture.mode.startswith(("I", "F")) and way is Way.AS_IT_IS:
                raise DataError(f"the image is of {picture.mode}; Caffe reads bytes only")
            shown = picture.convert("RGBA") if "transparency" in picture.info else picture
            values: Ndarray = np.asarray(shown.convert(_mode(shown.mode, way)))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"Pillow cannot read the image: {error}", _UNREADABLE) from None
    if values.ndim == 3:  # RGB, and perhaps alpha
        values = values[:, :, [2, 1, 0, 3][: values.shape[2]]]
    return values


def _mode(own: str, way: Way) -> str:
    """Pillow's name of the channels that OpenCV gives an image of this mode."""
    if way is Way.GRAY or (way is Way.AS_IT_IS and own in ("1", "L")):
        return "L"
    return "RGBA" if way is Way.AS_IT_IS and own in ("RGBA", "LA", "PA") else "RGB"


def channels_first(image: Ndarray) -> Ndarray:
    """The same image in Caffe's order, as a view: (channels, height, width)."""
    return image.transpose(2, 0, 1)


def planes(image: Ndarray) -> Ndarray:
    """The same image (channels, height, width), whose channels lie one after the other."""
    if not (cv2 := _opencv()):
        return np.ascontiguousarray(image)
    found = np.empty(image.shape, image.dtype)
    cv2.split(image.transpose(1, 2, 0), list(found))  # four times as fast
    return found


def mirrored(image: Ndarray) -> Ndarray:
    """The image of `planes` with left and right exchanged."""
    if not (cv2 := _opencv()):
        return image[:, :, ::-1]
    found: Ndarray = cv2.flip(image.reshape(-1, image.shape[2]), 1)
    return found.reshape(image.shape)
