"""Trains networks as Caffe's solvers do, in PyTorch and Keras."""

from proto2net.training.trainer import Trainer

__all__ = ["Trainer"]
