"""PyTorch renderers of proto2net/layers/roi.py."""

from proto2net.backends.shared.roi import RENDERERS
from proto2net.backends.torch.backend import backend

backend.renderers |= RENDERERS
