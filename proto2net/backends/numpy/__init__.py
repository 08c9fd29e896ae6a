"""NumPy: one class, learned arrays in __init__, blobs as variables in __call__; forward only."""

from proto2net.backends.numpy import (
    activation,
    combine,
    data,
    dense,
    forks,
    holes,
    loss,
    mnc,
    normalize,
    rcnn,
    recurrent,
    ssd,
    vision,
    yolo,
)
from proto2net.backends.numpy.backend import backend

__all__ = [
    "activation",
    "backend",
    "combine",
    "data",
    "dense",
    "forks",
    "holes",
    "loss",
    "mnc",
    "normalize",
    "rcnn",
    "recurrent",
    "ssd",
    "vision",
    "yolo",
]
