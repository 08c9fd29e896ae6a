"""NumPy: one class, learned arrays in __init__, blobs as variables in __call__; forward only."""

from proto2net.backends.numpy import (
    activation,
    combine,
    crf,
    data,
    dense,
    forks,
    holes,
    loss,
    normalize,
    recurrent,
    ssd,
    vision,
)
from proto2net.backends.numpy.backend import backend
from proto2net.backends.shared import RENDERERS

backend.renderers |= RENDERERS

__all__ = [
    "activation",
    "backend",
    "combine",
    "crf",
    "data",
    "dense",
    "forks",
    "holes",
    "loss",
    "normalize",
    "recurrent",
    "ssd",
    "vision",
]
