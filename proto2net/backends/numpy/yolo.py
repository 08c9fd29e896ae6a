"""NumPy renderers of proto2net/layers/yolo.py."""

from proto2net.backends.numpy.backend import backend
from proto2net.backends.shared.yolo import RENDERERS

backend.renderers |= RENDERERS
