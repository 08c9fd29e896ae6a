"""ONNX: a graph of operators with its weights, written without a framework; forward only."""

from proto2net.backends.onnx.backend import backend

__all__ = ["backend"]
