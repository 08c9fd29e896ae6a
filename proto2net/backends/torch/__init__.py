"""PyTorch: one nn.Module, layers with parameters in __init__, blobs as variables in forward."""

from proto2net.backends.torch.backend import backend

__all__ = ["backend"]
