"""Helpers of every target: what `preprocess` does with an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def check_values(image: np.ndarray) -> None:
    """Refuse values that an image of 0 to 255 does not have."""
    if image.dtype != np.uint8 and (image.dtype.kind != "f" or 0 < image.max() <= 1):
        given = f"{image.dtype} up to {image.max()}"
        raise ValueError(f"an image has 0 to 255, in uint8 or floats, and this {given}")


def read_image(image: np.ndarray | str | Path) -> np.ndarray:
    """An RGB image (H, W, 3): an array as it is, or a file, which OpenCV reads."""
    if isinstance(image, str | Path):
        import cv2  # pip install opencv-python-headless

        data = np.fromfile(image, np.uint8)
        found = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
        if found is None:
            raise ValueError(f"{image}: OpenCV finds no image in this file")
        rgb: np.ndarray = found[..., ::-1]
        return rgb
    image = np.asarray(image)
    if image.shape[2:] != (3,):
        raise ValueError(f"an RGB image is (H, W, 3), and this is {image.shape}")
    check_values(image)
    return image


def read_grey_image(image: np.ndarray | str | Path) -> np.ndarray:
    """A grey image (H, W): an array as it is, or a file, which OpenCV reads."""
    if isinstance(image, str | Path):
        import cv2  # pip install opencv-python-headless

        data = np.fromfile(image, np.uint8)
        found = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
        if found is None:
            raise ValueError(f"{image}: OpenCV finds no image in this file")
        grey: np.ndarray = found
        return grey
    image = np.asarray(image)
    if image.ndim != 2:
        raise ValueError(f"a grey image is (H, W), and this is {image.shape}")
    check_values(image)
    return image


def resize_image(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The image in this size, as Caffe's tools make it: OpenCV's bilinear resize."""
    if image.shape[:2] == (height, width):
        return image
    import cv2  # pip install opencv-python-headless

    resized: np.ndarray = cv2.resize(image, (width, height))
    return resized


def center_crop(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The middle of an image."""
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    if min(top, left) < 0:
        size = f"{image.shape[0]} x {image.shape[1]}"
        raise ValueError(f"an image of {size} is smaller than {height} x {width}")
    return image[top : top + height, left : left + width]
