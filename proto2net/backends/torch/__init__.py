"""PyTorch: one nn.Module, layers with parameters in __init__, blobs as variables in forward."""

from proto2net.backends.shared import RENDERERS
from proto2net.backends.torch import (
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
from proto2net.backends.torch.backend import backend

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
