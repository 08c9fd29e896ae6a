"""PyTorch: one nn.Module, layers with parameters in __init__, blobs as variables in forward."""

from proto2net.backends.torch import (
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
from proto2net.backends.torch.backend import backend

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
