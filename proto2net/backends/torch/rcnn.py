"""PyTorch renderers of proto2net/layers/rcnn.py."""

from proto2net.backends.shared.rcnn import RENDERERS
from proto2net.backends.torch.backend import backend

backend.renderers |= RENDERERS
