"""NumPy: one class, learned arrays in __init__, blobs as variables in __call__; forward only."""

from proto2net.backends.numpy.backend import backend

__all__ = ["backend"]
