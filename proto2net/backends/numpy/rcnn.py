"""NumPy renderers of proto2net/layers/rcnn.py."""

from proto2net.backends.numpy.backend import backend
from proto2net.backends.shared.rcnn import RENDERERS

backend.renderers |= RENDERERS
