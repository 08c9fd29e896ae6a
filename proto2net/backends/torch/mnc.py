"""PyTorch renderers of proto2net/layers/mnc.py."""

from proto2net.backends.shared.mnc import RENDERERS
from proto2net.backends.torch.backend import backend

backend.renderers |= RENDERERS
