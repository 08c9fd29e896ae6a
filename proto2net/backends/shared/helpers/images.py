"""Helpers of every target: what `preprocess` does with an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def read_image(image: np.ndarray | str | Path) -> np.ndarray:
    """An RGB image (H, W, 3): an array as it is, or a file, which OpenCV reads."""
    if isinstance(image, str | Path):
        import cv2  # pip install opencv-python-headless

        data = np.fromfile(image, np.uint8)
        found = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
        if found is None:
            raise ValueError(f"{image}: OpenCV finds no image in this file")
        return found[..., ::-1]
    image = np.asarray(image)
    if image.shape[2:] != (3,):
        raise ValueError(f"the image must be RGB (H, W, 3), and not {image.shape}")
    if image.dtype != np.uint8 and image.any() and not 1 < image.max() <= 255:
        raise ValueError(f"values must be 0 to 255, and not up to {image.max()}")
    return image if image.dtype == np.uint8 else image.astype(np.float32)


def read_grey_image(image: np.ndarray | str | Path) -> np.ndarray:
    """A grey image (H, W): an array as it is, or a file, which OpenCV reads."""
    if isinstance(image, str | Path):
        import cv2  # pip install opencv-python-headless

        data = np.fromfile(image, np.uint8)
        found = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
        if found is None:
            raise ValueError(f"{image}: OpenCV finds no image in this file")
        return found
    image = np.asarray(image)
    if image.ndim != 2:
        raise ValueError(f"the image must be grey (H, W), and not {image.shape}")
    if image.dtype != np.uint8 and image.any() and not 1 < image.max() <= 255:
        raise ValueError(f"values must be 0 to 255, and not up to {image.max()}")
    return image if image.dtype == np.uint8 else image.astype(np.float32)


def resize_image(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The image in this size, as Caffe's tools make it: OpenCV's bilinear resize."""
    if image.shape[:2] == (height, width):
        return image
    import cv2  # pip install opencv-python-headless

    return cv2.resize(image, (width, height))


def center_crop(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The middle of an image."""
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    if min(top, left) < 0:
        raise ValueError(f"the crop {(height, width)} is larger than {image.shape[:2]}")
    return image[top : top + height, left : left + width]
