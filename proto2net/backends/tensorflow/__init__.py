"""TensorFlow: a Keras 3 functional model, channels last, layers under Caffe's names."""

from proto2net.backends.tensorflow import (
    activation,
    combine,
    crf,
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
from proto2net.backends.tensorflow.backend import backend

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
    "mnc",
    "normalize",
    "rcnn",
    "recurrent",
    "ssd",
    "vision",
    "yolo",
]
