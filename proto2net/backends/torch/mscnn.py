"""PyTorch renderers of proto2net/layers/mscnn.py."""

from proto2net.backends.shared.mscnn import RENDERERS
from proto2net.backends.torch.backend import backend

backend.renderers |= RENDERERS
