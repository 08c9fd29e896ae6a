"""PyTorch renderers of proto2net/layers/yolo.py."""

from proto2net.backends.shared.yolo import RENDERERS
from proto2net.backends.torch.backend import backend

backend.renderers |= RENDERERS
