"""OpenCV itself: imported when it is needed, and only here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from proto2net.errors import Proto2NetError


def opencv() -> Any:
    """The module cv2. Raises Proto2NetError where it is not installed."""
    try:
        import cv2
    except ImportError as error:
        raise Proto2NetError(
            f"proto2net.cv needs OpenCV, which cannot be imported here: {error}",
            "`pip install opencv-python` installs it, or opencv-python-headless without windows",
        ) from None
    if not hasattr(cv2, "dnn"):
        raise Proto2NetError("this OpenCV was built without its module dnn", "install another")
    return cv2


def major() -> int:
    """The first number of OpenCV's version."""
    return int(str(opencv().__version__).partition(".")[0])


@contextmanager
def quiet() -> Iterator[None]:
    """A block in which OpenCV prints nothing; we report what it cannot do."""
    logging = getattr(getattr(opencv(), "utils", None), "logging", None)
    if logging is None:
        yield
        return
    before = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(before)
